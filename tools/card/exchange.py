#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Exchange the packages of a Debian root for their twins of another
architecture.

    exchange.py ROOT DEBS FROM TO        e.g. root.tmp debs-armhf amd64 armhf

Why: configuring a few hundred ARM packages under emulation takes minutes and
needs binfmt_misc, which a container often lacks.  Maintainer scripts write
text (users, links, enabled units, host keys), and that text is the same on
every architecture.  So the system is installed and configured natively, in
seconds, and then every package of architecture FROM gives way to the package
of the same name in architecture TO: its files, its entries in dpkg's database.
What scripts left behind stays: generated files, edited configuration files,
owners, modes and capabilities that scripts gave to packaged files.

What would break this is a script that writes machine code or names the
architecture.  Known: ld.so.cache (removed here; make-card.sh makes it anew),
caches below /usr/lib/<multiarch> (removed), triggers' names (rewritten).  At
the end every ELF file is looked at: one of the wrong machine is an error.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

ELF_MACHINE = {'armhf': (1, 40), 'arm64': (2, 183), 'amd64': (2, 62),
               'i386': (1, 3)}


def stanzas(text):
    """Yield each stanza of a control file as an ordered dict."""
    for block in text.strip().split('\n\n'):
        fields, name = {}, None
        for line in block.split('\n'):
            if line[:1] in (' ', '\t'):
                fields[name] += '\n' + line
            elif line:
                name, value = line.split(':', 1)
                fields[name] = value.strip()
        if fields:
            yield fields


