# SPDX-License-Identifier: GPL-2.0-or-later
# A systemd of its own as PID 1: a container over this machine's own files
# (an overlay, so that nothing of it changes), with a network of its own.
# Sourced after cli/functions.sh.
#
#	container_make
#	... change files below $box ...
#	container_do COMMAND...	without systemd
#	container_run SCRIPT SECONDS	as root, while it boots

container_mounted=
container_group=
container_cleanup() {
	[ -z "$container_group" ] || find "$container_group" -depth -type d -exec rmdir {} + 2>/dev/null
	[ -z "$container_mounted" ] || umount -l "$box"
	[ ! -d "$scratch/ov" ] || umount -l "$scratch/ov" 2>/dev/null
}

container_make() {
	requires_root
	requires systemd-nspawn systemctl
	[ -c /dev/net/tun ] || skip "no /dev/net/tun here"
	box=$scratch/box
	mkdir ov "$box"
	mount -t tmpfs pimigrate-test ov 2>/dev/null || skip "cannot mount a tmpfs here"
	mkdir ov/up ov/work
	mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/ov/up,workdir=$scratch/ov/work" "$box" \
		2>mount.log || skip "cannot mount an overlay of / here: $(cat mount.log)"
	container_mounted=yes
	rm -rf "$box"/etc/systemd/system/*.wants/* "$box"/etc/network/interfaces "$box"/var/log/journal
	mkdir -p "$box/var/log/journal" "$box/var/lib/pimigrate/guests" "$box/tested"
	: >"$box/etc/fstab"
	systemd-id128 new >"$box/etc/machine-id"
	for unit in lvm2-monitor.service systemd-udevd.service systemd-udev-trigger.service systemd-timesyncd.service \
		systemd-logind.service getty@tty1.service console-getty.service blk-availability.service \
		NetworkManager.service NetworkManager-wait-online.service libvirtd.service virtlogd.service \
		libvirt-guests.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer \
		networking.service ifupdown-pre.service e2scrub_reap.service systemd-networkd-wait-online.service; do
		ln -sf /dev/null "$box/etc/systemd/system/$unit"
	done
	systemctl -q --root="$box" set-default multi-user.target
}

# Each of the three that may be in charge of eth0 can be.
container_managers() {
	rm -f "$box/etc/systemd/system/NetworkManager.service"
	mkdir -p "$box/etc/network/interfaces.d" "$box/etc/NetworkManager/conf.d"
	printf '[main]\nauth-polkit=false\n[device]\nmatch-device=interface-name:eth0,br0\nmanaged=1\n' \
		>"$box/etc/NetworkManager/conf.d/test.conf"
	printf '[keyfile]\nunmanaged-devices=interface-name:lan*\n' >"$box/etc/NetworkManager/conf.d/lan.conf"
	rm -f "$box"/usr/lib/NetworkManager/conf.d/* "$box"/usr/lib/systemd/network/*.network
	# ifupdown's plugin and defaults for veth would leave eth0 alone.
	mkdir -p "$box/etc/udev/rules.d"
}

# systemd-nspawn with these words; the program under test is bound into the
# container where it lies.  It gets a control group of its own, else two
# containers at a time would share those of their units.
container_nspawn() { # SECONDS WORDS...
	local limit=$1 top=/sys/fs/cgroup
	shift
	[ ! -d $top/unified ] || top=$top/unified
	container_group=$top/pimigrate-test-$$
	mkdir -p "$container_group" || skip "cannot make a control group here"
	(
		echo $BASHPID >"$container_group/cgroup.procs"
		SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec timeout -s KILL "$limit" systemd-nspawn -q -D "$box" \
			--register=no --keep-unit --private-network --bind-ro="$(realpath "$here/../..")" \
			--bind-ro="$(dirname "$(dirname "$PIMIGRATE")")" "$@"
	)
}

# One command, without systemd.
container_do() {
	container_nspawn 60 --pipe -- "$@"
}

container_run() { # SCRIPT SECONDS
	cp "$1" "$box/tested/script"
	cat >"$box/etc/systemd/system/tested.service" <<-U
		[Service]
		Type=oneshot
		Environment=PIMIGRATE=$PIMIGRATE INJECT=${INJECT:-}
		ExecStart=/bin/bash /tested/script
		StandardOutput=append:/tested/out
		StandardError=append:/tested/err
		ExecStopPost=/bin/sh -c 'echo \$EXIT_STATUS >/tested/status; systemctl --no-block poweroff >/dev/null 2>&1'
	U
	mkdir -p "$box/etc/systemd/system/multi-user.target.wants"
	ln -sf ../tested.service "$box/etc/systemd/system/multi-user.target.wants/tested.service"
	container_nspawn "$2" --capability=all --system-call-filter=bpf --bind=/dev/net/tun -b </dev/null >nspawn.log 2>&1
	cp "$box/tested/out" out 2>/dev/null
	cp "$box/tested/err" err 2>/dev/null
	[ -s "$box/tested/status" ] || {
		tail -n 30 nspawn.log >&2
		fail "the container did not get as far as the test"
	}
	[ "$(cat "$box/tested/status")" = 0 ] || {
		container_journal -o short-monotonic -u 'pimigrate@*' | tail -n 60 >&2
		fail "the test in the container failed: $(tail -n 3 err)"
	}
}

container_journal() {
	journalctl --no-pager -q -D "$box/var/log/journal" "$@"
}
