/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's physical address space: RAM and memory-mapped devices.
 *
 * A device claims one range.  The bus calls it with an offset from the start
 * of the range and with a size the device said it can take; another size or an
 * unknown register reads as zero and is written nowhere.  Where nothing is
 * mapped at all, the access is an external abort.
 *
 * Each range names the mutex that is held around its device: the machine's for
 * the slow models, the device's own for virtio, NULL for a device that locks
 * by itself.
 */
#ifndef MEM_BUS_H
#define MEM_BUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef uint64_t paddr; /* guest physical: 40 bits are used */

struct mmio_ops {
	uint64_t (*read)(void *dev, uint32_t off, unsigned int size);
	void (*write)(void *dev, uint32_t off, uint64_t val, unsigned int size);
	uint8_t min_size, max_size; /* bytes in one access */
};

/* An interrupt line: whoever holds it can drive it, and knows no more. */
struct irq_line {
	void (*set)(void *ctl, unsigned int n, bool level);
	void *ctl;
	unsigned int n;
};

static inline void irq_set(const struct irq_line *irq, bool level)
{
	irq->set(irq->ctl, irq->n, level);
}

enum {
	BUS_RANGES = 64
};

struct bus_range {
	paddr base;
	uint32_t size;
	const struct mmio_ops *ops;
	void *dev;
	pthread_mutex_t *lock;
};

struct bus {
	struct bus_range range[BUS_RANGES]; /* sorted by base */
	unsigned int count;
};

/* Claim [base, base + size); ranges must not overlap (our mistake: assert). */
void bus_add(struct bus *bus, paddr base, uint32_t size,
	     const struct mmio_ops *ops, void *dev, pthread_mutex_t *lock);

/*
 * One access of 1, 2, 4 or 8 bytes; false if nothing is mapped there.  A
 * device's max_size splits a larger access into several, low address first;
 * one smaller than its min_size reads zero and writes nothing.
 */
bool bus_read(const struct bus *bus, paddr pa, unsigned int size,
	      uint64_t *ret_val);
bool bus_write(const struct bus *bus, paddr pa, unsigned int size,
	       uint64_t val);

/*
 * The same in two steps, for a CPU, which must not be counted as running
 * while it waits for a lock (arm/sync.h): the range that holds all of
 * [pa, pa + size), or NULL; then the access, with range->lock held.
 */
const struct bus_range *bus_find(const struct bus *bus, paddr pa,
				 unsigned int size);
uint64_t bus_range_read(const struct bus_range *range, paddr pa,
			unsigned int size);
void bus_range_write(const struct bus_range *range, paddr pa, unsigned int size,
		     uint64_t val);

#endif
