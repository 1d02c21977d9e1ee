/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backups of Home Assistant.  Home Assistant OS keeps them on its partition
 * hassos-data, and a supervisor on another system below its own folder; each is
 * a tar archive whose backup.json says what it is.
 */
#ifndef GUEST_HA_BACKUP_H
#define GUEST_HA_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/tree.h"
#include "model/guest.h"

struct ha_backup {
	char *path;     /* in its file system */
	uint64_t size;  /* bytes */
	char *date;     /* UTC, ISO 8601; the file's own if it does not say */
	char *name;     /* or NULL */
	char *version;  /* of Home Assistant; or NULL */
	bool encrypted; /* its owner has the key */
};

/* The partition that Home Assistant OS keeps its data on; NULL: it is none. */
const struct guest_partition *ha_data(const struct guest *g);

/* The newest of a file system, by the date in it.  False: there is none. */
bool ha_backup_newest(const struct tree *t, struct ha_backup *ret);
void ha_backup_free(struct ha_backup *b);
#define autobackup __attribute__((__cleanup__(ha_backup_free)))

#endif
