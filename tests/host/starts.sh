# SPDX-License-Identifier: GPL-2.0-or-later
# Starts of guest pi that end as a power cut does; sourced after
# cli/functions.sh.
. "$here/disks.sh"
requires sfdisk mke2fs debugfs python3

export PIMIGRATE_GUESTS=$scratch/guests
dir=$PIMIGRATE_GUESTS/pi
root=$scratch/root
pid= # of the supervisor
cleanup() { [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; }

runs() { # TEXT: start it, and see that this kernel runs
	rm -f "$PIMIGRATE_GUESTS/.run/pi/console.log"
	"$PIMIGRATE" run pi >run.log 2>&1 &
	pid=$!
	sees "$1"
}

sees() {
	for _ in $(seq 600); do
		! grep -qs "$1" "$PIMIGRATE_GUESTS/.run/pi/console.log" || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	cat run.log >&2
	fail "it does not print '$1': $(cat "$PIMIGRATE_GUESTS/.run/pi/console.log")"
}

power_cut() { # the supervisor dies, and the emulator with it
	engine=$(sed -n 's/.*"engine-pid": *\([0-9]*\).*/\1/p' "$PIMIGRATE_GUESTS/.run/pi/status.json")
	kill -9 "$pid"
	{ wait "$pid"; } 2>/dev/null
	pid=
	for _ in $(seq 300); do
		kill -0 "$engine" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -9 "$engine"
	fail "the emulator outlives its supervisor"
}
