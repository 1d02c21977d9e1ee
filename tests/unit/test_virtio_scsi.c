/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-scsi with a disk and a CD on real files. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "virtio/bytes.h"
#include "virtio/scsi.h"
#include "virtio_driver.h"

enum {
	DISK = 4 << 20,
	REQ = DRV_BUF,
	RESP = DRV_BUF + 0x1000,
	DATA = DRV_BUF + 0x2000,
	EVENT = DRV_BUF + 0x40000,
};

#define COMMON (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)
#define CHANGE (UINT64_C(1) << 2)

static struct drv drv;
static struct virtio_scsi hba;
static uint8_t target = 3, lun = 1;
static uint8_t *resp, *data;

/* A command with data-out or data-in of these sizes; returns the response
 * byte, or 0x100 | status if that is OK, or 0x1000000 | sense with one. */
static unsigned int command(const uint8_t *cdb, unsigned int cdb_len,
			    uint32_t out, uint32_t in)
{
	uint8_t *req = drv_at(&drv, REQ);
	struct drv_buf buf[] = { { REQ, 51, false },
				 { DATA, out, false },
				 { RESP, 108, true },
				 { DATA, in, true } };
	struct drv_buf *first = buf;
	unsigned int n = 0;
	struct drv_buf used[4];

	memset(req, 0, 51);
	memset(resp, 0xee, 108);
	req[0] = 1;
	req[1] = target;
	req[2] = 0x40;
	req[3] = lun;
	memcpy(req + 19, cdb, cdb_len);
	for (unsigned int i = 0; i < 4; i++)
		if (first[i].len)
			used[n++] = first[i];
	drv_add(&drv, 2, used, n);
	drv_kick(&drv, 2);
	check(drv_wait(&drv, 2, NULL) >= 0);
	if (resp[11])
		return resp[11];
	if (resp[10] == 2) {
		check_eq(get_le(resp, 4), 18);
		return 0x1000000u | (unsigned int)resp[14] << 16 |
		       (unsigned int)resp[24] << 8 | resp[25];
	}
	return 0x100u | resp[10];
}

#define CMD(out, in, ...)                         \
	command((const uint8_t[]){ __VA_ARGS__ }, \
		sizeof((const uint8_t[]){ __VA_ARGS__ }), out, in)

enum {
	GOOD = 0x100,
	BAD_OPCODE = 0x1052000,
	BAD_LBA = 0x1052100,
	BAD_FIELD = 0x1052400,
	NO_LUN = 0x1052500,
	PROTECTED = 0x1072700,
};

static void test_identity(void)
{
	check_eq(CMD(0, 0, 0), GOOD);
	check_eq(CMD(0, 96, 0x12, 0, 0, 0, 96, 0), GOOD);
	check_eq(data[0], 0);
	check(!memcmp(data + 8, "QEMU    QEMU HARDDISK   2.5+", 28));
	check_eq(get_le(resp + 4, 4), 96 - 36); /* residual */
	check_eq(CMD(0, 5, 0x12, 0, 0, 0, 5, 0), GOOD);
	check_eq(CMD(0, 5, 0x12, 0, 0, 0, 36, 0), 1); /* overrun */
	check_eq(CMD(0, 36, 0x12, 0, 1, 0, 36, 0), BAD_FIELD);

	check_eq(CMD(0, 255, 0x12, 1, 0x00, 0, 255, 0), GOOD);
	check_eq(get_be(data, 4), 6);
	check(!memcmp(data + 4, "\x00\x80\x83\xb0\xb1\xb2", 6));
	check_eq(CMD(0, 255, 0x12, 1, 0x80, 0, 255, 0), GOOD);
	check(!memcmp(data, "\x00\x80\x00\x04S123", 8));
	check_eq(CMD(0, 255, 0x12, 1, 0x83, 0, 255, 0), GOOD);
	check_eq(get_be(data + 2, 2), 9);
	check(!memcmp(data + 4, "\x02\x00\x00\x05my-id", 9));
	check_eq(CMD(0, 255, 0x12, 1, 0xb0, 0, 255, 0), GOOD);
	check_eq(get_be(data + 2, 2), 0x3c);
	check_eq(get_be(data + 24, 4), 1);
	check_eq(CMD(0, 255, 0x12, 1, 0xb1, 0, 255, 0), GOOD);
	check_eq(get_be(data + 4, 2), 1);
	check_eq(CMD(0, 255, 0x12, 1, 0xb2, 0, 255, 0), GOOD);
	check_eq(data[5], 0xe0);
	check_eq(CMD(0, 255, 0x12, 1, 0x99, 0, 255, 0), BAD_FIELD);

	check_eq(CMD(0, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), GOOD);
	check_eq(get_be(data, 4), DISK / 512 - 1);
	check_eq(get_be(data + 4, 4), 512);
	check_eq(CMD(0, 32, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32),
		 GOOD);
	check_eq(get_be(data, 8), DISK / 512 - 1);
	check_eq(CMD(0, 32, 0x9e, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32),
		 BAD_FIELD);
	check_eq(CMD(0, 18, 0x03, 0, 0, 0, 18, 0), GOOD);
	check_eq(data[0], 0x70);
	check_eq(data[2], 0);
	check_eq(CMD(0, 0, 0xff), BAD_OPCODE);
	check_eq(CMD(0, 20, 0x43, 0, 0, 0, 0, 0, 0, 0, 20), BAD_OPCODE);
}

