/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Serial ports of the host that a guest has: USB sticks, mostly.
 *
 * In the guest each is a terminal of the board, which udev gives the names
 * that programs expect (/dev/ttyACM0, /dev/serial/by-id/…).  Which names
 * those are comes with the kernel's command line at each start, a word for
 * each; the rule that reads them (adapt/sticks.c) is the same in all guests.
 */
#ifndef MODEL_SERIAL_H
#define MODEL_SERIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"
#include "model/machine.h"

enum {
	SERIAL_NAMES = 4, /* of one port */
	SERIAL_PORTS = 4, /* of one guest */
};

/* The terminal that a guest's n-th port is: "ttyAMA1", "hvc1".  hvc0 is not
 * one of them: systemd puts a login prompt there. */
const char *serial_terminal(const struct machine *m, size_t n);

/* All that there can be, ended by NULL. */
extern const char *const serial_terminals[];

/* "pimigrate_ttyAMA1_0", the word for a terminal's name number i; owned by the
 * caller. */
char *serial_key(const char *terminal, size_t i);

/* May it be a name below /dev, and a word of a command line? */
bool serial_name_ok(const char *name);

/* Put " KEY=NAME" for each name of each port behind a command line. */
void serial_words(const struct machine *m, struct str *cmdline);

#endif
