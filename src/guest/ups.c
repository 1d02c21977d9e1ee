/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A UPS on USB: NUT and apcupsd find it by its ids, so that no file names a
 * device.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "guest/devices.h"
#include "guest/text.h"

static const char nut[] = "/etc/nut/ups.conf";
static const char apcupsd[] = "/etc/apcupsd/apcupsd.conf";

/* NUT's for USB; nutdrv_qx is for serial ports too, if the port is one. */
static const char *const drivers[] = {
	"bcmxcp_usb",   "blazer_usb", "nutdrv_atcl_usb", "nutdrv_qx",
	"richcomm_usb", "riello_usb", "tripplite_usb",   "usbhid-ups",
};

static bool is_usb(const char *driver, const char *port)
{
	for (size_t i = 0; driver && i < sizeof(drivers) / sizeof(*drivers);
	     i++)
		if (!strcmp(driver, drivers[i]))
			return !port || (!str_starts(port, "/dev/tty") &&
					 !str_starts(port, "/dev/serial"));
	return false;
}

static void add_nut(struct guest *g, const char *driver, const char *port)
{
	if (is_usb(driver, port))
		guest_thing(g, THING_DEVICE, FATE_LOST, driver, nut,
			    "a UPS on USB, which the VM does not have: let NUT "
			    "watch it on the machine that runs the VM, and "
			    "make the VM its client");
}

/* The value of a line 'key = "value"', in place; NULL: it is another's. */
static const char *value_of(char *line, const char *key)
{
	size_t n = strlen(key);
	char *value;

	if (strncmp(line, key, n) != 0)
		return NULL;
	value = line + n + strspn(line + n, " \t");
	if (*value++ != '=')
		return NULL;
	value += strspn(value, " \t\"");
	value[strcspn(value, " \t\"")] = 0;
	return value;
}

static void read_nut(struct guest *g, const struct tree *root)
{
	autofree char *text = tree_text(root, nut);
	const char *driver = NULL, *port = NULL;
	char *rest = text;

	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		const char *value;

		line = text_trim(line);
		if (*line == '[') {
			add_nut(g, driver, port);
			driver = port = NULL;
		}
		value = value_of(line, "driver");
		driver = value ? value : driver;
		value = value_of(line, "port");
		port = value ? value : port;
	}
	add_nut(g, driver, port);
}

/* Debian's package is off until its owner says that it is configured. */
static void read_apcupsd(struct guest *g, const struct tree *root)
{
	autofree char *text = tree_text(root, apcupsd);
	autofree char *debian = tree_text(root, "/etc/default/apcupsd");
	autofree char *on = debian ? text_value(debian, "ISCONFIGURED") : NULL;
	char *rest = text;

	if (on && strcmp(on, "yes") != 0)
		return;
	for (char *line = text_line(&rest); line; line = text_line(&rest)) {
		line = text_trim(line);
		if (str_starts(line, "UPSTYPE") &&
		    !strcmp(text_trim(line + strlen("UPSTYPE")), "usb"))
			guest_thing(g, THING_DEVICE, FATE_LOST, "UPSTYPE usb",
				    apcupsd,
				    "a UPS on USB, which the VM does not have: "
				    "let apcupsd watch it on the machine that "
				    "runs the VM, and make the VM its client");
	}
}

void inspect_ups(struct guest *g, const struct tree *root)
{
	read_nut(g, root);
	read_apcupsd(g, root);
}
