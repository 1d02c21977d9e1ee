#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Killed at any point: no half guest, no process, nothing but a partial folder,
# which the next run clears; the card is as it was.
#
#	convert-kill.sh				at the points where something is done
#	convert-kill.sh all			at each point that a conversion passes
#						(half an hour)
#	convert-kill.sh random COUNT [SEED]	at random moments over the whole time
#						of a conversion; each tenth is
#						followed by one that is let through
#
# ONHOST=LIBRARY: without the appliance (onhost.c), for random moments: more of
# them fall on what pimigrate itself does.
. "$(dirname "$0")/convert-functions.sh"
onhost=${ONHOST:-}
if [ -n "$onhost" ]; then
	touch empty && truncate -s 1M empty
	requires_loop empty
	requires parted tar e2fsck resize2fs
else
	requires_appliance
fi

mini_kernel
mini_card bookworm card.img
before=$(digest card.img)
cleanup() {
	# The one thing outside that a kill leaves, as root: the folder of libguestfs's
	# sockets.  While somebody has it, the kernel lists them.
	for socket in /tmp/libguestfs*/guestfsd.sock /tmp/libguestfs*/console.sock; do
		[ -S "$socket" ] || continue
		folder=${socket%/*}
		grep -qF "$folder/" /proc/net/unix "$scratch/sockets" ||
			rm -rf "$folder"
	done
}
ls -d /tmp/libguestfs* 2>/dev/null | sed 's|$|/|' >sockets

# Loop devices of what was killed: let go once nobody has them open.
loops_left() {
	[ -n "$onhost" ] || return 1
	losetup -nlO NAME,BACK-FILE | grep -F "$scratch" >loops || return 1
	sed 's/ .*//' loops | xargs losetup -d 2>/dev/null
	cat loops >>left
}

gone() { # no process has anything of ours open or in its arguments
	for _ in $(seq 600); do
		ps -eo pid=,args= | grep -F "$scratch" | grep -vE 'grep|convert-kill' >left ||
			loops_left || return 0
		sleep 0.2
	done
	cat left >&2
	fail "killed $1: processes are left"
}

guest_whole() {
	[ ! -e "$PIMIGRATE_GUESTS/.minipi.partial" ] || fail "a guest, and a part of it"
	expect 0 "$PIMIGRATE" list
	says 'minipi off'
	expect 0 "$PIMIGRATE" status minipi
	expect 0 "$PIMIGRATE" changes minipi
	expect 0 "$PIMIGRATE" remove minipi
}

# killed KILL|INT POINT [FROM]: see inject.c.  INT is Ctrl-C: to the whole group, which
# hears it (sh starts what is in the background without).
killed() {
	rm -f log
	INJECT_LOG=log INJECT_DO=$1 INJECT_AT=$2 INJECT_FROM=${3:-} ASAN_OPTIONS=verify_asan_link_order=0 python3 -c '
import os, signal, subprocess, sys
def group():
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
env = dict(os.environ, LD_PRELOAD=os.environ["INJECT"])
code = subprocess.run(sys.argv[1:], env=env, preexec_fn=group).returncode
sys.exit(128 - code if code < 0 else code)' "$PIMIGRATE" convert $debs card.img >out 2>err </dev/null
	code=$?
	tail -n 1 log | grep -qxF "$2" || fail "it does not come to the point '$2'"
	case $1 in
	KILL) [ $code = 137 ] || fail "killed $2, it ended with $code" ;;
	INT) [ $code = 130 ] || fail "interrupted $2, it ended with $code" ;;
	esac
	gone "$2"
	left_well "killed $2"
}

left_well() { # WHAT WAS DONE
	[ "$before" = "$(digest card.img)" ] || fail "$1: the card was changed"
	if [ -e "$PIMIGRATE_GUESTS/minipi" ]; then
		guest_whole
	else
		expect 0 "$PIMIGRATE" list
		says 'no guests yet'
		nothing_left minipi
	fi
}

