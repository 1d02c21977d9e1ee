/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A qcow2 image that is open; shared by qcow2_*.c.
 *
 * Order on the disk.  Whatever a power cut leaves of the writes since the last
 * flush, nothing that is referred to may be free, and no reference may lead to
 * something that is not there yet.  So changes stay in memory, and
 * qcow2_write_back() brings them out in this order, with a flush at each "|":
 *
 *	refcounts | refcount table | L2 and L1 entries | clusters become free
 *
 * The data is written before its L2 entry is changed even in memory, and a new
 * L2 table is zeroed before there is an L1 entry for it, so the flush before
 * these covers both.  What a cut can leave are clusters
 * that are counted and not used.  A cluster whose last reference went is not
 * given away before that is on the disk ("pending").
 *
 * Locks, to be taken in this order:
 *
 *	meta	all changes of metadata, with their I/O; allocation
 *	map	what readers look at: the L1 table, the L2 cache's places and
 *		entries, the list of requests under way.  Never held over I/O.
 *
 * None is held over the I/O of data.  Requests that only need what the tables
 * say share their clusters, those that change the tables have them alone
 * (qcow2_begin()), so no cluster is given away under a transfer.
 */
#ifndef BLOCK_QCOW2_H
#define BLOCK_QCOW2_H

#include "block/qcow2_cache.h"
#include "block/qcow2_header.h"

enum {
	QCOW2_PENDING = 8192,
	QCOW2_BUFFERS = 4,
};

/* A set of numbers of clusters. */
struct qcow2_set {
	uint64_t *slot; /* 0: empty, else the number + 1 */
	unsigned int bits;
	uint64_t n;
};

/* Guest clusters first to last. */
struct qcow2_claim {
	uint64_t first, last;
	bool alone;
	struct qcow2_claim *next;
};

struct qcow2_unpacker; /* qcow2_unpack.c */

struct qcow2 {
	struct block b; /* first */
	struct qcow2_header h;
	uint32_t cluster; /* bytes */
	unsigned int bits;
	uint64_t file_end; /* bytes that the file has at least; atomic */

	pthread_mutex_t map;
	pthread_cond_t ended;
	struct qcow2_claim *claims;
	uint64_t *l1; /* entries as in the file, but in the host's order */
	uint32_t l1_entries;
	struct qcow2_cache l2;
	struct qcow2_set metadata; /* clusters of the file; empty if b is only
				    * read */

	pthread_mutex_t meta;
	struct qcow2_cache refcounts;
	uint64_t *reftable; /* offsets; QCOW2_REFTABLE_MAX bytes */
	uint64_t reftable_entries;
	uint64_t reftable_dirty[2], l1_dirty[2]; /* entries from, to */
	uint64_t free_hint;                      /* below, no cluster is free */
	uint64_t fresh_from; /* from here, the file was never written */
	uint64_t pending[QCOW2_PENDING];
	unsigned int pending_n;
	bool corrupt; /* atomic; nothing is written any more */

	pthread_mutex_t pads_lock;
	pthread_cond_t pad_free;
	uint8_t *pads[QCOW2_BUFFERS]; /* one cluster each; NULL: in use */
	struct qcow2_unpacker *unpacker;
};

static inline struct qcow2 *qcow2_of(struct block *b)
{
	return (struct qcow2 *)b;
}

/* The image contradicts itself; says so once.  Returns -EIO. */
int qcow2_corrupt(struct qcow2 *q, const char *what, uint64_t at);

/* qcow2_set.c: at most n numbers without growing. */
void qcow2_set_init(struct qcow2_set *s, uint64_t n);
bool qcow2_set_has(const struct qcow2_set *s, uint64_t number);
/* False: it was there. */
bool qcow2_set_add(struct qcow2_set *s, uint64_t number);

/* The file of clusters: bytes, zeroes behind its end; pieces of buffers. */
int qcow2_file_read(struct qcow2 *q, const struct range_bufs *bufs,
		    uint64_t len, uint64_t at);
/* bufs NULL: zeroes. */
int qcow2_file_write(struct qcow2 *q, const struct range_bufs *bufs,
		     uint64_t len, uint64_t at);

