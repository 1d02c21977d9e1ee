/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is read is a disk that belongs to the guest: through fs/, which trusts
 * nothing, and every file has a bound.
 *
 * A kernel counts if dpkg holds its package for installed (half-installed ones
 * have no modules.dep), if it is a zImage, and if it can reach a disk of our
 * board.  Kernels that dpkg does not know count only where it knows none: that
 * is how convert leaves guests that are too old for Debian's packages.
 *
 * Only the modules that the initrd takes are fetched, so this is a matter of
 * milliseconds when nothing is new, and of a fraction of a second when it is.
 */
#include "cmd/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/str.h"
#include "fs/ext4.h"
#include "host/files.h"
#include "image/image.h"
#include "image/partition.h"
#include "initrd/initrd.h"
#include "kernel/dpkg.h"
#include "kernel/relation.h"
#include "store/boot.h"
#include "store/store.h"

enum {
	MAX_STATUS = 64 << 20,
	MAX_KERNEL = 64 << 20,
	MAX_MODULE = 64 << 20,
	ZIMAGE_AT = 0x24, /* Documentation/arch/arm/booting: the magic */
	ZIMAGE_MAGIC = 0x016f2818,
	IMAGE_AT = 0x38, /* Documentation/arch/arm64/booting: "ARM\x64" */
	IMAGE_MAGIC = 0x644d5241,
	ZBOOT_AT = 4, /* linux/pe.h: "zimg" */
	ZBOOT_MAGIC = 0x676d697a,
};

#define KERNEL "/boot/vmlinuz-"

/* The guest's root file system, open as long as this is. */
struct disk {
	struct image img;
	struct guest guest; /* the partitions alone */
	struct ext4 *fs;
	struct tree tree;
};

static void disk_close(struct disk *d)
{
	ext4_close(d->fs);
	image_fini(&d->img);
	guest_free(&d->guest);
}

static bool names_root(const struct guest_partition *p, const char *root)
{
	const struct {
		const char *prefix, *value;
	} ways[] = {
		{ "PARTUUID=", p->partuuid },
		{ "UUID=", p->uuid },
		{ "LABEL=", p->label },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (str_starts(root, ways[i].prefix) && ways[i].value &&
		    !strcasecmp(root + strlen(ways[i].prefix), ways[i].value))
			return true;
	return false;
}

/* The partition that the kernel's command line calls root; else the last one
 * of an ext file system, as on every Pi. */
static const struct guest_partition *root_partition(const struct guest *g,
						    const char *cmdline)
{
	const struct guest_partition *found = NULL;
	const char *at = cmdline ? strstr(cmdline, "root=") : NULL;
	autofree char *root = at ? xstrndup(at + 5, strcspn(at + 5, " "))
				 : xstrdup("");

	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];

		if (p->fs != FS_EXT)
			continue;
		if (names_root(p, root))
			return p;
		found = p;
	}
	return found;
}

/* fd is the disk, already open, which stays the caller's; or -1. */
static int disk_open(const struct machine *m, const char *dir, int fd,
		     struct disk *ret_disk, struct err *err)
{
	const char *file = m->disks.at[0].file;
	struct disk *d = ret_disk;
	const struct guest_partition *p;
	int r;

	*d = (struct disk){ .img = { .fd = -1 } };
	d->img.source.path = *file == '/' ? xstrdup(file)
					  : xasprintf("%s/%s", dir, file);
	d->img.fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0)
			    : open(d->img.source.path, O_RDONLY | O_CLOEXEC);
	if (d->img.fd < 0)
		return err_errno(err, errno, "cannot open '%s'",
				 d->img.source.path);
	r = image_raw_identify(&d->img, err);
	if (!r)
		r = partition_read(&d->img, &d->guest, err);
	if (r < 0)
		return r;
	p = root_partition(&d->guest, m->cmdline);
	if (!p)
		return err_set(err, ENOENT,
			       "'%s' has no partition with a root file system",
			       d->img.source.path);
	r = ext4_open(d->img.fd, p->start, p->size, d->img.source.path, &d->fs,
		      err);
	if (!r)
		d->tree = ext4_tree(d->fs);
	return r;
}

static bool has_word(const char *text, const char *module)
{
	autofree char *dash = xasprintf("/%s.ko", module);
	autofree char *under = xstrdup(dash);

	for (char *c = under; *c; c++)
		if (*c == '_')
			*c = '-';
	return text && (strstr(text, dash) || strstr(text, under));
}

