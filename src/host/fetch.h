/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Get a file by HTTP, HTTPS or from a file: URL.
 *
 * A redirection may lead to HTTP and HTTPS only.  http_proxy, https_proxy and
 * no_proxy of the environment are honoured.  What comes is not trusted: the
 * caller bounds its size and checks its hash.
 *
 * Errors: -ENOENT the server has no such file; -EACCES it refuses;
 * -EHOSTUNREACH no connection; -ETIMEDOUT it stalled; -EFBIG larger than
 * allowed; -ECANCELED by progress(); -ENOSPC and the like from writing;
 * -EIO all else.  The text names the URL and what the server said.
 */
#ifndef HOST_FETCH_H
#define HOST_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

struct fetch {
	const char *url;
	uint64_t max;         /* bytes the whole file may have */
	unsigned int stall_s; /* give up after so long without data; 0: 30 */

	/*
	 * Called about once a second; total is 0 while it is not known.
	 * False ends the download.  May be NULL.
	 */
	bool (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;
};

/*
 * To a file.  What is already there is taken for the beginning, and only the
 * rest is asked for; a server that cannot do that sends it all again.  After
 * an error what has come stays, for the next attempt.
 */
int fetch_file(const struct fetch *f, const char *path, struct err *err);

/* To memory, added to *text. */
int fetch_text(const struct fetch *f, struct str *text, struct err *err);

#endif
