/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads and stores (arm/exec_mem.c).  Each access comes before the first
 * change of a register, so that it may fall back.
 */
#include "jit/trans.h"

/* What one row of A8.8 moves. */
struct width {
	uint8_t size, flags;
};

/* clang-format off */
#define WORD { 4, 0 }
#define BYTE { 1, 0 }
#define HALF { 2, 0 }
#define SIGNED_BYTE { 1, IR_SIGNED }
#define SIGNED_HALF { 2, IR_SIGNED }
/* clang-format on */

static ir_ref base_of(struct trans *t, const struct insn *in)
{
	return in->rn == 15 ? trans_literal(t, in) : trans_reg(t, in, in->rn);
}

/* base + offset */
static ir_ref sum_imm(struct trans *t, const struct insn *in, ir_ref base)
{
	return trans_add(t, base, in->imm);
}

static ir_ref sum_reg(struct trans *t, const struct insn *in, ir_ref base)
{
	return trans_op2(t, in->u ? IR_ADD : IR_SUB, base,
			 trans_shifted(t, in));
}

typedef ir_ref sum_fn(struct trans *t, const struct insn *in, ir_ref base);

static bool load(struct trans *t, const struct insn *in, sum_fn *sum,
		 struct width width)
{
	ir_ref base = base_of(t, in), after = sum(t, in, base), val;

	val = trans_load(t, IR_I32, in->p ? after : base, width.size,
			 width.flags);
	if (in->w)
		trans_set_reg(t, in->rn, after);
	if (in->rt == 15)
		trans_leave(t, val);
	else
		trans_set_reg(t, in->rt, val);
	return true;
}

static bool store(struct trans *t, const struct insn *in, sum_fn *sum,
		  struct width width)
{
	ir_ref base = base_of(t, in), after = sum(t, in, base);

	trans_store(t, in->p ? after : base, width.size, 0,
		    trans_reg(t, in, in->rt));
	if (in->w)
		trans_set_reg(t, in->rn, after);
	return true;
}

#define FORMS(name, how, what)                                         \
	static bool name##_imm(struct trans *t, const struct insn *in) \
	{                                                              \
		return how(t, in, sum_imm, (struct width)what);        \
	}                                                              \
	static bool name##_reg(struct trans *t, const struct insn *in) \
	{                                                              \
		return how(t, in, sum_reg, (struct width)what);        \
	}

/* With the rights of PL0: at PL0 they are like the others. */
#define USER_FORMS(name, how, what)                                    \
	static bool name##_imm(struct trans *t, const struct insn *in) \
	{                                                              \
		return !t->privileged &&                               \
		       how(t, in, sum_imm, (struct width)what);        \
	}                                                              \
	static bool name##_reg(struct trans *t, const struct insn *in) \
	{                                                              \
		return !t->privileged &&                               \
		       how(t, in, sum_reg, (struct width)what);        \
	}

FORMS(LDR, load, WORD)
FORMS(LDRB, load, BYTE)
FORMS(LDRH, load, HALF)
FORMS(LDRSB, load, SIGNED_BYTE)
FORMS(LDRSH, load, SIGNED_HALF)
FORMS(STR, store, WORD)
FORMS(STRB, store, BYTE)
FORMS(STRH, store, HALF)
USER_FORMS(LDRT, load, WORD)
USER_FORMS(LDRBT, load, BYTE)
USER_FORMS(LDRHT, load, HALF)
USER_FORMS(LDRSBT, load, SIGNED_BYTE)
USER_FORMS(LDRSHT, load, SIGNED_HALF)
USER_FORMS(STRT, store, WORD)
USER_FORMS(STRBT, store, BYTE)
USER_FORMS(STRHT, store, HALF)

/* LDRD, STRD: one access of 8 bytes, whose address must be a word's. */

static ir_ref dual(struct trans *t, ir_ref va, unsigned int flags)
{
	return ir_add(t->u, (struct ir_op){ .op = IR_HOST,
					    .type = IR_PTR,
					    .size = 4,
					    .flags = (uint8_t)flags,
					    .a = va,
					    .imm = 8 });
}

static bool load_dual(struct trans *t, const struct insn *in, sum_fn *sum)
{
	ir_ref base = base_of(t, in), after = sum(t, in, base);
	ir_ref host = dual(t, in->p ? after : base, 0), val;

	val = ir_add(t->u, (struct ir_op){ .op = IR_HLOAD,
					   .type = IR_I64,
					   .size = 8,
					   .a = host });
	trans_set_reg(t, in->rt, ir_op1(t->u, IR_TRUNC, IR_I32, val));
	trans_set_reg(t, in->ra, ir_op1(t->u, IR_HIGH, IR_I32, val));
	if (in->w)
		trans_set_reg(t, in->rn, after);
	return true;
}

