#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests whose kernel is a few instructions.

guests.py guest KIND FOLDER [NIC LINES]: a guest's folder with its disk
guests.py kernel KIND TEXT FILE: the kernel alone, in a zImage's head

KIND: key (powers off when the power button is pressed), wait (never does),
reset (reboots at once), off, type (reboots when something is typed on its
console).  It prints a text first; a guest prints "A" and a newline.
"""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'qmp'))
from guests import GUESTS, PRINT, psci  # noqa: E402

MAGIC_AT, CODE_AT = 9, 12  # words: Documentation/arch/arm/booting.rst

KINDS = {kind: code[len(PRINT):] for kind, code in GUESTS.items()}
KINDS['type'] = [
    0xe5913018,  # ldr r3, [r1, #0x18]  PL011: UARTFR
    0xe3130010,  # tst r3, #0x10        nothing was received
    0x1afffffc,  # bne -2
] + psci(9)


def kernel(kind, text):
    code = [PRINT[0]]
    for char in text.encode():
        code += [0xe3a02000 | char, 0xe5812000]  # mov r2, #c; str r2, [r1]
    code += KINDS[kind]
    head = [0xe1a00000] * CODE_AT
    head[0] = 0xea000000 | CODE_AT - 2  # b CODE_AT
    head[MAGIC_AT] = 0x016f2818
    head[MAGIC_AT + 1:CODE_AT] = [0, 4 * (CODE_AT + len(code))]
    words = head + code
    return struct.pack(f'<{len(words)}I', *words)


def guest(kind, folder, nic):
    folder = pathlib.Path(folder)
    (folder / 'boot').mkdir(parents=True)
    (folder / 'boot/vmlinuz').write_bytes(kernel(kind, 'A\n'))
    with open(folder / 'disk.raw', 'wb') as f:
        f.truncate(1 << 20)
    (folder / 'guest.yaml').write_text(f'''\
version: 1
uuid: 0110c455-1111-4222-8333-444455556666
cpus: 1
memory: 64M
cpu: cortex-a7
engine: pimigrate
autostart: false
kernel: boot/vmlinuz
disks:
  - file: disk.raw
    format: raw
nics:
{nic or "  - kind: none"}
''')


if __name__ == '__main__':
    if sys.argv[1] == 'kernel':
        pathlib.Path(sys.argv[4]).write_bytes(kernel(sys.argv[2], sys.argv[3]))
    else:
        guest(sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else '')
