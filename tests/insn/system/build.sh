#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# build.sh OUT SOURCE...: a bare-metal program, OUT.elf and as flat image OUT.bin
set -eu
out=$1
shift
here=$(dirname "$0")
arm-linux-gnueabihf-gcc -marm -march=armv7ve -mfloat-abi=soft -mgeneral-regs-only \
	-O1 -Wall -Werror -ffreestanding -fno-stack-protector -fno-pic -no-pie \
	-nostdlib -static -Wl,--build-id=none -Wl,--no-warn-rwx-segments \
	-Wl,-T,"$here/system.ld" -o "$out.elf" "$here/start.S" "$here/print.c" "$@"
arm-linux-gnueabihf-objcopy -O binary "$out.elf" "$out.bin"
