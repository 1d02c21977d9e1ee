/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User networking: the options, and the child process seen from a guest that
 * sends frames by hand.  This program is also that child.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "net/net.h"
#include "net/user.h"
#include "test.h"

static struct loop *loop;
static struct err err;
static struct user_config cfg;

static int parse(const char *a, const char *b)
{
	const char *const options[] = { a, b, NULL };

	err.text[0] = 0;
	return user_config_parse(&cfg, options, &err);
}

static uint32_t addr(struct in_addr a)
{
	return ntohl(a.s_addr);
}

static void test_options(void)
{
	static const char *const bad[] = {
		"net=10.0.2.0/28",
		"net=10.0.2.0/33",
		"net=x",
		"net=10.0.2.0/255.0.255.0",
		"host=10.0.3.2",
		"dns=1.2.3",
		"restrict=maybe",
		"nonsense=1",
		"novalue",
		"hostfwd=",
		"hostfwd=tcp::22",
		"hostfwd=tcp::x-:22",
		"hostfwd=tcp::22-:0",
		"hostfwd=tcp::22-:65536",
		"hostfwd=sctp::22-:22",
		"hostfwd=tcp:1.2.3:22-:22",
		"hostfwd=-",
		"hostfwd=:-:",
		"hostfwd=tcp:22-22",
		"dhcpstart=192.168.0.1",
	};

	check_eq(parse(NULL, NULL), 0);
	check_eq(addr(cfg.net), 0x0a000200);
	check_eq(addr(cfg.mask), 0xffffff00);
	check_eq(addr(cfg.host), 0x0a000202);
	check_eq(addr(cfg.dns), 0x0a000203);
	check_eq(addr(cfg.dhcpstart), 0x0a00020f);
	check(cfg.ipv4 && cfg.ipv6 && !cfg.restricted);
	check_eq(parse("net=192.168.178.0/24", "host=192.168.178.1"), 0);
	check_eq(addr(cfg.host), 0xc0a8b201);
	check_eq(addr(cfg.dns), 0xc0a8b203);
	check_eq(parse("net=192.168.178.77/255.255.255.0", NULL), 0);
	check_eq(addr(cfg.net), 0xc0a8b200);
	check_eq(parse("net=192.168.0.0", "restrict=on"), 0);
	check_eq(addr(cfg.mask), 0xffff0000);
	check_eq(addr(cfg.dhcpstart), 0xc0a8020f);
	check(cfg.restricted);
	check_eq(parse("hostfwd=tcp::2222-:22",
		       "hostfwd=udp:127.0.0.1:53-10.0.2.20:5353"),
		 0);
	check_eq(cfg.forwards, 2);
	check(!cfg.forward[0].udp);
	check_eq(cfg.forward[0].host_port, 2222);
	check_eq(cfg.forward[0].guest_port, 22);
	check_eq(addr(cfg.forward[0].guest), 0);
	check(cfg.forward[1].udp);
	check_eq(addr(cfg.forward[1].host), 0x7f000001);
	check_eq(addr(cfg.forward[1].guest), 0x0a000214);
	check_eq(parse("hostfwd=::80-:80", NULL), 0); /* QEMU's short form */
	check(parse("ipv4=off", "ipv6=off") < 0);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i], NULL) >= 0)
			fprintf(stderr, "taken: %s\n", bad[i]);
		check(err.text[0]);
	}
}

/* The front end keeps the last frame of the kind that is waited for. */
static uint8_t want_type[2], got[2000];
static size_t got_n;
static unsigned int downs, ups;

static bool receive(void *arg, const uint8_t *frame, size_t n)
{
	(void)arg;
	if (n > 12 + 14 && n < sizeof(got) &&
	    !memcmp(frame + 12 + 12, want_type, 2)) {
		memcpy(got, frame, n);
		got_n = n;
		loop_quit(loop, 0);
	}
	return true;
}

static void link_changed(void *arg, bool up)
{
	(void)arg;
	downs += !up;
	ups += up;
	if (up)
		loop_quit(loop, 0);
}

static const struct net_front front = { .receive = receive,
					.link = link_changed };

static void late(void *arg)
{
	(void)arg;
	loop_quit(loop, 1);
}

/* Until something happens; false after 5 seconds. */
static bool run(void)
{
	struct loop_timer t;
	int code;

	loop_timer_init(loop, &t, late, NULL);
	loop_timer_arm(&t, loop_now() + UINT64_C(5000000000));
	code = loop_run(loop);
	loop_timer_cancel(&t);
	return code == 0;
}

static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

