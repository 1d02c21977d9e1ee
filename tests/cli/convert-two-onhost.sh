#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --two-partitions of a card that was not shut down: the plan that is made from the
# copy, whose partitions have other numbers than its files say, is that of the same
# card in order.  What the appliance would do, the host does (onhost.c).
. "$(dirname "$0")/convert-functions.sh"
for card in noobs-two pinn-two; do
	"$here/../data/make.py" $card $card.img || fail "make.py $card"
done
requires_onhost noobs-two.img
mini_kernel

# of NAME: what the guest has of the card's names
names() {
	disk=$PIMIGRATE_GUESTS/$1/disk.raw
	debugfs -R 'cat /etc/fstab' "$disk?offset=$(starts_at "$disk" 2)" 2>/dev/null
	grep '^cmdline:' "$PIMIGRATE_GUESTS/$1/guest.yaml"
	expect 0 "$PIMIGRATE" changes "$1"
	cut -c 1-60 out
}

for card in noobs-two pinn-two; do
	expect 0 onhost convert -q -on clean-$card --root 9 --two-partitions $debs $card.img
	names clean-$card >want
	grep -q '^PARTUUID=5e3da3da-02	/	' want || fail "fstab of $card: $(cat want)"
	at=$(sectors $card.img 9 start)
	# in place, because debugfs sets no feature of what lies behind an offset
	dd if=$card.img of=part bs=512 skip="$at" count="$(sectors $card.img 9 size)" status=none
	debugfs -w -R 'feature needs_recovery' part >debugfs.log 2>&1 || fail "debugfs"
	dd if=part of=$card.img bs=512 seek="$at" conv=notrunc status=none
	expect 0 onhost convert -on dirty-$card --root 9 --two-partitions --strict $debs $card.img
	grep -q 'replaying the journal' err || fail "it does not say that it replays"
	names dirty-$card >is
	diff want is || fail "$card: the plan is another after the replay"
done
