/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code that all units share: in, out, calls of C, the jump cache.
 */
#include "x64/gen.h"

const uint8_t x64_pinned[X64_PINNED] = { RBX, RSI, RDI, R8,  R9,
					 R10, R11, R12, R13, R14 };

static const uint8_t saved[] = { RBX, RBP, R12, R13, R14, R15 };

enum {
	SAVED = sizeof(saved),
	/* with six registers and the return address this keeps rsp aligned */
	FRAME = X64_FRAME + 8,
};

static struct host_mem state(unsigned int offset)
{
	return mem_at(RBP, offset);
}

static void load_pinned(struct emit *e, const struct ir_layout *l)
{
	for (unsigned int i = 0; i < l->pinned_count; i++)
		emit_load(e, false, x64_pinned[i], state(l->pinned[i]));
}

static void store_pinned(struct emit *e, const struct ir_layout *l)
{
	for (unsigned int i = 0; i < l->pinned_count; i++)
		emit_store(e, false, state(l->pinned[i]), x64_pinned[i]);
}

static void call_c(struct emit *e, uintptr_t function)
{
	emit_mov_imm(e, RAX, function);
	emit_rr(e, 0xff, 2, RAX);
}

/* rdi: state, rsi: code */
static void enter(struct x64 *x, struct emit *e)
{
	x->enter = e->p;
	for (unsigned int i = 0; i < SAVED; i++)
		emit_push(e, saved[i]);
	emit_alu_imm(e, true, ALU_SUB, RSP, FRAME);
	emit_mov(e, true, RBP, RDI);
	emit_mov(e, true, RAX, RSI);
	emit_load(e, true, R15, state(x->env->view_r));
	load_pinned(e, x->env->layout);
	emit_rr(e, 0xff, 4, RAX); /* JMP */
}

static void work_out_if_lazy(struct x64 *x, struct emit *e)
{
	uint8_t *none;

	emit_alu_mem_imm(e, false, ALU_CMP, state(x->env->layout->lazy),
			 IR_LAZY_NONE);
	none = emit_jcc_short(e, CC_E);
	emit_call(e, x->work_out);
	emit_here(e, none);
}

/* rax: the token */
static void leave(struct x64 *x, struct emit *e)
{
	x->leave = e->p;
	work_out_if_lazy(x, e);
	store_pinned(e, x->env->layout);
	x->leave_saved = e->p;
	emit_alu_imm(e, true, ALU_ADD, RSP, FRAME);
	for (unsigned int i = SAVED; i-- > 0;)
		emit_pop(e, saved[i]);
	emit8(e, 0xc3); /* RET */
}

static void leave_with(struct emit *e, uint64_t token, const uint8_t *by)
{
	emit_mov_imm(e, RAX, token);
	emit_jmp(e, by);
}

/* rcx = the set of the jump cache for the PC in rax; rdx changes. */
static void find_set(const struct x64_env *env, struct emit *e)
{
	emit_mov(e, false, RCX, RAX);
	emit_shift_imm(e, false, SHIFT_SHR, RCX, 12);
	emit_alu(e, false, ALU_XOR, RCX, RAX);
	/* (x >> 2 & X64_JUMP_SETS - 1) sets of 32 bytes */
	emit_alu_imm(e, false, ALU_AND, RCX, (X64_JUMP_SETS - 1) << 2);
	emit_load(e, true, RDX, state(env->jumps));
	emit_lea(e, true, RCX, mem_index(RDX, RCX, 3, 0));
}

static void enter_entry(const struct x64_env *env, struct emit *e)
{
	emit_alu_imm(e, false, ALU_AND, RAX, ~0xfff);
	emit_store(e, false, state(env->page_va), RAX);
	emit_rm(e, 0xff, 4, mem_at(RCX, offsetof(struct x64_jump, code)));
}

/* The entries of the set at rcx change places. */
static void swap_entries(struct emit *e)
{
	for (unsigned int x = 0; x < 2; x++)
		emit_rm(e, X_0F | 0x10, x, mem_at(RCX, 16 * (int)x));
	for (unsigned int x = 0; x < 2; x++)
		emit_rm(e, X_0F | 0x11, x, mem_at(RCX, 16 - 16 * (int)x));
}

/* In line, for what is likely: each site is predicted by itself.  What is
 * different, or the second of its set, has another look in the shared code. */
