# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of convert:  . "$(dirname "$0")/convert-functions.sh"
#
# Guests, cache and temporary files are below $scratch.  Most tests take a card
# of 20 MiB and a kernel of a few kB, so that a conversion takes as long as the
# appliance takes to start.
. "${cli:-$(dirname "$0")}/functions.sh"

export PIMIGRATE_GUESTS="$scratch/guests" PIMIGRATE_CACHE="$scratch/cache"
# The appliance's parts are built once, for all tests.
export LIBGUESTFS_CACHEDIR="${LIBGUESTFS_CACHEDIR:-/var/tmp}" TMPDIR="$scratch"
unset PIMIGRATE_PROFILES SUPERMIN_KERNEL
ext4_at=12582912 # of the root file system in a mini card

requires sfdisk mkfs.vfat mcopy mke2fs debugfs dpkg-deb python3

# The kernel's packages as options, in $debs (no path of ours has a blank); it is
# none that comes up.
mini_kernel() {
	"$here/make-mini-kernel.sh" "$scratch/kernel" || fail "make-mini-kernel.sh"
	debs=--no-verify
	for deb in "$scratch"/kernel/*.deb; do
		debs="$debs --kernel-deb $deb"
	done
}

requires_appliance() {
	requires qemu-system-x86_64 supermin
	for kernel in /boot/vmlinuz-*; do
		[ ! -r "$kernel" ] || return 0
	done
	skip "no kernel in /boot for libguestfs's appliance"
}

requires_loop() {
	requires_root
	requires losetup mount umount
	loop=$(losetup -f --show "$1" 2>/dev/null) || skip "no loop devices here"
	losetup -d "$loop"
	loop=
}

# onhost ARGUMENT...: pimigrate without the appliance; onhost.c does its part.
requires_onhost() {
	requires_loop "$1"
	requires parted sgdisk tar e2fsck resize2fs
	export ASAN_OPTIONS=verify_asan_link_order=0
}
onhost() { LD_PRELOAD=$ONHOST "$PIMIGRATE" "$@"; }

# sectors IMAGE PARTITION start|size; starts_at: the same in bytes
sectors() { sfdisk -d "$1" | sed -n "s/^[^ ]*[a-z]$2 :.*$3= *\([0-9]*\).*/\1/p"; }
starts_at() { echo $(($(sectors "$1" "$2" start) * 512)); }

# mount_root IMAGE OPTIONS: at $scratch/mnt; unmount_root undoes it.
mount_root() {
	mkdir -p "$scratch/mnt"
	loop=$(losetup -o $ext4_at -f --show "$1") || fail "losetup $1"
	mount -o "$2" "$loop" "$scratch/mnt" || fail "mount $1"
}

unmount_root() {
	! mountpoint -q "$scratch/mnt" || umount "$scratch/mnt"
	[ -z "${loop:-}" ] || losetup -d "$loop"
	loop=
}
cleanup() { unmount_root; }

digest() { sha256sum "$1" | cut -d' ' -f1; }

# nothing_left [NAME]: no guest, and of NAME no more than a partial folder.
nothing_left() {
	[ -d "$PIMIGRATE_GUESTS" ] || return 0
	for file in $(ls -A "$PIMIGRATE_GUESTS"); do
		case "$file" in
		".${1:-?}.partial" | ".${1:-?}.lock") ;;
		*) fail "convert left '$file'" ;;
		esac
	done
	[ -z "$(ls -A "$scratch" | grep -i guestfs)" ] ||
		fail "convert left files of libguestfs in TMPDIR"
}
