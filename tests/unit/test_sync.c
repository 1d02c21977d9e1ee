/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests between CPUs whose threads do nothing but serve and ask.  A test
 * that locks up is ended by the alarm.
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "mmu_machine.h"

enum {
	DATA = RAM + MB,
	PINGS = 3000,
};

static struct machine m;
static _Atomic unsigned int ready;
static _Atomic bool stop;

/* What the interpreter does at a block's start. */
static void block(struct cpu *cpu)
{
	if (atomic_fetch_and(&cpu->attention, ~(uint32_t)ATT_SYNC) & ATT_SYNC)
		sync_serve(cpu);
}

static void *ping(void *arg)
{
	struct cpu *cpu = arg;
	unsigned int i;

	ready++;
	while (ready < m.sys.cpus)
		sched_yield();
	sync_enter(cpu);
	for (i = 0; i < PINGS; i++) {
		sync_post(cpu, i & 1 ? SYNC_FLUSH_ALL : SYNC_UNMAP_WRITES,
			  DATA);
		sync_wait(cpu);
		block(cpu);
		if (i % 16 == 0) {
			sync_leave(cpu);
			sync_enter(cpu);
		}
	}
	sync_leave(cpu);
	return NULL;
}

/* All ask all at once. */
static void test_ping(unsigned int cpus)
{
	pthread_t thread[4];
	unsigned int i;

	machine_init(&m, cpus);
	ready = 0;
	for (i = 0; i < cpus; i++)
		pthread_create(&thread[i], NULL, ping, &m.cpu[i]);
	for (i = 0; i < cpus; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < cpus; i++) {
		sync_enter(&m.cpu[i]);
		sync_leave(&m.cpu[i]);
		check_eq(m.cpu[i].sync_done, m.cpu[i].sync_asked);
		check(!m.cpu[i].in_guest);
	}
	machine_fini(&m);
}

/* A CPU that counts in memory, many times in each block. */
static void *writer(void *arg)
{
	struct cpu *cpu = arg;
	uint32_t n = 0;

	sync_enter(cpu);
	ready = 1;
	while (!stop) {
		block(cpu);
		for (unsigned int i = 0; i < 10000; i++)
			mem_w32(cpu, DATA, ++n);
	}
	sync_leave(cpu);
	return NULL;
}

/* Once a page was made code, the next write to it is noticed: before a hundred
 * more, and at all, else this would not end. */
static void test_code(void)
{
	pthread_t thread;
	unsigned int i;
	uint32_t version, from;

	machine_init(&m, 2);
	ready = 0;
	stop = false;
	pthread_create(&thread, NULL, writer, &m.cpu[1]);
	while (!ready)
		sched_yield();
	sync_enter(&m.cpu[0]);
	for (i = 0; i < 200; i++) {
		version = mmu_mark_code(&m.cpu[0], DATA, 4);
		from = get32(&m, DATA);
		while (get32(&m, DATA) - from < 100)
			sched_yield();
		check(codepages_version(&m.codepages, DATA) != version);
	}
	sync_leave(&m.cpu[0]);
	stop = true;
	pthread_join(thread, NULL);
	machine_fini(&m);
}

/* Posting without end to a CPU that does not serve: "flush all" at last. */
static void test_overflow(void)
{
	struct cpu *cpu = machine_init(&m, 2);
	struct cpu *other = &m.cpu[1];
	unsigned int i;

	mem_r8(other, DATA);
	check(other->view_w[DATA >> 12] > 0);
	for (i = 0; i < 1000; i++)
		sync_post(cpu, SYNC_UNMAP_WRITES, RAM + i * 0x1000);
	check(other->attention & ATT_SYNC);
	sync_wait(cpu); /* is outside: has answered */
	check(other->view_w[DATA >> 12] > 0);
	sync_enter(other);
	check(other->view_r[DATA >> 12] <= 0);
	check_eq(other->sync_done, 1000);
	machine_fini(&m);
}

/* Each kind reaches its function. */
static void test_kinds(void)
{
	struct cpu *cpu = machine_init(&m, 2);
	struct cpu *other = &m.cpu[1];
	static const enum sync_kind kinds[] = { SYNC_FLUSH_ALL, SYNC_FLUSH_ASID,
						SYNC_FLUSH_PAGE,
						SYNC_FLUSH_PAGE_ALL };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		mem_r8(other, DATA);
		sync_post(cpu, kinds[i],
			  kinds[i] == SYNC_FLUSH_ASID ? 0 : DATA);
		check(other->view_r[DATA >> 12] > 0);
		sync_serve(other);
		check(other->view_r[DATA >> 12] <= 0);
	}
	mem_r8(other, DATA);
	sync_post(cpu, SYNC_UNMAP_WRITES, DATA);
	sync_serve(other);
	check(other->view_r[DATA >> 12] > 0);
	check(other->view_w[DATA >> 12] <= 0);
	machine_fini(&m);
}

/* A CPU that waits for a device's lock holds nobody up. */
static pthread_mutex_t dev_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t dev_read(void *dev, uint32_t off, unsigned int size)
{
	(void)dev;
	(void)off;
	(void)size;
	return 0x55;
}

static const struct mmio_ops dev_ops = { dev_read, NULL, 1, 4 };

static void *reader(void *arg)
{
	struct cpu *cpu = arg;

	sync_enter(cpu);
	ready = 1;
	check_eq(mem_r32(cpu, 0x09000000), 0x55);
	check(cpu->in_guest);
	sync_leave(cpu);
	return NULL;
}

static void test_device(void)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	struct cpu *cpu = machine_init(&m, 2);
	pthread_t thread;
	unsigned int i;

	bus_add(&m.bus, 0x09000000, 0x1000, &dev_ops, NULL, &dev_lock);
	ready = 0;
	pthread_mutex_lock(&dev_lock);
	pthread_create(&thread, NULL, reader, &m.cpu[1]);
	while (!ready)
		sched_yield();
	sync_enter(cpu);
	for (i = 0; i < 20; i++) {
		sync_post(cpu, SYNC_FLUSH_ALL, 0);
		sync_wait(cpu);
		nanosleep(&ms, NULL);
	}
	sync_leave(cpu);
	pthread_mutex_unlock(&dev_lock);
	pthread_join(thread, NULL);
	check_eq(m.cpu[1].sync_done, 20);
	machine_fini(&m);
}

int main(void)
{
	alarm(60);
	test_ping(2);
	test_ping(3);
	test_ping(4);
	test_code();
	test_overflow();
	test_kinds();
	test_device();
	return test_done();
}
