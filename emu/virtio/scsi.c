/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-scsi, virtio 1.2 §5.6.
 *
 * Queue 0 is for task management, 1 for events, the rest for commands.  A
 * command is answered in the vCPU's thread, unless its unit needs the disk:
 * then the pool does it, as in blk.c.
 *
 * The one event is that a disk has another size (§5.6.6.3); at most one of
 * each unit waits, so none is ever missed.  Units do not come and go, but Linux
 * gives buffers for events only to a device that says they could (HOTPLUG).
 *
 * All tasks are started at once whatever their attribute: Linux sends SIMPLE
 * ones and waits where it wants order.  An abort of a task that the disk still
 * has is rejected (a system call cannot be called back); Linux does not send
 * one, it waits longer.
 */
#include "virtio/scsi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "virtio/bytes.h"

enum {
	QUEUE_SIZE = 256,
	IOV_MAX_REQUEST = QUEUE_SIZE,
	BUDGET = 2 * QUEUE_SIZE, /* requests in one call */

	QUEUE_CONTROL = 0,
	QUEUE_EVENT = 1,
	QUEUE_REQUEST = 2,

	REQ_LUN = 0, /* §5.6.6.1 */
	REQ_TAG = 8,
	REQ_CDB = 19,
	RESP_SENSE_LEN = 0,
	RESP_RESIDUAL = 4,
	RESP_STATUS = 10,
	RESP_RESPONSE = 11,
	RESP_SENSE = 12,

	CDB_SIZE = 32,
	SENSE_SIZE = 96,
	SIZE_MAX_CONFIG = 252, /* of both, as the driver may set them */

	EVENT_SIZE = 16,
	T_PARAM_CHANGE = 3,

	CONFIG_NUM_QUEUES = 0,
	CONFIG_SEG_MAX = 4,
	CONFIG_MAX_SECTORS = 8,
	CONFIG_CMD_PER_LUN = 12,
	CONFIG_EVENT_SIZE = 16,
	CONFIG_SENSE_SIZE = 20,
	CONFIG_CDB_SIZE = 24,
	CONFIG_MAX_TARGET = 30,
	CONFIG_MAX_LUN = 32,
	CONFIG_SIZE = 36,

	MAX_LUN = 16383,
	MAX_TARGET = 255,
};

#define F_HOTPLUG (UINT64_C(1) << 1)
#define F_CHANGE  (UINT64_C(1) << 2)

enum response {
	S_OK = 0,
	S_OVERRUN = 1,
	S_BAD_TARGET = 3,
	S_FUNCTION_COMPLETE = 0,
	S_FUNCTION_SUCCEEDED = 10,
	S_FUNCTION_REJECTED = 11,
	S_INCORRECT_LUN = 12,
};

struct virtio_scsi_request {
	struct block_request req; /* first */
	struct virtio_scsi *hba;
	struct virtqueue *q;
	struct virtq_chain chain;
	uint8_t lun[8];
	uint64_t tag;
	bool busy;          /* the block has it */
	uint32_t resp_size; /* bytes before data-in */
	uint64_t data_in, data_out;
	uint8_t cdb[SIZE_MAX_CONFIG];
	struct scsi_command cmd;
	struct virtio_scsi_request *next;
};

static uint32_t config_get(const struct virtio_scsi *s, unsigned int off)
{
	return (uint32_t)get_le(s->vdev.config + off, 4);
}

/* A logical unit number as virtio writes it: 1, target, 0x4000 | lun. */
static unsigned int lun_of(const uint8_t *lun)
{
	return (unsigned int)get_be(lun + 2, 2) & MAX_LUN;
}

/* And as REPORT LUNS and events have it (SAM-5 4.7): flat above 255. */
static unsigned int reported_lun(const struct virtio_scsi_place *p)
{
	return p->lun < 256 ? p->lun : 0x4000u | p->lun;
}

static struct virtio_scsi_place *find(struct virtio_scsi *s,
				      unsigned int target, unsigned int lun)
{
	for (unsigned int i = 0; i < s->unit_count; i++)
		if (s->units[i].target == target && s->units[i].lun == lun)
			return &s->units[i];
	return NULL;
}

