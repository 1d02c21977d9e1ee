/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder: each table's rows are found by an index made of the bits that
 * tell most of its encodings apart, so a bucket's list is short; decoding is
 * one index, a few compares, the copying of fields, and the row's fix.
 *
 * T32's coprocessor, VFP and NEON spaces hold the A32 encodings with another
 * top: they are rewritten and looked up there (A7.4, A7.5, A7.7).
 */
#include "arm/decode.h"

#include <assert.h>
#include <string.h>

#include "arm/exec.h"
#include "arm/fix.h"
#include "arm/quick.h"
#include "common/mem.h"

#define MAX_FIELDS 12

/* Bits [lo, lo + len) of the word become a field's bits from at on. */
struct run {
	uint8_t field; /* offset in struct insn */
	uint8_t bytes; /* its size there */
	uint8_t lo, len, at;
};

struct pattern {
	struct decode_row row;
	fix_fn *fix;
	const struct quick *quick; /* variants of row.exec, or NULL */
	struct run run[MAX_FIELDS];
	uint8_t n_runs;
	bool has_cond; /* else it is always, or the IT block's */
};

struct bit_range {
	uint8_t lo, len;
};

/* A table: its rows are operations [first, first + count). */
struct table {
	uint16_t first, count;
	uint8_t width;            /* of a word: 32 or 16 */
	struct bit_range part[3]; /* of the word, that make the index */
	uint32_t *start;          /* by index, and one more: in pool[] */
};

