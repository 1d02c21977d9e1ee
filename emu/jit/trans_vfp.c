/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VFP (exec_vfp.c is the definition).
 *
 * Arithmetic is the host's, in the guest's rounding mode.  It falls back for
 * results that are NaNs (whose sign and payload the two choose differently,
 * and FPSCR.DN more so), for products and quotients of the least normal
 * magnitude (ARM finds tininess before rounding, the host after it), and
 * while FPSCR flushes to zero or asks for short vectors.
 */
#include "jit/trans_fp.h"

enum {
	CORE_PC = 15,
	MAX_EXITS = IR_MAX_EXITS / 2, /* of a unit that wants another */
};

static void fall_back_if_mode(struct trans *t, uint32_t bits)
{
	if (bits)
		ir_add(t->u, (struct ir_op){
				     .op = IR_FALL_BACK_IF_SET,
				     .imm = (uint64_t)bits << 32 |
					    offsetof(struct cpu, vfp.mode),
			     });
}

static void leave_if_mode(struct trans *t, uint32_t bits)
{
	struct ir_unit *u = t->u;
	ir_ref flags = ir_add(
		u, (struct ir_op){ .op = IR_FLAGS_AND,
				   .a = TRANS_GET(t, IR_I32, vfp.mode),
				   .b = trans_const(t, bits) });

	u->exit[u->exits] = (struct ir_exit){ .target = t->retry };
	u->exit_flags[u->exits] = IR_FLAG_NZCV;
	ir_add(u, (struct ir_op){ .op = IR_EXIT_UNLESS,
				  .cc = IR_EQ,
				  .a = flags,
				  .imm = u->exits++ });
}

void trans_fp_mode(struct trans *t, const struct insn *in, uint32_t bits)
{
	uint32_t off = t->fp_known & FP_KNOWN_ON ? 0 : VFP_MODE_OFF;

	if (t->fp_known & FP_KNOWN_USUAL)
		bits &= ~(uint32_t)VFP_MODE_ODD;
	if (t->fp_known & FP_KNOWN_NEAREST)
		bits &= ~(uint32_t)VFP_MODE_DIRECTED;
	if (in->cond != 14) {
		fall_back_if_mode(t, bits | off);
		return;
	}
	t->fp_known |= FP_KNOWN_ON;
	if (!bits || t->retry == IR_NO_RETRY || t->u->exits >= MAX_EXITS) {
		fall_back_if_mode(t, bits | off);
		return;
	}
	if (bits & VFP_MODE_ODD)
		bits |= VFP_MODE_ODD;
	fall_back_if_mode(t, off);
	leave_if_mode(t, bits);
	t->fp_known |= (bits & VFP_MODE_ODD ? FP_KNOWN_USUAL : 0) |
		       (bits & VFP_MODE_DIRECTED ? FP_KNOWN_NEAREST : 0);
}

/* Arithmetic */

static unsigned int bytes(enum ir_type type)
{
	return type == IR_F32 ? 4 : 8;
}

static ir_ref fp2(struct trans *t, enum ir_opcode op, enum ir_type type,
		  ir_ref a, ir_ref b)
{
	return trans_vec(t, op, type, bytes(type), a, b);
}

static ir_ref fp1(struct trans *t, enum ir_opcode op, enum ir_type type,
		  ir_ref a)
{
	return trans_vec(t, op, type, bytes(type), a, IR_NO_REF);
}

static void check(struct trans *t, enum ir_opcode op, enum ir_type of, ir_ref a)
{
	ir_add(t->u, (struct ir_op){ .op = (uint8_t)op,
				     .size = (uint8_t)bytes(of),
				     .a = a });
}

static ir_ref sign_of(struct trans *t, enum ir_type type)
{
	return ir_const(t->u, type,
			type == IR_F32 ? UINT64_C(1) << 31 : UINT64_C(1) << 63);
}

static ir_ref negate(struct trans *t, enum ir_type type, ir_ref a)
{
	return fp2(t, IR_VXOR, type, a, sign_of(t, type));
}

