#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests that are off: renamed, cloned, made larger, deleted.
. "$(dirname "$0")/convert-functions.sh"
requires_appliance

mini_kernel
mini_card bullseye card.img
printf '[Match]\nMACAddress=b8:27:eb:12:34:56\n[Network]\nDHCP=yes\n' >lan.network
debugfs -w -f - "card.img?offset=$ext4_at" >debugfs.log 2>&1 <<-END
	mkdir /etc/ssh
	write $here/guests.sh /etc/ssh/ssh_host_ed25519_key
	write $here/guests.sh /etc/ssh/sshd_config
	mkdir /etc/systemd/network
	write lan.network /etc/systemd/network/10-lan.network
END
at() { debugfs -R "$2" "$PIMIGRATE_GUESTS/$1/disk.raw?offset=$ext4_at" 2>/dev/null; }

expect 0 "$PIMIGRATE" convert --memory 256M --forward 8123:80 $debs card.img
says 'The way back is the card'

# kernels
expect 0 "$PIMIGRATE" kernel list minipi
says '6.1.0-99-armmp-lpae' "6.1.21-v7+ the Pi's own; not for this machine"
expect 0 "$PIMIGRATE" kernel list --json minipi
python3 -c 'import json; assert len(json.load(open("out"))) == 2' || fail "kernel list --json"
expect 2 "$PIMIGRATE" kernel eat minipi
complains 'kernel knows list, choose, update and sync'

# rename
expect 1 "$PIMIGRATE" rename nobody other
complains "there is no guest 'nobody'"
expect 1 "$PIMIGRATE" rename minipi 'No Name'
complains "cannot be a guest's name"
mkdir "$PIMIGRATE_GUESTS/taken"
expect 1 "$PIMIGRATE" rename minipi taken
complains 'already'
rmdir "$PIMIGRATE_GUESTS/taken"
python3 - "$PIMIGRATE_GUESTS/.run/minipi" <<-'END' || fail "a running guest's lock"
	import fcntl, os, struct, subprocess, sys
	os.makedirs(sys.argv[1], exist_ok=True)
	fd = os.open(sys.argv[1] + '/lock', os.O_RDWR | os.O_CREAT)
	fcntl.fcntl(fd, 37, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0))   # F_OFD_SETLK
	for args in (['rename', 'minipi', 'x'], ['clone', 'minipi', 'x'], ['resize', 'minipi', '+1G'],
	             ['revert', 'minipi'], ['delete', 'minipi']):
	    run = subprocess.run([os.environ['PIMIGRATE'], *args], capture_output=True, text=True)
	    assert run.returncode == 1 and 'is running; stop it first' in run.stderr, (args, run)
END
expect 0 "$PIMIGRATE" rename minipi first
says 'first now'
expect 0 "$PIMIGRATE" list
says 'first off'
[ "$(ls -A "$PIMIGRATE_GUESTS")" = first ] || fail "rename leaves something"

# clone
# as define does: libvirt wants a fixed port
sed -i 's,host: .*\b0\b.*,host: 2222,' "$PIMIGRATE_GUESTS/first/guest.yaml"
grep -q 2222 "$PIMIGRATE_GUESTS/first/guest.yaml" || fail "guest.yaml"
disk=$(digest "$PIMIGRATE_GUESTS/first/disk.raw")
expect 0 "$PIMIGRATE" clone first second
grep -q 'both have the same fixed address' err || fail "no word of the address"
grep -q 'both want port 8123 of this machine: .* give second another one' err || fail "no word of the port"
! grep -q 'port 2222\|host: .*2222' err "$PIMIGRATE_GUESTS/second/guest.yaml" || fail "the clone has the original's port for ssh"
grep -q "10-lan.network' names the address of the network card" err || fail "no word of the card's address"
[ "$disk" = "$(digest "$PIMIGRATE_GUESTS/first/disk.raw")" ] || fail "clone changes the original"
(cd "$PIMIGRATE_GUESTS" && find first -printf '%m %P\n' | sort -k2) >was
(cd "$PIMIGRATE_GUESTS" && find second -printf '%m %P\n' | sort -k2) >is
diff was is || fail "the clone's folder"
for key in uuid mac; do
	grep "$key:" "$PIMIGRATE_GUESTS"/*/guest.yaml | sed 's/.*: //' | sort -u >values
	[ "$(wc -l <values)" = 2 ] || fail "both have the same $key"
done
grep -q 'memory: .*256M' "$PIMIGRATE_GUESTS/second/guest.yaml" || fail "the clone's machine"
[ "$(at second 'cat /etc/hostname')" = second ] || fail "the clone's host name"
id=$(at second 'cat /etc/machine-id')
[ ${#id} = 32 ] && [ "$id" != "$(at first 'cat /etc/machine-id')" ] || fail "the clone's machine id is '$id'"
at second 'ls /etc/ssh' | grep -q sshd_config || fail "the clone lost sshd_config"
! at second 'ls /etc/ssh' | grep -q ssh_host || fail "the clone has the original's host keys"
at first 'ls /etc/ssh' | grep -q ssh_host || fail "the original lost its host keys"
at second 'cat /etc/systemd/system/pimigrate-host-keys.service' | grep -q 'ssh-keygen -A' || fail "no new host keys"
expect 1 "$PIMIGRATE" clone first second
complains "there is a guest 'second' already"

# resize
expect 2 "$PIMIGRATE" resize first 1M
complains 'it can only grow'
expect 2 "$PIMIGRATE" resize first large
complains 'is no size'
size=$(($(stat -c %s "$PIMIGRATE_GUESTS/first/disk.raw") + (100 << 20)))
expect 0 env LIBGUESTFS_DEBUG=1 INJECT_LOG=log LD_PRELOAD="$INJECT" ASAN_OPTIONS=verify_asan_link_order=0 \
	"$PIMIGRATE" resize first +100M
says 'first has a disk of'
# there is but one: QEMU flushes what the appliance does, and all is on the disk in the end
grep -q 'disk.raw,cache=writeback' err || fail "QEMU does not flush"
[ "$(grep -x 'after guestfs_shutdown\|after fsync disk.raw' log | tail -1)" = 'after fsync disk.raw' ] ||
	fail "the disk is not synced"
[ "$(stat -c %s "$PIMIGRATE_GUESTS/first/disk.raw")" = $size ] || fail "the disk's size"
sfdisk -d "$PIMIGRATE_GUESTS/first/disk.raw" |
	grep -q "start= *24576, size= *$((size / 512 - 24576)), type=83" || fail "the partition"
[ "$(sfdisk --disk-id "$PIMIGRATE_GUESTS/first/disk.raw")" = 0x5e3da3da ] || fail "the disk id"
e2fsck -fn "$PIMIGRATE_GUESTS/first/disk.raw?offset=$ext4_at" >check.log 2>&1 || fail "the file system has errors"

# delete; a script is not asked
expect 0 "$PIMIGRATE" delete first
expect 0 "$PIMIGRATE" remove second
[ -z "$(ls -A "$PIMIGRATE_GUESTS")" ] || fail "delete leaves something"
