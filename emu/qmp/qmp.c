/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions, dispatch and events.
 *
 * A chardev has one session, which begins anew with each client: greeting,
 * negotiation, then commands, each answered before the next is looked at.
 * What a command causes (RESUME by cont) is told before its answer, as QEMU
 * does; libvirt goes by the events.
 */
#include "qmp/qmp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "common/mem.h"
#include "qmp/args.h"
#include "qmp/command.h"
#include "qmp/disk_events.h"
#include "qmp/member.h"
#include "qmp/wire.h"

struct session {
	struct qmp *q;
	struct wire wire;
	bool open, negotiated;
	struct session *next;
};

struct qmp {
	struct machine *machine;
	struct qmp_info info;
	struct machine_listener listener;
	struct loop_call quit;
	struct session *sessions;
	struct qmp_fd fds[QMP_FDS];
	struct qmp_disk_events *disk_events;
};

/* libvirt 9 to 12 want at least 7.2 and no more than a number: what we
 * understand is what QEMU 10.0 did. */
struct json_object *qmp_version(void)
{
	struct json_object *ret = json_object_new_object();
	struct json_object *qemu = json_object_new_object();

	member_number(qemu, "micro", 0);
	member_number(qemu, "minor", 0);
	member_number(qemu, "major", 10);
	json_object_object_add(ret, "qemu", qemu);
	member_text(ret, "package", "pimigrate-emu " VERSION);
	return ret;
}

/* Answers. */

static const char *const class_names[] = {
	[GENERIC_ERROR] = "GenericError",
	[COMMAND_NOT_FOUND] = "CommandNotFound",
	[DEVICE_NOT_FOUND] = "DeviceNotFound",
	[DEVICE_NOT_ACTIVE] = "DeviceNotActive",
};

static void answer_error(struct session *s, struct json_object *id,
			 const struct qmp_error *error)
{
	struct json_object *msg = json_object_new_object();
	struct json_object *what = json_object_new_object();

	member_text(what, "class", class_names[error->class]);
	member_text(what, "desc", error->desc);
	json_object_object_add(msg, "error", what);
	if (id)
		json_object_object_add(msg, "id", json_object_get(id));
	wire_send(&s->wire, msg);
}

static void answer(struct session *s, struct json_object *id,
		   struct json_object *value)
{
	struct json_object *msg = json_object_new_object();

	json_object_object_add(msg, "return", value);
	if (id)
		json_object_object_add(msg, "id", json_object_get(id));
	wire_send(&s->wire, msg);
}

void *qmp_fail(const struct qmp_call *call, enum qmp_class class,
	       const char *fmt, ...)
{
	va_list ap;

	call->error->class = class;
	va_start(ap, fmt);
	vsnprintf(call->error->desc, sizeof(call->error->desc), fmt, ap);
	va_end(ap);
	return NULL;
}

int qmp_take_fd(struct session *s)
{
	return chardev_take_fd(s->wire.chr);
}

bool qmp_negotiated(struct session *s)
{
	bool before = s->negotiated;

	s->negotiated = true;
	return !before;
}

/* Requests. */

static const struct qmp_command *find(const char *name)
{
	for (unsigned int i = 0; i < qmp_command_count; i++) {
		if (!strcmp(qmp_commands[i].name, name))
			return &qmp_commands[i];
	}
	return NULL;
}

static struct json_object *execute(struct session *s,
				   const struct qmp_command *cmd,
				   const struct qmp_call *call)
{
	if (!s->negotiated && cmd->fn != cmd_capabilities)
		return qmp_fail(call, COMMAND_NOT_FOUND,
				"Expecting capabilities negotiation with "
				"'qmp_capabilities'");
	if (!qmp_args_check(call, cmd->args, call->args))
		return NULL;
	return cmd->fn(call);
}

