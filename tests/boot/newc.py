#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A folder as an initramfs archive (cpio, newc) on standard output."""
import os
import sys

top, out, inode = sys.argv[1], sys.stdout.buffer, 0


def member(name, mode, data):
    global inode
    inode += 1
    fields = [inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
              len(name) + 1, 0]
    head = b'070701' + b''.join(b'%08X' % n for n in fields)
    head += name.encode() + b'\0'
    out.write(head + b'\0' * (-len(head) % 4))
    out.write(data + b'\0' * (-len(data) % 4))


for folder, folders, files in os.walk(top):
    for name in sorted(folders + files):
        path = os.path.join(folder, name)
        info = os.lstat(path)
        if os.path.islink(path):
            data = os.readlink(path).encode()
        elif os.path.isdir(path):
            data = b''
        else:
            with open(path, 'rb') as file:
                data = file.read()
        member(os.path.relpath(path, top), info.st_mode, data)
member('TRAILER!!!', 0, b'')
