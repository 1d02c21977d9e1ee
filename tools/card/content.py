#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fill a root with what people keep on a card, to be found again after a
conversion: odd owners, modes and times, extended attributes, hard links, a
sparse file, names that are not ASCII.

    content.py ROOT UID GID
"""
import os
import pathlib
import sys

LONG_AGO = 1356998400            # 2013-01-01, the card's first script


def write(path, text, mode=0o644, when=LONG_AGO, owner=(0, 0)):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(text, str):
        text = text.encode()
    path.write_bytes(text)
    os.chown(path, *owner)
    os.chmod(path, mode)
    os.utime(path, (when, when))


def scripts(home, owner):
    """Ten years of scripts, one a year, each run by cron."""
    rows = []
    for year in range(2013, 2023):
        when = LONG_AGO + (year - 2013) * 31557600
        name = home / f'bin/log-{year}.sh'
        write(name, f'#!/bin/sh\n# since {year}\n'
              f'date >>"$HOME/log/{year}.txt"\n', 0o755, when, owner)
        rows.append(f'{year % 60} {year % 24} * * * $HOME/bin/{name.name}\n')
    return ''.join(rows)


def main(top, uid, gid):
    root = pathlib.Path(top)
    home = root / 'home/pi'
    me = (uid, gid)
    crontab = root / 'var/spool/cron/crontabs/pi'
    gid_crontab = next(int(line.split(':')[2]) for line in
                       (root / 'etc/group').read_text().splitlines()
                       if line.startswith('crontab:'))
    write(crontab, scripts(home, me), 0o600, owner=(uid, gid_crontab))
    write(home / 'notes/Grüße aus Köln – 日本.txt', 'käse\n', owner=me)
    write(home / 'notes/with space\tand tab', 'x\n', 0o600, owner=me)
    write(home / 'notes/.hidden', '', 0o400, owner=me)
    write(home / 'odd/nobody', 'mine\n', 0o640, 1, (65534, 65534))
    write(home / 'odd/large-ids', 'theirs\n', 0o604, 2**31 - 1,
          (3000000000, 100000))
    write(home / 'odd/setuid', '#!/bin/sh\n', 0o6755, owner=me)
    write(home / 'odd/no-mode', 'secret\n', 0o000, owner=me)
    (home / 'odd/sticky').mkdir()
    os.chmod(home / 'odd/sticky', 0o1777)
    os.mkfifo(home / 'odd/fifo', 0o622)
    os.chmod(home / 'odd/fifo', 0o622)
    write(home / 'links/one', 'three names\n', owner=me)
    os.link(home / 'links/one', home / 'links/two')
    os.link(home / 'links/one', home / 'odd/three')
    for name, target in (('absolute', '/etc/hostname'), ('gone', 'nowhere'),
                         ('up', '../../../etc/passwd'), ('loop', 'loop'),
                         ('long', 'x' * 200)):
        os.symlink(target, home / 'links' / name)
        os.lchown(home / 'links' / name, *me)
    sparse = home / 'sparse.img'
    with open(sparse, 'wb') as f:
        f.write(b'begin')
        f.seek(64 << 20)
        f.write(b'end')
    os.chown(sparse, *me)
    write(home / 'photos/big.bin', bytes(range(256)) * 16384, owner=me)
    write(home / 'attributes', 'has some\n', owner=me)
    os.setxattr(home / 'attributes', 'user.origin', b'a card')
    os.setxattr(home / 'attributes', 'user.binary', bytes(range(1, 200)))
    write(root / 'usr/local/bin/ping-as-user', '#!/bin/sh\n', 0o755)
    # cap_net_raw=ep, as setcap writes it: revision 2, effective
    os.setxattr(root / 'usr/local/bin/ping-as-user', 'security.capability',
                bytes.fromhex('0100000200200000000000000000000000000000'))
    write(root / 'usr/local/bin/thermometer', '#!/bin/sh\n'
          'sed -n "s/.*t=//p" /sys/bus/w1/devices/28-*/w1_slave\n', 0o755)
    write(root / 'etc/cron.d/thermometer',
          '0 * * * * root /usr/local/bin/thermometer >>/var/log/temp 2>&1\n')
    write(root / 'etc/modules', 'i2c-dev\n')
    for folder, _, names in os.walk(home):
        if not folder.endswith('/sticky'):
            os.chown(folder, *me)
            os.utime(folder, (LONG_AGO, LONG_AGO))


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
