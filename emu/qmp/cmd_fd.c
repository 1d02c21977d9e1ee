/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that a client passes and gives a name. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "qmp/command.h"
#include "qmp/member.h"

static const char *fd_name(const struct qmp_call *call)
{
	return json_object_get_string(member_get(call->args, "fdname"));
}

static struct qmp_fd *find_fd(const struct qmp_call *call, const char *name)
{
	for (size_t i = 0; i < QMP_FDS; i++) {
		struct qmp_fd *f = &call->fds[i];

		if (f->name && !strcmp(f->name, name))
			return f;
	}
	return NULL;
}

void qmp_fd_close(struct qmp_fd *f)
{
	if (!f->name)
		return;
	close(f->fd);
	free(f->name);
	f->name = NULL;
}

/* One of the same name takes the place of the other, as in QEMU. */
struct json_object *cmd_getfd(const struct qmp_call *call)
{
	const char *name = fd_name(call);
	struct qmp_fd *f = find_fd(call, name);
	int fd = qmp_take_fd(call->session);

	if (fd < 0)
		return qmp_fail(call, GENERIC_ERROR,
				"No file descriptor supplied via SCM_RIGHTS");
	for (size_t i = 0; i < QMP_FDS && !f; i++) {
		if (!call->fds[i].name)
			f = &call->fds[i];
	}
	if (!f) {
		close(fd);
		return qmp_fail(call, GENERIC_ERROR,
				"there are %d descriptors with names already",
				QMP_FDS);
	}
	qmp_fd_close(f);
	*f = (struct qmp_fd){ .name = xstrdup(name), .fd = fd };
	return json_object_new_object();
}

struct json_object *cmd_closefd(const struct qmp_call *call)
{
	struct qmp_fd *f = find_fd(call, fd_name(call));

	if (!f)
		return qmp_fail(call, GENERIC_ERROR,
				"File descriptor named '%.80s' not found",
				fd_name(call));
	qmp_fd_close(f);
	return json_object_new_object();
}
