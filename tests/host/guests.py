#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make a guest whose kernel is a few instructions: guests.py KIND FOLDER
[NIC LINES].  KIND: key (powers off when the power button is pressed), wait
(never does), reset (reboots at once), off.  It prints a line first."""
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'qmp'))
from guests import GUESTS, PRINT  # noqa: E402

LINE = PRINT + [
    0xe3a0200a,  # mov r2, #'\n'
    0xe5812000,  # str r2, [r1]
]


def make(kind, folder, nic):
    folder = pathlib.Path(folder)
    (folder / 'boot').mkdir(parents=True)
    code = LINE + GUESTS[kind][len(PRINT):]
    (folder / 'boot/vmlinuz').write_bytes(struct.pack(f'<{len(code)}I', *code))
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
    make(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else '')
