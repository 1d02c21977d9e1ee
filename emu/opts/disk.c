/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: -drive says file and format in one; -blockdev has a node for the file
 * and one for the format over it, which libvirt writes in this order.  Only
 * raw images are opened, by a file's node or by the drive; the format's node
 * is a second name for the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/log.h"
#include "opts/make.h"
#include "opts/near.h"

static struct part_disk *find_disk(const struct parts *p, const char *id)
{
	for (size_t i = 0; i < p->disks.n; i++) {
		if (!strcmp(p->disks.at[i].id, id))
			return &p->disks.at[i];
	}
	return NULL;
}

static int add_disk(struct parts *p, const char *option, const char *id,
		    struct block *block, struct block *image, bool cdrom,
		    struct err *err)
{
	if (find_disk(p, id)) {
		block_free(block);
		return err_set(err, EEXIST, "%s: there is an id '%s' already",
			       option, id);
	}
	*vec_add(&p->disks) = (struct part_disk){ .id = xstrdup(id),
						  .block = block,
						  .image = image,
						  .cdrom = cdrom };
	return 0;
}

/* An image that is not raw must not be taken for one: its first guest would
 * write over what it is made of. */
static int check_raw(const char *option, const char *file, bool said,
		     struct err *err)
{
	static const struct {
		const char *magic, *name;
	} formats[] = { { "QFI\xfb", "qcow2" },
			{ "KDMV", "vmdk" },
			{ "vhdxfile", "vhdx" },
			{ "QED", "qed" } };
	autoclose int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char head[8] = "";

	if (said || fd < 0 || io_pread(fd, head, sizeof(head), 0) < 0)
		return 0; /* opening it will say why */
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!memcmp(head, formats[i].magic, strlen(formats[i].magic)))
			return err_set(err, EINVAL,
				       "%s: '%s' is a %s image; only raw ones "
				       "can be used here (qemu-img convert -O "
				       "raw)",
				       option, file, formats[i].name);
	}
	return 0;
}

/* cache=: what it means for us; others are writeback. */
static int cache_mode(struct keyvals *kv, struct block_options *opt,
		      struct err *err)
{
	static const char *const modes[] = { "writeback",    "none",
					     "writethrough", "directsync",
					     "unsafe",       NULL };
	int mode = 0, ret;

	ret = keyval_choice(kv, "cache", modes, &mode, err);
	opt->direct = mode == 1 || mode == 3;
	opt->no_flush = mode == 4;
	if (!ret)
		ret = keyval_bool(kv, "cache.direct", &opt->direct, err);
	if (!ret)
		ret = keyval_bool(kv, "cache.no-flush", &opt->no_flush, err);
	return ret;
}

static int file_options(struct keyvals *kv, struct block_options *opt,
			struct err *err)
{
	static const char *const discards[] = { "ignore", "off", "unmap", "on",
						NULL };
	static const char *const locks[] = { "off", "auto", "on", NULL };
	static const char *const ignored[] = {
		"aio",    "detect-zeroes", "auto-read-only",
		"werror", "rerror",        NULL
	};
	int discard = 0, lock = 1, ret;

	ret = cache_mode(kv, opt, err);
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
	opt->discard = discard >= 2;
	opt->no_lock = !lock;
	keyval_accept(kv, ignored);
	return ret;
}

/* What is said by -drive beside the file: where it is plugged in. */
struct drive {
	int interface; /* of names below */
	int media;
	const char *id;
	char made_id[24]; /* if none was said */
	bool raw_said;
};

enum {
	IF_NONE,
	IF_VIRTIO,
};

static int read_drive(struct keyvals *kv, unsigned int n, struct drive *d,
		      struct block_options *opt, struct err *err)
{
	static const char *const interfaces[] = { "none", "virtio", NULL };
	static const char *const formats[] = { "raw", NULL };
	static const char *const medias[] = { "disk", "cdrom", NULL };
	static const char *const ignored[] = { "index",  "bus",         "unit",
					       "serial", "file.driver", NULL };
	int format = -1, ret;

