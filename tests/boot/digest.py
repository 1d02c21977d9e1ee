#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The hash of what is in a sparse file, and where it lies; its holes are zeros,
and a write into one would show.

    digest.py FILE
"""
import hashlib
import os
import sys

CHUNK = 1 << 24

with open(sys.argv[1], 'rb') as f:
    total, at = hashlib.sha256(), 0
    size = os.fstat(f.fileno()).st_size
    while at < size:
        try:
            start = os.lseek(f.fileno(), at, os.SEEK_DATA)
        except OSError:
            break
        at = os.lseek(f.fileno(), start, os.SEEK_HOLE)
        total.update(b'%d-%d' % (start, at))
        f.seek(start)
        for n in range(start, at, CHUNK):
            total.update(f.read(min(CHUNK, at - n)))
print(size, total.hexdigest())
