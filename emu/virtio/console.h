/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-console with several ports (virtio 1.2 §5.3): virtconsole is a
 * terminal (hvc0 …), virtserialport a named channel (/dev/virtio-ports/NAME).
 * Port 0 is a console's; it also serves drivers that know one port only.
 */
#ifndef VIRTIO_CONSOLE_H
#define VIRTIO_CONSOLE_H

#include "chardev/chardev.h"
#include "common/err.h"
#include "virtio/virtio.h"

enum {
	VIRTIO_CONSOLE_PORTS = 7, /* two queues each, and two for control */
	VIRTIO_CONSOLE_FIFO = 4096,
	VIRTIO_CONSOLE_IOV = 256,
};

struct virtio_console;

struct virtio_console_port {
	struct virtio_console *con;
	struct chardev *chr; /* NULL: there is no such port, or nothing at
			      * its other end */
	bool used;
	bool console;
	bool guest_open; /* the guest has opened it */
	bool host_open;  /* somebody is at the other end */
	char name[64];
	uint32_t tell; /* control messages to be sent: a bit for each */
	uint8_t fifo[VIRTIO_CONSOLE_FIFO]; /* from the host, not yet taken */
	uint32_t head, fill;
	size_t tx_done; /* bytes written of the chain that waits for room */
};

struct virtio_console {
	struct virtio_device vdev; /* first */
	struct virtio_console_port ports[VIRTIO_CONSOLE_PORTS];
	struct iovec iov[VIRTIO_CONSOLE_IOV];
	struct loop_timer tell_opened; /* guest_open of some port changed */
	uint64_t told_opened;          /* when it last was told; ns */
};

struct virtio_console_port_options {
	struct chardev *chr; /* NULL: nothing at the other end */
	bool console;
	int nr;           /* -1: the next free */
	const char *name; /* of a virtserialport; NULL: none */
};

/* Never fails. */
void virtio_console_init(struct virtio_console *con,
			 const struct virtio_env *env);
/* Before the loop runs.  -EEXIST, -EINVAL: there is no such place. */
int virtio_console_add(struct virtio_console *con,
		       const struct virtio_console_port_options *opt,
		       struct err *err);
/* The loop runs no more. */
void virtio_console_fini(struct virtio_console *con);

#endif
