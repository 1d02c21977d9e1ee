/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients end a message with CR LF, LF or nothing (QEMU needs none), so it is
 * json-c's tokener that knows where one ends.  After nonsense the next line is
 * where sense may begin again.
 */
#include "qmp/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"

enum {
	CHUNK = 4096 /* bytes taken at once */
};

static void begin(struct wire *w)
{
	json_tokener_reset(w->tok);
	w->taken = 0;
}

static void give_up(struct wire *w, const char *why)
{
	begin(w);
	w->skipping = true;
	w->user.broken(w->user.arg, why);
}

static size_t skip_line(struct wire *w, const char *text, size_t n)
{
	const char *end = memchr(text, '\n', n);

	if (!end)
		return n;
	w->skipping = false;
	return (size_t)(end - text) + 1;
}

/* Between messages only. */
static size_t skip_space(const struct wire *w, const char *text, size_t n)
{
	size_t i = 0;

	while (!w->taken && i < n && strchr(" \t\r\n", text[i]) && text[i])
		i++;
	return i;
}

/* Part of a message, or all of it; returns how many bytes were used. */
static size_t take(struct wire *w, const char *text, size_t n)
{
	struct json_object *msg;
	size_t used;

	msg = json_tokener_parse_ex(w->tok, text, (int)n);
	used = json_tokener_get_parse_end(w->tok);
	w->taken += used;
	if (json_tokener_get_error(w->tok) == json_tokener_continue &&
	    w->taken <= WIRE_MESSAGE_MAX && used == n)
		return n;
	if (w->taken > WIRE_MESSAGE_MAX) {
		give_up(w, "the message is too long");
	} else if (json_tokener_get_error(w->tok) == json_tokener_continue) {
		give_up(w, "there is a 0 byte in the message");
	} else if (json_tokener_get_error(w->tok) != json_tokener_success) {
		give_up(w, json_tokener_error_desc(
				   json_tokener_get_error(w->tok)));
	} else {
		begin(w);
		w->user.message(w->user.arg, msg);
	}
	json_object_put(msg);
	return used;
}

/* Descriptors belong to the message they came with. */
static void drop_fds(struct wire *w)
{
	int fd;

	while (!w->taken && (fd = chardev_take_fd(w->chr)) >= 0)
		close(fd);
}

static void receive(void *arg, const uint8_t *bytes, size_t n)
{
	struct wire *w = arg;
	const char *text = (const char *)bytes;

	while (n) {
		size_t used = w->skipping ? skip_line(w, text, n)
					  : skip_space(w, text, n);

		if (!used)
			used = take(w, text, n);
		text += used;
		n -= used;
	}
	drop_fds(w);
}

static size_t can_receive(void *arg)
{
	(void)arg;
	return CHUNK;
}

static void event(void *arg, bool open)
{
	struct wire *w = arg;

	begin(w);
	w->skipping = false;
	w->user.open(w->user.arg, open);
}

int wire_init(struct wire *w, struct chardev *chr, const struct wire_user *user,
	      struct err *err)
{
	struct chardev_front front = { .can_receive = can_receive,
				       .receive = receive,
				       .event = event,
				       .arg = w };

	*w = (struct wire){ .chr = chr, .user = *user };
	w->tok = json_tokener_new_ex(WIRE_DEPTH_MAX);
	if (!w->tok)
		return err_set(err, ENOMEM, "no memory for a monitor");
	json_tokener_set_flags(w->tok,
			       JSON_TOKENER_STRICT |
				       JSON_TOKENER_ALLOW_TRAILING_CHARS |
				       JSON_TOKENER_VALIDATE_UTF8);
	chardev_connect(chr, &front);
	return 0;
}

void wire_fini(struct wire *w)
{
	json_tokener_free(w->tok);
	w->tok = NULL;
}

void wire_send(struct wire *w, struct json_object *msg)
{
	size_t n;
	const char *text = json_object_to_json_string_length(
		msg, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE,
		&n);
	char *line;

	if (!text || n + 2 > chardev_room(w->chr)) {
		log_limited(&w->dropped,
			    "%s: the client takes no messages, one is dropped",
			    w->chr->label);
		json_object_put(msg);
		return;
	}
	line = xmalloc(n + 2);
	memcpy(line, text, n);
	memcpy(line + n, "\r\n", 2);
	chardev_write(w->chr, (const uint8_t *)line, n + 2);
	free(line);
	json_object_put(msg);
}
