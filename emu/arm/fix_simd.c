/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fix-ups of vfp.inc and neon.inc: once for each decoded instruction. */
#include "arm/fix.h"

#include "common/bits.h"

/* Vx:X of a single-precision register, from X:Vx. */
static uint8_t single(uint8_t reg)
{
	return (uint8_t)((reg & 15) << 1 | reg >> 4);
}

void fix_vfp_s(struct insn *in)
{
	in->vd = single(in->vd);
	in->vn = single(in->vn);
	in->vm = single(in->vm);
}

/* To single from double. */
void fix_vfp_sd(struct insn *in)
{
	in->vd = single(in->vd);
}

/* To double from single. */
void fix_vfp_ds(struct insn *in)
{
	in->vm = single(in->vm);
}

/* VFPExpandImm (A7.5.1): aBbbbbbc defgh, zeros below. */
static uint32_t expand_single(uint32_t imm8)
{
	uint32_t b = bit32(imm8, 6);

	return (imm8 & 0x80) << 24 | (b ^ 1) << 30 | (b ? 0x1fu << 25 : 0) |
	       (imm8 & 0x3f) << 19;
}

void fix_vfp_imm32(struct insn *in)
{
	fix_vfp_s(in);
	in->imm = expand_single(in->imm);
}

/* The high word: the low one is 0. */
void fix_vfp_imm64(struct insn *in)
{
	uint32_t imm8 = in->imm, b = bit32(imm8, 6);

	in->imm = (imm8 & 0x80) << 24 | (b ^ 1) << 30 | (b ? 0xffu << 22 : 0) |
		  (imm8 & 0x3f) << 16;
}

/* imm was i:imm4; it becomes the number of fraction bits. */
void fix_vfp_fix64(struct insn *in)
{
	uint32_t imm5 = (in->imm & 15) << 1 | in->imm >> 4;

	in->imm = (in->p ? 32u : 16u) - imm5;
}

void fix_vfp_fix32(struct insn *in)
{
	fix_vfp_s(in);
	fix_vfp_fix64(in);
}

/* Bits 21:20 are the size, where the row fixes one of them. */
void fix_neon_size(struct insn *in)
{
	in->size = (uint8_t)bits32(in->word, 20, 2);
}

/* A7.4.2: a 16-bit scalar is one of D0..D7, a 32-bit one of D0..D15. */
void fix_neon_scalar(struct insn *in)
{
	fix_neon_size(in);
	if (in->size == 1) {
		in->x = in->vm >> 3;
		in->vm &= 7;
	} else {
		in->x = in->vm >> 4;
		in->vm &= 15;
	}
}

/* L:imm6 (A7.4.4): where its first one stands is the size; imm has the bits
 * below it. */
static unsigned int shift_size(const struct insn *in)
{
	if (bit32(in->word, 7))
		return 3;
	return bit32(in->word, 21) ? 2 : bit32(in->word, 20);
}

void fix_neon_shl(struct insn *in)
{
	in->size = (uint8_t)shift_size(in);
	in->shift_imm = (uint8_t)in->imm;
}

void fix_neon_shr(struct insn *in)
{
	in->size = (uint8_t)shift_size(in);
	in->shift_imm = (uint8_t)((8u << in->size) - in->imm);
}

/* AdvSIMDExpandImm (A7.4.6), one word of it; x is cmode.  For the one form
 * that expands bits to bytes, imm stays as it is. */
void fix_neon_imm(struct insn *in)
{
	uint32_t imm8 = in->imm;

	switch (in->x >> 1) {
	case 0 ... 3:
		in->imm = imm8 << 8 * (in->x >> 1);
		break;
	case 4:
		in->imm = imm8 * 0x00010001;
		break;
	case 5:
		in->imm = imm8 * 0x01000100;
		break;
	case 6:
		in->imm = in->x & 1 ? imm8 << 16 | 0xffff : imm8 << 8 | 0xff;
		break;
	default:
		if (in->x & 1)
			in->imm = expand_single(imm8);
		else if (!bit32(in->word, 5))
			in->imm = imm8 * 0x01010101;
		break;
	}
}
