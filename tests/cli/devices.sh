#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The host's serial ports for a guest: shown, given, taken back.
. "$(dirname "$0")/functions.sh"
export PIMIGRATE_GUESTS="$scratch/guests"

# guest NAME ENGINE
guest() {
	mkdir -p "guests/$1"
	cat >"guests/$1/guest.yaml" <<-END
		version: 1
		uuid: 0110c455-1111-4222-8333-444455556666
		cpus: 1
		memory: 256M
		engine: $2
		kernel: boot/vmlinuz
		owner: these words stay
	END
}
# A /dev of our own, with two sticks in it.
by_id=/dev/serial/by-id
zigbee=usb-ITead_Sonoff_Zigbee_3.0_USB_Dongle_Plus_00124b-if00-port0
with_dev() {
	unshare -m sh -c '
		mkdir shm
		mount -t tmpfs dev shm && mkdir -p shm/serial/by-id &&
		touch shm/null shm/ttyUSB0 shm/ttyACM0 && mount --bind /dev/null shm/null || exit 99
		for name in '"$sticks"'; do
			[ "$name" != '$zigbee' ] || ln -s ../../ttyUSB0 shm/serial/by-id/$name
			[ "$name" = '$zigbee' ] || ln -s ../../ttyACM0 shm/serial/by-id/$name
		done
		mount --move shm /dev || exit 99
		exec "$@"' sh "$PIMIGRATE" devices "$@"
	local code=$?
	rmdir shm
	return $code
}
guest homepi pimigrate
guest qemupi qemu

expect 0 "$PIMIGRATE" devices qemupi
expect 1 "$PIMIGRATE" devices nobody
complains "there is no guest 'nobody'"
expect 2 "$PIMIGRATE" devices homepi attach
complains "'attach DEVICE'"
expect 2 "$PIMIGRATE" devices homepi eat /dev/x
expect 1 "$PIMIGRATE" devices homepi attach ttyUSB7
complains "'ttyUSB7' is no device"
expect 1 "$PIMIGRATE" devices homepi attach /dev/x --as 'a b'
complains "'a b' cannot be a name in the guest"
expect 1 "$PIMIGRATE" devices homepi attach /dev/x --as /etc/../etc
! grep -q serial guests/homepi/guest.yaml || fail "a refused port was kept"

# given: the lasting name comes by itself; absent is no error
expect 0 "$PIMIGRATE" devices homepi attach /dev/serial/by-id/usb-absent --as /dev/ttyACM7 --as zigbee
says 'given /dev/serial/by-id/usb-absent (not plugged in)' \
	'as /dev/ttyAMA1, /dev/serial/by-id/usb-absent, /dev/ttyACM7, /dev/zigbee' "from homepi's next start on"
complains 'the guest has it once it is'
grep -q 'owner: these words stay' guests/homepi/guest.yaml || fail "the owner's words went"
grep -q 'port: uart' guests/homepi/guest.yaml || fail "it is no uart"
expect 1 "$PIMIGRATE" devices homepi attach /dev/serial/by-id/usb-absent
complains "has '/dev/serial/by-id/usb-absent' already"
expect 1 "$PIMIGRATE" devices homepi attach /dev/y --port uart
complains "second UART has a port already"
expect 1 "$PIMIGRATE" devices homepi attach /dev/y --as ttyACM7
complains 'another port of homepi has the name /dev/ttyACM7'
expect 0 "$PIMIGRATE" devices homepi attach /dev/y --as ttyS0
says 'as /dev/hvc1, /dev/ttyS0'
expect 0 "$PIMIGRATE" devices homepi --json
python3 - <<'END' || fail "the document"
import json
given = json.load(open('out'))['given']
assert [g['terminal'] for g in given] == ['ttyAMA1', 'hvc1'], given
assert given[0] == {'device': '/dev/serial/by-id/usb-absent', 'present': False, 'port': 'uart',
                    'terminal': 'ttyAMA1', 'names': ['serial/by-id/usb-absent', 'ttyACM7', 'zigbee']}, given[0]
END
expect 0 "$PIMIGRATE" devices homepi detach /dev/serial/by-id/usb-absent
expect 1 "$PIMIGRATE" devices homepi detach /dev/serial/by-id/usb-absent
complains "homepi does not have '/dev/serial/by-id/usb-absent'"
expect 0 "$PIMIGRATE" devices homepi detach /dev/y
! grep -q serial guests/homepi/guest.yaml || fail "a port is left over"

# QEMU's board has no second UART that Linux may use
expect 1 "$PIMIGRATE" devices qemupi attach /dev/x --port uart
complains "QEMU's board has no second UART"
expect 0 "$PIMIGRATE" devices qemupi attach /dev/x
says 'as /dev/hvc1'

# by hand
sed -i 's/port: virtio/port: parallel/' guests/qemupi/guest.yaml
expect 1 "$PIMIGRATE" devices qemupi
complains "port cannot be 'parallel'"

# what the card's programs ask for, and what is plugged in
[ "$(id -u)" = 0 ] || { echo "the rest needs root for a /dev of its own"; exit 0; }
cat >guests/homepi/report.json <<END
{"things": [
 {"kind": "device", "name": "/dev/serial/by-id/$zigbee", "where": "/opt/zigbee2mqtt/data/configuration.yaml"},
 {"kind": "device", "name": "/dev/ttyACM0", "where": "/etc/ser2net.yaml"},
 {"kind": "device", "name": "/dev/meter", "where": "/etc/vzlogger.conf", "fate": "decide"},
 {"kind": "device", "name": "usbhid-ups", "where": "/etc/nut/ups.conf", "fate": "lost"},
 {"kind": "device", "name": "/dev/i2c-1", "where": "/etc/x"}]}
END
sticks=$zigbee
expect 0 with_dev homepi
says "asked for $by_id/$zigbee by /opt/zigbee2mqtt/data/configuration.yaml to give it: pimigrate devices homepi attach $by_id/$zigbee" \
	"asked for /dev/ttyACM0 by /etc/ser2net.yaml to give it" "asked for /dev/meter by /etc/vzlogger.conf" \
	"plugged in $by_id/$zigbee"
! grep -q 'i2c\|ups' out || fail "that is no serial port"
sticks="$zigbee usb-other"
expect 0 with_dev homepi --json
python3 - "$by_id/$zigbee" <<'END' || fail "the proposals"
import json, sys
seen = json.load(open('out'))
assert [a['proposal'] for a in seen['asked_for']] == [sys.argv[1], None, None], seen   # of two sticks none is guessed
assert len(seen['plugged_in']) == 2, seen
END
# the same stick by another name is the same
expect 0 with_dev homepi attach "$by_id/$zigbee"
says "as /dev/ttyAMA1, $by_id/$zigbee"
expect 1 with_dev homepi attach /dev/ttyUSB0
complains 'already'
expect 0 with_dev homepi
says "asked for /dev/ttyACM0"
! grep -q "asked for .*$zigbee" out || fail "it was given"
expect 0 with_dev homepi detach /dev/ttyUSB0
