/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueues, virtio 1.2 §2.7.
 *
 * Theory of operation.  A queue is three arrays in guest RAM: the descriptor
 * table and the available ring are the driver's, the used ring is ours.  We
 * never read back what we wrote: used_idx and last_avail live here, so a
 * driver that scribbles over its rings confuses nobody but itself.
 *
 * Other vCPUs run while we look, so each field is read exactly once, through
 * a volatile access, into a local; then it is checked; then it is used.  The
 * rings' host addresses are looked up once, when the driver enables the queue:
 * RAM does not move.
 *
 * What bounds a chain: the table it lies in has at most CHAIN_MAX entries and
 * one may not visit more of them than there are (a loop); there is one level
 * of indirection (§2.7.5.3.1); the caller's array of iovecs has an end; and
 * its buffers, which may all be the same RAM, have at most 2³² bytes in all
 * (§2.7.5.2), or a device could be kept busy with one chain for ever.
 * §2.7.5.3.1 limits a chain to the queue's size, but drivers with small queues
 * send longer indirect tables, so that rule is not enforced.
 *
 * Ordering (§2.7.13): the available index is read with acquire before the
 * entries, the used index written with release after them.  Two places need
 * a full fence, since they write one thing and read another: "I sleep, wake
 * me from here" before looking a last time (virtq_pop), and "here is the
 * index" before asking whether an interrupt is wanted (virtq_should_signal).
 *
 * Left out: code is not looked for in the used ring that we write; only in
 * buffers.  A guest that executes its used ring gets what it deserves.
 */
#include "virtio/queue.h"

#include <endian.h>
#include <stdatomic.h>
#include <string.h>

#include "common/bits.h"
#include "virtio/virtio.h"

enum {
	DESC_SIZE = 16,
	DESC_F_NEXT = 1,
	DESC_F_WRITE = 2,
	DESC_F_INDIRECT = 4,

	AVAIL_FLAGS = 0,
	AVAIL_IDX = 2,
	AVAIL_RING = 4,
	AVAIL_F_NO_INTERRUPT = 1,

	USED_FLAGS = 0,
	USED_IDX = 2,
	USED_RING = 4,
	USED_F_NO_NOTIFY = 1,
};

#define CHAIN_BYTES (UINT64_C(1) << 32)

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

/* Guest memory: any alignment, any type, read or written exactly once. */
typedef uint16_t __attribute__((aligned(1), may_alias)) any16;
typedef uint32_t __attribute__((aligned(1), may_alias)) any32;
typedef uint64_t __attribute__((aligned(1), may_alias)) any64;

static uint16_t get16(const uint8_t *p)
{
	return le16toh(*(const volatile any16 *)p);
}

static uint32_t get32(const uint8_t *p)
{
	return le32toh(*(const volatile any32 *)p);
}

static uint64_t get64(const uint8_t *p)
{
	return le64toh(*(const volatile any64 *)p);
}

static void put16(uint8_t *p, uint16_t val)
{
	*(volatile any16 *)p = htole16(val);
}

static void put32(uint8_t *p, uint32_t val)
{
	*(volatile any32 *)p = htole32(val);
}

static bool event_idx(const struct virtqueue *q)
{
	return q->vdev->features & VIRTIO_F_EVENT_IDX;
}

static bool usable(const struct virtqueue *q)
{
	return q->ready && !q->vdev->broken;
}

bool virtq_enable(struct virtqueue *q)
{
	const struct ram *ram = q->vdev->ram;
	uint64_t n = q->size;

	if (!n || q->desc % 16 || q->avail % 2 || q->used % 4) {
		virtio_break(q->vdev,
			     "a queue of size %u at 0x%llx, 0x%llx, "
			     "0x%llx cannot be",
			     q->size, (unsigned long long)q->desc,
			     (unsigned long long)q->avail,
			     (unsigned long long)q->used);
		return false;
	}
	q->desc_ring = ram_at(ram, q->desc, n * DESC_SIZE);
	q->avail_ring = ram_at(ram, q->avail, AVAIL_RING + 2 * n + 2);
	q->used_ring = ram_at(ram, q->used, USED_RING + 8 * n + 2);
	if (!q->desc_ring || !q->avail_ring || !q->used_ring) {
		virtio_break(q->vdev, "a queue outside of RAM");
		return false;
	}
	q->last_avail = q->used_idx = q->unpublished = 0;
	q->signalled_valid = q->polled = false;
	q->ready = true;
	return true;
}