	*d = (struct drive){ .interface = IF_VIRTIO };
	opt->filename = keyval_text(kv, "file.filename");
	ret = opt->filename ? 0 : keyval_need(kv, "file", &opt->filename, err);
	if (!ret)
		ret = keyval_choice(kv, "if", interfaces, &d->interface, err);
	if (!ret)
		ret = keyval_choice(kv, "format", formats, &format, err);
	if (!ret)
		ret = keyval_choice(kv, "driver", formats, &format, err);
	if (!ret)
		ret = keyval_choice(kv, "media", medias, &d->media, err);
	if (!ret)
		ret = keyval_bool(kv, "snapshot", &opt->snapshot, err);
	if (!ret)
		ret = file_options(kv, opt, err);
	d->raw_said = format >= 0;
	if (d->media)
		opt->read_only = true;
	snprintf(d->made_id, sizeof(d->made_id), "virtio%u", n);
	d->id = keyval_text(kv, "id");
	if (!d->id)
		d->id = d->made_id;
	keyval_accept(kv, ignored);
	return ret ? ret : keyval_done(kv, err);
}

/* -drive if=virtio brings its device with it. */
static int add_device(struct opts *opts, const char *id, const char *serial,
		      struct err *err)
{
	struct keyvals *kv;
	int ret = opts_add(opts, OPTS_DEVICE, "-drive", "virtio-blk-pci",
			   "driver", err);

	if (ret < 0)
		return ret;
	kv = &opts->items.at[opts->items.n - 1].kv;
	keyval_add(kv, "drive", id);
	if (serial)
		keyval_add(kv, "serial", serial);
	return 0;
}

static int make_drive(struct parts *p, struct opts *opts, size_t n,
		      struct err *err)
{
	struct keyvals *kv = &opts->items.at[n].kv;
	struct block_options opt = { .snapshot = opts->snapshot };
	const char *option = kv->option, *serial;
	struct block *block;
	struct drive d;
	int ret;

	ret = read_drive(kv, (unsigned int)n, &d, &opt, err);
	if (!ret)
		ret = check_raw(option, opt.filename, d.raw_said, err);
	if (ret < 0)
		return ret;
	opt.node_name = d.id;
	ret = block_raw_open(&block, &opt, p->pool, err);
	if (!ret)
		ret = add_disk(p, option, d.id, block, block, d.media, err);
	serial = keyval_text(kv, "serial");
	if (!ret && d.interface == IF_VIRTIO)
		ret = add_device(opts, d.id, serial, err);
	return ret;
}

enum {
	NODE_FILE,
	NODE_HOST_DEVICE,
	NODE_RAW
};

/* A node over another: the same image. */
static int make_format(struct parts *p, struct keyvals *kv, const char *name,
		       struct err *err)
{
	static const char *const ignored[] = {
		"read-only", "discard",      "detect-zeroes",
		"backing",   "cache.direct", "cache.no-flush",
		NULL
	};
	struct part_disk *below;
	const char *file;
	int ret = keyval_need(kv, "file", &file, err);

	if (ret < 0)
		return ret;
	keyval_accept(kv, ignored);
	ret = keyval_done(kv, err);
	if (ret < 0)
		return ret;
	below = find_disk(p, file);
	if (!below)
		return err_set(err, ENOENT,
			       "%s '%s': there is no node '%s' before it",
			       kv->option, name, file);
	return add_disk(p, kv->option, name, NULL, below->image, false, err);
}

/* The node over it may be written that this one is only read. */
static bool read_only_above(struct opts *opts, const char *name)
{
	for (size_t i = 0; i < opts->items.n; i++) {
		struct keyvals *kv = &opts->items.at[i].kv;
		const char *file;
		bool read_only = false;
		struct err ignored;

		if (opts->items.at[i].kind != OPTS_BLOCKDEV)
			continue;
		file = keyval_text(kv, "file");
		if (file && !strcmp(file, name) &&
		    !keyval_bool(kv, "read-only", &read_only, &ignored) &&
		    read_only)
			return true;
	}
	return false;
}

static int make_file_node(struct parts *p, struct opts *opts,
			  struct keyvals *kv, const char *name, struct err *err)
{
	struct block_options opt = { .node_name = name,
				     .snapshot = opts->snapshot };
	struct block *block;
	int ret;

	ret = keyval_need(kv, "filename", &opt.filename, err);
	if (!ret)
		ret = file_options(kv, &opt, err);
	if (!ret)
		ret = keyval_done(kv, err);
	if (ret < 0)
		return ret;
	opt.read_only |= read_only_above(opts, name);
	ret = block_raw_open(&block, &opt, p->pool, err);
	if (ret < 0)
		return ret;
	return add_disk(p, kv->option, name, block, block, false, err);
}

