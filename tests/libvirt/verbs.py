#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A real libvirtd drives pimigrate-emu through virsh's verbs on a guest that
boots, loses its daemon, and gets it back; and pimigrate's own on one that its
disk stops, and on one whose console is hvc0.

    verbs.py system|session PIMIGRATE EMULATOR FOLDER

FOLDER has the small guest (vmlinuz, initrd.img) or a converted one (guest.yaml),
for which the steps are fewer.
"""
import json
import os
import re
import signal
import subprocess
import sys

from host import (BOOT_SECONDS, Console, Failed, Guest, Host, files, main, step,
                  wait_for)
from kinds import MIB, Card, kind_of


def domain_xml(host, emulator, kind, nics, disks):
    where = host.folder
    devices = ''.join(f'''
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' discard='unmap'/>
      <source file='{path}'/>
      <target dev='{dev}' bus='{bus}'/>
    </disk>''' for path, dev, bus in disks)
    return f'''<domain type='qemu'>
  <name>small</name>
  <memory unit='MiB'>{kind.memory}</memory>
  <vcpu>2</vcpu>
  <os>
    <type arch='armv7l' machine='virt'>hvm</type>
    <kernel>{kind.kernel}</kernel>
    <initrd>{kind.initrd}</initrd>
    <cmdline>{kind.cmdline}</cmdline>
  </os>
  <cpu mode='custom' match='exact'><model>cortex-a7</model></cpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>{where}/{os.path.basename(emulator)}</emulator>{devices}
    <controller type='scsi' index='0' model='virtio-scsi'/>{nics}
    <serial type='pty'><log file='{where}/serial.log' append='on'/></serial>
    <console type='pty'/>
    <channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <memballoon model='virtio' autodeflate='on'/>
  </devices>
</domain>
'''


class Test:
    def __init__(self, where, pimigrate, emulator, folder):
        self.host = Host(where == 'session')
        self.system = where == 'system'
        self.emulator = emulator
        files(self.host, pimigrate, emulator)
        self.kind = kind_of(folder)(self.host, folder)
        self.serial_log = os.path.join(self.host.folder, 'serial.log')
        self.boot = 0
        self.guests = os.path.join(self.host.folder, 'guests')
        self.host.env['PIMIGRATE_GUESTS'] = self.guests

    def pimigrate(self, *argv, code=0):
        program = os.path.join(self.host.folder, 'pimigrate')
        with self.host.run(program, *argv, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT) as proc:
            out, _ = proc.communicate(timeout=BOOT_SECONDS)
        if code is not None and proc.returncode != code:
            raise Failed(f'pimigrate {" ".join(argv)}: exit code '
                         f'{proc.returncode}: {out}')
        return out

    def folder(self, name, uuid, *lines):
        """A guest of pimigrate's, which this libvirt runs."""
        folder = os.path.join(self.guests, name)
        os.makedirs(folder)
        with open(os.path.join(folder, 'guest.yaml'), 'w') as f:
            f.write('\n'.join((
                'version: 1', f'uuid: {uuid}', 'cpus: 2', 'memory: 256M',
                'cpu: cortex-a7', 'engine: pimigrate',
                f'libvirt: {self.host.uri}', f'kernel: {self.kind.kernel}',
                f'initrd: {self.kind.initrd}') + lines) + '\n')
        if self.host.user:
            for path in (self.guests, folder):
                os.chown(path, self.host.user.pw_uid, self.host.user.pw_gid)

    def disk(self, name, size):
        path = os.path.join(self.host.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.truncate(size)
        if self.host.user:
            os.chown(path, self.host.user.pw_uid, self.host.user.pw_gid)
        return path

    def boots(self, after_order=True):
        """Once more, after an end in order or a sudden one; its shell is there
        then."""
        self.boot += 1

        def up():
            with open(self.serial_log, errors='replace') as f:
                return self.kind.is_up(f.read(), self.boot)
        wait_for(f'boot {self.boot}', up, BOOT_SECONDS)
        self.kind.log_in(self.console, after_order)

    def starts(self):
        self.guest.virsh('start')
        self.console = Console(self.guest)
        self.boots()

    def define(self):
        step('define')
        self.host.start()
        nics = "\n    <interface type='user'><model type='virtio'/></interface>"
        if self.system:
            nics = "\n    <interface type='bridge'><source bridge='br0'/>" \
                   "<model type='virtio'/></interface>" + nics
        self.disks = self.kind.own_disks + [
            (self.disk('disk0.raw', 16 * MIB), self.kind.data, 'virtio'),
            (self.disk('disk1.raw', 8 * MIB), 'sda', 'scsi')]
        self.guest = Guest(self.host, 'small', domain_xml(
            self.host, self.emulator, self.kind, nics, self.disks))
        self.host.virsh('define', self.guest.xml)
        if 'small' not in self.host.virsh('list', '--all', '--name').split():
            raise Failed('list does not show it')
        # What a user reads before the first start.
        caps = self.host.virsh(
            'domcapabilities', '--arch', 'armv7l', '--machine', 'virt',
            '--emulatorbin', os.path.join(self.host.folder,
                                          os.path.basename(self.emulator)))
        for model in ('cortex-a7', 'cortex-a15', 'max'):
            if f'>{model}</model>' not in caps:
                raise Failed(f'domcapabilities does not name {model}')

    def start(self):
        step('start')
        self.starts()
        if self.guest.state() != 'running (booted)':
            raise Failed(self.guest.state())

    def queries(self):
        step('domstats, domblkstat, domblkinfo, domifstat, vcpuinfo')
        data, n = self.kind.data, len(self.disks)
        # Which may have another name there.
        self.inside = self.console.shell(
            f'grep -lx {16 * MIB // 512} /sys/block/vd*/size').split('/')[3]
        self.console.shell(
            f'dd if=/dev/{self.inside} of=/dev/null bs=64k count=16; '
            f'dd if=/dev/zero of=/dev/{self.inside} bs=64k count=8; sync')
        stats = self.guest.virsh('domstats')
        for line in ('state.state=1', 'vcpu.current=2', f'block.count={n}',
                     f'block.{n - 2}.capacity={16 * MIB}',
                     f'block.{n - 1}.capacity={8 * MIB}'):
            if line not in stats:
                raise Failed(f'domstats does not say {line}: {stats}')
        blk = dict(re.findall(rf'{data} (\w+) (\d+)',
                              self.guest.virsh('domblkstat', data)))
        if int(blk['rd_bytes']) < MIB or int(blk['wr_bytes']) < MIB // 2:
            raise Failed(f'domblkstat: {blk}')
        if f'Capacity:       {8 * MIB}' not in \
           self.guest.virsh('domblkinfo', 'sda'):
            raise Failed('domblkinfo')
        threads = os.listdir(f'/proc/{self.guest.pid()}/task')
        if self.guest.virsh('vcpuinfo').count('VCPU:') != 2 or \
           'CPU time' not in self.guest.virsh('vcpuinfo') or len(threads) < 3:
            raise Failed('vcpuinfo')
        if self.system:
            self.nic = re.search(r'vnet\d+', self.guest.virsh('domiflist'))[0]
            if 'tx_bytes' not in self.guest.virsh('domifstat', self.nic):
                raise Failed('domifstat')
            self.guest.virsh('vcpupin', '0', '0')

    def link(self):
        if not self.system:
            return
        step('domif-setlink')
        carrier = 'cat /sys/class/net/eth*/carrier'
        self.console.shell('for i in /sys/class/net/eth*; '
                           'do ip link set ${i##*/} up; done; sleep 1')
        if self.console.shell(carrier).split() != ['1', '1']:
            raise Failed('no link')
        self.guest.virsh('domif-setlink', self.nic, 'down')
        if sorted(self.console.shell(f'sleep 1; {carrier}').split()) != \
           ['0', '1']:
            raise Failed('the link is not down')
        self.guest.virsh('domif-setlink', self.nic, 'up')
        if self.console.shell(f'sleep 1; {carrier}').split() != ['1', '1']:
            raise Failed('the link is not up again')

    def resize(self):
        step('blockresize')
        data = self.kind.data
        self.guest.virsh('blockresize', data, '20M')
        wait_for('the guest sees it', lambda: int(self.console.shell(
            f'cat /sys/block/{self.inside}/size')) * 512 == 20 * MIB)
        if f'Capacity:       {20 * MIB}' not in \
           self.guest.virsh('domblkinfo', data):
            raise Failed('domblkinfo does not say so')

    def balloon(self):
        step('dommemstat, setmem')

        def memory():
            return {k: int(v) for k, v in re.findall(
                r'^(\S+) (\d+)$', self.guest.virsh('dommemstat'), re.M)}
        # libvirt 9 does not look for a balloon's statistics on virtio-mmio.
        if memory()['actual'] != 256 << 10:
            raise Failed(f'dommemstat: {memory()}')
        self.guest.virsh('setmem', '160M', '--live')
        wait_for('the guest lends memory',
                 lambda: memory()['actual'] == 160 << 10)
        self.guest.virsh('setmem', '256M', '--live')
        wait_for('the guest has it again',
                 lambda: memory()['actual'] == 256 << 10)

    def suspend(self):
        step('suspend, resume')
        self.guest.virsh('suspend')
        if self.guest.state() != 'paused (user)':
            raise Failed(self.guest.state())
        self.guest.virsh('resume')
        if not self.guest.state().startswith('running'):
            raise Failed(self.guest.state())
        self.console.shell('true')

    def refused(self):
        step('what cannot be done is refused, and the guest runs on')
        self.host.refuses('dump', 'small', f'{self.host.folder}/core',
                          says='dump')
        self.host.refuses('save', 'small', f'{self.host.folder}/saved',
                          says='')
        self.host.refuses('send-key', 'small', 'KEY_A', says='send-key')
        self.console.shell('true')

    def reconnect(self):
        pid = self.guest.pid()
        for how in ('stop', 'kill'):
            step(f'libvirtd is gone ({how}), the guest is not')
            self.console.close()
            getattr(self.host, how)()
            self.host.start()
            if not self.guest.state().startswith('running') or \
               self.guest.pid() != pid:
                raise Failed(f'after the restart: {self.guest.state()}')
            if 'block.0.rd.bytes' not in self.guest.virsh('domstats'):
                raise Failed('domstats after the restart')
            self.console = Console(self.guest)
            self.console.prompt()

    def reset(self):
        step('reset')
        self.guest.virsh('reset')
        self.boots(after_order=False)

    def reboot(self):
        step('reboot')
        self.guest.virsh('reboot')
        self.boots()

    def reboot_inside(self):
        step('reboot from inside')
        os.write(self.console.master, b'reboot -f\n')
        self.boots()

    def full_disk(self):
        """The host's disk is full, and then not any more."""
        small = os.path.join(self.host.folder, 'small-disk')
        os.makedirs(small)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m,mode=755',
                        'tmpfs', small], check=True)
        path = self.disk('small-disk/disk2.raw', 8 * MIB)
        filler = os.path.join(small, 'filler')
        with open(filler, 'wb') as f:
            f.write(bytes(2 * MIB))
        return path, filler

    def shutdown(self):
        step('shutdown')
        self.guest.virsh('shutdown')
        self.guest.wait_state('shut off (shutdown)', BOOT_SECONDS)
        self.console.close()

    def enospc(self):
        step('a full disk stops the guest, which goes on when there is room')
        path, filler = self.full_disk()
        with open(self.guest.xml) as f:
            xml = f.read()
        xml = xml.replace(os.path.join(self.host.folder, 'disk0.raw'), path)
        self.guest = Guest(self.host, 'small', xml.replace(
            '<name>', f"<uuid>{self.guest.virsh('domuuid')}</uuid><name>"))
        self.host.virsh('define', self.guest.xml)
        self.starts()
        os.write(self.console.master,
                 b'yes | head -c 4194304 >/full; dd if=/full of=/dev/vda '
                 b'bs=64k conv=fsync && echo "wr""itten"\n')
        self.guest.wait_state('paused (I/O error)', BOOT_SECONDS)
        self.stalled()
        os.unlink(filler)
        if self.system:
            self.pimigrate('doctor', '--fix', '--json', 'small', code=None)
        else:
            self.guest.virsh('resume')
        self.console.expect('^written$', BOOT_SECONDS)
        said = self.console.shell('dd if=/dev/vda bs=64k count=64 2>/dev/null '
                                  '| cmp - /full && echo same')
        if said != 'same':
            raise Failed(f'after the full disk: {said}')

    def stalled(self):
        """pimigrate says so."""
        self.folder('small', self.guest.virsh('domuuid'), 'nics:',
                    '  - kind: none')
        status = json.loads(self.pimigrate('status', '--json', 'small'))
        if status.get('stalled') != 'I/O error':
            raise Failed(f'status: {status}')
        if 'stands still' not in self.pimigrate('stop', 'small', code=1):
            raise Failed('stop presses the button of a guest that stands still')
        rows = json.loads(self.pimigrate('doctor', '--json', 'small', code=5))
        if not any(r['check'] == 'guest/stalled' and r['level'] == 'bad' and
                   'virsh resume small' in r['remedy'] for r in rows):
            raise Failed(f'the doctor: {rows}')

    def hvc0(self):
        if not self.system:
            return
        step('a guest whose console is hvc0: its log, its console')
        self.folder('hvc', '0110c455-1111-4222-8333-444455557777',
                    'console: hvc0', 'cmdline: console=hvc0 quiet', 'nics:',
                    '  - kind: none')
        self.pimigrate('define', 'hvc')
        self.pimigrate('start', '--wait', 'hvc')
        if 'small login: ' not in self.shown('hvc'):
            raise Failed('pimigrate console shows another line')
        guest = Guest(self.host, 'hvc', self.host.virsh('dumpxml', 'hvc'))
        console = Console(guest, '--devname', 'ua-hvc0')
        console.prompt()
        console.shell('{ sleep 1; yes it rains | head -c 2500000 >/dev/hvc0; } '
                      '& true')
        console.close()
        log = os.path.join(self.guests, 'hvc/console.log.0')
        wait_for('its log is rolled', lambda: os.path.exists(log))
        if json.loads(self.pimigrate('status', '--json', 'hvc'))['state'] != \
           'up':
            raise Failed('its login is forgotten with the log')
        self.pimigrate('stop', 'hvc')
        self.pimigrate('delete', '-y', 'hvc')

    def shown(self, name):
        """By pimigrate console, which nobody types at."""
        with self.host.run(os.path.join(self.host.folder, 'pimigrate'),
                           'console', name, text=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT) as proc:
            text = ''
            while 'login: ' not in text:
                line = proc.stdout.readline()
                if not line:
                    break
                text += line
            proc.kill()
        return text

    def destroy(self):
        step('destroy')
        self.guest.virsh('destroy')
        self.guest.wait_state('shut off (destroyed)')
        self.console.close()

    def killed(self):
        step('an emulator that is killed')
        self.console.close()
        os.kill(self.guest.pid(), signal.SIGKILL)
        self.guest.wait_state('shut off (crashed)')

    def autostart(self):
        step('autostart')
        self.guest.virsh('autostart')
        self.host.stop()
        os.unlink(self.host.autostarted)  # by which it knows this host's boot
        self.host.start()
        wait_for('autostart',
                 lambda: self.guest.state().startswith('running'))
        self.guest.virsh('autostart', '--disable')
        self.console = Console(self.guest)
        self.boots()

    def undefine(self):
        step('undefine')
        self.guest.virsh('undefine')
        if self.host.virsh('list', '--all', '--name'):
            raise Failed('undefine left it there')
        self.host.close()

    def log(self):
        with open(self.host.log, errors='replace') as f:
            bad = [line for line in f if 'malformed' in line or
                   'QEMU' in line and 'schema' in line]
        if bad:
            raise Failed(f'libvirtd is not content: {bad}')

    def all(self):
        steps = [self.define, self.start, self.queries, self.link, self.resize,
                 self.balloon, self.suspend, self.refused, self.reconnect,
                 self.reset, self.reboot, self.reboot_inside, self.shutdown,
                 self.enospc, self.killed, self.hvc0, self.autostart,
                 self.destroy, self.undefine, self.log]
        if isinstance(self.kind, Card):
            steps = [self.define, self.start, self.queries, self.resize,
                     self.suspend, self.refused, self.reconnect, self.reset,
                     self.reboot, self.shutdown, self.autostart, self.destroy,
                     self.undefine, self.log]
        try:
            for one in steps:
                one()
        except Failed:
            print(self.host.log_of('small')[-3000:], file=sys.stderr)
            raise


if __name__ == '__main__':
    sys.exit(main(Test(*sys.argv[1:]).all))
