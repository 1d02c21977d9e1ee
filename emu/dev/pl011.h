/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARM PrimeCell PL011 UART (ARM DDI 0183), connected to a chardev.
 *
 * Bytes leave at once, whatever the baud rate, so the transmit FIFO is always
 * empty; input is taken only while there is room in the receive FIFO.  A serial
 * port of the host is set to the speed that the guest sets, carries the modem's
 * lines, and is not outrun: the transmit FIFO is full while it is behind.
 */
#ifndef DEV_PL011_H
#define DEV_PL011_H

#include <pthread.h>

#include "chardev/chardev.h"
#include "mem/bus.h"

enum {
	PL011_FIFO = 16,
};

struct pl011 {
	struct irq_line irq;
	struct chardev *chr;
	pthread_mutex_t *lock; /* held around all of this; taken for input */

	uint16_t fifo[PL011_FIFO]; /* data and error bits, as in UARTDR */
	unsigned int head, count;
	uint32_t rsr, ilpr, ibrd, fbrd, lcr, cr, ifls, imsc, ris, dmacr;
	uint32_t modem;           /* bits of UARTFR */
	uint32_t inputs;          /* those bits of the host's port */
	bool full;                /* the host's port is behind */
	struct chardev_line line; /* as last said */
};

extern const struct mmio_ops pl011_ops;

/* Becomes the front end of chr.  lock is the one that the bus holds. */
void pl011_init(struct pl011 *uart, struct irq_line irq, struct chardev *chr,
		pthread_mutex_t *lock);
void pl011_reset(struct pl011 *uart);

#endif
