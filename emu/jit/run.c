/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The loop finds the unit at pc_next and enters it; translated code goes from
 * unit to unit by itself, through patched jumps inside of a page and through
 * the jump cache elsewhere, and comes back with a token: a direct exit that is
 * not patched yet, a miss in the jump cache, or attention.  Code that was not
 * there twice before is the interpreter's, and so is what a unit cannot hold.
 *
 * What ends a unit's life is a write to its page.  Whoever writes code (this
 * CPU, another, a device) makes codepages call code_hit(), which sets ATT_CODE
 * everywhere; a CPU that sees it empties its jump cache, so that each way into
 * a page leads through unit_find(), which looks at the page's version.  Ways
 * inside of a page cannot lead from a fresh unit to a stale one: links are
 * made between units of one version.
 *
 * Jump cache entries also say what is mapped where: they are for the fetch
 * context that is their key's upper half (arm/mmu.h).  So it is emptied by
 * giving all contexts other ids, and only if mmu_generation() moves, entry by
 * entry.
 */
#include "jit/jit.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/exception.h"
#include "arm/exec.h"
#include "arm/icache.h"
#include "arm/interp.h"
#include "arm/mmu.h"
#include "arm/sync.h"
#include "arm/view.h"
#include "common/bits.h"
#include "common/mem.h"
#include "jit/dump.h"
#include "jit/host_fp.h"
#include "jit/translate.h"
#include "jit/unit.h"
#include "jit/verify.h"
#include "x64/x64.h"

enum {
	PAGE_SIZE = 4096,
	PAGE_MASK = PAGE_SIZE - 1,
	VISIT_SETS = 8192,
	VISIT_WAYS = 4,
	THRESHOLD = 3,
	LEFT_MASK = 7,        /* of a token: enum x64_left */
	CODE_ROOM = 64 << 10, /* more than any unit needs */
	BLOCKS_STEP = 1024,
};

/* How often code was seen; the most recent first. */
struct visits {
	uint64_t key[VISIT_WAYS];
	uint32_t count[VISIT_WAYS];
};

struct jit {
	struct unit_cache cache;
	struct x64 *x64;
	struct x64_env env;
	struct verify *verify; /* or NULL */
	bool plain;            /* with verify: this visit is not compared */
	struct jit_options options;
	struct jit_stats stats;
	uint32_t generation;   /* of the jump cache */
	unsigned int count;    /* enters since cpu->blocks was updated */
	struct x64_jump *jump; /* X64_JUMPS */
	struct visits visits[VISIT_SETS];
	struct draft draft;
	struct x64_output output;
	uint64_t calls[OP_COUNT];
};

static inline uint32_t attention(const struct cpu *cpu)
{
	return atomic_load_explicit(&cpu->attention, memory_order_relaxed) &
	       ~(uint32_t)ATT_TRACE;
}

static void clear_jumps(struct cpu *cpu)
{
	struct jit *jit = cpu->jit;

	memset(jit->jump, 0xff, X64_JUMPS * sizeof(*jit->jump));
	jit->generation = mmu_generation(cpu);
	jit->stats.purges++;
}

static inline void clear_jumps_if_moved(struct cpu *cpu)
{
	if (unlikely(cpu->jit->generation != mmu_generation(cpu)))
		clear_jumps(cpu);
}

/* No entry of the jump cache counts any more. */
static void purge(struct cpu *cpu)
{
	mmu_fetch_forget(cpu);
	clear_jumps_if_moved(cpu);
	cpu->jit->stats.purges++;
}

/* Called from translated code */

static void place(struct cpu *cpu, const struct insn *in)
{
	cpu->cur = in;
	cpu->pc_next = cpu->page_va + in->off;
	cpu->r[15] = cpu->pc_next + (in->flags & INSN_THUMB ? 4 : 8);
}

static uint64_t interpret(void *state, const void *insn)
{
	const struct jit_insn *ji = insn;
	const struct insn *in = &ji->in;
	struct cpu *cpu = state;
	uint32_t mode = cpu->mode;

	place(cpu, in);
	cpu->pc_next += in->len;
	cpu->it = ji->it_after;
	cpu->jit->calls[in->op]++;
	in->exec(cpu, in);
	if (unlikely(attention(cpu)))
		return 1;
	if (unlikely(ji->goes_on && cpu->mode != mode))
		return 1;
	if (in->flags & INSN_ENDS_BLOCK)
		clear_jumps_if_moved(cpu);
	else
		cpu->it = 0;
	return 0;
}

