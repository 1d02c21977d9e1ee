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

	LCR_BRK = 1 << 0,
	LCR_FEN = 1 << 4,

	CR_LBE = 1 << 7,
	CR_DTR = 1 << 10,
	CR_RTS = 1 << 11,
	CR_OUT1 = 1 << 12,
	CR_OUT2 = 1 << 13,

	INT_RI = 1 << 0,
	INT_CTS = 1 << 1,
	INT_DCD = 1 << 2,
	INT_DSR = 1 << 3,
	INT_RX = 1 << 4,
	INT_TX = 1 << 5,
	INT_BE = 1 << 9,
	INT_ALL = 0x7ff,
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
	uint32_t fr = FR_TXFE | uart->modem;

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
	uart->fifo[(uart->head + uart->count) % PL011_FIFO] = data;
	if (uart->count++ == 0)
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

static void transmit(struct pl011 *uart, uint8_t byte)
{
	chardev_write(uart->chr, &byte, 1);
	if (uart->cr & CR_LBE)
		put(uart, byte);
	uart->ris |= INT_TX;
}

/* In loopback the modem's outputs are its inputs (3.4.4). */
static void set_control(struct pl011 *uart, uint32_t val)
{
	uart->cr = val;
	if (!(val & CR_LBE)) {
		uart->modem = 0;
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
		uart->imsc = val & INT_ALL;
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

void pl011_reset(struct pl011 *uart)
{
	*uart = (struct pl011){ .irq = uart->irq,
				.chr = uart->chr,
				.lock = uart->lock,
				.cr = 0x300,
				.ifls = 0x12 };
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
						 .arg = uart });
}
