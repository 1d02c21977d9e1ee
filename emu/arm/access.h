/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data accesses of instructions: by virtual address, at the current
 * privilege.
 *
 * The fast path is one table look-up (mmu.h); everything else (a miss, an
 * unaligned address, big-endian data, a device, a page with code, a fault) is
 * the slow path's, which either does the access or does not return: it raises
 * the abort.  So an instruction must not have changed anything before its
 * last access, or must have probed.
 *
 * mem_*  : unaligned is allowed unless SCTLR.A (A3.2.1); may be torn then
 * memx_* : an unaligned address faults whatever SCTLR.A is (LDM, LDRD, LDREX)
 * memu_* : with the rights of PL0 (LDRT and its like)
 *
 * The 64-bit forms are one host access when 8-byte aligned: LPAE descriptors
 * are written by STRD.  They give the doubleword at the address in the
 * data's endianness of words: see mem_r64().
 */
#ifndef ARM_ACCESS_H
#define ARM_ACCESS_H

#include <string.h>

#include "arm/cpu.h"
#include "common/bits.h"

enum access {
	ACCESS_READ = 1,
	ACCESS_WRITE = 2,
	ACCESS_EXEC = 4,
};

enum access_how {
	ACCESS_UNALIGNED_OK = 0,
	ACCESS_ALIGNED = 1, /* natural alignment, else an alignment fault */
	ACCESS_USER = 2,    /* rights of PL0 */
	ACCESS_WORD = 4,    /* 64 bits: word alignment is enough (LDRD) */
};

/*
 * Accesses that leave no trace, for who runs code only to see what it does
 * (jit/verify.c): while cpu->overlay is set, and cpu->view_r and view_w are
 * empty or lead elsewhere too, RAM is read and written where place() says.
 */
struct access_overlay {
	/* Where this byte of RAM, at host, is for now. */
	uint8_t *(*place)(struct cpu *cpu, vaddr va, paddr pa, uint8_t *host,
			  enum access access);
	/* [pa, pa + size) was written there. */
	void (*written)(struct cpu *cpu, paddr pa, unsigned int size);
	/* The access is a device's: that leaves traces.  Must not return. */
	void (*device)(struct cpu *cpu);
};

uint64_t access_slow_read(struct cpu *cpu, vaddr va, unsigned int size,
			  unsigned int how);
void access_slow_write(struct cpu *cpu, vaddr va, unsigned int size,
		       uint64_t val, unsigned int how);

/* Raise the abort that an access to all of [va, va + len) would, if any. */
void mem_probe(struct cpu *cpu, vaddr va, unsigned int len, enum access access);
/* The same for LDM and its like: first the alignment of a word is checked. */
void mem_probe_words(struct cpu *cpu, vaddr va, unsigned int len,
		     enum access access);

/* The alignment fault of an instruction that asks for more than its elements'
 * alignment (VLD1 [r0:128]), whatever SCTLR.A is. */
_Noreturn void mem_alignment_fault(struct cpu *cpu, vaddr va,
				   enum access access);

/*
 * The host address of [va, va + len) within one page for reading or writing,
 * or NULL: then use the functions below.  For LDM, VLD and their like.
 */
static inline void *mem_fast(const struct cpu *cpu, vaddr va, unsigned int len,
			     enum access access)
{
	const int64_t *view = access == ACCESS_WRITE ? cpu->view_w
						     : cpu->view_r;
	int64_t addend = view[va >> 12];

	if (addend <= 0 || (va & 0xfff) + len > 0x1000)
		return NULL;
	return (void *)(uintptr_t)(va + (uint64_t)addend);
}

#define ACCESS_FORMS(name, bits, how)                                          \
	static inline uint##bits##_t name##_r##bits(struct cpu *cpu, vaddr va) \
	{                                                                      \
		int64_t addend = cpu->view_r[va >> 12];                        \
                                                                               \
		if (likely(addend > 0 && !(va & (bits / 8 - 1)))) {            \
			const uint##bits##_t *p =                              \
				(const uint##bits##_t                          \
					 *)(uintptr_t)(va + (uint64_t)addend); \
			return __atomic_load_n(p, __ATOMIC_RELAXED);           \
		}                                                              \
		return (uint##bits##_t)access_slow_read(cpu, va, bits / 8,     \
							how);                  \
	}                                                                      \
	static inline void name##_w##bits(struct cpu *cpu, vaddr va,           \
					  uint##bits##_t val)                  \
	{                                                                      \
		int64_t addend = cpu->view_w[va >> 12];                        \
                                                                               \
		if (likely(addend > 0 && !(va & (bits / 8 - 1)))) {            \
			uint##bits##_t *p =                                    \
				(uint##bits##_t *)(uintptr_t)(va +             \
							      (uint64_t)       \
								      addend); \
			__atomic_store_n(p, val, __ATOMIC_RELAXED);            \
			return;                                                \
		}                                                              \
		access_slow_write(cpu, va, bits / 8, val, how);                \
	}

ACCESS_FORMS(mem, 8, ACCESS_UNALIGNED_OK)
ACCESS_FORMS(mem, 16, ACCESS_UNALIGNED_OK)
ACCESS_FORMS(mem, 32, ACCESS_UNALIGNED_OK)
ACCESS_FORMS(mem, 64, ACCESS_UNALIGNED_OK)
ACCESS_FORMS(memx, 16, ACCESS_ALIGNED)
ACCESS_FORMS(memx, 32, ACCESS_ALIGNED)
/* LDRD, STRD: word aligned; the first word is the low half of the value,
 * whatever the endianness of each word. */
ACCESS_FORMS(memx, 64, ACCESS_ALIGNED | ACCESS_WORD)
#undef ACCESS_FORMS

static inline uint32_t memu_read(struct cpu *cpu, vaddr va, unsigned int size)
{
	return (uint32_t)access_slow_read(cpu, va, size, ACCESS_USER);
}

static inline void memu_write(struct cpu *cpu, vaddr va, unsigned int size,
			      uint32_t val)
{
	access_slow_write(cpu, va, size, val, ACCESS_USER);
}

/*
 * Exclusives (A3.4): size is 1, 2, 4 or 8 and natural alignment is required.
 * LDREX remembers the physical address and the value; STREX compares and
 * exchanges: a store by another CPU that changes the value makes it fail,
 * an equal value passes (DESIGN.md §6).  The 64-bit value's low half is the
 * word at the lower address.
 */
uint64_t access_load_exclusive(struct cpu *cpu, vaddr va, unsigned int size);

/* True: stored.  Aborts as a store would even if the monitor is not set,
 * which A3.4.5 leaves open. */
bool access_store_exclusive(struct cpu *cpu, vaddr va, unsigned int size,
			    uint64_t val);

static inline void access_clear_exclusive(struct cpu *cpu)
{
	cpu->ex_size = 0;
}

/* SWP, SWPB: atomic exchange; returns the old value. */
uint32_t access_swap(struct cpu *cpu, vaddr va, unsigned int size,
		     uint32_t val);

#endif