/* Send a frame of this type, after an empty header; wait for an answer. */
static bool ask(struct netdev *nd, const uint8_t *hdr, uint16_t type,
		const uint8_t *payload, size_t n)
{
	static uint8_t frame[70000];
	struct iovec iov = { frame, 12 + 14 + n };

	memset(frame, 0, 26);
	if (hdr)
		memcpy(frame, hdr, 12);
	memset(frame + 12, 0xff, 6);
	memcpy(frame + 18, mac, 6);
	want_type[0] = frame[24] = (uint8_t)(type >> 8);
	want_type[1] = frame[25] = (uint8_t)type;
	memcpy(frame + 26, payload, n);
	got_n = 0;
	netdev_send(nd, &iov, 1, iov.iov_len);
	return run();
}

static bool arp(struct netdev *nd, uint8_t last)
{
	uint8_t p[28] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	memcpy(p + 8, mac, 6);
	memcpy(p + 14, "\x0a\0\2\x0f", 4);
	memcpy(p + 24, "\x0a\0\2", 3);
	p[27] = last;
	return ask(nd, NULL, 0x0806, p, sizeof(p)) && got[26 + 7] == 2 &&
	       !memcmp(got + 26 + 14, p + 24, 4);
}

static uint16_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void ip_header(uint8_t *p, uint16_t len, uint8_t protocol, uint32_t to)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, len);
	p[8] = 64;
	p[9] = protocol;
	memcpy(p + 12, "\x0a\0\2\x0f", 4);
	to = htonl(to);
	memcpy(p + 16, &to, 4);
	put16(p + 10, (uint16_t)~sum16(p, 20, 0));
}

/* DHCPDISCOVER, whose UDP checksum is left to the other end. */
static void test_dhcp(struct netdev *nd)
{
	uint8_t hdr[12] = { 1, [6] = 34, [8] = 6 };
	uint8_t p[20 + 8 + 244] = { 0 };
	uint8_t *udp = p + 20, *bootp = udp + 8;

	ip_header(p, sizeof(p), 17, UINT32_MAX);
	memset(p + 12, 0, 4);
	put16(p + 10, 0);
	put16(p + 10, (uint16_t)~sum16(p, 20, 0));
	put16(udp, 68);
	put16(udp + 2, 67);
	put16(udp + 4, sizeof(p) - 20);
	/* The pseudo header: addresses, protocol, length. */
	put16(udp + 6, sum16(p + 12, 8, 17 + sizeof(p) - 20));
	bootp[0] = 1;
	bootp[1] = 1;
	bootp[2] = 6;
	memcpy(bootp + 28, mac, 6);
	memcpy(bootp + 236, "\x63\x82\x53\x63\x35\1\1\xff", 8);
	check(ask(nd, hdr, 0x0800, p, sizeof(p)));
	check_eq(got[0], 2); /* marked as checked */
	check_eq(got[26 + 9], 17);
	check_eq(got[26 + 20 + 8], 2); /* a reply: our address */
	check(!memcmp(got + 26 + 28 + 16, "\x0a\0\2\x0f", 4));
	/* A header that points out of the frame is no frame. */
	hdr[6] = 0xff;
	hdr[7] = 0xff;
	netdev_send(nd, &(struct iovec){ hdr, 12 }, 1, 12);
	got_n = 0;
}

/* One TCP segment to the host's server at port; the pseudo header's sum is
 * there, the rest is left to the other end. */
static void tcp(struct netdev *nd, uint16_t port, uint8_t flags, uint32_t seq,
		uint32_t ack, const uint8_t *data, size_t n)
{
	static uint8_t p[66000];
	uint8_t hdr[12] = { 1, n > 1460 ? 1 : 0, [6] = 34, [8] = 16 };
	uint8_t *t = p + 20;

	put16(hdr + 4, 0);
	hdr[2] = 54;
	hdr[4] = 0xb4; /* segments of 1460 bytes, little-endian */
	hdr[5] = 0x05;
	ip_header(p, (uint16_t)(40 + n), 6, 0x0a000202);
	memset(t, 0, 20);
	put16(t, 4000);
	put16(t + 2, port);
	seq = htonl(seq);
	ack = htonl(ack);
	memcpy(t + 4, &seq, 4);
	memcpy(t + 8, &ack, 4);
	t[12] = 0x50;
	t[13] = flags;
	put16(t + 14, 0xffff);
	put16(t + 16, sum16(p + 12, 8, 6 + 20 + (uint32_t)n));
	if (n)
		memcpy(t + 20, data, n);
	check(ask(nd, hdr, 0x0800, p, 40 + n));
}

/* On this port of the loopback; 0: any.  -1: somebody has it. */
static int server_at(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(s, (struct sockaddr *)&sa, sizeof(sa)) == 0) {
		check(listen(s, 1) == 0);
		return s;
	}
	close(s);
	return -1;
}

static int server(uint16_t *ret_port)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	int s = server_at(0);

	check(getsockname(s, (struct sockaddr *)&sa, &len) == 0);
	*ret_port = ntohs(sa.sin_port);
	return s;
}

