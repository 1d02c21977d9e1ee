#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A card that was pulled from a running Pi: what had been fsynced is there after
# the conversion, although it stood in the journal alone.
. "$(dirname "$0")/convert-functions.sh"
requires_appliance
requires dumpe2fs

mini_kernel
mini_card bookworm card.img
requires_loop card.img

mount_root card.img rw,commit=300
python3 - mnt card.img dirty.img <<-'END' || fail "making a dirty card"
	import os, shutil, sys
	def put(path, text):
	    with open(path, 'w') as f:
	        f.write(text)
	        f.flush()
	        os.fsync(f.fileno())
	root = sys.argv[1]
	os.mkdir(f'{root}/data')
	for n in range(3):
	    put(f'{root}/data/{n}', f'content {n}\n' * 1000)
	put(f'{root}/etc/fstab', 'PARTUUID=5e3da3da-01 /boot/firmware vfat defaults 0 2\n'
	    'PARTUUID=5e3da3da-02 / ext4 defaults 0 1\nLABEL=stick /stick ext4 rw 0 2\n')
	shutil.copyfile(sys.argv[2], sys.argv[3])
END
unmount_root

# the test is one only if a careless reader would lose it
dumpe2fs -h "dirty.img?offset=$ext4_at" 2>/dev/null | grep -q needs_recovery ||
	fail "the card is clean"
debugfs -R 'stat /data/2' "dirty.img?offset=$ext4_at" 2>&1 | grep -q 'not found' ||
	fail "the files are there without the journal"

before=$(digest dirty.img)
expect 0 "$PIMIGRATE" convert --dry-run $debs dirty.img
says 'the card was not shut down' 'is planned again from that'
silent_about LABEL=stick
expect 0 "$PIMIGRATE" convert $debs dirty.img
grep -q 'replaying the journal' err || fail "it does not say that it replays"
[ "$before" = "$(digest dirty.img)" ] || fail "the card was changed"
disk=$PIMIGRATE_GUESTS/minipi/disk.raw
e2fsck -fn "$disk?offset=$ext4_at" >check.log 2>&1 || fail "the file system has errors"
[ "$(sfdisk --disk-id "$disk")" = 0x5e3da3da ] || fail "the disk id is another"

mount_root "$disk" ro
for n in 0 1 2; do
	yes "content $n" | head -1000 | cmp - "mnt/data/$n" || fail "file $n is lost"
done
# planned from what the journal brought
grep -q 'LABEL=stick	/stick	ext4	rw,nofail,' mnt/etc/fstab ||
	fail "the plan is of the card before its replay"
unmount_root

# room was made for all cases; what was not needed is cut off
expect 0 "$PIMIGRATE" changes --json minipi
python3 - out "$disk" <<-'END' || fail "the disk's size"
	import json, os, sys
	size, = [row['size'] for row in json.load(open(sys.argv[1]))['changes']
	         if row['kind'] == 'grow']
	assert os.stat(sys.argv[2]).st_size == size, (os.stat(sys.argv[2]), size)
END
