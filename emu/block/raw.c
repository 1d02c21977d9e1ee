/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The format without a format: whole sectors of the file below. */
#include <errno.h>

#include "block/node.h"
#include "common/mem.h"

static int execute(struct block *b, const struct block_io *io)
{
	struct block_io below = *io;

	if (io->op == BLOCK_DISCARD && !b->discard)
		return 0;
	below.may_unmap &= b->discard;
	return node_execute(b->file, &below);
}

static int resize(struct block *b, uint64_t size, struct err *err)
{
	return block_resize(b->file, size, err);
}

static int info(struct block *b, struct block_info *ret)
{
	return b->file->ops->info(b->file, ret);
}

static void nothing(struct block *b)
{
	(void)b;
}

static const struct block_ops raw_ops = {
	.execute = execute,
	.resize = resize,
	.info = info,
	.at_once = true,
	.close = nothing,
};

int node_raw_open(struct block **ret_block, const struct block_options *opt,
		  const struct block_below *below, struct err *err)
{
	struct block_options named = *opt;
	struct block *file = below->file, *b;
	uint64_t rest = file->size % BLOCK_SECTOR;

	if (file->size < BLOCK_SECTOR)
		return err_set(err, EINVAL, "\"%s\" is %s", file->filename,
			       file->size ? "less than a sector" : "empty");
	if (rest)
		log_warn("\"%s\": its last %llu bytes are no whole sector and "
			 "cannot be reached by the guest",
			 file->filename, (unsigned long long)rest);
	b = xnew(struct block);
	named.filename = file->filename;
	named.read_only |= file->read_only;
	node_init(b, &raw_ops, "raw", &named, file->pool);
	b->file = block_ref(file);
	b->size = file->size - rest;
	*ret_block = b;
	return 0;
}
