/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Back ends of the network: a stream, and a TAP in a namespace of its own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "net/net.h"
#include "test.h"

static struct loop *loop;
static struct err err;

/* The front end. */
static uint8_t got[70000];
static size_t got_n;
static unsigned int frames, links;
static bool room = true;

static bool receive(void *arg, const uint8_t *frame, size_t n)
{
	(void)arg;
	if (!room)
		return false;
	memcpy(got, frame, n);
	got_n = n;
	frames++;
	return true;
}

static void link_changed(void *arg, bool up)
{
	(void)arg;
	links += !up;
}

static const struct net_front front = { .receive = receive,
					.link = link_changed };

/* Let the loop run for so long. */
static void quit(void *arg)
{
	(void)arg;
	loop_quit(loop, 0);
}

static void run(unsigned int ms)
{
	struct loop_timer t;

	loop_timer_init(loop, &t, quit, NULL);
	loop_timer_arm(&t, loop_now() + ms * UINT64_C(1000000));
	loop_run(loop);
	loop_timer_cancel(&t);
}

static void put_frame(int fd, const void *frame, uint32_t n)
{
	uint8_t length[] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16),
			     (uint8_t)(n >> 8), (uint8_t)n };

	check_eq(io_write(fd, length, 4), 0);
	check_eq(io_write(fd, frame, n), 0);
}

static void test_stream(void)
{
	static uint8_t frame[65000];
	struct iovec iov[2] = { { frame, 40 }, { frame + 40, 60 } };
	struct netdev *nd;
	int pair[2];

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	nd = netdev_stream_new(
		loop, &(struct netdev_stream){ .id = "n", .fd = pair[0] },
		&err);
	check(nd);
	netdev_connect(nd, &front);
	check_eq(nd->vnet_hdr, 0);
	for (unsigned int i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 3 + (i >> 8));

	/* Several frames in one read; one that comes in pieces. */
	frames = 0;
	put_frame(pair[1], frame, 100);
	put_frame(pair[1], frame + 1, 60);
	check_eq(io_write(pair[1],
			  "\0\0\0\x20"
			  "abc",
			  7),
		 0);
	run(20);
	check_eq(frames, 2);
	check_eq(got_n, 60);
	check(!memcmp(got, frame + 1, 60));
	check_eq(io_write(pair[1], "defghijklmnopqrstuvwxyz0123456789", 29), 0);
	run(20);
	check_eq(frames, 3);
	check_eq(got_n, 32);

	/* No room: the frame waits for a kick. */
	room = false;
	put_frame(pair[1], frame, 100);
	put_frame(pair[1], frame, 50);
	run(20);
	check_eq(frames, 3);
	room = true;
	run(20);
	check_eq(frames, 3);
	netdev_kick(nd);
	run(20);
	check_eq(frames, 5);
	check_eq(got_n, 50);

	/* Out; and more than the socket takes: whole frames or nothing. */
	netdev_send(nd, iov, 2, 100);
	check_eq(io_read(pair[1], got, 104), 104);
	check_eq(got[3], 100);
	check(!memcmp(got + 4, frame, 100));
	iov[0] = (struct iovec){ frame, sizeof(frame) };
	for (unsigned int i = 0; i < 100; i++)
		netdev_send(nd, iov, 1, sizeof(frame));
	for (unsigned int whole = 0;; whole++) {
		size_t n = 0;

		run(1); /* the rest goes out */
		if (recv(pair[1], got, 4, MSG_DONTWAIT) < 4) {
			check(whole > 1 && whole < 100);
			break;
		}
		n = (size_t)got[2] << 8 | got[3];
		check_eq(n, sizeof(frame));
		while (n) {
			ssize_t r = recv(pair[1], got, n, MSG_DONTWAIT);

			if (r > 0)
				n -= (size_t)r;
			else
				run(1);
		}
	}

	/* Nonsense ends it, once; sending then does nothing. */
	links = 0;
	check_eq(io_write(pair[1], "\xff\xff\xff\xff", 4), 0);
	run(20);
	check_eq(links, 1);
	check(!nd->link_up);
	netdev_send(nd, iov, 1, 100);
	netdev_kick(nd);
	run(5);
	netdev_free(nd);
	close(pair[1]);
	check(!netdev_stream_new(
		loop,
		&(struct netdev_stream){
			.id = "n", .path = "/nowhere/passt.socket", .fd = -1 },
		&err));
	check(strstr(err.text, "/nowhere/passt.socket"));
}

static int up(const char *name)
{
	struct ifreq req = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM, 0), code;

	strcpy(req.ifr_name, name);
	req.ifr_flags = IFF_UP;
	code = ioctl(s, SIOCSIFFLAGS, &req);
	close(s);
	return code;
}

