#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests that start in the same moment, as with the machine: each gets a port of
# its own for its ssh, and the port that one was given before stays its own.
. "$(dirname "$0")/../cli/functions.sh"
requires python3
export PIMIGRATE_GUESTS=$scratch/guests
names="a b c"
cleanup() {
	for name in $names; do
		"$PIMIGRATE" stop --force $name
	done
} >/dev/null 2>&1
for name in $names; do
	python3 "$here/guests.py" guest key "$PIMIGRATE_GUESTS/$name" "  - kind: user
    mac: b8:27:eb:12:34:5$name
    net: 10.0.2.0/24
    forwards:
    - {host: 0, guest: 22}" || fail "guests.py"
done
for name in $names; do
	"$PIMIGRATE" start $name >$name.out 2>&1 &
	pids="${pids:-} $!"
done
for pid in $pids; do
	wait "$pid" || fail "one did not start: $(cat ./*.out)"
done
for name in $names; do
	"$PIMIGRATE" status --json $name | python3 -c 'import json, sys; print(json.load(sys.stdin)["forwards"][0]["host"])'
done >ports
[ "$(sort -u ports | wc -l)" = 3 ] || fail "not three ports: $(cat ports)"
