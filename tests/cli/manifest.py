#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""List the files of a card's ext4 file system, or compare two cards.

    manifest.py IMAGE                      one JSON line for each path
    manifest.py --compare OLD NEW [GLOB...]
                                           differences, one a line, outside of
                                           the globs; exit 1 if there are any.
                                           Of folders above a difference within
                                           them, the time may differ too

IMAGE@OFFSET is a file system at that byte, where it is not in the first Linux
partition of an MBR.

Of each path: type, owner, group, mode, modification time to the nanosecond,
flags (chattr), extended attributes (ACLs are some), link target or device, hard links (the first name of the
same inode), the ranges that hold data (so that a sparse file that was filled
is seen), and the SHA-256 of the content, where holes count by their place.

The file system is read by this script alone (layout: Documentation/filesystems/
ext4 of the kernel), not by libext2fs, libguestfs or a mount, because those are
what is being tested.  It must be clean: a journal is not replayed.
"""
import fnmatch
import hashlib
import json
import struct
import sys

TYPES = {1: 'fifo', 2: 'char', 4: 'dir', 6: 'block', 8: 'file', 10: 'link',
         12: 'socket'}
XATTR_PREFIX = {0: '', 1: 'user.', 2: 'system.posix_acl_access',
                3: 'system.posix_acl_default', 4: 'trusted.', 6: 'security.',
                7: 'system.'}
# What chattr(1) sets, not what the kernel keeps there for itself (extents, an
# index of a folder, data in the inode).
FLAGS = {0x1: 's', 0x2: 'u', 0x4: 'c', 0x8: 'S', 0x10: 'i', 0x20: 'a',
         0x40: 'd', 0x80: 'A', 0x4000: 'j', 0x8000: 't', 0x10000: 'D',
         0x20000: 'T', 0x20000000: 'P', 0x40000000: 'F'}
INCOMPAT_KNOWN = 0x2 | 0x40 | 0x80 | 0x200 | 0x2000   # filetype extents 64bit
#                                                       flex_bg csum_seed
NEEDS_RECOVERY = 0x4


class Ext4:
    def __init__(self, path):
        path, _, offset = path.partition('@')
        self.f = open(path, 'rb')
        self.base = int(offset) if offset else self.first_linux()
        sb = self.at(1024, 1024)
        if struct.unpack_from('<H', sb, 56)[0] != 0xef53:
            sys.exit(f'{path}: no ext4 in the Linux partition')
        incompat = struct.unpack_from('<I', sb, 96)[0]
        if incompat & NEEDS_RECOVERY:
            sys.exit(f'{path}: was not shut down')
        if incompat & ~INCOMPAT_KNOWN:
            sys.exit(f'{path}: features {incompat:#x} are more than is known')
        self.block = 1024 << struct.unpack_from('<I', sb, 24)[0]
        self.per_group = struct.unpack_from('<I', sb, 40)[0]
        self.inode_size = struct.unpack_from('<H', sb, 88)[0]
        self.desc = struct.unpack_from('<H', sb, 254)[0] \
            if incompat & 0x80 else 32
        self.table = (2 if self.block == 1024 else 1) * self.block

    def first_linux(self):
        self.f.seek(446)
        table = self.f.read(64)
        return 512 * next(struct.unpack_from('<I', table, at + 8)[0]
                          for at in range(0, 64, 16) if table[at + 4] == 0x83)

    def at(self, offset, size):
        self.f.seek(self.base + offset)
        return self.f.read(size)

    def inode(self, number):
        group, index = divmod(number - 1, self.per_group)
        desc = self.at(self.table + group * self.desc, self.desc)
        table = struct.unpack_from('<I', desc, 8)[0]
        if self.desc >= 64:
            table |= struct.unpack_from('<I', desc, 40)[0] << 32
        return Inode(self, number, self.at(
            table * self.block + index * self.inode_size, self.inode_size))


class Inode:
    def __init__(self, fs, number, raw):
        self.fs, self.number, self.raw = fs, number, raw
        mode, uid, size = struct.unpack_from('<HHI', raw, 0)
        gid, = struct.unpack_from('<H', raw, 24)
        uid_high, gid_high = struct.unpack_from('<HH', raw, 120)
        self.mode, self.type = mode & 0o7777, TYPES.get(mode >> 12, '?')
        self.uid, self.gid = uid | uid_high << 16, gid | gid_high << 16
        self.size = size | struct.unpack_from('<I', raw, 108)[0] << 32
        self.flags = struct.unpack_from('<I', raw, 32)[0]
        self.extra = struct.unpack_from('<H', raw, 128)[0] \
            if len(raw) > 128 else 0
        self.mtime, = struct.unpack_from('<i', raw, 16)
        self.nsec = 0
        if self.extra >= 12:
            more, = struct.unpack_from('<I', raw, 136)
            self.nsec = more >> 2
            self.mtime += (more & 3) << 32

    def extents(self, node=None):
        """(logical block, count, physical block or None for zeros)"""
        if not self.flags & 0x80000:
            yield from self.mapped()
            return
        node = self.raw[40:100] if node is None else node
        _, count, _, depth = struct.unpack_from('<HHHH', node, 0)
        for at in range(12, 12 + 12 * count, 12):
            if depth:
                _, low, high = struct.unpack_from('<IIH', node, at)
                yield from self.extents(self.fs.at(
                    (low | high << 32) * self.fs.block, self.fs.block))
                continue
            first, length, high, low = struct.unpack_from('<IHHI', node, at)
            if length > 32768:
                yield first, length - 32768, None
            else:
                yield first, length, low | high << 32

    def mapped(self):
        """The block map of ext2, for what has no extents."""
        logical = 0
        words = struct.unpack_from('<15I', self.raw, 40)
        span = self.fs.block // 4

        def walk(block, depth):
            nonlocal logical
            if not block:
                logical += span ** depth
                return
            if not depth:
                yield logical, 1, block
                logical += 1
                return
            for word in struct.unpack(f'<{span}I', self.fs.at(
                    block * self.fs.block, self.fs.block)):
                yield from walk(word, depth - 1)
        for n, word in enumerate(words):
            yield from walk(word, max(0, n - 11))

    def blocks(self):
        """(offset, bytes) in order, holes left out, cut at the size."""
        for first, count, physical in sorted(self.extents(),
                                             key=lambda e: e[0]):
            while count:
                n = min(count, 256)
                offset, size = first * self.fs.block, n * self.fs.block
                size = min(size, self.size - offset)
                if size <= 0:
                    return
                data = bytes(size) if physical is None else \
                    self.fs.at(physical * self.fs.block, size)
                yield offset, data
                first, count = first + n, count - n
                physical = None if physical is None else physical + n

    def content(self):
        """(SHA-256, the ranges that hold data)"""
        digest, ranges, at = hashlib.sha256(), [], 0
        for offset, data in self.blocks():
            if at < offset:
                digest.update(b'hole to %d' % offset)
            digest.update(data)
            if ranges and ranges[-1][1] == offset:
                ranges[-1][1] = offset + len(data)
            else:
                ranges.append([offset, offset + len(data)])
            at = offset + len(data)
        if at < self.size:
            digest.update(b'hole to %d' % self.size)
        return digest.hexdigest(), ranges

    def target(self):
        if self.size < 60 and not self.flags & 0x80000:
            return self.raw[40:40 + self.size]
        return b''.join(data for _, data in self.blocks())

    def entries(self):
        for _, data in self.blocks():
            at = 0
            while at + 8 <= len(data):
                number, length, size = struct.unpack_from('<IHB', data, at)
                name = data[at + 8:at + 8 + size]
                if length < 8:
                    sys.exit(f'inode {self.number}: a broken directory')
                if number and name not in (b'.', b'..'):
                    yield name, number
                at += length

    def xattrs(self):
        found = {}
        start = 128 + self.extra
        if len(self.raw) > start + 4 and \
           struct.unpack_from('<I', self.raw, start)[0] == 0xea020000:
            self.read_xattrs(self.raw[start + 4:], 0, found)
        block = struct.unpack_from('<I', self.raw, 104)[0] | \
            struct.unpack_from('<H', self.raw, 118)[0] << 32
        if block:
            data = self.fs.at(block * self.fs.block, self.fs.block)
            self.read_xattrs(data, 32, found)
        return found

    @staticmethod
    def read_xattrs(data, at, found):
        while at + 16 <= len(data) and data[at:at + 4] != bytes(4):
            size, index, offset, inode, length, _ = \
                struct.unpack_from('<BBHIII', data, at)
            if inode:
                sys.exit('an attribute in an inode of its own: not known')
            name = XATTR_PREFIX.get(index, f'{index}:') + \
                data[at + 16:at + 16 + size].decode()
            found[name] = data[offset:offset + length].hex()
            at += 16 + (size + 3 & ~3)


def describe(inode):
    row = {'type': inode.type, 'uid': inode.uid, 'gid': inode.gid,
           'mode': f'{inode.mode:04o}',
           'mtime': f'{inode.mtime}.{inode.nsec:09d}'}
    flags = ''.join(c for bit, c in FLAGS.items() if inode.flags & bit)
    if flags:
        row['flags'] = flags
    attributes = inode.xattrs()
    if attributes:
        row['xattrs'] = attributes
    if inode.type == 'file':
        row['size'] = inode.size
        row['sha256'], row['data'] = inode.content()
    elif inode.type == 'link':
        row['target'] = inode.target().decode(errors='surrogateescape')
    elif inode.type in ('char', 'block'):
        row['device'] = inode.raw[40:48].hex()
    return row


def manifest(path):
    """path -> what is there, for the whole file system"""
    fs, rows, first, queue = Ext4(path), {}, {}, [('', 2)]
    while queue:
        name, number = queue.pop()
        inode = fs.inode(number)
        row = describe(inode)
        if inode.type == 'dir':
            queue.extend((f'{name}/{n.decode(errors="surrogateescape")}', k)
                         for n, k in inode.entries())
        else:
            first.setdefault(number, []).append(name)
        rows[name or '/'] = row
    for names in first.values():
        for name in names:
            if len(names) > 1:
                rows[name]['same as'] = min(names)
    return rows


def parents(path):
    while path not in ('', '/'):
        path = path.rpartition('/')[0] or '/'
        yield path


def compare(old, new, globs):
    old, new, count = manifest(old), manifest(new), 0
    differ = [p for p in sorted(set(old) | set(new))
              if old.get(p) != new.get(p)]
    allowed = {p for p in differ
               if any(fnmatch.fnmatchcase(p, glob) for glob in globs)}
    touched = {up for p in allowed for up in parents(p)}
    for path in differ:
        if path in allowed:
            continue
        was, now = old.get(path), new.get(path)
        if was is None or now is None:
            what = 'new' if was is None else 'gone'
        else:
            keys = [k for k in sorted(set(was) | set(now))
                    if was.get(k) != now.get(k)]
            if keys == ['mtime'] and path in touched:
                continue
            what = ', '.join(f'{k}: {was.get(k)} -> {now.get(k)}'
                             for k in keys)
        count += 1
        print(f'{path!r}: {what}')
    print(f'{len(old)} paths compared, {len(differ)} differ, '
          f'{count} of them may not', file=sys.stderr)
    return bool(count)


def main(argv):
    if len(argv) == 1:
        for path, row in sorted(manifest(argv[0]).items()):
            print(json.dumps({'path': path, **row}, ensure_ascii=True))
        return 0
    if len(argv) >= 3 and argv[0] == '--compare':
        return compare(argv[1], argv[2], argv[3:])
    sys.exit(__doc__)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
