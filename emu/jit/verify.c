/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The guest's memory is written once, when both ways were found to be the
 * same: each page that a way writes has two copies, one for each, and the
 * CPU's overlay (arm/access.h) and a pair of views of our own lead there.  So
 * devices and the other CPUs never see a half of it.  The interpreter has
 * empty views, hence each of its accesses comes by place() and written(), and
 * its writes are a log that is played back in the end.  Translated code has
 * addends for the pages that the interpreter touched, where the CPU's own view
 * has one; elsewhere it falls back, and what it writes there is a difference.
 *
 * Copies are kept from unit to unit, and both of a page are the same all over
 * but they may be old: lines that the interpreter touches are brought in
 * first.  So a byte that only translated code reads may be wrong, and one that
 * only translated code writes is found.
 *
 * Pages that are only read are the guest's own.  A device may write there
 * between the two ways, so what differs is tried again before it counts.
 *
 * Turns are long, because another thread's may begin late on a busy host; who
 * spins with WFE or YIELD gives its turn up.
 *
 * A unit may stop early for attention that comes in between.  Then the
 * interpreter does so many instructions again, and that is compared.
 */
#include "jit/verify.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arm/access.h"
#include "arm/exec.h"
#include "arm/mmu.h"
#include "arm/sync.h"
#include "arm/vfp.h"
#include "arm/view.h"
#include "common/mem.h"
#include "jit/dump.h"

enum {
	PAGE_SIZE = 4096,
	PAGE_MASK = PAGE_SIZE - 1,
	PAGES = 2 * IR_MAX_INSNS, /* an instruction touches two at most */
	WRITES = 32 * IR_MAX_INSNS,
	ATTEMPTS = 4,
	TURN = 16384,    /* units */
	LEFT_MASK = 7, /* of a token: enum x64_left */
	BYTES_SHOWN = 16,
	LINE = 64,    /* bytes, of 64 in a page */
	COPIES = 512, /* kept; more than PAGES */
};

enum way {
	INTERPRETED,
	TRANSLATED,
	WAYS,
};

/* The CPU but for what is not of an instruction. */
struct state {
	uint8_t core[offsetof(struct cpu, cur)];
	uint8_t rest[offsetof(struct cpu, cp15) - offsetof(struct cpu, qf)];
	enum excp excp; /* raised, or EXCP_NONE */
	uint32_t fsr, far;
	uint32_t cpsr, fpscr;
};

struct touched {
	vaddr va; /* of the page */
	paddr pa;
	uint8_t *host;
	uint64_t lines; /* a bit for each that was touched */
};

struct copy {
	uint8_t *host; /* NULL: nothing */
	paddr pa;
	uint64_t lines;  /* brought in for this unit */
	uint64_t serial; /* of the unit that used it last */
};

struct write {
	paddr pa;
	unsigned int insn;
	uint8_t size;
	uint64_t val;
};

/* Who may be in the guest. */
struct turns {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t next, now;
};

struct verify {
	struct cpu *cpu;
	struct access_overlay overlay;
	struct turns own, *turns;
	bool turn; /* it is ours */
	unsigned int units;
	int64_t *views;                   /* a pair */
	uint8_t (*data)[WAYS][PAGE_SIZE]; /* of copy[] */
	jmp_buf unwind;                   /* the run loop's */
	const int64_t *view_r, *view_w;   /* the CPU's own */

	const struct unit *unit;
	enum way way;
	unsigned int at;   /* the instruction at hand */
	unsigned int done; /* by the interpreter */
	unsigned int left; /* translated code: before this one, */
	bool single;       /* for a unit of single accesses */
	bool once;         /* the next one can only be done once */
	bool hit;          /* code was written to */
	bool outside;      /* a device would be asked */
	unsigned int touched_n, used_n, writes_n;
	struct touched touched[PAGES];
	unsigned int used[PAGES]; /* copies of this unit, of copy[] */
	struct copy copy[COPIES];
	uint64_t serial; /* another for each run of a unit */
	struct write write[WRITES];
	struct state before, state[WAYS];
};

/* What can only be done once */

