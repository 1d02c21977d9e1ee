#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual page tells of every option, docs/qmp.md of every command.
#
#	manual.sh EMULATOR
set -eu
top=$(dirname "$0")/../..
status=0

missing() {
	echo "$1 does not tell of '$2'" >&2
	status=1
}

"$1" -help | sed -n 's/^  -\([^ ]*\).*/\1/p' | {
	n=0
	while read -r option; do
		n=$((n + 1))
		grep -q "^\.It.* Fl $option\>" "$top/man/pimigrate-emu.1" ||
			missing pimigrate-emu.1 "-$option"
	done
	[ $n -gt 30 ] || missing -help "30 options"
	exit $status
}
sed -n 's/^QMP\(_SAME\)\{0,1\}("\([^"]*\)".*/\2/p' "$top/emu/qmp/commands.inc" | {
	n=0
	while read -r command; do
		n=$((n + 1))
		grep -q "^|.*\`$command\`" "$top/docs/qmp.md" ||
			missing docs/qmp.md "$command"
	done
	[ $n -gt 10 ] || missing commands.inc "10 commands"
	exit $status
}
