/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers in bytes of either order: requests and config space are
 * little-endian (virtio 1.2 §1.4), SCSI is big-endian.
 */
#ifndef VIRTIO_BYTES_H
#define VIRTIO_BYTES_H

#include <stdint.h>

static inline uint64_t get_le(const uint8_t *p, unsigned int n)
{
	uint64_t val = 0;

	while (n--)
		val = val << 8 | p[n];
	return val;
}

static inline void put_le(uint8_t *p, unsigned int n, uint64_t val)
{
	for (unsigned int i = 0; i < n; i++, val >>= 8)
		p[i] = (uint8_t)val;
}

static inline uint64_t get_be(const uint8_t *p, unsigned int n)
{
	uint64_t val = 0;

	for (unsigned int i = 0; i < n; i++)
		val = val << 8 | p[i];
	return val;
}

static inline void put_be(uint8_t *p, unsigned int n, uint64_t val)
{
	for (; n--; val >>= 8)
		p[n] = (uint8_t)val;
}

#endif
