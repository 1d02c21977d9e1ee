/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor and a port that the guest opens. */
#include "qmp/qmp.h"

#include <string.h>

#include "board/board.h"
#include "common/str.h"
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

	check_eq(qmp_serve(q, &monitor, &err), 0);
	port(&monitor, agent);
	qmp_free(q);
	chardev_set_front_open(agent, true); /* nobody hears it */
	check(!told.len);
	chardev_free(agent);
	loop_free(loop);
	str_free(&told);
	return test_done();
}
