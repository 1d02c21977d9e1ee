#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   verbs.sh system|session [GUEST]	PIMIGRATE and PIMIGRATE_EMU are the programs under test
#
# GUEST: the folder of a converted card of tools/make-card.sh, which is off; its
# disk is written to.  Without one: a small guest.
set -eo pipefail
guest=${2:+$(realpath "$2")}
. "$(dirname "$0")/../cli/functions.sh"
set -e
: "${PIMIGRATE_EMU:=$here/../../build/emu/pimigrate-emu}"
requires_root
requires libvirtd virtlogd virsh virt-xml-validate unshare python3 dpkg-deb modprobe
[ "$1" = session ] || [ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
unshare --mount --net --pid --fork true 2>/dev/null || skip "no namespaces here"
if [ -z "$guest" ]; then
	guest=$scratch
	"$here/make-guest.sh" . || exit $?
fi
"$here/private.sh" "$here/verbs.py" "$1" "$PIMIGRATE" "$(realpath "$PIMIGRATE_EMU")" "$guest"