/* Can it reach a disk of our board, and what is on it? */
static bool fits_machine(const struct tree *t, const char *release)
{
	static const char *const needed[] = { "virtio_mmio", "virtio_blk",
					      "ext4" };
	autofree char *dep = xasprintf("/lib/modules/%s/modules.dep", release);
	autofree char *in = xasprintf("/lib/modules/%s/modules.builtin",
				      release);
	autofree char *modules = NULL, *builtin = NULL;
	size_t len;

	if (tree_read(t, dep, MAX_MODULE, &modules, &len) < 0)
		return false;
	if (tree_read(t, in, MAX_MODULE, &builtin, &len) < 0)
		builtin = NULL;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!has_word(modules, needed[i]) &&
		    !has_word(builtin, needed[i]))
			return false;
	return true;
}

static bool has_magic(const struct tree *t, const char *path, uint64_t at,
		      uint32_t magic)
{
	uint8_t b[4];

	return tree_read_at(t, path, b, sizeof(b), at) == sizeof(b) &&
	       (b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
		(uint32_t)b[3] << 24) == magic;
}

/* For the machine's processor?  A 64 bit one may be packed for EFI. */
static bool is_kernel(const struct tree *t, const char *path, bool arm64)
{
	if (arm64)
		return has_magic(t, path, IMAGE_AT, IMAGE_MAGIC) ||
		       has_magic(t, path, ZBOOT_AT, ZBOOT_MAGIC);
	return has_magic(t, path, ZIMAGE_AT, ZIMAGE_MAGIC);
}

/* Of two releases: the higher version; of one version the flavour with
 * large addresses, which sorts last. */
static bool is_newer(const char *a, const char *b)
{
	return !b || version_compare(a, b) > 0;
}

/* Has a guest's root that kernel, with modules, for its machine? */
static bool has_kernel(const struct tree *t, const struct machine *m,
		       const char *release)
{
	autofree char *path = xasprintf(KERNEL "%s", release);
	struct tree_stat st;

	return !strchr(release, '/') && tree_stat(t, path, &st) == 0 &&
	       st.kind == TREE_FILE &&
	       is_kernel(t, path, machine_is_arm64(m)) &&
	       fits_machine(t, release);
}

static bool is_refused(const struct tree *t, const char *release,
		       const struct boot_kernel *refused)
{
	autofree char *path = xasprintf(KERNEL "%s", release);
	struct boot_kernel kernel = { (char *)(uintptr_t)release, 0, 0 };
	struct tree_stat st;

	if (tree_stat(t, path, &st) < 0)
		return true;
	kernel.size = st.size;
	kernel.mtime = st.mtime;
	return boot_same(refused, &kernel);
}

/* The newest that counts, as its release; refused does not.  NULL: none.  One
 * that was chosen is it, as long as it is there and comes up. */
static char *newest(const struct tree *t, const struct machine *m,
		    const struct boot_kernel *refused)
{
	autonames struct tree_names names = { 0 };
	autodpkg struct dpkg_db db = { 0 };
	autofree char *status = NULL, *owned = NULL, *unowned = NULL;
	size_t len;

	if (m->release && has_kernel(t, m, m->release) &&
	    !is_refused(t, m->release, refused))
		return xstrdup(m->release);
	if (!tree_read(t, "/var/lib/dpkg/status", MAX_STATUS, &status, &len))
		dpkg_read(status, &db);
	if (tree_list(t, "/boot", &names) < 0)
		return NULL;
	for (size_t i = 0; i < names.all.n; i++) {
		const char *name = names.all.at[i];
		autofree char *package = NULL;
		const char *release = name + strlen("vmlinuz-");
		char **best;

		if (!str_starts(name, "vmlinuz-") ||
		    !has_kernel(t, m, release) ||
		    is_refused(t, release, refused))
			continue;
		package = xasprintf("linux-image-%s", release);
		best = dpkg_version(&db, package) ? &owned : &unowned;
		if (is_newer(release, *best)) {
			free(*best);
			*best = xstrdup(release);
		}
	}
	return owned ? steal_ptr(owned) : steal_ptr(unowned);
}

static int fetch(const struct tree *t, const char *from, size_t max,
		 const char *to, struct err *err)
{
	autofree char *bytes = NULL;
	autofree char *dir = xstrndup(to, (size_t)(strrchr(to, '/') - to));
	size_t len;
	int r = tree_read(t, from, max, &bytes, &len);

	if (r < 0)
		return err_errno(err, -r,
				 "cannot read '%s' on the guest's disk", from);
	r = files_mkdir_p(dir, 0700, err);
	return r < 0 ? r : files_replace(to, bytes, len, 0644, err);
}

