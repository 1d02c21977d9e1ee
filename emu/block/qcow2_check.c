/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a qcow2 image agree with itself?
 *
 * First all references are counted: the header, the tables, and what the L2
 * tables lead to.  Then the counters on the disk are compared, and the flag
 * that says "this is the only reference" (COPIED).
 *
 * A counter that is too high is a leak.  One that is too low can lose data:
 * then a whole new set of counters is written behind the end of the file, and
 * the header changed to it in one sector.  Two references to one cluster of
 * data are told apart by the next write, if counter and flag are right.
 * Where metadata overlaps, or lies outside of the file, it is not known what is
 * right: such an image is left alone.
 */
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/qcow2.h"
#include "common/mem.h"

enum {
	LINES = 100,
	COUNT_MAX = 65535,
};

/* More is half a GiB of counters: nobody's image. */
#define CLUSTERS_MAX (UINT64_C(1) << 28)

struct check {
	struct block *file;
	struct qcow2_header h;
	uint64_t cluster; /* bytes */
	void (*say)(void *arg, const char *line);
	void *arg;
	unsigned int said;
	struct block_check sum;

	uint64_t n;    /* clusters of the file */
	uint16_t *ref; /* references to each */
	bool *meta;    /* is it metadata */
	uint64_t *l1;  /* these three as in the file */
	uint64_t *reftable;
	uint64_t *buf;  /* a cluster */
	bool broken;    /* not to be repaired */
	bool too_low;   /* counters have to be made anew */
	bool bad_flags; /* COPIED */
};

static void said(struct check *c, const char *fmt, ...) printf_like(2, 3);

static void said(struct check *c, const char *fmt, ...)
{
	char line[200];
	va_list ap;

	if (!c->say || c->said >= LINES)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->say(c->arg, line);
	if (++c->said == LINES)
		c->say(c->arg, "and more");
}

static uint64_t clusters_of(const struct check *c, uint64_t bytes)
{
	return (bytes + c->cluster - 1) >> c->h.cluster_bits;
}

/* Count a reference to each cluster of a range. */
static void count(struct check *c, uint64_t at, uint64_t len, bool meta,
		  const char *what)
{
	uint64_t first = at >> c->h.cluster_bits;
	uint64_t last = (at + len - 1) >> c->h.cluster_bits;

	if (at + len < at || last >= c->n) {
		said(c, "corruption: %s at %#llx is outside of the file", what,
		     (unsigned long long)at);
		c->sum.corruptions++;
		c->broken = true;
		return;
	}
	for (uint64_t i = first; i <= last; i++) {
		if (c->ref[i] && (meta || c->meta[i])) {
			said(c, "corruption: %s lies over metadata at %#llx",
			     what, (unsigned long long)(i * c->cluster));
			c->sum.corruptions++;
			c->broken = true;
		}
		if (c->ref[i] < COUNT_MAX)
			c->ref[i]++;
		c->meta[i] |= meta;
	}
}

/* An entry of a table leads to a cluster: is it one? */
static bool is_cluster(struct check *c, uint64_t entry, const char *what)
{
	uint64_t at = entry & QCOW2_OFFSET_MASK;

	if (at % c->cluster == 0)
		return at;
	said(c, "corruption: %s is not at a cluster: %#llx", what,
	     (unsigned long long)at);
	c->sum.corruptions++;
	c->broken = true;
	return false;
}

static void count_entry(struct check *c, uint64_t entry)
{
	uint64_t at, len;

	if (entry & QCOW2_COMPRESSED) {
		len = qcow2_packed(&c->h, entry, &at);
		count(c, at, len, false, "compressed data");
		c->sum.allocated++;
	} else if (is_cluster(c, entry, "data")) {
		count(c, entry & QCOW2_OFFSET_MASK, c->cluster, false, "data");
		c->sum.allocated++;
	}
}

