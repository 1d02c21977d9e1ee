/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir/fold.h"
#include "ir/ir.h"

struct verifier {
	const struct ir_unit *u;
	unsigned int at;
	unsigned int insn_begin;  /* first operation of the instruction */
	unsigned int skip_begin;  /* first operation of the open skip, or 0 */
	unsigned int flags_since; /* last operation that wrote flags, or 0 */
	unsigned int fence;       /* no value before it lives any more */
	unsigned int call;        /* the last CALL: no WINDOW before it, too */
	bool changed;             /* this instruction has changed state, */
	bool fell;                /* may have fallen back, */
	bool skipped;             /* has had its END_SKIP */
	bool ended;
};

static bool is_int(enum ir_type type)
{
	return type == IR_I32 || type == IR_I64;
}

static const char *check_arg(const struct verifier *v, ir_ref ref)
{
	const struct ir_op *def;

	if (ref >= v->at)
		return "an argument is no earlier operation";
	def = &v->u->op[ref];
	if (ir_info[def->op].result == IR_NONE)
		return "an argument has no value";
	if (def->op == IR_CONST)
		return NULL;
	if (def->op == IR_WINDOW && def->flags & IR_KEEP)
		return ref < v->call ? "a WINDOW is used behind a CALL" : NULL;
	if (ref < v->fence)
		return "a value is used after a fall-back, CALL or END_SKIP "
		       "that it does not survive";
	if (def->op == IR_HOST && ref < v->insn_begin)
		return "a HOST value is used in another instruction";
	if (def->op == IR_GETF && v->flags_since > ref)
		return "GETF is used after the flags were written";
	return NULL;
}

static enum ir_type type_of(const struct verifier *v, ir_ref ref)
{
	return v->u->op[ref].type;
}

/* Integer operations whose arguments have the type of the result. */
static const char *check_int(const struct verifier *v, const struct ir_op *op)
{
	bool shift = op->op >= IR_SHL && op->op <= IR_ROR;

	if (!is_int(op->type))
		return "an integer operation on another type";
	if (type_of(v, op->a) != op->type)
		return "a is of another type than the result";
	if (ir_info[op->op].args > 1 &&
	    type_of(v, op->b) != (shift ? IR_I32 : op->type))
		return "b is of the wrong type";
	if (ir_info[op->op].args > 2 && type_of(v, op->c) != IR_I32)
		return "c is not I32";
	return NULL;
}

static const char *check_extend(const struct verifier *v,
				const struct ir_op *op)
{
	if (op->imm != 8 && op->imm != 16 && op->imm != 32)
		return "an extension from no width there is";
	if (!is_int(op->type) || !is_int(type_of(v, op->a)))
		return "an extension of no integer";
	return NULL;
}

static const char *check_halves(const struct verifier *v,
				const struct ir_op *op)
{
	if (op->op == IR_CONCAT)
		return type_of(v, op->a) == IR_I32 &&
				       type_of(v, op->b) == IR_I32
			       ? NULL
			       : "CONCAT of others than I32";
	return type_of(v, op->a) == IR_I64 ? NULL : "half of no I64";
}

static const char *check_flags(const struct verifier *v, const struct ir_op *op)
{
	enum ir_type type = type_of(v, op->a);

	if (!is_int(type))
		return "flags of no integer";
	if (ir_info[op->op].args > 1 && type_of(v, op->b) != type)
		return "flags of two types";
	if (ir_info[op->op].args > 2 && type_of(v, op->c) != IR_I32)
		return "c is not I32";
	return NULL;
}

static const char *check_condition(const struct verifier *v,
				   const struct ir_op *op)
{
	const struct ir_op *flags =
		&v->u->op[op->op == IR_SELECT ? op->c : op->a];

	if (flags->type != IR_FLAGS)
		return "a condition of no flags";
	if (op->cc > IR_LE)
		return "no condition";
	if ((flags->op == IR_FLAGS_NZ || flags->op == IR_FLAGS_AND) &&
	    ir_cc_flags(op->cc) & (IR_FLAG_C | IR_FLAG_V))
		return "a condition asks for C or V of flags without them";
	if (op->op == IR_SELECT &&
	    (type_of(v, op->a) != op->type || type_of(v, op->b) != op->type))
		return "SELECT of other types";
	return NULL;
}

