#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Cards that were not shut down: what is planned from the copy after the replay is
# what is planned for the same card in order.  With --two-partitions the copy's
# partitions have other numbers than its files say; with --root the system is not
# the one that cmdline.txt names.  What the appliance would do, the host does
# (onhost.c).
. "$(dirname "$0")/convert-functions.sh"
for card in noobs-two pinn-two root-on-usb usb-disk; do
	"$here/../data/make.py" $card $card.img || fail "make.py $card"
done
requires_onhost noobs-two.img
mini_kernel

# of NAME, whose root is PARTITION: all that became of the card's names
names() {
	debugfs -R 'cat /etc/fstab' "$PIMIGRATE_GUESTS/$1/disk.raw?offset=$(starts_at "$PIMIGRATE_GUESTS/$1/disk.raw" "$2")" 2>/dev/null
	grep '^cmdline:' "$PIMIGRATE_GUESTS/$1/guest.yaml"
	expect 0 "$PIMIGRATE" changes "$1"
	grep -v '/guests/\|changes were made' out
}

# replays ROOT PARTITION CARD OPTION...: ROOT of the card is PARTITION of the guest
replays() {
	root=$1 partition=$2 card=$3
	shift 3
	expect 0 onhost convert -on "clean-$card" --root "$root" "$@" $debs "$card.img"
	grep '^warning:' err >said
	names "clean-$card" "$partition" >want
	grep -q "^PARTUUID=5e3da3da-0$partition[[:space:]]*/[[:space:]]" want || fail "fstab of $card: $(cat want)"
	# in place, because debugfs sets no feature of what lies behind an offset
	dd if="$card.img" of=part bs=512 skip="$(sectors "$card.img" "$root" start)" \
		count="$(sectors "$card.img" "$root" size)" status=none
	debugfs -w -R 'feature needs_recovery' part >debugfs.log 2>&1 || fail "debugfs"
	dd if=part of="$card.img" bs=512 seek="$(sectors "$card.img" "$root" start)" conv=notrunc status=none
	expect 0 onhost convert -on "dirty-$card" --root "$root" "$@" $debs "$card.img"
	grep -q 'replaying the journal' err || fail "it does not say that it replays"
	grep '^warning:' err | diff said - || fail "$card: of the copy something else is said"
	names "dirty-$card" "$partition" >is
	diff want is || fail "$card: the plan is another after the replay"
}

replays 9 2 noobs-two --two-partitions
replays 9 2 pinn-two --two-partitions
replays 2 2 root-on-usb --disk usb-disk.img
