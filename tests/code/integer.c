/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many bytes of host code hot integer instructions take in line.  A change
 * that makes one longer shows here, and asks to be looked at; one that makes
 * it shorter asks for the new figures.
 *
 *	bytes_of_integer [--print]
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "code/measure.h"
#include "unit/test.h"

static const struct golden {
	const char *text;
	bool thumb;
	unsigned int insns;
	uint32_t words[4];
	unsigned int v2, v3; /* bytes */
} rows[] = {
#include "code/integer.inc"
};

static unsigned int bytes(struct machine *m, const struct golden *r, bool v3)
{
	struct case_in in = { .words = 4, .cpsr = r->thumb ? 0x20 : 0 };

	memcpy(in.code, r->words, sizeof(r->words));
	for (in.words = 4; !in.code[in.words - 1];)
		in.words--;
	return measure(m, &in, 0, r->insns, v3);
}

static void print(const struct golden *r, unsigned int v2, unsigned int v3)
{
	printf("{ \"%s\", %s, %u, {", r->text, r->thumb ? "true" : "false",
	       r->insns);
	for (unsigned int i = 0; i < 4 && r->words[i]; i++)
		printf("%s 0x%08" PRIx32, i ? "," : "", r->words[i]);
	printf(" }, %u, %u },\n", v2, v3);
}

int main(int argc, char **argv)
{
	bool printing = argc > 1 && !strcmp(argv[1], "--print");
	struct machine *m = machine_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct golden *r = &rows[i];
		unsigned int v2 = bytes(m, r, false), v3 = bytes(m, r, true);

		if (printing) {
			print(r, v2, v3);
		} else if (v2 != r->v2 || v3 != r->v3) {
			fprintf(stderr, "%s: %u and %u bytes, not %u and %u\n",
				r->text, v2, v3, r->v2, r->v3);
			test_failed();
		}
	}
	machine_free(m);
	return printing ? 0 : test_done();
}
