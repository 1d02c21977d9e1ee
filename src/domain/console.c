/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console is a stream of libvirt's, which is served by an event loop and
 * has no descriptor to poll; so a thread runs that loop and carries bytes
 * between the stream and a socket pair, and the rest of the program sees a
 * socket, as with our own supervisor.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "domain/domain.h"
#include "domain/internal.h"

struct pump {
	virStreamPtr stream;
	virDomainPtr dom; /* holds the connection */
	int fd, watch;    /* our end of the pair */
	bool ended;
};

static void from_guest(virStreamPtr st, struct pump *p)
{
	char bytes[4096];
	int n = virStreamRecv(st, bytes, sizeof(bytes));

	if (n == -2) /* nothing more now */
		return;
	if (n <= 0 || io_write(p->fd, bytes, (size_t)n) < 0)
		p->ended = true;
}

static void stream_ready(virStreamPtr st, int events, void *arg)
{
	struct pump *p = arg;

	if (events & VIR_STREAM_EVENT_READABLE)
		from_guest(st, p);
	if (events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP))
		p->ended = true;
}

/* What is typed is little: it waits here for libvirt to take it. */
static void typed(int watch, int fd, int events, void *arg)
{
	struct pump *p = arg;
	char bytes[256];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	(void)watch;
	(void)events;
	for (ssize_t done = 0; done < n;) {
		int sent = virStreamSend(p->stream, bytes + done,
					 (size_t)(n - done));

		if (sent == -2) {
			poll(NULL, 0, 10);
			continue;
		}
		if (sent < 0)
			break;
		done += sent;
	}
	if (n <= 0)
		p->ended = true;
}

static void *pump_run(void *arg)
{
	struct pump *p = arg;

	while (!p->ended && virEventRunDefaultImpl() >= 0)
		;
	virEventRemoveHandle(p->watch);
	virStreamEventRemoveCallback(p->stream);
	virStreamAbort(p->stream);
	virStreamFree(p->stream);
	virDomainFree(p->dom);
	close(p->fd);
	free(p);
	return NULL;
}

static int open_stream(struct domain_host *host, struct pump *p,
		       const char *device, struct err *err)
{
	int code;

	p->stream = virStreamNew(host->conn, VIR_STREAM_NONBLOCK);
	if (!p->stream)
		return host_failed(err, EIO, "cannot open the console");
	if (virDomainOpenConsole(p->dom, device, p->stream,
				 VIR_DOMAIN_CONSOLE_SAFE) < 0) {
		code = host_error_code();
		return host_failed(
			err, code == VIR_ERR_OPERATION_FAILED ? EBUSY : EIO,
			"cannot open the console");
	}
	p->watch = virEventAddHandle(p->fd, VIR_EVENT_HANDLE_READABLE, typed, p,
				     NULL);
	if (p->watch < 0 ||
	    virStreamEventAddCallback(p->stream,
				      VIR_STREAM_EVENT_READABLE |
					      VIR_STREAM_EVENT_ERROR |
					      VIR_STREAM_EVENT_HANGUP,
				      stream_ready, p, NULL) < 0)
		return host_failed(err, EIO, "cannot open the console");
	return 0;
}

static int start_thread(struct pump *p, struct err *err)
{
	sigset_t all, before;
	pthread_t thread;
	int r;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	r = pthread_create(&thread, NULL, pump_run, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r)
		return err_errno(err, r, "cannot open the console");
	pthread_detach(thread);
	return 0;
}

void domain_console_prepare(void)
{
	virEventRegisterDefaultImpl();
}

int domain_console(struct domain_host *host, const char *uuid,
		   const char *device, struct err *err)
{
	struct pump *p;
	int fd[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return err_errno(err, errno, "cannot open the console");
	p = xnew(struct pump);
	p->fd = fd[1];
	p->watch = -1;
	p->dom = host_domain(host, uuid);
	r = p->dom ? open_stream(host, p, device, err)
		   : host_failed(err, EIO, "cannot open the console");
	if (!r)
		r = start_thread(p, err);
	if (!r)
		return fd[0];
	if (p->watch >= 0)
		virEventRemoveHandle(p->watch);
	if (p->stream)
		virStreamFree(p->stream);
	if (p->dom)
		virDomainFree(p->dom);
	close(fd[0]);
	close(fd[1]);
	free(p);
	return r;
}
