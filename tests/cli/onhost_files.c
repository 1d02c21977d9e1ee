/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of what is mounted: a path never leaves its root. */
#include "onhost.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static int open_in(guestfs_h *g, const char *path, int flags, unsigned int mode)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
				.mode = flags & O_CREAT ? mode : 0,
				.resolve = RESOLVE_IN_ROOT };

	return (int)syscall(SYS_openat2, g->root, path, &how, sizeof(how));
}

/* The folder of a path, and what it is named there. */
static int open_parent(guestfs_h *g, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char *dir = strndup(path, (size_t)(slash - path));
	int fd = open_in(g, *dir ? dir : "/", O_PATH | O_DIRECTORY, 0);

	free(dir);
	*ret_name = slash[1] ? slash + 1 : ".";
	return fd;
}

/* A name for calls that take no descriptor; last: follow the last link. */
static int open_for_call(guestfs_h *g, const char *path, bool last,
			 char name[static 64])
{
	int fd = open_in(g, path, O_PATH | (last ? 0 : O_NOFOLLOW), 0);

	snprintf(name, 64, "/proc/self/fd/%d", fd);
	return fd;
}

/* What was done in a folder: closes it. */
static int done(guestfs_h *g, int fd, int r, const char *call)
{
	int code = errno;

	if (fd >= 0)
		close(fd);
	errno = code;
	return r < 0 ? bad(g, call) : r;
}

static void to_statns(const struct stat *st, struct guestfs_statns *ret)
{
	ret->st_ino = (int64_t)st->st_ino;
	ret->st_mode = st->st_mode;
	ret->st_nlink = (int64_t)st->st_nlink;
	ret->st_uid = st->st_uid;
	ret->st_gid = st->st_gid;
	ret->st_size = st->st_size;
	ret->st_mtime_sec = st->st_mtim.tv_sec;
	ret->st_mtime_nsec = st->st_mtim.tv_nsec;
}

static struct guestfs_statns *stat_in(guestfs_h *g, const char *path, bool last)
{
	struct guestfs_statns *ret = calloc(1, sizeof(*ret));
	int fd = open_in(g, path, O_PATH | (last ? 0 : O_NOFOLLOW), 0);
	struct stat st;

	if (done(g, fd, fd < 0 ? -1 : fstat(fd, &st), "stat") < 0) {
		free(ret);
		return NULL;
	}
	to_statns(&st, ret);
	return ret;
}

EXPORT struct guestfs_statns *guestfs_statns(guestfs_h *g, const char *path)
{
	return stat_in(g, path, true);
}

EXPORT struct guestfs_statns *guestfs_lstatns(guestfs_h *g, const char *path)
{
	return stat_in(g, path, false);
}

EXPORT void guestfs_free_statns(struct guestfs_statns *st)
{
	free(st);
}

