/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/status.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "host/files.h"
#include "store/store.h"

static const char *const states[] = {
	[STATUS_OFF] = "off",           [STATUS_STARTING] = "starting",
	[STATUS_BOOTING] = "booting",   [STATUS_UP] = "up",
	[STATUS_STOPPING] = "stopping",
};

enum {
	STATES = sizeof(states) / sizeof(states[0]),
	FILE_MAX = 1 << 16
};

const char *status_state_name(enum status_state state)
{
	return states[state];
}

static struct json_object *starts_array(const struct status *status)
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < STATUS_STARTS; i++)
		json_object_array_add(list,
				      json_object_new_int64(status->starts[i]));
	return list;
}

struct json_object *status_forwards(const struct status *status)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < status->forwards.n; i++) {
		struct json_object *f = json_object_new_object();

		json_object_object_add(
			f, "host",
			json_object_new_int(status->forwards.at[i].host));
		json_object_object_add(
			f, "guest",
			json_object_new_int(status->forwards.at[i].guest));
		json_object_array_add(list, f);
	}
	return list;
}

static char *status_file(const char *name)
{
	autofree char *dir = store_runtime_dir(name);

	return xasprintf("%s/status.json", dir);
}

int status_write(const char *name, const struct status *status, struct err *err)
{
	autofree char *file = status_file(name);
	struct json_object *root = json_object_new_object();
	const char *text;
	int r;

	json_object_object_add(root, "state",
			       json_object_new_string(states[status->state]));
	json_object_object_add(root, "supervisor",
			       json_object_new_int(status->supervisor));
	json_object_object_add(root, "engine-pid",
			       json_object_new_int(status->engine_pid));
	json_object_object_add(
		root, "engine",
		json_object_new_string(
			status->engine == ENGINE_QEMU ? "qemu" : "pimigrate"));
	json_object_object_add(root, "since",
			       json_object_new_int64(status->since));
	json_object_object_add(root, "began",
			       json_object_new_int64(status->began));
	json_object_object_add(root, "boots",
			       json_object_new_int((int)status->boots));
	json_object_object_add(root, "starts", starts_array(status));
	json_object_object_add(root, "stalled",
			       status->stalled
				       ? json_object_new_string(status->stalled)
				       : NULL);
	json_object_object_add(root, "forwards", status_forwards(status));
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY);
	r = files_replace(file, text, strlen(text), 0644, err);
	json_object_put(root);
	return r;
}

static int64_t number(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		return 0;
	return json_object_get_int64(value);
}

static char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) &&
			       json_object_is_type(value, json_type_string)
		       ? xstrdup(json_object_get_string(value))
		       : NULL;
}

static bool is_text(struct json_object *object, const char *key,
		    const char *text)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) &&
	       json_object_is_type(value, json_type_string) &&
	       !strcmp(json_object_get_string(value), text);
}

static void read_starts(struct status *status, struct json_object *root)
{
	struct json_object *list;

	if (!json_object_object_get_ex(root, "starts", &list) ||
	    !json_object_is_type(list, json_type_array))
		return;
	for (size_t i = 0; i < STATUS_STARTS; i++)
		status->starts[i] = json_object_get_int64(
			json_object_array_get_idx(list, i));
}

static void read_object(struct status *status, struct json_object *root)
{
	struct json_object *list;

	for (int i = 0; i < STATES; i++)
		if (is_text(root, "state", states[i]))
			status->state = (enum status_state)i;
	status->supervisor = (pid_t)number(root, "supervisor");
	status->engine_pid = (pid_t)number(root, "engine-pid");
	status->engine = is_text(root, "engine", "qemu") ? ENGINE_QEMU
							 : ENGINE_PIMIGRATE;
	status->since = number(root, "since");
	status->began = number(root, "began");
	status->boots = (unsigned int)number(root, "boots");
	read_starts(status, root);
	status->stalled = text_of(root, "stalled");
	if (!json_object_object_get_ex(root, "forwards", &list) ||
	    !json_object_is_type(list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *f = json_object_array_get_idx(list, i);

		*vec_add(&status->forwards) = (struct machine_forward){
			(uint16_t)number(f, "host"),
			(uint16_t)number(f, "guest"),
		};
	}
}

/* The lock says whether a supervisor lives; the file only what it said. */
static int alive(const char *name, struct err *err)
{
	autofree char *dir = store_runtime_dir(name);
	autofree char *file = xasprintf("%s/lock", dir);

	return files_locked(file, err);
}

/* The text, which the caller frees, and its owner; NULL where no file is. */
static int read_file(const char *path, char **ret_text, uid_t *ret_owner,
		     struct err *err)
{
	autoclose int fd = open(path,
				O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	autofree char *text = xmalloc(FILE_MAX + 1);
	struct stat st;
	ssize_t n;

	*ret_text = NULL;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot open '%s'", path);
	n = io_read(fd, text, FILE_MAX);
	if (n < 0)
		return err_errno(err, (int)-n, "cannot read '%s'", path);
	text[n] = 0;
	*ret_text = steal_ptr(text);
	*ret_owner = st.st_uid;
	return 0;
}

int status_read(const char *name, struct status *ret_status, struct err *err)
{
	autofree char *file = status_file(name), *text = NULL;
	struct json_object *root;
	int r = store_runtime_check(err);

	*ret_status = (struct status){ 0 };
	if (!r)
		r = alive(name, err);
	if (r <= 0)
		return r;
	ret_status->state = STATUS_STARTING;
	r = read_file(file, &text, &ret_status->owner, err);
	if (r < 0 || !text)
		return r; /* none: it has only just begun */
	root = json_tokener_parse(text);
	/* It is ours, but it lies where others may write. */
	if (json_object_is_type(root, json_type_object))
		read_object(ret_status, root);
	json_object_put(root);
	return 0;
}

void status_free(struct status *status)
{
	free(status->stalled);
	status->stalled = NULL;
	vec_free(&status->forwards);
}
