#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every row of cards.tsv: make the card (or take it from the cache), inspect
it, and see that all that is expected holds.

    cards.py --cache DIR [NUMBER...]
    cards.py --facts            facts of facts.tsv that nothing shows yet

A row: number, the facts' numbers in facts.tsv and what they are about, what can go wrong, card, options, exit
code, expectations separated by " ; "; "@NAME" among the options is the path of
another card:

    disk.root=2              a value of the document, by its path
    system.cmdline~text      it holds this text
    +code, -code             there is, or is no, finding of that code
    err~text                 standard error holds this text
    thing:NAME=fate          what becomes of it
    off:UNIT                 is turned off in the VM, with a reason
    layer:TITLE              lies on top of the system
    config:TEXT=true|false   a line of config.txt, and whether it applies
    row:ID, norow:ID         convert's plan has, or has not, a row of that id
    row:ID~text              and what that row writes or leads to holds this

Besides, for each row: the document fits docs/inspect.schema.json, standard
error is at most one line without control characters, and the card's bytes are
what they were.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / 'data'))
import make  # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None

PIMIGRATE = os.environ.get('PIMIGRATE',
                           here.parents[1] / 'build/src/pimigrate')
SCHEMA = json.loads((here.parents[1] / 'docs/inspect.schema.json').read_text())
GUARD = 60          # seconds; a guard against hanging, no measure


def rows():
    for line in (here / 'cards.tsv').read_text().splitlines():
        if line and not line.startswith('#'):
            fields = line.split('\t')
            if len(fields) != 7:
                sys.exit(f'cards.tsv: {len(fields)} columns: {line}')
            yield fields


def facts():
    """(number, text, rows, elsewhere) of facts.tsv"""
    for line in (here / 'facts.tsv').read_text().splitlines():
        if not line.startswith('#'):
            number, text, shown, elsewhere = line.split('\t')
            yield number, text, shown.split(), elsewhere


def wrong_facts():
    """facts.tsv and the column of cards.tsv say the same."""
    column = {r[0]: [w for w in r[1].split() if w[1:2] == '.']
              for r in rows()}
    there = {f[0]: f[2] for f in facts()}
    for number, shown in there.items():
        for row in shown:
            if number not in column.get(row, []):
                yield f'fact {number}: row {row} does not name it'
    for row, numbers in column.items():
        for number in numbers:
            if row not in there.get(number, []):
                yield f'row {row}: fact {number} does not name it'


def lookup(d, path):
    for key in path.split('.'):
        d = d[int(key)] if isinstance(d, list) else d[key]
    return d


def text_of(value):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return 'null' if value is None else str(value)


def named(rows_, key, name):
    return [r for r in rows_ if r[key] == name]


def holds(want, doc, err):
    if want.startswith('err~'):
        return want[4:] in err
    if doc is None:
        return False
    if want[0] in '+-':
        return bool(named(doc['findings'], 'code', want[1:])) == \
            (want[0] == '+')
    if want.startswith('thing:'):
        name, _, fate = want[6:].rpartition('=')
        return any(t['fate'] == fate
                   for t in named(doc['things'], 'name', name))
    if want.startswith('off:'):
        return any('turned_off_because' in s
                   for s in named(doc['services'], 'name', want[4:]))
    if want.startswith('layer:'):
        return want[6:] in doc['layers']
    if want.startswith('config:'):
        text, _, applies = want[7:].rpartition('=')
        return any(text_of(c['applies']) == applies
                   for c in named(doc['config'], 'text', text))
    for mark in ('=', '~'):
        path, found, value = want.partition(mark)
        if found and not ('=' in path or '~' in path):
            try:
                got = text_of(lookup(doc, path))
            except (KeyError, IndexError, TypeError):
                return False
            return got == value if mark == '=' else value in got
    raise ValueError(want)


CELL = 1 << 16


def planned(want, plan):
    """Does the plan of convert --dry-run have it?"""
    word, _, rest = want.partition(':')
    name, _, text = rest.partition('~')
    found = [r for r in plan['changes'] if r['id'] == name and
             text in r.get('content', '') + r.get('target', '') + r['path']]
    return bool(found) == (word == 'row')