/* qcow2.c, qcow2_grow.c: of struct block_ops */
int qcow2_execute(struct block *b, const struct block_io *io);
int qcow2_resize(struct block *b, uint64_t size, struct err *err);
/* The clusters are claimed alone. */
int qcow2_zero(struct qcow2 *q, uint64_t at, uint64_t end, bool unmap);
/* end, or that of its cluster where the disk ends: none but it has a share in
 * its last cluster. */
uint64_t qcow2_whole_end(const struct qcow2 *q, uint64_t end);

/* qcow2_refcount.c: meta held */

/* At least one and at most want clusters of the file, one after the other.
 * *ret_fresh: they read as zeroes. */
int qcow2_alloc(struct qcow2 *q, uint64_t want, uint64_t *ret_first,
		uint64_t *ret_n, bool *ret_fresh);
/* Exactly so many, one after the other; at most qcow2_longest_run(). */
int qcow2_alloc_all(struct qcow2 *q, uint64_t n, uint64_t *ret_first);
/* Clusters at the end of the file: what one refcount block counts, but for
 * itself, since the next region begins with the next block. */
uint64_t qcow2_longest_run(const struct qcow2 *q);
/* One reference less, at once: nothing on the disk refers to them. */
int qcow2_unref(struct qcow2 *q, uint64_t first, uint64_t n);
/* The same when the tables are on the disk that no longer refer to it. */
int qcow2_unref_later(struct qcow2 *q, uint64_t cluster);
int qcow2_refcount(struct qcow2 *q, uint64_t cluster, uint64_t *ret_count);
/* Changes to the file, in order, perhaps with a flush at the end; the first
 * parts of it alone are for caches that need room. */
int qcow2_write_back(struct qcow2 *q, bool *ret_flushed);
int qcow2_write_tables(struct qcow2 *q);
int qcow2_write_refcounts(struct qcow2 *q);

/* qcow2_map.c */

enum qcow2_kind {
	QCOW2_UNALLOCATED, /* the backing file's */
	QCOW2_ZEROES,
	QCOW2_NORMAL,
	QCOW2_PACKED, /* compressed */
};

struct qcow2_run {
	enum qcow2_kind kind;
	bool own;       /* may be written where it is */
	uint64_t host;  /* NORMAL: place in the file of the first byte.
			 * ZEROES: that of the cluster kept for it, or 0 */
	uint64_t entry; /* PACKED */
	uint64_t len;   /* bytes of this kind, one after the other */
};

/* Wait until nobody has these clusters who must not have them now. */
void qcow2_begin(struct qcow2 *q, struct qcow2_claim *c, uint64_t at,
		 uint64_t len, bool alone);
void qcow2_end(struct qcow2 *q, struct qcow2_claim *c);

/* What is at this place of the disk, at most len bytes of it. */
int qcow2_look_up(struct qcow2 *q, uint64_t at, uint64_t len,
		  struct qcow2_run *ret_run);

/* meta held: let a guest's cluster lead elsewhere.  What it led to before
 * loses a reference, later. */
int qcow2_set_entry(struct qcow2 *q, uint64_t cluster, uint64_t entry);
int qcow2_get_entry(struct qcow2 *q, uint64_t cluster, uint64_t *ret_entry);
/* meta held: clusters from this one on that have no L2 table, and so no
 * entry that could be changed. */
uint64_t qcow2_without_table(struct qcow2 *q, uint64_t cluster);

/* qcow2_unpack.c */

struct qcow2_unpacker *qcow2_unpacker_new(const struct qcow2 *q);
void qcow2_unpacker_free(struct qcow2_unpacker *u);
/* len bytes from skip of a compressed cluster. */
int qcow2_unpack(struct qcow2 *q, uint64_t entry, uint64_t skip, uint64_t len,
		 const struct range_bufs *bufs);

/* qcow2_check.c: block_check() of a file that is open. */
int qcow2_check(struct block *file, bool repair,
		void (*say)(void *arg, const char *line), void *arg,
		struct block_check *ret_check, struct err *err);

#endif
