#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# net setup for each of the three that may be in charge, in a container with a
# systemd of its own: the bridge takes over the uplink's address and MAC, the
# LAN is reached before, meanwhile and after, it goes by itself where nobody
# confirms, and stays where somebody does.  What else the uplink had goes with
# the address: its MTU, whom the DHCP server takes it for, its routes.
. "$(dirname "$0")/../cli/functions.sh"
. "$here/container.sh"
cleanup() { container_cleanup; }
requires ifup nmcli networkctl dnsmasq python3
container_make
container_managers

{
	cat "$here/lan-functions.sh"
	cat <<'I'
lan() { ip netns exec lan "$@"; }
reached() { ping -c 1 -W 1 10.97.9.2; }
mtu() { [ "$(cat "/sys/class/net/$1/mtu")" = 1400 ]; }
moved() {
	address_on br0 && ! address_on eth0 && reached && mtu br0 && mtu eth0 &&
		[ "$(cat /sys/class/net/br0/address)" = "$mac" ]
}
back() { address_on eth0 && [ ! -e /sys/class/net/br0 ] && mtu eth0 && reached; }
no_trace() {
	[ ! -e /var/lib/pimigrate/net/br0 ] || return 1
	! grep -rqs br0 /etc/network /etc/systemd/network
}

ip netns add lan
ip link add eth0 type veth peer name lan0
ip link set lan0 netns lan
lan ip address add 10.97.9.2/24 dev lan0
lan ip link set lan0 up
mac=$(cat /sys/class/net/eth0/address)

meanwhile() { :; } # what else is to hold while there is the bridge
try() { # the manager has set eth0 up
	eventually "eth0 is up" back
	"$PIMIGRATE" net show >/tested/show || die "net show"
	grep -q "^eth0 .* by $manager" /tested/show || die "net show does not name $manager: $(cat /tested/show)"
	"$PIMIGRATE" net setup --uplink eth0 --wait 4 || die "setup"
	eventually "the bridge has the address" moved
	eventually "nobody confirmed, and all is as it was" back
	eventually "no trace" no_trace
	"$PIMIGRATE" net setup --uplink eth0 --wait 3 || die "setup again"
	eventually "the bridge has the address again" moved
	"$PIMIGRATE" net confirm || die "confirm"
	sleep 4
	moved || die "it went, though it was confirmed"
	meanwhile
	"$PIMIGRATE" net setup --uplink eth0 2>/tested/twice && die "a second bridge of that name"
	grep -q "already" /tested/twice || die "no word why: $(cat /tested/twice)"
	"$PIMIGRATE" net remove || die "remove"
	eventually "remove brings the uplink back" back
	no_trace || die "remove leaves something"
	"$PIMIGRATE" net remove 2>/tested/gone && die "it can be removed twice"
}

manager=ifupdown
printf 'auto lo eth0\niface lo inet loopback\n\niface eth0 inet static\n\taddress 10.97.9.1/24\n\tmtu 1400\n# a comment\n' \
	>/etc/network/interfaces
chown root:games /etc/network/interfaces # as one with a password in it
chmod 640 /etc/network/interfaces
cp -p /etc/network/interfaces /tested/interfaces
secret() { [ "$(stat -c '%a %U:%G' /etc/network/interfaces)" = "640 root:games" ] || die "$1 lets others read interfaces"; }
ifup eth0 || die "ifup"
meanwhile() { secret "setup"; }
try
meanwhile() { :; }
secret "remove"
cmp /etc/network/interfaces /tested/interfaces || die "interfaces has changed"

# However long it takes to get as far as the first change: the time to confirm
# does not run out before there is something to take back.
python3 -c 'import fcntl, os, time
lock = open("/var/lib/pimigrate/net/.lock", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
os.mkdir("/tested/held")
time.sleep(2.5)' &
eventually "the lock is held" [ -d /tested/held ]
"$PIMIGRATE" net setup --uplink eth0 --wait 1 || die "setup that had to wait"
eventually "nobody confirmed that either" back
eventually "no trace of that" no_trace

# What the administrator has written since is not lost without a word.
"$PIMIGRATE" net setup --uplink eth0 || die "setup"
"$PIMIGRATE" net confirm || die "confirm"
echo '# of mine' >>/etc/network/interfaces
"$PIMIGRATE" net remove 2>/tested/changed && die "what was written since is lost"
grep -q "interfaces' was changed since.*--force" /tested/changed || die "no word why: $(cat /tested/changed)"
moved || die "a remove that was refused changes something"
"$PIMIGRATE" net remove --force || die "remove --force"
eventually "remove --force brings the uplink back" back
no_trace || die "remove --force leaves something"
cmp /etc/network/interfaces /tested/interfaces || die "interfaces has changed"
grep -q '# of mine' /var/lib/pimigrate/net/.old-interfaces || die "what was written since is not kept"

# Cut off while it forgets what was, in whatever order that is: done again, it does
# not believe that there was nothing.
"$PIMIGRATE" net setup --uplink eth0 || die "setup"
LD_PRELOAD=$INJECT INJECT_DO=KILL INJECT_AT='before unlinkat .*' "$PIMIGRATE" net remove
[ $? = 137 ] || die "it was not killed"
rm -f /var/lib/pimigrate/net/br0/0
"$PIMIGRATE" net remove
cmp /etc/network/interfaces /tested/interfaces || die "interfaces has changed, or is gone"
eventually "the uplink is back" back
ifdown eth0
ip address flush dev eth0
printf '' >/etc/network/interfaces

manager=systemd-networkd
printf '[Match]\nName=eth0\n\n[Network]\nLinkLocalAddressing=no\n' >/etc/systemd/network/20-eth0.network
# drop-ins are part of it: of one name that of /etc
mkdir -p /etc/systemd/network/20-eth0.network.d /run/systemd/network/20-eth0.network.d
printf '[Match]\nType=ether\n\n[Link]\nMTUBytes=1400\n' >/etc/systemd/network/20-eth0.network.d/20-mtu.conf
printf '[Link]\nMTUBytes=1300\n' >/run/systemd/network/20-eth0.network.d/20-mtu.conf
printf '[Link]\nMTUBytes=1200\n\n[Network]\nAddress=10.97.9.1/24\n' >/run/systemd/network/20-eth0.network.d/10-lan.conf
systemctl start systemd-networkd || die "networkd does not start"
try
systemctl stop systemd-networkd.socket systemd-networkd
rm -r /etc/systemd/network/20-eth0.network* /run/systemd/network/20-eth0.network.d
ip address flush dev eth0
rm -rf /run/systemd/netif/links

# A DHCP server that knows the uplink by its client identifier, as RFC 4361 has
# it: not by what is in the file, because that is how it is where the IAID comes
# from udev.
manager="systemd-networkd, DHCP"
lan dnsmasq -C /dev/null -p 0 -u root -i lan0 -z --dhcp-authoritative --no-ping -l /tested/leases -x /tested/dnsmasq.pid \
	-F 10.97.9.10,10.97.9.99,255.255.255.0 -G id:ff:00:00:12:67:00:02:00:00:ab:11:01:02:03:04:05:06:07:08,10.97.9.77 ||
	die "dnsmasq"
leased() { ip -4 address show dev "$1" 2>/dev/null | grep -q 'inet 10.97.9.77/24'; }
printf '[Match]\nName=eth0\n\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n
[DHCPv4]\nDUIDType=vendor\nDUIDRawData=00:00:ab:11:01:02:03:04:05:06:07:08\nIAID=4711\n' \
	>/etc/systemd/network/20-eth0.network
systemctl start systemd-networkd || die "networkd does not start"
eventually "eth0 has its address" leased eth0
sed -i '/^IAID/d' /etc/systemd/network/20-eth0.network
"$PIMIGRATE" net setup --uplink eth0 || die "setup"
eventually "the bridge has the same address" leased br0
echo IAID=4711 >>/etc/systemd/network/20-eth0.network
"$PIMIGRATE" net remove || die "remove"
eventually "so has eth0 again" leased eth0
no_trace || die "remove leaves something"
systemctl stop systemd-networkd.socket systemd-networkd
kill "$(cat /tested/dnsmasq.pid)"
rm /etc/systemd/network/20-eth0.network
ip address flush dev eth0
rm -rf /run/systemd/netif/links /run/systemd/netif/leases

manager=NetworkManager
systemctl start NetworkManager || die "NetworkManager does not start"
nmcli connection add type ethernet ifname eth0 con-name 'my wire' ethernet.mtu 1400 connection.zone home \
	ipv4.method manual ipv4.addresses 10.97.9.1/24 ipv4.never-default yes ipv4.route-metric 300 ipv4.ignore-auto-dns yes \
	ipv4.routes '10.98.0.0/16 10.97.9.2, 10.99.0.0/16 10.97.9.2 50' ipv4.dns 10.97.9.2,10.97.9.3 ipv4.dns-search home.test \
	ipv6.method manual ipv6.addresses fd97:9::1/64 ipv6.never-default yes ipv6.route-metric 301 ipv6.ignore-auto-dns yes \
	ipv6.routes 'fd98::/64 fd97:9::2' ipv6.dns-search home6.test || die "nmcli"
nmcli connection up 'my wire'
had() { nmcli -t -f 802-3-ethernet.mtu,connection.zone,ipv4,ipv6 connection show "$1" | grep -v -e ':--$' -e ':$'; }
meanwhile() {
	had 'my wire' >/tested/wire
	had pimigrate-br0 >/tested/bridge
	grep -q 'dns-search:home6' /tested/wire && cmp /tested/wire /tested/bridge ||
		die "other settings: $(diff /tested/wire /tested/bridge)"
	ip route show dev br0 | grep -q '10.99.0.0/16 via 10.97.9.2 .*metric 50' || die "other routes: $(ip route)"
}
try
meanwhile() { :; }
nmcli -t -f NAME connection show | grep pimigrate && die "connections stay"
systemctl stop NetworkManager

# Nobody is in charge: said, and nothing is done.
manager=nobody
nmcli() { :; }
printf '' >/etc/network/interfaces
"$PIMIGRATE" net setup --uplink eth0 2>/tested/nobody
[ $? = 5 ] || die "the exit code is not 5"
grep -q "neither NetworkManager nor systemd-networkd" /tested/nobody || die "no word why: $(cat /tested/nobody)"
"$PIMIGRATE" net setup --uplink eth7 2>/tested/none && die "an uplink that is not there"
grep -q "no interface 'eth7'" /tested/none || die "no word about eth7"
exit 0
I
} >inside
container_run inside 240
