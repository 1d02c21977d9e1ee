/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments that are joined on their way to the guest: cut again as its driver
 * would, they are what came; and whatever is unusual passes by itself.
 */
#include "net/merge.h"

#include <string.h>

#include "test.h"

enum {
	HEAD = 14 + 20 + 20,
	MSS = 1460,
	SEQ = 14 + 20 + 4,
	FLAGS = 14 + 20 + 13,
};

static struct merge m;

/* What came out, with headers before the frames. */
static struct {
	uint8_t frame[NET_FRAME_MAX];
	size_t n;
} out[16];
static size_t outs;

static void take(void *arg, const uint8_t *frame, size_t n)
{
	(void)arg;
	check(outs < 16 && n <= NET_FRAME_MAX);
	memcpy(out[outs].frame, frame, n);
	out[outs++].n = n;
}

static void start(bool on)
{
	memset(&m, 0, sizeof(m));
	m.send = take;
	m.on = on;
	outs = 0;
}

/* Data of a connection: byte i of it is i * 7. */
static size_t segment(uint8_t *f, uint32_t seq, size_t data)
{
	static const uint8_t head[HEAD] = {
		0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x52, 0x55, 10, 0, 2, 2, 8, 0,
		/* IP: from 10.0.2.2 to 10.0.2.15 */
		0x45, 0, 0, 0, 0, 9, 0, 0, 64, 6, 0xaa, 0xbb, 10, 0, 2, 2, 10,
		0, 2, 15,
		/* TCP: ports, seq, ack, flags, window, sum */
		0x14, 0x51, 0x80, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0x50, 0x10, 0x22,
		0x38, 0xcc, 0xdd, 0, 0
	};
	size_t total = 40 + data;

	memcpy(f, head, HEAD);
	f[16] = (uint8_t)(total >> 8);
	f[17] = (uint8_t)total;
	for (int i = 0; i < 4; i++)
		f[SEQ + i] = (uint8_t)(seq >> (24 - 8 * i));
	for (size_t i = 0; i < data; i++)
		f[HEAD + i] = (uint8_t)((seq + i) * 7);
	return HEAD + data;
}

static void add(uint32_t seq, size_t data)
{
	uint8_t f[2000];

	merge_add(&m, f, segment(f, seq, data));
}

/* The Internet checksum; 0xffff over what holds its own. */
static uint32_t sum(const uint8_t *p, size_t n, uint32_t from)
{
	for (size_t i = 0; i < n; i++)
		from += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (from >> 16)
		from = (from & 0xffff) + (from >> 16);
	return from;
}

static void check_joined(size_t n, uint32_t seq, size_t data, size_t cut)
{
	const uint8_t *hdr = out[n].frame, *f = hdr + NET_VNET_HDR;
	uint32_t tcp = (uint32_t)data + 20;

	check_eq(out[n].n, NET_VNET_HDR + HEAD + data);
	check_eq(hdr[0], 1); /* NEEDS_CSUM */
	check_eq(hdr[1], 1); /* TCPV4 */
	check_eq(hdr[2] | hdr[3] << 8, HEAD);
	check_eq(hdr[4] | hdr[5] << 8, cut);
	check_eq(hdr[6] | hdr[7] << 8, 34);
	check_eq(hdr[8] | hdr[9] << 8, 16);
	check_eq(f[16] << 8 | f[17], 40 + data);
	check_eq(sum(f + 14, 20, 0), 0xffff);
	/* the sum that stands there is the pseudo header's */
	check_eq(f[50] << 8 | f[51], sum(f + 26, 8, 6 + tcp));
	check_eq((uint32_t)f[SEQ + 2] << 8 | f[SEQ + 3], seq & 0xffff);
	for (size_t i = 0; i < data; i++) {
		if (f[HEAD + i] == (uint8_t)((seq + i) * 7))
			continue;
		check_eq(f[HEAD + i], (uint8_t)((seq + i) * 7));
		break;
	}
}

/* As it came, but for the header. */
static void check_alone(size_t n, uint32_t seq, size_t data)
{
	uint8_t f[2000];
	size_t len = segment(f, seq, data);

	check_eq(out[n].n, NET_VNET_HDR + len);
	check_eq(out[n].frame[0], 2); /* DATA_VALID */
	check_eq(out[n].frame[1], 0);
	check(!memcmp(out[n].frame + NET_VNET_HDR, f, len));
}

