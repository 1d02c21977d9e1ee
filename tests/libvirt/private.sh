#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run a command with a libvirt of its own, which nobody else sees: own /run,
# /etc/libvirt, /var/lib/libvirt, network (with a bridge br0) and processes, all
# gone at the end.
#
#   private.sh COMMAND...
#
# LIBVIRT_TEST tells the command of a folder on tmpfs that libvirt's user can
# reach.
set -eo pipefail
if [ "${1:-}" != --inside ]; then
	exec unshare --mount --net --pid --fork --kill-child --mount-proc -- "$0" --inside "$@"
fi
shift
fresh() { # FOLDER...
	local folder
	for folder; do
		mkdir -p "$folder"
		mount -t tmpfs -o mode=755 tmpfs "$folder"
	done
}
mount --make-rprivate /
ip link set lo up
ip link add br0 type bridge
ip link set br0 up

# /sys shows the network of who mounted it.
cgroups=$(mktemp -d)
mount --rbind /sys/fs/cgroup "$cgroups"
mount -t sysfs sysfs /sys
mount --rbind "$cgroups" /sys/fs/cgroup

cp -a /etc/libvirt "$cgroups.etc"
fresh /run /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt
cp -a "$cgroups.etc/." /etc/libvirt/
rm -rf "$cgroups.etc" /etc/libvirt/qemu/networks/autostart
mkdir -p /run/lock /run/pimigrate-test /var/log/libvirt/qemu
export LIBVIRT_TEST=/run/pimigrate-test
"$@"
