/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-rng (virtio 1.2 §5.4): random bytes of the host. */
#ifndef VIRTIO_RNG_H
#define VIRTIO_RNG_H

#include "virtio/virtio.h"

enum {
	VIRTIO_RNG_IOV = 64
};

struct virtio_rng {
	struct virtio_device vdev; /* first */
	struct iovec iov[VIRTIO_RNG_IOV];
};

void virtio_rng_init(struct virtio_rng *rng, const struct virtio_env *env);
void virtio_rng_fini(struct virtio_rng *rng);

#endif
