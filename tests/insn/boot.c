/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine of RAM and nothing else: what the program prints goes nowhere. */
#include <stdio.h>
#include <stdlib.h>

#include "arm/interp.h"
#include "common/mem.h"
#include "machine.h"

enum {
	RAM = 0x40000000,
	RAM_SIZE = 16 << 20,
	LOAD_AT = 0x40200000,
	UART = 0x09000000,
	MAX_SIZE = 1 << 20,
};

static uint64_t no_time(void *board)
{
	(void)board;
	return 0;
}

static void no_deadline(struct cpu *cpu, uint64_t deadline)
{
	(void)cpu;
	(void)deadline;
}

static void no_line(struct cpu *cpu, unsigned int ppi, bool level)
{
	(void)cpu;
	(void)ppi;
	(void)level;
}

static uint64_t uart_read(void *dev, uint32_t off, unsigned int size)
{
	(void)dev;
	(void)off;
	(void)size;
	return 0;
}

static void uart_write(void *dev, uint32_t off, uint64_t val, unsigned int size)
{
	(void)dev;
	(void)off;
	(void)val;
	(void)size;
}

static const struct mmio_ops uart_ops = {
	.read = uart_read,
	.write = uart_write,
	.min_size = 4,
	.max_size = 4,
};

struct board {
	struct ram ram;
	struct bus bus;
	struct codepages codepages;
	struct arm_system sys;
	struct cpu cpu;
};

static struct board *board_new(const char *path)
{
	struct board *b = xnew(struct board);
	FILE *file = fopen(path, "re");
	struct err err;

	if (!file || ram_init(&b->ram, RAM, RAM_SIZE, &err) < 0 ||
	    codepages_init(&b->codepages, &b->ram, &err) < 0 ||
	    !fread(ram_at(&b->ram, LOAD_AT, MAX_SIZE), 1, MAX_SIZE, file))
		goto fail;
	fclose(file);
	bus_add(&b->bus, UART, 0x1000, &uart_ops, NULL, NULL);
	b->sys = (struct arm_system){ .ram = &b->ram,
				      .bus = &b->bus,
				      .codepages = &b->codepages,
				      .cpus = 1,
				      .cpu = { &b->cpu },
				      .timer_rearm = no_deadline,
				      .timer_line = no_line,
				      .clock = no_time };
	if (cpu_init(&b->cpu, &b->sys, 0, CORTEX_A15, &err) < 0)
		goto fail;
	return b;
fail:
	fprintf(stderr, "cannot boot \"%s\"\n", path);
	exit(1);
}

void machine_boot(const char *path, unsigned long *executed)
{
	struct board *b = board_new(path);
	struct cpu *cpu = &b->cpu;

	cpu->pc_next = LOAD_AT;
	while (!cpu->exit_wanted) {
		interp_step(cpu);
		if (cpu->cur && cpu->cur->cond == 14)
			executed[cpu->cur->op]++;
	}
	cpu_fini(cpu);
	codepages_fini(&b->codepages);
	ram_fini(&b->ram);
	free(b);
}
