#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A flame graph of a running emulator:
#
#   profile.sh [-s SECONDS] [-k SYMBOLS] [-o OUT.svg] PID
#
# PID is a pimigrate-emu that was started with "-d perfmap", so that translated
# code has names.  SYMBOLS names the guest kernel's functions: what its
# /proc/kallsyms says to root, or its System.map.  Default: 10 seconds, to
# profile.svg.  Where the machine has no counters, as most virtual ones, time is
# sampled by the kernel's clock.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

usage() { die "usage: profile.sh [-s SECONDS] [-k SYMBOLS] [-o OUT.svg] PID"; }

seconds=10 symbols='' out=profile.svg
while getopts s:k:o: option; do
	case $option in
	s) seconds=$OPTARG ;;
	k) symbols=$OPTARG ;;
	o) out=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 1 ] || usage
pid=$1

command -v perf >/dev/null || die "there is no perf on this machine: apt-get install linux-perf"
[ -d "/proc/$pid" ] || die "there is no process $pid"
[ -z "$symbols" ] || [ -r "$symbols" ] || die "cannot read the symbols in '$symbols'"
[ -s "/tmp/perf-$pid.map" ] ||
	say "no names of translated code: the emulator runs without -d perfmap, or has translated nothing"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
event=cycles
perf stat -e cycles -x, true 2>&1 | grep -q '^[0-9][0-9]*,' || event=cpu-clock
step "sampling process $pid for $seconds seconds ($event)"
quietly perf record -q -e $event -F 499 -g -o "$folder/data" -p "$pid" -- sleep "$seconds" ||
	die "perf cannot look at process $pid (its last words are above): run as root, or set kernel.perf_event_paranoid to 1"
perf script -i "$folder/data" -F comm,ip,sym,dso >"$folder/script" 2>"$folder/said" ||
	die "perf script failed: $(tail -n 1 "$folder/said")"
python3 "$tools/flame.py" ${symbols:+--symbols "$symbols"} "$folder/script" >"$folder/svg" ||
	die "no flame graph was made"
mv "$folder/svg" "$out"
step "$out"
