/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/fw_cfg.h"
#include "test.h"

static struct fw_cfg fw;

/* As a little-endian guest stores a big-endian number. */
static void select_item(uint16_t key)
{
	fw_cfg_ops.write(&fw, 8, (uint16_t)(key << 8 | key >> 8), 2);
}

static uint64_t data(unsigned int size)
{
	return fw_cfg_ops.read(&fw, 0, size);
}

int main(void)
{
	fw_cfg_init(&fw, 0x123456789, 4);
	select_item(FW_CFG_SIGNATURE);
	check_eq(data(1), 'Q');
	check_eq(data(1), 'E');
	check_eq(data(2), 'M' | 'U' << 8);
	check_eq(data(8), 0); /* past the end */
	select_item(FW_CFG_SIGNATURE);
	check_eq(data(4), 0x554d4551);
	select_item(FW_CFG_ID);
	check_eq(data(4), 1);
	select_item(FW_CFG_RAM_SIZE);
	check_eq(data(8), 0x123456789);
	select_item(FW_CFG_NB_CPUS);
	check_eq(data(4), 4);
	select_item(FW_CFG_FILE_DIR);
	check_eq(data(4), 0);

	select_item(0xffff);
	check_eq(data(4), 0);
	fw_cfg_ops.write(&fw, 8, FW_CFG_ID << 8, 4); /* not 16 bits */
	check_eq(data(4), 0);
	fw_cfg_reset(&fw);
	check_eq(data(1), 'Q');

	for (uint32_t off = 0; off < 0x18; off++) {
		for (unsigned int size = 1; size <= 8; size *= 2) {
			for (uint64_t v = 0; v < 0x10000; v += 0x81)
				fw_cfg_ops.write(&fw, off, v, size);
			fw_cfg_ops.read(&fw, off, size);
		}
	}
	select_item(FW_CFG_ID);
	check_eq(data(4), 1);
	return test_done();
}
