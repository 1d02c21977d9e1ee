/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/merge.h"

#include <string.h>

enum {
	IP = NET_ETH_HDR, /* where it begins in a frame */
	TCP = IP + 20,
	TCP_LEAST = 20,
	IP_MOST = 65535, /* bytes, header included */

	IP_TOTAL = IP + 2,
	IP_ID = IP + 4,
	IP_FRAGMENT = IP + 6,
	IP_PROTOCOL = IP + 9,
	IP_SUM = IP + 10,
	IP_SOURCE = IP + 12,
	TCP_SEQ = TCP + 4,
	TCP_OFFSET = TCP + 12,
	TCP_FLAGS = TCP + 13,
	TCP_SUM = TCP + 16,

	PSH = 8,
	ACK = 16,

	HDR_FLAGS = 0,
	HDR_GSO_TYPE = 1,
	HDR_HDR_LEN = 2,
	HDR_GSO_SIZE = 4,
	HDR_CSUM_START = 6,
	HDR_CSUM_OFFSET = 8,
	NEEDS_CSUM = 1,
	DATA_VALID = 2,
	GSO_TCPV4 = 1,
};

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_le16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

/* RFC 1071, over an even number of bytes; not complemented. */
static uint32_t sum(const uint8_t *p, size_t n, uint32_t start)
{
	for (size_t i = 0; i < n; i += 2)
		start += get16(p + i);
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return start;
}

/* The frame that waits, without the header before it. */
static uint8_t *waiting(struct merge *m)
{
	return m->frame + NET_VNET_HDR;
}

/* Bytes of headers if the frame is data of a TCP connection over IPv4 without
 * anything unusual, else 0. */
static size_t headers_of(const uint8_t *f, size_t n)
{
	size_t headers;

	if (n < TCP + TCP_LEAST || get16(f + 12) != 0x0800 || f[IP] != 0x45 ||
	    f[IP_PROTOCOL] != 6 || get16(f + IP_FRAGMENT) & 0x3fff)
		return 0;
	if ((f[TCP_FLAGS] & ~PSH) != ACK || get16(f + TCP + 18))
		return 0;
	headers = TCP + (size_t)(f[TCP_OFFSET] >> 4) * 4;
	if (headers < TCP + TCP_LEAST || headers >= n ||
	    get16(f + IP_TOTAL) != n - IP)
		return 0;
	return headers;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t from, size_t to)
{
	return !memcmp(a + from, b + from, to - from);
}

/* Does a frame go on where the waiting one ends?  All that may differ is what
 * each segment has of its own. */
static bool follows(struct merge *m, const uint8_t *f, size_t n)
{
	const uint8_t *w = waiting(m);
	size_t data = n - m->headers;

	return data <= m->segment && m->n + data - IP <= IP_MOST &&
	       same(f, w, 0, IP_TOTAL) && same(f, w, IP_FRAGMENT, IP_SUM) &&
	       same(f, w, IP_SOURCE, TCP_SEQ) &&
	       same(f, w, TCP_SEQ + 4, TCP_FLAGS) &&
	       same(f, w, TCP_FLAGS + 1, TCP_SUM) &&
	       same(f, w, TCP_SUM + 2, m->headers) &&
	       get32(f + TCP_SEQ) ==
		       get32(w + TCP_SEQ) + (uint32_t)(m->n - m->headers);
}

/* What was several becomes one: its length, its sums, how to cut it. */
static void seal(struct merge *m)
{
	uint8_t *hdr = m->frame, *f = waiting(m);
	uint8_t pseudo[12] = { 0 };

	hdr[HDR_FLAGS] = NEEDS_CSUM;
	hdr[HDR_GSO_TYPE] = GSO_TCPV4;
	put_le16(hdr + HDR_HDR_LEN, m->headers);
	put_le16(hdr + HDR_GSO_SIZE, m->segment);
	put_le16(hdr + HDR_CSUM_START, TCP);
	put_le16(hdr + HDR_CSUM_OFFSET, TCP_SUM - TCP);
	put16(f + IP_TOTAL, (uint32_t)(m->n - IP));
	put16(f + IP_SUM, 0);
	put16(f + IP_SUM, ~sum(f + IP, 20, 0));
	memcpy(pseudo, f + IP_SOURCE, 8);
	pseudo[9] = f[IP_PROTOCOL];
	put16(pseudo + 10, (uint32_t)(m->n - TCP));
	put16(f + TCP_SUM, sum(pseudo, sizeof(pseudo), 0));
}

void merge_flush(struct merge *m)
{
	if (!m->n)
		return;
	if (m->segments > 1)
		seal(m);
	m->send(m->arg, m->frame, m->n + NET_VNET_HDR);
	m->n = 0;
}

/* Data of the connection that waits goes behind it. */
static void append(struct merge *m, const uint8_t *frame, size_t n)
{
	size_t data = n - m->headers;
	uint8_t flags = frame[TCP_FLAGS];

	memcpy(waiting(m) + m->n, frame + m->headers, data);
	m->n += data;
	m->segments++;
	waiting(m)[TCP_FLAGS] |= flags;
	m->last = data < m->segment || flags & PSH;
}

void merge_add(struct merge *m, const uint8_t *frame, size_t n)
{
	size_t headers = m->on ? headers_of(frame, n) : 0;

	if (n > sizeof(m->frame) - NET_VNET_HDR)
		return;
	if (m->n && headers == m->headers && !m->last && follows(m, frame, n)) {
		append(m, frame, n);
		return;
	}
	merge_flush(m);
	memset(m->frame, 0, NET_VNET_HDR);
	m->frame[HDR_FLAGS] = DATA_VALID;
	memcpy(waiting(m), frame, n);
	m->n = n;
	m->headers = headers;
	m->segment = n - headers;
	m->segments = 1;
	m->last = headers && frame[TCP_FLAGS] & PSH;
	if (!headers) /* nothing can follow it */
		merge_flush(m);
}
