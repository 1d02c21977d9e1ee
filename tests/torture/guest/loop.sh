#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The jobs of one folder, again and again: loop.sh FOLDER ROUNDS; until the
# host wants the end if ROUNDS is 0.  What a job prints is said by hash; if it
# is not what was expected, by its last lines too.
worker=$1 rounds=$2 round=0
export HOME=/data/$worker
mkdir -p "$HOME"
cd "$HOME" || exit 1
while [ ! -e /tmp/stop ]; do
	for job in /jobs/"$worker"/*.sh; do
		name=$(basename "$job" .sh)
		begin=$(cut -d. -f1 /proc/uptime)
		sh "$job" >"/tmp/$worker.out" 2>&1
		code=$?
		end=$(cut -d. -f1 /proc/uptime)
		sum=$(sha256sum <"/tmp/$worker.out" | cut -c1-16)
		echo "TORTURE job $worker $name $code $sum $((end - begin))"
		if ! grep -q "^$worker	$name	.*	$sum\$" /source/expected; then
			tail -n 20 "/tmp/$worker.out" | sed "s/^/TORTURE said $worker $name: /"
		fi
		[ ! -e /tmp/stop ] || break
	done
	round=$((round + 1))
	[ "$round" != "$rounds" ] || break
done
echo "TORTURE end $worker"
