/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Lockstep: random programs (program.h) on two equal machines (twin.h), one
 * translated, with units linked and loops inside of units, and one stepped
 * instruction by instruction by the interpreter, which is also how they are
 * counted.  Both CPUs are compared at each exception, their memory
 * often, and at the end of each run.
 *
 * Exceptions are handled here, for both alike: a page whose access faulted is
 * mapped and the access repeated, or the instruction is skipped; who has lost
 * its way is sent to a label.  Interrupts come in two ways.  IRQ is pulled by
 * the device, so it has to be taken behind the same instruction.  FIQ is
 * pulled by a signal at any time while translated code runs; where it is taken
 * then is not said, but it must be a place and a state that the interpreter
 * comes by: it is stepped until it stands there and gets its FIQ, too.
 *
 * Everything is made from the program's number; --first repeats from there.
 * With --verify the translator also compares by itself (jit/verify.h).
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "arm/disasm.h"
#include "arm/exception.h"
#include "arm/interp.h"
#include "arm/mmu.h"
#include "arm/vfp.h"
#include "insn/state.h"
#include "jit/jit.h"
#include "twin.h"
#include "unit/test.h"

enum {
	CONFIGS = 4, /* v2, v3, each with registers at random and as usual */
	RUNS = 16,   /* of a program, from other states */
	EXCEPTIONS = 40,  /* in a run */
	STEPS = 50000000, /* what the other does before its watchdog */
	WATCHDOG_MS = 4,  /* a run takes microseconds */
	WFI_BYTES = 4,
	PROGRESS = 25000000, /* instructions */
};

/* The vectors, by number (B1.8.1). */
enum vector {
	VECTOR_UNDEF = 1,
	VECTOR_SVC = 2,
	VECTOR_PREFETCH = 3,
	VECTOR_DATA = 4,
	VECTOR_IRQ = 6,
	VECTOR_FIQ = 7,
};

struct counts {
	uint64_t instructions, programs, runs, exceptions[8], dropped;
	uint64_t asynchronous, repaired;
};

struct pair {
	struct twin *interp, *jit;
};

struct run {
	struct gen gen;
	struct pair pair[CONFIGS];
	struct pair *at;
	struct program program;
	uint64_t number;
	uint32_t mapping;
	unsigned int index; /* of the run */
	struct counts counts;
	timer_t timer;
	bool asynchronous; /* the FIQ of this run is armed */
};

/* For the signals' handlers */
static struct cpu *signalled;
static volatile sig_atomic_t ticks;

static uint32_t number(struct run *run, uint32_t below)
{
	return random_next(&run->gen.random) % below;
}

static bool one_in(struct run *run, unsigned int n)
{
	return number(run, n) == 0;
}

/* Comparing */

#define PLAIN(member)                                     \
	{                                                 \
#member, offsetof(struct cpu, member),    \
			sizeof(((struct cpu *)0)->member) \
	}
static const struct field {
	const char *name;
	size_t off, size;
} fields[] = {
	PLAIN(r[0]),  PLAIN(r[1]),    PLAIN(r[2]),        PLAIN(r[3]),
	PLAIN(r[4]),  PLAIN(r[5]),    PLAIN(r[6]),        PLAIN(r[7]),
	PLAIN(r[8]),  PLAIN(r[9]),    PLAIN(r[10]),       PLAIN(r[11]),
	PLAIN(r[12]), PLAIN(r[13]),   PLAIN(r[14]),       PLAIN(pc_next),
	PLAIN(masks), PLAIN(ex_size), PLAIN(bank_sp),     PLAIN(bank_lr),
	PLAIN(spsr),  PLAIN(cp15),    PLAIN(bank_usr_r8), PLAIN(bank_fiq_r8),
	PLAIN(lines), PLAIN(vfp.v),   PLAIN(vfp.fpexc),
};

static bool same_exclusive(const struct cpu *a, const struct cpu *b)
{
	return !a->ex_size ||
	       (a->ex_va == b->ex_va && a->ex_value == b->ex_value);
}

