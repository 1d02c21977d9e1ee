/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir_random.h"

#include <stddef.h>

#include "ir_eval.h"

uint64_t ir_random_bits(struct ir_random *r)
{
	r->seed ^= r->seed << 13;
	r->seed ^= r->seed >> 7;
	r->seed ^= r->seed << 17;
	return r->seed * UINT64_C(0x2545f4914f6cdd1d);
}

unsigned int ir_random_below(struct ir_random *r, unsigned int n)
{
	return (ir_random_bits(r) >> 33) % n;
}

static bool maybe(struct ir_random *r)
{
	return ir_random_below(r, 2);
}

static ir_ref constant(struct ir_random *r, enum ir_type type)
{
	static const uint64_t edge[] = { 0,          1,      2,
					 0x7f,       0x80,   0xff,
					 0xffff,     0x1000, 0x7fffffff,
					 0x80000000, ~0ull,  1ull << 63 };
	uint64_t val = ir_random_bits(r);

	if (maybe(r))
		val = edge[ir_random_below(r, sizeof(edge) / sizeof(edge[0]))];
	return ir_const(r->u, type, val);
}

static unsigned int offset(struct ir_random *r, enum ir_type type)
{
	if (type == IR_I64)
		return offsetof(struct eval_state, wide) +
		       8 * ir_random_below(r, 4);
	return offsetof(struct eval_state, r) + 4 * ir_random_below(r, 16);
}

static ir_ref leaf(struct ir_random *r, enum ir_type type)
{
	if (!ir_random_below(r, 4))
		return constant(r, type);
	return ir_get(r->u, type, offset(r, type));
}

static ir_ref guest_flags(struct ir_random *r)
{
	return ir_add(r->u, (struct ir_op){ .op = IR_GETF });
}

static ir_ref value(struct ir_random *r, enum ir_type type, unsigned int depth);

/* Flags of something, and what they are of, if it is a value too. */
static ir_ref flags(struct ir_random *r, ir_ref *ret_val)
{
	enum ir_type type = ir_random_below(r, 8) ? IR_I32 : IR_I64;
	static const uint8_t with_value[][2] = {
		{ IR_ADD, IR_FLAGS_ADD }, { IR_SUB, IR_FLAGS_SUB },
		{ IR_AND, IR_FLAGS_AND }, { IR_ADD, IR_FLAGS_NZ },
		{ IR_XOR, IR_FLAGS_NZ },  { IR_ADC, IR_FLAGS_ADC },
		{ IR_SBC, IR_FLAGS_SBC }, { IR_SHL, IR_FLAGS_NZ },
	};
	unsigned int n = ir_random_below(r, 8);
	ir_ref a = value(r, type, 1), b = value(r, type, 1), c = IR_NO_REF;
	struct ir_op op = { .type = type, .a = a, .b = b };

	if (with_value[n][0] == IR_SHL)
		op.b = ir_const(r->u, IR_I32, ir_random_below(r, 32));
	if (with_value[n][0] == IR_ADC || with_value[n][0] == IR_SBC) {
		c = ir_add(r->u,
			   (struct ir_op){ .op = IR_COND,
					   .cc = ir_random_below(r, 3) ? IR_CS
								       : IR_HI,
					   .a = guest_flags(r) });
		op.c = c;
	}
	*ret_val = IR_NO_REF;
	if (ir_random_below(r, 4)) {
		op.op = with_value[n][0];
		*ret_val = ir_add(r->u, op);
	} else if (with_value[n][1] == IR_FLAGS_NZ) {
		*ret_val = a;
	}
	op.op = with_value[n][1];
	if (op.op == IR_FLAGS_NZ)
		op.a = *ret_val == IR_NO_REF ? a : *ret_val;
	return ir_add(r->u, op);
}

static enum ir_cc condition(struct ir_random *r, ir_ref f)
{
	enum ir_opcode op = r->u->op[f].op;

	if (op == IR_FLAGS_NZ || op == IR_FLAGS_AND)
		return maybe(r) ? IR_EQ + ir_random_below(r, 2)
				: IR_MI + ir_random_below(r, 2);
	return ir_random_below(r, 14);
}

static ir_ref some_flags(struct ir_random *r)
{
	ir_ref val;

	return ir_random_below(r, 4) ? guest_flags(r) : flags(r, &val);
}

