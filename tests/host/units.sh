#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The unit files as systemd judges them: no complaint of systemd-analyze verify
# (which says nothing but on standard error), and little exposure.
. "$(dirname "$0")/../cli/functions.sh"
requires systemd-analyze

units=$here/../../systemd/host
sed "s,@PIMIGRATE@,$PIMIGRATE," "$units/pimigrate@.service.in" >"pimigrate@g1.service"
cp "$units/pimigrate.target" "$units/pimigrate.slice" .

verify() { # what it complains about is in the file err
	SYSTEMD_UNIT_PATH="$scratch:" systemd-analyze verify --man=no "$@" >out 2>err
}

verify "./pimigrate@g1.service" ./pimigrate.target ./pimigrate.slice
[ ! -s err ] || fail "systemd-analyze verify complains"
cp "pimigrate@g1.service" sound
sed -i 's/^WatchdogSec=/WatchdogSecs=/' "pimigrate@g1.service"
verify "./pimigrate@g1.service"
[ -s err ] || fail "systemd-analyze verify does not see a wrong key: this test is worth nothing"
cp sound "pimigrate@g1.service"

# --threshold counts tenths: the exit code is 1 above 2.0.
systemd-analyze security --offline=true --threshold=20 "./pimigrate@g1.service" >out 2>err ||
	fail "the exposure is above 2.0: $(grep Overall out)"
sed -i '/^ProtectSystem=\|^NoNewPrivileges=\|^CapabilityBoundingSet=/d' "pimigrate@g1.service"
! systemd-analyze security --offline=true --threshold=20 "./pimigrate@g1.service" >out 2>err ||
	fail "a unit without a sandbox is not found out: this test is worth nothing"
