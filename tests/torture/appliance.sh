#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libguestfs's appliance as it is built here, with what hundreds of launches
# under emulation can do without: a kernel that is unpacked already, and an init
# that looks for no RAIDs and volumes and starts no udevd.  The kernel, the daemon
# and the file system's programs are the same.
#
#	appliance.sh FOLDER	then LIBGUESTFS_PATH=FOLDER
set -euo pipefail
out=$1
parts=$(echo /usr/lib/*/guestfs/supermin.d)
[ -d "$parts" ] || parts=/usr/lib/guestfs/supermin.d
mkdir -p "$out"
supermin --build --copy-kernel -f ext2 --host-cpu "$(uname -m)" "$parts" -o "$out"

python3 - "$out/kernel" <<'P'
import lzma
import sys
packed = open(sys.argv[1], 'rb').read()
at = packed.find(b'\xfd7zXZ\0')
if at > 0:
    kernel = lzma.LZMADecompressor().decompress(packed[at:])
    if kernel.startswith(b'\x7fELF'):
        open(sys.argv[1], 'wb').write(kernel)
P

cat >"$out/init" <<'I'
#!/bin/bash
PATH=/sbin:/usr/sbin:/bin:/usr/bin
export PATH
mkdir -p /proc /sys /sysroot /run
mount -t proc /proc /proc
mount -t sysfs /sys /sys
mount -t devtmpfs /dev /dev
mount -t tmpfs tmpfs /run
ln -s /proc/self/fd /dev/fd
mkdir -p /dev/virtio-ports /dev/disk/by-path
for port in /sys/class/virtio-ports/*; do
	ln -s "../${port##*/}" "/dev/virtio-ports/$(<"$port/name")"
done
# guestfsd learns from these which disk is the first.
for disk in /sys/block/sd*; do
	place=$(readlink "$disk/device")
	ln -s "../../${disk##*/}" "/dev/disk/by-path/scsi-${place##*/}"
done
[ -e /etc/mtab ] || ln -s /proc/mounts /etc/mtab
guestfsd
sync
reboot -f
I
debugfs -w "$out/root" >/dev/null 2>&1 <<D
rm /init
write $out/init /init
sif /init mode 0100755
D
rm "$out/init"
echo 'see tests/torture/appliance.sh' >"$out/README.fixed"
