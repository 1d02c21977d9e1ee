#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's clock is stepped by days while a guest runs.

    clock.py EMULATOR COUNT

EMULATOR has its calendar from stepped.c.  COUNT times, forward and back: the
guest's real-time clock follows, its timers and its own time do not notice, the
emulator does not spin, and the power button works at the end.
"""
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time

from small import LIMIT, Console, Failed, cpu_seconds

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DAY = 86400


class Guest:
    def __init__(self, emulator, folder):
        self.step_file = folder / 'step'
        self.step(0)
        mine, its = socket.socketpair()
        self.monitor, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [emulator, '-M', 'virt', '-cpu', 'cortex-a7', '-m', '128',
             '-nodefaults', '-display', 'none', '-chardev',
             f'socket,id=s,fd={its.fileno()}', '-serial', 'chardev:s',
             '-chardev', f'socket,id=m,fd={theirs.fileno()}', '-mon',
             'chardev=m,mode=control', '-kernel', str(folder / 'vmlinuz'),
             '-initrd', str(folder / 'initrd.img'), '-append',
             'console=ttyAMA0 quiet'],
            pass_fds=[its.fileno(), theirs.fileno()],
            env={**os.environ, 'CLOCK_STEP': str(self.step_file)})
        its.close()
        theirs.close()
        self.console = Console(mine)

    def step(self, seconds):
        with open(self.step_file, 'r+b' if self.step_file.exists() else
                  'wb') as f:
            f.write(struct.pack('=q', seconds))

    def rtc(self):
        return int(self.console.shell('cat /sys/class/rtc/rtc0/since_epoch'))

    def now(self):
        return int(self.console.shell('date +%s'))

    def check(self, step):
        off = self.rtc() - time.time()
        if abs(off - step) > LIMIT:
            raise Failed(f'stepped by {step} s, the RTC is off by {off:.0f} s')
        if self.console.shell('sleep 1; echo slept') != 'slept':
            raise Failed('sleep 1')
        began = cpu_seconds(self.process.pid)
        time.sleep(2)
        if cpu_seconds(self.process.pid) - began > 1:
            raise Failed('the emulator spins')

    def power_off(self):
        for command in ('qmp_capabilities', 'system_powerdown'):
            self.monitor.sendall(f'{{"execute":"{command}"}}\n'.encode())
        if self.process.wait(LIMIT) != 0:
            raise Failed(f'exit status {self.process.returncode}')


def main():
    emulator, count = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(dir='/var/tmp') as name:
        folder = pathlib.Path(name)
        made = subprocess.run([TOP / 'tests/libvirt/make-guest.sh', folder],
                              check=False)
        if made.returncode == 77:
            sys.exit(77)
        made.check_returncode()
        guest = Guest(emulator, folder)
        try:
            guest.console.expect('guest ready')
            guest.check(0)
            ahead = guest.now() - time.time()
            for n in range(1, count + 1):
                step = n * DAY if n % 2 else -n * DAY
                guest.step(step)
                guest.check(step)
                if abs(guest.now() - time.time() - ahead) > LIMIT:
                    raise Failed("the guest's own time has jumped")
                print(f'stepped by {step // DAY:+} days: well', flush=True)
            guest.power_off()
        finally:
            guest.process.kill()
            guest.process.wait()


try:
    main()
except Failed as why:
    print(f'FAILED: {why}', file=sys.stderr)
    sys.exit(1)
