/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inflating gives pages back to the host at once (MADV_DONTNEED: they read as
 * zeroes when the guest has them again, and it expects nothing of them);
 * deflating needs nothing, since the host gives a page when it is touched.
 *
 * Which queue is which: those of features that were not accepted are left
 * out, and what comes after them moves up (§5.5.2).  Hints of free pages, for
 * migration, are not offered.
 */
#include "virtio/balloon.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "common/cleanup.h"
#include "virtio/bytes.h"

enum {
	INFLATE = 0,
	DEFLATE = 1,
	QUEUES = 4,
	QUEUE_SIZE = 128,
	BUDGET = 32, /* chains in one call */

	CONFIG_NUM_PAGES = 0, /* §5.5.4 */
	CONFIG_ACTUAL = 4,
	CONFIG_SIZE = 8,

	PAGE = 4096, /* §5.5.6: whatever the guest's is */
	PFNS_AT_ONCE = 64,
	LIST_MOST = 65536, /* bytes of PFNs in a chain; Linux sends 1024 */
	STAT_SIZE = 10,    /* le16 tag, le64 value */
};

#define F_STATS_VQ       (UINT64_C(1) << 1)
#define F_DEFLATE_ON_OOM (UINT64_C(1) << 2)
#define F_REPORTING      (UINT64_C(1) << 5)

#define SECOND UINT64_C(1000000000)

static struct virtio_balloon *balloon_of(struct virtio_device *vdev)
{
	return (struct virtio_balloon *)vdev;
}

static void give_back(struct virtio_balloon *b, uint64_t pfn)
{
	paddr pa = (paddr)pfn * PAGE;
	void *host = ram_at(b->vdev.ram, pa, PAGE);

	if (!host) /* §5.5.6.1: the driver's mistake, nobody's harm */
		return;
	madvise(host, PAGE, MADV_DONTNEED);
	codepages_written(b->vdev.codepages, pa, PAGE);
}

static void inflate(struct virtio_balloon *b, const struct virtq_chain *c)
{
	uint8_t pfns[PFNS_AT_ONCE * 4];

	if (c->out_bytes > LIST_MOST) { /* each costs a system call */
		virtio_break(&b->vdev, "%llu bytes of pages to take",
			     (unsigned long long)c->out_bytes);
		return;
	}
	for (size_t at = 0; at < c->out_bytes; at += sizeof(pfns)) {
		size_t n = virtq_from_iov(pfns, c->iov, c->out, at,
					  sizeof(pfns));

		for (size_t i = 0; i + 4 <= n; i += 4)
			give_back(b, get_le(pfns + i, 4));
	}
}

/* The buffers themselves are the pages; the ends of a buffer that is no
 * multiple of one stay. */
static void take_reported(struct virtio_balloon *b, const struct virtq_chain *c)
{
	const uint8_t *ram = b->vdev.ram->host;

	for (unsigned int i = 0; i < c->in; i++) {
		const struct iovec *iov = &c->iov[c->out + i];
		uint64_t off = (uint64_t)((const uint8_t *)iov->iov_base - ram);
		uint64_t from = (off + PAGE - 1) / PAGE * PAGE;
		uint64_t end = (off + iov->iov_len) / PAGE * PAGE;

		if (end <= from)
			continue;
		madvise(b->vdev.ram->host + from, end - from, MADV_DONTNEED);
		codepages_written(b->vdev.codepages, b->vdev.ram->base + from,
				  end - from);
	}
}

static void read_stats(struct virtio_balloon *b, const struct virtq_chain *c)
{
	uint8_t entry[STAT_SIZE];

	for (size_t at = 0; at + STAT_SIZE <= c->out_bytes; at += STAT_SIZE) {
		uint64_t tag;

		if (at >= STAT_SIZE * 4 * BALLOON_STATS)
			break; /* each of them once would do */
		virtq_from_iov(entry, c->iov, c->out, at, STAT_SIZE);
		tag = get_le(entry, 2);
		if (tag < BALLOON_STATS)
			b->stats[tag] = get_le(entry + 2, 8);
	}
	b->last_update = (uint64_t)time(NULL);
}

/* The driver's buffer comes with an answer, and is given back to ask again.
 * Of several the last is kept. */
static void serve_stats(struct virtio_balloon *b, struct virtqueue *q)
{
	struct virtq_chain c = { .iov = b->stats_iov,
				 .iov_max = VIRTIO_BALLOON_IOV };
	unsigned int budget = BUDGET;

	while (budget-- && virtq_pop(q, &c) > 0) {
		if (b->stats_held)
			virtq_push(q, &b->stats_chain, 0);
		read_stats(b, &c);
		b->stats_chain = c;
		/* its buffers are not looked at again */
		b->stats_chain.out = b->stats_chain.in = 0;
		b->stats_held = true;
	}
	virtio_notify_used(&b->vdev, q);
}

static void serve(struct virtio_balloon *b, unsigned int n,
		  void (*fn)(struct virtio_balloon *b,
			     const struct virtq_chain *c))
{
	struct virtqueue *q = &b->vdev.queue[n];
	struct virtq_chain c = { .iov = b->iov, .iov_max = VIRTIO_BALLOON_IOV };
	unsigned int budget = BUDGET;

	while (budget && virtq_pop(q, &c) > 0) {
		if (fn)
			fn(b, &c);
		virtq_push(q, &c, 0);
		budget--;
	}
	if (!budget)
		virtio_again(&b->vdev, n);
	virtio_notify_used(&b->vdev, q);
}

