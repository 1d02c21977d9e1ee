/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command line asks for, made: chardevs, disks, networks, and the
 * devices on the board that use them; found by their ids, and owned here.
 *
 *	parts_wait(&p, …)	sockets that wait for a client
 *	parts_open(&p, …)	everything else that has an id
 *	m = virt_new(…)		with config.serial from p
 *	parts_plug(&p, m, …)	the devices
 *	… loop_run() …
 *	virt_free(m)
 *	parts_close(&p)
 */
#ifndef OPTS_PARTS_H
#define OPTS_PARTS_H

#include "block/block.h"
#include "board/devices.h"
#include "board/virt.h"
#include "opts/opts.h"

struct loop;
struct pool;

struct disk_errors {
	enum block_on_error rerror, werror;
};

/* As QEMU does if nothing is said: a full disk of the host's stops the guest,
 * which may go on when there is room again. */
#define DISK_ERRORS                                            \
	{                                                      \
		.rerror = BLOCK_REPORT, .werror = BLOCK_ENOSPC \
	}

struct part_disk {
	char *id;            /* of -drive, or the node name; owned */
	struct block *block; /* owned */
	char *qdev; /* of query-block; NULL: no device has it yet; owned */
	bool cdrom;
	bool write_through; /* its device flushes after each write */
	struct disk_errors errors;
	bool is_node; /* of -blockdev */
	bool above;   /* another node stands on it */
};

struct part_fd {
	uint64_t set;
	int fd; /* of whoever started us: stays open */
};

struct part_net {
	struct netdev *nd;
	bool used;
};

struct part_device {
	char *id;            /* NULL: none; owned */
	char *type;          /* "virtio-blk-device"; owned */
	struct netdev *nd;   /* of a network card */
	struct chardev *chr; /* of a port of a virtio console */
	/* what other devices are put on, one of them or none */
	struct virtio_scsi *scsi;
	struct virtio_console *console;
};

/* All of these begin as { 0 }. */
struct parts {
	struct loop *loop;       /* not owned */
	struct pool *pool;       /* not owned; for disks */
	void (*quit)(void *arg); /* the terminal's quit key */
	void *quit_arg;
	bool daemonize; /* helpers let go of the standard descriptors, too */

	struct vec_of(struct part_fd) fds; /* -add-fd */
	struct vec_of(struct chardev *) chardevs;
	struct vec_of(struct chardev *) taken;    /* of those */
	struct vec_of(struct chardev *) monitors; /* of those, with QMP */
	struct chardev *serial[VIRT_SERIALS];     /* of those */
	struct vec_of(struct part_disk) disks;
	struct vec_of(struct part_net) nets;
	struct vec_of(char *) rngs; /* ids of -object rng-… */
	struct vec_of(struct part_device) named;
	struct devices devices;
	unsigned int nics;
	bool told_of_pci;
};

int parts_wait(struct parts *p, struct opts *opts, struct err *err);
int parts_open(struct parts *p, struct opts *opts, struct err *err);
int parts_plug(struct parts *p, struct opts *opts, struct machine *m,
	       struct err *err);

/* Writes what the disks still hold back, then frees all; nothing runs any
 * more. */
void parts_close(struct parts *p);

/* -check-image, and nothing else: the exit status, as in the manual. */
int parts_check(const struct opts *opts, struct err *err);

/* True: this process is not an emulator but a helper of one, and has now
 * done its work with this exit status. */
bool parts_helper(int argc, char **argv, int *ret_status);

#endif
