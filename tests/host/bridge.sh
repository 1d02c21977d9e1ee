#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest's TAP on a bridge, in network namespaces: "host" has the bridge,
# "lan" is what is plugged in.  Multicast, IPv6 and ARP pass; a filter as
# Docker's is found and cured by one rule; an address that somebody has is
# told.
. "$(dirname "$0")/../cli/functions.sh"
requires_root
requires ip iptables ip6tables nft python3 setpriv systemd-sysusers
[ -c /dev/net/tun ] || skip "no /dev/net/tun here"

# An /etc of its own, for the user whom the TAP is given.
[ -n "${PRIVATE_ETC:-}" ] || exec env PRIVATE_ETC=1 unshare --mount "$here/bridge.sh"
mkdir etc && mount -t tmpfs pimigrate-test etc && mkdir etc/up etc/work &&
	mount -t overlay overlay -o "lowerdir=/etc,upperdir=$scratch/etc/up,workdir=$scratch/etc/work" /etc ||
	skip "cannot mount an overlay of /etc here"

host=pm-host-$$
lan=pm-lan-$$
pids=
cleanup() {
	[ -z "$pids" ] || kill $pids 2>/dev/null
	[ -z "${PIMIGRATE_GUESTS:-}" ] || in_host "$PIMIGRATE" stop --force pi >/dev/null 2>&1
	ip netns del "$host" 2>/dev/null
	ip netns del "$lan" 2>/dev/null
	umount -l /etc etc 2>/dev/null
}
ip netns add "$host" || skip "no network namespaces here"
ip netns add "$lan"
in_host() { ip netns exec "$host" "$@"; }
in_lan() { ip netns exec "$lan" "$@"; }
ip -n "$host" link add eth0 type veth peer name eth0 netns "$lan"
ip -n "$host" link add br0 type bridge forward_delay 0
ip -n "$host" link set eth0 address fe:f0:00:00:00:01 # the TAP's shall not be lower
ip -n "$host" link set eth0 master br0 up
ip -n "$host" address add 10.97.8.1/24 dev br0
ip -n "$host" link set br0 up
ip -n "$lan" address add 10.97.8.2/24 dev eth0
ip -n "$lan" address add fd97:8::2/64 dev eth0 nodad
ip -n "$lan" link set eth0 up
before=$(ip -n "$host" -br link show br0 | awk '{ print $3 }')

getent passwd pimigrate >/dev/null ||
	systemd-sysusers "$here/../../systemd/host/sysusers.conf" >sysusers.log 2>&1 || fail "cannot make the user pimigrate"

export PIMIGRATE_GUESTS=$scratch/guests
python3 "$here/guests.py" guest key "$PIMIGRATE_GUESTS/pi" "  - kind: tap
    bridge: br0
    mac: b8:27:eb:12:34:56
    net: 10.97.8.42/24
    address: 10.97.8.42"
tap=pm0110c455-0

# Without its service the guest is on the LAN too, if root starts it, and leaves
# nothing behind; a user is told what to do.
expect 0 in_host "$PIMIGRATE" start pi
in_host ip -d link show "$tap" | grep -q 'UP.*master br0' || fail "the TAP of a guest that root starts is not on the bridge"
expect 0 in_host "$PIMIGRATE" stop pi
! ip -n "$host" link show "$tap" 2>/dev/null || fail "the TAP of a guest that root started stays"
mkdir theirs
cp -r "$PIMIGRATE_GUESTS/pi" theirs/pi
chown -R nobody theirs
chmod 711 "$scratch"
expect 1 in_host env PIMIGRATE_GUESTS="$scratch/theirs" \
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$PIMIGRATE" run pi
complains "only root can make its interface '$tap'" "sudo pimigrate enable --now pi"
! ip -n "$host" link show "$tap" 2>/dev/null || fail "a user made a TAP"

