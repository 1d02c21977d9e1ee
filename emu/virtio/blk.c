/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-blk, virtio 1.2 §5.2.
 *
 * A request goes from the notifying vCPU to the pool and is completed in a
 * thread of the pool, under the device's lock; a short read of what the host
 * has in memory is done at once.  There are as many request
 * structures as the queues have entries; a driver that makes one head
 * available twice gets no further than that, its queue waits for the next
 * completion.
 *
 * The driver's layout is free (§2.7.4): the header is the first
 * 16 bytes of what is to be read, the status the last byte of what is to be
 * written, wherever the buffers' borders are.
 *
 * Write-back or write-through (§5.2.6.2): without FLUSH, or when the driver
 * cleared the writeback byte, each write is followed by a flush before it is
 * reported.
 *
 * Left out: secure erase, zoned devices, lifetime, geometry.  One range in a
 * discard or write-zeroes request.
 */
#include "virtio/blk.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/overflow.h"
#include "virtio/bytes.h"

enum {
	QUEUE_SIZE = 256,
	IOV_MAX_REQUEST = QUEUE_SIZE,
	BUDGET = 2 * QUEUE_SIZE, /* requests in one call */

	HEADER = 16,
	RANGE = 16, /* bytes of a discard range */
	RANGE_F_UNMAP = 1,
	MAX_DISCARD = 1 << 22, /* sectors */
	MAX_ZEROES = 1 << 16,

	CONFIG_CAPACITY = 0,
	CONFIG_SEG_MAX = 12,
	CONFIG_BLK_SIZE = 20,
	CONFIG_MIN_IO_SIZE = 26,
	CONFIG_WRITEBACK = 32,
	CONFIG_NUM_QUEUES = 34,
	CONFIG_MAX_DISCARD_SECTORS = 36,
	CONFIG_MAX_DISCARD_SEG = 40,
	CONFIG_DISCARD_ALIGNMENT = 44,
	CONFIG_MAX_ZEROES_SECTORS = 48,
	CONFIG_MAX_ZEROES_SEG = 52,
	CONFIG_ZEROES_MAY_UNMAP = 56,
	CONFIG_SIZE = 60,
};

/* A single request may not keep a thread for ever. */
#define MAX_BYTES (UINT64_C(256) << 20)

#define F_SEG_MAX      (UINT64_C(1) << 2)
#define F_RO           (UINT64_C(1) << 5)
#define F_BLK_SIZE     (UINT64_C(1) << 6)
#define F_FLUSH        (UINT64_C(1) << 9)
#define F_TOPOLOGY     (UINT64_C(1) << 10)
#define F_CONFIG_WCE   (UINT64_C(1) << 11)
#define F_MQ           (UINT64_C(1) << 12)
#define F_DISCARD      (UINT64_C(1) << 13)
#define F_WRITE_ZEROES (UINT64_C(1) << 14)

enum request_type {
	T_IN = 0,
	T_OUT = 1,
	T_FLUSH = 4,
	T_GET_ID = 8,
	T_DISCARD = 11,
	T_WRITE_ZEROES = 13,
};

enum request_status {
	S_OK = 0,
	S_IOERR = 1,
	S_UNSUPP = 2,
};

struct virtio_blk_request {
	struct block_request req; /* first */
	struct virtio_blk *blk;
	struct virtqueue *q;
	struct virtq_chain chain;
	uint8_t *status; /* host address of the byte */
	bool flush_after;
	struct virtio_blk_request *next;
};

static struct virtio_blk *blk_of(struct virtio_device *vdev)
{
	return (struct virtio_blk *)vdev;
}

static void finish(struct virtio_blk_request *r, enum request_status status)
{
	struct virtio_blk *blk = r->blk;

	*(volatile uint8_t *)r->status = (uint8_t)status;
	virtq_push(r->q, &r->chain, (uint32_t)r->chain.in_bytes);
	r->next = blk->unused;
	blk->unused = r;
}