static void poll(void *state, const void *insn)
{
	const struct jit_insn *ji = insn;
	struct cpu *cpu = state;

	place(cpu, &ji->in);
	cpu->it = ji->in.it;
}

static uint64_t interpret_verified(void *state, const void *insn)
{
	struct jit *jit = ((struct cpu *)state)->jit;

	return jit->plain ? interpret(state, insn)
			  : verify_interpret(jit->verify, insn);
}

static void poll_verified(void *state, const void *insn)
{
	struct jit *jit = ((struct cpu *)state)->jit;

	if (jit->plain)
		poll(state, insn);
	else
		verify_poll(jit->verify, insn);
}

/* Translating */

static void flush(struct cpu *cpu)
{
	struct jit *jit = cpu->jit;

	unit_cache_flush(&jit->cache);
	purge(cpu);
	jit->stats.flushes++;
}

static uint64_t tail_of(const struct code_at *code)
{
	return code->tail ? code->tail_pa | 1 : 0;
}

static struct unit *new_unit(const struct cpu *cpu, uint64_t key,
			     const struct code_at *code)
{
	struct codepages *pages = cpu->sys->codepages;
	struct jit *jit = cpu->jit;
	const struct draft *tr = &jit->draft;
	unsigned int n = tr->insns, exits = tr->ir.exits;
	struct unit *u = unit_alloc(&jit->cache,
				    sizeof(*u) + exits * sizeof(*u->exit) +
					    n * sizeof(*u->insn));

	if (!u)
		return NULL;
	*u = (struct unit){ .key = key,
			    .page = codepages_at(pages, code->pa),
			    .tail = tail_of(code),
			    .version = tr->version,
			    .insns = (uint16_t)n,
			    .exits = (uint16_t)exits };
	u->tail_page = code->tail ? codepages_at(pages, code->tail_pa)
				  : u->page;
	u->tail_version = code->tail ? tr->tail_version : tr->version;
	u->exit = (struct unit_exit *)(u + 1);
	u->insn = (struct jit_insn *)(u->exit + exits);
	memcpy(u->insn, tr->insn, n * sizeof(*u->insn));
	for (unsigned int i = 0; i < exits; i++)
		u->exit[i] = (struct unit_exit){
			.unit = u, .target = tr->ir.exit[i].target
		};
	return u;
}

static bool emit(const struct cpu *cpu, struct unit *u)
{
	struct jit *jit = cpu->jit;
	const void *insn[IR_MAX_INSNS];
	uint64_t token[IR_MAX_EXITS];
	struct unit_cache *c = &jit->cache;
	struct x64_input in = { .unit = &jit->draft.ir,
				.insn = insn,
				.exit_token = token,
				.seed = jit->options.seed,
				.thumb = cpu->thumb,
				.upper = cpu->pc_next >> 31,
				.loops = jit->options.mode == JIT_ON &&
					 !(u->key & UNIT_SINGLE) };
	uint8_t *at = c->code + c->code_used;

	if (in.seed)
		in.seed += u->key * 0x9e3779b97f4a7c15 | 1;
	for (unsigned int i = 0; i < IR_MAX_INSNS; i++)
		insn[i] = &u->insn[i < u->insns ? i : u->insns - 1u];
	for (unsigned int i = 0; i < u->exits; i++)
		token[i] = (uintptr_t)&u->exit[i];
	if (x64_translate(jit->x64, &in, at, c->code_size - c->code_used,
			  &jit->output) < 0)
		return false;
	for (unsigned int i = 0; i < u->exits; i++) {
		u->exit[i].site = at + jit->output.exit[i].jump;
		u->exit[i].in_table = jit->output.exit[i].in_table;
	}
	c->code_used += (jit->output.size + 15) & ~(size_t)15;
	u->code = at;
	jit->stats.units++;
	jit->stats.insns += u->insns;
	jit->stats.code_bytes += jit->output.size;
	return true;
}

/* Where the code at pc_next is; false after a fault. */
static bool look(struct cpu *cpu, struct code_at *ret)
{
	uint32_t pc = cpu->pc_next, fsr;

	*ret = (struct code_at){ 0 };
	ret->host = mmu_fetch(cpu, pc, &ret->pa, &fsr);
	if (!ret->host)
		return false;
	if (likely((pc & PAGE_MASK) != PAGE_MASK - 1) ||
	    !icache_straddles(ret->host, pc & PAGE_MASK, cpu->thumb))
		return true;
	ret->tail = mmu_fetch(cpu, pc + 2, &ret->tail_pa, &fsr);
	return ret->tail;
}

