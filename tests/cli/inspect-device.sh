#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A card in a reader: the whole device, and only while nobody uses it.
. "$(dirname "$0")/functions.sh"
requires sfdisk mkfs.vfat mcopy mke2fs losetup mount
requires_root

loop=
cleanup() {
	umount "$scratch/mnt" 2>/dev/null
	[ -z "$loop" ] || losetup -d "$loop"
}

mini_card bookworm card.img
loop=$(losetup -f --show card.img 2>/dev/null) || skip "no loop devices here"
expect 0 "$PIMIGRATE" inspect "$loop"
says 'Raspbian GNU/Linux 12'
losetup -d "$loop"
loop=

# mounted: a file system on the whole device is the simplest to have
truncate -s 4M ext.img
mke2fs -q -F ext.img
loop=$(losetup -f --show ext.img)
mkdir mnt
mount "$loop" mnt || skip "nothing can be mounted here"
expect 1 "$PIMIGRATE" inspect "$loop"
complains "is in use: unmount it first"
umount mnt
expect 3 "$PIMIGRATE" inspect "$loop"
complains "holds a ext2 file system without a partition table"