/* Of the request itself; NULL: all are known. */
static const char *unexpected(struct json_object *msg)
{
	json_object_object_foreach(msg, name, value)
	{
		(void)value;
		if (strcmp(name, "execute") != 0 &&
		    strcmp(name, "arguments") != 0 && strcmp(name, "id") != 0)
			return name;
	}
	return NULL;
}

/* Look into one request and do it; the value, or NULL and call->error. */
static struct json_object *request(struct session *s, struct json_object *msg,
				   struct qmp_call *call)
{
	const struct qmp_command *cmd;
	struct json_object *name;
	const char *member;

	if (!json_object_is_type(msg, json_type_object))
		return qmp_fail(call, GENERIC_ERROR,
				"QMP input must be a JSON object");
	member = unexpected(msg);
	if (member)
		return qmp_fail(call, GENERIC_ERROR,
				"QMP input member '%.80s' is unexpected",
				member);
	name = member_get(msg, "execute");
	if (!json_object_is_type(name, json_type_string))
		return qmp_fail(call, GENERIC_ERROR,
				"QMP input lacks member 'execute' of type "
				"string");
	call->args = member_get(msg, "arguments");
	if (call->args && !json_object_is_type(call->args, json_type_object))
		return qmp_fail(call, GENERIC_ERROR,
				"QMP input member 'arguments' must be an "
				"object");
	cmd = find(json_object_get_string(name));
	if (!cmd)
		return qmp_fail(call, COMMAND_NOT_FOUND,
				"The command %.80s has not been found",
				json_object_get_string(name));
	return execute(s, cmd, call);
}

static void on_message(void *arg, struct json_object *msg)
{
	struct session *s = arg;
	struct qmp_error error;
	struct qmp_call call = { .machine = s->q->machine,
				 .info = &s->q->info,
				 .quit = &s->q->quit,
				 .session = s,
				 .fds = s->q->fds,
				 .error = &error };
	struct json_object *value = request(s, msg, &call);

	if (value)
		answer(s, member_get(msg, "id"), value);
	else
		answer_error(s, member_get(msg, "id"), &error);
}

static void on_broken(void *arg, const char *why)
{
	struct qmp_error error = { .class = GENERIC_ERROR };

	snprintf(error.desc, sizeof(error.desc), "JSON parse error, %s", why);
	answer_error(arg, NULL, &error);
}

static void greet(struct session *s)
{
	struct json_object *msg = json_object_new_object();
	struct json_object *qmp = json_object_new_object();

	json_object_object_add(qmp, "version", qmp_version());
	json_object_object_add(qmp, "capabilities", json_object_new_array());
	json_object_object_add(msg, "QMP", qmp);
	wire_send(&s->wire, msg);
}

static void on_open(void *arg, bool open)
{
	struct session *s = arg;

	s->open = open;
	s->negotiated = false;
	if (open)
		greet(s);
}

/* Events. */

static const char *const machine_events[] = {
	[EVENT_SHUTDOWN] = "SHUTDOWN",
	[EVENT_RESET] = "RESET",
	[EVENT_STOP] = "STOP",
	[EVENT_RESUME] = "RESUME",
	[EVENT_POWERDOWN] = "POWERDOWN",
	[EVENT_BALLOON_CHANGE] = "BALLOON_CHANGE",
};

static struct json_object *cause_data(enum shutdown_cause cause)
{
	struct json_object *data = json_object_new_object();

	member_bool(data, "guest",
		    cause == CAUSE_GUEST_SHUTDOWN ||
			    cause == CAUSE_GUEST_RESET);
	member_text(data, "reason", shutdown_cause_name(cause));
	return data;
}

static struct json_object *event_message(const char *event)
{
	struct json_object *msg = json_object_new_object();
	struct json_object *stamp = json_object_new_object();
	struct timeval now;

	gettimeofday(&now, NULL);
	member_number(stamp, "seconds", (uint64_t)now.tv_sec);
	member_number(stamp, "microseconds", (uint64_t)now.tv_usec);
	json_object_object_add(msg, "timestamp", stamp);
	member_text(msg, "event", event);
	return msg;
}

