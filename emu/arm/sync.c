/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Each CPU has a box with a short list, guarded by a lock that is held for a
 * few stores.  sync_asked counts what was posted to a CPU, sync_done how far
 * it has served; a poster remembers sync_asked as its ticket.
 *
 * Who posts adds to sync_asked and then looks at in_guest; who enters sets
 * in_guest and then looks at sync_asked; all sequentially consistent.  So
 * either the poster sees a CPU that will serve at its next block, or one that
 * is outside and will find the request before it uses a view: that counts as
 * served.  Who leaves looks once more, because a waiter that saw it inside
 * sleeps on sync_done.
 *
 * Waiting for each other cannot lock up: a waiter serves its own list while
 * it spins, and leaves the guest while it sleeps.
 */
#include "arm/sync.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arm/mmu.h"
#include "common/cleanup.h"
#include "common/mem.h"

enum {
	LIST = 16,
	SPIN_NS = 2000,
};

struct request {
	enum sync_kind kind;
	uint64_t arg;
};

struct sync_box {
	pthread_mutex_t lock; /* of the list */
	unsigned int n;
	struct request list[LIST];
	_Atomic uint32_t waiters; /* threads that sleep on sync_done */

	/* the owner's own, about others */
	uint32_t ticket[MAX_CPUS];
};

static void futex(_Atomic uint32_t *word, int op, uint32_t val)
{
	syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, val, NULL, NULL, 0);
}

/* A list that is full, or that holds it, becomes "flush all": that empties
 * the views, so write addends go with it. */
static void add(struct sync_box *box, enum sync_kind kind, uint64_t arg)
{
	if (box->n && box->list[0].kind == SYNC_FLUSH_ALL)
		return;
	if (kind == SYNC_FLUSH_ALL || box->n == LIST) {
		box->list[0] = (struct request){ .kind = SYNC_FLUSH_ALL };
		box->n = 1;
		return;
	}
	box->list[box->n++] = (struct request){ kind, arg };
}

void sync_post(struct cpu *cpu, enum sync_kind kind, uint64_t arg)
{
	struct arm_system *sys = cpu->sys;
	unsigned int i;

	for (i = 0; i < sys->cpus; i++) {
		struct cpu *other = sys->cpu[i];

		if (other == cpu)
			continue;
		with_lock(&other->sync->lock);
		add(other->sync, kind, arg);
		cpu->sync->ticket[i] = atomic_fetch_add(&other->sync_asked, 1) +
				       1;
		cpu->sync_pending |= 1u << i;
		atomic_fetch_or(&other->attention, ATT_SYNC);
	}
}

static void serve(struct cpu *cpu, const struct request *req)
{
	vaddr va = (vaddr)req->arg & ~UINT32_C(0xfff);

	switch (req->kind) {
	case SYNC_FLUSH_ALL:
		mmu_flush_all(cpu);
		break;
	case SYNC_FLUSH_ASID:
		mmu_flush_asid(cpu, req->arg & 0xff);
		break;
	case SYNC_FLUSH_PAGE:
		mmu_flush_page(cpu, va, req->arg & 0xff, false);
		break;
	case SYNC_FLUSH_PAGE_ALL:
		mmu_flush_page(cpu, va, 0, true);
		break;
	case SYNC_UNMAP_WRITES:
		mmu_unmap_writes(cpu, req->arg);
		break;
	}
}

static bool asked(const struct cpu *cpu)
{
	return atomic_load(&cpu->sync_asked) != atomic_load(&cpu->sync_done);
}

/* The list as it is, and how far that is. */
static uint32_t take_list(struct cpu *cpu, struct request *list,
			  unsigned int *ret_n)
{
	struct sync_box *box = cpu->sync;
	unsigned int i;

	with_lock(&box->lock);
	for (i = 0; i < box->n; i++)
		list[i] = box->list[i];
	*ret_n = box->n;
	box->n = 0;
	return atomic_load(&cpu->sync_asked);
}

void sync_serve(struct cpu *cpu)
{
	struct request list[LIST];
	unsigned int n, i;
	uint32_t upto;

	if (!asked(cpu))
		return;
	upto = take_list(cpu, list, &n);
	for (i = 0; i < n; i++)
		serve(cpu, &list[i]);
	atomic_store(&cpu->sync_done, upto);
	if (atomic_load(&cpu->sync->waiters))
		futex(&cpu->sync_done, FUTEX_WAKE, INT_MAX);
}

void sync_enter(struct cpu *cpu)
{
	atomic_store(&cpu->in_guest, true);
	sync_serve(cpu);
}

void sync_leave(struct cpu *cpu)
{
	atomic_store(&cpu->in_guest, false);
	sync_serve(cpu);
}

static bool answered(const struct cpu *other, uint32_t ticket)
{
	return (int32_t)(atomic_load(&other->sync_done) - ticket) >= 0 ||
	       !atomic_load(&other->in_guest);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bool spin(struct cpu *cpu, const struct cpu *other, uint32_t ticket)
{
	uint64_t until = now_ns() + SPIN_NS;

	do {
		if (answered(other, ticket))
			return true;
		sync_serve(cpu);
	} while (now_ns() < until);
	return false;
}

static void wait_asleep(struct cpu *cpu, struct cpu *other, uint32_t ticket)
{
	bool inside = atomic_load(&cpu->in_guest);
	uint32_t done;

	sync_leave(cpu);
	atomic_fetch_add(&other->sync->waiters, 1);
	for (;;) {
		done = atomic_load(&other->sync_done);
		if (answered(other, ticket))
			break;
		futex(&other->sync_done, FUTEX_WAIT, done);
	}
	atomic_fetch_sub(&other->sync->waiters, 1);
	if (inside)
		sync_enter(cpu);
}

void sync_wait(struct cpu *cpu)
{
	struct sync_box *box = cpu->sync;

	for (; cpu->sync_pending; cpu->sync_pending &= cpu->sync_pending - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(cpu->sync_pending);
		struct cpu *other = cpu->sys->cpu[i];

		if (!spin(cpu, other, box->ticket[i]))
			wait_asleep(cpu, other, box->ticket[i]);
	}
}

void sync_init(struct arm_system *sys)
{
	unsigned int i;

	for (i = 0; i < sys->cpus; i++) {
		struct sync_box *box = xnew(struct sync_box);

		pthread_mutex_init(&box->lock, NULL);
		sys->cpu[i]->sync = box;
	}
}

void sync_fini(struct arm_system *sys)
{
	unsigned int i;

	for (i = 0; i < sys->cpus; i++) {
		free(sys->cpu[i]->sync);
		sys->cpu[i]->sync = NULL;
	}
}