static bool store_dual(struct trans *t, const struct insn *in, sum_fn *sum)
{
	ir_ref base = base_of(t, in), after = sum(t, in, base);
	ir_ref host = dual(t, in->p ? after : base, IR_WRITE), val;

	val = ir_op2(t->u, IR_CONCAT, IR_I64, trans_reg(t, in, in->rt),
		     trans_reg(t, in, in->ra));
	ir_add(t->u, (struct ir_op){
			     .op = IR_HSTORE, .size = 8, .a = host, .b = val });
	if (in->w)
		trans_set_reg(t, in->rn, after);
	return true;
}

static bool LDRD_imm(struct trans *t, const struct insn *in)
{
	return load_dual(t, in, sum_imm);
}

static bool LDRD_reg(struct trans *t, const struct insn *in)
{
	return load_dual(t, in, sum_reg);
}

static bool STRD_imm(struct trans *t, const struct insn *in)
{
	return store_dual(t, in, sum_imm);
}

static bool STRD_reg(struct trans *t, const struct insn *in)
{
	return store_dual(t, in, sum_reg);
}

/*
 * LDM, STM: one look-up for all words.  After it nothing falls back.  With '^'
 * and without the PC they move User mode's SP and LR, which are in their banks
 * while an exception is handled, as R8 to R12 of FIQ mode only would be.
 */

static bool is_banked(const struct insn *in, unsigned int reg)
{
	return in->s && (reg == 13 || reg == 14);
}

static size_t user_reg(unsigned int reg)
{
	return (reg == 13 ? offsetof(struct cpu, bank_sp)
			  : offsetof(struct cpu, bank_lr)) +
	       4 * BANK_USR;
}

static ir_ref host_of(struct trans *t, const struct insn *in, ir_ref base,
		      unsigned int flags)
{
	uint32_t size = 4u * in->x;
	uint32_t lowest = in->u ? (in->p ? 4 : 0) : (in->p ? 0 : 4) - size;

	return ir_add(t->u, (struct ir_op){ .op = IR_HOST,
					    .type = IR_PTR,
					    .size = 4,
					    .flags = (uint8_t)flags,
					    .a = trans_add(t, base, lowest),
					    .imm = size });
}

static ir_ref after_of(struct trans *t, const struct insn *in, ir_ref base)
{
	return trans_add(t, base, in->u ? 4u * in->x : -4u * in->x);
}

static bool LDM(struct trans *t, const struct insn *in)
{
	ir_ref base = trans_reg(t, in, in->rn), host, val;
	unsigned int at = 0;

	if (in->s) {
		if (!t->privileged || in->imm >> 15 & 1)
			return false;
		trans_handler_mode(t);
	}
	host = host_of(t, in, base, 0);
	if (in->w && !in->s)
		trans_set_reg(t, in->rn, after_of(t, in, base));
	for (uint32_t list = in->imm; list; list &= list - 1, at += 4) {
		unsigned int reg = (unsigned int)__builtin_ctz(list);

		val = ir_add(t->u, (struct ir_op){ .op = IR_HLOAD,
						   .type = IR_I32,
						   .size = 4,
						   .a = host,
						   .imm = at });
		if (reg == 15)
			trans_leave(t, val);
		else if (is_banked(in, reg))
			ir_set(t->u, IR_I32, user_reg(reg), val);
		else
			trans_set_reg(t, reg, val);
	}
	return true;
}

static bool STM(struct trans *t, const struct insn *in)
{
	ir_ref base = trans_reg(t, in, in->rn), host;
	unsigned int at = 0;

	if (in->s) {
		if (!t->privileged)
			return false;
		trans_handler_mode(t);
	}
	host = host_of(t, in, base, IR_WRITE);
	for (uint32_t list = in->imm; list; list &= list - 1, at += 4) {
		unsigned int reg = (unsigned int)__builtin_ctz(list);
		ir_ref val = is_banked(in, reg)
				     ? ir_get(t->u, IR_I32, user_reg(reg))
				     : trans_reg(t, in, reg);

		ir_add(t->u, (struct ir_op){ .op = IR_HSTORE,
					     .size = 4,
					     .a = host,
					     .b = val,
					     .imm = at });
	}
	if (in->w)
		trans_set_reg(t, in->rn, after_of(t, in, base));
	return true;
}

/* clang-format off */
#define BOTH(name) \
	{ exec_##name##_imm, name##_imm }, { exec_##name##_reg, name##_reg }

const struct trans_row trans_mem[] = {
	BOTH(LDR), BOTH(LDRB), BOTH(LDRH), BOTH(LDRSB), BOTH(LDRSH),
	BOTH(STR), BOTH(STRB), BOTH(STRH),
	BOTH(LDRT), BOTH(LDRBT), BOTH(LDRHT), BOTH(LDRSBT), BOTH(LDRSHT),
	BOTH(STRT), BOTH(STRBT), BOTH(STRHT),
	BOTH(LDRD), BOTH(STRD),
	{ exec_LDM, LDM }, { exec_STM, STM },
	{ NULL }
};
/* clang-format on */
