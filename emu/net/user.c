/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User networking, the emulator's end: a child process with libslirp at the
 * other end of a socket pair of frames (user.h).
 *
 * It is a process because libslirp is not thread-safe, its GLib ends the
 * process when memory is exhausted, and it talks to the whole world.  The
 * child is this program again, started with NETDEV_USER_CHILD, so it has
 * none of the guest's memory.  When its libslirp dies it starts another; the
 * guest sees the cable pulled for a moment.
 *
 * Frames carry a virtio_net_hdr, so a guest may leave checksums and the
 * cutting of TCP over IPv4 undone: the child, which ends the TCP connection,
 * needs them only once (user_child.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/mem.h"
#include "net/frames.h"
#include "net/user.h"

enum {
	START_MS = 20000,
	SOCKET_BUFFER = 4 << 20, /* bytes; the kernel gives what it may */
};

struct user {
	struct netdev nd; /* first */
	struct frames frames;
	pid_t child;
	atomic_uint taken; /* enum net_offload that the guest takes */
};

static struct user *user_of(struct netdev *nd)
{
	return (struct user *)nd;
}

static void user_send(struct netdev *nd, const struct iovec *iov, int n,
		      size_t bytes)
{
	if (bytes >= NET_VNET_HDR + NET_ETH_HDR)
		frames_send(&user_of(nd)->frames, iov, n);
}

static void user_kick(struct netdev *nd)
{
	frames_kick(&user_of(nd)->frames);
}

static void tell_offloads(struct user *u)
{
	uint8_t msg[] = { USER_OFFLOADS, (uint8_t)atomic_load(&u->taken) };

	(void)!send(u->frames.fd, msg, sizeof(msg), MSG_NOSIGNAL);
}

static void user_set_offload(struct netdev *nd, unsigned int offloads)
{
	struct user *u = user_of(nd);

	atomic_store(&u->taken, offloads);
	tell_offloads(u);
}

/* It ends when it sees the socket closed; it may be in a resolver, so it is
 * not waited for long. */
static void end_child(pid_t pid)
{
	for (unsigned int i = 0; i < 50; i++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void user_free(struct netdev *nd)
{
	struct user *u = user_of(nd);

	frames_fini(&u->frames);
	if (u->child > 0)
		end_child(u->child);
	free(nd->id);
	free(u);
}

static const struct netdev_ops user_ops = {
	.send = user_send,
	.kick = user_kick,
	.set_offload = user_set_offload,
	.free = user_free,
};

/* Messages of the child between the frames. */
static bool control(struct netdev *nd, const uint8_t *msg, size_t n)
{
	if (n >= NET_VNET_HDR + NET_ETH_HDR)
		return false;
	if (n && msg[0] == USER_DOWN) {
		log_warn("network \"%s\": its process ended, starting another",
			 nd->id);
		netdev_set_link(nd, false);
	} else if (n && msg[0] == USER_UP) {
		tell_offloads(user_of(nd));
		netdev_set_link(nd, true);
	}
	return true;
}

/* The child's descriptors: the socket, and the emulator's standard ones, which
 * in the background nobody may go on holding.  What it says until it is up it
 * says through the socket. */
static void give(posix_spawn_file_actions_t *actions, int fd, bool daemonize)
{
	posix_spawn_file_actions_adddup2(actions, fd, USER_SOCKET);
	for (int i = 0; daemonize && i < USER_SOCKET; i++)
		posix_spawn_file_actions_addopen(actions, i, "/dev/null",
						 O_RDWR, 0);
	posix_spawn_file_actions_addclosefrom_np(actions, USER_SOCKET + 1);
}

static int spawn(pid_t *ret_pid, int fd, const struct netdev_user *opt,
		 struct err *err)
{
	const char *const *options = opt->options;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	const char **argv;
	sigset_t none;
	size_t n = 0;
	int code;

	while (options[n])
		n++;
	argv = xcalloc(n + 3, sizeof(*argv));
	argv[0] = "pimigrate-emu";
	argv[1] = NETDEV_USER_CHILD;
	memcpy(argv + 2, options, n * sizeof(*argv));

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	/* Ctrl-C on the emulator's terminal is not for the child. */
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
						POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_init(&actions);
	give(&actions, fd, opt->daemonize);
	code = posix_spawn(ret_pid, "/proc/self/exe", &actions, &attr,
			   (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	free(argv);
	if (code)
		return err_errno(err, code,
				 "cannot start the process for user "
				 "networking");
	return 0;
}

/* The child's first message: up, or why not. */
static int wait_ready(int fd, struct err *err)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char text[400];
	ssize_t n;

	if (poll(&pfd, 1, START_MS) == 0)
		return err_set(err, ETIMEDOUT,
			       "the process for user networking does not "
			       "start");
	n = read(fd, text, sizeof(text) - 1);
	if (n > 0 && text[0] == USER_UP)
		return 0;
	text[n > 0 ? n : 0] = 0;
	if (n > 0 && text[0] == USER_ERROR)
		return err_set(err, EINVAL, "%s", text + 1);
	return err_set(err, ECHILD,
		       "the process for user networking ended at once");
}

static void size_buffers(int fd)
{
	int size = SOCKET_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size,
				 sizeof(size));
}

static int start(struct user *u, struct loop *loop,
		 const struct netdev_user *opt, struct err *err)
{
	autoclose int ours = -1, theirs = -1;
	int pair[2], code;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, errno, "cannot make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	size_buffers(ours);
	size_buffers(theirs);
	code = spawn(&u->child, theirs, opt, err);
	if (code < 0)
		return code;
	close(steal_fd(&theirs));
	code = wait_ready(ours, err);
	if (code < 0)
		return code;
	if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
		return err_errno(err, errno, "cannot set up a socket");
	return frames_init(&u->frames, &u->nd, loop, steal_fd(&ours), err);
}

struct netdev *netdev_user_new(struct loop *loop, const struct netdev_user *opt,
			       struct err *err)
{
	struct user_config cfg;
	struct user *u;

	if (user_config_parse(&cfg, opt->options, err) < 0)
		return NULL;
	u = xnew(struct user);
	u->nd = (struct netdev){
		.ops = &user_ops,
		.id = xstrdup(opt->id),
		.vnet_hdr = NET_VNET_HDR,
		.offloads = NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4,
		.link_up = true,
	};
	u->frames.fd = -1;
	u->frames.control = control;
	if (start(u, loop, opt, err) < 0) {
		user_free(&u->nd);
		return NULL;
	}
	return &u->nd;
}
