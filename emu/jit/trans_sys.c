/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions that are hot, and those that do nothing (arm/exec_sys.c,
 * arm/exec_sync.c).
 *
 * Who unmasks interrupts while an input is active goes through the exec
 * function, which asks for attention.  An input that becomes active later asks
 * for it itself (cpu_set_line()).
 */
#include "arm/cp15.h"
#include "jit/trans.h"

enum {
	MASKS = CPSR_A | CPSR_I | CPSR_F,
	OPTION_STORES = 2, /* low bits of a barrier's: only stores wait */
};

static bool NOP(struct trans *t, const struct insn *in)
{
	(void)t;
	(void)in;
	return true;
}

/* Barriers: as exec_sync.c says. */

static void fence(struct trans *t)
{
	ir_add(t->u, (struct ir_op){ .op = IR_FENCE });
}

static bool DMB(struct trans *t, const struct insn *in)
{
	if ((in->x & 3) != OPTION_STORES)
		fence(t);
	return true;
}

static bool DSB(struct trans *t, const struct insn *in)
{
	(void)in;
	trans_fall_back_if(t, TRANS_GET(t, IR_I32, sync_pending));
	fence(t);
	return true;
}

/* What follows is fetched anew. */
static bool ISB(struct trans *t, const struct insn *in)
{
	bool thumb = in->flags & INSN_THUMB;

	trans_leave(t, trans_pc(t, in, in->len | thumb));
	return true;
}

/* Exclusives: the monitor is in the state (access.c). */

static ir_ref exclusive_at(struct trans *t, const struct insn *in)
{
	return trans_add(t, trans_reg(t, in, in->rn), in->imm);
}

static void set_monitor(struct trans *t, ir_ref va, unsigned int size,
			ir_ref val)
{
	TRANS_SET(t, IR_I64, ex_value, val);
	TRANS_SET(t, IR_I32, ex_va, va);
	TRANS_SET(t, IR_I32, ex_size, trans_const(t, size));
}

static bool load_exclusive(struct trans *t, const struct insn *in,
			   unsigned int size)
{
	ir_ref va = exclusive_at(t, in);
	ir_ref val = trans_load(t, IR_I32, va, size, IR_ALIGNED);

	set_monitor(t, va, size,
		    ir_add(t->u, (struct ir_op){ .op = IR_ZEXT,
						 .type = IR_I64,
						 .a = val,
						 .imm = 32 }));
	trans_set_reg(t, in->rt, val);
	return true;
}

static bool LDREX(struct trans *t, const struct insn *in)
{
	return load_exclusive(t, in, 4);
}

static bool LDREXB(struct trans *t, const struct insn *in)
{
	return load_exclusive(t, in, 1);
}

static bool LDREXH(struct trans *t, const struct insn *in)
{
	return load_exclusive(t, in, 2);
}

static bool LDREXD(struct trans *t, const struct insn *in)
{
	ir_ref va = trans_reg(t, in, in->rn);
	ir_ref val = trans_load(t, IR_I64, va, 8, IR_ALIGNED);

	set_monitor(t, va, 8, val);
	trans_set_reg(t, in->rt, ir_op1(t->u, IR_TRUNC, IR_I32, val));
	trans_set_reg(t, in->ra, ir_op1(t->u, IR_HIGH, IR_I32, val));
	return true;
}

/* One that cannot succeed is for the exec function. */
static bool store_exclusive(struct trans *t, const struct insn *in, ir_ref va,
			    unsigned int size, ir_ref val)
{
	enum ir_type type = size == 8 ? IR_I64 : IR_I32;
	ir_ref other = trans_op2(t, IR_XOR, TRANS_GET(t, IR_I32, ex_va), va);
	ir_ref host, failed;

	trans_fall_back_if(
		t, trans_op2(t, IR_OR, other,
			     trans_op2(t, IR_XOR, TRANS_GET(t, IR_I32, ex_size),
				       trans_const(t, size))));
	host = ir_add(t->u, (struct ir_op){ .op = IR_HOST,
					    .type = IR_PTR,
					    .size = (uint8_t)size,
					    .flags = IR_WRITE,
					    .a = va,
					    .imm = size });
	failed = ir_add(t->u, (struct ir_op){ .op = IR_SWAP_IF,
					      .type = IR_I32,
					      .size = (uint8_t)size,
					      .a = host,
					      .b = TRANS_GET(t, type, ex_value),
					      .c = val });
	TRANS_SET(t, IR_I32, ex_size, trans_const(t, 0));
	trans_set_reg(t, in->rd, failed);
	return true;
}

