#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages of a Debian suite, for the boot tests: by name, with what the name
of a kernel's metapackage leads to, checked against the index's hash.

    fetch-debian.py MIRROR SUITE[/COMPONENT] ARCH CACHE PACKAGE...

Prints the path of each .deb in CACHE.
"""
import hashlib
import lzma
import os
import pathlib
import re
import sys
import urllib.request

mirror, suite, arch, cache = sys.argv[1:5]
suite, _, component = suite.partition('/')
cache = pathlib.Path(cache)
cache.mkdir(parents=True, exist_ok=True)


def get(path):
    with urllib.request.urlopen(f'{mirror}/{path}', timeout=120) as answer:
        return answer.read()


def index():
    text = lzma.decompress(
        get(f'dists/{suite}/{component or "main"}/binary-{arch}/Packages.xz')
    ).decode()
    for stanza in text.split('\n\n'):
        fields = dict(re.findall(r'^([\w-]+): (.*)$', stanza, re.M))
        if fields:
            yield fields['Package'], fields


def deb(fields):
    path = cache / f'sha256-{fields["SHA256"]}.deb'
    if not path.exists():
        data = get(fields['Filename'])
        if hashlib.sha256(data).hexdigest() != fields['SHA256']:
            sys.exit(f'{fields["Filename"]}: not what the index says')
        part = path.with_suffix(f'.{os.getpid()}')
        part.write_bytes(data)
        part.rename(path)
    return path


packages = dict(index())
for name in sys.argv[5:]:
    if re.fullmatch(r'linux-image-[a-z-]+', name):
        name = re.match(r'[^ ,]+', packages[name]['Depends'])[0]
    print(deb(packages[name]))
