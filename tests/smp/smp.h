/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the bare-metal programs of this folder share: several CPUs, an address
 * space in LPAE descriptors, printing.
 *
 * The first gigabyte (devices) and the second (RAM) are flat, global and PL1's.
 * From 0x80000000 on is free: map() puts a page there, into the tables of an
 * address space.  Nothing here calls the TLB; that is what is tested.
 *
 * A program prints lines and ends with done(); run.py wants "done" and nothing
 * that begins with "not ok".
 */
#ifndef SMP_H
#define SMP_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PAGE = 4096,
	FREE_VA = 0x80000000u,  /* to 0xbfffffff: the third table */
	HIGH_VA = 0xc0000000u,  /* to 0xffffffff: the fourth */
	FREE_RAM = 0x4c000000u, /* for page_new(); the device tree is below */
};

/* Low attributes of a page: normal memory, shared, accessed; PL1 only, or
 * PL0 too; nG. */
#define PAGE_PL1 0x703u
#define PAGE_ALL 0x743u
#define PAGE_NG  0x800u

/* An address space: PL1's half is everybody's. */
struct space {
	uint64_t level1[4] __attribute__((aligned(32)));
	uint64_t *level2[4];
	unsigned int asid;
};

void space_init(struct space *s, unsigned int asid);
/* The descriptor of a page; its tables are made. */
uint64_t *space_entry(struct space *s, uint32_t va);
void map(struct space *s, uint32_t va, uint64_t pa, uint64_t attributes);
/* Everything above FREE_VA that from maps is mapped by to, too. */
void space_share(struct space *to, const struct space *from, uint32_t va);

void mmu_on(const struct space *s);
void space_use(const struct space *s);
void tlb_all(void);        /* of this CPU */
void tlb_all_shared(void); /* of all */
void tlb_va(uint32_t va, unsigned int asid);
void tlb_va_shared(uint32_t va, unsigned int asid);
void tlb_asid(unsigned int asid);
/* What was written as code at va can be run, by all CPUs once they have had
 * an ISB. */
void code_written(uintptr_t va, uint32_t size);

/* Run fn on CPU n, 1 to 3, with the MMU on in space. */
void cpu_start(unsigned int n, void (*fn)(void), const struct space *space);
/* Wait until fn has returned there. */
void cpu_join(unsigned int n);
/* PSCI CPU_OFF: fails if it comes back. */
void cpu_off(void);
/* Wait until AFFINITY_INFO says that it is off. */
void cpu_wait_off(unsigned int n);

void put(const char *text);
void put_hex(uint32_t val);
/* "not ok", and the values; only the first few are printed. */
void fail(const char *what, uint32_t got, uint32_t wanted);
void check(const char *what, uint32_t got, uint32_t wanted);
/* Prints what was done, then "done" if nothing failed. */
void done(const char *what) __attribute__((noreturn));

uint32_t random_next(uint32_t *seed);
/* Another page of RAM, zero. */
void *page_new(void);

#define dsb() __asm__ volatile("dsb" ::: "memory")
#define isb() __asm__ volatile("isb" ::: "memory")

static inline uint32_t load_acquire(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void store_release(uint32_t *p, uint32_t val)
{
	__atomic_store_n(p, val, __ATOMIC_RELEASE);
}

/* One STRD, as LPAE asks of a descriptor's writer (A3.5.3). */
static inline void store_entry(uint64_t *entry, uint64_t val)
{
	__asm__ volatile("strd %1, %H1, %0" : "=Qo"(*entry) : "r"(val));
}

#define WRITE_CP15(opc1, crn, crm, opc2, val)                                 \
	__asm__ volatile("mcr p15, " #opc1 ", %0, " #crn ", " #crm ", " #opc2 \
			 :                                                    \
			 : "r"(val)                                           \
			 : "memory")

#endif
