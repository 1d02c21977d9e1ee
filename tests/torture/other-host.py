#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulator for a host that is not x86-64: other-host.py BUILD

Compiles all of emu/ for aarch64 with the commands of BUILD, which was set up
with -Djit=disabled, links the tests of instructions, and runs them with
qemu-aarch64.  The libraries' headers are this machine's: nothing here differs
between the two.  Needs gcc-aarch64-linux-gnu and qemu-user.
"""
import json
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
GCC = 'aarch64-linux-gnu-gcc'
QEMU = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu']
# What the tests of instructions are linked from.
PARTS = ('common/', 'emu/mem/', 'emu/loop/', 'emu/arm/', 'emu/jit/',
         'tests/insn/libmachine', 'tests/insn/libjit_machine')
WITH_VALUE = {'-o', '-MQ', '-MF'}


def command_of(entry):
    """Compile for aarch64 what this entry compiles; where to is still open."""
    words = shlex.split(entry['command'])
    compiler = next(n for n, w in enumerate(words) if w.endswith(('cc', 'gcc')))
    out = [GCC]
    rest = iter(words[compiler + 1:])
    for word in rest:
        if word in WITH_VALUE:
            next(rest)
        elif not word.startswith(('-m', '-MD', '-fcf-protection')):
            out.append(word)
    return [*out, '-idirafter', '/usr/include']


def compile_all(build, folder):
    """The objects by what the build calls them."""
    objects = {}
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        name = entry['output']
        # meson.build leaves the assembler for x86-64 out elsewhere, too.
        if not name.startswith(('common/', 'emu/', 'tests/insn/')) or \
                name.startswith('emu/x64/'):
            continue
        to = folder / name.replace('/', '_')
        subprocess.run([*command_of(entry), '-o', str(to)], cwd=build,
                       check=True)
        objects[name] = str(to)
    return objects


def main():
    if not shutil.which(GCC) or not shutil.which(QEMU[0]):
        print(f'skipped: {GCC} or {QEMU[0]} is missing '
              '(packages gcc-aarch64-linux-gnu, qemu-user)')
        sys.exit(77)
    if len(sys.argv) != 2:
        sys.exit('usage: other-host.py BUILD')
    build = pathlib.Path(sys.argv[1]).resolve()
    vectors = [TOP / f'tests/insn/vectors/{table}.txt'
               for table in ('a32', 't16', 't32', 'vfp', 'neon')]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        objects = compile_all(build, folder)
        print(f'{len(objects)} files compiled', flush=True)
        parts = [o for n, o in objects.items() if n.startswith(PARTS)]
        for test in ('replay', 'rules'):
            main_ = objects[f'tests/insn/{test}.p/{test}.c.o']
            program = str(folder / test)
            subprocess.run([GCC, '-o', program, main_, *parts, '-lm',
                            '-pthread'], check=True)
            for file in vectors if test == 'replay' else ['']:
                subprocess.run([*QEMU, program, *([str(file)] if file else [])],
                               check=True)
    print('all passed')


main()
