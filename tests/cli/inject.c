/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into pimigrate: ends it, or makes a call fail, at a named point,
 * so that "killed while it …" is a place and no moment.
 *
 *	INJECT_AT    the point: "before" or "after", a call, and the name of
 *		     what it is done to: "after renameat2 minipi"; the call's
 *		     name alone where it has none: "before guestfs_launch".
 *		     A regular expression of the whole: libext2fs tries again
 *		     by write() what pwrite() did not, "before p*write disk"
 *	INJECT_FROM  another point, before which INJECT_AT does not count;
 *		     empty: none
 *	INJECT_DO    KILL; INT (as Ctrl-C: to the whole group); STOP (it goes on
 *		     with SIGCONT); or an error's name, ENOSPC or EIO, which
 *		     only "before" can have
 *	INJECT_LOG   a file that gets each point that is passed
 *
 * Calls that change files, and libguestfs's.  What the program starts runs
 * without.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <guestfs.h>
#include <limits.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The function that is stood before; found once. */
#define REAL(name)                     \
	static __typeof__(&name) real; \
	if (!real)                     \
	real = (__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name)

static const char *at, *armed_by, *what;
static int log_fd = -1;

__attribute__((constructor)) static void init(void)
{
	const char *log = getenv("INJECT_LOG");

	at = getenv("INJECT_AT");
	armed_by = getenv("INJECT_FROM");
	if (armed_by && !*armed_by)
		armed_by = NULL;
	what = getenv("INJECT_DO");
	if (log)
		log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			      0600);
	unsetenv("LD_PRELOAD");
}

static void note(const char *point)
{
	static ssize_t (*real)(int, const void *, size_t);

	if (!real)
		real = (__typeof__(real))(uintptr_t)dlsym(RTLD_NEXT, "write");
	if (log_fd >= 0 && (real(log_fd, point, strlen(point)) < 0 ||
			    real(log_fd, "\n", 1) < 0))
		abort();
}

static int error_number(void)
{
	if (!strcmp(what, "ENOSPC"))
		return ENOSPC;
	if (!strcmp(what, "EIO"))
		return EIO;
	abort();
}

static bool is_at(const char *point)
{
	static regex_t whole;
	static bool compiled;
	char text[512];

	if (!compiled) {
		snprintf(text, sizeof(text), "^%s$", at);
		if (regcomp(&whole, text, REG_NOSUB))
			abort();
		compiled = true;
	}
	return !regexec(&whole, point, 0, NULL, 0);
}

/* True: the call shall fail, with errno. */
static bool reached(const char *when, const char *call, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	char point[512];

	snprintf(point, sizeof(point), "%s %s%s%s", when, call, path ? " " : "",
		 slash ? slash + 1 : (path ? path : ""));
	note(point);
	if (armed_by && !strcmp(armed_by, point))
		armed_by = NULL;
	if (armed_by || !at || !what || !is_at(point))
		return false;
	if (!strcmp(what, "STOP")) {
		at = NULL; /* once */
		raise(SIGSTOP);
		return false;
	}
	if (!strcmp(what, "KILL")) {
		kill(getpid(), SIGKILL);
	} else if (!strcmp(what, "INT")) {
		kill(0, SIGINT);
	} else {
		errno = error_number();
		return true;
	}
	for (;;)
		pause();
}

static bool before(const char *call, const char *path)
{
	return reached("before", call, path);
}

static void after(const char *call, const char *path)
{
	int saved = errno;

	reached("after", call, path);
	errno = saved;
}

/* What a descriptor is; NULL for pipes, sockets and the terminal. */
static const char *name_of(int fd, char name[static PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, PATH_MAX - 1);
	if (n <= 0 || name[0] != '/')
		return NULL;
	name[n] = 0;
	return name;
}

#define AROUND(call, path, ...)                  \
	do {                                     \
		__typeof__(real(__VA_ARGS__)) r; \
		if (before(call, path))          \
			return -1;               \
		r = real(__VA_ARGS__);           \
		after(call, path);               \
		return r;                        \
	} while (0)

EXPORT int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);
	AROUND("mkdir", path, path, mode);
}

EXPORT int rename(const char *from, const char *to)
{
	REAL(rename);
	AROUND("rename", to, from, to);
}

EXPORT int renameat2(int from_dir, const char *from, int to_dir, const char *to,
		     unsigned int flags)
{
	REAL(renameat2);
	AROUND("renameat2", to, from_dir, from, to_dir, to, flags);
}

EXPORT int unlink(const char *path)
{
	REAL(unlink);
	AROUND("unlink", path, path);
}

EXPORT int unlinkat(int dir, const char *path, int flags)
{
	REAL(unlinkat);
	AROUND("unlinkat", path, dir, path, flags);
}

EXPORT int truncate64(const char *path, off64_t size)
{
	REAL(truncate64);
	AROUND("truncate", path, path, size);
}

EXPORT int fsync(int fd)
{
	char name[PATH_MAX];
	const char *path = name_of(fd, name);

	REAL(fsync);
	AROUND("fsync", path, fd);
}

EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
	char name[PATH_MAX];
	const char *path = name_of(fd, name);

	REAL(write);
	if (!path)
		return real(fd, buf, n);
	AROUND("write", path, fd, buf, n);
}

EXPORT ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t offset)
{
	char name[PATH_MAX];
	const char *path = name_of(fd, name);

	REAL(pwrite64);
	AROUND("pwrite", path, fd, buf, n, offset);
}

/* libguestfs has started its QEMU and waits for the appliance. */
EXPORT int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	REAL(accept4);
	AROUND("accept4", NULL, fd, addr, len, flags);
}

EXPORT int guestfs_launch(guestfs_h *g)
{
	REAL(guestfs_launch);
	AROUND("guestfs_launch", NULL, g);
}

EXPORT int guestfs_resize2fs(guestfs_h *g, const char *device)
{
	REAL(guestfs_resize2fs);
	AROUND("guestfs_resize2fs", NULL, g, device);
}

EXPORT int guestfs_e2fsck(guestfs_h *g, const char *device, ...)
{
	static int (*const real)(guestfs_h *, const char *,
				 va_list) = guestfs_e2fsck_va;
	va_list args;

	va_start(args, device); /* without va_end(): AROUND returns */
	AROUND("guestfs_e2fsck", NULL, g, device, args);
}

EXPORT int guestfs_umount_all(guestfs_h *g)
{
	REAL(guestfs_umount_all);
	AROUND("guestfs_umount_all", NULL, g);
}

EXPORT int guestfs_shutdown(guestfs_h *g)
{
	REAL(guestfs_shutdown);
	AROUND("guestfs_shutdown", NULL, g);
}
