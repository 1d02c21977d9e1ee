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

# guest.yaml(5) tells of every key that is written.
sed -n 's/.*set_[a-z]*([a-z]*, "\([a-z0-9]*\)".*/\1/p; s/.*yaml_set([a-z]*, "\([a-z0-9]*\)".*/\1/p' \
	"$here/../../src/store/guest_yaml.c" | sort -u >keys
[ "$(wc -l <keys)" -gt 20 ] || fail "guest_yaml.c writes no keys"
while read -r key; do
	grep -qE "^\.I[tc] (Ic )?(.* , )?$key\b" "$here/../../man/guest.yaml.5" ||
		fail "guest.yaml.5 does not tell of '$key'"
done <keys

requires mandoc
for page in "$here"/../../man/*.[1-9]; do
	expect 0 mandoc -T lint -W warning "$page"
done