/* The draft of the code at pc_next. */
static bool make_draft(struct cpu *cpu, const struct code_at *code, bool single)
{
	struct jit *jit = cpu->jit;

	if (!translate(cpu, code,
		       (cpu->pc_next & PAGE_MASK) |
			       (single ? TRANSLATE_SINGLE : 0),
		       &jit->draft))
		return false;
	if (unlikely(jit->options.spoil))
		jit->options.spoil(&jit->draft.ir);
	ir_optimize(&jit->draft.ir);
	return true;
}

/* A new unit at pc_next; one without code if it cannot be translated; NULL if
 * there is no room. */
static struct unit *make(struct cpu *cpu, const struct code_at *code,
			 uint64_t key)
{
	struct jit *jit = cpu->jit;
	struct unit_cache *c = &jit->cache;
	bool can;
	struct unit *u;

	if (c->code_size - c->code_used < CODE_ROOM)
		return NULL;
	can = make_draft(cpu, code, key & UNIT_SINGLE);
	if (!can)
		jit->draft.insns = jit->draft.ir.exits = 0;
	u = new_unit(cpu, key, code);
	if (!u)
		return NULL;
	if (can)
		emit(cpu, u);
	if (unlikely(cpu->sys->trace))
		dump_unit(cpu, u, &jit->draft, &jit->output);
	unit_add(c, u);
	return u;
}

static bool cold(struct jit *jit, uint64_t key)
{
	struct visits *v = &jit->visits[(key >> 3 ^ key >> 15) % VISIT_SETS];
	uint32_t count;
	unsigned int i = 0;

	while (i < VISIT_WAYS - 1 && v->key[i] != key)
		i++;
	count = v->key[i] == key ? v->count[i] + 1 : 1;
	for (; i; i--) {
		v->key[i] = v->key[i - 1];
		v->count[i] = v->count[i - 1];
	}
	v->key[0] = key;
	v->count[0] = count;
	return count < jit->options.threshold;
}

/* The unit at pc_next, or NULL: then the interpreter has to go on. */
static struct unit *find(struct cpu *cpu, bool single)
{
	struct jit *jit = cpu->jit;
	struct code_at code;
	struct unit *u;
	uint64_t key;

	if (cpu->it || !look(cpu, &code))
		return NULL;
	key = unit_key(code.pa | (cpu->pc_next & PAGE_MASK), cpu->thumb,
		       cpu_privileged(cpu), cpu->cp15.sctlr & SCTLR_A, single);
	u = unit_find(&jit->cache, key, tail_of(&code));
	if (!u) {
		if (cold(jit, key))
			return NULL;
		u = make(cpu, &code, key);
		if (!u) {
			flush(cpu);
			return NULL;
		}
	}
	return u->code ? u : NULL;
}

/* Going on */

static void remember(struct cpu *cpu, const struct unit *u)
{
	uint32_t pc = cpu->pc_next | cpu->thumb;
	uint64_t context = cpu->fetch_context[pc >> 31];
	struct x64_jump *set = &cpu->jit->jump[x64_jump_index(pc)];

	/* a second page in the other half has another context */
	if (u->tail &&
	    ((pc ^ (pc + 2)) >> 31 || !mmu_fetch_shared(cpu, pc + 2)))
		return;
	if (!mmu_fetch_shared(cpu, pc))
		return;
	/* which may be there: it was left for attention */
	if (set[0].key != (context << 32 | pc))
		set[1] = set[0];
	set[0] = (struct x64_jump){ context << 32 | pc, u->code };
}

/* Whether what follows this exit must be a unit of single accesses. */
static bool to_single(const struct unit_exit *e)
{
	return e && e->target & TRANSLATE_SINGLE;
}

/* A token of a direct exit: its target is where the CPU is now. */
static struct unit_exit *arrive(struct cpu *cpu, uint64_t token)
{
	struct unit_exit *e = (struct unit_exit *)(uintptr_t)token;

	cpu->pc_next = cpu->page_va + (e->target & PAGE_MASK & ~1u);
	return e;
}

/* By EXIT_TO: pc_next says T, too. */
static void arrive_to(struct cpu *cpu)
{
	cpu->thumb = cpu->pc_next & 1;
	cpu->pc_next &= cpu->thumb ? ~1u : ~3u;
}