static const char *difference(const struct twin *a, const struct twin *b)
{
	const struct cpu *ca = &a->cpu, *cb = &b->cpu;

	for (unsigned int i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (memcmp((const char *)ca + fields[i].off,
			   (const char *)cb + fields[i].off, fields[i].size))
			return fields[i].name;
	if (cpu_cpsr(ca) != cpu_cpsr(cb))
		return "cpsr";
	if (vfp_fpscr(ca) != vfp_fpscr(cb))
		return "fpscr";
	if (!same_exclusive(ca, cb))
		return "the exclusive monitor";
	if (a->device != b->device)
		return "what the device saw";
	return NULL;
}

static const char *difference_in_memory(const struct twin *a,
					const struct twin *b)
{
	if (memcmp(a->data, b->data, TWIN_DATA_PAGES * 4096))
		return "the data";
	if (memcmp(a->code, b->code, PROGRAM_SIZE))
		return "the code";
	return NULL;
}

static void list_program(const struct run *run)
{
	const struct program *p = &run->program;
	bool thumb = p->thumb;

	for (unsigned int at = p->from; at < p->to;) {
		uint32_t va = run->mapping + TWIN_CODE + at, word;
		char text[DISASM_SIZE];
		uint16_t half[2];
		struct insn in;

		for (unsigned int i = 0; i < p->labels; i++)
			if (p->label[i].off == at)
				thumb = p->label[i].thumb;
		memcpy(half, p->code + at, 4);
		word = (uint32_t)half[0] << 16 | half[1];
		if (!thumb)
			decode_a32(&in, (uint32_t)half[1] << 16 | half[0]);
		else if (decode_is_t32(half[0]))
			decode_t32(&in, word, 0);
		else
			decode_t16(&in, half[0], 0);
		disasm(&in, va, text, sizeof(text));
		fprintf(stderr, "%s%08x: %08x  %s\n",
			at == p->entry ? "> " : "  ", va, in.word, text);
		at += in.len;
	}
}

static void report(const struct run *run, const char *what)
{
	const struct cpu *a = &run->at->interp->cpu, *b = &run->at->jit->cpu;
	const struct twin *ta = run->at->interp, *tb = run->at->jit;

	list_program(run);
	fprintf(stderr, "program %llu (configuration %td, run %u): %s\n",
		(unsigned long long)run->number, run->at - run->pair,
		run->index, what);
	fprintf(stderr, "  %-8s %-10s %s\n", "", "interp", "jit");
	for (unsigned int i = 0; i < 15; i++)
		if (a->r[i] != b->r[i])
			fprintf(stderr, "  r%-7u %08x   %08x\n", i, a->r[i],
				b->r[i]);
	fprintf(stderr, "  pc       %08x   %08x\n", a->pc_next, b->pc_next);
	fprintf(stderr, "  cpsr     %08x   %08x\n", cpu_cpsr(a), cpu_cpsr(b));
	fprintf(stderr, "  spsr     %08x   %08x\n", exception_spsr(a),
		exception_spsr(b));
	fprintf(stderr, "  fpscr    %08x   %08x\n", vfp_fpscr(a), vfp_fpscr(b));
	for (unsigned int i = 0; i < 32; i++)
		if (a->vfp.v.d[i] != b->vfp.v.d[i])
			fprintf(stderr, "  d%-2u %016llx %016llx\n", i,
				(unsigned long long)a->vfp.v.d[i],
				(unsigned long long)b->vfp.v.d[i]);
	for (unsigned int i = 0; i < TWIN_DATA_PAGES * 4096; i++)
		if (ta->data[i] != tb->data[i])
			fprintf(stderr, "  data+%04x %02x %02x\n", i,
				ta->data[i], tb->data[i]);
	test_failed();
}

static bool compare(struct run *run, bool memory)
{
	const char *what = difference(run->at->interp, run->at->jit);

	if (!what && memory)
		what = difference_in_memory(run->at->interp, run->at->jit);
	if (what)
		report(run, what);
	return !what;
}

/* Signals */

static void fire(int sig)
{
	(void)sig;
	cpu_set_line(signalled, CPU_LINE_FIQ, true);
}

/* The second tick in one run. */
static void tick(int sig)
{
	(void)sig;
	if (++ticks > 1)
		cpu_attend(signalled, ATT_STOP);
}

static void start_signals(struct run *run)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
			       .sigev_signo = SIGRTMIN };
	struct itimerval period = {
		.it_interval = { .tv_usec = WATCHDOG_MS * 1000 },
		.it_value = { .tv_usec = WATCHDOG_MS * 1000 },
	};

	signal(SIGRTMIN, fire);
	signal(SIGVTALRM, tick);
	timer_create(CLOCK_MONOTONIC, &ev, &run->timer);
	setitimer(ITIMER_VIRTUAL, &period, NULL);
}

