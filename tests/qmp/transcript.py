#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Play a transcript against pimigrate-emu.

    transcript.py EMULATOR FILE

Lines of a transcript; N is a session, 1 if not written:
    guest NAME          which of guests.py
    machine none        without a guest
    file NAME BYTES     an empty disk in the folder
    args WORDS          more of the command line; %DIR% is a folder for files
    N> TEXT             sent, with CR LF (\\0 is a 0 byte)
    N< JSON             the next message; "*" stands for any value
    N= TEXT             the next line, byte for byte
    reconnect N         leave, and come again
    signal NAME         to the emulator
    exit CODE           it ends so, within 10 seconds
    serial TEXT         what has come out of the first serial line
"""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import guests

SECONDS = 30


class Failed(Exception):
    pass


class Session:
    def __init__(self, path):
        self.buf = b''
        end = time.time() + SECONDS
        while True:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(SECONDS)
            try:
                return self.sock.connect(path)
            except OSError:  # it does not listen yet
                self.sock.close()
                if time.time() > end:
                    raise
                time.sleep(0.01)

    def send(self, text):
        self.sock.sendall(text.replace('\\0', '\0').encode() + b'\r\n')

    def line(self):
        while b'\r\n' not in self.buf:
            try:
                got = self.sock.recv(65536)
            except socket.timeout:
                raise Failed(f'no answer in {SECONDS} s')
            if not got:
                raise Failed('the monitor was closed')
            self.buf += got
        line, self.buf = self.buf.split(b'\r\n', 1)
        return line.decode()


def same(got, want):
    if want == '*':
        return True
    if isinstance(want, dict):
        return isinstance(got, dict) and got.keys() == want.keys() and \
            all(same(got[k], want[k]) for k in want)
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and \
            all(map(same, got, want))
    return type(got) is type(want) and got == want


def check_stamp(msg):
    stamp = msg.pop('timestamp')
    if sorted(stamp) != ['microseconds', 'seconds'] or \
       abs(stamp['seconds'] - time.time()) > SECONDS or \
       not 0 <= stamp['microseconds'] < 1000000:
        raise Failed(f'timestamp {stamp}')


class Player:
    def __init__(self, emulator, folder):
        self.dir = folder
        self.emulator = emulator
        self.guest, self.machine, self.args = 'wait', 'virt', []
        self.proc = None
        self.sessions = {}

    def path(self, n):
        return os.path.join(self.dir, f'qmp{n}')

    def start(self):
        serial = os.path.join(self.dir, 'serial')
        argv = [self.emulator, '-nodefaults', '-display', 'none',
                '-serial', 'file:' + serial]
        if self.machine == 'virt':
            argv += ['-M', 'virt', '-kernel',
                     guests.write(self.guest, os.path.join(self.dir, 'kernel'))]
        for n in (1, 2):
            argv += ['-qmp', f'unix:{self.path(n)},server=on,wait=off']
        self.proc = subprocess.Popen(argv + self.args)
        end = time.time() + SECONDS
        while not os.path.exists(self.path(2)):
            if self.proc.poll() is not None or time.time() > end:
                raise Failed('the emulator does not start')
            time.sleep(0.01)

    def session(self, n):
        if not self.proc:
            self.start()
        if n not in self.sessions:
            self.sessions[n] = Session(self.path(n))
        return self.sessions[n]

    def expect(self, n, want):
        line = self.session(n).line()
        got, want = json.loads(line), json.loads(want)
        if 'event' in got:
            check_stamp(got)
        if not same(got, want):
            raise Failed(f'got  {json.dumps(got)}')

    def reconnect(self, n):
        self.sessions.pop(n).sock.close()
        self.session(n)

    def exit(self, code):
        try:
            got = self.proc.wait(10)
        except subprocess.TimeoutExpired:
            raise Failed('the emulator does not end')
        if got != int(code):
            raise Failed(f'exit status {got}')

    def serial(self, text):
        end = time.time() + SECONDS
        while True:
            with open(os.path.join(self.dir, 'serial')) as f:
                got = f.read()
            if got == text:
                return
            if time.time() > end:
                raise Failed(f'serial line: {got!r}')
            time.sleep(0.01)

    def do(self, line):
        word, _, rest = line.partition(' ')
        n = int(word[:-1] or 1) if word[-1] in '><=' else 0
        if word == 'guest':
            self.guest = rest
        elif word == 'machine':
            self.machine = rest
        elif word == 'args':
            self.args += rest.replace('%DIR%', self.dir).split()
        elif word == 'file':
            name, size = rest.split()
            with open(os.path.join(self.dir, name), 'wb') as f:
                f.truncate(int(size))
        elif word.endswith('>'):
            self.session(n).send(rest)
        elif word.endswith('<'):
            self.expect(n, rest)
        elif word.endswith('='):
            got = self.session(n).line()
            if got != rest:
                raise Failed(f'got  {got}')
        elif word == 'reconnect':
            self.reconnect(int(rest))
        elif word == 'signal':
            self.proc.send_signal(getattr(signal, 'SIG' + rest))
        elif word == 'exit':
            self.exit(rest)
        elif word == 'serial':
            self.serial(rest)
        else:
            raise Failed('this line is no transcript')


def main(emulator, path):
    with tempfile.TemporaryDirectory() as folder:
        player = Player(emulator, folder)
        with open(path) as f:
            lines = f.read().splitlines()
        try:
            for nr, line in enumerate(lines, 1):
                if line and not line.startswith('#'):
                    player.do(line)
        except (Failed, OSError) as e:
            print(f'{path}:{nr}: {line}\n{e}', file=sys.stderr)
            return 1
        finally:
            if player.proc and player.proc.poll() is None:
                player.proc.kill()
                player.proc.wait()
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
