#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest was told is on the disk is there after the host lost power.

    powercut.py [COUNT]

PIMIGRATE is the program under test.  The guest of kills.py under the
supervisor, in a namespace of processes of its own; its image lies on an ext4
file system of its own.  COUNT times (3), at a random moment, that file system
is shut down as xfstests does it: what it has not written to its device is
lost.  At once the supervisor, the emulator and its helper get SIGKILL.  The
file system is mounted again, all that was acknowledged must be in the image,
and the guest must start from what was left, lock files and all.
"""
import fcntl
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

import kills
from kills import Failed, run, skip

PIMIGRATE = os.environ.get('PIMIGRATE', str(kills.TOP / 'build/src/pimigrate'))
EXT4_IOC_SHUTDOWN = 0x8004587d  # Linux, fs/ext4/ext4.h
NO_LOG_FLUSH = 2
WAYS = ['raw', 'qcow2']

YAML = '''\
version: 1
uuid: 0110c455-1111-4222-8333-44445555777{nr}
cpus: 1
memory: 256M
cpu: cortex-a7
engine: pimigrate
autostart: false
kernel: boot/vmlinuz
initrd: boot/initrd.img
cmdline: console=ttyAMA0 quiet
disks:
  - file: {disk}
    format: {form}
nics:
  - kind: user
'''


class Host:
    """The file system that loses power."""

    def __init__(self, folder):
        self.device = folder / 'device'
        self.place = folder / 'host'
        self.loop = None
        self.place.mkdir()
        with self.device.open('wb') as f:
            f.truncate(256 << 20)
        run('mkfs.ext4', '-q', '-F', self.device)

    def mount(self):
        """By a loop device of its own: the one before may be in use as long
        as the guest's namespace of mounts takes to go."""
        self.loop = run('losetup', '--find', '--show', self.device).strip()
        done = subprocess.run(['mount', self.loop, self.place],
                              check=False, capture_output=True, text=True)
        if done.returncode:
            run('losetup', '--detach', self.loop)
            skip(f'cannot mount an ext4 here: {done.stderr}')

    def umount(self):
        run('umount', '-l', self.place)
        run('losetup', '--detach', self.loop)

    def cut(self):
        fd = os.open(self.place, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack('I', NO_LOG_FLUSH))
        os.close(fd)

    def mount_again(self):
        self.umount()
        self.mount()


class Guest(kills.Disk):
    def __init__(self, host, folder, nr):
        self.name, self.form, self.bus = f'cut-{nr}', WAYS[nr], 'blk'
        self.acked = 0
        place = host.place / 'guests' / self.name
        (place / 'boot').mkdir(parents=True)
        self.path = place / f'disk.{self.form}'
        run('qemu-img', 'create', '-q', '-f', self.form, self.path,
            kills.SLOTS * kills.SLOT)
        shutil.copy(folder / 'vmlinuz', place / 'boot/vmlinuz')
        shutil.copy(folder / 'all.img', place / 'boot/initrd.img')
        (place / 'guest.yaml').write_text(YAML.format(
            nr=nr, disk=self.path.name, form=self.form))
        os.sync()

    def words(self):
        return ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child',
                PIMIGRATE, 'run', '--console', self.name]


def one_cut(host, guest, after):
    def cut(process):
        host.cut()
        process.kill()  # the first of its namespace dies with it, and all

    found = kills.follow(guest.words(), guest, after, cut)
    host.mount_again()
    return found


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    if os.geteuid() != 0:
        skip('not root')
    for program in ('arm-linux-gnueabihf-gcc', 'qemu-img', 'dpkg-deb',
                    'mkfs.ext4', 'losetup', 'unshare'):
        if not shutil.which(program):
            skip(f'no {program} here')
    if not os.environ.get('PRIVATE'):  # no other test shall have this mount
        os.execvpe('unshare', ['unshare', '--mount', sys.executable, __file__,
                               str(count)], {**os.environ, 'PRIVATE': '1'})
    emulator = pathlib.Path(PIMIGRATE).parent.parent / 'emu/pimigrate-emu'
    chance = random.Random(20261121)
    with tempfile.TemporaryDirectory(dir='/var/tmp') as name:
        folder = pathlib.Path(name)
        kills.make_guest(folder)
        host = Host(folder)
        host.mount()
        try:
            os.environ['PIMIGRATE_GUESTS'] = str(host.place / 'guests')
            os.environ['PIMIGRATE_RUNTIME'] = str(host.place / 'run')
            guests = [Guest(host, folder, n) for n in range(len(WAYS))]
            total = 0
            for n in range(count):
                guest = guests[n % len(guests)]
                before = guest.acked
                found = one_cut(host, guest, chance.randint(1, 2000))
                if found < before:
                    raise Failed(f'{guest.name}: {before} was acknowledged, '
                                 f'the next boot found {found}')
                guest.check(emulator)
                total += guest.acked - before
                print(f'power cut {n + 1}: {guest.form}: found {found}, '
                      f'acknowledged up to {guest.acked}, all there',
                      flush=True)
        finally:
            host.umount()
    print(f'{count} power cuts, {total} records acknowledged, 0 lost')


if __name__ == '__main__':
    try:
        main()
    except Failed as why:
        print(f'FAILED: {why}', file=sys.stderr)
        sys.exit(1)
