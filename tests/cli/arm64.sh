#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A 64-bit card: which kernel, what is planned, what it says, and what starts it.
. "$(dirname "$0")/functions.sh"
requires mkfs.vfat mcopy mke2fs dpkg-deb python3
export PIMIGRATE_GUESTS="$scratch/guests" PIMIGRATE_CACHE="$scratch/cache"
"$here/../data/make.py" bookworm-arm64 card.img || fail "make.py"
for arch in arm64 armhf; do
	"$here/make-mini-kernel.sh" "$scratch/$arch" $arch || fail "make-mini-kernel.sh"
done
debs() { for deb in "$scratch/$1"/*.deb; do printf ' --kernel-deb %s' "$deb"; done; }

expect 0 "$PIMIGRATE" inspect card.img
says 'This card can be converted' 'qemu-system-aarch64' 'Processor arm64'
expect 0 "$PIMIGRATE" convert --dry-run --json $(debs arm64) card.img
cp out plan.json
python3 - <<'END' || fail "the plan"
import json
plan = json.load(open('plan.json'))
text = json.dumps(plan)
assert plan['kernel'] == '6.1.0-99-arm64', plan['kernel']
assert plan['engine'] == 'qemu' and plan['arch'] == 'arm64', plan
assert 'console=ttyAMA0' in plan['cmdline']
assert 'armmp' not in text
END
expect 1 "$PIMIGRATE" convert --dry-run $(debs armhf) card.img
grep -qF 'none of the given packages is a kernel (linux-image-…-arm64)' err || fail "the wrong kernel"
