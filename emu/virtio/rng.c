/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * getrandom() does not block once the host has booted, and 4 KiB of it cost
 * some 10 µs, so requests are served in the vCPU's thread.  A driver that
 * asks for more at once gets 4 KiB, which §5.4.6.1 allows.
 */
#include "virtio/rng.h"

#include <sys/random.h>

enum {
	QUEUE_SIZE = 8,
	BUDGET = 64,  /* requests in one call */
	MOST = 4096,  /* bytes in one request */
	AT_ONCE = 256 /* bytes: getrandom() gives them whole */
};

static uint32_t fill(const struct virtq_chain *c)
{
	uint64_t len = c->in_bytes < MOST ? c->in_bytes : MOST;
	uint8_t buf[AT_ONCE];
	uint32_t done = 0;

	while (done < len) {
		size_t n = len - done < AT_ONCE ? len - done : AT_ONCE;

		if (getrandom(buf, n, 0) != (ssize_t)n)
			break;
		done += (uint32_t)virtq_to_iov(c->iov + c->out, c->in, done,
					       buf, n);
	}
	return done;
}

static void notify(struct virtio_device *vdev, unsigned int n)
{
	struct virtio_rng *rng = (struct virtio_rng *)vdev;
	struct virtqueue *q = &vdev->queue[n];
	struct virtq_chain c = { .iov = rng->iov, .iov_max = VIRTIO_RNG_IOV };
	unsigned int budget = BUDGET;

	while (budget && virtq_pop(q, &c) > 0) {
		virtq_push(q, &c, fill(&c));
		budget--;
	}
	if (!budget)
		virtio_again(vdev, n);
	virtio_notify_used(vdev, q);
}

/* There is no state but the queue's. */
static void reset(struct virtio_device *vdev)
{
	(void)vdev;
}

static const struct virtio_class class = {
	.name = "virtio-rng",
	.id = 4,
	.queues = 1,
	.queue_size = QUEUE_SIZE,
	.reset = reset,
	.notify = notify,
};

void virtio_rng_init(struct virtio_rng *rng, const struct virtio_env *env)
{
	virtio_init(&rng->vdev, &class, 0, env);
}

void virtio_rng_fini(struct virtio_rng *rng)
{
	virtio_fini(&rng->vdev);
}
