#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert cards of tests/data and compare them file by file.

    convert-cards.py --cache DIR CARD...    these cards
    convert-cards.py --cache DIR --all      all that cards.tsv has with exit
                                            code 0 and no options
    convert-cards.py ... --until HH:MM      begins no other after that

For each: what differs between the card's root and the guest's is what the
journal says, no more; and `pimigrate revert` gives the card's root back, to the
last file, link, owner, mode, time and attribute.  A line for each card.
"""
import os
import pathlib
import json
import shutil
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / 'data')]
import cards  # noqa: E402
import journal_rows  # noqa: E402
import make  # noqa: E402

GUARD = 1800        # seconds; against hanging
# No manifest of these: not shut down; a TiB to read; no ext4 of their own.
LEFT_OUT = {'dirty': 'was not shut down', 'sparse-tib': 'a TiB to read'}


def run(*argv, env=None):
    return subprocess.run([str(a) for a in argv], capture_output=True,
                          text=True, errors='replace', timeout=GUARD,
                          stdin=subprocess.DEVNULL, env=env)


def compare(a, b, at):
    return run(here / 'manifest.py', '--compare', f'{a}@{at}', f'{b}@{at}')


def convert(name, card, work):
    """None, or what is wrong."""
    env = dict(os.environ, PIMIGRATE_GUESTS=str(work / 'guests'),
               PIMIGRATE_CACHE=str(work / 'cache'), TMPDIR=str(work))
    env.setdefault('LIBGUESTFS_CACHEDIR', '/var/tmp')
    pimigrate = os.environ['PIMIGRATE']
    doc = json.loads(run(pimigrate, 'inspect', '--json', card,
                         env=env).stdout)
    arch = 'arm64' if doc['system']['arch'] == 'arm64' else 'armhf'
    if run(here / 'make-mini-kernel.sh', work / 'kernel', arch).returncode:
        return 'make-mini-kernel.sh failed'
    options = ['-q', '-on', 'card', '--no-verify']
    for deb in sorted((work / 'kernel').glob('*.deb')):
        options += ['--kernel-deb', deb]
    p = run(pimigrate, 'convert', *options, card, env=env)
    if p.returncode:
        return f'convert: exit code {p.returncode}: {p.stderr.strip()}'
    guest = work / 'guests/card'
    at = next(q['start'] for q in doc['disk']['partitions']
              if q['number'] == doc['disk']['root'])
    changes = json.loads(run(pimigrate, 'changes', '--json', 'card',
                             env=env).stdout)['changes']
    lines = compare(card, guest / 'disk.raw', at).stdout.splitlines()
    unsaid = journal_rows.more(changes, guest / 'undo', lines)
    if unsaid or len(lines) < 3:
        return 'the journal does not say: ' + '; '.join(unsaid[:5])
    p = run(pimigrate, 'revert', 'card', env=env)
    if p.returncode:
        return f'revert: exit code {p.returncode}: {p.stderr.strip()}'
    p = compare(card, guest / 'disk.raw', at)
    if p.returncode or p.stdout:
        return 'after revert: ' + (p.stdout or p.stderr).strip()[:500]
    rows = [row['id'] for row in changes]
    return None, len(lines), rows


def names_of_all():
    rows = [r for r in cards.rows() if r[5] == '0' and not r[4]]
    return list(dict.fromkeys(r[3] for r in rows if '.' not in r[3]))


def main(argv):
    if len(argv) < 4 or argv[1] != '--cache':
        print(__doc__, file=sys.stderr)
        return 2
    names, until = argv[3:], None
    if '--until' in names:
        at = names.index('--until')
        until = names[at + 1]
        del names[at:at + 2]
    if names == ['--all']:
        names = names_of_all()
    bad = 0
    for name in names:
        if name in LEFT_OUT:
            print(f'{name}: left out: {LEFT_OUT[name]}', flush=True)
            continue
        if until and time.strftime('%H:%M') >= until:
            print(f'{name}: not begun', flush=True)
            continue
        card = make.cached(argv[2], name)
        work = pathlib.Path(tempfile.mkdtemp(prefix='pimigrate-cards.'))
        try:
            said = convert(name, card, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        if isinstance(said, tuple):
            print(f'{name}: {said[1]} differences, rows {" ".join(said[2])}',
                  flush=True)
        else:
            print(f'{name}: FAILED: {said}', flush=True)
            bad += 1
    return bool(bad)


if __name__ == '__main__':
    sys.exit(main(sys.argv))
