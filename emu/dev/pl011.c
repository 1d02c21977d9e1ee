/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARM PrimeCell PL011 UART.
 *
 * As in QEMU, the receive interrupt comes with the first byte, not at
 * UARTIFLS's level, so no receive time-out is needed; drivers read until the
 * FIFO is empty.  The enable bits of UARTCR are not looked at: early consoles
 * write before anybody set them.  DMA is not there.
 */
#include "dev/pl011.h"

#include "common/cleanup.h"

enum {
	UARTDR = 0x00,
	UARTRSR = 0x04,
	UARTFR = 0x18,
	UARTILPR = 0x20,
	UARTIBRD = 0x24,
	UARTFBRD = 0x28,
	UARTLCR_H = 0x2c,
	UARTCR = 0x30,
	UARTIFLS = 0x34,
	UARTIMSC = 0x38,
	UARTRIS = 0x3c,
	UARTMIS = 0x40,
	UARTICR = 0x44,
	UARTDMACR = 0x48,
	PERIPHID = 0xfe0,
};

enum {
	DR_BE = 1 << 10, /* break */

	FR_CTS = 1 << 0,
	FR_DSR = 1 << 1,
	FR_DCD = 1 << 2,
	FR_RXFE = 1 << 4,
	FR_RXFF = 1 << 6,
	FR_TXFE = 1 << 7,
	FR_RI = 1 << 8,

	FR_BUSY = 1 << 3,
	FR_TXFF = 1 << 5,
	FR_MODEM = FR_CTS | FR_DSR | FR_DCD | FR_RI,

	LCR_BRK = 1 << 0,
	LCR_PEN = 1 << 1,
	LCR_EPS = 1 << 2,
	LCR_STP2 = 1 << 3,
	LCR_FEN = 1 << 4,
	LCR_WLEN = 5, /* the lowest of two bits */
	LCR_SPS = 1 << 7,

	CR_LBE = 1 << 7,
	CR_DTR = 1 << 10,
	CR_RTS = 1 << 11,
	CR_OUT1 = 1 << 12,
	CR_OUT2 = 1 << 13,
	CR_RTSEN = 1 << 14,
	CR_CTSEN = 1 << 15,

	INT_RI = 1 << 0,
	INT_CTS = 1 << 1,
	INT_DCD = 1 << 2,
	INT_DSR = 1 << 3,
	INT_RX = 1 << 4,
	INT_TX = 1 << 5,
	INT_BE = 1 << 9,
	INT_MODEM = INT_RI | INT_CTS | INT_DCD | INT_DSR,
	INT_ALL = 0x7ff,
};

enum {
	UARTCLK = 24000000, /* Hz, as the device tree says */
};

static const uint8_t id[] = { 0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static void update_irq(const struct pl011 *uart)
{
	irq_set(&uart->irq, uart->ris & uart->imsc);
}

static unsigned int depth(const struct pl011 *uart)
{
	return uart->lcr & LCR_FEN ? PL011_FIFO : 1;
}

static uint32_t flags(const struct pl011 *uart)
{
	uint32_t fr = uart->modem | (uart->full ? FR_TXFF | FR_BUSY : FR_TXFE);

	if (!uart->count)
		fr |= FR_RXFE;
	if (uart->count >= depth(uart))
		fr |= FR_RXFF;
	return fr;
}

/* A full FIFO loses it. */
static void put(struct pl011 *uart, uint16_t data)
{
	if (uart->count >= depth(uart))
		return;
	uart->fifo[(uart->head + uart->count++) % PL011_FIFO] = data;
	uart->ris |= INT_RX;
	if (data & DR_BE)
		uart->ris |= INT_BE;
}

static uint32_t get(struct pl011 *uart)
{
	uint32_t data;

	if (!uart->count)
		return 0;
	data = uart->fifo[uart->head];
	uart->head = (uart->head + 1) % PL011_FIFO;
	if (--uart->count == 0)
		uart->ris &= ~(uint32_t)INT_RX;
	uart->rsr = data >> 8;
	update_irq(uart);
	chardev_accept_input(uart->chr);
	return data;
}

/* Has the host's port room for a FIFO's worth?  Whoever has other back ends
 * never waits: a console that nobody reads must not stop the guest. */
static void look_for_room(struct pl011 *uart)
{
	uart->full = uart->chr->ops->port &&
		     chardev_room(uart->chr) < PL011_FIFO;
	if (uart->full)
		uart->ris &= ~(uint32_t)INT_TX;
	else
		uart->ris |= INT_TX;
}

static void transmit(struct pl011 *uart, uint8_t byte)
{
	chardev_write(uart->chr, &byte, 1);
	if (uart->cr & CR_LBE)
		put(uart, byte);
	look_for_room(uart);
}

/* The usual speed that a divisor was meant for: it divides in steps of 1/64,
 * and a host's driver that takes only the usual ones needs them exact. */
static uint32_t usual_speed(uint64_t baud)
{
	static const uint32_t usual[] = {
		110,    300,    600,    1200,   2400,    4800,
		9600,   19200,  38400,  57600,  115200,  230400,
		250000, 460800, 500000, 921600, 1000000, 1500000,
	};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		uint64_t slack = usual[i] / 100;

		if (baud + slack >= usual[i] && baud <= usual[i] + slack)
			return usual[i];
	}
	return (uint32_t)baud;
}