def tool(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout


def info_name(fields):
    """The name dpkg gives a package's files in its database."""
    if fields.get('Multi-Arch') == 'same':
        return f"{fields['Package']}:{fields['Architecture']}"
    return fields['Package']


class Root:
    def __init__(self, top):
        self.top = pathlib.Path(top)
        self.info = self.top / 'var/lib/dpkg/info'
        self.status = self.top / 'var/lib/dpkg/status'

    def place(self, name):
        """Where a packaged name really lies: links of the merged /usr are
        followed, the last part is not."""
        first, _, rest = name.strip('/').partition('/')
        link = self.top / first
        if rest and link.is_symlink():
            return self.top / os.readlink(link).lstrip('/') / rest
        return self.top / name.lstrip('/')

    def files_of(self, fields):
        path = self.info / (info_name(fields) + '.list')
        return [n for n in path.read_text().splitlines() if n not in ('', '/.')]


def remember(path):
    """What a maintainer script may have given to a packaged file."""
    try:
        st = os.lstat(path)
    except FileNotFoundError:
        return None
    if path.is_symlink():
        return None
    try:
        caps = os.getxattr(path, 'security.capability')
    except OSError:
        caps = None
    return st.st_uid, st.st_gid, st.st_mode, caps


def restore(path, was):
    if was is None or path.is_symlink() or not path.exists():
        return
    uid, gid, mode, caps = was
    if os.stat(path).st_mode & 0o170000 != mode & 0o170000:
        return
    os.chown(path, uid, gid)
    os.chmod(path, mode & 0o7777)
    if caps is not None:
        os.setxattr(path, 'security.capability', caps)


def conffile_field(root, names):
    rows = []
    for name in names:
        path = root.place(name)
        if path.is_file():
            digest = hashlib.md5(path.read_bytes()).hexdigest()
            rows.append(f'\n {name} {digest}')
    return ''.join(rows)


def unpack(root, deb, fields):
    """Unpack one .deb; return its stanza for dpkg's status file."""
    listing = tool('dpkg-deb', '--fsys-tarfile', deb)
    names = subprocess.run(['tar', '-t', '--quoting-style=literal'],
                           input=listing, check=True,
                           stdout=subprocess.PIPE).stdout.decode()
    names = [n.removeprefix('.').rstrip('/') or '/.'
             for n in names.splitlines()]
    scripts = root.top / 'tmp/exchange.control'
    shutil.rmtree(scripts, ignore_errors=True)
    tool('dpkg-deb', '--control', deb, str(scripts))
    conffiles = []
    if (scripts / 'conffiles').exists():
        conffiles = [line.strip() for line in
                     (scripts / 'conffiles').read_text().splitlines()
                     if line.strip().startswith('/')]
    kept = [n for n in conffiles if os.path.lexists(root.place(n))]
    before = {n: remember(root.place(n)) for n in names if n != '/.'}
    excludes = [f'--exclude=.{n}' for n in kept]
    subprocess.run(['tar', '-C', str(root.top), '-xp', '--numeric-owner',
                    '--keep-directory-symlink', '--anchored',
                    '--no-wildcards', *excludes],
                   input=listing, check=True)
    for name, was in before.items():
        restore(root.place(name), was)
    own = info_name(fields)
    (root.info / (own + '.list')).write_text('\n'.join(names) + '\n')
    for path in scripts.iterdir():
        if path.name != 'control':
            shutil.copy2(path, root.info / f'{own}.{path.name}')
    shutil.rmtree(scripts)
    stanza = {'Package': fields['Package'], 'Status': 'install ok installed'}
    stanza.update(fields)
    if conffiles:
        stanza['Conffiles'] = conffile_field(root, conffiles)
    return stanza


def remove(root, gone):
    """Remove names that only the old architecture's packages had."""
    for name in sorted(gone, key=len, reverse=True):
        path = root.place(name)
        if path.is_dir() and not path.is_symlink():
            try:
                path.rmdir()
            except OSError:
                pass
        elif os.path.lexists(path):
            path.unlink()


def multiarch(arch):
    return tool('dpkg-architecture', '-a', arch, '-qDEB_HOST_MULTIARCH') \
        .decode().strip() if shutil.which('dpkg-architecture') else {
            'amd64': 'x86_64-linux-gnu', 'arm64': 'aarch64-linux-gnu',
            'i386': 'i386-linux-gnu', 'armhf': 'arm-linux-gnueabihf'}[arch]


def wrong_elf(root, arch):
    """ELF files of another machine than `arch`."""
    want = ELF_MACHINE[arch]
    for folder, dirs, names in os.walk(root.top):
        for name in names:
            path = pathlib.Path(folder, name)
            if path.is_symlink() or not path.is_file():
                continue
            with open(path, 'rb') as f:
                head = f.read(20)
            if head[:4] == b'\x7fELF' and \
               (head[4], head[18] | head[19] << 8) != want:
                yield path.relative_to(root.top)


def main(top, debs, old, new):
    root = Root(top)
    status = list(stanzas(root.status.read_text()))
    twins = {}
    for deb in sorted(pathlib.Path(debs).glob('*.deb')):
        fields = next(stanzas(tool('dpkg-deb', '--field', deb).decode()))
        if fields['Architecture'] == new:
            twins[fields['Package']] = (deb, fields)
    leaving = [s for s in status if s['Architecture'] == old]
    missing = [s['Package'] for s in leaving if s['Package'] not in twins]
    extra = sorted(set(twins) - {s['Package'] for s in status})
    if missing or extra:
        sys.exit(f'exchange: the package sets differ: no {new} package for '
                 f'{missing}, no {old} package for {extra}')
    gone = set()
    for s in leaving:
        gone.update(root.files_of(s))
        for path in root.info.glob(info_name(s) + '.*'):
            if path.name.rsplit('.', 1)[0] == info_name(s):
                path.unlink()
    result, there = [], set()
    for s in status:
        if s['Architecture'] == old:
            deb, fields = twins[s['Package']]
            s = unpack(root, deb, fields)
        result.append(s)
        there.update(str(root.place(n)) for n in root.files_of(s))
    remove(root, {n for n in gone if str(root.place(n)) not in there})
    shutil.rmtree(root.top / 'usr/lib' / multiarch(old), ignore_errors=True)
    for name in ('lib64', 'lib32', 'libx32', 'libo32', 'usr/lib64',
                 'usr/lib32', 'usr/libx32', 'usr/libo32'):
        path = root.top / name
        if path.is_symlink():
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    root.status.write_text(''.join(
        '\n'.join(f'{k}: {v}' if not v.startswith('\n') else f'{k}:{v}'
                  for k, v in s.items()) + '\n\n' for s in result))
    for path in (root.top / 'var/lib/dpkg/triggers').iterdir():
        if path.is_file() and path.name != 'Lock':
            path.write_text(path.read_text().replace(f':{old}', f':{new}'))
    for name in ('var/lib/dpkg/status-old', 'etc/ld.so.cache',
                 'var/cache/ldconfig/aux-cache', 'var/lib/dpkg/arch'):
        (root.top / name).unlink(missing_ok=True)
    bad = list(map(str, wrong_elf(root, new)))
    if bad:
        sys.exit(f'exchange: not {new}: ' + ' '.join(bad))


if __name__ == '__main__':
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
