/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disk images behind one interface: asynchronous read, write, flush and
 * discard of byte ranges, into host buffers.
 *
 * An image is a graph of nodes, as QEMU's -blockdev describes it: a node for
 * the file or block device ("file", "host_device"), one of the format over it
 * ("raw", "qcow2"), and below that the nodes of its backing file.  Requests may
 * go to any node, a device sends them to the uppermost.  Each node counts what
 * passes through it.
 *
 * Requests are embedded in their users, so nothing is allocated once the
 * guest runs.  The completion is called in a thread of the pool, with no lock
 * held; the request may be submitted again from there.  Host errors come back
 * as -errno and go to the guest as I/O errors, or are held back until
 * somebody has mended the cause (block_set_errors()).
 *
 * A flush covers the writes that were completed before it was submitted.
 */
#ifndef BLOCK_BLOCK_H
#define BLOCK_BLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/err.h"
#include "common/log.h"
#include "loop/pool.h"

enum {
	BLOCK_SECTOR = 512,
	BLOCK_IOV_MAX = 512,    /* buffers of one request */
	BLOCK_TRY_MOST = 65536, /* bytes, of block_try() */
};

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,
	BLOCK_DISCARD,
	BLOCK_ZERO, /* write zeroes; may unmap if may_unmap */
	BLOCK_OPS
};

struct block;

struct block_request {
	struct pool_job job;        /* block.c's */
	struct block *block;        /* block.c's */
	struct block_request *next; /* block.c's: of those held back */
	enum block_op op;
	uint64_t at, len; /* bytes; inside of the image, checked there too */
	/* READ, WRITE: len bytes of it after the first skip; at most
	 * BLOCK_IOV_MAX entries; never changed. */
	const struct iovec *iov;
	unsigned int iovcnt;
	uint32_t skip;
	bool may_unmap;
	void (*done)(struct block_request *req, int result); /* 0 or -errno */
	void *arg;
};

/* Updated atomically; ops and bytes of what succeeded, times of all. */
struct block_stats {
	uint64_t ops[BLOCK_OPS], bytes[BLOCK_OPS], failed[BLOCK_OPS];
	uint64_t ns[BLOCK_OPS];     /* from the start to the completion */
	uint64_t wr_highest_offset; /* where the furthest write ended */
};

/* What a device does with an error (werror=, rerror=). */
enum block_on_error {
	BLOCK_REPORT, /* the guest learns of it */
	BLOCK_IGNORE, /* the guest is told that all is well */
	BLOCK_STOP,   /* the machine stops, the request waits */
	BLOCK_ENOSPC, /* BLOCK_STOP for a full disk, else BLOCK_REPORT */
};

/* query-block's io-status */
enum block_io_status {
	BLOCK_STATUS_OK,
	BLOCK_STATUS_FAILED,
	BLOCK_STATUS_NOSPACE,
};

enum block_event_kind {
	BLOCK_EVENT_IO_ERROR,        /* QMP's BLOCK_IO_ERROR */
	BLOCK_EVENT_WRITE_THRESHOLD, /* BLOCK_WRITE_THRESHOLD */
	BLOCK_EVENT_CORRUPTED,       /* BLOCK_IMAGE_CORRUPTED */
};

struct block_event {
	enum block_event_kind kind;
	struct block *block;
	/* IO_ERROR: what failed, how, and what was done: REPORT, IGNORE or
	 * STOP, never ENOSPC.  STOP: the machine is to be stopped (QMP's
	 * status io-error), and block_retry() called when it goes on. */
	enum block_op op;
	int code; /* -errno */
	enum block_on_error action;
	/* WRITE_THRESHOLD: the mark, and by how much a write passed it. */
	uint64_t threshold, exceeded;
};

/* In a thread of the pool, with locks held, the node's too: post it to the loop
 * and return. */
typedef void block_event_fn(void *arg, const struct block_event *event);