expect 0 in_host "$PIMIGRATE" prepare pi
[ ! -s err ] || fail "a warning where all is well"
in_host ip -d link show "$tap" | grep -q 'master br0' || fail "the TAP is not on the bridge"
[ "$(ip -n "$host" -br link show br0 | awk '{ print $3 }')" = "$before" ] || fail "the bridge has another MAC now"
expect 0 in_host "$PIMIGRATE" prepare pi # twice is as good as once
expect 0 in_host "$PIMIGRATE" net show
says "br0" "eth0" "on br0" "guest pi is on br0"

# Whoever is on the TAP in the guest's place prints what comes in.
cat >listen.py <<-'P'
	import fcntl, os, select, struct, sys, time
	fd = os.open("/dev/net/tun", os.O_RDWR)
	fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", sys.argv[1].encode(), 0x0002 | 0x1000))
	print("attached", flush=True)
	end = time.monotonic() + 60
	while time.monotonic() < end and select.select([fd], [], [], 1) is not None:
	    if not select.select([fd], [], [], 0)[0]:
	        continue
	    frame = os.read(fd, 65536)
	    for word in (b"v4-multicast", b"v6-multicast", b"v4-unicast", b"the-end"):
	        if word in frame:
	            print(word.decode(), flush=True)
	    if b"the-end" in frame:
	        break
P
# mDNS goes to 224.0.0.251 and ff02::fb; a packet to the guest alone needs its
# MAC, which nobody answers for here.
cat >send.py <<-'P'
	import socket, sys
	index = socket.if_nametoindex("eth0")
	four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	four.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.97.8.2"))
	six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
	four.sendto(b"v4-multicast", ("224.0.0.251", 5353))
	six.sendto(b"v6-multicast", ("ff02::fb", 5353, 0, index))
	four.sendto(b"v4-unicast", ("10.97.8.42", 9))
	# Not IP: no filter of any kind stops it.
	raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	raw.bind(("eth0", 0))
	raw.send(b"\xff" * 6 + b"\x02\0\0\0\0\1" + b"\x88\xb5" + b"the-end".ljust(50))
P
ip -n "$lan" neigh add 10.97.8.42 lladdr b8:27:eb:12:34:56 dev eth0 nud permanent
hears() { # what passes to the guest, sorted
	in_host python3 listen.py "$tap" >heard 2>heard.err &
	local pid=$!
	pids="$pids $pid"
	for _ in $(seq 100); do
		! grep -q attached heard || break
		sleep 0.1
	done
	grep -q attached heard || fail "nobody is on the TAP: $(cat heard.err)"
	for _ in $(seq 20); do
		in_lan python3 send.py
		sleep 0.2
		kill -0 $pid 2>/dev/null || break
	done
	wait $pid
	grep -v attached heard | sort -u | tr '\n' ' '
}
all="the-end v4-multicast v4-unicast v6-multicast "
got=$(hears)
[ "$got" = "$all" ] || fail "without a filter this passes: $got"

# Docker's filter.
in_host sysctl -q net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1 2>/dev/null ||
	skip "no br_netfilter here"
in_host iptables -P FORWARD DROP
in_host ip6tables -P FORWARD DROP
in_host iptables -N DOCKER-USER
in_host iptables -A DOCKER-USER -j RETURN
in_host iptables -A FORWARD -j DOCKER-USER
got=$(hears)
[ "$got" = "the-end " ] || fail "the filter does not stop what it should, so this test is worth nothing: $got"
expect 0 in_host "$PIMIGRATE" prepare pi
got=$(hears)
[ "$got" = "$all" ] || fail "with the rule this passes: $got"
in_host iptables -S DOCKER-USER | head -n 2 | grep -q -- '-A DOCKER-USER -i br0 -o br0 -j ACCEPT' || fail "no rule in DOCKER-USER"
[ "$(in_host iptables -S FORWARD | grep -c ACCEPT)" = 0 ] || fail "a rule in FORWARD, where Docker has its own chain"
in_host ip6tables -S FORWARD | grep -q -- '-A FORWARD -i br0 -o br0 -j ACCEPT' || fail "no rule for IPv6"
expect 0 in_host "$PIMIGRATE" prepare pi
[ "$(in_host iptables -S | grep -c 'br0 -j ACCEPT')" = 1 ] || fail "a rule too many"
in_host iptables -D DOCKER-USER -i br0 -o br0 -j ACCEPT
expect 0 in_host "$PIMIGRATE" start pi
in_host iptables -S DOCKER-USER | grep -q -- '-i br0 -o br0 -j ACCEPT' || fail "no rule for a guest that root starts"
expect 0 in_host "$PIMIGRATE" stop pi
expect 0 in_host "$PIMIGRATE" prepare pi