static bool target_exists(const struct virtio_scsi *s, const uint8_t *lun)
{
	for (unsigned int i = 0; lun[0] == 1 && i < s->unit_count; i++)
		if (s->units[i].target == lun[1])
			return true;
	return false;
}

/* used: bytes of data in the direction that the command has. */
static void answer(struct virtio_scsi_request *r, enum response response,
		   uint64_t used)
{
	struct virtio_scsi *s = r->hba;
	uint8_t resp[RESP_SENSE + SIZE_MAX_CONFIG] = { 0 };
	uint64_t room = r->data_in ? r->data_in : r->data_out;
	uint32_t written = r->resp_size;

	if (response == S_OK && r->cmd.status == SCSI_CHECK_CONDITION) {
		put_le(resp + RESP_SENSE_LEN, 4, SCSI_SENSE_LEN);
		scsi_sense(&r->cmd, resp + RESP_SENSE);
	}
	put_le(resp + RESP_RESIDUAL, 4, room > used ? room - used : 0);
	resp[RESP_STATUS] = response == S_OK ? r->cmd.status : 0;
	resp[RESP_RESPONSE] = (uint8_t)response;
	virtq_to_iov(r->chain.iov + r->chain.out, r->chain.in, 0, resp,
		     r->resp_size);
	if (r->data_in)
		written += (uint32_t)used;
	virtq_push(r->q, &r->chain, written);
	r->next = s->unused;
	s->unused = r;
}

static void serve(struct virtio_scsi *s, unsigned int n);

/* In the pool's thread. */
static void done(struct block_request *req, int result)
{
	struct virtio_scsi_request *r = (struct virtio_scsi_request *)req;
	struct virtio_scsi *s = r->hba;
	struct virtqueue *q = r->q;
	uint32_t waiting;

	if (r->cmd.flush_after && result == 0) {
		r->cmd.flush_after = false;
		req->op = BLOCK_FLUSH;
		block_submit(req->block, req);
		return;
	}
	with_lock(&s->vdev.lock);
	if (result < 0)
		scsi_io_error(&r->cmd);
	r->busy = false;
	answer(r, S_OK, result < 0 ? 0 : r->cmd.len);
	virtio_notify_used(&s->vdev, q);
	if (--s->pending == 0)
		pthread_cond_broadcast(&s->idle);
	waiting = s->waiting;
	s->waiting = 0;
	for (unsigned int n = 0; waiting >> n; n++)
		if (waiting >> n & 1 && virtio_running(&s->vdev))
			serve(s, n);
}

/* The unit wants the disk; data moves straight from and to the buffers. */
static void submit(struct virtio_scsi_request *r, struct block *block)
{
	const struct scsi_command *cmd = &r->cmd;
	bool in = cmd->op == BLOCK_READ, out = cmd->op == BLOCK_WRITE;

	if ((in && cmd->len > r->data_in) || (out && cmd->len > r->data_out)) {
		answer(r, S_OVERRUN, 0);
		return;
	}
	r->req.op = cmd->op;
	r->req.at = cmd->at;
	r->req.len = cmd->len;
	r->req.may_unmap = cmd->may_unmap;
	r->req.iov = in ? r->chain.iov + r->chain.out : r->chain.iov;
	r->req.iovcnt = in ? r->chain.in : r->chain.out;
	r->req.skip = in ? r->resp_size
			 : REQ_CDB + config_get(r->hba, CONFIG_CDB_SIZE);
	r->req.done = done;
	if (block_try(block, &r->req)) {
		answer(r, S_OK, cmd->len);
		return;
	}
	r->busy = true;
	r->hba->pending++;
	block_submit(block, &r->req);
}