/* vd = vn op vm.  A product or quotient may be tiny, a sum that is tiny is
 * exact. */
static bool binary(struct trans *t, const struct insn *in, enum ir_opcode op,
		   enum ir_type type, bool negated)
{
	ir_ref r;

	trans_fp_mode(t, in, VFP_MODE_ODD);
	r = fp2(t, op, type, trans_fp_get(t, type, in->vn),
		trans_fp_get(t, type, in->vm));
	check(t,
	      op == IR_FADD || op == IR_FSUB ? IR_FALL_BACK_IF_NAN
					     : IR_FALL_BACK_IF_MIN,
	      type, r);
	if (negated)
		r = negate(t, type, r);
	trans_fp_set(t, type, in->vd, r);
	return true;
}

/* VMLA and its like: two roundings; d plus or minus the product, or the same
 * of -d. */
static bool accumulate(struct trans *t, const struct insn *in,
		       enum ir_type type, bool minus_d, bool minus_product)
{
	ir_ref p, d, r;

	trans_fp_mode(t, in, VFP_MODE_ODD);
	p = fp2(t, IR_FMUL, type, trans_fp_get(t, type, in->vn),
		trans_fp_get(t, type, in->vm));
	check(t, IR_FALL_BACK_IF_MIN, type, p);
	d = trans_fp_get(t, type, in->vd);
	if (minus_d) {
		d = negate(t, type, d);
		r = fp2(t, minus_product ? IR_FSUB : IR_FADD, type, d, p);
	} else {
		r = fp2(t, minus_product ? IR_FSUB : IR_FADD, type, d, p);
	}
	check(t, IR_FALL_BACK_IF_NAN, type, r);
	trans_fp_set(t, type, in->vd, r);
	return true;
}

static bool fused(struct trans *t, const struct insn *in, enum ir_type type,
		  bool minus_d, bool minus_product)
{
	ir_ref n, d, r;

	trans_fp_mode(t, in, VFP_MODE_ODD);
	n = trans_fp_get(t, type, in->vn);
	d = trans_fp_get(t, type, in->vd);
	if (minus_product)
		n = negate(t, type, n);
	if (minus_d)
		d = negate(t, type, d);
	r = ir_add(t->u, (struct ir_op){
				 .op = IR_FMULADD,
				 .type = (uint8_t)type,
				 .size = (uint8_t)bytes(type),
				 .a = d,
				 .b = n,
				 .c = trans_fp_get(t, type, in->vm),
			 });
	check(t, IR_FALL_BACK_IF_MIN, type, r);
	trans_fp_set(t, type, in->vd, r);
	return true;
}

/* VMOV, VABS, VNEG: bits. */
static bool bitwise(struct trans *t, const struct insn *in, enum ir_opcode op,
		    enum ir_type type)
{
	ir_ref m;

	trans_fp_mode(t, in, VFP_MODE_SHORT_VECTORS);
	m = trans_fp_get(t, type, in->vm);
	if (op != IR_GET)
		m = fp2(t, op, type, m, sign_of(t, type));
	trans_fp_set(t, type, in->vd, m);
	return true;
}

static bool square_root(struct trans *t, const struct insn *in,
			enum ir_type type)
{
	ir_ref r;

	trans_fp_mode(t, in, VFP_MODE_ODD);
	r = fp1(t, IR_FSQRT, type, trans_fp_get(t, type, in->vm));
	check(t, IR_FALL_BACK_IF_NAN, type, r);
	trans_fp_set(t, type, in->vd, r);
	return true;
}

static bool immediate(struct trans *t, const struct insn *in, enum ir_type type)
{
	trans_fp_mode(t, in, VFP_MODE_SHORT_VECTORS);
	trans_fp_set(
		t, type, in->vd,
		ir_const(t->u, type,
			 type == IR_F32 ? in->imm : (uint64_t)in->imm << 32));
	return true;
}

