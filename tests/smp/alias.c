/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library mapped at two addresses by two processes: its code finds itself by
 * ADR, literals and BL relative to the PC, and its second page is another one
 * in each process.  Two CPUs switch between the two all the time.
 */
#include "smp.h"

enum {
	FIRST_VA = (int)FREE_VA + 0x00123000,
	SECOND_VA = (int)FREE_VA + 0x08642000,
	ROUNDS = 3000,
};

/*
 * At the page's begin: r0 becomes the address of "here" as ADR gives it, r1
 * what BL leaves in LR, r2 a literal plus what the next page's code returns,
 * r3 a sum over a loop, so that all of it is hot.
 */
extern const uint32_t library[], library_end[];
__asm__(".pushsection .rodata\n"
	".align 2\n"
	".global library, library_end\n"
	"library:\n"
	"	push	{r4, lr}\n"
	"	mov	r3, #0\n"
	"	mov	r4, #20\n"
	"1:	adr	r0, 3f\n"
	"	bl	2f\n"
	"2:	mov	r1, lr\n"
	"	ldr	r2, 3f\n"
	"	bl	library + 4096\n"
	"	add	r2, r2, r12\n"
	"	add	r3, r3, r12\n"
	"	subs	r4, r4, #1\n"
	"	bne	1b\n"
	"	pop	{r4, pc}\n"
	"3:	.word	0x12340000\n"
	"library_end:\n"
	".popsection\n");

enum {
	HERE = 52,
	AFTER_BL = 20,
	TURNS = 20
};

struct result {
	uint32_t r[4];
};

static struct space space[2];
static const uint32_t at[2] = { FIRST_VA, SECOND_VA };

static struct result call(uint32_t va)
{
	register uint32_t r0 __asm__("r0") = va;
	register uint32_t r1 __asm__("r1");
	register uint32_t r2 __asm__("r2");
	register uint32_t r3 __asm__("r3");

	__asm__ volatile("blx r0"
			 : "+r"(r0), "=r"(r1), "=r"(r2), "=r"(r3)
			 :
			 : "r12", "lr", "memory");
	return (struct result){ { r0, r1, r2, r3 } };
}

static void call_in(unsigned int n)
{
	struct result got;

	space_use(&space[n]);
	got = call(at[n]);
	check("adr", got.r[0], at[n] + HERE);
	check("lr after bl", got.r[1], at[n] + AFTER_BL);
	check("literal and next page", got.r[2], 0x12340000 + 7 + n);
	check("sum", got.r[3], TURNS * (7 + n));
}

static void run(void)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		call_in(i & 1);
}

static void make(unsigned int n, const uint32_t *code, uint32_t *next)
{
	space_init(&space[n], n + 1);
	next[0] = 0xe3a0c007 + n; /* mov r12, #7 + n */
	next[1] = 0xe12fff1e;     /* bx lr */
	map(&space[n], at[n], (uintptr_t)code, PAGE_ALL | PAGE_NG);
	map(&space[n], at[n] + PAGE, (uintptr_t)next, PAGE_ALL | PAGE_NG);
}

int main(void)
{
	uint32_t *code = page_new();

	for (unsigned int i = 0; library + i < library_end; i++)
		code[i] = library[i];
	for (unsigned int n = 0; n < 2; n++)
		make(n, code, page_new());
	mmu_on(&space[0]);
	cpu_start(1, run, &space[1]);
	run();
	cpu_join(1);
	done("alias");
}
