#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What is no card, or not a supported one: one plain sentence, the right code.
. "$(dirname "$0")/functions.sh"
requires sfdisk mkfs.vfat mcopy mke2fs

bad() { # CODE FILE TEXT
	expect "$1" "$PIMIGRATE" inspect "$2"
	complains "$3"
}

bad 1 missing.img "No such file or directory"
: >empty.img
bad 3 empty.img "is empty"
echo hello >short.img
bad 3 short.img "only 6 bytes"
truncate -s 8M zeros.img
bad 3 zeros.img "no partition table"
head -c 4M /dev/urandom >noise.img
bad 3 noise.img "it is no image of a memory card"
mkdir folder
bad 3 folder "is a folder"
mkfifo pipe
bad 3 pipe "neither an image file nor a block device"

mini_card bookworm card.img
head -c 14M card.img >cut.img
bad 3 cut.img "is cut off: partition 2 reaches beyond its end"
dd if=card.img of=root.img bs=1M skip=12 status=none
bad 3 root.img "the image of a whole card is needed"
cp card.img damaged.img
dd if=/dev/zero of=damaged.img bs=1k seek=12289 count=1 conv=notrunc status=none
bad 3 damaged.img "no partition of this card holds a Linux system"
bad 3 "$PIMIGRATE" "a program; name the image of a card"
expect 3 "$PIMIGRATE" inspect --root 1 card.img
complains "partition 1 holds no Linux system"

mini_card x86 card.img
bad 3 card.img "no system of a Raspberry Pi: Debian GNU/Linux 12 (bookworm) is built for amd64"
mini_card haos card.img
bad 3 card.img "this is Home Assistant OS"
says 'partition table gpt 48617373-0000-4000-8000-000000000001'
mini_card ubuntu card.img
bad 3 card.img "Ubuntu"

if [ "$(id -u)" != 0 ]; then
	chmod 0 card.img
	bad 1 card.img "you may not read it"
fi

# every mistake on the command line is 2, with what was probably meant
expect 2 "$PIMIGRATE"
expect 2 "$PIMIGRATE" inspekt card.img
complains "did you mean 'inspect'?"
expect 2 "$PIMIGRATE" inspect
complains "inspect wants CARD"
expect 2 "$PIMIGRATE" inspect a b
expect 2 "$PIMIGRATE" inspect --stirct a
complains "did you mean '--strict'?"
expect 2 "$PIMIGRATE" inspect --root 0 a
complains "want ask, first, a number from 1 to 128, or a device"
expect 2 "$PIMIGRATE" inspect --root /dev/mmcblk0 a
expect 0 "$PIMIGRATE" --help
says inspect
expect 0 "$PIMIGRATE" inspect --help
says --strict --json CARD
expect 0 "$PIMIGRATE" --version

PIMIGRATE_PROFILES=$scratch/none expect 1 "$PIMIGRATE" inspect zeros.img
complains "reading the profiles in"