# So it is for a guest of libvirt's, by its hook.
in_host iptables -F DOCKER-USER
in_host ip6tables -F FORWARD
sed -i '$a libvirt: qemu:///system' "$PIMIGRATE_GUESTS/pi/guest.yaml"
in_host "$PIMIGRATE" libvirt-hook pi prepare begin - <<<"<uuid>0110c455-1111-4222-8333-444455556666</uuid>" 2>hook.err ||
	fail "the hook: $(cat hook.err)"
expect 1 in_host "$PIMIGRATE" prepare pi
complains "guest 'pi' is run by libvirt"
sed -i '$d' "$PIMIGRATE_GUESTS/pi/guest.yaml"
got=$(hears)
[ "$got" = "$all" ] || fail "with the hook's rule this passes: $got; $(cat hook.err)"

# Somebody else's firewall is not changed; what to do is told.
in_host nft add table inet strict
in_host nft 'add chain inet strict forward { type filter hook forward priority 0; policy drop; }'
expect 0 in_host "$PIMIGRATE" prepare pi
grep -q "nft insert rule inet strict forward iifname br0 oifname br0 accept" err || fail "no word about the nft chain: $(cat err)"
in_host nft insert rule inet strict forward iifname br0 oifname br0 accept
expect 0 in_host "$PIMIGRATE" prepare pi
[ ! -s err ] || fail "it complains still: $(cat err)"
got=$(hears)
[ "$got" = "$all" ] || fail "what was advised does not help: $got"

# The Pi is still there: by its address, and by its MAC.
ip -n "$lan" neigh del 10.97.8.42 dev eth0
ip -n "$lan" address add 10.97.8.42/24 dev eth0
expect 0 in_host "$PIMIGRATE" prepare pi
grep -q "answers at 10.97.8.42, the address of guest 'pi'" err || fail "no word about the taken address: $(cat err)"
ip -n "$lan" link set eth0 down
ip -n "$lan" link set eth0 address b8:27:eb:12:34:56 up
expect 0 in_host "$PIMIGRATE" prepare pi
grep -q "the Pi is still on the network" err || fail "no word about the Pi: $(cat err)"

# Wi-Fi is refused, and it says why; so is a port of another bridge.
mkdir -p net/wlan0/wireless net/eth5/brport
for name in wlan0 eth5; do
	echo 7 >net/$name/ifindex
	echo 02:00:00:00:00:01 >net/$name/address
	echo 0x1003 >net/$name/flags
done
ln -s ../br5 net/eth5/master
mount --bind net /sys/class/net
expect 5 "$PIMIGRATE" net setup --uplink wlan0
complains "is Wi-Fi, which cannot be bridged" "user networking"
expect 1 "$PIMIGRATE" net setup --uplink eth5
complains "on the bridge 'br5' already"
umount /sys/class/net

# A name that is something else's, a bridge that is not there.
expect 0 in_host "$PIMIGRATE" prepare --undo pi
! ip -n "$host" link show "$tap" 2>/dev/null || fail "the TAP stays"
expect 0 in_host "$PIMIGRATE" prepare --undo pi
sed -i 's/bridge: br0/bridge: br7/' "$PIMIGRATE_GUESTS/pi/guest.yaml"
expect 1 in_host "$PIMIGRATE" prepare pi
complains "there is no bridge 'br7'" "pimigrate net setup"
sed -i 's/bridge: br7/bridge: br0\n    tap: eth0/' "$PIMIGRATE_GUESTS/pi/guest.yaml"
expect 1 in_host "$PIMIGRATE" prepare pi
complains "'eth0' is in use, or is no TAP"
ip -n "$host" link show eth0 >/dev/null || fail "eth0 is gone"
