/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program is a row of pieces; functions stand before it, each in either
 * instruction set.  Each piece begins at a label, so that a handler that has
 * lost its way can send the CPU back.
 */
#include "program.h"

#include <assert.h>
#include <string.h>

#include "arm/decode.h"
#include "arm/exec.h"

enum {
	DATA_REG = 11,
	LOOP_REG = 12,
	KEPT = 1 << DATA_REG | 1 << LOOP_REG,
	FUNCTIONS = 3,
	FILL_A32 = (int)0xe7f000f0,
	FILL_T32 = (int)0xdeffdeff,
};

struct maker {
	struct gen *g;
	struct program *p;
	unsigned int at; /* offset of the next instruction */
	bool thumb;
	uint32_t kept; /* registers that no random instruction may write */
	uint8_t it;    /* ITSTATE at the next instruction */
	unsigned int functions;
	struct {
		uint16_t off;
		bool thumb;
	} function[FUNCTIONS];
};

static uint32_t number(struct maker *m, uint32_t below)
{
	return random_next(&m->g->random) % below;
}

static bool one_in(struct maker *m, unsigned int n)
{
	return number(m, n) == 0;
}

/* Writing */

static void put16_at(struct program *p, unsigned int at, uint32_t half)
{
	p->code[at] = (uint8_t)half;
	p->code[at + 1] = (uint8_t)(half >> 8);
}

static void put16(struct maker *m, uint32_t half)
{
	put16_at(m->p, m->at, half);
	m->at += 2;
}

static void put32_at(struct program *p, unsigned int at, bool thumb,
		     uint32_t word)
{
	put16_at(p, at, thumb ? word >> 16 : word);
	put16_at(p, at + 2, thumb ? word : word >> 16);
}

static void put32(struct maker *m, uint32_t word)
{
	put32_at(m->p, m->at, m->thumb, word);
	m->at += 4;
}

/* One that both sets have, in the form of this one. */
static void put(struct maker *m, uint32_t a32, uint32_t t32)
{
	put32(m, m->thumb ? t32 : a32);
}

static void put_insn(struct maker *m, const struct insn *in, uint32_t word)
{
	if (in->len == 2)
		put16(m, word);
	else
		put32(m, word);
}

static void align(struct maker *m, bool thumb)
{
	if (m->at & 2) {
		if (m->thumb)
			put16(m, 0xbf00); /* nop */
		else
			m->at += 2;
	}
	m->thumb = thumb;
}

static void label(struct maker *m)
{
	struct program *p = m->p;

	if (p->labels == PROGRAM_LABELS)
		return;
	p->label[p->labels].off = (uint16_t)m->at;
	p->label[p->labels++].thumb = m->thumb;
}

/* Random instructions */

static bool named(const struct insn *in, const char *start)
{
	return in->op < OP_UNDEF &&
	       !strncmp(decode_row(in->op)->exec_name, start, strlen(start));
}

/* Whether a field of the word may name one of these registers; too often is
 * good enough. */
static bool names_register(const struct insn *in, uint32_t regs)
{
	uint32_t w = in->word;

	if (in->len == 2)
		return regs >> (w >> 3 & 15) & 1 ||
		       regs >> ((w & 7) | (w >> 4 & 8)) & 1;
	return regs >> (w >> 16 & 15) & 1 || regs >> (w >> 12 & 15) & 1 ||
	       regs >> (w >> 8 & 15) & 1 || regs >> (w & 15) & 1;
}

static bool is_vector(const struct insn *in)
{
	const struct decode_row *row = decode_row(in->op);

	return (row->table == TABLE_VFP || row->table == TABLE_NEON) &&
	       !gen_is_memory(in) && !named(in, "VMOV_core") &&
	       !named(in, "VMRS");
}

static bool may_write(const struct insn *in, uint32_t kept)
{
	if (in->op == OP_UNDEF || is_vector(in))
		return false;
	if (named(in, "LDM") && in->imm & kept)
		return true;
	if ((named(in, "LDRD") || named(in, "LDREXD")) &&
	    kept >> ((in->rt + 1) & 15) & 1)
		return true;
	if (kept & 1 << 14 && (named(in, "BL")))
		return true;
	return names_register(in, kept);
}

/* Changes of mode would bank r11 and r12; calls of the firmware end it all. */
static bool leaves_mode(const struct insn *in)
{
	return named(in, "HVC") || named(in, "SMC") || named(in, "RFE") ||
	       (named(in, "CPS") && in->w) ||
	       (named(in, "MSR") && !in->u && in->x & 1) ||
	       (named(in, "LDM") && in->s && in->imm >> 15);
}