static void test_units(void)
{
	check_eq(CMD(0, 255, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 255), GOOD);
	check_eq(get_be(data, 4), 8);
	check_eq(get_be(data + 8, 2), 1);
	lun = 0; /* the target is there, the unit is not */
	check_eq(CMD(0, 255, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 255), GOOD);
	check_eq(CMD(0, 36, 0x12, 0, 0, 0, 36, 0), GOOD);
	check_eq(data[0], 0x7f);
	check_eq(CMD(0, 0, 0), NO_LUN);
	target = 4;
	check_eq(CMD(0, 36, 0x12, 0, 0, 0, 36, 0), 3); /* bad target */
	target = 3;
	lun = 1;
	check_eq(drv_rd(&drv, 0x11c) >> 16, 3); /* max_target */
}

static void test_mode(void)
{
	check_eq(CMD(0, 255, 0x1a, 0, 0x08, 0, 255, 0), GOOD);
	check_eq(data[0], 4 + 8 + 20 - 1);
	check_eq(data[2], 0x10);
	check_eq(data[3], 8);
	check_eq(data[12], 0x08);
	check_eq(data[14], 0x04); /* write cache */
	check_eq(CMD(0, 255, 0x1a, 0x08, 0x48, 0, 255, 0), GOOD);
	check_eq(data[6], 0); /* not changeable */
	check_eq(CMD(0, 255, 0x5a, 0x08, 0x3f, 0, 0, 0, 0, 0, 255), GOOD);
	check_eq(get_be(data, 2), 8 + 20 + 12 - 2);
	check_eq(CMD(0, 255, 0x1a, 0, 0x2a, 0, 255, 0), BAD_FIELD);
	check_eq(CMD(0, 255, 0x1a, 0, 0xc8, 0, 255, 0), 0x1053900);
}