static bool STREX(struct trans *t, const struct insn *in)
{
	return store_exclusive(t, in, exclusive_at(t, in), 4,
			       trans_reg(t, in, in->rt));
}

static bool STREXB(struct trans *t, const struct insn *in)
{
	return store_exclusive(t, in, exclusive_at(t, in), 1,
			       trans_reg(t, in, in->rt));
}

static bool STREXH(struct trans *t, const struct insn *in)
{
	return store_exclusive(t, in, exclusive_at(t, in), 2,
			       trans_reg(t, in, in->rt));
}

static bool STREXD(struct trans *t, const struct insn *in)
{
	ir_ref val = ir_op2(t->u, IR_CONCAT, IR_I64, trans_reg(t, in, in->rt),
			    trans_reg(t, in, in->ra));

	return store_exclusive(t, in, trans_reg(t, in, in->rn), 8, val);
}

static bool CLREX(struct trans *t, const struct insn *in)
{
	(void)in;
	TRANS_SET(t, IR_I32, ex_size, trans_const(t, 0));
	return true;
}

/* Status registers */

static void set_masks(struct trans *t, ir_ref val, uint32_t which)
{
	ir_ref masks = TRANS_GET(t, IR_I32, masks);

	masks = trans_op2(t, IR_AND, masks, trans_const(t, MASKS & ~which));
	TRANS_SET(t, IR_I32, masks, trans_op2(t, IR_OR, masks, val));
}

/* x: bit 1, change the masks; bit 0, to 1. */
static bool CPS(struct trans *t, const struct insn *in)
{
	uint32_t which = in->imm << 6 & MASKS;

	if (!t->privileged)
		return true;
	if (in->w)
		return false;
	if (!(in->x & 2))
		return true;
	if (!(in->x & 1))
		trans_fall_back_if(t, TRANS_GET(t, IR_I32, lines));
	set_masks(t, trans_const(t, in->x & 1 ? which : 0), which);
	return true;
}

/* CPSR_c without another mode, as interrupts are switched back on. */
static bool write_cpsr(struct trans *t, const struct insn *in)
{
	ir_ref val = trans_reg(t, in, in->rn), mode;

	if (in->x != 1 || !t->privileged)
		return false;
	mode = trans_op2(t, IR_XOR, val, TRANS_GET(t, IR_I32, mode));
	mode = trans_op2(t, IR_AND, mode, trans_const(t, CPSR_M));
	trans_fall_back_if(
		t, trans_op2(t, IR_OR, mode, TRANS_GET(t, IR_I32, lines)));
	set_masks(t, trans_op2(t, IR_AND, val, trans_const(t, CPSR_I | CPSR_F)),
		  CPSR_I | CPSR_F);
	return true;
}

/* sum | what << to */
static ir_ref join(struct trans *t, ir_ref sum, ir_ref what, unsigned int to)
{
	what = trans_op2(t, IR_SHL, what, trans_const(t, to));
	return trans_op2(t, IR_OR, sum, what);
}

static ir_ref flag(struct trans *t, enum ir_cc cc)
{
	return ir_add(t->u, (struct ir_op){ .op = IR_COND,
					    .type = IR_I32,
					    .cc = (uint8_t)cc,
					    .a = trans_flags(t) });
}

/* SPSR: that of the mode, which is no part of a unit's key. */

static const struct bank {
	enum cpu_mode mode;
	enum cpu_bank bank;
} spsr_banks[] = { { MODE_SVC, BANK_SVC },
		   { MODE_ABT, BANK_ABT },
		   { MODE_UND, BANK_UND },
		   { MODE_IRQ, BANK_IRQ } };

enum {
	SPSR_BANKS = sizeof(spsr_banks) / sizeof(spsr_banks[0]),
};

static size_t spsr_of(const struct bank *bank)
{
	return offsetof(struct cpu, spsr) + 4 * bank->bank;
}

static ir_ref is_mode(struct trans *t, ir_ref mode, const struct bank *bank)
{
	return ir_op2(t->u, IR_FLAGS_SUB, IR_FLAGS, mode,
		      trans_const(t, bank->mode));
}

static bool read_spsr(struct trans *t, const struct insn *in)
{
	ir_ref mode, val;

	if (!t->privileged)
		return false;
	mode = trans_handler_mode(t);
	val = ir_get(t->u, IR_I32, spsr_of(&spsr_banks[0]));
	for (unsigned int i = 1; i < SPSR_BANKS; i++)
		val = trans_select(
			t, IR_EQ, is_mode(t, mode, &spsr_banks[i]),
			ir_get(t->u, IR_I32, spsr_of(&spsr_banks[i])), val);
	trans_set_reg(t, in->rd, val);
	return true;
}

