/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that configurations name: a Zigbee stick, a serial HAT.  Which files
 * are looked at is the profile's to say; in them anything that looks like a
 * path below /dev and has a row here, or a name by the card's udev rules,
 * counts, whatever the file's format, but in lines that are comments.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/devices.h"
#include "guest/inspect.h"

enum {
	MAX_FILES = 300,
	MAX_BYTES = 1 << 30, /* of all files: a database may be large */
	CHUNK = 1 << 20,
	MAX_LINE = 4096, /* that far back a line's beginning is looked for */
	MAX_DEVICES = 64,
	MAX_NAME = 160,
};

static const char stick[] = "a USB stick: plug it into the machine that runs "
			    "the VM, and give it to the VM with 'pimigrate "
			    "devices'";
static const char usb[] = "a USB device that is no serial port: the VM has no "
			  "USB";
static const char port[] = "the Pi's own serial port: what is on its pins "
			   "has to be connected to the machine that runs the "
			   "VM by a USB adapter, and given to the VM "
			   "with 'pimigrate devices'";
static const char pins[] = "on the Pi's pins: a VM has none";

/* clang-format off */
static const struct row {
	const char *pattern;
	enum guest_fate fate;
	const char *text;
} rows[] = {
	{ "/dev/ttyACM[0-9]*", FATE_DECIDE, stick },
	{ "/dev/ttyUSB[0-9]*", FATE_DECIDE, stick },
	{ "/dev/serial/by-id/?*", FATE_DECIDE, stick },
	{ "/dev/serial/by-path/?*", FATE_DECIDE, stick },
	{ "/dev/hidraw[0-9]*", FATE_LOST, usb },
	{ "/dev/bus/usb/?*", FATE_LOST, usb },
	{ "/dev/dvb/?*", FATE_LOST, usb },
	{ "/dev/video[0-9]*", FATE_LOST,
	  "a camera: the VM has neither the Pi's connector nor USB" },
	{ "/dev/ttyAMA[0-9]*", FATE_DECIDE, port },
	{ "/dev/ttyS[0-9]*", FATE_DECIDE, port },
	{ "/dev/serial[01]", FATE_DECIDE, port },
	{ "/dev/i2c-[0-9]*", FATE_LOST, pins },
	{ "/dev/spidev?*", FATE_LOST, pins },
	{ "/dev/gpiomem*", FATE_LOST, pins },
	{ "/dev/gpiochip[0-9]*", FATE_LOST, pins },
	{ "/dev/lirc[0-9]*", FATE_LOST, pins },
	{ "/dev/rfcomm[0-9]*", FATE_LOST, "Bluetooth: a VM has no radio" },
};
/* clang-format on */

struct search {
	struct guest *g;
	const struct tree *root;
	unsigned int files, devices;
	uint64_t bytes;
	struct udev_names own;
};

/* A part of a file. */
struct part {
	const char *file;
	const char *bytes;
	size_t len;
	bool first;  /* it begins where the file does */
	bool binary; /* a database: no lines, and names touch what is beside */
};

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("/_-.:+@", c));
}

/* Why it matters; NULL: it does not. */
static const char *judge(const struct search *s, const char *name,
			 enum guest_fate *ret_fate)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (fnmatch(rows[i].pattern, name, 0) != 0)
			continue;
		*ret_fate = rows[i].fate;
		return rows[i].text;
	}
	*ret_fate = FATE_DECIDE;
	for (size_t i = 0; i < s->own.all.n; i++)
		if (!strcmp(s->own.all.at[i].name, name + strlen("/dev/")))
			return s->own.all.at[i].on_pins ? port : stick;
	return NULL;
}

static bool in_comment(const struct part *p, size_t at)
{
	size_t limit = at > MAX_LINE ? at - MAX_LINE : 0, begin = at;

	if (p->binary)
		return false;
	while (begin > limit && p->bytes[begin - 1] != '\n')
		begin--;
	if (begin ? p->bytes[begin - 1] != '\n' : !p->first)
		return false; /* a longer line: who knows */
	while (p->bytes[begin] == ' ' || p->bytes[begin] == '\t')
		begin++;
	return p->bytes[begin] == '#' || p->bytes[begin] == ';';
}

