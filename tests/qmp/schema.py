#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""query-qmp-schema tells of what is answered, of all of it, and of nothing that
would make libvirt ask for more.

    schema.py EMULATOR
"""
import json
import os
import subprocess
import sys
import tempfile

from transcript import Session

# Each would begin a dialogue that we have no part in.
NEVER = {'query-cpu-model-expansion', 'query-hotpluggable-cpus', 'query-vnc',
         'query-stats', 'query-stats-schemas', 'query-dirty-rate'}
BUILTIN = {'int', 'str', 'bool', 'any'}


class Client(Session):
    def ask(self, command, **arguments):
        self.send(json.dumps({'execute': command, 'arguments': arguments}))
        while True:
            answer = json.loads(self.line())
            if 'return' in answer or 'error' in answer:
                return answer


def used_types(row):
    for key in ('arg-type', 'ret-type', 'element-type'):
        if key in row:
            yield row[key]
    for member in row.get('members', []) + row.get('variants', []):
        yield member['type']


def check(schema, client):
    bad = []
    names = [row['name'] for row in schema]
    rows = {row['name']: row for row in schema}
    if len(rows) != len(names):
        bad.append('two rows have one name')
    for row in schema:
        for used in used_types(row):
            if used not in rows:
                bad.append(f'{row["name"]} uses {used}, which is not there')
        if row['meta-type'] == 'builtin' and row['name'] not in BUILTIN:
            bad.append(f'{row["name"]} is no built-in type')
    commands = {n for n in names if rows[n]['meta-type'] == 'command'}
    if commands != {c['name'] for c in client.ask('query-commands')['return']}:
        bad.append('query-commands tells something else')
    bad += [f'{name} is there' for name in sorted(NEVER & commands)]
    for name in sorted(commands - {'quit'}):
        answer = client.ask(name)
        if answer.get('error', {}).get('class') == 'CommandNotFound' and \
           name != 'qmp_capabilities':
            bad.append(f'{name} is not answered')
    for name in NEVER:
        if client.ask(name)['error']['class'] != 'CommandNotFound':
            bad.append(f'{name} is answered')
    # What libvirt looks for.
    if rows['device_add']['features'] != ['json-cli-hotplug']:
        bad.append('device_add lacks its feature')
    netdev = rows[rows['netdev_add']['arg-type']]
    if netdev['tag'] != 'type' or \
       'user' not in [v['case'] for v in netdev['variants']]:
        bad.append('netdev_add has no variant user')
    kinds = rows[rows['object-add']['arg-type']]['members'][0]
    if 'secret' not in rows[kinds['type']]['values']:
        bad.append('object-add knows no secret')
    if rows['SHUTDOWN']['meta-type'] != 'event':
        bad.append('SHUTDOWN is no event')
    return bad


def main(emulator):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'qmp')
        proc = subprocess.Popen(
            [emulator, '-M', 'none', '-nodefaults', '-display', 'none',
             '-qmp', f'unix:{path},server=on,wait=off'])
        try:
            client = Client(path)
            client.line()
            client.ask('qmp_capabilities')
            bad = check(client.ask('query-qmp-schema')['return'], client)
        finally:
            proc.kill()
            proc.wait()
    print('\n'.join(bad), file=sys.stderr)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