/* Comparison, p: VCMPE */
static bool compare(struct trans *t, const struct insn *in, enum ir_type type,
		    bool with_zero)
{
	ir_ref order;

	trans_fp_mode(t, in, VFP_MODE_FLUSH);
	order = ir_add(t->u,
		       (struct ir_op){
			       .op = IR_FCOMPARE,
			       .size = (uint8_t)bytes(type),
			       .flags = in->p ? IR_SIGNED : 0,
			       .a = trans_fp_get(t, type, in->vd),
			       .b = with_zero ? ir_const(t->u, type, 0)
					      : trans_fp_get(t, type, in->vm),
		       });
	TRANS_SET(t, IR_I32, vfp.order, order);
	if (in->cond == 14)
		t->fp_known |= FP_KNOWN_ORDER;
	return true;
}

/* Conversion */

static bool between(struct trans *t, const struct insn *in, enum ir_type to,
		    enum ir_type from)
{
	ir_ref r;

	trans_fp_mode(t, in, VFP_MODE_FLUSH);
	r = fp1(t, IR_FCONVERT, to, trans_fp_get(t, from, in->vm));
	check(t, to == IR_F32 ? IR_FALL_BACK_IF_MIN : IR_FALL_BACK_IF_NAN, to,
	      r);
	trans_fp_set(t, to, in->vd, r);
	return true;
}

/* The S register vm as an integer; u: signed. */
static bool from_int(struct trans *t, const struct insn *in, enum ir_type to)
{
	ir_ref n;

	trans_fp_mode(t, in, 0);
	n = ir_get(t->u, IR_I32, trans_fp_offset(IR_F32, in->vm));
	if (in->u) {
		n = fp1(t, IR_FFROM_S32, to, n);
	} else {
		n = ir_add(t->u, (struct ir_op){ .op = IR_ZEXT,
						 .type = IR_I64,
						 .a = n,
						 .imm = 32 });
		n = fp1(t, IR_FFROM_S64, to, n);
	}
	trans_fp_set(t, to, in->vd, n);
	return true;
}

/* What does not fit saturates, and is not for the host: found after a signed
 * conversion, before an unsigned one, which would leave "inexact". */
static bool to_int(struct trans *t, const struct insn *in, enum ir_type from)
{
	ir_ref a, n, bad;

	if (!in->u && !in->p)
		return false;
	trans_fp_mode(t, in, VFP_MODE_FLUSH);
	a = trans_fp_get(t, from, in->vm);
	if (in->u) {
		n = ir_add(t->u, (struct ir_op){ .op = IR_FTO_S32,
						 .size = (uint8_t)bytes(from),
						 .a = a,
						 .imm = in->p });
		bad = ir_add(t->u,
			     (struct ir_op){ .op = IR_FLAGS_SUB,
					     .a = n,
					     .b = trans_const(t, 1u << 31) });
		bad = ir_add(
			t->u,
			(struct ir_op){ .op = IR_COND, .cc = IR_EQ, .a = bad });
		trans_fall_back_if(t, bad);
	} else {
		check(t, IR_FALL_BACK_UNLESS_U32, from, a);
		n = ir_add(t->u, (struct ir_op){ .op = IR_FTO_S64,
						 .size = (uint8_t)bytes(from),
						 .a = a,
						 .imm = 1 });
		n = ir_op1(t->u, IR_TRUNC, IR_I32, n);
	}
	ir_set(t->u, IR_I32, trans_fp_offset(IR_F32, in->vd), n);
	return true;
}

/* To and from core registers */

static ir_ref core_of(struct trans *t, unsigned int s)
{
	return ir_get(t->u, IR_I32, trans_fp_offset(IR_F32, s));
}

static void set_core_of(struct trans *t, unsigned int s, ir_ref val)
{
	ir_set(t->u, IR_I32, trans_fp_offset(IR_F32, s), val);
}

static bool s_core(struct trans *t, const struct insn *in)
{
	trans_fp_mode(t, in, 0);
	set_core_of(t, in->vn, trans_reg(t, in, in->rt));
	return true;
}

