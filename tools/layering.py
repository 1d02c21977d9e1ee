#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fail if a file includes a header of a folder that its own may not use.

The table below is the architecture.  Each folder lists every other folder
whose headers its files may include; common/ may be used by all.
"""
import pathlib
import re
import sys

ALLOWED = {
    'common': {
        '.': '',
    },
    'emu': {
        'loop': '',
        'mem': '',
        'block': 'loop',
        'net': 'loop',
        'chardev': 'loop',
        'ir': '',
        'x64': 'ir',
        'arm': 'mem',
        'jit': 'ir x64 arm mem',
        'dev': 'loop mem chardev',
        'virtio': 'loop mem block net chardev',
        'board': 'loop mem arm jit dev virtio block net chardev',
        'qmp': 'loop board block net chardev',
        'opts': 'board block net chardev',
        '.': 'loop board qmp opts',
    },
    'src': {
        'model': '',
        'host': '',
        'profile': 'model host',
        'image': 'model host',
        'fs': 'host',
        'guest': 'model host fs',
        'kernel': 'model host fs',
        'initrd': 'model host fs',
        'adapt': 'model host fs',
        'store': 'model host',
        'lan': 'model host',
        'unit': 'model host',
        'run': 'model host store lan',
        'domain': 'model host store',
        'doctor': 'model host store lan domain guest',
        'cmd': 'model host profile image fs guest kernel initrd adapt store '
               'lan unit run domain doctor',
        '.': 'cmd host',
    },
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"/]+)/', re.M)


def check(top):
    bad = []
    for part, table in ALLOWED.items():
        for folder, uses in table.items():
            for used in uses.split():
                if folder in table.get(used, '').split():
                    bad.append(f'{part}: {folder} and {used} use each other')
        for path in sorted(pathlib.Path(top, part).rglob('*.[chi]*')):
            own = path.relative_to(pathlib.Path(top, part)).parts[0]
            own = own if own in table else '.'
            for used in INCLUDE.findall(path.read_text()):
                if used not in (own, 'common') and \
                   used not in table[own].split():
                    bad.append(f'{path.relative_to(top)}: '
                               f'{own}/ may not use {used}/')
    return bad


problems = check(sys.argv[1] if len(sys.argv) > 1 else '.')
print('\n'.join(problems))
sys.exit(bool(problems))