/* The modules for the initrd, in the same places below work. */
static int fetch_modules(const struct tree *t, const char *release,
			 const char *work, struct err *err)
{
	static const char *const lists[] = { "dep", "softdep", "builtin",
					     "alias" };
	automodules struct modules modules = { 0 };
	int r = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && !r; i++) {
		autofree char *from = xasprintf("/lib/modules/%s/modules.%s",
						release, lists[i]);
		autofree char *to = xasprintf("%s/modules.%s", work, lists[i]);

		if (tree_exists(t, from))
			r = fetch(t, from, MAX_MODULE, to, err);
	}
	if (!r)
		r = initrd_modules(work, &modules, err);
	for (size_t i = 0; i < modules.n && !r; i++) {
		const char *path = modules.at[i].path;
		autofree char *from = xasprintf("/lib/modules/%s/%s", release,
						path);
		autofree char *to = xasprintf("%s/%s", work, path);

		r = fetch(t, from, MAX_MODULE, to, err);
	}
	return r;
}

static int make(const struct tree *t, const char *release, const char *dir,
		const char *to, const char *work, struct err *err)
{
	autofree char *kernel = xasprintf(KERNEL "%s", release);
	autofree char *config = xasprintf("/boot/config-%s", release);
	autofree char *current = xasprintf("%s/boot/initrd.img", dir);
	autofree char *vmlinuz = xasprintf("%s/vmlinuz", to);
	autofree char *initrd = xasprintf("%s/initrd.img", to);
	autofree char *busybox = xasprintf("%s/busybox", work);
	autofree char *modules = xasprintf("%s/modules", work);
	autofree char *conf = xasprintf("%s/config", work);
	struct initrd_parts parts = { modules, busybox, NULL };
	int r = files_mkdir_p(modules, 0700, err);

	if (!r)
		r = fetch_modules(t, release, modules, err);
	if (!r && tree_exists(t, config)) {
		r = fetch(t, config, MAX_STATUS, conf, err);
		parts.config = conf;
	}
	if (!r)
		r = initrd_busybox(current, busybox, err);
	if (!r)
		r = fetch(t, kernel, MAX_KERNEL, vmlinuz, err);
	return r < 0 ? r : initrd_make(&parts, initrd, err);
}

/* As convert left it: is it the same file, byte by byte? */
static bool same_content(const struct tree *t, const char *path,
			 const char *file)
{
	autofree char *here = NULL, *there = NULL;
	size_t n = 0, m = 0;
	struct err ignored;

	return !files_read(file, MAX_KERNEL, &here, &n, &ignored) &&
	       !tree_read(t, path, MAX_KERNEL, &there, &m) && n == m &&
	       !memcmp(here, there, n);
}

static int replace(const struct tree *t, const struct boot_kernel *kernel,
		   const char *dir, struct err *err)
{
	autofree char *to = NULL, *work = NULL;
	struct err ignored;
	int r = files_temp_dir(NULL, &work, err);

	if (!r)
		r = boot_begin(dir, &to, err);
	if (!r)
		r = make(t, kernel->release, dir, to, work, err);
	if (!r)
		r = boot_commit(dir, to, kernel, err);
	if (to)
		files_remove_tree(to, &ignored);
	if (work)
		files_remove_tree(work, &ignored);
	return r;
}

/* What to do with a new one. */
struct replacing {
	bool look;      /* nothing */
	const char *to; /* put it into this folder and tell; NULL: into boot/ */
	struct boot_kernel *ret_kernel;
};

static int put_into(const struct tree *t, const struct boot_kernel *kernel,
		    const char *dir, const struct replacing *how,
		    struct err *err)
{
	autofree char *work = NULL;
	struct err ignored;
	int r = files_temp_dir(how->to, &work, err);

	if (!r)
		r = make(t, kernel->release, dir, how->to, work, err);
	if (work)
		files_remove_tree(work, &ignored);
	if (r < 0)
		return r;
	*how->ret_kernel = *kernel;
	how->ret_kernel->release = xstrdup(kernel->release);
	return 0;
}

static int compare(const struct tree *t, const char *release, const char *dir,
		   const struct boot_state *state, const struct replacing *how,
		   enum sync_result *ret_result, struct err *err)
{
	autofree char *path = xasprintf(KERNEL "%s", release);
	autofree char *file = xasprintf("%s/boot/vmlinuz", dir);
	struct boot_kernel kernel = { (char *)(uintptr_t)release, 0, 0 };
	struct tree_stat st;
	int r = tree_stat(t, path, &st);