static const char *check_memory(const struct verifier *v,
				const struct ir_op *op)
{
	bool host = op->op >= IR_HLOAD && op->op <= IR_HSTORE;
	enum ir_type type = op->type;

	if (type_of(v, op->a) != (host ? IR_PTR : IR_I32))
		return "an address of the wrong type";
	if (op->size != 1 && op->size != 2 && op->size != 4 && op->size != 8 &&
	    op->size != 16)
		return "an access of no size there is";
	if (op->op == IR_HOST)
		return NULL;
	if (op->op == IR_WINDOW)
		return op->imm >> 32 < v->u->exits ? NULL : "no such exit";
	if (op->op == IR_HINDEX && (type_of(v, op->b) != IR_I32 || op->sub > 3))
		return "no index";
	if (op->op == IR_STORE || op->op == IR_HSTORE)
		type = type_of(v, op->b);
	switch (type) {
	case IR_I32:
	case IR_F32:
		return op->size <= 4 ? NULL : "an access wider than its value";
	case IR_I64:
	case IR_F64:
	case IR_V64:
		return op->size <= 8 ? NULL : "an access wider than its value";
	case IR_V128:
		return NULL;
	default:
		return "an access of no value";
	}
}

static const char *check_swap(const struct verifier *v, const struct ir_op *op)
{
	enum ir_type type = op->size == 8 ? IR_I64 : IR_I32;

	if (type_of(v, op->a) != IR_PTR)
		return "SWAP_IF at no host address";
	if (op->size != 1 && op->size != 2 && op->size != 4 && op->size != 8)
		return "SWAP_IF of no size there is";
	if (type_of(v, op->b) != type || type_of(v, op->c) != type)
		return "SWAP_IF of values of the wrong type";
	return NULL;
}

static const char *check_state(const struct verifier *v, const struct ir_op *op)
{
	const struct ir_layout *l = v->u->layout;

	if (op->imm & 3 || op->imm > UINT16_MAX)
		return "an offset that no word has";
	if (op->op == IR_SET && type_of(v, op->a) != op->type)
		return "SET of another type";
	for (unsigned int i = 0; i < l->pinned_count; i++)
		if (op->imm < l->pinned[i] + 4u &&
		    op->imm + (op->type == IR_V128                        ? 16
			       : op->type == IR_I32 || op->type == IR_F32 ? 4
									  : 8) >
			    l->pinned[i] &&
		    (op->imm != l->pinned[i] || op->type != IR_I32))
			return "part of a pinned word, or more than it";
	return NULL;
}

static const char *check_control(struct verifier *v, const struct ir_op *op)
{
	switch (op->op) {
	case IR_INSN:
		if (v->skip_begin)
			return "INSN inside of a skip";
		if (op->imm >= v->u->insns || op->imm >= IR_MAX_INSNS)
			return "no such instruction";
		return NULL;
	case IR_CALL:
		return op->imm < v->u->insns ? NULL : "no such instruction";
	case IR_SKIP_UNLESS:
		return v->skip_begin ? "a skip inside of a skip" : NULL;
	case IR_END_SKIP:
		return v->skip_begin ? NULL : "END_SKIP without SKIP_UNLESS";
	case IR_EXIT:
	case IR_EXIT_IF:
	case IR_EXIT_UNLESS:
		return op->imm < v->u->exits ? NULL : "no such exit";
	case IR_EXIT_AMONG:
		if (!op->size || op->imm + op->size > v->u->exits)
			return "no such exit";
		return type_of(v, op->a) == IR_I32 ? NULL : "a is not I32";
	case IR_EXIT_TO:
	case IR_FALL_BACK_IF:
		return type_of(v, op->a) == IR_I32 ? NULL : "a is not I32";
	default:
		return NULL;
	}
}

