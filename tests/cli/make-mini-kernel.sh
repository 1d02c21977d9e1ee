#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Packages of the names and layout of Debian's kernel for ARM, of a few kB:
#
#	make-mini-kernel.sh FOLDER [ARCH [NUMBER]]
#
# linux-image-6.1.0-99-armmp-lpae (or -arm64), its metapackage, and busybox-static.  Nothing
# in them runs; with a NUMBER in place of 99 the kernel begins as a zImage does.
# convert does all with them that it does with the real ones.
set -eu
out=$1
arch=${2:-armhf} flavour=armmp-lpae
[ "$arch" = armhf ] || flavour=$arch
release=6.1.0-${3:-99}-$flavour
work=$(mktemp -d "${TMPDIR:-/tmp}/mini-kernel.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

package() { # NAME VERSION DEPENDS: of what lies in $work/NAME
	mkdir -p "$work/$1/DEBIAN" "$work/$1/usr/share/doc/$1"
	echo "$1" >"$work/$1/usr/share/doc/$1/copyright"
	cat >"$work/$1/DEBIAN/control" <<-END
		Package: $1
		Version: $2
		Architecture: $arch
		Maintainer: Nobody <nobody@example.org>
		Depends: $3
		Description: stand-in for tests
	END
	sed -i '/^Depends: $/d' "$work/$1/DEBIAN/control"
	(cd "$work/$1" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' |
		xargs -0 md5sum) >"$work/$1/DEBIAN/md5sums"
	dpkg-deb --root-owner-group -Zgzip -b "$work/$1" "$out/$1.deb" >/dev/null
}

image=$work/linux-image-$release
modules=$image/lib/modules/$release
mkdir -p "$image/boot" "$modules/kernel/drivers/block" "$work/busybox-static/bin"
echo "not a kernel" >"$image/boot/vmlinuz-$release"
[ -z "${3:-}" ] || # the magic of Documentation/arch/arm/booting, at 0x24
	printf '%036d\30\50\157\1 kernel %s\n' 0 "$3" >"$image/boot/vmlinuz-$release"
echo "CONFIG_RD_GZIP=y" >"$image/boot/config-$release"
echo "not a map" >"$image/boot/System.map-$release"
: >"$modules/modules.order"
for module in virtio_mmio virtio_blk ext4; do
	echo "kernel/drivers/block/$module.ko"
done >"$modules/modules.builtin"
echo "stand-in" >"$modules/kernel/drivers/block/README"
package "linux-image-$release" "6.1.9${3:-99}-1" ''
package "linux-image-$flavour" "6.1.9${3:-99}-1" "linux-image-$release (= 6.1.9${3:-99}-1)"
{
	case $arch in
	arm64) printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0' ;;
	*) printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\50\0\1\0\0\0' ;;
	esac
	head -c 40 /dev/zero
} >"$work/busybox-static/bin/busybox"
chmod 755 "$work/busybox-static/bin/busybox"
package busybox-static 1:1.35.0-4 ''
