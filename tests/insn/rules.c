/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a comparison with qemu-arm cannot teach (DESIGN.md §6): aborts in the
 * middle of several accesses, alignment, the rights of PL0, exclusives.
 */
#include <string.h>

#include "../unit/test.h"
#include "arm/decode.h"
#include "arm/mmu.h"
#include "machine.h"

enum {
	END = CASE_DATA + CASE_DATA_SIZE,
	PRIVATE = END,        /* a page that private_page() maps for PL1 only */
	L2_DATA = 0x50004000, /* machine.c */
	PAGE_PL1 = 0x02 | 0x0c | 1 << 6 | 1 << 4,
};

static struct machine *m;
static struct case_in in;
static struct case_out out;

/* r[n] = n, no flags. */
static void begin(void)
{
	memset(&in, 0, sizeof(in));
	for (unsigned int i = 0; i < 15; i++)
		in.r[i] = i;
}

static void code(unsigned int n, const uint32_t *words)
{
	memcpy(in.code, words, n * 4);
	in.words = n;
	machine_load(m, &in, 1);
	check_eq(machine_run(m, &in, 0, NULL, &out), MACHINE_RAN);
}

#define run(...)                                      \
	code(sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, \
	     (uint32_t[]){ __VA_ARGS__ })

/* It ended so, and nothing has changed. */
static void check_untouched(enum case_end end)
{
	check_eq(out.end, end);
	check_eq(out.r[15], CASE_CODE);
	for (unsigned int i = 0; i < 15; i++)
		check_eq(out.r[i], in.r[i]);
	check_eq(out.memory, 0);
}

static void aborts_change_nothing(void)
{
	static const uint32_t up[] = {
		0xe8b0001e, /* ldm r0!, {r1-r4} */
		0xe8a0001e, /* stm r0!, {r1-r4} */
		0xe8b08006, /* ldm r0!, {r1, r2, pc} */
		0xe890000f, /* ldm r0, {r0-r3} */
		0xe1c020d4, /* ldrd r2, r3, [r0, #4] */
		0xe1c020f4, /* strd r2, r3, [r0, #4] */
		0xe5b01008, /* ldr r1, [r0, #8]! */
	};

	for (unsigned int i = 0; i < sizeof(up) / sizeof(up[0]); i++) {
		begin();
		in.r[0] = END - 8;
		run(up[i]);
		check_untouched(END_FAULT);
		check_eq(m->cpu.excp_far, END);
	}
	begin();
	in.r[13] = CASE_DATA + 8;
	run(0xe92d001e); /* push {r1-r4} */
	check_untouched(END_FAULT);
	check_eq(m->cpu.excp_far, CASE_DATA - 8);
}

/* FLDMX's last word belongs to the format, but is not touched. */
static void half_a_doubleword(void)
{
	begin();
	in.r[0] = END - 8;
	run(0xecb0fb03); /* fldmiax r0!, {d15} */
	check_eq(out.end, END_UNDEF);
	check_eq(out.r[0], END + 4);
	check_eq(out.d[15],
		 case_pattern(CASE_DATA_SIZE / 4 - 2) |
			 (uint64_t)case_pattern(CASE_DATA_SIZE / 4 - 1) << 32);
}

static void words_must_be_aligned(void)
{
	static const uint32_t words[] = {
		0xe8b0001e, /* ldm r0!, {r1-r4} */
		0xe8a0001e, /* stm r0!, {r1-r4} */
		0xe1c020d0, /* ldrd r2, r3, [r0] */
		0xe1c020f0, /* strd r2, r3, [r0] */
		0xe1901f9f, /* ldrex r1, [r0] */
		0xe1b02f9f, /* ldrexd r2, r3, [r0] */
		0xe1801f92, /* strex r1, r2, [r0] */
		0xe1001092, /* swp r1, r2, [r0] */
	};

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		begin();
		in.r[0] = CASE_DATA + 2;
		run(words[i]);
		check_untouched(END_ALIGNMENT);
		check_eq(m->cpu.excp_far, CASE_DATA + 2);
	}
	begin(); /* but this one need not */
	in.r[0] = CASE_DATA + 2;
	run(0xe5901000); /* ldr r1, [r0] */
	check_eq(out.end, END_UNDEF);
}

/* A page behind the data that only PL1 may touch. */
static void private_page(uint32_t entry)
{
	memcpy(ram_at(&m->ram, L2_DATA + (PRIVATE >> 12 & 0xff) * 4, 4), &entry,
	       4);
	mmu_flush_all(&m->cpu);
}

