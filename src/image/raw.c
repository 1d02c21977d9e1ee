/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A raw image is a file that nothing else claims: what has the mark of
 * something that is not read here is named, with the command that unpacks it.
 */
#include <errno.h>
#include <string.h>

#include "common/io.h"
#include "image/image.h"

struct mark {
	size_t at, len;
	const char *bytes;
	const char *what;
	const char *remedy; /* %s is the path */
};

/* clang-format off */
static const struct mark marks[] = {
	{ 0, 6, "7z\xbc\xaf\x27\x1c", "a 7z archive",
	  "unpack it first: 7z x '%s'" },
	{ 0, 4, "KDMV", "a VMDK disk",
	  "make it raw first: qemu-img convert -O raw '%s' card.img" },
	{ 0, 8, "vhdxfile", "a VHDX disk",
	  "make it raw first: qemu-img convert -O raw '%s' card.img" },
	{ 64, 4, "\x7f\x10\xda\xbe", "a VirtualBox disk",
	  "make it raw first: qemu-img convert -O raw '%s' card.img" },
	{ 0, 4, "\x3a\xff\x26\xed", "an Android sparse image",
	  "make it raw first: simg2img '%s' card.img" },
	{ 257, 5, "ustar", "a tar archive",
	  "unpack it first: tar xf '%s'" },
	{ 0, 4, "\x7f" "ELF", "a program", "name the image of a card, not '%s'" },
	{ 0, 5, "%PDF-", "a PDF document", "name the image of a card, not '%s'" },
};
/* clang-format on */

/* clang-format off */
static const struct {
	size_t len;
	const char *bytes;
	enum image_kind kind;
} readable[] = {
	{ 6, "\xfd" "7zXZ", IMAGE_PACKED },
	{ 2, "\x1f\x8b", IMAGE_PACKED },
	{ 4, "\x28\xb5\x2f\xfd", IMAGE_PACKED },
	{ 3, "BZh", IMAGE_PACKED },
	{ 4, "PK\x03\x04", IMAGE_PACKED },
	{ 4, "QFI\xfb", IMAGE_QCOW2 },
};
/* clang-format on */

static int refuse_marked(const struct mark *m, const char *path,
			 struct err *err)
{
	const char *slot = strstr(m->remedy, "%s");

	return err_set(err, EMEDIUMTYPE, "'%s' is %s; %.*s%s%s", path, m->what,
		       (int)(slot - m->remedy), m->remedy, path, slot + 2);
}

int image_raw_kind(const struct image *img, enum image_kind *ret_kind,
		   struct err *err)
{
	char head[512] = { 0 };
	ssize_t n = io_pread(img->fd, head, sizeof(head), 0);

	if (n < 0)
		return err_errno(err, (int)-n, "reading '%s'",
				 img->source.path);
	*ret_kind = IMAGE_RAW;
	for (size_t i = 0; i < sizeof(readable) / sizeof(*readable); i++)
		if (!memcmp(head, readable[i].bytes, readable[i].len))
			*ret_kind = readable[i].kind;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const struct mark *m = &marks[i];

		if (!memcmp(head + m->at, m->bytes, m->len))
			return refuse_marked(m, img->source.path, err);
	}
	return 0;
}

int image_raw_identify(struct image *img, struct err *err)
{
	const char *path = img->source.path;
	int r = image_size(img->fd, path, &img->source.size, err);

	if (r < 0)
		return r;
	if (!img->source.size)
		return err_set(err, EMEDIUMTYPE, "'%s' is empty", path);
	if (img->source.size < IMAGE_SMALLEST)
		return err_set(err, EMEDIUMTYPE,
			       "'%s' has only %llu bytes: that is no image of "
			       "a card",
			       path, (unsigned long long)img->source.size);
	return 0;
}