	if (r < 0)
		return err_errno(err, -r,
				 "cannot read '%s' on the guest's disk", path);
	kernel.size = st.size;
	kernel.mtime = st.mtime;
	*ret_result = SYNC_SAME;
	if (boot_same(&kernel, &state->current) ||
	    (!state->current.release && same_content(t, path, file)))
		return 0;
	*ret_result = SYNC_NEW;
	if (how->look)
		return 0;
	return how->to ? put_into(t, &kernel, dir, how, err)
		       : replace(t, &kernel, dir, err);
}

static bool is_ours(const struct machine *m)
{
	return m->initrd && !strcmp(m->kernel, "boot/vmlinuz") &&
	       !strcmp(m->initrd, "boot/initrd.img") && m->disks.n &&
	       !strcmp(m->disks.at[0].format, "raw");
}

static int sync_disk(const struct disk *d, const struct machine *m,
		     const char *dir, const struct replacing *how,
		     enum sync_result *ret_result, char **ret_release,
		     struct err *err)
{
	static const struct boot_kernel none = { 0 };
	autoboot struct boot_state state = { 0 };
	autofree char *release = NULL, *any = NULL;
	int r = boot_read(dir, &state, err);

	if (r < 0)
		return r;
	if (ext4_info(d->fs)->needs_recovery) {
		*ret_result = SYNC_UNSAFE;
		return 0;
	}
	any = newest(&d->tree, m, &none);
	release = newest(&d->tree, m, &state.refused);
	*ret_result = any ? SYNC_BAD : SYNC_NONE;
	if (release)
		r = compare(&d->tree, release, dir, &state, how, ret_result,
			    err);
	if (!r && *ret_result == SYNC_SAME && strcmp(any, release) != 0)
		*ret_result = SYNC_BAD;
	if (!r && ret_release)
		*ret_release = *ret_result == SYNC_BAD ? steal_ptr(any)
						       : steal_ptr(release);
	return r;
}

int sync_kernel(const struct machine *m, const char *dir, bool look,
		enum sync_result *ret_result, char **ret_release,
		struct err *err)
{
	const struct replacing how = { .look = look };
	struct disk d;
	int r;

	if (ret_release)
		*ret_release = NULL;
	*ret_result = SYNC_OWN;
	if (!is_ours(m))
		return 0;
	r = disk_open(m, dir, -1, &d, err);
	if (!r)
		r = sync_disk(&d, m, dir, &how, ret_result, ret_release, err);
	disk_close(&d);
	return r;
}

/* What convert made is known by its content alone. */
static bool slot_has(const struct tree *t, const struct boot_kernel *slot,
		     const char *file, const char *release)
{
	autofree char *path = xasprintf(KERNEL "%s", release);

	return slot->release ? !strcmp(slot->release, release)
			     : same_content(t, path, file);
}

/* From a disk that was not shut down nothing is taken: one of the two that
 * boot/ has, or none. */
static int choose_slot(const struct tree *t, const struct machine *m,
		       const char *dir, struct err *err)
{
	autofree char *current = xasprintf("%s/boot/vmlinuz", dir);
	autofree char *previous = xasprintf("%s/boot/previous/vmlinuz", dir);
	autoboot struct boot_state state = { 0 };
	int r = boot_read(dir, &state, err);

	if (r < 0)
		return r;
	if (m->release && slot_has(t, &state.current, current, m->release))
		return 0;
	if (m->release && state.has_previous &&
	    slot_has(t, &state.previous, previous, m->release))
		return boot_swap(dir, err);
	return err_set(err, EBUSY,
		       "guest '%s' was not shut down: start it and stop it in "
		       "order first",
		       m->name);
}

int sync_choose(const struct machine *m, const char *dir, struct err *err)
{
	const struct replacing how = { 0 };
	enum sync_result ignored;
	struct disk d;
	bool unread;
	int r;

	if (!is_ours(m))
		return err_set(err, ENOTSUP,
			       "guest '%s' boots files of its owner's choice, "
			       "which its guest.yaml names",
			       m->name);
	r = disk_open(m, dir, -1, &d, err);
	if (!r && m->release && !has_kernel(&d.tree, m, m->release))
		r = err_set(err, ENOENT,
			    "guest '%s' has no kernel '%s' for its machine; "
			    "pimigrate kernel list %s shows what it has",
			    m->name, m->release, m->name);
	unread = !r && ext4_info(d.fs)->needs_recovery;
	if (unread)
		r = choose_slot(&d.tree, m, dir, err);
	if (!r && m->release)
		r = boot_retry(dir, m->release, err);
	if (!r && !unread)
		r = sync_disk(&d, m, dir, &how, &ignored, NULL, err);
	disk_close(&d);
	return r;
}