static void arm_timer(const struct run *run, long ns)
{
	struct itimerspec its = { .it_value = { .tv_nsec = ns } };

	timer_settime(run->timer, 0, &its, NULL);
}

/* Running */

/* Where an exception was taken, or 0. */
static enum vector vector_of(const struct cpu *cpu)
{
	uint32_t n = (cpu->pc_next - WFI_BYTES - cpu->cp15.vbar) / 4;

	return n < 8 ? (enum vector)n : 0;
}

/* Translated, until a WFI.  False: it does not end. */
static bool run_jit(struct run *run)
{
	struct cpu *cpu = &run->at->jit->cpu;
	enum cpu_exit exit;

	signalled = cpu;
	ticks = 0;
	if (run->asynchronous)
		arm_timer(run, 200 + (long)number(run, 12000));
	exit = jit_run(cpu);
	if (run->asynchronous)
		arm_timer(run, 0);
	return exit == CPU_EXIT_WFI;
}

/* Whether the interpreter stands where the other took its FIQ. */
static bool stands_there(const struct cpu *cpu, const struct cpu *other)
{
	enum cpu_bank bank = cpu_bank_of(cpu->mode);

	if (cpu->pc_next != other->r[14] - 4 ||
	    cpu_cpsr(cpu) != exception_spsr(other) ||
	    memcmp(cpu->r, other->r, 8 * sizeof(cpu->r[0])))
		return false;
	/* whatever calls or computes differently has other registers */
	return !memcmp(cpu->r + 8, other->bank_usr_r8,
		       sizeof(other->bank_usr_r8)) &&
	       cpu->r[13] == other->bank_sp[bank] &&
	       cpu->r[14] == other->bank_lr[bank] &&
	       vfp_fpscr(cpu) == vfp_fpscr(other) &&
	       !memcmp(&cpu->vfp.v, &other->vfp.v, sizeof(cpu->vfp.v));
}

/* Until the next WFI, with a FIQ on the way if the other took one.  False: it
 * does not end, or does not come by. */
static bool run_interp(struct run *run)
{
	const struct cpu *other = &run->at->jit->cpu;
	struct cpu *cpu = &run->at->interp->cpu;
	bool fiq = vector_of(other) == VECTOR_FIQ;
	uint32_t seen;

	for (unsigned int n = 0; n < STEPS; n++) {
		if (fiq && stands_there(cpu, other)) {
			cpu_set_line(cpu, CPU_LINE_FIQ, true);
			fiq = false;
		}
		/* by itself, because a FIQ may come right behind an IRQ */
		if (!atomic_load(&cpu->attention))
			interp_step(cpu);
		else if (interp_attend(cpu, &seen))
			return !fiq;
		run->counts.instructions++;
	}
	return false;
}

/* Handling exceptions, the same way on both */

static bool in_code(const struct run *run, uint32_t va, uint32_t *ret_off)
{
	for (unsigned int i = 0; i < TWIN_MAPPINGS; i++) {
		*ret_off = va - twin_mapping[i] - TWIN_CODE;
		if (*ret_off < PROGRAM_SIZE - 2)
			return true;
	}
	(void)run;
	return false;
}

static unsigned int length_at(const struct run *run, uint32_t off, bool thumb)
{
	uint16_t half;

	memcpy(&half, run->at->interp->code + off, 2);
	return !thumb || decode_is_t32(half) ? 4 : 2;
}

/* What the handler will do. */
struct plan {
	uint32_t pc, cpsr;
	bool over;
	bool vfp_on; /* as Linux does it when a task first needs it */
};

static void go_to_label(struct run *run, struct plan *plan)
{
	const struct program *p = &run->program;
	unsigned int n = number(run, p->labels);

	plan->cpsr &= ~(uint32_t)(CPSR_T | 0x0600fc00);
	if (p->label[n].thumb)
		plan->cpsr |= CPSR_T;
	plan->pc = run->mapping + TWIN_CODE + p->label[n].off;
}