static void serve(struct virtio_blk *blk, unsigned int n);

/* In the pool's thread. */
static void done(struct block_request *req, int result)
{
	struct virtio_blk_request *r = (struct virtio_blk_request *)req;
	struct virtio_blk *blk = r->blk;
	struct virtqueue *q = r->q;
	uint32_t waiting;

	if (r->flush_after && result == 0) {
		r->flush_after = false;
		req->op = BLOCK_FLUSH;
		block_submit(blk->block, req);
		return;
	}
	with_lock(&blk->vdev.lock);
	finish(r, result < 0 ? S_IOERR : S_OK);
	virtio_notify_used(&blk->vdev, q);
	if (--blk->pending == 0)
		pthread_cond_broadcast(&blk->idle);
	waiting = blk->waiting;
	blk->waiting = 0;
	for (unsigned int n = 0; waiting >> n; n++)
		if (waiting >> n & 1 && virtio_running(&blk->vdev))
			serve(blk, n);
}

static void submit(struct virtio_blk_request *r, enum block_op op, uint64_t at,
		   uint64_t len)
{
	r->req.op = op;
	r->req.at = at;
	r->req.len = len;
	r->req.done = done;
	if (block_try(r->blk->block, &r->req)) {
		finish(r, S_OK);
		return;
	}
	r->blk->pending++;
	block_submit(r->blk->block, &r->req);
}

static bool write_back(const struct virtio_blk *blk)
{
	const struct virtio_device *vdev = &blk->vdev;

	if (vdev->features & F_CONFIG_WCE)
		return vdev->config[CONFIG_WRITEBACK];
	return vdev->features & F_FLUSH;
}

/* Bytes that a sector number and a length name; false: not on this disk. */
static bool on_disk(const struct virtio_blk *blk, uint64_t sector, uint64_t len,
		    uint64_t *ret_at)
{
	uint64_t at;

	if (!mul_fits(sector, BLOCK_SECTOR, &at) || len % BLOCK_SECTOR ||
	    !range_fits(at, len, blk->block->size))
		return false;
	*ret_at = at;
	return true;
}

static void read_data(struct virtio_blk_request *r, uint64_t sector)
{
	uint64_t at, len = r->chain.in_bytes - 1;

	if (len > MAX_BYTES || !on_disk(r->blk, sector, len, &at)) {
		finish(r, S_IOERR);
		return;
	}
	r->req.iov = r->chain.iov + r->chain.out;
	r->req.iovcnt = r->chain.in;
	r->req.skip = 0;
	submit(r, BLOCK_READ, at, len);
}

static void write_data(struct virtio_blk_request *r, uint64_t sector)
{
	uint64_t at, len = r->chain.out_bytes - HEADER;

	if (len > MAX_BYTES || r->blk->block->read_only ||
	    !on_disk(r->blk, sector, len, &at)) {
		finish(r, S_IOERR);
		return;
	}
	r->req.iov = r->chain.iov;
	r->req.iovcnt = r->chain.out;
	r->req.skip = HEADER;
	r->flush_after = !write_back(r->blk);
	submit(r, BLOCK_WRITE, at, len);
}

static void get_id(struct virtio_blk_request *r)
{
	char id[VIRTIO_BLK_ID_LEN] = { 0 };
	size_t len = r->chain.in_bytes - 1;

	memcpy(id, r->blk->serial, strnlen(r->blk->serial, sizeof(id)));
	virtq_to_iov(r->chain.iov + r->chain.out, r->chain.in, 0, id,
		     len < sizeof(id) ? len : sizeof(id));
	finish(r, S_OK);
}

