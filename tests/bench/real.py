# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's own programs as a workload: a root of unpacked packages that boots
as an initramfs, and what is run in it.

Each row is a shell command that does a fixed piece of work and prints
something that must be the same everywhere (it is hashed).
"""
import pathlib

import debian

PACKAGES = ['busybox-static', 'openssl', '7zip', 'sqlite3', 'python3.11',
            'nodejs', 'lame', 'gcc-12', 'libc6-dev', 'xz-utils', 'perl-base',
            'gzip']
PROGRAMS = {
    'openssl-sha256': 'openssl dgst -sha256 /data/data',
    'openssl-aes': 'openssl enc -aes-128-cbc -K 00112233445566778899aabbccddeeff'
                   ' -iv 0 -in /data/data | sha256sum',
    'openssl-rsa': 'for i in 1 2 3 4 5 6 7 8; do openssl dgst -sha256 -sign '
                   '/data/key /data/small >/data/sig || echo bad; done; '
                   'openssl dgst -sha256 -prverify /data/key -signature '
                   '/data/sig /data/small',
    '7z': '7zz a -mx3 -mmt1 -bso0 -bsp0 /data/a.7z /data/text && '
          '7zz t -bso0 -bsp0 /data/a.7z && echo fine; rm -f /data/a.7z',
    # busybox's shell would take its own xz
    'xz': '/usr/bin/xz -2 -T1 -c /data/text | /usr/bin/xz -dc | sha256sum',
    'sqlite3': 'rm -f /data/db; sqlite3 /data/db </programs/sqlite.sql',
    'python3': 'python3.11 /programs/python.py',
    'perl': 'perl /programs/perl.pl',
    'nodejs': 'node /programs/node.js',
    'lame': 'lame --quiet -m m -r -s 44.1 --bitwidth 16 /data/data /data/out.mp3 '
            '&& sha256sum </data/out.mp3',
    'gcc': 'gcc-12 -O2 -c -o /data/out.o /programs/core.c && '
           'sha256sum </data/out.o',
}

INIT = r'''#!/bin/busybox sh
export PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/data LC_ALL=C
/bin/busybox mkdir -p /proc /sys /dev /tmp /data
/bin/busybox --install -s /usr/local/busybox
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
export PATH=$PATH:/usr/local/busybox
exec </dev/console >/dev/console 2>&1
echo BENCH up
head -c 6000000 /usr/lib/arm-linux-gnueabihf/libnode.so.* >/data/data
head -c 4000 /data/data >/data/small
openssl genrsa -out /data/key 2048 2>/dev/null
cat /usr/include/*.h /usr/include/linux/*.h | head -c 3000000 >/data/text
for name in $(sed 's/.*bench=\([^ ]*\).*/\1/; s/,/ /g' /proc/cmdline); do
	echo "BENCH begin $name 1"
	read -r line
	sh -o pipefail /programs/$name.sh >/tmp/said 2>&1 || echo "BENCH failed $name"
	sum=$(sha256sum </tmp/said | cut -c1-16)
	echo "BENCH end $name $sum 0"
	read -r line
done
echo BENCH done
poweroff -f
'''

SQL = '''
create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000)
insert into t select i, 'row ' || (i * 7919 % 40009), i * 0.37 from n;
create index x on t(b);
select count(*), sum(c) from t where b like 'row 1%';
select b, avg(c) from t group by substr(b, 1, 6) order by 2 desc limit 5;
update t set c = c + 1 where a % 3 = 0;
delete from t where a % 7 = 0;
select count(*), max(b), round(sum(c), 3) from t;
'''

PYTHON = '''
import json, re
class Body:
    def __init__(self, x, v):
        self.x, self.v = x, v
    def step(self, others):
        for o in others:
            if o is not self:
                d = o.x - self.x
                self.v += d * 0.001 / (abs(d) ** 3 + 0.01)
        self.x += self.v * 0.01
bodies = [Body(i * 1.5, 0.1 * i) for i in range(8)]
for _ in range(400):
    for b in bodies:
        b.step(bodies)
words = {}
text = ' '.join(f'w{i * i % 977}' for i in range(20000))
for w in re.findall(r'\\w+', text):
    words[w] = words.get(w, 0) + 1
data = json.loads(json.dumps([{'k': k, 'n': n} for k, n in words.items()]))
data.sort(key=lambda d: (d['n'], d['k']))
sieve = [p for p in range(2, 3000) if all(p % q for q in range(2, int(p ** .5) + 1))]
print(round(bodies[3].x, 9), len(data), data[-1], sieve[-1])
'''

PERL = '''
my %count; my $s = 1;
for my $i (1 .. 60000) { $s = ($s * 1103515245 + 12345) & 0x7fffffff; $count{"k" . ($s % 5000)}++; }
my $text = join(",", map { "$_=$count{$_}" } sort keys %count);
my $n = 0; $n++ while $text =~ /k(\\d+)=(\\d+)/g;
print "$n ", length($text), "\\n";
'''

NODE = '''
function Tree(d) { this.l = d ? new Tree(d - 1) : null; this.r = d ? new Tree(d - 1) : null; }
Tree.prototype.sum = function () { return 1 + (this.l ? this.l.sum() + this.r.sum() : 0); };
let total = 0;
for (let i = 0; i < 6; i++) total += new Tree(14).sum();
const m = new Map();
let s = 1;
for (let i = 0; i < 200000; i++) { s = (s * 1103515245 + 12345) & 0x7fffffff; m.set('k' + s % 5000, (m.get('k' + s % 5000) || 0) + 1); }
const text = JSON.stringify([...m].sort());
let x = 0;
for (let i = 1; i < 2000000; i++) x += Math.sqrt(i) / (i % 7 + 1);
const a = new Float64Array(50000).map((_, i) => (i * 7919) % 50021); a.sort();
console.log(total, JSON.parse(text).length, x.toFixed(6), a[77],
    require('crypto').createHash('sha1').update(text).digest('hex'));
'''


def make_root(suite, root, names):
    """The folder that becomes the initramfs."""
    debian.make_root(suite, PACKAGES, root)
    folder = root / 'programs'
    folder.mkdir()
    for name in names:
        (folder / f'{name}.sh').write_text(PROGRAMS[name] + '\n')
    here = pathlib.Path(__file__).resolve().parent
    for name in ('core.c', 'program.h'):
        (folder / name).write_text((here / 'programs' / name).read_text())
    for name, content in (('sqlite.sql', SQL), ('python.py', PYTHON),
                          ('perl.pl', PERL), ('node.js', NODE)):
        (folder / name).write_text(content)
    (root / 'init').write_text(INIT)
    (root / 'init').chmod(0o755)
