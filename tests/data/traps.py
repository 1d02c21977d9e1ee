# SPDX-License-Identifier: GPL-2.0-or-later
"""Cards that are damaged, hostile or not what they seem; and sources."""
import gzip
import lzma
import os
import struct
import tempfile
import zipfile
import zlib

from card import Part, copy, cut, debugfs, patch, row, run, SECTOR
from families import CARDS, card, gpt, raspios

# A small card, for what does not depend on sizes.
BOOT, ROOT = 8192, 8192 + 16384


def small():
    c = raspios('2023-10-bookworm')
    c.boot_size, c.fat_bits, c.fat_cluster = 16384, 16, 1
    return c


def root_at(offset, data):
    return patch(ROOT * SECTOR + offset, data)


@card
def dirty():
    """Pulled from a running Pi: ext4's needs_recovery is set."""
    c = small()
    c.after.append(debugfs(ROOT * SECTOR, 'feature needs_recovery'))
    return c


@card
def truncated():
    c = small()
    c.after.append(cut(18 << 20))
    return c


@card
def truncated_root_tail():
    c = small()
    c.after.append(cut((ROOT + 16384) * SECTOR - 4096))
    return c


@card
def superblock_lost():
    c = small()
    c.root_size = 65536          # so that there is a copy at block 8193
    c.after.append(root_at(1024, bytes(1024)))
    return c


@card
def superblock_absurd():
    """Sizes that no disk has."""
    c = small()
    c.after.append(root_at(1024 + 4, struct.pack('<I', 0xffffffff)))
    return c


@card
def superblock_huge_groups():
    c = small()
    c.after.append(root_at(1024 + 32, struct.pack('<II', 0, 0)))
    return c


@card
def superblock_groups_unlike():
    """Blocks and clusters in a group that do not fit each other: libext2fs
    believes them and writes behind its bitmaps."""
    c = small()
    c.after.append(root_at(1024 + 36, struct.pack('<I', 256)))
    return c


@card
def superblock_future():
    """Incompatible features that nobody knows."""
    c = small()
    c.after.append(root_at(1024 + 96, struct.pack('<I', 0x80000000)))
    return c


@card
def future_compatible():
    """A feature that libext2fs may pass over, and e2fsck does not."""
    c = small()
    c.after.append(root_at(1024 + 92, struct.pack('<I', 0x8000003c)))
    return c


@card
def fat_absurd():
    c = small()
    c.after.append(patch(BOOT * SECTOR + 11, b'\x00\x00\xff'))
    return c


@card
def fat_zero():
    c = small()
    c.after.append(patch(BOOT * SECTOR, bytes(4096)))
    return c


@card
def no_boot():
    c = small()
    c.parts = c.usual()[1:]
    c.parts[0].type = 0x83
    c.fstab('/dev/mmcblk0p1 / ext4 defaults 0 1\n')
    return c


@card
def full():
    c = small()
    c.put('/var/big', os.urandom(1 << 20) * 5)
    return c


@card
def overlap():
    c = small()
    c.after.append(patch(446, row(0x0c, BOOT, 32768)))
    return c


@card
def on_the_table():
    c = small()
    c.after.append(patch(446 + 32, row(0x83, 0, 100)))
    return c


@card
def loop_chain():
    """An extended partition whose chain comes back to its beginning."""
    c = small()
    at = ROOT + 16384 + 2048
    c.sectors = at + 8192
    c.after += [patch(446 + 32, row(5, at, 8000)),
                patch(at * SECTOR + 446, row(0x83, 2, 100)),
                patch(at * SECTOR + 462, row(5, 0, 8000)),
                patch(at * SECTOR + 510, b'\x55\xaa')]
    return c


@card
def beyond():
    c = small()
    c.after.append(patch(446 + 32, row(0x83, 0xfffffff0, 0xffffffff)))
    return c


@card
def empty_table():
    c = small()
    c.parts = []
    return c


@card
def no_table():
    c = small()
    c.after.append(patch(510, b'\0\0'))
    return c


@card
def gpt_absurd():
    c = gpt()
    c.after.append(patch(SECTOR + 80, struct.pack('<II', 1 << 30, 128)))
    return c


@card
def gpt_first_lost():
    """The first header is gone, the one at the end is there."""
    c = gpt()
    c.after.append(patch(SECTOR, bytes(SECTOR)))
    return c


@card
def odd_alignment():
    """From sector 63, as old tools put it; nothing is aligned to 4 KiB."""
    c = small()
    c.boot_start = 63
    c.boot_size = 16065
    return c


