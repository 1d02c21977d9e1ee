#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The doctor on a sound set-up and on broken ones, each made for real, in
# namespaces: it names the cause, and --fix mends what it says it mends.
. "$(dirname "$0")/../cli/functions.sh"
. "$here/disks.sh"
requires_root
requires ip iptables unshare sfdisk mke2fs python3
[ -n "${PRIVATE:-}" ] || exec env PRIVATE=1 unshare --mount --net "$here/doctor.sh"
mount -t sysfs sysfs /sys 2>/dev/null || skip "cannot mount a /sys here"

export PIMIGRATE_GUESTS=$scratch/guests
cleanup() { umount -l "$scratch/guests" 2>/dev/null; }
dir=$PIMIGRATE_GUESTS/pi

# finds LEVEL CHECK TEXT...: that row, and what it says (and its remedy).
finds() {
	level=$1 check=$2
	shift 2
	"$PIMIGRATE" doctor --json >out 2>err
	code=$?
	python3 - "$level" "$check" "$@" <<-'P' || fail "no row $level $check saying: $*"
		import json, sys
		level, check, *texts = sys.argv[1:]
		rows = [r for r in json.load(open("out")) if r["check"] == check and r["level"] == level]
		sys.exit(not any(all(t in r["finding"] + " " + (r["remedy"] or "") for t in texts) for r in rows))
	P
	[ "$level" != bad ] || [ $code = 5 ] || fail "the exit code is $code where something is bad"
}

ip link set lo up
ip link add eth0 type veth peer name peer0
ip link add br0 type bridge
ip link set eth0 master br0 up
ip link set br0 up
ip link set peer0 up
python3 "$here/guests.py" guest wait "$dir" "  - kind: tap
    bridge: br0
    mac: b8:27:eb:12:34:56"
root=$scratch/root
mkdir root
disk "$dir"

# Sound: of what we made nothing is bad.  (This machine's own clock, disk and
# memory are what they are.)
"$PIMIGRATE" doctor --json pi >out 2>err
python3 - <<-'P' || fail "a sound set-up is complained about"
	import json
	rows = json.load(open("out"))
	bad = [r for r in rows if r["level"] in ("warn", "bad") and not r["check"].startswith(("host/", "libvirt/", "guest/disk"))]
	assert not bad, bad
	names = {r["check"] for r in rows}
	for name in ("host/tun", "host/kvm", "host/memory", "host/disk", "host/time", "emulator/runs", "net/bridge",
	             "net/filter", "guest/service", "guest/restarts"):
	    assert name in names, name
P
finds ok net/bridge eth0
finds ok net/filter br0
finds warn guest/disk "apt clean" # 20 MB are few

# The network.
ip link set eth0 nomaster
finds warn net/bridge "nothing but guests"
ip link set eth0 master br0
ip link set br0 name br1
finds bad net/bridge "no bridge 'br0'" "pimigrate net setup --bridge br0"
ip link set br1 name br0
if sysctl -q net.bridge.bridge-nf-call-iptables=1 2>/dev/null; then
	iptables -P FORWARD DROP
	finds bad net/filter "as Docker has it" "iptables -I FORWARD -i br0 -o br0 -j ACCEPT"
	"$PIMIGRATE" net doctor >out
	says "as Docker has it"
	"$PIMIGRATE" doctor --fix >out
	says "mended: iptables drops"
	finds ok net/filter "br0"
fi

# The host: no TUN; a full disk.
mkdir empty
mount --bind empty /dev/net
finds bad host/tun "modprobe tun"
umount /dev/net
cp -r --sparse=always guests saved
mount -t tmpfs -o size=64M full "$PIMIGRATE_GUESTS"
finds bad host/disk "MiB are free" "make room"
umount "$PIMIGRATE_GUESTS"
finds ok guest/service "started by hand"

