/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree (Devicetree Specification 0.4), written by libfdt from the
 * rows of map.c, or the user's own with the board's facts put in.
 *
 * A tree is a block of BOARD_FDT_SIZE bytes that the caller frees.
 */
#ifndef BOARD_FDT_H
#define BOARD_FDT_H

#include <stdbool.h>

#include "arm/cpu.h"
#include "common/err.h"

enum {
	BOARD_FDT_SIZE = 1 << 18,
	BOARD_APPEND_MAX = 1 << 16, /* bytes of a command line */
};

struct board_fdt {
	enum cpu_model model;
	unsigned int cpus;
	bool second_uart;
};

/* The board as it is, but for what board_fdt_finish() puts in. */
void *board_fdt_new(const struct board_fdt *board);

/* A file of the user (-dtb). */
int board_fdt_read(const char *path, void **ret_fdt, struct err *err);

struct board_boot {
	uint64_t ram_size;
	const char *append;             /* command line; NULL: none */
	paddr initrd_start, initrd_end; /* equal: none */
};

/* Memory, command line, initrd, and seeds for the kernel's random numbers. */
int board_fdt_finish(void *fdt, const struct board_boot *boot, struct err *err);

/* New seeds, for another start. */
void board_fdt_reseed(void *fdt);

/* Bytes in use. */
uint32_t board_fdt_size(const void *fdt);

#endif
