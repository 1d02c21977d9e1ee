/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SCSI logical unit over a block: a disk (SBC-3) or a read-only CD (MMC).
 *
 * It turns a command block into one of three things: a reply, an error with
 * sense, or a request to the block.  It does not wait, keeps no state between
 * commands, and knows nothing of virtio.
 */
#ifndef VIRTIO_SCSI_UNIT_H
#define VIRTIO_SCSI_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "block/block.h"

enum {
	SCSI_CDB_MIN = 16, /* bytes of a command block, padded with 0 */
	SCSI_REPLY_MAX = 512,
	SCSI_PARAM_MAX = 512, /* of data-out that a command looks into */
	SCSI_SENSE_LEN = 18,

	SCSI_CAPACITY_CHANGED = 0x2a09, /* additional sense */

	SCSI_GOOD = 0x00,
	SCSI_CHECK_CONDITION = 0x02,

	SCSI_REQUEST_SENSE = 0x03,
	SCSI_INQUIRY = 0x12,
	SCSI_REPORT_LUNS = 0xa0,
};

struct scsi_unit {
	struct block *block;
	bool cd;
	bool write_through;  /* no cache to be flushed is shown */
	char serial[37];     /* VPD page 80; empty: none */
	char device_id[128]; /* VPD page 83 */
	uint32_t block_size; /* 512, or 2048 of a CD */
};

struct scsi_command {
	const uint8_t *cdb;   /* SCSI_CDB_MIN bytes */
	const uint8_t *param; /* data-out, the first SCSI_PARAM_MAX bytes */
	uint32_t param_len;   /* 0 unless scsi_wants_param() */

	/* the answer */
	uint8_t status; /* SCSI_GOOD, SCSI_CHECK_CONDITION */
	uint8_t key, asc, ascq;
	bool submit; /* do the following, then it is done */
	enum block_op op;
	uint64_t at, len; /* bytes */
	bool may_unmap, flush_after;
	uint32_t reply_len; /* of data-in */
	uint8_t reply[SCSI_REPLY_MAX];
};

/* Does this command look into its data-out before it is done? */
bool scsi_wants_param(uint8_t opcode);

void scsi_unit_command(const struct scsi_unit *u, struct scsi_command *cmd);

/* The answers of a target about a logical unit that it does not have. */
void scsi_no_unit(struct scsi_command *cmd);

/* Instead of a command's answer: the unit has another size since the last. */
void scsi_capacity_changed(struct scsi_command *cmd);

/* The block request of a command failed. */
void scsi_io_error(struct scsi_command *cmd);

/* Fixed format (SPC-4 4.5.3), SCSI_SENSE_LEN bytes. */
void scsi_sense(const struct scsi_command *cmd, uint8_t *sense);

#endif
