/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What encodings say and exec functions want (fix.h).
 *
 * Here stand also the cases that are UNDEFINED for a reason that no row can
 * express, and those that are UNPREDICTABLE, where we take what QEMU 7.2
 * takes: mostly "as if it were allowed", sometimes UNDEFINED.
 */
#include "arm/fix.h"

#include "arm/exec.h"
#include "common/bits.h"

void fix_undef(struct insn *in)
{
	in->exec = exec_UNDEF;
	in->flags |= INSN_ENDS_BLOCK;
}

void fix_pc_written(struct insn *in)
{
	in->exec = exec_pc_written;
	in->flags |= INSN_ENDS_BLOCK;
}

void fix_none(struct insn *in)
{
	(void)in;
}

void fix_ends(struct insn *in)
{
	in->flags |= INSN_ENDS_BLOCK;
}

void fix_rd(struct insn *in)
{
	if (in->rd == 15)
		fix_pc_written(in);
}

void fix_rd_ra(struct insn *in)
{
	if (in->rd == 15 || in->ra == 15)
		fix_pc_written(in);
}

/* Data processing.  Rows with rd = 15 that need not be written so are for
 * exec to do: a branch, or an exception return. */

void fix_alu_pc(struct insn *in)
{
	if (in->rd == 15)
		in->flags |= INSN_ENDS_BLOCK;
}

/* DecodeImmShift (A8.4.3) */
void fix_shift(struct insn *in)
{
	if (in->shift_imm)
		return;
	if (in->shift_type == SHIFT_LSR || in->shift_type == SHIFT_ASR) {
		in->shift_imm = 32;
	} else if (in->shift_type == SHIFT_ROR) {
		in->shift_type = SHIFT_RRX;
		in->shift_imm = 1;
	}
}

void fix_alu_reg(struct insn *in)
{
	fix_shift(in);
	fix_alu_pc(in);
}

/* ARMExpandImm_C (A5.2.4) */
void fix_a32_cmp(struct insn *in)
{
	if (in->x)
		in->flags |= INSN_CARRY;
	in->imm = ror32(in->imm, in->x * 2u);
}

void fix_a32_imm(struct insn *in)
{
	fix_a32_cmp(in);
	fix_alu_pc(in);
}

/* ThumbExpandImm_C (A6.3.2) */
void fix_t32_cmp(struct insn *in)
{
	uint32_t byte = in->imm & 0xff;

	switch (in->imm >> 8) {
	case 0:
		break;
	case 1:
		in->imm = byte * 0x00010001;
		break;
	case 2:
		in->imm = byte * 0x01000100;
		break;
	case 3:
		in->imm = byte * 0x01010101;
		break;
	default:
		in->imm = ror32((byte & 0x7f) | 0x80, in->imm >> 7);
		in->flags |= INSN_CARRY;
		break;
	}
}

void fix_t32_imm(struct insn *in)
{
	fix_t32_cmp(in);
	fix_alu_pc(in);
}

void fix_t32_movw(struct insn *in)
{
	in->imm |= (uint32_t)in->x << 12;
	fix_rd(in);
}

void fix_adr_sub(struct insn *in)
{
	in->imm = -in->imm;
	fix_alu_pc(in);
}

/* SUBS PC, LR, #imm */
void fix_t32_subs(struct insn *in)
{
	in->s = 1;
	in->rd = 15;
	in->rn = 14;
	fix_ends(in);
}

/* 16-bit data processing sets the flags outside of an IT block. */
void fix_t16_s(struct insn *in)
{
	in->s = !in->it;
}

void fix_t16_dn(struct insn *in)
{
	in->rn = in->rd;
	fix_t16_s(in);
}

static void t16_shift(struct insn *in, enum shift_type type)
{
	in->shift_type = (uint8_t)type;
	fix_shift(in);
	fix_t16_s(in);
}

void fix_t16_lsl(struct insn *in)
{
	t16_shift(in, SHIFT_LSL);
}

void fix_t16_lsr(struct insn *in)
{
	t16_shift(in, SHIFT_LSR);
}

void fix_t16_asr(struct insn *in)
{
	t16_shift(in, SHIFT_ASR);
}

static void t16_shift_reg(struct insn *in, enum shift_type type)
{
	in->shift_type = (uint8_t)type;
	in->rm = in->rd;
	fix_t16_s(in);
}

void fix_t16_lslr(struct insn *in)
{
	t16_shift_reg(in, SHIFT_LSL);
}

void fix_t16_lsrr(struct insn *in)
{
	t16_shift_reg(in, SHIFT_LSR);
}

void fix_t16_asrr(struct insn *in)
{
	t16_shift_reg(in, SHIFT_ASR);
}

void fix_t16_rorr(struct insn *in)
{
	t16_shift_reg(in, SHIFT_ROR);
}

