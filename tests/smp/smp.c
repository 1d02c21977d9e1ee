/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "smp.h"

enum {
	UART = 0x09000000,
	PSCI_CPU_OFF = (int)0x84000002,
	PSCI_CPU_ON = (int)0x84000003,
	PSCI_AFFINITY_INFO = (int)0x84000004,
	PSCI_IS_OFF = 1,
	BLOCK = 1,
	TABLE = 3,
	MAX_FAILURES = 5,
};

/* MAIR0: attribute 0 is normal, write-back; 1 is Device. */
#define MAIR0     0x000004ffu
#define RAM_BLOCK 0x701u /* shared, accessed, global */
#define DEVICE    0x0040000000000405ull

static struct {
	void (*fn)(void);
	const struct space *space;
	uint32_t finished;
} second[4];
static uint32_t failures;
static uint32_t next_page = FREE_RAM;

void second_start(void);
void second_main(unsigned int n);
void power_off(void) __attribute__((noreturn));
void unexpected(uint32_t vector, uint32_t at);
int main(void);

/* GCC asks for it. */
void *memset(void *to, int val, unsigned int n);
void *memset(void *to, int val, unsigned int n)
{
	volatile uint8_t *p = to;

	while (n--)
		*p++ = (uint8_t)val;
	return to;
}

void put(const char *text)
{
	for (; *text; text++)
		*(volatile uint32_t *)UART = (uint8_t)*text;
}

void put_hex(uint32_t val)
{
	char digits[] = "00000000";

	for (int i = 7; i >= 0; i--, val >>= 4)
		digits[i] = "0123456789abcdef"[val & 15];
	put(digits);
}

void fail(const char *what, uint32_t got, uint32_t wanted)
{
	uint32_t n = __atomic_fetch_add(&failures, 1, __ATOMIC_SEQ_CST);

	if (n >= MAX_FAILURES)
		return;
	put("not ok: ");
	put(what);
	put(": ");
	put_hex(got);
	put(", not ");
	put_hex(wanted);
	put("\n");
}

void check(const char *what, uint32_t got, uint32_t wanted)
{
	if (got != wanted)
		fail(what, got, wanted);
}

void done(const char *what)
{
	put(what);
	put(failures ? ": failed\n" : ": done\n");
	power_off();
}

void unexpected(uint32_t vector, uint32_t at)
{
	uint32_t fsr, far;

	if (vector == 3) {
		__asm__("mrc p15, 0, %0, c5, c0, 1" : "=r"(fsr));
		__asm__("mrc p15, 0, %0, c6, c0, 2" : "=r"(far));
	} else {
		__asm__("mrc p15, 0, %0, c5, c0, 0" : "=r"(fsr));
		__asm__("mrc p15, 0, %0, c6, c0, 0" : "=r"(far));
	}
	put("not ok: exception ");
	put_hex(vector);
	put(" at ");
	put_hex(at);
	put(", status ");
	put_hex(fsr);
	put(", address ");
	put_hex(far);
	put("\n");
	power_off();
}

uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

void *page_new(void)
{
	uint32_t at = next_page;

	next_page += PAGE;
	return (void *)at;
}

/* Address spaces */

void space_init(struct space *s, unsigned int asid)
{
	*s = (struct space){ .asid = asid };
	s->level1[0] = DEVICE;
	s->level1[1] = 0x40000000 | RAM_BLOCK;
}

uint64_t *space_entry(struct space *s, uint32_t va)
{
	unsigned int n = va >> 30;
	uint64_t *level2;

	if (!s->level2[n]) {
		s->level2[n] = page_new();
		s->level1[n] = (uintptr_t)s->level2[n] | TABLE;
	}
	level2 = &s->level2[n][va >> 21 & 511];
	if (!*level2)
		*level2 = (uintptr_t)page_new() | TABLE;
	return (uint64_t *)(uintptr_t)(*level2 & 0xfffff000) + (va >> 12 & 511);
}

