#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A flame graph of an emulator, as SVG on standard output.

    flame.py [--symbols FILE] [--folded] PERF_SCRIPT

PERF_SCRIPT is what "perf script -F comm,ip,sym,dso" wrote.  Translated code has
the names that "-d perfmap" gives it, guest-ADDRESS; FILE (the guest's
/proc/kallsyms or System.map) says which function that is.  Translated code keeps
no host frames, so a guest's sample is one function under "guest".  --folded
prints "frame;frame;frame count" instead.
"""
import argparse
import bisect
import collections
import html
import re
import sys

GUEST = re.compile(r'^guest-([0-9a-f]{8})(-T)?$')
FRAME = re.compile(r'^\s+([0-9a-f]+) (.*) \((.*)\)$')
USER_TOP = 0xbf000000  # where Linux' modules begin; below are processes
WIDTH, HEIGHT, LEAST = 1200, 17, 0.5  # of the picture, a row, a rectangle
COLOURS = {'guest': '#5b9f5b', 'emulator': '#d98e3f', 'host kernel': '#7f8fb5',
           'libraries': '#b98fbf'}


class Symbols:
    """Functions by address; of modules too, as /proc/kallsyms has them."""

    def __init__(self, path):
        rows = []
        if path:
            with open(path, encoding='utf-8', errors='replace') as file:
                for line in file:
                    words = line.split()
                    if len(words) >= 3 and words[1] in 'tTwW':
                        rows.append((int(words[0], 16) & ~1, words[2]))
        rows = [row for row in sorted(rows) if not row[1].startswith('$')]
        if path and not any(at for at, _ in rows):
            sys.exit(f'{path}: no addresses; /proc/kallsyms shows them to '
                     'root only')
        self.at = [at for at, _ in rows]
        self.names = [name for _, name in rows]

    def name(self, address):
        if address < USER_TOP:
            return f'process at {address & ~0xfff:08x}'
        n = bisect.bisect_right(self.at, address) - 1
        return self.names[n] if n >= 0 else f'kernel at {address:08x}'


def kind_of(dso):
    if dso.endswith('.map'):
        return 'guest'
    if dso.startswith('[') and dso not in ('[vdso]', '[unknown]'):
        return 'host kernel'
    if '.so' in dso or dso.startswith('['):
        return 'libraries'
    return 'emulator'


def stack(comm, frames, symbols):
    """The names from the outermost to the innermost; frames begin with the
    innermost."""
    name, dso = frames[0]
    kind = kind_of(dso)
    if kind == 'guest':
        match = GUEST.match(name)
        if match:
            return [comm, kind, symbols.name(int(match[1], 16))]
        return [comm, kind, 'between units' if name == 'shared' else
                'without a name']
    names = []
    for name, dso in frames:
        if name == '[unknown]' or kind_of(dso) == 'guest':
            break  # translated code keeps no frames
        names.append(name.split('+')[0])
    return [comm, kind, *reversed(names or ['unknown'])]


def read(lines, symbols):
    """How often each stack was seen."""
    seen = collections.Counter()
    comm, frames = None, []
    for line in [*lines, '']:
        match = FRAME.match(line)
        if match:
            frames.append((match[2], match[3]))
        elif not line.strip():
            if frames:
                seen[tuple(stack(comm, frames, symbols))] += 1
            frames = []
        else:
            comm = line.split()[0]
    return seen


def tree(seen):
    root = {'count': 0, 'below': {}}
    for names, count in seen.items():
        node = root
        node['count'] += count
        for name in names:
            node = node['below'].setdefault(name, {'count': 0, 'below': {}})
            node['count'] += count
    return root


def depth(node):
    return 1 + max(map(depth, node['below'].values()), default=0)


def draw(node, name, x, level, scale, colour, out, total):
    width = node['count'] * scale
    if width < LEAST:
        return
    y = level * HEIGHT
    share = 100 * node['count'] / total
    label = html.escape(name)
    fits = int((width - 4) / 6.5)
    text = label if len(name) <= fits else html.escape(name[:fits])
    out.append(f'<g><title>{label}: {node["count"]} samples, {share:.1f} %'
               f'</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
               f'height="{HEIGHT - 1}" fill="{colour}"/>'
               f'<text x="{x + 2:.1f}" y="{y + 12}">{text}</text></g>')
    for key, below in sorted(node['below'].items()):
        draw(below, key, x, level + 1, scale, COLOURS.get(key, colour), out,
             total)
        x += below['count'] * scale


def svg(seen):
    root = tree(seen)
    height = depth(root) * HEIGHT
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
           f'height="{height}" font-family="monospace" font-size="11">']
    draw(root, 'all', 0, 0, WIDTH / root['count'], '#c8c8c8', out,
         root['count'])
    return '\n'.join([*out, '</svg>'])


def main():
    args = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    args.add_argument('--symbols')
    args.add_argument('--folded', action='store_true')
    args.add_argument('script')
    opt = args.parse_args()
    with open(opt.script, encoding='utf-8', errors='replace') as file:
        seen = read(file, Symbols(opt.symbols))
    if not seen:
        sys.exit(f'{opt.script}: no samples; did the emulator do anything?')
    if opt.folded:
        for names, count in sorted(seen.items()):
            print(';'.join(names), count)
    else:
        print(svg(seen))


main()
