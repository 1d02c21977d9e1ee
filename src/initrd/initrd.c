/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One newc archive (Documentation/driver-api/early-userspace/buffer-format in
 * Linux).  Times and owners are 0, so that the same parts give the same bytes.
 *
 * Modules are stored uncompressed: busybox's insmod cannot read .ko.xz with
 * every configuration, and the archive is compressed as a whole.  zstd is
 * unpacked twice as fast as gzip, which shows on an emulated processor; it is
 * used if the kernel's config says CONFIG_RD_ZSTD=y.
 */
#include "initrd/initrd.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/archive_error.h"
#include "host/files.h"
#include "init_sh.h"
#include "initrd/modules.h"

enum {
	MAX_MODULE = 64 << 20,
	MAX_BUSYBOX = 16 << 20,
	MAX_CONFIG = 4 << 20,
	EM_ARM = 40,
	EM_AARCH64 = 183,
};

static const struct module_wish wishes[] = {
	{ "virtio_mmio", true },
	{ "virtio_blk", true },
	{ "ext4", true },
	{ "virtio_scsi", false },
	{ "sd_mod", false },
	{ "virtio_net", false },
	{ "virtio_rng", false },
	{ "virtio_console", false },
	{ "vfat", false },
	{ "nls_ascii", false },
	{ "nls_cp437", false },
	{ "evdev", false }, /* without it the power button does nothing */
	{ NULL, false },
};

static const char *const folders[] = { "bin",  "dev",  "etc", "lib",
				       "proc", "root", "sys", "tmp" };

/* What init.sh calls; the rest of busybox is linked for a shell only. */
static const char *const applets[] = {
	"sh",     "cat",   "chroot",      "cttyhack", "findfs",   "grep",
	"insmod", "mkdir", "mount",       "od",       "poweroff", "reboot",
	"setsid", "sleep", "switch_root", "tr",       "umount",
};

struct writer {
	struct archive *a;
	const char *path; /* for errors */
	int64_t ino;
};

static void cleanup_entry(struct archive_entry **e)
{
	archive_entry_free(*e);
}

static void cleanup_writer(struct archive **a)
{
	if (*a)
		archive_write_free(*a);
}

static void cleanup_reader(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

static int failed(const struct writer *w, struct err *err)
{
	return archive_write_failed(w->a, w->path, err);
}

/* One member; data is the content, or a link's target. */
static int put(struct writer *w, const char *name, mode_t mode,
	       const void *data, size_t len, struct err *err)
{
	cleanup(cleanup_entry) struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, mode);
	archive_entry_set_nlink(e, S_ISDIR(mode) ? 2 : 1);
	archive_entry_set_ino64(e, ++w->ino);
	archive_entry_set_mtime(e, 0, 0);
	if (S_ISLNK(mode))
		archive_entry_set_symlink(e, data);
	archive_entry_set_size(e, (la_int64_t)len);
	if (S_ISCHR(mode)) {
		archive_entry_set_rdevmajor(e, 5);
		archive_entry_set_rdevminor(e, 1);
	}
	if (archive_write_header(w->a, e) != ARCHIVE_OK)
		return failed(w, err);
	if (S_ISREG(mode) && len &&
	    archive_write_data(w->a, data, len) != (la_ssize_t)len)
		return failed(w, err);
	return 0;
}

static int put_frame(struct writer *w, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !r; i++)
		r = put(w, folders[i], S_IFDIR | 0755, NULL, 0, err);
	if (!r)
		r = put(w, "lib/modules", S_IFDIR | 0755, NULL, 0, err);
	/* The kernel opens it for init before devtmpfs is mounted. */
	if (!r)
		r = put(w, "dev/console", S_IFCHR | 0600, NULL, 0, err);
	for (size_t i = 0; i < sizeof(applets) / sizeof(applets[0]) && !r;
	     i++) {
		autofree char *name = xasprintf("bin/%s", applets[i]);

		r = put(w, name, S_IFLNK | 0777, "busybox", 0, err);
	}
	return r;
}

/* A 32 bit little-endian ELF program for ARM? */
static bool is_arm(const char *elf, size_t len)
{
	static const struct {
		char class;
		char machine;
	} kinds[] = { { 1, EM_ARM }, { 2, (char)EM_AARCH64 } };

	if (len < 20 || memcmp(elf, "\177ELF", 4) != 0 || elf[19])
		return false;
	for (size_t k = 0; k < 2; k++)
		if (elf[4] == kinds[k].class && elf[18] == kinds[k].machine)
			return true;
	return false;
}