static void test_data(void)
{
	uint64_t flushes = hba.units[0].unit.block->stats.ops[BLOCK_FLUSH];

	for (unsigned int i = 0; i < 2048; i++)
		data[i] = (uint8_t)(i / 4);
	check_eq(CMD(2048, 0, 0x2a, 0, 0, 0, 0, 8, 0, 0, 4, 0), GOOD);
	check_eq(get_le(resp + 4, 4), 0);
	memset(data, 0, 4096);
	check_eq(CMD(0, 1024, 0x08, 0, 0, 9, 2, 0), GOOD); /* READ (6) */
	check_eq(data[0], 128);
	check_eq(CMD(0, 4096, 0x28, 0, 0, 0, 0, 8, 0, 0, 4, 0), GOOD);
	check_eq(get_le(resp + 4, 4), 2048);
	check_eq(data[2047], 255);
	check_eq(CMD(0, 512, 0xa8, 0, 0, 0, 0, 9, 0, 0, 0, 1), GOOD);
	check_eq(data[0], 128);
	check_eq(CMD(0, 512, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1),
		 GOOD);
	check_eq(data[4], 1);
	check_eq(CMD(0, 512, 0x28, 0, 0, 0, 0, 8, 0, 0, 4, 0), 1);
	check_eq(CMD(0, 0, 0x28, 0, 0, 0, 0, 8, 0, 0, 0, 0), GOOD);
	check_eq(CMD(0, 512, 0x28, 0, 0, 0, 0x20, 0, 0, 0, 1, 0), BAD_LBA);
	check_eq(CMD(0, 512, 0x88, 0, 255, 255, 255, 255, 255, 255, 255, 255,
		     255, 255, 255, 255),
		 BAD_LBA);
	check_eq(CMD(512, 0, 0x0a, 0, 0, 1, 1, 0), GOOD);
	check_eq(hba.units[0].unit.block->stats.ops[BLOCK_FLUSH], flushes);
	check_eq(CMD(512, 0, 0x2a, 8, 0, 0, 0, 1, 0, 0, 1, 0), GOOD); /* FUA */
	check_eq(CMD(0, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), GOOD);
	check_eq(hba.units[0].unit.block->stats.ops[BLOCK_FLUSH], flushes + 2);
	check_eq(CMD(0, 0, 0x2f, 0, 0, 0, 0x1f, 0xff, 0, 0, 1), GOOD);
	check_eq(CMD(0, 0, 0x2f, 0, 0, 0, 0x1f, 0xff, 0, 0, 2), BAD_LBA);
}

static void put_unmap(uint64_t lba, uint32_t n)
{
	memset(data, 0, 64);
	put_be(data, 2, 22);
	put_be(data + 2, 2, 16);
	put_be(data + 8, 8, lba);
	put_be(data + 16, 4, n);
}

static void test_clear(void)
{
	memset(data, 9, 4096);
	check_eq(CMD(4096, 0, 0x2a, 0, 0, 0, 0, 8, 0, 0, 8, 0), GOOD);
	put_unmap(8, 8);
	check_eq(CMD(24, 0, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), GOOD);
	check_eq(CMD(0, 4096, 0x28, 0, 0, 0, 0, 8, 0, 0, 8, 0), GOOD);
	check_eq(data[0], 0);
	put_unmap(DISK / 512, 1);
	check_eq(CMD(24, 0, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), BAD_LBA);
	check_eq(CMD(12, 0, 0x42, 0, 0, 0, 0, 0, 0, 0, 12, 0), 0x1052600);
	check_eq(CMD(4, 0, 0x42, 0, 0, 0, 0, 0, 0, 0, 4, 0), GOOD);

	memset(data, 9, 4096);
	check_eq(CMD(4096, 0, 0x2a, 0, 0, 0, 0, 8, 0, 0, 8, 0), GOOD);
	check_eq(CMD(512, 0, 0x41, 0, 0, 0, 0, 8, 0, 0, 2, 0), BAD_FIELD);
	memset(data, 0, 512);
	check_eq(CMD(512, 0, 0x41, 0, 0, 0, 0, 8, 0, 0, 2, 0), GOOD);
	check_eq(CMD(100, 0, 0x41, 0, 0, 0, 0, 8, 0, 0, 2, 0), BAD_FIELD);
	check_eq(CMD(0, 4096, 0x28, 0, 0, 0, 0, 8, 0, 0, 8, 0), GOOD);
	check_eq(data[1023], 0);
	check_eq(data[1024], 9);
	check_eq(CMD(0, 0, 0x93, 9, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8), GOOD);
	check_eq(CMD(0, 4096, 0x28, 0, 0, 0, 0, 8, 0, 0, 8, 0), GOOD);
	check_eq(data[1024], 0);
}

