/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a case leaves alone is not written, so a line stays readable. */
#include "vectors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

static const char *const ends[] = { "undef", "fault", "alignment", "bkpt",
				    "other" };

void vector_write(FILE *to, const char *row, const struct case_in *in,
		  const struct case_out *out)
{
	struct case_in base;

	state_from_seed(in->seed, &base);
	fprintf(to, "%s %c ", row, in->cpsr & 0x20 ? 'T' : 'A');
	for (unsigned int i = 0; i < in->words; i++)
		fprintf(to, "%s%x", i ? "," : "", in->code[i]);
	fprintf(to, " %x", in->seed);
	for (unsigned int i = 0; i < 15; i++)
		if (in->r[i] != base.r[i])
			fprintf(to, " r%u=%x", i, in->r[i]);
	fprintf(to, " > %s %x %x", ends[out->end], out->r[15], out->cpsr);
	for (unsigned int i = 0; i < 15; i++)
		if (out->r[i] != in->r[i])
			fprintf(to, " r%u=%x", i, out->r[i]);
	if (out->fpscr != in->fpscr)
		fprintf(to, " fpscr=%x", out->fpscr);
	for (unsigned int i = 0; i < 32; i++)
		if (out->d[i] != in->d[i])
			fprintf(to, " d%u=%" PRIx64, i, out->d[i]);
	if (out->memory)
		fprintf(to, " mem=%x", out->memory);
	fputc('\n', to);
}

static uint32_t hex(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 16);
}

/* name=value of the state before, or after if out is not NULL. */
static bool assignment(const char *word, struct case_in *in,
		       struct case_out *out)
{
	const char *value = strchr(word, '=');
	unsigned long n;

	if (!value)
		return false;
	value++;
	n = strtoul(word + 1, NULL, 10);
	if (word[0] == 'r' && n < 15 && out)
		out->r[n] = hex(value);
	else if (word[0] == 'r' && n < 15)
		in->r[n] = hex(value);
	else if (word[0] == 'd' && n < 32 && out)
		out->d[n] = strtoull(value, NULL, 16);
	else if (!strncmp(word, "fpscr", 5) && out)
		out->fpscr = hex(value);
	else if (!strncmp(word, "mem", 3) && out)
		out->memory = hex(value);
	else
		return false;
	return true;
}

static bool read_code(char *text, struct case_in *in)
{
	char *rest = text, *word;

	while ((word = strsep(&rest, ",")) && in->words < CASE_CODE_WORDS)
		in->code[in->words++] = hex(word);
	return in->words > 0;
}

static bool read_in(char *text, struct case_in *in)
{
	const char *row = strsep(&text, " "), *set = strsep(&text, " ");
	char *code = strsep(&text, " "), *word;

	if (!row || !set || !code || !text)
		return false;
	state_from_seed(hex(strsep(&text, " ")), in);
	if (*set == 'T')
		in->cpsr |= 0x20;
	while ((word = strsep(&text, " ")))
		if (*word && !assignment(word, in, NULL))
			return false;
	return read_code(code, in);
}

static bool read_out(char *text, const struct case_in *in, struct case_out *out)
{
	const char *end = strsep(&text, " "), *pc = strsep(&text, " "),
		   *cpsr = strsep(&text, " "), *word;

	if (!end || !pc || !cpsr)
		return false;
	memcpy(out->r, in->r, sizeof(in->r));
	memcpy(out->d, in->d, sizeof(in->d));
	out->fpscr = in->fpscr;
	out->memory = 0;
	out->r[15] = hex(pc);
	out->cpsr = hex(cpsr);
	for (out->end = END_UNDEF; strcmp(ends[out->end], end); out->end++)
		if (out->end == END_OTHER)
			return false;
	while ((word = strsep(&text, " ")))
		if (!assignment(word, NULL, out))
			return false;
	return true;
}

bool vector_read(const char *line, struct case_in *ret_in,
		 struct case_out *ret_out)
{
	char *copy = strdup(line), *out;
	bool ok = false;

	copy[strcspn(copy, "\n")] = 0;
	out = strstr(copy, " > ");
	if (out && *copy != '#') {
		*out = 0;
		ok = read_in(copy, ret_in) &&
		     read_out(out + 3, ret_in, ret_out);
	}
	free(copy);
	return ok;
}
