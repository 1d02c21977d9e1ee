/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into pimigrate: libguestfs's functions, as far as src/adapt uses
 * them, done on this host by a loop device and a mount in a namespace of the
 * process.  No appliance starts, so that a card takes seconds; what the
 * functions do is what libguestfs's daemon does, with the same programs.  For
 * root, and for images of our own making only: the host's kernel reads them.
 */
#include "onhost.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((constructor)) static void init(void)
{
	unsetenv("LD_PRELOAD");
}

/* ---- errors and programs ---- */

int bad(guestfs_h *g, const char *call)
{
	g->error_number = errno;
	snprintf(g->error, sizeof(g->error), "%s: %s", call, strerror(errno));
	return -1;
}

void *no(guestfs_h *g, const char *call)
{
	bad(g, call);
	return NULL;
}

/* In the child: what it reads and writes. */
static void redirect(int from, int to)
{
	if (from >= 0 && dup2(from, to) < 0)
		_exit(127);
}

int run_with(guestfs_h *g, int in, char *text, size_t size,
	     const char *const *argv)
{
	int ends[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return bad(g, "pipe");
	pid = fork();
	if (pid < 0)
		return bad(g, "fork");
	if (!pid) {
		redirect(in, 0);
		redirect(ends[1], 1);
		redirect(ends[1], 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	if (!text) {
		text = g->error;
		size = sizeof(g->error);
	}
	while ((got = read(ends[0], text + n, size - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	close(ends[0]);
	if (waitpid(pid, &status, 0) < 0)
		return bad(g, "waitpid");
	g->error_number = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

EXPORT const char *guestfs_last_error(guestfs_h *g)
{
	return g->error;
}

EXPORT int guestfs_last_errno(guestfs_h *g)
{
	return g->error_number;
}

/* ---- the handle ---- */

EXPORT guestfs_h *guestfs_create(void)
{
	guestfs_h *g = calloc(1, sizeof(*g));

	if (g)
		g->root = -1;
	return g;
}

EXPORT void guestfs_set_error_handler(guestfs_h *g, guestfs_error_handler_cb cb,
				      void *data)
{
	(void)g;
	(void)cb;
	(void)data;
}

EXPORT int guestfs_set_backend(guestfs_h *g, const char *backend)
{
	(void)g;
	(void)backend;
	return 0;
}

EXPORT int guestfs_set_backend_setting(guestfs_h *g, const char *name,
				       const char *value)
{
	(void)g;
	(void)name;
	(void)value;
	return 0;
}

EXPORT int guestfs_config(guestfs_h *g, const char *option, const char *value)
{
	(void)g;
	(void)option;
	(void)value;
	return 0;
}

EXPORT int guestfs_set_tmpdir(guestfs_h *g, const char *folder)
{
	free(g->temp);
	return asprintf(&g->temp, "%s/onhost", folder) < 0 ? -1 : 0;
}

EXPORT int guestfs_add_drive_opts(guestfs_h *g, const char *path, ...)
{
	va_list args;
	int what;

	g->disk = strdup(path);
	va_start(args, path);
	while ((what = va_arg(args, int)) >= 0) {
		if (what == GUESTFS_ADD_DRIVE_OPTS_READONLY)
			g->copied = va_arg(args, int) != 0;
		else
			va_arg(args, const char *);
	}
	va_end(args);
	return 0;
}

EXPORT int guestfs_launch(guestfs_h *g)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return bad(g, "unshare");
	if (mkdir(g->temp, 0700) < 0 && errno != EEXIST)
		return bad(g, g->temp);
	if (g->copied) {
		char *copy = NULL;

		if (asprintf(&copy, "%s.img", g->temp) < 0)
			return -1;
		if (RUN(g, -1, NULL, 0, "cp", "--sparse=always", g->disk, copy))
			return -1;
		free(g->disk);
		g->disk = copy;
	}
	return 0;
}

EXPORT int guestfs_umount_all(guestfs_h *g)
{
	if (g->root < 0)
		return 0;
	close(g->root);
	g->root = -1;
	return umount(g->temp) < 0 ? bad(g, "umount") : 0;
}

EXPORT int guestfs_shutdown(guestfs_h *g)
{
	return guestfs_umount_all(g);
}

EXPORT void guestfs_close(guestfs_h *g)
{
	guestfs_umount_all(g);
	if (g->copied)
		unlink(g->disk);
	rmdir(g->temp);
	free(g->disk);
	free(g->temp);
	free(g);
}

EXPORT int guestfs_sync(guestfs_h *g)
{
	(void)g;
	return 0;
}

EXPORT char *guestfs_dmesg(guestfs_h *g)
{
	(void)g;
	return strdup("");
}

EXPORT int guestfs_blockdev_flushbufs(guestfs_h *g, const char *device)
{
	(void)g;
	(void)device;
	return 0;
}

/* ---- partitions, by parted as in the appliance ---- */

EXPORT char *guestfs_part_get_parttype(guestfs_h *g, const char *device)
{
	char text[8192], *at, *end = NULL;

	(void)device;
	if (RUN(g, -1, text, sizeof(text), "parted", "-ms", g->disk, "unit",
		"b", "print"))
		return no(g, "parted");
	at = strstr(text, "file:");
	for (int i = 0; at && i < 3; i++)
		at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL;
	at = at ? at : strdup("");
	end = strchr(at, ':');
	return end ? strndup(at, (size_t)(end - at)) : no(g, "parted");
}

EXPORT struct guestfs_partition_list *guestfs_part_list(guestfs_h *g,
							const char *device)
{
	struct guestfs_partition_list *list = calloc(1, sizeof(*list));
	char text[8192];

	(void)device;
	if (RUN(g, -1, text, sizeof(text), "parted", "-ms", g->disk, "unit",
		"b", "print"))
		return no(g, "parted");
	list->val = calloc(128, sizeof(*list->val));
	for (char *at = text; at; at = strchr(at, '\n')) {
		struct guestfs_partition *p = &list->val[list->len];
		unsigned long long start, end, size;

		at += *at == '\n';
		if (sscanf(at, "%d:%lluB:%lluB:%lluB:", &p->part_num, &start,
			   &end, &size) == 4 &&
		    list->len < 127) {
			p->part_start = start;
			p->part_end = end;
			p->part_size = size;
			list->len++;
		}
	}
	return list;
}

EXPORT void guestfs_free_partition_list(struct guestfs_partition_list *list)
{
	free(list->val);
	free(list);
}

EXPORT int guestfs_part_resize(guestfs_h *g, const char *device, int number,
			       int64_t last)
{
	char n[16], end[32];

	(void)device;
	snprintf(n, sizeof(n), "%d", number);
	snprintf(end, sizeof(end), "%llds", (long long)last);
	return RUN(g, -1, NULL, 0, "parted", "-s", g->disk, "resizepart", n,
		   end)
		       ? -1
		       : 0;
}

EXPORT int guestfs_part_expand_gpt(guestfs_h *g, const char *device)
{
	(void)device;
	return RUN(g, -1, NULL, 0, "sgdisk", "-e", g->disk) ? -1 : 0;
}

EXPORT char *guestfs_pread_device(guestfs_h *g, const char *device, int count,
				  int64_t offset, size_t *ret_size)
{
	char *bytes = malloc((size_t)count);
	int fd = open(g->disk, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, bytes, (size_t)count, offset);

	(void)device;
	close(fd);
	*ret_size = n < 0 ? 0 : (size_t)n;
	return n < 0 ? no(g, "pread") : bytes;
}

EXPORT int guestfs_pwrite_device(guestfs_h *g, const char *device,
				 const char *bytes, size_t size, int64_t offset)
{
	int fd = open(g->disk, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pwrite(fd, bytes, size, offset);

	(void)device;
	close(fd);
	return n < 0 ? bad(g, "pwrite") : (int)n;
}

/* ---- a partition's file system ---- */

static int loop_up(guestfs_h *g, const char *device, char *loop, size_t size)
{
	struct guestfs_partition_list *all = guestfs_part_list(g, DISK);
	char offset[32] = "", limit[32] = "";
	int r;

	if (!all)
		return -1;
	for (uint32_t i = 0; i < all->len; i++) {
		const struct guestfs_partition *p = &all->val[i];

		if (p->part_num != atoi(device + strlen(DISK)))
			continue;
		snprintf(offset, sizeof(offset), "%llu",
			 (unsigned long long)p->part_start);
		snprintf(limit, sizeof(limit), "%llu",
			 (unsigned long long)p->part_size);
	}
	guestfs_free_partition_list(all);
	r = RUN(g, -1, loop, size, "losetup", "-f", "--show", "-o", offset,
		"--sizelimit", limit, g->disk);
	loop[strcspn(loop, "\n")] = 0;
	return r ? no(g, "losetup"), -1 : 0;
}

static void loop_down(guestfs_h *g, char *loop)
{
	char text[256];

	RUN(g, -1, text, sizeof(text), "losetup", "-d", loop);
}

EXPORT int guestfs_e2fsck(guestfs_h *g, const char *device, ...)
{
	const char *how = NULL;
	char loop[256];
	va_list args;
	int r, what;

	va_start(args, device);
	while ((what = va_arg(args, int)) >= 0)
		if (va_arg(args, int))
			how = what == GUESTFS_E2FSCK_CORRECT ? "-p" : "-y";
	va_end(args);
	if (loop_up(g, device, loop, sizeof(loop)) < 0)
		return -1;
	r = how ? RUN(g, -1, NULL, 0, "e2fsck", how, "-f", loop)
		: RUN(g, -1, NULL, 0, "e2fsck", "-f", loop);
	loop_down(g, loop);
	return r > 1 ? -1 : 0;
}

EXPORT int guestfs_resize2fs(guestfs_h *g, const char *device)
{
	char loop[256];
	int r;

	if (loop_up(g, device, loop, sizeof(loop)) < 0)
		return -1;
	r = RUN(g, -1, NULL, 0, "resize2fs", loop);
	loop_down(g, loop);
	return r ? -1 : 0;
}

EXPORT int guestfs_mount(guestfs_h *g, const char *device, const char *path)
{
	char loop[256];
	int r;

	(void)path;
	if (loop_up(g, device, loop, sizeof(loop)) < 0)
		return -1;
	r = mount(loop, g->temp, "ext4", MS_NODEV | MS_NOEXEC | MS_NOSUID, "");
	if (r < 0)
		bad(g, "mount");
	loop_down(g, loop); /* when it is unmounted */
	if (r < 0)
		return -1;
	g->root = open(g->temp, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return g->root < 0 ? bad(g, "open") : 0;
}

EXPORT int guestfs_fstrim(guestfs_h *g, const char *path, ...)
{
	(void)g;
	(void)path;
	return 0;
}
