# SPDX-License-Identifier: GPL-2.0-or-later
# For every script of this folder:  . "$(dirname "$0")/functions.sh"
#
# PIMIGRATE is the program under test.  A script runs in a folder of its own,
# $scratch, which is removed at its end.  It ends at the first failure; 77
# means that something is missing here, and says what.

set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${PIMIGRATE:=$here/../../build/src/pimigrate}"
PIMIGRATE=$(realpath "$PIMIGRATE")
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C TZ=UTC
unset PIMIGRATE_PROFILES

scratch=$(mktemp -d "${TMPDIR:-/tmp}/pimigrate-cli.XXXXXX") || exit 1
cleanup() { :; } # a script may have more to undo
trap 'cleanup; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
cd "$scratch" || exit 1
export XDG_CONFIG_HOME="$scratch/no-config" # nothing of the caller's own

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "FAILED: $*" >&2
	[ -s "$scratch/out" ] && sed 's/^/  out: /' "$scratch/out" >&2
	[ -s "$scratch/err" ] && sed 's/^/  err: /' "$scratch/err" >&2
	exit 1
}

# requires PROGRAM...
requires() {
	for program; do
		command -v "$program" >/dev/null || skip "no $program here"
	done
}

requires_root() {
	[ "$(id -u)" = 0 ] || skip "not root"
}

# expect CODE COMMAND...: run it; what it wrote is in files out and err.
expect() {
	want=$1
	shift
	"$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	got=$?
	[ "$got" = "$want" ] || fail "exit code $got, not $want: $*"
}

# says TEXT..., complains TEXT...: standard output or error holds each of them.
says() {
	for text; do
		tr -s ' \n' ' ' <"$scratch/out" | grep -qF -- "$text" ||
			fail "the output does not say '$text'"
	done
}

complains() {
	for text; do
		grep -qF -- "$text" "$scratch/err" ||
			fail "the error does not say '$text'"
	done
	[ "$(wc -l <"$scratch/err")" -le 2 ] ||
		fail "an error of more than one line"
}

silent_about() {
	for text; do
		! grep -qF -- "$text" "$scratch/out" "$scratch/err" ||
			fail "it says '$text'"
	done
}

mini_card() {
	"$here/make-mini-card.sh" "$@" >"$scratch/make.log" 2>&1 || {
		cat "$scratch/make.log" >&2
		fail "make-mini-card.sh $*"
	}
}