/* The flag of an entry, after everything is counted; true: it was changed. */
static bool check_flag(struct check *c, uint64_t *entry, const char *what,
		       bool fix)
{
	uint64_t e = be64toh(*entry), at = e & QCOW2_OFFSET_MASK;
	bool own;

	if (e & QCOW2_COMPRESSED || !at || at % c->cluster ||
	    at / c->cluster >= c->n)
		return false;
	own = c->ref[at / c->cluster] == 1;
	if (own == !!(e & QCOW2_COPIED))
		return false;
	if (!fix) {
		said(c, "corruption: the flag of %s at %#llx is wrong", what,
		     (unsigned long long)at);
		c->sum.corruptions++;
		c->bad_flags = true;
		return false;
	}
	*entry = htobe64(e ^ QCOW2_COPIED);
	return true;
}

static bool has_table(const struct check *c, uint32_t i, uint64_t *ret_at)
{
	uint64_t at = be64toh(c->l1[i]) & QCOW2_OFFSET_MASK;

	*ret_at = at;
	return at && at % c->cluster == 0 &&
	       (at + c->cluster - 1) >> c->h.cluster_bits < c->n;
}

static int count_l2(struct check *c, uint64_t at)
{
	int code = node_read(c->file, c->buf, c->cluster, at);

	for (uint64_t i = 0; i < c->cluster / 8 && !code; i++)
		count_entry(c, be64toh(c->buf[i]));
	return code;
}

static int flags_l2(struct check *c, uint64_t at, bool fix)
{
	int code = node_read(c->file, c->buf, c->cluster, at);
	bool changed = false;

	for (uint64_t i = 0; i < c->cluster / 8 && !code; i++)
		changed |= check_flag(c, &c->buf[i], "data", fix);
	if (changed && !code)
		code = node_write(c->file, c->buf, c->cluster, at);
	return code;
}

static int count_all(struct check *c)
{
	uint64_t reftable = c->h.reftable_clusters * c->cluster;
	int code = 0;

	count(c, 0, 1, true, "the header");
	if (c->h.l1_entries)
		count(c, c->h.l1_at, c->h.l1_entries * UINT64_C(8), true,
		      "the L1 table");
	count(c, c->h.reftable_at, reftable, true, "the refcount table");
	for (uint64_t i = 0; i < reftable / 8; i++) {
		uint64_t at = be64toh(c->reftable[i]);

		if (at & ~QCOW2_OFFSET_MASK || at % c->cluster) {
			said(c, "corruption: refcount table entry %llu is none",
			     (unsigned long long)i);
			c->sum.corruptions++;
			c->broken = true;
		} else if (at) {
			count(c, at, c->cluster, true, "a refcount block");
		}
	}
	for (uint32_t i = 0; i < c->h.l1_entries; i++)
		if (is_cluster(c, be64toh(c->l1[i]), "an L2 table"))
			count(c, be64toh(c->l1[i]) & QCOW2_OFFSET_MASK,
			      c->cluster, true, "an L2 table");
	for (uint32_t i = 0; i < c->h.l1_entries && !code; i++) {
		uint64_t at;

		if (has_table(c, i, &at))
			code = count_l2(c, at);
	}
	return code;
}

static int check_flags(struct check *c, bool fix)
{
	bool changed = false;
	int code = 0;

	for (uint32_t i = 0; i < c->h.l1_entries && !code; i++) {
		uint64_t at;

		changed |= check_flag(c, &c->l1[i], "an L2 table", fix);
		if (has_table(c, i, &at))
			code = flags_l2(c, at, fix);
	}
	if (changed && !code)
		code = node_write(c->file, c->l1, c->h.l1_entries * UINT64_C(8),
				  c->h.l1_at);
	return code;
}

static uint64_t per_block(const struct check *c)
{
	return c->cluster * 8 >> c->h.refcount_order;
}

/* One counter; true: it is to be written. */
static bool compare(struct check *c, uint64_t cluster, uint64_t is, bool fix)
{
	uint64_t right = cluster < c->n ? c->ref[cluster] : 0;

	if (is == right)
		return false;
	if (!fix) {
		said(c,
		     "%s: cluster %llu has %llu references and a counter "
		     "of %llu",
		     is > right ? "leak" : "corruption",
		     (unsigned long long)cluster, (unsigned long long)right,
		     (unsigned long long)is);
		if (is > right)
			c->sum.leaks++;
		else
			c->sum.corruptions++;
		c->too_low |= is < right;
	}
	return fix && is > right;
}

