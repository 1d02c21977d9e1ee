/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One of two equal machines: RAM with data, code and vectors, tables of both
 * formats that map them three times, and a device.  Any exception ends up in
 * a WFI at its vector.
 */
#ifndef TWIN_H
#define TWIN_H

#include "arm/cpu.h"
#include "program.h"

enum {
	TWIN_RAM = 0x50000000,
	TWIN_RAM_SIZE = 4 << 20,
	TWIN_DATA = 0x100000, /* from the start of RAM, and of each mapping */
	TWIN_DATA_PAGES = 16,
	TWIN_CODE = 0x200000,
	TWIN_VECTORS = 0x300000,
	TWIN_DEVICE = 0x40000000, /* physical */
	TWIN_MAPPINGS = 3,
};

/* Virtual addresses of the mappings: the last one is the kernel's half. */
extern const uint32_t twin_mapping[TWIN_MAPPINGS];

/* What the tables say of a page. */
enum twin_page {
	PAGE_RW,
	PAGE_RO,
	PAGE_PRIVILEGED,
	PAGE_UNMAPPED,
	PAGE_DEVICE_RAM, /* RAM with Device attributes */
	PAGE_DEVICE,     /* the device */
	PAGE_NO_ACCESS_FLAG,
	PAGE_KINDS,
};

enum twin_bits {
	TWIN_NOT_GLOBAL = 1 << 0,
	TWIN_EXECUTE_NEVER = 1 << 1,
};

struct twin {
	struct ram ram;
	struct bus bus;
	struct codepages codepages;
	struct arm_system sys;
	struct cpu cpu;
	uint8_t *data, *code;

	/* the device: what is read depends on all that was done before; a
	 * write now and then pulls IRQ */
	uint32_t device;
};

/* Ends the program if there is no memory for it. */
struct twin *twin_new(void);
void twin_free(struct twin *t);

/* Page n of the data, or of the code, in the tables of both formats. */
void twin_map_data(struct twin *t, unsigned int n, enum twin_page kind,
		   unsigned int bits);
void twin_map_code(struct twin *t, unsigned int n, enum twin_page kind,
		   unsigned int bits);

/* Page n of the code is page 'to' of its memory. */
void twin_move_code(struct twin *t, unsigned int n, unsigned int to);

/* All of the system registers, with the long format or the short one, and
 * nothing remembered of the tables. */
void twin_reset(struct twin *t, bool lpae, bool aligned);

/* The code of a program. */
void twin_load(struct twin *t, const struct program *p);

#endif