static unsigned int stats_queue(const struct virtio_balloon *b)
{
	return b->vdev.features & F_STATS_VQ ? 2 : QUEUES;
}

static void notify(struct virtio_device *vdev, unsigned int n)
{
	struct virtio_balloon *b = balloon_of(vdev);

	if (n == INFLATE)
		serve(b, n, inflate);
	else if (n == DEFLATE)
		serve(b, n, NULL);
	else if (n == stats_queue(b))
		serve_stats(b, &vdev->queue[n]);
	else if (vdev->features & F_REPORTING)
		serve(b, n, take_reported);
}

/* Linux puts its first statistics there before it sets DRIVER_OK, when a
 * notification does not count yet. */
static void start(struct virtio_device *vdev)
{
	struct virtio_balloon *b = balloon_of(vdev);
	unsigned int n = stats_queue(b);

	if (n < QUEUES && vdev->queue[n].ready)
		serve_stats(b, &vdev->queue[n]);
}

static void reset(struct virtio_device *vdev)
{
	struct virtio_balloon *b = balloon_of(vdev);

	put_le(vdev->config + CONFIG_ACTUAL, 4, 0);
	b->stats_held = false;
	b->last_update = 0;
	memset(b->stats, 0xff, sizeof(b->stats));
}

static void config_write(struct virtio_device *vdev, uint32_t off, uint32_t len,
			 uint32_t val)
{
	struct virtio_balloon *b = balloon_of(vdev);
	uint64_t due = b->told + SECOND, now = loop_now();

	if (off != CONFIG_ACTUAL || len != 4)
		return;
	put_le(vdev->config + CONFIG_ACTUAL, 4, val);
	loop_timer_arm(&b->tell, due > now ? due : now);
}

static const struct virtio_class class = {
	.name = "virtio-balloon",
	.id = 5,
	.queues = QUEUES,
	.queue_size = QUEUE_SIZE,
	.config_size = CONFIG_SIZE,
	.reset = reset,
	.start = start,
	.config_write = config_write,
	.notify = notify,
};

static void tell(void *arg)
{
	struct virtio_balloon *b = arg;

	b->told = loop_now();
	if (b->changed)
		b->changed(b->arg);
}

static void poll_guest(void *arg)
{
	struct virtio_balloon *b = arg;
	struct virtqueue *q;

	with_lock(&b->vdev.lock);
	if (!b->poll_seconds)
		return;
	loop_timer_arm(&b->poll, loop_now() + b->poll_seconds * SECOND);
	if (!b->stats_held || !virtio_running(&b->vdev) ||
	    stats_queue(b) == QUEUES)
		return;
	q = &b->vdev.queue[stats_queue(b)];
	b->stats_held = false;
	virtq_push(q, &b->stats_chain, 0);
	virtio_notify_used(&b->vdev, q);
}

void virtio_balloon_init(struct virtio_balloon *b, const struct virtio_env *env,
			 const struct virtio_balloon_options *opt)
{
	uint64_t features = F_STATS_VQ;

	*b = (struct virtio_balloon){ 0 };
	if (opt->deflate_on_oom)
		features |= F_DEFLATE_ON_OOM;
	if (opt->reporting)
		features |= F_REPORTING;
	virtio_init(&b->vdev, &class, features, env);
	loop_timer_init(env->loop, &b->tell, tell, b);
	loop_timer_init(env->loop, &b->poll, poll_guest, b);
	reset(&b->vdev);
}

void virtio_balloon_fini(struct virtio_balloon *b)
{
	loop_timer_cancel(&b->tell);
	loop_timer_cancel(&b->poll);
	virtio_fini(&b->vdev);
}

void virtio_balloon_watch(struct virtio_balloon *b, void (*changed)(void *arg),
			  void *arg)
{
	b->changed = changed;
	b->arg = arg;
}

/* A guest may say that it gave more than it has. */
uint64_t virtio_balloon_actual(struct virtio_balloon *b)
{
	uint64_t given, size = b->vdev.ram->size;

	with_lock(&b->vdev.lock);
	given = get_le(b->vdev.config + CONFIG_ACTUAL, 4) * PAGE;
	return given < size ? size - given : 0;
}

void virtio_balloon_set(struct virtio_balloon *b, uint64_t bytes)
{
	uint64_t size = b->vdev.ram->size;

	if (bytes > size)
		bytes = size;
	with_lock(&b->vdev.lock);
	put_le(b->vdev.config + CONFIG_NUM_PAGES, 4, (size - bytes) / PAGE);
	virtio_config_changed(&b->vdev);
}

void virtio_balloon_poll(struct virtio_balloon *b, uint64_t seconds)
{
	with_lock(&b->vdev.lock);
	b->poll_seconds = seconds;
	if (seconds)
		loop_timer_arm(&b->poll, loop_now());
	else
		loop_timer_cancel(&b->poll);
}

uint64_t virtio_balloon_stats(struct virtio_balloon *b,
			      uint64_t ret_stats[BALLOON_STATS])
{
	with_lock(&b->vdev.lock);
	memcpy(ret_stats, b->stats, sizeof(b->stats));
	return b->last_update;
}