static bool core_s(struct trans *t, const struct insn *in)
{
	if (in->rt == CORE_PC)
		return false;
	trans_fp_mode(t, in, 0);
	trans_set_reg(t, in->rt, core_of(t, in->vn));
	return true;
}

/* A pair of words from the single register with this number. */
static bool pair_core(struct trans *t, const struct insn *in, unsigned int s)
{
	ir_ref low, high;

	if (in->rt == CORE_PC || in->rn == CORE_PC)
		return false;
	trans_fp_mode(t, in, 0);
	low = trans_reg(t, in, in->rt);
	high = trans_reg(t, in, in->rn);
	if (s & 1) {
		set_core_of(t, s, low);
		set_core_of(t, s + 1, high);
		return true;
	}
	low = ir_op2(t->u, IR_CONCAT, IR_I64, low, high);
	trans_fp_set(t, IR_V64, s / 2,
		     trans_vec(t, IR_VFROM, IR_V64, 8, low, IR_NO_REF));
	return true;
}

static bool core_pair(struct trans *t, const struct insn *in, unsigned int s)
{
	ir_ref low, high, both;

	if (in->rt == CORE_PC || in->rn == CORE_PC)
		return false;
	trans_fp_mode(t, in, 0);
	if (s & 1) {
		low = core_of(t, s);
		high = core_of(t, s + 1);
	} else {
		both = trans_vec_imm(t, IR_VTO64, IR_I64, 8,
				     trans_fp_get(t, IR_V64, s / 2), 0);
		low = ir_op1(t->u, IR_TRUNC, IR_I32, both);
		high = ir_op1(t->u, IR_HIGH, IR_I32, both);
	}
	trans_set_reg(t, in->rt, low);
	trans_set_reg(t, in->rn, high);
	return true;
}

static bool core_2s(struct trans *t, const struct insn *in)
{
	return core_pair(t, in, in->vm);
}

static bool core_d(struct trans *t, const struct insn *in)
{
	return core_pair(t, in, 2u * in->vm);
}

static bool two_s_core(struct trans *t, const struct insn *in)
{
	return pair_core(t, in, in->vm);
}

static bool d_core(struct trans *t, const struct insn *in)
{
	return pair_core(t, in, 2u * in->vm);
}

static bool element_core(struct trans *t, const struct insn *in,
			 unsigned int size)
{
	if (in->rt == CORE_PC)
		return false;
	trans_fp_mode(t, in, 0);
	if (size == 4) {
		set_core_of(t, 2u * in->vn + in->x, trans_reg(t, in, in->rt));
		return true;
	}
	trans_fp_set(t, IR_V64, in->vn,
		     ir_add(t->u, (struct ir_op){
					  .op = IR_VINSERT,
					  .type = IR_V64,
					  .size = (uint8_t)size,
					  .a = trans_fp_get(t, IR_V64, in->vn),
					  .b = trans_reg(t, in, in->rt),
					  .imm = in->x,
				  }));
	return true;
}

static bool core_element(struct trans *t, const struct insn *in,
			 unsigned int size)
{
	if (in->rt == CORE_PC)
		return false;
	trans_fp_mode(t, in, 0);
	if (size == 4)
		trans_set_reg(t, in->rt, core_of(t, 2u * in->vn + in->x));
	else
		trans_set_reg(
			t, in->rt,
			ir_add(t->u,
			       (struct ir_op){
				       .op = IR_VTO32,
				       .size = (uint8_t)size,
				       .flags = in->u ? 0 : IR_SIGNED,
				       .a = trans_fp_get(t, IR_V64, in->vn),
				       .imm = in->x,
			       }));
	return true;
}

static bool duplicate(struct trans *t, const struct insn *in, unsigned int size)
{
	enum ir_type type = in->q ? IR_V128 : IR_V64;

	if (in->rt == CORE_PC || (in->q && in->vn & 1))
		return false;
	trans_fp_mode(t, in, 0);
	trans_fp_set(t, type, in->vn,
		     trans_vec(t, IR_VDUP, type, size, trans_reg(t, in, in->rt),
			       IR_NO_REF));
	return true;
}

