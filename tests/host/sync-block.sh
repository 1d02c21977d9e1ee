#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same where the guest's disk is a block device, as in a pool of volumes.
. "$(dirname "$0")/../cli/functions.sh"
. "$here/disks.sh"
requires sfdisk mke2fs python3 losetup
requires_root

export PIMIGRATE_GUESTS=$scratch/guests
dir=$PIMIGRATE_GUESTS/pi
root=$scratch/root
loop=
cleanup() { [ -z "$loop" ] || losetup -d "$loop"; }

python3 "$here/guests.py" guest off "$dir"
initrd "$dir"
kernel 9 wait x
package 9 installed
disk "$dir"
loop=$(losetup -f --show "$dir/disk.raw" 2>/dev/null) || skip "no loop devices here"
sed -i "s,file: disk.raw,file: $loop\n    block: true," "$dir/guest.yaml"

expect 0 "$PIMIGRATE" sync pi
says "boots a newer kernel" "(6.1.0-9-armmp-lpae)"
cmp -s "$dir/boot/vmlinuz" "$root/boot/vmlinuz-6.1.0-9-armmp-lpae" || fail "boot/vmlinuz is another"
expect 0 "$PIMIGRATE" sync pi
says "boots the newest kernel of its disk"
