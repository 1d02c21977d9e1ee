/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel does not say who has an OFD lock: it belongs to an open file, not
 * to a process, and /proc/locks shows -1.  But each process lists its open
 * files with their locks (/proc/PID/fdinfo, proc(5)), to those who may look.
 */
#include "block/lock_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

static void cleanup_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define autodir cleanup(cleanup_closedir)

/* A small file of /proc, as a string. */
static void read_text(const char *path, char *text, size_t size)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : io_read(fd, text, size - 1);

	text[n < 0 ? 0 : n] = 0;
}

static bool is_number(const char *name)
{
	return isdigit((unsigned char)*name);
}

static bool same_file(const char *path, const struct stat *want)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == want->st_dev &&
	       st.st_ino == want->st_ino;
}

static bool has_lock(const char *pid, const struct stat *want)
{
	char path[300], info[4096];
	const struct dirent *e;
	autodir DIR *fds = NULL;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	fds = opendir(path);
	while (fds && (e = readdir(fds))) {
		snprintf(path, sizeof(path), "/proc/%.10s/fd/%.10s", pid,
			 e->d_name);
		if (!is_number(e->d_name) || !same_file(path, want))
			continue;
		snprintf(path, sizeof(path), "/proc/%.10s/fdinfo/%.10s", pid,
			 e->d_name);
		read_text(path, info, sizeof(info));
		if (strstr(info, "OFDLCK"))
			return true;
	}
	return false;
}

static void describe(const char *pid, char *text, size_t size)
{
	char path[64], name[32];

	snprintf(path, sizeof(path), "/proc/%.10s/comm", pid);
	read_text(path, name, sizeof(name));
	name[strcspn(name, "\n")] = 0;
	snprintf(text, size, "process %.10s (%s)", pid, name);
}

void lock_holder(int fd, char *text, size_t size)
{
	const struct dirent *e;
	autodir DIR *proc = opendir("/proc");
	struct stat want;

	snprintf(text, size,
		 "another process (in another container, of "
		 "another user or on another machine)");
	if (fstat(fd, &want) < 0)
		return;
	while (proc && (e = readdir(proc))) {
		if (is_number(e->d_name) && has_lock(e->d_name, &want)) {
			describe(e->d_name, text, size);
			return;
		}
	}
}