/* Memory.  A doubleword needs the alignment of a word; others than those of
 * eight are rare. */

static ir_ref address(struct trans *t, const struct insn *in)
{
	uint32_t off = in->u ? in->imm * 4 : 0 - in->imm * 4;
	ir_ref base;

	if (in->rn != CORE_PC)
		return trans_add(t, trans_reg(t, in, in->rn), off);
	base = trans_reg(t, in, CORE_PC);
	if (in->flags & INSN_THUMB)
		base = trans_op2(t, IR_AND, base, trans_const(t, ~3u));
	return trans_add(t, base, off);
}

static void move_one(struct trans *t, enum ir_type type, unsigned int d,
		     ir_ref at, bool is_load)
{
	if (is_load)
		trans_fp_set(t, type, d,
			     trans_load(t, type, at, bytes(type), IR_ALIGNED));
	else
		trans_store(t, at, bytes(type), IR_ALIGNED,
			    trans_fp_get(t, type, d));
}

static bool load_store(struct trans *t, const struct insn *in,
		       enum ir_type type, bool is_load)
{
	trans_fp_mode(t, in, 0);
	move_one(t, type, in->vd, address(t, in), is_load);
	return true;
}

/* VLDM, VSTM: one look-up, which for one register needs no look at the page's
 * end.  An odd count of words of doublewords is FLDMX:
 * the last is not moved. */
static bool multiple(struct trans *t, const struct insn *in, enum ir_type type,
		     bool is_load)
{
	bool down = in->word >> 24 & 1, back = down || in->w;
	unsigned int size = bytes(type), n = in->imm * 4 / size;
	uint32_t move = down ? 0 - in->imm * 4 : in->imm * 4;
	ir_ref base, at, host;

	if (!n || in->vd + n > 32 || in->rn == CORE_PC || n * size > 128)
		return false;
	trans_fp_mode(t, in, 0);
	base = trans_reg(t, in, in->rn);
	at = down ? trans_add(t, base, move) : base;
	if (n == 1)
		move_one(t, type, in->vd, at, is_load);
	else
		host = trans_host(t, at, n * size, 4, !is_load);
	for (unsigned int i = 0; i < n && n > 1; i++) {
		if (is_load)
			trans_fp_set(
				t, type, in->vd + i,
				trans_hload(t, type, host, i * size, size));
		else
			trans_hstore(t, host, i * size, size,
				     trans_fp_get(t, type, in->vd + i));
	}
	if (back)
		trans_set_reg(t, in->rn,
			      trans_add(t, trans_reg(t, in, in->rn), move));
	return true;
}