@card
def names():
    """File names and contents with control characters and newlines."""
    c = small()
    c.put('/etc/hostname', b'evil\x1b[2J\xff"\\name\n')
    c.put(b'/etc/NetworkManager/system-connections/a\nb\x1b[31m'.decode(),
          '[connection]\ntype=ethernet\n[ethernet]\n')
    c.enable('evil\x1b[1m\n.service')
    return c


@card
def links_out():
    """Links that climb out of the root lead to files of the root."""
    c = small()
    for path in ('/etc/hostname', '/etc/fstab'):
        c.put('/real' + path, c.files[path])
    c.link('/etc/hostname', '../../../../../../real/etc/hostname')
    c.link('/etc/fstab', '/real/etc/fstab')
    c.link('/etc/dhcpcd.conf', '/etc/dhcpcd.conf')
    return c


@card
def sparse_tib():
    """A file of a TiB where a small one is expected."""
    c = small()
    c.files['/etc/rc.local'] = ('sparse', 1 << 40)
    return c


ACL = struct.pack('<I', 2) + b''.join(
    struct.pack('<HHI', *entry) for entry in (
        (1, 6, 0xffffffff), (2, 7, 1000), (4, 4, 0xffffffff),
        (16, 7, 0xffffffff), (32, 4, 0xffffffff)))
IMMUTABLE, APPEND = 0x80010, 0x80020      # with extents


def attribute(path, name, value):
    """A step that sets an attribute of any bytes."""
    def step(image):
        with tempfile.NamedTemporaryFile() as f:
            f.write(value)
            f.flush()
            debugfs(ROOT * SECTOR, f'ea_set -f {f.name} {path} {name}')(image)
    return step


def hard_link(path, to):
    return [f'ln {path} {to}', f'sif {path} links_count 2']


@card
def lived_in():
    """What ten years leave: attributes, ACLs, locked files, hard links, odd
    owners and times, devices, holes; on what a conversion changes too."""
    c = small()
    c.put('/home/pi/tool', '#!/bin/sh\n')
    c.put('/home/pi/old', 'x')
    c.put('/home/pi/far', 'x')
    c.put(b'/home/pi/not \xff utf-8\n'.decode(errors='surrogateescape'), 'x')
    c.put('/home/pi/' + 'n' * 255, 'x')
    c.link('/home/pi/long', 'x' * 200)
    c.files['/mnt/usb'] = ('dir',)
    c.files['/home/pi/holes'] = ('sparse', 100 << 20)
    c.put('/var/log/only-more.log', 'x')
    c.put('/etc/resolv.conf', 'nameserver 192.168.1.1\n')
    c.enable('triggerhappy.service')
    c.put('/etc/systemd/system/hciuart.service', '[Service]\n')
    c.after += [debugfs(
        ROOT * SECTOR, *hard_link('/etc/fstab', '/etc/fstab.bak'),
        'sif /etc/fstab mtime 19990203040506', f'sif /etc/fstab flags {IMMUTABLE}',
        'sif /etc/fstab gid 46', 'sif /etc/fstab mode 0100674',
        *hard_link('/home/pi/tool', '/home/pi/same'),
        'sif /home/pi/tool mode 0104711', 'sif /home/pi/tool uid 70000',
        'sif /home/pi/old mtime @-100000000',
        'sif /home/pi/far mtime_extra 1',
        f'sif /etc/systemd/system flags {IMMUTABLE}',
        f'sif /etc/systemd/system/hciuart.service flags {IMMUTABLE | 0x40}',
        'sif /etc/systemd/system/hciuart.service mode 0100674',
        f'sif /etc/resolv.conf flags {IMMUTABLE}',
        f'sif /mnt/usb flags {IMMUTABLE}',
        f'sif /var/log/only-more.log flags {APPEND}',
        'cd /home/pi', 'mknod null c 1 3', 'mknod disk b 8 0', 'mknod pipe p'),
        attribute('/etc/fstab', 'system.posix_acl_access', ACL),
        attribute('/etc/fstab', 'user.note', b'mine'),
        attribute('/etc/systemd/system/hciuart.service',
                  'system.posix_acl_access', ACL),
        attribute('/etc/systemd/system/hciuart.service', 'user.note', b'a\0\n'),
        attribute('/home/pi', 'system.posix_acl_default', ACL),
        attribute('/home/pi/tool', 'security.capability',
                  struct.pack('<IIIII', 0x02000001, 1 << 13, 0, 0, 0)),
        attribute('/var/lib/dpkg/status', 'user.backup', bytes(range(256)))]
    return c


