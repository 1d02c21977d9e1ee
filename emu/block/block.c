/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each request is one job of the pool: a thread takes it through all nodes
 * down to the system calls, which work straight from and to guest memory.
 * Order between requests is the guest's business, as with a real disk.
 *
 * A request that waits for somebody to mend a full disk hangs in a list of its
 * node: it holds no thread and no lock.
 */
#include "block/block.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block/node.h"
#include "block/overlay.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/overflow.h"

void node_init(struct block *b, const struct block_ops *ops, const char *driver,
	       const struct block_options *opt, struct pool *pool)
{
	b->ops = ops;
	b->pool = pool;
	b->driver = driver;
	b->node_name = opt->node_name ? xstrdup(opt->node_name) : NULL;
	b->filename = xstrdup(opt->filename);
	b->read_only = opt->read_only || opt->base;
	b->discard = opt->discard;
	b->no_flush = opt->no_flush;
	b->direct = opt->direct;
	b->detect_zeroes = opt->detect_zeroes;
	b->users = 1;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->quiet, NULL);
}

struct block *block_ref(struct block *b)
{
	__atomic_fetch_add(&b->users, 1, __ATOMIC_RELAXED);
	return b;
}

void block_free(struct block *b)
{
	struct block *file, *backing;

	if (!b || __atomic_sub_fetch(&b->users, 1, __ATOMIC_ACQ_REL))
		return;
	b->ops->close(b);
	file = b->file;
	backing = b->backing;
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->quiet);
	free(b->node_name);
	free(b->filename);
	free(b);
	block_free(file);
	block_free(backing);
}

/* Counting */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

