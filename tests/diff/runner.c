/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference: an ARM program that runs cases under qemu-arm, or on real
 * hardware, and writes what came out.
 *
 * All cases are run from inside of one signal handler: it stores the state
 * that a case ended with, puts the next case's into the frame, and returns
 * into it.  So a case may do what it wants to any register, and every way to
 * end it is a signal.  There is no C library, so that nothing but this page of
 * code and the alternate stack can be hit by a wild store.
 *
 * Standard input: a count, then that many struct case_in, again and again.
 */
#include "insn/case.h"

typedef unsigned long size_t;

enum {
	SYS_exit = 1,
	SYS_read = 3,
	SYS_write = 4,
	SYS_rt_sigaction = 174,
	SYS_sigaltstack = 186,
	SYS_mmap2 = 192,
	SYS_cacheflush = 0xf0002,
	SIGILL = 4,
	SIGTRAP = 5,
	SIGBUS = 7,
	SIGSEGV = 11,
	SA_SIGINFO = 4,
	SA_ONSTACK = 0x08000000,
	SA_RESTORER = 0x04000000,
	SA_NODEFER = 0x40000000,
	PROT_ALL = 7,
	MAP_FLAGS = 0x32, /* private, fixed, anonymous */
	CODE_SIZE = CASE_SLOT * CASE_BATCH,
	VFP_MAGIC = 0x56465001,
};

/* The kernel's struct ucontext on ARM, as far as it is used. */
struct frame {
	uint32_t flags, link, stack[3];
	uint32_t trap, error, oldmask;
	uint32_t r[16];
	uint32_t cpsr, fault;
	uint32_t sigmask[32];
	uint32_t reg_magic __attribute__((aligned(8)));
	uint32_t reg_size;
	uint64_t d[32];
	uint32_t fpscr;
};

struct action {
	void (*handler)(int, void *, struct frame *);
	uint32_t flags;
	void (*restorer)(void);
	uint32_t mask[2];
};

static struct case_in in[CASE_BATCH];
static struct case_out out[CASE_BATCH];
static uint32_t count, next, started;
static struct frame home; /* where the first case was started */
static uint8_t stack[65536] __attribute__((aligned(8)));

static long call(long n, long a, long b, long c, long d, long e, long f)
{
	register long r7 __asm__("r7") = n;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;
	register long r5 __asm__("r5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(r0)
			 : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
			 : "memory");
	return r0;
}

void *memcpy(void *to, const void *from, size_t n)
{
	char *t = to;

	for (const char *f = from; n; n--)
		*t++ = *f++;
	return to;
}

static void leave(int status)
{
	for (;;)
		call(SYS_exit, status, 0, 0, 0, 0, 0);
}

static void transfer(long how, void *buf, size_t n)
{
	for (char *p = buf; n;) {
		long done = call(how, how == SYS_write, (long)p, (long)n, 0, 0,
				 0);

		if (done <= 0)
			leave(done != 0);
		p += done;
		n -= (size_t)done;
	}
}

static void load(struct frame *f, const struct case_in *c)
{
	for (int i = 0; i < 15; i++)
		f->r[i] = c->r[i];
	f->r[15] = CASE_CODE + CASE_SLOT * next;
	f->cpsr = (f->cpsr & ~(uint32_t)CASE_CPSR) | c->cpsr;
	for (int i = 0; i < 32; i++)
		f->d[i] = c->d[i];
	f->fpscr = c->fpscr;
}

static void store(struct case_out *o, const struct frame *f, int signal)
{
	for (int i = 0; i < 16; i++)
		o->r[i] = f->r[i];
	o->cpsr = f->cpsr & (uint32_t)CASE_CPSR;
	for (int i = 0; i < 32; i++)
		o->d[i] = f->d[i];
	o->fpscr = f->fpscr;
	o->memory = case_changes((uint32_t *)CASE_DATA);
	o->end = signal == SIGILL    ? END_UNDEF
		 : signal == SIGSEGV ? END_FAULT
		 : signal == SIGBUS  ? END_ALIGNMENT
		 : signal == SIGTRAP ? END_BKPT
				     : END_OTHER;
}

static void on_signal(int signal, void *info, struct frame *f)
{
	(void)info;
	if (!started) {
		if (f->reg_magic != VFP_MAGIC)
			leave(2);
		home = *f;
		home.r[15] += 4;
		started = 1;
	} else {
		store(&out[next++], f, signal);
	}
	while (next < count && in[next].skip)
		next++;
	if (next < count) {
		load(f, &in[next]);
	} else {
		started = 0;
		*f = home;
	}
}

__attribute__((naked)) static void restore(void)
{
	__asm__ volatile("mov r7, #173\n\tsvc 0"); /* rt_sigreturn */
}

static void map(uint32_t at, uint32_t size)
{
	if (call(SYS_mmap2, (long)at, (long)size, PROT_ALL, MAP_FLAGS, -1, 0) !=
	    (long)at)
		leave(3);
}

static void write_code(void)
{
	uint32_t *code = (uint32_t *)CASE_CODE;

	for (uint32_t n = 0; n < count; n++)
		case_load(code + n * CASE_SLOT / 4, &in[n]);
	call(SYS_cacheflush, CASE_CODE, CASE_CODE + CODE_SIZE, 0, 0, 0, 0);
}

void _start(void)
{
	static const int signals[] = { SIGILL, SIGTRAP, SIGBUS, SIGSEGV };
	uint32_t alt[3] = { (uint32_t)stack, 0, sizeof(stack) };
	struct action act = { on_signal,
			      SA_SIGINFO | SA_ONSTACK | SA_NODEFER |
				      SA_RESTORER,
			      restore,
			      { 0, 0 } };

	map(CASE_DATA, CASE_DATA_SIZE);
	map(CASE_CODE, CODE_SIZE);
	case_changes((uint32_t *)CASE_DATA);
	call(SYS_sigaltstack, (long)alt, 0, 0, 0, 0, 0);
	for (int i = 0; i < 4; i++)
		call(SYS_rt_sigaction, signals[i], (long)&act, 0, 8, 0, 0);
	for (;;) {
		transfer(SYS_read, &count, sizeof(count));
		if (count > CASE_BATCH)
			leave(4);
		transfer(SYS_read, in, count * sizeof(in[0]));
		write_code();
		next = 0;
		__asm__ volatile(".inst 0xe7f000f0" ::: "memory");
		transfer(SYS_write, out, count * sizeof(out[0]));
	}
}
