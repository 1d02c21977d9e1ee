/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel, initrd and device tree into RAM, and where to begin.
 *
 * The files are opened once and read again at each reset, so that a restart
 * in place needs no path.
 */
#ifndef BOARD_BOOT_H
#define BOARD_BOOT_H

#include "board/fdt.h"
#include "mem/ram.h"

struct boot_files {
	const char *kernel;
	const char *initrd; /* NULL: none */
	const char *append; /* NULL: none */
	const char *dtb;    /* NULL: the board's own */
};

struct boot {
	int kernel, initrd; /* descriptors; initrd -1: none */
	char *kernel_name, *initrd_name, *append; /* owned */
	void *fdt;                                /* owned; complete once
						   * loaded */
	bool finished;

	/* what the first CPU begins with */
	uint32_t entry; /* bit 0: Thumb */
	uint32_t dtb;   /* r2 */
};

int boot_open(struct boot *boot, const struct boot_files *files,
	      const struct board_fdt *board, struct err *err);
void boot_close(struct boot *boot);

/* Everything into ram; at start and at each reset. */
int boot_load(struct boot *boot, const struct ram *ram, struct err *err);

/* r1 of the ARM boot protocol: no machine number, see the device tree. */
#define BOOT_R1 UINT32_MAX

#endif
