/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/fold.h"

static unsigned int width(enum ir_type type)
{
	return type == IR_I64 ? 64 : 32;
}

static uint64_t mask(enum ir_type type, uint64_t val)
{
	return type == IR_I64 ? val : (uint32_t)val;
}

static int64_t sign(enum ir_type type, uint64_t val)
{
	return type == IR_I64 ? (int64_t)val : (int32_t)val;
}

bool ir_can_eval(enum ir_opcode op)
{
	return op == IR_CONST || (op >= IR_ADD && op <= IR_CONCAT);
}

static uint64_t shift(enum ir_opcode op, enum ir_type type, uint64_t a,
		      unsigned int n)
{
	n &= width(type) - 1;
	switch (op) {
	case IR_SHL:
		return a << n;
	case IR_SHR:
		return a >> n;
	case IR_SAR:
		return (uint64_t)(sign(type, a) >> n);
	default:
		return n ? a >> n | a << (width(type) - n) : a;
	}
}

static uint64_t divide(enum ir_opcode op, enum ir_type type, uint64_t a,
		       uint64_t b)
{
	if (!b)
		return 0;
	if (op == IR_UDIV)
		return a / b;
	if (sign(type, b) == -1)
		return -a;
	return (uint64_t)(sign(type, a) / sign(type, b));
}

static uint64_t bswap16(uint64_t a)
{
	uint64_t low = UINT64_C(0x00ff00ff00ff00ff);

	return (a >> 8 & low) | (a & low) << 8;
}

static uint64_t clz(enum ir_type type, uint64_t a)
{
	if (!a)
		return width(type);
	return __builtin_clzll(a) - (64 - width(type));
}

static uint64_t extend(enum ir_opcode op, uint64_t a, unsigned int from)
{
	a <<= 64 - from;
	return op == IR_SEXT ? (uint64_t)((int64_t)a >> (64 - from))
			     : a >> (64 - from);
}

static uint64_t eval(enum ir_opcode op, enum ir_type type, uint64_t a,
		     uint64_t b, uint64_t c, uint64_t imm)
{
	switch (op) {
	case IR_CONST:
		return imm;
	case IR_ADD:
		return a + b;
	case IR_SUB:
		return a - b;
	case IR_ADC:
		return a + b + c;
	case IR_SBC:
		return a - b - !c;
	case IR_MUL:
		return a * b;
	case IR_AND:
		return a & b;
	case IR_OR:
		return a | b;
	case IR_XOR:
		return a ^ b;
	case IR_NOT:
		return ~a;
	case IR_NEG:
		return -a;
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_ROR:
		return shift(op, type, a, b);
	case IR_CLZ:
		return clz(type, a);
	case IR_BSWAP:
		return type == IR_I64 ? __builtin_bswap64(a)
				      : __builtin_bswap32(a);
	case IR_BSWAP16:
		return bswap16(a);
	case IR_UDIV:
	case IR_SDIV:
		return divide(op, type, a, b);
	case IR_SEXT:
	case IR_ZEXT:
		return extend(op, a, imm);
	case IR_TRUNC:
		return (uint32_t)a;
	case IR_HIGH:
		return a >> 32;
	case IR_CONCAT:
		return (uint32_t)a | b << 32;
	default:
		return 0;
	}
}

uint64_t ir_eval(enum ir_opcode op, enum ir_type type, uint64_t a, uint64_t b,
		 uint64_t c, uint64_t imm)
{
	return mask(type, eval(op, type, a, b, c, imm));
}

unsigned int ir_eval_flags(enum ir_opcode op, enum ir_type type, uint64_t a,
			   uint64_t b, uint64_t c)
{
	unsigned int top = width(type) - 1, carry = 0;
	uint64_t res;

	if (op == IR_FLAGS_SUB || op == IR_FLAGS_SBC)
		b = mask(type, ~b);
	switch (op) {
	case IR_FLAGS_SUB:
		carry = 1;
		break;
	case IR_FLAGS_ADC:
	case IR_FLAGS_SBC:
		carry = c & 1;
		break;
	case IR_FLAGS_AND:
		a &= b;
		b = 0;
		break;
	case IR_FLAGS_NZ:
		b = 0;
		break;
	default:
		break;
	}
	res = mask(type, a + b + carry);
	return (res >> top ? IR_FLAG_N : 0) | (res ? 0 : IR_FLAG_Z) |
	       (res < a || (carry && res == a) ? IR_FLAG_C : 0) |
	       ((~(a ^ b) & (a ^ res)) >> top & 1 ? IR_FLAG_V : 0);
}

