#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest that boots in seconds: Debian's kernel, busybox, the modules for our
# devices, a shell on the console; it obeys the power button.
#
#   make-guest.sh FOLDER		makes vmlinuz and initrd.img there
#
# Exits 77 where there is no mirror of Debian.
set -eo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/lib.sh"
out=$(realpath "$1")
debs=$(cache_dir)/test-debs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

mirror=$(debian_mirror) || { echo "skipped: no mirror of Debian"; exit 77; }
fetch() { # PACKAGE FOLDER
	local deb
	deb=$("$here/../boot/fetch-debian.py" "$mirror" bookworm armhf "$debs" "$1") || die "cannot fetch $1"
	dpkg-deb -x "$deb" "$2"
}
fetch linux-image-armmp-lpae kernel
fetch busybox-static busybox
kernel=$(echo kernel/boot/vmlinuz-*)
version=${kernel#*vmlinuz-}
depmod -b kernel "$version" 2>/dev/null

mkdir -p root/bin root/proc root/sys root/dev root/lib
cp busybox/bin/busybox root/bin/busybox
for module in virtio_mmio virtio_blk virtio_scsi sd_mod virtio_net virtio_rng virtio_balloon virtio_console evdev; do
	/sbin/modprobe -d kernel -S "$version" --show-depends "$module"
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' >order
while read -r path; do
	cp "$path" root/lib/
	echo "${path##*/}" >>root/lib/order
done <order
cat >root/init <<'I'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/ PS1='guest# '
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do
	insmod "/lib/$module" 2>/dev/null
done </lib/order
ip link set eth0 up 2>/dev/null
case $(cat /proc/cmdline) in
*console=hvc0*) # which was not there when this began, and comes by and by
	until (: </dev/hvc0) 2>/dev/null; do sleep 0.1; done
	exec </dev/hvc0 >/dev/hvc0 2>&1
	echo "small login: "
	;;
esac
# The power key comes as one event of 16 bytes.
(dd if=/dev/input/event0 of=/dev/null bs=16 count=1 2>/dev/null && poweroff -f) &
echo "guest ready on $(nproc) cpus"
exec setsid cttyhack sh
I
chmod 755 root/init
"$here/../boot/newc.py" root | gzip -1 >"$out/initrd.img.part"
cp "$kernel" "$out/vmlinuz"
mv "$out/initrd.img.part" "$out/initrd.img"