static void skip(struct run *run, struct plan *plan, uint32_t culprit)
{
	bool thumb = plan->cpsr & CPSR_T;
	uint32_t off;

	if (!in_code(run, culprit, &off)) {
		go_to_label(run, plan);
		return;
	}
	plan->pc = culprit + length_at(run, off, thumb);
	plan->cpsr &= ~0x0600fc00u;
}

/* Map the page that was accessed, if it is one of the data. */
static bool repair(struct run *run, uint32_t va)
{
	for (unsigned int i = 0; i < TWIN_MAPPINGS; i++) {
		uint32_t n = (va - twin_mapping[i] - TWIN_DATA) / 4096;

		if (n >= TWIN_DATA_PAGES)
			continue;
		twin_map_data(run->at->interp, n, PAGE_RW, 0);
		twin_map_data(run->at->jit, n, PAGE_RW, 0);
		for (i = 0; i < TWIN_MAPPINGS; i++) {
			va = twin_mapping[i] + TWIN_DATA + n * 4096;
			mmu_flush_page(&run->at->interp->cpu, va, 0, true);
			mmu_flush_page(&run->at->jit->cpu, va, 0, true);
		}
		return true;
	}
	return false;
}

static void handle_data_abort(struct run *run, struct plan *plan)
{
	const struct cpu *cpu = &run->at->interp->cpu;
	uint32_t culprit = cpu->r[14] - 8;
	bool alignment = (cpu->cp15.dfsr & 0x40f) == 1 ||
			 (cpu->cp15.dfsr & 0x23f) == 0x221;

	if (!alignment && !one_in(run, 3) && repair(run, cpu->cp15.dfar)) {
		run->counts.repaired++;
		plan->pc = culprit;
	} else {
		skip(run, plan, culprit);
	}
}

static struct plan plan_return(struct run *run, enum vector vector)
{
	const struct cpu *cpu = &run->at->interp->cpu;
	uint32_t lr = cpu->r[14], off;
	struct plan plan = { .cpsr = exception_spsr(cpu) };
	bool thumb = plan.cpsr & CPSR_T;

	switch (vector) {
	case VECTOR_UNDEF:
		plan.pc = lr - (thumb ? 2 : 4);
		plan.vfp_on = !(cpu->vfp.fpexc & FPEXC_EN);
		if (!plan.vfp_on)
			skip(run, &plan, plan.pc);
		break;
	case VECTOR_SVC:
		plan.over = in_code(run, lr, &off) && off == run->program.end;
		plan.pc = lr;
		break;
	case VECTOR_PREFETCH:
		if (in_code(run, lr - 4, &off) && !one_in(run, 4))
			skip(run, &plan, lr - 4);
		else
			go_to_label(run, &plan);
		break;
	case VECTOR_DATA:
		handle_data_abort(run, &plan);
		break;
	case VECTOR_IRQ:
	case VECTOR_FIQ:
		plan.pc = lr - 4;
		break;
	default: /* a WFI of the program's own */
		plan.pc = cpu->pc_next;
		plan.cpsr = cpu_cpsr(cpu);
		break;
	}
	return plan;
}

static void carry_out(struct cpu *cpu, const struct plan *plan)
{
	cpu_set_line(cpu, CPU_LINE_IRQ, false);
	cpu_set_line(cpu, CPU_LINE_FIQ, false);
	cpu_set_cpsr(cpu, plan->cpsr);
	cpu->pc_next = plan->pc;
	if (plan->vfp_on) {
		cpu->vfp.fpexc |= FPEXC_EN;
		vfp_mode_changed(cpu);
	}
	if (cpu->it)
		cpu_attend_self(cpu, ATT_CONTEXT);
}

/* Setting up */

static void set_state(struct twin *t, const struct case_in *c, uint32_t mode,
		      uint32_t pc)
{
	struct cpu *cpu = &t->cpu;

	cpu_set_line(cpu, CPU_LINE_IRQ, false);
	cpu_set_line(cpu, CPU_LINE_FIQ, false);
	cpu_set_cpsr(cpu, (c->cpsr & CASE_CPSR & ~0x0600fc20u) | mode);
	memcpy(cpu->r, c->r, sizeof(c->r));
	memcpy(cpu->vfp.v.d, c->d, sizeof(c->d));
	vfp_set_fpscr(cpu, c->fpscr);
	access_clear_exclusive(cpu);
	cpu->pc_next = pc;
}