/* clang-format off */
/* exec function, how, its arguments */
#define ROWS(R) \
	R(VADD_f32, binary, IR_FADD, IR_F32, false) \
	R(VADD_f64, binary, IR_FADD, IR_F64, false) \
	R(VSUB_f32, binary, IR_FSUB, IR_F32, false) \
	R(VSUB_f64, binary, IR_FSUB, IR_F64, false) \
	R(VMUL_f32, binary, IR_FMUL, IR_F32, false) \
	R(VMUL_f64, binary, IR_FMUL, IR_F64, false) \
	R(VNMUL_f32, binary, IR_FMUL, IR_F32, true) \
	R(VNMUL_f64, binary, IR_FMUL, IR_F64, true) \
	R(VDIV_f32, binary, IR_FDIV, IR_F32, false) \
	R(VDIV_f64, binary, IR_FDIV, IR_F64, false) \
	R(VMLA_f32, accumulate, IR_F32, false, false) \
	R(VMLA_f64, accumulate, IR_F64, false, false) \
	R(VMLS_f32, accumulate, IR_F32, false, true) \
	R(VMLS_f64, accumulate, IR_F64, false, true) \
	R(VNMLA_f32, accumulate, IR_F32, true, true) \
	R(VNMLA_f64, accumulate, IR_F64, true, true) \
	R(VNMLS_f32, accumulate, IR_F32, true, false) \
	R(VNMLS_f64, accumulate, IR_F64, true, false) \
	R(VFMA_f32, fused, IR_F32, false, false) \
	R(VFMA_f64, fused, IR_F64, false, false) \
	R(VFMS_f32, fused, IR_F32, false, true) \
	R(VFMS_f64, fused, IR_F64, false, true) \
	R(VFNMA_f32, fused, IR_F32, true, true) \
	R(VFNMA_f64, fused, IR_F64, true, true) \
	R(VFNMS_f32, fused, IR_F32, true, false) \
	R(VFNMS_f64, fused, IR_F64, true, false) \
	R(VMOV_f32, bitwise, IR_GET, IR_F32) \
	R(VMOV_f64, bitwise, IR_GET, IR_F64) \
	R(VNEG_f32, bitwise, IR_VXOR, IR_F32) \
	R(VNEG_f64, bitwise, IR_VXOR, IR_F64) \
	R(VABS_f32, bitwise, IR_VBIC, IR_F32) \
	R(VABS_f64, bitwise, IR_VBIC, IR_F64) \
	R(VMOV_imm_f32, immediate, IR_F32) \
	R(VMOV_imm_f64, immediate, IR_F64) \
	R(VSQRT_f32, square_root, IR_F32) \
	R(VSQRT_f64, square_root, IR_F64) \
	R(VCMP_f32, compare, IR_F32, false) \
	R(VCMP_f64, compare, IR_F64, false) \
	R(VCMPZ_f32, compare, IR_F32, true) \
	R(VCMPZ_f64, compare, IR_F64, true) \
	R(VCVT_f64_f32, between, IR_F64, IR_F32) \
	R(VCVT_f32_f64, between, IR_F32, IR_F64) \
	R(VCVT_f32_int, from_int, IR_F32) \
	R(VCVT_f64_int, from_int, IR_F64) \
	R(VCVT_int_f32, to_int, IR_F32) \
	R(VCVT_int_f64, to_int, IR_F64) \
	R(VMOV_e8_core, element_core, 1) \
	R(VMOV_e16_core, element_core, 2) \
	R(VMOV_e32_core, element_core, 4) \
	R(VMOV_core_e8, core_element, 1) \
	R(VMOV_core_e16, core_element, 2) \
	R(VMOV_core_e32, core_element, 4) \
	R(VDUP_core8, duplicate, 1) \
	R(VDUP_core16, duplicate, 2) \
	R(VDUP_core32, duplicate, 4) \
	R(VLDR_s, load_store, IR_F32, true) \
	R(VLDR_d, load_store, IR_F64, true) \
	R(VSTR_s, load_store, IR_F32, false) \
	R(VSTR_d, load_store, IR_F64, false) \
	R(VLDM_s, multiple, IR_F32, true) \
	R(VLDM_d, multiple, IR_F64, true) \
	R(VSTM_s, multiple, IR_F32, false) \
	R(VSTM_d, multiple, IR_F64, false)
/* clang-format on */

#define FUNCTION(name, how, ...)                                      \
	static bool do_##name(struct trans *t, const struct insn *in) \
	{                                                             \
		return how(t, in, __VA_ARGS__);                       \
	}
ROWS(FUNCTION)
#undef FUNCTION

const struct trans_row trans_vfp[] = {
#define ROW(name, ...) { exec_##name, do_##name, false },
	ROWS(ROW)
#undef ROW
		{ exec_VMOV_s_core, s_core },
	{ exec_VMOV_core_s, core_s },
	{ exec_VMOV_2s_core, two_s_core },
	{ exec_VMOV_core_2s, core_2s },
	{ exec_VMOV_d_core, d_core },
	{ exec_VMOV_core_d, core_d },
	{ NULL, NULL },
};
