#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   guests.sh system|session [STEP...]	PIMIGRATE and PIMIGRATE_EMU are the programs under test
set -eo pipefail
cli=$(cd "$(dirname "$0")/../cli" && pwd)
. "$cli/convert-functions.sh"
set -e
top=$(realpath "$cli/../..")
: "${PIMIGRATE_EMU:=$top/build/emu/pimigrate-emu}"
PIMIGRATE_EMU=$(realpath "$PIMIGRATE_EMU")
requires_root
requires libvirtd virtlogd virsh virt-xml-validate unshare setpriv
requires_appliance
unshare --mount --net --pid --fork true 2>/dev/null || skip "no namespaces here"
here=$cli
mini_kernel
mini_card bookworm-dirty card.img # as one that was pulled out
sed "s,@PIMIGRATE@,timeout 60 $PIMIGRATE," "$top/libvirt/hook.in" >hook
# A disk whose kernel is newer than what its guest boots.
here=$top/tests/host
. "$here/disks.sh"
root=$scratch/root
kernel 9 key 'kernel nine
mini login: '
package 9 installed
mkdir newer
disk newer
"$top/tests/libvirt/private.sh" "$top/tests/libvirt/guests.py" "$1" "$PIMIGRATE" "$PIMIGRATE_EMU" "$scratch" "${@:2}"