/* A raw socket: the host's side of the TAP. */
static int raw_socket(const char *name)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
				    .sll_protocol = htons(0x88b5) };
	struct ifreq req = { 0 };
	int s = socket(AF_PACKET, SOCK_RAW, htons(0x88b5));

	strcpy(req.ifr_name, name);
	check(ioctl(s, SIOCGIFINDEX, &req) == 0);
	addr.sll_ifindex = req.ifr_ifindex;
	check(bind(s, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	return s;
}

static void test_tap(void)
{
	const struct netdev_tap opt = { .id = "n",
					.ifname = "pimi0",
					.fd = -1 };
	uint8_t frame[12 + 64] = { 0 };
	struct iovec iov = { frame, sizeof(frame) };
	struct netdev *nd = netdev_tap_new(loop, &opt, &err);
	int s;

	if (!nd)
		fprintf(stderr, "%s\n", err.text);
	check(nd);
	if (!nd)
		return;
	netdev_connect(nd, &front);
	check_eq(nd->vnet_hdr, 12);
	check(nd->offloads & NET_OFFLOAD_TSO4);
	netdev_set_offload(nd, nd->offloads);
	check(!netdev_tap_new(loop, &opt, &err)); /* it is in use */
	check(strstr(err.text, "pimi0"));
	netdev_send(nd, &iov, 1, sizeof(frame)); /* it is down: lost */
	check(up("pimi0") == 0);
	s = raw_socket("pimi0");

	memset(frame + 12, 0xff, 6);
	frame[12 + 12] = 0x88;
	frame[12 + 13] = 0xb5;
	frame[12 + 20] = 42;
	frames = 0;
	room = false;
	for (unsigned int i = 0; i < 100; i++)
		check_eq(write(s, frame + 12, 64), 64);
	run(20);
	check_eq(frames, 0);
	room = true;
	netdev_kick(nd);
	run(30);
	check(frames >= 100); /* the kernel sends some of its own */

	netdev_send(nd, &iov, 1, sizeof(frame));
	check_eq(recv(s, got, sizeof(got), MSG_DONTWAIT), 64);
	check_eq(got[20], 42);
	close(s);
	netdev_free(nd);

	check(!netdev_tap_new(
		loop,
		&(struct netdev_tap){
			.id = "n", .ifname = "a-name-that-is-long", .fd = -1 },
		&err));
	check(!netdev_tap_new(
		loop,
		&(struct netdev_tap){ .id = "n", .fd = dup(STDERR_FILENO) },
		&err));
	check(strstr(err.text, "no TAP"));
}

/* Like "ip tuntap add": it is there without anybody who has it open. */
static void make_tap(const char *name)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR);

	strcpy(req.ifr_name, name);
	check(ioctl(fd, TUNSETIFF, &req) == 0);
	check(ioctl(fd, TUNSETPERSIST, 1UL) == 0);
	close(fd);
	check(up(name) == 0);
}

static double cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* Removed while it is in use, and made again. */
static void test_tap_again(void)
{
	const struct netdev_tap opt = { .id = "n",
					.ifname = "pimi1",
					.fd = -1 };
	uint8_t frame[12 + 64] = { 0 };
	struct iovec iov = { frame, sizeof(frame) };
	struct netdev *nd;
	double began;
	int s;

	make_tap("pimi1");
	nd = netdev_tap_new(loop, &opt, &err);
	check(nd);
	if (!nd)
		return;
	netdev_connect(nd, &front);
	netdev_set_offload(nd, nd->offloads);
	for (int round = 0; round < 2; round++) {
		links = 0;
		room = !round; /* a frame waits when it goes: epoll does not
				* tell before the guest has taken that */
		s = raw_socket("pimi1");
		memset(frame + 12, 0xff, 6);
		check_eq(write(s, frame + 12, 64), 64);
		run(20);
		close(s);
		check(system("ip link del pimi1") == 0);
		room = true;
		netdev_kick(nd);
		began = cpu_seconds();
		run(1500);
		check(cpu_seconds() - began < 0.5);
		check_eq(links, 1);
		check(!nd->link_up);
		check(!if_nametoindex("pimi1")); /* it is not made by us */
		netdev_send(nd, &iov, 1, sizeof(frame));
		netdev_kick(nd);

		make_tap("pimi1");
		for (int i = 0; i < 1000 && !nd->link_up; i++)
			run(20);
		check(nd->link_up);
		s = raw_socket("pimi1");
		frames = 0;
		frame[12 + 12] = 0x88;
		frame[12 + 13] = 0xb5;
		check_eq(write(s, frame + 12, 64), 64);
		for (int i = 0; i < 1000 && !frames; i++)
			run(20);
		check(frames > 0);
		netdev_send(nd, &iov, 1, sizeof(frame));
		check_eq(recv(s, got, sizeof(got), MSG_DONTWAIT), 64);
		close(s);
	}
	check(system("ip link del pimi1") == 0);
	run(20);
	netdev_free(nd); /* while it is looked for */
	run(1200);
}

int main(void)
{
	log_init("test_net", LOG_QUIET);
	loop = loop_new(&err);
	test_stream();
	if (test_failures)
		return 1;
	if (unshare(CLONE_NEWNET) < 0 || access("/dev/net/tun", R_OK | W_OK)) {
		fprintf(stderr,
			"TAP not tested: no namespaces or no "
			"/dev/net/tun here (%s)\n",
			strerror(errno));
		loop_free(loop);
		return 77;
	}
	test_tap();
	test_tap_again();
	loop_free(loop);
	return test_done();
}
