/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raw images: files and block devices.
 *
 * Each request is one job of the pool, which makes the system calls straight
 * from and to guest memory.  Order between requests is the guest's business,
 * as with a real disk.
 *
 * O_DIRECT has rules about alignment that guests need not keep.  So there are
 * two descriptors then: what is aligned goes through the direct one, the rest
 * through the page cache; Linux keeps the two coherent.  The locks belong to
 * the first.
 *
 * Discarding and zeroing by the file system are tried, and forgotten where
 * they are not supported: a discard may do nothing, zeroes are then written.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block/block.h"
#include "block/lock.h"
#include "block/overlay.h"
#include "block/range.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/overflow.h"

enum {
	DIRECT_ALIGN = 4096
};

struct raw {
	struct block b;
	struct pool *pool;
	int fd;
	int direct_fd; /* -1: none */
	bool write;    /* fd is open for it */
	struct overlay *overlay;
	atomic_bool no_discard, no_zero; /* the host cannot */
	struct log_limit failed;
};

/* Position, length and each buffer, as far as it is used. */
static bool aligned(const struct block_request *req)
{
	uint64_t bits = req->at | req->len, skip = req->skip, len = req->len;

	for (unsigned int i = 0; i < req->iovcnt && len; i++) {
		uint64_t size = req->iov[i].iov_len;

		if (skip >= size) {
			skip -= size;
			continue;
		}
		size = size - skip < len ? size - skip : len;
		bits |= ((uintptr_t)req->iov[i].iov_base + skip) | size;
		len -= size;
		skip = 0;
	}
	return bits % DIRECT_ALIGN == 0;
}

static int read_write(struct raw *raw, struct block_request *req)
{
	const struct range_bufs bufs = {
		.iov = req->iov,
		.iovcnt = req->iovcnt,
		.skip = req->skip,
	};
	int fd = raw->direct_fd >= 0 && aligned(req) ? raw->direct_fd : raw->fd;

	if (req->iovcnt > BLOCK_IOV_MAX)
		return -EINVAL;
	if (raw->overlay)
		return req->op == BLOCK_READ
			       ? overlay_read(raw->overlay, &bufs, req->len,
					      req->at)
			       : overlay_write(raw->overlay, &bufs, req->len,
					       req->at);
	return req->op == BLOCK_READ
		       ? range_read(fd, &bufs, req->len, req->at)
		       : range_write(fd, &bufs, req->len, req->at);
}

/* Not an error of the disk: this host cannot do it, or not so. */
static bool unsupported(int code)
{
	return code == -EOPNOTSUPP || code == -ENOTTY || code == -ENOSYS ||
	       code == -EINVAL;
}

static int punch(const struct raw *raw, uint64_t at, uint64_t len)
{
	return fallocate(raw->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)at, (off_t)len) < 0
		       ? -errno
		       : 0;
}

static int discard(struct raw *raw, const struct block_request *req)
{
	uint64_t range[2] = { req->at, req->len };
	int code;

	if (!raw->b.discard || raw->overlay || raw->no_discard || !req->len)
		return 0;
	if (raw->b.host_device)
		code = ioctl(raw->fd, BLKDISCARD, range) < 0 ? -errno : 0;
	else
		code = punch(raw, req->at, req->len);
	if (!unsupported(code))
		return code;
	raw->no_discard = code != -EINVAL;
	return 0;
}

static int zero(struct raw *raw, const struct block_request *req)
{
	int code = -EOPNOTSUPP;

	if (raw->overlay)
		return overlay_zero(raw->overlay, req->len, req->at);
	if (!req->len)
		return 0;
	if (!raw->no_zero) {
		if (req->may_unmap && raw->b.discard)
			code = punch(raw, req->at, req->len);
		else if (fallocate(raw->fd,
				   FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
				   (off_t)req->at, (off_t)req->len) == 0)
			code = 0;
		else
			code = -errno;
		if (!unsupported(code))
			return code;
		raw->no_zero = code != -EINVAL;
	}
	return range_zero(raw->fd, req->len, req->at);
}

static int flush(struct raw *raw)
{
	if (raw->b.no_flush || raw->overlay || raw->b.read_only)
		return 0;
	return fdatasync(raw->fd) < 0 ? -errno : 0;
}

static int do_request(struct raw *raw, struct block_request *req)
{
	if (req->op != BLOCK_FLUSH &&
	    !range_fits(req->at, req->len, raw->b.size))
		return -EINVAL;
	if (raw->b.read_only && req->op != BLOCK_READ && req->op != BLOCK_FLUSH)
		return -EROFS;
	switch (req->op) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		return read_write(raw, req);
	case BLOCK_FLUSH:
		return flush(raw);
	case BLOCK_DISCARD:
		return discard(raw, req);
	case BLOCK_ZERO:
		return zero(raw, req);
	}
	return -EINVAL;
}

