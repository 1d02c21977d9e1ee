#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pimigrate's own commands on guests that a real libvirtd runs: made by
convert, by define; used, renamed, deleted; and conversions that fail.

    guests.py system|session PIMIGRATE EMULATOR FOLDER [STEP...]

FOLDER has card.img, kernel/*.deb, newer/disk.raw and hook.
"""
import glob
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import time

from host import SECONDS, Failed, Host, files, main, step, wait_for

HERE = pathlib.Path(__file__).parent
TINY = HERE.parent / 'host/guests.py'
APPLIANCE_SECONDS = 600
LOGIN = 'kernel\nmini login: '
NICS = '''  - kind: user
    mac: b8:27:eb:12:34:56
    forwards:
      - host: 0
        guest: 22'''


def tiny(*argv):
    """A guest whose kernel is a few instructions, or its kernel."""
    subprocess.run([TINY, *map(str, argv)], check=True)


class Test:
    def __init__(self, where, pimigrate, emulator, folder, *steps):
        self.steps = steps
        self.host = Host(where == 'session')
        self.system = where == 'system'
        self.made = folder
        files(self.host, pimigrate, emulator, f'{folder}/card.img',
              *glob.glob(f'{folder}/kernel/*.deb'))
        self.place = pathlib.Path(self.host.folder)
        self.guests = self.place / 'guests'
        tmp = self.place / 'tmp'
        for path in (self.guests, tmp):
            path.mkdir(mode=0o755)
            self.own(path)
        self.host.env.update(
            PIMIGRATE_GUESTS=str(self.guests), TMPDIR=str(tmp),
            PIMIGRATE_CACHE=str(tmp / 'cache'),
            PIMIGRATE_PROFILES=str(HERE.parent.parent / 'profiles'))

    def own(self, path):
        if self.host.user:
            for one in [path, *path.rglob('*')]:
                os.chown(one, self.host.user.pw_uid, self.host.user.pw_gid)

    def begin(self, *argv, **more):
        return self.host.run(str(self.place / 'pimigrate'), *argv,
                             stdin=subprocess.DEVNULL, text=True, **more)

    def pimigrate(self, *argv, code=0, says=(), seconds=SECONDS):
        with self.begin(*argv, stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT) as proc:
            try:
                out, _ = proc.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                proc.kill()
                raise Failed(f'pimigrate {" ".join(argv)}: hangs')
        if proc.returncode != code:
            raise Failed(f'pimigrate {" ".join(argv)}: exit code '
                         f'{proc.returncode}: {out}')
        for text in says:
            if text not in ' '.join(out.split()):
                raise Failed(f'pimigrate {" ".join(argv)} does not say '
                             f'"{text}": {out}')
        return out

    def convert_argv(self, name, *more):
        debs = [word for deb in sorted(self.place.glob('*.deb'))
                for word in ('--kernel-deb', str(deb))]
        return ['convert', '-o', 'libvirt', '-on', name, '--grow', '96M', *more,
                *debs, str(self.place / 'card.img')]

    def domains(self):
        return self.host.virsh('list', '--all', '--name').split()

    def nothing_of(self, name):
        """No guest, no domain, no volume; a partial folder may wait."""
        if name in self.domains():
            raise Failed(f'there is a domain {name}')
        if (self.guests / name).exists():
            raise Failed(f'there is a guest {name}')

    def hand_made(self, name, kind='key', text=LOGIN, nics=NICS):
        folder = self.guests / name
        tiny('guest', kind, folder, nics)
        yaml = (folder / 'guest.yaml').read_text()
        uuid = f'0110c455-1111-4222-8333-{abs(hash(name)) % 10 ** 12:012}'
        (folder / 'guest.yaml').write_text(yaml.replace(
            '0110c455-1111-4222-8333-444455556666', uuid))
        tiny('kernel', kind, text, folder / 'boot/vmlinuz')
        folder.chmod(0o711)
        self.own(folder)
        return folder

    def state(self, name):
        with self.begin('list', '--json', stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL) as proc:
            listed = proc.communicate(timeout=SECONDS)[0]
        for one in json.loads(listed):
            if one['name'] == name:
                return one['state']
        return None

    def expect_state(self, name, state):
        wait_for(f'{name} is {state}', lambda: self.state(name) == state)

    def valid(self, name):
        path = self.place / 'dump.xml'
        path.write_text(self.host.virsh('dumpxml', '--inactive', name))
        check = subprocess.run(['virt-xml-validate', path, 'domain'],
                               capture_output=True, text=True)
        if check.returncode:
            raise Failed(f'virt-xml-validate: {check.stdout}{check.stderr}')
        return path.read_text()

    def convert(self):
        step('convert -o libvirt')
        said = self.pimigrate(*self.convert_argv('pi', '--autostart'),
                              says=['guest of libvirt', 'guest pi is ready'],
                              seconds=APPLIANCE_SECONDS)
        if 'pimigrate:' in said:
            raise Failed(f'an error that is none: {said}')
        xml = self.valid('pi')
        for part in ('pimigrate-emu</emulator>', '/guests/pi/disk.raw',
                     'hostfwd=tcp:127.0.0.1:2222-:22'):
            if part not in xml:
                raise Failed(f'the domain does not have {part}: {xml}')
        if 'enable' not in self.host.virsh('dominfo', 'pi').split(
                'Autostart:')[1].split()[0]:
            raise Failed('it does not start with this machine')
        if self.state('pi') != 'off':
            raise Failed(f'it is {self.state("pi")}')
        # The card's kernel here is a stand-in; this one runs.
        tiny('kernel', 'key', LOGIN, self.guests / 'pi/boot/vmlinuz')

    def serial_ports(self):
        step("ports of the host in libvirt's definition")
        self.pimigrate('devices', 'pi', 'attach', '/dev/serial/by-id/usb-a',
                       says=["once 'pimigrate define pi'"])
        self.pimigrate('devices', 'pi', 'attach', '/dev/ttyUSB7', '--as',
                       'ttyACM0')
        self.pimigrate('define', 'pi')
        xml = self.valid('pi')
        for part in ("<source path='/dev/serial/by-id/usb-a'",
                     "<source path='/dev/ttyUSB7'",
                     'pimigrate_hvc1_0=ttyACM0'):
            if part not in xml:
                raise Failed(f'the domain does not have {part}: {xml}')
        for device in ('/dev/serial/by-id/usb-a', '/dev/ttyUSB7'):
            self.pimigrate('devices', 'pi', 'detach', device)
        self.pimigrate('define', 'pi')
        if 'usb-a' in self.valid('pi'):
            raise Failed('a port is left over')

    def life(self, name='pi'):
        step(f'start, list, status, console, stop: {name}')
        self.pimigrate('start', '--wait', name, says=['ssh -p 2222'])
        self.expect_state(name, 'up')
        status = self.pimigrate('status', name)
        for part in (f'{name}: up', 'libvirt  qemu:///', '127.0.0.1:2222'):
            if part not in status:
                raise Failed(f'status does not say {part}: {status}')
        self.pimigrate('start', name, says=['is running already'])
        for verb in (['delete', '-y', name], ['rename', name, 'other'],
                     ['define', name]):
            self.pimigrate(*verb, code=1, says=['is running'])
        self.pimigrate('run', name, code=1, says=['is run by libvirt'])
        self.pimigrate('start', '--engine', 'qemu', name, code=2)
        self.consoles(name)
        self.pimigrate('stop', name, seconds=300)
        if self.host.virsh('domstate', name) != 'shut off':
            raise Failed('it is not off')
        self.pimigrate('stop', name, says=['is off'])
        self.pimigrate('console', name, code=1, says=['is off'])

    def consoles(self, name):
        """The first may type, the second reads."""
        first, terminal = self.open_console(name)
        self.sees(first, terminal, 'mini login: ')
        second, terminal2 = self.open_console(name)
        self.sees(second, terminal2, 'you can read, not type')
        self.sees(second, terminal2, 'mini login: ', keep=True)
        os.write(terminal, b'\x1d')
        try:
            first.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed('Ctrl-] does not leave the console')
        second.send_signal(signal.SIGINT)
        second.wait(SECONDS)
        os.close(terminal)
        os.close(terminal2)

    def open_console(self, name):
        master, slave = pty.openpty()
        proc = self.host.run(str(self.place / 'pimigrate'), 'console', name,
                             stdin=slave, stdout=slave, stderr=slave,
                             start_new_session=True)
        os.close(slave)
        self.text = ''
        return proc, master

    def sees(self, proc, terminal, what, keep=False):
        text = self.text if keep else ''
        end = time.monotonic() + SECONDS
        while what not in text:
            if time.monotonic() > end or proc.poll() is not None:
                raise Failed(f'the console does not show "{what}": {text}')
            if select.select([terminal], [], [], 0.2)[0]:
                text += os.read(terminal, 4096).decode(errors='replace')
        self.text = text

    def autostart(self):
        step('enable, disable')
        self.pimigrate('disable', 'pi', says=['does not start pi'])
        if 'disable' not in self.host.virsh('dominfo', 'pi'):
            raise Failed('disable did nothing')
        self.pimigrate('enable', '--now', 'pi', says=['libvirt starts pi'])
        self.expect_state('pi', 'up')
        self.pimigrate('disable', '--now', 'pi')
        self.expect_state('pi', 'off')

    def rename(self):
        step('rename, with what its owner changed in the domain')
        xml = self.host.virsh('dumpxml', '--inactive', 'pi')
        path = self.place / 'edited.xml'
        path.write_text(xml.replace('</name>',
                                    '</name><description>mine</description>'))
        self.host.virsh('define', str(path))
        self.pimigrate('rename', 'pi', 'attic')
        if self.domains() != ['attic']:
            raise Failed(f'domains: {self.domains()}')
        xml = self.valid('attic')
        if 'mine' not in xml or '/guests/pi/' in xml or \
           '/guests/attic/disk.raw' not in xml:
            raise Failed(f'the domain is not what it should be: {xml}')
        self.life('attic')
        # A name that virsh gave is no other guest.
        self.host.virsh('domrename', 'attic', 'shed')
        if self.state('attic') != 'off':
            raise Failed('it is not found under another name')
        self.pimigrate('define', 'attic')
        if self.domains() != ['attic']:
            raise Failed('define does not give the name back')

    def unknown(self):
        step('libvirtd is gone')
        if self.host.user:
            return  # a client starts the session's again
        self.host.stop()
        if self.state('attic') != 'unknown':
            raise Failed(f'it is {self.state("attic")}')
        self.pimigrate('start', 'attic', code=5, says=['no libvirt answers'])
        for verb in (['delete', '-y'], ['enable'], ['disable']):
            self.pimigrate(*verb, 'attic', code=5)
        self.pimigrate('rename', 'attic', 'x', code=5)
        self.host.start()
        if self.state('attic') != 'off':
            raise Failed('it is not back')

    def delete(self):
        step('delete')
        self.pimigrate('delete', '-y', 'attic')
        self.nothing_of('attic')
        left = sorted(self.guests.glob('*'))
        if left:
            raise Failed(f'delete left files: {left}')

    def define(self):
        step('define, undefine')
        folder = self.hand_made('plain')
        self.pimigrate('define', 'plain', '-oc', 'qemu+ssh://far/system',
                       code=1, says=['on this machine'])
        self.pimigrate('define', 'plain', says=['a guest of libvirt'])
        self.valid('plain')
        self.judged('plain', 'starts with this machine', 'autostart')
        self.judged('plain', 'is started by hand', 'autostart', '--disable')
        self.pimigrate('start', '--wait', 'plain')
        self.pimigrate('stop', '--force', 'plain')
        self.host.virsh('undefine', 'plain')  # as after a killed conversion
        self.pimigrate('start', '--wait', 'plain')
        self.pimigrate('stop', 'plain')
        self.pimigrate('undefine', 'plain')
        self.nothing_defined()
        self.pimigrate('run', 'plain', '--engine', 'nonsense', code=2)
        # What XML cannot hold: nothing is defined, guest.yaml is as before.
        yaml = folder / 'guest.yaml'
        before = yaml.read_text() + 'cmdline: "a\\tb"\n'
        yaml.write_text(before)
        self.pimigrate('define', 'plain', code=1, says=['cannot hold'])
        if yaml.read_text() != before:
            raise Failed('a failed define changed guest.yaml')
        self.nothing_defined()
        yaml.write_text(before.replace('cmdline: "a\\tb"\n', ''))
        self.pimigrate('define', 'plain')
        self.pimigrate('delete', '-y', 'plain')

    def judged(self, name, finding, *verb):
        """The doctor looks at libvirt's autostart, not at guest.yaml's."""
        self.host.virsh(*verb, name)
        with self.begin('doctor', '--json', name,
                        stdout=subprocess.PIPE) as proc:
            out, _ = proc.communicate(timeout=SECONDS)
        rows = [(r['level'], r['finding']) for r in json.loads(out)
                if r['check'] == 'guest/service']
        if rows != [('ok', f'{name} {finding}')]:
            raise Failed(f'the doctor, after {verb}: {rows}')

    def nothing_defined(self):
        if self.domains():
            raise Failed(f'domains are left: {self.domains()}')

    def late_failure(self):
        """libvirtd goes while the disk is copied."""
        step('libvirtd ends during a conversion')
        if self.host.user:
            return
        with self.begin(*self.convert_argv('late'), stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT) as proc:
            wait_for('its folder', (self.guests / '.late.partial').exists)
            self.host.stop()
            out, _ = proc.communicate(timeout=APPLIANCE_SECONDS)
        if proc.returncode == 0 or 'no libvirt answers' not in out:
            raise Failed(f'exit code {proc.returncode}: {out}')
        self.host.start()
        self.nothing_of('late')
        if [p for p in self.guests.iterdir() if p.name != '.run']:
            raise Failed('files are left')

    def refused_early(self):
        step('what cannot work is said before anything is done')
        path = self.place / 'taken.xml'
        path.write_text('''<domain type='qemu'><name>taken</name>
            <memory>65536</memory>
            <os><type arch='armv7l' machine='virt'>hvm</type></os><devices><emulator>''' +
                        str(self.place / 'pimigrate-emu') +
                        '</emulator></devices></domain>')
        self.host.virsh('define', str(path))
        for argv, says in (
                (['taken'], "has a guest 'taken' already"),
                (['x', '-oc', 'qemu+tcp://far/system'], 'on this machine'),
                (['x', '-os', 'nowhere'], "no pool 'nowhere'")):
            self.pimigrate(*self.convert_argv(*argv), code=1, says=[says])
        self.host.virsh('undefine', 'taken')
        self.pimigrate('convert', '-os', 'a', str(self.place / 'card.img'),
                       code=2, says=['are for -o libvirt'])
        if self.system:
            self.guests.chmod(0o700)
            self.pimigrate(*self.convert_argv('x'), code=1,
                           says=['may not pass through'])
            self.guests.chmod(0o755)
        self.nothing_defined()

    def volumes(self):
        return self.host.virsh('vol-list', 'attic').splitlines()

    def kill_at(self, note, name, argv):
        """Milliseconds are left between the note and the end."""
        for _ in range(5):
            with self.begin(*argv, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL) as proc:
                wait_for('the note', lambda: note.exists() or
                         proc.poll() is not None, APPLIANCE_SECONDS, 0.001)
                proc.kill()
            if name not in self.domains() and \
               not (self.guests / name).exists():
                break
            self.pimigrate('delete', '-y', name)
        self.nothing_of(name)
        if not note.exists():
            raise Failed('nothing tells of the volume that is left')

    def pool(self):
        step('convert -os: the disk is a volume')
        target = self.place / 'pool'
        target.mkdir(mode=0o755)
        self.own(target)
        self.host.virsh('pool-create-as', 'attic', 'dir', '--target',
                        str(target))
        lan = []
        if self.system:
            self.make_network()
            self.host.virsh('net-start', 'lan')
            lan = ['--network', 'network=lan']
        argv = self.convert_argv('wet', '-os', 'attic', *lan)
        # Killed before the volume is made, or then; the next one clears up.
        note = self.guests / '.wet.volume'
        self.kill_at(note, 'wet', argv)
        self.host.virsh('vol-create-as', 'attic', 'wet.raw', '1M', check=False)
        if len(self.volumes()) != 1:
            raise Failed(f'volumes: {self.volumes()}')
        self.pimigrate(*argv, seconds=APPLIANCE_SECONDS)
        if note.exists() or len(self.volumes()) != 1:
            raise Failed(f'note or volumes: {self.volumes()}')
        xml = self.valid('wet')
        if f'{target}/wet.raw' not in xml or \
           (self.guests / 'wet/disk.raw').exists():
            raise Failed(f'the disk is not in the pool: {xml}')
        volume = target / 'wet.raw'
        if volume.stat().st_blocks * 512 >= volume.stat().st_size:
            raise Failed('the volume is not sparse')
        tiny('kernel', 'key', LOGIN, self.guests / 'wet/boot/vmlinuz')
        if self.system:
            self.on_bridge('wet', 'network', 'lan')
        else:
            self.pimigrate('start', '--wait', 'wet')
            self.pimigrate('stop', 'wet')
        for verb in (['resize', 'wet', '+1G'], ['clone', 'wet', 'dry'],
                     ['undefine', 'wet'], ['kernel', 'list', 'wet'],
                     ['kernel', 'update', 'wet']):
            self.pimigrate(*verb, code=1, says=['a volume of libvirt'])
        self.pimigrate('kernel', 'choose', 'wet', '6.1.0-1-armmp-lpae', code=1,
                       says=["has no kernel '6.1.0-1-armmp-lpae'"])
        self.pimigrate('delete', '-y', 'wet')
        if self.volumes():
            raise Failed(f'delete left volumes: {self.volumes()}')
        self.nothing_of('wet')
        self.host.virsh('pool-destroy', 'attic')

    def make_network(self):
        path = self.place / 'network.xml'
        path.write_text("<network><name>lan</name><forward mode='bridge'/>"
                        "<bridge name='br0'/></network>")
        self.host.virsh('net-define', str(path))

    def networks(self):
        """Of libvirt's own, and a bridge of the host."""
        if not self.system:
            return
        step('network=NAME, bridge=NAME')
        argv = self.convert_argv('net', '--network', 'network=lan')
        self.pimigrate(*argv, code=1, says=["no network 'lan'"])
        self.make_network()
        self.pimigrate(*argv, code=1, says=['virsh net-start lan'])
        self.host.virsh('net-start', 'lan')
        self.pimigrate('convert', '--network', 'network=lan',
                       str(self.place / 'card.img'), code=2,
                       says=['is for -o libvirt'])
        folder = self.hand_made('net', nics='  - kind: network\n'
                                            '    network: lan')
        self.pimigrate('start', 'net', code=1, says=['pimigrate define net'])
        self.pimigrate('define', 'net')
        self.on_bridge('net', 'network', 'lan')
        self.pimigrate('undefine', 'net', code=1, says=['let guest.yaml name'])
        yaml = folder / 'guest.yaml'
        yaml.write_text(yaml.read_text().replace(
            'kind: network', 'kind: tap').replace('network: lan',
                                                  'bridge: br0'))
        self.pimigrate('define', 'net')
        self.on_bridge('net', 'bridge', 'br0')
        self.pimigrate('delete', '-y', 'net')
        self.host.virsh('net-destroy', 'lan')
        self.host.virsh('net-undefine', 'lan')

    def on_bridge(self, name, kind, source):
        """It runs with a TAP of libvirt's on br0."""
        if f"<source {kind}='{source}'/>" not in self.valid(name):
            raise Failed(f'it is not on the {kind} {source}')
        self.pimigrate('start', '--wait', name)
        nics = self.host.virsh('domiflist', name).split()
        if nics[2:4] != [source, 'virtio'] or \
           nics[0] not in os.listdir('/sys/class/net/br0/brif'):
            raise Failed(f'its network card: {nics}')
        self.pimigrate('stop', name)

    def with_kernel(self, name):
        """A guest whose disk has a newer kernel than it boots."""
        folder = self.hand_made(name, text='kernel old\nmini login: ')
        shutil.copy(f'{self.made}/newer/disk.raw', folder / 'disk.raw')
        (folder / 'disk.raw').chmod(0o600)
        tree = self.place / 'tree'
        (tree / 'bin').mkdir(parents=True, exist_ok=True)
        (tree / 'bin/busybox').write_bytes(
            b'\x7fELF\1\1\1' + bytes(9) + b'\2\0\50\0\1\0\0\0' + bytes(40))
        (folder / 'boot/initrd.img').write_bytes(subprocess.run(
            [HERE.parent / 'boot/newc.py', tree], capture_output=True,
            check=True).stdout)
        yaml = folder / 'guest.yaml'
        yaml.write_text(yaml.read_text().replace(
            'kernel: boot/vmlinuz\n', 'kernel: boot/vmlinuz\n'
            'initrd: boot/initrd.img\ncmdline: root=/dev/vda1\n'))
        self.own(folder)
        self.pimigrate('define', name)

    def boots(self, name, what):
        self.host.virsh('start', name)
        log = self.guests / name / 'console.log'
        wait_for(f'{name} prints "{what}"',
                 lambda: log.exists() and what in log.read_text())
        self.host.virsh('destroy', name)

    def no_sense(self, name):
        with open(self.guests / name / 'disk.raw', 'r+b') as f:
            f.seek((8192 << 9) + 1024)
            f.write(bytes(1024))

    def hook(self):
        if not self.system:
            step('a session has no hook: start brings the kernel up to date')
            self.with_kernel('own')
            self.boots('own', 'kernel old')
            self.pimigrate('start', '--wait', 'own')
            if 'kernel nine' not in (self.guests /
                                     'own/console.log').read_text():
                raise Failed('the old kernel runs')
            self.pimigrate('stop', 'own')
            step('a disk that says nothing sensible')
            self.no_sense('own')
            self.pimigrate('start', '--wait', 'own',
                           says=['starts with the kernel that it has'])
            self.pimigrate('stop', 'own')
            self.pimigrate('delete', '-y', 'own')
            return
        folder = pathlib.Path('/etc/libvirt/hooks/qemu.d')
        folder.mkdir(parents=True, exist_ok=True)
        script = folder / 'pimigrate'
        good = pathlib.Path(f'{self.made}/hook').read_text()
        good = good.replace('timeout 60 ', f'env PIMIGRATE_GUESTS={self.guests} ')

        step('a missing hook: the guest starts with the kernel that it has')
        self.with_kernel('hooked')
        self.boots('hooked', 'kernel old')
        step('a hook that is killed, or too slow: the same')
        for bad in ('sh -c "kill -9 \\$\\$"', 'sh -c "sleep 60"'):
            script.write_text(good.replace('env PIMIGRATE_GUESTS', f'{bad} env'))
            script.chmod(0o755)
            self.host.stop()
            self.host.start()  # it looks for hooks when it starts
            self.boots('hooked', 'kernel old')
        step("another's domain is none of its business")
        script.write_text(good)
        self.hand_made('innocent')
        before = sorted(os.listdir(self.guests / 'innocent/boot'))
        subprocess.run([script, 'innocent', 'prepare', 'begin', '-'],
                       input=b'<uuid>0</uuid>', check=True)
        if sorted(os.listdir(self.guests / 'innocent/boot')) != before:
            raise Failed('it changed a guest that is not of libvirt')
        self.pimigrate('delete', '-y', 'innocent')
        step('the hook takes the new kernel')
        self.boots('hooked', 'kernel nine')
        self.boots('hooked', 'kernel nine')
        slot = (self.guests / 'hooked/boot/current').resolve()
        if 'proven: true' not in (slot / 'about.yaml').read_text():
            raise Failed('a start that reached the prompt did not count')
        step('a disk that says nothing sensible')
        self.no_sense('hooked')
        self.boots('hooked', 'kernel nine')
        self.pimigrate('delete', '-y', 'hooked')

    def all(self):
        steps = [self.define, self.refused_early, self.hook, self.convert,
                 self.serial_ports,
                 self.life, self.autostart, self.rename, self.unknown,
                 self.delete, self.networks, self.pool, self.late_failure]
        self.host.start()
        try:
            for one in steps:
                if not self.steps or one.__name__ in self.steps:
                    one()
        except Failed:
            for name in self.domains():
                print(self.host.log_of(name)[-2000:], file=sys.stderr)
            raise
        finally:
            self.host.close()


if __name__ == '__main__':
    # Who is started in the background ignores it, and so would all it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(Test(*sys.argv[1:]).all))
