/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random units of IR, evaluated in C (ir_eval.c) and run as host code: plain
 * and optimized, with accesses joined and not, with the registers assigned as
 * usual and at random, for both levels of host.  Every second page of the
 * guest's memory has no entry in the views, so that fall-backs happen
 * everywhere.
 *
 *	test_x64 [units [seed]]
 */
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "ir/join.h"
#include "ir_eval.h"
#include "ir_random.h"
#include "test.h"

enum {
	PAGES = 0x20, /* of the guest that have entries, but for every third */
	CODE = 1 << 20,
	VIEW = 1 << 20, /* entries */
	TOKEN = 0x1000,
	FIRST = 0x4000, /* where units begin in the code */
};

static uint8_t *code;
static int64_t *view;
static struct x64_jump jumps[X64_JUMPS];
static uint8_t memory[2][EVAL_MEMORY] __attribute__((aligned(0x1000)));
static struct ir_unit built, unit;
static unsigned long windows, windows_left;

static uint64_t interpret(void *state, const void *insn)
{
	struct eval_state *s = state;
	unsigned int n = (unsigned int)(uintptr_t)insn - 1;
	const struct ir_unit *u = s->unit;

	/* a CALL, or the whole instruction */
	for (unsigned int i = 0; i < u->count; i++)
		if (u->op[i].op == IR_CALL && u->op[i].imm == n) {
			eval_call(s, n);
			return 0;
		}
	eval_insn(s, n);
	return 0;
}

static void poll(void *state, const void *insn)
{
	(void)state;
	(void)insn;
}

static struct x64_env env[2];
static struct x64 *x64[2];

static void set_up(void)
{
	for (unsigned int v3 = 0; v3 < 2; v3++) {
		env[v3] = (struct x64_env){
			.layout = &eval_layout,
			.pc_next = offsetof(struct eval_state, pc_next),
			.thumb = offsetof(struct eval_state, thumb),
			.page_va = offsetof(struct eval_state, page_va),
			.view_r = offsetof(struct eval_state, view_r),
			.jumps = offsetof(struct eval_state, jumps),
			.context = offsetof(struct eval_state, context),
			.view_w_offset = VIEW * 8,
			.v3 = v3,
			.interpret = interpret,
			.poll = poll,
		};
		x64[v3] = x64_new(&env[v3], code + v3 * X64_SHARED);
	}
}

static void fill(struct ir_random *r, struct eval_state *s)
{
	memset(s, 0, sizeof(*s));
	for (unsigned int i = 0; i < 16; i++)
		s->r[i] = ir_random_bits(r) &
			  (ir_random_below(r, 2) ? 0x1ffff : ~0u);
	for (unsigned int i = 0; i < 4; i++)
		s->wide[i] = ir_random_bits(r);
	s->n = (uint32_t)ir_random_bits(r) & 0x80000000;
	s->v = (uint32_t)ir_random_bits(r) & 0x80000000;
	s->z = ir_random_below(r, 2);
	s->c = ir_random_below(r, 2);
	s->attention = !ir_random_below(r, 8);
	s->pc_next = 0x4000;
	s->context[0] = s->context[1] = 1;
	s->view_r = view;
	s->jumps = jumps;
	s->unit = &built;
	for (unsigned int i = 0; i < EVAL_MEMORY; i++)
		memory[0][i] = ir_random_bits(r) & 0xff;
	memcpy(memory[1], memory[0], sizeof(memory[0]));
}

static unsigned int flags_of(const struct eval_state *s)
{
	return (s->n >> 31 ? IR_FLAG_N : 0) | (s->z ? 0 : IR_FLAG_Z) |
	       (s->c ? IR_FLAG_C : 0) | (s->v >> 31 ? IR_FLAG_V : 0);
}

static bool same_end(const struct eval_result *want, uint64_t token,
		     const struct eval_state *s, const struct eval_state *t)
{
	switch (want->end) {
	case EVAL_EXIT:
		return token == TOKEN + 8 * want->exit;
	case EVAL_TO:
		return (token == X64_LEFT_TO || token == X64_LEFT_NEXT) &&
		       (t->pc_next | t->thumb) == (s->pc_next | s->thumb);
	case EVAL_POLL:
		return token == X64_LEFT_POLL;
	default:
		return false;
	}
}

static bool same_state(const struct eval_result *want,
		       const struct eval_state *s, const struct eval_state *t)
{
	unsigned int mask = want->end == EVAL_EXIT
				    ? built.exit_flags[want->exit]
				    : IR_FLAG_NZCV;

	return !memcmp(s->r, t->r, sizeof(s->r)) &&
	       !memcmp(s->wide, t->wide, sizeof(s->wide)) &&
	       !((flags_of(s) ^ flags_of(t)) & mask) && t->c <= 1 &&
	       t->lazy == IR_LAZY_NONE &&
	       !memcmp(memory[0], memory[1], EVAL_MEMORY);
}

