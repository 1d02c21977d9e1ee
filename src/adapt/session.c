/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend is always "direct": the libvirt one needs a daemon, and a
 * session of somebody else's.  Disk writes are not synced one by one; the
 * whole guest is synced before it appears (store/).
 */
#include "adapt/session.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <guestfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "adapt/gerror.h"
#include "adapt/kvm.h"
#include "adapt/rows.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/mem.h"
#include "fs/ext4_unpack.h"

enum {
	KVM_MS = 5000,
	NO_ROOM = 64 << 10, /* bytes: less is as good as none */
	GPT_TAIL = 34,      /* sectors of the copy at the disk's end */
	MBR_HEAD = 446, /* bytes before the partitions: boot code, disk id */
	MBR_PRIMARY = 4 /* Linux counts logical partitions from 5 on */
};

#define DISK "/dev/sda"

struct session {
	guestfs_h *g;
	char *path;       /* of the disk */
	char *writes;     /* where what is written goes: that, or a folder */
	bool sync;        /* the disk at the end */
	int partition;    /* that was mounted; 0: none */
	uint64_t copy_at; /* as in session_apply() */
};

/* supermin builds the appliance from a kernel of this host. */
int session_possible(struct err *err)
{
	bool found = false, readable = false;
	glob_t g;

	if (getenv("SUPERMIN_KERNEL") || getenv("LIBGUESTFS_PATH"))
		return 0;
	if (!glob("/boot/vmlinu[xz]-*", 0, NULL, &g)) {
		found = g.gl_pathc > 0;
		for (size_t i = 0; i < g.gl_pathc; i++)
			readable |= !access(g.gl_pathv[i], R_OK);
		globfree(&g);
	}
	if (readable)
		return 0;
	if (!found)
		return err_set(err, ENODEV,
			       "libguestfs needs a kernel in this host's /boot "
			       "for its appliance, and there is none; install "
			       "one: apt install linux-image-amd64");
	return err_set(err, ENODEV,
		       "libguestfs cannot read this host's kernel in /boot; "
		       "run pimigrate as root, or make it readable: chmod "
		       "0644 /boot/vmlinuz-*");
}

/* libguestfs puts an overlay over a disk that it must not write to.  With
 * "unsafe" QEMU leaves out what the appliance's kernel wants flushed, in order
 * to be able to replay its journal after a power cut. */
static int add_disk(struct session *s, const char *path, enum session_kind kind)
{
	if (kind == SESSION_TRY)
		return guestfs_add_drive_opts(
			s->g, path, GUESTFS_ADD_DRIVE_OPTS_FORMAT, "raw",
			GUESTFS_ADD_DRIVE_OPTS_READONLY, 1, -1);
	return guestfs_add_drive_opts(
		s->g, path, GUESTFS_ADD_DRIVE_OPTS_FORMAT, "raw",
		GUESTFS_ADD_DRIVE_OPTS_CACHEMODE,
		kind == SESSION_COPY ? "unsafe" : "writeback",
		GUESTFS_ADD_DRIVE_OPTS_DISCARD, "besteffort", -1);
}

static int launch(struct session *s, const char *path, const char *temp_dir,
		  enum session_kind kind, bool kvm, struct err *err)
{
	if (s->g)
		guestfs_close(s->g);
	s->g = guestfs_create();
	if (!s->g)
		return err_set(err, ENODEV, "cannot use libguestfs");
	guestfs_set_error_handler(s->g, NULL, NULL);
	if (guestfs_set_backend(s->g, "direct") < 0)
		return gerror(s->g, err, "set up", "libguestfs");
	/* What is left of us if we are killed is in one place. */
	if (guestfs_set_tmpdir(s->g, temp_dir) < 0)
		return gerror(s->g, err, "set up", "libguestfs");
	if (!kvm && guestfs_set_backend_setting(s->g, "force_tcg", "1") < 0)
		return gerror(s->g, err, "set up", "libguestfs");
	if (add_disk(s, path, kind) < 0)
		return gerror(s->g, err, "add disk", path);
	/* QEMU stops the appliance while the host has no room; nobody would
	 * hear of it. */
	if (guestfs_config(s->g, "-global", "scsi-hd.werror=report") < 0)
		return gerror(s->g, err, "set up", "libguestfs");
	if (guestfs_launch(s->g) < 0)
		return gerror(s->g, err, "launch", "libguestfs's appliance");
	return 0;
}

/* There are hosts whose KVM hangs, and others where it runs an instruction but
 * not QEMU: emulation is slower and always there. */
int session_open(const char *path, const char *temp_dir, enum session_kind kind,
		 struct session **ret_session, struct err *err)
{
	autosession struct session *s = xnew(struct session);
	int r = session_possible(err);
	struct err why;

