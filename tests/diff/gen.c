/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A row's letters get values by what they are: registers seldom the PC or SP,
 * conditions mostly "always", immediates often at an edge.  Registers that a
 * load or store uses are then set so that most accesses hit the data region.
 *
 * Each case begins with CLREX, because the reference keeps its monitor from
 * case to case.
 */
#include "gen.h"

#include <string.h>

#include "arm/exec.h"

/* What is not tested.  The reason is of the reference, or the manual says
 * UNPREDICTABLE; then the section says where. */

static bool spsr(const struct insn *in)
{
	return in->u;
}

static bool pc_with_flags(const struct insn *in)
{
	return in->rd == 15 && in->s;
}

/* Where qemu-arm looks for the floating point of old programs. */
static bool fpa(const struct insn *in)
{
	return (in->word & 0x0c000000) == 0x0c000000 &&
	       (in->word >> 9 & 7) != 5;
}

/* HLT of ARMv8, undefined here, that qemu-arm serves nevertheless. */
static bool semihosting(const struct insn *in)
{
	return in->word == 0xbabc || (in->word & 0x0fffffff) == 0x010f0070;
}

/* What Linux takes for a breakpoint. */
static bool linux_breakpoint(const struct insn *in)
{
	if (!(in->flags & INSN_THUMB))
		return (in->word & 0x0fffffff) == 0x07f001f0;
	return in->word == 0xf7f0a000 || in->word == 0xde01;
}

static bool base_pc(const struct insn *in)
{
	return in->rn == 15;
}

static bool base_pc_thumb(const struct insn *in)
{
	return in->rn == 15 && in->flags & INSN_THUMB;
}

static bool to_pc(const struct insn *in)
{
	return in->rt == 15;
}

/* Either of two. */
static bool to_pc_2(const struct insn *in)
{
	return in->rt == 15 || in->rn == 15;
}

static bool index_loaded(const struct insn *in)
{
	return in->rm == in->rt || in->rm == in->ra;
}

static bool aligned_32(const struct insn *in)
{
	return (in->word >> 4 & 3) == 3;
}

static bool same_register(const struct insn *in)
{
	return in->vd == in->vm;
}

/* In T32; A32's do what one would think. */
static bool single_register(const struct insn *in)
{
	return in->flags & INSN_THUMB && in->len == 4 &&
	       __builtin_popcount(in->word & 0xffff) < 2;
}

/* Registers of a NEON load or store beyond D31, by its type. */
static bool multiple_beyond_d31(const struct insn *in)
{
	static const uint8_t last[16] = { 3, 6, 3, 3, 2, 4, 2, 0, 1, 2, 1 };

	return in->vd + last[in->word >> 8 & 15] > 31;
}

static bool all_beyond_d31(const struct insn *in)
{
	unsigned int more = in->word >> 8 & 3, twice = in->word >> 5 & 1;

	return in->vd + (more ? more * (1 + twice) : twice) > 31;
}

/* Writes the PC, or starts an IT block, and is not the last of an IT block. */
static bool leaves_it(const struct insn *in)
{
	static const char *const branches[] = { "B",   "BL",  "BLX_imm",
						"BX",  "BXJ", "BLX_reg",
						"CBZ", "TBB", "CBNZ",
						"TBH", "IT" };
	const char *exec = decode_row(in->op)->exec_name;

	if (!(in->it & 7))
		return false;
	for (unsigned int i = 0; i < sizeof(branches) / sizeof(branches[0]);
	     i++)
		if (!strcmp(branches[i], exec))
			return true;
	return in->flags & INSN_ENDS_BLOCK &&
	       (in->rd == 15 || in->rt == 15 || !strcmp(exec, "LDM"));
}

