/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -blockdev: images as nodes.  One is a file's or one of a format's over it;
 * libvirt writes each of them by itself, what is below before what is above,
 * with the backing files of a chain first.
 *
 * A file is opened for what the nodes over it want, as "auto-read-only" means
 * it: for reading only if the format's node says so, and as a base if that
 * is another's backing file.
 */
#include <errno.h>
#include <string.h>

#include "block/block.h"
#include "opts/make.h"

/* cache=: two things of the file, and whether the device that will have the
 * disk writes through. */
static int cache_mode(struct keyvals *kv, struct block_options *opt,
		      bool *ret_write_through, struct err *err)
{
	static const char *const modes[] = { "writeback",    "none",
					     "writethrough", "directsync",
					     "unsafe",       NULL };
	int mode = 0, ret;

	ret = keyval_choice(kv, "cache", modes, &mode, err);
	opt->direct = mode == 1 || mode == 3;
	*ret_write_through = mode == 2 || mode == 3;
	opt->no_flush = mode == 4;
	if (!ret)
		ret = keyval_bool(kv, "cache.direct", &opt->direct, err);
	if (!ret)
		ret = keyval_bool(kv, "cache.no-flush", &opt->no_flush, err);
	return ret;
}

int file_options(struct keyvals *kv, struct block_options *opt,
		 bool *ret_write_through, struct err *err)
{
	static const char *const discards[] = { "ignore", "off", "unmap", "on",
						NULL };
	static const char *const locks[] = { "off", "auto", "on", NULL };
	static const char *const zeroes[] = { "off", "on", "unmap", NULL };
	static const char *const ignored[] = { "aio", "auto-read-only", NULL };
	int discard = 0, lock = 1, zero = 0, ret;

	ret = cache_mode(kv, opt, ret_write_through, err);
	if (!ret)
		ret = keyval_choice(kv, "discard", discards, &discard, err);
	if (!ret)
		ret = keyval_choice(kv, "locking", locks, &lock, err);
	if (!ret)
		ret = keyval_choice(kv, "file.locking", locks, &lock, err);
	if (!ret)
		ret = keyval_bool(kv, "readonly", &opt->read_only, err);
	if (!ret)
		ret = keyval_bool(kv, "read-only", &opt->read_only, err);
	if (!ret)
		ret = keyval_choice(kv, "detect-zeroes", zeroes, &zero, err);
	opt->discard = discard >= 2;
	opt->detect_zeroes = (enum block_detect_zeroes)zero;
	opt->no_lock = !lock;
	keyval_accept(kv, ignored);
	return ret;
}

/* The -blockdev whose key names this node; NULL: none. */
static struct keyvals *user_of(struct opts *opts, const char *key,
			       const char *name)
{
	for (size_t i = 0; i < opts->items.n; i++) {
		struct keyvals *kv = &opts->items.at[i].kv;
		const char *value;

		if (opts->items.at[i].kind != OPTS_BLOCKDEV)
			continue;
		value = keyval_text(kv, key);
		if (value && !strcmp(value, name))
			return kv;
	}
	return NULL;
}

/* What the format's node wants of the file below it. */
static int look_above(struct opts *opts, const char *name,
		      struct block_options *opt, struct err *err)
{
	struct keyvals *format = user_of(opts, "file", name);
	const char *format_name;
	bool read_only = false;
	int ret;

	if (!format)
		return 0;
	ret = keyval_bool(format, "read-only", &read_only, err);
	opt->read_only |= read_only;
	format_name = keyval_text(format, "node-name");
	opt->base = format_name && user_of(opts, "backing", format_name);
	opt->read_only |= opt->base;
	return ret;
}

static int make_file(struct parts *p, struct opts *opts, struct keyvals *kv,
		     const char *name, struct err *err)
{
	struct block_options opt = { .node_name = name };
	struct part_disk disk = { .errors = DISK_ERRORS, .is_node = true };
	int ret;

	ret = keyval_need(kv, "filename", &opt.filename, err);
	if (!ret)
		ret = file_options(kv, &opt, &disk.write_through, err);
	if (!ret)
		ret = keyval_done(kv, err);
	if (!ret)
		ret = look_above(opts, name, &opt, err);
	if (!ret)
		ret = block_file_open(&disk.block, &opt, p->pool, err);
	return ret < 0 ? ret : add_disk(p, kv->option, &disk, name, err);
}

