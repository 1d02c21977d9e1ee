#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A newer kernel, made of a real one: same code, a version one digit higher, in
its package and in what it calls itself when it runs.

    newer-kernel.py LINUX-IMAGE.deb FOLDER

FOLDER gets the image's package and the metapackage linux-image-armmp-lpae of
that version, which is printed.
"""
import hashlib
import lzma
import pathlib
import re
import subprocess
import sys
import tempfile

XZ_HEADER = 12       # bytes before the first block (the .xz format, 2.1.1)


def field(deb, name):
    return subprocess.run(['dpkg-deb', '-f', deb, name], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def packed(image):
    """Start and end of what the zImage unpacks, and the unpacked."""
    for m in re.finditer(rb'\xfd7zXZ\0', image):
        z = lzma.LZMADecompressor()
        try:
            content = z.decompress(image[m.start():])
        except lzma.LZMAError:
            continue        # the decompressor's own constant
        return m.start(), len(image) - len(z.unused_data), content
    sys.exit('no xz in this kernel')


def filters(image, start):
    """As the kernel's own, but with longer and more matches: it must not pack to
    more."""
    block = start + XZ_HEADER
    first = block + (image[block] + 1) * 4     # the first chunk of LZMA2
    if image[first] < 0xe0:
        sys.exit('the first chunk has no properties')
    rest, lc = divmod(image[first + 5], 9)
    pb, lp = divmod(rest, 5)
    return [{'id': lzma.FILTER_ARM},
            {'id': lzma.FILTER_LZMA2, 'preset': 9 | lzma.PRESET_EXTREME,
             'dict_size': 128 << 20, 'nice_len': 273, 'lc': lc, 'lp': lp,
             'pb': pb}]


def renew(image, old, new):
    start, end, content = packed(image)
    before, after = f'Debian {old} ('.encode(), f'Debian {new} ('.encode()
    if before not in content:
        sys.exit(f'the kernel does not say "{before.decode()}"')
    xz = lzma.compress(content.replace(before, after), check=lzma.CHECK_CRC32,
                       filters=filters(image, start))
    # The unpacked size stands at the end, so the place has to stay as it is.
    if len(xz) > end - start:
        sys.exit('it packs to more than before')
    return image[:start] + xz + bytes(end - start - len(xz)) + image[end:]


def build(tree, out):
    subprocess.run(['dpkg-deb', '--root-owner-group', '-Zgzip', '-z1', '-b',
                    tree, out], check=True, stdout=subprocess.DEVNULL)


def metapackage(folder, image, version, d):
    tree = pathlib.Path(d, 'meta')
    (tree / 'DEBIAN').mkdir(parents=True)
    (tree / 'DEBIAN/control').write_text(
        f'Package: linux-image-armmp-lpae\nVersion: {version}\n'
        'Architecture: armhf\nSection: kernel\nPriority: optional\n'
        'Maintainer: Nobody <nobody@example.org>\n'
        f'Depends: {image} (= {version})\nDescription: Linux for ARM\n')
    build(tree, folder / 'linux-image-armmp-lpae.deb')


def main(deb, folder):
    folder = pathlib.Path(folder)
    name, old = field(deb, 'Package'), field(deb, 'Version')
    new = old[:-1] + '9'
    if old == new:
        sys.exit(f'nothing is newer than {old}')
    with tempfile.TemporaryDirectory() as d:
        tree = pathlib.Path(d, 'image')
        subprocess.run(['dpkg-deb', '-R', deb, tree], check=True)
        control = tree / 'DEBIAN/control'
        control.write_text(re.sub(r'^Version: .*$', f'Version: {new}',
                                  control.read_text(), flags=re.M))
        kernel = next((tree / 'boot').glob('vmlinuz-*'))
        data = renew(kernel.read_bytes(), old, new)
        kernel.write_bytes(data)
        sums = tree / 'DEBIAN/md5sums'
        path = kernel.relative_to(tree)
        text, n = re.subn(rf'^\w+(  {re.escape(str(path))})$',
                          hashlib.md5(data).hexdigest() + r'\1',
                          sums.read_text(), flags=re.M)
        if n != 1:
            sys.exit(f'md5sums does not name {path}')
        sums.write_text(text)
        build(tree, folder / f'{name}.deb')
        metapackage(folder, name, new, d)
    print(new)


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