/* SPC-4 6.33: the units of this target. */
static void report_luns(struct virtio_scsi_request *r)
{
	const struct virtio_scsi *s = r->hba;
	struct scsi_command *cmd = &r->cmd;
	uint64_t wanted = get_be(r->cdb + 6, 4);
	uint32_t n = 0;

	memset(cmd->reply, 0, sizeof(cmd->reply));
	cmd->status = SCSI_GOOD;
	for (unsigned int i = 0; i < s->unit_count; i++)
		if (s->units[i].target == r->lun[1])
			put_be(cmd->reply + 8 + 8 * n++, 2,
			       reported_lun(&s->units[i]));
	put_be(cmd->reply, 4, 8 * n);
	n = 8 + 8 * n;
	cmd->reply_len = n < wanted ? n : (uint32_t)wanted;
}

/* Data-in of a reply; what does not fit is an overrun (§5.6.6.1.1). */
static void send_reply(struct virtio_scsi_request *r)
{
	const struct scsi_command *cmd = &r->cmd;
	uint64_t n = cmd->reply_len < r->data_in ? cmd->reply_len : r->data_in;

	virtq_to_iov(r->chain.iov + r->chain.out, r->chain.in, r->resp_size,
		     cmd->reply, n);
	answer(r, n < cmd->reply_len ? S_OVERRUN : S_OK, n);
}

/* Once, to the first command that may be told (SAM-5 5.14). */
static bool take_attention(struct virtio_scsi_place *p, uint8_t opcode)
{
	if (!p->attention || opcode == SCSI_INQUIRY ||
	    opcode == SCSI_REQUEST_SENSE)
		return false;
	p->attention = false;
	return true;
}

static void start_request(struct virtio_scsi_request *r)
{
	uint8_t param[SCSI_PARAM_MAX];
	struct virtio_scsi_place *p;

	if (!target_exists(r->hba, r->lun)) {
		answer(r, S_BAD_TARGET, 0);
		return;
	}
	r->cmd.cdb = r->cdb;
	r->cmd.param = param;
	r->cmd.param_len = 0;
	r->cmd.submit = false;
	if (scsi_wants_param(r->cdb[0]))
		r->cmd.param_len = (uint32_t)virtq_from_iov(
			param, r->chain.iov, r->chain.out,
			REQ_CDB + config_get(r->hba, CONFIG_CDB_SIZE),
			sizeof(param));
	p = find(r->hba, r->lun[1], lun_of(r->lun));
	if (r->cdb[0] == SCSI_REPORT_LUNS)
		report_luns(r);
	else if (!p)
		scsi_no_unit(&r->cmd);
	else if (take_attention(p, r->cdb[0]))
		scsi_capacity_changed(&r->cmd);
	else
		scsi_unit_command(&p->unit, &r->cmd);
	if (r->cmd.submit && p)
		submit(r, p->unit.block);
	else
		send_reply(r);
}

static bool pop(struct virtio_scsi *s, unsigned int n)
{
	struct virtio_scsi_request *r = s->unused;
	uint32_t cdb_size = config_get(s, CONFIG_CDB_SIZE);
	uint8_t head[REQ_CDB];

	if (virtq_pop(&s->vdev.queue[n], &r->chain) <= 0)
		return false;
	r->resp_size = RESP_SENSE + config_get(s, CONFIG_SENSE_SIZE);
	if (r->chain.out_bytes < REQ_CDB + cdb_size ||
	    r->chain.in_bytes < r->resp_size) {
		virtio_break(&s->vdev, "a command that is too short");
		return false;
	}
	s->unused = r->next;
	r->q = &s->vdev.queue[n];
	r->data_in = r->chain.in_bytes - r->resp_size;
	r->data_out = r->chain.out_bytes - REQ_CDB - cdb_size;
	virtq_from_iov(head, r->chain.iov, r->chain.out, 0, sizeof(head));
	memcpy(r->lun, head + REQ_LUN, sizeof(r->lun));
	r->tag = get_le(head + REQ_TAG, 8);
	memset(r->cdb, 0, sizeof(r->cdb));
	virtq_from_iov(r->cdb, r->chain.iov, r->chain.out, REQ_CDB, cdb_size);
	start_request(r);
	return true;
}

