# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # the variables are boot.sh's
#
# Two ports of the host, played by pseudo-terminals, as the guest knows them:
# by their names, with the speed that it sets, and again after they were
# pulled out and put in.

declare -A stick_pids

sticks_cleanup() {
	for pid in "${stick_pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
}

sticks_start() {
	step "giving it two serial ports"
	plug uart
	plug virtio
	"$pimigrate" devices "$name" attach "$scratch/uart" --as /dev/ttyACM0 || fail "devices attach: exit $?"
	"$pimigrate" devices "$name" attach "$scratch/virtio" --as /dev/serial/by-id/usb-stick --port virtio
}

plug() { # plug NAME: a pseudo-terminal by that name, its other end as NAME.end
	socat "pty,raw,echo=0,link=$scratch/$1" "pty,raw,echo=0,link=$scratch/$1.end" &
	stick_pids[$1]=$!
	for _ in $(seq 100); do
		[ ! -e "$scratch/$1" ] || [ ! -e "$scratch/$1.end" ] || return 0
		sleep 0.1
	done
	fail "socat made no pseudo-terminals"
}

unplug() {
	kill "${stick_pids[$1]}"
	wait "${stick_pids[$1]}" || true
}

# stick NAME DEVICE [SPEED]: what goes in at one end comes out at the other.
# As a program does, the guest keeps the port open: closed, it forgets its
# settings.
stick() {
	local heard=$scratch/heard-$1 open="exec 3<>$2; stty ${3:-} raw -echo <&3"
	timeout 60 head -n 1 "$scratch/$1.end" >"$heard" &
	in_guest sudo sh -c "'$open; echo from the guest >&3; sleep 1'" || fail "the guest has no $2"
	wait $! || fail "$2: nothing came out of the guest"
	grep -qx 'from the guest' "$heard" || fail "$2: the guest said '$(cat -v "$heard")'"
	in_guest sudo sh -c "'$open; echo ready; timeout 60 head -n 1 <&3'" >"$heard" &
	for _ in $(seq 60); do
		! grep -q ready "$heard" || break
		sleep 1
	done
	echo "to the guest" >"$scratch/$1.end"
	wait $! || fail "$2: nothing came into the guest"
	grep -qx 'to the guest' "$heard" || fail "$2: the guest heard '$(cat -v "$heard")'"
}

sticks_test() {
	step "trying its serial ports"
	wait_for_ssh 180 || fail_with_console "ssh does not answer"
	stick uart /dev/ttyACM0 9600
	[ "$(stty -F "$scratch/uart" speed)" = 9600 ] || fail "the host's port has $(stty -F "$scratch/uart" speed) bit/s"
	stick virtio /dev/serial/by-id/usb-stick
	unplug uart
	plug uart
	for _ in $(seq 60); do
		[ "$(stty -F "$scratch/uart" speed)" != 9600 ] || break
		sleep 1
	done
	stick uart /dev/ttyACM0 9600
	[ "$(stty -F "$scratch/uart" speed)" = 9600 ] || fail "plugged in again, it has another speed"
}