static bool is_thread_id(const struct insn *in)
{
	return in->coproc == 15 && in->rn == 13 && !in->opc1 && !in->rm &&
	       in->opc2 >= 2 && in->opc2 <= 4;
}

bool verify_once(const struct insn *in)
{
	static exec_fn *const once[] = {
		exec_MCR,      exec_MCRR,  exec_MRRC,   exec_CDP,
		exec_LDC,      exec_STC,   exec_CPS,    exec_RFE,
		exec_SRS,      exec_ERET,  exec_HVC,    exec_SMC,
		exec_SVC,      exec_WFI,   exec_WFE,    exec_DSB,
		exec_VMSR,     exec_YIELD, exec_SETEND, exec_MSR_bank,
		exec_MRS_bank,
	};

	for (unsigned int i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		if (in->exec == once[i])
			return true;
	if (in->exec == exec_MRC)
		return !is_thread_id(in);
	if (in->exec == exec_MSR_reg || in->exec == exec_MSR_imm)
		return in->u || in->x & 3;
	if (in->exec == exec_LDM)
		return in->s && in->imm >> 15 & 1;
	return in->flags & INSN_ENDS_BLOCK && in->s && in->rd == 15;
}

/* Memory */

static struct verify *verify_of(const struct cpu *cpu)
{
	return (struct verify *)((uintptr_t)cpu->overlay -
				 offsetof(struct verify, overlay));
}

/* The number of this unit's copy of a page, or -1. */
static int find_copy(const struct verify *v, const uint8_t *host)
{
	for (unsigned int i = 0; i < v->used_n; i++)
		if (v->copy[v->used[i]].host == host)
			return (int)v->used[i];
	return -1;
}

static void bring_in(struct verify *v, unsigned int n, uint64_t lines)
{
	struct copy *c = &v->copy[n];

	for (lines &= ~c->lines; lines; lines &= lines - 1) {
		size_t off = (size_t)__builtin_ctzll(lines) * LINE;

		memcpy(v->data[n][INTERPRETED] + off, c->host + off, LINE);
		memcpy(v->data[n][TRANSLATED] + off,
		       v->data[n][INTERPRETED] + off, LINE);
		c->lines |= lines & -lines;
	}
}

/* The page's copies, kept ones or new ones, become this unit's. */
static unsigned int add_copy(struct verify *v, uint8_t *host, paddr pa)
{
	unsigned int n = (unsigned int)(pa >> 12) % COPIES;
	struct copy *c;

	while (v->copy[n].host != host && v->copy[n].serial == v->serial)
		n = (n + 1) % COPIES;
	c = &v->copy[n];
	if (c->host != host) {
		memcpy(v->data[n][INTERPRETED], host, PAGE_SIZE);
		memcpy(v->data[n][TRANSLATED], v->data[n][INTERPRETED],
		       PAGE_SIZE);
	}
	*c = (struct copy){ host, pa, 0, v->serial };
	if (v->used_n < PAGES)
		v->used[v->used_n++] = n;
	return n;
}

/* These lines are wanted. */
static void touch(struct verify *v, vaddr va, paddr pa, uint8_t *host,
		  uint64_t lines)
{
	struct touched *t = v->touched;

	while (t < v->touched + v->touched_n && t->va != va)
		t++;
	if (t == v->touched + v->touched_n) {
		*t = (struct touched){ va, pa, host, 0 };
		if (v->touched_n < PAGES - 1)
			v->touched_n++;
	}
	t->lines |= lines;
}

/* Those of the page that were touched before, under any address. */
static uint64_t touched_lines(const struct verify *v, const uint8_t *host)
{
	uint64_t lines = 0;

	for (unsigned int i = 0; i < v->touched_n; i++)
		if (v->touched[i].host == host)
			lines |= v->touched[i].lines;
	return lines;
}

/* An access is of 8 bytes at most. */
static uint64_t lines_at(unsigned int off)
{
	unsigned int last = off + 7 < PAGE_SIZE ? off + 7 : PAGE_SIZE - 1;

	return UINT64_C(1) << off / LINE | UINT64_C(1) << last / LINE;
}

static uint8_t *place(struct cpu *cpu, vaddr va, paddr pa, uint8_t *host,
		      enum access access)
{
	struct verify *v = verify_of(cpu);
	unsigned int off = va & PAGE_MASK;
	uint8_t *page = host - off;
	uint64_t lines = lines_at(off);
	int copy = find_copy(v, page);

	pa &= ~(paddr)PAGE_MASK;
	if (v->way == INTERPRETED)
		touch(v, va - off, pa, page, lines);
	if (copy < 0 && access == ACCESS_WRITE) {
		copy = (int)add_copy(v, page, pa);
		lines |= touched_lines(v, page);
	}
	if (copy < 0)
		return host;
	bring_in(v, (unsigned int)copy, lines);
	return v->data[copy][v->way] + off;
}

static bool holds_code(const struct verify *v, paddr pa, unsigned int size)
{
	const struct codepage *page = codepages_at(v->cpu->sys->codepages, pa);
	unsigned int first = pa % PAGE_SIZE / 64;
	unsigned int last = (pa + size - 1) % PAGE_SIZE / 64;
	uint64_t lines = page ? atomic_load(&page->lines) : 0;

	return lines >> first & 1 || lines >> last & 1;
}

/* Never over a page's end: such an access is two. */
static void written(struct cpu *cpu, paddr pa, unsigned int size)
{
	struct verify *v = verify_of(cpu);
	uint8_t *host = ram_at(cpu->sys->ram, pa & ~(paddr)PAGE_MASK,
			       PAGE_SIZE);
	int copy = find_copy(v, host);
	struct write w = { .pa = pa, .insn = v->at, .size = (uint8_t)size };

	if (holds_code(v, pa, size))
		v->hit = true;
	if (v->way == TRANSLATED || copy < 0 || v->writes_n == WRITES)
		return;
	memcpy(&w.val, v->data[copy][INTERPRETED] + pa % PAGE_SIZE, size);
	v->write[v->writes_n++] = w;
}

static void device(struct cpu *cpu)
{
	verify_of(cpu)->outside = true;
	longjmp(cpu->unwind, 1);
}

static void store(void *to, unsigned int size, uint64_t val)
{
	if (size == 8 && !((uintptr_t)to & 7))
		__atomic_store_n((uint64_t *)to, val, __ATOMIC_RELEASE);
	else if (size == 4 && !((uintptr_t)to & 3))
		__atomic_store_n((uint32_t *)to, (uint32_t)val,
				 __ATOMIC_RELEASE);
	else if (size == 2 && !((uintptr_t)to & 1))
		__atomic_store_n((uint16_t *)to, (uint16_t)val,
				 __ATOMIC_RELEASE);
	else
		memcpy(to, &val, size);
}

/* What the first n instructions wrote, in their order. */
static void commit(struct verify *v, unsigned int n)
{
	const struct arm_system *sys = v->cpu->sys;

	for (unsigned int i = 0; i < v->writes_n; i++) {
		const struct write *w = &v->write[i];

		if (w->insn >= n)
			break;
		store(ram_at(sys->ram, w->pa, w->size), w->size, w->val);
		if (codepages_written(sys->codepages, w->pa, w->size))
			cpu_attend_self(v->cpu, ATT_CODE);
	}
}

/* State */

static void save(struct verify *v, struct state *to)
{
	struct cpu *cpu = v->cpu;

	vfp_collect(cpu);
	memcpy(to->core, cpu, sizeof(to->core));
	memcpy(to->rest, &cpu->qf, sizeof(to->rest));
	to->cpsr = cpu_cpsr(cpu);
	to->fpscr = vfp_fpscr(cpu);
	to->excp = EXCP_NONE;
}

static void restore(struct verify *v, const struct state *from)
{
	struct cpu *cpu = v->cpu;

	memcpy(cpu, from->core, sizeof(from->core));
	memcpy(&cpu->qf, from->rest, sizeof(from->rest));
	if (cpu->vfp_engine)
		cpu->vfp_engine->changed(cpu);
}

/* A member of either part of a state. */
static const void *member(const struct state *s, size_t off)
{
	return off < sizeof(s->core)
		       ? s->core + off
		       : s->rest + (off - offsetof(struct cpu, qf));
}

static uint32_t word(const struct state *s, size_t off)
{
	uint32_t val;

	memcpy(&val, member(s, off), 4);
	return val;
}

/* Running */

static void place_at(struct verify *v, const struct jit_insn *ji)
{
	struct cpu *cpu = v->cpu;

	cpu->cur = &ji->in;
	cpu->pc_next = cpu->page_va + ji->in.off;
	cpu->r[15] = cpu->pc_next + (ji->in.flags & INSN_THUMB ? 4 : 8);
	cpu->it = ji->in.it;
	v->at = (unsigned int)(ji - v->unit->insn);
}

static bool condition_holds(const struct cpu *cpu, const struct insn *in)
{
	return in->cond == 14 || cpu_cond(cpu, in->cond);
}

static void execute(struct verify *v, const struct jit_insn *ji)
{
	struct cpu *cpu = v->cpu;

	place_at(v, ji);
	cpu->pc_next += ji->in.len;
	cpu->it = ji->it_after;
	if (condition_holds(cpu, &ji->in))
		ji->in.exec(cpu, &ji->in);
}

/* Whether the unit goes on with this instruction. */
static bool goes_on(const struct verify *v, unsigned int n)
{
	const struct cpu *cpu = v->cpu;
	const struct insn *in;

	if (n >= v->unit->insns)
		return false;
	in = &v->unit->insn[n].in;
	return cpu->pc_next == cpu->page_va + in->off &&
	       cpu->thumb == (in->flags & INSN_THUMB);
}

static void use_views(struct verify *v)
{
	struct cpu *cpu = v->cpu;

	cpu->view_r = cpu->views->empty;
	if (v->way == TRANSLATED)
		cpu->view_r = v->views;
	cpu->view_w = cpu->view_r + VIEW_PAGES;
	cpu->overlay = &v->overlay;
}

static void use_own_views(struct verify *v)
{
	v->cpu->view_r = v->view_r;
	v->cpu->view_w = v->view_w;
	v->cpu->overlay = NULL;
}

static void save_outcome(struct verify *v, bool raised)
{
	struct state *to = &v->state[v->way];
	struct cpu *cpu = v->cpu;

	if (raised)
		place_at(v, &v->unit->insn[v->at]);
	save(v, to);
	if (raised && !v->outside) {
		to->excp = cpu->excp;
		to->fsr = cpu->excp_fsr;
		to->far = cpu->excp_far;
	}
}

/* Up to limit instructions, and no exception or device that comes after. */
static void interpret_unit(struct verify *v, unsigned int limit)
{
	volatile bool raised = false;

	v->way = INTERPRETED;
	v->once = v->hit = v->outside = false;
	v->touched_n = v->used_n = v->writes_n = 0;
	v->serial++;
	v->done = 0;
	use_views(v);
	if (setjmp(v->cpu->unwind)) {
		raised = true;
		v->once = v->outside;
	} else {
		do {
			const struct jit_insn *ji = &v->unit->insn[v->done];

			if (v->done == limit)
				break;
			if (ji->called && verify_once(&ji->in) &&
			    condition_holds(v->cpu, &ji->in)) {
				place_at(v, ji);
				v->once = true;
				break;
			}
			execute(v, ji);
			v->done++;
		} while (!v->hit && goes_on(v, v->done));
	}
	save_outcome(v, raised);
	use_own_views(v);
}

static void fill_views(struct verify *v)
{
	for (unsigned int i = 0; i < v->touched_n; i++) {
		const struct touched *t = &v->touched[i];
		uint32_t page = t->va >> 12;
		const uint8_t *to = t->host;
		int copy = find_copy(v, t->host);

		if (copy >= 0)
			to = v->data[copy][TRANSLATED];
		if (v->view_r[page] > 0)
			v->views[page] = (int64_t)((uintptr_t)to - t->va);
		if (v->view_w[page] > 0 && copy >= 0)
			v->views[VIEW_PAGES + page] = (int64_t)((uintptr_t)to -
								t->va);
	}
}

static void empty_views(struct verify *v)
{
	for (unsigned int i = 0; i < v->touched_n; i++) {
		uint32_t page = v->touched[i].va >> 12;

		v->views[page] = v->views[VIEW_PAGES + page] = 0;
	}
}

/* Where the unit was left by this token. */
static void arrive(struct verify *v, uint64_t token)
{
	struct cpu *cpu = v->cpu;

	if (!(token & LEFT_MASK)) {
		const struct unit_exit *e =
			(const struct unit_exit *)(uintptr_t)token;

		cpu->pc_next = cpu->page_va + (e->target & PAGE_MASK & ~1u);
		v->single = e->target & TRANSLATE_SINGLE;
		v->left = v->single ? e->target >> TRANSLATE_INSN_SHIFT
				    : v->done;
	} else if (token == X64_LEFT_TO) {
		cpu->thumb = cpu->pc_next & 1;
		cpu->pc_next &= cpu->thumb ? ~1u : ~3u;
		v->left = v->done;
	} else if (token == X64_LEFT_NEXT) {
		v->left = v->done;
	}
}

static void run_translated(struct verify *v, const struct x64 *x64)
{
	volatile bool raised = false;

	v->way = TRANSLATED;
	v->outside = v->single = false;
	fill_views(v);
	use_views(v);
	if (setjmp(v->cpu->unwind)) {
		raised = true;
		v->left = v->at;
	} else {
		arrive(v, x64_enter(x64, v->cpu, v->unit->code));
	}
	save_outcome(v, raised);
	use_own_views(v);
	empty_views(v);
}

bool verify_left_single(const struct verify *v)
{
	return v->single;
}

/* Not beyond what the interpreter did. */
uint64_t verify_interpret(struct verify *v, const struct jit_insn *ji)
{
	unsigned int n = (unsigned int)(ji - v->unit->insn);
	struct cpu *cpu = v->cpu;

	if (n > v->done ||
	    (n == v->done && v->state[INTERPRETED].excp == EXCP_NONE)) {
		place_at(v, ji);
		v->left = n;
		return 1;
	}
	place_at(v, ji);
	cpu->pc_next += ji->in.len;
	cpu->it = ji->it_after;
	ji->in.exec(cpu, &ji->in);
	v->left = n + 1;
	if (v->hit || atomic_load(&cpu->attention) & ~(uint32_t)ATT_TRACE)
		return 1;
	if (!(ji->in.flags & INSN_ENDS_BLOCK))
		cpu->it = 0;
	return 0;
}

void verify_poll(struct verify *v, const struct jit_insn *ji)
{
	place_at(v, ji);
	v->left = v->at;
}

/* Comparing */

#define RANGE(first, after)                                 \
	{                                                   \
#first, offsetof(struct cpu, first),        \
			offsetof(struct cpu, after) -       \
				offsetof(struct cpu, first) \
	}
#define MEMBER(member)                                    \
	{                                                 \
#member, offsetof(struct cpu, member),    \
			sizeof(((struct cpu *)0)->member) \
	}
/* Beside r[], CPSR and FPSCR; r[15] says nothing between instructions. */
static const struct part {
	const char *name;
	size_t off, size;
} parts[] = {
	MEMBER(pc_next),  MEMBER(vfp.v),       MEMBER(vfp.fpexc),
	MEMBER(ex_valid), MEMBER(bank_sp),     MEMBER(bank_lr),
	MEMBER(spsr),     MEMBER(bank_usr_r8), MEMBER(bank_fiq_r8),
};

static const struct part exclusive[] = { MEMBER(ex_size), MEMBER(ex_pa),
					 MEMBER(ex_value) };

static bool same_part(const struct verify *v, const struct part *p)
{
	return !memcmp(member(&v->state[INTERPRETED], p->off),
		       member(&v->state[TRANSLATED], p->off), p->size);
}

static bool monitor_set(const struct state *s)
{
	return *(const bool *)member(s, offsetof(struct cpu, ex_valid));
}

static bool same_exception(const struct state *a, const struct state *b)
{
	if (a->excp != b->excp)
		return false;
	return (a->excp != EXCP_DATA_ABORT && a->excp != EXCP_PREFETCH_ABORT) ||
	       (a->fsr == b->fsr && a->far == b->far);
}

static bool same_state(const struct verify *v)
{
	const struct state *a = &v->state[INTERPRETED];
	const struct state *b = &v->state[TRANSLATED];

	if (memcmp(a->core, b->core, 15 * 4) || a->cpsr != b->cpsr ||
	    a->fpscr != b->fpscr || !same_exception(a, b) || v->left != v->done)
		return false;
	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!same_part(v, &parts[i]))
			return false;
	for (unsigned int i = 0; monitor_set(a) && i < 3; i++)
		if (!same_part(v, &exclusive[i]))
			return false;
	return true;
}

