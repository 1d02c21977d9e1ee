#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --two-partitions: PINN's second system on a disk of its own, which grows.
. "$(dirname "$0")/convert-functions.sh"
requires_appliance
mini_kernel

"$here/../data/make.py" pinn-two card.img || fail "make.py"
before=$(digest card.img)
expect 0 "$PIMIGRATE" convert --dry-run --root 9 --two-partitions $debs card.img
says 'PARTUUID=5e3da3da-02'
expect 0 "$PIMIGRATE" convert -on two --root 9 --two-partitions $debs card.img
[ "$before" = "$(digest card.img)" ] || fail "the card was changed"
disk=$PIMIGRATE_GUESTS/two/disk.raw
sfdisk -d "$disk" >table
[ "$(grep -c start= table)" = 2 ] || fail "not two partitions"
grep -q 'start= *8192, size= *16384, type=c$' table || fail "the boot partition"
grep -q 'start= *24576, size= *[0-9]\{7\}, type=83$' table || fail "root did not grow"
[ "$(sfdisk --disk-id "$disk")" = 0x5e3da3da ] || fail "the disk id"
grep -q 'cmdline: .*root=PARTUUID=5e3da3da-02' "$PIMIGRATE_GUESTS/two/guest.yaml" || fail "root="
e2fsck -fn "$disk?offset=$ext4_at" >check.log 2>&1 || fail "the file system has errors"
printf 'PARTUUID=5e3da3da-01\t/boot/firmware\tvfat\tdefaults,nofail,x-systemd.before=local-fs.target 0 2\nPARTUUID=5e3da3da-02\t/\text4\tdefaults,noatime 0 1\n' >want
debugfs -R 'cat /etc/fstab' "$disk?offset=$ext4_at" 2>/dev/null | diff want - || fail "fstab"
[ "$(debugfs -R 'cat /etc/hostname' "$disk?offset=$ext4_at" 2>/dev/null)" = other ] || fail "the wrong system"
mtype -i "$disk@@4194304" ::cmdline.txt | grep -q 'PARTUUID=5e3da3da-09' || fail "the wrong boot partition"
# what the guest's own commands make of it
expect 0 "$PIMIGRATE" kernel list two
says '6.1.0-99-armmp-lpae'
