#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion, as bash asks for it.
. "$(dirname "$0")/functions.sh"
export PIMIGRATE_GUESTS="$scratch/guests"
mkdir -p guests/homepi guests/hallpi guests/attic
touch guests/{homepi,hallpi,attic}/guest.yaml
. "$here/../../completion/pimigrate.bash"

# typed WORD... WANT: the last word is being typed
typed() {
	want=${!#}
	set -- "${@:1:$#-1}"
	COMP_WORDS=("$PIMIGRATE" "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_pimigrate
	[ "${COMPREPLY[*]}" = "$want" ] || fail "'$*' becomes '${COMPREPLY[*]}', not '$want'"
}

typed re 'revert rename resize remove'
typed --vers --version
typed convert --no-g --no-grow
typed convert --js --json
typed convert --engine q qemu
typed convert --engine '' 'pimigrate qemu'
typed convert --mirror x ''
typed convert car ''
typed start h 'hallpi homepi'
typed stop '' 'attic hallpi homepi'
typed nonsense x ''
for command in $("$PIMIGRATE" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
	typed "$command" "$command"
done
