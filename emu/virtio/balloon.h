/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-balloon (virtio 1.2 §5.5): memory that the guest lends to the host,
 * what it says of its memory, and pages that it reports as free.
 */
#ifndef VIRTIO_BALLOON_H
#define VIRTIO_BALLOON_H

#include "virtio/virtio.h"

/* What the guest tells, in the order of its tags (§5.5.6.4). */
enum balloon_stat {
	BALLOON_SWAP_IN, /* bytes since boot */
	BALLOON_SWAP_OUT,
	BALLOON_MAJOR_FAULTS, /* since boot */
	BALLOON_MINOR_FAULTS,
	BALLOON_FREE, /* bytes */
	BALLOON_TOTAL,
	BALLOON_AVAILABLE,
	BALLOON_CACHES,
	BALLOON_HUGE_ALLOC, /* huge pages since boot */
	BALLOON_HUGE_FAIL,
	BALLOON_STATS
};

enum {
	VIRTIO_BALLOON_IOV = 64
};

struct virtio_balloon {
	struct virtio_device vdev;  /* first */
	void (*changed)(void *arg); /* in the loop's thread, once a second
				     * at most: the guest's memory */
	void *arg;
	struct loop_timer tell, poll;
	uint64_t told;                 /* when changed() was last called; ns */
	uint64_t poll_seconds;         /* 0: the guest is not asked */
	uint64_t stats[BALLOON_STATS]; /* UINT64_MAX: not said */
	uint64_t last_update;          /* seconds since 1970; 0: never */
	bool stats_held;               /* the guest's buffer to ask with */
	struct virtq_chain stats_chain;
	struct iovec stats_iov[VIRTIO_BALLOON_IOV], iov[VIRTIO_BALLOON_IOV];
};

struct virtio_balloon_options {
	bool deflate_on_oom; /* the guest may take it back when it must */
	bool reporting;      /* free pages are given back without asking */
};

void virtio_balloon_init(struct virtio_balloon *b, const struct virtio_env *env,
			 const struct virtio_balloon_options *opt);
void virtio_balloon_fini(struct virtio_balloon *b);

/* Before the loop runs. */
void virtio_balloon_watch(struct virtio_balloon *b, void (*changed)(void *arg),
			  void *arg);

/* All of these in the loop's thread. */

/* Bytes that the guest has now. */
uint64_t virtio_balloon_actual(struct virtio_balloon *b);

/* Bytes that it should have; it may take a while, or refuse. */
void virtio_balloon_set(struct virtio_balloon *b, uint64_t bytes);

/* Ask it every so many seconds; 0: no more. */
void virtio_balloon_poll(struct virtio_balloon *b, uint64_t seconds);

/* What it said, and when: seconds since 1970, 0: never. */
uint64_t virtio_balloon_stats(struct virtio_balloon *b,
			      uint64_t ret_stats[BALLOON_STATS]);

#endif
