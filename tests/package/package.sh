#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian packages: built in a clean Debian, looked at by lintian, installed
# in another one, used there (convert -o libvirt, start, stop by the installed
# program, under a libvirtd of its own), and purged, whereupon nothing is left
# but the guest.
#
#   package.sh [SUITE]		default: bookworm
#
# PACKAGE_DEBS: a folder with packages, to be installed instead of built.
#
# Exits 77, and says why, where it cannot run.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/lib.sh"
. "$here/chroot.sh"
suite=${1:-bookworm}
skip() {
	echo "skipped: $*"
	exit 77
}
[ "$(id -u)" = 0 ] || skip "not root"
for program in debootstrap unshare git mcopy mke2fs sfdisk; do
	command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || skip "no $program here"
done
unshare --mount --pid --uts --fork true 2>/dev/null || skip "no namespaces here"
PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d "${TMPDIR:-/var/tmp}/pimigrate-package.XXXXXX")
[ -n "${PACKAGE_KEEP:-}" ] || trap 'rm -rf --one-file-system "$work"' EXIT

version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$top/debian/changelog")
grep -q "version: '$version'" "$top/meson.build" || die "debian/changelog and meson.build have different versions"

build() {
	local source=$work/build/root/pimigrate-$version
	chroot_make "$suite" "$work/build"
	mkdir -p "$source"
	git -C "$top" ls-files -z --cached --others --exclude-standard | tar -C "$top" --null -T - -cf - | tar -C "$source" -xf -
	step "installing what the build needs, in a clean Debian $suite"
	quietly chroot_do "$work/build" sh -ec 'apt-get -q update && apt-get -q -y --no-install-recommends install dpkg-dev lintian &&
		apt-get -q -y --no-install-recommends build-dep "$1"' sh "/root/${source##*/}" || die "apt-get failed (its last words are above)"
	step "dpkg-buildpackage"
	quietly chroot_do "$work/build" sh -ec 'cd "$1" && DEB_BUILD_OPTIONS="nocheck parallel=$2" dpkg-buildpackage -us -uc' \
		sh "/root/${source##*/}" "$(nproc)" || die "dpkg-buildpackage failed (its last words are above)"
	step "lintian"
	chroot_do "$work/build" sh -ec 'cd /root && lintian --allow-root --fail-on error,warning --display-level ">=warning" ./*.changes' ||
		die "lintian is not content"
}

files() { # what is on the disk, but for what any use of the system changes
	{
		chroot_do "$work/install" find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp \
			-o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/libvirt \
			-o -path /root -o -path /var/lib/systemd \) -prune -o -print
		chroot_do "$work/install" find / -path '*pimigrate*' -not -path '/proc/*' -not -path '/sys/*' -not -path '/root/*' \
			-not -path '/var/cache/apt/*'
	} | sort -u
}

install() {
	local card=$work/install/root/card
	chroot_make "$suite" "$work/install"
	mkdir -p "$card"
	cp "$work"/build/root/pimigrate{,-emu}_*.deb "$card"
	"$here/../cli/make-mini-card.sh" bookworm "$card/card.img" >/dev/null 2>&1 || die "cannot make a card"
	"$here/../cli/make-mini-kernel.sh" "$card/kernel" || die "cannot make a kernel"
	python3 "$here/../host/guests.py" kernel key 'mini login: ' "$card/vmlinuz"
	cp "$here/use.sh" "$card"
	step "installing what the packages depend on, and libvirt"
	# An initrd for a machine that never boots would take minutes.
	quietly chroot_do "$work/install" env INITRD=No sh -ec 'apt-get -q update && cd /root/card &&
		for deb in *.deb; do dpkg-deb -f "$deb" Depends; done | tr "," "\n" | grep -v "pimigrate-emu" | paste -sd , >depends &&
		apt-get -q -y --no-install-recommends satisfy "$(cat depends)" &&
		apt-get -q -y --no-install-recommends install libvirt-daemon-system libvirt-clients apparmor linux-image-"$(dpkg --print-architecture)"' || die "apt-get failed (its last words are above)"
	files >"$work/before"
	step "installing the packages"
	quietly chroot_do "$work/install" sh -ec 'dpkg -i /root/card/*.deb' || die "dpkg -i failed (its last words are above)"
	step "using them"
	chroot_do "$work/install" bash /root/card/use.sh || die "the installed program failed"
	step "purging them"
	quietly chroot_do "$work/install" sh -ec 'dpkg --purge pimigrate pimigrate-emu' || die "dpkg --purge failed"
	files >"$work/after"
	[ -e "$work/install/var/lib/pimigrate/guests/pi/disk.raw" ] || die "purging took the guest away"
	if comm -13 "$work/before" "$work/after" | grep -vE '^/var/lib/pimigrate(/guests(/pi(/.*)?)?)?$|^/etc/libvirt/(qemu/pi\.xml|secrets)$'; then
		die "purging left these files"
	fi
	if comm -23 "$work/before" "$work/after" | grep .; then
		die "these files of others are gone"
	fi
	if grep -q pimigrate "$work"/install/etc/apparmor.d/local/abstractions/libvirt-qemu 2>/dev/null; then
		die "purging left a line in libvirt's AppArmor rules"
	fi
}

if [ -n "${PACKAGE_DEBS:-}" ]; then
	mkdir -p "$work/build/root"
	cp "$PACKAGE_DEBS"/pimigrate{,-emu}_*.deb "$work/build/root"
else
	build
fi
install
step "built, installed, used and purged on Debian $suite: nothing is left but the guest"
