/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User networking, the child: libslirp between the emulator's socket and the
 * host's network.
 *
 * Two processes: a supervisor that does nothing but wait, and a worker with
 * libslirp, which it starts again when it dies (of exhausted memory, or of
 * what a guest or the network sent).  Both hold the same end of the socket,
 * which keeps messages apart, so a new worker just goes on reading.  The
 * worker ends well when the emulator's end is closed, and then so does the
 * supervisor.
 *
 * Frames from the guest may have no TCP or UDP checksum, and TCP over IPv4 may
 * be up to 64 KiB in one frame (the header says so; virtio 1.2 §5.1.6.2).
 * libslirp checks the checksum, so it is filled in; it takes the large
 * frames as they are, because it is the end of the connection.  Over IPv6 it
 * would not: that is not offered.  Frames to the guest are marked as checked,
 * since they never were on a wire, and segments of a connection are joined
 * (merge.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <libslirp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "net/merge.h"
#include "net/net.h"
#include "net/user.h"

enum {
	AT_ONCE = 64, /* frames read in one turn */
	POLLS = 1024,
	TIMERS = 8,
	ROOM_MS = 20, /* a frame waits so long for room at the emulator */

	EXIT_OVER = 0,   /* the emulator has gone */
	EXIT_CONFIG = 2, /* the reason was sent */

	HDR_FLAGS = 0,
	HDR_CSUM_START = 6,
	HDR_CSUM_OFFSET = 8,
	FLAG_NEEDS_CSUM = 1,
};

struct timer {
	SlirpTimerCb fire;
	void *arg;
	int64_t due; /* ms; -1: not armed */
	bool used;
};

struct worker {
	Slirp *slirp;
	struct pollfd polls[POLLS];
	int poll_n;
	struct timer timers[TIMERS];
	struct log_limit wrong; /* what the guest sent wrongly */
	uint8_t frame[NET_FRAME_MAX];
	struct merge merge;
};

static int64_t clock_ns(void *opaque)
{
	struct timespec ts;

	(void)opaque;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* A frame to the guest, with its header. */
static void write_frame(void *arg, const uint8_t *frame, size_t n)
{
	struct pollfd pfd = { .fd = USER_SOCKET, .events = POLLOUT };

	(void)arg;
	/* A guest that takes no frames: the other side sends them again. */
	if (write(USER_SOCKET, frame, n) < 0 && errno == EAGAIN &&
	    poll(&pfd, 1, ROOM_MS) > 0)
		(void)!write(USER_SOCKET, frame, n);
}

/* It waits until libslirp has nothing more to do now. */
static ssize_t send_packet(const void *buf, size_t len, void *opaque)
{
	struct worker *w = opaque;

	if (len >= NET_ETH_HDR)
		merge_add(&w->merge, buf, len);
	return (ssize_t)len;
}

static void guest_error(const char *msg, void *opaque)
{
	struct worker *w = opaque;

	log_limited(&w->wrong, "user network: the guest sent: %s", msg);
}

static void *timer_new(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
	struct worker *w = opaque;

	for (unsigned int i = 0; i < TIMERS; i++) {
		if (w->timers[i].used)
			continue;
		w->timers[i] = (struct timer){ cb, cb_opaque, -1, true };
		return &w->timers[i];
	}
	abort(); /* libslirp has one */
}

static void timer_free(void *timer, void *opaque)
{
	(void)opaque;
	((struct timer *)timer)->used = false;
}

static void timer_mod(void *timer, int64_t due, void *opaque)
{
	(void)opaque;
	((struct timer *)timer)->due = due;
}

static void no_fd(int fd, void *opaque)
{
	(void)fd;
	(void)opaque;
}

static void no_notify(void *opaque)
{
	(void)opaque;
}

static const SlirpCb callbacks = {
	.send_packet = send_packet,
	.guest_error = guest_error,
	.clock_get_ns = clock_ns,
	.timer_new = timer_new,
	.timer_free = timer_free,
	.timer_mod = timer_mod,
	.register_poll_fd = no_fd,
	.unregister_poll_fd = no_fd,
	.notify = no_notify,
};

/* The Internet checksum (RFC 1071) over what the header names, where the sum
 * of the pseudo header stands already.  False: the header makes no sense. */
static bool fill_checksum(const uint8_t *hdr, uint8_t *frame, size_t n)
{
	size_t from = (size_t)hdr[HDR_CSUM_START] |
		      (size_t)hdr[HDR_CSUM_START + 1] << 8;
	size_t at = (size_t)hdr[HDR_CSUM_OFFSET] |
		    (size_t)hdr[HDR_CSUM_OFFSET + 1] << 8;
	uint64_t sum = 0;
	size_t i;

	at += from;
	if (from < NET_ETH_HDR || at + 2 > n)
		return false;
	for (i = from; i + 4 <= n; i += 4) {
		uint32_t word;

		memcpy(&word, frame + i, 4);
		sum += word;
	}
	for (; i < n; i++) /* low byte first, as the words were read */
		sum += (uint64_t)frame[i] << 8 * ((i - from) % 4);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	if (!sum) /* UDP's "no checksum" */
		sum = 0xffff;
	frame[at] = (uint8_t)sum;
	frame[at + 1] = (uint8_t)(sum >> 8);
	return true;
}

static void from_guest(struct worker *w, size_t n)
{
	uint8_t *frame = w->frame + NET_VNET_HDR;

	if (n == 2 && w->frame[0] == USER_OFFLOADS) {
		merge_flush(&w->merge);
		w->merge.on = w->frame[1] & NET_OFFLOAD_TSO4;
	}
	if (n < NET_VNET_HDR + NET_ETH_HDR)
		return;
	n -= NET_VNET_HDR;
	if (w->frame[HDR_FLAGS] & FLAG_NEEDS_CSUM &&
	    !fill_checksum(w->frame, frame, n))
		return;
	slirp_input(w->slirp, frame, (int)n);
}

/* False: the emulator's end is closed. */
static bool read_frames(struct worker *w)
{
	for (unsigned int i = 0; i < AT_ONCE; i++) {
		ssize_t n = read(USER_SOCKET, w->frame, sizeof(w->frame));

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0)
			return false;
		from_guest(w, (size_t)n);
	}
	return true;
}

static const struct {
	int slirp;
	short poll;
} events[] = {
	{ SLIRP_POLL_IN, POLLIN },   { SLIRP_POLL_OUT, POLLOUT },
	{ SLIRP_POLL_PRI, POLLPRI }, { SLIRP_POLL_ERR, POLLERR },
	{ SLIRP_POLL_HUP, POLLHUP },
};

static int add_poll(int fd, int want, void *opaque)
{
	struct worker *w = opaque;
	struct pollfd *pfd;

	if (w->poll_n == POLLS)
		return -1;
	pfd = &w->polls[w->poll_n];
	*pfd = (struct pollfd){ .fd = fd };
	for (unsigned int i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (want & events[i].slirp)
			pfd->events = (short)(pfd->events | events[i].poll);
	return w->poll_n++;
}

static int get_revents(int idx, void *opaque)
{
	const struct worker *w = opaque;
	int got = 0;

	for (unsigned int i = 0;
	     idx >= 0 && i < sizeof(events) / sizeof(events[0]); i++)
		if (w->polls[idx].revents & events[i].poll)
			got |= events[i].slirp;
	return got;
}

/* Fire what is due; shorten the time to the next that is not (ms). */
static void run_timers(struct worker *w, uint32_t *timeout)
{
	int64_t now = clock_ns(NULL) / 1000000;

	for (unsigned int i = 0; i < TIMERS; i++) {
		struct timer *t = &w->timers[i];

		if (!t->used || t->due < 0)
			continue;
		if (t->due <= now) {
			t->due = -1;
			t->fire(t->arg);
		}
		if (t->used && t->due >= 0 && t->due - now < *timeout)
			*timeout = t->due > now ? (uint32_t)(t->due - now) : 0;
	}
}

static int serve(struct worker *w)
{
	for (;;) {
		uint32_t timeout = 60000;
		int n;

		run_timers(w, &timeout);
		merge_flush(&w->merge);
		w->polls[0] = (struct pollfd){ .fd = USER_SOCKET,
					       .events = POLLIN };
		w->poll_n = 1;
		slirp_pollfds_fill(w->slirp, &timeout, add_poll, w);
		n = poll(w->polls, (nfds_t)w->poll_n, (int)timeout);
		if (n < 0 && errno != EINTR)
			return EXIT_FAILURE;
		slirp_pollfds_poll(w->slirp, n < 0, get_revents, w);
		if (n > 0 && w->polls[0].revents && !read_frames(w))
			return EXIT_OVER;
		merge_flush(&w->merge);
	}
}

static Slirp *make_slirp(const struct user_config *cfg, struct worker *w)
{
	SlirpConfig c = {
		.version = 4,
		.restricted = cfg->restricted,
		.in_enabled = cfg->ipv4,
		.vnetwork = cfg->net,
		.vnetmask = cfg->mask,
		.vhost = cfg->host,
		.in6_enabled = cfg->ipv6,
		.vprefix_len = 64,
		.vhostname = cfg->hostname[0] ? cfg->hostname : NULL,
		.vdomainname = cfg->domainname[0] ? cfg->domainname : NULL,
		.vdhcp_start = cfg->dhcpstart,
		.vnameserver = cfg->dns,
	};

	/* As in QEMU: fec0::/64, the host is 2, the resolver 3. */
	c.vprefix_addr6.s6_addr[0] = 0xfe;
	c.vprefix_addr6.s6_addr[1] = 0xc0;
	c.vhost6 = c.vnameserver6 = c.vprefix_addr6;
	c.vhost6.s6_addr[15] = 2;
	c.vnameserver6.s6_addr[15] = 3;
	return slirp_new(&c, &callbacks, w);
}

static int add_forwards(Slirp *slirp, const struct user_config *cfg,
			struct err *err)
{
	for (unsigned int i = 0; i < cfg->forwards; i++) {
		const struct user_forward *f = &cfg->forward[i];
		char name[INET_ADDRSTRLEN];

		errno = 0;
		if (slirp_add_hostfwd(slirp, f->udp, f->host, f->host_port,
				      f->guest, f->guest_port) >= 0)
			continue;
		inet_ntop(AF_INET, &f->host, name, sizeof(name));
		return err_set(err, errno ? errno : EINVAL,
			       "cannot forward %s port %u of %s to the guest: "
			       "%s%s",
			       f->udp ? "UDP" : "TCP", f->host_port, name,
			       errno ? strerror(errno) : "refused",
			       errno == EADDRINUSE
				       ? "; choose another port in hostfwd"
				       : "");
	}
	return 0;
}

static void tell(char letter, const char *text)
{
	char msg[400];
	int n = snprintf(msg, sizeof(msg), "%c%s", letter, text);

	(void)!write(USER_SOCKET, msg,
		     n < (int)sizeof(msg) ? (size_t)n : sizeof(msg) - 1);
}

static int work(const struct user_config *cfg, bool first)
{
	struct worker *w = xnew(struct worker);
	struct err err;

	w->merge.send = write_frame;
	w->slirp = make_slirp(cfg, w);
	if (!w->slirp)
		err_set(&err, EINVAL, "libslirp does not take these options");
	if (!w->slirp || add_forwards(w->slirp, cfg, &err) < 0) {
		if (!first) { /* perhaps soon: the supervisor tries again */
			log_warn("%s", err.text);
			return EXIT_FAILURE;
		}
		tell(USER_ERROR, err.text);
		return EXIT_CONFIG;
	}
	tell(USER_UP, "");
	return serve(w);
}

/* Within this time.  A worker would see it, too, but perhaps none comes up. */
static bool emulator_gone(int ms)
{
	struct pollfd pfd = { .fd = USER_SOCKET }; /* POLLHUP alone */

	return poll(&pfd, 1, ms) > 0;
}

static int supervise(const struct user_config *cfg)
{
	int pause_ms = 100;

	for (bool first = true;; first = false) {
		int64_t begin = clock_ns(NULL);
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(work(cfg, first));
		}
		if (pid > 0)
			while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
				;
		if (pid > 0 && WIFEXITED(status) &&
		    (WEXITSTATUS(status) == EXIT_OVER ||
		     WEXITSTATUS(status) == EXIT_CONFIG))
			return WEXITSTATUS(status);
		tell(USER_DOWN, "");
		/* One that dies at once is started ever more slowly. */
		if (clock_ns(NULL) - begin > INT64_C(60000000000))
			pause_ms = 100;
		if (emulator_gone(pause_ms))
			return EXIT_OVER;
		if (pause_ms < 10000)
			pause_ms *= 2;
	}
}

int netdev_user_child(int argc, char **argv)
{
	struct user_config cfg;
	struct err err;

	log_init("pimigrate-emu", LOG_WARN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	if (argc < 2 || fcntl(USER_SOCKET, F_SETFL, O_NONBLOCK) < 0)
		return EXIT_CONFIG;
	if (user_config_parse(&cfg, (const char *const *)argv + 2, &err) < 0) {
		tell(USER_ERROR, err.text);
		return EXIT_CONFIG;
	}
	return supervise(&cfg);
}
