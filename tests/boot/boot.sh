#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Convert a card and run it: is the source untouched, is everything kept, does
# it boot, is it well inside, does it reboot and power off?
#
#   boot.sh bookworm|bullseye CPUS [ENGINE]
#
# BOOT_TEST_KEEP=FOLDER: leave the guest there, for looking into.
set -eo pipefail
. "$(dirname "$0")/../cli/functions.sh"
. "$here/../../tools/lib.sh"
. "$here/../../tools/guest.sh"
. "$here/tap.sh"
. "$here/sticks.sh"
set -e
suite=$1 cpus=$2 engine=${3:-pimigrate}
limit=${BOOT_TEST_LIMIT:-900}
pimigrate=$PIMIGRATE name=boot-test server=''
export PIMIGRATE_GUESTS=${BOOT_TEST_KEEP:-$scratch/guests}

[ "$(id -u)" = 0 ] || skip "making a card needs root"
requires debootstrap sshpass debugfs sfdisk gpg python3
[ "$engine" != qemu ] || requires qemu-system-arm
if [ "${BOOT_TEST_AGAIN:-no}" = tap ]; then
	requires ip dnsmasq ping
	[ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
fi
[ "${BOOT_TEST_AGAIN:-no}" != button ] || requires socat
if [ "${BOOT_TEST_AGAIN:-no}" = libvirt ]; then
	requires libvirtd virtlogd virsh virt-xml-validate unshare
	unshare --mount --net --pid --fork true 2>/dev/null || skip "no namespaces here"
fi

console=$PIMIGRATE_GUESTS/.run/$name/console.log
cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	"$pimigrate" stop --force "$name" >/dev/null 2>&1 || true
	tap_cleanup
	sticks_cleanup
}
fail_with_console() {
	[ ! -f "$console" ] || tail -n 40 "$console" >&2
	fail "$*"
}

# Served to the guest: a file with its hash, a signed archive.
serve() {
	mkdir "$scratch/www"
	head -c 8388608 /dev/urandom >"$scratch/www/file.bin"
	sha256sum <"$scratch/www/file.bin" >"$scratch/www/file.bin.sha256"
	"$here/make-archive.sh" "$scratch/www"
	python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$scratch/www" >"$scratch/server" 2>/dev/null &
	server=$!
	for _ in $(seq 50); do
		server_port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$scratch/server")
		[ -z "$server_port" ] || return 0
		sleep 0.1
	done
	fail "the web server did not start"
}

convert() {
	local before
	card=$scratch/card.img
	"$here/../../tools/make-card.sh" --suite "$suite" "$card"
	before=$("$here/digest.py" "$card")
	step "converting it"
	"$pimigrate" convert -on "$name" --no-verify "$card" || fail "convert: exit $?"
	[ "$("$here/digest.py" "$card")" = "$before" ] || fail "the card was changed"
	[ -f "$PIMIGRATE_GUESTS/$name/guest.yaml" ] || fail "there is no guest"
	"$pimigrate" list | grep -q "^$name " || fail "list does not show it"
	sed -i "s/^cpus:.*/cpus: $cpus/" "$PIMIGRATE_GUESTS/$name/guest.yaml"
	step "comparing every file"
	# What the journal names may differ, and the kernel's own files.
	mapfile -t globs < <(
		sed 's/[[:space:]]*#.*//; /^$/d' "$here/may-change"
		sed -n 's/^  path: \(\/.\+\)$/\1/p' "$PIMIGRATE_GUESTS/$name/changes.yaml")
	[ ${#globs[@]} -gt 15 ] || fail "the journal names no changes"
	"$here/../cli/manifest.py" --compare "$card" "$PIMIGRATE_GUESTS/$name/disk.raw" "${globs[@]}" ||
		fail "convert changed what is neither in its journal nor in may-change"
}

well() { # the guest answers, and finds itself well
	local public='' said
	wait_for_ssh 180 || fail_with_console "ssh does not answer"
	public=$(debian_mirror | sed 's|.*//||; s|[:/].*||')
	getent hosts "$public" >/dev/null || public=''
	in_guest sudo sh -c "'cat >/run/guest-check.sh'" <"$here/guest-check.sh" || fail_with_console "cannot log in"
	said=$(in_guest sudo sh /run/guest-check.sh "http://10.0.2.2:$server_port" "$cpus" "$(date +%s)" $public <"$here/allowed-failed") || {
		echo "$said"
		in_guest systemctl --failed --no-pager || true
		fail "the guest is not well"
	}
	echo "$said"
	[ "$(grep -c '^ok ' <<<"$said")" -ge 12 ] || fail "the guest looked at too little"
}

boot_id() { in_guest cat /proc/sys/kernel/random/boot_id; }

[ "$(grep -cv '^#' "$here/allowed-failed")" -le 2 ] || fail "allowed-failed has more than two rows"
serve
convert
step "booting with $cpus CPUs under $engine"
"$pimigrate" start --engine "$engine" --wait --wait-timeout "$limit" "$name" || fail_with_console "no login prompt"
port=$(ssh_port) user=pi password=$(card_password "$card") known_hosts=$scratch/known_hosts
expect_host_key "$card" "$known_hosts"
[ -s "$known_hosts" ] || fail "the card has no host key"
well

step "rebooting it from inside"
first=$(boot_id)
in_guest sudo systemctl reboot || true
for _ in $(seq "$((limit / 5))"); do
	sleep 5
	second=$(boot_id 2>/dev/null) || true
	[ -z "$second" ] || [ "$second" = "$first" ] || break
done
[ -n "$second" ] && [ "$second" != "$first" ] || fail_with_console "it did not come back from a reboot"

step "powering it off from inside"
in_guest sudo systemctl poweroff || true
for _ in $(seq 120); do
	[ "$(guest_state)" != off ] || break
	sleep 1
done
[ "$(guest_state)" = off ] || fail_with_console "it did not power off"
! pgrep -f "$PIMIGRATE_GUESTS/$name/disk.raw" >/dev/null || fail "its emulator still runs"

case "${BOOT_TEST_AGAIN:-no}" in
button)
	sticks_start
	step "starting it again, and pressing its power button"
	"$pimigrate" start --engine "$engine" --wait --wait-timeout "$limit" "$name" || fail_with_console "no login prompt the second time"
	sticks_test
	"$pimigrate" stop "$name" || fail_with_console "the power button did not stop it"
	;;
tap)
	step "starting it again on a TAP"
	tap_test
	;;
libvirt)
	step "driving it by virsh"
	"$here/../libvirt/verbs.sh" system "$PIMIGRATE_GUESTS/$name" || fail "virsh's verbs: exit $?"
	;;
esac
[ "$(guest_state)" = off ] || fail "it is not off after stop"
step "done"
