/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARM PrimeCell PL061 GPIO.
 *
 * Address bits 9 to 2 of the data register are a mask of the lines that an
 * access concerns (ARM DDI 0190 3.3.1).  A line that nobody drives reads as
 * zero.  The hardware's control by GPIOAFSEL is storage only.
 */
#include "dev/pl061.h"

enum {
	GPIODATA_END = 0x3fc,
	GPIODIR = 0x400,
	GPIOIS = 0x404,
	GPIOIBE = 0x408,
	GPIOIEV = 0x40c,
	GPIOIE = 0x410,
	GPIORIS = 0x414,
	GPIOMIS = 0x418,
	GPIOIC = 0x41c,
	GPIOAFSEL = 0x420,
	PERIPHID = 0xfe0,
};

static const uint8_t id[] = { 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

static uint8_t levels(const struct pl061 *gpio)
{
	return (uint8_t)((gpio->inputs & ~gpio->dir) |
			 (gpio->data & gpio->dir));
}

/* Edges since the last look; levels as they are (2.2.3). */
static void update(struct pl061 *gpio)
{
	uint8_t now = levels(gpio);
	uint8_t changed = now ^ gpio->seen;
	uint8_t as_wanted = (uint8_t) ~(now ^ gpio->iev);
	uint8_t edges = (uint8_t)(changed & (gpio->ibe | as_wanted));

	gpio->seen = now;
	gpio->ris |= (uint8_t)(edges & ~gpio->is);
	gpio->ris = (uint8_t)((gpio->ris & ~gpio->is) | (as_wanted & gpio->is));
	irq_set(&gpio->irq, gpio->ris & gpio->im);
}

static uint64_t reg_read(void *dev, uint32_t off, unsigned int size)
{
	const struct pl061 *gpio = dev;

	(void)size;
	switch (off) {
	case 0 ... GPIODATA_END:
		return levels(gpio) & off >> 2;
	case GPIODIR:
		return gpio->dir;
	case GPIOIS:
		return gpio->is;
	case GPIOIBE:
		return gpio->ibe;
	case GPIOIEV:
		return gpio->iev;
	case GPIOIE:
		return gpio->im;
	case GPIORIS:
		return gpio->ris;
	case GPIOMIS:
		return gpio->ris & gpio->im;
	case GPIOAFSEL:
		return gpio->afsel;
	case PERIPHID ... 0xfff:
		return id[(off - PERIPHID) / 4];
	default:
		return 0;
	}
}

static void reg_write(void *dev, uint32_t off, uint64_t val64,
		      unsigned int size)
{
	struct pl061 *gpio = dev;
	uint8_t val = (uint8_t)val64;
	uint8_t mask = (uint8_t)(off >> 2 & gpio->dir);

	(void)size;
	switch (off) {
	case 0 ... GPIODATA_END:
		gpio->data = (uint8_t)((gpio->data & ~mask) | (val & mask));
		break;
	case GPIODIR:
		gpio->dir = val;
		break;
	case GPIOIS:
		gpio->is = val;
		break;
	case GPIOIBE:
		gpio->ibe = val;
		break;
	case GPIOIEV:
		gpio->iev = val;
		break;
	case GPIOIE:
		gpio->im = val;
		break;
	case GPIOIC:
		gpio->ris &= (uint8_t)~val;
		break;
	case GPIOAFSEL:
		gpio->afsel = val;
		break;
	default:
		return;
	}
	update(gpio);
}

const struct mmio_ops pl061_ops = {
	.read = reg_read,
	.write = reg_write,
	.min_size = 1,
	.max_size = 4,
};

void pl061_init(struct pl061 *gpio, struct irq_line irq)
{
	*gpio = (struct pl061){ .irq = irq };
}

void pl061_reset(struct pl061 *gpio)
{
	*gpio = (struct pl061){ .irq = gpio->irq,
				.inputs = gpio->inputs,
				.seen = gpio->inputs };
	update(gpio);
}

void pl061_set_input(struct pl061 *gpio, unsigned int n, bool level)
{
	gpio->inputs = (uint8_t)((gpio->inputs & ~(1u << n)) |
				 (unsigned int)level << n);
	update(gpio);
}