static void test_control(void)
{
	uint8_t *req = drv_at(&drv, REQ), *answer = drv_at(&drv, RESP);
	struct drv_buf buf[] = { { REQ, 24, false }, { RESP, 5, true } };
	static const struct {
		uint8_t type, subtype, target;
		uint32_t used;
		uint8_t first;
	} rows[] = {
		{ 0, 0, 3, 1, 0 },  { 0, 5, 3, 1, 0 },  { 0, 6, 3, 1, 0 },
		{ 0, 5, 9, 1, 3 },  { 0, 2, 3, 1, 11 }, { 1, 0, 3, 5, 0 },
		{ 9, 0, 3, 1, 11 },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t used = 0;

		memset(req, 0, 24);
		memset(answer, 0xee, 5);
		req[0] = rows[i].type;
		req[4] = rows[i].subtype;
		req[8] = 1;
		req[9] = rows[i].target;
		req[10] = 0x40;
		drv_add(&drv, 0, buf, 2);
		drv_kick(&drv, 0);
		check(drv_poll(&drv, 0, &used) >= 0);
		check_eq(used, rows[i].used);
		check_eq(answer[0], rows[i].first);
	}
}

static void test_sizes(void)
{
	check(drv_features(&drv, COMMON | VIRTIO_F_VERSION_1));
	drv_wr(&drv, 0x114, 20);
	check_eq(drv_rd(&drv, 0x114), 20);
	drv_wr(&drv, 0x114, 0xffffffff);
	drv_wr(&drv, 0x118, 3);
	check_eq(drv_rd(&drv, 0x114), 20);
	check_eq(drv_rd(&drv, 0x118), 32);
	drv_start(&drv, COMMON, 64); /* the reset takes it back */
	check_eq(drv_rd(&drv, 0x114), 96);
}

static void test_short(void)
{
	struct drv_buf buf[] = { { REQ, 50, false }, { RESP, 108, true } };

	drv_add(&drv, 2, buf, 2);
	drv_kick(&drv, 2);
	check_eq(drv_rd(&drv, 0x070), 15 | 64);
	drv_start(&drv, COMMON, 64);
	buf[0].len = 51;
	buf[1].len = 107;
	drv_add(&drv, 2, buf, 2);
	drv_kick(&drv, 2);
	check_eq(drv_rd(&drv, 0x070), 15 | 64);
	drv_start(&drv, COMMON, 64);
}

/* The event on queue 1: capacity data has changed, of 3:1. */
static bool told_of_size(void)
{
	static const uint8_t want[16] = { 3, 0, 0, 0, 1, 3,    0,
					  1, 0, 0, 0, 0, 0x2a, 9 };
	uint32_t used = 0;

	return drv_poll(&drv, 1, &used) >= 0 && used == 16 &&
	       !memcmp(drv_at(&drv, EVENT), want, 16);
}

/* The driver that knows CHANGE hears of it at once, or when it has given a
 * buffer; the next command that may fail says so once. */
static void test_resize(struct block *b)
{
	const struct drv_buf buf = { EVENT, 16, true };
	struct err err;

	drv_start(&drv, COMMON | CHANGE, 64);
	drv_add(&drv, 1, &buf, 1);
	drv_kick(&drv, 1);
	check(drv_poll(&drv, 1, NULL) < 0);
	check_eq(block_resize(b, DISK + 4096, &err), 0);
	check(told_of_size());
	check_eq(CMD(0, 36, 0x12, 0, 0, 0, 36, 0), GOOD);
	check_eq(CMD(0, 0, 0), 0x1062a09);
	check_eq(CMD(0, 0, 0), GOOD);
	check_eq(CMD(0, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), GOOD);
	check_eq(get_be(data, 4), DISK / 512 + 7);

	check_eq(block_resize(b, DISK + 8192, &err), 0);
	check_eq(block_resize(b, DISK + 12288, &err), 0);
	check(drv_poll(&drv, 1, NULL) < 0);
	drv_add(&drv, 1, &buf, 1);
	drv_add(&drv, 1, &buf, 1);
	drv_kick(&drv, 1);
	check(told_of_size());
	check(drv_poll(&drv, 1, NULL) < 0);
	check_eq(CMD(0, 0, 0), 0x1062a09);
	check_eq(CMD(0, 0, 0), GOOD);

	drv_start(&drv, COMMON, 64); /* without CHANGE: no event */
	drv_add(&drv, 1, &buf, 1);
	drv_kick(&drv, 1);
	check_eq(block_resize(b, DISK + 16384, &err), 0);
	check(drv_poll(&drv, 1, NULL) < 0);
	check_eq(CMD(0, 0, 0), 0x1062a09);
	check_eq(block_resize(b, DISK + 20480, &err), 0);
	drv_start(&drv, COMMON, 64); /* who begins anew asks for the size */
	check_eq(CMD(0, 0, 0), GOOD);
}

