# SPDX-License-Identifier: GPL-2.0-or-later
"""The small guest of tests/libvirt/make-guest.sh: its console's shell."""
import os
import re
import time

LIMIT = 300  # seconds; against hanging only


class Failed(Exception):
    pass


class Console:
    """What the guest prints on a connected socket, and its shell."""

    def __init__(self, sock):
        self.sock = sock
        self.seen = ''

    def expect(self, pattern):
        end = time.monotonic() + LIMIT
        while not (found := re.search(pattern, self.seen)):
            self.sock.settimeout(max(0.1, end - time.monotonic()))
            try:
                got = self.sock.recv(65536)
            except TimeoutError:
                got = b''
            if not got:
                raise Failed(f'the console does not say {pattern!r}: '
                             f'{self.seen[-500:]!r}')
            self.seen += got.decode(errors='replace')
        self.seen = self.seen[found.end():]
        return found

    def send(self, line):
        self.sock.sendall(line.encode() + b'\n')

    def shell(self, line):
        """Its output; the marks are not what the terminal echoes."""
        self.send(f"echo be''gin; {line}; echo en''d")
        return self.expect(r'begin\r?\n((?s:.*?))end\r?\n')[1].strip()


def wait_for(what, true):
    end = time.monotonic() + LIMIT
    while not true():
        if time.monotonic() > end:
            raise Failed(f'not within {LIMIT} seconds: {what}')
        time.sleep(0.1)


def cpu_seconds(pid):
    with open(f'/proc/{pid}/stat', encoding='ascii') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
