/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor under any bytes of a client.  The machine is one that does
 * nothing; each line that comes out must be JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/node.h"
#include "common/mem.h"
#include "common/str.h"
#include "fuzz.h"
#include "qmp/command.h"
#include "qmp/qmp.h"

static const char *const seeds[] = {
	"{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[]}}\r\n"
	"{\"execute\":\"query-cpus-fast\",\"id\":{\"a\":[1,null]}}\r\n"
	"{\"execute\":\"query-block\"}{\"execute\":\"x-stats\"}\r\n",
	"{\"execute\":\"qmp_capabilities\"}\r\n{\"execute\":\"set-action\","
	"\"arguments\":{\"reboot\":\"shutdown\",\"shutdown\":\"pause\"}}\n"
	"{\"execute\":\"cont\"}\n{\"execute\":\"stop\"}\n"
	"{\"execute\":\"system_reset\"}\n{\"execute\":\"quit\"}\n",
	"{\"execute\":\"qmp_capabilities\"}{\"execute\":\"qom-list\","
	"\"arguments\":{\"path\":\"/machine/peripheral/b\"}}{\"execute\":"
	"\"qom-get\",\"arguments\":{\"path\":\"/machine/peripheral/b\","
	"\"property\":\"guest-stats\"}}{\"execute\":\"balloon\","
	"\"arguments\":{\"value\":65536}}{\"execute\":\"query-balloon\"}"
	"{\"execute\":\"query-qmp-schema\"}{\"execute\":\"query-blockstats\"}",
	"{\"execute\":\"qmp_capabilities\"}\r\nnonsense\r\n"
	"{\"execute\":\"query-commands\"}{\"execute\":\"query-chardev\"}"
	"[[[[[1]]]]]\r\n{\"execute\":\"query-version\"}\r\n",
	NULL,
};

/* The machine. */

static struct machine_listener *listener;
static enum run_state state;

static void emit(enum machine_event event, int data)
{
	if (listener)
		listener->event(listener->arg, event, data);
}

const char *run_state_name(enum run_state s)
{
	return s == RUN_RUNNING ? "running" : "paused";
}

const char *shutdown_cause_name(enum shutdown_cause cause)
{
	(void)cause;
	return "host-qmp-quit";
}

enum run_state machine_state(const struct machine *m)
{
	(void)m;
	return state;
}

bool machine_is_idle(const struct machine *m)
{
	(void)m;
	return false;
}

void machine_start(struct machine *m)
{
	(void)m;
	state = RUN_RUNNING;
	emit(EVENT_RESUME, 0);
}

void machine_pause(struct machine *m)
{
	(void)m;
	state = RUN_PAUSED;
	emit(EVENT_STOP, 0);
}

void machine_io_error(struct machine *m)
{
	machine_pause(m);
}

void machine_reset(struct machine *m, enum shutdown_cause cause)
{
	(void)m;
	emit(EVENT_RESET, (int)cause);
}

void machine_powerdown(struct machine *m)
{
	(void)m;
	emit(EVENT_POWERDOWN, 0);
}

void machine_quit(struct machine *m, enum shutdown_cause cause)
{
	(void)m;
	emit(EVENT_SHUTDOWN, (int)cause);
}

void machine_actions(const struct machine *m, bool *ret_no_reboot,
		     bool *ret_no_shutdown)
{
	(void)m;
	*ret_no_reboot = *ret_no_shutdown = false;
}

void machine_set_actions(struct machine *m, bool no_reboot, bool no_shutdown)
{
	(void)m;
	(void)no_reboot;
	(void)no_shutdown;
}

bool machine_has_balloon(const struct machine *m)
{
	(void)m;
	return true;
}

uint64_t machine_memory(const struct machine *m)
{
	(void)m;
	return 1 << 20;
}

void machine_want_memory(struct machine *m, uint64_t bytes)
{
	(void)m;
	(void)bytes;
	emit(EVENT_BALLOON_CHANGE, 0);
}

void machine_poll_memory(struct machine *m, unsigned int seconds)
{
	(void)m;
	(void)seconds;
}

unsigned int machine_memory_polled(const struct machine *m)
{
	(void)m;
	return 1;
}

uint64_t machine_memory_stats(const struct machine *m,
			      uint64_t ret_stats[MACHINE_MEMORY_STATS])
{
	(void)m;
	memset(ret_stats, 0xff, MACHINE_MEMORY_STATS * sizeof(*ret_stats));
	return 0;
}

void machine_listen(struct machine *m, struct machine_listener *l)
{
	(void)m;
	listener = l;
}

unsigned int machine_cpus(const struct machine *m)
{
	(void)m;
	return 2;
}

void machine_cpu_stats(const struct machine *m, unsigned int n,
		       struct machine_cpu_stats *ret)
{
	(void)m;
	*ret = (struct machine_cpu_stats){ .blocks = n };
}

/* Its client. */

static struct str out;

static void take_output(struct chardev *chr, const uint8_t *bytes, size_t n)
{
	(void)chr;
	str_addn(&out, (const char *)bytes, n);
}

static const struct chardev_ops ops = { .write = take_output };

static void check_output(void)
{
	for (char *line = out.text, *end; line && *line; line = end + 2) {
		struct json_object *msg;

		end = strstr(line, "\r\n");
		if (!end)
			abort();
		*end = 0;
		msg = json_tokener_parse(line);
		if (!json_object_is_type(msg, json_type_object))
			abort();
		json_object_put(msg);
	}
	str_free(&out);
}

/* In pieces of uneven size, as a socket gives them. */
static void send_all(struct chardev *chr, const uint8_t *data, size_t size)
{
	const struct chardev_front *front = &chr->front;
	size_t piece = 1;

	while (size) {
		size_t n = front->can_receive(front->arg);

		if (n > piece)
			n = piece;
		if (n > size)
			n = size;
		front->receive(front->arg, data, n);
		data += n;
		size -= n;
		piece = piece * 7 % 61 + 1;
	}
}

static int image_info(struct block *b, struct block_info *info)
{
	(void)b;
	(void)info;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct block_ops image_ops = { .info = image_info };
	struct block image = { .ops = &image_ops,
			       .driver = "raw",
			       .read_only = true,
			       .filename = (char[]){ "disk" } };
	struct qmp_disk disk = { "d", "q", &image, false, false };
	struct chardev chr = { .ops = &ops,
			       .label = (char[]){ "mon" },
			       .filename = (char[]){ "null" },
			       .open = true };
	struct qmp_device balloon = { "b", QMP_BALLOON, NULL, NULL };
	struct chardev *chardevs[] = { &chr };
	struct qmp_info info = { .uuid = "",
				 .chardevs = chardevs,
				 .n_chardevs = 1,
				 .disks = &disk,
				 .n_disks = 1,
				 .devices = &balloon,
				 .n_devices = 1 };
	struct err err;
	struct loop *loop = loop_new(&err);
	struct qmp *q = qmp_new(loop, NULL, &info);

	state = RUN_PRELAUNCH;
	if (qmp_serve(q, &chr, &err) < 0)
		abort();
	send_all(&chr, data, size);
	check_output();
	qmp_free(q);
	loop_free(loop);
	listener = NULL;
	return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	return fuzz_text_seed(seeds, n, buf, size);
}
