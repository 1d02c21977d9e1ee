/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP segments on their way to the guest, joined: libslirp sends 1460 bytes at
 * a time, and each frame costs a guest an interrupt's work.  Segments of one
 * connection that follow each other become one frame of up to 64 KiB, as a
 * network card does it ("GRO"); the header tells the guest's driver where it
 * would be cut (virtio 1.2 §5.1.6.4.1, gso_type TCPV4).
 *
 * For a guest that has accepted VIRTIO_NET_F_GUEST_TSO4 only.
 */
#ifndef NET_MERGE_H
#define NET_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/net.h"

struct merge {
	/* One frame, NET_VNET_HDR bytes of header before it. */
	void (*send)(void *arg, const uint8_t *frame, size_t n);
	void *arg;
	bool on; /* else each goes as it comes */

	uint8_t frame[NET_FRAME_MAX]; /* what waits, NET_VNET_HDR before it */
	size_t n;       /* bytes of it without that; 0: nothing waits */
	size_t headers; /* of these, before the TCP segment's data */
	size_t segment; /* data bytes of each segment */
	size_t segments;
	bool last; /* nothing may follow */
};

/* frame has no header before it.  send may be called now; what waits goes with
 * merge_flush(). */
void merge_add(struct merge *m, const uint8_t *frame, size_t n);
void merge_flush(struct merge *m);

#endif