static void unprivileged_access(void)
{
	static const uint32_t translated[] = {
		0xe4b01000, /* ldrt r1, [r0] */
		0xe4a01000, /* strt r1, [r0] */
		0xe4f01000, /* ldrbt r1, [r0] */
		0xe4e01000, /* strbt r1, [r0] */
		0xe0f010b0, /* ldrht r1, [r0] */
		0xe0e010b0, /* strht r1, [r0] */
		0xe0f010d0, /* ldrsbt r1, [r0] */
		0xe0f010f0, /* ldrsht r1, [r0] */
		0xe6b01002, /* ldrt r1, [r0], r2 */
	};

	private_page(PRIVATE | PAGE_PL1);
	cpu_set_cpsr(&m->cpu, MODE_SVC);
	mmu_context_changed(&m->cpu);
	begin();
	in.r[0] = PRIVATE;
	run(0xe5901000, 0xe5801004); /* ldr r1, [r0]; str r1, [r0, #4] */
	check_eq(out.end, END_UNDEF);
	for (unsigned int i = 0; i < sizeof(translated) / 4; i++) {
		begin();
		in.r[0] = PRIVATE;
		run(translated[i]);
		check_untouched(END_FAULT);
		check_eq(m->cpu.excp_far, PRIVATE);
		in.r[0] = CASE_DATA;
		run(translated[i]);
		check_eq(out.end, END_UNDEF);
	}
	cpu_set_cpsr(&m->cpu, MODE_USR);
	mmu_context_changed(&m->cpu);
	private_page(0);
}

/* r1 is the status of the STREX, at r0, of r2. */
static void exclusives(void)
{
	begin();
	in.r[0] = CASE_DATA;
	run(0xe1903f9f, 0xe1801f92); /* ldrex r3, [r0]; strex r1, r2, [r0] */
	check_eq(out.r[1], 0);
	check(out.memory);
	run(0xe1801f92); /* no ldrex */
	check_eq(out.r[1], 1);
	check_eq(out.memory, 0);
	run(0xe1903f9f, 0xf57ff01f, 0xe1801f92); /* clrex between */
	check_eq(out.r[1], 1);
	run(0xe1903f9f, 0xe2800004, 0xe1801f92); /* another address */
	check_eq(out.r[1], 1);
	/* ldrex; strex r1; strex r4: once only */
	run(0xe1903f9f, 0xe1801f92, 0xe1804f92);
	check_eq(out.r[1], 0);
	check_eq(out.r[4], 1);
	/* another value was stored: str r5, [r0] */
	run(0xe1903f9f, 0xe5805000, 0xe1801f92);
	check_eq(out.r[1], 1);
	/* the same value was: str r3, [r0] */
	run(0xe1903f9f, 0xe5803000, 0xe1801f92);
	check_eq(out.r[1], 0);
}

/* LDREXD gives the words in the order of their addresses, each as the data's
 * endianness has it. */
static void exclusive_pairs(void)
{
	begin();
	in.r[0] = CASE_DATA + 8;
	/* ldrexd r2, r3, [r0]; setend be; ldrexd r4, r5, [r0];
	 * strexd r1, r2, r3, [r0]; setend le */
	run(0xe1b02f9f, 0xf1010200, 0xe1b04f9f, 0xe1a01f92, 0xf1010000);
	check_eq(out.r[2], case_pattern(2));
	check_eq(out.r[3], case_pattern(3));
	check_eq(out.r[4], __builtin_bswap32(case_pattern(2)));
	check_eq(out.r[5], __builtin_bswap32(case_pattern(3)));
	check_eq(out.r[1], 0);
	check(out.memory);
}

static void swap_needs_permission(void)
{
	begin();
	in.r[0] = CASE_DATA;
	run(0xe1001092); /* swp r1, r2, [r0] */
	check_eq(out.r[1], case_pattern(0));
	check(out.memory);
	m->cpu.cp15.sctlr &= ~(uint32_t)SCTLR_SW;
	run(0xe1001092);
	check_untouched(END_UNDEF);
	m->cpu.cp15.sctlr |= SCTLR_SW;
}

int main(void)
{
	decode_init();
	m = machine_new();
	aborts_change_nothing();
	half_a_doubleword();
	words_must_be_aligned();
	unprivileged_access();
	exclusives();
	exclusive_pairs();
	swap_needs_permission();
	machine_free(m);
	return test_done();
}