/* A connection to the host's loopback, and 20,000 bytes in one frame. */
static void test_tcp(struct netdev *nd)
{
	static uint8_t data[20000], back[20000];
	uint16_t port;
	int s = server(&port), c;
	uint32_t theirs;
	size_t n = 0;

	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 11 + (i >> 8));
	tcp(nd, port, 0x02, 1000, 0, NULL, 0);
	check_eq(got[26 + 20 + 13], 0x12); /* SYN, ACK */
	memcpy(&theirs, got + 26 + 20 + 4, 4);
	theirs = ntohl(theirs);
	c = accept(s, NULL, NULL);
	tcp(nd, port, 0x18, 1001, theirs + 1, data, sizeof(data));
	while (n < sizeof(back)) {
		ssize_t r = read(c, back + n, sizeof(back) - n);

		if (r <= 0)
			break;
		n += (size_t)r;
	}
	check_eq(n, sizeof(data));
	check(!memcmp(back, data, sizeof(data)));
	close(c);
	close(s);
}

/* The first child of a process; 0: none. */
static pid_t child_of(pid_t pid)
{
	char path[64], line[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "r");
	check(f);
	if (!f)
		return 0;
	(void)!fgets(line, sizeof(line), f);
	fclose(f);
	return (pid_t)strtol(line, NULL, 10);
}

/* The worker dies: the link goes down, another one starts. */
static void test_restart(struct netdev *nd)
{
	pid_t worker = child_of(child_of(getpid()));

	check(worker > 1);
	downs = ups = 0;
	if (worker > 1)
		kill(worker, SIGKILL);
	/* A frame of an earlier connection may come first. */
	while (!ups && run())
		;
	check_eq(downs, 1);
	check_eq(ups, 1);
	check(arp(nd, 3));
}

/* A child of which this is the emulator; returns our end. */
static int start_child(const char *rule, pid_t *ret_pid)
{
	const char *const argv[] = { "test", NETDEV_USER_CHILD, rule, NULL };
	int pair[2];

	check_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair),
		 0);
	*ret_pid = fork();
	if (!*ret_pid) {
		dup2(pair[1], USER_SOCKET);
		execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
		_exit(1);
	}
	close(pair[1]);
	return pair[0];
}

static void hear(int fd, char want)
{
	char letter = 0;

	while (letter != want && read(fd, &letter, 1) == 1)
		;
	check_eq(letter, want);
}

static bool ends(pid_t pid)
{
	for (int i = 0; i < 1000; i++) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return false;
}

/* The emulator is killed while no worker comes up, because somebody has taken
 * the port meanwhile: the supervisor does not stay behind. */
static void test_killed(void)
{
	uint16_t port;
	int s = server(&port), end;
	char rule[64];
	pid_t pid, worker;

	close(s);
	snprintf(rule, sizeof(rule), "hostfwd=tcp:127.0.0.1:%u-:22", port);
	end = start_child(rule, &pid);
	do {
		hear(end, USER_UP);
		worker = child_of(pid);
		check(worker > 1);
		if (worker > 1)
			kill(worker, SIGKILL);
		hear(end, USER_DOWN);
		s = server_at(port); /* -1: the next worker was faster */
	} while (s < 0 && !test_failures);
	hear(end, USER_DOWN);
	close(end);
	check(ends(pid));
	close(s);
}

static void test_errors(void)
{
	uint16_t port;
	int s = server(&port);
	char rule[64];
	const char *options[] = { rule, NULL };
	const struct netdev_user opt = { .id = "n", .options = options };

	snprintf(rule, sizeof(rule), "hostfwd=tcp:127.0.0.1:%u-:22", port);
	check(!netdev_user_new(loop, &opt, &err));
	check(strstr(err.text, "hostfwd"));
	check(strstr(err.text, "in use"));
	strcpy(rule, "hostfwd=tcp");
	check(!netdev_user_new(loop, &opt, &err));
	close(s);
}

int main(int argc, char **argv)
{
	const char *const options[] = { "hostname=guest", NULL };
	const struct netdev_user opt = { .id = "n", .options = options };
	struct netdev *nd;

	if (argc > 1 && !strcmp(argv[1], NETDEV_USER_CHILD))
		return netdev_user_child(argc, argv);
	log_init("test_net_user", LOG_QUIET);
	loop = loop_new(&err);
	test_options();
	test_errors();
	test_killed();
	nd = netdev_user_new(loop, &opt, &err);
	if (!nd)
		fprintf(stderr, "%s\n", err.text);
	check(nd);
	if (nd) {
		netdev_connect(nd, &front);
		check_eq(nd->vnet_hdr, 12);
		check(arp(nd, 2));
		test_dhcp(nd);
		test_tcp(nd);
		test_restart(nd);
		netdev_free(nd);
	}
	loop_free(loop);
	return test_done();
}