static int compare_block(struct check *c, uint64_t n, uint64_t at, bool fix)
{
	uint64_t first = n * per_block(c);
	bool changed = false;
	int code = 0;

	if (at)
		code = node_read(c->file, c->buf, c->cluster, at);
	else
		memset(c->buf, 0, c->cluster);
	for (uint64_t i = 0; i < per_block(c) && !code; i++) {
		uint64_t is = qcow2_get_count((uint8_t *)c->buf,
					      c->h.refcount_order, i);

		if (!compare(c, first + i, is, fix))
			continue;
		qcow2_set_count((uint8_t *)c->buf, c->h.refcount_order, i,
				first + i < c->n ? c->ref[first + i] : 0);
		changed = true;
	}
	if (changed && !code)
		code = node_write(c->file, c->buf, c->cluster, at);
	return code;
}

static int compare_all(struct check *c, bool fix)
{
	uint64_t entries = c->h.reftable_clusters * c->cluster / 8;
	uint64_t blocks = (c->n + per_block(c) - 1) / per_block(c);
	int code = 0;

	for (uint64_t i = 0; (i < entries || i < blocks) && !code; i++) {
		uint64_t at = i < entries ? be64toh(c->reftable[i]) : 0;

		if (at & ~QCOW2_OFFSET_MASK || at % c->cluster ||
		    at / c->cluster >= c->n)
			at = 0;
		if (at || i < blocks)
			code = compare_block(c, i, at, fix);
	}
	return code;
}

/* New counters */

struct plan {
	uint64_t first, blocks,
		table; /* clusters: the blocks, then the table */
};

static int plan_counters(const struct check *c, struct plan *p)
{
	uint64_t end;

	*p = (struct plan){ .first = c->n };
	do {
		end = p->first + p->blocks + p->table;
		p->blocks = (end + per_block(c) - 1) / per_block(c);
		p->table = clusters_of(c, p->blocks * 8);
	} while (p->first + p->blocks + p->table > end);
	return p->table * c->cluster > QCOW2_REFTABLE_MAX ? -EFBIG : 0;
}

/* How often it will be referred to when the old counters are free. */
static uint64_t new_count(const struct check *c, const struct plan *p,
			  uint64_t cluster)
{
	if (cluster >= p->first)
		return cluster < p->first + p->blocks + p->table;
	return c->ref[cluster];
}

static void forget_old_counters(struct check *c)
{
	uint64_t at = c->h.reftable_at >> c->h.cluster_bits;

	for (uint64_t i = 0; i < c->h.reftable_clusters; i++)
		c->ref[at + i]--;
	for (uint64_t i = 0; i < c->h.reftable_clusters * c->cluster / 8; i++)
		if (c->reftable[i])
			c->ref[be64toh(c->reftable[i]) >> c->h.cluster_bits]--;
}

static int write_counters(struct check *c, const struct plan *p)
{
	uint8_t *bytes = (uint8_t *)c->buf;
	uint64_t max = c->h.refcount_order < 6
			       ? (UINT64_C(1) << (1u << c->h.refcount_order)) -
					 1
			       : UINT64_MAX;
	int code = 0;

	for (uint64_t b = 0; b < p->blocks && !code; b++) {
		memset(c->buf, 0, c->cluster);
		for (uint64_t i = 0; i < per_block(c); i++) {
			uint64_t v = new_count(c, p, b * per_block(c) + i);

			if (v > max)
				return -ERANGE;
			qcow2_set_count(bytes, c->h.refcount_order, i, v);
		}
		code = node_write(c->file, c->buf, c->cluster,
				  (p->first + b) * c->cluster);
	}
	for (uint64_t t = 0; t < p->table && !code; t++) {
		memset(c->buf, 0, c->cluster);
		for (uint64_t i = 0; i < c->cluster / 8; i++) {
			uint64_t b = t * (c->cluster / 8) + i;

			if (b < p->blocks)
				c->buf[i] = htobe64((p->first + b) *
						    c->cluster);
		}
		code = node_write(c->file, c->buf, c->cluster,
				  (p->first + p->blocks + t) * c->cluster);
	}
	return code;
}

static int new_counters(struct check *c)
{
	struct plan p;
	int code = plan_counters(c, &p);

	if (code < 0)
		return code;
	forget_old_counters(c);
	code = write_counters(c, &p);
	if (!code)
		code = node_flush(c->file);
	if (!code)
		code = qcow2_header_reftable(c->file,
					     (p.first + p.blocks) * c->cluster,
					     (uint32_t)p.table);
	return code;
}

