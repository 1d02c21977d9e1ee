#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A card in whatever it comes: compressed, in a qcow2 disk, from a pipe; and
# what only looks like one.  Nothing is left behind, and the source stays.
. "$(dirname "$0")/functions.sh"
requires sfdisk mkfs.vfat mcopy mke2fs xz gzip zstd bzip2 python3

TMPDIR=$scratch/tmp
export TMPDIR
mkdir tmp
mini_card bookworm card.img

same() { # FILE: it is inspected as the raw card is
	before=$(sha256sum <"$1")
	expect 0 "$PIMIGRATE" inspect --json "$1"
	python3 -c 'import json, sys
a, b = (json.load(open(f)) for f in ("raw.json", "out"))
for d in a, b:
    del d["source"]
sys.exit(a != b)' || fail "$1 is not inspected as the raw card is"
	[ "$before" = "$(sha256sum <"$1")" ] || fail "$1 was changed"
	[ -z "$(ls -A tmp)" ] || fail "something is left in the temporary folder"
}

expect 0 "$PIMIGRATE" inspect --json card.img
cp out raw.json
xz -0 -k card.img
gzip -1 -k card.img
zstd -q -1 card.img
bzip2 -1 -k card.img
python3 - <<'END'
import zipfile
with zipfile.ZipFile('card.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('folder/', '')
    z.write('card.img', '../../climbs/../card.img')
with zipfile.ZipFile('two.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('os_list_v3.json', '{}')
    z.write('card.img')
with zipfile.ZipFile('link.zip', 'w') as z:
    link = zipfile.ZipInfo('card.img')
    link.external_attr = 0o120777 << 16
    z.writestr(link, '/etc/passwd')
END
for file in card.img.xz card.img.gz card.img.zst card.img.bz2 card.zip; do
	same "$file"
done
# the content counts, not the name
cp card.img.xz card.txt
same card.txt

# from a pipe, packed or not; from a file in place
for file in card.img card.img.xz card.zip; do
	"$PIMIGRATE" inspect - >out 2>err <"$file" || fail "- from a file: $file"
	says 'Raspbian GNU/Linux 12'
	# shellcheck disable=SC2002
	cat "$file" | "$PIMIGRATE" inspect --json - >out 2>err ||
		fail "- from a pipe: $file"
	grep -q '"path": *"-"' out || fail "the source is not -"
done
: | "$PIMIGRATE" inspect - >out 2>err && fail "an empty pipe is no card"
head -c 14M card.img | "$PIMIGRATE" inspect - >out 2>err
[ $? = 3 ] || fail "a pipe that broke"
complains "is cut off: partition 2 reaches beyond its end"

bad() { # FILE TEXT
	expect 3 "$PIMIGRATE" inspect "$1"
	complains "$2"
	[ -z "$(ls -A tmp)" ] || fail "something is left in the temporary folder"
}

for file in card.img.xz card.img.gz card.img.zst; do
	head -c $(($(stat -c %s "$file") / 2)) "$file" >"cut-${file##*.}"
	bad "cut-${file##*.}" "is it complete?"
done
head -c $(($(stat -c %s card.zip) / 2)) card.zip >cut.zip
bad cut.zip "is it complete?"
bad two.zip "holds several files, not one image of a card"
bad link.zip "is empty"
xz -0 -c card.img.xz >twice.xz
bad twice.xz "compressed twice"
echo hello >text
xz -0 text
bad text.xz "only 6 bytes"
head -c 2100M /dev/zero | zstd -q -1 >bomb.zst
bad bomb.zst "unpacks to more than 2000 times its size"

# no room, or no such folder, is said with what to do
TMPDIR=$scratch/none expect 1 "$PIMIGRATE" inspect card.img.xz
complains "TMPDIR"

if command -v qemu-img >/dev/null && command -v qemu-nbd >/dev/null; then
	qemu-img convert -O qcow2 card.img card.qcow2
	same card.qcow2
	qemu-img convert -c -O qcow2 card.img packed.img
	same packed.img
	qemu-img create -q -f qcow2 -b card.img -F raw over.qcow2
	bad over.qcow2 "needs another file to be complete"
	qemu-img create -q -f qcow2 -o data_file=out.raw,data_file_raw=on \
		ext.qcow2 1M
	bad ext.qcow2 "needs another file to be complete"
	head -c 300000 card.qcow2 >cut.qcow2
	"$PIMIGRATE" inspect cut.qcow2 >out 2>err &&
		fail "a qcow2 disk that is cut off is a card"
	mkdir none
	PATH=$scratch/none expect 3 "$PIMIGRATE" inspect card.qcow2
	complains "apt install qemu-utils"
fi
exit 0
