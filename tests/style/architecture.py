#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/architecture.md: at most 4,000 words, every path that it names exists,
and every folder at the top of the tree, of src/ and of emu/ is named."""
import pathlib
import re
import subprocess
import sys

top = pathlib.Path(sys.argv[1])
text = (top / 'docs/architecture.md').read_text()
bad = []

words = len(text.split())
if words > 4000:
    bad.append(f'{words} words, more than 4,000')

for path in re.findall(r'`((?:common|docs|emu|man|profiles|src|tests|tools)'
                       r'/[\w./*-]*)`', text):
    if not (list(top.glob(path)) if '*' in path else (top / path).exists()):
        bad.append(f'{path}: does not exist')

tracked = subprocess.run(['git', '-C', str(top), 'ls-files'], text=True,
                         capture_output=True).stdout.split()
folders = {pathlib.Path(p).parts[0] + '/' for p in tracked
           if len(pathlib.Path(p).parts) > 1}
for part in ('src', 'emu'):
    folders |= {'/'.join(pathlib.Path(p).parts[:2]) + '/' for p in tracked
                if p.startswith(part + '/') and
                len(pathlib.Path(p).parts) > 2}
for folder in sorted(folders):
    name = folder.split('/')[-2] + '/'
    if not folder.startswith('.') and f'`{folder}' not in text and \
       not (folder.startswith('emu/') and name in text):
        bad.append(f'{folder}: is not named')

print('\n'.join(f'docs/architecture.md: {b}' for b in bad))
sys.exit(bool(bad))
