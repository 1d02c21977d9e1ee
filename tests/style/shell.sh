#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every script parses, and those that are run have the run bit.
cd "$1" || exit 1
bad=0
for script in .ci/run tools/*.sh tests/*/*.sh tools/card/*.conf; do
	[ -f "$script" ] || continue
	bash -n "$script" || bad=1
	case "$script" in
	*.conf|*/lib.sh|*/guest.sh|*/functions.sh|*-functions.sh|*/tap.sh|*/sticks.sh|*/container.sh|*/disks.sh|*/starts.sh|*/chroot.sh|.ci/run) ;;
	*) [ -x "$script" ] || { echo "$script has no run bit"; bad=1; } ;;
	esac
done
for script in tools/*.py tools/card/*.py tests/*/*.py; do
	[ -f "$script" ] || continue
	python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$script" || bad=1
done
exit $bad
