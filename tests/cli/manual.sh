#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual page tells of every command, and is well made.
. "$(dirname "$0")/functions.sh"
page=$here/../../man/pimigrate.1

# Of each command: its options, its verbs.
expect 0 "$PIMIGRATE" --help
sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' out >commands
[ "$(wc -l <commands)" -gt 20 ] || fail "--help lists no commands"
sed -n '/^options of every command:/,/^$/s/^  \(-.*\)/\1/p' out >global

# options <HELP: "--name" and "-on" of its lines, as mdoc has them
options() { sed 's/   *.*//' | grep -oE '(^|, )--?[a-zA-Z-]+' | sed 's/^[, ]*-//'; }
while read -r command; do
	grep -q "^\.It Ic $command\>" "$page" ||
		fail "pimigrate.1 does not tell of '$command'"
	awk -v command="$command" 'NR == FNR { is[$1] = 1; next }
		/^\.It Ic / && $3 in is { inside = $3 == command }
		inside' commands "$page" >block
	expect 0 "$PIMIGRATE" "$command" --help
	sed -n '/^options:/,/^$/s/^  \(-.*\)/\1/p' out | options >words
	while read -r option; do
		grep -qE "(^|[ .,])(Fl|,) $option( |\$|,)" block ||
			fail "pimigrate.1 does not tell of '-$option' of '$command'"
	done <words
	sed -n '1s/.*\[OPTION\]\.\.\. *//p' out | grep -oE '[a-z]+(\|[a-z]+)+' | tr '|' '\n' >verbs || :
	while read -r verb; do
		grep -qE "(Ic|Cm) $verb\>" block || fail "pimigrate.1 does not tell of '$command $verb'"
	done <verbs
done <commands
options <global >words
[ "$(wc -l <words)" -gt 8 ] || fail "--help lists no options"
while read -r option; do
	grep -qE "(^|[ .,])(Fl|,) $option( |\$|,)" "$page" || fail "pimigrate.1 does not tell of '-$option'"
done <words

# guest.yaml(5) tells of every key that is written.
sed -n 's/.*set_[a-z]*([a-z]*, "\([a-z0-9]*\)".*/\1/p; s/.*yaml_set([a-z]*, "\([a-z0-9]*\)".*/\1/p' \
	"$here/../../src/store/guest_yaml.c" | sort -u >keys
[ "$(wc -l <keys)" -gt 20 ] || fail "guest_yaml.c writes no keys"
while read -r key; do
	grep -qE "^\.I[tc] (Ic )?(.* , )?$key\b" "$here/../../man/guest.yaml.5" ||
		fail "guest.yaml.5 does not tell of '$key'"
done <keys

# pimigrate-profile(5) tells of every word that a profile may have.
grep -ohE '"[a-z_]+[a-z]"' "$here/../../src/profile/profile.c" | tr -d '"' | sort -u >words
[ "$(wc -l <words)" -gt 25 ] || fail "profile.c knows no words"
while read -r word; do
	grep -q "\<$word\>" "$here/../../man/pimigrate-profile.5" ||
		fail "pimigrate-profile.5 does not tell of '$word'"
done <words

requires mandoc
for page in "$here"/../../man/*.[1-9]; do
	expect 0 mandoc -T lint -W warning "$page"
done
