#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sum up meson's testlog.json files: what failed, what was skipped, a last
line of counts.

    count-tests.py ALLOWED_SKIPS LOG...

Exit 1 if a test failed, nothing ran, or a test was skipped that has no row in
ALLOWED_SKIPS (a name as meson prints it, then the reason).
"""
import json
import sys

PASSED = ('OK', 'EXPECTEDFAIL')


def rows(path):
    with open(path) as f:
        lines = (line.split('#')[0].split(None, 1) for line in f)
        return {words[0] for words in lines if words}


def main(allowed_path, *logs):
    allowed = rows(allowed_path)
    counts = {'passed': 0, 'failed': 0, 'skipped': 0}
    forbidden = 0
    for path in logs:
        with open(path) as f:
            results = [json.loads(line) for line in f if line.strip()]
        for test in results:
            name = test['name'].split(' / ')[-1]
            if test['result'] in PASSED:
                counts['passed'] += 1
            elif test['result'] == 'SKIP':
                counts['skipped'] += 1
                if name not in allowed:
                    forbidden += 1
                    print(f'skipped, and may not be: {name} ({path})',
                          file=sys.stderr)
            else:
                counts['failed'] += 1
                print(f'{test["result"].lower()}: {name} ({path})',
                      file=sys.stderr)
    print(', '.join(f'{n} {what}' for what, n in counts.items()))
    return bool(counts['failed'] or forbidden or not counts['passed'])


if __name__ == '__main__':
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
