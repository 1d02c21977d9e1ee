/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going into the background, and saying who one is. */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>

#include "common/err.h"

/*
 * Go on in a child, before any thread is made.  In the child: 0, and the
 * descriptor to pass to daemon_ready().  In the parent: 1 when the child says
 * that it is ready; an error (the child has printed why) when it ends before.
 */
int daemon_fork(int *ret_ready, struct err *err);

/* In the child: all is set up.  Lets go of the terminal and of standard input,
 * output and error; closes the descriptor. */
void daemon_ready(int ready);

enum {
	DAEMON_GIVEN_MAX = 8
};

/* Sockets that listen already when the program begins, as libvirt's monitor. */
struct daemon_given {
	int fds[DAEMON_GIVEN_MAX];
	unsigned int n;
};

/* Before any other socket is made. */
void daemon_look(struct daemon_given *ret);

/*
 * Before a failure ends the program: wait until standard error was read, if it
 * is a pipe, and somebody has connected to one of the sockets, but not for
 * long.  libvirt tells its user what is in the guest's log when a monitor that
 * it has connected to is closed; where it is too late to connect, it may say no
 * more than "Connection refused".
 */
void daemon_heard(const struct daemon_given *given);

/* Write this process's number to a file, and hold a lock on it until *ret_fd
 * is closed.  -EBUSY if another process holds it. */
int daemon_pidfile(const char *path, int *ret_fd, struct err *err);

#endif