static uint32_t random_mode(struct run *run)
{
	static const uint8_t modes[] = { MODE_SVC, MODE_SYS, MODE_IRQ, MODE_ABT,
					 MODE_UND };
	uint32_t mode = MODE_USR;

	if (run->program.privileged)
		mode = modes[number(run, 5)];
	if (one_in(run, 4))
		mode |= number(run, 4) << 6; /* I, F */
	if (one_in(run, 8))
		mode |= CPSR_E;
	if (run->program.thumb)
		mode |= CPSR_T;
	return mode;
}

static void begin_run(struct run *run)
{
	struct case_in c;
	uint32_t mode = random_mode(run), pc, data;

	run->mapping = twin_mapping[number(run, TWIN_MAPPINGS)];
	run->asynchronous = one_in(run, 12);
	data = twin_mapping[number(run, TWIN_MAPPINGS)] + TWIN_DATA;
	state_from_seed(random_next(&run->gen.random), &c);
	for (unsigned int i = 0; i < 14; i++)
		if (one_in(run, 4))
			c.r[i] = data + (number(run, 0x10000) & ~3u);
	c.r[11] = data + (number(run, 0xf000) & ~3u);
	c.r[12] = 1;
	c.r[13] &= ~3u;
	pc = run->mapping + TWIN_CODE + run->program.entry;
	set_state(run->at->interp, &c, mode, pc);
	set_state(run->at->jit, &c, mode, pc);
}

/* Both as the interpreter's, after a run that did not end on one of them. */
static void drop(struct run *run)
{
	struct twin *a = run->at->interp, *b = run->at->jit;

	run->counts.dropped++;
	cpu_reset(&a->cpu);
	cpu_reset(&b->cpu);
	memcpy(b->data, a->data, TWIN_DATA_PAGES * 4096);
	b->device = a->device;
}

static bool ended(const struct run *run)
{
	return run->at->jit->cpu.exit == CPU_EXIT_WFI;
}

/* False: this program is done with. */
static bool one_run(struct run *run)
{
	begin_run(run);
	run->counts.runs++;
	for (unsigned int n = 0; n < EXCEPTIONS; n++) {
		enum vector vector;
		struct plan plan;

		if (!run_jit(run)) {
			if (run->at->jit->cpu.exit == CPU_EXIT_DIFFERENT)
				report(run, "found by -accel verify");
			drop(run);
			return false;
		}
		vector = vector_of(&run->at->jit->cpu);
		if (!run_interp(run)) {
			report(run,
			       "the interpreter comes to no end, or not by "
			       "where the FIQ was taken");
			return false;
		}
		/* one that came too late to be taken */
		cpu_set_line(&run->at->interp->cpu, CPU_LINE_FIQ, false);
		cpu_set_line(&run->at->jit->cpu, CPU_LINE_FIQ, false);
		if (!compare(run, one_in(run, 8)) || !ended(run)) {
			drop(run);
			return false;
		}
		run->counts.exceptions[vector]++;
		if (vector == VECTOR_FIQ)
			run->counts.asynchronous++;
		run->asynchronous = false;
		plan = plan_return(run, vector);
		carry_out(&run->at->interp->cpu, &plan);
		carry_out(&run->at->jit->cpu, &plan);
		if (plan.over)
			break;
	}
	return compare(run, true);
}

static enum twin_page random_page(struct run *run, bool lpae)
{
	enum twin_page kind = PAGE_RW;

	if (one_in(run, 3))
		kind = number(run, PAGE_KINDS);
	return kind == PAGE_NO_ACCESS_FLAG && !lpae ? PAGE_RO : kind;
}