EXPORT struct guestfs_statns_list *guestfs_lstatnslist(guestfs_h *g,
						       const char *path,
						       char *const *names)
{
	struct guestfs_statns_list *list = calloc(1, sizeof(*list));
	int dir = open_in(g, path, O_PATH | O_DIRECTORY, 0);
	size_t n = 0;

	while (names[n])
		n++;
	list->len = (uint32_t)n;
	list->val = calloc(n + 1, sizeof(*list->val));
	for (size_t i = 0; i < n; i++) {
		struct stat st;

		if (fstatat(dir, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			list->val[i].st_ino = -1;
		else
			to_statns(&st, &list->val[i]);
	}
	if (dir >= 0)
		close(dir);
	return list;
}

EXPORT void guestfs_free_statns_list(struct guestfs_statns_list *list)
{
	free(list->val);
	free(list);
}

static int is_kind(guestfs_h *g, const char *path, bool last, mode_t kind)
{
	struct guestfs_statns *st = stat_in(g, path, last);
	int r = st && (mode_t)(st->st_mode & S_IFMT) == kind;

	free(st);
	return r;
}

EXPORT int guestfs_is_symlink(guestfs_h *g, const char *path)
{
	return is_kind(g, path, false, S_IFLNK);
}

EXPORT int guestfs_is_dir(guestfs_h *g, const char *path)
{
	return is_kind(g, path, false, S_IFDIR);
}

EXPORT char *guestfs_readlink(guestfs_h *g, const char *path)
{
	char text[4097] = "";
	const char *name;
	int dir = open_parent(g, path, &name);
	ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);

	return done(g, dir, (int)n, "readlink") < 0 ? NULL : strdup(text);
}

EXPORT int guestfs_rm(guestfs_h *g, const char *path)
{
	const char *name;
	int dir = open_parent(g, path, &name);

	return done(g, dir, unlinkat(dir, name, 0), "rm");
}

EXPORT int guestfs_rmdir(guestfs_h *g, const char *path)
{
	const char *name;
	int dir = open_parent(g, path, &name);

	return done(g, dir, unlinkat(dir, name, AT_REMOVEDIR), "rmdir");
}

EXPORT int guestfs_mkdir(guestfs_h *g, const char *path)
{
	const char *name;
	int dir = open_parent(g, path, &name);

	return done(g, dir, mkdirat(dir, name, 0777), "mkdir");
}

EXPORT int guestfs_mkdir_p(guestfs_h *g, const char *path)
{
	for (const char *at = path + 1; at; at = strchr(at + 1, '/')) {
		const char *slash = strchr(at + 1, '/');
		char *dir = strndup(path, slash ? (size_t)(slash - path)
						: strlen(path));
		int r = is_kind(g, dir, true, S_IFDIR) ? 0
						       : guestfs_mkdir(g, dir);

		free(dir);
		if (r < 0)
			return r;
	}
	return 0;
}

EXPORT int guestfs_ln_s(guestfs_h *g, const char *target, const char *path)
{
	const char *name;
	int dir = open_parent(g, path, &name);

	return done(g, dir, symlinkat(target, dir, name), "ln_s");
}

EXPORT int guestfs_chmod(guestfs_h *g, int mode, const char *path)
{
	char name[64];
	int fd = open_for_call(g, path, true, name);

	return done(g, fd, chmod(name, (mode_t)mode), "chmod");
}

EXPORT int guestfs_lchown(guestfs_h *g, int uid, int gid, const char *path)
{
	const char *name;
	int dir = open_parent(g, path, &name);

	return done(g, dir,
		    fchownat(dir, name, (uid_t)uid, (gid_t)gid,
			     AT_SYMLINK_NOFOLLOW),
		    "lchown");
}

EXPORT int guestfs_utimens(guestfs_h *g, const char *path, int64_t asec,
			   int64_t ansec, int64_t sec, int64_t nsec)
{
	struct timespec times[2] = {
		{ .tv_sec = asec, .tv_nsec = ansec == -2 ? UTIME_OMIT : ansec },
		{ .tv_sec = sec, .tv_nsec = nsec == -2 ? UTIME_OMIT : nsec }
	};
	const char *name;
	int dir = open_parent(g, path, &name);

	return done(g, dir, utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW),
		    "utimens");
}

/* ---- attributes ---- */

/* lgetxattr() of what a descriptor's link names would follow no link there. */
static int path_of(guestfs_h *g, const char *path, char *name, size_t size)
{
	const char *base;
	int dir = open_parent(g, path, &base);

	snprintf(name, size, "/proc/self/fd/%d/%s", dir, base);
	return dir;
}

