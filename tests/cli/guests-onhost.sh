#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Disks whose files name partitions of the card: which of several roots a guest's
# own commands take.  And a host that is full.  What the appliance would do, the host
# does (onhost.c).
. "$(dirname "$0")/convert-functions.sh"
for card in noobs-two pinn-two root-on-usb; do
	"$here/../data/make.py" $card $card.img || fail "make.py $card"
done
requires_onhost noobs-two.img
cleanup() { ! mountpoint -q "$scratch/full" || umount "$scratch/full"; }
mini_kernel
"$here/make-mini-kernel.sh" "$scratch/newer" armhf 100 || fail "make-mini-kernel.sh"
newer=
for deb in "$scratch"/newer/*.deb; do
	newer="$newer --kernel-deb $deb"
done

part() { dd if="$1" bs=512 skip="$(sectors "$1" "$2" start)" count="$(sectors "$1" "$2" size)" status=none; }

# takes NAME PARTITION: a newer kernel comes into that root, and can be chosen
takes() {
	disk=$PIMIGRATE_GUESTS/$1/disk.raw
	expect 0 onhost kernel update $newer "$1"
	says "$1 has kernel 6.1.0-100-armmp-lpae now"
	debugfs -R 'cat /boot/vmlinuz-6.1.0-100-armmp-lpae' "$disk?offset=$(starts_at "$disk" "$2")" 2>/dev/null |
		grep -q 'kernel 100' || fail "not in partition $2"
	grep -q 'kernel 100' "$PIMIGRATE_GUESTS/$1/boot/vmlinuz" || fail "the next start does not boot it"
	expect 0 "$PIMIGRATE" kernel choose "$1" 6.1.0-100-armmp-lpae
	expect 0 "$PIMIGRATE" kernel list "$1"
	says '6.1.0-100-armmp-lpae starts next'
	e2fsck -fn "$disk?offset=$(starts_at "$disk" "$2")" >check.log 2>&1 || fail "the file system has errors"
}

# two systems: the second one's
expect 0 onhost convert -q -on nine --root 9 $debs noobs-two.img
other=$(part "$PIMIGRATE_GUESTS/nine/disk.raw" 7 | sha256sum)
takes nine 9
expect 0 onhost resize nine +64M
end=$(($(sectors "$disk" 9 start) + $(sectors "$disk" 9 size)))
[ $((end * 512)) = "$(stat -c %s "$disk")" ] || fail "it did not grow"
[ "$other" = "$(part "$disk" 7 | sha256sum)" ] || fail "the other system was changed"

expect 0 onhost convert -q -on two --root 9 --two-partitions $debs pinn-two.img

# no room on the host: nothing is begun
mkdir full
mount -t tmpfs -o size=200M none full || fail "mount"
cp -a --sparse=always "$PIMIGRATE_GUESTS/two" full/
head -c "$(($(df --output=avail -B1 full | tail -1) - 30000000))" /dev/zero >full/.more || fail "filling full"
made=$PIMIGRATE_GUESTS
PIMIGRATE_GUESTS=$scratch/full
before=$(digest full/two/disk.raw)
for command in "kernel update $newer two" 'resize two +64M' 'revert two'; do
	expect 1 onhost $command
	complains "full/two' has 30 MB free, and the guest needs" 'make room there'
done
[ "$before" = "$(digest full/two/disk.raw)" ] || fail "the disk was changed"
PIMIGRATE_GUESTS=$made

# cmdline.txt names the partition of the card, or another disk
takes two 2
expect 0 onhost convert -q -on usb --root 2 $debs root-on-usb.img
takes usb 2
