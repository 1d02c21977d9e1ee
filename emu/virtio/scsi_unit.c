/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands that Linux, U-Boot and Windows' drivers send to a disk, one
 * row each; sections of SPC-4 and SBC-3 are named where the bytes are not
 * obvious.
 *
 * Names are QEMU's, so that /dev/disk/by-id in a guest stays when a guest is
 * moved from one emulator to the other.
 *
 * Left out: MODE SELECT (the cache mode is the host's affair), reservations,
 * WRITE SAME of anything but zeroes, unit attentions at power-on.
 */
#include "virtio/scsi_unit.h"

#include <string.h>

#include "common/overflow.h"
#include "virtio/bytes.h"

enum {
	KEY_MEDIUM_ERROR = 0x3,
	KEY_ILLEGAL_REQUEST = 0x5,
	KEY_UNIT_ATTENTION = 0x6,
	KEY_DATA_PROTECT = 0x7,

	PAGE_CACHING = 0x08,
	PAGE_CONTROL = 0x0a,
	PAGE_CAPABILITIES = 0x2a, /* MMC-3 6.3.9 */
	PAGE_ALL = 0x3f,

	MAX_UNMAP = 1 << 22, /* blocks */
	MAX_WRITE_SAME = 1 << 16,
};

/* A single command may not keep a thread for ever. */
#define MAX_BYTES (UINT64_C(256) << 20)

static void fail(struct scsi_command *cmd, uint8_t key, uint16_t code)
{
	cmd->status = SCSI_CHECK_CONDITION;
	cmd->submit = false;
	cmd->reply_len = 0;
	cmd->key = key;
	cmd->asc = (uint8_t)(code >> 8);
	cmd->ascq = (uint8_t)code;
}

static void bad_opcode(struct scsi_command *cmd)
{
	fail(cmd, KEY_ILLEGAL_REQUEST, 0x2000);
}

static void bad_field(struct scsi_command *cmd)
{
	fail(cmd, KEY_ILLEGAL_REQUEST, 0x2400);
}

/* The initiator said how much it wants. */
static void reply(struct scsi_command *cmd, uint32_t len, uint64_t wanted)
{
	cmd->reply_len = (uint32_t)(len < wanted ? len : wanted);
}

static uint64_t blocks(const struct scsi_unit *u)
{
	return u->block->size / u->block_size;
}

static void pad(uint8_t *to, const char *text, size_t len)
{
	size_t n = strlen(text) < len ? strlen(text) : len;

	memset(to, ' ', len);
	memcpy(to, text, n);
}

static void nothing(const struct scsi_unit *u, struct scsi_command *cmd)
{
	(void)u;
	(void)cmd;
}

/* There is never sense to be fetched: it comes with each answer. */
static void request_sense(const struct scsi_unit *u, struct scsi_command *cmd)
{
	(void)u;
	scsi_sense(cmd, cmd->reply);
	reply(cmd, SCSI_SENSE_LEN, cmd->cdb[4]);
}

/* SPC-4 6.6.2 */
static void inquiry_standard(const struct scsi_unit *u,
			     struct scsi_command *cmd)
{
	uint8_t *r = cmd->reply;

	r[0] = u->cd ? 0x05 : 0x00;
	r[1] = u->cd ? 0x80 : 0x00; /* removable */
	r[2] = 5;                   /* SPC-3 */
	r[3] = 0x12;                /* HiSup, format 2 */
	r[4] = 36 - 5;
	r[7] = 0x02; /* command queueing */
	pad(r + 8, "QEMU", 8);
	pad(r + 16, u->cd ? "QEMU CD-ROM" : "QEMU HARDDISK", 16);
	pad(r + 32, "2.5+", 4);
	reply(cmd, 36, get_be(cmd->cdb + 3, 2));
}

/* The list of pages; the lengths of the others count from byte 4. */
static uint32_t vpd_supported(const struct scsi_unit *u, uint8_t *r)
{
	uint32_t n = 0;

	r[4 + n++] = 0x00;
	if (u->serial[0])
		r[4 + n++] = 0x80;
	r[4 + n++] = 0x83;
	if (!u->cd) {
		r[4 + n++] = 0xb0;
		r[4 + n++] = 0xb1;
		r[4 + n++] = 0xb2;
	}
	return n;
}

static uint32_t vpd_serial(const struct scsi_unit *u, uint8_t *r)
{
	uint32_t n = (uint32_t)strlen(u->serial);

	memcpy(r + 4, u->serial, n);
	return n;
}

/* One designator: ASCII, vendor specific, of the logical unit. */
static uint32_t vpd_id(const struct scsi_unit *u, uint8_t *r)
{
	uint32_t n = (uint32_t)strlen(u->device_id);

	if (!n)
		return 0;
	r[4] = 0x02;
	r[7] = (uint8_t)n;
	memcpy(r + 8, u->device_id, n);
	return 4 + n;
}

/* Block limits, SBC-3 6.5.3 */
static uint32_t vpd_limits(const struct scsi_unit *u, uint8_t *r)
{
	(void)u;
	put_be(r + 8, 4, MAX_BYTES / 512); /* longest transfer */
	put_be(r + 20, 4, MAX_UNMAP);
	put_be(r + 24, 4, 1);          /* ranges of one UNMAP */
	put_be(r + 28, 4, 4096 / 512); /* its granularity */
	put_be(r + 36, 8, MAX_WRITE_SAME);
	return 0x3c;
}

/* Block device characteristics: 1 is "does not rotate" */
static uint32_t vpd_rotation(const struct scsi_unit *u, uint8_t *r)
{
	(void)u;
	put_be(r + 4, 2, 1);
	return 0x3c;
}

/* Logical block provisioning: UNMAP, WRITE SAME (16) and (10), and what was
 * unmapped need not read as 0; thin. */
static uint32_t vpd_provisioning(const struct scsi_unit *u, uint8_t *r)
{
	(void)u;
	r[5] = 0xe0;
	r[6] = 0x02;
	return 4;
}

static void inquiry_vpd(const struct scsi_unit *u, struct scsi_command *cmd)
{
	static const struct {
		uint8_t page;
		bool disk_only;
		uint32_t (*fill)(const struct scsi_unit *u, uint8_t *reply);
	} pages[] = {
		{ 0x00, false, vpd_supported },
		{ 0x80, false, vpd_serial },
		{ 0x83, false, vpd_id },
		{ 0xb0, true, vpd_limits },
		{ 0xb1, true, vpd_rotation },
		{ 0xb2, true, vpd_provisioning },
	};
	uint8_t page = cmd->cdb[2];
	uint32_t len;

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (pages[i].page != page || (pages[i].disk_only && u->cd) ||
		    (page == 0x80 && !u->serial[0]))
			continue;
		cmd->reply[0] = u->cd ? 0x05 : 0x00;
		cmd->reply[1] = page;
		len = pages[i].fill(u, cmd->reply);
		put_be(cmd->reply + 2, 2, len);
		reply(cmd, 4 + len, get_be(cmd->cdb + 3, 2));
		return;
	}
	bad_field(cmd);
}

