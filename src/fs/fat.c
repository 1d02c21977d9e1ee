/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * The boot sector says where the table, the root folder of FAT12/16 and the
 * clusters lie; fat_open() checks that all of it is inside the partition, and
 * from then on a cluster number between 2 and last_cluster is always inside.
 * As in Linux, FAT32 is what has no 16-bit table length, and the number of
 * clusters decides between FAT12 and FAT16.
 *
 * A node is the position of a file's 32-byte entry, counted from the start of
 * the partition; 0, where the boot sector is, stands for the root.  So nothing
 * has to be kept for an open file.
 *
 * Every walk is bounded: a chain by the number of clusters a file of its size
 * may have, a folder by the 65,536 entries that the specification allows.
 *
 * The second copy of the table, the FSInfo sector and the dirty flags are not
 * looked at: they matter to those who write.
 */
#include "fs/fat.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/bits.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/overflow.h"

enum {
	ENTRY = 32,
	MAX_ENTRIES = 65536, /* in one folder */
	MAX_SECTOR = 4096,

	ATTR_VOLUME = 0x08,
	ATTR_DIR = 0x10,
	ATTR_LONG = 0x0f, /* a part of a long name */

	LONG_PARTS = 20, /* of a long name, 13 units each */
	LONG_LAST = 0x40,
	NAME_MAX_BYTES = 3 * 13 * LONG_PARTS + 1, /* in UTF-8 */
};

struct fat {
	int fd;
	uint64_t offset;           /* of the partition in the file */
	uint64_t size;             /* of the file system, bytes */
	unsigned int bits;         /* of an entry of the table: 12, 16, 32 */
	uint32_t sector, cluster;  /* bytes in one */
	uint64_t table, table_len; /* the first copy; bytes */
	uint64_t root, root_len;   /* FAT12/16: the root folder; bytes */
	uint32_t root_cluster;     /* FAT32 */
	uint64_t data;             /* where cluster 2 is */
	uint32_t last_cluster;
};

/* A file's entry. */
struct entry {
	uint64_t pos; /* the node; 0 is the root */
	bool dir;
	uint32_t cluster; /* the first; 0: none */
	uint32_t size;
	uint16_t date, time;
	char name[NAME_MAX_BYTES];
	char short_name[16];
};

