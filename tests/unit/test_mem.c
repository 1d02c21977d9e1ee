/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <string.h>

#include "mem/bus.h"
#include "mem/codepages.h"
#include "mem/ram.h"
#include "test.h"

enum {
	BASE = 0x40000000,
	SIZE = 4 << 20,
};

struct access {
	uint32_t off;
	unsigned int size;
	uint64_t val;
};

struct fake {
	struct access log[16];
	unsigned int n;
};

static uint64_t fake_read(void *dev, uint32_t off, unsigned int size)
{
	struct fake *f = dev;

	f->log[f->n++] = (struct access){ off, size, 0 };
	return 0xffffffffffffff00 | (0x10 + off);
}

static void fake_write(void *dev, uint32_t off, uint64_t val, unsigned int size)
{
	struct fake *f = dev;

	f->log[f->n++] = (struct access){ off, size, val };
}

static const struct mmio_ops word_ops = { fake_read, fake_write, 4, 4 };
static const struct mmio_ops byte_ops = { fake_read, fake_write, 1, 1 };
static const struct mmio_ops any_ops = { fake_read, fake_write, 1, 8 };

static void test_ram(void)
{
	struct ram ram, huge;
	struct err err;
	uint8_t *end;

	check_eq(ram_init(&ram, BASE, SIZE, &err), 0);
	check_eq((uintptr_t)ram.host % (2 << 20), 0);
	check(ram_at(&ram, BASE, SIZE) == ram.host);
	check(!ram_at(&ram, BASE, SIZE + 1));
	check(!ram_at(&ram, BASE - 1, 1));
	check(!ram_at(&ram, BASE + SIZE, 1));
	check(!ram_at(&ram, BASE + 4, UINT64_MAX - 2));
	check(!ram_at(&ram, UINT64_MAX, 8));
	end = ram_at(&ram, BASE + SIZE - 1, 1);
	check_eq(*end, 0);
	*end = 1;
	ram_fini(&ram);
	ram_fini(&ram);
	check(ram_init(&huge, BASE, UINT64_C(1) << 60, &err) < 0);
	check(strstr(err.text, "guest's memory") != NULL);
}

static void test_bus(void)
{
	struct bus bus = { 0 };
	struct fake word = { 0 }, byte = { 0 }, any = { 0 };
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint64_t val = 77;

	bus_add(&bus, 0x3000, 0x1000, &byte_ops, &byte, &lock);
	bus_add(&bus, 0x1000, 0x1000, &word_ops, &word, NULL);
	bus_add(&bus, 0x2000, 0x200, &any_ops, &any, NULL);

	check(!bus_read(&bus, 0xfff, 1, &val));
	check(!bus_read(&bus, 0x2200, 1, &val));
	check(!bus_read(&bus, 0x21fc, 8, &val)); /* runs over the end */
	check(!bus_write(&bus, 0x4000, 1, 0));
	check(!bus_write(&bus, UINT64_MAX, 8, 0));
	check_eq(val, 77);

	check(bus_read(&bus, 0x1008, 4, &val));
	check_eq(val, 0xffffff18);
	check(bus_read(&bus, 0x1008, 1, &val)); /* too small: nothing */
	check_eq(val, 0);
	check(bus_write(&bus, 0x1008, 2, 1));
	check_eq(word.n, 1);
	check(bus_write(&bus, 0x1ff8, 8, 0x1122334455667788));
	check_eq(word.n, 3);
	check_eq(word.log[1].off, 0xff8);
	check_eq(word.log[1].val, 0x55667788);
	check_eq(word.log[2].off, 0xffc);
	check_eq(word.log[2].val, 0x11223344);

	check(bus_read(&bus, 0x3000, 4, &val));
	check_eq(byte.n, 4);
	check_eq(byte.log[3].off, 3);
	check_eq(pthread_mutex_trylock(&lock), 0); /* was given back */
	pthread_mutex_unlock(&lock);

	check(bus_read(&bus, 0x2008, 8, &val));
	check_eq(any.n, 1);
	check_eq(any.log[0].size, 8);
	check_eq(val, 0xffffffffffffff18);
}

static void test_codepages(void)
{
	struct ram ram;
	struct codepages cp;
	struct err err;
	uint32_t v, w;

	check_eq(ram_init(&ram, BASE, SIZE, &err), 0);
	check_eq(codepages_init(&cp, &ram, &err), 0);
	check(!codepages_at(&cp, BASE - 1));
	check(!codepages_at(&cp, BASE + SIZE));
	check(!codepages_written(&cp, BASE, SIZE));

	check(codepages_mark(&cp, BASE + 0x103c, 8, &v));
	check_eq(codepages_at(&cp, BASE + 0x1000)->lines, 3);
	check_eq(cp.ever[0], 2);
	check(codepages_mark(&cp, BASE + 0x1fff, 1, &v)); /* not withdrawn */
	codepages_withdrawn(&cp, BASE + 0x1000, v);
	check(!codepages_mark(&cp, BASE + 0x1000, 4, &w));
	check_eq(v, w);

	check(!codepages_written(&cp, BASE + 0x1080, 0x1000 - 0x80 - 64));
	check_eq(codepages_version(&cp, BASE + 0x1000), v);
	check(codepages_written(&cp, BASE + 0x107f, 1));
	check(codepages_version(&cp, BASE + 0x1000) != v);
	check_eq(codepages_at(&cp, BASE + 0x1000)->lines, 0);

	/* who is slow to tell must not vouch for the new version */
	codepages_withdrawn(&cp, BASE + 0x1000, v);
	check(codepages_mark(&cp, BASE + 0x1000, 4, &w));

	/* a long write that begins before RAM and ends behind it */
	check(codepages_mark(&cp, BASE + SIZE - 4, 4, &v));
	check(codepages_written(&cp, BASE - 0x2000, SIZE + 0x4000));
	check(codepages_version(&cp, BASE + 0x1000) != w);
	check(codepages_version(&cp, BASE + SIZE - 4) != v);
	codepages_fini(&cp);
	ram_fini(&ram);
}

/*
 * Many writes of a growing number against a decoder that keeps what it read:
 * once both are still, what is kept is either out of date by its version or
 * the last number.
 */
struct race {
	struct codepages cp;
	uint32_t *word;
};

static void *race_writer(void *arg)
{
	struct race *race = arg;
	unsigned int i;

	for (i = 1; i <= 20000; i++) {
		__atomic_store_n(race->word, i, __ATOMIC_RELAXED);
		codepages_written(&race->cp, BASE, 4);
	}
	return NULL;
}

static void test_race(void)
{
	static struct race race;
	struct ram ram;
	struct err err;
	pthread_t thread[2];
	uint32_t v = 0, kept = 0;
	int i;

	check_eq(ram_init(&ram, BASE, SIZE, &err), 0);
	check_eq(codepages_init(&race.cp, &ram, &err), 0);
	race.word = ram_at(&ram, BASE, 4);
	for (i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, race_writer, &race);
	for (i = 0; i < 20000; i++) {
		codepages_mark(&race.cp, BASE, 4, &v);
		kept = __atomic_load_n(race.word, __ATOMIC_RELAXED);
	}
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	if (codepages_version(&race.cp, BASE) == v)
		check_eq(kept, *race.word);
	codepages_fini(&race.cp);
	ram_fini(&ram);
}

int main(void)
{
	test_ram();
	test_bus();
	test_codepages();
	test_race();
	return test_done();
}
