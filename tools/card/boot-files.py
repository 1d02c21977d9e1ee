#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the files of a Pi's boot partition into a folder.

    boot-files.py FOLDER GENERATION KERNEL KINDS [FIRMWARE]

KINDS are those of the kernel's packages: a v6 among them has a kernel.img.

The vendor's firmware is taken from FIRMWARE (the unpacked raspi-firmware
package of Debian's non-free-firmware) where that is given; else each file is a
line of text of the same name.  Kernels are never real: they carry the header
by which tools know a zImage and the version string, for nothing on this card
is meant to run on a Pi.
"""
import gzip
import pathlib
import shutil
import struct
import subprocess
import sys

FIRMWARE = ['bootcode.bin'] + [
    f'{stem}{kind}.{end}' for stem, end in (('start', 'elf'), ('fixup', 'dat'))
    for kind in ('', '_cd', '_db', '_x', '4', '4cd', '4db', '4x')]
KERNELS = {'kernel.img': '', 'kernel7.img': 'v7', 'kernel7l.img': 'v7l',
           'kernel8.img': 'v8'}
BOARDS = {
    'bcm2708-rpi-b-plus': 'raspberrypi,model-b-plus', 'bcm2709-rpi-2-b':
    'raspberrypi,2-model-b', 'bcm2710-rpi-3-b': 'raspberrypi,3-model-b',
    'bcm2710-rpi-3-b-plus': 'raspberrypi,3-model-b-plus',
    'bcm2710-rpi-zero-2-w': 'raspberrypi,model-zero-2-w',
    'bcm2711-rpi-4-b': 'raspberrypi,4-model-b'}
OVERLAYS = ['vc4-kms-v3d', 'dwc2', 'disable-bt', 'miniuart-bt', 'w1-gpio',
            'i2c-rtc', 'hifiberry-dac', 'gpio-ir']


def version(kernel, generation, kind):
    if generation == 1:
        return f'{kernel}{"-" + kind if kind else ""}+'
    return f'{kernel}-rpi-{kind or "v6"}'


def kernel_image(kernel, generation, kind):
    name = version(kernel, generation, kind)
    banner = f'Linux version {name} (stand-in, not a kernel)\n'.encode()
    if kind == 'v8':
        head = bytearray(64)
        struct.pack_into('<I', head, 0x38, 0x644d5241)
        return gzip.compress(bytes(head) + banner * 100, mtime=0)
    body = banner * 4000
    head = bytearray(0x40)
    for at in range(0, 0x20, 4):
        struct.pack_into('<I', head, at, 0xe1a00000)
    struct.pack_into('<III', head, 0x24, 0x016f2818, 0, 0x40 + len(body))
    return bytes(head) + body


def tree(compatible, overlay=False):
    source = '/dts-v1/;\n'
    if overlay:
        source += '/plugin/;\n'
    source += f'/ {{ compatible = "{compatible}"; model = "stand-in"; }};\n'
    return subprocess.run(['dtc', '-q', '-I', 'dts', '-O', 'dtb'], check=True,
                          input=source.encode(),
                          stdout=subprocess.PIPE).stdout


def main(folder, generation, kernel, kinds, firmware=None):
    out = pathlib.Path(folder)
    (out / 'overlays').mkdir(parents=True, exist_ok=True)
    for name in FIRMWARE:
        real = pathlib.Path(firmware, name) if firmware else None
        if real and real.exists():
            shutil.copy(real, out / name)
        else:
            (out / name).write_text(f'{name}: stand-in, not firmware\n')
    for name, kind in KERNELS.items():
        if generation == 2 and not kind and 'v6' not in kinds.split():
            continue
        (out / name).write_bytes(kernel_image(kernel, generation, kind))
        if generation == 2:
            (out / name.replace('kernel', 'initramfs').replace('.img', '')) \
                .write_text('stand-in, not an initramfs\n')
    for name, compatible in BOARDS.items():
        (out / (name + '.dtb')).write_bytes(tree(compatible))
    for name in OVERLAYS:
        (out / 'overlays' / (name + '.dtbo')).write_bytes(
            tree('brcm,bcm2835', overlay=True))
    (out / 'overlays/overlay_map.dtb').write_bytes(tree('stand-in'))
    (out / 'overlays/README').write_text('Overlays of the Raspberry Pi.\n')
    (out / 'LICENCE.broadcom').write_text('Stand-in.\n')


if __name__ == '__main__':
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
