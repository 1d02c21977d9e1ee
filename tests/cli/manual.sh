#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual page tells of every command, and is well made.
. "$(dirname "$0")/functions.sh"
page=$here/../../man/pimigrate.1

expect 0 "$PIMIGRATE" --help
sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' out >commands
[ -s commands ] || fail "--help lists no commands"
while read -r command; do
	grep -q "^\.It Ic $command\>" "$page" ||
		fail "pimigrate.1 does not tell of '$command'"
done <commands

requires mandoc
for page in "$here"/../../man/*.[1-9]; do
	expect 0 mandoc -T lint -W warning "$page"
done
