#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Install, build and test everything that belongs to every change:
#
#   check.sh [SUITE...]        default: all but torture and bench
#
# Twice: as it is released, and with the address and undefined-behaviour
# sanitizers (those suites that run no guest for minutes); and what runs
# instructions once more in a build without the translator.  The last line is
# "N passed, N failed, N skipped".  A skipped test that is not in
# tests/allowed-skips counts as a failure of the whole.
#
# Builds go to build-check/, build-asan/ and build-nojit/ (CHECK_BUILD: another
# place).  Many tests need root: all of them are run by sudo if need be, a named
# suite as whoever runs this.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$top"
where=${CHECK_BUILD:-$top}
jobs=$(nproc)

# build FOLDER OPTION...
build() {
	local folder=$1
	shift
	step "building in $folder"
	if [ ! -f "$folder/build.ninja" ]; then
		quietly meson setup "$folder" "$top" "$@" || die "meson setup failed (its last words are above)"
	fi
	ninja -C "$folder" -j "$jobs" | show_ninja >&2 || die "the build in $folder failed"
}

# run_tests FOLDER ARG...: a failing test is counted, not the end; adds to logs.
run_tests() {
	local folder=$1 code=0
	shift
	step "testing in $folder"
	rm -f "$folder/meson-logs/testlog.json"
	meson test -C "$folder" --no-rebuild --num-processes "$jobs" --print-errorlogs "$@" >&2 || code=$?
	[ -f "$folder/meson-logs/testlog.json" ] || die "meson test ran nothing in $folder (exit $code)"
	logs+=("$folder/meson-logs/testlog.json")
}

main() {
	local suites=() asan=() logs=() werror=true
	if [ $# -gt 0 ]; then
		for suite; do suites+=(--suite "$suite"); done
	else
		suites=(--no-suite torture --no-suite bench)
	fi
	if [ $# = 0 ] && [ "$(id -u)" != 0 ]; then
		step "many tests need root: asking sudo"
		as_root env CHECK_BUILD="$where" "$tools/check.sh"
		return
	fi
	use_apt_proxy
	install_packages build run qemu card tests
	# A warning of a compiler that we do not know yet is no failure.
	[ "$(gcc -dumpversion)" = 12 ] || werror=false
	build "$where/build-check" --buildtype=release -Dwerror=$werror
	build "$where/build-asan" -Dwerror=$werror -Db_sanitize=address,undefined -Db_lundef=false
	if [ $# = 0 ]; then
		build "$where/build-nojit" --buildtype=release -Dwerror=$werror -Djit=disabled
	fi
	# Time-outs are against hanging only, whatever the machine does beside it.
	run_tests "$where/build-check" --timeout-multiplier 3 "${suites[@]}"
	asan=("${suites[@]}" --no-suite style --no-suite boot --no-suite libvirt --no-suite convert --no-suite once --timeout-multiplier 12)
	run_tests "$where/build-asan" "${asan[@]}"
	if [ $# = 0 ]; then
		run_tests "$where/build-nojit" --timeout-multiplier 3 --suite insn --suite qmp
	fi
	python3 "$tools/count-tests.py" tests/allowed-skips "${logs[@]}"
}

main "$@"
