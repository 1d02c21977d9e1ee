/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests as services of systemd: the unit files (systemd/host/), the user they
 * run as, and what has to be done as root before one starts.
 *
 * root is "" for this machine, else a folder that holds a system, as
 * systemctl's --root: then nothing is told to a running systemd.
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"
#include "model/machine.h"

#define UNIT_USER   "pimigrate"
#define UNIT_GUESTS "/var/lib/pimigrate/guests"

/* "pimigrate@NAME.service"; the caller frees it. */
char *unit_name(const char *guest);

/* Are the unit files where systemd looks for them? */
bool unit_installed(const char *root);

/*
 * Write them to /etc/systemd/system, sysusers.d and tmpfiles.d, with this
 * program (an absolute path) as what they run: for a program that was not
 * installed with its units.
 */
int unit_install(const char *root, const char *program, struct err *err);

/* This program's path, as units may have it: without blanks and quotes.  The
 * caller frees it. */
int unit_program(char **ret_path, struct err *err);

/* Is the guest started with the host? */
bool unit_enabled(const char *root, const char *guest);
int unit_enable(const char *root, const char *guest, struct err *err);
int unit_disable(const char *root, const char *guest, struct err *err);

/* Is systemd the first process here, and its service running? */
bool unit_systemd(void);
bool unit_active(const char *guest);
/* Does it run, or is it about to: before its start, or between two? */
bool unit_busy(const char *guest);
/* Did it give up? */
bool unit_failed(const char *guest);
int unit_start(const char *guest, struct err *err);
int unit_stop(const char *guest, struct err *err);

/*
 * From the next start of this machine on, a service waits for so many seconds
 * and takes the bridge back unless it was confirmed ("net await"); until
 * unit_unguard(), for which not being there is success.
 */
int unit_guard(const char *bridge, unsigned int seconds, struct err *err);
int unit_unguard(const char *bridge, struct err *err);

/* The user of the services, made by systemd-sysusers if it is missing. */
int unit_user(uid_t *ret_uid, gid_t *ret_gid, struct err *err);

/*
 * Give boot/ and the disks of a guest's folder to the user.  The rest stays
 * root's, and so does what is no plain file of one name in that folder: the
 * user cannot have files of others given to it.
 */
int unit_own(const char *dir, const struct machine *m, uid_t uid, gid_t gid,
	     struct err *err);

/*
 * The limits of a guest as properties for systemctl set-property: its memory
 * and its CPUs, and what the emulator needs beside them.
 */
struct unit_limits {
	char memory[48], cpu[32];
};
void unit_limits(const struct machine *m, struct unit_limits *ret_limits);

/* Set them for its service, until this machine restarts. */
int unit_limit(const struct machine *m, struct err *err);

#endif