void gen_exit_to(struct gen *g)
{
	const struct x64_env *env = g->env;
	struct emit *e = &g->e;
	uint8_t *miss[4];

	emit_alu_mem_imm(e, false, ALU_CMP, state(env->layout->attention), 0);
	miss[0] = emit_jcc_short(e, CC_NE);
	find_set(env, e);
	emit_alu_load(e, false, ALU_CMP, RAX,
		      mem_at(RCX, offsetof(struct x64_jump, key)));
	miss[1] = emit_jcc_short(e, CC_NE);
	emit_load(e, false, RDX, state(env->context + (g->in->upper ? 4 : 0)));
	emit_alu_load(e, false, ALU_CMP, RDX,
		      mem_at(RCX, offsetof(struct x64_jump, key) + 4));
	miss[2] = emit_jcc_short(e, CC_NE);
	emit_test_imm(e, false, RAX, 1);
	miss[3] = emit_jcc_short(e, g->in->thumb ? CC_E : CC_NE);
	enter_entry(env, e);
	for (unsigned int i = 0; i < 4; i++)
		emit_here(e, miss[i]);
	emit_jmp(e, g->x->exit_to);
}

/* rax: the PC, with T in bit 0; nothing in it above bit 31. */
static void look_up(struct x64 *x, struct emit *e, uint8_t *miss[2])
{
	const struct x64_env *env = x->env;
	uint8_t *found;

	emit_alu_mem_imm(e, false, ALU_CMP, state(env->layout->attention), 0);
	miss[0] = emit_jcc_short(e, CC_NE);
	find_set(env, e);
	emit_mov(e, false, RDX, RAX);
	emit_shift_imm(e, false, SHIFT_SHR, RDX, 31);
	emit_load(e, false, RDX, mem_index(RBP, RDX, 2, env->context));
	emit_shift_imm(e, true, SHIFT_SHL, RDX, 32);
	emit_alu(e, true, ALU_OR, RDX, RAX);
	emit_alu_load(e, true, ALU_CMP, RDX,
		      mem_at(RCX, offsetof(struct x64_jump, key)));
	found = emit_jcc_short(e, CC_E);
	emit_alu_load(e, true, ALU_CMP, RDX,
		      mem_at(RCX, 16 + offsetof(struct x64_jump, key)));
	miss[1] = emit_jcc_short(e, CC_NE);
	swap_entries(e);
	emit_here(e, found);
	emit_test_imm(e, false, RAX, 1);
	emit_setcc_mem(e, CC_NE, state(env->thumb));
	enter_entry(env, e);
}

static void exit_to(struct x64 *x, struct emit *e)
{
	uint8_t *miss[2];

	x->exit_to = e->p;
	look_up(x, e, miss);
	emit_here(e, miss[0]);
	emit_here(e, miss[1]);
	emit_store(e, false, state(x->env->pc_next), RAX);
	leave_with(e, X64_LEFT_TO, x->leave);
}

static void exit_next(struct x64 *x, struct emit *e)
{
	uint8_t *miss[2];

	x->exit_next = e->p;
	emit_load(e, false, RAX, state(x->env->pc_next));
	emit_extend_load(e, false, false, 1, RCX, state(x->env->thumb));
	emit_alu(e, false, ALU_OR, RAX, RCX);
	look_up(x, e, miss);
	emit_here(e, miss[0]);
	emit_here(e, miss[1]);
	leave_with(e, X64_LEFT_NEXT, x->leave);
}

/* Called with rax: the instruction. */
static void fall(struct x64 *x, struct emit *e)
{
	uint8_t *stopped;

	x->fall = e->p;
	work_out_if_lazy(x, e);
	store_pinned(e, x->env->layout);
	emit_mov(e, true, RDI, RBP);
	emit_mov(e, true, RSI, RAX);
	emit_alu_imm(e, true, ALU_SUB, RSP, 8);
	call_c(e, (uintptr_t)x->env->interpret);
	emit_alu_imm(e, true, ALU_ADD, RSP, 8);
	emit_test(e, true, RAX, RAX);
	stopped = emit_jcc_short(e, CC_NE);
	/* the instruction may have changed the context */
	emit_load(e, true, R15, state(x->env->view_r));
	load_pinned(e, x->env->layout);
	emit8(e, 0xc3); /* RET */
	emit_here(e, stopped);
	emit_alu_imm(e, true, ALU_ADD, RSP, 8);
	leave_with(e, X64_LEFT_STOPPED, x->leave_saved);
}

/* Jumped to with rax: the instruction. */
static void poll(struct x64 *x, struct emit *e)
{
	x->poll = e->p;
	work_out_if_lazy(x, e);
	store_pinned(e, x->env->layout);
	emit_mov(e, true, RDI, RBP);
	emit_mov(e, true, RSI, RAX);
	call_c(e, (uintptr_t)x->env->poll);
	leave_with(e, X64_LEFT_POLL, x->leave_saved);
}

