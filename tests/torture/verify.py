#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Live guests under -accel verify: what translated code does is compared with
the interpreter all the way.

    verify.py [-b BUILD] [--visits N] [--guest FOLDER] [--gcc]

--guest boots a copy of a converted guest's disk until it asks for a login;
--gcc boots an initramfs of Debian's packages and compiles a file there, whose
object must be the same as without verify.  A difference is reported by the
emulator and fails the run."""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/bench'))
import guest  # noqa: E402
import real  # noqa: E402

BOARD = ['-M', 'virt', '-cpu', 'cortex-a7', '-nodefaults', '-no-user-config',
         '-display', 'none', '-monitor', 'none', '-serial', 'stdio',
         '-no-reboot']
# It is slow: services may take their time.
PATIENT = ('systemd.default_timeout_start_sec=7200 '
           'systemd.default_device_timeout_sec=7200')


def run(command, wanted, log):
    """The console's line with one of the wanted texts; all of it to log."""
    begin = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        text = b''
        try:
            while byte := process.stdout.read1(4096):
                log.write(byte)
                log.flush()
                text = text[-4096:] + byte
                while b'BENCH begin' in text or b'BENCH end' in text:
                    found = re.search(rb'BENCH (begin|end)[^\n]*\n', text)
                    if not found:
                        break
                    process.stdin.write(b'\n')
                    process.stdin.flush()
                    if re.search(wanted, found[0]):
                        return found[0], time.monotonic() - begin
                    text = text[found.end():]
                found = re.search(wanted, text)
                if found:
                    return found[0], time.monotonic() - begin
        finally:
            cpu = pathlib.Path(f'/proc/{process.pid}/stat')
            if cpu.exists():
                used = cpu.read_text().rsplit(')', 1)[1].split()[11:13]
                ticks = os.sysconf('SC_CLK_TCK')
                print(f'{sum(map(int, used)) / ticks:.0f} s of CPU time',
                      flush=True)
            process.kill()
    sys.exit(f'the guest ended: see {log.name}')


def login(opt, emulator, folder):
    """A converted guest, on a copy of its disk."""
    text = (opt.guest / 'guest.yaml').read_text()

    def value(key):
        return re.search(rf'^{key}: "?([^"\n]*)', text, re.M)[1]
    disk = folder / 'disk.raw'
    subprocess.run(['cp', '--sparse=always', opt.guest / 'disk.raw', disk],
                   check=True)
    command = [*emulator, *BOARD, '-smp', str(opt.cpus), '-m', '512',
               '-kernel', opt.guest / value('kernel'),
               '-initrd', opt.guest / value('initrd'),
               '-append', f'{value("cmdline")} {PATIENT}',
               '-drive', f'if=none,id=d,file={disk},format=raw',
               '-device', 'virtio-blk-device,drive=d',
               '-device', 'virtio-rng-device']
    with open(opt.log / 'login.log', 'wb') as log:
        _, seconds = run(command, rb'\S+ login: ', log)
    print(f'{value("title")}: login after {seconds:.0f} s', flush=True)


def make_gcc(folder):
    """Debian's kernel, and an initramfs with its compiler."""
    image = guest.kernel('bookworm', folder)
    root = folder / 'root'
    root.mkdir()
    real.PACKAGES = ['busybox-static', 'gcc-12', 'libc6-dev']
    real.make_root('bookworm', root, ['gcc'])
    init = root / 'init'
    text = [line for line in init.read_text().splitlines()
            if 'libnode' not in line and not line.startswith(('head ', 'cat '))]
    init.write_text('\n'.join(text) + '\n')
    return image, guest.initrd(root)


def gcc(opt, emulator, plain, folder):
    image, archive = make_gcc(folder)
    sums = []
    for name, start in (('plain', plain), ('verify', emulator)):
        command = [*start, *BOARD, '-smp', str(opt.cpus), '-m', '1024',
                   '-kernel', image, '-initrd', archive, '-append',
                   'console=ttyAMA0 panic=-1 bench=gcc']
        with open(opt.log / f'gcc-{name}.log', 'wb') as log:
            line, seconds = run(command, rb'BENCH end gcc \w+ ', log)
        sums.append(line.split()[3])
        print(f'gcc, {name}: {sums[-1].decode()} after {seconds:.0f} s',
              flush=True)
    if sums[0] != sums[1]:
        sys.exit('the objects differ')


def main():
    args = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    args.add_argument('-b', '--build', default=TOP / 'build',
                      type=pathlib.Path)
    args.add_argument('--visits', default=100, type=int)
    args.add_argument('--cpus', default=1, type=int)
    args.add_argument('--guest', type=pathlib.Path)
    args.add_argument('--gcc', action='store_true')
    args.add_argument('--log', default=pathlib.Path('.'), type=pathlib.Path)
    opt = args.parse_args()
    plain = [opt.build / 'emu/pimigrate-emu']
    emulator = [*plain, '-accel', f'verify,visits={opt.visits}']
    with tempfile.TemporaryDirectory(dir='/var/tmp') as name:
        if opt.guest:
            login(opt, emulator, pathlib.Path(name))
        if opt.gcc:
            gcc(opt, emulator, plain, pathlib.Path(name))


main()