static void read_desc(struct desc *d, const uint8_t *table, unsigned int i)
{
	const uint8_t *p = table + i * DESC_SIZE;

	d->addr = get64(p);
	d->len = get32(p + 8);
	d->flags = get16(p + 12);
	d->next = get16(p + 14);
}

static int wrong(const struct virtqueue *q, const char *what)
{
	virtio_break(q->vdev, "queue %u: %s",
		     (unsigned int)(q - q->vdev->queue), what);
	return -1;
}

static int add_buffer(struct virtqueue *q, struct virtq_chain *chain,
		      const struct desc *d)
{
	unsigned int n = chain->out + chain->in;
	void *host;

	if (!d->len)
		return 0;
	host = ram_at(q->vdev->ram, d->addr, d->len);
	if (!host)
		return wrong(q, "a buffer outside of RAM");
	if (n == chain->iov_max)
		return wrong(q, "a chain with too many buffers");
	if (chain->out_bytes + chain->in_bytes + d->len > CHAIN_BYTES)
		return wrong(q, "a chain that is too long");
	chain->iov[n] = (struct iovec){ host, d->len };
	if (d->flags & DESC_F_WRITE) {
		chain->in++;
		chain->in_bytes += d->len;
	} else if (chain->in) {
		return wrong(q, "a buffer to read after one to write");
	} else {
		chain->out++;
		chain->out_bytes += d->len;
	}
	return 0;
}

/* The table that an indirect descriptor names, or NULL. */
static const uint8_t *indirect_table(struct virtqueue *q, const struct desc *d,
				     bool nested)
{
	const char *what = NULL;
	const uint8_t *table = NULL;

	if (!(q->vdev->features & VIRTIO_F_INDIRECT_DESC))
		what = "an indirect descriptor that was not negotiated";
	else if (nested)
		what = "an indirect descriptor in an indirect table";
	else if (d->flags & DESC_F_NEXT)
		what = "an indirect descriptor with a next one";
	else if (!d->len || d->len % DESC_SIZE ||
		 d->len / DESC_SIZE > CHAIN_MAX)
		what = "an indirect table of an impossible length";
	else if (!(table = ram_at(q->vdev->ram, d->addr, d->len)))
		what = "an indirect table outside of RAM";
	if (what)
		wrong(q, what);
	return table;
}

static int read_chain(struct virtqueue *q, struct virtq_chain *chain)
{
	const uint8_t *table = q->desc_ring;
	unsigned int size = q->size, seen = 0, i = chain->head;
	bool nested = false;
	struct desc d;

	for (;;) {
		if (i >= size)
			return wrong(q, "a descriptor beyond the table");
		if (seen++ == size)
			return wrong(q, "a chain that is a loop");
		read_desc(&d, table, i);
		if (d.flags & DESC_F_INDIRECT) {
			table = indirect_table(q, &d, nested);
			if (!table)
				return -1;
			nested = true;
			size = d.len / DESC_SIZE;
			seen = i = 0;
			continue;
		}
		if (add_buffer(q, chain, &d) < 0)
			return -1;
		if (!(d.flags & DESC_F_NEXT))
			return 1;
		i = d.next;
	}
}

/* Where the driver is in the available ring; false: the queue is broken. */
static bool read_avail_idx(struct virtqueue *q, uint16_t *ret_idx)
{
	uint16_t idx = get16(q->avail_ring + AVAIL_IDX);

	atomic_thread_fence(memory_order_acquire);
	if ((uint16_t)(idx - q->last_avail) > q->size) {
		wrong(q, "more available chains than the queue holds");
		return false;
	}
	*ret_idx = idx;
	return true;
}

/* avail_event lies behind the used ring's entries (§2.7.10). */
static void ask_for_notify(struct virtqueue *q)
{
	if (q->polled)
		return;
	if (event_idx(q))
		put16(q->used_ring + USED_RING + 8 * q->size, q->last_avail);
	atomic_thread_fence(memory_order_seq_cst);
}

bool virtq_empty(struct virtqueue *q)
{
	uint16_t idx;

	if (!usable(q) || !read_avail_idx(q, &idx))
		return true;
	if (idx != q->last_avail)
		return false;
	ask_for_notify(q);
	return !read_avail_idx(q, &idx) || idx == q->last_avail;
}

