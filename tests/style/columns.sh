#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Comments end at column 80 too, which clang-format leaves as they are.
cd "$1" || exit 1
long=$(find common emu src tests -name '*.[ch]' | while read -r file; do
	expand -t 8 "$file" | awk -v file="$file" '
		/clang-format off/ { table = 1 }
		/clang-format on/ { table = 0 }
		!table && length > 80 && /^ *(\/\*| \* )/ { print file ":" NR }'
done)
[ -z "$long" ] && exit 0
echo "comments beyond column 80:"
echo "$long"
exit 1
