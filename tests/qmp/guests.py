# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests of a few instructions, as raw kernels.  Each prints a letter on the
first serial line and then does the one thing it is for."""
import struct

PRINT = [
    0xe3a01409,  # mov r1, #0x09000000   PL011
    0xe3a02041,  # mov r2, #'A'
    0xe5812000,  # str r2, [r1]
]


def psci(function):
    return [
        0xe3000000 | function,  # movw r0, #function
        0xe3480400,  # movt r0, #0x8400
        0xe1400070,  # hvc #0
        0xeafffffe,  # b .
    ]


WAIT = [
    0xe320f003,  # wfi
    0xeafffffd,  # b -1
]

POLL_KEY = [
    0xe3a03409,  # mov r3, #0x09000000
    0xe3833803,  # orr r3, r3, #0x30000  PL061
    0xe5934020,  # ldr r4, [r3, #0x20]   line 3 alone
    0xe3540000,  # cmp r4, #0
    0x0afffffc,  # beq -2
]

GUESTS = {
    'wait': PRINT + WAIT,
    'off': PRINT + psci(8),
    'reset': PRINT + psci(9),
    'key': PRINT + POLL_KEY + psci(8),
}


def write(name, path):
    with open(path, 'wb') as f:
        f.write(struct.pack(f'<{len(GUESTS[name])}I', *GUESTS[name]))
    return path