int virtq_pop(struct virtqueue *q, struct virtq_chain *chain)
{
	if (virtq_empty(q))
		return q->vdev->broken ? -1 : 0;
	chain->head = get16(q->avail_ring + AVAIL_RING +
			    2 * (q->last_avail % q->size));
	chain->out = chain->in = 0;
	chain->out_bytes = chain->in_bytes = 0;
	if (read_chain(q, chain) < 0)
		return -1;
	q->last_avail++;
	return 1;
}

void virtq_unpop(struct virtqueue *q, unsigned int n)
{
	q->last_avail = (uint16_t)(q->last_avail - n);
	q->unpublished = 0;
}

/* What a device wrote may be code that a CPU keeps decoded. */
static void tell_written(const struct virtqueue *q,
			 const struct virtq_chain *chain)
{
	const struct ram *ram = q->vdev->ram;

	for (unsigned int i = 0; i < chain->in; i++) {
		const struct iovec *iov = &chain->iov[chain->out + i];
		uint64_t off = (uint64_t)((uint8_t *)iov->iov_base - ram->host);

		codepages_written(q->vdev->codepages, ram->base + off,
				  iov->iov_len);
	}
}

void virtq_put(struct virtqueue *q, const struct virtq_chain *chain,
	       uint32_t written)
{
	unsigned int slot;
	uint8_t *p;

	tell_written(q, chain);
	if (!usable(q))
		return;
	slot = (uint16_t)(q->used_idx + q->unpublished) % q->size;
	p = q->used_ring + USED_RING + 8 * slot;
	put32(p, chain->head);
	put32(p + 4, written);
	q->unpublished++;
}

void virtq_publish(struct virtqueue *q)
{
	if (!usable(q))
		return;
	q->used_idx = (uint16_t)(q->used_idx + q->unpublished);
	q->unpublished = 0;
	atomic_thread_fence(memory_order_release);
	put16(q->used_ring + USED_IDX, q->used_idx);
}

void virtq_push(struct virtqueue *q, const struct virtq_chain *chain,
		uint32_t written)
{
	virtq_put(q, chain, written);
	virtq_publish(q);
}

bool virtq_should_signal(struct virtqueue *q)
{
	uint16_t event, old = q->signalled;
	bool valid = q->signalled_valid;

	if (!usable(q))
		return false;
	atomic_thread_fence(memory_order_seq_cst);
	if (!event_idx(q))
		return !(get16(q->avail_ring + AVAIL_FLAGS) &
			 AVAIL_F_NO_INTERRUPT);
	q->signalled = q->used_idx;
	q->signalled_valid = true;
	/* used_event lies behind the available ring's entries (§2.7.7): was
	 * the entry that it names published since the last question? */
	event = get16(q->avail_ring + AVAIL_RING + 2 * q->size);
	return !valid || (uint16_t)(q->used_idx - event - 1) <
				 (uint16_t)(q->used_idx - old);
}

void virtq_set_notify(struct virtqueue *q, bool wanted)
{
	if (!usable(q))
		return;
	q->polled = !wanted;
	put16(q->used_ring + USED_FLAGS,
	      !wanted && !event_idx(q) ? USED_F_NO_NOTIFY : 0);
	if (wanted)
		ask_for_notify(q);
}

/* Both directions: buf is read or written, the iovecs the other. */
static size_t copy(const struct iovec *iov, unsigned int n, size_t skip,
		   uint8_t *to, const uint8_t *from, size_t len)
{
	size_t done = 0;

	for (unsigned int i = 0; i < n && done < len; i++) {
		size_t part = iov[i].iov_len;
		uint8_t *host = iov[i].iov_base;

		if (skip >= part) {
			skip -= part;
			continue;
		}
		part -= skip;
		if (part > len - done)
			part = len - done;
		if (to)
			memcpy(to + done, host + skip, part);
		else
			memcpy(host + skip, from + done, part);
		done += part;
		skip = 0;
	}
	return done;
}

size_t virtq_from_iov(void *to, const struct iovec *iov, unsigned int n,
		      size_t skip, size_t len)
{
	return copy(iov, n, skip, to, NULL, len);
}

size_t virtq_to_iov(const struct iovec *iov, unsigned int n, size_t skip,
		    const void *from, size_t len)
{
	return copy(iov, n, skip, NULL, from, len);
}
