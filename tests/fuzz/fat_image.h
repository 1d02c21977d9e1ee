/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small FAT file system in memory, for the unit test and as the seed of the
 * fuzzer:
 *
 *	CONFIG.TXT	700 bytes: "0123456789" again and again, two clusters
 *	cmdline.txt	lower case by the flags of the short entry
 *	"ein längerer Name 😀.dtb" (short: EINLNG~1.DTB), empty
 *	OVERLAYS/	with VC4.DTB in it, "overlay"
 *
 * One sector a cluster; the chain of CONFIG.TXT goes backwards (cluster 9,
 * then 8).
 */
#ifndef FUZZ_FAT_IMAGE_H
#define FUZZ_FAT_IMAGE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct fat_image {
	unsigned char *bytes;
	size_t size;
	unsigned int bits;
	size_t table, root, data; /* byte positions */
};

static inline void fat_put(unsigned char *p, unsigned int n, uint32_t v)
{
	for (unsigned int i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

/* The table's entry of a cluster becomes next. */
static inline void fat_link(struct fat_image *f, uint32_t cluster,
			    uint32_t next)
{
	unsigned char *p = f->bytes + f->table + cluster * f->bits / 8;
	uint32_t old = p[0] | (uint32_t)p[1] << 8;

	if (f->bits == 32)
		fat_put(p, 4, next & 0x0fffffff);
	else if (f->bits == 16)
		fat_put(p, 2, next);
	else if (cluster & 1)
		fat_put(p, 2, (old & 0xf) | (next & 0xfff) << 4);
	else
		fat_put(p, 2, (old & 0xf000) | (next & 0xfff));
}

static inline unsigned char *fat_cluster(const struct fat_image *f,
					 uint32_t cluster)
{
	return f->bytes + f->data + (size_t)(cluster - 2) * 512;
}

static inline void fat_entry(unsigned char *e, const char *name11,
			     unsigned char attr, unsigned char low,
			     uint32_t cluster, uint32_t size)
{
	memcpy(e, name11, 11);
	e[11] = attr;
	e[12] = low;
	fat_put(e + 22, 2, 12 << 11 | 34 << 5 | 28); /* 12:34:56 */
	fat_put(e + 24, 2, 43 << 9 | 10 << 5 | 9);   /* 2023-10-09 */
	fat_put(e + 20, 2, cluster >> 16);
	fat_put(e + 26, 2, cluster & 0xffff);
	fat_put(e + 28, 4, size);
}

/* A part of a long name: 13 units from units on. */
static inline void fat_long(unsigned char *e, unsigned char number,
			    const uint16_t *units, unsigned char sum)
{
	static const unsigned char at[13] = { 1,  3,  5,  7,  9,  14, 16,
					      18, 20, 22, 24, 28, 30 };

	e[0] = number;
	e[11] = 0x0f;
	e[13] = sum;
	for (int i = 0; i < 13; i++)
		fat_put(e + at[i], 2, units[i]);
}

static inline void fat_fill_root(struct fat_image *f, unsigned char *root)
{
	static const uint16_t name[26] = {
		'e',    'i',    'n', ' ', 'l', 0xe4, 'n', 'g',    'e',
		'r',    'e',    'r', ' ', 'N', 'a',  'm', 'e',    ' ',
		0xd83d, 0xde00, '.', 'd', 't', 'b',  0,   0xffff,
	};
	static const char short_name[] = "EINLNG~1DTB";
	unsigned char sum = 0;

	for (int i = 0; i < 11; i++)
		sum = (unsigned char)((sum >> 1 | sum << 7) +
				      (unsigned char)short_name[i]);
	fat_entry(root, "BOOTFS     ", 0x08, 0, 0, 0);
	fat_entry(root + 32, "CONFIG  TXT", 0x20, 0, 9, 700);
	fat_entry(root + 64, "\xe5LD     TXT", 0x20, 0, 9, 700);
	fat_entry(root + 96, "CMDLINE TXT", 0x20, 0x18, 4, 5);
	fat_long(root + 128, 0x42, name + 13, sum);
	fat_long(root + 160, 0x01, name, sum);
	fat_entry(root + 192, short_name, 0x20, 0, 0, 0);
	fat_entry(root + 224, "OVERLAYS   ", 0x10, 0, 5, 0);
	(void)f;
}

/* bits is 12, 16 or 32; free f.bytes. */
static inline struct fat_image fat_image(unsigned int bits)
{
	unsigned int clusters = bits == 12 ? 100 : bits == 16 ? 5000 : 200;
	unsigned int table = (clusters + 2) * bits / 8 / 512 + 1;
	unsigned int root = bits == 32 ? 0 : 2; /* sectors: 32 entries */
	unsigned int total = 4 + 2 * table + root + clusters;
	struct fat_image f = { .bits = bits, .size = (size_t)total * 512 };
	unsigned char *b = calloc(total, 512);

	if (!b)
		abort();
	f.bytes = b;
	f.table = 4 * 512;
	f.root = f.table + 2 * table * 512;
	f.data = f.root + root * 512;
	fat_put(b + 11, 2, 512);
	b[13] = 1;
	fat_put(b + 14, 2, 4);
	b[16] = 2;
	fat_put(b + 17, 2, root * 16);
	fat_put(b + (total < 65536 ? 19 : 32), 2, total);
	fat_put(b + (bits == 32 ? 36 : 22), 2, table);
	if (bits == 32)
		fat_put(b + 44, 4, 2);
	b[510] = 0x55;
	b[511] = 0xaa;

	for (uint32_t c = 2; c < 6; c++)
		fat_link(&f, c, 0x0fffffff);
	fat_link(&f, 9, 8);
	fat_link(&f, 8, 0x0fffffff);
	fat_fill_root(&f, bits == 32 ? fat_cluster(&f, 2) : b + f.root);
	for (int i = 0; i < 700; i++)
		fat_cluster(&f, i < 512 ? 9 : 8)[i % 512] =
			(unsigned char)('0' + i % 10);
	memcpy(fat_cluster(&f, 4), "root=", 5);
	fat_entry(fat_cluster(&f, 5), ".          ", 0x10, 0, 5, 0);
	fat_entry(fat_cluster(&f, 5) + 32, "..         ", 0x10, 0, 0, 0);
	fat_entry(fat_cluster(&f, 5) + 64, "VC4     DTB", 0x20, 0, 3, 7);
	memcpy(fat_cluster(&f, 3), "overlay", 7);
	return f;
}

#endif