static void explain(const char *how, const struct eval_state *s,
		    const struct eval_state *t, uint64_t token)
{
	for (unsigned int i = 0; i < 16; i++)
		if (s->r[i] != t->r[i])
			fprintf(stderr, "r%u is %#x, not %#x\n", i, t->r[i],
				s->r[i]);
	for (unsigned int i = 0; i < 4; i++)
		if (s->wide[i] != t->wide[i])
			fprintf(stderr, "wide %u is %#lx, not %#lx\n", i,
				t->wide[i], s->wide[i]);
	for (unsigned int i = 0; i < EVAL_MEMORY; i++)
		if (memory[0][i] != memory[1][i])
			fprintf(stderr, "memory %#x is %#x, not %#x\n", i,
				memory[1][i], memory[0][i]);
	fprintf(stderr, "%s: token %#lx, flags %#x, not %#x\n", how, token,
		flags_of(t), flags_of(s));
}

/* Where a WINDOW left, the unit as it was built goes on. */
static uint64_t without_windows(struct eval_state *t, uint64_t token)
{
	struct eval_result r;
	unsigned int exit = (unsigned int)((token - TOKEN) / 8);

	if (token < TOKEN || exit < built.exits)
		return token;
	windows_left++;
	r = eval_from(t, unit.exit[exit].target);
	switch (r.end) {
	case EVAL_EXIT:
		return TOKEN + 8 * r.exit;
	case EVAL_POLL:
		return X64_LEFT_POLL;
	default:
		return X64_LEFT_TO;
	}
}

static bool run(unsigned int v3, uint64_t seed, const struct eval_state *first,
		struct eval_state *ret, uint64_t *ret_token)
{
	static const void *insn[IR_MAX_INSNS];
	static uint64_t token[IR_MAX_EXITS];
	struct x64_input in = {
		.unit = &unit, .insn = insn, .exit_token = token, .seed = seed
	};
	struct x64_output out;

	for (unsigned int i = 0; i < IR_MAX_INSNS; i++)
		insn[i] = (const void *)(uintptr_t)(i + 1);
	for (unsigned int i = 0; i < IR_MAX_EXITS; i++)
		token[i] = TOKEN + 8 * i;
	*ret = *first;
	ret->memory = memory[1];
	if (x64_translate(x64[v3], &in, code + FIRST, CODE - FIRST, &out)) {
		fprintf(stderr, "not translated\n");
		return false;
	}
	*ret_token = without_windows(ret,
				     x64_enter(x64[v3], ret, code + FIRST));
	return true;
}

static void join_accesses(void)
{
	static struct ir_join join;

	for (unsigned int n = 0; n < unit.insns; n++)
		unit.retry[n] = n;
	ir_join(&join, &unit);
	windows += join.count;
}

static void one(struct ir_random *r)
{
	static uint8_t initial[EVAL_MEMORY];
	struct eval_state first, s, t;
	struct eval_result want;
	unsigned int at;
	uint64_t token = 0, seed = r->seed;
	const char *bad;

	r->u = &built;
	ir_random_unit(r);
	bad = ir_verify(&built, &at);
	if (bad) {
		fprintf(stderr, "seed %#lx: %u: %s\n", seed, at, bad);
		ir_dump(&built, stderr);
		test_failed();
		return;
	}
	fill(r, &first);
	memcpy(initial, memory[0], EVAL_MEMORY);
	s = first;
	s.memory = memory[0];
	want = eval_unit(&s);
	for (unsigned int how = 0; how < 16; how++) {
		if (how & 1 && !x64_host_v3())
			continue;
		unit = built;
		if (how & 8)
			join_accesses();
		if (how & 2)
			ir_optimize(&unit);
		bad = ir_verify(&unit, &at);
		check(!bad);
		memcpy(memory[1], initial, EVAL_MEMORY);
		if (!bad &&
		    run(how & 1, how & 4 ? r->seed : 0, &first, &t, &token) &&
		    same_end(&want, token, &s, &t) && same_state(&want, &s, &t))
			continue;
		fprintf(stderr, "seed %#lx, %s, %s, %s, %s\n", seed,
			how & 1 ? "v3" : "v2", how & 2 ? "optimized" : "plain",
			how & 4 ? "random" : "usual",
			how & 8 ? "joined" : "single");
		if (bad)
			fprintf(stderr, "%u: %s\n", at, bad);
		explain("difference", &s, &t, token);
		ir_dump(&unit, stderr);
		test_failed();
		return;
	}
}

/* The jump cache */

enum {
	PLACE = 0x1000, /* of a unit */
	CONTEXT = 7,
	PLACES = 3,
};

/* One that is left by the last operation that add() appends. */
static void make_unit(unsigned int place, uint64_t exit_token,
		      void (*add)(struct ir_unit *u))
{
	static const void *insn[IR_MAX_INSNS];
	struct x64_input in = { .unit = &built,
				.insn = insn,
				.exit_token = &exit_token };
	struct x64_output out;

	ir_begin(&built, &eval_layout);
	ir_add(&built, (struct ir_op){ .op = IR_INSN });
	add(&built);
	check_eq(x64_translate(x64[0], &in, code + FIRST + place * PLACE, PLACE,
			       &out),
		 0);
}

