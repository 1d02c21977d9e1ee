#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A 64-bit card with a full userland: converted with Debian's linux-image-arm64,
# and booted by qemu-system-aarch64 until its login prompt or ssh's banner.
#
#	arm64.sh [SUITE]
#
# Needs root, a mirror, and an hour on a slow machine.  The card is made as
# tools/make-card.sh makes its own: installed natively, then exchanged.
. "$(dirname "$0")/../cli/functions.sh"
suite=${1:-bookworm}
tools=$here/../../tools
requires_root
requires debootstrap qemu-aarch64 qemu-system-aarch64 sfdisk mkfs.vfat mcopy mke2fs
export PIMIGRATE_GUESTS="$scratch/guests" TMPDIR="$scratch"
. "$tools/lib.sh"
mirror=$(debian_mirror)
native=$(dpkg --print-architecture)
packages=systemd,systemd-sysv,dbus,udev,openssh-server,iproute2,ifupdown,isc-dhcp-client,initramfs-tools,kmod,e2fsprogs
root=$scratch/root

debootstrap --download-only --arch=arm64 --variant=minbase --include=$packages \
	"$suite" "$scratch/arm64" "$mirror" >log 2>&1 || fail "fetching: $(tail -3 log)"
debootstrap --variant=minbase --include=$packages "$suite" "$root" "$mirror" >log 2>&1 ||
	fail "installing: $(tail -3 log)"
rm -f "$root"/var/cache/apt/archives/*.deb
"$tools/card/exchange.py" "$root" "$scratch/arm64/var/cache/apt/archives" "$native" arm64 ||
	fail "exchange.py"
qemu-aarch64 "$root/sbin/ldconfig" -r "$root" || fail "ldconfig"

echo pi64 >"$root/etc/hostname"
echo 'Raspberry Pi reference 2023-10-10' >"$root/etc/rpi-issue"
printf 'PARTUUID=5e3da3da-01 /boot/firmware vfat defaults 0 2\nPARTUUID=5e3da3da-02 / ext4 defaults,noatime 0 1\n' >"$root/etc/fstab"
printf 'auto eth0\niface eth0 inet dhcp\n' >"$root/etc/network/interfaces.d/eth0"
od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$root/etc/machine-id"
mkdir -p "$root/boot/firmware" "$root/lib/modules/6.6.31+rpt-rpi-v8"
truncate -s 2560M card.img
printf 'label: dos\nlabel-id: 0x5e3da3da\nstart=8192, size=131072, type=c\nstart=139264, type=83\n' |
	sfdisk -q card.img
mkfs.vfat -F 32 -s 1 -n bootfs --offset 8192 card.img 65536 >/dev/null
echo 'console=serial0,115200 console=tty1 root=PARTUUID=5e3da3da-02 rootfstype=ext4 rootwait' >cmdline.txt
echo 'arm_64bit=1' >config.txt
mcopy -i card.img@@4194304 cmdline.txt config.txt :: || fail "mcopy"
mke2fs -q -F -t ext4 -L rootfs -O '^metadata_csum_seed,^orphan_file' -d "$root" \
	-E offset=71303168 card.img $(((2560 << 10) - 69632))k 2>log || fail "mke2fs: $(cat log)"
rm -rf --one-file-system "$root" "$scratch/arm64"

expect 0 "$PIMIGRATE" convert -on pi64 --no-verify card.img
grep -q '^arch: arm64' "$PIMIGRATE_GUESTS/pi64/guest.yaml" || fail "guest.yaml says no arm64"
cat err
expect 0 "$PIMIGRATE" verify --timeout 3600 pi64
cat out
