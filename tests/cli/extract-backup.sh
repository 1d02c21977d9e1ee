#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# inspect --extract-backup: the newest backup by its own date, whole; never over
# a file that is there; and clear words where there is none.
. "$(dirname "$0")/functions.sh"
requires mkfs.vfat mcopy mke2fs debugfs python3
data=$here/../data/make.py

"$data" haos card.img || fail "make.py"
before=$(sha256sum card.img)
expect 3 "$PIMIGRATE" inspect card.img
says "newest backup is of 2026-11-02T03:04:05" 'version 2025.11.1' '--extract-backup FILE'

expect 0 "$PIMIGRATE" inspect --extract-backup out.tar card.img
says "wrote 'out.tar'" '"Full" of 2026-11-02' 'To restore it'
silent_about encrypted
tar -xOf out.tar ./backup.json | grep -q '"name": "Full"' || fail "another backup, or none"
[ "$(tar -xOf out.tar ./homeassistant.tar.gz | wc -c)" = 40000 ] || fail "it is not whole"
[ "$(stat -c %a out.tar)" = 600 ] || fail "others can read it"
[ "$before" = "$(sha256sum card.img)" ] || fail "the card was changed"

expect 1 "$PIMIGRATE" inspect --extract-backup out.tar card.img
complains "'out.tar' is there already"
expect 0 "$PIMIGRATE" inspect --json --extract-backup more.tar card.img
says '"name":"Full"' '"encrypted":false'
cmp out.tar more.tar || fail "another file"

# of the rest, the newest is encrypted
debugfs -w -R 'rm /supervisor/backup/2.tar' 'card.img?offset=13631488' >/dev/null 2>&1
expect 0 "$PIMIGRATE" inspect --extract-backup weekly.tar card.img
says '"Weekly" of 2026-03-01' 'The backup is encrypted'

"$data" haos-mbr none.img || fail "make.py"
expect 1 "$PIMIGRATE" inspect --extract-backup none.tar none.img
complains "there is no backup of Home Assistant"
expect 3 "$PIMIGRATE" inspect none.img
says 'there is no backup on the card'
[ ! -e none.tar ] || fail "a file without a backup"
"$data" boot-only other.img || fail "make.py"
expect 3 "$PIMIGRATE" inspect --extract-backup none.tar other.img
complains "holds no Home Assistant"
