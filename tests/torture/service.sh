#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest's service that is killed again and again, under a systemd of its own:
# the emulator by SIGKILL, its supervisor by SIGKILL, and the emulator stopped
# as if it hung.  It must come back each time, and stop in order at the end.
#
#	service.sh [COUNT [GUEST]]
#
# COUNT: 50.  GUEST: the folder of a converted guest, which then has to say
# login each time; without one a guest of a few instructions.
here=$(cd "$(dirname "$0")/../host" && pwd)
. "$here/../cli/functions.sh"
here=$(cd "$here/../host" && pwd)
. "$here/container.sh"
cleanup() { container_cleanup; }
count=${1:-50}
guest=$(realpath "${2:-/nonexistent}" 2>/dev/null)
container_make

to=$box/var/lib/pimigrate/guests/victim
if [ -d "$guest" ]; then
	cp -r --sparse=always "$guest" "$to"
	state=up seconds=1800
else
	python3 "$here/guests.py" guest key "$to"
	state=booting seconds=60
fi
expect 0 container_do "$PIMIGRATE" enable victim
mkdir -p "$box/etc/systemd/system/pimigrate@.service.d"
printf '[Unit]\nStartLimitBurst=100000\n[Service]\nWatchdogSec=20\nRestartSec=100ms\n' \
	>"$box/etc/systemd/system/pimigrate@.service.d/torture.conf"

cat >inside <<I
set -u
count=$count state=$state seconds=$seconds unit=pimigrate@victim
I
cat >>inside <<'I'
field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([a-z0-9]*\).*/\1/p" /run/pimigrate/victim/status.json 2>/dev/null; }
wait_up() {
	local end=$((SECONDS + seconds))
	until [ "$(systemctl is-active $unit)" = active ] && [ "$(field state)" = "$state" ] &&
		[ "$(systemctl show --value -p NRestarts $unit)" -ge "$1" ]; do
		[ $SECONDS -lt $end ] || {
			echo "kill $1: not back within $seconds seconds" >&2
			exit 1
		}
		sleep 0.1
	done
}
wait_up 0
for n in $(seq "$count"); do
	case $((n % 10)) in
	0) kill -STOP "$(field engine-pid)" ;;
	[1-6]) kill -9 "$(field engine-pid)" ;;
	*) kill -9 "$(systemctl show --value -p MainPID $unit)" ;;
	esac
	wait_up "$n"
	echo "$n: back" >>/tested/progress
done
pgrep -c pimigrate-emu >/tested/emulators
began=$SECONDS
systemctl stop $unit || exit 1
echo "stopped in $((SECONDS - began)) s" >>/tested/progress
[ "$(systemctl show --value -p Result $unit)" = success ] || exit 1
! pgrep pimigrate-emu || exit 1
I
container_run inside $((60 + count * 20 + (seconds > 60 ? (count + 1) * seconds : 0)))
[ "$(grep -c back "$box/tested/progress")" = "$count" ] || fail "not every kill was survived"
# One for each guest, and one child for its user networking.
[ "$(cat "$box/tested/emulators")" -le 2 ] || fail "emulators are left over"
tail -n 1 "$box/tested/progress"
container_journal -o cat -u pimigrate@victim | grep -c 'power button' | sed 's/^/presses of the power button: /'