/* A node that another names, and from now on stands on. */
static int find_below(struct parts *p, struct keyvals *kv, const char *name,
		      struct block **ret_block, struct err *err)
{
	struct part_disk *disk = find_disk(p, name);

	if (!disk)
		return no_disk(p, kv->option, name, err);
	disk->above = true;
	*ret_block = block_ref(disk->block);
	return 0;
}

/* "file": the name of a node, or the file itself in the same words; what the
 * device is to do is said there or here. */
static int below_file(struct parts *p, struct keyvals *kv,
		      const struct block_options *opt, struct part_disk *disk,
		      struct block **ret_block, struct err *err)
{
	static const char *const drivers[] = { "file", "host_device", NULL };
	struct block_options file_opt = *opt;
	const char *file;
	int n, ret;

	if (!keyval_text(kv, "file.driver")) {
		ret = keyval_need(kv, "file", &file, err);
		if (!ret)
			ret = find_below(p, kv, file, ret_block, err);
		if (!ret)
			disk->write_through |=
				find_disk(p, file)->write_through;
		return ret;
	}
	file_opt.node_name = NULL;
	ret = keyval_choice(kv, "file.driver", drivers, &n, err);
	if (!ret)
		ret = keyval_need(kv, "file.filename", &file_opt.filename, err);
	return ret < 0 ? ret
		       : block_file_open(ret_block, &file_opt, p->pool, err);
}

static int make_format(struct parts *p, struct keyvals *kv,
		       enum block_format format, const char *name,
		       struct err *err)
{
	/* of qcow2: how much it keeps in memory and how it counts */
	static const char *const ignored[] = {
		"lazy-refcounts",        "cache-size",
		"l2-cache-size",         "l2-cache-entry-size",
		"refcount-cache-size",   "cache-clean-interval",
		"overlap-check",         "pass-discard-request",
		"pass-discard-snapshot", "pass-discard-other",
		"discard-no-unref",      NULL
	};
	struct block_options opt = { .node_name = name };
	struct block_below below = { 0 };
	struct part_disk disk = { .errors = DISK_ERRORS, .is_node = true };
	const char *backing = NULL;
	int ret = file_options(kv, &opt, &disk.write_through, err);

	if (format == BLOCK_QCOW2) {
		keyval_accept(kv, ignored);
		backing = keyval_text(kv, "backing");
		below.no_backing = keyval_is_null(kv, "backing");
	}
	if (!ret)
		ret = below_file(p, kv, &opt, &disk, &below.file, err);
	if (!ret)
		ret = keyval_done(kv, err);
	if (!ret && backing)
		ret = find_below(p, kv, backing, &below.backing, err);
	if (!ret) {
		opt.filename = below.file->filename;
		ret = block_format_open(&disk.block, format, &opt, &below, err);
	}
	block_free(below.file);
	block_free(below.backing);
	return ret < 0 ? ret : add_disk(p, kv->option, &disk, name, err);
}

int make_node(struct parts *p, struct opts *opts, struct keyvals *kv,
	      struct err *err)
{
	static const char *const drivers[] = { "file", "host_device", "raw",
					       "qcow2", NULL };
	const char *name, *text;
	int driver = 0, ret;

	ret = keyval_need(kv, "driver", &text, err);
	if (!ret)
		ret = keyval_choice(kv, "driver", drivers, &driver, err);
	if (!ret)
		ret = keyval_need(kv, "node-name", &name, err);
	if (!ret && opts->snapshot)
		ret = err_set(err, EINVAL,
			      "-snapshot works with -drive only, not with %s",
			      kv->option);
	if (ret < 0)
		return ret;
	if (driver < 2)
		return make_file(p, opts, kv, name, err);
	return make_format(p, kv, driver == 2 ? BLOCK_RAW : BLOCK_QCOW2, name,
			   err);
}