static void serve(struct virtio_scsi *s, unsigned int n)
{
	unsigned int budget = BUDGET;

	while (s->unused && budget && pop(s, n))
		budget--;
	if (!budget)
		virtio_again(&s->vdev, n);
	else if (!s->unused)
		s->waiting |= 1u << n;
	virtio_notify_used(&s->vdev, &s->vdev.queue[n]);
}

/* Has the disk a task of this unit, and with this tag (if one is asked)? */
static bool task_busy(const struct virtio_scsi *s, const uint8_t *lun,
		      const uint64_t *tag)
{
	unsigned int n = (s->vdev.queues - QUEUE_REQUEST) * QUEUE_SIZE;

	for (unsigned int i = 0; s->pending && i < n; i++) {
		const struct virtio_scsi_request *r = &s->requests[i];

		if (r->busy && r->lun[1] == lun[1] &&
		    lun_of(r->lun) == lun_of(lun) && (!tag || r->tag == *tag))
			return true;
	}
	return false;
}

/* §5.6.6.2: subtype, logical unit, tag. */
static enum response task_management(const struct virtio_scsi *s,
				     const uint8_t *req)
{
	uint64_t tag = get_le(req + 16, 8);
	const uint8_t *lun = req + 8;

	if (!target_exists(s, lun))
		return S_BAD_TARGET;
	switch (get_le(req + 4, 4)) {
	case 0: /* abort task */
		return task_busy(s, lun, &tag) ? S_FUNCTION_REJECTED
					       : S_FUNCTION_COMPLETE;
	case 1: /* abort task set */
	case 3: /* clear task set */
	case 4: /* I_T nexus reset */
	case 5: /* logical unit reset */
		return task_busy(s, lun, NULL) ? S_FUNCTION_REJECTED
					       : S_FUNCTION_COMPLETE;
	case 6: /* query task */
		return task_busy(s, lun, &tag) ? S_FUNCTION_SUCCEEDED
					       : S_FUNCTION_COMPLETE;
	case 7: /* query task set */
		return task_busy(s, lun, NULL) ? S_FUNCTION_SUCCEEDED
					       : S_FUNCTION_COMPLETE;
	default:
		return S_FUNCTION_REJECTED;
	}
}

static void control(struct virtio_scsi *s, const struct virtq_chain *c)
{
	const struct iovec *in = c->iov + c->out;
	uint8_t req[24] = { 0 }, resp[5] = { 0 };
	uint32_t n = 5;

	virtq_from_iov(req, c->iov, c->out, 0, sizeof(req));
	switch (get_le(req, 4)) {
	case 0:
		resp[0] = (uint8_t)task_management(s, req);
		n = 1;
		break;
	case 1: /* asynchronous notifications: none of those asked for */
	case 2:
		break;
	default:
		resp[0] = S_FUNCTION_REJECTED;
		n = 1;
		break;
	}
	n = (uint32_t)virtq_to_iov(in, c->in, 0, resp, n);
	virtq_push(&s->vdev.queue[QUEUE_CONTROL], c, n);
}

static void serve_control(struct virtio_scsi *s)
{
	struct iovec iov[16];
	struct virtq_chain c = { .iov = iov, .iov_max = 16 };
	struct virtqueue *q = &s->vdev.queue[QUEUE_CONTROL];
	unsigned int budget = BUDGET;

	while (budget && virtq_pop(q, &c) > 0) {
		control(s, &c);
		budget--;
	}
	if (!budget)
		virtio_again(&s->vdev, QUEUE_CONTROL);
	virtio_notify_used(&s->vdev, q);
}

/* §5.6.6.3: the kind, the unit, and as the reason the additional sense: code,
 * then qualifier. */
static void put_event(const struct virtio_scsi_place *p, uint8_t *event)
{
	put_le(event, 4, T_PARAM_CHANGE);
	event[4] = 1;
	event[5] = p->target;
	put_be(event + 6, 2, reported_lun(p));
	put_be(event + 12, 2, SCSI_CAPACITY_CHANGED);
}