/* What the rows say, in the order of enum insn_op. */
#define INSN(name, exec, fix, bits) \
	{ { #name, #exec, #fix, bits, exec_##exec }, fix_##fix },
static struct pattern patterns[OP_UNDEF] = {
#include "arm/a32.inc"

#include "arm/a32_uncond.inc"

#include "arm/t16.inc"

#include "arm/t32.inc"

#include "arm/vfp.inc"

#include "arm/neon.inc"
};
#undef INSN

#define INSN(name, exec, fix, bits) +1
/* clang-format off */
enum {
	N_A32 = 0
#include "arm/a32.inc"
	, N_UNCOND = 0
#include "arm/a32_uncond.inc"
	, N_T16 = 0
#include "arm/t16.inc"
	, N_T32 = 0
#include "arm/t32.inc"
	, N_VFP = 0
#include "arm/vfp.inc"
	, N_NEON = 0
#include "arm/neon.inc"
};
#undef INSN

static struct table tables[DECODE_TABLES] = {
	[TABLE_A32] = { 0, N_A32, 32, { { 20, 8 }, { 4, 4 } } },
	[TABLE_A32_UNCOND] = { 0, N_UNCOND, 32, { { 20, 8 }, { 4, 4 } } },
	[TABLE_T16] = { 0, N_T16, 16, { { 4, 12 } } },
	[TABLE_T32] = { 0, N_T32, 32, { { 20, 9 }, { 15, 1 }, { 4, 4 } } },
	[TABLE_VFP] = { 0, N_VFP, 32, { { 16, 10 }, { 8, 1 }, { 6, 1 } } },
	[TABLE_NEON] = { 0, N_NEON, 32, { { 20, 6 }, { 4, 8 } } },
};
/* clang-format on */

/* The operations of all buckets, one list after the other. */
static uint16_t *pool;

#define FIELD(letter, member)                             \
	[letter - 'A'] = { offsetof(struct insn, member), \
			   sizeof(((struct insn *)0)->member) }

/* What each letter of a row means. */
static const struct {
	uint8_t off, bytes;
} field_of['z' - 'A' + 1] = {
	FIELD('c', cond), FIELD('n', rn),         FIELD('d', rd),
	FIELD('m', rm),   FIELD('s', rs),         FIELD('a', ra),
	FIELD('t', rt),   FIELD('S', s),          FIELD('P', p),
	FIELD('U', u),    FIELD('W', w),          FIELD('i', shift_imm),
	FIELD('v', imm),  FIELD('y', shift_type), FIELD('x', x),
	FIELD('z', size), FIELD('q', q),          FIELD('D', vd),
	FIELD('N', vn),   FIELD('M', vm),         FIELD('C', coproc),
	FIELD('o', opc1), FIELD('O', opc2),       FIELD('k', mode),
};

static unsigned int buckets_of(const struct table *t)
{
	return 1u << (t->part[0].len + t->part[1].len + t->part[2].len);
}

static unsigned int index_of(const struct table *t, uint32_t word)
{
	unsigned int index = 0;

	for (unsigned int i = 0; i < 3; i++)
		index = index << t->part[i].len |
			(word >> t->part[i].lo & ((1u << t->part[i].len) - 1));
	return index;
}

/* A field's runs are joined in the order of the text; only N, which stands
 * behind Vn, is its highest bit. */
static void join(struct pattern *pat)
{
	static const uint8_t vn = offsetof(struct insn, vn);

	for (unsigned int i = 0; i < pat->n_runs; i++)
		for (unsigned int j = i + 1; j < pat->n_runs; j++) {
			struct run *a = &pat->run[i], *b = &pat->run[j];

			if (a->field != b->field)
				continue;
			if (a->field == vn && a->len == 4 && b->len == 1)
				b->at = a->len;
			else
				a->at = (uint8_t)(a->at + b->len);
		}
}

static void parse(struct pattern *pat, int width)
{
	const char *bits = pat->row.bits;
	char last = 0;
	int bit = width;

	for (; *bits; bits++) {
		if (*bits == ' ')
			continue;
		bit--;
		if (*bits == '0' || *bits == '1') {
			pat->row.mask |= 1u << bit;
			pat->row.value |= (uint32_t)(*bits - '0') << bit;
		} else if (*bits == last && *bits != '-') {
			pat->run[pat->n_runs - 1].lo--;
			pat->run[pat->n_runs - 1].len++;
		} else if (*bits != '-') {
			assert(pat->n_runs < MAX_FIELDS);
			assert(field_of[*bits - 'A'].bytes);
			if (*bits == 'c')
				pat->has_cond = true;
			pat->run[pat->n_runs++] = (struct run){
				.field = field_of[*bits - 'A'].off,
				.bytes = field_of[*bits - 'A'].bytes,
				.lo = (uint8_t)bit,
				.len = 1,
			};
		}
		last = *bits;
	}
	assert(bit == 0);
	join(pat);
}

/* Operations of a table by the number of bits they fix, most first. */
static void sort_rows(const struct table *t, uint16_t *ret_order)
{
	unsigned int n = 0;

	for (int fixed = 32; fixed >= 0; fixed--)
		for (unsigned int i = 0; i < t->count; i++) {
			unsigned int op = t->first + i;

			if (__builtin_popcount(patterns[op].row.mask) == fixed)
				ret_order[n++] = (uint16_t)op;
		}
}

/* Add to each bucket that words of this row may fall in: to its length, or
 * (with to) the row itself at to[]. */
static void add_row(const struct table *t, unsigned int op, uint32_t *length,
		    uint16_t *to)
{
	const struct decode_row *row = &patterns[op].row;
	unsigned int open = (buckets_of(t) - 1) & ~index_of(t, row->mask);
	unsigned int fixed = index_of(t, row->value), some = 0;

	/* each choice of the bits that the row leaves open */
	do {
		uint32_t *at = &length[fixed | some];

		if (to)
			to[*at] = (uint16_t)op;
		++*at;
		some = (some - open) & open;
	} while (some);
}

/* Append the lists of a table's buckets to pool[used]; returns its new end. */
static uint32_t fill_buckets(struct table *t, uint32_t used)
{
	unsigned int buckets = buckets_of(t);
	uint32_t first = used;
	uint16_t order[OP_UNDEF];

	sort_rows(t, order);
	t->start = xcalloc(buckets + 1, sizeof(*t->start));
	for (unsigned int i = 0; i < t->count; i++)
		add_row(t, order[i], t->start, NULL);
	for (unsigned int b = 0; b <= buckets; b++) {
		uint32_t length = t->start[b];

		t->start[b] = used;
		used += length;
	}
	pool = xrealloc(pool, used * sizeof(*pool));
	for (unsigned int i = 0; i < t->count; i++)
		add_row(t, order[i], t->start, pool);
	/* each start has become its bucket's end, which is the next start */
	memmove(t->start + 1, t->start, buckets * sizeof(*t->start));
	t->start[0] = first;
	return used;
}

static const struct quick *find_quick(exec_fn *exec)
{
	const struct quick *q;

	for (q = quick_data; q->general; q++)
		if (q->general == exec)
			return q;
	for (q = quick_mem; q->general; q++)
		if (q->general == exec)
			return q;
	return NULL;
}

void decode_init(void)
{
	uint32_t used = 0;
	uint16_t op = 0;

	if (pool)
		return; /* done before */
	for (unsigned int i = 0; i < DECODE_TABLES; i++) {
		struct table *t = &tables[i];

		t->first = op;
		for (; op < t->first + t->count; op++) {
			patterns[op].row.table = i;
			patterns[op].quick = find_quick(patterns[op].row.exec);
			parse(&patterns[op], t->width);
		}
		used = fill_buckets(t, used);
	}
}

static void fill(struct insn *in, const struct pattern *pat, uint32_t word)
{
	for (unsigned int i = 0; i < pat->n_runs; i++) {
		const struct run *r = &pat->run[i];
		uint32_t bits = word >> r->lo & ((1u << r->len) - 1);
		uint8_t *field = (uint8_t *)in + r->field;

		if (r->bytes == sizeof(in->imm))
			in->imm |= bits << r->at;
		else
			*field = (uint8_t)(*field | bits << r->at);
	}
}

/* 0b1111 is UNPREDICTABLE, and always, as in QEMU. */
static uint8_t it_cond(uint8_t it)
{
	return !it || it >= 0xf0 ? 14 : it >> 4;
}

static void use_quick(struct insn *in, const struct quick *q)
{
	unsigned int n = q->pick(in);

	if (n < QUICK_VARIANTS && q->variant[n])
		in->exec = q->variant[n];
}

/* find is the word that is compared with the rows, in->word the one whose
 * bits are taken. */
static void look_up(struct insn *in, enum decode_table which, uint32_t find)
{
	const struct table *t = &tables[which];
	unsigned int index = index_of(t, find);

	for (uint32_t i = t->start[index]; i < t->start[index + 1]; i++) {
		const struct pattern *pat = &patterns[pool[i]];

		if ((find & pat->row.mask) != pat->row.value)
			continue;
		in->op = pool[i];
		in->cond = pat->has_cond ? 0 : it_cond(in->it);
		fill(in, pat, in->word);
		in->exec = pat->row.exec;
		pat->fix(in);
		if (pat->quick && in->exec == pat->row.exec)
			use_quick(in, pat->quick);
		return;
	}
	in->op = OP_UNDEF;
	fix_undef(in);
}

/* A coprocessor instruction with a condition: 10 and 11 are VFP and NEON. */
static enum decode_table coprocessor(uint32_t word)
{
	return (word >> 9 & 7) == 5 ? TABLE_VFP : TABLE_A32;
}

void decode_a32(struct insn *in, uint32_t word)
{
	enum decode_table table = TABLE_A32;

	*in = (struct insn){ .word = word, .len = 4, .cond = word >> 28 };
	if (in->cond == 15) {
		in->cond = 14;
		table = TABLE_A32_UNCOND;
		if (word >> 25 == 0x79 ||
		    (word >> 24 == 0xf4 && !(word >> 20 & 1)))
			table = TABLE_NEON;
	} else if ((word >> 26 & 3) == 3 && (word >> 24 & 3) != 3) {
		table = coprocessor(word);
	}
	look_up(in, table, word);
}

void decode_t16(struct insn *in, uint16_t half, uint8_t it)
{
	*in = (struct insn){ .word = half,
			     .len = 2,
			     .cond = it_cond(it),
			     .it = it,
			     .flags = INSN_THUMB };
	look_up(in, TABLE_T16, half);
}

/* Where a T32 word is looked up; rewrites it to A32 if it is not in T32's
 * own table.  *ret_find gets the word to compare. */
static enum decode_table t32_table(uint32_t *word, uint32_t *ret_find)
{
	enum decode_table table = TABLE_T32;
	uint32_t w = *word;

	*ret_find = w;
	if ((w & 0xef000000) == 0xef000000) {
		*word = 0xf2000000 | (w & 0x00ffffff) | (w >> 4 & 0x01000000);
		table = TABLE_NEON;
	} else if ((w & 0xff100000) == 0xf9000000) {
		*word = 0xf4000000 | (w & 0x00ffffff);
		table = TABLE_NEON;
	} else if ((w & 0xfc000000) == 0xec000000) {
		table = coprocessor(w);
	} else {
		if ((w & 0xfe1f0000) == 0xf81f0000)
			*ret_find = w | 0x00800000; /* load, literal */
		return table;
	}
	*ret_find = *word;
	return table;
}

void decode_t32(struct insn *in, uint32_t word, uint8_t it)
{
	uint32_t find;
	enum decode_table table = t32_table(&word, &find);

	*in = (struct insn){ .word = word,
			     .len = 4,
			     .cond = it_cond(it),
			     .it = it,
			     .flags = INSN_THUMB };
	look_up(in, table, find);
	if (table != TABLE_T32)
		in->cond = it_cond(it);
}

const struct decode_row *decode_row(enum insn_op op)
{
	return &patterns[op].row;
}
