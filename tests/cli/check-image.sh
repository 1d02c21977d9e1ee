#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pimigrate-emu --check-image: what it finds is its exit code, and it mends.
. "$(dirname "$0")/functions.sh"
requires qemu-img qemu-io
EMU=$(realpath "$PIMIGRATE_EMU")

poke() { # OFFSET BYTES
	# shellcheck disable=SC2059 # the bytes are escapes
	printf "$2" | dd of=disk.qcow2 bs=1 seek="$1" conv=notrunc status=none
}

qemu-img create -q -f qcow2 disk.qcow2 10M
qemu-io -f qcow2 -c 'write 0 1M' disk.qcow2 >/dev/null
expect 0 "$EMU" --check-image disk.qcow2
says "16 of 160 clusters in use, 0 leaks, 0 corruptions"

# counters of 16 bits, in the third cluster
poke $((2 * 65536 + 2 * 100)) '\0\1'
expect 3 "$EMU" --check-image disk.qcow2
says "leak: cluster 100 has 0 references and a counter of 1"
poke $((2 * 65536 + 2 * 8)) '\0\0'
expect 2 "$EMU" --check-image disk.qcow2
says "corruption: cluster 8 has 1 references and a counter of 0"
expect 0 "$EMU" --check-image disk.qcow2 --repair
says "repaired: 1 leaks, 1 corruptions"
expect 0 qemu-img check disk.qcow2

# the L1 table leads into the refcount table: nobody knows what is right
qemu-img create -q -f qcow2 disk.qcow2 10M
poke $((3 * 65536)) '\200\0\0\0\0\1\0\0'
cp disk.qcow2 before.qcow2
expect 2 "$EMU" --check-image disk.qcow2 --repair
says "not repaired"
cmp -s disk.qcow2 before.qcow2 || fail "the image was changed"

expect 1 "$EMU" --check-image missing.qcow2
complains "missing.qcow2" "No such file"
echo hello >disk.qcow2
expect 1 "$EMU" --check-image disk.qcow2
complains "is no qcow2 image"
expect 1 "$EMU" --repair
complains "-check-image"
