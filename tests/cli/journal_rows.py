#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Is what differs between a card and its guest only what the journal says?

    journal_rows.py CHANGES.json UNDO DIFFERENCES

CHANGES.json is what `pimigrate changes --json` printed, UNDO the guest's undo/
folder, DIFFERENCES what manifest.py --compare printed.  Prints what is more.
"""
import json
import pathlib
import sys


def may_differ(rows, undo):
    """The paths that the rows of a journal are about."""
    may = {row['path'] for row in rows}
    for row in rows:
        if 'list' in row:
            may |= set(pathlib.Path(undo, row['list']).read_text()
                       .splitlines())
        path = row.get('before', {}).get('made-folder')
        while path and path != row['path']:
            may.add(path)
            rest = row['path'][len(path) + 1:].split('/')
            path = f'{path}/{rest[0]}'
    return may


def more(rows, undo, lines):
    """The lines of a comparison that no row is about."""
    may = may_differ(rows, undo)
    return [line for line in lines if line.split("'")[1] not in may]


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    changes = json.loads(pathlib.Path(sys.argv[1]).read_text())['changes']
    text = pathlib.Path(sys.argv[3]).read_text().splitlines()
    unsaid = more(changes, sys.argv[2], text)
    print('\n'.join(unsaid))
    sys.exit(bool(unsaid) or len(text) < 3)