static bool same_memory(const struct verify *v)
{
	for (unsigned int i = 0; i < v->used_n; i++) {
		unsigned int n = v->used[i];

		if (memcmp(v->data[n][INTERPRETED], v->data[n][TRANSLATED],
			   PAGE_SIZE))
			return false;
	}
	return true;
}

/* They are not the same: not to be kept. */
static void drop_copies(struct verify *v)
{
	for (unsigned int i = 0; i < v->used_n; i++)
		v->copy[v->used[i]].host = NULL;
}

/* The instruction of the unit that stands at the PC, or v->done. */
static unsigned int insn_at(const struct verify *v, uint32_t pc)
{
	for (unsigned int i = 1; i < v->done; i++)
		if (v->cpu->page_va + v->unit->insn[i].in.off == pc)
			return i;
	return v->done;
}

/* The interpreter has gone on into an exception. */
static bool stopped_before_fault(const struct verify *v)
{
	return v->state[INTERPRETED].excp != EXCP_NONE &&
	       v->state[TRANSLATED].excp == EXCP_NONE;
}

/* The interpreter's copies as they were before. */
static void undo_writes(struct verify *v, unsigned int n)
{
	const struct copy *c = &v->copy[n];

	for (uint64_t lines = c->lines; lines; lines &= lines - 1) {
		size_t off = (size_t)__builtin_ctzll(lines) * LINE;

		memcpy(v->data[n][INTERPRETED] + off, c->host + off, LINE);
	}
}