static void inquiry(const struct scsi_unit *u, struct scsi_command *cmd)
{
	if (cmd->cdb[1] & 1)
		inquiry_vpd(u, cmd);
	else if (cmd->cdb[2])
		bad_field(cmd);
	else
		inquiry_standard(u, cmd);
}

static void read_capacity10(const struct scsi_unit *u, struct scsi_command *cmd)
{
	uint64_t last = blocks(u) - 1;

	put_be(cmd->reply, 4, last < UINT32_MAX ? last : UINT32_MAX);
	put_be(cmd->reply + 4, 4, u->block_size);
	reply(cmd, 8, 8);
}

/* SERVICE ACTION IN (16); 0x10 is READ CAPACITY (16), SBC-3 5.16 */
static void service_action_in(const struct scsi_unit *u,
			      struct scsi_command *cmd)
{
	if ((cmd->cdb[1] & 0x1f) != 0x10) {
		bad_field(cmd);
		return;
	}
	put_be(cmd->reply, 8, blocks(u) - 1);
	put_be(cmd->reply + 8, 4, u->block_size);
	cmd->reply[14] = u->cd ? 0 : 0x80; /* LBPME: thin provisioned */
	reply(cmd, 32, get_be(cmd->cdb + 10, 4));
}

/* Is the range on the disk, and may it be written? */
static bool range_ok(const struct scsi_unit *u, struct scsi_command *cmd,
		     uint64_t lba, uint64_t n, bool write)
{
	if (!range_fits(lba, n, blocks(u))) {
		fail(cmd, KEY_ILLEGAL_REQUEST, 0x2100);
		return false;
	}
	if (write && u->block->read_only) {
		fail(cmd, KEY_DATA_PROTECT, 0x2700);
		return false;
	}
	return true;
}