@card
def locked_kernel():
    """Somebody locked the folders that a kernel comes into."""
    c = small()
    c.link('/vmlinuz', 'boot/of-old')
    c.files['/lib/modules'] = ('dir',)
    c.files['/var/lib/dpkg/info'] = ('dir',)
    c.after += [debugfs(ROOT * SECTOR, *(
        f'sif {path} flags {IMMUTABLE}'
        for path in ('/', '/boot', '/lib/modules', '/var/lib/dpkg/info'))),
        attribute('/boot', 'system.posix_acl_default', ACL)]
    return c


@card
def pipe_in_the_way():
    """A named pipe where a file is written."""
    c = small()
    c.after.append(debugfs(ROOT * SECTOR, 'mkdir /etc/modules-load.d',
                           'cd /etc/modules-load.d',
                           'mknod pimigrate.conf p'))
    return c


def special(name, magic):
    """A root on a file system that is not read here."""
    def make():
        c = small()
        a, b = c.usual()
        b.make = magic
        c.parts = [a, b]
        return c
    CARDS[name] = make


def fresh_patch(*pairs):
    def make(image):
        for at, data in pairs:
            root_at(at, data)(image)
    return make


special('luks-root', fresh_patch((0, b'LUKS\xba\xbe\0\2' + struct.pack(
    '>QQ', 16384, 1) + bytes(48) + b'sha256'.ljust(32, b'\0') + bytes(64) +
    b'11111111-2222-3333-4444-555555555555'.ljust(40, b'\0'))))


