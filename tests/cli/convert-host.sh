#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A host that cannot: no kernel for the appliance, a full disk at each stage, a
# card that is in use.  All of it is found before the appliance is started.
. "$(dirname "$0")/convert-functions.sh"
requires_root
requires unshare mount losetup
unshare -m true 2>/dev/null || skip "no mount namespaces here"

mini_kernel
mini_card bookworm card.img
before=$(digest card.img)

# in_namespace COMMAND: with its mounts, which go with it
in_namespace() { unshare -m sh -c "$1"; }

expect 5 in_namespace "mount -t tmpfs none /boot && '$PIMIGRATE' convert $debs card.img"
complains 'apt install linux-image-amd64'
nothing_left minipi

# full SIZE TEXT: one sentence, and nothing is left on it
full() {
	mkdir -p small
	expect 1 in_namespace "mount -t tmpfs -o size=$1 none small &&
		PIMIGRATE_GUESTS=$scratch/small '$PIMIGRATE' convert -q $debs card.img
		code=\$?; ls -A small >left; exit \$code"
	complains "$2"
	[ ! -s left ] || fail "on a full disk it leaves $(cat left)"
}
full 8k 'No space left on device'
full 60k 'No space left on device'
full 150k 'No space left on device'
full 20M 'has 21 MB free, and the guest needs 67 MB more'

# a card in a reader that somebody uses
loop=$(losetup -f --show card.img 2>/dev/null) || skip "no loop devices here"
cleanup() { losetup -d "$loop"; }
python3 - "$loop" "$PIMIGRATE" $debs <<-'END' || fail "a used card is not seen"
	import os, subprocess, sys
	held = os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)
	run = subprocess.run([sys.argv[2], 'convert', *sys.argv[3:], sys.argv[1]],
	                     capture_output=True, text=True)
	os.close(held)
	assert run.returncode == 1, run
	assert 'is in use' in run.stderr, run.stderr
END
expect 0 "$PIMIGRATE" convert --dry-run $debs "$loop"
[ "$before" = "$(digest card.img)" ] || fail "the card was changed"