	if (r < 0)
		return r;
	r = kvm_works(KVM_MS) ? launch(s, path, temp_dir, kind, true, &why)
			      : -ENODEV;
	if (r < 0) {
		log_info("no usable KVM: libguestfs's appliance runs under "
			 "emulation, which takes longer");
		r = launch(s, path, temp_dir, kind, false, err);
	}
	if (r < 0)
		return -ENODEV;
	s->path = xstrdup(path);
	s->writes = xstrdup(kind == SESSION_TRY ? temp_dir : path);
	s->sync = kind == SESSION_WRITE;
	*ret_session = steal_ptr(s);
	return 0;
}

static bool has_room(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) < 0 || fs.f_bavail * fs.f_frsize >= NO_ROOM;
}

/*
 * No room on the host is the reason for whatever failed, and more: a program in
 * the appliance does not hear that what it wrote was lost afterwards.  The
 * kernel's word, of block/blk-core.c, for what QEMU makes of ENOSPC.  It was
 * missing once in a few runs of tests/torture/full-host.sh, where e2fsck failed
 * too; then the host tells.
 */
static int check_host(struct session *s, int r, struct err *err)
{
	static const char word[] = "critical space allocation error, dev sda";
	autofree char *log = guestfs_dmesg(s->g);

	if ((!log || !strstr(log, word)) && (r >= 0 || has_room(s->writes)))
		return r;
	return err_set(err, ENOSPC,
		       "the file system of '%s' became full, and what was "
		       "written to the disk is incomplete: make room there",
		       s->writes);
}

static void device_of(int partition, char device[static 32])
{
	snprintf(device, 32, DISK "%d", partition);
}

int session_check(struct session *s, int partition, bool *ret_repaired,
		  struct err *err)
{
	char device[32];
	int r;

	device_of(partition, device);
	r = guestfs_e2fsck(s->g, device, GUESTFS_E2FSCK_CORRECT, 1, -1);
	if (r < 0) {
		log_debug("e2fsck: %s", guestfs_last_error(s->g));
		r = guestfs_e2fsck(s->g, device, GUESTFS_E2FSCK_FORCEALL, 1,
				   -1);
		*ret_repaired = r == 0;
	}
	if (r < 0)
		r = gerror(s->g, err, "check the file system of partition",
			   device + strlen(DISK));
	else if (guestfs_sync(s->g) < 0)
		r = gerror(s->g, err, "sync", "the disk");
	return r < 0 ? check_host(s, r, err) : 0;
}

/*
 * parted gives an MBR new boot code and a new disk id where it finds no boot
 * code, and the id is what PARTUUIDs are made of: both are put back.
 */
static int resize_partition(struct session *s, int partition, int64_t last,
			    bool mbr, struct err *err)
{
	size_t n = 0;
	autofree char *head = guestfs_pread_device(s->g, DISK, MBR_HEAD, 0, &n);

	if (!head || n != MBR_HEAD)
		return gerror(s->g, err, "read", "the partition table");
	if (guestfs_part_resize(s->g, DISK, partition, last) < 0)
		return gerror(s->g, err, "enlarge", "the partition");
	if (mbr && guestfs_pwrite_device(s->g, DISK, head, n, 0) != (int)n)
		return gerror(s->g, err, "write", "the disk's id");
	return 0;
}

/* The extended partition that a logical one lies in. */
static int resize_container(struct session *s, int partition, int64_t last,
			    struct err *err)
{
	struct guestfs_partition_list *all = guestfs_part_list(s->g, DISK);
	const struct guestfs_partition *root = NULL;
	int r = 0;

	if (!all)
		return gerror(s->g, err, "read", "the partition table");
	for (uint32_t i = 0; i < all->len; i++)
		if (all->val[i].part_num == partition)
			root = &all->val[i];
	for (uint32_t i = 0; root && !r && i < all->len; i++) {
		const struct guestfs_partition *p = &all->val[i];

		if (p != root && p->part_start <= root->part_start &&
		    p->part_end >= root->part_end)
			r = resize_partition(s, p->part_num, last, true, err);
	}
	guestfs_free_partition_list(all);
	return r;
}

static int grow(struct session *s, int partition, uint64_t disk_size,
		struct err *err)
{
	autofree char *type = guestfs_part_get_parttype(s->g, DISK);
	int64_t last = (int64_t)(disk_size / 512) - 1;
	char device[32];
	bool mbr;
	int r;

