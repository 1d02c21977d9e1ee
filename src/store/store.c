/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest is made in ".NAME.partial" under the lock ".NAME.lock", synced file
 * by file and folder by folder, and renamed with RENAME_NOREPLACE, because
 * plain rename() would replace an empty folder of that name.  A partial
 * folder whose lock nobody holds is what a killed conversion left.
 */
#include "store/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"

enum {
	NAME_MAX_LEN = 63
};

char *store_root(void)
{
	const char *set = getenv("PIMIGRATE_GUESTS");
	const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (set && *set)
		return xstrdup(set);
	if (!geteuid())
		return xstrdup("/var/lib/pimigrate/guests");
	if (xdg && *xdg == '/')
		return xasprintf("%s/pimigrate/guests", xdg);
	return xasprintf("%s/.local/share/pimigrate/guests",
			 home ? home : "/tmp");
}

char *store_dir(const char *name)
{
	autofree char *root = store_root();

	return xasprintf("%s/%s", root, name);
}

char *store_file(const char *name, const char *file)
{
	autofree char *dir = store_dir(name);

	if (*file == '/')
		return xstrdup(file);
	return xasprintf("%s/%s", dir, file);
}

/* With a root of one's own the runtime folders are in it, so that two roots
 * do not meet in /run.  shared: anybody may make folders there. */
static char *runtime_root(bool *ret_shared)
{
	const char *set = getenv("PIMIGRATE_GUESTS");
	const char *run = getenv("PIMIGRATE_RUNTIME");
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	*ret_shared = false;
	if (run && *run)
		return xstrdup(run);
	if (set && *set)
		return xasprintf("%s/.run", set);
	if (!geteuid())
		return xstrdup("/run/pimigrate");
	if (xdg && *xdg == '/')
		return xasprintf("%s/pimigrate", xdg);
	*ret_shared = true;
	return xasprintf("/tmp/pimigrate-%u", (unsigned int)geteuid());
}

char *store_runtime_dir(const char *name)
{
	bool shared;
	autofree char *root = runtime_root(&shared);

	return xasprintf("%s/%s", root, name);
}

int store_runtime_check(struct err *err)
{
	bool shared;
	autofree char *root = runtime_root(&shared);
	struct stat st = { 0 };

	if (!shared || (lstat(root, &st) < 0 && errno == ENOENT))
		return 0;
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid())
		return 0;
	return err_set(err, EPERM,
		       "'%s' is not a folder of yours: name another one by "
		       "PIMIGRATE_RUNTIME",
		       root);
}

int store_runtime_make(const char *name, struct err *err)
{
	autofree char *dir = store_runtime_dir(name);
	int r = store_runtime_check(err);

	if (!r)
		r = files_mkdir_p(dir, 0711, err);
	/* Again, should it have been made in between. */
	return r < 0 ? r : store_runtime_check(err);
}

static bool name_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (!first && (c == '.' || c == '-'));
}

bool store_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!name_char(name[i], i == 0))
			return false;
	return true;
}

char *store_name_from(const char *text)
{
	char name[NAME_MAX_LEN + 1];
	size_t n = 0;

	for (; *text && n < NAME_MAX_LEN; text++) {
		char c = (char)tolower((unsigned char)*text);

		if (name_char(c, n == 0))
			name[n++] = c;
		else if (n && name[n - 1] != '-')
			name[n++] = '-';
	}
	while (n && (name[n - 1] == '-' || name[n - 1] == '.'))
		n--;
	name[n] = 0;
	return xstrdup(n ? name : "pi");
}

bool store_exists(const char *name)
{
	autofree char *file = store_file(name, "guest.yaml");

	return !access(file, F_OK);
}

bool store_taken(const char *name)
{
	autofree char *dir = store_dir(name);

	return !access(dir, F_OK);
}

static int taken(const char *name, struct err *err)
{
	autofree char *other = NULL;

	for (unsigned int i = 2; !other || store_taken(other); i++) {
		free(other);
		other = xasprintf("%s-%u", name, i);
	}
	if (!store_exists(name)) {
		autofree char *dir = store_dir(name);

		return err_set(err, EEXIST,
			       "'%s' is in the way, and is no guest; choose "
			       "another name with -on %s, or move it away",
			       dir, other);
	}
	return err_set(err, EEXIST,
		       "there is a guest '%s' already; choose another name "
		       "with -on %s, or remove it with: pimigrate remove %s",
		       name, other, name);
}

static int check_name(const char *name, struct err *err)
{
	if (store_name_ok(name))
		return 0;
	return err_set(err, EINVAL,
		       "'%s' cannot be a guest's name: use a-z, 0-9, '.' and "
		       "'-', 63 at most",
		       name);
}

static int lock_name(struct store_new *new, struct err *err)
{
	autofree char *lock = xasprintf("%s/.%s.lock", new->root, new->name);
	int r = files_lock(lock, false, err);

	if (r == -EAGAIN)
		return err_set(err, EAGAIN,
			       "guest '%s' is being made by another pimigrate; "
			       "wait for it, or choose another name with -on",
			       new->name);
	if (r < 0)
		return r;
	new->lock = r;
	new->locked = true;
	return 0;
}