/* The unit left earlier than the interpreter: for attention, or by a branch
 * to where it would have gone on.  The interpreter begins again and does so
 * much; what translated code wrote is put aside meanwhile. */
static void shorten(struct verify *v, unsigned int n)
{
	unsigned int count = v->used_n;
	uint8_t(*kept)[PAGE_SIZE] = xcalloc(count + 1, PAGE_SIZE);
	struct copy *was = xcalloc(count + 1, sizeof(*was));

	for (unsigned int i = 0; i < count; i++) {
		was[i] = v->copy[v->used[i]];
		memcpy(kept[i], v->data[v->used[i]][TRANSLATED], PAGE_SIZE);
		undo_writes(v, v->used[i]);
	}
	restore(v, &v->before);
	interpret_unit(v, n);
	for (unsigned int i = 0; i < count; i++) {
		int at = find_copy(v, was[i].host);

		if (at < 0)
			at = (int)add_copy(v, was[i].host, was[i].pa);
		memcpy(v->data[at][TRANSLATED], kept[i], PAGE_SIZE);
	}
	free(kept);
	free(was);
	v->way = TRANSLATED;
	v->left = n;
	v->once = false;
}

static bool attempt(struct verify *v, const struct x64 *x64)
{
	unsigned int n;
	uint32_t pc;

	interpret_unit(v, v->unit->insns);
	restore(v, &v->before);
	run_translated(v, x64);
	if (v->outside)
		return false;
	pc = word(&v->state[TRANSLATED], offsetof(struct cpu, pc_next));
	n = v->left;
	if (n == v->done &&
	    pc != word(&v->state[INTERPRETED], offsetof(struct cpu, pc_next)))
		n = insn_at(v, pc);
	if (n < v->done || (n == v->done && stopped_before_fault(v)))
		shorten(v, n);
	return same_state(v) && same_memory(v);
}

