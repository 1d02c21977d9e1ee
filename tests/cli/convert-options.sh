#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What convert says without converting: the plan, wrong options, cards and hosts
# that will not do.
. "$(dirname "$0")/convert-functions.sh"

mini_kernel
mini_card bookworm card.img
before=$(digest card.img)

# the plan
expect 0 "$PIMIGRATE" convert --dry-run $debs card.img
# the same plan of the same card, packed or from a pipe
cp out plan
xz -0 -c card.img >packed.xz
expect 0 "$PIMIGRATE" convert --dry-run $debs packed.xz
cmp -s out plan || fail "a packed card has another plan"
# shellcheck disable=SC2002
cat card.img | "$PIMIGRATE" convert --dry-run $debs - >out 2>err ||
	fail "convert -"
cmp -s out plan || fail "a card from a pipe has another plan"
cp plan out
rm packed.xz
says 'guest minipi: ' 'kernel 6.1.0-99-armmp-lpae' 'grow the disk to 1.2 GB' \
	'root=PARTUUID=5e3da3da-02 rootfstype=ext4 fsck.repair=yes rootwait' \
	'console=ttyAMA0,115200' 'write /etc/fstab' 'tree /: ' \
	'write /var/lib/dpkg/status' \
	'symlink /etc/systemd/system/rpi-eeprom-update.service -> /dev/null'
grep -q 'kernel 6.1.0-99-armmp-lpae, from the given packages' err ||
	fail "it does not say where the kernel is from"
silent_about '0 bytes'
expect 0 "$PIMIGRATE" convert --dry-run --json --cpus 3 --memory 512M -on x $debs card.img
[ ! -s err ] || fail "--json speaks"
python3 - out <<-'END' || fail "the JSON is not as it should be"
	import json, sys
	plan = json.load(open(sys.argv[1]))
	assert plan['name'] == 'x' and plan['cpus'] == 3
	assert plan['memory'] == 512 << 20 and not plan['needs-replay']
	kinds = {row['kind'] for row in plan['changes']}
	assert kinds == {'grow', 'write', 'tree', 'symlink'}, kinds
	assert all(row['reason'] and row['path'][0] == '/' for row in plan['changes'])
END
# many at once: each has its folder for itself
pids=
for n in $(seq 16); do
	"$PIMIGRATE" convert --dry-run -q $debs card.img >"at-once.$n" 2>&1 &
	pids="$pids $!"
done
for p in $pids; do
	wait "$p" || fail "of many dry runs at once one fails: $(cat at-once.*)"
done
for n in $(seq 16); do
	cmp -s at-once.1 "at-once.$n" || fail "of many dry runs at once two differ"
done
mini_card bookworm-dirty dirty.img
expect 0 "$PIMIGRATE" convert --dry-run $debs dirty.img
says 'the card was not shut down'
[ ! -e "$PIMIGRATE_GUESTS" ] || fail "a dry run makes guests"

# the command line
for options in '-on ../x' '-on X' '--network bridge' '--network tap=' \
	'--mac 12:34' '--mac 01:00:5e:00:00:01' '--forward 80' \
	'--forward 1:99999' '--network none --forward 1:1' '--cpus 9' \
	'--cpus 0' '--memory 9G' '--memory 1M' '--engine bochs' '--root 0' \
	'--no-such-option'; do
	expect 2 "$PIMIGRATE" convert $options card.img
	complains 'pimigrate: '
done
expect 2 "$PIMIGRATE" convert
expect 2 "$PIMIGRATE" convert card.img other.img

# the card
expect 1 "$PIMIGRATE" convert missing.img
complains "missing.img"
: >empty.img
expect 3 "$PIMIGRATE" convert empty.img
head -c 5000000 /dev/zero >zero.img
expect 3 "$PIMIGRATE" convert zero.img
head -c 15M card.img >short.img
expect 3 "$PIMIGRATE" convert short.img
complains 'cut off'
for kind in x86 ubuntu; do
	mini_card $kind other.img
	expect 3 "$PIMIGRATE" convert other.img
	complains 'cannot be converted'
done
mini_card bullseye lossy.img
expect 6 "$PIMIGRATE" convert --strict $debs lossy.img
grep -q -- '--strict was given: nothing was made' err || fail "strict says not why"
expect 6 "$PIMIGRATE" convert --strict --dry-run $debs lossy.img
[ ! -e "$PIMIGRATE_GUESTS" ] || fail "a refused card leaves something"

# a network that is configured for the Pi's card alone
"$here/../data/make.py" networkd-mac mac.img || fail "make.py"
expect 0 "$PIMIGRATE" convert --dry-run $debs mac.img
silent_about 'names the address'
for other in --clone '--mac 52:54:00:12:34:56'; do
	expect 0 "$PIMIGRATE" convert --dry-run $other $debs mac.img
	grep -q "10-lan.network' names the address" err || fail "no word of $other"
	expect 6 "$PIMIGRATE" convert --dry-run --strict $other $debs mac.img
done
expect 0 "$PIMIGRATE" convert --dry-run --strict --mac B8:27:EB:12:34:56 $debs mac.img
expect 0 "$PIMIGRATE" convert --dry-run --strict --clone --network none $debs mac.img

# the kernel
expect 1 "$PIMIGRATE" convert --dry-run --kernel-deb missing.deb card.img
grep -q "missing.deb" err || fail "it does not name the package"
expect 1 "$PIMIGRATE" convert --dry-run --kernel-deb card.img card.img
expect 1 "$PIMIGRATE" convert --dry-run --kernel-deb kernel/busybox-static.deb card.img
grep -q 'none of the given packages is a kernel' err || fail "not a kernel"
expect 1 "$PIMIGRATE" convert --dry-run --mirror http://127.0.0.1:9/debian card.img
grep -q '127.0.0.1:9/debian' err || fail "it does not name the mirror"
expect 1 "$PIMIGRATE" convert --dry-run --no-grow $debs card.img
grep -q 'leave out --no-grow' err || fail "a full card"

[ "$before" = "$(digest card.img)" ] || fail "the card was changed"

# the place
mkdir -p "$PIMIGRATE_GUESTS/minipi"
expect 1 "$PIMIGRATE" convert $debs card.img
complains "is no guest" "-on minipi-2"
touch "$PIMIGRATE_GUESTS/minipi/guest.yaml"
expect 1 "$PIMIGRATE" convert $debs card.img
complains "there is a guest 'minipi' already" "-on minipi-2"
expect 0 "$PIMIGRATE" convert --dry-run $debs card.img
grep -q "there is a guest 'minipi' already" err || fail "a dry run is silent"
rm -r "$PIMIGRATE_GUESTS/minipi"
nothing_left minipi
python3 - "$PIMIGRATE_GUESTS/.minipi.lock" "$PIMIGRATE" $debs card.img <<-'END' || fail "a lock is not seen"
	import fcntl, subprocess, sys
	with open(sys.argv[1], 'w') as lock:
	    fcntl.lockf(lock, fcntl.LOCK_EX)
	    run = subprocess.run([sys.argv[2], 'convert', *sys.argv[3:]],
	                         capture_output=True, text=True)
	assert run.returncode == 1, run
	assert 'being made by another pimigrate' in run.stderr, run.stderr
END
nothing_left minipi
expect 1 "$PIMIGRATE" changes minipi
complains "there is no guest 'minipi'"
