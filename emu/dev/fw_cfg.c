/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data register gives an item byte by byte; a wider read takes as many
 * bytes as it is wide, the first in the lowest lane.  Past the end it reads
 * as zero.  The selector is big endian.  There are no files and no DMA: the
 * kernel is put into RAM by the board.
 */
#include "dev/fw_cfg.h"

#include <endian.h>
#include <string.h>

enum {
	DATA_END = 0x07,
	SELECTOR = 0x08,
};

static uint64_t reg_read(void *dev, uint32_t off, unsigned int size)
{
	struct fw_cfg *fw = dev;
	uint64_t val = 0;

	if (off > DATA_END || !fw->selected)
		return 0;
	for (unsigned int i = 0; i < size && fw->at < fw->selected->len; i++)
		val |= (uint64_t)fw->selected->bytes[fw->at++] << (i * 8);
	return val;
}

static void reg_write(void *dev, uint32_t off, uint64_t val, unsigned int size)
{
	struct fw_cfg *fw = dev;

	if (off != SELECTOR || size != 2)
		return;
	fw->selected = NULL;
	fw->at = 0;
	for (unsigned int i = 0; i < FW_CFG_ITEMS; i++) {
		if (fw->item[i].key == be16toh((uint16_t)val))
			fw->selected = &fw->item[i];
	}
}

const struct mmio_ops fw_cfg_ops = {
	.read = reg_read,
	.write = reg_write,
	.min_size = 1,
	.max_size = 8,
};

static struct fw_cfg_item item(uint16_t key, uint64_t val, uint8_t len)
{
	struct fw_cfg_item item = { .key = key, .len = len };

	val = htole64(val);
	memcpy(item.bytes, &val, len);
	return item;
}

void fw_cfg_init(struct fw_cfg *fw, uint64_t ram_size, unsigned int cpus)
{
	*fw = (struct fw_cfg){ .item = {
				       { FW_CFG_SIGNATURE, 4, "QEMU" },
				       item(FW_CFG_ID, 1, 4),
				       item(FW_CFG_RAM_SIZE, ram_size, 8),
				       item(FW_CFG_NB_CPUS, cpus, 2),
				       item(FW_CFG_MAX_CPUS, cpus, 2),
				       item(FW_CFG_FILE_DIR, 0, 4),
			       } };
	fw_cfg_reset(fw);
}

void fw_cfg_reset(struct fw_cfg *fw)
{
	fw->selected = &fw->item[0];
	fw->at = 0;
}