enum verify_result verify_unit(struct verify *v, const struct unit *u,
			       const struct x64 *x64,
			       const struct jit_insn **ret_insn)
{
	struct cpu *cpu = v->cpu;
	bool same = false;

	v->unit = u;
	cpu->page_va = cpu->pc_next & ~(vaddr)PAGE_MASK;
	v->view_r = cpu->view_r;
	v->view_w = cpu->view_w;
	memcpy(&v->unwind, &cpu->unwind, sizeof(v->unwind));
	save(v, &v->before);
	for (unsigned int i = 0; i < ATTEMPTS && !same; i++) {
		if (i)
			drop_copies(v);
		restore(v, &v->before);
		same = attempt(v, x64);
	}
	memcpy(&cpu->unwind, &v->unwind, sizeof(cpu->unwind));
	restore(v, same ? &v->state[TRANSLATED] : &v->before);
	if (!same)
		return VERIFY_DIFFERENT;
	commit(v, v->done);
	*ret_insn = &u->insn[v->done];
	if (v->once)
		return VERIFY_ONCE;
	if (v->state[TRANSLATED].excp == EXCP_NONE)
		return VERIFY_SAME;
	place_at(v, *ret_insn);
	cpu->excp = v->state[TRANSLATED].excp;
	cpu->excp_fsr = v->state[TRANSLATED].fsr;
	cpu->excp_far = v->state[TRANSLATED].far;
	return VERIFY_RAISED;
}

