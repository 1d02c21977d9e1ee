/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4), for what is downloaded and for images. */
#ifndef HOST_SHA256_H
#define HOST_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum {
	SHA256_HEX = 65
}; /* 64 digits and a 0 */

struct sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes taken so far */
	uint8_t block[64];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *data, size_t len);

/* The sum in lower case; sha must be started anew afterwards. */
void sha256_end(struct sha256 *sha, char ret_hex[SHA256_HEX]);

/* Of a file; ret_size (bytes) may be NULL. */
int sha256_file(const char *path, char ret_hex[SHA256_HEX], uint64_t *ret_size,
		struct err *err);

#endif