EXPORT struct guestfs_xattr_list *guestfs_lgetxattrs(guestfs_h *g,
						     const char *path)
{
	struct guestfs_xattr_list *list = calloc(1, sizeof(*list));
	char name[512], names[4096], value[4096];
	int dir = path_of(g, path, name, sizeof(name));
	ssize_t n = llistxattr(name, names, sizeof(names));

	list->val = calloc(64, sizeof(*list->val));
	for (char *at = names; n > 0 && at < names + n; at += strlen(at) + 1) {
		ssize_t size = lgetxattr(name, at, value, sizeof(value));
		struct guestfs_xattr *x = &list->val[list->len];

		if (size < 0 || list->len == 64)
			continue;
		list->len++;
		x->attrname = strdup(at);
		x->attrval_len = (uint32_t)size;
		x->attrval = malloc((size_t)size + 1);
		memcpy(x->attrval, value, (size_t)size);
	}
	if (dir >= 0)
		close(dir);
	return list;
}

EXPORT void guestfs_free_xattr_list(struct guestfs_xattr_list *list)
{
	for (uint32_t i = 0; i < list->len; i++) {
		free(list->val[i].attrname);
		free(list->val[i].attrval);
	}
	free(list->val);
	free(list);
}

EXPORT int guestfs_lsetxattr(guestfs_h *g, const char *attribute,
			     const char *value, int size, const char *path)
{
	char name[512];
	int dir = path_of(g, path, name, sizeof(name));

	/* libguestfs sends a text, which ends there */
	if (memchr(value, 0, (size_t)size)) {
		errno = EINVAL;
		return done(g, dir, -1, "lsetxattr");
	}
	return done(g, dir, lsetxattr(name, attribute, value, (size_t)size, 0),
		    "lsetxattr");
}

EXPORT int guestfs_copy_attributes(guestfs_h *g, const char *from,
				   const char *to, ...)
{
	struct guestfs_xattr_list *list = guestfs_lgetxattrs(g, from);
	char name[512];
	int r = 0, dir = path_of(g, to, name, sizeof(name));

	for (uint32_t i = 0; !r && i < list->len; i++)
		r = lsetxattr(name, list->val[i].attrname, list->val[i].attrval,
			      list->val[i].attrval_len, 0);
	guestfs_free_xattr_list(list);
	return done(g, dir, r, "copy_attributes");
}

static const struct {
	unsigned int bit;
	char letter;
} e2attrs[] = {
	{ FS_IMMUTABLE_FL, 'i' },
	{ FS_APPEND_FL, 'a' },
	{ FS_NODUMP_FL, 'd' },
	{ FS_NOATIME_FL, 'A' },
};

EXPORT char *guestfs_get_e2attrs(guestfs_h *g, const char *path)
{
	int fd = open_in(g, path, O_RDONLY | O_NONBLOCK, 0), n = 0;
	char letters[8] = "";
	unsigned int flags = 0;
	int r = fd < 0 ? -1 : ioctl(fd, FS_IOC_GETFLAGS, &flags);

	for (size_t i = 0; i < sizeof(e2attrs) / sizeof(*e2attrs); i++)
		if (flags & e2attrs[i].bit)
			letters[n++] = e2attrs[i].letter;
	return done(g, fd, r, "lsattr") < 0 ? NULL : strdup(letters);
}

EXPORT int guestfs_set_e2attrs(guestfs_h *g, const char *path,
			       const char *letters, ...)
{
	int fd = open_in(g, path, O_RDONLY, 0), what;
	unsigned int flags = 0, change = 0;
	bool clear = false;
	va_list args;

	va_start(args, letters);
	while ((what = va_arg(args, int)) >= 0)
		clear = va_arg(args, int) != 0;
	va_end(args);
	for (size_t i = 0; i < sizeof(e2attrs) / sizeof(*e2attrs); i++)
		if (strchr(letters, e2attrs[i].letter))
			change |= e2attrs[i].bit;
	if (fd >= 0 && !ioctl(fd, FS_IOC_GETFLAGS, &flags)) {
		flags = clear ? flags & ~change : flags | change;
		return done(g, fd, ioctl(fd, FS_IOC_SETFLAGS, &flags),
			    "chattr");
	}
	return done(g, fd, -1, "chattr");
}

/* ---- contents ---- */

