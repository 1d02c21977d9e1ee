/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What disks tell of themselves (block.h), as events, and with werror=stop
 * as a stop of the machine; and what they do when it stops and goes on. */
#ifndef QMP_DISK_EVENTS_H
#define QMP_DISK_EVENTS_H

#include "qmp/qmp.h"

struct qmp_disk_events;

/* info outlives it. */
struct qmp_disk_events *qmp_disks_watch(struct qmp *q, struct loop *loop,
					struct machine *m,
					const struct qmp_info *info);

/* The machine was stopped: what the guest wrote is on the host's disks, unless
 * a disk takes longer than some seconds, of which the log tells. */
void qmp_disks_settle(struct qmp_disk_events *e);

/* The machine goes on, and so do the requests that wait. */
void qmp_disks_retry(struct qmp_disk_events *e);

/* The disks may still be there, but no request runs. */
void qmp_disks_forget(struct qmp_disk_events *e);

#endif
