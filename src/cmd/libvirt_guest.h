/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that libvirt runs, and those that our own supervisor runs, seen alike:
 * guest.yaml says by "libvirt: URI" who runs a guest.
 */
#ifndef CMD_LIBVIRT_GUEST_H
#define CMD_LIBVIRT_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "domain/domain.h"
#include "model/machine.h"
#include "run/status.h"

/*
 * How a guest is, whoever runs it.  A domain that libvirt does not know is off.
 * -ENODEV: libvirt does not answer.
 */
int guest_status(const struct machine *m, struct status *ret_status,
		 struct err *err);

/* Does libvirt start it with this machine?  What guest.yaml says is what it was
 * defined with, and may have been changed since. */
int libvirt_autostarts(const struct machine *m, bool *ret_on, struct err *err);

/* Can libvirt's own user reach that folder?  -EACCES, with what helps. */
int libvirt_folder_check(const char *uri, const char *folder, struct err *err);

/* A host port for each forward that leaves it open: libvirt's XML needs one,
 * and it should not be another guest's. */
void libvirt_choose_ports(struct machine *m);

/* Define the guest, or define it anew, from guest.yaml. */
int libvirt_define(struct domain_host *host, const struct machine *m,
		   struct err *err);

/* Defined first, if libvirt does not know it. */
int libvirt_start(const struct machine *m, struct err *err);

/*
 * One that a disk stopped goes on, if it can be written again: what our own
 * supervisor does by itself.  -EIO: it stands still all the same.
 */
int libvirt_resume(const struct machine *m, struct err *err);

/*
 * Press the power button until it is off: -ETIMEDOUT; or pull the plug.
 * -EBUSY: it is paused, and does not feel the button.
 */
int libvirt_stop(const struct machine *m, bool force, uint64_t seconds,
		 struct err *err);

/* The file of what the guest printed since its start, or, where that was much,
 * of the last of it; the caller frees it. */
char *libvirt_console_log(const struct machine *m);

/* Did it print a login prompt since it booted last? */
bool libvirt_login_seen(const struct machine *m);

/* Forget the domain, and delete the volumes that are its disks. */
int libvirt_forget(const struct machine *m, struct err *err);

/* -ENOTSUP if its disk is not a file in its folder. */
int libvirt_own_disk(const struct machine *m, const char *what,
		     struct err *err);

#endif
