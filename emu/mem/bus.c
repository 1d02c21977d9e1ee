/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sorted array and a binary search: there are some forty ranges, claimed
 * before the guest runs and constant afterwards, so no lock guards the array.
 */
#include "mem/bus.h"

#include <assert.h>

#include "common/cleanup.h"

static inline pthread_mutex_t *lock_if(pthread_mutex_t *m)
{
	if (m)
		pthread_mutex_lock(m);
	return m;
}

/* How many ranges begin at or below pa. */
static unsigned int ranges_from(const struct bus *bus, paddr pa)
{
	unsigned int lo = 0, hi = bus->count;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (bus->range[mid].base <= pa)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void bus_add(struct bus *bus, paddr base, uint32_t size,
	     const struct mmio_ops *ops, void *dev, pthread_mutex_t *lock)
{
	unsigned int at = ranges_from(bus, base), i;
	const struct bus_range *before = at ? &bus->range[at - 1] : NULL;

	assert(size && bus->count < BUS_RANGES);
	assert(!before || before->base + before->size <= base);
	assert(at == bus->count || base + size <= bus->range[at].base);
	for (i = bus->count; i > at; i--)
		bus->range[i] = bus->range[i - 1];
	bus->range[at] = (struct bus_range){ base, size, ops, dev, lock };
	bus->count++;
}

const struct bus_range *bus_find(const struct bus *bus, paddr pa,
				 unsigned int size)
{
	unsigned int n = ranges_from(bus, pa);
	const struct bus_range *range;

	if (!n)
		return NULL;
	range = &bus->range[n - 1];
	if (pa - range->base >= range->size ||
	    size > range->size - (pa - range->base))
		return NULL;
	return range;
}

uint64_t bus_range_read(const struct bus_range *range, paddr pa,
			unsigned int size)
{
	const struct mmio_ops *ops = range->ops;
	uint32_t off = (uint32_t)(pa - range->base);
	unsigned int step = size < ops->max_size ? size : ops->max_size, i;
	uint64_t val = 0;

	if (size < ops->min_size)
		return 0;
	for (i = 0; i < size; i += step)
		val |= ops->read(range->dev, off + i, step) << (8 * i);
	return size == 8 ? val : val & ((UINT64_C(1) << (8 * size)) - 1);
}

void bus_range_write(const struct bus_range *range, paddr pa, unsigned int size,
		     uint64_t val)
{
	const struct mmio_ops *ops = range->ops;
	uint32_t off = (uint32_t)(pa - range->base);
	unsigned int step = size < ops->max_size ? size : ops->max_size, i;
	uint64_t mask = step == 8 ? UINT64_MAX
				  : (UINT64_C(1) << (8 * step)) - 1;

	if (size < ops->min_size)
		return;
	for (i = 0; i < size; i += step)
		ops->write(range->dev, off + i, val >> (8 * i) & mask, step);
}

bool bus_read(const struct bus *bus, paddr pa, unsigned int size,
	      uint64_t *ret_val)
{
	const struct bus_range *range = bus_find(bus, pa, size);
	cleanup(cleanup_unlock) pthread_mutex_t *held = NULL;

	if (!range)
		return false;
	held = lock_if(range->lock);
	*ret_val = bus_range_read(range, pa, size);
	return true;
}

bool bus_write(const struct bus *bus, paddr pa, unsigned int size, uint64_t val)
{
	const struct bus_range *range = bus_find(bus, pa, size);
	cleanup(cleanup_unlock) pthread_mutex_t *held = NULL;

	if (!range)
		return false;
	held = lock_if(range->lock);
	bus_range_write(range, pa, size, val);
	return true;
}
