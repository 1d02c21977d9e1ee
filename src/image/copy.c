/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sharing blocks (FICLONERANGE) is tried for each stretch of data; otherwise
 * it is read and written by us, not by copy_file_range(): an image made by dd
 * is full of zeros that only a reader can leave out, and they are most of it.
 * SEEK_DATA finds the holes of a sparse image; a device has none and is read
 * through.
 */
#include "image/copy.h"

#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"

enum {
	CHUNK = 1 << 20, /* read at once; cancelled() is asked as often */
	BLOCK = 4096,    /* zeros are looked for in these */
};

struct state {
	const struct copy_job *job;
	char *buf;
	uint64_t done, total;
	bool no_clone; /* tried, and it does not work between these files */
	bool no_seek;
	uint64_t move; /* of the range at hand, modulo 2^64 */
};

static bool all_zero(const char *p, size_t n)
{
	return !p[0] && !memcmp(p, p + 1, n - 1);
}

static int tell(struct state *s, struct err *err)
{
	const struct copy_job *job = s->job;

	if (job->progress)
		job->progress(job->arg, s->done, s->total);
	if (job->cancelled && job->cancelled(job->arg))
		return err_set(err, ECANCELED, "interrupted");
	return 0;
}

static int write_run(struct state *s, const char *p, size_t n, uint64_t at,
		     struct err *err)
{
	int rc = io_pwrite(s->job->to, p, n, at);

	if (rc == -ENOSPC || rc == -EDQUOT)
		return err_errno(err, -rc,
				 "writing '%s' after %llu MB of at most %llu "
				 "MB; make room there, or name another place "
				 "with PIMIGRATE_GUESTS",
				 s->job->to_name,
				 (unsigned long long)(s->done / 1000000),
				 (unsigned long long)(s->total / 1000000));
	if (rc < 0)
		return err_errno(err, -rc, "writing '%s'", s->job->to_name);
	return 0;
}

/* The blocks of buf that are not zero, in as few writes as there are runs. */
static int write_chunk(struct state *s, size_t n, uint64_t at, struct err *err)
{
	size_t i = 0;

	while (i < n) {
		size_t begin = i, step = n - i < BLOCK ? n - i : BLOCK;
		int rc;

		if (all_zero(s->buf + i, step)) {
			i += step;
			continue;
		}
		while (i < n) {
			step = n - i < BLOCK ? n - i : BLOCK;
			if (all_zero(s->buf + i, step))
				break;
			i += step;
		}
		rc = write_run(s, s->buf + begin, i - begin, at + begin, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int shrunk(const struct copy_job *job, struct err *err)
{
	return err_set(err, ENODATA, "'%s' became shorter while it was read",
		       job->from_name);
}

static int read_chunk(struct state *s, size_t n, uint64_t at, struct err *err)
{
	ssize_t got = io_pread(s->job->from, s->buf, n, at);

	if (got == -EIO)
		return err_errno(err, EIO,
				 "reading '%s' at byte %llu; a worn card? "
				 "rescue it with ddrescue first and convert "
				 "that image",
				 s->job->from_name, (unsigned long long)at);
	if (got < 0)
		return err_errno(err, (int)-got, "reading '%s'",
				 s->job->from_name);
	return (size_t)got < n ? shrunk(s->job, err) : 0;
}

static bool share(struct state *s, uint64_t at, uint64_t len)
{
	struct file_clone_range range = { .src_fd = s->job->from,
					  .src_offset = at,
					  .src_length = len,
					  .dest_offset = at + s->move };

	if (s->no_clone || at % BLOCK || len % BLOCK || s->move % BLOCK)
		return false;
	if (!ioctl(s->job->to, FICLONERANGE, &range))
		return true;
	s->no_clone = errno != EINVAL;
	return false;
}

static int copy_data(struct state *s, uint64_t at, uint64_t len,
		     struct err *err)
{
	if (share(s, at, len)) {
		s->done += len;
		return tell(s, err);
	}
	while (len) {
		size_t n = len < CHUNK ? (size_t)len : CHUNK;
		int rc = read_chunk(s, n, at, err);

		if (rc == 0)
			rc = write_chunk(s, n, at + s->move, err);
		if (rc < 0)
			return rc;
		at += n;
		len -= n;
		s->done += n;
		rc = tell(s, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/*
 * The next data at or after at and before end; false if there is none.  If the
 * file cannot tell, all of it is data.
 */
static bool next_data(struct state *s, uint64_t at, uint64_t end,
		      uint64_t *ret_at, uint64_t *ret_end)
{
	off_t data, hole;

	*ret_at = at;
	*ret_end = end;
	if (at == end)
		return false;
	if (s->no_seek)
		return true;
	data = lseek(s->job->from, (off_t)at, SEEK_DATA);
	if (data < 0 && errno == ENXIO)
		return false;
	hole = data < 0 ? -1 : lseek(s->job->from, data, SEEK_HOLE);
	if (hole < 0) {
		s->no_seek = true;
		return true;
	}
	if ((uint64_t)data >= end)
		return false;
	*ret_at = (uint64_t)data;
	*ret_end = (uint64_t)hole < end ? (uint64_t)hole : end;
	return true;
}

static int copy_range(struct state *s, const struct copy_range *range,
		      struct err *err)
{
	uint64_t at = range->at, end = range->at + range->len;
	uint64_t data, hole;

	s->move = (uint64_t)range->move;
	while (next_data(s, at, end, &data, &hole)) {
		int rc;

		s->done += data - at;
		rc = copy_data(s, data, hole - data, err);
		if (rc < 0)
			return rc;
		at = hole;
	}
	s->done += end - at;
	return tell(s, err);
}

/* Behind the end of a file SEEK_DATA sees a hole: so that end is looked at. */
static int check_end(const struct copy_job *job, struct err *err)
{
	struct stat st;

	if (fstat(job->from, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	for (size_t i = 0; i < job->n_ranges; i++)
		if (job->ranges[i].at + job->ranges[i].len >
		    (uint64_t)st.st_size)
			return shrunk(job, err);
	return 0;
}

int copy_run(const struct copy_job *job, struct err *err)
{
	autofree char *buf = xmalloc(CHUNK);
	struct state s = { .job = job, .buf = buf };
	int rc = 0;

	for (size_t i = 0; i < job->n_ranges; i++)
		s.total += job->ranges[i].len;
	if (ftruncate(job->to, (off_t)job->size) < 0)
		return err_errno(err, errno, "making '%s' %llu bytes long",
				 job->to_name, (unsigned long long)job->size);
	for (size_t i = 0; rc >= 0 && i < job->n_ranges; i++)
		rc = copy_range(&s, &job->ranges[i], err);
	if (rc >= 0)
		rc = check_end(job, err);
	if (rc < 0)
		return rc;
	if (fsync(job->to) < 0)
		return err_errno(err, errno, "writing '%s' to the disk",
				 job->to_name);
	return 0;
}
