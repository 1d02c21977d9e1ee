#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# convert --machine-readable is as virt-v2v's: features, and progress in lines.
. "$(dirname "$0")/convert-functions.sh"
expect 0 "$PIMIGRATE" convert --machine-readable
for line in pimigrate input:disk input:qcow2 output:local convert:linux arch:arm64; do
	grep -qx "$line" out || fail "no '$line'"
done
[ ! -s err ] || fail "it speaks on standard error"

mini_kernel
mini_card bookworm card.img
truncate -s 200M card.img
xz -0 -T1 card.img
expect 0 "$PIMIGRATE" convert --machine-readable --dry-run $debs card.img.xz
grep -qxE '[0-9]+/100' out || fail "no progress"
grep -qx '100/100' out || fail "progress does not end"
! grep -q '	' out || fail "something for a terminal"
grep -q 'get the kernel\|kernel 6.1.0-99' out || fail "messages are not on standard output"
[ ! -s err ] || fail "messages on standard error"
expect 1 "$PIMIGRATE" convert --machine-readable missing.img
complains 'No such file'