/* Most of those are UNDEFINED. */
static bool odd_quadword(const struct insn *in)
{
	return in->op < OP_UNDEF && decode_row(in->op)->table == TABLE_NEON &&
	       !gen_is_memory(in) && in->q && (in->vd | in->vn | in->vm) & 1;
}

static bool wanted(struct maker *m, const struct insn *in)
{
	if (!gen_allowed(in) || named(in, "IT") || named(in, "SVC") ||
	    may_write(in, m->kept))
		return false;
	if (m->p->privileged && leaves_mode(in))
		return false;
	if ((in->exec == exec_UNDEF || odd_quadword(in)) && !one_in(m, 200))
		return false;
	if (in->flags & INSN_ENDS_BLOCK)
		return (!m->it || (m->it & 15) == 8) && one_in(m, 8);
	return true;
}

static uint32_t find(struct maker *m, struct insn *in)
{
	uint32_t word;

	do {
		word = gen_word(m->g, m->thumb, in);
		if (m->it && in->len == 2)
			decode_t16(in, (uint16_t)word, m->it);
		else if (m->it)
			decode_t32(in, word, m->it);
	} while (!wanted(m, in));
	return word;
}

/* rn into the data, and rm to something small. */
static void aim(struct maker *m, const struct insn *in)
{
	const char *bits = decode_row(in->op)->bits;
	uint32_t off = number(m, 4096) & (one_in(m, 4) ? ~0u : ~7u);
	uint32_t rn = in->rn, rm = in->rm, up = one_in(m, 2);

	if (rn >= 13 || m->kept >> rn & 1 || one_in(m, 12))
		return;
	if (m->thumb)
		put32(m, (up ? 0xf20b0000 : 0xf2ab0000) | rn << 8 |
				 (off & 0x700) << 4 | (off & 0x800) << 15 |
				 (off & 0xff));
	else
		put32(m, (up ? 0xe28b0000 : 0xe24b0000) | rn << 12 |
				 (one_in(m, 2) ? 14 << 8 : 0) | (off & 0xff));
	if (strchr(bits, 'm') && rm != rn && rm < 13 && !(m->kept >> rm & 1))
		put(m, 0xe200001f | rm << 16 | rm << 12,
		    0xf000001f | rm << 16 | rm << 8);
}

static void random_insn(struct maker *m)
{
	struct insn in;
	uint32_t word = find(m, &in), load;

	if (gen_is_memory(&in))
		aim(m, &in);
	load = gen_exclusive_load(&in);
	if (load && !one_in(m, 3))
		put32(m, load);
	put_insn(m, &in, word);
}

static void straight(struct maker *m, unsigned int most)
{
	for (unsigned int n = 1 + number(m, most); n; n--)
		random_insn(m);
}

/* Pieces */

/* b, or b under a condition, from 'from' to here. */
static void branch_here(struct maker *m, unsigned int from, unsigned int cond)
{
	uint32_t by = m->at - from;

	if (!m->thumb)
		put32_at(m->p, from, false,
			 cond << 28 | 0x0a000000 | ((by - 8) >> 2 & 0xffffff));
	else if (cond == 14)
		put16_at(m->p, from, 0xe000 | ((by - 4) >> 1 & 0x7ff));
	else
		put16_at(m->p, from,
			 0xd000 | cond << 8 | ((by - 4) >> 1 & 0xff));
}

static void forward(struct maker *m)
{
	unsigned int from = m->at;

	m->at += m->thumb ? 2 : 4;
	straight(m, 6);
	branch_here(m, from, number(m, 15));
}

static void cbz(struct maker *m)
{
	unsigned int from = m->at;

	if (!m->thumb) {
		forward(m);
		return;
	}
	m->at += 2;
	straight(m, 4);
	put16_at(m->p, from,
		 0xb100 | number(m, 2) << 11 | number(m, 8) |
			 ((m->at - from - 4) >> 1 & 31) << 3);
}

/* mov r12, #n; body; subs r12, r12, #1; bne */
static void loop(struct maker *m)
{
	uint32_t times = 1 + number(m, one_in(m, 4) ? 60 : 6);
	uint32_t top, by;

	put(m, 0xe3a0c000 | times, 0xf04f0c00 | times);
	top = m->at;
	straight(m, 8);
	if (one_in(m, 3))
		forward(m);
	put(m, 0xe25cc001, 0xf1bc0c01);
	by = top - m->at;
	if (!m->thumb)
		put32(m, 0x1a000000 | ((by - 8) >> 2 & 0xffffff));
	else
		put16(m, 0xd100 | ((by - 4) >> 1 & 0xff));
}