static void link_exit(const struct unit_exit *e, const struct unit *to)
{
	const struct unit *u = e->unit;

	if (u->version == to->version && unit_same_page(u->key, to->key) &&
	    !to->tail)
		(e->in_table ? x64_patch_entry : x64_patch)(e->site, to->code);
}

static void count_enter(struct cpu *cpu)
{
	struct jit *jit = cpu->jit;

	jit->stats.enters++;
	if (unlikely(++jit->count == BLOCKS_STEP)) {
		atomic_fetch_add_explicit(&cpu->blocks, jit->count,
					  memory_order_relaxed);
		jit->count = 0;
	}
}

/* From unit to unit until attention is wanted or code is cold. */
static void run_units(struct cpu *cpu)
{
	struct jit *jit = cpu->jit;
	struct unit_exit *from = NULL;
	uint64_t token;
	bool missed = false;

	while (!attention(cpu)) {
		struct unit *u;

		clear_jumps_if_moved(cpu);
		u = find(cpu, to_single(from));
		if (unlikely(attention(cpu)))
			return;
		if (!u) {
			jit->stats.cold++;
			interp_block(cpu);
			from = NULL;
			missed = false;
			continue;
		}
		clear_jumps_if_moved(cpu);
		if (from)
			link_exit(from, u);
		else if (missed)
			remember(cpu, u);
		cpu->page_va = cpu->pc_next & ~(vaddr)PAGE_MASK;
		count_enter(cpu);
		token = x64_enter(jit->x64, cpu, u->code);
		from = token & LEFT_MASK ? NULL : arrive(cpu, token);
		missed = token == X64_LEFT_TO || token == X64_LEFT_NEXT;
		if (token == X64_LEFT_TO)
			arrive_to(cpu);
	}
}

/* Verifying */

static void report(struct cpu *cpu, const struct unit *u)
{
	struct jit *jit = cpu->jit;
	struct code_at code;

	if (look(cpu, &code))
		make_draft(cpu, &code, u->key & UNIT_SINGLE);
	verify_report(jit->verify, u, &jit->draft.ir,
		      jit->options.report ? jit->options.report : stderr);
	cpu_leave(cpu, CPU_EXIT_DIFFERENT);
}

static void do_once(struct cpu *cpu, const struct jit_insn *ji)
{
	place(cpu, &ji->in);
	cpu->pc_next += ji->in.len;
	cpu->it = ji->it_after;
	cpu->jit->calls[ji->in.op]++;
	if (ji->in.exec == exec_WFE || ji->in.exec == exec_YIELD)
		verify_end_turn(cpu->jit->verify);
	if (ji->in.cond == 14 || cpu_cond(cpu, ji->in.cond))
		ji->in.exec(cpu, &ji->in);
}

static bool known_well(const struct jit *jit, struct unit *u)
{
	unsigned int visits = jit->options.verify_visits;

	return visits && ++u->visits > visits && u->visits % 64;
}

/* Whether a unit of single accesses must follow. */
static bool run_plainly(struct cpu *cpu, const struct unit *u)
{
	const struct unit_exit *exit = NULL;
	struct jit *jit = cpu->jit;
	uint64_t token;

	cpu->page_va = cpu->pc_next & ~(vaddr)PAGE_MASK;
	jit->plain = true;
	token = x64_enter(jit->x64, cpu, u->code);
	if (!(token & LEFT_MASK))
		exit = arrive(cpu, token);
	else if (token == X64_LEFT_TO)
		arrive_to(cpu);
	return to_single(exit);
}

/* As run_units(), but each by itself and both ways. */
static void verify_units(struct cpu *cpu)
{
	struct jit *jit = cpu->jit;
	const struct jit_insn *next;
	bool single = false;

	while (!attention(cpu)) {
		struct unit *u;

		verify_take_turn(jit->verify);
		u = find(cpu, single);
		single = false;
		if (attention(cpu))
			return;
		if (!u) {
			jit->stats.cold++;
			interp_block(cpu);
			continue;
		}
		count_enter(cpu);
		if (known_well(jit, u)) {
			single = run_plainly(cpu, u);
			continue;
		}
		jit->plain = false;
		switch (verify_unit(jit->verify, u, jit->x64, &next)) {
		case VERIFY_SAME:
			single = verify_left_single(jit->verify);
			break;
		case VERIFY_ONCE:
			do_once(cpu, next);
			break;
		case VERIFY_RAISED:
			exception_deliver(cpu);
			break;
		case VERIFY_DIFFERENT:
			report(cpu, u);
			return;
		}
	}
}

