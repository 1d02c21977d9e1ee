/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM, a bus, and CPUs of which only the MMU is alive; helpers that write
 * translation tables by hand.  caught() is true if the expression raised a
 * data abort; what it says is in the CPU's excp_fsr and excp_far.
 */
#ifndef MMU_MACHINE_H
#define MMU_MACHINE_H

#include <string.h>

#include "arm/access.h"
#include "arm/mmu.h"
#include "arm/sync.h"
#include "test.h"

enum {
	RAM = 0x40000000,
	RAM_SIZE = 64 << 20,
	MB = 1 << 20,
};

struct machine {
	struct ram ram;
	struct bus bus;
	struct codepages codepages;
	struct arm_system sys;
	struct cpu cpu[4];
};

static inline struct cpu *machine_init(struct machine *m, unsigned int cpus)
{
	struct err err;
	unsigned int i;

	memset(m, 0, sizeof(*m));
	check_eq(ram_init(&m->ram, RAM, RAM_SIZE, &err), 0);
	check_eq(codepages_init(&m->codepages, &m->ram, &err), 0);
	m->sys.ram = &m->ram;
	m->sys.bus = &m->bus;
	m->sys.codepages = &m->codepages;
	m->sys.cpus = cpus;
	for (i = 0; i < cpus; i++) {
		struct cpu *cpu = &m->cpu[i];

		cpu->sys = &m->sys;
		cpu->index = i;
		cpu->mode = MODE_SVC;
		m->sys.cpu[i] = cpu;
		check_eq(mmu_init(cpu, &err), 0);
	}
	sync_init(&m->sys);
	return &m->cpu[0];
}

static inline void machine_fini(struct machine *m)
{
	unsigned int i;

	sync_fini(&m->sys);
	for (i = 0; i < m->sys.cpus; i++)
		mmu_fini(&m->cpu[i]);
	codepages_fini(&m->codepages);
	ram_fini(&m->ram);
}

static inline void set32(struct machine *m, paddr pa, uint32_t val)
{
	__atomic_store_n((uint32_t *)ram_at(&m->ram, pa, 4), val,
			 __ATOMIC_SEQ_CST);
}

static inline void set64(struct machine *m, paddr pa, uint64_t val)
{
	__atomic_store_n((uint64_t *)ram_at(&m->ram, pa, 8), val,
			 __ATOMIC_SEQ_CST);
}

static inline uint32_t get32(struct machine *m, paddr pa)
{
	return __atomic_load_n((uint32_t *)ram_at(&m->ram, pa, 4),
			       __ATOMIC_SEQ_CST);
}

#define caught(cpu, expr)                     \
	({                                    \
		volatile bool caught_ = true; \
		if (!setjmp((cpu)->unwind)) { \
			(void)(expr);         \
			caught_ = false;      \
		}                             \
		caught_;                      \
	})

#endif
