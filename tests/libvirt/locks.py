#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two libvirtd of two machines (namespaces: processes, network, files) share a
folder.  A guest that one of them runs cannot be started by the other, be it by
pimigrate-emu or by QEMU.

    locks.py EMULATOR KERNEL [second]

The second machine is inside the first, which sees its processes; it does what
it is told on standard input.
"""
import os
import pathlib
import shutil
import subprocess
import sys

from host import Failed, Guest, Host, main, step, wait_for

HERE = pathlib.Path(__file__).parent
SHARED = pathlib.Path('/mnt')
QEMU = shutil.which('qemu-system-arm')
MEGABYTE = 1 << 20


def domain_xml(emulator):
    return f'''<domain type='qemu'>
  <name>tiny</name>
  <uuid>0110c455-1111-4222-8333-444455556666</uuid>
  <memory unit='MiB'>64</memory>
  <os>
    <type arch='armv7l' machine='virt'>hvm</type>
    <kernel>{SHARED}/vmlinuz</kernel>
  </os>
  <cpu mode='custom' match='exact'><model>cortex-a15</model></cpu>
  <devices>
    <emulator>{emulator}</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='{SHARED}/disk.raw'/>
      <target dev='vda' bus='virtio'/>
      <address type='virtio-mmio'/>
    </disk>
    <controller type='usb' model='none'/>
    <serial type='pty'/>
    <memballoon model='none'/>
  </devices>
</domain>
'''


class Machine:
    def __init__(self):
        self.host = Host(False)
        self.host.start()

    def try_start(self, emulator):
        """'' if it runs then, else why not."""
        guest = Guest(self.host, 'tiny', domain_xml(emulator))
        self.host.virsh('define', guest.xml)
        with self.host.run('virsh', '-q', '-c', self.host.uri, 'start', 'tiny',
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True) as proc:
            said = proc.communicate()[1]
        return ' '.join(said.split()) if proc.returncode else ''

    def stop(self, _):
        self.host.virsh('destroy', 'tiny')
        return ''


def second():
    machine = Machine()
    try:
        print('ready', flush=True)
        for line in sys.stdin:
            verb, emulator = line.split()
            print(getattr(machine, verb)(emulator), flush=True)
    finally:
        machine.host.close()


class Test:
    def __init__(self, emulator, kernel):
        self.ours = str(SHARED / 'pimigrate-emu')
        shutil.copy(emulator, self.ours)
        shutil.copy(kernel, SHARED / 'vmlinuz')
        with open(SHARED / 'disk.raw', 'wb') as f:
            f.truncate(MEGABYTE)
        self.first = Machine()
        self.far = subprocess.Popen(
            [HERE / 'private.sh', __file__, emulator, kernel, 'second'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.far.stdout.readline() != 'ready\n':
            raise Failed('there is no second machine')

    def far_does(self, verb, emulator='-'):
        self.far.stdin.write(f'{verb} {emulator}\n')
        self.far.stdin.flush()
        return self.far.stdout.readline().strip()

    def refused(self, what, said, *words):
        step(what)
        for word in words:
            if word not in said:
                raise Failed(f'{what}: not refused with "{word}": {said}')

    def starts(self, what, said):
        step(what)
        if said:
            raise Failed(f'{what}: {said}')

    def held_by_first(self):
        self.starts('the first starts it', self.first.try_start(self.ours))
        self.refused('the second does not', self.far_does('try_start', self.ours),
                     'cannot lock', 'disk.raw', 'another process',
                     'another container')
        self.refused("the second's QEMU does not",
                     self.far_does('try_start', QEMU), 'Failed to start')
        if not self.first.host.virsh('domstate', 'tiny') == 'running':
            raise Failed('it did not go on')
        self.first.stop(None)

    def held_by_second(self, emulator, name):
        self.starts(f'the second starts it by {name}',
                    self.far_does('try_start', emulator))
        self.refused('the first does not, and says who has it',
                     self.first.try_start(self.ours), 'cannot lock',
                     'disk.raw', f'({name[:15]})')
        self.far_does('stop')
        self.starts('now it does', self.first.try_start(self.ours))
        self.first.stop(None)

    def held_by_qemu(self):
        self.starts("the first's QEMU starts it", self.first.try_start(QEMU))
        self.refused('the second does not', self.far_does('try_start', self.ours),
                     'cannot lock')
        self.first.stop(None)

    def all(self):
        try:
            self.held_by_first()
            self.held_by_second(self.ours, 'pimigrate-emu')
            self.held_by_second(QEMU, 'qemu-system-arm')
            self.held_by_qemu()
        except Failed:
            print(self.first.host.log_of('tiny')[-2000:], file=sys.stderr)
            raise
        finally:
            self.far.stdin.close()
            self.far.wait()
            self.first.host.close()


if __name__ == '__main__':
    if sys.argv[3:] == ['second']:
        sys.exit(second())
    sys.exit(main(lambda: Test(*sys.argv[1:]).all()))
