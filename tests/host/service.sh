#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests as services, under a real systemd: started with the machine, sandbox
# and TAP as promised, back after kill -9 and when they hang, stopped in order.
. "$(dirname "$0")/../cli/functions.sh"
. "$here/container.sh"
. "$here/disks.sh"
cleanup() { container_cleanup; }
container_make

guest() { # NAME KIND [NIC]
	python3 "$here/guests.py" guest "$2" "$box/var/lib/pimigrate/guests/$1" "${3:-}"
}
guest key-1 key "  - kind: tap
    bridge: br0
    mac: b8:27:eb:12:34:56"
guest stubborn wait
guest again reset
guest broken key
guest user-1 key "  - kind: user
    forwards:
      - host: 0
        guest: 22"

# One that has got a newer kernel on its disk, as convert leaves its folder.
new=$box/var/lib/pimigrate/guests/newer root=$scratch/root
guest newer key
initrd "$new"
kernel 9 key 'kernel nine
'
package 9 installed
disk "$new"
chmod 600 "$new/disk.raw"
chmod 711 "$new"

# One on a disk of its own, which is mounted when others run already.
guest aside key
mv "$box/var/lib/pimigrate/guests/aside" "$box/aside"
mkdir "$box/var/lib/pimigrate/guests/aside"
cat >"$box/etc/systemd/system/disk-comes.service" <<-U
	[Unit]
	After=network-online.target
	[Service]
	Type=oneshot
	RemainAfterExit=yes
	ExecStart=/bin/sh -c 'until systemctl -q is-active pimigrate@key-1; do sleep 0.2; done; sleep 1'
U
cat >"$box/etc/systemd/system/var-lib-pimigrate-guests-aside.mount" <<-U
	[Unit]
	Requires=disk-comes.service
	After=disk-comes.service
	DefaultDependencies=no
	[Mount]
	What=/aside
	Where=/var/lib/pimigrate/guests/aside
	Options=bind
U
mkdir -p "$box/etc/systemd/system/pimigrate.target.wants" "$box/etc/systemd/system/multi-user.target.wants"
ln -s ../var-lib-pimigrate-guests-aside.mount "$box/etc/systemd/system/multi-user.target.wants/"
ln -s /etc/systemd/system/pimigrate@.service "$box/etc/systemd/system/pimigrate.target.wants/pimigrate@aside.service"

# Offline, as from an installer: the units, the user, the links.
expect 0 container_do "$PIMIGRATE" enable key-1
says "units are installed" "starts with this machine"
expect 1 container_do "$PIMIGRATE" enable --now key-1
complains "systemd does not run here"
grep -q '^autostart: true' "$box/var/lib/pimigrate/guests/key-1/guest.yaml" || fail "guest.yaml does not say autostart"

# The bridge is there before network-online, as on a real machine.
cat >"$box/etc/systemd/system/bridge.service" <<-U
	[Unit]
	Before=network-online.target
	DefaultDependencies=no
	[Service]
	Type=oneshot
	RemainAfterExit=yes
	ExecStart=/usr/sbin/ip link add br0 type bridge
	ExecStart=/usr/sbin/ip link set br0 up
	[Install]
	WantedBy=network-online.target
U
systemctl -q --root="$box" enable bridge.service
mkdir -p "$box/etc/systemd/system/pimigrate@.service.d" "$box/etc/systemd/system/pimigrate@stubborn.service.d"
printf '[Service]\nWatchdogSec=10\nRestartSec=100ms\n' >"$box/etc/systemd/system/pimigrate@.service.d/fast.conf"
mkdir "$box/etc/systemd/system/pimigrate@broken.service.d"
printf '[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=600\n' \
	>"$box/etc/systemd/system/pimigrate@broken.service.d/fast.conf"
printf '[Service]\nExecStart=\nExecStart=%s run --timeout 11 %%i\n' "$PIMIGRATE" \
	>"$box/etc/systemd/system/pimigrate@stubborn.service.d/fast.conf"