/* Discard and write zeroes (§5.2.6.2): sector, number of sectors, flags. */
static void clear_range(struct virtio_blk_request *r, uint32_t type)
{
	bool discard = type == T_DISCARD;
	uint64_t at, sectors, len = r->chain.out_bytes - HEADER;
	uint8_t range[RANGE];
	uint32_t flags;

	if (len != RANGE) {
		finish(r, S_IOERR);
		return;
	}
	virtq_from_iov(range, r->chain.iov, r->chain.out, HEADER, RANGE);
	sectors = get_le(range + 8, 4);
	flags = (uint32_t)get_le(range + 12, 4);
	if (flags & ~(discard ? 0u : (uint32_t)RANGE_F_UNMAP)) {
		finish(r, S_UNSUPP);
		return;
	}
	if (r->blk->block->read_only ||
	    sectors > (discard ? MAX_DISCARD : MAX_ZEROES) ||
	    !on_disk(r->blk, get_le(range, 8), sectors * BLOCK_SECTOR, &at)) {
		finish(r, S_IOERR);
		return;
	}
	r->req.may_unmap = flags & RANGE_F_UNMAP;
	r->flush_after = !discard && !write_back(r->blk);
	submit(r, discard ? BLOCK_DISCARD : BLOCK_ZERO, at,
	       sectors * BLOCK_SECTOR);
}

static void start_request(struct virtio_blk_request *r)
{
	uint8_t header[HEADER];
	uint32_t type;

	virtq_from_iov(header, r->chain.iov, r->chain.out, 0, HEADER);
	type = (uint32_t)get_le(header, 4);
	switch (type) {
	case T_IN:
		read_data(r, get_le(header + 8, 8));
		break;
	case T_OUT:
		write_data(r, get_le(header + 8, 8));
		break;
	case T_FLUSH:
		submit(r, BLOCK_FLUSH, 0, 0);
		break;
	case T_GET_ID:
		get_id(r);
		break;
	case T_DISCARD:
	case T_WRITE_ZEROES:
		clear_range(r, type);
		break;
	default:
		finish(r, S_UNSUPP);
		break;
	}
}

static bool pop(struct virtio_blk *blk, unsigned int n)
{
	struct virtio_blk_request *r = blk->unused;
	const struct iovec *last;

	if (virtq_pop(&blk->vdev.queue[n], &r->chain) <= 0)
		return false;
	if (r->chain.out_bytes < HEADER || !r->chain.in_bytes) {
		virtio_break(&blk->vdev, "a request without header or status");
		return false;
	}
	blk->unused = r->next;
	r->q = &blk->vdev.queue[n];
	r->flush_after = false;
	r->req.may_unmap = false;
	last = &r->chain.iov[r->chain.out + r->chain.in - 1];
	r->status = (uint8_t *)last->iov_base + last->iov_len - 1;
	start_request(r);
	return true;
}

static void serve(struct virtio_blk *blk, unsigned int n)
{
	unsigned int budget = BUDGET;

	while (blk->unused && budget && pop(blk, n))
		budget--;
	if (!budget)
		virtio_again(&blk->vdev, n);
	else if (!blk->unused)
		blk->waiting |= 1u << n;
	virtio_notify_used(&blk->vdev, &blk->vdev.queue[n]);
}

static void notify(struct virtio_device *vdev, unsigned int n)
{
	serve(blk_of(vdev), n);
}

static void reset(struct virtio_device *vdev)
{
	struct virtio_blk *blk = blk_of(vdev);

	pthread_mutex_unlock(&vdev->lock);
	block_cancel(blk->block);
	pthread_mutex_lock(&vdev->lock);
	while (blk->pending)
		pthread_cond_wait(&blk->idle, &vdev->lock);
	block_cancelled(blk->block);
	blk->waiting = 0;
	vdev->config[CONFIG_WRITEBACK] = !!(vdev->offered & F_FLUSH);
}

static void config_write(struct virtio_device *vdev, uint32_t off, uint32_t len,
			 uint32_t val)
{
	if (off == CONFIG_WRITEBACK && len == 1 &&
	    vdev->features & F_CONFIG_WCE)
		vdev->config[off] = val & 1;
}

