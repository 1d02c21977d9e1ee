/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pl061.h"
#include "test.h"

enum {
	DATA = 0x3fc,
	DIR = 0x400,
	IS = 0x404,
	IBE = 0x408,
	IEV = 0x40c,
	IE = 0x410,
	RIS = 0x414,
	MIS = 0x418,
	IC = 0x41c,
};

static struct pl061 gpio;
static bool line;

static void fake_irq(void *ctl, unsigned int n, bool level)
{
	(void)ctl;
	(void)n;
	line = level;
}

static uint32_t rd(uint32_t off)
{
	return (uint32_t)pl061_ops.read(&gpio, off, 4);
}

static void wr(uint32_t off, uint32_t val)
{
	pl061_ops.write(&gpio, off, val, 4);
}

static void data(void)
{
	wr(DIR, 0x0f);
	wr(DATA, 0xff);
	check_eq(rd(DATA), 0x0f); /* inputs are not written */
	wr(0x05 << 2, 0);         /* lines 0 and 2 only */
	check_eq(rd(DATA), 0x0a);
	check_eq(rd(0x02 << 2), 0x02);
	check_eq(rd(0), 0);
	pl061_set_input(&gpio, 7, true);
	pl061_set_input(&gpio, 1, false); /* an output */
	check_eq(rd(DATA), 0x8a);
	wr(DIR, 0);
	check_eq(rd(DATA), 0x80);
	pl061_set_input(&gpio, 7, false);
}

/* As gpio-keys sets up the power key: both edges of line 3. */
static void power_key(void)
{
	wr(IC, 0xff);
	wr(IBE, 8);
	wr(IE, 8);
	check(!line);
	pl061_set_input(&gpio, 3, true);
	check(line);
	check_eq(rd(MIS), 8);
	wr(IC, 8);
	check(!line);
	pl061_set_input(&gpio, 3, true); /* no edge */
	check(!line);
	pl061_set_input(&gpio, 3, false);
	check(line);
	wr(IC, 8);
}

static void one_edge_and_level(void)
{
	wr(IBE, 0);
	wr(IEV, 8); /* rising only */
	pl061_set_input(&gpio, 3, true);
	check_eq(rd(RIS), 8);
	wr(IC, 8);
	pl061_set_input(&gpio, 3, false);
	check_eq(rd(RIS), 0);
	wr(IEV, 0); /* falling only */
	pl061_set_input(&gpio, 3, true);
	check_eq(rd(RIS), 0);
	pl061_set_input(&gpio, 3, false);
	check_eq(rd(RIS), 8);
	wr(IC, 0xff);

	wr(IEV, 0xff); /* high levels, all lines */
	wr(IS, 0xff);
	check_eq(rd(RIS), 0);
	pl061_set_input(&gpio, 3, true);
	wr(IC, 8); /* not while it lasts */
	check(line);
	pl061_set_input(&gpio, 3, false);
	check(!line);
}

static void nonsense(void)
{
	uint32_t seed = 3;

	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t off;

		seed = seed * 1664525 + 1013904223;
		off = (seed >> 8) % 0x1000;
		pl061_ops.write(&gpio, off, seed, 1u << i % 3);
		pl061_ops.read(&gpio, off, 1u << i % 3);
		pl061_set_input(&gpio, seed & 7, seed >> 3 & 1);
	}
	for (unsigned int i = 0; i < 8; i++)
		pl061_set_input(&gpio, i, i == 3);
	pl061_reset(&gpio);
	check(!line);
	check_eq(rd(DATA), 8); /* what is driven stays */
	check_eq(rd(DIR), 0);
	check_eq(rd(0xfe0), 0x61);
}

int main(void)
{
	pl061_init(&gpio, (struct irq_line){ .set = fake_irq });
	data();
	power_key();
	one_edge_and_level();
	nonsense();
	return test_done();
}