void fix_t16_mul(struct insn *in)
{
	in->rs = in->rd;
	fix_t16_s(in);
}

void fix_t16_hi(struct insn *in)
{
	in->rn = in->rd;
	fix_alu_pc(in);
}

void fix_t16_adr(struct insn *in)
{
	in->imm <<= 2;
}

void fix_t16_rsp(struct insn *in)
{
	in->imm <<= 2;
	in->rn = 13;
}

void fix_t16_sp(struct insn *in)
{
	in->rd = 13;
	fix_t16_rsp(in);
}

/* Multiply and bit fields */

/* T32 has the halves the other way round: bit 0 is the second factor's. */
void fix_t32_xy(struct insn *in)
{
	in->x = (uint8_t)(in->x >> 1 | (in->x & 1) << 1);
	fix_rd(in);
}

void fix_t32_xyl(struct insn *in)
{
	fix_t32_xy(in);
	fix_rd_ra(in);
}

void fix_bfx(struct insn *in)
{
	fix_rd(in);
	if (in->shift_imm + in->imm > 31)
		fix_undef(in); /* UNPREDICTABLE (A8.8.164, A8.8.246) */
}

void fix_bfi(struct insn *in)
{
	fix_rd(in);
	if (in->imm < in->shift_imm)
		fix_undef(in); /* UNPREDICTABLE (A8.8.19, A8.8.20) */
}

/* System */

void fix_msr_imm(struct insn *in)
{
	in->imm = ror32(in->imm, in->shift_imm * 2u);
	in->shift_imm = 0;
	fix_ends(in);
}

/* SYSm: the encoding's last bit is its highest (B9.2.3). */
void fix_bank(struct insn *in)
{
	in->imm = in->imm >> 1 | (in->imm & 1) << 4;
	fix_ends(in);
	if (in->rd == 15 || in->rn == 15)
		fix_undef(in); /* UNPREDICTABLE (B9.3.9, B9.3.11) */
}

void fix_bkpt(struct insn *in)
{
	in->cond = 14; /* inside of an IT block, too (A8.8.24) */
	fix_ends(in);
}

void fix_t16_cps(struct insn *in)
{
	in->x |= 2;
	fix_ends(in);
}

void fix_t32_db(struct insn *in)
{
	in->p = 1;
	fix_ends(in);
}

void fix_t32_ia(struct insn *in)
{
	in->u = 1;
	fix_ends(in);
}

void fix_ldc(struct insn *in)
{
	in->imm <<= 2;
	if (!in->u)
		in->imm = -in->imm;
	fix_ends(in);
	if (!in->p && !in->u && !in->w)
		fix_undef(in);
}

/* Branches: imm becomes the distance in bytes. */

static void branch(struct insn *in, uint32_t distance)
{
	in->imm = distance;
	fix_ends(in);
}

void fix_a32_b(struct insn *in)
{
	branch(in, (uint32_t)sext32(in->imm, 24) << 2);
}

void fix_a32_blx(struct insn *in)
{
	branch(in, (uint32_t)sext32(in->imm, 24) << 2 | in->x << 1);
}

void fix_t16_b(struct insn *in)
{
	branch(in, (uint32_t)sext32(in->imm, 11) << 1);
}

/* The condition is the encoding's, so it may not stand in an IT block. */
static void only_outside_it(struct insn *in)
{
	if (!in->it)
		return;
	in->cond = in->it >= 0xf0 ? 14 : in->it >> 4;
	fix_undef(in);
}

void fix_t16_bc(struct insn *in)
{
	branch(in, (uint32_t)sext32(in->imm, 8) << 1);
	only_outside_it(in);
}

void fix_t32_bc(struct insn *in)
{
	uint32_t w = in->word;

	branch(in, (uint32_t)sext32(
			   bits32(w, 26, 1) << 19 | bits32(w, 11, 1) << 18 |
				   bits32(w, 13, 1) << 17 |
				   bits32(w, 16, 6) << 11 | bits32(w, 0, 11),
			   20)
			   << 1);
	if (in->cond >= 14) {
		in->cond = 14;
		fix_undef(in);
	}
	only_outside_it(in);
}

/* The J bits are the distance's upper bits, exchanged where it is positive. */
void fix_t32_b(struct insn *in)
{
	uint32_t w = in->word;
	uint32_t s = bits32(w, 26, 1);

	branch(in, (uint32_t)sext32(s << 23 | (bits32(w, 13, 1) ^ s ^ 1) << 22 |
					    (bits32(w, 11, 1) ^ s ^ 1) << 21 |
					    bits32(w, 16, 10) << 11 |
					    bits32(w, 0, 11),
				    24)
			   << 1);
}

void fix_t32_blx(struct insn *in)
{
	fix_t32_b(in);
	if (in->imm & 2)
		fix_undef(in);
}

void fix_cbz(struct insn *in)
{
	branch(in, in->imm << 1);
}