static int put_busybox(struct writer *w, const char *path, struct err *err)
{
	autofree char *text = NULL;
	size_t len;
	int r;

	r = files_read(path, MAX_BUSYBOX, &text, &len, err);
	if (r < 0)
		return r;
	if (!is_arm(text, len))
		return err_set(err, EBADMSG, "'%s' is no program for ARM",
			       path);
	return put(w, "bin/busybox", S_IFREG | 0755, text, len, err);
}

/* The module's content, uncompressed. */
static int read_module(const char *path, struct str *ret, struct err *err)
{
	cleanup(cleanup_reader) struct archive *a = archive_read_new();
	struct archive_entry *entry;
	char buf[8192];
	la_ssize_t n;

	archive_read_support_filter_xz(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_filename(a, path, 65536) != ARCHIVE_OK ||
	    archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return err_set(err, EIO, "cannot read the module '%s': %s",
			       path, archive_error_string(a));
	while ((n = archive_read_data(a, buf, sizeof(buf))) > 0) {
		str_addn(ret, buf, (size_t)n);
		if (ret->len > MAX_MODULE)
			return err_set(err, EFBIG,
				       "the module '%s' is too large", path);
	}
	if (n < 0)
		return err_set(err, EIO, "cannot read the module '%s': %s",
			       path, archive_error_string(a));
	return 0;
}

int initrd_modules(const char *modules_dir, struct modules *ret_modules,
		   struct err *err)
{
	return modules_closure(modules_dir, wishes, ret_modules, err);
}

/* The modules, and etc/modules: their names in the order of loading. */
static int put_modules(struct writer *w, const char *dir, struct err *err)
{
	automodules struct modules modules = { 0 };
	autostr struct str order = { 0 };
	int r;

	r = initrd_modules(dir, &modules, err);
	for (size_t i = 0; i < modules.n && !r; i++) {
		const struct module *m = &modules.at[i];
		autofree char *from = xasprintf("%s/%s", dir, m->path);
		autofree char *to = xasprintf("lib/modules/%s.ko", m->name);
		autostr struct str data = { 0 };

		r = read_module(from, &data, err);
		if (!r)
			r = put(w, to, S_IFREG | 0644, data.text, data.len,
				err);
		str_addf(&order, "%s\n", m->name);
	}
	if (r < 0)
		return r;
	return put(w, "etc/modules", S_IFREG | 0644, order.text, order.len,
		   err);
}

static bool kernel_has_zstd(const char *config)
{
	autofree char *text = NULL;
	struct err ignored;

	if (!config || files_read(config, MAX_CONFIG, &text, NULL, &ignored))
		return false;
	return strstr(text, "\nCONFIG_RD_ZSTD=y\n");
}

static int put_all(struct writer *w, const struct initrd_parts *parts,
		   struct err *err)
{
	int r;

	r = put_frame(w, err);
	if (!r)
		r = put_busybox(w, parts->busybox, err);
	if (!r)
		r = put(w, "init", S_IFREG | 0755, init_sh, sizeof(init_sh) - 1,
			err);
	if (!r)
		r = put_modules(w, parts->modules, err);
	if (!r && archive_write_close(w->a) != ARCHIVE_OK)
		r = failed(w, err);
	return r;
}

int initrd_make(const struct initrd_parts *parts, const char *path,
		struct err *err)
{
	cleanup(cleanup_writer) struct archive *a = archive_write_new();
	autofiles struct files_new new = { .fd = -1 };
	struct writer w = { .a = a, .path = path };
	int r;

	r = files_new_open(&new, path, 0644, err);
	if (r < 0)
		return r;
	archive_write_set_format_cpio_newc(a);
	if (!kernel_has_zstd(parts->config) ||
	    archive_write_add_filter_zstd(a) != ARCHIVE_OK)
		archive_write_add_filter_gzip(a);
	/* gzip would put the time into its head. */
	archive_write_set_filter_option(a, "gzip", "timestamp", NULL);
	archive_write_set_bytes_in_last_block(a, 1);
	if (archive_write_open_fd(a, new.fd) != ARCHIVE_OK)
		return failed(&w, err);
	r = put_all(&w, parts, err);
	return r < 0 ? r : files_new_commit(&new, err);
}