/* bl or blx to a function, all of which stand before. */
static void call(struct maker *m)
{
	unsigned int n;
	uint32_t by;
	bool other;

	if (!m->functions)
		return;
	n = number(m, m->functions);
	other = m->function[n].thumb != m->thumb;
	if (!m->thumb) {
		by = m->function[n].off - (m->at + 8);
		put32(m, (other ? 0xfa000000 | (by & 2) << 23 : 0xeb000000) |
				 (by >> 2 & 0xffffff));
		return;
	}
	by = m->function[n].off - ((m->at + 4) & (other ? ~3u : ~1u));
	put32(m, 0xf000e800 | (other ? 0 : 0x1000) | (by >> 31) << 26 |
			 (by >> 12 & 0x3ff) << 16 | 1 << 13 | 1 << 11 |
			 (by >> 1 & 0x7ff));
}

/* adr r0 - r7, behind some code; bx or mov pc */
static void indirect(struct maker *m)
{
	uint32_t reg = number(m, 8);
	unsigned int from;
	bool bx = one_in(m, 2);

	if (m->thumb && m->at & 2)
		put16(m, 0xbf00);
	from = m->at;
	m->at += 4;
	if (m->thumb)
		put16(m, bx ? 0x4700 | reg << 3 : 0x4687 | reg << 3);
	else
		put32(m, bx ? 0xe12fff10 | reg : 0xe1a0f000 | reg);
	straight(m, 4);
	if (m->thumb)
		put32_at(m->p, from, true,
			 0xf20f0000 | reg << 8 |
				 ((m->at - from - 4 + bx) & 0xff));
	else
		put32_at(m->p, from, false,
			 0xe28f0f00 | reg << 12 | ((m->at - from - 8) >> 2));
}

/* tbb [pc, r0 - r7] with two cases, or the table's end; the index by a mask, or
 * behind cmp and bhi */
static void table(struct maker *m)
{
	uint32_t reg = number(m, 8);
	unsigned int tab, first, bhi = 0;

	if (!m->thumb) {
		indirect(m);
		return;
	}
	if (one_in(m, 2)) {
		put32(m, 0xf0000001 | reg << 16 | reg << 8); /* and reg, #1 */
	} else {
		put32(m, 0xf0000003 | reg << 16 | reg << 8); /* and reg, #3 */
		put16(m, 0x2801 | reg << 8);
		bhi = m->at;
		put16(m, 0xd800);
	}
	put32(m, 0xe8dff000 | reg);
	tab = m->at;
	m->at += 2;
	first = m->at;
	straight(m, 3);
	put16_at(m->p, tab,
		 (first - tab) / 2 | ((m->at - tab) / 2 & 0xff) << 8);
	if (bhi)
		put16_at(m->p, bhi, 0xd800 | ((m->at - bhi - 4) / 2 & 0xff));
}

static void it_block(struct maker *m)
{
	uint32_t it = number(m, 14) << 4 | (1 + number(m, 15));
	struct insn in;

	if (!m->thumb) {
		straight(m, 4);
		return;
	}
	put16(m, 0xbf00 | it);
	for (m->it = (uint8_t)it; m->it & 15;
	     m->it = (uint8_t)((m->it & 0xe0) | (m->it << 1 & 31))) {
		uint32_t word = find(m, &in);

		put_insn(m, &in, word);
	}
	m->it = 0;
}

/* An instruction ahead becomes another of four bytes: movw, movt r0; adr r1;
 * str r0, [r1] */
static void rewrite(struct maker *m)
{
	unsigned int adr, target;
	struct insn in;
	uint32_t word;

	align(m, m->thumb);
	m->p->writes_itself = true;
	do
		word = find(m, &in);
	while (in.len != 4 || in.flags & INSN_ENDS_BLOCK);
	if (m->thumb)
		word = word << 16 | word >> 16;
	for (unsigned int top = 0; top < 2; top++, word >>= 16)
		put(m,
		    0xe3000000 | top << 22 | (word & 0xf000) << 4 |
			    (word & 0xfff),
		    0xf2400000 | top << 23 | (word & 0xf000) << 4 |
			    (word & 0x800) << 15 | (word & 0x700) << 4 |
			    (word & 0xff));
	adr = m->at;
	m->at += 4;
	put(m, 0xe5810000, 0xf8c10000);
	if (one_in(m, 2))
		straight(m, 2);
	/* in T32 also at a page's last halfword */
	if (one_in(m, 2))
		align(m, m->thumb);
	target = m->at;
	do
		word = find(m, &in);
	while (in.len != 4 || in.flags & INSN_ENDS_BLOCK);
	put32(m, word);
	if (m->thumb)
		put32_at(m->p, adr, true,
			 0xf20f0100 | ((target - adr - 4) & 0xff));
	else
		put32_at(m->p, adr, false,
			 0xe28f1f00 | ((target - adr - 8) >> 2));
}