/* Flags of eax op ecx to the state: all, or C and V. */
static void save(struct x64 *x, struct emit *e, bool sum, bool all)
{
	const struct ir_layout *l = x->env->layout;

	x->save[sum][all] = e->p;
	emit_alu(e, false, sum ? ALU_ADD : ALU_SUB, RAX, RCX);
	if (all) {
		emit_store(e, false, state(l->n), RAX);
		emit_store(e, false, state(l->z), RAX);
	}
	emit_setcc_mem(e, sum ? CC_B : CC_AE, state(l->c));
	emit_setcc(e, CC_O, RAX);
	emit_shift_imm(e, false, SHIFT_ROR, RAX, 1);
	emit_store(e, false, state(l->v), RAX);
	emit8(e, 0xc3); /* RET */
}

static void store_lazy(struct emit *e, const struct ir_layout *l,
		       unsigned int flag, unsigned int word, unsigned int reg)
{
	uint8_t *none;

	emit_alu_mem8_imm(e, ALU_CMP, state(l->lazy + __builtin_ctz(flag)),
			  IR_LAZY_NONE);
	none = emit_jcc_short(e, CC_E);
	emit_store(e, false, state(word), reg);
	emit_here(e, none);
}

/* edx = the operation that lazy flags are of: that of any byte. */
static void lazy_operation(struct emit *e, const struct ir_layout *l)
{
	emit_load(e, false, RDX, state(l->lazy));
	for (unsigned int shift = 16; shift >= 8; shift /= 2) {
		emit_mov(e, false, RCX, RDX);
		emit_shift_imm(e, false, SHIFT_SHR, RCX, shift);
		emit_alu(e, false, ALU_OR, RDX, RCX);
	}
	emit_extend(e, false, false, 1, RDX, RDX);
}

/* Called.  Flags that are lazy become words; all registers stay. */
static void work_out(struct x64 *x, struct emit *e)
{
	const struct ir_layout *l = x->env->layout;
	uint8_t *sum, *operands, *done;

	x->work_out = e->p;
	emit_push(e, RAX);
	emit_push(e, RCX);
	emit_push(e, RDX);
	lazy_operation(e, l);
	emit_load(e, false, RAX, state(l->lazy_a));
	emit_load(e, false, RCX, state(l->lazy_b));
	emit_alu_imm(e, false, ALU_CMP, RDX, IR_LAZY_ADD);
	sum = emit_jcc_short(e, CC_AE);
	emit_alu_imm(e, false, ALU_CMP, RDX, IR_LAZY_SUB);
	operands = emit_jcc_short(e, CC_E);
	emit_alu(e, false, ALU_ADD, RAX, RCX);
	emit_here(e, operands);
	emit_alu(e, false, ALU_SUB, RAX, RCX);
	emit_setcc(e, CC_AE, RDX);
	done = emit_jmp_short(e);
	emit_here(e, sum);
	operands = emit_jcc_short(e, CC_E);
	emit_alu(e, false, ALU_SUB, RAX, RCX);
	emit_here(e, operands);
	emit_alu(e, false, ALU_ADD, RAX, RCX);
	emit_setcc(e, CC_B, RDX);
	emit_here(e, done);
	emit_setcc(e, CC_O, RCX);
	emit_extend(e, false, false, 1, RCX, RCX);
	emit_shift_imm(e, false, SHIFT_ROR, RCX, 1);
	emit_extend(e, false, false, 1, RDX, RDX);
	store_lazy(e, l, IR_FLAG_N, l->n, RAX);
	store_lazy(e, l, IR_FLAG_Z, l->z, RAX);
	store_lazy(e, l, IR_FLAG_C, l->c, RDX);
	store_lazy(e, l, IR_FLAG_V, l->v, RCX);
	emit_store_imm(e, false, state(l->lazy), 0);
	emit_pop(e, RDX);
	emit_pop(e, RCX);
	emit_pop(e, RAX);
	emit8(e, 0xc3); /* RET */
}

size_t gen_shared(struct x64 *x, uint8_t *where)
{
	struct emit e;

	emit_begin(&e, where, X64_SHARED);
	for (unsigned int i = 0; i < 4; i++)
		save(x, &e, i & 1, i & 2);
	work_out(x, &e);
	enter(x, &e);
	leave(x, &e);
	exit_to(x, &e);
	exit_next(x, &e);
	fall(x, &e);
	poll(x, &e);
	return e.p - e.begin;
}