static uint32_t get16(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get32(const unsigned char *p)
{
	return get16(p) | get16(p + 2) << 16;
}

/* All of n bytes at a position in the partition. */
static int read_at(const struct fat *f, void *buf, size_t n, uint64_t at)
{
	ssize_t got;

	if (!range_fits(at, n, f->size))
		return -EIO;
	got = io_pread(f->fd, buf, n, f->offset + at);
	if (got < 0)
		return (int)got;
	return (size_t)got == n ? 0 : -EIO;
}

/* Opening */

static bool power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

static bool set_geometry(struct fat *f, const unsigned char *b, uint64_t size)
{
	uint32_t per_cluster = b[13], tables = b[16];
	uint32_t total = get16(b + 19) ? get16(b + 19) : get32(b + 32);
	uint32_t len16 = get16(b + 22);
	uint32_t len = len16 ? len16 : get32(b + 36);

	f->sector = get16(b + 11);
	if (!power_of_two(f->sector) || f->sector < 512 ||
	    f->sector > MAX_SECTOR || !power_of_two(per_cluster) || !tables ||
	    tables > 4 || !get16(b + 14) || !len || !total)
		return false;
	f->cluster = f->sector * per_cluster;
	f->size = (uint64_t)total * f->sector;
	f->table = (uint64_t)get16(b + 14) * f->sector;
	f->table_len = (uint64_t)len * f->sector;
	f->root = f->table + tables * f->table_len;
	f->root_len = (uint64_t)get16(b + 17) * ENTRY;
	f->data = f->root + align_up(f->root_len, f->sector);
	f->root_cluster = len16 ? 0 : get32(b + 44);
	return f->size <= size && f->data < f->size;
}

/* How many clusters there are, and that the table has room for them. */
static bool set_clusters(struct fat *f, bool fat32)
{
	uint64_t n = (f->size - f->data) / f->cluster;

	if (fat32)
		f->bits = 32;
	else
		f->bits = n < 4085 ? 12 : 16;
	if (!n || n > 0x0ffffff4 || (n + 2) * f->bits > f->table_len * 8)
		return false;
	f->last_cluster = (uint32_t)n + 1;
	if (fat32)
		return f->root_cluster >= 2 &&
		       f->root_cluster <= f->last_cluster;
	return f->root_len > 0;
}

int fat_open(int fd, uint64_t offset, uint64_t size, const char *name,
	     struct fat **ret_fs, struct err *err)
{
	struct fat f = { .fd = fd, .offset = offset };
	unsigned char boot[512];
	ssize_t n = io_pread(fd, boot, sizeof(boot), offset);

	if (n < 0)
		return err_errno(err, (int)-n, "reading %s", name);
	if (n != sizeof(boot) || boot[510] != 0x55 || boot[511] != 0xaa ||
	    !set_geometry(&f, boot, size) ||
	    !set_clusters(&f, get16(boot + 22) == 0))
		return err_set(err, EIO,
			       "the FAT file system of %s is damaged: its boot "
			       "sector makes no sense",
			       name);
	*ret_fs = xmalloc(sizeof(f));
	**ret_fs = f;
	return 0;
}

void fat_close(struct fat *f)
{
	free(f);
}

void fat_drop(struct fat **fs)
{
	fat_close(*fs);
}

uint64_t fat_size(const struct fat *f)
{
	return f->size;
}

/* Clusters */

/*
 * The cluster after this one; 0 at the end of the chain.  -EIO for a number
 * that no cluster has.
 */
static int next_cluster(const struct fat *f, uint32_t cluster,
			uint32_t *ret_next)
{
	unsigned char b[4] = { 0 };
	uint64_t bit = (uint64_t)cluster * f->bits;
	uint32_t next, end;
	int rc;

	rc = read_at(f, b, f->bits == 32 ? 4 : 2, f->table + bit / 8);
	if (rc < 0)
		return rc;
	switch (f->bits) {
	case 12:
		next = get16(b) >> bit % 8 & 0xfff;
		end = 0xff8;
		break;
	case 16:
		next = get16(b);
		end = 0xfff8;
		break;
	default:
		next = get32(b) & 0x0fffffff;
		end = 0x0ffffff8;
		break;
	}
	if (next >= end)
		next = 0;
	else if (next < 2 || next > f->last_cluster)
		return -EIO;
	*ret_next = next;
	return 0;
}

static uint64_t cluster_pos(const struct fat *f, uint32_t cluster)
{
	return f->data + (uint64_t)(cluster - 2) * f->cluster;
}

/* Names */

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* A long name under way: its parts stand before the entry, last one first. */
struct long_name {
	uint16_t units[13 * LONG_PARTS];
	unsigned int parts;   /* in all; 0: none under way */
	unsigned int missing; /* that are still to come */
	unsigned char sum;    /* of the short name it belongs to */
};

static void add_long_part(struct long_name *l, const unsigned char *e)
{
	static const unsigned char at[13] = { 1,  3,  5,  7,  9,  14, 16,
					      18, 20, 22, 24, 28, 30 };
	unsigned int part = e[0] & 0x3f;

	if (e[0] & LONG_LAST) {
		l->parts = part <= LONG_PARTS ? part : 0;
		l->missing = l->parts;
		l->sum = e[13];
	}
	if (!l->missing || part != l->missing || e[13] != l->sum) {
		l->parts = l->missing = 0;
		return;
	}
	l->missing--;
	for (unsigned int i = 0; i < 13; i++)
		l->units[13 * l->missing + i] = (uint16_t)get16(e + at[i]);
}

static unsigned char checksum(const unsigned char *short_name)
{
	unsigned char sum = 0;

	for (int i = 0; i < 11; i++)
		sum = (unsigned char)((sum >> 1 | sum << 7) + short_name[i]);
	return sum;
}

/* The name in UTF-8; empty if it holds what no name may hold. */
static void long_to_utf8(const struct long_name *l, char *out)
{
	size_t n = 13 * l->parts, len = 0;

	for (size_t i = 0; i < n && l->units[i]; i++) {
		uint32_t c = l->units[i];

		if (c >= 0xd800 && c < 0xdc00 && i + 1 < n &&
		    (l->units[i + 1] & 0xfc00) == 0xdc00)
			c = 0x10000 + ((c - 0xd800) << 10) +
			    (l->units[++i] - 0xdc00u);
		if (c < 0x20 || c == '/' || (c >= 0xd800 && c < 0xe000)) {
			out[0] = 0;
			return;
		}
		len += put_utf8(out + len, c);
	}
	out[len] = 0;
}

/* "KERNEL7 IMG" to "kernel7.img" where the entry says it was lower case. */
static void short_to_text(const unsigned char *e, char *out)
{
	size_t len = 0;

	for (int i = 0; i < 11; i++) {
		bool low = e[12] & (i < 8 ? 0x08 : 0x10);
		unsigned char c = e[i];

		if (i == 8 && e[8] != ' ')
			out[len++] = '.';
		if (c == ' ')
			continue;
		if (c < 0x20 || c >= 0x7f || c == '/')
			c = '_';
		out[len++] = (char)(low ? tolower(c) : c);
	}
	out[len] = 0;
}

/* Folders */

static void parse_entry(const struct fat *f, const unsigned char *e,
			uint64_t pos, struct entry *ret)
{
	ret->pos = pos;
	ret->dir = e[11] & ATTR_DIR;
	ret->cluster = get16(e + 26);
	if (f->bits == 32)
		ret->cluster |= get16(e + 20) << 16;
	ret->size = get32(e + 28);
	ret->time = (uint16_t)get16(e + 22);
	ret->date = (uint16_t)get16(e + 24);
	short_to_text(e, ret->short_name);
}

/* Called for each entry; true ends the walk. */
typedef bool entry_fn(void *arg, const struct entry *e);

struct dir_walk {
	const struct fat *f;
	struct long_name l;
	unsigned int seen;
	bool over;
	entry_fn *fn;
	void *arg;
};

static void one_entry(struct dir_walk *w, const unsigned char *raw,
		      uint64_t pos)
{
	struct entry e = { 0 };

	if (!raw[0] || ++w->seen > MAX_ENTRIES) {
		w->over = true;
		return;
	}
	if (raw[0] == 0xe5) {
		w->l.parts = 0;
		return;
	}
	if ((raw[11] & 0x3f) == ATTR_LONG) {
		add_long_part(&w->l, raw);
		return;
	}
	if (!(raw[11] & ATTR_VOLUME) && raw[0] != '.') {
		parse_entry(w->f, raw, pos, &e);
		if (w->l.parts && !w->l.missing && w->l.sum == checksum(raw))
			long_to_utf8(&w->l, e.name);
		if (!e.name[0])
			memcpy(e.name, e.short_name, sizeof(e.short_name));
		if (e.name[0])
			w->over = w->fn(w->arg, &e);
	}
	w->l.parts = 0;
}

/* len bytes of a folder at pos: one cluster, or a FAT16 root. */
static int some_entries(struct dir_walk *w, uint64_t pos, uint64_t len)
{
	unsigned char buf[MAX_SECTOR];

	for (uint64_t at = 0; at < len && !w->over; at += w->f->sector) {
		uint64_t left = len - at;
		size_t n = left < w->f->sector ? (size_t)left : w->f->sector;
		int rc = read_at(w->f, buf, n, pos + at);

		if (rc < 0)
			return rc;
		for (size_t i = 0; i + ENTRY <= n && !w->over; i += ENTRY)
			one_entry(w, buf + i, pos + at + i);
	}
	return 0;
}

static int walk_dir(const struct fat *f, const struct entry *dir, entry_fn *fn,
		    void *arg)
{
	struct dir_walk w = { .f = f, .fn = fn, .arg = arg };
	uint32_t cluster = dir->cluster;
	uint64_t bytes = 0;

	if (!dir->pos && f->bits != 32)
		return some_entries(&w, f->root, f->root_len);
	if (!dir->pos)
		cluster = f->root_cluster;
	if (!cluster)
		return 0;
	if (cluster < 2 || cluster > f->last_cluster)
		return -EIO;
	while (cluster && !w.over) {
		int rc = some_entries(&w, cluster_pos(f, cluster), f->cluster);

		if (rc == 0)
			rc = next_cluster(f, cluster, &cluster);
		if (rc < 0)
			return rc;
		bytes += f->cluster;
		if (bytes > (uint64_t)MAX_ENTRIES * ENTRY)
			return -EIO;
	}
	return 0;
}

/* What a node is. */
static int load(const struct fat *f, uint64_t node, struct entry *ret)
{
	unsigned char raw[ENTRY];
	int rc;

	*ret = (struct entry){ .dir = true };
	if (!node)
		return 0;
	rc = read_at(f, raw, sizeof(raw), node);
	if (rc == 0)
		parse_entry(f, raw, node, ret);
	return rc;
}

static int load_dir(const struct fat *f, uint64_t node, struct entry *ret)
{
	int rc = load(f, node, ret);

	return rc < 0 ? rc : ret->dir ? 0 : -ENOTDIR;
}

/* The operations of a tree */

struct search {
	const char *name;
	size_t len;
	uint64_t found;
};

static bool same_name(const char *have, const struct search *s)
{
	return strlen(have) == s->len && !strncasecmp(have, s->name, s->len);
}

static bool match(void *arg, const struct entry *e)
{
	struct search *s = arg;

	if (!same_name(e->name, s) && !same_name(e->short_name, s))
		return false;
	s->found = e->pos;
	return true;
}

static int op_find(void *fs, uint64_t dir, const char *name, size_t len,
		   uint64_t *ret_node)
{
	struct search s = { .name = name, .len = len };
	struct entry e;
	int rc = load_dir(fs, dir, &e);

	if (rc == 0)
		rc = walk_dir(fs, &e, match, &s);
	if (rc < 0)
		return rc;
	if (!s.found)
		return -ENOENT;
	*ret_node = s.found;
	return 0;
}

/* FAT keeps local time and does not say whose: it is taken for UTC. */
static int64_t to_time(const struct entry *e)
{
	struct tm tm = {
		.tm_year = (e->date >> 9) + 80,
		.tm_mon = (e->date >> 5 & 15) - 1,
		.tm_mday = e->date & 31,
		.tm_hour = e->time >> 11,
		.tm_min = e->time >> 5 & 63,
		.tm_sec = (e->time & 31) * 2,
	};

	return e->date ? (int64_t)timegm(&tm) : 0;
}

static int op_stat(void *fs, uint64_t node, struct tree_stat *ret)
{
	struct entry e;
	int rc = load(fs, node, &e);

	if (rc < 0)
		return rc;
	*ret = (struct tree_stat){
		.kind = e.dir ? TREE_DIR : TREE_FILE,
		.mode = 0755,
		.size = e.dir ? 0 : e.size,
		.mtime = to_time(&e),
	};
	return 0;
}

static bool collect(void *arg, const struct entry *e)
{
	struct tree_names *names = arg;

	*vec_add(&names->all) = xstrdup(e->name);
	return false;
}

static int op_list(void *fs, uint64_t dir, struct tree_names *names)
{
	struct entry e;
	int rc = load_dir(fs, dir, &e);

	return rc < 0 ? rc : walk_dir(fs, &e, collect, names);
}

/* The cluster that is n further on in a chain. */
static int skip(const struct fat *f, uint32_t *cluster, uint64_t n)
{
	while (n-- && *cluster) {
		int rc = next_cluster(f, *cluster, cluster);

		if (rc < 0)
			return rc;
	}
	return *cluster ? 0 : -EIO;
}

static ssize_t op_read(void *fs, uint64_t node, void *buf, size_t n,
		       uint64_t at)
{
	const struct fat *f = fs;
	uint32_t cluster;
	struct entry e;
	size_t done = 0;
	int rc = load(f, node, &e);

	if (rc < 0 || e.dir)
		return rc < 0 ? rc : -EISDIR;
	if (at >= e.size)
		return 0;
	if (n > e.size - at)
		n = (size_t)(e.size - at);
	cluster = e.cluster;
	if (n && (cluster < 2 || cluster > f->last_cluster))
		return -EIO;
	rc = skip(f, &cluster, at / f->cluster);
	while (rc == 0 && done < n) {
		uint64_t in = (at + done) % f->cluster;
		size_t step = f->cluster - (size_t)in;

		if (step > n - done)
			step = n - done;
		rc = read_at(f, (char *)buf + done, step,
			     cluster_pos(f, cluster) + in);
		done += step;
		if (rc == 0 && done < n)
			rc = skip(f, &cluster, 1);
	}
	return rc < 0 ? rc : (ssize_t)done;
}

static const struct tree_ops ops = {
	.find = op_find,
	.stat = op_stat,
	.list = op_list,
	.read = op_read,
};

struct tree fat_tree(struct fat *f)
{
	return (struct tree){ .ops = &ops, .fs = f };
}
