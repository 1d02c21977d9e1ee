#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk that is full or broken at any point: one sentence, nothing is left, the
# card is as it was.  Two conversions of one name.  A root in an extended
# partition grows.
. "$(dirname "$0")/convert-functions.sh"
requires_appliance

mini_kernel
mini_card bookworm card.img
before=$(digest card.img)
export ASAN_OPTIONS=verify_asan_link_order=0
pid=
cleanup() { [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; }

# fails ERROR POINT TEXT...: the first after $from, if that is not empty
from=
fails() {
	rm -f log
	expect 1 env INJECT_LOG=log INJECT_DO="$1" INJECT_AT="$2" INJECT_FROM="$from" LD_PRELOAD="$INJECT" \
		"$PIMIGRATE" convert -q $debs card.img
	grep -qx "$2" log || fail "it does not come to the point '$2'"
	point=$2
	shift 2
	complains "$@"
	[ "$(wc -l <err)" = 1 ] || fail "failed $point: more than a sentence"
	[ -z "$(ls -A "$PIMIGRATE_GUESTS")" ] || fail "failed $point, it leaves $(ls -A "$PIMIGRATE_GUESTS")"
	[ "$before" = "$(digest card.img)" ] || fail "failed $point: the card was changed"
}

full='No space left on device'
broken='Input/output error'
fails EIO 'before mkdir .minipi.partial' "$broken"
fails ENOSPC 'before write vmlinuz-6.1.0-99-armmp-lpae' "$full"
fails ENOSPC 'before pwrite disk.raw' 'make room there'
fails EIO 'before fsync disk.raw' "$broken"
fails ENOSPC 'before truncate disk.raw' "$full" 'disk.raw'
# while nobody has the guest's disk mounted, and the kernel comes in
from='after guestfs_umount_all'
fails EIO 'before p*write disk.raw' "$broken" "file system of"
fails ENOSPC 'before p*write disk.raw' "$full" "file system of"
from=
fails ENOSPC 'before rename changes.yaml' "$full" 'changes.yaml'
fails EIO 'before renameat2 minipi' "$broken" 'minipi'

# one name, two at once: the second says so, and the first goes on
INJECT_LOG=log INJECT_DO=STOP INJECT_AT='before guestfs_launch' LD_PRELOAD=$INJECT \
	"$PIMIGRATE" convert -q $debs card.img >first.out 2>first.err </dev/null &
pid=$!
for _ in $(seq 600); do
	! grep -qs '^State:.*stopped' "/proc/$pid/status" || break
	sleep 0.1
done
grep -q '^State:.*stopped' "/proc/$pid/status" || fail "the first does not stop"
expect 1 "$PIMIGRATE" convert -q $debs card.img
complains "guest 'minipi' is being made by another pimigrate"
kill -CONT "$pid"
wait "$pid" || fail "the first fails: $(cat first.err)"
pid=
[ "$(ls -A "$PIMIGRATE_GUESTS")" = minipi ] || fail "more than one guest is there"
expect 1 "$PIMIGRATE" convert -q $debs card.img
complains "there is a guest 'minipi' already"

# logical partitions: the extended one grows too
mini_card noobs noobs.img
expect 0 "$PIMIGRATE" convert -q --grow 200M -on noobs $debs noobs.img
disk=$PIMIGRATE_GUESTS/noobs/disk.raw
sfdisk -d "$disk" >table
[ "$(grep -c 'type=' table)" = 5 ] || fail "the partitions"
python3 - table "$(stat -c %s "$disk")" <<-'END' || fail "the extended partition, and root in it"
	import re, sys
	ends = [int(a) + int(b) for a, b in re.findall(r'start= *(\d+), size= *(\d+)', open(sys.argv[1]).read())]
	assert ends[1] == ends[4] == int(sys.argv[2]) // 512, ends
	assert int(sys.argv[2]) < 512 << 20, sys.argv
END
e2fsck -fn "$disk?offset=$((57344 * 512))" >check.log 2>&1 || fail "the file system has errors"
free=$(dumpe2fs -h "$disk?offset=$((57344 * 512))" 2>/dev/null |
	awk '/^Free blocks:/ {f = $3} /^Block size:/ {s = $3} END {print f * s}')
[ "$free" -ge $((200 << 20)) ] || fail "no 200 MiB are free, but $free bytes"

# too full, and something is behind root
cp --sparse=always card.img behind.img
truncate -s 30M behind.img
echo 'start=43008, size=2048, type=83' | sfdisk -q --append behind.img
expect 3 "$PIMIGRATE" convert -q -on behind $debs behind.img
complains 'MiB free, and its new kernel needs' 'is not the last of the disk'
