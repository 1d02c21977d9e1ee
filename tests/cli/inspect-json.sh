#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# inspect --json: one document on standard output, nothing else.
. "$(dirname "$0")/functions.sh"
requires sfdisk mkfs.vfat mcopy mke2fs python3

# holds EXPRESSION: of Python, over the document d
holds() {
	python3 -c 'import json, sys
d = json.load(open("out"))
codes = [f["code"] for f in d["findings"]]
sys.exit(not ('"$1"'))' || fail "not so: $1"
}

# The schema in the tree describes each document, and nothing that is not there.
schema=$here/../../docs/inspect.schema.json
valid() {
	python3 -c 'import json, sys
try:
    import jsonschema
except ImportError:
    sys.exit(0)
jsonschema.validate(json.load(open("out")), json.load(open(sys.argv[1])))
' "$schema" || fail "the schema does not allow this document"
}

mini_card bookworm card.img
expect 0 "$PIMIGRATE" inspect --json card.img
valid
[ ! -s err ] || fail "--json speaks on standard error"
holds 'd["version"] == 1 and d["convertible"] and d["losses"] == 0'
holds 'd["profile"] == "raspios-bookworm-armhf"'
holds 'd["disk"]["root"] == 2 and d["disk"]["boot"] == 1'
holds 'd["disk"]["partitions"][1]["partuuid"] == "5e3da3da-02"'
holds 'd["system"]["boot_dir"] == "/boot/firmware"'
holds 'd["system"]["arch"] == "armhf" and d["system"]["systemd"]'
holds 'd["system"]["cmdline"].startswith("console=serial0")'
holds 'd["network"]["mac"] == "b8:27:eb:12:34:56" and d["network"]["ssh"]'
holds '"mac" in codes and "static-address" not in codes'
holds 'any(s["name"] == "rpi-eeprom-update.service" and "turned_off_because" in s for s in d["services"])'

mini_card x86 card.img
expect 3 "$PIMIGRATE" inspect --machine-readable card.img
holds 'not d["convertible"] and "not-arm" in codes'

mini_card arm64 card.img
expect 0 "$PIMIGRATE" inspect --json card.img
valid
holds 'd["convertible"] and d["losses"] == 0 and "arm64" in codes'

mini_card haos card.img
expect 3 "$PIMIGRATE" inspect --json card.img
holds 'd["disk"]["partitions"][0]["partuuid"] == "b3dd0952-733c-4c88-8cba-cab9b8b4377f"'
holds 'd["system"] is None'
valid

# what a card says about itself cannot break the document or the terminal
mini_card bookworm card.img
printf 'evil\033[2J\377"\\name\n' >name
debugfs -w -R 'rm /etc/hostname' 'card.img?offset=12582912' 2>/dev/null
debugfs -w -R 'write name /etc/hostname' 'card.img?offset=12582912' \
	>/dev/null 2>&1
expect 0 "$PIMIGRATE" inspect --json card.img
holds 'd["system"]["hostname"] == "evil?[2J?\"\\name"'
expect 0 "$PIMIGRATE" inspect card.img
says 'evil?[2J?"\name'
! grep -q "$(printf '\033')" out || fail "an escape code came through"