#define RETURNS(name)                                                          \
	{ #name "_imm", pc_with_flags, "exception return at PL0", "B9.3.20" }, \
		{ #name "_reg", pc_with_flags, "exception return at PL0",      \
		  "B9.3.20" },                                                 \
	{                                                                      \
#name "_rsr", pc_with_flags, "exception return at PL0",        \
			"B9.3.20"                                              \
	}

/* clang-format off */
const struct gen_exclusion gen_exclusions[] = {
	{ "*", leaves_it, "writes the PC inside of an IT block", "A8.3.1" },
	{ "SVC", NULL, "would be a system call of the reference's kernel", NULL },
	{ "MCR", NULL, "CP14, CP15: other values there; tests/unit/test_cp15.c", NULL },
	{ "MRC", NULL, "CP14, CP15: other values there; tests/unit/test_cp15.c", NULL },
	{ "MCRR", NULL, "CP14, CP15: other values there; tests/unit/test_cp15.c", NULL },
	{ "MRRC", NULL, "CP14, CP15: other values there; tests/unit/test_cp15.c", NULL },
	{ "CDP", NULL, "qemu-arm does the FPA", NULL },
	{ "LDC", NULL, "qemu-arm does the FPA", NULL },
	{ "STC", NULL, "qemu-arm does the FPA", NULL },
	{ "UNDEF", linux_breakpoint, "Linux takes it for BKPT", NULL },
	{ "LDRD_reg", index_loaded, "the index is loaded", "A8.8.74" },
	{ "VLD_all", base_pc, "base is the PC", "A8.8.322" },
	{ "VLD_lane", base_pc, "base is the PC", "A8.8.321" },
	{ "VST_lane", base_pc, "base is the PC", "A8.8.405" },
	{ "VLD_multiple", base_pc, "base is the PC", "A8.8.320" },
	{ "VST_multiple", base_pc, "base is the PC", "A8.8.404" },
	{ "VLDM_s", base_pc_thumb, "base is the PC", "A8.8.332" },
	{ "VLDM_d", base_pc_thumb, "base is the PC", "A8.8.332" },
	{ "VSTM_s", base_pc_thumb, "base is the PC", "A8.8.412" },
	{ "VSTM_d", base_pc_thumb, "base is the PC", "A8.8.412" },
	{ "VMOV_core_s", to_pc, "destination is the PC", "A8.8.343" },
	{ "VMOV_core_2s", to_pc_2, "destination is the PC", "A8.8.344" },
	{ "VMOV_core_d", to_pc_2, "destination is the PC", "A8.8.345" },
	{ "VMOV_core_e8", to_pc, "destination is the PC", "A8.8.342" },
	{ "VMOV_core_e16", to_pc, "destination is the PC", "A8.8.342" },
	{ "VMOV_core_e32", to_pc, "destination is the PC", "A8.8.342" },
	{ "VLD_multiple", aligned_32, "QEMU wants 16 bytes where 32 are asked for", NULL },
	{ "VST_multiple", aligned_32, "QEMU wants 16 bytes where 32 are asked for", NULL },
	{ "VTRN", same_register, "the result is UNKNOWN", "A8.8.419" },
	{ "VUZP", same_register, "the result is UNKNOWN", "A8.8.422" },
	{ "VZIP", same_register, "the result is UNKNOWN", "A8.8.424" },
	{ "VLD_all", all_beyond_d31, "registers beyond D31", "A8.8.322" },
	{ "VLD_multiple", multiple_beyond_d31, "registers beyond D31", "A8.8.320" },
	{ "VST_multiple", multiple_beyond_d31, "registers beyond D31", "A8.8.404" },
	{ "LDM", single_register, "fewer than two registers", "A8.8.57" },
	{ "STM", single_register, "fewer than two registers", "A8.8.199" },
	{ "MRS", spsr, "SPSR at PL0", "B9.3.8" },
	{ "MSR_reg", spsr, "SPSR at PL0", "B9.3.12" },
	{ "MSR_imm", spsr, "SPSR at PL0", "B9.3.11" },
	RETURNS(AND), RETURNS(EOR), RETURNS(SUB), RETURNS(RSB), RETURNS(ADD),
	RETURNS(ADC), RETURNS(SBC), RETURNS(RSC), RETURNS(ORR), RETURNS(MOV),
	RETURNS(BIC), RETURNS(MVN), RETURNS(ORN),
	{ NULL }
};
/* clang-format on */

/* The exclusions that name this operation's function, as indices; looked up
 * once, for this is asked for each instruction that is made. */
struct excluded {
	bool known;
	uint8_t n, at[7];
};

static const struct excluded *excluded(enum insn_op op)
{
	static struct excluded all[OP_UNDEF];
	const char *exec = decode_row(op)->exec_name;
	struct excluded *ret = &all[op];

	for (unsigned int i = 0; !ret->known && gen_exclusions[i].exec; i++)
		if (gen_exclusions[i].exec[0] == '*' ||
		    !strcmp(gen_exclusions[i].exec, exec))
			ret->at[ret->n++] = (uint8_t)i;
	ret->known = true;
	return ret;
}

bool gen_allowed(const struct insn *in)
{
	const struct excluded *list;

	if (in->op == OP_UNDEF)
		return !fpa(in) && !semihosting(in) && !linux_breakpoint(in);
	list = excluded(in->op);
	for (unsigned int i = 0; i < list->n; i++) {
		const struct gen_exclusion *e = &gen_exclusions[list->at[i]];

		if (!e->when || e->when(in))
			return false;
	}
	return true;
}

static uint32_t gen_random(struct gen *g)
{
	return random_next(&g->random);
}

/* One time in n. */
static bool chance(struct gen *g, unsigned int n)
{
	return gen_random(g) % n == 0;
}

/* The value of one letter's field of len bits. */
static uint32_t field(struct gen *g, char letter, unsigned int len)
{
	uint32_t r = gen_random(g);

	switch (letter) {
	case 'c':
		return r & 0x300 ? 14 : (r >> 10) % 15;
	case 'n':
	case 'd':
	case 'm':
	case 's':
	case 'a':
	case 't':
		if (len < 4 || chance(g, 16))
			return r;
		return (r >> 4) % 13;
	case 'v':
		if (chance(g, 4))
			return 0;
		if (chance(g, 8))
			return 0xffffffff;
		return chance(g, 3) ? r & 0x3f : r;
	case '-':
		return chance(g, 4) ? r : 0;
	default:
		return r;
	}
}

/* A word of the row. */
static uint32_t fill(struct gen *g, const struct decode_row *row)
{
	uint32_t word = 0;
	const char *p = row->bits;

	while (*p) {
		char letter = *p;
		unsigned int len = 0;
		uint32_t val;

		for (; *p == letter || *p == ' '; p++)
			len += *p == letter;
		if (letter == ' ')
			continue;
		if (letter == '0')
			val = 0;
		else if (letter == '1')
			val = 0xffffffff;
		else
			val = field(g, letter, len);
		word = len == 32 ? val
				 : word << len | (val & ((1u << len) - 1));
	}
	return word;
}

/* Is its base an address, and its rm (if any) an offset? */
static bool is_memory(const struct decode_row *row)
{
	static const char *const names[] = { "LDR", "STR", "LDM", "STM", "SWP",
					     "VLD", "VST", "TBB", "TBH" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(row->exec_name, names[i], strlen(names[i])))
			return true;
	return false;
}

static uint32_t address(struct gen *g)
{
	uint32_t r = gen_random(g);
	uint32_t at = CASE_DATA + 0x400 + (r & 0x7ff);

	if (chance(g, 32))
		at = CASE_DATA + (r & 0x100 ? CASE_DATA_SIZE : 0) - (r & 15);
	return chance(g, 4) ? at : at & (r & 0x10000 ? ~7u : ~3u);
}

/* Make the instruction's address one of the data region. */
static void aim(struct gen *g, struct case_in *c, const struct insn *in,
		const struct decode_row *row)
{
	if (!is_memory(row) || chance(g, 16) || in->rn == 15)
		return;
	c->r[in->rn] = address(g);
	if (strchr(row->bits, 'm') && in->rm != in->rn && in->rm != 15)
		c->r[in->rm] = gen_random(g) & 0x1f;
}

/* Code under construction: halfwords. */
struct code {
	struct case_in *c;
	unsigned int halves;
	bool thumb;
};

static void put16(struct code *code, uint16_t half)
{
	uint32_t *word = &code->c->code[code->halves / 2];

	if (code->halves >= CASE_CODE_WORDS * 2)
		return;
	if (code->halves & 1)
		*word = (*word & 0xffff) | (uint32_t)half << 16;
	else
		*word = 0xdeff0000 | half;
	code->halves++;
	code->c->words = (code->halves + 1) / 2;
}

static void put(struct code *code, uint32_t word, bool wide)
{
	if (!code->thumb) {
		put16(code, (uint16_t)word);
		put16(code, (uint16_t)(word >> 16));
	} else {
		if (wide)
			put16(code, (uint16_t)(word >> 16));
		put16(code, (uint16_t)word);
	}
}

static void begin(struct code *code, struct case_in *c, bool thumb)
{
	*code = (struct code){ .c = c, .thumb = thumb };
	c->cpsr |= thumb ? 1 << 5 : 0;
	put(code, thumb ? 0xf3bf8f2f : 0xf57ff01f, true); /* clrex */
}

/* A32 word of a table that serves both, as T32 has it. */
static uint32_t to_t32(uint32_t word)
{
	if (word >> 25 == 0x79)
		return 0xef000000 | (word & 0x00ffffff) |
		       (word & 0x01000000) << 4;
	if (word >> 24 == 0xf4)
		return 0xf9000000 | (word & 0x00ffffff);
	return 0xe0000000 | (word & 0x0fffffff);
}

static bool serves_both(const struct decode_row *row)
{
	return row->table == TABLE_VFP || row->table == TABLE_NEON ||
	       (row->table == TABLE_A32 && row->bits[0] == 'c' &&
		(row->value & 0x0c000000) == 0x0c000000 &&
		(row->value & 0x0f000000) != 0x0f000000);
}

static bool is_thumb(const struct decode_row *row, bool wanted)
{
	if (serves_both(row))
		return wanted;
	return row->table == TABLE_T16 || row->table == TABLE_T32;
}

uint32_t gen_exclusive_load(const struct insn *in)
{
	uint32_t rn = (uint32_t)in->rn << 16;
	const char *exec;

	if (in->op == OP_UNDEF || in->rn == 15)
		return 0;
	exec = decode_row(in->op)->exec_name;
	if (strncmp(exec, "STREX", 5))
		return 0;
	if (!(in->flags & INSN_THUMB))
		return (in->word & 0x0fe00000) | 0xe0100f9f | rn |
		       (exec[5] == 'D' ? 2 : 3) << 12;
	if (!exec[5])
		return 0xe8503f00 | rn | (in->imm >> 2 & 0xff);
	return 0xe8d0300f | rn | (in->word & 0xf0) |
	       (exec[5] == 'D' ? 0x400 : 0xf00);
}

/* Before a store exclusive: the load that lets it succeed. */
static void pair_exclusive(struct code *code, const struct insn *in)
{
	uint32_t word = gen_exclusive_load(in);

	if (word)
		put(code, word, true);
}

static void decode(struct insn *in, uint32_t word, bool thumb, bool wide)
{
	if (!thumb)
		decode_a32(in, word);
	else if (wide)
		decode_t32(in, word, 0);
	else
		decode_t16(in, (uint16_t)word, 0);
}

/* An IT instruction for the next ones; one time in four. */
static void maybe_it(struct gen *g, struct code *code)
{
	if (code->thumb && chance(g, 4))
		put16(code, (uint16_t)(0xbf01 | (gen_random(g) % 0xe0) |
				       1u << gen_random(g) % 4));
}

static void add_row(struct gen *g, struct code *code, enum insn_op op)
{
	const struct decode_row *row = decode_row(op);
	bool wide = row->table != TABLE_T16;
	uint32_t word = fill(g, row);
	struct insn in;

	if (serves_both(row) && code->thumb)
		word = to_t32(word);
	decode(&in, word, code->thumb, wide);
	aim(g, code->c, &in, row);
	if (!chance(g, 4))
		pair_exclusive(code, &in);
	put(code, word, wide);
}

uint32_t gen_word(struct gen *g, bool thumb, struct insn *ret_in)
{
	const struct decode_row *row;
	uint32_t word;

	do
		row = decode_row(gen_random(g) % OP_UNDEF);
	while (is_thumb(row, thumb) != thumb);
	word = fill(g, row);
	if (serves_both(row) && thumb)
		word = to_t32(word);
	decode(ret_in, word, thumb, row->table != TABLE_T16);
	return word;
}

bool gen_is_memory(const struct insn *in)
{
	return in->op < OP_UNDEF && is_memory(decode_row(in->op));
}

void gen_case(struct gen *g, enum insn_op op, bool thumb, struct case_in *ret)
{
	struct code code;

	state_from_seed(gen_random(g), ret);
	begin(&code, ret, is_thumb(decode_row(op), thumb));
	maybe_it(g, &code);
	add_row(g, &code, op);
}

static void any(struct gen *g, unsigned int n, struct case_in *ret)
{
	enum insn_op op = gen_random(g) % OP_UNDEF;
	bool thumb = is_thumb(decode_row(op), gen_random(g) & 1);
	struct code code;

	state_from_seed(gen_random(g), ret);
	begin(&code, ret, thumb);
	maybe_it(g, &code);
	add_row(g, &code, op);
	while (--n) {
		do
			op = gen_random(g) % OP_UNDEF;
		while (is_thumb(decode_row(op), thumb) != thumb);
		add_row(g, &code, op);
	}
}

/* The upper bits of vector registers that a row's form names by letters. */
static uint32_t few_registers(uint32_t word, const struct decode_row *row)
{
	static const struct {
		uint8_t bit;
		char letter;
	} high[] = { { 22, 'D' }, { 15, 'D' }, { 7, 'N' },
		     { 19, 'N' }, { 5, 'M' },  { 3, 'M' } };
	unsigned int bit = 31;

	for (const char *p = row->bits; *p; p++) {
		if (*p == ' ')
			continue;
		for (unsigned int i = 0; i < sizeof(high) / sizeof(high[0]);
		     i++)
			if (high[i].bit == bit && high[i].letter == *p)
				word &= ~(1u << bit);
		bit--;
	}
	return word;
}

/* subs r12, r12, #1; bne top */
static void go_round(struct code *code, unsigned int top)
{
	int back;

	put(code, code->thumb ? 0xf1bc0c01 : 0xe25cc001, true);
	back = (int)top - (int)code->halves;
	if (code->thumb)
		put16(code, (uint16_t)(0xd100 | ((back - 2) & 0xff)));
	else
		put(code, 0x1a000000 | ((uint32_t)(back / 2 - 2) & 0xffffff),
		    true);
}

void gen_vectors(struct gen *g, struct case_in *ret)
{
	bool thumb = gen_random(g) & 1, few = !chance(g, 4);
	bool loop = chance(g, 3);
	unsigned int top;
	struct code code;

	state_from_seed(gen_random(g), ret);
	if (chance(g, 2))
		ret->fpscr &= 0xf8ffffff; /* the usual modes but RMode */
	if (chance(g, 2))
		ret->fpscr &= 0xfb3fffff;
	begin(&code, ret, thumb);
	if (loop)
		put(&code, thumb ? 0xf04f0c03 : 0xe3a0c003, true); /* r12 = 3 */
	top = code.halves;
	for (unsigned int n = 1 + gen_random(g) % 5; n; n--) {
		const struct decode_row *row;
		enum insn_op op;
		struct insn in;
		uint32_t word;

		do {
			op = gen_random(g) % OP_UNDEF;
			row = decode_row(op);
		} while (row->table != TABLE_VFP && row->table != TABLE_NEON);
		word = fill(g, row);
		if (few)
			word = few_registers(word, row);
		if (row->table == TABLE_VFP && (thumb || !chance(g, 4)))
			word = (word & 0x0fffffff) | 0xe0000000;
		if (thumb)
			word = to_t32(word);
		decode(&in, word, thumb, true);
		aim(g, ret, &in, row);
		put(&code, word, true);
	}
	if (loop)
		go_round(&code, top);
}

static bool is_named(unsigned int op, const char *prefix)
{
	return !strncmp(decode_row(op)->name, prefix, strlen(prefix));
}

bool gen_has_row(const char *prefix)
{
	for (unsigned int op = 0; op < OP_UNDEF; op++) {
		if (is_named(op, prefix))
			return true;
	}
	return false;
}

void gen_row(struct gen *g, const char *prefix, struct case_in *ret)
{
	unsigned int op;

	do
		op = random_next(&g->random) % OP_UNDEF;
	while (!is_named(op, prefix));
	gen_case(g, op, random_next(&g->random) & 1, ret);
}

void gen_any(struct gen *g, struct case_in *ret)
{
	any(g, chance(g, 2) ? 1 : 1 + gen_random(g) % 4, ret);
}

void gen_many(struct gen *g, struct case_in *ret)
{
	any(g, 9, ret);
}

void gen_words(struct gen *g, struct case_in *ret)
{
	bool thumb = gen_random(g) & 1;
	uint32_t word = gen_random(g);
	struct code code;

	state_from_seed(gen_random(g), ret);
	begin(&code, ret, thumb);
	/* a row with a bit or two turned over, or anything */
	if (chance(g, 2))
		word = fill(g, decode_row(gen_random(g) % OP_UNDEF)) ^
		       1u << gen_random(g) % 32;
	if (thumb && !chance(g, 4))
		word |= 0xe8000000;
	put(&code, word, thumb && decode_is_t32((uint16_t)(word >> 16)));
}

/* Edges of floating point */

enum {
	FPSCR_MODES = 16, /* RMode, FZ, DN: FPSCR[25:22] */
};

/* Compares D with M, or is a fixed-point conversion in place. */
static bool reads_destination(const struct decode_row *row)
{
	return !strncmp(row->exec_name, "VCMP", 4) ||
	       !strncmp(row->fix_name, "vfp_fix", 7);
}

static bool two_operands(const struct decode_row *row)
{
	return strchr(row->bits, 'N') ||
	       (reads_destination(row) && strchr(row->bits, 'M'));
}

unsigned int gen_edges(enum insn_op op)
{
	const struct decode_row *row = decode_row(op);
	const char *exec = row->exec_name;

	if (row->table != TABLE_VFP && row->table != TABLE_NEON)
		return 0;
	if (!strstr(exec, "_f") || !strncmp(exec, "VMOV", 4))
		return 0;
	return FPSCR_MODES * STATE_EDGES *
	       (two_operands(row) ? STATE_EDGES : 1);
}

/* Singles, by their fix, are numbered by halves of D registers. */
static bool is_single(const struct decode_row *row)
{
	static const char *const fixes[] = { "vfp_s", "vfp_ds", "vfp_fix32" };

	for (unsigned int i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
		if (!strcmp(row->fix_name, fixes[i]))
			return true;
	return false;
}

/* Register v of a case gets edge n; of NEON's vectors all lanes of a quadword
 * get the edges from n on. */
static void put_edge(struct case_in *c, unsigned int v, unsigned int n,
		     const struct decode_row *row)
{
	if (row->table == TABLE_NEON) {
		for (unsigned int i = 0; i < 4; i += 2)
			c->d[v + i / 2] = state_edge32(n + i) |
					  (uint64_t)state_edge32(n + i + 1)
						  << 32;
	} else if (is_single(row)) {
		c->d[v / 2] &= UINT64_C(0xffffffff) << (v & 1 ? 0 : 32);
		c->d[v / 2] |= (uint64_t)state_edge32(n) << 32 * (v & 1);
	} else {
		c->d[v] = state_edge64(n);
	}
}

/* Registers of different quadwords, and none behind the last. */
static bool apart(const struct insn *in, unsigned int first)
{
	return first / 4 != in->vm / 4 &&
	       (in->vd == first ||
		(in->vd / 4 != in->vm / 4 && in->vd / 4 != first / 4)) &&
	       first < 28 && in->vm < 28;
}

void gen_edge_case(struct gen *g, enum insn_op op, unsigned int n,
		   struct case_in *ret)
{
	const struct decode_row *row = decode_row(op);
	unsigned int pair = n / FPSCR_MODES, first;
	struct code code;
	struct insn in;
	uint32_t word;

	state_from_seed(gen_random(g), ret);
	ret->fpscr = n % FPSCR_MODES << 22;
	begin(&code, ret, false);
	do {
		word = fill(g, row);
		if (row->table == TABLE_VFP)
			word = (word & 0x0fffffff) | 0xe0000000;
		decode(&in, word, false, true);
		first = strchr(row->bits, 'N') ? in.vn : in.vd;
	} while (strchr(row->bits, 'M') && !apart(&in, first));
	/* The accumulator, where there is one, is chance's. */
	if (strchr(row->bits, 'M'))
		put_edge(ret, in.vm, pair % STATE_EDGES, row);
	if (two_operands(row))
		put_edge(ret, first, pair / STATE_EDGES, row);
	else if (reads_destination(row))
		put_edge(ret, first, pair % STATE_EDGES, row);
	put(&code, word, true);
}