static void test_cd(void)
{
	target = 0;
	lun = 0;
	check_eq(CMD(0, 36, 0x12, 0, 0, 0, 36, 0), GOOD);
	check_eq(data[0], 5);
	check_eq(data[1], 0x80);
	check_eq(CMD(0, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), GOOD);
	check_eq(get_be(data, 4), DISK / 2048 - 1);
	check_eq(get_be(data + 4, 4), 2048);
	check_eq(CMD(0, 2048, 0x28, 0, 0, 0, 0, 2, 0, 0, 1, 0), GOOD);
	check_eq(CMD(2048, 0, 0x2a, 0, 0, 0, 0, 2, 0, 0, 1, 0), BAD_OPCODE);
	check_eq(CMD(0, 100, 0x43, 0, 0, 0, 0, 0, 0, 0, 100, 0), GOOD);
	check_eq(get_be(data, 2), 18);
	check_eq(get_be(data + 16, 4), DISK / 2048);
	check_eq(CMD(0, 100, 0x43, 2, 0, 0, 0, 0, 0, 0, 100, 0), GOOD);
	check_eq(data[17], 0);
	check_eq(data[18], 29); /* 2048 blocks are 29.3 s behind 2 s */
	check_eq(CMD(0, 8, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0), GOOD);
	check_eq(CMD(0, 255, 0x1a, 0, 0x2a, 0, 255, 0), GOOD);
	check_eq(data[4], 0x2a);
}

int main(void)
{
	char path[] = "/tmp/test_virtio_scsi.XXXXXX";
	int fd = mkstemp(path);
	struct err err;
	struct loop *loop = loop_new(&err);
	struct pool *pool = pool_new(2, &err);
	struct virtio_env env;
	struct block *b, *ro;
	struct virtio_scsi_unit_options opt;

	log_init("test_virtio_scsi", LOG_QUIET);
	drv_ram(&drv);
	env = drv_env(&drv, loop);
	resp = drv_at(&drv, RESP);
	data = drv_at(&drv, DATA);
	check(ftruncate(fd, DISK) == 0);
	check(block_raw_open(&b,
			     &(struct block_options){ .filename = path,
						      .discard = true },
			     pool, &err) == 0);
	check(block_raw_open(&ro,
			     &(struct block_options){ .filename = path,
						      .no_lock = true,
						      .read_only = true },
			     pool, &err) == 0);
	virtio_scsi_init(&hba, &env, 1);
	drv.vdev = &hba.vdev;
	opt = (struct virtio_scsi_unit_options){ .block = b,
						 .target = 3,
						 .lun = 1,
						 .serial = "S123",
						 .device_id = "my-id" };
	check_eq(virtio_scsi_add(&hba, &opt, &err), 0);
	check(virtio_scsi_add(&hba, &opt, &err) < 0);
	opt.target = 256;
	check(virtio_scsi_add(&hba, &opt, &err) < 0);
	opt = (struct virtio_scsi_unit_options){
		.block = ro, .cd = true, .target = -1, .lun = -1
	};
	check_eq(virtio_scsi_add(&hba, &opt, &err), 0);
	opt.cd = false;
	check_eq(virtio_scsi_add(&hba, &opt, &err), 0); /* target 1 */
	drv_start(&drv, COMMON, 64);
	test_identity();
	test_units();
	test_mode();
	test_data();
	test_clear();
	test_control();
	test_sizes();
	test_short();
	test_cd();
	target = 1;
	check_eq(CMD(512, 0, 0x2a, 0, 0, 0, 0, 1, 0, 0, 1, 0), PROTECTED);
	target = 3;
	lun = 1;
	test_resize(b);
	virtio_reset(&hba.vdev);
	pool_free(pool);
	virtio_scsi_fini(&hba);
	block_free(b);
	block_free(ro);
	loop_free(loop);
	close(fd);
	unlink(path);
	return test_done();
}
