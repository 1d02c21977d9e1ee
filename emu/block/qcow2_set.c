/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open addressing, never more than half full. */
#include <stdlib.h>

#include "block/qcow2.h"
#include "common/mem.h"

static uint64_t slot_of(const struct qcow2_set *s, uint64_t number)
{
	uint64_t mask = (UINT64_C(1) << s->bits) - 1;
	uint64_t i = number * UINT64_C(0x9e3779b97f4a7c15) >> (64 - s->bits);

	while (s->slot[i] && s->slot[i] != number + 1)
		i = (i + 1) & mask;
	return i;
}

void qcow2_set_init(struct qcow2_set *s, uint64_t n)
{
	s->bits = 4;
	while (UINT64_C(1) << s->bits < 2 * n)
		s->bits++;
	s->slot = xcalloc(UINT64_C(1) << s->bits, sizeof(*s->slot));
	s->n = 0;
}

bool qcow2_set_has(const struct qcow2_set *s, uint64_t number)
{
	return s->slot && s->slot[slot_of(s, number)];
}

static void grow(struct qcow2_set *s)
{
	struct qcow2_set old = *s;

	qcow2_set_init(s, old.n + 1);
	for (uint64_t i = 0; i >> old.bits == 0; i++)
		if (old.slot[i])
			qcow2_set_add(s, old.slot[i] - 1);
	free(old.slot);
}

bool qcow2_set_add(struct qcow2_set *s, uint64_t number)
{
	uint64_t i;

	if (2 * (s->n + 1) > UINT64_C(1) << s->bits)
		grow(s);
	i = slot_of(s, number);
	if (s->slot[i])
		return false;
	s->slot[i] = number + 1;
	s->n++;
	return true;
}
