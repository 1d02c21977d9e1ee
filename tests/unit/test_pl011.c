/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "dev/pl011.h"
#include "test.h"

enum {
	DR = 0x00,
	RSR = 0x04,
	FR = 0x18,
	IBRD = 0x24,
	FBRD = 0x28,
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

/* Typed before there was a driver, which clears all interrupts, reads as much
 * as a FIFO holds while more comes in, and then waits for one. */
static void typed_before(void)
{
	wr(IMSC, 0);
	type("0123456789abcdef");
	wr(ICR, 0x7ff);
	check_eq(rd(DR), '0');
	type("g");
	check(!line);
	wr(IMSC, RX);
	check(line);
	for (int i = 0; i < 16; i++)
		rd(DR);
	check(!line);
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

/* A serial port of the host. */
static struct {
	struct chardev_line line;
	unsigned int outputs, lines;
	bool breaking, watched;
	size_t room;
} port;

static size_t port_room(struct chardev *c)
{
	(void)c;
	return port.room;
}

static void port_line(struct chardev *c, const struct chardev_line *l)
{
	(void)c;
	port.line = *l;
	port.lines++;
}

static void port_outputs(struct chardev *c, unsigned int outputs)
{
	(void)c;
	port.outputs = outputs;
}

static void port_break(struct chardev *c, bool on)
{
	(void)c;
	port.breaking = on;
}

static void port_watch(struct chardev *c, bool on)
{
	(void)c;
	port.watched = on;
}

static const struct chardev_port_ops port_ops = {
	.set_line = port_line,
	.set_outputs = port_outputs,
	.set_break = port_break,
	.watch_inputs = port_watch,
};
static const struct chardev_ops host_ops = { .write = fake_write,
					     .room = port_room,
					     .accept_input = fake_accept,
					     .port = &port_ops };

/* What Linux's driver writes for a speed. */
static void set_speed(uint32_t baud, uint32_t lcr)
{
	uint32_t divisor = (24000000 * 4 + baud / 2) / baud;

	wr(IBRD, divisor >> 6);
	wr(FBRD, divisor & 0x3f);
	wr(LCR_H, lcr);
}

static void host_speed(void)
{
	static const uint32_t speeds[] = { 1200,   9600,   38400,
					   57600,  115200, 230400,
					   460800, 921600, 1500000 };

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		set_speed(speeds[i], 0x70);
		check_eq(port.line.baud, speeds[i]);
	}
	check_eq(port.lines, sizeof(speeds) / sizeof(speeds[0]));
	wr(LCR_H, 0x70); /* the same again */
	check_eq(port.lines, sizeof(speeds) / sizeof(speeds[0]));
	check(port.line.bits == 8 && port.line.parity == 'n' &&
	      !port.line.two_stops && !port.line.rts_cts);
	set_speed(31250, 0x70); /* an unusual one: MIDI's */
	check_eq(port.line.baud, 31250);
	wr(LCR_H, 0x5e); /* 7 bits, even, two stops */
	check(port.line.bits == 7 && port.line.parity == 'e' &&
	      port.line.two_stops);
	wr(LCR_H, 0x72);
	check_eq(port.line.parity, 'o');
	wr(LCR_H, 0xf2);
	check_eq(port.line.parity, 'm');
	wr(LCR_H, 0xf6);
	check_eq(port.line.parity, 's');
	wr(CR, 0xc300);
	check(port.line.rts_cts);
	wr(CR, 0x300);
	check(!port.line.rts_cts);
}

static void host_modem(void)
{
	struct chardev_front *front = &chr.front;

	wr(CR, 0x300 | 1 << 10);
	check_eq(port.outputs, CHARDEV_DTR);
	wr(CR, 0x300 | 1 << 10 | 1 << 11);
	check_eq(port.outputs, CHARDEV_DTR | CHARDEV_RTS);
	wr(LCR_H, 0x71);
	check(port.breaking);
	wr(LCR_H, 0x70);
	check(!port.breaking);

	front->modem(front->arg, CHARDEV_CTS | CHARDEV_DCD);
	check_eq(rd(FR) & 0x107, 5);
	check_eq(rd(RIS) & 15, 6); /* CTS and DCD changed */
	check(!line && !port.watched);
	wr(IMSC, 2);
	check(port.watched);
	check(line);
	wr(ICR, 15);
	check(!line);
	front->modem(front->arg, CHARDEV_DCD);
	check(line);
	wr(IMSC, 0);
	check(!port.watched);
	wr(ICR, 15);
}

/* A port that is behind: the FIFO is full until there is room. */
static void host_pace(void)
{
	struct chardev_front *front = &chr.front;

	wr(IMSC, TX);
	port.room = 100;
	wr(DR, 'a');
	check(line);
	check_eq(rd(FR) & 0xa8, 0x80);
	port.room = 15;
	wr(DR, 'b');
	check(!line);
	check_eq(rd(FR) & 0xa8, 0x28); /* TXFF, BUSY, not TXFE */
	front->drained(front->arg);
	check(!line); /* not yet */
	port.room = 2000;
	front->drained(front->arg);
	check(line);
	check_eq(rd(FR) & 0xa8, 0x80);
	port.room = 0;
	wr(DR, 'c');
	check(!line);
	port.room = 4096; /* pulled out: what is sent is lost */
	front->event(front->arg, false);
	check(line);
	wr(LCR_H, 0x71);
	check(port.breaking);
	pl011_reset(&uart);
	check_eq(port.outputs, 0);
	check(!port.breaking);
}

static void host_port(void)
{
	memset(&port, 0, sizeof(port));
	port.room = 4096;
	chr.ops = &host_ops;
	pl011_init(&uart, (struct irq_line){ .set = fake_irq }, &chr, &lock);
	host_speed();
	host_modem();
	host_pace();
}

int main(void)
{
	pl011_init(&uart, (struct irq_line){ .set = fake_irq }, &chr, &lock);
	output();
	input();
	typed_before();
	breaks();
	loopback();
	nonsense();
	host_port();
	return test_done();
}
