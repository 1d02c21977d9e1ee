#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A bare-metal program under an emulator: it must say that it is done.

    run.py IMAGE CPUS MEGABYTES EMULATOR [OPTION...]
"""
import subprocess
import sys

SECONDS = 600  # only against hanging

image, cpus, megabytes, *emulator = sys.argv[1:]
try:
    got = subprocess.run(
        [*emulator, '-M', 'virt', '-cpu', 'cortex-a15', '-smp', cpus, '-m',
         megabytes, '-display', 'none', '-serial', 'stdio', '-monitor',
         'none', '-net', 'none', '-kernel', image],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=SECONDS, check=False)
except subprocess.TimeoutExpired as e:
    print((e.stdout or b'').decode())
    sys.exit(f'no end in {SECONDS} s')
print(got.stdout, end='')
print(got.stderr, end='', file=sys.stderr)
sys.exit(got.returncode != 0 or 'not ok' in got.stdout or
         not got.stdout.endswith(': done\n'))
