/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors of libarchive for a person. */
#ifndef HOST_ARCHIVE_ERROR_H
#define HOST_ARCHIVE_ERROR_H

#include <archive.h>
#include <errno.h>
#include <string.h>

#include "common/err.h"

/* The file at path, which it writes, could not be written.  Its own words may
 * be no more than "Write error": what the system said stands behind them. */
static inline int archive_write_failed(struct archive *a, const char *path,
				       struct err *err)
{
	const char *text = archive_error_string(a);
	int code = archive_errno(a);

	if (code <= 0)
		return err_set(err, EIO, "cannot write '%s': %s", path,
			       text ? text : "libarchive does not say why");
	return err_set(err, code, "cannot write '%s': %s (%s)", path,
		       text ? text : "failed", strerror(code));
}

#endif