static bool attend(struct cpu *cpu)
{
	uint32_t seen;
	bool leave = interp_attend(cpu, &seen);

	if (seen & ATT_CODE)
		purge(cpu);
	return leave;
}

enum cpu_exit jit_run(struct cpu *cpu)
{
	if (!cpu->jit || cpu->sys->trace & TRACE_STATE)
		return interp_run(cpu);
	sync_enter(cpu);
	host_fp_enter(cpu);
	if (setjmp(cpu->unwind))
		exception_deliver(cpu);
	do {
		if (unlikely(cpu->jit->verify))
			verify_units(cpu);
		else
			run_units(cpu);
	} while (!attend(cpu));
	if (cpu->jit->verify)
		verify_end_turn(cpu->jit->verify);
	host_fp_leave(cpu);
	sync_leave(cpu);
	return cpu->exit;
}

/* Starting and ending */

/* Any thread that wrote to code. */
static void code_hit(void *arg)
{
	const struct arm_system *sys = arg;

	for (unsigned int i = 0; i < sys->cpus; i++)
		atomic_fetch_or(&sys->cpu[i]->attention, ATT_CODE);
}

static void fill_env(struct x64_env *env, const struct jit_options *options)
{
	bool verify = options->mode == JIT_VERIFY;

	*env = (struct x64_env){
		.layout = &translate_layout,
		.pc_next = offsetof(struct cpu, pc_next),
		.thumb = offsetof(struct cpu, thumb),
		.page_va = offsetof(struct cpu, page_va),
		.view_r = offsetof(struct cpu, view_r),
		.jumps = offsetof(struct cpu, jumps),
		.context = offsetof(struct cpu, fetch_context),
		.view_w_offset = VIEW_PAGES * sizeof(int64_t),
		.v3 = options->v3 && x64_host_v3(),
		.interpret = verify ? interpret_verified : interpret,
		.poll = verify ? poll_verified : poll,
	};
}

bool jit_available(const char **ret_why)
{
	if (x64_host_v2())
		return true;
	*ret_why = "this host's CPU is older than x86-64-v2";
	return false;
}

static int add_verify(struct cpu *cpu, struct err *err)
{
	const struct cpu *first = cpu->sys->cpu[0];
	struct jit *jit = cpu->jit;

	jit->verify = verify_new(cpu, first == cpu ? NULL : first->jit->verify,
				 err);
	if (!jit->verify)
		return -ENOMEM;
	jit->draft.must_call = verify_once;
	return 0;
}

void jit_fini(struct cpu *cpu)
{
	struct jit *jit = cpu->jit;

	if (!jit)
		return;
	verify_free(jit->verify);
	x64_free(jit->x64);
	unit_cache_fini(&jit->cache);
	free(jit->jump);
	free(jit);
	cpu->jit = NULL;
}

int jit_init(struct cpu *cpu, const struct jit_options *options,
	     struct err *err)
{
	struct jit *jit = xnew(struct jit);
	int ret;

	jit->options = *options;
	if (!jit->options.threshold)
		jit->options.threshold = THRESHOLD;
	ret = unit_cache_init(&jit->cache, cpu->sys->cpus, err);
	if (ret < 0) {
		free(jit);
		return ret;
	}
	/* a set lies in one line of the host's cache */
	jit->jump = xaligned(64, X64_JUMPS * sizeof(*jit->jump));
	fill_env(&jit->env, options);
	jit->x64 = x64_new(&jit->env, jit->cache.shared);
	if (cpu->sys->trace & TRACE_PERF_MAP)
		dump_perf_map(jit->cache.shared, X64_SHARED, "shared");
	cpu->jit = jit;
	cpu->jumps = jit->jump;
	clear_jumps(cpu);
	if (options->mode == JIT_VERIFY) {
		ret = add_verify(cpu, err);
		if (ret < 0) {
			jit_fini(cpu);
			return ret;
		}
	}
	icache_for_cold_code(cpu);
	cpu->sys->codepages->hit = code_hit;
	cpu->sys->codepages->hit_arg = cpu->sys;
	return 0;
}

void jit_flush(struct cpu *cpu)
{
	if (cpu->jit)
		flush(cpu);
}

const struct jit_stats *jit_stats(const struct cpu *cpu)
{
	return &cpu->jit->stats;
}

uint64_t jit_calls(const struct cpu *cpu, unsigned int op)
{
	return cpu->jit->calls[op];
}
