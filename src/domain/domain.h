/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest as a domain of libvirt.  It is known by its uuid, so one that was
 * renamed by virsh is found too.
 */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include <stdbool.h>

#include "common/err.h"
#include "domain/host.h"

enum domain_state {
	DOMAIN_MISSING, /* libvirt does not know it */
	DOMAIN_OFF,
	DOMAIN_RUNNING,
	DOMAIN_PAUSED,
	DOMAIN_STALLED, /* paused, because a disk cannot be written */
	DOMAIN_STOPPING,
};

int domain_state(struct domain_host *host, const char *uuid,
		 enum domain_state *ret_state, struct err *err);

/* -EEXIST if libvirt has a domain of that name. */
int domain_name_free(struct domain_host *host, const char *name,
		     struct err *err);

/*
 * Define it, or replace its definition, which may have had another name;
 * checked against libvirt's schema.  If autostart cannot be set as wanted, a
 * domain that is new is taken back.
 */
int domain_define(struct domain_host *host, const char *name, const char *uuid,
		  const char *xml, bool autostart, struct err *err);

/* That it is not there is success.  -EAGAIN: it is running. */
int domain_undefine(struct domain_host *host, const char *uuid,
		    struct err *err);

/*
 * Rename it, and let all paths below the folder from lead to the folder to,
 * whatever else its owner has changed in it.  It is off.  Failed: it is as it
 * was.
 */
int domain_rename(struct domain_host *host, const char *uuid, const char *name,
		  const char *from, const char *to, struct err *err);

int domain_autostart(struct domain_host *host, const char *uuid, bool on,
		     struct err *err);

/* Does libvirt start it with this machine?  One it does not know: no. */
int domain_autostarts(struct domain_host *host, const char *uuid, bool *ret_on,
		      struct err *err);

int domain_start(struct domain_host *host, const char *uuid, struct err *err);
/* Let one that is paused go on. */
int domain_resume(struct domain_host *host, const char *uuid, struct err *err);
int domain_press_power(struct domain_host *host, const char *uuid,
		       struct err *err);
int domain_switch_off(struct domain_host *host, const char *uuid,
		      struct err *err);

/* To be called before domain_host_open(), if there will be a console. */
void domain_console_prepare(void);

/*
 * Its console as a connected socket, which ends when the guest does.  A thread
 * carries what is typed and printed; only one console may be open in a
 * program.  device: libvirt's name of it; NULL: the first.  -EBUSY: somebody
 * else has it.
 */
int domain_console(struct domain_host *host, const char *uuid,
		   const char *device, struct err *err);

#endif
