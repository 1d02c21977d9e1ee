/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD structures in memory (exec_neon_ldst.c is the definition).
 *
 * An instruction looks its memory up once; structures are taken apart and put
 * together by shuffles.  What crosses a page falls back.
 */
#include "jit/trans_neon.h"

enum {
	NO_WRITE_BACK = 15,
	BY_SIZE = 13,
};

static void write_back(struct trans *t, const struct insn *in,
		       unsigned int bytes)
{
	ir_ref base;

	if (in->rm == NO_WRITE_BACK)
		return;
	base = trans_reg(t, in, in->rn);
	trans_set_reg(t, in->rn,
		      in->rm == BY_SIZE ? trans_add(t, base, bytes)
					: trans_op2(t, IR_ADD, base,
						    trans_reg(t, in, in->rm)));
}

/* align: what the instruction asks for, bytes; size: of an element. */
static ir_ref look_up(struct trans *t, const struct insn *in,
		      unsigned int bytes, unsigned int align, unsigned int size,
		      bool write)
{
	if (t->aligned && align < size)
		align = size;
	return trans_host(t, trans_reg(t, in, in->rn), bytes, align, write);
}

static ir_ref half(struct trans *t, ir_ref q, bool high)
{
	return trans_vec(t, high ? IR_VHIGH : IR_VLOW, IR_V64, 8, q, IR_NO_REF);
}

static ir_ref join(struct trans *t, ir_ref low, ir_ref high)
{
	return trans_vec(t, IR_VJOIN, IR_V128, 8, low, high);
}

static ir_ref perm(struct trans *t, ir_ref a, uint64_t pattern)
{
	return trans_vec_imm(t, IR_VPERM, IR_V128, 1, a, pattern);
}

/* Multiple structures (A7.7, table A7-20) */

struct shape {
	uint8_t structs, regs, inc;
	uint8_t bad_align;
};

static const struct shape shapes[16] = {
	[0x7] = { 1, 1, 1, 0xc }, [0xa] = { 1, 2, 1, 0x8 },
	[0x6] = { 1, 3, 1, 0xc }, [0x2] = { 1, 4, 1, 0x0 },
	[0x8] = { 2, 1, 1, 0x8 }, [0x9] = { 2, 1, 2, 0x8 },
	[0x3] = { 2, 2, 2, 0x0 }, [0x4] = { 3, 1, 1, 0xc },
	[0x5] = { 3, 1, 2, 0xc }, [0x0] = { 4, 1, 1, 0x0 },
	[0x1] = { 4, 1, 2, 0x0 },
};

/* Even elements to the low half, odd ones to the high half; and back. */
static const uint64_t apart[] = { UINT64_C(0xfdb97531eca86420),
				  UINT64_C(0xfeba7632dc985410),
				  UINT64_C(0xfedc7654ba983210) };

static void load_1(struct trans *t, const struct insn *in, ir_ref host,
		   unsigned int regs)
{
	unsigned int i = 0;

	if (!(in->vd & 1))
		for (; i + 1 < regs; i += 2)
			trans_fp_set(t, IR_V128, in->vd + i,
				     trans_hload(t, IR_V128, host, 8 * i, 16));
	for (; i < regs; i++)
		trans_fp_set(t, IR_V64, in->vd + i,
			     trans_hload(t, IR_V64, host, 8 * i, 8));
}

static void store_1(struct trans *t, const struct insn *in, ir_ref host,
		    unsigned int regs)
{
	unsigned int i = 0;

	if (!(in->vd & 1))
		for (; i + 1 < regs; i += 2)
			trans_hstore(t, host, 8 * i, 16,
				     trans_fp_get(t, IR_V128, in->vd + i));
	for (; i < regs; i++)
		trans_hstore(t, host, 8 * i, 8,
			     trans_fp_get(t, IR_V64, in->vd + i));
}

