/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one supervisor (DESIGN.md §4): starts either engine for a guest, talks
 * to its monitor, holds its console, presses the power button until it is
 * off, and starts it again when the guest reboots.
 *
 * SIGTERM and SIGINT ask for an orderly end, a second one or SIGQUIT ends at
 * once.  With a value (sigqueue(3)) they say how many seconds the guest may
 * take from then on, and a second one says so anew.  Under systemd it says
 * READY, STATUS and WATCHDOG, and what the guest prints goes to the journal
 * under the guest's name.
 *
 * For a NIC on a bridge root makes the TAP, and removes it at the end; for
 * another user it must be there.
 */
#ifndef RUN_SUPERVISE_H
#define RUN_SUPERVISE_H

#include <stdbool.h>

#include "common/err.h"
#include "model/machine.h"

struct supervise_options {
	unsigned int stop_seconds; /* how long the guest may take to stop */
	bool print_console;        /* the guest's lines on standard output */
	/* Before each start of the engine: bring boot/ up to date; may be
	 * NULL.  A failure is a warning: the last kernel is used. */
	int (*before_start)(void *arg, const struct machine *m,
			    struct err *err);
	/* The guest said login, or powered off by itself; may be NULL. */
	void (*reached)(void *arg, const struct machine *m);
	void *arg;
};

/*
 * Run the guest until it has powered off.  m->engine says which engine.
 * 0: the guest ended as it should.  -EAGAIN: it runs already; -ENOENT: no
 * engine; -EIO: the engine failed, the text has its last message.
 */
int supervise(const struct machine *m, const struct supervise_options *opt,
	      struct err *err);

#endif
