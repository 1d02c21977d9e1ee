#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make Debian's packages in a root call themselves Raspbian's.

    brand.py ROOT OS_VERSION PACKAGE=SUFFIX...   e.g. '12 (bookworm)' base-files=+rpi1

The named packages get the suffix on their version; os-release and the login
banner name Raspbian, and dpkg's checksums of them are made to agree.
"""
import hashlib
import pathlib
import re
import sys


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def main(top, os_version, *renamed):
    root = pathlib.Path(top)
    number, codename = re.match(r'(\d+) \((\w+)\)', os_version).groups()
    text = (f'PRETTY_NAME="Raspbian GNU/Linux {os_version}"\n'
            f'NAME="Raspbian GNU/Linux"\nVERSION_ID="{number}"\n'
            f'VERSION="{os_version}"\nVERSION_CODENAME={codename}\n'
            'ID=raspbian\nID_LIKE=debian\n'
            'HOME_URL="http://www.raspbian.org/"\n'
            'SUPPORT_URL="http://www.raspbian.org/RaspbianForums"\n'
            'BUG_REPORT_URL="http://www.raspbian.org/RaspbianBugs"\n')
    (root / 'usr/lib/os-release').write_text(text)
    sums = root / 'var/lib/dpkg/info/base-files.md5sums'
    sums.write_text(re.sub(r'\w{32}(  usr/lib/os-release)', md5(text) + r'\1',
                           sums.read_text()))
    path = root / 'var/lib/dpkg/status'
    status = path.read_text()
    for name, tail in (('issue', ' \\n \\l\n\n'), ('issue.net', '\n')):
        banner = f'Raspbian GNU/Linux {number}{tail}'
        (root / 'etc' / name).write_text(banner)
        status = re.sub(rf'( /etc/{re.escape(name)}) \w{{32}}',
                        rf'\1 {md5(banner)}', status)
    for row in renamed:
        name, suffix = row.split('=')
        status, count = re.subn(
            rf'(^Package: {re.escape(name)}\n(?:.+\n)*?Version: [^\n]+)',
            lambda m: m.group(1) + suffix, status, flags=re.M)
        if count != 1:
            sys.exit(f'brand: package {name} is not installed')
    path.write_text(status)


if __name__ == '__main__':
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
