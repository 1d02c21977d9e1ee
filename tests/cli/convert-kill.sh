#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Killed at any instant: no half guest, no process, nothing but a partial
# folder, which the next run clears; the card is as it was.
. "$(dirname "$0")/convert-functions.sh"
requires_appliance

mini_kernel
mini_card bookworm card.img
before=$(digest card.img)
pid=
server=
cleanup() {
	[ -z "$pid" ] || kill -9 "-$pid" 2>/dev/null
	[ -z "$server" ] || kill "$server" 2>/dev/null
	# The one thing outside that a kill leaves, as root: libguestfs's own.
	for folder in /tmp/libguestfs*; do
		grep -qF "$folder/" /proc/net/unix "$scratch/sockets" ||
			rm -rf "$folder"
	done
}
ls -d /tmp/libguestfs* 2>/dev/null | sed 's|$|/|' >sockets

# A mirror that never answers.
python3 -c '
import socket, sys, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
kept = []
while True:
    kept.append(s.accept())' >port &
server=$!
for _ in $(seq 50); do
	[ ! -s port ] || break
	sleep 0.1
done
mirror=http://127.0.0.1:$(cat port)/debian

gone() { # no process has anything of ours open or in its arguments
	for _ in $(seq 600); do
		ps -eo pid=,args= | grep -F "$scratch" | grep -vE 'grep|convert-kill' >left || return 0
		sleep 0.2
	done
	cat left >&2
	fail "killed while '$1': processes are left"
}

# killed_at TEXT DELAY SIGNAL OPTION...: as soon as it says TEXT, and a moment later
killed_at() {
	text=$1 delay=$2 signal=$3
	shift 3
	# A group of its own, in which Ctrl-C is heard: sh starts what is in the
	# background without.
	python3 -c 'import os, signal, sys
os.setsid()
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$PIMIGRATE" convert "$@" card.img >out 2>err </dev/null &
	pid=$!
	for _ in $(seq 1200); do
		[ ! -e err ] || ! grep -qF "$text" err || break
		kill -0 "$pid" 2>/dev/null || fail "it ended before it said '$text'"
		sleep 0.1
	done
	grep -qF "$text" err || fail "it does not say '$text'"
	sleep "$delay"
	case $signal in
	KILL) kill -KILL "$pid" ;;
	INT) kill -INT "-$pid" ;; # the whole group: Ctrl-C
	esac
	wait "$pid"
	code=$?
	pid=
	[ $code = 0 ] || [ $code -gt 128 ] || fail "it was not killed while '$text', but ended with $code"
	gone "$text"
	expect 0 "$PIMIGRATE" list
	if grep -q '^minipi ' out; then
		# The kill came after the rename: then it is all there.
		[ ! -e "$PIMIGRATE_GUESTS/.minipi.partial" ] || fail "a guest, and a part of it"
		expect 0 "$PIMIGRATE" status minipi
		expect 0 "$PIMIGRATE" changes minipi
		expect 0 "$PIMIGRATE" remove minipi
	else
		[ $code != 0 ] || fail "it says it is done, and there is no guest"
		says 'no guests yet'
		nothing_left minipi
	fi
	[ "$before" = "$(digest card.img)" ] || fail "the card was changed"
}

killed_at 'get the kernel' 0.2 KILL --mirror "$mirror"
[ -d "$PIMIGRATE_GUESTS/.minipi.partial" ] || fail "killed, and no partial folder: is this a test?"
killed_at 'copy the disk' 0 KILL $debs
killed_at "starting libguestfs's appliance" 3 KILL $debs
killed_at 'enlarging the root file system' 1 KILL $debs
killed_at 'unpacking the kernel' 0.5 INT $debs
killed_at 'make the initrd' 0 KILL $debs

expect 0 "$PIMIGRATE" convert $debs card.img
expect 0 "$PIMIGRATE" list
says 'minipi off'
[ "$(ls -A "$PIMIGRATE_GUESTS")" = minipi ] || fail "more than the guest is there"