static const struct virtio_class class = {
	.name = "virtio-blk",
	.id = 2,
	.queues = VIRTIO_BLK_MAX_QUEUES,
	.queue_size = QUEUE_SIZE,
	.config_size = CONFIG_SIZE,
	.reset = reset,
	.config_write = config_write,
	.notify = notify,
};

static uint64_t offer(const struct virtio_blk_options *opt)
{
	uint64_t f = F_SEG_MAX | F_BLK_SIZE | F_TOPOLOGY;

	if (opt->queues > 1)
		f |= F_MQ;
	if (!opt->write_through)
		f |= F_FLUSH | F_CONFIG_WCE;
	return f | (opt->block->read_only ? F_RO : F_DISCARD | F_WRITE_ZEROES);
}

static void fill_config(struct virtio_blk *blk)
{
	uint8_t *c = blk->vdev.config;

	put_le(c + CONFIG_CAPACITY, 8, blk->block->size / BLOCK_SECTOR);
	put_le(c + CONFIG_SEG_MAX, 4, IOV_MAX_REQUEST - 2);
	put_le(c + CONFIG_BLK_SIZE, 4, BLOCK_SECTOR);
	put_le(c + CONFIG_MIN_IO_SIZE, 2, 1);
	c[CONFIG_WRITEBACK] = !!(blk->vdev.offered & F_FLUSH);
	put_le(c + CONFIG_NUM_QUEUES, 2, blk->vdev.queues);
	put_le(c + CONFIG_MAX_DISCARD_SECTORS, 4, MAX_DISCARD);
	put_le(c + CONFIG_MAX_DISCARD_SEG, 4, 1);
	put_le(c + CONFIG_DISCARD_ALIGNMENT, 4, 4096 / BLOCK_SECTOR);
	put_le(c + CONFIG_MAX_ZEROES_SECTORS, 4, MAX_ZEROES);
	put_le(c + CONFIG_MAX_ZEROES_SEG, 4, 1);
	c[CONFIG_ZEROES_MAY_UNMAP] = 1;
}

/* In the loop's thread. */
static void resized(void *arg)
{
	struct virtio_blk *blk = arg;

	with_lock(&blk->vdev.lock);
	put_le(blk->vdev.config + CONFIG_CAPACITY, 8,
	       blk->block->size / BLOCK_SECTOR);
	virtio_config_changed(&blk->vdev);
}

void virtio_blk_init(struct virtio_blk *blk, const struct virtio_env *env,
		     const struct virtio_blk_options *opt)
{
	unsigned int queues = opt->queues ? opt->queues : 1;
	unsigned int n;

	*blk = (struct virtio_blk){ .block = opt->block };
	virtio_init(&blk->vdev, &class, offer(opt), env);
	if (queues > VIRTIO_BLK_MAX_QUEUES)
		queues = VIRTIO_BLK_MAX_QUEUES;
	blk->vdev.queues = queues;
	if (opt->serial)
		memcpy(blk->serial, opt->serial,
		       strnlen(opt->serial, VIRTIO_BLK_ID_LEN));
	pthread_cond_init(&blk->idle, NULL);
	fill_config(blk);
	block_set_resized(blk->block, resized, blk);

	n = queues * QUEUE_SIZE;
	blk->requests = xcalloc(n, sizeof(*blk->requests));
	blk->iovs = xcalloc(n, IOV_MAX_REQUEST * sizeof(*blk->iovs));
	while (n--) {
		struct virtio_blk_request *r = &blk->requests[n];

		r->blk = blk;
		r->chain.iov = blk->iovs + (size_t)n * IOV_MAX_REQUEST;
		r->chain.iov_max = IOV_MAX_REQUEST;
		r->next = blk->unused;
		blk->unused = r;
	}
}

void virtio_blk_fini(struct virtio_blk *blk)
{
	block_set_resized(blk->block, NULL, NULL);
	pthread_cond_destroy(&blk->idle);
	free(blk->requests);
	free(blk->iovs);
	virtio_fini(&blk->vdev);
}
