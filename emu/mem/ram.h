/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's RAM: one anonymous mapping, reached by guest physical address
 * and length.  Only here do guest addresses become host pointers.
 */
#ifndef MEM_RAM_H
#define MEM_RAM_H

#include <stddef.h>

#include "common/err.h"
#include "mem/bus.h"

struct ram {
	uint8_t *host; /* page aligned; followed by an unmapped guard page */
	paddr base;
	uint64_t size; /* bytes, a multiple of 4096 */
};

/* Reserve size bytes that stand at base; zeroed, huge pages where allowed. */
int ram_init(struct ram *ram, paddr base, uint64_t size, struct err *err);
void ram_fini(struct ram *ram);

/* The host address of [pa, pa + len), or NULL if that is not all RAM. */
static inline void *ram_at(const struct ram *ram, paddr pa, uint64_t len)
{
	uint64_t off = pa - ram->base;

	if (off >= ram->size || len > ram->size - off)
		return NULL;
	return ram->host + off;
}

#endif
