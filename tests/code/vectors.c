/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many bytes of host code hot VFP and NEON instructions take, each alone
 * in a unit behind one that has done what a unit does once.  A change that
 * makes one longer shows here, and asks to be looked at; one that makes it
 * shorter asks for the new figures.
 *
 *	bytes_of_vectors [--print]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/vfp.h"
#include "code/measure.h"
#include "unit/test.h"

enum {
	VCMP = (int)0xeeb47b47, /* vcmp.f64 d7, d7: VFP is seen to be on */
};

static const struct golden {
	const char *text;
	uint32_t word;
	unsigned int v2, v3; /* bytes */
} rows[] = {
#include "code/vectors.inc"
};

int main(int argc, char **argv)
{
	bool print = argc > 1 && !strcmp(argv[1], "--print");
	struct machine *m = machine_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct golden *r = &rows[i];
		const struct case_in in = {
			.code = { (uint32_t)VCMP, r->word },
			.words = 2,
			.fpscr = FP_IXC,
		};
		unsigned int v2 = measure(m, &in, 1, 2, false);
		unsigned int v3 = measure(m, &in, 1, 2, true);

		if (print) {
			printf("{ \"%s\", 0x%08x, %u, %u },\n", r->text,
			       r->word, v2, v3);
		} else if (v2 != r->v2 || v3 != r->v3) {
			fprintf(stderr, "%s: %u and %u bytes, not %u and %u\n",
				r->text, v2, v3, r->v2, r->v3);
			test_failed();
		}
	}
	machine_free(m);
	return print ? 0 : test_done();
}