static void add_exit(struct ir_unit *u)
{
	u->exits = 1;
	ir_add(u, (struct ir_op){ .op = IR_EXIT });
}

static void add_exit_to(struct ir_unit *u)
{
	ir_op1(u, IR_EXIT_TO, IR_NONE, ir_get(u, IR_I32, 0));
}

static void add_exit_next(struct ir_unit *u)
{
	ir_add(u, (struct ir_op){ .op = IR_EXIT_NEXT });
}

static void set_jump(struct x64_jump *at, uint32_t context, uint32_t pc,
		     unsigned int place)
{
	*at = (struct x64_jump){ (uint64_t)context << 32 | pc,
				 code + FIRST + place * PLACE };
}

static void check_jump(uint32_t pc, uint64_t token, uint32_t attention)
{
	struct eval_state s = { .r = { pc },
				.attention = attention,
				.pc_next = pc & ~1u,
				.thumb = pc & 1,
				.context = { CONTEXT, CONTEXT + 1 },
				.view_r = view,
				.jumps = jumps };
	bool left = token == X64_LEFT_TO;

	check_eq(x64_enter(x64[0], &s, code + FIRST), token);
	check_eq(left ? s.pc_next : s.page_va, left ? pc : pc & ~0xfffu);
	check_eq(s.thumb, pc & 1);
	s = (struct eval_state){ .attention = attention,
				 .pc_next = pc & ~1u,
				 .thumb = pc & 1,
				 .context = { CONTEXT, CONTEXT + 1 },
				 .view_r = view,
				 .jumps = jumps };
	check_eq(x64_enter(x64[0], &s, code + FIRST + PLACE),
		 left ? (uint64_t)X64_LEFT_NEXT : token);
}

/* Both entries of a set are found, by both ways out of a unit, and the one
 * that was is the first then. */
static void jump_cache(void)
{
	uint32_t pc[PLACES] = { 0x80012345, 0, 0 };
	struct x64_jump *set = &jumps[x64_jump_index(pc[0])];

	for (unsigned int n = 1; n < PLACES; n++)
		for (pc[n] = pc[n - 1] + 2;
		     &jumps[x64_jump_index(pc[n])] != set; pc[n] += 2)
			;
	memset(jumps, 0xff, sizeof(jumps));
	make_unit(0, 0, add_exit_to);
	make_unit(1, 0, add_exit_next);
	for (unsigned int n = 0; n < PLACES; n++)
		make_unit(2 + n, TOKEN + 8 * n, add_exit);
	check_jump(pc[0], X64_LEFT_TO, 0);
	set_jump(&set[0], CONTEXT + 1, pc[0], 2);
	check_jump(pc[0], TOKEN, 0);
	check_jump(pc[1], X64_LEFT_TO, 0);
	set_jump(&set[1], CONTEXT + 1, pc[1], 3);
	for (unsigned int i = 0; i < 3; i++) {
		check_jump(pc[1], TOKEN + 8, 0);
		check_eq(set[0].key & UINT32_MAX, pc[1]);
		check_jump(pc[2], X64_LEFT_TO, 0);
		check_jump(pc[0], TOKEN, 0);
		check_eq(set[0].key & UINT32_MAX, pc[0]);
		check_jump(pc[0], X64_LEFT_TO, 1);
	}
	/* of another context, and of the other half's */
	set_jump(&set[1], CONTEXT, pc[1], 3);
	check_jump(pc[1], X64_LEFT_TO, 0);
	check_jump(pc[0], TOKEN, 0);
}

int main(int argc, char **argv)
{
	unsigned long units = argc > 1 ? strtoul(argv[1], NULL, 0) : 5000;
	struct ir_random r = {
		.seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 0x1234567,
	};

	if (!x64_host_v2()) {
		puts("this host is no x86-64-v2");
		return 77;
	}
	code = mmap(NULL, CODE, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	view = mmap(NULL, 2 * VIEW * 8, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (code == MAP_FAILED || view == MAP_FAILED) {
		puts("this host gives no memory to execute from");
		return 77;
	}
	for (intptr_t page = 0; page < PAGES; page++) {
		int64_t addend = (intptr_t)memory[1] +
				 (page * 0x1000 & (EVAL_MEMORY - 1)) -
				 page * 0x1000;

		if (page % 3 != 2)
			view[page] = addend;
		if (page % 3 == 1)
			view[VIEW + page] = addend;
	}
	set_up();
	jump_cache();
	for (unsigned long i = 0; i < units; i++)
		one(&r);
	/* the test must see both ways of each WINDOW */
	check(windows > units / 10 && windows_left > units / 10);
	return test_done();
}
