#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The first program of a guest: finds the root file system by the name on the
# kernel's command line, mounts it and hands over to the init that is on it.
#
# Honoured words: root= (PARTUUID=, UUID=, LABEL=, /dev/...), rootfstype=,
# rootflags=, ro, rw, init=, rootdelay=, and break (a shell before root is
# looked for) or break=init (a shell before the hand-over).
#
# Root is mounted read-only unless rw is given: checking and repairing it is
# the work of the guest's own systemd-fsck.
#
# Programs started are few: each costs time on an emulated processor.

export PATH=/bin
set -f # words of the command line are no patterns
umask 022

wait=30 # seconds that a disk may take to appear

setup() {
	mount -t proc -o nosuid,noexec,nodev proc /proc
	mount -t sysfs -o nosuid,noexec,nodev sysfs /sys
	mount -t devtmpfs -o nosuid,mode=0755 devtmpfs /dev
}

read_cmdline() {
	root= fstype= flags= access=ro init= stop= delay=0
	read -r cmdline < /proc/cmdline
	for word in $cmdline; do
		case $word in
		root=*) root=${word#root=} ;;
		rootfstype=*) fstype=${word#rootfstype=} ;;
		rootflags=*) flags=${word#rootflags=} ;;
		rootdelay=*) delay=${word#rootdelay=} ;;
		init=*) init=${word#init=} ;;
		ro | rw) access=$word ;;
		break) stop=root ;;
		break=*) stop=${word#break=} ;;
		esac
	done
	case $delay in
	'' | *[!0-9]*) delay=0 ;;
	esac
	[ "$delay" -gt "$wait" ] && wait=$delay
	root=${root#\"} root=${root%\"}
}

# A module that this processor has no use for fails; so be it.
load_modules() {
	while read -r module; do
		insmod "/lib/modules/$module.ko" 2>/dev/null
	done < /etc/modules
}

lower() {
	echo "$1" | tr A-F a-f
}

# Bytes of a disk as hexadecimal digits: disk offset count [od type].
bytes() {
	set -- $(od -An -v -t "${4:-x1}" -j "$2" -N "$3" "/dev/$1" 2>/dev/null)
	IFS= && echo "$*"
	IFS=' 	
'
}

# The PARTUUID of partition $2 of disk $1, as the firmware and udev write it:
# of the MBR its identification at byte 440 and the number; of a GPT the 16
# bytes of its entry, of which the first three groups are little-endian.
partuuid() {
	if [ "$(bytes "$1" 512 8)" = 4546492050415254 ]; then
		at=$((1024 + ($2 - 1) * 128 + 16))
		id=$(bytes "$1" $at 4 x4)-$(bytes "$1" $((at + 4)) 2 x2)
		id=$id-$(bytes "$1" $((at + 6)) 2 x2)
		echo "$id-$(bytes "$1" $((at + 8)) 2)-$(bytes "$1" $((at + 10)) 6)"
	else
		printf '%s-%02x\n' "$(bytes "$1" 440 4 x4)" "$2"
	fi
}

# Calls $1 with disk, number and name of each partition, until it succeeds.
each_partition() {
	set +f
	for file in /sys/block/*/*/partition; do
		[ -e "$file" ] || continue
		read -r number < "$file"
		name=${file%/partition} name=${name##*/}
		disk=${file#/sys/block/} disk=${disk%%/*}
		"$1" "$disk" "$number" "$name" && break
	done
	set -f
}

is_wanted() {
	[ "$(partuuid "$1" "$2")" = "$wanted" ] && device=/dev/$3
}

# Sets device to what the name stands for; fails if there is no such thing.
find_device() {
	device=
	case $1 in
	PARTUUID=*)
		wanted=$(lower "${1#PARTUUID=}")
		each_partition is_wanted
		;;
	UUID=* | LABEL=*)
		device=$(findfs "$1" 2>/dev/null)
		;;
	/dev/disk/by-uuid/*) find_device "UUID=${1##*/}" ;;
	/dev/disk/by-label/*) find_device "LABEL=${1##*/}" ;;
	/dev/disk/by-partuuid/*) find_device "PARTUUID=${1##*/}" ;;
	/dev/*)
		[ -b "$1" ] && device=$1
		;;
	esac
	[ -n "$device" ]
}

# Seconds since the start.
now() {
	read -r up rest < /proc/uptime
	up=${up%%.*}
}

# Disks appear a moment after their driver is loaded.
wait_for() {
	now
	end=$((up + wait))
	until find_device "$1"; do
		now
		[ "$up" -lt $end ] || return 1
		sleep 0.2
	done
}

show_partition() {
	echo "    /dev/$3  PARTUUID=$(partuuid "$1" "$2")" >&2
	return 1
}

# What a person needs to see what is wrong.
complain() {
	cat >&2 <<-END

	pimigrate: the guest cannot start: $1.

	  The kernel's command line is:
	    $cmdline
	  These block devices exist (name, size in KiB):
	END
	while read -r major minor size name; do
		case $minor in
		[0-9]*) echo "    /dev/$name  $size" >&2 ;;
		esac
	done < /proc/partitions
	echo "  with these partitions:" >&2
	each_partition show_partition
	cat >&2 <<-END

	  Here is a shell. "exit" tries again, "poweroff -f" gives up.

	END
}

shell() {
	busybox --install -s /bin
	setsid cttyhack sh
}

# One attempt at it; says in $why what went wrong.
mount_root() {
	if [ -z "$root" ]; then
		why="the command line has no root="
		return 1
	fi
	if ! wait_for "$root"; then
		why="root=$root was not found within $wait seconds"
		return 1
	fi
	if ! mount ${fstype:+-t "$fstype"} -o "$access${flags:+,$flags}" \
		"$device" /root; then
		why="$device (root=$root) could not be mounted"
		return 1
	fi
}

# systemd wants /usr before it starts.
mount_usr() {
	[ -e /root/etc/fstab ] || return 0
	while read -r spec dir type options rest; do
		case $spec in
		\#*) continue ;;
		esac
		[ "$dir" = /usr ] || continue
		if ! wait_for "$spec"; then
			why="/usr ($spec in /etc/fstab) was not found"
			return 1
		fi
		if ! mount -t "$type" -o ro "$device" /root/usr; then
			why="/usr ($device) could not be mounted"
			return 1
		fi
	done < /root/etc/fstab
}

# Links are not followed: an absolute one means another place from here.
exists() {
	[ -e "/root$1" ] || [ -L "/root$1" ]
}

find_init() {
	for file in $init /sbin/init /usr/lib/systemd/systemd \
		/lib/systemd/systemd /bin/sh; do
		if exists "$file"; then
			[ -z "$init" ] || [ "$file" = "$init" ] ||
				echo "pimigrate: no $init, starting $file" >&2
			init=$file
			return 0
		fi
	done
	why="there is no init on $device (root=$root)"
	return 1
}

leave_root() {
	umount /root/usr 2>/dev/null
	umount /root 2>/dev/null
}

setup
read_cmdline
load_modules

if [ "$stop" = root ]; then
	echo "pimigrate: break: \"exit\" goes on" >&2
	shell
fi
until mount_root && mount_usr && find_init; do
	leave_root
	complain "$why"
	shell
	wait=5
done
if [ "$stop" = init ]; then
	echo "pimigrate: root is on /root; \"exit\" goes on" >&2
	shell
fi

for dir in dev proc sys; do
	mount --move /$dir /root/$dir
done
exec switch_root /root "$init" "$@"
