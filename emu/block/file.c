/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files and block devices, as the host has them.
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
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block/lock.h"
#include "block/node.h"
#include "common/log.h"
#include "common/mem.h"

enum {
	DIRECT_ALIGN = 4096
};

struct file {
	struct block b;
	int fd;
	int direct_fd; /* -1: none */
	bool host_device;
	atomic_bool no_discard, no_zero; /* the host cannot */
	atomic_bool lost;                /* a flush failed */
};

/* Position, length and each buffer, as far as it is used. */
static bool aligned(const struct block_io *io)
{
	uint64_t bits = io->at | io->len, skip = io->bufs.skip, len = io->len;

	for (unsigned int i = 0; i < io->bufs.iovcnt && len; i++) {
		uint64_t size = io->bufs.iov[i].iov_len;

		if (skip >= size) {
			skip -= size;
			continue;
		}
		size = size - skip < len ? size - skip : len;
		bits |= ((uintptr_t)io->bufs.iov[i].iov_base + skip) | size;
		len -= size;
		skip = 0;
	}
	return bits % DIRECT_ALIGN == 0;
}

static int fd_for(const struct file *f, const struct block_io *io)
{
	return f->direct_fd >= 0 && aligned(io) ? f->direct_fd : f->fd;
}

/* Once, with the first write that passes the mark. */
static void check_threshold(struct file *f, uint64_t end)
{
	struct block_event event = {
		.kind = BLOCK_EVENT_WRITE_THRESHOLD,
		.block = &f->b,
		.threshold = __atomic_load_n(&f->b.write_threshold,
					     __ATOMIC_RELAXED),
	};

	if (!event.threshold || end <= event.threshold)
		return;
	event.exceeded = end - event.threshold;
	if (__atomic_compare_exchange_n(&f->b.write_threshold, &event.threshold,
					0, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED))
		node_event(&f->b, &event);
}

/* Not an error of the disk: this host cannot do it, or not so. */
static bool unsupported(int code)
{
	return code == -EOPNOTSUPP || code == -ENOTTY || code == -ENOSYS ||
	       code == -EINVAL;
}

static int punch(const struct file *f, uint64_t at, uint64_t len)
{
	return fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)at, (off_t)len) < 0
		       ? -errno
		       : 0;
}

static int discard(struct file *f, const struct block_io *io)
{
	uint64_t range[2] = { io->at, io->len };
	int code;

	if (!f->b.discard || f->no_discard || !io->len)
		return 0;
	if (f->host_device)
		code = ioctl(f->fd, BLKDISCARD, range) < 0 ? -errno : 0;
	else
		code = punch(f, io->at, io->len);
	if (!unsupported(code))
		return code;
	f->no_discard = code != -EINVAL;
	return 0;
}

static int zero(struct file *f, const struct block_io *io)
{
	int code = -EOPNOTSUPP;

	if (!io->len)
		return 0;
	if (!f->no_zero) {
		if (io->may_unmap && f->b.discard)
			code = punch(f, io->at, io->len);
		else if (fallocate(f->fd, FALLOC_FL_ZERO_RANGE, (off_t)io->at,
				   (off_t)io->len) == 0)
			code = 0;
		else
			code = -errno;
		if (!unsupported(code))
			return code;
		f->no_zero = code != -EINVAL;
	}
	return range_zero(f->fd, io->len, io->at);
}

/* Linux reports what could not be written once, and then takes it for clean: a
 * flush that works afterwards would be a lie, even if it only failed for want
 * of room (NFS, thin volumes).  From the second time on it is EIO, which does
 * not wait for room (block_on_error). */
static int flush(struct file *f)
{
	int code;

	if (f->b.no_flush || f->b.read_only)
		return 0;
	if (f->lost)
		return -EIO;
	if (fdatasync(f->fd) == 0)
		return 0;
	code = -errno;
	if (!atomic_exchange(&f->lost, true))
		log_warn("\"%s\": the host could not write all that the guest "
			 "wrote: %s; some of it may be lost, and every flush "
			 "fails until the guest is shut down and started "
			 "again: check its file systems then",
			 f->b.filename, strerror(-code));
	return code;
}

/* Around the page cache there is nothing that could be read at once. */
static int do_read(const struct file *f, const struct block_io *io)
{
	int fd = fd_for(f, io);

	if (!io->at_once)
		return range_read(fd, &io->bufs, io->len, io->at);
	if (fd == f->direct_fd)
		return -EAGAIN;
	return range_read_now(fd, &io->bufs, io->len, io->at);
}

static int do_io(struct file *f, const struct block_io *io)
{
	switch (io->op) {
	case BLOCK_READ:
		return do_read(f, io);
	case BLOCK_WRITE:
		return range_write(fd_for(f, io), &io->bufs, io->len, io->at);
	case BLOCK_FLUSH:
		return flush(f);
	case BLOCK_DISCARD:
		return discard(f, io);
	case BLOCK_ZERO:
		return zero(f, io);
	case BLOCK_OPS:
		break;
	}
	return -EINVAL;
}

