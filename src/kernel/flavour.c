/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/flavour.h"

const struct flavour *flavour_of(enum guest_arch arch)
{
	static const struct flavour armhf = { "armhf", "armmp-lpae",
					      "linux-image-armmp-lpae" };
	static const struct flavour arm64 = { "arm64", "arm64",
					      "linux-image-arm64" };

	return arch == ARCH_ARM64 ? &arm64 : &armhf;
}