enum block_detect_zeroes {
	BLOCK_DETECT_OFF,
	BLOCK_DETECT_ON,    /* writes of zeroes become BLOCK_ZERO */
	BLOCK_DETECT_UNMAP, /* the same, and they may unmap */
};

struct block {
	const struct block_ops *ops; /* block/node.h */
	struct pool *pool;           /* not owned */
	char *node_name;             /* of -blockdev, or made; owned */
	char *filename;              /* of the file below all of it; owned */
	const char *driver;          /* "file", "host_device", "raw", "qcow2" */
	struct block *file;          /* the node below; NULL: this is a file */
	struct block *backing;       /* NULL: none */
	uint64_t size; /* bytes; of a file any number, else whole sectors */
	bool read_only, discard, no_flush, direct;
	enum block_detect_zeroes detect_zeroes;
	struct block_stats stats;

	unsigned int users;       /* atomic */
	unsigned int running;     /* requests that the pool has; atomic */
	uint64_t write_threshold; /* of a file; atomic; 0: none */
	pthread_mutex_t lock;     /* the rest, which is block.c's */
	enum block_on_error rerror, werror;
	enum block_io_status io_status;
	struct block_request *held; /* waiting for block_retry() */
	bool cancelling;            /* block_cancel() */
	block_event_fn *event;
	void *event_arg;
	void (*resized)(void *arg);
	void *resized_arg;
	struct log_limit failed;
	struct block_request settle; /* block_settle()'s flush */
	bool settling;               /* that is under way */
	int settle_result;
	pthread_cond_t quiet; /* running became 0, or settling false */
};

/*
 * Do it now, in this thread, if it is a short read of what the host has in
 * memory: a copy costs less than waking a thread of the pool and being woken.
 * True: it is done, without a completion.  False: nothing has happened, and it
 * has to be submitted.  For a guest's reads of what it read before this is half
 * of the time that they take (tests/bench/io, random-read).
 */
bool block_try(struct block *b, const struct block_request *req);

/* Any thread. */
void block_submit(struct block *b, struct block_request *req);

/* Submit and wait; not from a thread of the pool.  0 or -errno. */
int block_wait(struct block *b, struct block_request *req);

/*
 * The machine has been stopped: wait until no request to this node is under
 * way, where those that are held back do not count, and flush it.  Until then
 * (CLOCK_MONOTONIC, ns): -ETIMEDOUT, and what is under way goes on.  0 or
 * -errno; in the loop's thread.
 */
int block_settle(struct block *b, uint64_t until);

/*
 * Nodes count their users: who opened one, and each node that stands on it.
 * The last block_free() closes it; what was written goes to the file then,
 * but is not flushed.  NULL is allowed.
 */
struct block *block_ref(struct block *b);
void block_free(struct block *b);

/* Errors and events */

/*
 * What happens with errors of requests to this node: rerror for reads, werror
 * for all others.  At first both are REPORT.  Where nobody set an event
 * function, STOP is REPORT, since nobody could go on.
 */
void block_set_errors(struct block *b, enum block_on_error rerror,
		      enum block_on_error werror);

/* Of this node and those below it that have no function of their own; NULL
 * takes it away from all of them, and then no thread is in it any more. */
void block_set_event(struct block *b, block_event_fn *fn, void *arg);

/* The machine goes on: submit again what waits; the status is OK then. */
void block_retry(struct block *b);

/*
 * The device is reset: what waits is completed with -ECANCELED, and nothing
 * is held back any more until block_cancelled(); errors are reported then.
 * Not with a lock held that the completion takes.
 */
void block_cancel(struct block *b);
void block_cancelled(struct block *b);

enum block_io_status block_io_status(struct block *b);

/* Called in block_resize()'s thread: the device tells its driver. */
void block_set_resized(struct block *b, void (*fn)(void *arg), void *arg);

/* Queries and changes, by the loop's thread. */