static void joined(void)
{
	start(true);
	for (uint32_t i = 0; i < 5; i++)
		add(1000 + i * MSS, MSS);
	add(1000 + 5 * MSS, 99); /* the shorter one is the last */
	check_eq(outs, 0);
	add(1000 + 5 * MSS + 99, MSS);
	check_eq(outs, 1);
	check_joined(0, 1000, 5 * MSS + 99, MSS);
	merge_flush(&m);
	check_eq(outs, 2);
	check_alone(1, 1000 + 5 * MSS + 99, MSS);
	merge_flush(&m);
	check_eq(outs, 2);
}

/* Not more than an IP packet holds, and over the end of the numbers. */
static void full(void)
{
	uint32_t seq = 0xffffff00;
	size_t one = (65535 - 40) / MSS;

	start(true);
	for (uint32_t i = 0; i < 2 * one; i++)
		add(seq + i * MSS, MSS);
	merge_flush(&m);
	check_eq(outs, 2);
	check_joined(0, seq, one * MSS, MSS);
	check_joined(1, seq + (uint32_t)one * MSS, one * MSS, MSS);
}

static void apart(void)
{
	static const struct {
		size_t at;
		uint8_t value;
	} others[] = {
		{ 0, 0x33 },         /* another card */
		{ 14, 0x46 },        /* IP options */
		{ 15, 1 },           /* type of service */
		{ 20, 0x20 },        /* a fragment */
		{ 22, 63 },          /* time to live */
		{ 23, 17 },          /* UDP */
		{ 33, 16 },          /* another address */
		{ 37, 1 },           /* another port */
		{ 45, 5 },           /* another acknowledgement */
		{ FLAGS - 1, 0x40 }, /* a header that is too short */
		{ FLAGS, 0x11 },     /* FIN */
		{ FLAGS, 0x14 },     /* RST */
		{ FLAGS, 0x30 },     /* URG */
		{ FLAGS + 1, 0x23 }, /* another window */
		{ 13, 6 },           /* no IP */
		{ 17, 1 },           /* a length that is none */
	};
	uint8_t f[2000];
	size_t n;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		start(true);
		add(1000, MSS);
		n = segment(f, 1000 + MSS, MSS);
		f[others[i].at] = others[i].value;
		merge_add(&m, f, n);
		add(1000 + 2 * MSS, MSS);
		merge_flush(&m);
		check_eq(outs, 3);
		check_alone(0, 1000, MSS);
		check(!memcmp(out[1].frame + NET_VNET_HDR, f, n));
		check_alone(2, 1000 + 2 * MSS, MSS);
	}
	start(true);
	add(1000, MSS);
	add(1000 + MSS + 1, MSS); /* a gap */
	add(1000 + MSS + 1, MSS); /* again */
	merge_flush(&m);
	check_eq(outs, 3);
}

/* What was pushed does not wait for more. */
static void pushed(void)
{
	uint8_t f[2000];
	size_t n;

	start(true);
	add(1000, MSS);
	n = segment(f, 1000 + MSS, MSS);
	f[FLAGS] |= 8;
	merge_add(&m, f, n);
	add(1000 + 2 * MSS, MSS);
	check_eq(outs, 1);
	check_joined(0, 1000, 2 * MSS, MSS);
	check_eq(out[0].frame[NET_VNET_HDR + FLAGS], 0x18);
}

/* Who does not take them gets each as it came, at once. */
static void off(void)
{
	start(false);
	add(1000, MSS);
	add(1000 + MSS, MSS);
	check_eq(outs, 2);
	check_alone(0, 1000, MSS);
	check_alone(1, 1000 + MSS, MSS);
}

/* Any bytes: nothing is lost, nothing read behind them. */
static void noise(void)
{
	uint32_t seed = 5;
	uint8_t f[120];

	start(true);
	for (unsigned int i = 0; i < 50000; i++) {
		size_t n = 14 + i % 100, keep = segment(f, i * 40, 40);

		for (size_t k = 0; k < 1 + i % 3; k++) {
			seed = seed * 1664525 + 1013904223;
			f[(seed >> 8) % keep] = (uint8_t)(seed >> 24);
		}
		outs = 0;
		merge_add(&m, f, n < keep ? n : keep);
		check(outs <= 2);
	}
}

int main(void)
{
	joined();
	full();
	apart();
	pushed();
	off();
	noise();
	return test_done();
}