static void submit(const struct scsi_unit *u, struct scsi_command *cmd,
		   enum block_op op, uint64_t lba, uint64_t n)
{
	cmd->submit = true;
	cmd->op = op;
	cmd->at = lba * u->block_size;
	cmd->len = n * u->block_size;
}

/* READ and WRITE of all lengths: the group code in the top three bits says
 * where the address and the length are (SPC-4 4.2.5). */
static void read_write(const struct scsi_unit *u, struct scsi_command *cmd)
{
	const uint8_t *c = cmd->cdb;
	bool write = (c[0] & 0x1f) == 0x0a;
	uint64_t lba, n;

	switch (c[0] >> 5) {
	case 0:
		lba = get_be(c + 1, 3) & 0x1fffff;
		n = c[4] ? c[4] : 256;
		break;
	case 1:
		lba = get_be(c + 2, 4);
		n = get_be(c + 7, 2);
		break;
	case 5:
		lba = get_be(c + 2, 4);
		n = get_be(c + 6, 4);
		break;
	default:
		lba = get_be(c + 2, 8);
		n = get_be(c + 10, 4);
		break;
	}
	if (!range_ok(u, cmd, lba, n, write))
		return;
	if (n * u->block_size > MAX_BYTES) {
		bad_field(cmd);
		return;
	}
	if (!n)
		return;
	submit(u, cmd, write ? BLOCK_WRITE : BLOCK_READ, lba, n);
	/* FUA, of all but the six-byte form */
	cmd->flush_after = write &&
			   (u->write_through || (c[0] >> 5 && c[1] & 0x08));
}

static void synchronize(const struct scsi_unit *u, struct scsi_command *cmd)
{
	submit(u, cmd, BLOCK_FLUSH, 0, 0);
}

/* Without byte check there is nothing to compare: the range must be there. */
static void verify(const struct scsi_unit *u, struct scsi_command *cmd)
{
	const uint8_t *c = cmd->cdb;

	if (c[1] & 0x06)
		bad_field(cmd);
	else if (c[0] == 0x2f)
		range_ok(u, cmd, get_be(c + 2, 4), get_be(c + 7, 2), false);
	else
		range_ok(u, cmd, get_be(c + 2, 8), get_be(c + 10, 4), false);
}

/* SBC-3 5.28: a list of ranges, of which we take one. */
static void unmap(const struct scsi_unit *u, struct scsi_command *cmd)
{
	const uint8_t *p = cmd->param;
	uint64_t lba, n;

	if (cmd->cdb[1] & 1) { /* anchor */
		bad_field(cmd);
		return;
	}
	if (cmd->param_len < 8 || get_be(p + 2, 2) < 16)
		return;
	if (get_be(p + 2, 2) != 16 || cmd->param_len < 24) {
		fail(cmd, KEY_ILLEGAL_REQUEST, 0x2600);
		return;
	}
	lba = get_be(p + 8, 8);
	n = get_be(p + 16, 4);
	if (n > MAX_UNMAP)
		fail(cmd, KEY_ILLEGAL_REQUEST, 0x2600);
	else if (range_ok(u, cmd, lba, n, true) && n)
		submit(u, cmd, BLOCK_DISCARD, lba, n);
}

/* SBC-3 5.43, 5.44: only of zeroes, which is what it is used for. */
static void write_same(const struct scsi_unit *u, struct scsi_command *cmd)
{
	const uint8_t *c = cmd->cdb;
	bool ten = c[0] == 0x41, no_data = !ten && c[1] & 0x01;
	uint64_t lba = ten ? get_be(c + 2, 4) : get_be(c + 2, 8);
	uint64_t n = ten ? get_be(c + 7, 2) : get_be(c + 10, 4);
	uint8_t any = 0;

	if (c[1] & 0x10 || n > MAX_WRITE_SAME || !n ||
	    (!no_data && cmd->param_len < u->block_size)) {
		bad_field(cmd);
		return;
	}
	for (uint32_t i = 0; !no_data && i < u->block_size; i++)
		any |= cmd->param[i];
	if (any) {
		bad_field(cmd);
	} else if (range_ok(u, cmd, lba, n, true)) {
		submit(u, cmd, BLOCK_ZERO, lba, n);
		cmd->may_unmap = c[1] & 0x08;
		cmd->flush_after = u->write_through;
	}
}

