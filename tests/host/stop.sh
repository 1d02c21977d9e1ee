#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How long stop waits for a guest of the supervisor, and what it says when the
# plug was pulled.
. "$(dirname "$0")/../cli/functions.sh"
requires python3
export PIMIGRATE_GUESTS=$scratch/guests
cleanup() {
	for name in obeys stubborn; do
		"$PIMIGRATE" stop --force $name >/dev/null 2>&1
	done
}
python3 "$here/guests.py" guest key "$PIMIGRATE_GUESTS/obeys"
python3 "$here/guests.py" guest wait "$PIMIGRATE_GUESTS/stubborn"
is_off() {
	expect 0 "$PIMIGRATE" status "$1"
	says "$1: off"
}

expect 0 "$PIMIGRATE" start obeys
expect 0 "$PIMIGRATE" stop obeys
is_off obeys
expect 0 "$PIMIGRATE" stop obeys
says "obeys is off"

# For programs: one document each, whatever there is to say.
document() { # STATE COMMAND...
	expect 0 "$PIMIGRATE" "${@:2}" --json obeys
	python3 -c 'import json, sys; one = json.load(open("out")); sys.exit([one["name"], one["state"]] != ["obeys", sys.argv[1]])' "$1" ||
		fail "$2 --json"
}
document off stop
document booting start
document booting start
document off stop
expect 0 "$PIMIGRATE" rename --json obeys other
[ ! -s out ] || fail "rename --json"
expect 0 "$PIMIGRATE" rename other obeys

# What somebody put into the runtime folder is not followed.
echo kept >mine
mkdir -p "$PIMIGRATE_GUESTS/.run/obeys"
for file in lock supervisor.log engine.log console.log; do
	rm -f "$PIMIGRATE_GUESTS/.run/obeys/$file"
	ln -s "$scratch/mine" "$PIMIGRATE_GUESTS/.run/obeys/$file"
	expect 1 "$PIMIGRATE" start obeys
	complains "$file' is a symbolic link"
	rm "$PIMIGRATE_GUESTS/.run/obeys/$file"
done
ln -s "$scratch/mine" "$PIMIGRATE_GUESTS/.run/obeys/verify.log"
expect 1 "$PIMIGRATE" verify --quiet obeys
complains "verify.log' is a symbolic link"
rm "$PIMIGRATE_GUESTS/.run/obeys/verify.log"
[ "$(cat mine)" = kept ] || fail "a link was followed"

# A user's status.json names a process of root's: that one is left alone.
if [ "$(id -u)" = 0 ]; then
	expect 0 "$PIMIGRATE" start obeys
	status=$PIMIGRATE_GUESTS/.run/obeys/status.json
	cp -p "$status" said.json
	sleep 300 &
	pid=$!
	sed -i "s/\"supervisor\": *[0-9]*/\"supervisor\":$pid/" "$status"
	chown nobody "$status"
	expect 1 "$PIMIGRATE" stop obeys
	complains "names process $pid"
	kill -0 $pid || fail "root ended a process that a user named"
	kill $pid
	cp -p said.json "$status"
	expect 0 "$PIMIGRATE" stop obeys
fi

# Not before its time, which is not the one that the supervisor was started
# with.
expect 0 "$PIMIGRATE" start --timeout 1 stubborn
began=$(date +%s%N)
expect 1 "$PIMIGRATE" stop --timeout 4 stubborn
complains "did not power off within 4 seconds: it was switched off"
took=$((($(date +%s%N) - began) / 1000000))
[ "$took" -ge 4000 ] || fail "it ended after $took ms"
is_off stubborn

# Nor 120 seconds later.
expect 0 "$PIMIGRATE" start stubborn
expect 1 timeout 90 "$PIMIGRATE" stop --timeout 1 stubborn
complains "did not power off within 1 seconds: it was switched off"
is_off stubborn

# A stop that is killed leaves one that stops all the same; another one has the
# last word.
expect 0 "$PIMIGRATE" start stubborn
expect 124 timeout 1 "$PIMIGRATE" stop stubborn
expect 0 "$PIMIGRATE" status stubborn
says "stubborn: stopping"
expect 1 timeout 90 "$PIMIGRATE" stop --timeout 1 stubborn
complains "did not power off within 1 seconds"
is_off stubborn

expect 0 "$PIMIGRATE" start stubborn
expect 0 timeout 90 "$PIMIGRATE" stop --force stubborn
is_off stubborn