	if (!type)
		return gerror(s->g, err, "read", "the partition table");
	device_of(partition, device);
	if (!strcmp(type, "gpt")) {
		last -= GPT_TAIL;
		if (guestfs_part_expand_gpt(s->g, DISK) < 0)
			return gerror(s->g, err, "enlarge",
				      "the partition table");
	}
	mbr = strcmp(type, "gpt") != 0;
	r = mbr && partition > MBR_PRIMARY
		    ? resize_container(s, partition, last, err)
		    : 0;
	if (!r)
		r = resize_partition(s, partition, last, mbr, err);
	if (r < 0)
		return r;
	if (guestfs_resize2fs(s->g, device) < 0)
		return gerror(s->g, err, "enlarge the file system of partition",
			      device + strlen(DISK));
	return 0;
}

int session_grow(struct session *s, int partition, uint64_t disk_size,
		 struct err *err)
{
	int r = grow(s, partition, disk_size, err);

	return r < 0 ? check_host(s, r, err) : 0;
}

static int mount_root(struct session *s, int partition, struct err *err)
{
	char device[32];

	device_of(partition, device);
	if (guestfs_mount(s->g, device, "/") < 0)
		return gerror(s->g, err, "mount partition",
			      device + strlen(DISK));
	s->partition = partition;
	return 0;
}

static int write_folder(const struct session *s, const char *from,
			struct err *err)
{
	autoclose int fd = open(s->path, O_RDWR | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot open '%s'", s->path);
	return ext4_unpack(fd, s->copy_at, (uint64_t)st.st_size - s->copy_at,
			   s->path, from, err);
}

/*
 * The disk is a file of this host, and what the appliance wrote is in it once
 * nothing is mounted: its QEMU keeps nothing back.  What its kernel has read
 * before and would still know is forgotten.
 */
static int unpack(void *arg, const char *from, struct err *err)
{
	struct session *s = arg;
	char device[32];
	int r;

	device_of(s->partition, device);
	if (guestfs_umount_all(s->g) < 0)
		return gerror(s->g, err, "unmount", "the guest's disk");
	r = write_folder(s, from, err);
	if (r < 0)
		return r;
	if (guestfs_blockdev_flushbufs(s->g, device) < 0)
		return gerror(s->g, err, "read anew", "the guest's disk");
	return mount_root(s, s->partition, err);
}

int session_apply(struct session *s, int partition, uint64_t copy_at,
		  const struct plan *plan, const char *undo_dir,
		  const char *journal_path, struct err *err)
{
	const struct rows_unpack by_us = { .unpack = unpack, .arg = s };
	int r = mount_root(s, partition, err);

	s->copy_at = copy_at;
	if (!r)
		r = rows_apply(s->g, partition, plan, copy_at ? &by_us : NULL,
			       undo_dir, journal_path, err);
	return r < 0 ? check_host(s, r, err) : 0;
}

int session_revert(struct session *s, struct journal_read *journal,
		   const char *only, const char *undo_dir, const char *temp_dir,
		   struct undo_results *ret, struct err *err)
{
	int r = mount_root(s, journal->partition, err);

	if (!r)
		r = undo_rows(s->g, journal, only, undo_dir, temp_dir, ret,
			      err);
	return r < 0 ? check_host(s, r, err) : 0;
}

/* What was written is in order: nobody hopes for the guest's own e2fsck. */
static int check_again(struct session *s, struct err *err)
{
	char device[32];

	if (!s->partition)
		return 0;
	device_of(s->partition, device);
	if (guestfs_e2fsck(s->g, device, GUESTFS_E2FSCK_CORRECT, 1, -1) < 0)
		return gerror(s->g, err, "check what was written to partition",
			      device + strlen(DISK));
	return 0;
}

/* All of the file, whoever wrote to it. */
static int sync_disk(const struct session *s, struct err *err)
{
	autoclose int fd = open(s->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_errno(err, errno, "cannot sync '%s'", s->path);
	return 0;
}

static int complete(struct session *s, struct err *err)
{
	/* Not every host can give blocks back: no loss but of space. */
	if (guestfs_fstrim(s->g, "/", -1) < 0)
		log_debug("fstrim: %s", guestfs_last_error(s->g));
	if (guestfs_umount_all(s->g) < 0)
		return gerror(s->g, err, "unmount", "the guest's disk");
	return check_again(s, err);
}

int session_finish(struct session *s, struct err *err)
{
	int r = check_host(s, complete(s, err), err);

	if (r < 0)
		return r;
	if (guestfs_shutdown(s->g) < 0)
		return gerror(s->g, err, "shut down", "libguestfs's appliance");
	return s->sync ? sync_disk(s, err) : 0;
}

void session_free(struct session *s)
{
	if (s && s->g)
		guestfs_close(s->g);
	if (s) {
		free(s->path);
		free(s->writes);
	}
	free(s);
}

void session_drop(struct session **s)
{
	session_free(*s);
}
