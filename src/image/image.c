/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is named decides who opens it.  A folder or a pipe is refused by its
 * kind before it is opened, because opening a pipe would wait for a writer.
 */
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/mem.h"

/* What is in img->fd, a file that can be read anywhere. */
static int open_content(struct image *img, const struct image_watch *watch,
			struct err *err)
{
	enum image_kind kind;
	int rc = image_raw_kind(img, &kind, err);

	if (rc < 0)
		return rc;
	if (kind == IMAGE_PACKED)
		rc = image_unpack(img, watch, err);
	else if (kind == IMAGE_QCOW2)
		rc = image_qcow2_read(img, watch, err);
	/* what came out may be anything again, but only one layer is taken */
	if (rc == 0 && kind != IMAGE_RAW) {
		rc = image_raw_kind(img, &kind, err);
		if (rc == 0 && kind != IMAGE_RAW)
			rc = err_set(err, EMEDIUMTYPE,
				     "what is in '%s' has to be unpacked "
				     "itself: unpack it once first",
				     img->source.path);
	}
	return rc < 0 ? rc : image_raw_identify(img, err);
}

static int open_file(const char *path, const struct image_watch *watch,
		     struct image *img, struct err *err)
{
	struct stat st;

	img->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (img->fd < 0 && errno == EACCES)
		return err_set(err, EACCES,
			       "opening '%s': you may not read it; try with "
			       "sudo, or make it readable",
			       path);
	if (img->fd < 0 || fstat(img->fd, &st) < 0)
		return err_errno(err, errno, "opening '%s'", path);
	img->source.mtime = st.st_mtime;
	return open_content(img, watch, err);
}

/* A redirected file is read in place; a pipe is spooled, packed or not. */
static int open_input(const struct image_watch *watch, struct image *img,
		      struct err *err)
{
	enum image_kind kind;
	struct stat st;
	int rc;

	if (isatty(STDIN_FILENO))
		return err_set(err, EMEDIUMTYPE,
			       "'-' reads a card from standard input, which "
			       "is a terminal; pipe it: ssh pi sudo dd "
			       "if=/dev/mmcblk0 | pimigrate ... -");
	img->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (img->fd < 0 || fstat(img->fd, &st) < 0)
		return err_errno(err, errno, "reading standard input");
	if (S_ISREG(st.st_mode)) {
		img->source.mtime = st.st_mtime;
		return open_content(img, watch, err);
	}
	rc = image_unpack(img, watch, err);
	if (rc == 0)
		rc = image_raw_kind(img, &kind, err);
	if (rc == 0 && kind != IMAGE_RAW)
		rc = err_set(err, EMEDIUMTYPE,
			     "what comes from standard input has to be "
			     "unpacked once more: do that before the pipe");
	return rc < 0 ? rc : image_raw_identify(img, err);
}

static int open_any(const char *path, const struct image_watch *watch,
		    struct image *img, struct err *err)
{
	struct stat st;

	if (!strcmp(path, "-"))
		return open_input(watch, img, err);
	if (stat(path, &st) < 0)
		return err_errno(err, errno, "opening '%s'", path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, EMEDIUMTYPE,
			       "'%s' is a folder: name the image file, or the "
			       "card's device such as /dev/sdb",
			       path);
	if (S_ISBLK(st.st_mode))
		return image_device_open(path, img, err);
	if (S_ISREG(st.st_mode))
		return open_file(img->source.path, watch, img, err);
	return err_set(err, EMEDIUMTYPE,
		       "'%s' is neither an image file nor a block device; a "
		       "pipe is named '-'",
		       path);
}

int image_open(const char *path, const struct image_watch *watch,
	       struct image *ret_img, struct err *err)
{
	char absolute[PATH_MAX];
	bool named = strcmp(path, "-") != 0 && realpath(path, absolute);

	*ret_img = (struct image){ .fd = -1 };
	ret_img->source.path = xstrdup(named ? absolute : path);
	return open_any(path, watch, ret_img, err);
}

void image_fini(struct image *img)
{
	if (img->fd >= 0)
		close(img->fd);
	free(img->source.path);
	free(img->source.serial);
	*img = (struct image){ .fd = -1 };
}