/* driver=raw with file.driver=file is both nodes in one. */
static int make_nested(struct parts *p, struct opts *opts, struct keyvals *kv,
		       const char *name, struct err *err)
{
	static const char *const drivers[] = { "file", "host_device", NULL };
	struct block_options opt = { .node_name = name,
				     .snapshot = opts->snapshot };
	struct block *block;
	int ret, n;

	ret = keyval_choice(kv, "file.driver", drivers, &n, err);
	if (!ret)
		ret = keyval_need(kv, "file.filename", &opt.filename, err);
	if (!ret)
		ret = file_options(kv, &opt, err);
	if (!ret)
		ret = keyval_done(kv, err);
	if (!ret)
		ret = block_raw_open(&block, &opt, p->pool, err);
	if (ret < 0)
		return ret;
	return add_disk(p, kv->option, name, block, block, false, err);
}

static int make_blockdev(struct parts *p, struct opts *opts, struct keyvals *kv,
			 struct err *err)
{
	static const char *const drivers[] = {
		[NODE_FILE] = "file",
		[NODE_HOST_DEVICE] = "host_device",
		[NODE_RAW] = "raw",
		NULL
	};
	const char *name, *text;
	int driver = 0, ret;

	ret = keyval_need(kv, "driver", &text, err);
	if (!ret)
		ret = keyval_choice(kv, "driver", drivers, &driver, err);
	if (!ret)
		ret = keyval_need(kv, "node-name", &name, err);
	if (ret < 0)
		return ret;
	if (driver != NODE_RAW)
		return make_file_node(p, opts, kv, name, err);
	if (keyval_text(kv, "file.driver"))
		return make_nested(p, opts, kv, name, err);
	return make_format(p, kv, name, err);
}

int make_disks(struct parts *p, struct opts *opts, struct err *err)
{
	size_t n = opts->items.n; /* devices are added behind */
	int ret = 0;

	for (size_t i = 0; i < n && !ret; i++) {
		struct opts_item *item = &opts->items.at[i];

		if (item->kind == OPTS_DRIVE)
			ret = make_drive(p, opts, i, err);
		else if (item->kind == OPTS_BLOCKDEV)
			ret = make_blockdev(p, opts, &item->kv, err);
	}
	return ret;
}

int take_disk(struct parts *p, const char *device, const char *id,
	      const char *qdev, struct part_disk **ret_disk, struct err *err)
{
	struct part_disk *disk = find_disk(p, id);

	if (!disk) {
		struct near near = { .word = id };
		char hint[80];

		for (size_t i = 0; i < p->disks.n; i++)
			near_try(&near, p->disks.at[i].id);
		return err_set(err, ENOENT,
			       "%s: there is no disk with id '%s'%s", device,
			       id, near_hint(&near, hint, sizeof(hint)));
	}
	for (size_t i = 0; i < p->disks.n; i++) {
		if (p->disks.at[i].image == disk->image && p->disks.at[i].qdev)
			return err_set(err, EBUSY,
				       "%s: disk '%s' is another device's "
				       "already",
				       device, id);
	}
	disk->qdev = xstrdup(qdev);
	*ret_disk = disk;
	return 0;
}

/* At the end, whatever the guest has flushed or not. */

static void flushed(struct block_request *req, int result)
{
	if (result < 0)
		log_warn("cannot write back '%s': %s", req->block->filename,
			 strerror(-result));
	sem_post(req->arg);
}

static void flush(struct block *block)
{
	sem_t done;
	struct block_request req = { .op = BLOCK_FLUSH,
				     .done = flushed,
				     .arg = &done };

	if (block->read_only)
		return;
	sem_init(&done, 0, 0);
	block_submit(block, &req);
	while (sem_wait(&done) < 0)
		;
	sem_destroy(&done);
}

void close_disks(struct parts *p)
{
	for (size_t i = 0; i < p->disks.n; i++) {
		struct part_disk *disk = &p->disks.at[i];

		if (disk->block) {
			flush(disk->block);
			block_free(disk->block);
		}
		free(disk->id);
		free(disk->qdev);
	}
	vec_free(&p->disks);
}
