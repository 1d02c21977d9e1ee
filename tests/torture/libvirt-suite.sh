#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The suite libvirt with another Debian's libvirt: in a Debian of its own, built
# there, each test as a whole.
#
#   libvirt-suite.sh [SUITE [TEST...]]	default: trixie, all of them
#
# LIBVIRT_KEEP: leave its folder there.
#
# A TEST is a script of tests/libvirt and its arguments: "verbs.sh system".
# Exits 77, and says why, where it cannot run; fails if any of them is skipped.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/lib.sh"
. "$here/../package/chroot.sh"
suite=${1:-trixie}
tests=("${@:2}")
[ ${#tests[@]} -gt 0 ] || tests=('verbs.sh system' 'verbs.sh session' 'tiny.sh install system' 'tiny.sh install session'
	'tiny.sh locks' 'guests.sh system' 'guests.sh session')
skip() {
	echo "skipped: $*"
	exit 77
}
[ "$(id -u)" = 0 ] || skip "not root"
for program in debootstrap unshare git pivot_root; do
	PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || skip "no $program here"
done
unshare --mount --pid --uts --fork true 2>/dev/null || skip "no namespaces here"
PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d "${TMPDIR:-/var/tmp}/pimigrate-libvirt.XXXXXX")
[ -n "${LIBVIRT_KEEP:-}" ] || trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root

chroot_make "$suite" "$root"
mkdir -p "$root/srv/project" "$root/var/cache/pimigrate"
git -C "$top" ls-files -z --cached --others --exclude-standard | tar -C "$top" --null -T - -cf - | tar -C "$root/srv/project" -xf -
[ ! -d "$(cache_dir)/test-debs" ] || cp -r "$(cache_dir)/test-debs" "$root/var/cache/pimigrate/"
step "installing libvirt and what the build and the tests need, in a clean Debian $suite"
# An initrd for a machine that never boots would take minutes.
quietly chroot_do "$root" env INITRD=No sh -ec 'apt-get -q update && cd /srv/project &&
	apt-get -q -y --no-install-recommends install libvirt-daemon-system libvirt-clients virtinst qemu-system-arm qemu-system-x86 \
		qemu-utils supermin git python3 kmod procps util-linux iproute2 fdisk mtools dosfstools e2fsprogs busybox-static \
		linux-image-"$(dpkg --print-architecture)" &&
	apt-get -q -y --no-install-recommends build-dep .' || die "apt-get failed (its last words are above)"
step "building there"
quietly chroot_do "$root" sh -ec 'cd /srv/project && meson setup --buildtype=release -Dwerror=false build && ninja -C build src/pimigrate emu/pimigrate-emu' ||
	die "the build failed (its last words are above)"
step "libvirt is $(chroot_do "$root" dpkg-query -f '${Version}' -W libvirt-daemon-system)"
failed=
for one in "${tests[@]}"; do
	step "$one"
	# shellcheck disable=SC2086
	chroot_do "$root" env PIMIGRATE=/srv/project/build/src/pimigrate PIMIGRATE_EMU=/srv/project/build/emu/pimigrate-emu \
		/srv/project/tests/libvirt/$one || failed="$failed, $one"
done
[ -z "$failed" ] || die "failed: ${failed#, }"
step "all of them passed with the libvirt of Debian $suite"
