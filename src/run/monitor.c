/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/monitor.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"

enum {
	LINE_MAX_BYTES = 1 << 20
};

int monitor_open(struct monitor *mon, int fd, struct err *err)
{
	mon->fd = fd;
	return monitor_send(mon, "qmp_capabilities", err);
}

void monitor_close(struct monitor *mon)
{
	if (mon->fd >= 0)
		close(mon->fd);
	mon->fd = -1;
	str_free(&mon->pending);
}

int monitor_send(struct monitor *mon, const char *command, struct err *err)
{
	autostr struct str line = { 0 };
	int r;

	str_addf(&line, "{\"execute\":\"%s\",\"id\":\"%s\"}\r\n", command,
		 command);
	r = io_write(mon->fd, line.text, line.len);
	if (r < 0)
		return err_errno(err, -r, "cannot send %s to the engine",
				 command);
	mon->sent++;
	return 0;
}

static const char *text_at(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value))
		return NULL;
	return json_object_get_string(value);
}

static struct json_object *object_at(struct json_object *object,
				     const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

static void handle(struct monitor *mon, struct json_object *message)
{
	const char *event, *id, *status;

	if (!json_object_is_type(message, json_type_object))
		return;
	event = text_at(message, "event");
	if (event) {
		mon->event(mon->arg, event,
			   text_at(object_at(message, "data"), "reason"));
		return;
	}
	if (object_at(message, "QMP"))
		return;
	mon->answered++;
	id = text_at(message, "id");
	if (object_at(message, "error"))
		log_debug("monitor: %s: %s", id ? id : "?",
			  text_at(object_at(message, "error"), "desc"));
	if (mon->stats && id && !strcmp(id, "x-stats") &&
	    object_at(message, "return"))
		mon->stats(mon->arg, object_at(message, "return"));
	status = text_at(object_at(message, "return"), "status");
	if (status && mon->status)
		mon->status(mon->arg, status);
}

static void take_lines(struct monitor *mon)
{
	char *start = mon->pending.text, *end;

	while (start && (end = strchr(start, '\n'))) {
		struct json_object *message;

		*end = 0;
		message = json_tokener_parse(start);
		if (message)
			handle(mon, message);
		json_object_put(message);
		start = end + 1;
	}
	if (start) {
		size_t left = strlen(start);

		memmove(mon->pending.text, start, left + 1);
		mon->pending.len = left;
	}
}

bool monitor_read(struct monitor *mon)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(mon->fd, buf, sizeof(buf))) > 0) {
		if (mon->pending.len + (size_t)n > LINE_MAX_BYTES)
			return false;
		str_addn(&mon->pending, buf, (size_t)n);
		take_lines(mon);
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}