/* The report */

static void print_words(const struct verify *v, const char *name, size_t off,
			FILE *to)
{
	uint32_t a = word(&v->state[INTERPRETED], off);
	uint32_t b = word(&v->state[TRANSLATED], off);

	if (a != b)
		fprintf(to, "  %-10s %08x          %08x          %08x\n", name,
			word(&v->before, off), a, b);
}

static void print_vectors(const struct verify *v, FILE *to)
{
	uint64_t val[3][32];
	size_t off = offsetof(struct cpu, vfp.v);

	memcpy(val[0], member(&v->before, off), sizeof(val[0]));
	memcpy(val[1], member(&v->state[INTERPRETED], off), sizeof(val[1]));
	memcpy(val[2], member(&v->state[TRANSLATED], off), sizeof(val[2]));
	for (unsigned int i = 0; i < 32; i++)
		if (val[1][i] != val[2][i])
			fprintf(to, "  d%-9u %016llx  %016llx  %016llx\n", i,
				(unsigned long long)val[0][i],
				(unsigned long long)val[1][i],
				(unsigned long long)val[2][i]);
}

static void print_parts(const struct verify *v, const struct part *p,
			unsigned int n, FILE *to)
{
	for (; n; n--, p++) {
		if (same_part(v, p) || p->off == offsetof(struct cpu, vfp.v))
			continue;
		if (p->size == 4)
			print_words(v, p->name, p->off, to);
		else
			fprintf(to, "  %s differs\n", p->name);
	}
}

