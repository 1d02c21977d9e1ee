#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""virt-install --import makes a guest with pimigrate-emu.

    install.py EMULATOR KERNEL system|session

It asks libvirt what this machine can run, and libvirt answers for what is
called qemu-system-arm and found in its PATH: here that is our emulator.
"""
import os
import subprocess
import sys

from host import SECONDS, Failed, Guest, Host, files, main, step, wait_for

# What it adds by itself is for machines with PCI.
NO_PCI = ('--controller', 'type=usb,model=none',
          '--controller', 'type=pci,model=pcie-root', '--channel', 'none')


class Test:
    def __init__(self, emulator, kernel, where):
        self.host = Host(where == 'session')
        self.folder = self.host.folder
        files(self.host, emulator, kernel)
        self.emulator = f'{self.folder}/{os.path.basename(emulator)}'
        programs = f'{self.folder}/bin'
        os.mkdir(programs)
        os.symlink(self.emulator, f'{programs}/qemu-system-arm')
        self.host.env.update(PATH=f'{programs}:{self.host.env["PATH"]}',
                             XDG_CACHE_HOME=f'{self.folder}/cache')
        self.log = f'{self.folder}/serial.log'

    def install(self):
        step('virt-install --import')
        disk = f'{self.folder}/disk.raw'
        with open(disk, 'wb') as f:
            f.truncate(1 << 20)
        if self.host.user:
            os.chown(disk, self.host.user.pw_uid, self.host.user.pw_gid)
        with self.host.run(
                'virt-install', '--connect', self.host.uri, '--import',
                '--name', 'tiny', '--memory', '64', '--virt-type', 'qemu',
                '--arch', 'armv7l', '--machine', 'virt', '--osinfo', 'generic',
                '--boot', f'kernel={self.folder}/vmlinuz,'
                f'emulator={self.emulator}', '--disk', f'{disk},bus=virtio',
                '--network', 'none', '--graphics', 'none', '--noautoconsole',
                '--serial', f'pty,log.file={self.log},log.append=on', *NO_PCI,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True) as proc:
            out, _ = proc.communicate(timeout=SECONDS)
        if proc.returncode:
            raise Failed(f'virt-install: {out}')
        self.prints(1)

    def prints(self, times):
        def said():
            with open(self.log, 'rb') as f:
                return f.read().count(b'mini login: ') == times
        wait_for(f'start {times}', said)

    def use(self):
        step('what it made stays, and is used as any other')
        xml = self.host.virsh('dumpxml', '--inactive', 'tiny')
        if f'<emulator>{self.emulator}</emulator>' not in xml:
            raise Failed(f'it has another emulator: {xml}')
        guest = Guest(self.host, 'tiny', xml)  # is it valid?
        guest.virsh('shutdown')
        guest.wait_state('shut off (shutdown)')
        guest.virsh('start')
        self.prints(2)
        guest.virsh('destroy')
        guest.virsh('undefine')

    def all(self):
        self.host.start()
        try:
            self.install()
            self.use()
        except Failed:
            print(self.host.log_of('tiny')[-2000:], file=sys.stderr)
            raise
        finally:
            self.host.close()


if __name__ == '__main__':
    sys.exit(main(Test(*sys.argv[1:]).all))
