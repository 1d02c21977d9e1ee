/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "board/map.h"

/* clang-format off */
const struct map_row virt_map[] = {
	/* node          compatible            base        size     reg count         spi     trigger */
	{ "intc",        "arm,cortex-a15-gic", 0x08000000, 0x10000, 2,  1,            NO_IRQ, NONE },
	{ "pl011",       "arm,pl011",          0x09000000, 0x1000,  1,  1,            1,      LEVEL },
	{ "pl031",       "arm,pl031",          0x09010000, 0x1000,  1,  1,            2,      LEVEL },
	{ "fw-cfg",      "qemu,fw-cfg-mmio",   0x09020000, 0x18,    1,  1,            NO_IRQ, NONE },
	{ "pl061",       "arm,pl061",          0x09030000, 0x1000,  1,  1,            7,      LEVEL },
	{ "pl011",       "arm,pl011",          0x09040000, 0x1000,  1,  1,            8,      LEVEL },
	{ "virtio_mmio", "virtio,mmio",        0x0a000000, 0x200,   1,  VIRTIO_SLOTS, 16,     EDGE },
};
/* clang-format on */

const unsigned int virt_map_rows = sizeof(virt_map) / sizeof(virt_map[0]);
