# SPDX-License-Identifier: GPL-2.0-or-later
"""What the figures of tests/bench/run must reach: the table of DESIGN.md §8,
each cell's figures by themselves."""
import dataclasses


@dataclasses.dataclass
class Target:
    name: str      # the table's row
    figure: tuple  # ('rate', program) or ('value', what run measures)
    first: float   # 0: no target, only shown
    aim: float
    less: bool = False
    unit: str = ''

    def verdict(self, ratio):
        if not self.first:
            return '-'
        if self.less:
            return ('aim' if ratio <= self.aim else
                    'first' if ratio <= self.first else 'no')
        return ('aim' if ratio >= self.aim else
                'first' if ratio >= self.first else 'no')


def rate(name, first, aim, *programs):
    return [Target(name, ('rate', p), first, aim) for p in programs]


COMPUTING = [
    *rate('CoreMark-like integer', 2, 3, 'core'),
    *rate('its parts', 0, 0, 'core-list', 'core-matrix', 'core-state'),
    *rate('branchy, calls, interpreters', 2.5, 4, 'fib', 'interp-goto',
          'interp-switch', 'qsort', 'strings'),
    *rate('table code', 1.2, 1.8, 'sha256', 'crc32'),
    *rate('scalar float, loops', 5, 7, 'linpack', 'fft'),
    *rate('scalar float, libm', 3, 4.5, 'libm'),
    *rate('NEON integer', 8, 15, 'neon-blend', 'neon-sad'),
    *rate('NEON float', 20, 60, 'neon-matmul'),
    *rate('copies 64 KB', 3, 6, 'memcpy-64k', 'memset-64k'),
    *rate('copies 16 MB', 2.5, 5, 'memcpy-16m'),
    *rate('pointer chase', 0, 0, 'chase-256k'),
]
KERNEL = ('getppid', 'read-4k', 'pipe', 'fork', 'exec', 'faults')
MACHINE = [
    Target('boot, CPU', ('value', 'boot_cpu'), 0.6, 0.35, True, 's'),
    Target('boot, wall', ('value', 'boot_wall'), 0.6, 0.35, True, 's'),
    Target('idle, host CPU', ('value', 'idle'), 0.7, 0.4, True,
           'of a core'),
    Target('memory at first process', ('value', 'memory'), 0.8, 0.6, True,
           'KiB'),
]


def rows(suite):
    """The targets under a suite's kernel: computing is measured once."""
    if suite == 'bookworm':
        return [*COMPUTING, *rate('system, kernel 6.1', 1.7, 3, *KERNEL),
                *MACHINE]
    return [*rate('system, kernel 6.12', 6, 12, *KERNEL), *MACHINE]


def programs(suite):
    return [t.figure[1] for t in rows(suite) if t.figure[0] == 'rate']


REAL = 'real program'


def real(names):
    return rate(REAL, 0, 0, *names)