static ir_ref value32(struct ir_random *r, unsigned int depth)
{
	static const uint8_t width[] = { 8, 16, 32 };
	unsigned int n = ir_random_below(r, 8);
	ir_ref f;

	switch (n) {
	case 0:
		return ir_add(
			r->u,
			(struct ir_op){ .op = maybe(r) ? IR_SEXT : IR_ZEXT,
					.type = IR_I32,
					.a = value(r, IR_I32, depth),
					.imm = width[ir_random_below(r, 3)] });
	case 1:
		return ir_op1(r->u, maybe(r) ? IR_TRUNC : IR_HIGH, IR_I32,
			      value(r, IR_I64, depth));
	case 2:
		f = some_flags(r);
		return ir_add(r->u, (struct ir_op){ .op = IR_COND,
						    .cc = condition(r, f),
						    .a = f });
	default:
		return value(r, IR_I32, depth);
	}
}

static ir_ref value64(struct ir_random *r, unsigned int depth)
{
	static const uint8_t width[] = { 8, 16, 32 };

	if (maybe(r))
		return ir_op2(r->u, IR_CONCAT, IR_I64, value(r, IR_I32, depth),
			      value(r, IR_I32, depth));
	return ir_add(r->u,
		      (struct ir_op){ .op = maybe(r) ? IR_SEXT : IR_ZEXT,
				      .type = IR_I64,
				      .a = value(r, IR_I32, depth),
				      .imm = width[ir_random_below(r, 3)] });
}

static ir_ref select_one(struct ir_random *r, enum ir_type type,
			 unsigned int depth)
{
	ir_ref a = value(r, type, depth), b = value(r, type, depth);
	ir_ref f = some_flags(r);

	return ir_add(r->u, (struct ir_op){ .op = IR_SELECT,
					    .type = type,
					    .cc = condition(r, f),
					    .a = a,
					    .b = b,
					    .c = f });
}

static ir_ref value(struct ir_random *r, enum ir_type type, unsigned int depth)
{
	static const uint8_t two[] = { IR_ADD, IR_SUB, IR_MUL,  IR_AND, IR_OR,
				       IR_XOR, IR_ADD, IR_UDIV, IR_SDIV };
	static const uint8_t one[] = { IR_NOT, IR_NEG, IR_CLZ, IR_BSWAP,
				       IR_BSWAP16 };
	enum ir_opcode op;
	ir_ref a, b;

	if (!depth || !ir_random_below(r, 3))
		return leaf(r, type);
	depth--;
	switch (ir_random_below(r, 8)) {
	case 0:
		a = value(r, type, depth);
		b = ir_random_below(r, 3)
			    ? ir_const(r->u, IR_I32, ir_random_below(r, 64))
			    : value(r, IR_I32, depth);
		op = IR_SHL + ir_random_below(r, 4);
		return ir_op2(r->u, op, type, a, b);
	case 1:
		op = one[ir_random_below(r, sizeof(one))];
		return ir_op1(r->u, op, type, value(r, type, depth));
	case 2:
		return type == IR_I32 ? value32(r, depth) : value64(r, depth);
	case 3:
		return select_one(r, type, depth);
	default:
		a = value(r, type, depth);
		b = value(r, type, depth);
		op = two[ir_random_below(r, sizeof(two))];
		return ir_op2(r->u, op, type, a, b);
	}
}

/* Instructions */

static void set(struct ir_random *r, enum ir_type type, ir_ref val)
{
	ir_set(r->u, type, offset(r, type), val);
}

static void setf(struct ir_random *r)
{
	ir_ref val, f = flags(r, &val), c = IR_NO_REF;
	enum ir_opcode op = r->u->op[f].op;
	unsigned int mask = IR_FLAG_NZCV;
	bool early = maybe(r);

	if (op == IR_FLAGS_NZ || op == IR_FLAGS_AND) {
		mask = IR_FLAG_NZ;
		if (maybe(r))
			c = ir_op2(r->u, IR_AND, IR_I32,
				   ir_op2(r->u, IR_SHR, IR_I32,
					  value(r, IR_I32, 0),
					  ir_const(r->u, IR_I32,
						   ir_random_below(r, 32))),
				   ir_const(r->u, IR_I32, 1));
	}
	if (val != IR_NO_REF && early)
		set(r, r->u->op[val].type, val);
	ir_add(r->u, (struct ir_op){ .op = IR_SETF, .a = f, .imm = mask });
	if (c != IR_NO_REF)
		ir_add(r->u, (struct ir_op){ .op = IR_SETC, .a = c });
	if (val != IR_NO_REF && !early && maybe(r))
		set(r, r->u->op[val].type, val);
}