def plan_of(cache, path, words, arch):
    """(document, None), or (None, what went wrong)"""
    kernel = pathlib.Path(cache) / f'kernel-{arch}'
    debs = [w for d in sorted(kernel.glob('*.deb'))
            for w in ('--kernel-deb', str(d))]
    env = dict(os.environ, PIMIGRATE_GUESTS='/nonexistent')
    p = subprocess.run([PIMIGRATE, 'convert', '--dry-run', '--json', '-q',
                        *debs, *words, path], capture_output=True,
                       timeout=GUARD, stdin=subprocess.DEVNULL, env=env)
    if p.returncode:
        return None, f'convert --dry-run: {p.stderr.decode().strip()}'
    return json.loads(p.stdout), None


def make_kernels(cache):
    for arch in ('armhf', 'arm64'):
        to = pathlib.Path(cache) / f'kernel-{arch}'
        if not to.exists():
            part = pathlib.Path(f'{to}.{os.getpid()}')
            subprocess.run([here / 'make-mini-kernel.sh', part, arch],
                           check=True, capture_output=True)
            part.rename(to)


def digest(path):
    """Of all that is not zero, with its place.  Where the holes are does not
    count: the file system may still be deciding that."""
    h = hashlib.sha256()
    with open(path, 'rb') as f:
        fd, at = f.fileno(), 0
        end = os.fstat(fd).st_size
        while at < end:
            try:
                at = os.lseek(fd, at, os.SEEK_DATA) // CELL * CELL
            except OSError:     # only a hole is left
                break
            block = os.pread(fd, CELL, at)
            if block.strip(b'\0'):
                h.update(b'%d ' % at + block)
            at += CELL
    return h.hexdigest(), end


def one(row, cache):
    number, _, _, card, options, code, wants = row
    path = make.cached(cache, card)
    before = digest(path)
    words = [make.cached(cache, w[1:]) if w[0] == '@' else w
             for w in options.split()]
    p = subprocess.run([PIMIGRATE, 'inspect', '--json', *words,
                        path], capture_output=True, timeout=GUARD,
                       stdin=subprocess.DEVNULL)
    err = p.stderr.decode(errors='replace')
    bad = []
    try:
        doc = json.loads(p.stdout) if p.stdout else None
    except ValueError as e:
        doc = None
        bad.append(f'no JSON: {e}')
    if doc and jsonschema:
        try:
            jsonschema.validate(doc, SCHEMA)
        except jsonschema.ValidationError as e:
            bad.append(f'schema: {e.message}')
    if p.returncode != int(code):
        bad.append(f'exit code {p.returncode}, not {code}')
    if len(err.splitlines()) > 1 or \
       any(ord(c) < 32 for c in err.rstrip('\n')):
        bad.append('standard error is not one plain line')
    wants = [w for w in wants.split(' ; ') if w]
    rows_ = [w for w in wants if w.startswith(('row:', 'norow:'))]
    if rows_ and doc:
        plan, why = plan_of(cache, path, words, doc['system']['arch'])
        bad += [why] if why else [w for w in rows_ if not planned(w, plan)]
    if digest(path) != before:
        bad.append('the card was changed')
    bad += [w for w in wants if w not in rows_ and not holds(w, doc, err)]
    return [f'row {number} ({card}): {b}' for b in bad] + \
        ([f'  err: {err.strip()}'] if bad and err else [])


def main(argv):
    if argv == ['--facts']:
        print('\n'.join(f'{number}  {text}' for number, text, shown, other
                        in facts() if not shown and not other))
        return 0
    if len(argv) < 2 or argv[0] != '--cache':
        print(__doc__, file=sys.stderr)
        return 2
    os.environ.update(LC_ALL='C', TZ='UTC', XDG_CONFIG_HOME='/nonexistent')
    os.environ.pop('PIMIGRATE_PROFILES', None)
    chosen = [r for r in rows() if not argv[2:] or r[0] in argv[2:]]
    numbers = [r[0] for r in chosen]
    bad = [f'row {n} stands twice' for n in set(numbers)
           if numbers.count(n) > 1]
    bad += wrong_facts()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        # cards first, each once: two rows may share one
        names = sorted({r[3] for r in chosen} |
                       {w[1:] for r in chosen for w in r[4].split()
                        if w[0] == '@'})
        list(pool.map(lambda n: make.cached(argv[1], n), names))
        make_kernels(argv[1])
        for lines in pool.map(lambda r: one(r, argv[1]), chosen):
            bad += lines
    for line in bad:
        print(line)
    print(f'{len(chosen)} rows, {len(names)} cards')
    return bool(bad)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
