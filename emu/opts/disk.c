/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: -drive says file and format in one; -blockdev (node.c) has a node for
 * each.  A device takes one by its id.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/log.h"
#include "opts/make.h"
#include "opts/near.h"
#include "opts/place.h"

struct part_disk *find_disk(const struct parts *p, const char *id)
{
	for (size_t i = 0; i < p->disks.n; i++) {
		if (!strcmp(p->disks.at[i].id, id))
			return &p->disks.at[i];
	}
	return NULL;
}

int no_disk(const struct parts *p, const char *who, const char *id,
	    struct err *err)
{
	struct near near = { .word = id };
	char hint[80];

	for (size_t i = 0; i < p->disks.n; i++)
		near_try(&near, p->disks.at[i].id);
	return err_set(err, ENOENT, "%s: there is no disk with id '%s'%s", who,
		       id, near_hint(&near, hint, sizeof(hint)));
}

int add_disk(struct parts *p, const char *option, const struct part_disk *disk,
	     const char *id, struct err *err)
{
	struct part_disk *added;

	if (find_disk(p, id)) {
		block_free(disk->block);
		return err_set(err, EEXIST, "%s: there is an id '%s' already",
			       option, id);
	}
	added = vec_add(&p->disks);
	*added = *disk;
	added->id = xstrdup(id);
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
				       "%s: '%s' is a %s image: say its "
				       "format= (raw or qcow2; of others make "
				       "one of these with qemu-img convert)",
				       option, file, formats[i].name);
	}
	return 0;
}

/* "auto" and what is not said leave *ret as it is. */
static int on_error(struct keyvals *kv, const char *key,
		    enum block_on_error *ret, struct err *err)
{
	static const char *const words[] = {
		[BLOCK_REPORT] = "report",   [BLOCK_IGNORE] = "ignore",
		[BLOCK_STOP] = "stop",       [BLOCK_ENOSPC] = "enospc",
		[BLOCK_ENOSPC + 1] = "auto", NULL
	};
	int n = BLOCK_ENOSPC + 1, code;

	code = keyval_choice(kv, key, words, &n, err);
	if (!code && n <= BLOCK_ENOSPC)
		*ret = (enum block_on_error)n;
	return code;
}

static int read_errors(struct keyvals *kv, struct disk_errors *errors,
		       struct err *err)
{
	int ret = on_error(kv, "rerror", &errors->rerror, err);

	return ret < 0 ? ret : on_error(kv, "werror", &errors->werror, err);
}

/* What is said by -drive beside the file: where it is plugged in. */
struct drive {
	int interface; /* of names below */
	int media;
	const char *id;
	char made_id[24]; /* if none was said */
	struct disk_errors errors;
	bool write_through;
	int format; /* enum block_format; -1: not said */
};

enum {
	IF_NONE,
	IF_VIRTIO,
};

static int read_drive(struct keyvals *kv, unsigned int n, struct drive *d,
		      struct block_options *opt, struct err *err)
{
	static const char *const interfaces[] = { "none", "virtio", NULL };
	static const char *const formats[] = { "raw", "qcow2", NULL };
	static const char *const medias[] = { "disk", "cdrom", NULL };
	static const char *const ignored[] = { "index",  "bus",         "unit",
					       "serial", "file.driver", NULL };
	int ret;

	*d = (struct drive){ .interface = IF_VIRTIO,
			     .errors = DISK_ERRORS,
			     .format = -1 };
	opt->filename = keyval_text(kv, "file.filename");
	ret = opt->filename ? 0 : keyval_need(kv, "file", &opt->filename, err);
	if (!ret)
		ret = keyval_choice(kv, "if", interfaces, &d->interface, err);
	if (!ret)
		ret = keyval_choice(kv, "format", formats, &d->format, err);
	if (!ret)
		ret = keyval_choice(kv, "driver", formats, &d->format, err);
	if (!ret)
		ret = keyval_choice(kv, "media", medias, &d->media, err);
	if (!ret)
		ret = keyval_bool(kv, "snapshot", &opt->snapshot, err);
	if (!ret)
		ret = file_options(kv, opt, &d->write_through, err);
	if (!ret)
		ret = read_errors(kv, &d->errors, err);
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
	struct part_disk disk = { 0 };
	struct drive d;
	int ret;

	ret = read_drive(kv, (unsigned int)n, &d, &opt, err);
	if (!ret)
		ret = check_raw(option, opt.filename, d.format >= 0, err);
	if (ret < 0)
		return ret;
	opt.node_name = d.id;
	disk.cdrom = d.media;
	disk.errors = d.errors;
	disk.write_through = d.write_through;
	ret = block_image_open(&disk.block,
			       d.format > 0 ? BLOCK_QCOW2 : BLOCK_RAW, &opt,
			       p->pool, err);
	if (!ret)
		ret = add_disk(p, option, &disk, d.id, err);
	serial = keyval_text(kv, "serial");
	if (!ret && d.interface == IF_VIRTIO)
		ret = add_device(opts, d.id, serial, err);
	return ret;
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
			ret = make_node(p, opts, &item->kv, err);
	}
	return ret;
}

/* "auto" and nothing leave it as cache= of the disk says. */
static int write_cache(struct keyvals *kv, bool *write_through, struct err *err)
{
	static const char *const caches[] = { "on", "off", "auto", NULL };
	int cache = 2,
	    ret = keyval_choice(kv, "write-cache", caches, &cache, err);

	if (!ret && cache < 2)
		*write_through = cache;
	return ret;
}

int take_disk(struct place *at, const char *id, const char *qdev,
	      struct part_disk **ret_disk, struct err *err)
{
	struct part_disk *disk = find_disk(at->p, id);
	int ret;

	if (!disk)
		return no_disk(at->p, at->driver, id, err);
	if (disk->qdev || disk->above)
		return err_set(err, EBUSY, "%s: disk '%s' is %s already",
			       at->driver, id,
			       disk->qdev ? "another device's"
					  : "below another node");
	ret = read_errors(at->kv, &disk->errors, err);
	if (!ret)
		ret = write_cache(at->kv, &disk->write_through, err);
	if (ret < 0)
		return ret;
	block_set_errors(disk->block, disk->errors.rerror, disk->errors.werror);
	disk->qdev = xstrdup(qdev);
	*ret_disk = disk;
	return 0;
}

/* At the end, whatever the guest has flushed or not. */
static void flush(struct block *block)
{
	struct block_request req = { .op = BLOCK_FLUSH };
	int ret = block->read_only ? 0 : block_wait(block, &req);

	if (ret < 0)
		log_warn("cannot write back '%s': %s", block->filename,
			 strerror(-ret));
}

/* A node goes before those below it. */
void close_disks(struct parts *p)
{
	for (size_t i = 0; i < p->disks.n; i++) {
		if (!p->disks.at[i].above)
			flush(p->disks.at[i].block);
	}
	for (size_t i = p->disks.n; i-- > 0;) {
		struct part_disk *disk = &p->disks.at[i];

		block_free(disk->block);
		free(disk->id);
		free(disk->qdev);
	}
	vec_free(&p->disks);
}
