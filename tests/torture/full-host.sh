#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The host's file system becomes full after pimigrate has looked, while libguestfs's
# appliance writes to a guest's disk: the command fails, and does not wait for
# room.  Made so: it is stopped before the launch, the folder of the
# guests (a tmpfs) is filled, and it goes on.  A line for each command.
cli=$(cd "$(dirname "$0")/../cli" && pwd)
. "$cli/convert-functions.sh"
here=$cli
requires_appliance
mini_kernel
mini_card bookworm card.img
requires_root
export ASAN_OPTIONS=verify_asan_link_order=0
pid=
cleanup() {
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
	umount full full
} 2>/dev/null
"$cli/make-mini-kernel.sh" "$scratch/newer" armhf 100 || fail "make-mini-kernel.sh"
newer=
for deb in "$scratch"/newer/*.deb; do
	newer="$newer --kernel-deb $deb"
done
expect 0 "$PIMIGRATE" convert -q -on pi $debs card.img
mkdir full
made=$PIMIGRATE_GUESTS PIMIGRATE_GUESTS=$scratch/full

# ends ROOM COMMAND...: with that many bytes left, by itself
ends() {
	room=$1
	shift
	mount -t tmpfs -o size=400M none full || fail "mount"
	cp -a --sparse=always "$made/pi" full/
	INJECT_DO=STOP INJECT_AT='before guestfs_launch' LD_PRELOAD=$INJECT "$PIMIGRATE" "$@" >out 2>err </dev/null &
	pid=$!
	for _ in $(seq 600); do
		! grep -qs '^State:.*stopped' "/proc/$pid/status" || break
		sleep 0.1
	done
	grep -q '^State:.*stopped' "/proc/$pid/status" || fail "$1 does not come to the launch"
	head -c "$(($(df --output=avail -B1 full | tail -1) - room))" /dev/zero >full/.more || fail "filling full"
	kill -CONT "$pid"
	for _ in $(seq 600); do # seconds: against hanging
		kill -0 "$pid" 2>/dev/null || break
		sleep 1
	done
	! kill -0 "$pid" 2>/dev/null || fail "$* waits for room"
	wait "$pid"
	code=$?
	pid=
	[ $code = 1 ] || fail "$*: exit code $code"
	echo "$1 $2: $(tail -1 err)"
	tail -1 err | grep -q "'$scratch/full/.*\(became full\|No space left\)" || fail "$*: not the reason"
	umount full
}

ends 0 resize pi +2G
ends 0 revert pi
ends 0 kernel update $newer pi
ends 65536 kernel update $newer pi
ends 2000000 convert -on other $debs card.img
