/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's disk as a volume of one of libvirt's pools. */
#ifndef DOMAIN_STORAGE_H
#define DOMAIN_STORAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "domain/host.h"

/* Is there that pool, is it active, and has it no such volume yet? */
int volume_possible(struct domain_host *host, const char *pool,
		    const char *name, struct err *err);

struct volume_job {
	const char *pool, *name;
	const char *file; /* what the volume shall hold */
	/* Called now and then, with bytes; may be NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *arg;
};

/*
 * Make it, and fill it with what the file holds; failed, it is gone again.
 * The caller frees *ret_path, the volume's place on this machine; *ret_block
 * is whether that is a block device.
 */
int volume_make(struct domain_host *host, const struct volume_job *job,
		char **ret_path, bool *ret_block, struct err *err);

/* That it is not there is success. */
int volume_remove(struct domain_host *host, const char *pool, const char *name,
		  struct err *err);

#endif
