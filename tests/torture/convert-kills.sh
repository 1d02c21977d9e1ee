#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A conversion killed at COUNT random moments (tests/cli/convert-kill.sh), with
# an appliance that starts fast enough for hundreds of them, or with none: then
# the library does what it would (tests/cli/onhost.c), and most kills fall on what
# pimigrate itself does.
#
#	convert-kills.sh [--onhost LIBRARY] COUNT [SEED]
here=$(cd "$(dirname "$0")" && pwd)
if [ "$1" = --onhost ]; then
	export ONHOST="$2"
	shift 2
	exec "$here/../cli/convert-kill.sh" random "$@"
fi
for program in supermin qemu-system-x86_64 debugfs; do
	command -v "$program" >/dev/null || {
		echo "skipped: no $program here"
		exit 77
	}
done
work=$(mktemp -d "${TMPDIR:-/var/tmp}/convert-kills.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
"$here/appliance.sh" "$work" || exit 1
LIBGUESTFS_PATH=$work "$here/../cli/convert-kill.sh" random "$@"