int store_new_begin(struct store_new *new, const char *name, struct err *err)
{
	int r = check_name(name, err);

	if (r < 0)
		return r;
	new->root = store_root();
	new->name = xstrdup(name);
	new->dir = xasprintf("%s/.%s.partial", new->root, name);
	r = files_mkdir_p(new->root, 0711, err);
	if (!r)
		r = lock_name(new, err);
	if (r < 0)
		return r;
	if (store_taken(name))
		return taken(name, err);
	r = files_remove_tree(new->dir, err);
	if (r < 0)
		return r;
	if (mkdir(new->dir, 0711) < 0)
		return err_errno(err, errno, "cannot make folder '%s'",
				 new->dir);
	new->made = true;
	/* Whatever the umask is: libvirt's user must pass through. */
	if (chmod(new->dir, 0711) < 0)
		return err_errno(err, errno, "cannot set the rights of '%s'",
				 new->dir);
	return 0;
}

/* A rename that survives a power cut must find the files. */
static int sync_one(const char *path, const struct stat *st, int type,
		    struct FTW *where)
{
	autoclose int fd = -1;

	(void)st;
	(void)where;
	if (type == FTW_SL || type == FTW_SLN)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 || fsync(fd) < 0 ? errno : 0;
}

int store_new_commit(struct store_new *new, struct err *err)
{
	autofree char *dir = xasprintf("%s/%s", new->root, new->name);
	int r = nftw(new->dir, sync_one, 16, FTW_PHYS | FTW_DEPTH);

	if (r)
		return err_errno(err, r > 0 ? r : errno, "cannot sync '%s'",
				 new->dir);
	if (renameat2(AT_FDCWD, new->dir, AT_FDCWD, dir, RENAME_NOREPLACE) < 0)
		return err_errno(err, errno, "cannot rename '%s' to '%s'",
				 new->dir, dir);
	new->made = false;
	return files_sync_dir(new->root, err);
}

void store_new_drop(struct store_new *new)
{
	struct err ignored;

	if (new->made)
		files_remove_tree(new->dir, &ignored);
	if (new->locked) {
		autofree char *lock = xasprintf("%s/.%s.lock", new->root,
						new->name);

		/* Removed while it is held: files_lock() looks for that. */
		unlink(lock);
		close(new->lock);
	}
	free(new->dir);
	free(new->name);
	free(new->root);
	*new = (struct store_new){ 0 };
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int store_list(struct store_names *ret_names, struct err *err)
{
	autofree char *root = store_root();
	DIR *dir = opendir(root);
	struct dirent *entry;

	*ret_names = (struct store_names){ 0 };
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return err_errno(err, errno, "cannot read folder '%s'", root);
	while ((entry = readdir(dir)))
		if (store_name_ok(entry->d_name) && store_exists(entry->d_name))
			*vec_add(&ret_names->names) = xstrdup(entry->d_name);
	closedir(dir);
	if (ret_names->names.n)
		qsort(ret_names->names.at, ret_names->names.n, sizeof(char *),
		      by_name);
	return 0;
}

void store_names_free(struct store_names *names)
{
	for (size_t i = 0; i < names->names.n; i++)
		free(names->names.at[i]);
	vec_free(&names->names);
}

int store_lock_running(const char *name, struct err *err)
{
	autofree char *dir = store_runtime_dir(name);
	autofree char *lock = xasprintf("%s/lock", dir);
	int r = -ENOENT;

	/* Again, should somebody remove the folder in between. */
	for (int tries = 0; r == -ENOENT && tries < 8; tries++) {
		r = store_runtime_make(name, err);
		if (!r)
			r = files_lock(lock, false, err);
	}
	if (r == -EAGAIN)
		return err_set(err, EAGAIN, "guest '%s' is running", name);
	return r;
}

/* The runtime folder, and with a root of one's own the folder of all of them
 * if it was the last. */
static int remove_runtime(const char *name, struct err *err)
{
	autofree char *dir = store_runtime_dir(name);
	autofree char *all = xstrndup(dir, (size_t)(strrchr(dir, '/') - dir));
	int r = files_remove_tree(dir, err);

	if (!r && str_ends(all, "/.run"))
		rmdir(all); /* ENOTEMPTY: of other guests */
	return r;
}

int store_rename(const char *name, const char *to, struct err *err)
{
	autofree char *from_dir = store_dir(name), *to_dir = store_dir(to);
	autofree char *root = store_root();
	struct err ignored;
	int r = check_name(to, err);

	if (r < 0)
		return r;
	if (renameat2(AT_FDCWD, from_dir, AT_FDCWD, to_dir, RENAME_NOREPLACE) <
	    0) {
		if (errno == EEXIST)
			return err_set(err, EEXIST,
				       "there is '%s' already: choose another "
				       "name, or remove it",
				       to_dir);
		return err_errno(err, errno, "cannot rename '%s' to '%s'",
				 from_dir, to_dir);
	}
	remove_runtime(name, &ignored); /* by the name that is gone */
	return files_sync_dir(root, err);
}

int store_remove(const char *name, struct err *err)
{
	autofree char *root = store_root(), *dir = store_dir(name);
	autofree char *gone = xasprintf("%s/.%s.removed", root, name);
	int r = files_remove_tree(gone, err);

	if (r < 0)
		return r;
	if (rename(dir, gone) < 0)
		return err_errno(err, errno, "cannot remove guest '%s'", name);
	r = files_remove_tree(gone, err);
	return r < 0 ? r : remove_runtime(name, err);
}