/* As many as there are buffers for. */
static void serve_events(struct virtio_scsi *s)
{
	struct iovec iov[16];
	struct virtq_chain c = { .iov = iov, .iov_max = 16 };
	struct virtqueue *q = &s->vdev.queue[QUEUE_EVENT];

	for (unsigned int i = 0; i < s->unit_count; i++) {
		uint8_t event[EVENT_SIZE] = { 0 };

		if (!s->units[i].event)
			continue;
		if (virtq_pop(q, &c) <= 0)
			break;
		s->units[i].event = false;
		put_event(&s->units[i], event);
		virtq_push(q, &c,
			   (uint32_t)virtq_to_iov(c.iov + c.out, c.in, 0, event,
						  sizeof(event)));
	}
	virtio_notify_used(&s->vdev, q);
}

/* In the loop's thread. */
static void resized(void *arg)
{
	struct virtio_scsi_place *p = arg;
	struct virtio_device *vdev = &p->hba->vdev;

	with_lock(&vdev->lock);
	p->attention = true;
	p->event = vdev->features & F_CHANGE;
	virtio_notify(vdev, QUEUE_EVENT);
}

static void notify(struct virtio_device *vdev, unsigned int n)
{
	struct virtio_scsi *s = (struct virtio_scsi *)vdev;

	if (n == QUEUE_CONTROL)
		serve_control(s);
	else if (n == QUEUE_EVENT)
		serve_events(s);
	else
		serve(s, n);
}

static void reset(struct virtio_device *vdev)
{
	struct virtio_scsi *s = (struct virtio_scsi *)vdev;

	pthread_mutex_unlock(&vdev->lock);
	for (unsigned int i = 0; i < s->unit_count; i++)
		block_cancel(s->units[i].unit.block);
	pthread_mutex_lock(&vdev->lock);
	while (s->pending)
		pthread_cond_wait(&s->idle, &vdev->lock);
	for (unsigned int i = 0; i < s->unit_count; i++) {
		block_cancelled(s->units[i].unit.block);
		s->units[i].attention = s->units[i].event = false;
	}
	s->waiting = 0;
	put_le(vdev->config + CONFIG_SENSE_SIZE, 4, SENSE_SIZE);
	put_le(vdev->config + CONFIG_CDB_SIZE, 4, CDB_SIZE);
}

/* §5.6.4: the driver may choose both sizes, before it starts. */
static void config_write(struct virtio_device *vdev, uint32_t off, uint32_t len,
			 uint32_t val)
{
	uint32_t least = off == CONFIG_CDB_SIZE ? SCSI_CDB_MIN : 0;

	if ((off == CONFIG_SENSE_SIZE || off == CONFIG_CDB_SIZE) && len == 4 &&
	    val >= least && val <= SIZE_MAX_CONFIG &&
	    !(vdev->status & STATUS_DRIVER_OK))
		put_le(vdev->config + off, 4, val);
}

static const struct virtio_class class = {
	.name = "virtio-scsi",
	.id = 8,
	.queues = QUEUE_REQUEST + VIRTIO_SCSI_MAX_QUEUES,
	.queue_size = QUEUE_SIZE,
	.config_size = CONFIG_SIZE,
	.reset = reset,
	.config_write = config_write,
	.notify = notify,
};

static void fill_config(struct virtio_scsi *s)
{
	uint8_t *c = s->vdev.config;

	put_le(c + CONFIG_NUM_QUEUES, 4, s->vdev.queues - QUEUE_REQUEST);
	put_le(c + CONFIG_SEG_MAX, 4, IOV_MAX_REQUEST - 2);
	put_le(c + CONFIG_MAX_SECTORS, 4, 0xffff);
	put_le(c + CONFIG_CMD_PER_LUN, 4, 128);
	put_le(c + CONFIG_EVENT_SIZE, 4, 16);
	put_le(c + CONFIG_SENSE_SIZE, 4, SENSE_SIZE);
	put_le(c + CONFIG_CDB_SIZE, 4, CDB_SIZE);
	put_le(c + CONFIG_MAX_LUN, 4, MAX_LUN);
}

