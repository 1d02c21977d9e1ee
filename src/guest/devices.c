/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that configurations name: a Zigbee stick, a serial HAT.  Which files
 * are looked at is the profile's to say; in them anything that looks like a
 * path below /dev and has a row here counts, whatever the file's format.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/inspect.h"

enum {
	MAX_FILES = 300,
	MAX_TEXT = 8 << 20,
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
};

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || strchr("/_-.:+@", c);
}

static void one_device(struct search *s, const char *name, const char *file)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (fnmatch(rows[i].pattern, name, 0) != 0)
			continue;
		s->devices++;
		guest_thing(s->g, THING_DEVICE, rows[i].fate, name, file,
			    rows[i].text);
		return;
	}
}

static void search_text(struct search *s, const char *text, const char *file)
{
	for (const char *at = strstr(text, "/dev/");
	     at && s->devices < MAX_DEVICES; at = strstr(at, "/dev/")) {
		char name[MAX_NAME];
		size_t n = 0;

		while (at[n] && in_name(at[n]) && n < sizeof(name) - 1) {
			name[n] = at[n];
			n++;
		}
		while (n && strchr(".:,", name[n - 1]))
			n--;
		name[n] = 0;
		if (at == text || !in_name(at[-1]))
			one_device(s, name, file);
		at += strlen("/dev/");
	}
}

static void search_file(struct search *s, const char *path)
{
	autofree char *text = NULL;
	size_t len;

	if (s->files++ < MAX_FILES &&
	    tree_read(s->root, path, MAX_TEXT, &text, &len) == 0)
		search_text(s, text, path);
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

	for (size_t i = 0; i < n; i++)
		search_pattern(&s, "", patterns[i] + (patterns[i][0] == '/'));
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
