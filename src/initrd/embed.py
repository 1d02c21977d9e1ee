#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write a text file as a C array: embed.py INPUT OUTPUT NAME."""
import sys

source, target, name = sys.argv[1:]
with open(source, encoding='ascii') as f, open(target, 'w') as out:
    out.write(f'static const char {name}[] =\n')
    for line in f:
        line = line.replace('\\', '\\\\').replace('"', '\\"')
        line = line.replace('\t', '\\t').replace('\n', '\\n')
        out.write(f'\t"{line}"\n')
    out.write('\t;\n')
