# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's packages for a guest, unpacked with what they depend on: checked by
the index's hash, kept in the cache that tools/lib.sh names.
"""
import hashlib
import lzma
import os
import re
import subprocess
import sys
import urllib.request

from guest import mirror_and_cache

# Not needed to run programs, and large.
LEFT_OUT = ['usr/share/doc', 'usr/share/man', 'usr/share/locale',
            'usr/share/info', 'usr/share/icons', 'usr/share/X11']
NOT_WANTED = {'dpkg', 'tar', 'debconf', 'libgl1', 'libcaca0', 'libegl-mesa0',
              'libgl1-mesa-dri'}


def index(mirror, suite):
    """The packages by name, and who provides the other names."""
    text = lzma.decompress(urllib.request.urlopen(
        f'{mirror}/dists/{suite}/main/binary-armhf/Packages.xz',
        timeout=300).read()).decode()
    known, provided = {}, {}
    for stanza in text.split('\n\n'):
        fields = dict(re.findall(r'^([\w-]+): (.*)$', stanza, re.M))
        if not fields:
            continue
        known[fields['Package']] = fields
        for name in re.findall(r'[a-z0-9][a-z0-9+.-]+',
                               fields.get('Provides', '')):
            provided.setdefault(name, fields['Package'])
    return known, provided


def closure(mirror, suite, names):
    """The packages and what they depend on: their fields by name."""
    known, provided = index(mirror, suite)
    wanted, todo = {}, list(names)
    while todo:
        name = todo.pop()
        name = name if name in known else provided.get(name, '')
        if not name or name in wanted or name in NOT_WANTED:
            continue
        wanted[name] = known[name]
        for field in ('Depends', 'Pre-Depends'):
            for one in known[name].get(field, '').split(','):
                first = re.match(r'\s*([a-z0-9][a-z0-9+.-]+)', one)
                if first:
                    todo.append(first[1])
    return wanted


def fetch(mirror, cache, fields):
    """The path of a package's .deb in the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f'sha256-{fields["SHA256"]}.deb'
    if not path.exists():
        data = urllib.request.urlopen(f'{mirror}/{fields["Filename"]}',
                                      timeout=300).read()
        if hashlib.sha256(data).hexdigest() != fields['SHA256']:
            sys.exit(f'{fields["Filename"]}: not what the index says')
        part = path.with_suffix(f'.{os.getpid()}')
        part.write_bytes(data)
        part.rename(path)
    return path


def packages(mirror, suite, cache, names):
    """The packages and what they depend on, as paths of .deb files."""
    for fields in closure(mirror, suite, names).values():
        yield fetch(mirror, cache, fields)


def make_root(suite, names, root):
    """Unpack packages and what they depend on; their versions by name."""
    mirror, cache = mirror_and_cache()
    wanted = closure(mirror, suite, names)
    for fields in wanted.values():
        subprocess.run(['dpkg-deb', '-x', str(fetch(mirror, cache, fields)),
                        str(root)], check=True)
    for name in LEFT_OUT:
        subprocess.run(['rm', '-rf', str(root / name)], check=True)
    (root / 'usr/local/busybox').mkdir(parents=True)
    return {name: fields['Version'] for name, fields in wanted.items()}
