/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/xz.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/mem.h"

enum {
	OUT = 1 << 18,
	MOST_THREADS = 8
};

/* Bytes.  What xz -9 made needs 65 MiB in one thread; with more of them,
 * fewer threads run. */
static const uint64_t memory = UINT64_C(192) << 20;

int xz_open(struct xz *ret_xz, xz_source_fn *source, void *arg, struct err *err)
{
	uint32_t cpus = lzma_cputhreads();
	lzma_mt how = {
		.flags = LZMA_CONCATENATED,
		.threads = cpus < 1              ? 1
			   : cpus > MOST_THREADS ? MOST_THREADS
						 : cpus,
		.memlimit_threading = memory,
		.memlimit_stop = memory,
	};

	*ret_xz = (struct xz){ .stream = LZMA_STREAM_INIT,
			       .source = source,
			       .arg = arg };
	if (lzma_stream_decoder_mt(&ret_xz->stream, &how) != LZMA_OK)
		return err_set(err, ENOMEM, "cannot start unpacking xz");
	ret_xz->out = xmalloc(OUT);
	return 0;
}

static const char *reason(lzma_ret code)
{
	switch (code) {
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return "unpacking its xz needs too much memory";
	case LZMA_FORMAT_ERROR:
		return "it is not xz, as its name says";
	case LZMA_OPTIONS_ERROR:
		return "its xz has features that liblzma does not know";
	case LZMA_BUF_ERROR:
		return "its xz is cut off";
	default:
		return "its xz is damaged";
	}
}

ssize_t xz_read(struct xz *xz, const void **ret_data, const char **ret_why)
{
	lzma_stream *s = &xz->stream;
	bool end = false;

	s->next_out = xz->out;
	s->avail_out = OUT;
	while (xz->last == LZMA_OK && s->avail_out == OUT) {
		if (!s->avail_in && !end) {
			const void *data;
			ssize_t n = xz->source(xz->arg, &data);

			if (n < 0) {
				*ret_why = NULL;
				return -1;
			}
			s->next_in = data;
			s->avail_in = (size_t)n;
			end = n == 0;
		}
		xz->last = lzma_code(s, end ? LZMA_FINISH : LZMA_RUN);
	}
	*ret_data = xz->out;
	if (s->avail_out < OUT || xz->last == LZMA_STREAM_END)
		return (ssize_t)(OUT - s->avail_out);
	*ret_why = reason(xz->last);
	return -1;
}

void xz_close(struct xz *xz)
{
	lzma_end(&xz->stream);
	free(xz->out);
}