unsigned int ir_cc_flags(enum ir_cc cc)
{
	switch (cc) {
	case IR_EQ:
	case IR_NE:
		return IR_FLAG_Z;
	case IR_CS:
	case IR_CC:
		return IR_FLAG_C;
	case IR_MI:
	case IR_PL:
		return IR_FLAG_N;
	case IR_VS:
	case IR_VC:
		return IR_FLAG_V;
	case IR_HI:
	case IR_LS:
		return IR_FLAG_C | IR_FLAG_Z;
	case IR_GE:
	case IR_LT:
		return IR_FLAG_N | IR_FLAG_V;
	default:
		return IR_FLAG_N | IR_FLAG_Z | IR_FLAG_V;
	}
}

bool ir_cc_holds(enum ir_cc cc, unsigned int flags)
{
	bool n = flags & IR_FLAG_N, z = flags & IR_FLAG_Z;
	bool c = flags & IR_FLAG_C, v = flags & IR_FLAG_V;
	bool holds;

	switch (cc & ~1u) {
	case IR_EQ:
		holds = z;
		break;
	case IR_CS:
		holds = c;
		break;
	case IR_MI:
		holds = n;
		break;
	case IR_VS:
		holds = v;
		break;
	case IR_HI:
		holds = c && !z;
		break;
	case IR_GE:
		holds = n == v;
		break;
	default:
		holds = n == v && !z;
		break;
	}
	return holds != (cc & 1);
}

/* Folding */

static bool is_const(const struct ir_unit *u, ir_ref ref, uint64_t *val)
{
	if (ref >= u->count || u->op[ref].op != IR_CONST)
		return false;
	*val = u->op[ref].imm;
	return true;
}

static void become_const(struct ir_op *op, uint64_t val)
{
	op->op = IR_CONST;
	op->a = op->b = op->c = IR_NO_REF;
	op->imm = val;
}

/* a op 0, a op -1, a op a and the like. */
static ir_ref identity(const struct ir_unit *u, struct ir_op *op)
{
	uint64_t b, ones = mask(op->type, ~UINT64_C(0));

	if (op->a == op->b) {
		if (op->op == IR_AND || op->op == IR_OR)
			return op->a;
		if (op->op == IR_SUB || op->op == IR_XOR)
			become_const(op, 0);
		return IR_NO_REF;
	}
	if (!is_const(u, op->b, &b))
		return IR_NO_REF;
	switch (op->op) {
	case IR_SHL:
	case IR_SHR:
	case IR_SAR:
	case IR_ROR:
		return b & (width(op->type) - 1) ? IR_NO_REF : op->a;
	case IR_ADD:
	case IR_SUB:
	case IR_OR:
	case IR_XOR:
		if (!b)
			return op->a;
		if (b == ones && op->op == IR_OR)
			become_const(op, ones);
		return IR_NO_REF;
	case IR_AND:
		if (b == ones)
			return op->a;
		if (!b)
			become_const(op, 0);
		return IR_NO_REF;
	case IR_MUL:
		if (b == 1)
			return op->a;
		if (!b)
			become_const(op, 0);
		return IR_NO_REF;
	default:
		return IR_NO_REF;
	}
}

static bool commutes(enum ir_opcode op)
{
	return op == IR_ADD || op == IR_AND || op == IR_OR || op == IR_XOR ||
	       op == IR_MUL || op == IR_FLAGS_ADD || op == IR_FLAGS_AND;
}

ir_ref ir_fold(const struct ir_unit *u, struct ir_op *op)
{
	uint64_t val[3] = { 0 };
	bool all;

	if (op->op == IR_SELECT && op->a == op->b)
		return op->a;
	if (commutes(op->op) && is_const(u, op->a, &val[0]) &&
	    !is_const(u, op->b, &val[1])) {
		ir_ref a = op->a;

		op->a = op->b;
		op->b = a;
	}
	if (!ir_can_eval(op->op) || op->op == IR_CONST)
		return IR_NO_REF;
	all = is_const(u, op->a, &val[0]);
	if (ir_info[op->op].args > 1)
		all = is_const(u, op->b, &val[1]) && all;
	if (ir_info[op->op].args > 2)
		all = is_const(u, op->c, &val[2]) && all;
	if (all) {
		become_const(op, ir_eval(op->op, op->type, val[0], val[1],
					 val[2], op->imm));
		return IR_NO_REF;
	}
	if (ir_info[op->op].args == 2 && op->op != IR_CONCAT)
		return identity(u, op);
	return IR_NO_REF;
}
