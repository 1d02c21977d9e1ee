/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables and rotations: SHA-256 (FIPS 180-4), CRC-32 by a table.
 */
#include <string.h>

#include "program.h"

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

static uint32_t ror(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static void sha256_block(uint32_t state[8], const uint32_t block[16])
{
	uint32_t w[64], s[8];

	memcpy(w, block, 64);
	for (int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) +
		       w[i - 7] + (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
	}
	memcpy(s, state, 32);
	for (int i = 0; i < 64; i++) {
		uint32_t t1 = s[7] +
			      (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) +
			      ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
		uint32_t t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) +
			      ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 28);
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		state[i] += s[i];
}

static uint64_t run_sha256(uint64_t n)
{
	uint32_t state[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, block[16];

	for (int i = 0; i < 16; i++)
		block[i] = (uint32_t)i * 0x9e3779b9u;
	while (n--) {
		sha256_block(state, block);
		block[n & 15] ^= state[n & 7];
	}
	return state[0];
}

static uint64_t run_crc32(uint64_t n)
{
	static uint32_t table[256];
	static uint8_t data[4096];
	uint32_t crc = 0;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int j = 0; j < 8; j++)
			table[i] = table[i] >> 1 ^
				   (table[i] & 1 ? 0xedb88320 : 0);
	}
	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	while (n--)
		for (uint32_t i = 0; i < sizeof(data); i++)
			crc = crc >> 8 ^ table[(crc ^ data[i]) & 0xff];
	return crc;
}

const struct program table_programs[] = {
	{ "sha256", "MB", 1e6 / 64, run_sha256 },
	{ "crc32", "MB", 1e6 / 4096, run_crc32 },
	{ 0 },
};
