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
typed rename attic '' ''
typed doctor a attic
# verbs, in their place
typed kernel '' 'list choose update sync'
typed kernel u update
typed kernel list h 'hallpi homepi'
typed kernel --suite bookworm c choose
typed net s 'show setup'
typed net --uplink eth9 d doctor
typed devices attic '' 'attach detach'
typed devices attic attach '' ''
for command in $("$PIMIGRATE" --help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
	typed "$command" "$command"
	# each option that --help tells of, and each verb of the usage
	for word in $("$PIMIGRATE" "$command" --help | sed -n 's/^  \(-.*\)/\1/p' | sed 's/   *.*//' |
		grep -oE '(^|, )--?[a-zA-Z-]+' | tr -d ', '); do
		COMP_WORDS=("$PIMIGRATE" "$command" "$word")
		COMP_CWORD=2
		_pimigrate
		case " ${COMPREPLY[*]} " in
		*" $word "*) ;;
		*) fail "'$command $word' becomes '${COMPREPLY[*]}'" ;;
		esac
	done
done