cat >inside <<'I'
set -u
unit=pimigrate@key-1
die() {
	echo "$*" >&2
	exit 1
}
show() { systemctl show --value -p "$1" "$unit"; }
eventually() { # WHAT COMMAND...: within a minute
	what=$1
	shift
	for _ in $(seq 300); do
		! "$@" 2>/dev/null || return 0
		sleep 0.2
	done
	die "not within a minute: $what"
}
engine() { "$PIMIGRATE" status key-1 >/dev/null && python3 -c 'import json; print(json.load(open("/run/pimigrate/key-1/status.json"))["engine-pid"])'; }
runs() { [ "$(show ActiveState)" = active ] && [ "$("$PIMIGRATE" status --json key-1 | grep -c booting)" = 1 ]; }
said() { journalctl --no-pager -q -o cat "$@"; }
heard() { said "${@:2}" | grep -qF -- "$1"; }

eventually "the guest starts with the machine" runs
[ "$(stat -c %U /var/lib/pimigrate/guests/key-1/disk.raw)" = pimigrate ] || die "the disk is not its user's"
[ "$(stat -c %U /var/lib/pimigrate/guests/key-1/guest.yaml)" = root ] || die "guest.yaml is not root's"
eventually "its console is in the journal" heard A -t key-1
[ "$(show StatusText)" = booting ] || die "STATUS is $(show StatusText)"
[ "$(show MemoryMax)" = $(((64 + 384) << 20)) ] || die "MemoryMax is $(show MemoryMax)"
[ "$(show CPUQuotaPerSecUSec)" = 2s ] || die "CPUQuota is $(show CPUQuotaPerSecUSec)"
[ "$(show Slice)" = pimigrate.slice ] || die "Slice is $(show Slice)"
pid=$(engine)
[ "$(awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status")" = "$(id -u pimigrate)" ] || die "the emulator is another user's"
[ "$(awk '$1 == "CapEff:" { print $2 }' "/proc/$pid/status")" = 0000000000000000 ] || die "the emulator has capabilities"
[ "$(awk '$1 == "NoNewPrivs:" { print $2 }' "/proc/$pid/status")" = 1 ] || die "the emulator may get privileges"
[ "$(ls "/proc/$pid/root/var/lib/pimigrate/guests")" = key-1 ] || die "it sees other guests"
tap=$(ip -o link show master br0 | sed 's/^[0-9]*: \([^:@]*\).*/\1/')
[ -n "$tap" ] || die "no TAP on the bridge"
ip -d tuntap list | grep "$tap" | grep -q "user $(id -u pimigrate)\|user pimigrate" || die "the TAP is not the user's: $(ip -d tuntap list)"
ip link show "$tap" | grep -q fe:ff:ff:12:34:56 || die "the TAP's address: $(ip link show "$tap")"

# The guest whose disk comes late waits for it.
unit=pimigrate@aside
eventually "the guest on a disk that is mounted late starts" systemctl -q is-active "$unit"
systemctl stop "$unit" || die "stop of aside"
unit=pimigrate@key-1

# Two readers of one console.
mkdir /tested/c
for i in 1 2; do
	timeout 5 "$PIMIGRATE" console key-1 <<<"" >/tested/c/$i &
done
wait
[ "$(cat /tested/c/1)" = A$'\r' ] || [ "$(cat /tested/c/1)" = A ] || die "the first reader saw '$(cat /tested/c/1)'"
cmp /tested/c/1 /tested/c/2 || die "the readers saw different things"

again() { [ "$(show NRestarts)" -ge "$1" ] && runs; }
kill -9 "$pid"
eventually "it is back after kill -9 of the emulator" again 1
kill -9 "$(show MainPID)"
eventually "it is back after kill -9 of the supervisor" again 2
! heard "does not answer" -u "$unit" || die "a sound emulator is said to hang"
kill -STOP "$(engine)"
eventually "the watchdog ends a guest that hangs, and it is back" again 3
heard "the emulator does not answer" -u "$unit" || die "nobody said that it hangs"

