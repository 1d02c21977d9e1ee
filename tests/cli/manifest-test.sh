#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# manifest.py sees what it promises to see: every kind of change to a file
# system that mke2fs made, and nothing where nothing was changed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

mkdir -p tree/a/b
echo one >tree/a/one
ln tree/a/one tree/a/b/two
ln -s one tree/a/short
ln -s "$(printf 'x%.0s' {1..100})" tree/a/long
truncate -s 5M tree/sparse
echo end >>tree/sparse
head -c 3000000 /dev/urandom >tree/big
mkfifo tree/fifo
truncate -s 4M moved # as large, with what it holds elsewhere
echo end >>moved
truncate -s "$(stat -c %s tree/sparse)" moved
for n in $(seq 300); do echo "$n" >"tree/a/b/file $n ü"; done
touch -d @1000000000.5 tree/a/one
chmod 4751 tree/big

make_card() {
	truncate -s 64M "$1"
	printf 'label: dos\nstart=2048 type=83\n' | sfdisk -q "$1"
	mke2fs -q -F -t ext4 -O ^64bit,^orphan_file,^metadata_csum_seed -E offset=1048576,root_owner=0:0 -d tree "$1" 60M
}
make_card old.img
debugfs -w -R 'ea_set /a/one user.colour blue' 'old.img?offset=1048576' 2>/dev/null

fail() { echo "$*"; exit 1; }

# What it lists is what lstat() says of the tree.
"$here/manifest.py" old.img >list
python3 - <<'E'
import hashlib, json, os
rows = {r['path']: r for r in map(json.loads, open('list'))}
count = 0
for folder, dirs, files in os.walk('tree'):
    for name in dirs + files:
        path = os.path.join(folder, name)
        row, st = rows[path[4:]], os.lstat(path)
        assert row['uid'] == st.st_uid and row['gid'] == st.st_gid, path
        assert int(row['mode'], 8) == st.st_mode & 0o7777, path
        assert int(row['mtime'].split('.')[0]) == int(st.st_mtime), path
        if os.path.islink(path):
            assert row['target'] == os.readlink(path), path
        elif os.path.isfile(path) and name != 'sparse':
            data = open(path, 'rb').read()
            assert row['sha256'] == hashlib.sha256(data).hexdigest(), path
        count += 1
assert count + 2 == len(rows), (count, len(rows))    # / and lost+found
assert rows['/a/b/two']['same as'] == rows['/a/one']['same as'] == '/a/b/two'
assert rows['/a/one']['xattrs'] == {'user.colour': b'blue'.hex()}
assert sum(b - a for a, b in rows['/sparse']['data']) <= 8192
E

# Each change is seen, and it alone.
change() { # change WHAT EXPECTED-PATH DEBUGFS-COMMAND...
	local what=$1 path=$2 seen
	shift 2
	cp old.img new.img
	printf '%s\n' "$@" | debugfs -w -f - 'new.img?offset=1048576' >/dev/null 2>&1
	if seen=$("$here/manifest.py" --compare old.img new.img 2>/dev/null); then
		fail "$what was not seen"
	fi
	grep -q "^'$path':" <<<"$seen" || fail "$what: expected $path, saw: $seen"
	"$here/manifest.py" --compare old.img new.img '/a*' '/big' '/sparse' '/fifo' 2>/dev/null ||
		fail "$what: a glob does not leave it out"
}
cp old.img new.img
"$here/manifest.py" --compare old.img new.img || fail "the same card differs"
change owner /big 'sif /big uid 7'
change mode /big 'sif /big mode 0100755'
change time /a/one 'sif /a/one mtime 20200101000000'
change attribute /a/one 'ea_set /a/one user.colour red'
change 'gone attribute' /a/one 'ea_rm /a/one user.colour'
change 'gone file' /fifo 'rm /fifo'
change 'broken hard link' /a/b/two 'unlink /a/b/two' 'write tree/a/one /a/b/two'
echo more >>tree/big
change content /big 'rm /big' 'write tree/big /big'
change 'new file' /a/new 'write tree/big /a/new'
change immutable /a/one 'sif /a/one flags 0x80010'
change 'moved hole' /sparse 'rm /sparse' 'write moved /sparse'
change 'filled hole' /sparse 'fallocate /sparse 100 110'

# A card that was not shut down is refused, not read wrongly.
cp old.img dirty.img
debugfs -w -R 'feature needs_recovery' 'dirty.img?offset=1048576' >/dev/null 2>&1
! "$here/manifest.py" dirty.img 2>/dev/null || fail "a dirty card was read"
