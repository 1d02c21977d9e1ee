/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/io.h"

enum {
	BLOCK = 4096, /* zeros are looked for in these */
};

#define RESERVE    (UINT64_C(256) << 20) /* bytes that are left to others */
#define LOOK_EVERY (UINT64_C(64) << 20)  /* bytes between looks for room */

static int no_room(const struct spool *s, struct err *err)
{
	return err_set(err, ENOSPC,
		       "unpacking '%s': '%s' has no room for it after %llu "
		       "MB; make room there, or name another folder with "
		       "TMPDIR",
		       s->name, s->dir,
		       (unsigned long long)(s->data / 1000000));
}

static int check_room(struct spool *s, struct err *err)
{
	struct statvfs st;

	if (fstatvfs(s->fd, &st) == 0 &&
	    (uint64_t)st.f_bavail * st.f_frsize < RESERVE)
		return no_room(s, err);
	s->checked = s->data;
	return 0;
}

int spool_open(struct spool *s, const char *name,
	       const struct image_watch *watch, struct err *err)
{
	const char *told = getenv("TMPDIR");

	*s = (struct spool){ .fd = -1, .name = name, .watch = watch };
	s->dir = told && *told ? told : "/var/tmp";
	s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return err_errno(err, errno,
				 "making a temporary file in '%s' (name "
				 "another folder with TMPDIR)",
				 s->dir);
	return check_room(s, err);
}

static bool all_zero(const char *p, size_t n)
{
	return !p[0] && !memcmp(p, p + 1, n - 1);
}

static int write_run(struct spool *s, const char *p, size_t n, uint64_t at,
		     struct err *err)
{
	int rc = io_pwrite(s->fd, p, n, at);

	if (rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG)
		return no_room(s, err);
	if (rc < 0)
		return err_errno(err, -rc, "writing to '%s'", s->dir);
	s->data += n;
	return s->data - s->checked < LOOK_EVERY ? 0 : check_room(s, err);
}

int spool_write(struct spool *s, const void *buf, size_t n, uint64_t at,
		struct err *err)
{
	const char *p = buf;
	int rc = 0;

	if (at > SPOOL_LARGEST || n > SPOOL_LARGEST - at)
		return err_set(err, EFBIG,
			       "'%s' is larger than any memory card (2 TiB)",
			       s->name);
	if (at + n > s->size)
		s->size = at + n;
	while (n && rc == 0) {
		/* to the next boundary of a block of the file */
		size_t step = BLOCK - (size_t)(at % BLOCK);

		step = step < n ? step : n;
		if (!all_zero(p, step))
			rc = write_run(s, p, step, at, err);
		p += step;
		at += step;
		n -= step;
	}
	return rc;
}

int spool_set_size(struct spool *s, uint64_t size, struct err *err)
{
	if (size > SPOOL_LARGEST)
		return err_set(err, EFBIG,
			       "'%s' is larger than any memory card (2 TiB)",
			       s->name);
	s->size = size;
	if (ftruncate(s->fd, (off_t)size) < 0)
		return err_errno(err, errno,
				 "making a temporary file of %llu MB in '%s' "
				 "(name another folder with TMPDIR)",
				 (unsigned long long)(size / 1000000), s->dir);
	return 0;
}

int spool_tell(struct spool *s, uint64_t done, uint64_t total, struct err *err)
{
	if (s->watch && s->watch->progress &&
	    !s->watch->progress(s->watch->arg, done, total))
		return err_set(err, ECANCELED, "interrupted");
	return 0;
}

void spool_hand_over(struct spool *s, struct image *img)
{
	if (img->fd >= 0)
		close(img->fd);
	img->fd = s->fd;
	img->source.size = s->size;
	s->fd = -1;
}

void spool_close(struct spool *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