int sync_kernel_into(const struct machine *m, const char *dir, int fd,
		     const char *to, enum sync_result *ret_result,
		     struct boot_kernel *ret_kernel, struct err *err)
{
	const struct replacing how = { .to = to, .ret_kernel = ret_kernel };
	struct disk d;
	int r;

	*ret_result = SYNC_OWN;
	if (!is_ours(m))
		return 0;
	r = disk_open(m, dir, fd, &d, err);
	if (!r)
		r = sync_disk(&d, m, dir, &how, ret_result, NULL, err);
	disk_close(&d);
	return r;
}

void sync_space(const struct machine *m, const char *dir, uint64_t *ret_size,
		uint64_t *ret_free)
{
	struct err ignored;
	struct disk d;

	*ret_size = *ret_free = 0;
	if (!m->disks.n || strcmp(m->disks.at[0].format, "raw") != 0)
		return;
	if (!disk_open(m, dir, -1, &d, &ignored)) {
		*ret_size = ext4_info(d.fs)->size;
		*ret_free = ext4_info(d.fs)->free;
	}
	disk_close(&d);
}

bool sync_look(const struct machine *m, const char *dir,
	       void (*look)(void *arg, const struct tree *t), void *arg)
{
	struct err ignored;
	struct disk d;
	bool ok;

	if (!m->disks.n || strcmp(m->disks.at[0].format, "raw") != 0)
		return false;
	ok = !disk_open(m, dir, -1, &d, &ignored) &&
	     !ext4_info(d.fs)->needs_recovery;
	if (ok)
		look(arg, &d.tree);
	disk_close(&d);
	return ok;
}

int sync_before_start(void *arg, const struct machine *m, struct err *err)
{
	autofree char *dir = store_dir(m->name);
	autofree char *release = NULL, *clean = NULL;
	enum sync_result result;
	bool back;
	int r;

	(void)arg;
	r = boot_start(dir, &back, err);
	if (r < 0)
		return r;
	if (back)
		log_warn("the new kernel of guest '%s' did not come up: the "
			 "previous one is used",
			 m->name);
	r = sync_kernel(m, dir, false, &result, &release, err);
	if (r < 0)
		return r;
	/* It is the name of a file of the guest's. */
	clean = str_printable(release ? release : "", false);
	if (result == SYNC_NEW)
		fprintf(stderr,
			"pimigrate: guest '%s' starts with its kernel "
			"%s\n",
			m->name, clean);
	if (result == SYNC_UNSAFE)
		log_info("the disk of guest '%s' was not shut down: the last "
			 "kernel is used",
			 m->name);
	/* The first start of a new one counts too. */
	return result == SYNC_NEW ? boot_start(dir, &back, err) : 0;
}

void sync_reached(void *arg, const struct machine *m)
{
	autofree char *dir = store_dir(m->name);
	struct err err;

	(void)arg;
	if (boot_prove(dir, &err) < 0)
		log_warn("%s", err.text);
}

static void print_result(const char *name, enum sync_result result,
			 const char *release)
{
	static const char *const texts[] = {
		[SYNC_SAME] = "boots the newest kernel of its disk",
		[SYNC_NEW] = "boots a newer kernel of its disk from now on",
		[SYNC_NONE] = "has no kernel on its disk that fits: boot/ "
			      "stays",
		[SYNC_OWN] = "boots files of its owner's choice: they stay",
		[SYNC_UNSAFE] =
			"was not shut down: its disk is not read, boot/ "
			"stays",
		[SYNC_BAD] = "has a kernel that did not come up: boot/ stays",
	};
	autofree char *clean = str_printable(release ? release : "", false);

	printf("%s %s%s%s%s\n", name, texts[result], release ? " (" : "", clean,
	       release ? ")" : "");
}

static int sync_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	autofree char *dir = store_dir(name), *release = NULL;
	autoclose int lock = -1;
	enum sync_result result;
	struct machine m;
	int r = store_load(name, &m, err);

	if (r < 0)
		return r;
	lock = store_lock_running(name, err);
	r = lock < 0 ? lock
		     : sync_kernel(&m, dir, false, &result, &release, err);
	machine_free(&m);
	if (r == -EMEDIUMTYPE)
		return CMD_FAILED; /* it is no source, but our own disk */
	if (!r && !ctx->quiet)
		print_result(name, result, release);
	return r;
}

const struct cmd cmd_sync = {
	.name = "sync",
	.help = "bring a guest's kernel up to date with its disk",
	.args = "NAME",
	.about = "start and the service do it by themselves before each "
		 "start.  The guest must be off.",
	.min_args = 1,
	.max_args = 1,
	.run = sync_run,
};
