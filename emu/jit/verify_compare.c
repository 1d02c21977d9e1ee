/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both ways came to, and what is said of it.
 */
#include <string.h>

#include "jit/dump.h"
#include "jit/verify_parts.h"

enum {
	BYTES_SHOWN = 16,
};

/* A member of either part of a state. */
static const void *member(const struct state *s, size_t off)
{
	return off < sizeof(s->core)
		       ? s->core + off
		       : s->rest + (off - offsetof(struct cpu, qf));
}

uint32_t verify_word(const struct state *s, size_t off)
{
	uint32_t val;

	memcpy(&val, member(s, off), 4);
	return val;
}

#define RANGE(first, after)                                 \
	{                                                   \
#first, offsetof(struct cpu, first),        \
			offsetof(struct cpu, after) -       \
				offsetof(struct cpu, first) \
	}
#define MEMBER(member)                                    \
	{                                                 \
#member, offsetof(struct cpu, member),    \
			sizeof(((struct cpu *)0)->member) \
	}
/* Beside r[], CPSR and FPSCR; r[15] says nothing between instructions. */
static const struct part {
	const char *name;
	size_t off, size;
} parts[] = {
	MEMBER(pc_next), MEMBER(vfp.v),       MEMBER(vfp.fpexc),
	MEMBER(ex_size), MEMBER(bank_sp),     MEMBER(bank_lr),
	MEMBER(spsr),    MEMBER(bank_usr_r8), MEMBER(bank_fiq_r8),
};

static const struct part exclusive[] = { MEMBER(ex_va), MEMBER(ex_value) };

static bool same_part(const struct verify *v, const struct part *p)
{
	return !memcmp(member(&v->state[INTERPRETED], p->off),
		       member(&v->state[TRANSLATED], p->off), p->size);
}

static bool monitor_set(const struct state *s)
{
	return *(const uint32_t *)member(s, offsetof(struct cpu, ex_size));
}

static bool same_exception(const struct state *a, const struct state *b)
{
	if (a->excp != b->excp)
		return false;
	return (a->excp != EXCP_DATA_ABORT && a->excp != EXCP_PREFETCH_ABORT) ||
	       (a->fsr == b->fsr && a->far == b->far);
}

static bool same_state(const struct verify *v)
{
	const struct state *a = &v->state[INTERPRETED];
	const struct state *b = &v->state[TRANSLATED];

	if (memcmp(a->core, b->core, 15 * 4) || a->cpsr != b->cpsr ||
	    a->fpscr != b->fpscr || !same_exception(a, b) || v->left != v->done)
		return false;
	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!same_part(v, &parts[i]))
			return false;
	for (unsigned int i = 0; monitor_set(a) && i < 2; i++)
		if (!same_part(v, &exclusive[i]))
			return false;
	return true;
}

static bool same_memory(const struct verify *v)
{
	for (unsigned int i = 0; i < v->used_n; i++) {
		unsigned int n = v->used[i];

		if (memcmp(v->data[n][INTERPRETED], v->data[n][TRANSLATED],
			   PAGE_SIZE))
			return false;
	}
	return true;
}

bool verify_same(const struct verify *v)
{
	return same_state(v) && same_memory(v);
}

/* The report */

static void print_words(const struct verify *v, const char *name, size_t off,
			FILE *to)
{
	uint32_t a = verify_word(&v->state[INTERPRETED], off);
	uint32_t b = verify_word(&v->state[TRANSLATED], off);

	if (a != b)
		fprintf(to, "  %-10s %08x          %08x          %08x\n", name,
			verify_word(&v->before, off), a, b);
}

