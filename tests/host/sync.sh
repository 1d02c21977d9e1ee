#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest's own kernel out of its disk, before each start and at a reboot;
# and back again where a new one does not come up.
. "$(dirname "$0")/../cli/functions.sh"
. "$here/starts.sh"

sync_says() {
	expect 0 "$PIMIGRATE" sync pi
	says "$@"
}

python3 "$here/guests.py" guest off "$dir"
initrd "$dir"

# As convert leaves it: nothing is new, and nothing is touched.
kernel 9 wait 'kernel nine
'
package 9 installed
disk "$dir"
cp "$root/boot/vmlinuz-6.1.0-9-armmp-lpae" "$dir/boot/vmlinuz"
sync_says "boots the newest kernel of its disk"
[ "$(ls "$dir/boot")" = "initrd.img
vmlinuz" ] || fail "boot/ has changed: $(ls "$dir/boot")"

# What is not a kernel for us is passed over: not configured, no zImage, no
# virtio, no package while others have one.
kernel 90 wait x
package 90 half-configured
kernel 91 wait x
package 91 installed
echo "not a kernel" >"$root/boot/vmlinuz-6.1.0-91-armmp-lpae"
kernel 92 wait x
package 92 installed
: >"$root/lib/modules/6.1.0-92-armmp-lpae/modules.builtin"
kernel 93 wait x
disk "$dir"
sync_says "boots the newest kernel of its disk (6.1.0-9-armmp-lpae)"

# A disk that was not shut down is not read.
kernel 10 wait 'kernel ten
'
package 10 installed
disk "$dir"
cp "$dir/disk.raw" clean.raw
not_shut_down "$dir"
sync_says "not shut down"
mv clean.raw "$dir/disk.raw"

# A kernel's name is the guest's, and does not command the terminal.
cp -a "$dir/boot" plain
kernel $'11\e[31m' wait x
package $'11\e[31m' installed
disk "$dir"
"$PIMIGRATE" doctor >out 2>err
says "takes kernel 6.1.0-11?[31m-armmp-lpae"
silent_about $'\e[31m'
sync_says "boots a newer kernel" "(6.1.0-11?[31m-armmp-lpae)"
silent_about $'\e[31m'
rm -r "$dir/boot"
mv plain "$dir/boot"
cp -a "$dir/boot" plain
runs x
! grep -q $'\e' run.log || fail "the name comes out as it is"
grep -q 'starts with its kernel 6.1.0-11?' run.log || fail "nobody says so"
power_cut
rm -r "$dir/boot" "$root"/boot/*$'\e'* "$root"/lib/modules/*$'\e'*
mv plain "$dir/boot"
disk "$dir"

# The newer one: by number, not by letter.  Whoever takes it over, libvirt's
# user reaches it.
umask 077
sync_says "boots a newer kernel" "(6.1.0-10-armmp-lpae)"
umask 022
[ "$(stat -c %a "$dir/boot/a" "$dir/boot/b" | sort -u)" = 755 ] || fail "boot/: $(ls -l "$dir/boot")"
expect 0 "$PIMIGRATE" kernel list pi
says "6.1.0-10-armmp-lpae starts next"
cmp -s "$dir/boot/vmlinuz" "$root/boot/vmlinuz-6.1.0-10-armmp-lpae" || fail "boot/vmlinuz is another"
cmp -s "$dir/boot/previous/vmlinuz" "$root/boot/vmlinuz-6.1.0-9-armmp-lpae" || fail "the previous one is not kept"
zcat "$dir/boot/initrd.img" | grep -qa "ext4 of 10" || fail "the initrd has not its modules"
zcat "$dir/boot/initrd.img" | grep -qa "crc16 of 10" || fail "the initrd has not what they need"
sync_says "boots the newest kernel of its disk"

# It comes up twice to nothing, so the third start takes the previous one, and
# the other is left alone until its package changes.
runs 'kernel ten'
power_cut
runs 'kernel ten'
power_cut
runs 'kernel nine'
grep -q 'did not come up: the previous one is used' run.log || fail "nobody says so"
power_cut
sync_says "has a kernel that did not come up" "6.1.0-10"
expect 0 "$PIMIGRATE" kernel list pi
says "6.1.0-10-armmp-lpae did not come up"
runs 'kernel nine'
power_cut
sleep 1 # another time of the file
kernel 10 wait 'kernel ten of Tuesday
pi login: '
disk "$dir"
runs 'kernel ten of Tuesday'
sees 'login'
power_cut
for _ in 1 2 3; do # it has proved itself
	runs 'kernel ten of Tuesday'
	power_cut
done

# A reboot of the guest takes the new one at once; typing makes it reboot.
kernel 11 type 'kernel eleven
'
package 11 installed
disk "$dir"
runs 'kernel eleven'
kernel 12 off 'kernel twelve
'
package 12 installed
disk "$dir"
printf x | timeout 60 "$PIMIGRATE" console pi >typed.log
wait "$pid"
code=$?
pid=
[ $code = 0 ] || fail "the supervisor ended with $code: $(cat run.log)"
grep -q 'kernel twelve' "$PIMIGRATE_GUESTS/.run/pi/console.log" || fail "the reboot did not take the new kernel"
grep -q 'starts with its kernel 6.1.0-12' run.log || fail "nobody says so"
grep -q 'proven: true' "$dir/boot/current/about.yaml" || fail "a clean power-off proves nothing"

# The kernel is gone, and its modules with it: the older one is what fits.
rm -r "$root"/boot/vmlinuz-6.1.0-1[12]-* "$root"/lib/modules/6.1.0-1[12]-*
disk "$dir"
sync_says "boots a newer kernel" "6.1.0-10"

# Files of the owner's own choice stay.
sed -i 's,^kernel:.*,kernel: /srv/kernel,' "$dir/guest.yaml"
sync_says "owner's choice"
sed -i 's,^kernel:.*,kernel: boot/vmlinuz,' "$dir/guest.yaml"

# A disk of nonsense is a warning, not the end: the last kernel boots.
head -c 1048576 /dev/urandom >"$dir/disk.raw"
expect 1 "$PIMIGRATE" sync pi
runs 'kernel ten of Tuesday'
grep -q 'the last kernel is used' run.log || fail "nobody says so"
power_cut
