/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's client against a server that is this test. */
#include "run/monitor.h"
#include "test.h"
#include "texts.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"

struct seen {
	int events, states;
	char event[32], reason[32], state[32];
};

static void on_event(void *arg, const char *name, const char *reason)
{
	struct seen *seen = arg;

	seen->events++;
	snprintf(seen->event, sizeof(seen->event), "%s", name);
	snprintf(seen->reason, sizeof(seen->reason), "%s",
		 reason ? reason : "-");
}

static void on_status(void *arg, const char *status)
{
	struct seen *seen = arg;

	seen->states++;
	snprintf(seen->state, sizeof(seen->state), "%s", status);
}

struct pair {
	struct monitor mon;
	struct seen seen;
	int server;
};

static void open_pair(struct pair *p)
{
	struct err err;
	int fds[2];

	*p = (struct pair){
		.mon = { .fd = -1, .event = on_event, .status = on_status }
	};
	p->mon.arg = &p->seen;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		abort();
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	p->server = fds[1];
	check_eq(monitor_open(&p->mon, fds[0], &err), 0);
}

static void close_pair(struct pair *p)
{
	monitor_close(&p->mon);
	close(p->server);
}

static void server_says(struct pair *p, const char *text)
{
	check_eq(write(p->server, text, strlen(text)), strlen(text));
}

/* What the client sent since the last time. */
static void client_said(struct pair *p, const char *want)
{
	char text[1024];
	ssize_t n = recv(p->server, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = 0;
	check_text(text, want);
}

static void a_session(void)
{
	struct pair p;
	struct err err;

	open_pair(&p);
	client_said(&p, "{\"execute\":\"qmp_capabilities\","
			"\"id\":\"qmp_capabilities\"}\r\n");
	check_eq(monitor_send(&p.mon, "query-status", &err), 0);
	client_said(&p, "{\"execute\":\"query-status\","
			"\"id\":\"query-status\"}\r\n");
	check_eq(p.mon.sent, 2);

	server_says(&p, "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
			"{\"return\": {}, \"id\": \"qmp_capabilities\"}\r\n");
	check(monitor_read(&p.mon));
	check_eq(p.mon.answered, 1); /* the greeting is no answer */
	server_says(&p, "{\"return\": {\"status\": \"running\", "
			"\"running\": true}, \"id\": \"query-status\"}\n");
	check(monitor_read(&p.mon));
	check_eq(p.mon.answered, 2);
	check_text(p.seen.state, "running");

	server_says(&p, "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, "
			"\"reason\": \"guest-reset\"}}\n");
	check(monitor_read(&p.mon));
	check_text(p.seen.event, "SHUTDOWN");
	check_text(p.seen.reason, "guest-reset");
	server_says(&p, "{\"event\": \"STOP\"}\n");
	check(monitor_read(&p.mon));
	check_text(p.seen.event, "STOP");
	check_text(p.seen.reason, "-");
	check_eq(p.mon.answered, 2);

	/* an error is an answer, too */
	server_says(&p, "{\"error\": {\"class\": \"CommandNotFound\", "
			"\"desc\": \"no\"}, \"id\": \"x\"}\n");
	check(monitor_read(&p.mon));
	check_eq(p.mon.answered, 3);
	close_pair(&p);
	check_eq(p.mon.fd, -1);
}

/* Lines come in pieces, and several at once. */
static void pieces(void)
{
	static const char two[] = "{\"event\": \"A\"}\n{\"event\": \"B\"}\r\n";
	struct pair p;

	open_pair(&p);
	for (const char *c = two; *c; c++) {
		char one[2] = { *c, 0 };

		server_says(&p, one);
		check(monitor_read(&p.mon));
	}
	check_eq(p.seen.events, 2);
	check_text(p.seen.event, "B");
	server_says(&p, two);
	check(monitor_read(&p.mon));
	check_eq(p.seen.events, 4);
	close_pair(&p);
}

/* Nothing that an engine says may hurt. */
static void nonsense(void)
{
	static const char *const lines[] = {
		"\n",
		"not json\n",
		"[1, 2]\n",
		"\"text\"\n",
		"null\n",
		"{}\n",
		"{\"return\": 5}\n",
		"{\"return\": [1]}\n",
		"{\"return\": null}\n",
		"{\"error\": 5}\n",
		"{\"event\": null}\n",
		"{\"event\": \"X\", \"data\": 7}\n",
		"{\"event\": \"X\", \"data\": {\"reason\": null}}\n",
	};
	struct pair p;

	open_pair(&p);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		server_says(&p, lines[i]);
		check(monitor_read(&p.mon));
	}
	check_text(p.seen.event, "X");
	check_eq(p.seen.states, 0);
	/* bytes of 0 inside a line */
	check_eq(write(p.server, "{\0}\n{\"event\": \"Y\"}\n", 20), 20);
	check(monitor_read(&p.mon));
	server_says(&p, "\n{\"event\": \"Z\"}\n");
	check(monitor_read(&p.mon));
	check_text(p.seen.event, "Z");
	close_pair(&p);
}

static void endless_line(void)
{
	autofree char *much = xmalloc(65536);
	struct pair p;
	bool open = true;

	open_pair(&p);
	memset(much, ' ', 65536);
	fcntl(p.server, F_SETFL, O_NONBLOCK);
	for (int i = 0; open && i < 64; i++) {
		while (write(p.server, much, 65536) > 0)
			;
		open = monitor_read(&p.mon);
	}
	check(!open);
	close_pair(&p);
}

static void closed(void)
{
	struct pair p;
	struct err err;

	open_pair(&p);
	server_says(&p, "{\"event\": \"SHUTDOWN\"}\n");
	shutdown(p.server, SHUT_RDWR);
	check(!monitor_read(&p.mon));
	check_text(p.seen.event, "SHUTDOWN"); /* its last words count */
	check(monitor_send(&p.mon, "quit", &err) < 0);
	check_has(err.text, "cannot send quit to the engine");
	close_pair(&p);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	a_session();
	pieces();
	nonsense();
	endless_line();
	closed();
	return test_done();
}
