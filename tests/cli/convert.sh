#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A whole conversion: the source is as it was, everything on the card is kept,
# what was changed is what was announced, and it can be undone.
. "$(dirname "$0")/convert-functions.sh"
requires_appliance
requires setfattr setcap

mini_kernel
mini_card bullseye card.img
requires_loop card.img

# what must survive; and an old kernel's link, which gives way
mount_root card.img rw
(
	cd mnt && mkdir -p home/pi var/lib/x && umask 027
	echo secret >home/pi/notes && chown 1000:1000 home/pi/notes
	ln home/pi/notes home/pi/again
	echo '#!/bin/sh' >home/pi/tool && chmod 4711 home/pi/tool
	setfattr -n user.note -v "from the Pi" home/pi/tool
	cp /bin/true usr/lib/ping && setcap cap_net_raw+ep usr/lib/ping
	truncate -s 1M var/lib/x/sparse && echo x >>var/lib/x/sparse
	ln -s /nowhere var/lib/x/link && mkfifo var/lib/x/pipe
	mknod var/lib/x/null c 1 3
	chown -h 7:8 var/lib/x/link
	ln -s boot/vmlinuz-old vmlinuz
	echo /dev/sda1 /data ext4 defaults 0 2 >>etc/fstab
	setfattr -n user.tag -v fstab etc/fstab
	ln etc/fstab etc/fstab.same
	unit=etc/systemd/system/rpi-eeprom-update.service # a row puts a link there
	echo '[Service]' >$unit && setcap cap_net_raw+ep $unit
	setfattr -n user.tag -v 0x6100620a00 $unit
	touch -h -d '2001-02-03 04:05:06.789' var/lib/x/* etc/fstab home/pi
) || fail "filling the card"
unmount_root
before=$(digest card.img)

expect 0 "$PIMIGRATE" convert --dry-run --json -on whole $debs card.img
cp out plan.json
umask 077
expect 0 "$PIMIGRATE" convert -on whole --hash --cpus 1 --memory 256M \
	--engine qemu --mac b8:27:eb:0a:0b:0c --forward 8123:8123 $debs card.img
umask 022
says 'guest whole is ready'
silent_about 'conversion'
[ "$before" = "$(digest card.img)" ] || fail "the card was changed"
guest=$PIMIGRATE_GUESTS/whole

# the folder
(cd "$PIMIGRATE_GUESTS" && find . -printf '%m %P\n' | sort -k2) >modes
diff - modes <<-'END' || fail "the guest's folder"
	711 
	711 whole
	755 whole/boot
	644 whole/boot/initrd.img
	644 whole/boot/vmlinuz
	644 whole/changes.yaml
	600 whole/disk.raw
	644 whole/guest.yaml
	644 whole/report.json
	644 whole/report.txt
	700 whole/undo
	600 whole/undo/001
	600 whole/undo/006
	600 whole/undo/006.left
	600 whole/undo/007
	600 whole/undo/008
	600 whole/undo/012
END
cmp "$guest/boot/vmlinuz" - <<-END || fail "the kernel"
	not a kernel
END
tr -d "'\"" <"$guest/guest.yaml" >flat
for line in 'cpus: 1' 'memory: 256M' 'engine: qemu' 'mac: b8:27:eb:0a:0b:0c' \
	'net: 192.168.1.77/24' 'gateway: 192.168.1.1' 'host: 8123' \
	"sha256: $before" "path: $scratch/card.img" \
	'cmdline: root=PARTUUID=5e3da3da-02 rootfstype=ext4'; do
	grep -qF "$line" flat || fail "guest.yaml does not have '$line'"
done
expect 0 "$PIMIGRATE" list
says 'whole off'
grep -q 'Raspbian GNU/Linux 11' "$guest/report.txt" || fail "the report"

# the disk: the same ids, root grown to the end, and in order
[ "$(sfdisk --disk-id "$guest/disk.raw")" = 0x5e3da3da ] || fail "the disk id is another"
sfdisk -d "$guest/disk.raw" | grep -q 'start= *24576, size= *[0-9]\{7\}, type=83' ||
	fail "the partition did not grow"
e2fsck -fn "$guest/disk.raw?offset=$ext4_at" >check.log 2>&1 || {
	cat check.log
	fail "the file system has errors"
}
dumpe2fs -h "$guest/disk.raw?offset=$ext4_at" 2>/dev/null >super
free=$(awk '/^Free blocks:/ {f = $3} /^Block size:/ {s = $3} END {print f * s}' super)
[ "$free" -ge 1073741824 ] || fail "no GiB is free, but $free bytes"

# what was announced is what was done
expect 0 "$PIMIGRATE" changes whole
says 'changes were made to whole' 'write /etc/fstab' "before: $guest/undo/001" \
	'symlink /boot/config.txt -> firmware/config.txt'
expect 0 "$PIMIGRATE" changes --json whole
cp out changes.json
python3 - plan.json changes.json <<-'END' || fail "the plan and the journal differ"
	import json, sys
	def rows(path):
	    return [[row.get(key) for key in ('id', 'kind', 'path', 'reason')]
	            for row in json.load(open(path))['changes']]
	plan, done = (rows(path) for path in sys.argv[1:])
	assert len(plan) > 8 and plan == done, (plan, done)
END

# everything else is as it was
"$here/manifest.py" --compare card.img "$guest/disk.raw" >differences 2>err
grep -v "'/etc/fstab.same'" differences >more # a hard link
"$here/journal_rows.py" changes.json "$guest/undo" more ||
	fail "more was changed than the journal says"

# in the guest
mount_root "$guest/disk.raw" ro
[ "$(readlink mnt/vmlinuz)" = boot/vmlinuz-6.1.0-99-armmp-lpae ] || fail "/vmlinuz"
[ -L mnt/lib ] && [ -d mnt/lib/modules/6.1.0-99-armmp-lpae ] || fail "/lib is no link any more"
grep -q '^/dev/sda1	/data	ext4	defaults,nofail,x-systemd.device-timeout=10 0 2$' mnt/etc/fstab ||
	fail "the lost disk's line"
dpkg-query --admindir=mnt/var/lib/dpkg -f '${Status}\n' -W linux-image-6.1.0-99-armmp-lpae >out 2>err
says 'install ok installed'
dpkg --root="$scratch/mnt" -V linux-image-6.1.0-99-armmp-lpae linux-image-armmp-lpae >out 2>err ||
	fail "dpkg -V"
[ ! -s out ] || fail "dpkg -V is not silent"
unmount_root

# and back
cp --sparse=always "$guest/disk.raw" undone.img
mount_root undone.img rw
"$here/revert.py" changes.json "$guest/undo" mnt || fail "revert.py"
unmount_root
"$here/manifest.py" --compare card.img undone.img >differences 2>err || {
	cat differences
	fail "what was undone is not as it was"
}

# pimigrate's own way back; what was changed since is shown and left alone
mount_root "$guest/disk.raw" rw
cp -p mnt/etc/fstab fstab.left
printf '/dev/\033sdz1 /new ext4 defaults 0 2\n' >>mnt/etc/fstab
unmount_root
before_try=$(digest "$guest/disk.raw")
expect 1 "$PIMIGRATE" revert --dry-run whole fstab
says 'not undone /etc/fstab (fstab): it was changed since' '-/dev/?sdz1 /new' 'nothing was done'
complains '1 change is not undone'
[ "$before_try" = "$(digest "$guest/disk.raw")" ] || fail "--dry-run writes to the disk"
expect 1 "$PIMIGRATE" revert whole no-such-row
complains "there is no change 'no-such-row'"
expect 1 "$PIMIGRATE" revert whole
complains '1 change is not undone'
says 'undone / (kernel)' 'stays / (grow)'
expect 0 "$PIMIGRATE" changes whole
says 'undone since'
mount_root "$guest/disk.raw" rw
grep -q sdz1 mnt/etc/fstab || fail "revert overwrote what was changed since"
cat fstab.left >mnt/etc/fstab
unmount_root
expect 0 "$PIMIGRATE" revert whole
says 'undone /etc/fstab (fstab)'
silent_about 'kernel'
"$here/manifest.py" --compare card.img "$guest/disk.raw" >differences 2>err || {
	cat differences
	fail "after revert it is not as it was"
}
