/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libarchive reads both layers: the outer ar archive, and, through a callback
 * that asks the outer one for data, the tar inside with whatever compression
 * it has.  But xz, which takes long, is unpacked in between (xz.h).
 *
 * libarchive's own unpacking to the disk works from the current directory,
 * which is the whole process's.  Ours goes down folder by folder with
 * openat(O_NOFOLLOW): a link that an earlier member made is an error, not a
 * way out.
 */
#include "kernel/deb.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "kernel/xz.h"

enum {
	CHUNK = 65536,
	MAX_SCRIPT = 16 << 20, /* md5sums of a kernel is half a MiB */
	MAX_SCRIPTS = 64,
	MAX_MEMBERS = 200000,
};

static const uint64_t max_unpacked = UINT64_C(4) << 30;

/* An opened part of a .deb. */
struct part {
	const char *path; /* of the .deb, for errors */
	struct archive *outer, *inner;
	char *chunk; /* what the outer one gave last */
	bool is_xz;
	struct xz xz;
};

static void part_close(struct part *p)
{
	if (p->inner)
		archive_read_free(p->inner);
	if (p->outer)
		archive_read_free(p->outer);
	xz_close(&p->xz);
	free(p->chunk);
}

static int bad(const struct part *p, struct archive *a, struct err *err)
{
	const char *why = a ? archive_error_string(a) : NULL;

	return err_set(err, EBADMSG, "cannot read the package '%s'%s%s",
		       p->path, why ? ": " : "", why ? why : "");
}

/* An xz_source_fn. */
static ssize_t read_outer(void *arg, const void **ret_data)
{
	struct part *p = arg;
	la_ssize_t n = archive_read_data(p->outer, p->chunk, CHUNK);

	*ret_data = p->chunk;
	return n < 0 ? -1 : n;
}

static la_ssize_t read_inner(struct archive *inner, void *arg,
			     const void **ret_data)
{
	struct part *p = arg;
	const char *why = NULL;
	ssize_t n = p->is_xz ? xz_read(&p->xz, ret_data, &why)
			     : read_outer(p, ret_data);

	if (n < 0)
		archive_set_error(inner, EIO, "%s",
				  why ? why : archive_error_string(p->outer));
	return n;
}

/* Find "control.tar.*" or "data.tar.*" in the outer archive. */
static int find_part(struct part *p, const char *name, struct err *err)
{
	struct archive_entry *entry;
	const char *member;
	int r;

	while ((r = archive_read_next_header(p->outer, &entry)) == ARCHIVE_OK) {
		member = archive_entry_pathname(entry);
		if (member && str_starts(member, name)) {
			p->is_xz = str_ends(member, ".xz");
			return 0;
		}
	}
	if (r == ARCHIVE_EOF)
		return err_set(err, EBADMSG,
			       "'%s' is no Debian package: it has no %s",
			       p->path, name);
	return bad(p, p->outer, err);
}

static int part_open(struct part *p, const char *path, const char *name,
		     struct err *err)
{
	int r;

	*p = (struct part){ .path = path,
			    .outer = archive_read_new(),
			    .inner = archive_read_new(),
			    .chunk = xmalloc(CHUNK) };
	archive_read_support_format_ar(p->outer);
	archive_read_support_filter_none(p->outer);
	if (archive_read_open_filename(p->outer, path, CHUNK) != ARCHIVE_OK)
		return bad(p, p->outer, err);
	r = find_part(p, name, err);
	if (!r && p->is_xz)
		r = xz_open(&p->xz, read_outer, p, err);
	if (r < 0)
		return r;
	archive_read_support_filter_gzip(p->inner);
	archive_read_support_filter_zstd(p->inner);
	archive_read_support_filter_bzip2(p->inner);
	archive_read_support_format_tar(p->inner);
	if (archive_read_open(p->inner, p, NULL, read_inner, NULL) !=
	    ARCHIVE_OK)
		return bad(p, p->inner, err);
	return 0;
}

/*
 * The name without "./" and slashes at both ends, "" for the root itself;
 * NULL if a part of it is "..", or empty, or ".".  The caller frees it.
 */
