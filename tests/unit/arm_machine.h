/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUs, RAM and a board that only remembers what it was asked.
 *
 * The MMU is off, so addresses are physical; programs are put into RAM as
 * words and run with interp_run() or interp_step().  caught() is true if the
 * expression raised an exception.
 */
#ifndef ARM_MACHINE_H
#define ARM_MACHINE_H

#include <string.h>

#include "arm/cpu.h"
#include "arm/interp.h"
#include "arm/sync.h"
#include "test.h"

enum {
	RAM = 0x40000000,
	RAM_SIZE = 16 << 20,
	PAGE = 4096,
};

struct machine {
	struct ram ram;
	struct bus bus;
	struct codepages codepages;
	struct arm_system sys;
	struct cpu cpu[4];

	/* the board */
	uint64_t now; /* ns */
	uint64_t deadline;
	bool line[16]; /* by PPI */
	unsigned int line_calls, kicks;
	struct cpu *started;
	uint32_t entry, context;
};

static inline void board_kick(struct cpu *cpu)
{
	struct machine *m = cpu->sys->board;

	m->kicks++;
}

static inline void board_rearm(struct cpu *cpu, uint64_t deadline)
{
	struct machine *m = cpu->sys->board;

	m->deadline = deadline;
}

static inline void board_line(struct cpu *cpu, unsigned int ppi, bool level)
{
	struct machine *m = cpu->sys->board;

	m->line[ppi] = level;
	m->line_calls++;
}

static inline int board_cpu_on(struct cpu *target, uint32_t entry,
			       uint32_t context)
{
	struct machine *m = target->sys->board;

	m->started = target;
	m->entry = entry;
	m->context = context;
	return 0;
}

static inline uint64_t board_clock(void *board)
{
	const struct machine *m = board;

	return m->now;
}

static inline struct cpu *machine_init(struct machine *m, unsigned int cpus,
				       enum cpu_model model)
{
	struct err err = { "" };

	memset(m, 0, sizeof(*m));
	check_eq(ram_init(&m->ram, RAM, RAM_SIZE, &err), 0);
	check_eq(codepages_init(&m->codepages, &m->ram, &err), 0);
	m->sys = (struct arm_system){
		.cpus = cpus,
		.ram = &m->ram,
		.bus = &m->bus,
		.codepages = &m->codepages,
		.board = m,
		.kick = board_kick,
		.timer_rearm = board_rearm,
		.timer_line = board_line,
		.cpu_on = board_cpu_on,
		.clock = board_clock,
	};
	for (unsigned int i = 0; i < cpus; i++) {
		m->sys.cpu[i] = &m->cpu[i];
		check_eq(cpu_init(&m->cpu[i], &m->sys, i, model, &err), 0);
		m->cpu[i].pc_next = RAM;
	}
	sync_init(&m->sys);
	return &m->cpu[0];
}

static inline void machine_fini(struct machine *m)
{
	sync_fini(&m->sys);
	for (unsigned int i = 0; i < m->sys.cpus; i++)
		cpu_fini(&m->cpu[i]);
	codepages_fini(&m->codepages);
	ram_fini(&m->ram);
}

static inline void put32(struct machine *m, uint32_t at, uint32_t word)
{
	memcpy(ram_at(&m->ram, at, 4), &word, 4);
}

static inline void put16(struct machine *m, uint32_t at, uint16_t half)
{
	memcpy(ram_at(&m->ram, at, 2), &half, 2);
}

static inline uint32_t get32(struct machine *m, uint32_t at)
{
	uint32_t word;

	memcpy(&word, ram_at(&m->ram, at, 4), 4);
	return word;
}

#define put_words(m, at, ...)                                          \
	do {                                                           \
		const uint32_t words_[] = { __VA_ARGS__ };             \
		for (size_t i_ = 0; i_ < sizeof(words_) / 4; i_++)     \
			put32(m, (at) + (uint32_t)i_ * 4, words_[i_]); \
	} while (0)

#define put_halves(m, at, ...)                                          \
	do {                                                            \
		const uint16_t halves_[] = { __VA_ARGS__ };             \
		for (size_t i_ = 0; i_ < sizeof(halves_) / 2; i_++)     \
			put16(m, (at) + (uint32_t)i_ * 2, halves_[i_]); \
	} while (0)

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
