#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest was told is on the disk is there after SIGKILL.

    kills.py EMULATOR [COUNT]

A small guest writes numbered records, each with a flush (records.c); the
emulator is killed at a random moment, COUNT times (3); everything that was
acknowledged must be in the image, and the next boot must find it and go on.
Raw and qcow2 images, virtio-blk and virtio-scsi in turn; qcow2 must be free
of errors (leaks are allowed, a kill makes them).  Exits 77 with the reason
where something is missing.
"""
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
SLOTS, SLOT = 2048, 4096
LIMIT = 900  # seconds; against hanging only
FACTOR = 0x9e3779b97f4a7c15

INIT = r'''#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do
	insmod "/lib/$module" 2>/dev/null
done </lib/order
for i in $(seq 100); do
	for disk in /dev/vda /dev/sda; do
		[ -b $disk ] && exec /bin/records $disk SLOTS
	done
	usleep 100000
done
echo RECORDS failed: no disk
'''

# image's format, how it is connected, qemu-img's options
WAYS = [
    ('raw', 'blk', []),
    ('qcow2', 'blk', ['-o', 'cluster_size=4k']),
    ('raw', 'scsi', []),
    ('qcow2', 'scsi', ['-o', 'compat=0.10']),
]


def skip(why):
    print(f'skipped: {why}')
    sys.exit(77)


def run(*words):
    return subprocess.run([str(w) for w in words], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def make_guest(folder):
    """Kernel and initramfs: the small guest of the tests, and ours on top."""
    made = subprocess.run([str(TOP / 'tests/libvirt/make-guest.sh'),
                           str(folder)], check=False)
    if made.returncode == 77:
        skip('no mirror of Debian')
    made.check_returncode()
    root = folder / 'more'
    (root / 'bin').mkdir(parents=True)
    run('arm-linux-gnueabihf-gcc', '-O2', '-static', '-D_GNU_SOURCE',
        '-D_FILE_OFFSET_BITS=64', '-o', root / 'bin/records',
        HERE / 'records.c')
    (root / 'init').write_text(INIT.replace('SLOTS', str(SLOTS)))
    (root / 'init').chmod(0o755)
    first = (folder / 'initrd.img').read_bytes()
    with (folder / 'all.img').open('wb') as out:
        out.write(first + bytes(-len(first) % 4))
        out.flush()
        subprocess.run([str(TOP / 'tests/boot/newc.py'), str(root)],
                       stdout=out, check=True)


class Failed(Exception):
    pass


class Disk:
    def __init__(self, folder, nr):
        self.form, self.bus, options = WAYS[nr]
        self.path = folder / f'disk{nr}.{self.form}'
        self.acked = 0
        run('qemu-img', 'create', '-q', '-f', self.form, *options, self.path,
            SLOTS * SLOT)

    def words(self):
        device = (['-device', 'virtio-blk-device,drive=d']
                  if self.bus == 'blk' else
                  ['-device', 'virtio-scsi-device,id=s', '-device',
                   'scsi-hd,bus=s.0,drive=d'])
        return ['-drive', f'if=none,id=d,file={self.path},format={self.form},'
                'cache=writeback', *device]

    def check(self, emulator):
        """Nothing that was acknowledged is missing."""
        image = self.path
        if self.form == 'qcow2':
            said = subprocess.run([emulator, '--check-image', str(self.path)],
                                  capture_output=True, text=True, check=False)
            if said.returncode not in (0, 3):  # 3: leaks only
                raise Failed(f'{self.path.name}: {said.stdout}{said.stderr}')
            image = self.path.with_suffix('.seen')
            run('qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', self.path,
                image)
        data = image.read_bytes()
        for n in range(max(1, self.acked - SLOTS + 1), self.acked + 1):
            # the one being written when it was killed may have its slot
            if n + SLOTS == self.acked + 1:
                continue
            slot = data[n % SLOTS * SLOT:][:SLOT]
            if slot != record(n):
                raise Failed(f'{self.path.name}: record {n} of {self.acked} '
                             f'was acknowledged, and its slot has '
                             f'{struct.unpack_from("<Q", slot)[0]}')


def record(n):
    words = [n] + [(n + i) * FACTOR & (1 << 64) - 1
                   for i in range(1, SLOT // 8)]
    return struct.pack(f'<{SLOT // 8}Q', *words)


def follow(words, disk, after, kill):
    """Start it, let it acknowledge so many records, kill it; what it found."""
    seen, found, tail = 0, None, []
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors='replace') as process:
        guard = threading.Timer(LIMIT, process.kill)
        guard.daemon = True
        guard.start()
        for line in process.stdout:
            tail = [*tail[-20:], line]
            said = re.search(r'RECORDS (found|wrote) (\d+)', line)
            if 'RECORDS failed' in line:
                break
            if said and said[1] == 'found':
                found = int(said[2])
            elif said:
                disk.acked = int(said[2])
                seen += 1
                if seen == after:
                    kill(process)
        guard.cancel()
        process.kill()
    if seen < after:
        raise Failed(f'the guest came to record {seen} of {after}:\n'
                     f'{"".join(tail)}')
    return found


def one_kill(emulator, folder, disk, after):
    words = [emulator, '-M', 'virt', '-cpu', 'cortex-a7', '-m', '256',
             '-nodefaults', '-display', 'none', '-serial', 'stdio', '-kernel',
             str(folder / 'vmlinuz'), '-initrd', str(folder / 'all.img'),
             '-append', 'console=ttyAMA0 quiet', *disk.words()]
    return follow(words, disk, after,
                  lambda process: os.kill(process.pid, signal.SIGKILL))


def main():
    emulator = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    for program in ('arm-linux-gnueabihf-gcc', 'qemu-img', 'dpkg-deb'):
        if not shutil.which(program):
            skip(f'no {program} here')
    chance = random.Random(20261121)
    with tempfile.TemporaryDirectory(dir='/var/tmp') as name:
        folder = pathlib.Path(name)
        make_guest(folder)
        disks = [Disk(folder, n) for n in range(len(WAYS))]
        total = 0
        for kill in range(count):
            disk = disks[kill % len(disks)]
            before = disk.acked
            found = one_kill(emulator, folder, disk, chance.randint(1, 4000))
            if found < before:
                raise Failed(f'{disk.path.name}: {before} was acknowledged, '
                             f'the next boot found {found}')
            disk.check(emulator)
            total += disk.acked - before
            print(f'kill {kill + 1}: {disk.form} on {disk.bus}: found {found},'
                  f' acknowledged up to {disk.acked}, all there', flush=True)
    print(f'{count} kills, {total} records acknowledged, 0 lost')


if __name__ == '__main__':
    try:
        main()
    except Failed as why:
        print(f'FAILED: {why}', file=sys.stderr)
        sys.exit(1)