void virtio_scsi_init(struct virtio_scsi *s, const struct virtio_env *env,
		      unsigned int queues)
{
	unsigned int n;

	memset(s, 0, sizeof(*s));
	virtio_init(&s->vdev, &class, F_HOTPLUG | F_CHANGE, env);
	if (!queues)
		queues = 1;
	if (queues > VIRTIO_SCSI_MAX_QUEUES)
		queues = VIRTIO_SCSI_MAX_QUEUES;
	s->vdev.queues = QUEUE_REQUEST + queues;
	pthread_cond_init(&s->idle, NULL);
	fill_config(s);

	n = queues * QUEUE_SIZE;
	s->requests = xcalloc(n, sizeof(*s->requests));
	s->iovs = xcalloc(n, IOV_MAX_REQUEST * sizeof(*s->iovs));
	while (n--) {
		struct virtio_scsi_request *r = &s->requests[n];

		r->hba = s;
		r->chain.iov = s->iovs + (size_t)n * IOV_MAX_REQUEST;
		r->chain.iov_max = IOV_MAX_REQUEST;
		r->next = s->unused;
		s->unused = r;
	}
}

static int free_target(struct virtio_scsi *s)
{
	for (unsigned int t = 0; t <= MAX_TARGET; t++)
		if (!find(s, t, 0))
			return (int)t;
	return -1;
}

static void copy_text(char *to, size_t size, const char *from)
{
	size_t n = from ? strnlen(from, size - 1) : 0;

	if (n)
		memcpy(to, from, n);
	to[n] = 0;
}

int virtio_scsi_add(struct virtio_scsi *s,
		    const struct virtio_scsi_unit_options *opt, struct err *err)
{
	int target = opt->target < 0 ? free_target(s) : opt->target;
	int lun = opt->lun < 0 ? 0 : opt->lun;
	const char *id = opt->device_id ? opt->device_id
			 : opt->serial  ? opt->serial
					: opt->block->node_name;
	struct virtio_scsi_place *p;
	struct scsi_unit *u;

	if (target > MAX_TARGET || lun > MAX_LUN)
		return err_set(err, EINVAL,
			       "there is no SCSI unit %d:%d: scsi-id goes to "
			       "%d, lun to %d",
			       target, lun, MAX_TARGET, MAX_LUN);
	if (opt->block->size < (opt->cd ? 2048 : BLOCK_SECTOR))
		return err_set(err, EINVAL, "\"%s\" is too small for a CD",
			       opt->block->filename);
	if (find(s, (unsigned int)target, (unsigned int)lun))
		return err_set(err, EEXIST,
			       "two disks want to be SCSI unit %d:%d", target,
			       lun);
	if (s->unit_count == VIRTIO_SCSI_UNITS)
		return err_set(err, EINVAL,
			       "more than %d disks on one SCSI controller",
			       VIRTIO_SCSI_UNITS);
	p = &s->units[s->unit_count++];
	p->hba = s;
	p->target = (uint8_t)target;
	p->lun = (uint16_t)lun;
	u = &p->unit;
	u->block = opt->block;
	u->cd = opt->cd;
	u->write_through = opt->write_through;
	u->block_size = opt->cd ? 2048 : BLOCK_SECTOR;
	copy_text(u->serial, sizeof(u->serial), opt->serial);
	copy_text(u->device_id, sizeof(u->device_id), id);
	block_set_resized(u->block, resized, p);
	/* Linux asks each target up to this number at boot. */
	if (get_le(s->vdev.config + CONFIG_MAX_TARGET, 2) < (uint64_t)target)
		put_le(s->vdev.config + CONFIG_MAX_TARGET, 2, (uint64_t)target);
	return 0;
}

void virtio_scsi_fini(struct virtio_scsi *s)
{
	for (unsigned int i = 0; i < s->unit_count; i++)
		block_set_resized(s->units[i].unit.block, NULL, NULL);
	pthread_cond_destroy(&s->idle);
	free(s->requests);
	free(s->iovs);
	virtio_fini(&s->vdev);
}
