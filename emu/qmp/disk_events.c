/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk tells in a thread of the pool and must not be kept there: what it
 * says waits in a short queue for the loop.  Of more than that many at once
 * (every request fails when a disk is gone) the rest is not told; but that the
 * machine has to stop is never lost.
 */
#include "qmp/disk_events.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/mem.h"
#include "qmp/command.h"
#include "qmp/member.h"

enum {
	QUEUE = 64
};

/* Storage that hangs must not take the monitor along. */
#define SETTLE_NS UINT64_C(10000000000)

struct qmp_disk_events {
	struct qmp *q;
	struct machine *machine;
	const struct qmp_info *info;
	struct loop_call call;
	pthread_mutex_t lock;
	struct block_event queue[QUEUE];
	unsigned int n;
	bool stop;
};

/* The one that a device has names the disk. */
static const struct qmp_disk *disk_of(const struct qmp_disk_events *e,
				      const struct block *b)
{
	for (size_t i = 0; i < e->info->n_disks; i++) {
		if (e->info->disks[i].block == b)
			return &e->info->disks[i];
	}
	return NULL;
}

static struct json_object *about(const struct qmp_disk_events *e,
				 const struct block *b)
{
	const struct qmp_disk *disk = disk_of(e, b);
	struct json_object *data = json_object_new_object();

	member_text(data, "device", disk && !disk->is_node ? disk->id : "");
	if (disk)
		member_text(data, "node-name", disk->id);
	return data;
}

static void io_error(struct qmp_disk_events *e, const struct block_event *ev)
{
	static const char *const actions[] = { [BLOCK_REPORT] = "report",
					       [BLOCK_IGNORE] = "ignore",
					       [BLOCK_STOP] = "stop",
					       [BLOCK_ENOSPC] = "report" };
	struct json_object *data = about(e, ev->block);
	const struct qmp_disk *disk = disk_of(e, ev->block);

	if (disk && disk->qdev)
		member_text(data, "qom-path", disk->qdev);
	member_text(data, "operation", ev->op == BLOCK_READ ? "read" : "write");
	member_text(data, "action", actions[ev->action]);
	member_bool(data, "nospace", ev->code == -ENOSPC);
	member_text(data, "reason", strerror(-ev->code));
	qmp_emit(e->q, "BLOCK_IO_ERROR", data);
}

static void tell(struct qmp_disk_events *e, const struct block_event *ev)
{
	struct json_object *data;

	switch (ev->kind) {
	case BLOCK_EVENT_IO_ERROR:
		io_error(e, ev);
		break;
	case BLOCK_EVENT_WRITE_THRESHOLD:
		data = json_object_new_object();
		member_text(data, "node-name",
			    ev->block->node_name ? ev->block->node_name : "");
		member_number(data, "amount-exceeded", ev->exceeded);
		member_number(data, "write-threshold", ev->threshold);
		qmp_emit(e->q, "BLOCK_WRITE_THRESHOLD", data);
		break;
	case BLOCK_EVENT_CORRUPTED:
		data = about(e, ev->block);
		member_text(data, "msg",
			    "the image contradicts itself: it is not "
			    "written to any more");
		member_bool(data, "fatal", true);
		qmp_emit(e->q, "BLOCK_IMAGE_CORRUPTED", data);
		break;
	}
}

/* A 'cont' that came first has let it go on already. */
static bool anything_held(const struct qmp_disk_events *e)
{
	for (size_t i = 0; i < e->info->n_disks; i++) {
		if (block_io_status(e->info->disks[i].block))
			return true;
	}
	return false;
}

static void tell_all(void *arg)
{
	struct qmp_disk_events *e = arg;
	struct block_event queue[QUEUE];
	unsigned int n;
	bool stop;

	pthread_mutex_lock(&e->lock);
	n = e->n;
	stop = e->stop;
	memcpy(queue, e->queue, n * sizeof(*queue));
	e->n = 0;
	e->stop = false;
	pthread_mutex_unlock(&e->lock);
	for (unsigned int i = 0; i < n; i++)
		tell(e, &queue[i]);
	if (!stop || !anything_held(e))
		return;
	log_warn("a disk of the guest cannot be written to or read: the guest "
		 "stands still until the monitor says 'cont'");
	machine_io_error(e->machine);
}

static void happened(void *arg, const struct block_event *event)
{
	struct qmp_disk_events *e = arg;

	with_lock(&e->lock);
	if (e->n < QUEUE)
		e->queue[e->n++] = *event;
	e->stop |= event->kind == BLOCK_EVENT_IO_ERROR &&
		   event->action == BLOCK_STOP;
	loop_call_post(&e->call);
}

struct qmp_disk_events *qmp_disks_watch(struct qmp *q, struct loop *loop,
					struct machine *m,
					const struct qmp_info *info)
{
	struct qmp_disk_events *e = xnew(struct qmp_disk_events);

	e->q = q;
	e->machine = m;
	e->info = info;
	pthread_mutex_init(&e->lock, NULL);
	loop_call_init(loop, &e->call, tell_all, e);
	for (size_t i = 0; i < info->n_disks; i++)
		block_set_event(info->disks[i].block, happened, e);
	return e;
}

void qmp_disks_settle(struct qmp_disk_events *e)
{
	uint64_t until = loop_now() + SETTLE_NS;

	for (size_t i = 0; i < e->info->n_disks; i++) {
		struct block *b = e->info->disks[i].block;

		if (e->info->disks[i].qdev &&
		    block_settle(b, until) == -ETIMEDOUT)
			log_warn("\"%s\": the guest stands still, but the host "
				 "is still writing what it wrote before",
				 b->filename);
	}
}

void qmp_disks_retry(struct qmp_disk_events *e)
{
	for (size_t i = 0; i < e->info->n_disks; i++)
		block_retry(e->info->disks[i].block);
}

void qmp_disks_forget(struct qmp_disk_events *e)
{
	for (size_t i = 0; i < e->info->n_disks; i++)
		block_set_event(e->info->disks[i].block, NULL, NULL);
	loop_call_cancel(&e->call);
	pthread_mutex_destroy(&e->lock);
	free(e);
}