/* Pairs: 16 bytes make one doubleword of each register. */
static void load_2(struct trans *t, const struct insn *in, ir_ref host,
		   const struct shape *s)
{
	for (unsigned int r = 0; r < s->regs; r++) {
		ir_ref both = perm(t, trans_hload(t, IR_V128, host, 16 * r, 16),
				   apart[in->size]);

		trans_fp_set(t, IR_V64, in->vd + r, half(t, both, false));
		trans_fp_set(t, IR_V64, in->vd + r + s->inc,
			     half(t, both, true));
	}
}

static void store_2(struct trans *t, const struct insn *in, ir_ref host,
		    const struct shape *s)
{
	for (unsigned int r = 0; r < s->regs; r++)
		trans_hstore(t, host, 16 * r, 16,
			     trans_vec(t, IR_VZIP_LOW, IR_V128, 1u << in->size,
				       trans_fp_get(t, IR_V64, in->vd + r),
				       trans_fp_get(t, IR_V64,
						    in->vd + r + s->inc)));
}

/* Quadruples: two loads hold elements 0 and 1 (2 and 3) of all registers
 * after sorting; 32-bit ones are already so. */
static void load_4(struct trans *t, const struct insn *in, ir_ref host,
		   const struct shape *s)
{
	static const uint64_t sort[] = { UINT64_C(0xfb73ea62d951c840),
					 UINT64_C(0xfe76dc54ba329810),
					 UINT64_C(0xfedcba9876543210) };
	ir_ref a, b, low, high;

	a = perm(t, trans_hload(t, IR_V128, host, 0, 16), sort[in->size]);
	b = perm(t, trans_hload(t, IR_V128, host, 16, 16), sort[in->size]);
	low = trans_vec(t, IR_VZIP_LOW, IR_V128, 4, a, b);
	high = trans_vec(t, IR_VZIP_HIGH, IR_V128, 4, a, b);
	trans_fp_set(t, IR_V64, in->vd, half(t, low, false));
	trans_fp_set(t, IR_V64, in->vd + s->inc, half(t, low, true));
	trans_fp_set(t, IR_V64, in->vd + 2u * s->inc, half(t, high, false));
	trans_fp_set(t, IR_V64, in->vd + 3u * s->inc, half(t, high, true));
}

static void store_4(struct trans *t, const struct insn *in, ir_ref host,
		    const struct shape *s)
{
	unsigned int size = 1u << in->size;
	ir_ref even, odd, q[4];

	for (unsigned int i = 0; i < 4; i++)
		q[i] = trans_fp_get(t, IR_V64, in->vd + i * s->inc);
	even = trans_vec(t, IR_VZIP_LOW, IR_V128, size, q[0], q[2]);
	odd = trans_vec(t, IR_VZIP_LOW, IR_V128, size, q[1], q[3]);
	trans_hstore(t, host, 0, 16,
		     trans_vec(t, IR_VZIP_LOW, IR_V128, size, even, odd));
	trans_hstore(t, host, 16, 16,
		     trans_vec(t, IR_VZIP_HIGH, IR_V128, size, even, odd));
}

/* Triples: each register has bytes from both halves of the 24, brought
 * together by two shuffles and a mask. */
static void load_3(struct trans *t, const struct insn *in, ir_ref host,
		   const struct shape *s)
{
	unsigned int size = 1u << in->size;
	ir_ref a = trans_hload(t, IR_V128, host, 0, 16);
	ir_ref b = trans_hload(t, IR_V128, host, 8, 16);

	for (unsigned int r = 0; r < 3; r++) {
		uint64_t from_a = 0, from_b = 0, mask = 0;
		ir_ref x, y, m;

		for (unsigned int i = 0; i < 8; i++) {
			unsigned int at = (3 * (i / size) + r) * size +
					  i % size;

			if (at < 16) {
				from_a |= (uint64_t)at << 4 * i;
				mask |= UINT64_C(0xff) << 8 * i;
			} else {
				from_b |= (uint64_t)(at - 8) << 4 * i;
			}
		}
		m = ir_const(t->u, IR_V64, mask);
		x = trans_vec(t, IR_VAND, IR_V64, 8,
			      trans_vec_imm(t, IR_VPERM, IR_V64, 1, a, from_a),
			      m);
		y = trans_vec(t, IR_VBIC, IR_V64, 8,
			      trans_vec_imm(t, IR_VPERM, IR_V64, 1, b, from_b),
			      m);
		trans_fp_set(t, IR_V64, in->vd + r * s->inc,
			     trans_vec(t, IR_VOR, IR_V64, 8, x, y));
	}
}

