#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# No code of the emulator computes in floating point: while a CPU's thread
# runs, MXCSR is the guest's (emu/jit/host_fp.h).
# usage: no_float.sh LIBRARY...
count=0
bad=0
for lib in "$@"; do
	code=$(objdump -d --no-show-raw-insn "$lib") || exit 1
	count=$((count + $(printf '%s\n' "$code" | wc -l)))
	found=$(printf '%s\n' "$code" | grep -E \
		'\s(v?(add|sub|mul|div|sqrt|max|min)[sp][sd]|v?u?comis[sd]|v?cvt[a-z0-9]+)\s')
	[ -z "$found" ] || { echo "$lib computes in floating point:"; echo "$found" | head -5; bad=1; }
done
[ "$count" -gt 10000 ] || { echo "no code was found"; exit 1; }
exit $bad