void qmp_emit(struct qmp *q, const char *event, struct json_object *data)
{
	for (struct session *s = q->sessions; s; s = s->next) {
		struct json_object *msg;

		if (!s->open || !s->negotiated)
			continue;
		msg = event_message(event);
		if (data)
			json_object_object_add(msg, "data",
					       json_object_get(data));
		wire_send(&s->wire, msg);
	}
	json_object_put(data);
}

static struct json_object *event_data(struct qmp *q, enum machine_event event,
				      int data)
{
	struct json_object *ret;

	switch (event) {
	case EVENT_SHUTDOWN:
	case EVENT_RESET:
		return cause_data((enum shutdown_cause)data);
	case EVENT_BALLOON_CHANGE:
		ret = json_object_new_object();
		member_number(ret, "actual", machine_memory(q->machine));
		return ret;
	case EVENT_STOP:
	case EVENT_RESUME:
	case EVENT_POWERDOWN:
		break;
	}
	return NULL;
}

static void on_event(void *arg, enum machine_event event, int data)
{
	struct qmp *q = arg;

	if (event == EVENT_RESUME)
		qmp_disks_retry(q->disk_events);
	else if (event == EVENT_STOP && machine_state(q->machine) == RUN_PAUSED)
		qmp_disks_settle(q->disk_events);
	qmp_emit(q, machine_events[event], event_data(q, event, data));
}

/* The guest opened a port, or closed it. */
static void on_port(void *arg, const struct chardev *chr)
{
	struct qmp *q = arg;

	for (size_t i = 0; i < q->info.n_devices; i++) {
		struct json_object *data;

		if (q->info.devices[i].chr != chr)
			continue;
		data = json_object_new_object();
		member_text(data, "id", q->info.devices[i].id);
		member_bool(data, "open", chr->front_open);
		qmp_emit(q, "VSERPORT_CHANGE", data);
	}
}

/* NULL: no longer. */
static void watch_ports(struct qmp *q,
			void (*watch)(void *arg, const struct chardev *chr))
{
	for (size_t i = 0; i < q->info.n_devices; i++) {
		struct chardev *chr = q->info.devices[i].chr;

		if (!chr)
			continue;
		chr->watch = watch;
		chr->watch_arg = q;
	}
}

static void quit(void *arg)
{
	struct qmp *q = arg;

	machine_quit(q->machine, CAUSE_HOST_QMP_QUIT);
}

struct qmp *qmp_new(struct loop *loop, struct machine *m,
		    const struct qmp_info *info)
{
	struct qmp *q = xnew(struct qmp);

	q->machine = m;
	q->info = *info;
	loop_call_init(loop, &q->quit, quit, q);
	q->listener = (struct machine_listener){ .event = on_event, .arg = q };
	machine_listen(m, &q->listener);
	q->disk_events = qmp_disks_watch(q, loop, m, &q->info);
	watch_ports(q, on_port);
	return q;
}

int qmp_serve(struct qmp *q, struct chardev *chr, struct err *err)
{
	struct session *s = xnew(struct session);
	struct wire_user user = { .open = on_open,
				  .message = on_message,
				  .broken = on_broken,
				  .arg = s };

	s->q = q;
	s->next = q->sessions;
	q->sessions = s;
	return wire_init(&s->wire, chr, &user, err);
}

void qmp_free(struct qmp *q)
{
	if (!q)
		return;
	loop_call_cancel(&q->quit);
	qmp_disks_forget(q->disk_events);
	watch_ports(q, NULL);
	for (size_t i = 0; i < QMP_FDS; i++)
		qmp_fd_close(&q->fds[i]);
	while (q->sessions) {
		struct session *s = q->sessions;

		q->sessions = s->next;
		wire_fini(&s->wire);
		free(s);
	}
	free(q);
}