static void print_state(const struct verify *v, FILE *to)
{
	const struct state *b = &v->before, *s = v->state;
	char name[8];

	fprintf(to, "  %-10s %-16s  %-16s  %s\n", "", "before", "interpreted",
		"translated");
	for (unsigned int i = 0; i < 15; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		print_words(v, name, offsetof(struct cpu, r) + 4 * i, to);
	}
	if (s[0].cpsr != s[1].cpsr)
		fprintf(to, "  %-10s %08x          %08x          %08x\n",
			"cpsr", b->cpsr, s[0].cpsr, s[1].cpsr);
	if (s[0].fpscr != s[1].fpscr)
		fprintf(to, "  %-10s %08x          %08x          %08x\n",
			"fpscr", b->fpscr, s[0].fpscr, s[1].fpscr);
	print_vectors(v, to);
	print_parts(v, parts, sizeof(parts) / sizeof(parts[0]), to);
	print_parts(v, exclusive, 3, to);
	if (v->done != v->left)
		fprintf(to, "  instructions done: %u, %u\n", v->done, v->left);
	if (!same_exception(&s[0], &s[1]))
		fprintf(to,
			"  exception %d (status %#x, address %#x), "
			"%d (status %#x, address %#x)\n",
			(int)s[0].excp, s[0].fsr, s[0].far, (int)s[1].excp,
			s[1].fsr, s[1].far);
}

