/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD: elements that only change places (VSWP, VTRN, VUZP, VZIP,
 * VEXT, VTBL, VDUP).
 */
#include "jit/trans_neon_expr.h"

/* Of bytes, for VPERM: each stays where it is. */
static const uint64_t IDENTITY = UINT64_C(0xfedcba9876543210);

/* Both registers change; the second write wins if they are one. */
static bool put_both(struct neon *v, ir_ref d, ir_ref m)
{
	trans_fp_set(v->t, v->type, v->in->vd, d);
	trans_fp_set(v->t, v->type, v->in->vm, m);
	return true;
}

static bool do_VSWP(struct trans *t, const struct insn *in)
{
	struct neon v;

	if (!neon_begin_q(&v, t, in, in->vd | in->vm))
		return false;
	trans_fp_mode(t, in, 0);
	return put_both(&v, vm(&v), vd(&v));
}

/* Elements of d and m, each pair of them a matrix, transposed. */
static bool do_VTRN(struct trans *t, const struct insn *in)
{
	struct neon v, w;
	ir_ref d, m, even, odd;
	unsigned int bits = 8u << in->size;

	if (!neon_begin_q(&v, t, in, in->vd | in->vm) || in->size == SIZE_64)
		return false;
	trans_fp_mode(t, in, 0);
	w = v;
	w.size = 2 * v.size;
	d = vd(&v);
	m = vm(&v);
	even = all(&w, low_bits(bits));
	odd = all(&w, low_bits(bits) << bits);
	return put_both(&v,
			op(&w, IR_VOR, op(&w, IR_VAND, d, even),
			   shift_left(&w, m, bits)),
			op(&w, IR_VOR, op(&w, IR_VAND, m, odd),
			   shift_right_unsigned(&w, d, bits)));
}

/* Even elements below, odd ones above. */
static uint64_t even_odd(unsigned int size)
{
	static const uint64_t patterns[] = { UINT64_C(0xfdb97531eca86420),
					     UINT64_C(0xfeba7632dc985410),
					     UINT64_C(0xfedc7654ba983210) };

	return patterns[size];
}

static bool zip_is_ours(const struct neon *v)
{
	return v->in->size != SIZE_64 && (v->in->q || v->in->size != 2);
}

static bool do_VUZP(struct trans *t, const struct insn *in)
{
	struct neon v;
	ir_ref d, m;

	if (!neon_begin_q(&v, t, in, in->vd | in->vm) || !zip_is_ours(&v))
		return false;
	trans_fp_mode(t, in, 0);
	d = vd(&v);
	m = vm(&v);
	if (!in->q) {
		d = trans_vec(t, IR_VJOIN, IR_V128, 8, d, m);
		d = trans_vec_imm(t, IR_VPERM, IR_V128, 1, d,
				  even_odd(in->size));
		return put_both(
			&v, trans_vec(t, IR_VLOW, IR_V64, 8, d, IR_NO_REF),
			trans_vec(t, IR_VHIGH, IR_V64, 8, d, IR_NO_REF));
	}
	d = neon_perm(&v, d, even_odd(in->size));
	m = neon_perm(&v, m, even_odd(in->size));
	return put_both(&v, neon_op(&v, IR_VZIP_LOW, 8, d, m),
			neon_op(&v, IR_VZIP_HIGH, 8, d, m));
}

static bool do_VZIP(struct trans *t, const struct insn *in)
{
	struct neon v;
	ir_ref d, m, r;

	if (!neon_begin_q(&v, t, in, in->vd | in->vm) || !zip_is_ours(&v))
		return false;
	trans_fp_mode(t, in, 0);
	d = vd(&v);
	m = vm(&v);
	if (in->q)
		return put_both(&v, op(&v, IR_VZIP_LOW, d, m),
				op(&v, IR_VZIP_HIGH, d, m));
	r = trans_vec(t, IR_VZIP_LOW, IR_V128, v.size, d, m);
	return put_both(&v, trans_vec(t, IR_VLOW, IR_V64, 8, r, IR_NO_REF),
			trans_vec(t, IR_VHIGH, IR_V64, 8, r, IR_NO_REF));
}

/* Extraction, look-up, duplication */

static bool do_VEXT(struct trans *t, const struct insn *in)
{
	struct neon v;
	ir_ref r;

	if (!neon_begin_q(&v, t, in, in->vd | in->vn | in->vm) ||
	    in->imm >= (in->q ? 16u : 8u))
		return false;
	trans_fp_mode(t, in, 0);
	if (in->q) {
		r = ir_add(t->u, (struct ir_op){ .op = IR_VALIGN,
						 .type = IR_V128,
						 .size = 1,
						 .a = vn(&v),
						 .b = vm(&v),
						 .imm = in->imm });
	} else {
		r = trans_vec(t, IR_VJOIN, IR_V128, 8, vn(&v), vm(&v));
		r = neon_perm(&v, r, (IDENTITY >> 4 * in->imm) & UINT32_MAX);
	}
	trans_fp_set(t, v.type, in->vd, r);
	return true;
}

/* p: VTBX leaves bytes alone whose index is beyond the table. */
static bool do_VTBL(struct trans *t, const struct insn *in)
{
	unsigned int length = in->imm + 1;
	struct neon v = { .t = t, .in = in, .type = IR_V64, .size = 1 };
	ir_ref index, part, r = IR_NO_REF;

	if (in->vn + length > 32)
		return false;
	trans_fp_mode(t, in, 0);
	index = vm(&v);
	for (unsigned int i = 0; i < length; i += 2) {
		part = trans_vec(t, IR_VJOIN, IR_V128, 8,
				 neon_get(&v, in->vn + i),
				 i + 1 < length ? neon_get(&v, in->vn + i + 1)
						: zero(&v));
		part = op(&v, IR_VTABLE, part,
			  i ? op(&v, IR_VSUB, index, all(&v, 8 * i)) : index);
		r = i ? op(&v, IR_VOR, r, part) : part;
	}
	if (in->p)
		r = op(&v, IR_VOR, r,
		       op(&v, IR_VAND, vd(&v),
			  greater_equal(&v, true, index, all(&v, 8 * length))));
	trans_fp_set(t, IR_V64, in->vd, r);
	return true;
}

/* x is the index; the size is in the position of the lowest one of imm4. */
static bool do_VDUP(struct trans *t, const struct insn *in)
{
	static const uint64_t patterns[] = { 0, UINT64_C(0x1010101010101010),
					     UINT64_C(0x3210321032103210) };
	unsigned int size = (unsigned int)__builtin_ctz(in->word >> 16);
	uint64_t at = (uint64_t)in->x << size;
	struct neon v;

	if (!neon_begin_q(&v, t, in, in->vd))
		return false;
	trans_fp_mode(t, in, 0);
	trans_fp_set(
		t, v.type, in->vd,
		neon_perm(&v, trans_fp_get(t, IR_V64, in->vm),
			  patterns[size] + at * UINT64_C(0x1111111111111111)));
	return true;
}

const struct trans_row trans_neon_move[] = {
	{ exec_VSWP, do_VSWP }, { exec_VTRN, do_VTRN }, { exec_VUZP, do_VUZP },
	{ exec_VZIP, do_VZIP }, { exec_VEXT, do_VEXT }, { exec_VTBL, do_VTBL },
	{ exec_VDUP, do_VDUP }, { NULL, NULL },
};
