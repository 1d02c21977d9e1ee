#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Undo all that convert did to a guest's system, by its journal alone.

    revert.py CHANGES.json UNDO ROOT

CHANGES.json is what `pimigrate changes --json` printed, UNDO the guest's undo/
folder, ROOT where the guest's root file system is mounted.  Growth stays.
"""
import json
import os
import stat
import sys

KNOWN = ('write', 'symlink', 'remove', 'mkdir', 'tree', 'grow')


def times(path):
    st = os.lstat(path)
    return st.st_atime_ns, st.st_mtime_ns


class Revert:
    def __init__(self, undo, root):
        self.undo, self.root, self.folders = undo, root, {}

    def below(self, path):
        return self.root + path

    def touch_parent(self, path):
        """Its times are put back at the end."""
        parent = os.path.dirname(path)
        if parent not in self.folders:
            self.folders[parent] = times(parent)

    def put_back(self, path, before):
        kind = before['kind']
        if kind == 'link':
            os.symlink(before['target'], path)
        elif kind == 'file':
            with open(os.path.join(self.undo, before['file']), 'rb') as f:
                content = f.read()
            with open(path, 'r+b' if os.path.lexists(path) else 'wb') as f:
                f.truncate(0)
                f.write(content)
        os.chown(path, before['uid'], before['gid'], follow_symlinks=False)
        if kind == 'file':      # a new owner takes set-user-id and capabilities
            os.chmod(path, int(before['mode'], 8))
            for name, value in before.get('attributes', {}).items():
                os.setxattr(path, name, bytes.fromhex(value))
        seconds, _, nanoseconds = before['mtime'].partition('.')
        when = int(seconds) * 10 ** 9 + int(nanoseconds)
        os.utime(path, ns=(when, when), follow_symlinks=False)

    def remove(self, path):
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode):
            os.rmdir(path)
            self.folders.pop(path, None)
        else:
            os.unlink(path)

    def row(self, row):
        if row['kind'] not in KNOWN:
            sys.exit(f'a row of an unknown kind: {row["kind"]}')
        if row['kind'] == 'grow':
            return
        if row['kind'] == 'tree':
            with open(os.path.join(self.undo, row['list'])) as f:
                paths = f.read().splitlines()
            for path in reversed(paths):
                self.touch_parent(self.below(path))
                self.remove(self.below(path))
            return
        path, before = self.below(row['path']), row['before']
        if before['kind'] == 'folder':
            return                                  # it was there before
        self.touch_parent(path)
        keep = before['kind'] == 'file' and row['kind'] == 'write'
        if row['kind'] != 'remove' and not keep:
            self.remove(path)
        if before['kind'] != 'nothing':
            self.put_back(path, before)
        if 'made-folder' in before:
            top = self.below(before['made-folder'])
            parent = os.path.dirname(path)
            while len(parent) >= len(top):
                self.touch_parent(parent)
                self.remove(parent)
                parent = os.path.dirname(parent)

    def finish(self):
        for path, ns in self.folders.items():
            os.utime(path, ns=ns)


def main(argv):
    if len(argv) != 3:
        sys.exit(__doc__)
    with open(argv[0]) as f:
        rows = json.load(f)['changes']
    revert = Revert(argv[1], argv[2].rstrip('/'))
    for row in reversed(rows):
        revert.row(row)
    revert.finish()
    print(f'{len(rows)} rows undone')


if __name__ == '__main__':
    main(sys.argv[1:])
