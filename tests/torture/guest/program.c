/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made and run in the guest by compile.mk. */
#include <stdio.h>

#include "stb_perlin.h"
#include "stb_sprintf.h"

int main(void)
{
	double sum = 0;
	char text[80];

	for (int i = 0; i < 40000; i++)
		sum += stb_perlin_noise3((float)i * 0.37f, (float)i * 0.11f,
					 0.5f, 0, 0, 0) *
		       i;
	stbsp_sprintf(text, "%.9f %a %d", sum, sum, (int)sizeof(text));
	return puts(text) < 0;
}