/* Speed and form of the line, as the registers say (3.3.6, 3.3.7): the
 * divisor counts from the next write to UARTLCR_H on. */
static void set_line(struct pl011 *uart)
{
	const struct chardev_port_ops *port = uart->chr->ops->port;
	uint32_t divisor = uart->ibrd << 6 | uart->fbrd;
	uint32_t lcr = uart->lcr;
	struct chardev_line line = {
		.bits = (uint8_t)(5 + (lcr >> LCR_WLEN & 3)),
		.parity = !(lcr & LCR_PEN) ? 'n'
			  : lcr & LCR_SPS  ? (lcr & LCR_EPS ? 's' : 'm')
			  : lcr & LCR_EPS  ? 'e'
					   : 'o',
		.two_stops = lcr & LCR_STP2,
		.rts_cts = uart->cr & CR_CTSEN,
	};

	if (!port || uart->ibrd == 0)
		return;
	line.baud = usual_speed((uint64_t)UARTCLK * 4 / divisor);
	if (line.baud == uart->line.baud && line.bits == uart->line.bits &&
	    line.parity == uart->line.parity &&
	    line.two_stops == uart->line.two_stops &&
	    line.rts_cts == uart->line.rts_cts)
		return;
	uart->line = line;
	port->set_line(uart->chr, &line);
}

/* The modem's lines that the driver sets go out; with RTSEN it is the host's
 * driver who moves RTS. */
static void set_outputs(struct pl011 *uart, uint32_t old)
{
	const struct chardev_port_ops *port = uart->chr->ops->port;
	uint32_t changed = old ^ uart->cr;

	if (!port || uart->cr & CR_LBE)
		return;
	if (changed & (CR_CTSEN | CR_RTSEN))
		set_line(uart);
	if (changed & (CR_DTR | CR_RTS | CR_LBE))
		port->set_outputs(
			uart->chr,
			(uart->cr & CR_DTR ? CHARDEV_DTR : 0u) |
				(uart->cr & CR_RTS ? CHARDEV_RTS : 0u));
}

/* In loopback the modem's outputs are its inputs (3.4.4). */
static void set_control(struct pl011 *uart, uint32_t val)
{
	uint32_t old = uart->cr;

	uart->cr = val;
	set_outputs(uart, old);
	if (!(val & CR_LBE)) {
		uart->modem = uart->inputs;
		return;
	}
	uart->modem = (val & CR_OUT2 ? FR_RI : 0u) |
		      (val & CR_OUT1 ? FR_DCD : 0u) |
		      (val & CR_RTS ? FR_CTS : 0u) |
		      (val & CR_DTR ? FR_DSR : 0u);
	uart->ris &= ~(uint32_t)(INT_RI | INT_DCD | INT_CTS | INT_DSR);
	uart->ris |= (val & CR_OUT2 ? INT_RI : 0u) |
		     (val & CR_OUT1 ? INT_DCD : 0u) |
		     (val & CR_RTS ? INT_CTS : 0u) |
		     (val & CR_DTR ? INT_DSR : 0u);
}

static void set_break(struct pl011 *uart, bool on)
{
	if (uart->chr->ops->port)
		uart->chr->ops->port->set_break(uart->chr, on);
}

/* Switching the FIFO on or off empties it. */
static void set_line_control(struct pl011 *uart, uint32_t val)
{
	uint32_t changed = uart->lcr ^ val;

	uart->lcr = val;
	if (changed & LCR_FEN) {
		uart->head = uart->count = 0;
		uart->ris &= ~(uint32_t)INT_RX;
		chardev_accept_input(uart->chr);
	}
	if (changed & val & LCR_BRK && uart->cr & CR_LBE)
		put(uart, DR_BE);
	if (changed & LCR_BRK)
		set_break(uart, val & LCR_BRK);
	set_line(uart);
}

static void watch_inputs(struct pl011 *uart, bool on)
{
	if (uart->chr->ops->port)
		uart->chr->ops->port->watch_inputs(uart->chr, on);
}

/* Who waits for the modem's interrupts is told of each change; who only looks
 * at UARTFR sees what was so when he looked before. */
static void set_mask(struct pl011 *uart, uint32_t val)
{
	uint32_t changed = uart->imsc ^ val;

	uart->imsc = val;
	/* What was there before a driver came, and cleared the interrupt, is
	 * told now: on real hardware by the receive time-out. */
	if (changed & val & INT_RX && uart->count)
		uart->ris |= INT_RX;
	if (changed & INT_MODEM)
		watch_inputs(uart, val & INT_MODEM);
}

