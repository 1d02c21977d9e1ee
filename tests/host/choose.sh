#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel choose: what it says the next start boots is what it boots, after a power
# cut too.
. "$(dirname "$0")/../cli/functions.sh"
. "$here/starts.sh"

choose() { # NUMBER
	expect 0 "$PIMIGRATE" kernel choose pi "6.1.0-$1-armmp-lpae"
	says "the next start of pi boots 6.1.0-$1-armmp-lpae"
}

python3 "$here/guests.py" guest off "$dir"
initrd "$dir"
for number in 8 9; do
	kernel $number wait "kernel $number
"
	package $number installed
done
disk "$dir"
cp "$root/boot/vmlinuz-6.1.0-9-armmp-lpae" "$dir/boot/vmlinuz"
kernel 10 wait 'kernel 10
pi login: '
package 10 installed
disk "$dir"
expect 0 "$PIMIGRATE" sync pi
says "boots a newer kernel" "(6.1.0-10-armmp-lpae)"

# A disk that was not shut down: what boot/ has is taken, also what convert put
# there, whose release nobody noted; what only the disk has is not.
not_shut_down "$dir"
choose 9
runs 'kernel 9'
power_cut
runs 'kernel 9'
power_cut
cp "$dir/guest.yaml" before
for release in 6.1.0-8-armmp-lpae newest; do
	expect 1 "$PIMIGRATE" kernel choose pi "$release"
	complains "was not shut down: start it and stop it in order first"
done
cmp -s before "$dir/guest.yaml" || fail "a choice that was refused is noted"
choose 9
choose 10
runs 'pi login:'
power_cut
choose 9
disk "$dir"
runs 'kernel 9'
power_cut

# One that does not come up is left again, though it was chosen; choosing it once
# more is a new try, of a disk that is not read, too.
comes_up_twice() { # NUMBER
	for _ in 1 2; do
		runs "kernel $1"
		power_cut
	done
}
choose 8
comes_up_twice 8
choose 8
comes_up_twice 8
runs 'pi login:'
grep -q 'did not come up' run.log || fail "nobody says so"
grep -q 'starts with its kernel 6.1.0-10-armmp-lpae' run.log || fail "it does not say which kernel starts"
power_cut
expect 0 "$PIMIGRATE" sync pi
says "has a kernel that did not come up" "(6.1.0-8-armmp-lpae)"
expect 0 "$PIMIGRATE" kernel list pi
says "6.1.0-8-armmp-lpae did not come up" "6.1.0-10-armmp-lpae starts next"
choose 8
comes_up_twice 8
not_shut_down "$dir"
choose 10
choose 8
runs 'kernel 8'
power_cut
