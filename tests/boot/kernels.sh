#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's own kernel of a release boots to a shell, with 1 and with 4 CPUs;
# an ARMv5 program runs under it (the kernel's helpers at the top of memory, as
# Raspberry Pi OS's ARMv6 userland needs them); it powers off.  One that panics
# restarts, if its command line is as convert writes it.
#
#   kernels.sh bookworm|trixie
#
# PIMIGRATE_EMU is the program under test.
set -eo pipefail
. "$(dirname "$0")/../cli/functions.sh"
. "$here/../../tools/lib.sh"
set -e
suite=$1
: "${PIMIGRATE_EMU:=$here/../../build/emu/pimigrate-emu}"
requires python3 dpkg-deb
debs=$(cache_dir)/test-debs

fetch() { # SUITE ARCH PACKAGE FOLDER
	local deb
	deb=$("$here/fetch-debian.py" "$mirror" "$1" "$2" "$debs" "$3") || fail "cannot fetch $3 of $1"
	dpkg-deb -x "$deb" "$4"
}

mirror=$(debian_mirror)
[ -n "$mirror" ] || skip "no mirror of Debian"
fetch "$suite" armhf linux-image-armmp-lpae kernel
fetch bookworm armhf busybox-static armhf
fetch bookworm armel busybox-static armel
kernel=$(echo kernel/boot/vmlinuz-*)

mkdir -p root/bin root/proc root/sys root/dev
cp armhf/bin/busybox root/bin/busybox
cp armel/bin/busybox root/bin/busybox-armel
cat >root/init <<'I'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
case $(/bin/busybox cat /proc/cmdline) in *panic=*) exit 1 ;; esac
echo "release $(/bin/busybox uname -r)"
echo "cpus $(/bin/busybox nproc)"
/bin/busybox-armel sh -c 'i=0; while [ $i -lt 300 ]; do i=$((i + 1)); done; echo "armel $((i * 7))"'
/bin/busybox-armel dd if=/dev/zero bs=64k count=16 2>/dev/null | /bin/busybox sha256sum
/bin/busybox poweroff -f
I
chmod 755 root/init root/bin/*
"$here/newc.py" root >initrd.img
want=$(head -c 1048576 /dev/zero | sha256sum | cut -d' ' -f1)

boot() { # CPUS WORD...: until the machine is off, or would restart
	timeout 1200 "$PIMIGRATE_EMU" -M virt -cpu cortex-a7 -smp "$1" -m 512 -kernel "$kernel" -initrd initrd.img \
		-append "console=ttyAMA0 quiet ${*:2}" -display none -serial file:out -no-reboot </dev/null 2>err ||
		fail "the emulator ended with status $?"
	tr -d '\r' <out >text
}

for cpus in 1 4; do
	step "$suite with $cpus CPUs"
	boot "$cpus"
	for line in "release ${kernel#*vmlinuz-}" "cpus $cpus" "armel 2100" "$want  -"; do
		grep -qxF -- "$line" text || fail "'$line' was not printed"
	done
done

step "$suite panics"
boot 4 panic=1
grep -q 'Kernel panic' text && grep -q 'Rebooting in 1 seconds' text || fail "it did not restart by itself"