static void print_vectors(const struct verify *v, FILE *to)
{
	uint64_t val[3][32];
	size_t off = offsetof(struct cpu, vfp.v);

	memcpy(val[0], member(&v->before, off), sizeof(val[0]));
	memcpy(val[1], member(&v->state[INTERPRETED], off), sizeof(val[1]));
	memcpy(val[2], member(&v->state[TRANSLATED], off), sizeof(val[2]));
	for (unsigned int i = 0; i < 32; i++)
		if (val[1][i] != val[2][i])
			fprintf(to, "  d%-9u %016llx  %016llx  %016llx\n", i,
				(unsigned long long)val[0][i],
				(unsigned long long)val[1][i],
				(unsigned long long)val[2][i]);
}

static void print_parts(const struct verify *v, const struct part *p,
			unsigned int n, FILE *to)
{
	for (; n; n--, p++) {
		if (same_part(v, p) || p->off == offsetof(struct cpu, vfp.v))
			continue;
		if (p->size == 4)
			print_words(v, p->name, p->off, to);
		else
			fprintf(to, "  %s differs\n", p->name);
	}
}

static void print_state(const struct verify *v, FILE *to)
{
	const struct state *b = &v->before, *s = v->state;
	char name[8];

	fprintf(to, "  %-10s %-16s  %-16s  %s\n", "", "before", "interpreted",
		"translated");
	for (unsigned int i = 0; i < 15; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		print_words(v, name, offsetof(struct cpu, r) + 4 * i, to);
	}
	if (s[0].cpsr != s[1].cpsr)
		fprintf(to, "  %-10s %08x          %08x          %08x\n",
			"cpsr", b->cpsr, s[0].cpsr, s[1].cpsr);
	if (s[0].fpscr != s[1].fpscr)
		fprintf(to, "  %-10s %08x          %08x          %08x\n",
			"fpscr", b->fpscr, s[0].fpscr, s[1].fpscr);
	print_vectors(v, to);
	print_parts(v, parts, sizeof(parts) / sizeof(parts[0]), to);
	print_parts(v, exclusive, 2, to);
	if (v->done != v->left)
		fprintf(to, "  instructions done: %u, %u\n", v->done, v->left);
	if (!same_exception(&s[0], &s[1]))
		fprintf(to,
			"  exception %d (status %#x, address %#x), "
			"%d (status %#x, address %#x)\n",
			(int)s[0].excp, s[0].fsr, s[0].far, (int)s[1].excp,
			s[1].fsr, s[1].far);
}

static void print_memory(const struct verify *v, FILE *to)
{
	unsigned int shown = 0;

	for (unsigned int i = 0; i < v->used_n; i++) {
		const struct copy *c = &v->copy[v->used[i]];
		const uint8_t *a = v->data[v->used[i]][INTERPRETED];
		const uint8_t *b = v->data[v->used[i]][TRANSLATED];

		for (unsigned int n = 0; n < PAGE_SIZE; n++) {
			if (a[n] == b[n] || shown++ >= BYTES_SHOWN)
				continue;
			fprintf(to, "  physical %#llx: %02x, %02x, %02x\n",
				(unsigned long long)c->pa + n, c->host[n], a[n],
				b[n]);
		}
	}
	if (shown > BYTES_SHOWN)
		fprintf(to, "  and %u bytes more\n", shown - BYTES_SHOWN);
}

void verify_report(const struct verify *v, const struct unit *u,
		   const struct ir_unit *ir, FILE *to)
{
	fprintf(to,
		"the translator and the interpreter differ (%s, cpsr "
		"%08x):\n",
		v->before.cpsr & CPSR_T ? "T32" : "A32", v->before.cpsr);
	dump_insns(v->cpu, u, to);
	fputs("IR, as optimized:\n", to);
	ir_dump(ir, to);
	fputs("registers before:\n", to);
	for (unsigned int i = 0; i < 15; i++)
		fprintf(to, "  r%-2u %08x%s", i, verify_word(&v->before, 4 * i),
			i % 5 == 4 ? "\n" : "");
	fputs("what differs:\n", to);
	print_state(v, to);
	print_memory(v, to);
	fflush(to);
}
