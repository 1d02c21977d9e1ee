#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# verify: comes up, does not, ends early; the disk is not written to, and
# nothing runs afterwards.
. "$(dirname "$0")/functions.sh"
requires python3
export PIMIGRATE_GUESTS="$scratch/guests"
guests=$here/../host/guests.py

# guest NAME KIND TEXT: what its kernel prints and then does
guest() {
	"$guests" guest "$2" "$PIMIGRATE_GUESTS/$1" "  - kind: user" || fail "guests.py"
	"$guests" kernel "$2" "$3" "$PIMIGRATE_GUESTS/$1/boot/vmlinuz" || fail "guests.py"
}

nothing_runs() {
	! ps -eo args= | grep -F "$PIMIGRATE_GUESTS" | grep -v grep || fail "something still runs"
	expect 0 "$PIMIGRATE" list
	says "$1 off"
}

guest up key 'Debian GNU/Linux 12 pi ttyAMA0

pi login: '
before=$(sha256sum "$PIMIGRATE_GUESTS/up/disk.raw")
expect 0 "$PIMIGRATE" verify up
says 'up comes up'
nothing_runs up
[ "$before" = "$(sha256sum "$PIMIGRATE_GUESTS/up/disk.raw")" ] || fail "the disk was written to"

guest part key '[FAILED] Failed to start Modems.

pi login: '
expect 0 "$PIMIGRATE" verify part
grep -q "did not start: Modems; and no log on its disk tells" err || fail "a unit that failed is not named"
nothing_runs part

guest early off 'Reboot and Select proper Boot device
'
expect 4 "$PIMIGRATE" verify early
grep -q "powered off before it was up" err || fail "the reason"
grep -q "Select proper Boot device" err || fail "its last words"
nothing_runs early

# The console on hvc0, which that kernel knows nothing of: the machine starts.
guest hvc off 'on the serial line, where nobody listens
'
echo 'console: hvc0' >>"$PIMIGRATE_GUESTS/hvc/guest.yaml"
expect 4 "$PIMIGRATE" verify hvc
grep -q "powered off before it was up" err || fail "the machine with hvc0"
grep -q "it printed nothing" err || fail "hvc0 is the serial line"
nothing_runs hvc

guest stuck wait 'Kernel panic - not syncing
'
expect 4 "$PIMIGRATE" verify --timeout 15 stuck
grep -q "did not come up within 15 seconds" err || fail "the reason"
grep -q "Kernel panic" err || fail "its last words"
nothing_runs stuck

expect 1 "$PIMIGRATE" verify nobody
complains "there is no guest 'nobody'"
sed -i 's/^engine:.*/engine: qemu/' "$PIMIGRATE_GUESTS/up/guest.yaml"
PATH=/nonexistent expect 5 "$PIMIGRATE" verify up
PATH=/usr/bin:/bin:/usr/sbin:/sbin
grep -q 'qemu-system-arm is not installed' err || fail "no engine"