void node_raise(uint64_t *mark, uint64_t n)
{
	uint64_t old = __atomic_load_n(mark, __ATOMIC_RELAXED);

	while (old < n &&
	       !__atomic_compare_exchange_n(mark, &old, n, true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void count(struct block *b, const struct block_io *io, int code,
		  uint64_t started)
{
	struct block_stats *s = &b->stats;

	add(&s->ns[io->op], now() - started);
	if (code < 0) {
		add(&s->failed[io->op], 1);
		return;
	}
	add(&s->ops[io->op], 1);
	add(&s->bytes[io->op], io->len);
	if (io->op == BLOCK_WRITE || io->op == BLOCK_ZERO)
		node_raise(&s->wr_highest_offset, io->at + io->len);
}

int node_execute(struct block *b, const struct block_io *io)
{
	uint64_t started = now();
	int code;

	if (b->read_only && io->op != BLOCK_READ && io->op != BLOCK_FLUSH)
		code = -EROFS;
	else
		code = b->ops->execute(b, io);
	if (code != -EAGAIN || !io->at_once) /* else it is done again */
		count(b, io, code, started);
	return code;
}

static int one_buffer(struct block *b, enum block_op op, void *buf,
		      uint64_t len, uint64_t at)
{
	const struct iovec iov = { buf, len };
	const struct block_io io = { .op = op,
				     .at = at,
				     .len = len,
				     .bufs = { .iov = &iov, .iovcnt = 1 } };

	return node_execute(b, &io);
}

int node_read(struct block *b, void *buf, uint64_t len, uint64_t at)
{
	return one_buffer(b, BLOCK_READ, buf, len, at);
}

int node_write(struct block *b, const void *buf, uint64_t len, uint64_t at)
{
	return one_buffer(b, BLOCK_WRITE, (void *)(uintptr_t)buf, len, at);
}

int node_flush(struct block *b)
{
	return one_buffer(b, BLOCK_FLUSH, NULL, 0, 0);
}

/* Errors and events */

/* b->lock held, so that block_set_event() finds nobody in the old function. */
static void tell(struct block *b, const struct block_event *event)
{
	if (b->event)
		b->event(b->event_arg, event);
}

void node_event(struct block *b, const struct block_event *event)
{
	with_lock(&b->lock);
	tell(b, event);
}

static enum block_on_error choose(const struct block *b, enum block_op op,
				  int code)
{
	enum block_on_error on = op == BLOCK_READ ? b->rerror : b->werror;

	if (on == BLOCK_ENOSPC)
		on = code == -ENOSPC || code == -EDQUOT ? BLOCK_STOP
							: BLOCK_REPORT;
	if (on == BLOCK_STOP && (!b->event || b->cancelling))
		on = BLOCK_REPORT;
	return on;
}

/* True: it waits now, and belongs to whoever takes it from the list; b may be
 * gone soon.  So it is told before anybody can find it there. */
static bool failed(struct block *b, struct block_request *req, int *code)
{
	struct block_event event = {
		.kind = BLOCK_EVENT_IO_ERROR,
		.block = b,
		.op = req->op,
		.code = *code,
	};

	with_lock(&b->lock);
	event.action = choose(b, req->op, *code);
	if (event.action == BLOCK_STOP) {
		req->next = b->held;
		b->held = req;
		if (!__atomic_sub_fetch(&b->running, 1, __ATOMIC_RELAXED))
			pthread_cond_broadcast(&b->quiet);
		b->io_status = *code == -ENOSPC || *code == -EDQUOT
				       ? BLOCK_STATUS_NOSPACE
				       : BLOCK_STATUS_FAILED;
	}
	if (event.action == BLOCK_IGNORE)
		*code = 0;
	tell(b, &event);
	return event.action == BLOCK_STOP;
}

static void log_failure(struct block *b, const struct block_request *req,
			int code)
{
	static const char *const doing[] = { [BLOCK_READ] = "reading",
					     [BLOCK_WRITE] = "writing",
					     [BLOCK_FLUSH] = "flushing",
					     [BLOCK_DISCARD] = "discarding",
					     [BLOCK_ZERO] = "writing zeroes" };

	log_limited(&b->failed, "\"%s\": %s at %llu: %s", b->filename,
		    doing[req->op], (unsigned long long)req->at,
		    strerror(-code));
}

void block_set_errors(struct block *b, enum block_on_error rerror,
		      enum block_on_error werror)
{
	with_lock(&b->lock);
	b->rerror = rerror;
	b->werror = werror;
}

void block_set_event(struct block *b, block_event_fn *fn, void *arg)
{
	if (!b || (fn && b->event))
		return;
	pthread_mutex_lock(&b->lock);
	b->event = fn;
	b->event_arg = arg;
	pthread_mutex_unlock(&b->lock);
	block_set_event(b->file, fn, arg);
	block_set_event(b->backing, fn, arg);
}

static struct block_request *take_held(struct block *b, bool cancelling)
{
	struct block_request *first;

	with_lock(&b->lock);
	b->cancelling = cancelling;
	first = steal_ptr(b->held);
	b->io_status = BLOCK_STATUS_OK;
	return first;
}

void block_retry(struct block *b)
{
	struct block_request *req = take_held(b, false), *next;

	for (; req; req = next) {
		next = req->next;
		block_submit(b, req);
	}
}

void block_cancel(struct block *b)
{
	struct block_request *req = take_held(b, true), *next;

	for (; req; req = next) {
		next = req->next;
		req->done(req, -ECANCELED);
	}
}

void block_cancelled(struct block *b)
{
	with_lock(&b->lock);
	b->cancelling = false;
}

enum block_io_status block_io_status(struct block *b)
{
	with_lock(&b->lock);
	return b->io_status;
}

/* Requests */

/* Is it all zeroes? */
static bool is_zero(const struct block_request *req)
{
	uint64_t skip = req->skip, len = req->len;

	for (unsigned int i = 0; i < req->iovcnt && len; i++) {
		const uint8_t *p = req->iov[i].iov_base;
		uint64_t n = req->iov[i].iov_len;

		if (skip >= n) {
			skip -= n;
			continue;
		}
		p += skip;
		n = n - skip < len ? n - skip : len;
		if (p[0] || memcmp(p, p + 1, n - 1) != 0)
			return false;
		len -= n;
		skip = 0;
	}
	return true;
}

static int run(struct block *b, const struct block_request *req, bool at_once)
{
	struct block_io io = {
		.op = req->op,
		.may_unmap = req->may_unmap,
		.at_once = at_once,
		.at = req->at,
		.len = req->len,
		.bufs = { .iov = req->iov,
			  .iovcnt = req->iovcnt,
			  .skip = req->skip },
	};
	uint64_t size = __atomic_load_n(&b->size, __ATOMIC_RELAXED);

	if ((unsigned int)req->op >= BLOCK_OPS || req->iovcnt > BLOCK_IOV_MAX ||
	    (req->op != BLOCK_FLUSH && !range_fits(req->at, req->len, size)))
		return -EINVAL;
	if (io.op == BLOCK_WRITE && b->detect_zeroes && io.len &&
	    is_zero(req)) {
		io.op = BLOCK_ZERO;
		io.may_unmap = b->detect_zeroes == BLOCK_DETECT_UNMAP;
	}
	return node_execute(b, &io);
}

struct waiting {
	sem_t done;
	int result;
};

static void waited(struct block_request *req, int result)
{
	struct waiting *w = req->arg;

	w->result = result;
	sem_post(&w->done);
}

static void settled(struct block_request *req, int result)
{
	struct block *b = req->block;

	pthread_mutex_lock(&b->lock);
	b->settling = false;
	b->settle_result = result;
	pthread_cond_broadcast(&b->quiet);
	pthread_mutex_unlock(&b->lock);
	block_free(b);
}

/* Our own are never held back: nobody would know of them. */
static bool is_guests(const struct block_request *req)
{
	return req->done != waited && req->done != settled;
}

/* Before the completion, after which b may be gone. */
static void leave(struct block *b)
{
	if (__atomic_sub_fetch(&b->running, 1, __ATOMIC_ACQ_REL))
		return;
	with_lock(&b->lock);
	pthread_cond_broadcast(&b->quiet);
}

static void work(struct pool_job *job)
{
	struct block_request *req = (struct block_request *)job;
	struct block *b = req->block;
	int code = run(b, req, false);

	if (code < 0) {
		log_failure(b, req, code);
		if (is_guests(req) && failed(b, req, &code))
			return;
	}
	leave(b);
	req->done(req, code);
}

void block_submit(struct block *b, struct block_request *req)
{
	req->block = b;
	req->job.work = work;
	if (b->ops->submit) {
		b->ops->submit(b, req);
		return;
	}
	__atomic_fetch_add(&b->running, 1, __ATOMIC_RELAXED);
	pool_submit(b->pool, &req->job);
}

bool block_try(struct block *b, const struct block_request *req)
{
	for (const struct block *n = b; n; n = n->file)
		if (!n->ops->at_once)
			return false;
	return req->op == BLOCK_READ && req->len <= BLOCK_TRY_MOST &&
	       run(b, req, true) == 0;
}

int block_wait(struct block *b, struct block_request *req)
{
	struct waiting w;

	sem_init(&w.done, 0, 0);
	req->done = waited;
	req->arg = &w;
	block_submit(b, req);
	while (sem_wait(&w.done) < 0)
		;
	sem_destroy(&w.done);
	return w.result;
}

static bool wait_quiet(struct block *b, uint64_t until)
{
	const struct timespec t = { .tv_sec = (time_t)(until / 1000000000u),
				    .tv_nsec = (long)(until % 1000000000u) };

	with_lock(&b->lock);
	while (b->settling || __atomic_load_n(&b->running, __ATOMIC_ACQUIRE)) {
		if (pthread_cond_clockwait(&b->quiet, &b->lock, CLOCK_MONOTONIC,
					   &t) == ETIMEDOUT)
			return false;
	}
	return true;
}

/* The flush has a share in b: it may take longer than we wait. */
int block_settle(struct block *b, uint64_t until)
{
	if (!wait_quiet(b, until))
		return -ETIMEDOUT;
	if (b->read_only)
		return 0;
	b->settling = true;
	b->settle = (struct block_request){ .op = BLOCK_FLUSH,
					    .done = settled };
	block_submit(block_ref(b), &b->settle);
	return wait_quiet(b, until) ? b->settle_result : -ETIMEDOUT;
}

/* Queries and changes */

int block_info(struct block *b, struct block_info *ret_info)
{
	struct block_info info = { 0 };
	int code = b->ops->info(b, &info);

	if (code < 0)
		return code;
	info.virtual_size = b->size;
	*ret_info = info;
	return 0;
}

void block_set_resized(struct block *b, void (*fn)(void *arg), void *arg)
{
	with_lock(&b->lock);
	b->resized = fn;
	b->resized_arg = arg;
}

int block_resize(struct block *b, uint64_t size, struct err *err)
{
	int code;

	if (size % BLOCK_SECTOR)
		return err_set(err, EINVAL,
			       "cannot make \"%s\" %llu bytes large: that is "
			       "no multiple of %d",
			       b->filename, (unsigned long long)size,
			       BLOCK_SECTOR);
	if (size < b->size)
		return err_set(err, ENOTSUP,
			       "cannot make \"%s\" smaller: it has %llu bytes, "
			       "and what lies behind %llu would be lost",
			       b->filename, (unsigned long long)b->size,
			       (unsigned long long)size);
	if (b->read_only || !b->ops->resize)
		return err_set(err, EROFS,
			       "cannot change the size of \"%s\": it is open "
			       "for reading only",
			       b->filename);
	if (size == b->size)
		return 0;
	code = b->ops->resize(b, size, err);
	if (code < 0)
		return code;
	__atomic_store_n(&b->size, size, __ATOMIC_RELAXED);
	if (b->resized)
		b->resized(b->resized_arg);
	return 0;
}

void block_set_write_threshold(struct block *b, uint64_t offset)
{
	while (b->file)
		b = b->file;
	__atomic_store_n(&b->write_threshold, offset, __ATOMIC_RELAXED);
}

/* Opening */

int block_format_open(struct block **ret_block, enum block_format format,
		      const struct block_options *opt,
		      const struct block_below *below, struct err *err)
{
	switch (format) {
	case BLOCK_RAW:
		return node_raw_open(ret_block, opt, below, err);
	case BLOCK_QCOW2:
		return node_qcow2_open(ret_block, opt, below, err);
	}
	return err_set(err, EINVAL, "there is no such format");
}

int block_image_open(struct block **ret_block, enum block_format format,
		     const struct block_options *opt, struct pool *pool,
		     struct err *err)
{
	struct block_options lower = *opt;
	struct block_below below = { 0 };
	struct block *b = NULL;
	int code;

	lower.node_name = NULL;
	lower.detect_zeroes = BLOCK_DETECT_OFF;
	lower.base |= lower.snapshot;
	code = block_file_open(&below.file, &lower, pool, err);
	if (code < 0)
		return code;
	if (!opt->snapshot)
		lower = *opt;
	code = block_format_open(&b, format, &lower, &below, err);
	block_free(below.file);
	if (code >= 0 && opt->snapshot) {
		below.file = b;
		code = overlay_open(&b, opt, below.file, err);
		block_free(below.file);
	}
	if (code >= 0)
		*ret_block = b;
	return code;
}

int block_raw_open(struct block **ret_block, const struct block_options *opt,
		   struct pool *pool, struct err *err)
{
	return block_image_open(ret_block, BLOCK_RAW, opt, pool, err);
}