static const char *check_types(struct verifier *v, const struct ir_op *op)
{
	switch (op->op) {
	case IR_GET:
	case IR_SET:
		return check_state(v, op);
	case IR_ADD ... IR_SDIV:
		return check_int(v, op);
	case IR_SEXT:
	case IR_ZEXT:
		return check_extend(v, op);
	case IR_TRUNC:
	case IR_HIGH:
	case IR_CONCAT:
		return check_halves(v, op);
	case IR_FLAGS_ADD ... IR_FLAGS_AND:
		return check_flags(v, op);
	case IR_SETF:
		return type_of(v, op->a) == IR_FLAGS ? NULL
						     : "SETF of no flags";
	case IR_SETC:
		return type_of(v, op->a) == IR_I32 ? NULL : "SETC of no I32";
	case IR_LOAD:
	case IR_STORE:
	case IR_HOST:
	case IR_WINDOW:
	case IR_HLOAD:
	case IR_HINDEX:
	case IR_HSTORE:
		return check_memory(v, op);
	case IR_SWAP_IF:
		return check_swap(v, op);
	default:
		break;
	}
	return check_control(v, op);
}

static const char *check_op(struct verifier *v, const struct ir_op *op)
{
	const ir_ref arg[] = { op->a, op->b, op->c };
	unsigned int effects = ir_info[op->op].effects;
	const char *bad = NULL;

	if (v->ended && (!v->skip_begin || op->op != IR_END_SKIP))
		return "an operation after the end";
	for (unsigned int n = 0; n < ir_info[op->op].args && !bad; n++)
		bad = check_arg(v, arg[n]);
	if (bad)
		return bad;
	if (op->op == IR_COND || op->op == IR_SELECT ||
	    op->op == IR_SKIP_UNLESS || op->op == IR_EXIT_IF ||
	    op->op == IR_EXIT_UNLESS)
		bad = check_condition(v, op);
	if (!bad)
		bad = check_types(v, op);
	if (bad)
		return bad;
	if (effects & IR_FALLS_BACK && v->changed)
		return "a fall-back after the instruction has changed state";
	if (effects & IR_FALLS_BACK && v->skipped)
		return "a fall-back after END_SKIP";
	if (op->op == IR_WINDOW && (v->changed || v->skip_begin))
		return "a WINDOW that is not at an instruction's begin";
	return NULL;
}

static void begin_insn(struct verifier *v)
{
	v->insn_begin = v->at;
	v->changed = v->skipped = false;
}

/* What op changes for those that follow. */
static void pass(struct verifier *v, const struct ir_op *op)
{
	unsigned int effects = ir_info[op->op].effects;

	if (effects & IR_BOUNDARY) {
		if (v->fell || op->op != IR_INSN)
			v->fence = v->at + 1;
		v->fell = false;
	}
	if (op->op == IR_INSN)
		begin_insn(v);
	if (op->op == IR_CALL)
		v->call = v->at;
	if (op->op == IR_SKIP_UNLESS)
		v->skip_begin = v->at;
	if (op->op == IR_END_SKIP) {
		v->skip_begin = 0;
		v->skipped = true;
	}
	if (effects & IR_FALLS_BACK)
		v->fell = true;
	if (effects & (IR_WRITES_STATE | IR_WRITES_FLAGS | IR_ALL_STATE))
		v->changed = true;
	if (effects & (IR_WRITES_FLAGS | IR_ALL_STATE))
		v->flags_since = v->at;
	v->ended = effects & IR_LAST;
}

const char *ir_verify(const struct ir_unit *u, unsigned int *ret_at)
{
	struct verifier v = { .u = u };
	const char *bad;

	*ret_at = 0;
	if (u->overflow)
		return "it did not fit";
	if (!u->count || u->op[0].op != IR_INSN)
		return "it does not begin with INSN";
	for (v.at = 0; v.at < u->count; v.at++) {
		const struct ir_op *op = &u->op[v.at];

		*ret_at = v.at;
		if (op->op >= IR_OPS)
			return "no such operation";
		bad = check_op(&v, op);
		if (bad)
			return bad;
		pass(&v, op);
	}
	if (!v.ended)
		return "it has no end";
	return v.skip_begin ? "a skip without END_SKIP" : NULL;
}
