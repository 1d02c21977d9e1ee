/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's firmware configuration device, over MMIO and read only
 * (qemu/docs/specs/fw_cfg): what firmware asks the board for.
 */
#ifndef DEV_FW_CFG_H
#define DEV_FW_CFG_H

#include "mem/bus.h"

/* Selectors. */
enum {
	FW_CFG_SIGNATURE = 0x00, /* "QEMU" */
	FW_CFG_ID = 0x01,        /* bit 0: this interface; no DMA */
	FW_CFG_RAM_SIZE = 0x03,  /* 64 bits, little endian */
	FW_CFG_NB_CPUS = 0x05,   /* 16 bits, little endian */
	FW_CFG_MAX_CPUS = 0x0f,
	FW_CFG_FILE_DIR = 0x19, /* number of files, big endian: 0 */
};

enum {
	FW_CFG_ITEM = 8, /* bytes of the longest */
	FW_CFG_ITEMS = 6,
};

struct fw_cfg {
	struct fw_cfg_item {
		uint16_t key;
		uint8_t len;
		uint8_t bytes[FW_CFG_ITEM];
	} item[FW_CFG_ITEMS];
	const struct fw_cfg_item *selected; /* NULL: no such item */
	unsigned int at;                    /* next byte of it */
};

extern const struct mmio_ops fw_cfg_ops;

void fw_cfg_init(struct fw_cfg *fw, uint64_t ram_size, unsigned int cpus);
void fw_cfg_reset(struct fw_cfg *fw);

#endif