# A pool of libvirt's that a disk is in, and whose file system is not mounted.
if [ -d /etc/libvirt ] && mount -t tmpfs pools /etc/libvirt; then
	mkdir /etc/libvirt/storage pool
	echo "<pool type='dir'><name>big</name><target><path>$scratch/pool</path></target></pool>" \
		>/etc/libvirt/storage/big.xml
	cp "$dir/guest.yaml" sound.yaml
	mv "$dir/disk.raw" pool/disk.raw
	sed -i "s,file: disk.raw,file: $scratch/pool/disk.raw," "$dir/guest.yaml"
	mv pool unmounted
	finds bad libvirt/pool "'$scratch/pool' of libvirt's pool 'big'" "virsh pool-start big"
	mv unmounted pool
	if [ "$(df --output=avail -m pool | tail -n 1)" -ge 1100 ]; then
		finds ok libvirt/pool "libvirt's pool 'big'"
	fi
	mv pool/disk.raw "$dir/disk.raw"
	cp sound.yaml "$dir/guest.yaml"
	umount /etc/libvirt
fi

# The guest.
sed -i 's/^autostart:.*/autostart: true/' "$dir/guest.yaml"
finds warn guest/service "pimigrate enable pi"
sed -i 's/^autostart:.*/autostart: false/' "$dir/guest.yaml"

# One that libvirt runs, and libvirt does not answer: nobody can tell how it is.
sed -i '$a libvirt: qemu:///system' "$dir/guest.yaml"
[ ! -d /run/libvirt ] || mount -t tmpfs nobody /run/libvirt
finds bad guest/state "cannot be told: no libvirt answers" "virsh -c qemu:///system"
! grep -q '"pi runs"' out || fail "a guest whose state nobody knows is said to run"
! grep -q '"guest/service"' out || fail "a service is expected of a guest that libvirt runs"
[ ! -d /run/libvirt ] || umount /run/libvirt
sed -i '$d' "$dir/guest.yaml"

mv "$dir/disk.raw" away.raw
finds bad guest/files "disk.raw"
mv away.raw "$dir/disk.raw"
cp "$dir/guest.yaml" sound.yaml
echo 'cpus: many' >"$dir/guest.yaml"
finds bad guest/files "guest.yaml"
cp sound.yaml "$dir/guest.yaml"
mkdir "$PIMIGRATE_GUESTS/.run" "$PIMIGRATE_GUESTS/.run/pi"
python3 "$here/guests.py" guest reset "$PIMIGRATE_GUESTS/loop"
"$PIMIGRATE" run loop >run.log 2>&1 &
pid=$!
cleanup() {
	kill -9 $pid 2>/dev/null
	umount -l "$scratch/guests" 2>/dev/null
}
for _ in $(seq 300); do
	! grep -qs '"boots": *[4-9]' "$PIMIGRATE_GUESTS/.run/loop/status.json" || break
	sleep 0.1
done
finds bad guest/restarts "loop has started"
kill -QUIT $pid
wait $pid

# The last starts count, however long all was well before.
python3 "$here/guests.py" guest wait "$PIMIGRATE_GUESTS/late"
"$PIMIGRATE" run late >run.log 2>&1 &
pid=$!
late=$PIMIGRATE_GUESTS/.run/late/status.json
for _ in $(seq 300); do
	! grep -qs booting "$late" || break
	sleep 0.1
done
finds ok guest/restarts "late runs"
python3 - "$late" <<-'P'
	import json, sys, time
	status, now = json.load(open(sys.argv[1])), int(time.time())
	status.update(began=now - 30 * 86400, boots=40, starts=[now - 90, now - 60, now - 30, now])
	json.dump(status, open(sys.argv[1], "w"))
P
finds bad guest/restarts "late has started 4 times in 9"
kill -QUIT $pid
wait $pid
expect 1 "$PIMIGRATE" doctor nobody
complains "there is no guest 'nobody'"

# A new kernel waits; --fix takes it.
initrd "$dir"
kernel 9 off x
disk "$dir"
finds note guest/kernel "6.1.0-9-armmp-lpae" "pimigrate sync pi"
"$PIMIGRATE" doctor --fix pi >out
says "mended: the next start of pi takes kernel 6.1.0-9"
finds ok guest/kernel "newest kernel"