static uint64_t reg_read(void *dev, uint32_t off, unsigned int size)
{
	struct pl011 *uart = dev;

	(void)size;
	switch (off) {
	case UARTDR:
		return get(uart);
	case UARTRSR:
		return uart->rsr;
	case UARTFR:
		watch_inputs(uart, uart->imsc & INT_MODEM);
		return flags(uart);
	case UARTILPR:
		return uart->ilpr;
	case UARTIBRD:
		return uart->ibrd;
	case UARTFBRD:
		return uart->fbrd;
	case UARTLCR_H:
		return uart->lcr;
	case UARTCR:
		return uart->cr;
	case UARTIFLS:
		return uart->ifls;
	case UARTIMSC:
		return uart->imsc;
	case UARTRIS:
		return uart->ris;
	case UARTMIS:
		return uart->ris & uart->imsc;
	case UARTDMACR:
		return uart->dmacr;
	case PERIPHID ... 0xfff:
		return id[(off - PERIPHID) / 4];
	default:
		return 0;
	}
}

static void reg_write(void *dev, uint32_t off, uint64_t val64,
		      unsigned int size)
{
	struct pl011 *uart = dev;
	uint32_t val = (uint32_t)val64;

	(void)size;
	switch (off) {
	case UARTDR:
		transmit(uart, (uint8_t)val);
		break;
	case UARTRSR:
		uart->rsr = 0;
		break;
	case UARTILPR:
		uart->ilpr = val & 0xff;
		break;
	case UARTIBRD:
		uart->ibrd = val & 0xffff;
		break;
	case UARTFBRD:
		uart->fbrd = val & 0x3f;
		break;
	case UARTLCR_H:
		set_line_control(uart, val & 0xff);
		break;
	case UARTCR:
		set_control(uart, val & 0xff87);
		break;
	case UARTIFLS:
		uart->ifls = val & 0x3f;
		break;
	case UARTIMSC:
		set_mask(uart, val & INT_ALL);
		break;
	case UARTICR:
		uart->ris &= ~val;
		break;
	case UARTDMACR:
		uart->dmacr = val & 7;
		break;
	default:
		return;
	}
	update_irq(uart);
}

/* Narrow accesses are allowed: drivers write the data register by STRB. */
const struct mmio_ops pl011_ops = {
	.read = reg_read,
	.write = reg_write,
	.min_size = 1,
	.max_size = 4,
};

static size_t can_receive(void *arg)
{
	struct pl011 *uart = arg;

	with_lock(uart->lock);
	return depth(uart) > uart->count ? depth(uart) - uart->count : 0;
}

/* The line is cut while in loopback. */
static void receive(void *arg, const uint8_t *bytes, size_t n)
{
	struct pl011 *uart = arg;

	with_lock(uart->lock);
	for (size_t i = 0; i < n && !(uart->cr & CR_LBE); i++)
		put(uart, bytes[i]);
	update_irq(uart);
}

static void receive_break(void *arg)
{
	struct pl011 *uart = arg;

	with_lock(uart->lock);
	if (!(uart->cr & CR_LBE))
		put(uart, DR_BE);
	update_irq(uart);
}

/* The host's port has room again, or came, or went. */
static void has_room(void *arg)
{
	struct pl011 *uart = arg;

	with_lock(uart->lock);
	if (uart->full)
		look_for_room(uart);
	update_irq(uart);
}

static void came_or_went(void *arg, bool open)
{
	(void)open;
	has_room(arg);
}

static void inputs_changed(void *arg, unsigned int inputs)
{
	struct pl011 *uart = arg;
	uint32_t changed;

	with_lock(uart->lock);
	changed = uart->inputs;
	uart->inputs = (inputs & CHARDEV_CTS ? FR_CTS : 0u) |
		       (inputs & CHARDEV_DSR ? FR_DSR : 0u) |
		       (inputs & CHARDEV_DCD ? FR_DCD : 0u) |
		       (inputs & CHARDEV_RI ? FR_RI : 0u);
	changed ^= uart->inputs;
	if (uart->cr & CR_LBE)
		return;
	uart->modem = uart->inputs;
	uart->ris |= (changed & FR_RI ? INT_RI : 0u) |
		     (changed & FR_CTS ? INT_CTS : 0u) |
		     (changed & FR_DCD ? INT_DCD : 0u) |
		     (changed & FR_DSR ? INT_DSR : 0u);
	update_irq(uart);
}

void pl011_reset(struct pl011 *uart)
{
	uint32_t inputs = uart->inputs, old = uart->cr;

	watch_inputs(uart, false);
	if (uart->lcr & LCR_BRK)
		set_break(uart, false);
	*uart = (struct pl011){ .irq = uart->irq,
				.chr = uart->chr,
				.lock = uart->lock,
				.inputs = inputs,
				.modem = inputs,
				.cr = 0x300,
				.ifls = 0x12 };
	set_outputs(uart, old);
	update_irq(uart);
	chardev_accept_input(uart->chr);
}

void pl011_init(struct pl011 *uart, struct irq_line irq, struct chardev *chr,
		pthread_mutex_t *lock)
{
	uart->irq = irq;
	uart->chr = chr;
	uart->lock = lock;
	pl011_reset(uart);
	chardev_connect(chr,
			&(struct chardev_front){ .can_receive = can_receive,
						 .receive = receive,
						 .send_break = receive_break,
						 .event = came_or_went,
						 .drained = has_room,
						 .modem = inputs_changed,
						 .arg = uart });
}
