# SPDX-License-Identifier: GPL-2.0-or-later
# A guest's disk with kernels on it, as dpkg leaves them; sourced after
# cli/functions.sh.  What comes onto the disk is in $root.

# kernel VERSION KIND TEXT: of guests.py, with what belongs to its package.
kernel() {
	release=6.1.0-$1-armmp-lpae
	modules=$root/lib/modules/$release
	mkdir -p "$root/boot" "$modules/kernel/fs/ext4" "$modules/kernel/lib"
	python3 "$here/guests.py" kernel "$2" "$3" "$root/boot/vmlinuz-$release"
	echo CONFIG_RD_GZIP=y >"$root/boot/config-$release"
	printf 'kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko\nkernel/lib/crc16.ko:\n' >"$modules/modules.dep"
	printf 'kernel/drivers/virtio/virtio_mmio.ko\nkernel/drivers/block/virtio_blk.ko\n' >"$modules/modules.builtin"
	echo "ext4 of $1" >"$modules/kernel/fs/ext4/ext4.ko"
	echo "crc16 of $1" >"$modules/kernel/lib/crc16.ko"
}

package() { # VERSION STATE
	mkdir -p "$root/var/lib/dpkg"
	printf 'Package: linux-image-6.1.0-%s-armmp-lpae\nStatus: install ok %s\nArchitecture: armhf\nVersion: 6.1.1-1\n\n' \
		"$1" "$2" >>"$root/var/lib/dpkg/status"
}

disk() { # FOLDER: its disk.raw, with what is in $root
	mkdir -p "$root/etc"
	touch "$root/etc/os-release" "$root/etc/fstab"
	rm -f new.raw
	truncate -s 24M new.raw
	echo '8192,,83' | sfdisk -q --label dos new.raw
	mke2fs -q -t ext4 -m 0 -F -d "$root" -E offset=$((8192 * 512)) new.raw 20M 2>mke2fs.log ||
		fail "mke2fs: $(cat mke2fs.log)"
	mv new.raw "$1/disk.raw"
}

# initrd FOLDER: one as convert makes it, as far as its busybox goes, and the
# guest.yaml that has it.
initrd() {
	mkdir -p tree/bin
	{
		printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\50\0\1\0\0\0'
		head -c 40 /dev/zero
	} >tree/bin/busybox
	python3 "$here/../boot/newc.py" tree >"$1/boot/initrd.img"
	sed -i 's,^kernel:.*,&\ninitrd: boot/initrd.img\ncmdline: root=/dev/vda1,' "$1/guest.yaml"
}

not_shut_down() { # FOLDER: its disk.raw, as after a power cut
	# In place, because debugfs cannot write behind an offset that it opened.
	dd if="$1/disk.raw" of=part bs=1M skip=4 status=none
	debugfs -w -R 'feature needs_recovery' part >debugfs.log 2>&1 || fail "debugfs"
	dd if=part of="$1/disk.raw" bs=1M seek=4 conv=notrunc status=none
}