static int execute(struct block *b, const struct block_io *io)
{
	struct file *f = (struct file *)b;
	bool writes = io->op == BLOCK_WRITE || io->op == BLOCK_ZERO;
	int code;

	if (writes)
		check_threshold(f, io->at + io->len);
	code = do_io(f, io);
	if (writes && !code)
		node_raise(&b->size, io->at + io->len);
	return code;
}

static int read_size(const struct file *f, uint64_t *ret_size, struct err *err)
{
	if (ioctl(f->fd, BLKGETSIZE64, ret_size) < 0)
		return err_errno(err, errno, "cannot read the size of \"%s\"",
				 f->b.filename);
	return 0;
}

/* A device is made larger by whoever made it (lvextend, losetup -c). */
static int resize_device(const struct file *f, uint64_t size, struct err *err)
{
	uint64_t room;
	int code = read_size(f, &room, err);

	if (code < 0 || size <= room)
		return code;
	return err_set(err, ENOSPC,
		       "\"%s\" is a device of %llu bytes: make it larger on "
		       "the host first, by lvextend for example",
		       f->b.filename, (unsigned long long)room);
}

static int resize(struct block *b, uint64_t size, struct err *err)
{
	const struct file *f = (const struct file *)b;

	if (f->host_device)
		return resize_device(f, size, err);
	if (ftruncate(f->fd, (off_t)size) < 0)
		return err_errno(err, errno,
				 "cannot make \"%s\" %llu bytes large",
				 b->filename, (unsigned long long)size);
	return 0;
}

static int info(struct block *b, struct block_info *ret)
{
	const struct file *f = (const struct file *)b;
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return -errno;
	ret->actual_size = f->host_device ? b->size
					  : (uint64_t)st.st_blocks * 512;
	ret->write_threshold = __atomic_load_n(&b->write_threshold,
					       __ATOMIC_RELAXED);
	return 0;
}

static void close_file(struct block *b)
{
	const struct file *f = (const struct file *)b;

	if (f->direct_fd >= 0)
		close(f->direct_fd);
	if (f->fd >= 0)
		close(f->fd);
}

static const struct block_ops file_ops = {
	.execute = execute,
	.resize = resize,
	.info = info,
	.at_once = true,
	.close = close_file,
};

static int device_size(struct file *f, struct err *err)
{
	int ro = 0, code;

	f->host_device = true;
	f->b.driver = "host_device";
	code = read_size(f, &f->b.size, err);
	if (code < 0)
		return code;
	if (!f->b.read_only && ioctl(f->fd, BLKROGET, &ro) == 0 && ro)
		return err_set(err, EROFS,
			       "\"%s\" is write-protected; use read-only=on",
			       f->b.filename);
	return 0;
}

static int find_size(struct file *f, struct err *err)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return err_errno(err, errno, "cannot examine \"%s\"",
				 f->b.filename);
	if (S_ISBLK(st.st_mode))
		return device_size(f, err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL,
			       "\"%s\" is neither a file nor a block device",
			       f->b.filename);
	f->b.size = (uint64_t)st.st_size;
	return 0;
}

static int open_image(struct file *f, struct err *err)
{
	int flags = (f->b.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC |
		    O_NOCTTY | O_NONBLOCK;

	f->fd = open(f->b.filename, flags);
	if (f->fd < 0)
		return err_errno(
			err, errno, "cannot open \"%s\" for %s", f->b.filename,
			f->b.read_only ? "reading" : "reading and writing");
	if (!f->b.direct)
		return 0;
	f->direct_fd = open(f->b.filename, flags | O_DIRECT);
	if (f->direct_fd < 0)
		log_info("\"%s\": no direct I/O here, using the page cache",
			 f->b.filename);
	return 0;
}

static int lock(const struct file *f, const struct block_options *opt,
		struct err *err)
{
	if (opt->no_lock)
		return 0;
	return image_lock(f->fd, opt->filename,
			  IMAGE_READ | (f->b.read_only ? 0u : IMAGE_WRITE),
			  IMAGE_WRITE | (opt->base ? IMAGE_RESIZE : 0u), err);
}

int block_file_open(struct block **ret_block, const struct block_options *opt,
		    struct pool *pool, struct err *err)
{
	struct file *f = xnew(struct file);
	int code;

	node_init(&f->b, &file_ops, "file", opt, pool);
	f->fd = f->direct_fd = -1;
	code = open_image(f, err);
	if (code >= 0)
		code = find_size(f, err);
	if (code >= 0)
		code = lock(f, opt, err);
	if (code >= 0 && !f->host_device)
		code = find_size(f, err); /* before, somebody might write */
	if (code < 0) {
		block_free(&f->b);
		return code;
	}
	*ret_block = &f->b;
	return 0;
}
