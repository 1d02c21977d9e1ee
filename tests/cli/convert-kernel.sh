#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel update and choose: a newer kernel from outside, known to dpkg, for the
# next start, into locked folders too; an older one again; and what is not there is not taken.
. "$(dirname "$0")/convert-functions.sh"
requires_appliance
mini_kernel
mini_card bookworm card.img
expect 0 "$PIMIGRATE" convert -on pi $debs card.img
guest=$PIMIGRATE_GUESTS/pi

# update NUMBER
update() {
	"$here/make-mini-kernel.sh" "$scratch/kernel$1" armhf "$1" || fail "make-mini-kernel.sh"
	more=
	for deb in "$scratch/kernel$1"/*.deb; do
		more="$more --kernel-deb $deb"
	done
	expect 0 "$PIMIGRATE" kernel update $more pi
}
boots() { grep -q "kernel $1" "$guest/boot/vmlinuz" || fail "the next start does not boot $1"; }

update 100
says 'pi has kernel 6.1.0-100-armmp-lpae now'
boots 100
[ -s "$guest/boot/initrd.img" ] && [ -s "$guest/boot/previous/vmlinuz" ] || fail "boot/"
debugfs -R 'cat /var/lib/dpkg/status' "$guest/disk.raw?offset=$ext4_at" 2>/dev/null >status
grep -A3 '^Package: linux-image-6.1.0-100-armmp-lpae$' status | grep -q 'install ok installed' ||
	fail "dpkg does not know it"
grep -A8 '^Package: linux-image-armmp-lpae$' status | grep -q '^Version: 6.1.9100-1$' ||
	fail "dpkg does not know the metapackage's new version"
[ "$(grep -c '^Package: linux-image-armmp-lpae$' status)" = 1 ] || fail "the metapackage stands twice"
e2fsck -fn "$guest/disk.raw?offset=$ext4_at" >check.log 2>&1 || fail "the file system has errors"
before=$(digest "$guest/disk.raw")
expect 0 "$PIMIGRATE" kernel update $more pi
says 'pi has the newest kernel already'
[ "$before" = "$(digest "$guest/disk.raw")" ] || fail "nothing was to be done, and the disk changed"

# somebody locked a folder that the next one comes into: it stays locked
debugfs -w -R 'sif /boot flags 0x80010' "$guest/disk.raw?offset=$ext4_at" >/dev/null 2>&1
update 101
boots 101
debugfs -R 'stat /boot' "$guest/disk.raw?offset=$ext4_at" 2>/dev/null | grep -q 'Flags: 0x80010' ||
	fail "/boot is not locked any more"
expect 0 "$PIMIGRATE" kernel choose pi 6.1.0-100-armmp-lpae
says 'boots 6.1.0-100-armmp-lpae'
boots 100
grep -q "^release: .*6.1.0-100-armmp-lpae" "$guest/guest.yaml" || fail "guest.yaml"
expect 0 "$PIMIGRATE" kernel list pi
says '6.1.0-100-armmp-lpae starts next'
expect 0 "$PIMIGRATE" sync pi
boots 100
expect 0 "$PIMIGRATE" kernel choose pi newest
boots 101
! grep -q '^release:' "$guest/guest.yaml" || fail "the choice stays"

for release in 6.1.0-99-armmp-lpae 6.1.21-v7+ 7.0.0-1-armmp-lpae ../x; do
	expect 1 "$PIMIGRATE" kernel choose pi "$release"
	complains "has no kernel '$release' for its machine"
done
boots 101
expect 2 "$PIMIGRATE" kernel choose pi
expect 2 "$PIMIGRATE" kernel update pi 6.1.0-100-armmp-lpae
