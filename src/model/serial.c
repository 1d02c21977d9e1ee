/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/serial.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"

/* The board has one more UART than the console's. */
static const char uart[] = "ttyAMA1";
static const char *const virtio[] = { "hvc1", "hvc2", "hvc3", "hvc4" };

const char *const serial_terminals[] = { uart,   "hvc1", "hvc2",
					 "hvc3", "hvc4", NULL };

_Static_assert(sizeof(virtio) / sizeof(virtio[0]) == SERIAL_PORTS,
	       "each port may be a virtio console");

const char *serial_terminal(const struct machine *m, size_t n)
{
	size_t before = 0;

	if (m->serial.at[n].port == SERIAL_UART)
		return uart;
	for (size_t i = 0; i < n; i++)
		before += m->serial.at[i].port == SERIAL_VIRTIO;
	return virtio[before];
}

char *serial_key(const char *terminal, size_t i)
{
	return xasprintf("pimigrate_%s_%zu", terminal, i);
}

bool serial_name_ok(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:+@/");

	return n && !name[n] && n < 128 && *name != '/' && name[n - 1] != '/' &&
	       !strstr(name, "..") && !strstr(name, "//");
}

void serial_words(const struct machine *m, struct str *cmdline)
{
	for (size_t n = 0; n < m->serial.n; n++) {
		const struct machine_serial *port = &m->serial.at[n];

		for (size_t i = 0; i < port->names.n; i++) {
			autofree char *key = serial_key(serial_terminal(m, n),
							i);

			str_addf(cmdline, " %s=%s", key, port->names.at[i]);
		}
	}
}