static void store_3(struct trans *t, const struct insn *in, ir_ref host,
		    const struct shape *s)
{
	unsigned int size = 1u << in->size;
	ir_ref a = join(t, trans_fp_get(t, IR_V64, in->vd),
			trans_fp_get(t, IR_V64, in->vd + s->inc));
	ir_ref b = trans_fp_get(t, IR_V64, in->vd + 2u * s->inc);

	for (unsigned int d = 0; d < 3; d++) {
		uint64_t from_a = 0, from_b = 0, mask = 0;
		ir_ref x, y, m;

		for (unsigned int i = 0; i < 8; i++) {
			unsigned int at = 8 * d + i, e = at / size;
			unsigned int byte = e / 3 * size + at % size;

			if (e % 3 < 2) {
				byte += 8 * (e % 3);
				from_a |= (uint64_t)byte << 4 * i;
				mask |= UINT64_C(0xff) << 8 * i;
			} else {
				from_b |= (uint64_t)byte << 4 * i;
			}
		}
		m = ir_const(t->u, IR_V64, mask);
		x = trans_vec(t, IR_VAND, IR_V64, 8,
			      trans_vec_imm(t, IR_VPERM, IR_V64, 1, a, from_a),
			      m);
		y = trans_vec(t, IR_VBIC, IR_V64, 8,
			      trans_vec_imm(t, IR_VPERM, IR_V64, 1, b, from_b),
			      m);
		trans_hstore(t, host, 8 * d, 8,
			     trans_vec(t, IR_VOR, IR_V64, 8, x, y));
	}
}

static bool multiple(struct trans *t, const struct insn *in, bool is_load)
{
	const struct shape *s = &shapes[in->x];
	unsigned int bytes = 8u * s->structs * s->regs;
	ir_ref host;

	if (!s->structs || s->bad_align >> in->w & 1 ||
	    (s->structs > 1 && in->size == 3) || in->rn == 15 || in->w == 3 ||
	    in->vd + s->regs - 1 + (s->structs - 1) * s->inc > 31)
		return false;
	trans_fp_mode(t, in, 0);
	host = look_up(t, in, bytes, in->w ? 4u << in->w : 1, 1u << in->size,
		       !is_load);
	switch (s->structs) {
	case 1:
		(is_load ? load_1 : store_1)(t, in, host, s->regs);
		break;
	case 2:
		(is_load ? load_2 : store_2)(t, in, host, s);
		break;
	case 3:
		(is_load ? load_3 : store_3)(t, in, host, s);
		break;
	default:
		(is_load ? load_4 : store_4)(t, in, host, s);
		break;
	}
	write_back(t, in, bytes);
	return true;
}

static bool do_VLD_multiple(struct trans *t, const struct insn *in)
{
	return multiple(t, in, true);
}

static bool do_VST_multiple(struct trans *t, const struct insn *in)
{
	return multiple(t, in, false);
}

/* One structure, to or from a lane of each register (A8.8.321 and others) */

struct lane {
	unsigned int size, structs, index, inc, align;
};

