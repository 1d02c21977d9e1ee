/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order that survives a power cut is: write, fsync the file, rename,
 * fsync the folder.  rename() alone may reach the disk before the content.
 *
 * Removal goes down by openat() with O_NOFOLLOW: a folder that is exchanged
 * for a link while we work is refused, so that nothing outside is deleted.
 * Nor is one followed that lies where a lock or a log is to be: root runs
 * guests in folders that the services' user has had.
 */
#include "host/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"

/* Deeper trees than this are nothing of ours. */
enum {
	MAX_DEPTH = 128
};

/* The folder that path is in; the caller frees it. */
static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	if (slash == path)
		return xstrdup("/");
	return xstrndup(path, (size_t)(slash - path));
}

int files_read(const char *path, size_t max, char **ret_text, size_t *ret_len,
	       struct err *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	autofree char *text = NULL;
	size_t cap = 4096, len = 0;
	ssize_t n;

	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", path);
	for (;;) {
		text = xrealloc(text, cap + 1);
		n = io_read(fd, text + len, cap - len);
		if (n < 0)
			return err_errno(err, (int)-n, "cannot read '%s'",
					 path);
		len += (size_t)n;
		if (len > max)
			return err_set(err, EFBIG,
				       "'%s' is larger than %zu bytes", path,
				       max);
		if (len < cap)
			break;
		cap *= 2;
	}
	text[len] = 0;
	*ret_text = steal_ptr(text);
	if (ret_len)
		*ret_len = len;
	return 0;
}

int files_new_open(struct files_new *new, const char *path, mode_t mode,
		   struct err *err)
{
	autofree char *dir = parent_of(path);
	const char *slash = strrchr(path, '/');
	autofree char *temp = xasprintf("%s/.%s.XXXXXX", dir,
					slash ? slash + 1 : path);
	autoclose int fd = mkostemp(temp, O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "cannot make a file in '%s'", dir);
	if (fchmod(fd, mode) < 0) {
		int code = errno;

		unlink(temp);
		return err_errno(err, code, "cannot set the mode of '%s'",
				 temp);
	}
	*new = (struct files_new){ .fd = steal_fd(&fd),
				   .path = xstrdup(path),
				   .temp = steal_ptr(temp) };
	return 0;
}

int files_new_commit(struct files_new *new, struct err *err)
{
	autofree char *dir = parent_of(new->path);

	if (fsync(new->fd) < 0)
		return err_errno(err, errno, "cannot write '%s' to the disk",
				 new->path);
	if (rename(new->temp, new->path) < 0)
		return err_errno(err, errno, "cannot put '%s' in place",
				 new->path);
	free(new->temp);
	new->temp = NULL;
	return files_sync_dir(dir, err);
}

void files_new_drop(struct files_new *new)
{
	if (new->path &&new->fd >= 0)
		close(new->fd);
	if (new->temp)
		unlink(new->temp);
	free(new->path);
	free(new->temp);
	*new = (struct files_new){ .fd = -1 };
}

int files_replace(const char *path, const void *data, size_t len, mode_t mode,
		  struct err *err)
{
	autofiles struct files_new new = { .fd = -1 };
	int r;

	r = files_new_open(&new, path, mode, err);
	if (r < 0)
		return r;
	r = io_write(new.fd, data, len);
	if (r < 0)
		return err_errno(err, -r, "cannot write '%s'", path);
	return files_new_commit(&new, err);
}

int files_sync_dir(const char *dir, struct err *err)
{
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_errno(err, errno, "cannot sync the folder '%s'",
				 dir);
	return 0;
}

int files_mkdir_p(const char *path, mode_t mode, struct err *err)
{
	autofree char *copy = xstrdup(path);
	struct stat st;

	for (char *p = copy; *p; p++) {
		bool last;

		while (*p == '/')
			p++;
		p += strcspn(p, "/");
		last = !*p;
		*p = 0;
		if (*copy && mkdir(copy, mode) < 0 && errno != EEXIST)
			return err_errno(err, errno,
					 "cannot make the folder '%s'", copy);
		if (last)
			break;
		*p = '/';
	}
	if (stat(path, &st) < 0)
		return err_errno(err, errno, "cannot make the folder '%s'",
				 path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ENOTDIR, "'%s' is not a folder", path);
	return 0;
}

int files_temp_dir(const char *parent, char **ret_path, struct err *err)
{
	const char *env = getenv("TMPDIR");
	autofree char *path = NULL;

	if (!parent)
		parent = env && *env ? env : "/var/tmp";
	path = xasprintf("%s/pimigrate.XXXXXX", parent);
	if (!mkdtemp(path))
		return err_errno(err, errno, "cannot make a folder in '%s'",
				 parent);
	*ret_path = steal_ptr(path);
	return 0;
}

static int remove_below(int dirfd, dev_t dev, unsigned int depth);

/* One entry of the folder dirfd; -errno. */
static int remove_entry(int dirfd, const char *name, dev_t dev,
			unsigned int depth)
{
	int fd, r;

	if (!unlinkat(dirfd, name, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(dirfd, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = remove_below(fd, dev, depth + 1);
	if (r < 0)
		return r;
	return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* All in the folder; takes the descriptor. */
static int remove_below(int dirfd, dev_t dev, unsigned int depth)
{
	struct dirent *entry;
	struct stat st;
	DIR *dir;
	int r = 0;

	dir = fdopendir(dirfd);
	if (!dir) {
		r = -errno;
		close(dirfd);
		return r;
	}
	if (depth > MAX_DEPTH)
		r = -ELOOP;
	else if (fstat(dirfd, &st) < 0)
		r = -errno;
	else if (st.st_dev != dev)
		r = -EXDEV;
	while (!r) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			r = -errno;
			break;
		}
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		r = remove_entry(dirfd, entry->d_name, dev, depth);
	}
	closedir(dir);
	return r;
}

int files_remove_tree(const char *path, struct err *err)
{
	struct stat st;
	int r;

	if (lstat(path, &st) < 0) {
		if (errno == ENOENT)
			return 0;
		return err_errno(err, errno, "cannot remove '%s'", path);
	}
	r = remove_entry(AT_FDCWD, path, st.st_dev, 0);
	if (r < 0)
		return err_errno(err, -r, "cannot remove '%s'", path);
	return 0;
}

/* Is fd still the file that path names?  Somebody may have removed it. */
static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !stat(path, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int cannot_open(const char *what, const char *path, int code,
		       struct err *err)
{
	if (code == ELOOP)
		return err_set(err, code,
			       "the %s '%s' is a symbolic link, which is not "
			       "followed: remove it",
			       what, path);
	return err_errno(err, code, "cannot open the %s '%s'", what, path);
}

int files_open_log(const char *path, struct err *err)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW |
			      O_CLOEXEC,
		      0600);

	return fd < 0 ? cannot_open("log", path, errno, err) : fd;
}

int files_lock(const char *path, bool wait, struct err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	for (;;) {
		autoclose int fd = open(
			path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0)
			return cannot_open("lock file", path, errno, err);
		while (fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) <
		       0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN || errno == EACCES)
				return err_set(err, EAGAIN,
					       "'%s' is locked: another "
					       "pimigrate is at work there",
					       path);
			return err_errno(err, errno, "cannot lock '%s'", path);
		}
		if (same_file(fd, path))
			return steal_fd(&fd);
	}
}

int files_locked(const char *path, struct err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	autoclose int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return cannot_open("lock file", path, errno, err);
	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return err_errno(err, errno, "cannot look at the lock '%s'",
				 path);
	return lock.l_type != F_UNLCK;
}
