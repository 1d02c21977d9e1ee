#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lines of docs/operating.md, from inspect to ssh, as they stand there: on a
# made card, in a container with a systemd of its own as PID 1, whose eth0 leads
# to a LAN with a DHCP server.  Changed are only the card's device, how the
# program is called, and where ssh finds the guest.
. "$(dirname "$0")/../cli/functions.sh"
requires_root
requires python3 sshpass ssh ip dnsmasq ifup
here=$(realpath "$here/../host")
. "$here/container.sh"
cleanup() { container_cleanup; }
container_make
tools=$here/../../tools
"$tools/make-card.sh" card.img >make.log 2>&1 || {
	tail -n 3 make.log
	exit 77
}

sed -n 's/^    //p' "$here/../../docs/operating.md" | sed '/^ssh/q' >lines
[ "$(wc -l <lines)" = 10 ] || fail "the page does not have ten lines: $(cat lines)"
run_line() { # WORD...: the line of the page that begins so, with our card
	line=$(grep "^pimigrate $*" lines) || fail "the page has no line '$*'"
	echo "$line" >>run.lines
	line=${line/#pimigrate/\"\$PIMIGRATE\"}
	echo "${line//\/dev\/sdb/$scratch/card.img}"
}

# What needs the mirror is done beside the container, in its folder.
export PIMIGRATE_GUESTS=$box/var/lib/pimigrate/guests
inspect=$(run_line inspect) && convert=$(run_line convert)
eval "$inspect" >inspect.log 2>&1 || fail "inspect: $(cat inspect.log)"
eval "$convert" >convert.log 2>&1 || fail "convert: $(tail -n 3 convert.log)"
echo "inspect and convert did it"

printf '%s\n' '[Match]' 'Name=unused' >"$box/etc/systemd/network/99-unused.network"
printf 'auto lo eth0\niface lo inet loopback\n\niface eth0 inet static\n\taddress 10.97.9.1/24\n' >"$box/etc/network/interfaces"
{
	cat <<'I'
set -u
die() {
	echo "$*" >&2
	exit 1
}
eventually() { # SECONDS WHAT COMMAND...
	end=$((SECONDS + $1))
	what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || die "not in time: $what"
		sleep 1
	done
}
ip netns add lan
ip link add eth0 type veth peer name lan0
ip link set lan0 netns lan
ip -n lan address add 10.97.9.2/24 dev lan0
ip -n lan link set lan0 up
ip -n lan link set lo up
ifup eth0 || die "ifup"
ip netns exec lan dnsmasq --no-daemon --port=0 --interface=lan0 --bind-interfaces --conf-file=/dev/null \
	--dhcp-range=10.97.9.100,10.97.9.150 --dhcp-leasefile=/tested/leases --user=root >/tested/dnsmasq 2>&1 &
I
	for words in "net setup" "net confirm"; do
		echo "$(run_line "$words") || die '$words'"
	done
	echo "$(run_line changes) >/tested/changes || die changes"
	echo "$(run_line doctor) >/tested/doctor || [ \$? = 5 ] || die doctor"
	for words in enable status; do
		echo "$(run_line "$words") || die '$words'"
	done
	cat <<'I'
[ "$(systemctl is-active pimigrate@homepi)" = active ] || die "the service is not active"
[ "$(systemctl is-enabled pimigrate@homepi)" = enabled ] || die "the service is not enabled"
eventually 900 "the guest has an address of the LAN's" grep -q . /tested/leases
address=$(awk '{ print $3; exit }' /tested/leases)
in_guest() {
	ip netns exec lan sshpass -p raspberry ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o ConnectTimeout=20 "pi@$address" "$@" 2>/tested/ssh
}
eventually 600 "ssh from the LAN" in_guest true
in_guest cat /etc/hostname || die "ssh"
systemctl stop pimigrate@homepi || die "stop"
I
} >inside
echo "ssh pi@homepi" >>run.lines
[ "$(sort run.lines)" = "$(sed 1d lines | sort)" ] || fail "not all lines were run: $(cat run.lines)"
container_run inside 3000
cat out
grep -q . "$box/tested/leases" || fail "no lease"
