/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor, a port that the guest opens, and a disk that is full. */
#include "qmp/qmp.h"

#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "board/board.h"
#include "common/log.h"
#include "common/str.h"
#include "qcow2_image.h"
#include "test.h"

/* All that the client was told. */
static struct str told;

static void tell(struct chardev *chr, const uint8_t *bytes, size_t n)
{
	(void)chr;
	str_addn(&told, (const char *)bytes, n);
}

static const struct chardev_ops ops = { .write = tell };

/* Is this said now, once, whatever is between the words? */
static bool says(const char *event, const char *data)
{
	const char *at = told.text ? strstr(told.text, event) : NULL;
	bool ret = at && strstr(at, data) && !strstr(at + 1, event);

	str_free(&told);
	return ret;
}

static void ask(struct chardev *chr, const char *text)
{
	chr->front.receive(chr->front.arg, (const uint8_t *)text, strlen(text));
}

static void port(struct chardev *monitor, struct chardev *agent)
{
	ask(monitor, "{\"execute\": \"qmp_capabilities\"}");
	ask(monitor, "{\"execute\": \"query-chardev\"}");
	check(says("frontend-open", "false"));
	chardev_set_front_open(agent, true);
	check(says("VSERPORT_CHANGE", "\"id\": \"channel0\", \"open\": true"));
	chardev_set_front_open(agent, true);
	check(!told.len);
	ask(monitor, "{\"execute\": \"query-chardev\"}");
	check(says("frontend-open", "true"));
	chardev_set_front_open(agent, false);
	check(says("VSERPORT_CHANGE", "\"id\": \"channel0\", \"open\": false"));
}

static void written(struct block_request *req, int result)
{
	check_eq(result, 0);
	sem_post(req->arg);
}

static void quit(void *arg)
{
	loop_quit(arg, 0);
}

/* Everything that was posted to the loop. */
static void run(struct loop *loop)
{
	struct loop_call last;

	loop_call_init(loop, &last, quit, loop);
	loop_call_post(&last);
	loop_run(loop);
}

/* A request fails while the machine stands still, and 'cont' comes before the
 * loop hears of it: the machine does not stop, for nothing waits any more. */
static void late_stop(struct loop *loop)
{
	static const uint8_t empty[4096];
	static struct machine m = { .state = RUN_PAUSED };
	const struct block_options opt = { .filename = "memory" };
	struct err err;
	struct pool *pool = pool_new(1, &err);
	struct memory_file *f = (struct memory_file *)memory_file(empty, 4096,
								  4096);
	const struct block_below below = { .file = &f->b };
	struct qmp_disk disk = { .id = "d", .qdev = "q" };
	const struct qmp_info info = { .uuid = "",
				       .disks = &disk,
				       .n_disks = 1 };
	struct block_request req = { .op = BLOCK_ZERO,
				     .len = 512,
				     .done = written };
	struct block *b = NULL;
	struct qmp *q;
	sem_t done;

	sem_init(&done, 0, 0);
	req.arg = &done;
	f->b.pool = pool;
	f->full = true;
	check_eq(block_format_open(&b, BLOCK_RAW, &opt, &below, &err), 0);
	disk.block = b;
	block_set_errors(b, BLOCK_REPORT, BLOCK_ENOSPC);
	q = qmp_new(loop, &m, &info);
	block_submit(b, &req);
	while (block_io_status(b) == BLOCK_STATUS_OK)
		usleep(1000);
	f->full = false;
	machine_start(&m);
	sem_wait(&done);
	run(loop);
	check_eq(machine_state(&m), RUN_RUNNING);
	pool_free(pool);
	qmp_free(q);
	block_free(b);
	block_free(&f->b);
	sem_destroy(&done);
}

int main(void)
{
	static struct machine m;
	struct chardev monitor = { .ops = &ops,
				   .label = (char[]){ "mon" },
				   .filename = (char[]){ "null" },
				   .open = true };
	struct err err;
	struct loop *loop = loop_new(&err);
	struct chardev *agent = chardev_null_new("charchannel0");
	const struct qmp_device devices[] = {
		{ "balloon0", "virtio-balloon-device", NULL, NULL },
		{ "channel0", "virtserialport", NULL, agent },
	};
	const struct qmp_info info = { .uuid = "",
				       .chardevs = &agent,
				       .n_chardevs = 1,
				       .devices = devices,
				       .n_devices = 2 };
	struct qmp *q = qmp_new(loop, &m, &info);

	log_init("test_qmp", LOG_QUIET);
	check_eq(qmp_serve(q, &monitor, &err), 0);
	port(&monitor, agent);
	qmp_free(q);
	chardev_set_front_open(agent, true); /* nobody hears it */
	check(!told.len);
	late_stop(loop);
	chardev_free(agent);
	loop_free(loop);
	str_free(&told);
	return test_done();
}
