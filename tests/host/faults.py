#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What may happen to a host while a guest runs, and the guest goes on.

    faults.py COUNT [STEP]...

PIMIGRATE is the program under test.  A small guest (Debian's kernel, a shell)
under the supervisor, on a bridge, in namespaces of its own; each step does its
harm COUNT times.  FROZEN: for how many seconds the emulator is stopped (5).
Exits 77 with the reason where something is missing.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from small import LIMIT, Console, Failed, cpu_seconds, wait_for

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
PIMIGRATE = os.environ.get('PIMIGRATE', str(TOP / 'build/src/pimigrate'))
FROZEN = float(os.environ.get('FROZEN', '5'))
HOST, GUEST = '10.97.7.1', '10.97.7.2'
MIB = 1 << 20

YAML = '''\
version: 1
uuid: {uuid}
cpus: 1
memory: 128M
cpu: cortex-a7
engine: pimigrate
autostart: false
kernel: boot/vmlinuz
initrd: boot/initrd.img
cmdline: console=ttyAMA0 quiet
disks:
  - file: disk.raw
    format: raw
nics:
  - kind: tap
    bridge: br0
    mac: b8:27:eb:12:34:56
'''


def skip(why):
    print(f'skipped: {why}')
    sys.exit(77)


def run(*words, check=True):
    got = subprocess.run([str(w) for w in words], text=True, check=False,
                         stdin=subprocess.DEVNULL, capture_output=True)
    if check and got.returncode:
        raise Failed(f'{words}: {got.returncode}: {got.stderr}')
    return got


class Guest:
    def __init__(self, folder, name, small, number):
        self.name = name
        self.dir = folder / 'guests' / name
        (self.dir / 'boot').mkdir(parents=True)
        for file in ('vmlinuz', 'initrd.img'):
            shutil.copy(small / file, self.dir / 'boot')
        with open(self.dir / 'disk.raw', 'wb') as f:
            f.truncate(MIB)
        uuid = f'0110c455-1111-4222-8333-44445555{number:04}'
        (self.dir / 'guest.yaml').write_text(YAML.format(uuid=uuid))
        self.tap = 'pm0110c455-0'
        self.runtime = folder / 'run' / name
        self.log = folder / f'{name}.log'
        self.process = self.console = None

    def prepare(self):
        run(PIMIGRATE, 'prepare', self.name)

    def spawn(self):
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                [PIMIGRATE, 'run', self.name], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)

    def start(self):
        self.spawn()
        self.wait_state('booting')
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(self.runtime / 'console.sock'))
        self.console = Console(sock)
        self.console.expect('guest ready')
        self.console.shell('true')
        self.console.shell(f'ip addr add {GUEST}/24 dev eth0; echo 0 '
                           '>/proc/sys/kernel/printk')

    def status(self):
        try:
            return json.loads((self.runtime / 'status.json').read_text())
        except (FileNotFoundError, ValueError):
            return {}

    def wait_state(self, state):
        def there():
            if self.process.poll() is not None:
                raise Failed(f'{self.name}: {self.said()}')
            status = self.status()
            return (status.get('state') == state and
                    status['supervisor'] == self.process.pid)
        wait_for(state, there)

    def engine(self):
        return self.status()['engine-pid']

    def said(self):
        return self.log.read_text(errors='replace')

    def engine_said(self):
        return (self.runtime / 'engine.log').read_text(errors='replace')

    def ended(self, status):
        got = self.process.wait(LIMIT)
        if got != status:
            raise Failed(f'{self.name}: exit status {got}: {self.said()}')
        self.process = None

    def stop(self):
        self.process.terminate()
        self.ended(0)


def reached():
    return run('ping', '-c', '1', '-W', '1', GUEST, check=False).returncode == 0