static void add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static void count(struct raw *raw, const struct block_request *req, int code)
{
	struct block_stats *s = &raw->b.stats;

	if (code < 0) {
		add(&s->errors, 1);
		log_limited(&raw->failed, "\"%s\": %s at %llu: %s",
			    raw->b.filename,
			    req->op == BLOCK_READ ? "reading" : "writing",
			    (unsigned long long)req->at, strerror(-code));
	} else if (req->op == BLOCK_READ) {
		add(&s->rd_ops, 1);
		add(&s->rd_bytes, req->len);
	} else if (req->op == BLOCK_WRITE) {
		add(&s->wr_ops, 1);
		add(&s->wr_bytes, req->len);
	} else if (req->op == BLOCK_FLUSH) {
		add(&s->flush_ops, 1);
	}
}

static void work(struct pool_job *job)
{
	struct block_request *req = (struct block_request *)job;
	struct raw *raw = (struct raw *)req->block;
	int code = do_request(raw, req);

	count(raw, req, code);
	req->done(req, code);
}

static void raw_submit(struct block *b, struct block_request *req)
{
	struct raw *raw = (struct raw *)b;

	req->block = b;
	req->job.work = work;
	pool_submit(raw->pool, &req->job);
}

static void raw_free(struct block *b)
{
	struct raw *raw = (struct raw *)b;

	overlay_free(raw->overlay);
	if (raw->direct_fd >= 0)
		close(raw->direct_fd);
	if (raw->fd >= 0)
		close(raw->fd);
	free(b->node_name);
	free(b->filename);
	free(raw);
}

static const struct block_ops raw_ops = {
	.submit = raw_submit,
	.free = raw_free,
};

static int device_size(struct raw *raw, struct err *err)
{
	int ro = 0;

	raw->b.host_device = true;
	if (ioctl(raw->fd, BLKGETSIZE64, &raw->b.size) < 0)
		return err_errno(err, errno, "cannot read the size of \"%s\"",
				 raw->b.filename);
	if (raw->write && ioctl(raw->fd, BLKROGET, &ro) == 0 && ro)
		return err_set(err, EROFS,
			       "\"%s\" is write-protected; use read-only=on",
			       raw->b.filename);
	return 0;
}

static int find_size(struct raw *raw, struct err *err)
{
	struct stat st;
	int code;

	if (fstat(raw->fd, &st) < 0)
		return err_errno(err, errno, "cannot examine \"%s\"",
				 raw->b.filename);
	if (S_ISBLK(st.st_mode)) {
		code = device_size(raw, err);
		if (code < 0)
			return code;
	} else if (S_ISREG(st.st_mode)) {
		raw->b.size = (uint64_t)st.st_size;
	} else {
		return err_set(err, EINVAL,
			       "\"%s\" is neither a file nor a block device",
			       raw->b.filename);
	}
	if (raw->b.size % BLOCK_SECTOR)
		log_warn("\"%s\": its last %llu bytes are no whole sector and "
			 "cannot be reached by the guest",
			 raw->b.filename,
			 (unsigned long long)(raw->b.size % BLOCK_SECTOR));
	raw->b.size -= raw->b.size % BLOCK_SECTOR;
	if (!raw->b.size)
		return err_set(err, EINVAL, "\"%s\" is empty", raw->b.filename);
	return 0;
}

static int open_image(struct raw *raw, bool direct, struct err *err)
{
	int flags = (raw->write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY |
		    O_NONBLOCK;

	raw->fd = open(raw->b.filename, flags);
	if (raw->fd < 0)
		return err_errno(err, errno, "cannot open \"%s\" for %s",
				 raw->b.filename,
				 raw->write ? "reading and writing"
					    : "reading");
	if (!direct)
		return 0;
	raw->direct_fd = open(raw->b.filename, flags | O_DIRECT);
	if (raw->direct_fd < 0)
		log_info("\"%s\": no direct I/O here, using the page cache",
			 raw->b.filename);
	return 0;
}

static int lock(const struct raw *raw, const struct block_options *opt,
		struct err *err)
{
	if (opt->no_lock)
		return 0;
	return image_lock(raw->fd, opt->filename,
			  IMAGE_READ | (raw->write ? IMAGE_WRITE : 0u),
			  IMAGE_WRITE | (opt->snapshot ? IMAGE_RESIZE : 0u),
			  err);
}

int block_raw_open(struct block **ret_block, const struct block_options *opt,
		   struct pool *pool, struct err *err)
{
	struct raw *raw = xnew(struct raw);
	int code;

	raw->pool = pool;
	raw->fd = raw->direct_fd = -1;
	raw->b = (struct block){
		.ops = &raw_ops,
		.node_name = opt->node_name ? xstrdup(opt->node_name) : NULL,
		.filename = xstrdup(opt->filename),
		.format = "raw",
		.read_only = opt->read_only,
		.discard = opt->discard,
		.no_flush = opt->no_flush,
	};
	raw->write = !opt->read_only && !opt->snapshot;
	code = open_image(raw, opt->direct, err);
	if (code >= 0)
		code = find_size(raw, err);
	if (code >= 0)
		code = lock(raw, opt, err);
	if (code >= 0 && opt->snapshot)
		code = overlay_new(&raw->overlay, raw->fd, raw->b.size, err);
	if (code < 0) {
		raw_free(&raw->b);
		return code;
	}
	*ret_block = &raw->b;
	return 0;
}
