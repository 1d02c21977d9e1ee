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
#include "jit/verify_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arm/exec.h"
#include "arm/mmu.h"
#include "arm/sync.h"
#include "arm/vfp.h"
#include "arm/view.h"
#include "common/mem.h"
#include "jit/translate.h"

enum {
	ATTEMPTS = 4,
	TURN = 16384,  /* units */
	LEFT_MASK = 7, /* of a token: enum x64_left */
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
		return !in->u && in->x & 3;
	if (in->exec == exec_LDM)
		return in->s && in->imm >> 15 & 1;
	return in->flags & INSN_ENDS_BLOCK && in->s && in->rd == 15;
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
	if (v->outside) {
		/* in the middle of it: again, and not as far */
		restore(v, &v->before);
		interpret_unit(v, v->at);
		v->once = true;
	}
}

static void fill_views(struct verify *v)
{
	for (unsigned int i = 0; i < v->touched_n; i++) {
		const struct touched *t = &v->touched[i];
		uint32_t page = t->va >> 12;
		const uint8_t *to = t->host;
		int copy = verify_find_copy(v, t->host);

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
		v->by_exit = !v->single;
	} else if (token == X64_LEFT_TO) {
		cpu->thumb = cpu->pc_next & 1;
		cpu->pc_next &= cpu->thumb ? ~1u : ~3u;
		v->left = v->done;
		v->by_exit = true;
	} else if (token == X64_LEFT_NEXT) {
		v->left = v->done;
		v->by_exit = true;
	}
}

static void run_translated(struct verify *v, const struct x64 *x64)
{
	volatile bool raised = false;

	v->way = TRANSLATED;
	v->outside = v->single = v->by_exit = false;
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
	uint32_t mode = cpu->mode;

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
	if (ji->goes_on && cpu->mode != mode)
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

/* The interpreter has gone on into an exception. */
static bool stopped_before_fault(const struct verify *v)
{
	return v->state[INTERPRETED].excp != EXCP_NONE &&
	       v->state[TRANSLATED].excp == EXCP_NONE;
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
		verify_undo_writes(v, v->used[i]);
	}
	restore(v, &v->before);
	interpret_unit(v, n);
	for (unsigned int i = 0; i < count; i++) {
		int at = verify_find_copy(v, was[i].host);

		if (at < 0)
			at = (int)verify_add_copy(v, was[i].host, was[i].pa);
		memcpy(v->data[at][TRANSLATED], kept[i], PAGE_SIZE);
	}
	free(kept);
	free(was);
	v->way = TRANSLATED;
	v->left = n;
	v->once = false;
}

/* It was left by an exit to an instruction of its own, which may be there
 * several times (a loop that was unrolled): what is compared is what fits. */
static bool same_at_exit(struct verify *v)
{
	uint32_t pc = verify_word(&v->state[TRANSLATED],
				  offsetof(struct cpu, pc_next));
	unsigned int done = v->done;

	for (unsigned int n = 1; n < done; n++) {
		if (v->cpu->page_va + v->unit->insn[n].in.off != pc)
			continue;
		shorten(v, n);
		if (verify_same(v))
			return true;
	}
	return false;
}

static bool attempt(struct verify *v, const struct x64 *x64)
{
	interpret_unit(v, v->unit->insns);
	restore(v, &v->before);
	run_translated(v, x64);
	if (v->outside)
		return false;
	if (v->left < v->done ||
	    (v->left == v->done && stopped_before_fault(v)))
		shorten(v, v->left);
	return verify_same(v) || (v->by_exit && same_at_exit(v));
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
			verify_drop_copies(v);
		restore(v, &v->before);
		same = attempt(v, x64);
	}
	memcpy(&cpu->unwind, &v->unwind, sizeof(cpu->unwind));
	restore(v, same ? &v->state[TRANSLATED] : &v->before);
	if (!same)
		return VERIFY_DIFFERENT;
	verify_commit(v, v->done);
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
	v->overlay = verify_overlay;
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