def lvm_label():
    rest = struct.pack('<I', 32) + b'LVM2 001' + b'a' * 32
    rest = rest.ljust(SECTOR - 20, b'\0')
    crc = zlib.crc32(rest, 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff
    return b'LABELONE' + struct.pack('<QI', 1, crc) + rest


special('lvm-root', fresh_patch((SECTOR, lvm_label())))
special('f2fs-root', fresh_patch((1024, struct.pack(
    '<IHHIII', 0xf2f52010, 1, 16, 9, 3, 12) + bytes(200))))


@card
def btrfs_root():
    c = small()
    a, b = c.usual()
    sb = bytearray(4096)
    sb[64:72] = b'_BHRfS_M'
    sb[48:56] = struct.pack('<Q', 65536)
    sb[0x20:0x30] = b'1' * 16

    def make(image):
        root_at(65536, bytes(sb))(image)
    b.make = make
    c.parts = [a, b]
    return c


def luks(start):
    return Part(start, 8192, 0x83, patch(
        start * SECTOR, b'LUKS\xba\xbe\0\1' + bytes(160) +
        b'11111111-2222-3333-4444-666666666666'.ljust(40, b'\0') +
        bytes(300)))


def uses_luks(c):
    c.put('/etc/crypttab', '# <target> <source> <key> <options>\n'
          'data UUID=11111111-2222-3333-4444-666666666666 none luks\n')
    c.files['/etc/fstab'] += b'/dev/mapper/data /srv ext4 defaults 0 2\n'
    return c


@card
def luks_data():
    """A third partition that is encrypted; the root is not."""
    c = uses_luks(small())
    c.parts = c.usual() + [luks(ROOT + 16384 + 2048)]
    return c


@card
def luks_before():
    """The same in front of the root, which can grow."""
    c = uses_luks(small())
    boot, start = c.usual()[0], ROOT + 8192
    c.parts = [boot, Part(start, 16384, 0x83, c.root(start, 16384)),
               luks(ROOT)]
    return c


@card
def no_disk_mounts():
    """What fstab has that is on no disk, and needs none."""
    c = small()
    c.files['/etc/fstab'] += b'''\
/dev/zram0 none swap defaults,pri=10 0 0
/dev/loop0 /mnt/image ext4 defaults 0 0
ramfs /mnt/ram ramfs defaults 0 0
https://nas.example/dav /mnt/dav davfs _netdev 0 0
cgroup /sys/fs/cgroup cgroup defaults 0 0
nas:/volume /mnt/gluster glusterfs defaults,_netdev 0 0
share /mnt/9p 9p trans=virtio 0 0
sshfs#pi@nas:/srv /mnt/ssh fuse defaults 0 0
pi@nas:/srv /mnt/ssh2 fuse.sshfs defaults 0 0
/srv/a /srv/b none bind 0 0
'''
    return c


@card
def x86():
    c = small()
    del c.files['/usr/lib/ld-linux-armhf.so.3']
    c.packages = []
    c.system('debian', 'Debian GNU/Linux', 12, 'bookworm', 'amd64')
    return c


@card
def root_on_usb():
    """Starts from the card, lives on a disk; an old system is still here."""
    c = small()
    c.boot['cmdline.txt'] = 'console=tty1 root=PARTUUID=0badcafe-01 rootwait\n'
    return c


@card
def root_on_sda2():
    """The same before there were PARTUUIDs: the partitions' numbers agree."""
    c = root_on_usb()
    c.boot['cmdline.txt'] = 'console=tty1 root=/dev/sda2 rootwait\n'
    c.fstab('/dev/mmcblk0p1 /boot/firmware vfat defaults 0 2\n'
            '/dev/mmcblk0p2 / ext4 defaults,noatime 0 1\n')
    return c


@card
def root_on_nfs():
    c = small()
    c.boot['cmdline.txt'] = 'console=tty1 root=/dev/nfs ' \
        'nfsroot=192.168.1.2:/pi ip=dhcp rootwait\n'
    return c


@card
def old_and_new():
    """A new system was put behind the old one, and cmdline.txt names it."""
    c = small()
    c.boot['cmdline.txt'] = 'console=tty1 root=PARTUUID=5e3da3da-03 rootwait\n'
    boot, old = c.usual()
    start = old.start + old.size
    files = dict(c.files)
    files['/var/lib/dpkg/status'] = ''.join(c.packages)
    files['/etc/hostname'] = 'newpi\n'
    files['/etc/fstab'] = files['/etc/fstab'].replace(b'-02 /', b'-03 /')
    c.parts = [boot, old, Part(start, old.size, 0x83, c.root(
        start, old.size, 'new', files,
        uid='11111111-2222-3333-4444-777777777777'))]
    return c


def usb(disk_id):
    """The disk that such a Pi lives on; the card has the boot partition."""
    c = small()
    c.disk_id = disk_id
    c.put('/etc/hostname', 'usbpi\n')
    c.fstab('PARTUUID=5e3da3da-01 /boot/firmware vfat defaults 0 2\n'
            f'PARTUUID={disk_id:08x}-01 / ext4 defaults,noatime 0 1\n'
            'PARTUUID=0badcafe-02 /srv ext4 defaults 0 2\n'
            'UUID=4711-0815 /mnt/old ext4 defaults 0 2\n')
    size = 262144
    data = 2048 + size + 2048
    c.parts = [Part(2048, size, 0x83, c.root(2048, size)),
               Part(data, 8192, 0x83, c.root(data, 8192, 'data', {
                   '/photos/a.jpg': 'x'},
                   uid='11111111-2222-3333-4444-777777777777'))]
    return c


@card
def usb_disk():
    return usb(0x0badcafe)


@card
def usb_disk_same_id():
    return usb(0x5e3da3da)


@card
def usb_by_name():
    """root=/dev/sda2, which is the first disk besides the card."""
    c = small()
    c.boot['cmdline.txt'] = 'console=tty1 root=/dev/sda1 rootwait\n'
    return c


@card
def boot_only():
    """Only the boot partition is on the card."""
    c = root_on_usb()
    c.parts = c.usual()[:1]
    return c


@card
def no_dpkg():
    c = small()
    c.system('alpine', 'Alpine Linux', '3.19', 'x')
    c.after.append(debugfs(ROOT * SECTOR, 'rm /var/lib/dpkg/status'))
    return c


@card
def tight():
    """The image ends with the last partition, without a sector more."""
    c = small()
    c.sectors = ROOT + 16384
    return c


# Sources: a card in something else.  NAME.KIND of any card.

def packed_zip(path, to, members):
    with zipfile.ZipFile(to, 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as z:
        for name, file in members:
            if file is None:
                z.writestr(name, b'x')
            else:
                z.write(file, name)


def pack(kind, path, to):
    data = open(path, 'rb').read
    if kind == 'xz':
        out = lzma.compress(data(), preset=0)
    elif kind == 'gz':
        out = gzip.compress(data(), 1)
    elif kind == 'cutxz':
        out = lzma.compress(data(), preset=0)
        out = out[:len(out) // 2]
    elif kind == 'zst':
        run('zstd', '-q', '-1', '-f', path, '-o', to)
        return
    elif kind == 'qcow2':
        run('qemu-img', 'convert', '-O', 'qcow2', path, to)
        return
    elif kind == 'zip':
        packed_zip(path, to, [('../../../tmp/climbs.img', path)])
        return
    elif kind == 'noobszip':
        packed_zip(path, to, [('recovery.img', None), ('os/x.tar', path)])
        return
    elif kind == 'bare':
        copy(path, to)
        with open(to, 'r+b') as f:
            f.seek(ROOT * SECTOR)
            rest = f.read()
        out = rest
    else:
        raise ValueError(kind)
    with open(to, 'wb') as f:
        f.write(out)


CARDS['small'] = small
KINDS = ('xz', 'gz', 'zst', 'zip', 'qcow2', 'cutxz', 'noobszip', 'bare')
