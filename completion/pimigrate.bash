# SPDX-License-Identifier: GPL-2.0-or-later
# pimigrate itself knows what a word may become; nothing: file names.
_pimigrate() {
	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" complete -- \
		"${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _pimigrate pimigrate