def alive(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


class Test:
    def __init__(self, folder, count):
        self.folder, self.count = folder, count
        self.chance = random.Random(20261121)
        run('ip', 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0')
        self.bridge_up()
        self.guest = Guest(folder, 'pi', folder / 'small', 6666)
        self.guest.prepare()

    def bridge_up(self):
        run('ip', 'link', 'set', 'br0', 'up')
        run('ip', 'address', 'replace', f'{HOST}/24', 'dev', 'br0')

    def well(self, after):
        """It computes, its clock goes on, its network works."""
        if self.guest.console.shell('sleep 0.1; echo $((6 * 7))') != '42':
            raise Failed(f'{after}: the shell')
        wait_for(f'{after}: the guest answers', reached)
        print(f'{after}: well', flush=True)

    @staticmethod
    def rows(check):
        said = run(PIMIGRATE, 'doctor', '--json', 'pi', check=False).stdout
        return [r for r in json.loads(said) if r['check'] == check]

    def doctor(self, check, level, text):
        """It names the cause."""
        rows = self.rows(check)
        if not any(r['level'] == level and text in r['finding']
                   for r in rows):
            raise Failed(f'the doctor: no {level} {check}: {rows}')

    def tap(self):
        """The TAP is removed, and made again."""
        guest, console = self.guest, self.guest.console
        for n in range(1, self.count + 1):
            run('ip', 'link', 'del', guest.tap)
            wait_for('the guest sees it', lambda: console.shell(
                'cat /sys/class/net/eth0/carrier') == '0')
            began = cpu_seconds(guest.engine())
            time.sleep(2)
            if cpu_seconds(guest.engine()) - began > 1:
                raise Failed('the emulator spins without its TAP')
            if run('ip', 'link', 'show', guest.tap, check=False).stdout:
                raise Failed('the emulator made a TAP that is on no bridge')
            self.doctor('net/tap', 'bad', 'gone')
            if n == 1:
                guest.prepare()
            else:
                run(PIMIGRATE, 'doctor', '--fix', 'pi', check=False)
            self.well(f'TAP removed and made again, {n}')
        said = guest.engine_said()
        if said.count("the host's end is gone") != self.count or \
           said.count(f'"{guest.tap}" is back') != self.count:
            raise Failed(f'the log: {said}')

    def bridge(self):
        """The bridge is down, and up; and it is another one."""
        for n in range(1, self.count + 1):
            run('ip', 'link', 'set', 'br0', 'down')
            if reached():
                raise Failed('the bridge is down, and the guest is reached')
            self.guest.console.shell('true')
            self.bridge_up()
            self.well(f'bridge down and up, {n}')
        run('ip', 'link', 'del', 'br0')
        run('ip', 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0')
        self.bridge_up()
        self.doctor('net/tap', 'bad', "not on the bridge 'br0'")
        run(PIMIGRATE, 'doctor', '--fix', 'pi', check=False)
        self.well('bridge made anew')
        if self.rows('net/tap'):
            raise Failed('the doctor is not content with the TAP')

    def inside(self):
        """What the doctor sees of a guest from outside of it."""
        console = self.guest.console
        self.well('looked into')
        console.shell(f'date -s @{int(time.time())}')
        self.doctor('guest/time', 'ok', 'right')
        self.doctor('guest/units', 'ok', 'no failed unit')
        console.shell(f'date -s @{int(time.time()) + 3600}')
        self.doctor('guest/time', 'warn', 'ahead')
        console.shell(f'date -s @{int(time.time()) - 7200}')
        self.doctor('guest/time', 'warn', 'behind')
        console.shell("echo '[FAILED] Failed to start ssh.service - OpenBSD.'")
        self.doctor('guest/units', 'warn', 'failed: ssh.service')

    def frozen(self):
        """The emulator is stopped, and goes on."""
        pid = self.guest.engine()
        for n in range(1, self.count + 1):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(FROZEN)
            os.kill(pid, signal.SIGCONT)
            self.well(f'stopped for {FROZEN:g} seconds, {n}')
        if self.guest.engine() != pid:
            raise Failed('the emulator is another one')

    def twice(self):
        """A guest that runs is not started once more, by whomever."""
        pid = self.guest.engine()
        for n in range(self.count):
            said = run(PIMIGRATE, 'run', 'pi', check=False)
            if said.returncode != 1 or 'running' not in said.stderr:
                raise Failed(f'run: {said}')
            if 'running already' not in run(PIMIGRATE, 'start', 'pi').stdout:
                raise Failed('start')
        self.well('started twice')
        if self.guest.engine() != pid:
            raise Failed('the emulator is another one')

    def full(self):
        """The host's disk is full, and then not any more."""
        guest, console = self.guest, self.guest.console
        size = os.path.getsize(self.folder / 'guests/pi/full/disk2.raw')
        disk = console.shell(f'yes | head -c {size} >/full; '
                             f'grep -l "^{size // 512}$" /sys/block/*/size')
        disk = '/dev/' + disk.split('/')[3]
        for n in range(1, self.count + 1):
            filler = self.folder / 'guests/pi/full/filler'
            run('fallocate', '--punch-hole', '-o', 0, '-l', size,
                self.folder / 'guests/pi/full/disk2.raw')
            filler.write_bytes(bytes(2 * MIB))
            console.send(f'dd if=/full of={disk} bs=64k conv=fsync '
                         "2>/dev/null && echo 'writ'ten")
            wait_for('the status tells', lambda: guest.status().get('stalled'))
            seen = run(PIMIGRATE, 'status', 'pi').stdout
            if 'No space left' not in seen:
                raise Failed(f'status: {seen}')
            self.doctor('guest/stalled', 'bad', 'No space left')
            filler.unlink()
            console.expect('written')
            same = console.shell(f'head -c {size} {disk} | cmp - /full && '
                                 'echo same')
            if same != 'same':
                raise Failed(f'after the full disk: {same}')
            wait_for('the status tells no more',
                     lambda: not guest.status().get('stalled'))
            self.well(f'disk full, and room again, {n}')
        if guest.said().count('No space left') != self.count:
            raise Failed(f'one word each: {guest.said()}')

    def off(self):
        self.guest.stop()
        print('powered off', flush=True)

    def boot_stop(self):
        """Stopped while it boots: it powers off as soon as it listens."""
        for n in range(1, self.count + 1):
            self.guest.spawn()
            self.guest.wait_state('booting')
            time.sleep(self.chance.uniform(0, 4))
            self.guest.stop()
            if 'power button' not in self.guest.said():
                raise Failed(f'no power button: {self.guest.said()}')
            if 'switched off' in self.guest.said():
                raise Failed(f'not in order: {self.guest.said()}')
            print(f'stopped while booting, {n}: in order', flush=True)

    def race(self):
        """Two starts at once: one of them runs it, the other says so."""
        for n in range(1, self.count + 1):
            both = [subprocess.Popen([PIMIGRATE, 'run', 'pi'], text=True,
                                     stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE)
                    for _ in range(2)]
            wait_for('one gives up', lambda: any(
                p.poll() is not None for p in both))
            runs = [p for p in both if p.poll() is None]
            lost = [p for p in both if p.poll() is not None]
            if len(lost) != 1 or lost[0].returncode != 1:
                raise Failed(f'{len(runs)} run')
            said = lost[0].stderr.read()
            if 'running' not in said:
                raise Failed(f'the loser says: {said}')
            wait_for('the other', lambda: self.guest.status().get('state') ==
                     'booting')
            runs[0].send_signal(signal.SIGQUIT)
            if runs[0].wait(LIMIT) != 0:
                raise Failed(f'the winner: {runs[0].stderr.read()}')
            for process in both:
                process.stderr.close()
            print(f'two starts at once, {n}: one runs', flush=True)

    def supervisor(self):
        """The supervisor is killed: nothing of the guest is left over."""
        for n in range(1, self.count + 1):
            self.guest.spawn()
            self.guest.wait_state('booting')
            pid = self.guest.engine()
            self.guest.process.kill()
            self.guest.ended(-signal.SIGKILL)
            wait_for('the emulator ends too', lambda: not alive(pid))
            print(f'supervisor killed, {n}: nothing is left over', flush=True)
        self.guest.start()
        self.well('supervisor killed, and started again')
        self.guest.stop()

    def full_disk(self):
        """A second disk, on a file system that has room for half of it."""
        place = self.guest.dir / 'full'
        place.mkdir()
        run('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', place)
        with open(place / 'disk2.raw', 'wb') as f:
            f.truncate(4 * MIB - 256 * 1024)
        yaml = self.guest.dir / 'guest.yaml'
        yaml.write_text(yaml.read_text().replace(
            'nics:', '  - file: full/disk2.raw\n    format: raw\nnics:'))

    def all(self, steps):
        running = [self.tap, self.bridge, self.inside, self.frozen,
                   self.twice, self.full]
        off = [self.boot_stop, self.race, self.supervisor]
        wanted = [s for s in running + off
                  if not steps or s.__name__ in steps]
        if any(s in running for s in wanted):
            self.full_disk()
            self.guest.start()
            for step in wanted:
                if step in running:
                    step()
            self.off()
        for step in wanted:
            if step in off:
                step()


def outside():
    """What needs the network is fetched; then in namespaces of our own."""
    if os.geteuid() != 0:
        skip('not root')
    for program in ('unshare', 'ip', 'ping', 'systemd-sysusers', 'fallocate'):
        if not shutil.which(program):
            skip(f'no {program} here')
    if not os.path.exists('/dev/net/tun'):
        skip('no /dev/net/tun here')
    with tempfile.TemporaryDirectory(dir='/var/tmp') as folder:
        small = os.path.join(folder, 'small')
        os.mkdir(small)
        made = run(TOP / 'tests/libvirt/make-guest.sh', small, check=False)
        if made.returncode == 77:
            skip('no mirror of Debian')
        if made.returncode:
            raise Failed(made.stderr)
        return subprocess.run(
            ['unshare', '--mount', '--net', sys.executable, __file__,
             *sys.argv[1:]], env={**os.environ, 'PRIVATE': folder},
            check=False).returncode


def private_etc(folder):
    """For the user whom the TAP is given."""
    etc = folder / 'etc'
    etc.mkdir()
    run('mount', '-t', 'tmpfs', 'tmpfs', etc)
    (etc / 'up').mkdir()
    (etc / 'work').mkdir()
    run('mount', '-t', 'overlay', 'overlay', '-o',
        f'lowerdir=/etc,upperdir={etc}/up,workdir={etc}/work', '/etc')
    run('systemd-sysusers', TOP / 'systemd/host/sysusers.conf')


def main():
    if not os.environ.get('PRIVATE'):
        sys.exit(outside())
    folder = pathlib.Path(os.environ['PRIVATE'])
    private_etc(folder)
    run('mount', '-t', 'sysfs', 'sysfs', '/sys')
    run('ip', 'link', 'set', 'lo', 'up')
    os.environ['PIMIGRATE_GUESTS'] = str(folder / 'guests')
    os.environ['PIMIGRATE_RUNTIME'] = str(folder / 'run')
    test = Test(folder, int(sys.argv[1]))
    try:
        test.all(sys.argv[2:])
    finally:
        if test.guest.process:
            test.guest.process.kill()
            test.guest.process.wait()


try:
    main()
except Failed as why:
    print(f'FAILED: {why}', file=sys.stderr)
    sys.exit(1)