/* A mode page at to; 0: there is no such page. */
static uint32_t mode_page(const struct scsi_unit *u, uint8_t page,
			  bool changeable, uint8_t *to)
{
	switch (page) {
	case PAGE_CACHING:
		to[0] = PAGE_CACHING;
		to[1] = 0x12;
		if (!changeable && !u->write_through)
			to[2] = 0x04; /* write cache on */
		return 0x14;
	case PAGE_CONTROL:
		to[0] = PAGE_CONTROL;
		to[1] = 0x0a;
		return 0x0c;
	case PAGE_CAPABILITIES:
		if (!u->cd)
			return 0;
		to[0] = PAGE_CAPABILITIES;
		to[1] = 0x12;
		return 0x14;
	default:
		return 0;
	}
}

static uint32_t mode_pages(const struct scsi_unit *u, uint8_t page,
			   bool changeable, uint8_t *to)
{
	uint32_t n = 0;

	for (uint8_t p = 0; p < PAGE_ALL; p++)
		if (p == page || page == PAGE_ALL)
			n += mode_page(u, p, changeable, to + n);
	return n;
}

/* SPC-4 6.11, 6.12 */
static void mode_sense(const struct scsi_unit *u, struct scsi_command *cmd)
{
	const uint8_t *c = cmd->cdb;
	bool ten = c[0] == 0x5a;
	uint32_t at = ten ? 8 : 4, descriptor = at, n;
	uint8_t control = c[2] >> 6, *r = cmd->reply;

	if (!u->cd && !(c[1] & 0x08)) {
		uint64_t count = blocks(u);

		put_be(r + at, 4, count < UINT32_MAX ? count : UINT32_MAX);
		put_be(r + at + 5, 3, u->block_size);
		at += 8;
	}
	descriptor = at - descriptor;
	n = mode_pages(u, c[2] & 0x3f, control == 1, r + at);
	if (control == 3) { /* saved values: there are none */
		memset(r, 0, at + n);
		fail(cmd, KEY_ILLEGAL_REQUEST, 0x3900);
		return;
	}
	if (!n) {
		bad_field(cmd);
		return;
	}
	at += n;
	/* write-protected; FUA is known */
	r[ten ? 3 : 2] = (uint8_t)((u->block->read_only ? 0x80 : 0) |
				   (u->cd ? 0 : 0x10));
	if (ten) {
		put_be(r, 2, at - 2);
		put_be(r + 6, 2, descriptor);
	} else {
		r[0] = (uint8_t)(at - 1);
		r[3] = (uint8_t)descriptor;
	}
	reply(cmd, at, ten ? get_be(c + 7, 2) : c[4]);
}

/* A position on a CD: a block number, or minute, second, frame. */
static void put_position(uint8_t *to, uint64_t lba, bool msf)
{
	if (!msf) {
		put_be(to, 4, lba);
		return;
	}
	lba += 150;
	to[1] = (uint8_t)(lba / 75 / 60);
	to[2] = (uint8_t)(lba / 75 % 60);
	to[3] = (uint8_t)(lba % 75);
}

/* MMC-3 5.25: one track of data, and where it ends; or the one session. */
static void read_toc(const struct scsi_unit *u, struct scsi_command *cmd)
{
	const uint8_t *c = cmd->cdb;
	bool msf = c[1] & 0x02;
	uint8_t format = c[2] & 0x0f, *r = cmd->reply;
	uint32_t n = 12;

	if (format > 1) {
		bad_field(cmd);
		return;
	}
	r[2] = r[3] = 1;
	r[5] = 0x14; /* data track */
	r[6] = 1;
	put_position(r + 8, 0, msf);
	if (format == 0) {
		r[13] = 0x14;
		r[14] = 0xaa;
		put_position(r + 16, blocks(u), msf);
		n = 20;
	}
	put_be(r, 2, n - 2);
	reply(cmd, n, get_be(c + 7, 2));
}

/* MMC-3 5.5: there is no class of events that we tell of. */
static void get_event_status(const struct scsi_unit *u,
			     struct scsi_command *cmd)
{
	(void)u;
	if (!(cmd->cdb[1] & 1)) {
		bad_field(cmd);
		return;
	}
	put_be(cmd->reply, 2, 2);
	cmd->reply[2] = 0x80;
	reply(cmd, 4, get_be(cmd->cdb + 7, 2));
}

enum {
	DISK = 1,
	CD = 2,
	BOTH = 3,
};

