#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Record what the programs print under qemu-system-arm, into ../vectors.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

record() { # PROGRAM MODEL
	out=../vectors/system-$1-$2.txt
	timeout 300 qemu-system-arm -M virt -cpu "cortex-$2" -m 64 \
		-display none -monitor none -serial "file:$tmp/out" \
		-kernel "$tmp/$1.elf"
	{
		echo "# $(qemu-system-arm --version | head -1), -M virt -cpu cortex-$2"
		echo "# made by tests/insn/system/record.sh from $1"
		cat "$tmp/out"
	} > "$out"
	wc -l "$out"
}

mkdir -p ../vectors
./build.sh "$tmp/registers" registers.c
./build.sh "$tmp/exceptions" exceptions.c cases.S
./build.sh "$tmp/aborts" aborts.c
for program in registers exceptions aborts; do
	record "$program" a7
	record "$program" a15
done
