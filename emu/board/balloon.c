/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's way to the balloon. */
#include "virtio/balloon.h"

#include <assert.h>

#include "board/board.h"

static void changed(void *arg)
{
	machine_emit(arg, EVENT_BALLOON_CHANGE, 0);
}

void machine_set_balloon(struct machine *m, struct virtio_balloon *balloon)
{
	m->balloon = balloon;
	virtio_balloon_watch(balloon, changed, m);
}

bool machine_has_balloon(const struct machine *m)
{
	return m->balloon;
}

uint64_t machine_memory(const struct machine *m)
{
	return m->balloon ? virtio_balloon_actual(m->balloon) : m->ram.size;
}

void machine_want_memory(struct machine *m, uint64_t bytes)
{
	virtio_balloon_set(m->balloon, bytes);
}

void machine_poll_memory(struct machine *m, unsigned int seconds)
{
	virtio_balloon_poll(m->balloon, seconds);
}

unsigned int machine_memory_polled(const struct machine *m)
{
	return (unsigned int)m->balloon->poll_seconds;
}

static_assert((unsigned int)MACHINE_MEMORY_STATS == (unsigned int)BALLOON_STATS,
	      "machine.h has one for each");

uint64_t machine_memory_stats(const struct machine *m,
			      uint64_t ret_stats[MACHINE_MEMORY_STATS])
{
	return virtio_balloon_stats(m->balloon, ret_stats);
}
