#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A Pi that starts from its card and lives on a disk, pulled while it ran: the
# guest gets both, its system is adapted on the disk, and the sources stay.
. "$(dirname "$0")/convert-functions.sh"
requires_appliance
mini_kernel

"$here/../data/make.py" root-on-usb card.img || fail "make.py"
"$here/../data/make.py" usb-disk disk.img || fail "make.py"
debugfs -w -R 'feature needs_recovery' 'disk.img?offset=1048576' >/dev/null 2>&1
before="$(digest card.img) $(digest disk.img)"

expect 0 "$PIMIGRATE" convert -on both --disk disk.img $debs card.img
[ "$before" = "$(digest card.img) $(digest disk.img)" ] || fail "a source was changed"
guest=$PIMIGRATE_GUESTS/both
grep -A2 -e 'file: disk.raw' -e 'file: disk-2.raw' "$guest/guest.yaml" >disks
[ "$(grep -c 'format: raw' disks)" = 2 ] || fail "guest.yaml has not two disks"
grep -q 'cmdline: .*root=PARTUUID=0badcafe-01' "$guest/guest.yaml" || fail "root="
cmp card.img "$guest/disk-2.raw" || fail "the card's copy"
[ "$(sfdisk --disk-id "$guest/disk.raw")" = 0x0badcafe ] || fail "the system's disk"
cat >want <<'END'
PARTUUID=5e3da3da-01	/boot/firmware	vfat	defaults,nofail 0 2
PARTUUID=0badcafe-01 / ext4 defaults,noatime 0 1
PARTUUID=0badcafe-02 /srv ext4 defaults 0 2
UUID=4711-0815	/mnt/old	ext4	defaults,nofail,x-systemd.device-timeout=10 0 2
END
debugfs -R 'cat /etc/fstab' "$guest/disk.raw?offset=1048576" 2>/dev/null | diff want - ||
	fail "fstab"
debugfs -R 'stat /lib/modules/6.1.0-99-armmp-lpae' "$guest/disk.raw?offset=1048576" 2>/dev/null |
	grep -q 'Type: directory' || fail "the kernel's modules are not on the system's disk"
expect 0 "$PIMIGRATE" revert both
says 'undone /etc/fstab (fstab)'
