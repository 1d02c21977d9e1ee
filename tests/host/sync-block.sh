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

# What changes the disk says at once that it cannot; choose only reads it.
sed -i 's,block: true,&\n    pool: lvmpool\n    volume: pi,' "$dir/guest.yaml"
expect 1 "$PIMIGRATE" kernel update pi
complains "a volume of libvirt's pool 'lvmpool': kernel update works on disks in the guest's own folder only"
expect 1 "$PIMIGRATE" kernel choose pi 6.1.0-8-armmp-lpae
complains "has no kernel '6.1.0-8-armmp-lpae' for its machine"
expect 0 "$PIMIGRATE" kernel choose pi 6.1.0-9-armmp-lpae
says "the next start of pi boots 6.1.0-9-armmp-lpae"

# And libvirt's hook, whose child has the open device and no rights.
kernel 10 wait x
package 10 installed
disk "$dir"
dd if="$dir/disk.raw" of="$loop" bs=1M conv=fsync status=none
chmod 755 "$scratch"
sed -i 's,^release:.*,libvirt: qemu:///system,' "$dir/guest.yaml"
echo '<uuid>0110c455-1111-4222-8333-444455556666</uuid>' >xml
"$PIMIGRATE" libvirt-hook pi prepare begin - <xml >out 2>err || fail "the hook"
complains "guest 'pi' starts with its kernel 6.1.0-10-armmp-lpae"
cmp -s "$dir/boot/vmlinuz" "$root/boot/vmlinuz-6.1.0-10-armmp-lpae" || fail "boot/vmlinuz is another"
