/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written into a guest, for apt-pin.sh to ask apt about. */
#include <stdio.h>

#include "common/cleanup.h"
#include "kernel/apt.h"

int main(void)
{
	autofree char *text = apt_pin_text(flavour_of(ARCH_ARMHF));

	return fputs(text, stdout) < 0;
}
