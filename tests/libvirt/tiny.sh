#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# With a guest of a few instructions:
#
#   tiny.sh install system|session	virt-install makes it
#   tiny.sh locks			two libvirtd and QEMU want the same disk
#
# PIMIGRATE_EMU is the program under test.
set -eo pipefail
. "$(dirname "$0")/../cli/functions.sh"
set -e
: "${PIMIGRATE_EMU:=$here/../../build/emu/pimigrate-emu}"
requires_root
requires libvirtd virtlogd virsh virt-xml-validate unshare setpriv python3
case "$1" in
install) requires virt-install ;;
locks) requires qemu-system-arm ;;
esac
unshare --mount --net --pid --fork true 2>/dev/null || skip "no namespaces here"
"$here/../host/guests.py" kernel key 'mini login: ' vmlinuz
set -- "$here/$1.py" "$(realpath "$PIMIGRATE_EMU")" "$scratch/vmlinuz" "${@:2}"
# A folder on /mnt that both of locks.py see.
# shellcheck disable=SC2016
unshare --mount -- sh -ec 'mount --make-rprivate /; mount -t tmpfs -o mode=755 tmpfs /mnt; exec "$@"' sh \
	"$here/private.sh" "$@"
