#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The card in a reader, as a block device, becomes the same guest.
. "$(dirname "$0")/convert-functions.sh"
requires_appliance

mini_kernel
mini_card debian card.img
requires_loop card.img
before=$(digest card.img)
loop=$(losetup -r -f --show card.img)
expect 0 "$PIMIGRATE" convert -q -on reader $debs "$loop"
[ ! -s out ] && [ ! -s err ] || fail "-q speaks"
losetup -d "$loop"
loop=
[ "$before" = "$(digest card.img)" ] || fail "the card was changed"
grep -q "path: $(printf /dev/loop)" "$PIMIGRATE_GUESTS/reader/guest.yaml" || fail "the origin"
[ "$(sfdisk --disk-id "$PIMIGRATE_GUESTS/reader/disk.raw")" = 0x5e3da3da ] || fail "the disk id"
expect 0 "$PIMIGRATE" remove reader
[ -z "$(ls -A "$PIMIGRATE_GUESTS" | grep -v '^.run$')" ] || fail "remove leaves something"