/* Nothing uses it and it is known what is right. */
static int mend(struct check *c)
{
	int code = c->too_low ? new_counters(c) : compare_all(c, true);

	if (!code && c->bad_flags)
		code = check_flags(c, true);
	if (!code)
		code = node_flush(c->file);
	if (code || !(c->h.incompatible & (QCOW2_DIRTY | QCOW2_CORRUPT)))
		return code;
	c->h.incompatible &= ~(uint64_t)(QCOW2_DIRTY | QCOW2_CORRUPT);
	code = qcow2_header_features(c->file, &c->h);
	return code ? code : node_flush(c->file);
}

static int start(struct check *c, struct err *err)
{
	int code = qcow2_header_read(c->file, &c->h, err);
	uint64_t reftable;

	if (code < 0)
		return code;
	if (c->h.autoclear & QCOW2_BITMAPS)
		return err_set(err, ENOTSUP,
			       "\"%s\" has bitmaps, which are not checked "
			       "here; qemu-img check does",
			       c->file->filename);
	c->cluster = UINT64_C(1) << c->h.cluster_bits;
	c->n = clusters_of(c, c->file->size);
	if (c->n > CLUSTERS_MAX)
		return err_set(err, EFBIG, "\"%s\" is too large to be checked",
			       c->file->filename);
	c->sum.clusters = clusters_of(c, c->h.size);
	reftable = c->h.reftable_clusters * c->cluster;
	c->ref = xcalloc(c->n, sizeof(*c->ref));
	c->meta = xcalloc(c->n, sizeof(*c->meta));
	c->l1 = xcalloc(c->h.l1_entries + 1u, 8);
	c->reftable = xmalloc(reftable);
	c->buf = xmalloc(c->cluster);
	code = node_read(c->file, c->l1, c->h.l1_entries * UINT64_C(8),
			 c->h.l1_at);
	if (!code)
		code = node_read(c->file, c->reftable, reftable,
				 c->h.reftable_at);
	return code ? err_errno(err, -code, "cannot read \"%s\"",
				c->file->filename)
		    : 0;
}

static void finish(struct check *c)
{
	free(c->ref);
	free(c->meta);
	free(c->l1);
	free(c->reftable);
	free(c->buf);
}

/* c->file and c->say are set. */
static int examine(struct check *c, struct err *err)
{
	int code = start(c, err);

	if (code < 0)
		return code;
	code = count_all(c);
	if (!code)
		code = check_flags(c, false);
	if (!code)
		code = compare_all(c, false);
	return code ? err_errno(err, -code, "cannot read \"%s\"",
				c->file->filename)
		    : 0;
}

static int repair(struct check *c, struct err *err)
{
	struct check after = { .file = c->file };
	int code = mend(c);

	if (code < 0)
		return err_errno(err, -code, "cannot repair \"%s\"",
				 c->file->filename);
	code = examine(&after, err);
	finish(&after);
	c->sum.fixed_leaks = c->sum.leaks - after.sum.leaks;
	c->sum.fixed_corruptions = c->sum.corruptions - after.sum.corruptions;
	return code;
}

int qcow2_check(struct block *file, bool mending,
		void (*say)(void *arg, const char *line), void *arg,
		struct block_check *ret_check, struct err *err)
{
	struct check c = { .file = file, .say = say, .arg = arg };
	int code = examine(&c, err);

	if (code >= 0 && mending && c.broken)
		said(&c, "not repaired: it is not known what is right");
	else if (code >= 0 && mending)
		code = repair(&c, err);
	finish(&c);
	if (code >= 0)
		*ret_check = c.sum;
	return code < 0 ? code : 0;
}

int block_check(const char *filename, bool mending,
		void (*say)(void *arg, const char *line), void *arg,
		struct block_check *ret_check, struct err *err)
{
	const struct block_options opt = { .filename = filename,
					   .read_only = !mending };
	struct block *file;
	int code = block_file_open(&file, &opt, NULL, err);

	if (code < 0)
		return code;
	code = qcow2_check(file, mending, say, arg, ret_check, err);
	block_free(file);
	return code;
}
