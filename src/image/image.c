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

static int open_file(const char *path, struct image *img, struct err *err)
{
	img->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (img->fd < 0 && errno == EACCES)
		return err_set(err, EACCES,
			       "opening '%s': you may not read it; try with "
			       "sudo, or make it readable",
			       path);
	if (img->fd < 0)
		return err_errno(err, errno, "opening '%s'", path);
	return image_raw_identify(img, err);
}

static int open_any(const char *path, struct image *img, struct err *err)
{
	struct stat st;

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
		return open_file(path, img, err);
	return err_set(err, EMEDIUMTYPE,
		       "'%s' is neither an image file nor a block device",
		       path);
}

int image_open(const char *path, struct image *ret_img, struct err *err)
{
	char absolute[PATH_MAX];

	*ret_img = (struct image){ .fd = -1 };
	ret_img->source.path = xstrdup(realpath(path, absolute) ? absolute
								: path);
	return open_any(path, ret_img, err);
}

void image_fini(struct image *img)
{
	if (img->fd >= 0)
		close(img->fd);
	free(img->source.path);
	free(img->source.serial);
	*img = (struct image){ .fd = -1 };
}