static void print_memory(const struct verify *v, FILE *to)
{
	unsigned int shown = 0;

	for (unsigned int i = 0; i < v->used_n; i++) {
		const struct copy *c = &v->copy[v->used[i]];
		const uint8_t *a = v->data[v->used[i]][INTERPRETED];
		const uint8_t *b = v->data[v->used[i]][TRANSLATED];

		for (unsigned int n = 0; n < PAGE_SIZE; n++) {
			if (a[n] == b[n] || shown++ >= BYTES_SHOWN)
				continue;
			fprintf(to, "  physical %#llx: %02x, %02x, %02x\n",
				(unsigned long long)c->pa + n, c->host[n], a[n],
				b[n]);
		}
	}
	if (shown > BYTES_SHOWN)
		fprintf(to, "  and %u bytes more\n", shown - BYTES_SHOWN);
}

void verify_report(const struct verify *v, const struct unit *u,
		   const struct ir_unit *ir, FILE *to)
{
	fprintf(to,
		"the translator and the interpreter differ (%s, cpsr "
		"%08x):\n",
		v->before.cpsr & CPSR_T ? "T32" : "A32", v->before.cpsr);
	dump_insns(v->cpu, u, to);
	fputs("IR, as optimized:\n", to);
	ir_dump(ir, to);
	fputs("registers before:\n", to);
	for (unsigned int i = 0; i < 15; i++)
		fprintf(to, "  r%-2u %08x%s", i, word(&v->before, 4 * i),
			i % 5 == 4 ? "\n" : "");
	fputs("what differs:\n", to);
	print_state(v, to);
	print_memory(v, to);
	fflush(to);
}

/* Turns */

void verify_take_turn(struct verify *v)
{
	struct turns *t = v->turns;
	uint64_t mine;

	if (v->turn && ++v->units % TURN)
		return;
	verify_end_turn(v);
	pthread_mutex_lock(&t->lock);
	mine = t->next++;
	if (t->now != mine) {
		sync_leave(v->cpu);
		while (t->now != mine)
			pthread_cond_wait(&t->changed, &t->lock);
		pthread_mutex_unlock(&t->lock);
		sync_enter(v->cpu);
	} else {
		pthread_mutex_unlock(&t->lock);
	}
	v->turn = true;
}

void verify_end_turn(struct verify *v)
{
	struct turns *t = v->turns;

	if (!v->turn)
		return;
	v->turn = false;
	pthread_mutex_lock(&t->lock);
	t->now++;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

/* Starting and ending */

struct verify *verify_new(struct cpu *cpu, struct verify *first,
			  struct err *err)
{
	size_t size = 2 * VIEW_PAGES * sizeof(int64_t);
	void *views = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct verify *v;

	if (views == MAP_FAILED) {
		err_errno(err, errno,
			  "cannot reserve memory for verified views");
		return NULL;
	}
	madvise(views, size, MADV_NOHUGEPAGE);
	v = xnew(struct verify);
	v->cpu = cpu;
	v->overlay = (struct access_overlay){ place, written, device };
	v->views = views;
	v->data = xcalloc(COPIES, sizeof(*v->data));
	pthread_mutex_init(&v->own.lock, NULL);
	pthread_cond_init(&v->own.changed, NULL);
	v->turns = first ? first->turns : &v->own;
	return v;
}

void verify_free(struct verify *v)
{
	if (!v)
		return;
	munmap(v->views, 2 * VIEW_PAGES * sizeof(int64_t));
	pthread_mutex_destroy(&v->own.lock);
	pthread_cond_destroy(&v->own.changed);
	free(v->data);
	free(v);
}