static int copy_all(int from, int to)
{
	char bytes[8192];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)n) != n)
			return -1;
	return n < 0 ? -1 : 0;
}

EXPORT int guestfs_upload(guestfs_h *g, const char *from, const char *path)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open_in(g, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	int r = in < 0 || out < 0 ? -1 : copy_all(in, out);

	r = done(g, out, r, "upload");
	close(in);
	return r;
}

EXPORT int guestfs_write(guestfs_h *g, const char *path, const char *bytes,
			 size_t size)
{
	int out = open_in(g, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	ssize_t n = out < 0 ? -1 : write(out, bytes, size);

	return done(g, out, n == (ssize_t)size ? 0 : -1, "write");
}

EXPORT char *guestfs_pread(guestfs_h *g, const char *path, int count,
			   int64_t offset, size_t *ret_size)
{
	int in = open_in(g, path, O_RDONLY, 0);
	char *bytes = malloc((size_t)count);
	ssize_t n = in < 0 ? -1 : pread(in, bytes, (size_t)count, offset);

	*ret_size = n < 0 ? 0 : (size_t)n;
	if (done(g, in, n < 0 ? -1 : 0, "pread") < 0) {
		free(bytes);
		return NULL;
	}
	return bytes;
}

EXPORT int guestfs_download(guestfs_h *g, const char *path, const char *to)
{
	int in = open_in(g, path, O_RDONLY, 0);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int r = in < 0 || out < 0 ? -1 : copy_all(in, out);

	r = done(g, in, r, "download");
	close(out);
	return r;
}

EXPORT char *guestfs_checksum(guestfs_h *g, const char *type, const char *path)
{
	char text[256];
	int fd = open_in(g, path, O_RDONLY, 0), r;

	(void)type;
	if (fd < 0)
		return no(g, "checksum");
	r = RUN(g, fd, text, sizeof(text), "sha256sum");
	close(fd);
	text[strcspn(text, " ")] = 0;
	return r ? no(g, "sha256sum") : strdup(text);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

EXPORT char **guestfs_ls(guestfs_h *g, const char *path)
{
	int fd = open_in(g, path, O_RDONLY | O_DIRECTORY, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char **names = calloc(1, sizeof(*names));
	size_t n = 0;

	if (!dir)
		return no(g, "ls");
	for (struct dirent *d; (d = readdir(dir));) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		names = reallocarray(names, n + 2, sizeof(*names));
		names[n++] = strdup(d->d_name);
		names[n] = NULL;
	}
	closedir(dir);
	qsort(names, n, sizeof(*names), by_name);
	return names;
}

static int untar(guestfs_h *g, const char *from, const char *path, bool xattrs)
{
	char *dir = NULL;
	int r;

	if (asprintf(&dir, "%s%s", g->temp, path) < 0)
		return -1;
	r = xattrs ? RUN(g, -1, NULL, 0, "tar", "-C", dir, "--xattrs",
			 "--xattrs-include=*", "-xf", from)
		   : RUN(g, -1, NULL, 0, "tar", "-C", dir, "-xf", from);
	free(dir);
	return r ? -1 : 0;
}

EXPORT int guestfs_tar_in(guestfs_h *g, const char *from, const char *path)
{
	return untar(g, from, path, false);
}

/* Its only option here is that of the attributes. */
EXPORT int guestfs_tar_in_opts(guestfs_h *g, const char *from, const char *path,
			       ...)
{
	return untar(g, from, path, true);
}

EXPORT char *guestfs_mktemp(guestfs_h *g, const char *pattern, ...)
{
	char *name = NULL;
	int fd;

	if (asprintf(&name, "%s%s", g->temp, pattern) < 0)
		return NULL;
	fd = mkstemp(name);
	if (fd < 0) {
		free(name);
		return no(g, "mktemp");
	}
	close(fd);
	memmove(name, name + strlen(g->temp),
		strlen(name + strlen(g->temp)) + 1);
	return name;
}
