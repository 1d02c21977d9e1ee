#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make cards for tests.

    make.py --list
    make.py NAME[.KIND] OUT      one card; KIND is a source such as xz
    make.py --cache DIR NAME...  into DIR, unless they are there already;
                                 prints their paths

What is in the cache is known by the content of these scripts.
"""
import hashlib
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import traps  # noqa: E402
from families import CARDS  # noqa: E402


def make(name, out):
    base, dot, kind = name.partition('.')
    if not dot:
        CARDS[base]().write(out)
        return
    with tempfile.TemporaryDirectory() as d:
        raw = os.path.join(d, base + '.img')
        CARDS[base]().write(raw)
        traps.pack(kind, raw, out)


def version():
    here = pathlib.Path(__file__).parent
    text = b''.join(p.read_bytes() for p in sorted(here.glob('*.py')))
    return hashlib.sha256(text).hexdigest()[:12]


def cached(folder, name):
    """The card's path in the cache; made whole or not at all."""
    place = pathlib.Path(folder) / version()
    place.mkdir(parents=True, exist_ok=True)
    path = place / name
    if not path.exists():
        part = place / f'.{name}.{os.getpid()}'
        make(name, str(part))
        try:    # somebody else may have been quicker, and use his
            path.hardlink_to(part)
        except FileExistsError:
            pass
        part.unlink()
    return str(path)


def main(argv):
    if argv == ['--list']:
        print('\n'.join(sorted(CARDS)))
    elif argv[:1] == ['--cache'] and len(argv) > 2:
        for name in argv[2:]:
            print(cached(argv[1], name))
    elif len(argv) == 2:
        make(*argv)
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
