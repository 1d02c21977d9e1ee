# SPDX-License-Identifier: GPL-2.0-or-later
"""A libvirt of our own for tests: its daemons, virsh, a domain, its console.

Runs inside private.sh.
"""
import os
import pty
import pwd
import re
import select
import shutil
import subprocess
import sys
import time

SECONDS = 120        # until something that takes a moment has happened
BOOT_SECONDS = 900   # until a guest is up, on a loaded machine
FOLDER = os.environ['LIBVIRT_TEST']


class Failed(Exception):
    pass


def step(text):
    print(f'[{time.monotonic() - STARTED:6.1f}s] {text}', flush=True)


STARTED = time.monotonic()


def wait_for(what, condition, seconds=SECONDS, pause=0.2):
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise Failed(f'{what}: not in {seconds} s')
        time.sleep(pause)


class Host:
    """libvirtd for qemu:///system, or for qemu:///session of a user."""

    def __init__(self, session):
        self.user = pwd.getpwnam('nobody') if session else None
        self.uri = 'qemu:///session' if session else 'qemu:///system'
        # virsh must not start a daemon by itself while ours is on its way
        self.env = dict(os.environ, LC_ALL='C', LIBVIRT_AUTOSTART='0')
        self.daemons = {}
        self.folder = os.path.join(FOLDER, 'session' if session else 'system')
        os.makedirs(self.folder)
        if session:
            home = os.path.join(self.folder, 'home')
            runtime = os.path.join(FOLDER, 'run')
            for path in (home, runtime):
                os.makedirs(path, mode=0o700)
                os.chown(path, self.user.pw_uid, self.user.pw_gid)
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
            for name in list(self.env):
                if name.startswith('XDG_'):
                    del self.env[name]
            self.env.update(HOME=home, XDG_RUNTIME_DIR=runtime,
                            USER=self.user.pw_name)
            self.config = os.path.join(home, '.config/libvirt/libvirtd.conf')
            self.autostarted = os.path.join(
                runtime, 'libvirt/qemu/run/autostarted')
        else:
            self.config = '/etc/libvirt/libvirtd.conf'
            self.autostarted = '/run/libvirt/qemu/autostarted'
        self.log = os.path.join(self.folder, 'libvirtd.log')

    def run(self, *argv, **more):
        if self.user:
            argv = ('setpriv', f'--reuid={self.user.pw_uid}',
                    f'--regid={self.user.pw_gid}', '--clear-groups') + argv
        return subprocess.Popen(argv, env=self.env, cwd=self.folder, **more)

    def start(self):
        if not self.daemons and not self.user:
            with open(self.config, 'w') as f:
                f.write('auth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        self.log_file = open(self.log, 'ab')
        for name in ('virtlogd', 'libvirtd'):
            if name not in self.daemons:
                self.daemons[name] = self.run(name, stdout=self.log_file,
                                              stderr=self.log_file)
        wait_for('libvirtd', lambda: self.virsh('uri', check=False) is not None)
        if self.daemons['libvirtd'].poll() is not None:
            raise Failed('another libvirtd answers than the one started here')

    def stop(self):
        proc = self.daemons.pop('libvirtd')
        proc.terminate()
        proc.wait(SECONDS)

    def kill(self):
        proc = self.daemons.pop('libvirtd')
        proc.kill()
        proc.wait(SECONDS)

    def virsh(self, *argv, check=True):
        """What it says, or None if it fails and may."""
        with self.run('virsh', '-q', '-c', self.uri, *argv, text=True,
                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                      stderr=subprocess.PIPE) as proc:
            try:
                out, err = proc.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                proc.kill()
                raise Failed(f'virsh {" ".join(argv)}: hangs')
        if proc.returncode and check:
            raise Failed(f'virsh {" ".join(argv)}: {err.strip()}')
        return None if proc.returncode else out.strip()

    def refuses(self, *argv, says):
        with self.run('virsh', '-q', '-c', self.uri, *argv, text=True,
                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                      stderr=subprocess.PIPE) as proc:
            _, err = proc.communicate(timeout=SECONDS)
        if not proc.returncode or says not in err:
            raise Failed(f'virsh {" ".join(argv)}: not refused with '
                         f'"{says}": {err.strip()}')

    def log_of(self, name):
        if self.user:
            path = os.path.join(self.env['HOME'], '.cache/libvirt/qemu/log')
        else:
            path = '/var/log/libvirt/qemu'
        path = os.path.join(path, f'{name}.log')
        if not os.path.exists(path):
            return f'there is no {path}'
        with open(path, errors='replace') as f:
            return f.read()

    def close(self):
        for proc in self.daemons.values():
            proc.terminate()
            proc.wait(SECONDS)


class Guest:
    def __init__(self, host, name, xml):
        self.host, self.name = host, name
        path = os.path.join(host.folder, f'{name}.xml')
        with open(path, 'w') as f:
            f.write(xml)
        self.xml = path
        check = subprocess.run(['virt-xml-validate', path, 'domain'],
                               capture_output=True, text=True)
        if check.returncode:
            raise Failed(f'virt-xml-validate: {check.stdout}{check.stderr}')

    def virsh(self, verb, *argv, **more):
        return self.host.virsh(verb, self.name, *argv, **more)

    def state(self):
        return self.virsh('domstate', '--reason')

    def wait_state(self, state, seconds=SECONDS):
        try:
            wait_for(f'{self.name} is {state}',
                     lambda: self.state() == state, seconds)
        except Failed as e:
            raise Failed(f'{e}: {self.state()}')

    def pid(self):
        pids = subprocess.run(['pgrep', '-f', f'guest={self.name},'],
                              capture_output=True, text=True).stdout.split()
        return int(pids[0]) if len(pids) == 1 else None


class Console:
    """virsh console, as on a terminal."""

    def __init__(self, guest, *more):
        self.master, slave = pty.openpty()
        self.proc = guest.host.run(
            'virsh', '-q', '-c', guest.host.uri, 'console', guest.name,
            '--force', *more, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True)
        os.close(slave)
        self.text = ''

    def read(self):
        ready, _, _ = select.select([self.master], [], [], 0.2)
        if ready:
            try:
                got = os.read(self.master, 4096)
            except OSError:
                raise Failed(f'the console ended: {self.text[-500:]}')
            self.text += got.decode(errors='replace').replace('\r', '')

    def expect(self, pattern, seconds=SECONDS):
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.text, re.M)
            if found:
                self.text = self.text[found.end():]
                return found
            if time.monotonic() > end:
                raise Failed(f'console: no "{pattern}" in {seconds} s: '
                             f'{self.text[-1000:]}')
            self.read()

    def prompt(self, prompt='guest# ', seconds=SECONDS):
        """virsh forgets what was typed before it was ready, so ask again."""
        end = time.monotonic() + seconds
        while prompt not in self.text:
            if time.monotonic() > end:
                raise Failed(f'console: no prompt in {seconds} s: {self.text}')
            os.write(self.master, b'\n')
            for _ in range(5):
                self.read()
        self.text = ''

    def answer(self, line, pattern):
        """Type it, and wait for what is said then."""
        os.write(self.master, f'{line}\n'.encode())
        self.expect(pattern)

    def shell(self, command, seconds=SECONDS):
        """What a command in the guest says, without its echo, which comes twice
        or before the prompt where the shell was busy when it was typed."""
        os.write(self.master, f'echo "be""gin"; {command}; '
                              f'echo "d""one $?"\n'.encode())
        self.expect('^(guest# )?begin\n', seconds)
        text = ''
        end = time.monotonic() + seconds
        while True:
            found = re.search(r'^done (\d+)$', self.text, re.M)
            if found:
                text = self.text[:found.start()].strip()
                self.text = self.text[found.end():]
                if found[1] != '0':
                    raise Failed(f'in the guest: {command}: {text}')
                return text
            if time.monotonic() > end:
                raise Failed(f'in the guest: {command}: hangs: {self.text}')
            self.read()

    def close(self):
        self.proc.kill()  # it takes no other signal
        self.proc.wait(SECONDS)
        os.close(self.master)


def files(host, *paths):
    """Copies that libvirt's user can reach."""
    for path in paths:
        shutil.copy(path, host.folder)
    for path in paths:
        os.chmod(os.path.join(host.folder, os.path.basename(path)), 0o755)


def main(test):
    try:
        test()
    except (Failed, subprocess.TimeoutExpired) as e:
        print(f'FAILED: {e}', file=sys.stderr)
        return 1
    return 0
