/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names are sorted, so that the same folder gives the same archive.  The tree
 * is one that deb.c made: files, links and folders.
 */
#include "kernel/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bits.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "host/archive_error.h"

enum {
	CHUNK = 65536,
	MAX_LINK = 4096,
	BLOCK = 4096 /* of a file system, as mke2fs makes most */
};

struct pack {
	struct archive *out; /* NULL: a list is made, no archive */
	const char *tar;
	char *buf;
	struct deb_paths *files;
	uint64_t size;
};

static int add_dir(struct pack *p, int dirfd, const char *path,
		   struct err *err);

static void cleanup_entry(struct archive_entry **e)
{
	archive_entry_free(*e);
}

static int failed(struct pack *p, struct err *err)
{
	return archive_write_failed(p->out, p->tar, err);
}

static int copy_file(struct pack *p, int fd, const char *path, struct err *err)
{
	ssize_t n;

	while ((n = io_read(fd, p->buf, CHUNK)) > 0)
		if (archive_write_data(p->out, p->buf, (size_t)n) != n)
			return failed(p, err);
	if (n < 0)
		return err_errno(err, (int)-n, "cannot read '%s'", path);
	return 0;
}

static void add_name(struct pack *p, const char *path, const struct stat *st)
{
	*vec_add(p->files) = xasprintf("/%s", path);
	p->size += align_up((uint64_t)st->st_size, BLOCK);
}

static int add_entry(struct pack *p, int dirfd, const char *name,
		     const char *path, const struct stat *st, struct err *err)
{
	cleanup(cleanup_entry) struct archive_entry *e = archive_entry_new();
	char link[MAX_LINK + 1];
	autoclose int fd = -1;
	ssize_t n;

	archive_entry_set_pathname(e, path);
	archive_entry_copy_stat(e, st);
	archive_entry_set_uid(e, 0);
	archive_entry_set_gid(e, 0);
	archive_entry_set_uname(e, "root");
	archive_entry_set_gname(e, "root");
	archive_entry_set_nlink(e, 1);
	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(dirfd, name, link, MAX_LINK);
		if (n < 0)
			return err_errno(err, errno, "cannot read '%s'", path);
		link[n] = 0;
		archive_entry_set_symlink(e, link);
	}
	if (S_ISREG(st->st_mode)) {
		fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_errno(err, errno, "cannot open '%s'", path);
	}
	if (archive_write_header(p->out, e) != ARCHIVE_OK)
		return failed(p, err);
	return fd < 0 ? 0 : copy_file(p, fd, path, err);
}

/* What is in the folder, sorted; -1 with errno. */
static int list(int dirfd, struct dirent ***ret_names)
{
	return scandirat(dirfd, ".", ret_names, NULL, alphasort);
}

static int add_member(struct pack *p, int dirfd, const char *name,
		      const char *path, const struct stat *st, struct err *err)
{
	if (p->out)
		return add_entry(p, dirfd, name, path, st, err);
	add_name(p, path, st);
	return 0;
}

static int add_any(struct pack *p, int dirfd, const char *name,
		   const char *path, struct err *err)
{
	struct stat st;
	int fd;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, errno, "cannot read '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return add_member(p, dirfd, name, path, &st, err);
	fd = openat(dirfd, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", path);
	return add_dir(p, fd, path, err);
}

/* All in the folder; takes the descriptor. */
static int add_dir(struct pack *p, int dirfd, const char *path, struct err *err)
{
	struct dirent **names = NULL;
	int r = 0, n = list(dirfd, &names), used = 0;
	struct stat st;

	if (n < 0)
		r = err_errno(err, errno, "cannot read '%s'", path);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		autofree char *sub = xasprintf("%s%s%s", path, *path ? "/" : "",
					       name);

		if (!r && strcmp(name, ".") && strcmp(name, "..")) {
			r = add_any(p, dirfd, name, sub, err);
			used++;
		}
		free(names[i]);
	}
	free(names);
	if (!r && !used && *path) {
		if (fstat(dirfd, &st) < 0)
			r = err_errno(err, errno, "cannot read '%s'", path);
		else
			r = add_member(p, dirfd, ".", path, &st, err);
	}
	close(dirfd);
	return r;
}

static int add_all(struct pack *p, const char *dir, struct err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", dir);
	return add_dir(p, fd, "", err);
}

int pack_list(const char *dir, struct deb_paths *files, uint64_t *ret_size,
	      struct err *err)
{
	struct pack p = { .files = files };
	int r = add_all(&p, dir, err);

	*ret_size = p.size;
	return r;
}

int pack_tar(const char *dir, const char *tar, struct err *err)
{
	struct pack p = { .tar = tar };
	int r;

	p.out = archive_write_new();
	p.buf = xmalloc(CHUNK);
	archive_write_set_format_pax_restricted(p.out);
	archive_write_add_filter_none(p.out);
	r = archive_write_open_filename(p.out, tar) != ARCHIVE_OK
		    ? failed(&p, err)
		    : add_all(&p, dir, err);
	if (!r && archive_write_close(p.out) != ARCHIVE_OK)
		r = failed(&p, err);
	archive_write_free(p.out);
	free(p.buf);
	return r;
}