/* How long a name is; in "/dev/ttyACM0:/dev/x" the container's is another. */
static size_t name_len(const struct part *p, size_t at)
{
	const char *name = p->bytes + at;
	size_t n = 0, max = p->len - at;

	if (p->binary && max > strlen("/dev/tty") &&
	    !strncmp(name, "/dev/tty", strlen("/dev/tty"))) {
		n = strlen("/dev/tty");
		while (n < max && isupper((unsigned char)name[n]))
			n++;
		while (n < max && isdigit((unsigned char)name[n]))
			n++;
		return n < MAX_NAME ? n : 0;
	}
	while (n < max && n < MAX_NAME - 1 && in_name(name[n]) &&
	       !(n + 1 < max && name[n] == ':' && name[n + 1] == '/'))
		n++;
	while (n && strchr(".:,", name[n - 1]))
		n--;
	return n;
}

static void one_name(struct search *s, const struct part *p, size_t at)
{
	autofree char *name = xstrndup(p->bytes + at, name_len(p, at));
	enum guest_fate fate = FATE_LOST;
	const size_t before = s->g->things.n;
	const char *text = str_starts(name, "/dev/") ? judge(s, name, &fate)
						     : NULL;

	if (!text || in_comment(p, at))
		return;
	guest_thing(s->g, THING_DEVICE, fate, name, p->file, text);
	s->devices += s->g->things.n > before;
}

/* Names that begin from from to to; around them is what belongs to them. */
static void search_part(struct search *s, const struct part *p, size_t from,
			size_t to)
{
	const char *end = p->bytes + p->len;

	for (const char *at = p->bytes + from;
	     at && at < p->bytes + to && s->devices < MAX_DEVICES;) {
		at = memmem(at, (size_t)(end - at), "/dev/", 5);
		if (!at || at >= p->bytes + to)
			return;
		if (p->binary || at == p->bytes || !in_name(at[-1]))
			one_name(s, p, (size_t)(at - p->bytes));
		at += strlen("/dev/");
	}
}

static void search_file(struct search *s, const char *path)
{
	autofree char *bytes = NULL;
	struct part p = { .file = path, .first = true };
	struct tree_stat st;
	uint64_t at = 0;
	size_t from = 0, room;
	ssize_t n;

	if (s->files++ >= MAX_FILES || tree_stat(s->root, path, &st) < 0 ||
	    st.kind != TREE_FILE || st.size > MAX_BYTES - s->bytes)
		return;
	s->bytes += st.size;
	room = st.size < CHUNK ? (size_t)st.size + 1 : CHUNK;
	p.bytes = bytes = xmalloc(room);
	while ((n = tree_read_at(s->root, path, bytes, room, at)) == CHUNK) {
		p.len = CHUNK;
		p.binary |= memchr(bytes, 0, CHUNK) != NULL;
		search_part(s, &p, from, CHUNK - MAX_NAME);
		from = MAX_LINE;
		at += CHUNK - MAX_NAME - MAX_LINE;
		p.first = false;
	}
	p.len = n > 0 ? (size_t)n : 0;
	p.binary |= p.len && memchr(bytes, 0, p.len);
	search_part(s, &p, from, p.len);
}

/* The files below dir that the rest of a pattern, from a name on, fits. */
static void search_pattern(struct search *s, const char *dir, const char *rest)
{
	size_t n = strcspn(rest, "/");
	autofree char *part = xstrndup(rest, n);
	const char *more = rest[n] ? rest + n + 1 : NULL;
	autonames struct tree_names names = { 0 };

	if (!strpbrk(part, "*?[")) {
		autofree char *path = xasprintf("%s/%s", dir, part);

		if (more)
			search_pattern(s, path, more);
		else
			search_file(s, path);
		return;
	}
	(void)tree_list(s->root, dir, &names);
	for (size_t i = 0; i < names.all.n && s->files < MAX_FILES; i++) {
		autofree char *path = NULL;

		if (fnmatch(part, names.all.at[i], FNM_PERIOD) != 0)
			continue;
		path = xasprintf("%s/%s", dir, names.all.at[i]);
		if (more)
			search_pattern(s, path, more);
		else
			search_file(s, path);
	}
}

void inspect_devices(struct guest *g, const struct tree *root,
		     char *const *patterns, size_t n)
{
	struct search s = { .g = g, .root = root };
	autostr struct str all = { 0 };

	udev_names_read(root, &s.own);
	for (size_t i = 0; i < n; i++)
		search_pattern(&s, "", patterns[i] + (patterns[i][0] == '/'));
	udev_names_free(&s.own);
	inspect_ups(g, root);
	for (size_t i = 0; i < g->things.n; i++) {
		if (g->things.at[i].kind != THING_DEVICE)
			continue;
		str_add(&all, all.len ? ", " : "");
		str_add(&all, g->things.at[i].name);
	}
	if (all.len)
		guest_say(g, FINDING_WARN, "devices",
			  "programs use what was plugged into the Pi (%s): the "
			  "VM does not have it by itself",
			  all.text);
}
