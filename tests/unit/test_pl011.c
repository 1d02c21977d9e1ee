/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "dev/pl011.h"
#include "test.h"

enum {
	DR = 0x00,
	RSR = 0x04,
	FR = 0x18,
	LCR_H = 0x2c,
	CR = 0x30,
	IMSC = 0x38,
	RIS = 0x3c,
	MIS = 0x40,
	ICR = 0x44,

	RX = 1 << 4,
	TX = 1 << 5,
};

/* A back end that keeps what comes. */
static char sent[64];
static size_t sent_n;
static unsigned int accepted;

static void fake_write(struct chardev *chr, const uint8_t *bytes, size_t n)
{
	(void)chr;
	for (size_t i = 0; i < n; i++)
		sent[sent_n++ % sizeof(sent)] = (char)bytes[i];
}

static void fake_accept(struct chardev *chr)
{
	(void)chr;
	accepted++;
}

static const struct chardev_ops fake_ops = { .write = fake_write,
					     .accept_input = fake_accept };
static struct chardev chr = { .ops = &fake_ops };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pl011 uart;
static bool line;

static void fake_irq(void *ctl, unsigned int n, bool level)
{
	(void)ctl;
	(void)n;
	line = level;
}

static uint32_t rd(uint32_t off)
{
	return (uint32_t)pl011_ops.read(&uart, off, 4);
}

static void wr(uint32_t off, uint32_t val)
{
	pl011_ops.write(&uart, off, val, 4);
}

static void type(const char *text)
{
	chr.front.receive(chr.front.arg, (const uint8_t *)text, strlen(text));
}

static void output(void)
{
	check_eq(rd(FR), 0x90);
	check_eq(rd(CR), 0x300);
	wr(DR, 'a');
	pl011_ops.write(&uart, DR, 'b', 1);
	check(sent_n == 2 && !memcmp(sent, "ab", 2));
	check_eq(rd(RIS), TX);
	check(!line);
	wr(IMSC, TX);
	check(line);
	check_eq(rd(MIS), TX);
	wr(ICR, TX);
	check(!line);
	wr(IMSC, 0xffffffff);
	check_eq(rd(IMSC), 0x7ff);
	wr(IMSC, 0);
}

static void input(void)
{
	struct chardev_front *front = &chr.front;

	check_eq(front->can_receive(front->arg), 1); /* FIFO off */
	wr(LCR_H, 0x70);
	check_eq(front->can_receive(front->arg), 16);
	wr(IMSC, RX);
	type("hello");
	check(line);
	check_eq(rd(FR), 0x80);
	check_eq(front->can_receive(front->arg), 11);
	accepted = 0;
	for (const char *c = "hello"; *c; c++) {
		check(line);
		check_eq(rd(DR), (unsigned char)*c);
	}
	check(!line);
	check_eq(accepted, 5);
	check_eq(rd(DR), 0); /* empty */
	check_eq(rd(FR), 0x90);

	type("0123456789abcdefX"); /* more than was asked for */
	check_eq(rd(FR), 0xc0);
	check_eq(front->can_receive(front->arg), 0);
	wr(ICR, RX); /* cleared by hand: the driver drains then */
	check(!line);
	for (int i = 0; i < 16; i++)
		check_eq(rd(DR), "0123456789abcdef"[i]);
	check_eq(rd(FR), 0x90);
	type("x");
	check(line);
	wr(LCR_H, 0x60); /* FIFO off: emptied */
	check(!line);
	check_eq(rd(FR), 0x90);
	wr(LCR_H, 0x70);
}

static void breaks(void)
{
	chr.front.send_break(chr.front.arg);
	check(line);
	check_eq(rd(RIS) & 1 << 9, 1 << 9);
	check_eq(rd(DR), 1 << 10);
	check_eq(rd(RSR), 4);
	wr(RSR, 0);
	check_eq(rd(RSR), 0);
	wr(ICR, 0x7ff);
}

static void loopback(void)
{
	wr(CR, 0x380 | 1 << 11 | 1 << 10);
	check_eq(rd(FR) & 3, 3); /* CTS, DSR */
	type("cut off");
	check_eq(rd(FR) & 0x10, 0x10);
	wr(DR, 'z');
	check_eq(rd(DR), 'z');
	wr(CR, 0x300);
	check_eq(rd(FR), 0x90);
}

static void nonsense(void)
{
	uint32_t seed = 7;

	for (uint32_t i = 0; i < 200000; i++) {
		uint32_t off;

		seed = seed * 1664525 + 1013904223;
		off = (seed >> 8) % 0x1000;
		pl011_ops.write(&uart, off, seed, 1u << i % 3);
		pl011_ops.read(&uart, off, 1u << i % 3);
		if (!(i % 5))
			type("ab");
	}
	check_eq(rd(0xfe0), 0x11);
	pl011_reset(&uart);
	check(!line);
	check_eq(rd(FR), 0x90);
	check_eq(rd(IMSC), 0);
}

int main(void)
{
	pl011_init(&uart, (struct irq_line){ .set = fake_irq }, &chr, &lock);
	output();
	input();
	breaks();
	loopback();
	nonsense();
	return test_done();
}
