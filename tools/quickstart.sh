#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From nothing to a Raspberry Pi card's system running on this machine:
# install what is needed, build, make a card (or take yours), inspect it,
# convert it, start it, wait until it can be logged into, and look whether it
# is well.
#
#   quickstart.sh [--engine pimigrate|qemu] [--name NAME] [--fresh] [CARD]
#
#   CARD      an image of a card, or the card itself (/dev/sdX); it is only
#             read, by sudo where you may not (then it passes through /var/tmp,
#             or TMPDIR).  Without it, a card is made (tools/make-card.sh)
#   --engine  pimigrate: pimigrate-emu, our own (default); or qemu
#   --name    of the guest; default: made from the card's file name
#   --fresh   stop and remove the guest of an earlier run first
#
# A second run keeps the guest that is there and takes seconds up to its boot.
# A card of your own has passwords that only you know: then the wait ends when
# ssh answers.  QUICKSTART_PASSWORD (and QUICKSTART_USER, default pi) let it
# log in there too.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$tools/guest.sh"

boot_limit=${QUICKSTART_BOOT_LIMIT:-900} # seconds until the login prompt

read_options() {
	engine=pimigrate name='' fresh='' card=''
	while [ $# -gt 0 ]; do
		case "$1" in
		--engine) engine=${2:?}; shift 2 ;;
		--name) name=${2:?}; shift 2 ;;
		--fresh) fresh=1; shift ;;
		-h|--help) sed -n '4,23p' "$0"; exit 0 ;;
		-?*) status=2 die "unknown option '$1' (see --help)" ;;
		*) [ -z "$card" ] || status=2 die "one card at a time: '$1'"; card=$1; shift ;;
		esac
	done
	case "$engine" in
	pimigrate|qemu) ;;
	*) status=2 die "no such engine '$engine': pimigrate or qemu" ;;
	esac
	if [ -n "$card" ]; then
		[ -e "$card" ] || status=2 die "no such card: '$card'"
		card=$(realpath "$card")
	fi
	if [ -z "$name" ]; then
		name=$(basename "${card:-quickstart}" .img | tr 'A-Z' 'a-z' | tr -cs 'a-z0-9\n' '-' | cut -c1-60 | sed 's/^-*//; s/-*$//')
		name=${name:-card}
	fi
}

install_needed() {
	local purposes=(build run)
	[ "$engine" != qemu ] || purposes+=(qemu)
	[ -n "$card" ] || purposes+=(card)
	install_packages "${purposes[@]}"
}

build() {
	step "building"
	[ -z "$(find "$top/build" -maxdepth 1 ! -writable 2>/dev/null)" ] ||
		die "'$top/build' is not yours (an earlier run as root?): remove it first"
	if [ ! -f "$top/build/build.ninja" ]; then
		quietly meson setup "$top/build" "$top" --buildtype=release -Dwerror=false || {
			rm -rf "$top/build"
			die "meson setup failed (its last words are above)"
		}
	fi
	ninja -C "$top/build" src/pimigrate emu/pimigrate-emu | show_ninja >&2 || die "the build failed"
	pimigrate=$top/build/src/pimigrate
}

# The made card is kept in the cache; making it again only copies it.
find_card() {
	[ -z "$card" ] || return 0
	step "no card was given: making one in the layout of Raspberry Pi OS bookworm"
	card=$(cache_dir)/quickstart.img
	"$tools/make-card.sh" "$card" || die "no card could be made"
}

# The guest is this user's; of a card in its slot only the reading is root's.
convert() {
	if [ -r "$card" ]; then
		"$pimigrate" convert --no-verify -on "$name" "$card"
	else
		as_root cat "$card" | "$pimigrate" convert --no-verify -on "$name" -
	fi
}

make_guest() {
	if "$pimigrate" status "$name" >/dev/null 2>&1; then
		if [ -z "$fresh" ]; then
			step "the guest '$name' is there already and is kept (--fresh makes it anew)"
			return
		fi
		step "removing the guest '$name' of an earlier run"
		"$pimigrate" stop "$name" >&2 || "$pimigrate" stop --force "$name" >&2 || die "the guest '$name' does not stop"
		"$pimigrate" remove "$name" >&2 || die "the guest '$name' cannot be removed"
	fi
	step "what is on the card:  pimigrate inspect"
	as_reader "$card" "$pimigrate" inspect "$card" || status=$? die "this card cannot be used (see above)"
	step "making a guest of it:  pimigrate convert --no-verify -on $name"
	convert || status=$? die "the conversion failed (see above); the card is as it was"
}

boot() {
	step "starting it under $engine and waiting for the login prompt:  pimigrate start --wait $name"
	"$pimigrate" start --engine "$engine" --wait --wait-timeout "$boot_limit" "$name" >&2 || {
		timeout 2 "$pimigrate" console "$name" </dev/null 2>/dev/null | tail -n 30 >&2 || true
		status=4 die "the guest came to no login prompt (the end of its console is above)"
	}
	step "the login prompt is there"
	port=$(ssh_port)
	[ -n "$port" ] || status=4 die "no port of this machine leads to the guest's ssh"
	wait_for_ssh 120 || status=4 die "ssh does not answer at port $port"
	step "ssh answers at port $port"
}

look_inside() {
	local state
	user=${QUICKSTART_USER:-pi} password=${QUICKSTART_PASSWORD:-$(card_password "$card")}
	if [ -z "$password" ]; then
		say "only you know its passwords, so the look from inside is yours"
		return
	fi
	known_hosts=$work/known_hosts
	expect_host_key "$card" "$known_hosts"
	state=$(in_guest timeout 300 systemctl is-system-running --wait) || true
	case "$state" in
	running) step "logged in as $user: the system is running, and nothing in it failed" ;;
	'') status=4 die "cannot log in as $user (a wrong password, or not the host key of the card?)" ;;
	*)
		in_guest systemctl --failed --no-pager >&2 || true
		status=4 die "the system is $state (see above)"
		;;
	esac
}

main() {
	read_options "$@"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM
	use_apt_proxy
	install_needed
	build
	find_card
	make_guest
	boot
	look_inside
	local stop
	stop="${SUDO_USER:+sudo }$(printf %q "$pimigrate") stop $name"
	cat <<-E

	log in:  ssh -p $port $user@127.0.0.1${password:+    (password: $password)}
	stop:    $stop
	guest:   $("$pimigrate" status "$name" | awk '$1 == "folder" { $1 = ""; print substr($0, 2) }')
	E
}

main "$@"