/* clang-format off */
static const struct {
	uint8_t opcode, kind;
	bool param;
	void (*run)(const struct scsi_unit *u, struct scsi_command *cmd);
} rows[] = {
	{ 0x00, BOTH, false, nothing },		/* TEST UNIT READY */
	{ 0x03, BOTH, false, request_sense },
	{ 0x08, DISK, false, read_write },	/* READ (6) */
	{ 0x0a, DISK, false, read_write },	/* WRITE (6) */
	{ 0x12, BOTH, false, inquiry },
	{ 0x1a, BOTH, false, mode_sense },	/* (6) */
	{ 0x1b, BOTH, false, nothing },		/* START STOP UNIT */
	{ 0x1e, BOTH, false, nothing },		/* PREVENT ALLOW MEDIUM REMOVAL */
	{ 0x25, BOTH, false, read_capacity10 },
	{ 0x28, BOTH, false, read_write },	/* READ (10) */
	{ 0x2a, DISK, false, read_write },	/* WRITE (10) */
	{ 0x2f, BOTH, false, verify },		/* (10) */
	{ 0x35, DISK, false, synchronize },	/* SYNCHRONIZE CACHE (10) */
	{ 0x41, DISK, true,  write_same },	/* (10) */
	{ 0x42, DISK, true,  unmap },
	{ 0x43, CD,   false, read_toc },
	{ 0x4a, CD,   false, get_event_status },
	{ 0x5a, BOTH, false, mode_sense },	/* (10) */
	{ 0x88, BOTH, false, read_write },	/* READ (16) */
	{ 0x8a, DISK, false, read_write },	/* WRITE (16) */
	{ 0x8f, DISK, false, verify },		/* (16) */
	{ 0x91, DISK, false, synchronize },	/* SYNCHRONIZE CACHE (16) */
	{ 0x93, DISK, true,  write_same },	/* (16) */
	{ 0x9e, BOTH, false, service_action_in },
	{ 0xa8, BOTH, false, read_write },	/* READ (12) */
	{ 0xaa, DISK, false, read_write },	/* WRITE (12) */
};
/* clang-format on */

enum {
	ROWS = sizeof(rows) / sizeof(rows[0])
};

bool scsi_wants_param(uint8_t opcode)
{
	for (unsigned int i = 0; i < ROWS; i++)
		if (rows[i].opcode == opcode)
			return rows[i].param;
	return false;
}

static void clear(struct scsi_command *cmd)
{
	cmd->status = SCSI_GOOD;
	cmd->key = cmd->asc = cmd->ascq = 0;
	cmd->submit = cmd->may_unmap = cmd->flush_after = false;
	cmd->reply_len = 0;
	memset(cmd->reply, 0, sizeof(cmd->reply));
}

void scsi_unit_command(const struct scsi_unit *u, struct scsi_command *cmd)
{
	unsigned int kind = u->cd ? CD : DISK;

	clear(cmd);
	for (unsigned int i = 0; i < ROWS; i++) {
		if (rows[i].opcode == cmd->cdb[0] && rows[i].kind & kind) {
			rows[i].run(u, cmd);
			return;
		}
	}
	bad_opcode(cmd);
}

/* SPC-4 4.6.4: INQUIRY says "not possible here", the rest fails. */
void scsi_no_unit(struct scsi_command *cmd)
{
	clear(cmd);
	if (cmd->cdb[0] == SCSI_INQUIRY && !(cmd->cdb[1] & 1)) {
		cmd->reply[0] = 0x7f;
		cmd->reply[2] = 5;
		cmd->reply[3] = 0x12;
		cmd->reply[4] = 36 - 5;
		reply(cmd, 36, get_be(cmd->cdb + 3, 2));
	} else {
		fail(cmd, KEY_ILLEGAL_REQUEST, 0x2500);
	}
}

void scsi_capacity_changed(struct scsi_command *cmd)
{
	clear(cmd);
	fail(cmd, KEY_UNIT_ATTENTION, SCSI_CAPACITY_CHANGED);
}

void scsi_io_error(struct scsi_command *cmd)
{
	/* unrecovered read error; write error */
	fail(cmd, KEY_MEDIUM_ERROR, cmd->op == BLOCK_READ ? 0x1100 : 0x0c00);
}

void scsi_sense(const struct scsi_command *cmd, uint8_t *sense)
{
	memset(sense, 0, SCSI_SENSE_LEN);
	sense[0] = 0x70;
	sense[2] = cmd->key;
	sense[7] = SCSI_SENSE_LEN - 8;
	sense[12] = cmd->asc;
	sense[13] = cmd->ascq;
}
