# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes an image of a card from small pieces: a partition table written here,
FAT and ext4 by the usual tools, and files that are given as text.

    c = Card()
    c.put('/etc/hostname', 'homepi\n')
    c.boot['config.txt'] = 'dtparam=audio=on\n'
    c.write('card.img')

Nothing in it is a program; a "program" is the head of an ELF file.
"""
import binascii
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import uuid

SECTOR = 512
DISK_ID = 0x5e3da3da
LINKERS = {
    'armhf': ('/usr/lib/ld-linux-armhf.so.3', 1, 40),
    'armel': ('/usr/lib/ld-linux.so.3', 1, 40),
    'arm64': ('/usr/lib/ld-linux-aarch64.so.1', 2, 183),
    'amd64': ('/usr/lib64/ld-linux-x86-64.so.2', 2, 62),
}


def elf(bits, machine):
    return b'\x7fELF' + bytes([bits, 1, 1]) + bytes(9) + \
        struct.pack('<HH', 3, machine) + bytes(44)


def run(*argv, data=None):
    env = dict(os.environ, PATH=os.environ['PATH'] + ':/usr/sbin:/sbin',
               MTOOLS_SKIP_CHECK='1')
    p = subprocess.run(argv, input=data, env=env, capture_output=True)
    if p.returncode:
        raise RuntimeError(f'{argv}: {p.stderr.decode(errors="replace")}')


class Part:
    """A partition: start and size in sectors; what makes its content is called
    with the image's path, or None."""

    def __init__(self, start, size, type_, make=None, uid=None, name=''):
        self.start, self.size, self.type = start, size, type_
        self.make, self.uid, self.name = make, uid, name


