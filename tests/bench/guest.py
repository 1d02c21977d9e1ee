# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmarks share: kernels, initramfs, emulators and their CPU time."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
ARM = ['arm-linux-gnueabihf-gcc', '-march=armv7-a', '-mthumb']


def mirror_and_cache():
    found = subprocess.run(
        ['bash', '-c', f'. {TOP}/tools/lib.sh; debian_mirror; cache_dir'],
        check=True, capture_output=True, text=True).stdout.split()
    if len(found) != 2:
        sys.exit('no mirror of Debian in the apt sources')
    return found[0], pathlib.Path(found[1], 'test-debs')


def kernel(suite, folder):
    mirror, cache = mirror_and_cache()
    deb = subprocess.run(
        [str(TOP / 'tests/boot/fetch-debian.py'), mirror, suite, 'armhf',
         str(cache), 'linux-image-armmp-lpae'], check=True,
        capture_output=True, text=True).stdout.strip()
    root = folder / f'kernel-{suite}'
    root.mkdir(parents=True)
    subprocess.run(['dpkg-deb', '-x', deb, str(root)], check=True)
    return next(root.glob('boot/vmlinuz-*'))


def initrd(root):
    out = root.with_suffix('.img')
    with out.open('wb') as to:
        subprocess.run([str(TOP / 'tests/boot/newc.py'), str(root)], stdout=to,
                       check=True)
    return out


def cpu_ns(pid):
    """CPU time of all threads of a process."""
    total = 0
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        try:
            total += int((task / 'schedstat').read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass  # the thread has ended
    return total


def emulators(opt):
    ours = [str(opt.build / 'emu/pimigrate-emu')]
    if opt.accel:
        ours += ['-accel', opt.accel]
    rows = [('pimigrate-emu', ours)]
    for n, path in enumerate(opt.qemu or ['qemu-system-arm']):
        text = subprocess.run([path, '--version'], capture_output=True,
                              text=True, check=True).stdout
        rows.append((f'qemu {text.split()[3]}', [path]))
    return rows