static void compute(struct ir_random *r)
{
	enum ir_type type = ir_random_below(r, 5) ? IR_I32 : IR_I64;
	unsigned int sets = 1 + ir_random_below(r, 2);
	ir_ref val[2];

	for (unsigned int i = 0; i < sets; i++)
		val[i] = value(r, type, 3);
	for (unsigned int i = 0; i < sets; i++)
		set(r, type, val[i]);
	if (!ir_random_below(r, 3))
		setf(r);
}

/* 0 to 255, and perhaps shifted: IR_HINDEX can be made of it. */
static ir_ref small(struct ir_random *r)
{
	ir_ref val = ir_get(r->u, IR_I32, offset(r, IR_I32));

	val = ir_op2(r->u, IR_AND, IR_I32, val, ir_const(r->u, IR_I32, 0xff));
	return ir_op2(r->u, IR_SHL, IR_I32, val,
		      ir_const(r->u, IR_I32, ir_random_below(r, 5)));
}

static ir_ref address(struct ir_random *r)
{
	if (!ir_random_below(r, 4))
		return ir_op2(r->u, IR_ADD, IR_I32,
			      ir_get(r->u, IR_I32, offset(r, IR_I32)),
			      small(r));
	if (!ir_random_below(r, 8))
		return ir_const(r->u, IR_I32, ir_random_below(r, 0x5000));
	/* often the same few words, so that accesses can be joined */
	return ir_op2(r->u, IR_ADD, IR_I32,
		      ir_get(r->u, IR_I32,
			     maybe(r) ? offsetof(struct eval_state, r[3])
				      : offset(r, IR_I32)),
		      ir_const(r->u, IR_I32, ir_random_below(r, 64)));
}

static void load_store(struct ir_random *r)
{
	enum ir_type type = ir_random_below(r, 4) ? IR_I32 : IR_I64;
	unsigned int size = 1u << ir_random_below(r, type == IR_I32 ? 3 : 4);
	struct ir_op op = {
		.op = maybe(r) ? IR_LOAD : IR_STORE,
		.type = type,
		.size = size,
		.flags = ir_random_below(r, 4) ? 0 : IR_ALIGNED,
	};

	op.a = address(r);
	if (op.op == IR_STORE)
		op.b = value(r, type, 1);
	else if (maybe(r) && (size < 4 || type == IR_I64) && size < 8)
		op.flags |= IR_SIGNED;
	if (!ir_random_below(r, 8))
		ir_op1(r->u, IR_FALL_BACK_IF, IR_NONE,
		       ir_op2(r->u, IR_AND, IR_I32, value(r, IR_I32, 0),
			      ir_const(r->u, IR_I32, 3)));
	if (op.op == IR_LOAD)
		set(r, type, ir_add(r->u, op));
	else
		ir_add(r->u, op);
	if (maybe(r))
		set(r, IR_I32, value(r, IR_I32, 1));
}

static void several(struct ir_random *r)
{
	bool write = maybe(r);
	unsigned int n = 1 + ir_random_below(r, 4);
	ir_ref host = ir_add(r->u, (struct ir_op){
					   .op = IR_HOST,
					   .a = address(r),
					   .size = 4,
					   .imm = 4 * n,
					   .flags = write ? IR_WRITE : 0,
				   });
	ir_ref val[4];

	for (unsigned int i = 0; i < n; i++) {
		struct ir_op op = { .op = write ? IR_HSTORE : IR_HLOAD,
				    .type = IR_I32,
				    .a = host,
				    .size = 4,
				    .imm = 4 * i };

		if (write)
			op.b = leaf(r, IR_I32);
		val[i] = ir_add(r->u, op);
	}
	for (unsigned int i = 0; i < n && !write; i++)
		set(r, IR_I32, val[i]);
}

/* Against what is there, or most probably something else. */
static void swap_if(struct ir_random *r)
{
	unsigned int size = 1u << ir_random_below(r, 4);
	enum ir_type type = size == 8 ? IR_I64 : IR_I32;
	ir_ref host = ir_add(r->u, (struct ir_op){
					   .op = IR_HOST,
					   .type = IR_PTR,
					   .a = address(r),
					   .size = (uint8_t)size,
					   .imm = size,
					   .flags = IR_WRITE,
				   });
	struct ir_op op = { .op = IR_SWAP_IF,
			    .type = IR_I32,
			    .a = host,
			    .size = (uint8_t)size };

	if (maybe(r))
		op.b = ir_add(r->u, (struct ir_op){ .op = IR_HLOAD,
						    .type = (uint8_t)type,
						    .a = host,
						    .size = (uint8_t)size });
	else
		op.b = leaf(r, type);
	op.c = maybe(r) ? leaf(r, type) : op.b;
	set(r, IR_I32, ir_add(r->u, op));
	if (maybe(r))
		ir_add(r->u, (struct ir_op){ .op = IR_FENCE });
}