class Card:
    def __init__(self):
        self.files, self.boot, self.packages = {}, {}, []
        self.disk_id = DISK_ID
        self.fat_label, self.root_label = 'bootfs', 'rootfs'
        self.fat_bits, self.fat_cluster = 16, 1
        self.ext4 = '^huge_file,^64bit,^metadata_csum'
        self.boot_start, self.boot_size = 8192, 16384
        self.root_size = 16384
        self.sectors = None      # of the whole card; None: as needed
        self.parts = None        # None: boot and root
        self.gpt = False
        self.hybrid = False
        self.active = False
        self.after = []          # called with the path when all is there

    # Files of the root

    def put(self, path, content=''):
        self.files[path] = content.encode() if isinstance(content, str) \
            else content

    def link(self, path, target):
        self.files[path] = ('link', target)

    def package(self, name, version='1', arch='armhf',
                status='install ok installed'):
        self.packages.append(
            f'Package: {name}\nStatus: {status}\nPriority: optional\n'
            f'Architecture: {arch}\nVersion: {version}\nDescription: x\n\n')

    def enable(self, unit, exec_start='/bin/true'):
        at = unit.split('@')
        name = at[0] + '@.' + at[1].rsplit('.', 1)[1] if len(at) > 1 else unit
        self.put(f'/usr/lib/systemd/system/{name}',
                 f'[Service]\nExecStart={exec_start}\n')
        self.link(f'/etc/systemd/system/multi-user.target.wants/{unit}',
                  f'/lib/systemd/system/{name}')

    def program(self, path, bits=1, machine=40):
        self.put(path, elf(bits, machine))

    def system(self, os_id, name, version, suite, arch='armhf', systemd=True):
        self.put('/etc/os-release',
                 f'PRETTY_NAME="{name} {version} ({suite})"\nNAME="{name}"\n'
                 f'VERSION_ID="{version}"\nVERSION_CODENAME={suite}\n'
                 f'ID={os_id}\n')
        self.put('/etc/hostname', 'minipi\n')
        self.put('/etc/machine-id', '0123456789abcdef0123456789abcdef\n')
        self.link('/lib', 'usr/lib')
        self.link('/sbin', 'usr/sbin')
        if systemd:
            self.put('/usr/lib/systemd/systemd')
            self.link('/usr/sbin/init', '../lib/systemd/systemd')
        else:
            self.put('/usr/sbin/init')
        path, bits, machine = LINKERS[arch]
        self.put(path, elf(bits, machine))
        if arch == 'amd64':
            self.link('/lib64', 'usr/lib64')
        self.package('dpkg', '1.21', arch)
        if systemd:
            self.enable('ssh.service')
        else:
            self.link('/etc/rc2.d/S01ssh', '../init.d/ssh')

    def fstab(self, text):
        self.put('/etc/fstab', text)

    # The image

    def _tree(self, folder, files):
        for path, content in files.items():
            to = os.path.join(os.fsencode(folder),
                              os.fsencode(path).lstrip(b'/'))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            if isinstance(content, tuple) and content[0] == 'link':
                os.symlink(content[1], to)
            elif isinstance(content, tuple) and content[0] == 'dir':
                os.makedirs(to, exist_ok=True)
            elif isinstance(content, tuple) and content[0] == 'sparse':
                with open(to, 'wb') as f:
                    f.truncate(content[1])
            else:
                with open(to, 'wb') as f:
                    f.write(content.encode() if isinstance(content, str)
                            else content)

    def fat(self, start, size, label=None, files=None):
        """Makes a FAT there, in an image."""
        def make(image):
            name = self.fat_label if label is None else label
            argv = ['mkfs.vfat', '-F', str(self.fat_bits), '-s',
                    str(self.fat_cluster), '--offset', str(start), '-i',
                    '12345678']
            run(*argv, *(['-n', name] if name else []), image,
                str(size // 2))
            with tempfile.TemporaryDirectory() as d:
                self._tree(d, self.boot if files is None else files)
                names = sorted(os.listdir(d))
                if names:
                    run('mcopy', '-s', '-i', f'{image}@@{start * SECTOR}',
                        *[os.path.join(d, n) for n in names], '::')
        return make

    def root(self, start, size, label=None, files=None, features=None,
             uid='11111111-2222-3333-4444-555555555555'):
        def make(image):
            name = self.root_label if label is None else label
            with tempfile.TemporaryDirectory() as d:
                all_ = dict(self.files if files is None else files)
                if files is None:
                    all_['/var/lib/dpkg/status'] = ''.join(self.packages)
                self._tree(d, all_)
                run('mke2fs', '-q', '-t', 'ext4', '-L', name, '-U', uid,
                    '-O', self.ext4 if features is None else features,
                    '-d', d, '-E', f'offset={start * SECTOR}', '-F', image,
                    f'{size // 2}k')
        return make

    def usual(self):
        """Boot and root, as on most cards."""
        root = self.boot_start + self.boot_size
        return [
            Part(self.boot_start, self.boot_size, 0x0c,
                 self.fat(self.boot_start, self.boot_size)),
            Part(root, self.root_size, 0x83, self.root(root, self.root_size)),
        ]

    def write(self, image):
        parts = self.parts if self.parts is not None else self.usual()
        end = max((p.start + p.size for p in parts), default=2048)
        sectors = self.sectors or end + 4096
        with open(image, 'wb') as f:
            f.truncate(sectors * SECTOR)
        with open(image, 'r+b') as f:
            if self.gpt:
                self._write_gpt(f, parts, sectors)
            else:
                write_mbr(f, parts, self.disk_id, self.active)
        for p in parts:
            if p.make:
                p.make(image)
        for step in self.after:
            step(image)

    def _write_gpt(self, f, parts, sectors):
        rows = b''
        for p in parts:
            rows += uuid.UUID(p.type).bytes_le + uuid.UUID(p.uid).bytes_le + \
                struct.pack('<QQQ', p.start, p.start + p.size - 1, 0) + \
                p.name.encode('utf-16-le').ljust(72, b'\0')
        rows = rows.ljust(128 * 128, b'\0')
        disk = uuid.UUID('48617373-0000-4000-8000-000000000001').bytes_le

        def header(own, other, table):
            def pack(crc):
                return b'EFI PART' + struct.pack(
                    '<IIIIQQQQ', 0x10000, 92, crc, 0, own, other, 34,
                    sectors - 34) + disk + struct.pack(
                    '<QIII', table, 128, 128, binascii.crc32(rows))
            return pack(binascii.crc32(pack(0)))

        # a hybrid one protects what lies before the part that both have
        end = parts[0].start if self.hybrid else sectors
        hybrid = [Part(parts[0].start, parts[0].size, 0x0c)] \
            if self.hybrid else []
        write_mbr(f, [Part(1, end - 1, 0xee)] + hybrid, 0)
        f.seek(SECTOR)
        f.write(header(1, sectors - 1, 2).ljust(SECTOR, b'\0') + rows)
        f.seek((sectors - 33) * SECTOR)
        f.write(rows + header(sectors - 1, 1, sectors - 33).ljust(SECTOR,
                                                                 b'\0'))


def row(type_, start, size, active=False):
    return struct.pack('<B3sB3sII', 0x80 if active else 0, b'\xfe\xff\xff',
                       type_, b'\xfe\xff\xff', start & 0xffffffff,
                       size & 0xffffffff)


def write_mbr(f, parts, disk_id, active=False):
    """At most four rows; what has a list of logical parts is extended."""
    f.seek(440)
    f.write(struct.pack('<IH', disk_id, 0))
    for i, p in enumerate(parts[:4]):
        f.write(bytes(16) if not p.size else row(p.type, p.start, p.size, active and not i))
    f.seek(510)
    f.write(b'\x55\xaa')


def extended(f, start, logical):
    """The chain of an extended partition at start: the first EBR is there, each
    further part has its own two sectors in front of it, as NOOBS has them."""
    for i, p in enumerate(logical):
        ebr = p.start - 2 if i else start
        following = logical[i + 1] if i + 1 < len(logical) else None
        f.seek(ebr * SECTOR + 446)
        f.write(row(p.type, p.start - ebr, p.size))
        f.write(row(5, following.start - 2 - start, following.size + 2)
                if following else bytes(16))
        f.seek(ebr * SECTOR + 510)
        f.write(b'\x55\xaa')


def patch(offset, data):
    """A step for Card.after: these bytes there; a callable gets the old."""
    def step(image):
        with open(image, 'r+b') as f:
            f.seek(offset)
            f.write(data)
    return step


def debugfs(offset, *commands):
    def step(image):
        run('debugfs', '-w', '-f', '-', f'{image}?offset={offset}',
            data='\n'.join(commands).encode() + b'\n')
    return step


def cut(size):
    def step(image):
        os.truncate(image, size)
    return step


def copy(path, to):
    shutil.copyfile(path, to)


def folder(path):
    pathlib.Path(path).mkdir(parents=True, exist_ok=True)