# killed_after SECONDS COMMAND...: counted, and what it was doing goes to the file
# steps; not so if it had ended before.
killed_after() {
	python3 -c '
import subprocess, sys
p = subprocess.Popen(sys.argv[2:], start_new_session=True)
try:
    sys.exit(p.wait(float(sys.argv[1])))
except subprocess.TimeoutExpired:
    p.kill()
    p.wait()
    sys.exit(137)' "$@" >out 2>err </dev/null
	code=$?
	case $code in
	0) ;;
	137)
		killed=$((killed + 1))
		grep -v '^      [0-9]' err | tail -n 1 | sed 's/^ *//' >>steps
		;;
	*) fail "killed after $1 s, it ended with $code" ;;
	esac
	gone "after $1 s"
	left_well "killed after $1 s"
}

# The time of the last one that was let through, in seconds.
let_through() {
	begin=$(date +%s.%N)
	converted
	duration=$(awk "BEGIN { print $(date +%s.%N) - $begin }")
	expect 0 "$PIMIGRATE" remove minipi
}

random_kills() { # COUNT SEED
	echo "seed $2"
	debs="$debs --grow 64M"
	let_through
	python3 -c '
import random, sys
random.seed(sys.argv[2])
print(*(round(random.random(), 4) for _ in range(10 * int(sys.argv[1]))), sep="\n")' "$@" >moments
	killed=0 through=0
	while [ "$killed" -lt "$1" ] && read -r moment; do
		killed_after "$(awk "BEGIN { print $duration * $moment }")" env LD_PRELOAD="$onhost" \
			ASAN_OPTIONS=verify_asan_link_order=0 "$PIMIGRATE" convert $debs card.img
		[ $((killed / 10)) = $through ] || {
			through=$((killed / 10))
			let_through
		}
	done <moments
	[ $((killed % 10)) = 0 ] || let_through
	[ "$killed" = "$1" ] || fail "killed $killed times, not $1"
	echo "killed $killed times in a conversion of ${duration%.*} s, doing:"
	sort steps | uniq -c
}

converted() { # whatever was left: the next run works, and clears it
	rm -f log
	expect 0 env INJECT_LOG=log LD_PRELOAD="${onhost:-$INJECT}" ASAN_OPTIONS=verify_asan_link_order=0 \
		"$PIMIGRATE" convert $debs card.img
	expect 0 "$PIMIGRATE" list
	says 'minipi off'
	[ -n "$onhost" ] || [ "$(grep -c '^before guestfs_e2fsck' log)" -ge 2 ] ||
		fail "the file system is not checked before and after"
	[ "$(ls -A "$PIMIGRATE_GUESTS")" = minipi ] ||
		fail "more than the guest is there: $(ls -A "$PIMIGRATE_GUESTS" | tr '\n' ' ')"
}

if [ "${1:-}" = all ]; then
	converted
	# Some files have a new name each time; libguestfs caches what QEMU said.
	sort -u log | grep -vE '\.[A-Za-z0-9]{6}$|mkdir \.guestfs|cmderr|qemu-[0-9]' >points
	expect 0 "$PIMIGRATE" remove minipi
	while read -r point; do
		killed KILL "$point"
	done <points
	converted
	echo "killed at $(wc -l <points) points"
	exit 0
fi

if [ "${1:-}" = random ]; then
	random_kills "$2" "${3:-$(date +%s)}"
	exit 0
fi

killed KILL 'after mkdir .minipi.partial'
[ -d "$PIMIGRATE_GUESTS/.minipi.partial" ] || fail "killed, and no partial folder: is this a test?"
killed INT 'before write vmlinuz-6.1.0-99-armmp-lpae'
killed KILL 'after pwrite disk.raw'
killed KILL 'before accept4'
killed INT 'before guestfs_umount_all'
killed KILL 'after pwrite disk.raw' 'after guestfs_umount_all'
killed KILL 'before renameat2 minipi'
[ -d "$PIMIGRATE_GUESTS/.minipi.partial" ] || fail "killed, and no partial folder: is this a test?"
killed KILL 'after renameat2 minipi'
converted
