#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# net setup, and the machine is restarted before anybody confirmed: the next
# boot has the bridge, and takes it back when nobody confirms then either; for
# each of the three that may be in charge.  What was confirmed stays.
. "$(dirname "$0")/../cli/functions.sh"
. "$here/container.sh"
cleanup() { container_cleanup; }
requires ifup nmcli networkctl
container_make
container_managers
rm -f "$box/etc/systemd/system/networking.service"

# The wire is there before anybody looks for it.
cat >"$box/etc/systemd/system/wire.service" <<-U
	[Unit]
	Before=network-pre.target networking.service systemd-networkd.service NetworkManager.service
	Wants=network-pre.target
	DefaultDependencies=no
	[Service]
	Type=oneshot
	RemainAfterExit=yes
	ExecStart=/usr/sbin/ip link add eth0 address 02:97:09:00:00:01 type veth peer name lan0
	ExecStart=/usr/sbin/ip link set lan0 up
	[Install]
	WantedBy=sysinit.target
U
systemctl -q --root="$box" enable wire.service

{
	cat "$here/lan-functions.sh"
	cat <<'I'
moved() { address_on br0 && ! address_on eth0; }
short() { [ "$(cat /sys/class/net/{br0,eth0}/mtu)" = $'1400\n1400' ]; }
back() { address_on eth0 && [ ! -e /sys/class/net/br0 ]; }
no_trace() {
	[ ! -e /var/lib/pimigrate/net/br0 ] && [ ! -e "$guard" ] &&
		[ ! -L /etc/systemd/system/multi-user.target.wants/pimigrate-net-br0.service ] &&
		! grep -rqs br0 /etc/network /etc/systemd/network
}
guard=/etc/systemd/system/pimigrate-net-br0.service
I
} >functions

boot() { # WHAT: the script on standard input runs while it boots
	cat functions - >inside
	echo "$1" >>boots
	rm -f "$box"/tested/*
	container_run inside 120
}

# It is set up with an hour to confirm; the next boot has two seconds.
unconfirmed() {
	boot "$1: set up" <<-'I'
		eventually "eth0 is up" back
		"$PIMIGRATE" net setup --uplink eth0 --wait 3600 || die "setup"
		eventually "the bridge has the address" moved
		[ -s "$guard" ] || die "nothing waits after a restart"
		sed -i 's/--wait 3600/--wait 2/' "$guard"
	I
	boot "$1: not confirmed" <<-'I'
		eventually "nobody confirmed, and all is as it was" back
		eventually "no trace" no_trace
		journalctl -q -o cat -u pimigrate-net-br0 | grep -q "nobody confirmed" || die "no word why"
	I
}

enable() { systemctl -q --root="$box" enable "$@"; }
disable() { systemctl -q --root="$box" disable "$@"; }

printf 'auto lo eth0\niface lo inet loopback\n\niface eth0 inet static\n\taddress 10.97.9.1/24\n' \
	>"$box/etc/network/interfaces"
enable networking.service
unconfirmed ifupdown

# As Debian's installer leaves it, in two files: what starts the uplink is not
# where it is configured.
printf 'auto lo\niface lo inet loopback\nallow-hotplug eth0\nsource /etc/network/interfaces.d/*\n' \
	>"$box/etc/network/interfaces"
printf 'iface eth0 inet static\n\taddress 10.97.9.1/24\n\tmtu 1400\n' >"$box/etc/network/interfaces.d/wire"
cp "$box/etc/network/interfaces" interfaces
cp "$box/etc/network/interfaces.d/wire" wire
boot "ifupdown, allow-hotplug: confirmed" <<-'I'
	ifup --allow=hotplug eth0 || die "ifup" # udev's part
	"$PIMIGRATE" net setup --uplink eth0 --wait 3600 || die "setup"
	"$PIMIGRATE" net confirm || die "confirm"
	! grep -rn '^a.* eth0' /etc/network || die "eth0 is started still"
I
boot "ifupdown, allow-hotplug: stays" <<-'I'
	eventually "the bridge is there" moved
	eventually "their frames are as short as the uplink's were" short
	"$PIMIGRATE" net remove || die "remove"
	eventually "remove brings the uplink back" back
	no_trace || die "remove leaves something"
I
cmp "$box/etc/network/interfaces" interfaces && cmp "$box/etc/network/interfaces.d/wire" wire ||
	fail "interfaces has changed"
disable networking.service
rm "$box/etc/network/interfaces.d/wire"
: >"$box/etc/network/interfaces"

printf '[Match]\nName=eth0\n\n[Link]\nMTUBytes=1400\n\n[Network]\nAddress=10.97.9.1/24\nLinkLocalAddressing=no\n' \
	>"$box/etc/systemd/network/20-eth0.network"
enable systemd-networkd.service
unconfirmed systemd-networkd
boot "systemd-networkd: confirmed" <<-'I'
	eventually "eth0 is up" back
	"$PIMIGRATE" net setup --uplink eth0 --wait 3600 || die "setup"
	sed -i 's/--wait 3600/--wait 2/' "$guard"
	"$PIMIGRATE" net confirm || die "confirm"
	[ ! -e "$guard" ] || die "it is waited for still"
I
boot "systemd-networkd: stays" <<-'I'
	eventually "the bridge is there" moved
	eventually "their frames are as short as the uplink's were" short
	"$PIMIGRATE" net remove || die "remove"
	eventually "remove brings the uplink back" back
	no_trace || die "remove leaves something"
I
disable systemd-networkd.service
rm "$box/etc/systemd/network/20-eth0.network"

cat >"$box/etc/NetworkManager/system-connections/wire.nmconnection" <<-'N'
	[connection]
	id=my wire
	uuid=0110c455-1111-4222-8333-444455556666
	type=ethernet
	interface-name=eth0
	[ipv4]
	method=manual
	address1=10.97.9.1/24
	[ipv6]
	method=disabled
N
chmod 600 "$box/etc/NetworkManager/system-connections/wire.nmconnection"
enable NetworkManager.service
unconfirmed NetworkManager