static char *safe_name(const char *name)
{
	autofree char *copy = NULL;
	size_t len;

	if (!name || *name == '/')
		return NULL;
	while (name[0] == '.' && name[1] == '/')
		name += 2 + strspn(name + 2, "/");
	if (!strcmp(name, "."))
		name = "";
	copy = xstrdup(name);
	for (len = strlen(copy); len && copy[len - 1] == '/'; len--)
		copy[len - 1] = 0;
	for (const char *p = copy; *p;) {
		size_t n = strcspn(p, "/");

		if (!n || (n == 1 && *p == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return NULL;
		p += n;
		if (*p)
			p++;
	}
	if (strchr(copy, '\n')) /* dpkg's lists are lines */
		return NULL;
	return steal_ptr(copy);
}

/* 1 with the next member and its safe name, 0 at the end. */
static int next_member(struct part *p, struct archive_entry **ret_entry,
		       char **ret_name, struct err *err)
{
	const char *raw;
	int r = archive_read_next_header(p->inner, ret_entry);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK)
		return bad(p, p->inner, err);
	raw = archive_entry_pathname(*ret_entry);
	*ret_name = safe_name(raw);
	if (!*ret_name)
		return err_set(err, EBADMSG,
			       "the package '%s' has a member with the unsafe "
			       "name '%s'",
			       p->path, raw ? raw : "");
	return 1;
}

static int read_script(struct part *p, struct archive_entry *entry,
		       const char *name, struct deb_control *control,
		       struct err *err)
{
	la_int64_t size = archive_entry_size(entry);
	autofree char *content = NULL;
	struct deb_script *script;

	if (size < 0 || size > MAX_SCRIPT || strchr(name, '/') ||
	    control->scripts.n >= MAX_SCRIPTS)
		return err_set(err, EBADMSG,
			       "the package '%s' has a strange control file "
			       "'%s'",
			       p->path, name);
	content = xcalloc(1, (size_t)size + 1);
	if (archive_read_data(p->inner, content, (size_t)size) != size)
		return bad(p, p->inner, err);
	if (!strcmp(name, "control")) {
		free(control->control);
		control->control = steal_ptr(content);
		return 0;
	}
	script = vec_add(&control->scripts);
	script->name = xstrdup(name);
	script->mode = archive_entry_perm(entry) & 0777;
	script->len = (size_t)size;
	script->content = steal_ptr(content);
	return 0;
}

int deb_read_control(const char *path, struct deb_control *ret_control,
		     struct err *err)
{
	cleanup(part_close) struct part p = { 0 };
	autodeb struct deb_control control = { 0 };
	struct archive_entry *entry;
	int r;

	r = part_open(&p, path, "control.tar", err);
	if (r < 0)
		return r;
	for (;;) {
		autofree char *name = NULL;

		r = next_member(&p, &entry, &name, err);
		if (r <= 0)
			break;
		if (archive_entry_filetype(entry) != AE_IFREG)
			continue;
		r = read_script(&p, entry, name, &control, err);
		if (r < 0)
			break;
	}
	if (r < 0)
		return r;
	if (!control.control)
		return err_set(err, EBADMSG,
			       "the package '%s' has no control file", path);
	*ret_control = control;
	control = (struct deb_control){ 0 };
	return 0;
}

void deb_control_free(struct deb_control *control)
{
	for (size_t i = 0; i < control->scripts.n; i++) {
		free(control->scripts.at[i].name);
		free(control->scripts.at[i].content);
	}
	vec_free(&control->scripts);
	free(control->control);
	*control = (struct deb_control){ 0 };
}

void deb_paths_free(struct deb_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		free(paths->at[i]);
	vec_free(paths);
}

/*
 * The folder that name is in, below dirfd, made where it is missing; no link
 * is followed.  *ret_last is the last part of name.  Descriptor or -errno.
 */
static int open_parent(int dirfd, const char *name, const char **ret_last)
{
	autoclose int at = openat(dirfd, ".",
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	if (at < 0)
		return -errno;
	while ((slash = strchr(name, '/'))) {
		autofree char *part = xstrndup(name, (size_t)(slash - name));
		int next;

		if (mkdirat(at, part, 0755) < 0 && errno != EEXIST)
			return -errno;
		next = openat(at, part,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		close(at);
		at = next;
		name = slash + 1;
	}
	*ret_last = name;
	return steal_fd(&at);
}

/* Copy the member's data to fd; *total bounds the whole package. */
static int copy_data(struct part *p, int fd, uint64_t *total, struct err *err)
{
	autofree char *buf = xmalloc(CHUNK);
	la_ssize_t n;
	int r;

	while ((n = archive_read_data(p->inner, buf, CHUNK)) > 0) {
		*total += (uint64_t)n;
		if (*total > max_unpacked)
			return err_set(err, EFBIG,
				       "the package '%s' is too large",
				       p->path);
		r = io_write(fd, buf, (size_t)n);
		if (r < 0)
			return err_errno(err, -r, "cannot unpack '%s'",
					 p->path);
	}
	return n < 0 ? bad(p, p->inner, err) : 0;
}

/* Where a package is unpacked to. */
struct target {
	int dirfd;
	const char *from, *to;
	uint64_t total; /* bytes written */
};

/* The name that it gets in the target; the caller frees it. */
static char *target_name(const struct target *t, const char *name)
{
	size_t n = t->from ? strlen(t->from) : 0;

	if (n && !strncmp(name, t->from, n) && (!name[n] || name[n] == '/'))
		return xasprintf("%s%s", t->to, name + n);
	return xstrdup(name);
}

static int write_file(struct part *p, struct target *t,
		      struct archive_entry *entry, int parent, const char *last,
		      struct err *err)
{
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = archive_entry_mtime(entry) },
	};
	autoclose int fd = -1;
	int r;

	fd = openat(parent, last,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "cannot make '%s'", last);
	r = copy_data(p, fd, &t->total, err);
	if (r < 0)
		return r;
	if (fchmod(fd, archive_entry_perm(entry) & 07777) < 0 ||
	    futimens(fd, times) < 0)
		return err_errno(err, errno, "cannot set the mode of '%s'",
				 last);
	return 0;
}

static int make_hardlink(struct part *p, const struct target *t,
			 const char *raw, int parent, const char *last,
			 struct err *err)
{
	autofree char *safe = safe_name(raw);
	autofree char *old = safe ? target_name(t, safe) : NULL;
	autoclose int from = -1;
	const char *old_last;

	if (!old || !*old)
		return bad(p, NULL, err);
	from = open_parent(t->dirfd, old, &old_last);
	if (from < 0 || linkat(from, old_last, parent, last, 0) < 0)
		return err_errno(err, from < 0 ? -from : errno,
				 "cannot make the link '%s'", last);
	return 0;
}

static int make_dir(struct archive_entry *entry, int parent, const char *last,
		    struct err *err)
{
	mode_t mode = archive_entry_perm(entry) & 07777;
	struct stat st;

	if (!mkdirat(parent, last, mode))
		return 0;
	if (errno == EEXIST &&
	    !fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) &&
	    S_ISDIR(st.st_mode))
		return 0;
	return err_errno(err, errno, "cannot make the folder '%s'", last);
}

