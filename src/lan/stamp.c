/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lan/stamp.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "lan/arp.h"
#include "lan/tap.h"

enum {
	WAIT_MS = 1000,
	DAY_MS = 86400 * 1000,
};

/* The header and the three times, each in ms since midnight UTC. */
struct stamp {
	struct icmphdr head;
	uint32_t originate, receive, transmit;
};

static uint32_t ms_of_day(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint32_t)(t.tv_sec % 86400 * 1000 + t.tv_nsec / 1000000);
}

static uint16_t checksum(const struct stamp *s)
{
	uint16_t words[sizeof(*s) / 2];
	uint32_t sum = 0;

	memcpy(words, s, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* RFC 792: with the highest bit the time is of another kind. */
static bool read_answer(int fd, uint16_t id, int32_t *ret_ahead_ms)
{
	uint8_t packet[256];
	ssize_t n = recv(fd, packet, sizeof(packet), 0);
	size_t head = n > 0 ? (size_t)(packet[0] & 15) * 4 : 0;
	struct stamp s;
	int64_t ahead;

	if (n < 0 || (size_t)n < head + sizeof(s))
		return false;
	memcpy(&s, packet + head, sizeof(s));
	if (s.head.type != ICMP_TIMESTAMPREPLY || s.head.un.echo.id != id ||
	    ntohl(s.transmit) >= DAY_MS)
		return false;
	ahead = (int64_t)ntohl(s.transmit) - ms_of_day();
	if (ahead > DAY_MS / 2)
		ahead -= DAY_MS;
	if (ahead < -DAY_MS / 2)
		ahead += DAY_MS;
	*ret_ahead_ms = (int32_t)ahead;
	return true;
}

bool stamp_ask(const char *address, int32_t *ret_ahead_ms)
{
	autoclose int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC,
				  IPPROTO_ICMP);
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct stamp s = { .head.type = ICMP_TIMESTAMP };
	struct pollfd p = { fd, POLLIN, 0 };

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return false;
	s.head.un.echo.id = (uint16_t)getpid();
	s.originate = htonl(ms_of_day());
	s.head.checksum = checksum(&s);
	if (send(fd, &s, sizeof(s), 0) != sizeof(s))
		return false;
	while (poll(&p, 1, WAIT_MS) > 0)
		if (read_answer(fd, s.head.un.echo.id, ret_ahead_ms))
			return true;
	return false;
}

bool stamp_guest(const struct machine *m, int32_t *ret_ahead_ms)
{
	for (size_t i = 0; i < m->nics.n; i++) {
		const struct machine_nic *n = &m->nics.at[i];
		autofree char *address = tap_is_ours(n) ? arp_address(n) : NULL;

		if (address && stamp_ask(address, ret_ahead_ms))
			return true;
	}
	return false;
}
