/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interpreter's run loop.
 *
 * From one block to the next inside of a page leads a link, as long as the
 * fetch context has not moved since the page was entered; otherwise icache.c
 * looks.  A link says nothing of ITSTATE: it belongs to what the block's end
 * says, and who sets another one (an exception return into an IT block)
 * makes the loop forget where it came from, by ATT_CONTEXT.
 *
 * The attention word is looked at before each block and after each
 * instruction.  So a store that hits code (ATT_CODE) ends the block in which
 * it stands, and an interrupt waits for one instruction.
 *
 * While a block runs, pc_next and it hold what comes after its end, and
 * branches overwrite them; what holds at each instruction is in the insn.
 */
#include "arm/interp.h"

#include "arm/decode.h"
#include "arm/exception.h"
#include "arm/gtimer.h"
#include "arm/icache.h"
#include "arm/sync.h"
#include "arm/trace.h"
#include "common/bits.h"

enum {
	PAGE_MASK = 0xfff,
	BLOCKS_STEP = 1024, /* cpu->blocks is updated so seldom */
};

static inline uint32_t attention(const struct cpu *cpu)
{
	return atomic_load_explicit(&cpu->attention, memory_order_relaxed);
}

static bool wants_to_leave(struct cpu *cpu)
{
	if (cpu->exit_wanted) {
		cpu->exit_wanted = false;
		atomic_fetch_and(&cpu->attention, ~(uint32_t)ATT_LEAVE);
		return true;
	}
	if (attention(cpu) & ATT_STOP) {
		atomic_fetch_and(&cpu->attention, ~(uint32_t)ATT_STOP);
		cpu->exit = CPU_EXIT_STOP;
		return true;
	}
	return false;
}

bool interp_attend(struct cpu *cpu, uint32_t *ret_seen)
{
	uint32_t att;

	*ret_seen = 0;
	if (wants_to_leave(cpu))
		return true;
	att = atomic_fetch_and(&cpu->attention, ATT_TRACE | ATT_STOP);
	*ret_seen = att;
	if (att & ATT_SYNC)
		sync_serve(cpu);
	if (att & ATT_TIMER)
		gtimer_expire(cpu);
	if (att & (ATT_IRQ | ATT_TIMER))
		exception_interrupts(cpu);
	if (att & ATT_TRACE)
		trace_state(cpu);
	return false;
}

static bool attend(struct cpu *cpu)
{
	uint32_t seen;

	return interp_attend(cpu, &seen);
}

/* Run up to n instructions of b, which stands in this virtual page, and set
 * pc_next and it for what comes then. */
static __attribute__((noinline)) void run(struct cpu *cpu,
					  const struct block *b, vaddr page,
					  unsigned int n)
{
	const struct insn *in = b->insn, *end = in + n;
	uint32_t pc = page + b->pc_bias;

	cpu->pc_next = page + b->end;
	cpu->it = b->it_end;
	do {
		cpu->cur = in;
		cpu->r[15] = pc + in->off;
		if (likely(in->cond == 14) || cpu_cond(cpu, in->cond))
			in->exec(cpu, in);
		in++;
	} while (in != end && likely(!(attention(cpu) & ~ATT_TRACE)));
	if (unlikely(in != b->insn + b->n)) {
		cpu->pc_next = page + in->off;
		cpu->it = in->it;
	}
}

static inline struct block *follow(const struct block *from, uint32_t off)
{
	struct block *b = NULL;

	if (off == from->link[0].off)
		b = from->link[0].to;
	else if (off == from->link[1].off)
		b = from->link[1].to;
	return b && icache_fresh(b) ? b : NULL;
}

/* Until somebody wants out of the guest. */
static void run_blocks(struct cpu *cpu)
{
	struct block *b, *from = NULL; /* NULL: do not trust links */
	vaddr page = 0;                /* of from */
	uint64_t context = 0;          /* in force when page was entered */
	unsigned int count = 0;

	for (;; from = b) {
		uint32_t off;

		if (unlikely(attention(cpu))) {
			if (attend(cpu))
				return;
			from = NULL;
		}
		off = (cpu->pc_next - page) | cpu->thumb;
		if (likely(from && context == icache_context(cpu))) {
			b = follow(from, off);
			if (unlikely(!b))
				b = icache_find_from(cpu, from, off);
		} else {
			b = icache_find(cpu);
		}
		if (unlikely(!b))
			continue;
		page = cpu->pc_next & ~(vaddr)PAGE_MASK;
		context = icache_context(cpu);
		if (unlikely(++count == BLOCKS_STEP)) {
			atomic_fetch_add_explicit(&cpu->blocks, count,
						  memory_order_relaxed);
			count = 0;
		}
		run(cpu, b, page, b->n);
	}
}

void interp_block(struct cpu *cpu)
{
	struct block *b = icache_find(cpu);

	if (b)
		run(cpu, b, cpu->pc_next & ~(vaddr)PAGE_MASK, b->n);
}

static void run_one(struct cpu *cpu)
{
	struct block *b;

	if (attention(cpu) && attend(cpu))
		return;
	b = icache_find(cpu);
	if (b)
		run(cpu, b, cpu->pc_next & ~(vaddr)PAGE_MASK, 1);
}

/* A longjmp() to cpu->unwind comes here, with nothing but cpu to rely on. */
enum cpu_exit interp_run(struct cpu *cpu)
{
	sync_enter(cpu);
	if (setjmp(cpu->unwind))
		exception_deliver(cpu);
	run_blocks(cpu);
	sync_leave(cpu);
	return cpu->exit;
}

void interp_step(struct cpu *cpu)
{
	sync_enter(cpu);
	if (!setjmp(cpu->unwind))
		run_one(cpu);
	else
		exception_deliver(cpu);
	sync_leave(cpu);
}

void interp_flush(struct cpu *cpu)
{
	icache_flush(cpu);
}

int interp_init(struct cpu *cpu, struct err *err)
{
	decode_init();
	return icache_init(cpu, err);
}

void interp_fini(struct cpu *cpu)
{
	icache_fini(cpu);
}