static int unpack_member(struct part *p, struct target *t,
			 struct archive_entry *entry, const char *name,
			 struct err *err)
{
	autofree char *where = target_name(t, name);
	const char *hardlink = archive_entry_hardlink(entry);
	autoclose int parent = -1;
	const char *last;

	if (archive_entry_uid(entry) || archive_entry_gid(entry))
		return err_set(err, ENOTSUP,
			       "'%s' in the package '%s' does not belong to "
			       "root",
			       name, p->path);
	if (!*where)
		return 0;
	parent = open_parent(t->dirfd, where, &last);
	if (parent < 0)
		return err_errno(err, -parent, "cannot unpack '%s' from '%s'",
				 name, p->path);
	if (!hardlink && archive_entry_filetype(entry) == AE_IFDIR)
		return make_dir(entry, parent, last, err);
	unlinkat(parent, last, 0);
	if (hardlink)
		return make_hardlink(p, t, hardlink, parent, last, err);
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
		return write_file(p, t, entry, parent, last, err);
	case AE_IFLNK:
		if (symlinkat(archive_entry_symlink(entry), parent, last) < 0)
			return err_errno(err, errno,
					 "cannot make the link '%s'", last);
		return 0;
	default:
		return err_set(err, EBADMSG,
			       "'%s' in the package '%s' is no file, folder "
			       "or link",
			       name, p->path);
	}
}

static int unpack_all(struct part *p, struct target *t, struct deb_paths *paths,
		      struct err *err)
{
	struct archive_entry *entry;
	int r;

	for (unsigned int n = 0; n < MAX_MEMBERS; n++) {
		autofree char *name = NULL;

		r = next_member(p, &entry, &name, err);
		if (r <= 0)
			return r;
		r = unpack_member(p, t, entry, name, err);
		if (r < 0)
			return r;
		*vec_add(paths) = xasprintf("/%s", *name ? name : ".");
	}
	return err_set(err, EFBIG, "the package '%s' has too many files",
		       p->path);
}

int deb_unpack(const char *path, const char *dir, const char *from,
	       const char *to, struct deb_paths *paths, struct err *err)
{
	cleanup(part_close) struct part p = { 0 };
	autoclose int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct target target = { .dirfd = dirfd, .from = from, .to = to };
	int r;

	if (dirfd < 0)
		return err_errno(err, errno, "cannot open '%s'", dir);
	r = part_open(&p, path, "data.tar", err);
	if (r < 0)
		return r;
	return unpack_all(&p, &target, paths, err);
}

static int copy_out(struct part *p, const char *to, mode_t mode,
		    struct err *err)
{
	autofiles struct files_new new = { .fd = -1 };
	uint64_t total = 0;
	int r;

	r = files_new_open(&new, to, mode, err);
	if (!r)
		r = copy_data(p, new.fd, &total, err);
	return r < 0 ? r : files_new_commit(&new, err);
}

int deb_extract(const char *path, const char *name, const char *to, mode_t mode,
		struct err *err)
{
	cleanup(part_close) struct part p = { 0 };
	struct archive_entry *entry;
	int r;

	r = part_open(&p, path, "data.tar", err);
	while (!r) {
		autofree char *member = NULL;

		r = next_member(&p, &entry, &member, err);
		if (!r)
			return err_set(err, ENOENT,
				       "the package '%s' has no '%s'", path,
				       name);
		if (r < 0)
			break;
		if (!strcmp(member, name) &&
		    archive_entry_filetype(entry) == AE_IFREG &&
		    !archive_entry_hardlink(entry))
			return copy_out(&p, to, mode, err);
		r = 0;
	}
	return r;
}
