/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A qcow2 disk, recognised by its content.  Its header is looked at here
 * (QEMU, docs/interop/qcow2.txt) and refused if it would make the reader open
 * anything but this file: a backing file, an external data file.  What is left
 * is read by qemu-nbd, read-only, a child of ours on a socket that only we
 * have (libnbd, socket activation), and what is allocated goes to the spool.
 */
#include <errno.h>
#include <libnbd.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "common/vec.h"
#include "host/run.h"
#include "image/image.h"
#include "image/spool.h"

enum {
	CHUNK = 2 << 20,
	STATUS_LENGTH = 1 << 30, /* asked for at once; below 2^32 */

	/* offsets in the header, big-endian */
	HEADER = 104,
	VERSION_AT = 4,
	BACKING_AT = 8,
	CRYPT_AT = 32,
	INCOMPATIBLE_AT = 72, /* 64 bits, version 3 */
	EXTERNAL_DATA = 1 << 2,
	CORRUPT = 1 << 1,
};

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static int check_header(const struct image *img, struct err *err)
{
	const char *path = img->source.path;
	unsigned char h[HEADER] = { 0 };
	ssize_t n = io_pread(img->fd, h, sizeof(h), 0);
	uint32_t version, incompatible;

	if (n < 0)
		return err_errno(err, (int)-n, "reading '%s'", path);
	version = be32(h + VERSION_AT);
	incompatible = version == 3 ? be32(h + INCOMPATIBLE_AT + 4) : 0;
	if (version != 2 && version != 3)
		return err_set(err, EMEDIUMTYPE,
			       "'%s' is a qcow2 disk of version %u, which is "
			       "not known here",
			       path, version);
	if (be32(h + BACKING_AT) || be32(h + BACKING_AT + 4) ||
	    (incompatible & EXTERNAL_DATA))
		return err_set(err, EMEDIUMTYPE,
			       "'%s' needs another file to be complete, which "
			       "is not followed; make it one: qemu-img convert "
			       "-O raw '%s' card.img",
			       path, path);
	if (be32(h + CRYPT_AT))
		return err_set(err, EMEDIUMTYPE,
			       "'%s' is an encrypted disk; decrypt it with "
			       "qemu-img convert first",
			       path);
	if (incompatible & CORRUPT)
		return err_set(err, EMEDIUMTYPE,
			       "'%s' is marked as damaged; look at it with "
			       "qemu-img check '%s'",
			       path, path);
	return 0;
}

static int explain(const char *what, const char *path, struct err *err)
{
	const char *why = nbd_get_error();

	return err_set(err, EIO, "%s '%s' through qemu-nbd: %s", what, path,
		       why ? why : "no reason given");
}

struct copy {
	struct nbd_handle *nbd;
	struct spool *spool;
	char *buf;
	uint64_t size;
	struct err *err;
	uint64_t next; /* where the next extent begins */
	int rc;
};

static int copy_data(struct copy *c, uint64_t at, uint64_t len)
{
	while (len) {
		size_t n = len < CHUNK ? (size_t)len : CHUNK;
		int rc;

		if (nbd_pread(c->nbd, c->buf, n, at, 0) < 0)
			return explain("reading", c->spool->name, c->err);
		rc = spool_write(c->spool, c->buf, n, at, c->err);
		if (rc == 0)
			rc = spool_tell(c->spool, at + n, c->size, c->err);
		if (rc < 0)
			return rc;
		at += n;
		len -= n;
	}
	return 0;
}

struct extents {
	struct vec_of(uint32_t) pairs; /* length, flags */
};

static int keep_extents(void *arg, const char *context, uint64_t offset,
			uint32_t *entries, size_t n, int *error)
{
	struct extents *e = arg;

	(void)offset;
	(void)error;
	if (strcmp(context, LIBNBD_CONTEXT_BASE_ALLOCATION) != 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		*vec_add(&e->pairs) = entries[i];
	return 0;
}

/* One question for extents, and their data.  Moves c->next on. */
static int copy_extents(struct copy *c)
{
	uint64_t left = c->size - c->next;
	uint64_t ask = left < STATUS_LENGTH ? left : STATUS_LENGTH;
	struct extents e = { 0 };
	nbd_extent_callback callback = { .callback = keep_extents,
					 .user_data = &e };
	int rc = 0;

	if (nbd_block_status(c->nbd, ask, c->next, callback, 0) < 0 ||
	    e.pairs.n < 2)
		rc = explain("reading", c->spool->name, c->err);
	for (size_t i = 0; rc == 0 && i + 1 < e.pairs.n; i += 2) {
		uint64_t len = e.pairs.at[i];

		if (!len || len > c->size - c->next)
			len = c->size - c->next;
		if (!(e.pairs.at[i + 1] & LIBNBD_STATE_ZERO))
			rc = copy_data(c, c->next, len);
		c->next += len;
	}
	vec_free(&e.pairs);
	return rc;
}

static int copy_all(struct copy *c)
{
	bool extents = nbd_can_meta_context(c->nbd,
					    LIBNBD_CONTEXT_BASE_ALLOCATION) > 0;
	int rc = 0;

	if (!extents)
		return copy_data(c, 0, c->size);
	while (rc == 0 && c->next < c->size)
		rc = copy_extents(c);
	return rc;
}

static void drop_nbd(struct nbd_handle **nbd)
{
	nbd_close(*nbd);
}

static int connect_to(struct nbd_handle *nbd, const char *path, struct err *err)
{
	/* An absolute path is never taken for a protocol. */
	char *argv[] = { xstrdup("qemu-nbd"),
			 xstrdup("--read-only"),
			 xstrdup("--format=qcow2"),
			 xstrdup("--persistent"),
			 xstrdup(path),
			 NULL };
	int rc = 0;

	if (nbd_add_meta_context(nbd, LIBNBD_CONTEXT_BASE_ALLOCATION) < 0 ||
	    nbd_connect_systemd_socket_activation(nbd, argv) < 0)
		rc = explain("opening", path, err);
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	return rc;
}

int image_qcow2_read(struct image *img, const struct image_watch *watch,
		     struct err *err)
{
	cleanup(drop_nbd) struct nbd_handle *nbd = NULL;
	autospool struct spool s = { .fd = -1 };
	autofree char *buf = NULL;
	struct copy c = { .spool = &s, .err = err };
	int64_t size;
	int rc = check_header(img, err);

	if (rc < 0)
		return rc;
	if (!run_have("qemu-nbd"))
		return err_set(err, EMEDIUMTYPE,
			       "'%s' is a qcow2 disk, and there is no qemu-nbd "
			       "here to read it; install it: apt install "
			       "qemu-utils",
			       img->source.path);
	nbd = nbd_create();
	if (!nbd)
		return explain("opening", img->source.path, err);
	rc = connect_to(nbd, img->source.path, err);
	if (rc < 0)
		return rc;
	size = nbd_get_size(nbd);
	if (size < 0)
		return explain("opening", img->source.path, err);
	rc = spool_open(&s, img->source.path, watch, err);
	if (rc == 0)
		rc = spool_set_size(&s, (uint64_t)size, err);
	if (rc < 0)
		return rc;
	buf = xmalloc(CHUNK);
	c.nbd = nbd;
	c.buf = buf;
	c.size = (uint64_t)size;
	rc = copy_all(&c);
	if (rc == 0)
		spool_hand_over(&s, img);
	return rc;
}