struct block_info {
	uint64_t virtual_size;      /* bytes, as the guest sees it */
	uint64_t actual_size;       /* bytes that the file has on the host */
	uint64_t write_threshold;   /* 0: none */
	const char *backing_file;   /* in the header; NULL: none */
	const char *backing_format; /* in the header; NULL: not said */
	/* qcow2 only; else 0 */
	uint64_t cluster_size; /* bytes */
	unsigned int version;  /* 2 or 3: compat 0.10 or 1.1 */
	unsigned int refcount_bits;
	const char *compression; /* "zlib", "zstd" */
	bool dirty, corrupt, lazy_refcounts;
};

/* The texts live as long as the node.  -errno only if the file cannot be
 * examined any more. */
int block_info(struct block *b, struct block_info *ret_info);

/* Make it larger; what is new reads as zeroes.  Smaller is refused.  Of a block
 * device so much more of it is used as it has by now, as it is. */
int block_resize(struct block *b, uint64_t size, struct err *err);

/*
 * An event once, when a write ends behind this offset of the file (of the
 * node below, if b is a format's); 0 takes the mark away.
 */
void block_set_write_threshold(struct block *b, uint64_t offset);

/* Opening */

struct block_options {
	const char *filename;
	const char *node_name; /* NULL: none */
	bool read_only;
	bool snapshot; /* writes go to an unlinked sparse file in $TMPDIR or
			* /var/tmp; the image is only read */
	bool base;     /* a backing file: read only, and locked so that nobody
			* writes to it or resizes it */
	bool discard;  /* guest's discards reach the file */
	bool no_flush; /* cache=unsafe */
	bool direct;   /* O_DIRECT where it works */
	bool no_lock;  /* file.locking=off */
	enum block_detect_zeroes detect_zeroes;
	unsigned int depth; /* images above this one; the caller's is 0 */
};

/*
 * A file or block device as it is, without a format, locked by QEMU's bytes
 * (block/lock.h), so that no two emulators of either kind write one image.
 */
int block_file_open(struct block **ret_block, const struct block_options *opt,
		    struct pool *pool, struct err *err);

enum block_format {
	BLOCK_RAW,
	BLOCK_QCOW2,
};

/*
 * A format's node over a file's, of which it takes a share of its own, as of
 * backing.  opt: node_name, read_only, discard, detect_zeroes; read_only also
 * if the file is.  Without backing and no_backing a qcow2 image's header
 * says which files are below it; they are opened for reading, as base.
 *
 * Of a raw file whose size is no multiple of 512 the last bytes are not
 * reached.
 */
struct block_below {
	struct block *file;
	struct block *backing; /* NULL: none is named */
	bool no_backing;       /* "backing": null */
};
int block_format_open(struct block **ret_block, enum block_format format,
		      const struct block_options *opt,
		      const struct block_below *below, struct err *err);

/* File and format in one, and the snapshot over it, as -drive means them. */
int block_image_open(struct block **ret_block, enum block_format format,
		     const struct block_options *opt, struct pool *pool,
		     struct err *err);

/* block_image_open() of a raw one. */
int block_raw_open(struct block **ret_block, const struct block_options *opt,
		   struct pool *pool, struct err *err);

/* Checking an image that nobody uses */

struct block_check {
	uint64_t leaks;       /* clusters that are kept and belong to nobody */
	uint64_t corruptions; /* anything that can lose data */
	uint64_t fixed_leaks, fixed_corruptions;
	uint64_t clusters, allocated; /* of the guest's disk */
};

/*
 * Compare the metadata of a qcow2 image with itself; say(arg, line) for each
 * fault, at most a hundred times.  With repair leaks are given back, and
 * counters that are too low are made anew.  0 when it could be examined,
 * whatever was found.
 */
int block_check(const char *filename, bool repair,
		void (*say)(void *arg, const char *line), void *arg,
		struct block_check *ret_check, struct err *err);

#endif
