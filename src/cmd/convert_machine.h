/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual machine that a converted card gets: pure, but for chance. */
#ifndef CMD_CONVERT_MACHINE_H
#define CMD_CONVERT_MACHINE_H

#include "common/err.h"
#include "common/vec.h"
#include "model/guest.h"
#include "model/machine.h"
#include "model/source.h"

/* What the command line says of it; nothing is owned. */
struct machine_wish {
	const char *name;    /* NULL: the card's host name, made safe */
	const char *mac;     /* NULL: the Pi's, or one by chance */
	bool new_mac;        /* never the Pi's */
	const char *network; /* "user", "none", "bridge=NAME", "tap=NAME",
			      * "network=NAME" */
	const char *libvirt; /* URI of the libvirt that will run it, or NULL */
	bool autostart;      /* that libvirt starts it with the host */
	struct vec_of(const char *) forwards; /* "8123:8123" */
	unsigned int cpus;                    /* 0: 2, or what the host has */
	uint64_t memory;                      /* bytes */
	enum engine engine;
};

/* What is wrong with it as an owner's words: -EINVAL, else 0. */
int machine_wish_check(const struct machine_wish *wish, struct err *err);

/* The name of the guest; the caller frees it. */
char *machine_wish_name(const struct machine_wish *wish, const struct guest *g);

/*
 * The machine of a wish that was checked, all but the kernel's command line
 * and the source's hash.  name is copied.
 */
void machine_make(const struct machine_wish *wish, const char *name,
		  const struct source *source, const struct guest *g,
		  struct machine *ret_m);

/* The file of a disk in the guest's folder: "disk.raw", "disk-2.raw"; the
 * caller frees it. */
char *machine_disk_name(unsigned int disk);

/*
 * A copy of a machine becomes one of its own, of that name: uuid, addresses,
 * and the host's port for ssh, which define may have chosen.  Nobody starts it
 * with the host; libvirt does not know it before define.
 */
void machine_renew(struct machine *m, const char *name);

/* What no two machines may share; the caller frees them. */
char *machine_new_uuid(void);
char *machine_new_mac(void);
char *machine_new_id(void); /* for /etc/machine-id: 32 digits */

#endif