/* System registers, and maintenance: most words are the same in both sets. */
static void system_register(struct maker *m)
{
	static const uint32_t user[] = { 0xee1d0f50, 0xee0d0f50, 0xee1d0f70,
					 0xee070f95, 0xee070f9a, 0xee070fba };
	static const uint32_t privileged[] = {
		0xee1d0f90, 0xee0d0f90, /* TPIDRPRW */
		0xee1d0f30, 0xee130f10,
		0xee120f50, /* CONTEXTIDR, DACR, TTBCR */
		0xee080f17, 0xee080f37,
		0xee080f57,             /* TLBI ALL, MVA, ASID */
		0xee070f15, 0xee070fd5, /* ICIALLU, BPIALL */
	};
	uint32_t n = number(m, 10);

	if (!m->p->privileged || n < 3) {
		put32(m, user[number(m, 6)]);
	} else if (n < 6) {
		put32(m, privileged[number(m, 10)]);
	} else if (n == 6) {
		put(m, 0xe14f0000, 0xf3ff8000); /* MRS r0, SPSR */
	} else if (n == 7) {
		put(m, 0xe16ff000, 0xf3908f00); /* MSR SPSR_fsxc, r0 */
	} else {
		n = number(m, 3);
		put(m, 0xe3a00001 | n << 1, 0xf04f0001 | n << 1);
		put32(m, n ? 0xee0d0f30 : 0xee030f10);
	}
}

static void piece(struct maker *m)
{
	static void (*const pieces[])(struct maker * m) = {
		forward,  forward,  cbz,      loop,
		loop,     loop,     call,     call,
		call,     indirect, table,    it_block,
		it_block, it_block, it_block, system_register,
	};
	uint32_t n = number(m, 24);

	label(m);
	if (n < sizeof(pieces) / sizeof(pieces[0]))
		pieces[n](m);
	else
		straight(m, 10);
}

/* bx lr, mov pc, lr, or by way of the data */
static void function(struct maker *m, bool thumb)
{
	unsigned int n = m->functions, how = number(m, 3);

	align(m, thumb);
	m->function[n].off = (uint16_t)m->at;
	m->function[n].thumb = thumb;
	if (how == 2) {
		put(m, 0xe58be000, 0xf8cbe000); /* str lr, [r11] */
		straight(m, 5);
		put(m, 0xe59bf000, 0xf8dbf000); /* ldr pc, [r11] */
	} else {
		m->kept |= 1 << 14;
		straight(m, 5);
		m->kept = KEPT;
		if (thumb)
			put16(m, how ? 0x4770 : 0x46f7);
		else
			put32(m, how ? 0xe12fff1e : 0xe1a0f00e);
	}
	m->functions++;
}

static void fill(struct program *p)
{
	uint32_t word = p->thumb ? (uint32_t)FILL_T32 : (uint32_t)FILL_A32;

	for (unsigned int i = 0; i < PROGRAM_SIZE; i += 4)
		memcpy(p->code + i, &word, 4);
}

void program_make(struct gen *g, bool privileged, struct program *ret)
{
	struct maker m = { .g = g, .p = ret, .kept = KEPT };
	bool rewrites;

	ret->thumb = number(&m, 2);
	ret->privileged = privileged;
	ret->writes_itself = false;
	ret->labels = 0;
	fill(ret);
	/* not far from a page's end one time in two */
	m.at = 4096 * number(&m, 2) + (one_in(&m, 2) ? 3072 : 0) +
	       number(&m, 256) * 4;
	ret->from = (uint16_t)m.at;
	rewrites = one_in(&m, 8);
	for (unsigned int n = number(&m, FUNCTIONS + 1); n; n--)
		function(&m, one_in(&m, 4) ? !ret->thumb : ret->thumb);
	align(&m, ret->thumb);
	ret->entry = (uint16_t)m.at;
	for (unsigned int n = 4 + number(&m, 10); n; n--) {
		if (rewrites && one_in(&m, 4))
			rewrite(&m);
		else
			piece(&m);
	}
	label(&m);
	if (m.thumb)
		put16(&m, 0xdf00);
	else
		put32(&m, 0xef000000);
	assert(m.at < PROGRAM_SIZE - 4);
	ret->end = ret->to = (uint16_t)m.at;
}
