#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# build.sh OUT SOURCE: a bare-metal program as a flat image
set -eu
out=$1
shift
here=$(dirname "$0")
arm-linux-gnueabihf-gcc -marm -march=armv7ve -mfloat-abi=soft -mgeneral-regs-only \
	-std=gnu17 -O2 -Wall -Wextra -Werror -ffreestanding -fno-stack-protector -fno-pic -no-pie \
	-nostdlib -static -Wl,--build-id=none -Wl,--no-warn-rwx-segments \
	-Wl,-T,"$here/smp.ld" -o "$out.elf" "$here/start.S" "$here/smp.c" "$@"
arm-linux-gnueabihf-objcopy -O binary "$out.elf" "$out"
