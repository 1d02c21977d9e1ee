#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert cards of tests/data and compare them file by file.

    convert-cards.py --cache DIR CARD...    these cards
    convert-cards.py --cache DIR --all      all that cards.tsv has with exit
                                            code 0 and no options
    convert-cards.py ... --until HH:MM      begins no other after that
    convert-cards.py ... --onhost LIBRARY   without libguestfs's appliance: the
                                            library does what it would (onhost.c)

For each: what differs between the card's root and the guest's is what the
journal says, no more; and `pimigrate revert` gives the card's root back, to the
last file, link, owner, mode, time and attribute; or convert refuses it as REFUSED
says.  A line for each card.
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
import manifest  # noqa: E402
import make  # noqa: E402

GUARD = 1800        # seconds; against hanging
FULL = 'MiB free, and its new kernel needs 64 MiB; its partition is not the ' \
    'last of the disk'
REFUSED = {'noobs-two': FULL, 'luks-data': FULL,
           'pipe-in-the-way': 'neither a file nor a folder nor a link'}
LEFT_OUT = {'dirty': 'was not shut down'}


def run(*argv, env=None):
    return subprocess.run([str(a) for a in argv], capture_output=True,
                          text=True, errors='replace', timeout=GUARD,
                          stdin=subprocess.DEVNULL, env=env)


def compare(a, b, at):
    return run(here / 'manifest.py', '--compare', f'{a}@{at}', f'{b}@{at}')


def refused(name, p, work):
    """Code 3, a sentence of that, and nothing is left."""
    if p.returncode != 3 or REFUSED[name] not in p.stderr:
        return f'exit code {p.returncode}, not 3: {p.stderr.strip()}'
    left = os.listdir(work / 'guests')
    return f'leaves {left}' if left else (0, ['refused'])


def without_links(lines, image, changes):
    """Without other names of the files that rows are about."""
    rows = manifest.manifest(image)
    same = {rows[row['path']].get('same as') for row in changes
            if row['path'] in rows} - {None}
    return [line for line in lines
            if rows.get(line.split("'")[1], {}).get('same as') not in same]


def convert(card, work, library):
    """What is wrong; or how many paths differ, and the journal's rows."""
    env = dict(os.environ, PIMIGRATE_GUESTS=str(work / 'guests'),
               PIMIGRATE_CACHE=str(work / 'cache'), TMPDIR=str(work))
    env.setdefault('LIBGUESTFS_CACHEDIR', '/var/tmp')
    if library:
        env.update(LD_PRELOAD=library,
                   ASAN_OPTIONS='verify_asan_link_order=0')
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
    if pathlib.Path(card).name in REFUSED:
        return refused(pathlib.Path(card).name, p, work)
    if p.returncode:
        return f'convert: exit code {p.returncode}: {p.stderr.strip()}'
    guest = work / 'guests/card'
    at = next(q['start'] for q in doc['disk']['partitions']
              if q['number'] == doc['disk']['root'])
    changes = json.loads(run(pimigrate, 'changes', '--json', 'card',
                             env=env).stdout)['changes']
    lines = compare(card, guest / 'disk.raw', at).stdout.splitlines()
    unsaid = journal_rows.more(changes, guest / 'undo',
                               without_links(lines, f'{card}@{at}', changes))
    if unsaid or len(lines) < 3:
        return 'the journal does not say: ' + '; '.join(unsaid[:5])
    p = run(pimigrate, 'revert', 'card', env=env)
    if p.returncode:
        return f'revert: exit code {p.returncode}: {p.stderr.strip()}'
    p = compare(card, guest / 'disk.raw', at)
    if p.returncode or p.stdout:
        return 'after revert: ' + (p.stdout or p.stderr).strip()[:500]
    rows = [row['id'] for row in changes]
    return len(lines), rows


def names_of_all():
    rows = [r for r in cards.rows() if r[5] == '0' and not r[4]]
    return list(dict.fromkeys(r[3] for r in rows if '.' not in r[3]))


def option(words, name):
    """Its value, taken out of words; None."""
    if name not in words:
        return None
    at = words.index(name)
    value = words[at + 1]
    del words[at:at + 2]
    return value


def why_not_onhost():
    missing = [p for p in ('losetup', 'parted', 'sgdisk', 'e2fsck',
                           'resize2fs') if not shutil.which(p)]
    if missing or os.geteuid():
        return ' '.join(missing) or 'to be root'
    p = run('losetup', '-f')
    return f'a loop device: {p.stderr.strip()}' if p.returncode else None


def main(argv):
    if len(argv) < 4 or argv[1] != '--cache':
        print(__doc__, file=sys.stderr)
        return 2
    names = argv[3:]
    until, library = option(names, '--until'), option(names, '--onhost')
    if names == ['--all']:
        names = names_of_all()
    if library and why_not_onhost():
        print(f'skipped: --onhost needs {why_not_onhost()}')
        return 77
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
            said = convert(card, work, library)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        if isinstance(said, tuple):
            print(f'{name}: {said[0]} differences, rows {" ".join(said[1])}',
                  flush=True)
        else:
            print(f'{name}: FAILED: {said}', flush=True)
            bad += 1
    return bool(bad)


if __name__ == '__main__':
    sys.exit(main(sys.argv))
