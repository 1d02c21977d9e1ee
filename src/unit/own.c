/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The services' user owns boot/, so what lies in there is its choice: nothing
 * is followed, and only a plain file with one name is given away.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "host/run.h"
#include "unit/unit.h"

int unit_user(uid_t *ret_uid, gid_t *ret_gid, struct err *err)
{
	static const char *const argv[] = { "systemd-sysusers",
					    "pimigrate.conf", NULL };
	struct run_child child = { .argv = argv, .timeout_ms = 60000 };
	const struct passwd *pw = getpwnam(UNIT_USER);

	if (!pw) {
		int r = run_check(&child, NULL, err);

		if (r < 0)
			return err_within(err, r,
					  "cannot make the user " UNIT_USER);
		pw = getpwnam(UNIT_USER);
	}
	if (!pw)
		return err_set(err, ENOENT,
			       "there is no user " UNIT_USER
			       ", which the services run as; make it with: "
			       "systemd-sysusers pimigrate.conf");
	*ret_uid = pw->pw_uid;
	*ret_gid = pw->pw_gid;
	return 0;
}

static int give_file(int dir, const char *name, uid_t uid, gid_t gid,
		     struct err *err)
{
	autoclose int fd = openat(
		dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && (errno == ELOOP || errno == ENOENT || errno == ENXIO))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot open '%s'", name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid == uid)
		return 0;
	if (fchown(fd, uid, gid) < 0)
		return err_errno(err, errno, "cannot give '%s' to " UNIT_USER,
				 name);
	return 0;
}

/* The folder and the files in it; folders in it too, one level down. */
static int give_folder(int parent, const char *name, bool deeper, uid_t uid,
		       gid_t gid, struct err *err)
{
	int fd = openat(parent, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return err_errno(err, errno, "cannot read folder '%s'", name);
	if (fchown(fd, uid, gid) < 0)
		r = err_errno(err, errno, "cannot give '%s' to " UNIT_USER,
			      name);
	while (!r && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_DIR && deeper)
			r = give_folder(fd, entry->d_name, false, uid, gid,
					err);
		else
			r = give_file(fd, entry->d_name, uid, gid, err);
	}
	closedir(dir);
	return r;
}

int unit_own(const char *dir, const struct machine *m, uid_t uid, gid_t gid,
	     struct err *err)
{
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(err, errno, "cannot read folder '%s'", dir);
	r = give_folder(fd, "boot", true, uid, gid, err);
	for (size_t i = 0; i < m->disks.n && !r; i++) {
		const char *file = m->disks.at[i].file;

		/* One elsewhere is its owner's business. */
		if (!strchr(file, '/'))
			r = give_file(fd, file, uid, gid, err);
	}
	return r < 0 ? err_within(err, r, "'%s'", dir) : 0;
}