/* The same tables and code for both. */
static void begin_program(struct run *run)
{
	bool lpae = one_in(run, 2), aligned = one_in(run, 8);
	enum twin_page code = run->program.writes_itself ? PAGE_RW : PAGE_RO;

	for (unsigned int n = 0; n < TWIN_DATA_PAGES; n++) {
		enum twin_page kind = random_page(run, lpae);
		unsigned int bits = number(run, 4);

		twin_map_data(run->at->interp, n, kind, bits);
		twin_map_data(run->at->jit, n, kind, bits);
	}
	for (unsigned int n = 0; n < PROGRAM_SIZE / 4096; n++) {
		unsigned int bits = one_in(run, 2);

		if (one_in(run, 50))
			bits |= TWIN_EXECUTE_NEVER;
		twin_map_code(run->at->interp, n, code, bits);
		twin_map_code(run->at->jit, n, code, bits);
	}
	twin_reset(run->at->interp, lpae, aligned);
	twin_reset(run->at->jit, lpae, aligned);
	twin_load(run->at->interp, &run->program);
	twin_load(run->at->jit, &run->program);
}

static void one_program(struct run *run)
{
	run->gen.random.state = run->number * 0x9e3779b97f4a7c15;
	run->at = &run->pair[number(run, CONFIGS)];
	program_make(&run->gen, one_in(run, 3), &run->program);
	begin_program(run);
	for (run->index = 0; run->index < RUNS; run->index++)
		if (!one_run(run))
			break;
	run->counts.programs++;
}

static bool add_pair(struct pair *pair, unsigned int config, bool verify)
{
	struct jit_options options = { .mode = verify ? JIT_VERIFY : JIT_ON,
				       .v3 = config & 1,
				       .seed = config & 2,
				       .threshold = 1 + (config & 1) };
	const char *why;
	struct err err;

	if (!jit_available(&why)) {
		printf("%s\n", why);
		return false;
	}
	pair->interp = twin_new();
	pair->jit = twin_new();
	for (unsigned int i = 0; i < TWIN_DATA_PAGES * 1024; i++) {
		uint32_t word = case_pattern(i);

		memcpy(pair->interp->data + i * 4, &word, 4);
		memcpy(pair->jit->data + i * 4, &word, 4);
	}
	if (jit_init(&pair->jit->cpu, &options, &err) < 0) {
		fprintf(stderr, "no translator: %s\n", err.text);
		exit(1);
	}
	return true;
}

static void print_counts(const struct counts *c)
{
	printf("%llu instructions, %llu programs, %llu runs\n",
	       (unsigned long long)c->instructions,
	       (unsigned long long)c->programs, (unsigned long long)c->runs);
	printf("undefined %llu, prefetch aborts %llu, data aborts %llu "
	       "(%llu repaired), IRQ %llu, FIQ %llu, endless %llu\n",
	       (unsigned long long)c->exceptions[VECTOR_UNDEF],
	       (unsigned long long)c->exceptions[VECTOR_PREFETCH],
	       (unsigned long long)c->exceptions[VECTOR_DATA],
	       (unsigned long long)c->repaired,
	       (unsigned long long)c->exceptions[VECTOR_IRQ],
	       (unsigned long long)c->asynchronous,
	       (unsigned long long)c->dropped);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "programs", required_argument, NULL, 'p' },
		{ "first", required_argument, NULL, 'f' },
		{ "verify", no_argument, NULL, 'v' },
		{ 0 }
	};
	static struct run run = { .number = 1 };
	uint64_t count = 1000000, last = UINT64_MAX, told = 0;
	bool verify = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'c':
			count = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			last = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			run.number = strtoull(optarg, NULL, 0);
			break;
		case 'v':
			verify = true;
			break;
		default:
			return 2;
		}
	}
	decode_init();
	for (unsigned int i = 0; i < CONFIGS; i++)
		if (!add_pair(&run.pair[i], i, verify))
			return 77;
	start_signals(&run);
	for (; run.counts.instructions < count && run.counts.programs < last;
	     run.number++) {
		one_program(&run);
		if (run.counts.instructions / PROGRESS != told) {
			told = run.counts.instructions / PROGRESS;
			print_counts(&run.counts);
		}
	}
	print_counts(&run.counts);
	for (unsigned int i = 0; i < CONFIGS; i++) {
		jit_fini(&run.pair[i].jit->cpu);
		twin_free(run.pair[i].jit);
		twin_free(run.pair[i].interp);
	}
	return test_done();
}