static bool lane_of(const struct insn *in, struct lane *l)
{
	unsigned int size = in->word >> 10 & 3, ia = in->imm;
	unsigned int structs = in->x + 1u;
	unsigned int low = size ? ia & ((1u << size) - 1) : ia & 1;

	*l = (struct lane){ .size = 1u << size,
			    .structs = structs,
			    .index = ia >> (size + 1),
			    .inc = 1,
			    .align = 1 };
	if (structs > 1 && size)
		l->inc = 1 + (ia >> size & 1);
	switch (structs) {
	case 1:
		if (ia >> size & 1 || (size == 2 && low != 0 && low != 3))
			return false;
		if (low && size)
			l->align = l->size;
		break;
	case 2:
		if (size == 2 && ia >> 1 & 1)
			return false;
		if (ia & 1)
			l->align = 2 * l->size;
		break;
	case 3:
		if (low)
			return false;
		break;
	default:
		if (size == 2 && low == 3)
			return false;
		if (low)
			l->align = size == 2 ? 4u << low : 4 * l->size;
		break;
	}
	return in->rn != 15 && in->vd + in->x * l->inc <= 31;
}

static bool do_VLD_lane(struct trans *t, const struct insn *in)
{
	struct lane l;
	ir_ref host;

	if (!lane_of(in, &l))
		return false;
	trans_fp_mode(t, in, 0);
	host = look_up(t, in, l.structs * l.size, l.align, l.size, false);
	for (unsigned int s = 0; s < l.structs; s++) {
		unsigned int reg = in->vd + s * l.inc;

		trans_fp_set(
			t, IR_V64, reg,
			ir_add(t->u,
			       (struct ir_op){
				       .op = IR_VINSERT,
				       .type = IR_V64,
				       .size = (uint8_t)l.size,
				       .a = trans_fp_get(t, IR_V64, reg),
				       .b = trans_hload(t, IR_I32, host,
							s * l.size, l.size),
				       .imm = l.index,
			       }));
	}
	write_back(t, in, l.structs * l.size);
	return true;
}

static bool do_VST_lane(struct trans *t, const struct insn *in)
{
	struct lane l;
	ir_ref host;

	if (!lane_of(in, &l))
		return false;
	trans_fp_mode(t, in, 0);
	host = look_up(t, in, l.structs * l.size, l.align, l.size, true);
	for (unsigned int s = 0; s < l.structs; s++)
		trans_hstore(t, host, s * l.size, l.size,
			     trans_vec_imm(t, IR_VTO32, IR_I32, l.size,
					   trans_fp_get(t, IR_V64,
							in->vd + s * l.inc),
					   l.index));
	write_back(t, in, l.structs * l.size);
	return true;
}

/* One structure to all lanes; p is T, w is a. */
static bool do_VLD_all(struct trans *t, const struct insn *in)
{
	unsigned int structs = in->x + 1u, size = 1u << in->size, align = 1;
	unsigned int regs = structs == 1 ? 1u + in->p : 1, inc = 1u + in->p;
	ir_ref host;

	if (in->size == 3 || (structs == 3 && in->w) ||
	    (structs == 1 && size == 1 && in->w) || in->rn == 15 ||
	    in->vd + regs - 1 + (structs - 1) * inc > 31)
		return false;
	if (in->w)
		align = structs == 4 && size == 4 ? 8 : structs * size;
	trans_fp_mode(t, in, 0);
	host = look_up(t, in, structs * size, align, size, false);
	for (unsigned int s = 0; s < structs; s++) {
		ir_ref val = trans_vec(
			t, IR_VDUP, IR_V64, size,
			trans_hload(t, IR_I32, host, s * size, size),
			IR_NO_REF);

		for (unsigned int r = 0; r < regs; r++)
			trans_fp_set(t, IR_V64, in->vd + r + s * inc, val);
	}
	write_back(t, in, structs * size);
	return true;
}

const struct trans_row trans_neon_ldst[] = {
	{ exec_VLD_multiple, do_VLD_multiple },
	{ exec_VST_multiple, do_VST_multiple },
	{ exec_VLD_lane, do_VLD_lane },
	{ exec_VST_lane, do_VST_lane },
	{ exec_VLD_all, do_VLD_all },
	{ NULL, NULL },
};
