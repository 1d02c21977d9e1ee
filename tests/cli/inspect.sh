#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# inspect tells what is on a card, and changes nothing.
. "$(dirname "$0")/functions.sh"
requires sfdisk mkfs.vfat mcopy mke2fs debugfs

mini_card bookworm card.img
before=$(sha256sum card.img)
expect 0 "$PIMIGRATE" inspect card.img
says 'Raspbian GNU/Linux 12 (bookworm)' minipi 'Raspberry Pi OS 12 (bookworm)' \
	'b8:27:eb:12:34:56 (from /var/log/syslog)' 'rpi-eeprom-update.service' \
	'raspi-config.service' 'the boot partition' 'pimigrate convert' \
	'NetworkManager, address by DHCP' 'bookworm'
silent_about 'Will not' 'Cannot'
expect 0 "$PIMIGRATE" inspect --strict card.img
expect 0 "$PIMIGRATE" inspect -q card.img
[ ! -s out ] || fail "-q speaks"
[ "$before" = "$(sha256sum card.img)" ] || fail "the card was changed"

mini_card bullseye card.img
expect 0 "$PIMIGRATE" inspect card.img
says 'Raspberry Pi OS 11 (bullseye)' 'dhcpcd, fixed address 192.168.1.77/24' \
	'the sound card on the pins will not work'
expect 6 "$PIMIGRATE" inspect --strict card.img

mini_card debian card.img
expect 0 "$PIMIGRATE" inspect card.img
says 'Debian 12 (bookworm), 32 bit' 'root=LABEL=rootfs' 'ifupdown'

mini_card bookworm-dirty card.img
expect 0 "$PIMIGRATE" inspect card.img
says 'the Pi was not shut down: what follows may be out of date'

mini_card buster card.img
expect 0 "$PIMIGRATE" inspect --strict card.img
says 'Raspberry Pi OS 10 (buster)' 'gets no updates any more'

# a profile of the user's own comes in place of ours, and beside them
mkdir -p config/pimigrate/profiles.d
XDG_CONFIG_HOME=$scratch/config
export XDG_CONFIG_HOME
cat >config/pimigrate/profiles.d/raspios-buster-armhf.yaml <<'END'
version: 1
title: my own buster
match: {os: [raspbian], suite: [buster], arch: armhf, raspberry: true}
include: [common-pi.yaml, common-config.yaml]
END
cat >config/pimigrate/profiles.d/layer-mine.yaml <<'END'
version: 1
title: my things
adds: true
match: {file: [/etc/hostname]}
says:
  - {level: warn, code: mine, text: "mind the gap"}
END
expect 6 "$PIMIGRATE" inspect --strict card.img
says 'my own buster' 'mind the gap'
echo 'sevices: []' >>config/pimigrate/profiles.d/layer-mine.yaml
expect 1 "$PIMIGRATE" inspect card.img
complains "profiles.d/layer-mine.yaml:7: there is no key 'sevices' here"
rm -r config
XDG_CONFIG_HOME=$scratch/no-config

mini_card noobs card.img
expect 0 "$PIMIGRATE" inspect --strict card.img
says '6 vfat 8.4 MB "boot" the boot partition' '7 ext4 8.4 MB "root" the system' \
	'5 ext4' 'console=serial0,115200'
expect 3 "$PIMIGRATE" inspect --root 5 card.img
expect 0 "$PIMIGRATE" inspect --root 7 card.img

# installed: the profiles are found from where the program lies
mkdir -p prefix/bin prefix/share/pimigrate
cp "$PIMIGRATE" prefix/bin
cp -r "$here/../../profiles" prefix/share/pimigrate
expect 0 prefix/bin/pimigrate inspect card.img
says 'Raspberry Pi OS 11 (bullseye)'
rm -r prefix/share
expect 1 prefix/bin/pimigrate inspect card.img
complains 'PIMIGRATE_PROFILES'
