# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian of its own in a folder, made from packages; sourced after
# tools/lib.sh, as root.  Its apt reads what this machine's apt reads.

# chroot_base SUITE: a tar of a minimal system, kept in the cache; prints where.
chroot_base() {
	local tar mirror security work
	tar=$(cache_dir)/package-$1.tar
	if [ ! -f "$tar" ]; then
		step "making a minimal Debian $1" >&2
		mirror=$(debian_mirror)
		security=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
			grep -hoE 'https?://[^ ]+/debian-security/?([[:space:]]|$)' | head -n 1 | tr -d '[:space:]' || true)
		work=$(mktemp -d)
		mkdir -p "${tar%/*}"
		quietly debootstrap --variant=minbase --include=ca-certificates "$1" "$work/root" "$mirror" ||
			die "debootstrap failed (its last words are above)"
		printf 'deb %s %s main\n' "$mirror" "$1" "$mirror" "$1-updates" \
			${security:+"$security" "$1-security"} >"$work/root/etc/apt/sources.list"
		cp -r /etc/apt/apt.conf.d/*proxy* "$work/root/etc/apt/apt.conf.d/" 2>/dev/null || true
		cp -rn /usr/local/share/ca-certificates/. "$work/root/usr/local/share/ca-certificates/" 2>/dev/null || true
		tar -C "$work/root" -cf "$tar.part" .
		mv "$tar.part" "$tar"
		rm -rf --one-file-system "$work"
	fi
	echo "$tar"
}

# chroot_make SUITE ROOT: a fresh one; packages that were fetched before are
# taken from the cache.
chroot_make() {
	local base debs
	base=$(chroot_base "$1")
	debs=$(cache_dir)/package-debs-$1
	mkdir -p "$2" "$debs"
	tar -C "$2" -xf "$base"
	cp /etc/resolv.conf /etc/hosts "$2/etc/"
	echo 'APT::Keep-Downloaded-Packages "true";' >"$2/etc/apt/apt.conf.d/keep"
	rm -f "$2/etc/apt/apt.conf.d/docker-clean"
	# No service starts in there.
	printf '#!/bin/sh\nexit 101\n' >"$2/usr/sbin/policy-rc.d"
	chmod 755 "$2/usr/sbin/policy-rc.d"
	chroot_debs=$debs
}

# chroot_do ROOT COMMAND...: as root in there, with own processes and mounts,
# which it may change: there it is no chroot but the root.
chroot_do() {
	# shellcheck disable=SC2016
	unshare --mount --pid --uts --fork --kill-child -- bash -ec '
		root=$1 debs=$2
		shift 2
		mount --make-rprivate /
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /sys "$root/sys"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/run"
		mount --bind "$debs" "$root/var/cache/apt/archives"
		hostname package
		mkdir -p "$root/run/old"
		cd "$root"
		pivot_root . run/old
		exec chroot . sh -c "umount -l /run/old && rmdir /run/old && exec \"\$@\"" chroot env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" "$@"
	' chroot "$1" "$chroot_debs" "${@:2}" </dev/null
}