systemctl stop "$unit" || die "stop"
[ "$(show Result)" = success ] || die "Result is $(show Result)"
heard "the power button of guest 'key-1' is pressed" -u "$unit" || die "no word about the button"
! ip link show "$tap" 2>/dev/null || die "the TAP stays"
[ ! -e /run/pimigrate/key-1 ] || die "the runtime folder stays"

# start and stop go through the service.
"$PIMIGRATE" start key-1 || die "start"
runs || die "start does not start the service"
"$PIMIGRATE" stop key-1 || die "stop"
inactive() { [ "$(show ActiveState)" = inactive ]; }
eventually "stop ends the service" inactive

# A guest's reboot happens inside of the supervisor.
unit=pimigrate@again
systemctl start --no-block "$unit"
boots() { [ "$(python3 -c 'import json; print(json.load(open("/run/pimigrate/again/status.json"))["boots"])')" -ge 3 ]; }
eventually "it restarts" boots
[ "$(show NRestarts)" = 0 ] || die "systemd restarted it"
heard "guest 'again' restarts" -u "$unit" || die "no word about the restart"
systemctl kill -s QUIT "$unit" # a guest in a loop has no button
systemctl stop "$unit"

# The kernel is taken from the disk inside of the sandbox too.
unit=pimigrate@newer
systemctl start "$unit" || die "start of newer"
eventually "its own kernel runs" heard "kernel nine" -t newer
[ "$(stat -c %U /var/lib/pimigrate/guests/newer/boot/b/initrd.img)" = pimigrate ] || die "boot/ is not the user's"
systemctl stop "$unit" || die "stop of newer"
grep -q 'proven: true' /var/lib/pimigrate/guests/newer/boot/current/about.yaml || die "the clean stop proves nothing"

# One that does not listen: pressed again, then switched off.
unit=pimigrate@stubborn
systemctl start "$unit" || die "start of stubborn"
systemctl stop "$unit" || die "stop of stubborn"
heard "is pressed again" -u "$unit" || die "the button was pressed once only"
heard "did not power off within 11 seconds" -u "$unit" || die "no word about the time-out"
[ "$(show Result)" = success ] || die "Result is $(show Result)"

# One that has failed and waits for its next start is stopped too.
unit=pimigrate@broken
waits() { [ "$(show SubState)" = auto-restart ]; }
for stop in "stop" "disable --now"; do
	systemctl start --no-block "$unit"
	eventually "it waits for its next start" waits
	"$PIMIGRATE" $stop broken || die "$stop of broken"
	[ "$(show ActiveState)" = inactive ] || die "after $stop the service is $(show ActiveState)"
done

# User networking works in the sandbox; this one is up when the machine goes
# down.
unit=pimigrate@user-1
"$PIMIGRATE" enable --now user-1 || die "enable --now"
port=$("$PIMIGRATE" status --json user-1 | sed -n 's/.*"host": *\([0-9]*\).*/\1/p')
exec 3<>"/dev/tcp/127.0.0.1/$port" || die "the forwarded port does not answer"
"$PIMIGRATE" disable user-1 || die "disable"
[ ! -e /etc/systemd/system/pimigrate.target.wants/pimigrate@user-1.service ] || die "it is still enabled"
"$PIMIGRATE" start key-1 || die "start before the end"
I
container_run inside 240
container_journal -o cat -u pimigrate@user-1 >user.log
container_journal -o cat -u pimigrate@key-1 >key.log
for log in user key; do
	# Of its last start; what comes by different ways may change places.
	awk '/^Started / { text = "" } { text = text $0 "\n" } END { printf "%s", text }' $log.log >last
	for words in 'power button' 'Deactivated successfully'; do
		grep -q "$words" last || fail "the machine did not wait for guest $log, no '$words': $(cat last)"
	done
done