void map(struct space *s, uint32_t va, uint64_t pa, uint64_t attributes)
{
	store_entry(space_entry(s, va), pa | attributes);
	dsb();
}

void space_share(struct space *to, const struct space *from, uint32_t va)
{
	to->level1[va >> 30] = from->level1[va >> 30];
	to->level2[va >> 30] = from->level2[va >> 30];
}

void space_use(const struct space *s)
{
	uint64_t ttbr = (uintptr_t)s->level1 | (uint64_t)s->asid << 48;

	dsb();
	__asm__ volatile("mcrr p15, 0, %0, %H0, c2\n\tisb"
			 :
			 : "r"(ttbr)
			 : "memory");
}

void mmu_on(const struct space *s)
{
	uint32_t sctlr;

	WRITE_CP15(0, c10, c2, 0, MAIR0);
	WRITE_CP15(0, c2, c0, 2, 0x80003500u); /* EAE, cached, shared */
	space_use(s);
	tlb_all();
	__asm__("mrc p15, 0, %0, c1, c0, 0" : "=r"(sctlr));
	WRITE_CP15(0, c1, c0, 0, sctlr | 1 | 1 << 2 | 1 << 12);
	isb();
}

void tlb_all(void)
{
	dsb();
	WRITE_CP15(0, c8, c7, 0, 0);
	dsb();
	isb();
}

void tlb_all_shared(void)
{
	dsb();
	WRITE_CP15(0, c8, c3, 0, 0);
	dsb();
	isb();
}

void tlb_va(uint32_t va, unsigned int asid)
{
	dsb();
	WRITE_CP15(0, c8, c7, 1, (va & ~0xfffu) | asid);
	dsb();
	isb();
}

void tlb_va_shared(uint32_t va, unsigned int asid)
{
	dsb();
	WRITE_CP15(0, c8, c3, 1, (va & ~0xfffu) | asid);
	dsb();
	isb();
}

void tlb_asid(unsigned int asid)
{
	dsb();
	WRITE_CP15(0, c8, c7, 2, asid);
	dsb();
	isb();
}

void code_written(uintptr_t va, uint32_t size)
{
	for (uint32_t i = 0; i < size; i += 32) {
		WRITE_CP15(0, c7, c11, 1, va + i); /* DCCMVAU */
		dsb();
		WRITE_CP15(0, c7, c5, 1, va + i); /* ICIMVAU */
	}
	WRITE_CP15(0, c7, c1, 6, 0); /* BPIALLIS */
	dsb();
	isb();
}

/* Other CPUs */

void second_main(unsigned int n)
{
	mmu_on(second[n].space);
	second[n].fn();
	store_release(&second[n].finished, 1);
}

static uint32_t psci(uint32_t what, uint32_t a, uint32_t b, uint32_t c)
{
	register uint32_t r0 __asm__("r0") = what;
	register uint32_t r1 __asm__("r1") = a;
	register uint32_t r2 __asm__("r2") = b;
	register uint32_t r3 __asm__("r3") = c;

	dsb();
	__asm__ volatile(".arch_extension virt\n\thvc #0"
			 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
			 :
			 : "r12", "memory");
	return r0;
}

void cpu_start(unsigned int n, void (*fn)(void), const struct space *space)
{
	second[n].fn = fn;
	second[n].space = space;
	second[n].finished = 0;
	check("PSCI CPU_ON",
	      psci((uint32_t)PSCI_CPU_ON, n, (uintptr_t)second_start, n), 0);
}

void cpu_off(void)
{
	fail("PSCI CPU_OFF", psci((uint32_t)PSCI_CPU_OFF, 0, 0, 0), 0);
}

void cpu_wait_off(unsigned int n)
{
	while (psci((uint32_t)PSCI_AFFINITY_INFO, n, 0, 0) != PSCI_IS_OFF)
		;
}

void cpu_join(unsigned int n)
{
	while (!load_acquire(&second[n].finished))
		;
}
