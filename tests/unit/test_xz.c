/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel/xz.c against liblzma's own encoder: many blocks with their sizes, as
 * dpkg-deb makes them, one block without, two streams; cut off and damaged. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "kernel/xz.h"
#include "test.h"

enum {
	PLAIN = 1 << 20, /* bytes */
	BLOCK = 128 << 10,
	PACKED = PLAIN + (1 << 20)
};

static uint8_t plain[PLAIN], packed[2 * PACKED];
static struct err err;

struct source {
	const uint8_t *bytes;
	size_t n, step;
	bool fail; /* at the end */
};

static ssize_t give(void *arg, const void **ret_data)
{
	struct source *s = arg;
	size_t n = s->n < s->step ? s->n : s->step;

	*ret_data = s->bytes;
	s->bytes += n;
	s->n -= n;
	return n || !s->fail ? (ssize_t)n : -1;
}

static size_t encode(lzma_stream *s, uint8_t *to)
{
	s->next_in = plain;
	s->avail_in = PLAIN;
	s->next_out = to;
	s->avail_out = PACKED;
	check(lzma_code(s, LZMA_FINISH) == LZMA_STREAM_END);
	lzma_end(s);
	return PACKED - s->avail_out;
}

static size_t encode_blocks(uint8_t *to)
{
	lzma_mt how = { .threads = 2, .block_size = BLOCK, .preset = 1 };
	lzma_stream s = LZMA_STREAM_INIT;

	check(lzma_stream_encoder_mt(&s, &how) == LZMA_OK);
	return encode(&s, to);
}

static size_t encode_one(uint8_t *to)
{
	lzma_stream s = LZMA_STREAM_INIT;

	check(lzma_easy_encoder(&s, 0, LZMA_CHECK_CRC32) == LZMA_OK);
	return encode(&s, to);
}

/* How many bytes come; -1: it fails.  *ret_good: so many were right. */
static ssize_t decode(struct source source, size_t *ret_good, const char **why)
{
	struct xz xz;
	const void *data;
	size_t at = 0, good = 0;
	ssize_t n;

	check(!xz_open(&xz, give, &source, &err));
	while ((n = xz_read(&xz, &data, why)) > 0) {
		const uint8_t *bytes = data;

		for (ssize_t i = 0; i < n; i++, at++)
			good += bytes[i] == plain[at % PLAIN] && good == at;
	}
	xz_close(&xz);
	*ret_good = good;
	return n < 0 ? -1 : (ssize_t)at;
}

static void whole(size_t n, size_t want)
{
	static const size_t steps[] = { 1000, 65536, SIZE_MAX };
	const char *why;
	size_t good;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct source s = { packed, n, steps[i], false };

		check_eq(decode(s, &good, &why), want);
		check_eq(good, want);
	}
}

static void broken(size_t n)
{
	struct source s = { packed, n, 65536, false };
	const char *why;
	size_t good;

	for (s.n = 0; s.n < n; s.n += n / 9) {
		why = NULL;
		check_eq(decode(s, &good, &why), -1);
		check(why);
	}
	s = (struct source){ packed, n / 2, 65536, true };
	why = "";
	check_eq(decode(s, &good, &why), -1);
	check(!why);
	packed[n / 2] ^= 0x40;
	s = (struct source){ packed, n, 65536, false };
	check_eq(decode(s, &good, &why), -1);
	check(why);
	packed[n / 2] ^= 0x40;
}

int main(void)
{
	struct xz none = { 0 };
	size_t n;

	srandom(1);
	for (size_t i = 0; i < PLAIN; i++)
		plain[i] = (uint8_t)(random() & (i >> 16 & 0xff));
	n = encode_one(packed);
	whole(n, PLAIN);
	broken(n);
	n = encode_blocks(packed);
	whole(n, PLAIN);
	broken(n);
	n += encode_one(packed + n);
	whole(n, 2 * (size_t)PLAIN);
	xz_close(&none);
	return test_done();
}
