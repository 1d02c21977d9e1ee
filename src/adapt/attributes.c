/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libguestfs sends an attribute's value as a text, which ends at its first zero
 * byte: those of ACLs and capabilities have some.  They go in a tar archive of
 * one empty file, as SCHILY.xattr records of a pax header (GNU tar's and
 * star's), to a new file of the guest, and from there to the one that is meant.
 * It is not unpacked over that one: tar would cut its hard links.
 */
#include "adapt/attributes.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "adapt/gerror.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "host/archive_error.h"

/* ---- values ---- */

static unsigned int nibble(char c)
{
	return isdigit((unsigned char)c)
		       ? (unsigned int)(c - '0')
		       : (unsigned int)(tolower((unsigned char)c) - 'a' + 10);
}

/* Its value's bytes, *ret_n of them; the caller frees them. */
static char *bytes_of(const struct journal_attribute *a, size_t *ret_n)
{
	size_t n = strspn(a->value, "0123456789abcdefABCDEF") / 2;
	char *bytes = xmalloc(n + 1);

	for (size_t k = 0; k < n; k++)
		bytes[k] = (char)(nibble(a->value[2 * k]) << 4 |
				  nibble(a->value[2 * k + 1]));
	*ret_n = n;
	return bytes;
}

static void drop_xattrs(struct guestfs_xattr_list **list)
{
	if (*list)
		guestfs_free_xattr_list(*list);
}

/* Is it there still?  A file that was written where it lay has kept it. */
static bool has_attribute(const struct guestfs_xattr_list *now,
			  const struct journal_attribute *a)
{
	for (uint32_t i = 0; now && i < now->len; i++) {
		autofree char *value = journal_hex(now->val[i].attrval,
						   now->val[i].attrval_len);

		if (!strcmp(now->val[i].attrname, a->name))
			return !strcasecmp(value, a->value);
	}
	return false;
}

/* ---- by an archive ---- */

static void cleanup_archive(struct archive **a)
{
	archive_write_free(*a);
}

/* Of one empty file with the entry's name and attributes. */
static int write_archive(struct archive_entry *e, const char *tar,
			 struct err *err)
{
	cleanup(cleanup_archive) struct archive *a = archive_write_new();

	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0600);
	archive_entry_set_size(e, 0);
	archive_write_set_format_pax_restricted(a);
	archive_write_add_filter_none(a);
	if (archive_write_set_format_option(a, "pax", "xattrheader",
					    "SCHILY") != ARCHIVE_OK ||
	    archive_write_open_filename(a, tar) != ARCHIVE_OK ||
	    archive_write_header(a, e) != ARCHIVE_OK ||
	    archive_write_close(a) != ARCHIVE_OK)
		return archive_write_failed(a, tar, err);
	return 0;
}

static int send_archive(guestfs_h *g, struct archive_entry *e, const char *path,
			struct folders *folders, const char *temp_dir,
			struct err *err)
{
	autofree char *tar = xasprintf("%s/attributes.tar", temp_dir);
	autofree char *temp = NULL;
	int r = folders_remember(folders, "/.pimigrate", NULL, err);

	if (r < 0)
		return r;
	temp = guestfs_mktemp(g, "/.pimigrateXXXXXX", -1);
	if (!temp)
		return gerror(g, err, "make a file for the attributes of",
			      path);
	archive_entry_set_pathname(e, temp + 1);
	r = write_archive(e, tar, err);
	/* Of the folders that are unpacked into only "/" is no link, ever. */
	if (!r && (guestfs_tar_in_opts(g, tar, "/", GUESTFS_TAR_IN_OPTS_XATTRS,
				       1, -1) < 0 ||
		   guestfs_copy_attributes(g, temp, path,
					   GUESTFS_COPY_ATTRIBUTES_XATTRIBUTES,
					   1, -1) < 0))
		r = gerror(g, err, "set the attributes of", path);
	if (guestfs_rm(g, temp) < 0 && !r)
		r = gerror(g, err, "remove", temp);
	unlink(tar);
	return r;
}

/* ---- all ---- */

static void cleanup_entry(struct archive_entry **e)
{
	archive_entry_free(*e);
}

int attributes_put(guestfs_h *g, const char *path,
		   const struct journal_before *before, struct folders *folders,
		   const char *temp_dir, struct err *err)
{
	cleanup(drop_xattrs) struct guestfs_xattr_list *now =
		before->attributes.n ? guestfs_lgetxattrs(g, path) : NULL;
	cleanup(cleanup_entry) struct archive_entry *e = archive_entry_new();

	for (size_t i = 0; i < before->attributes.n; i++) {
		const struct journal_attribute *a = &before->attributes.at[i];
		size_t n;
		autofree char *bytes = bytes_of(a, &n);

		if (has_attribute(now, a))
			continue;
		if (memchr(bytes, 0, n))
			archive_entry_xattr_add_entry(e, a->name, bytes, n);
		else if (guestfs_lsetxattr(g, a->name, bytes, (int)n, path) < 0)
			return gerror(g, err, "set the attributes of", path);
	}
	return archive_entry_xattr_count(e)
		       ? send_archive(g, e, path, folders, temp_dir, err)
		       : 0;
}