static void body(struct ir_random *r)
{
	switch (ir_random_below(r, 7)) {
	case 0:
		load_store(r);
		break;
	case 1:
		several(r);
		break;
	case 2:
		setf(r);
		break;
	case 3:
		swap_if(r);
		break;
	default:
		compute(r);
	}
}

static void add_exit(struct ir_random *r)
{
	r->u->exit[r->u->exits] = (struct ir_exit){
		.target = r->u->exits,
		.back = !ir_random_below(r, 4),
	};
	r->u->exit_flags[r->u->exits++] = ir_random_below(r, 3)
						  ? ir_random_below(r, 16)
						  : 0;
}

/* By one of two or four exits that do not go back. */
static void leave_among(struct ir_random *r)
{
	unsigned int size = ir_random_below(r, 2) ? 2 : 4;
	struct ir_op op = { .op = IR_EXIT_AMONG,
			    .size = (uint8_t)size,
			    .imm = r->u->exits };

	op.a = ir_op2(r->u, IR_AND, IR_I32, value(r, IR_I32, 1),
		      ir_const(r->u, IR_I32, size - 1));
	ir_add(r->u, op);
	while (size--) {
		add_exit(r);
		r->u->exit[r->u->exits - 1].back = false;
		r->u->exit_flags[r->u->exits - 1] = IR_FLAG_NZCV;
	}
}

static void leave(struct ir_random *r)
{
	switch (ir_random_below(r, 5)) {
	case 4:
		leave_among(r);
		break;
	case 0:
		ir_op1(r->u, IR_EXIT_TO, IR_NONE, value(r, IR_I32, 1));
		break;
	case 1:
		ir_add(r->u, (struct ir_op){ .op = IR_EXIT_NEXT });
		break;
	default:
		ir_add(r->u,
		       (struct ir_op){ .op = IR_EXIT, .imm = r->u->exits });
		add_exit(r);
	}
}

/* As CMP. */
static void compare(struct ir_random *r)
{
	ir_ref a = leaf(r, IR_I32), b = leaf(r, IR_I32);

	ir_add(r->u,
	       (struct ir_op){ .op = IR_SETF,
			       .a = ir_op2(r->u, IR_FLAGS_SUB, IR_FLAGS, a, b),
			       .imm = IR_FLAG_NZCV });
}

static void conditional(struct ir_random *r)
{
	ir_ref f = guest_flags(r);

	ir_add(r->u, (struct ir_op){ .op = IR_SKIP_UNLESS,
				     .a = f,
				     .cc = ir_random_below(r, 14) });
	switch (ir_random_below(r, 8)) {
	case 0:
		leave(r);
		break;
	case 1:
		ir_add(r->u, (struct ir_op){ .op = IR_LOAD,
					     .type = IR_I32,
					     .size = 4,
					     .a = address(r) });
		ir_op1(r->u, IR_EXIT_TO, IR_NONE, leaf(r, IR_I32));
		break;
	case 2:
		ir_add(r->u,
		       (struct ir_op){ .op = IR_CALL, .imm = r->u->insns - 1 });
		break;
	case 3:
	case 4:
		compare(r);
		break;
	default:
		body(r);
	}
	ir_add(r->u, (struct ir_op){ .op = IR_END_SKIP });
}

static void insn(struct ir_random *r, unsigned int n)
{
	ir_ref f;

	ir_add(r->u, (struct ir_op){ .op = IR_INSN, .imm = n });
	switch (ir_random_below(r, 20)) {
	case 0:
		ir_add(r->u, (struct ir_op){ .op = IR_CALL, .imm = n });
		break;
	case 1:
		ir_add(r->u, (struct ir_op){ .op = IR_POLL });
		body(r);
		break;
	case 2:
	case 3:
		f = some_flags(r);
		ir_add(r->u, (struct ir_op){ .op = maybe(r) ? IR_EXIT_IF
							    : IR_EXIT_UNLESS,
					     .a = f,
					     .cc = condition(r, f),
					     .imm = r->u->exits });
		add_exit(r);
		break;
	case 4:
	case 5:
	case 6:
		conditional(r);
		break;
	case 7:
	case 8:
		compare(r);
		break;
	default:
		body(r);
	}
}

void ir_random_unit(struct ir_random *r)
{
	unsigned int n = 1 + ir_random_below(r, 12);

	ir_begin(r->u, &eval_layout);
	for (unsigned int i = 0; i < n; i++)
		insn(r, i);
	ir_add(r->u, (struct ir_op){ .op = IR_INSN, .imm = n });
	leave(r);
}
