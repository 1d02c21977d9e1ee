/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "x64/x64.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "x64/gen.h"

struct x64 *x64_new(const struct x64_env *env, uint8_t *where)
{
	struct x64 *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->env = env;
	memset(x->pin_of, NO_PIN, sizeof(x->pin_of));
	for (unsigned int i = 0; i < env->layout->pinned_count; i++)
		x->pin_of[env->layout->pinned[i] >> 2] = x64_pinned[i];
	gen_shared(x, where);
	return x;
}

void x64_free(struct x64 *x)
{
	free(x);
}

static void begin(struct x64 *x, const struct x64_input *in, uint8_t *at,
		  size_t room, struct x64_output *out)
{
	static const struct gen_pending nothing = { GEN_NEVER, GEN_NEVER,
						    GEN_NEVER, GEN_NEVER };
	struct gen *g = &x->gen;

	emit_begin(&g->e, at, room);
	g->e.fix = g->fix;
	g->e.max_fixes = GEN_FIXES;
	g->x = x;
	g->env = x->env;
	g->u = in->unit;
	g->in = in;
	g->out = out;
	g->insn = 0;
	g->failed = false;
	g->seed = in->seed;
	g->locked = g->locked_x = 0;
	memset(g->owner, 0xff, sizeof(g->owner));
	memset(g->pin_head, 0xff, sizeof(g->pin_head));
	memset(g->pin_uses, 0, sizeof(g->pin_uses));
	memset(g->x_head, 0xff, sizeof(g->x_head));
	memset(g->cached, 0, sizeof(g->cached));
	memset(g->attention_from, 0, sizeof(g->attention_from));
	g->clock = g->cache_ids = 0;
	g->frame = 0;
	g->in_states = 0;
	g->ef.val = g->carry = IR_NO_REF;
	g->pending = nothing;
	g->flag_words = 0;
	g->fall = g->falls = 0;
	g->dirty = 0;
	g->dirty_used = 0;
	g->dirty_listed = false;
	g->stubs = g->pooled = 0;
}

static void lower(struct gen *g)
{
	const struct ir_op *op = gen_op(g);

	switch (op->op) {
	case IR_CONST:
		g->val[g->at].base = BASE_CONST;
		break;
	case IR_GET:
	case IR_SET:
		gen_state(g);
		break;
	case IR_ADD ... IR_CONCAT:
	case IR_SELECT:
		gen_int(g);
		break;
	case IR_FLAGS_ADD ... IR_FLAGS_AND:
		gen_flags(g);
		break;
	case IR_GETF:
		break;
	case IR_SETF:
		gen_setf(g);
		break;
	case IR_SETC:
		gen_setc(g);
		break;
	case IR_COND:
		gen_cond(g);
		break;
	case IR_LOAD:
	case IR_STORE:
	case IR_HOST:
	case IR_WINDOW:
	case IR_HLOAD:
	case IR_HINDEX:
	case IR_HSTORE:
	case IR_SWAP_IF:
	case IR_FENCE:
		gen_memory(g);
		break;
	case IR_INSN ... IR_EXIT_NEXT:
		gen_control(g);
		break;
	default:
		gen_vector(g);
	}
}

/* As count_args() of analyse.c counted them. */
static void release_args(struct gen *g)
{
	const struct ir_op *op = gen_op(g);
	const ir_ref arg[] = { op->a, op->b, op->c };
	unsigned int args = ir_info[op->op].args;

	switch (op->op) {
	case IR_SETF:
	case IR_SETC:
		if (!g->now[g->at] || g->val[g->at].twin != IR_NO_REF)
			return;
		break;
	case IR_END_SKIP:
		if (g->val[g->at].twin != IR_NO_REF)
			gen_release(g, g->u->op[g->val[g->at].twin].a);
		return;
	case IR_COND:
	case IR_SKIP_UNLESS:
	case IR_EXIT_IF:
	case IR_EXIT_UNLESS:
	case IR_SELECT:
		args--;
		if (g->flags_of[g->at] != IR_NO_REF)
			gen_release(g, g->flags_of[g->at]);
		break;
	default:
		break;
	}
	for (unsigned int i = 0; i < args; i++)
		gen_release(g, arg[i]);
}

/* A result that nobody wants: loads are done for their faults. */
static void drop_result(struct gen *g)
{
	struct gen_value *v = &g->val[g->at];

	if (v->uses || v->reg == NO_REG || v->base == BASE_PIN)
		return;
	v->uses = 1;
	gen_release(g, g->at);
}

static bool is_wanted(const struct gen *g)
{
	const struct ir_info *info = &ir_info[gen_op(g)->op];

	return info->effects & ~(IR_READS_STATE | IR_READS_FLAGS) ||
	       info->result == IR_NONE || g->val[g->at].uses;
}

int x64_translate(struct x64 *x, const struct x64_input *in, uint8_t *at,
		  size_t room, struct x64_output *out)
{
	struct gen *g = &x->gen;

	if (in->unit->overflow)
		return -E2BIG;
	begin(x, in, at, room, out);
	gen_analyse(g);
	gen_loop_begin(g);
	for (g->at = 0; g->at < g->u->count && !g->failed; g->at++) {
		if (!is_wanted(g))
			continue;
		lower(g);
		gen_unlock(g);
		release_args(g);
		drop_result(g);
	}
	out->cold = g->e.p - g->e.begin;
	out->insn[g->u->insns] = out->cold;
	if (!g->failed)
		gen_stubs(g);
	gen_pool_end(g);
	if (g->failed)
		return -E2BIG;
	if (g->e.full)
		return -ENOSPC;
	out->size = g->e.p - g->e.begin;
	return 0;
}

uint64_t x64_enter(const struct x64 *x, void *state, const void *code)
{
	uint64_t (*enter)(void *state, const void *code);

	memcpy(&enter, &x->enter, sizeof(enter));
	return enter(state, code);
}

void x64_patch(uint8_t *site, const uint8_t *to)
{
	/* the four bytes lie within an aligned eight: gen_exit() */
	__atomic_store_n((int32_t *)(void *)site, (int32_t)(to - (site + 4)),
			 __ATOMIC_RELEASE);
}

void x64_patch_entry(uint8_t *site, const uint8_t *to)
{
	__atomic_store_n((const uint8_t **)(void *)site, to, __ATOMIC_RELEASE);
}

bool x64_host_v2(void)
{
	return __builtin_cpu_supports("sse4.2") &&
	       __builtin_cpu_supports("popcnt") &&
	       __builtin_cpu_supports("ssse3");
}

bool x64_host_v3(void)
{
	return x64_host_v2() && __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
}
