/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own hundred lines rather than one more library: 200 MB/s are enough for
 * a kernel package, and the same code runs wherever the command does.
 */
#include "host/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/bits.h"
#include "common/cleanup.h"
#include "common/io.h"

/* clang-format off */
static const uint32_t k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
/* clang-format on */

static uint32_t load(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], t1, t2, s0, s1;
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	for (unsigned int i = 0; i < 16; i++)
		w[i] = load(block + 4 * i);
	for (unsigned int i = 16; i < 64; i++) {
		s0 = ror32(w[i - 15], 7) ^ ror32(w[i - 15], 18) ^
		     w[i - 15] >> 3;
		s1 = ror32(w[i - 2], 17) ^ ror32(w[i - 2], 19) ^ w[i - 2] >> 10;
		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
	for (unsigned int i = 0; i < 64; i++) {
		s1 = ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25);
		t1 = h + s1 + ((e & f) ^ (~e & g)) + k[i] + w[i];
		s0 = ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22);
		t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
		h = g, g = f, f = e, e = d + t1;
		d = c, c = b, b = a, a = t1 + t2;
	}
	state[0] += a, state[1] += b, state[2] += c, state[3] += d;
	state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void sha256_init(struct sha256 *sha)
{
	*sha = (struct sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
					   0xa54ff53a, 0x510e527f, 0x9b05688c,
					   0x1f83d9ab, 0x5be0cd19 } };
}

void sha256_add(struct sha256 *sha, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t used = sha->len % 64, n;

	sha->len += len;
	while (len) {
		if (!used && len >= 64) {
			compress(sha->state, p);
			n = 64;
		} else {
			n = len < 64 - used ? len : 64 - used;
			memcpy(sha->block + used, p, n);
			used = (used + n) % 64;
			if (!used)
				compress(sha->state, sha->block);
		}
		p += n;
		len -= n;
	}
}

void sha256_end(struct sha256 *sha, char ret_hex[SHA256_HEX])
{
	static const uint8_t pad[64] = { 0x80 };
	uint64_t bits = sha->len * 8;
	uint8_t tail[8];

	sha256_add(sha, pad, 1 + (119 - sha->len % 64) % 64);
	for (unsigned int i = 0; i < 8; i++)
		tail[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(sha, tail, 8);
	for (unsigned int i = 0; i < 8; i++)
		snprintf(ret_hex + 8 * i, 9, "%08x", sha->state[i]);
}

int sha256_file(const char *path, char ret_hex[SHA256_HEX], uint64_t *ret_size,
		struct err *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t buf[8192];
	struct sha256 sha;
	ssize_t n;

	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", path);
	sha256_init(&sha);
	do {
		n = io_read(fd, buf, sizeof(buf));
		if (n < 0)
			return err_errno(err, (int)-n, "cannot read '%s'",
					 path);
		sha256_add(&sha, buf, (size_t)n);
	} while (n == sizeof(buf));
	if (ret_size)
		*ret_size = sha.len;
	sha256_end(&sha, ret_hex);
	return 0;
}
