/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constants of 16 bytes behind a unit's code, each once, reached relative to
 * the instruction.
 */
#include <string.h>

#include "x64/gen.h"

struct host_mem gen_pool(struct gen *g, uint64_t low, uint64_t high)
{
	unsigned int n;

	for (n = 0; n < g->pooled; n++)
		if (g->pool[n].low == low && g->pool[n].high == high)
			break;
	if (n == GEN_POOL) {
		g->failed = true;
		n = 0;
	} else if (n == g->pooled) {
		g->pool[g->pooled++] = (struct gen_constant){ low, high };
	}
	return mem_at(MEM_CONSTANT, (int32_t)n);
}

void gen_pool_end(struct gen *g)
{
	struct emit *e = &g->e;
	uint8_t *pool;

	if (!g->pooled)
		return;
	while ((uintptr_t)e->p & 15 && !e->full)
		emit8(e, 0xcc);
	pool = e->p;
	for (unsigned int n = 0; n < g->pooled; n++) {
		emit64(e, g->pool[n].low);
		emit64(e, g->pool[n].high);
	}
	if (e->full)
		return;
	for (unsigned int n = 0; n < e->fixes; n++) {
		const struct emit_fix *fix = &e->fix[n];
		uint32_t distance = (uint32_t)(pool + 16 * fix->constant -
					       (fix->at + 4));

		memcpy(fix->at, &distance, sizeof(distance));
	}
}