/* What is not in SPSR_BITS is zero in each of them. */
static bool write_spsr(struct trans *t, const struct insn *in)
{
	ir_ref val = trans_reg(t, in, in->rn), mode;

	/* all of the fields, as Linux does it */
	if (!t->privileged || in->x != 15)
		return false;
	mode = trans_handler_mode(t);
	val = trans_op2(t, IR_AND, val, trans_const(t, (uint32_t)SPSR_BITS));
	for (unsigned int i = 0; i < SPSR_BANKS; i++) {
		size_t at = spsr_of(&spsr_banks[i]);

		ir_set(t->u, IR_I32, at,
		       trans_select(t, IR_EQ, is_mode(t, mode, &spsr_banks[i]),
				    val, ir_get(t->u, IR_I32, at)));
	}
	return true;
}

static bool MSR_reg(struct trans *t, const struct insn *in)
{
	return in->u ? write_spsr(t, in) : write_cpsr(t, in);
}

/* T, IT and J read as zero. */
static bool MRS(struct trans *t, const struct insn *in)
{
	ir_ref val;

	if (in->u)
		return read_spsr(t, in);
	trans_fall_back_if(t, TRANS_GET(t, IR_I32, big_endian));
	val = trans_op2(t, IR_OR, TRANS_GET(t, IR_I32, mode),
			TRANS_GET(t, IR_I32, masks));
	val = join(t, val, flag(t, IR_MI), 31);
	val = join(t, val, flag(t, IR_EQ), 30);
	val = join(t, val, flag(t, IR_CS), 29);
	val = join(t, val, flag(t, IR_VS), 28);
	val = join(t, val, TRANS_GET(t, IR_I32, qf), 27);
	val = join(t, val, TRANS_GET(t, IR_I32, ge), 16);
	trans_set_reg(t, in->rd, val);
	return true;
}

/* System registers that are words of the state and nothing else. */

static const struct cp15_reg *plain(const struct trans *t,
				    const struct insn *in, enum cp15_rights pl0,
				    enum cp15_rights pl1)
{
	const struct cp15_reg *reg = cp15_find((struct cp15_at){
		.cp = in->coproc,
		.crn = in->rn,
		.opc1 = in->opc1,
		.crm = in->rm,
		.opc2 = in->opc2,
	});

	if (!reg || !reg->offset || in->rt == 15 ||
	    !(reg->rights & (t->privileged ? pl1 : pl0)))
		return NULL;
	return reg;
}

static bool MRC(struct trans *t, const struct insn *in)
{
	const struct cp15_reg *reg = plain(t, in, CP15_PL0_READ, CP15_PL1_READ);

	if (!reg)
		return false;
	trans_set_reg(t, in->rt, ir_get(t->u, IR_I32, reg->offset));
	return true;
}

static bool MCR(struct trans *t, const struct insn *in)
{
	const struct cp15_reg *reg = plain(t, in, CP15_PL0_WRITE,
					   CP15_PL1_WRITE);
	ir_ref val = trans_reg(t, in, in->rt), old;

	if (!reg || reg->write)
		return false;
	old = trans_op2(t, IR_AND, ir_get(t->u, IR_I32, reg->offset),
			trans_const(t, ~reg->mask));
	val = trans_op2(t, IR_AND, val, trans_const(t, reg->mask));
	ir_set(t->u, IR_I32, reg->offset, trans_op2(t, IR_OR, old, val));
	return true;
}

/* clang-format off */
const struct trans_row trans_sys[] = {
	{ exec_NOP, NOP }, { exec_IT, NOP },
	{ exec_DMB, DMB }, { exec_DSB, DSB }, { exec_ISB, ISB },
	{ exec_LDREX, LDREX }, { exec_LDREXB, LDREXB },
	{ exec_LDREXH, LDREXH }, { exec_LDREXD, LDREXD },
	{ exec_STREX, STREX }, { exec_STREXB, STREXB },
	{ exec_STREXH, STREXH }, { exec_STREXD, STREXD },
	{ exec_CLREX, CLREX },
	{ exec_CPS, CPS }, { exec_MSR_reg, MSR_reg }, { exec_MRS, MRS },
	{ exec_MRC, MRC }, { exec_MCR, MCR },
	{ NULL }
};
/* clang-format on */
