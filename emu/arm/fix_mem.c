/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixes of loads and stores.  After them the address is
 * rn + (p ? offset : 0), and rn becomes rn + offset if w; an immediate offset
 * has its sign.
 */
#include "arm/exec.h"
#include "arm/fix.h"
#include "common/bits.h"

/* What a load or store to or from rt does to the PC. */
static void ldst_pc(struct insn *in, bool load)
{
	if (load && in->rt == 15)
		in->flags |= INSN_ENDS_BLOCK;
	else if (in->w && in->rn == 15)
		fix_pc_written(in);
}

static void ldst(struct insn *in)
{
	if (!in->p)
		in->w = 1;
	ldst_pc(in, fix_is_load(in));
	if (fix_is_thumb(in) && in->rn == 15 && !fix_is_load(in))
		fix_undef(in);
}

void fix_ldst_imm(struct insn *in)
{
	if (!in->u)
		in->imm = -in->imm;
	ldst(in);
}

void fix_ldst_reg(struct insn *in)
{
	fix_shift(in);
	ldst(in);
}

void fix_t32_rr(struct insn *in)
{
	in->p = in->u = 1;
	ldst(in);
}

void fix_t32_idx(struct insn *in)
{
	in->w = 1;
	fix_ldst_imm(in);
}

void fix_t32_neg(struct insn *in)
{
	in->p = 1;
	fix_ldst_imm(in);
}

void fix_t32_pos(struct insn *in)
{
	in->p = in->u = 1;
	fix_ldst_imm(in);
}

/* The table has bit 23 as 1 (decode.c); U is the instruction's. */
void fix_t32_lit(struct insn *in)
{
	in->p = 1;
	in->rn = 15;
	in->u = in->word >> 23 & 1;
	fix_ldst_imm(in);
}

void fix_t16_rr(struct insn *in)
{
	in->p = in->u = 1;
}

void fix_t16_ri1(struct insn *in)
{
	in->p = in->u = 1;
}

void fix_t16_ri2(struct insn *in)
{
	in->imm <<= 1;
	in->p = in->u = 1;
}

void fix_t16_ri4(struct insn *in)
{
	in->imm <<= 2;
	in->p = in->u = 1;
}

void fix_t16_sp4(struct insn *in)
{
	in->rn = 13;
	fix_t16_ri4(in);
}

void fix_t16_lit(struct insn *in)
{
	in->rn = 15;
	fix_t16_ri4(in);
}

void fix_swp(struct insn *in)
{
	if (in->rt == 15)
		fix_pc_written(in);
}

/* Doubleword: rt2 is ra. */

static void dual(struct insn *in, bool load)
{
	if (!in->p)
		in->w = 1;
	if (!in->u)
		in->imm = -in->imm;
	if ((load && (in->rt == 15 || in->ra == 15)) || (in->w && in->rn == 15))
		fix_pc_written(in);
}

void fix_a32_dual(struct insn *in)
{
	bool both = !in->p && in->w; /* UNPREDICTABLE (A8.8.72) */

	in->ra = (in->rt + 1) & 15;
	dual(in, !(in->word >> 5 & 1));
	if (in->rt & 1 || both)
		fix_undef(in);
}

void fix_t32_dual(struct insn *in)
{
	in->imm <<= 2;
	in->p = in->word >> 24 & 1;
	in->w = in->word >> 21 & 1;
	dual(in, fix_is_load(in));
}

/* Exclusives: UNPREDICTABLE register choices are UNDEFINED. */

static bool t32_sp(const struct insn *in, unsigned int reg)
{
	return fix_is_thumb(in) && reg == 13;
}

void fix_ldrex(struct insn *in)
{
	if (in->rn == 15 || in->rt == 15 || t32_sp(in, in->rt))
		fix_undef(in);
}

void fix_ldrexd(struct insn *in)
{
	fix_ldrex(in);
	if (in->ra == 15 || in->ra == in->rt || t32_sp(in, in->ra))
		fix_undef(in);
}

void fix_strex(struct insn *in)
{
	if (in->rd == 15 || in->rn == 15 || in->rt == 15 || in->rd == in->rn ||
	    in->rd == in->rt || t32_sp(in, in->rd) || t32_sp(in, in->rt))
		fix_undef(in);
}

void fix_strexd(struct insn *in)
{
	fix_strex(in);
	if (in->ra == 15 || in->ra == in->rd || t32_sp(in, in->ra))
		fix_undef(in);
}

void fix_a32_exd(struct insn *in)
{
	bool odd = in->rt & 1;

	in->ra = (in->rt + 1) & 15;
	if (fix_is_load(in))
		fix_ldrexd(in);
	else
		fix_strexd(in);
	if (odd)
		fix_undef(in);
}

/* T32's LDREX and STREX have an offset. */
void fix_t32_exi(struct insn *in)
{
	in->imm <<= 2;
	if (fix_is_load(in))
		fix_ldrex(in);
	else
		fix_strex(in);
}

/* Load and store multiple: imm is the list, x the number of registers. */

static void block(struct insn *in, bool load, unsigned int least)
{
	in->x = (uint8_t)__builtin_popcount(in->imm);
	if (load && bit32(in->imm, 15))
		fix_ends(in);
	if (in->x < least || in->rn == 15)
		fix_undef(in);
}

void fix_ldst_m(struct insn *in)
{
	bool load = fix_is_load(in);

	block(in, load, 1);
	if (load && in->w && bit32(in->imm, in->rn))
		fix_undef(in); /* UNPREDICTABLE (A8.8.58) */
	if (load && in->w && in->s && !bit32(in->imm, 15))
		fix_undef(in); /* UNPREDICTABLE (B9.3.6) */
}

void fix_t32_m(struct insn *in)
{
	in->u = !in->p;
	block(in, fix_is_load(in), 2);
	if (in->w && bit32(in->imm, in->rn))
		fix_undef(in); /* UNPREDICTABLE (A8.8.57, A8.8.199) */
}

void fix_t32_mdb(struct insn *in)
{
	in->p = 1;
	fix_t32_m(in);
}

void fix_t16_stm(struct insn *in)
{
	in->u = in->w = 1;
	block(in, false, 1);
}

void fix_t16_ldm(struct insn *in)
{
	in->u = 1;
	in->w = !bit32(in->imm, in->rn);
	block(in, true, 1);
}

void fix_t16_push(struct insn *in)
{
	in->rn = 13;
	in->imm |= (in->word & 0x100) << 6; /* LR */
	in->p = in->w = 1;
	block(in, false, 1);
}

void fix_t16_pop(struct insn *in)
{
	in->rn = 13;
	in->imm |= (in->word & 0x100) << 7; /* PC */
	in->u = in->w = 1;
	block(in, true, 1);
}
