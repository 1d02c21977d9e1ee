/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "fuzz.h"
#include "host/files.h"

static char folder[] = "/tmp/fuzz.XXXXXX";

static void remove_folder(void)
{
	struct err err;

	(void)files_remove_tree(folder, &err);
}

char *fuzz_path(const char *name)
{
	static bool is_made;

	if (!is_made) {
		if (!mkdtemp(folder))
			abort();
		atexit(remove_folder);
		is_made = true;
	}
	return xasprintf("%s/%s", folder, name);
}

void fuzz_write(const char *path, const uint8_t *data, size_t size)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				0600);

	if (fd < 0 || io_write(fd, data, size) < 0)
		abort();
}

size_t fuzz_text_seed(const char *const *texts, unsigned int n, uint8_t *buf,
		      size_t size)
{
	size_t len;

	for (unsigned int i = 0; i < n; i++) {
		if (!texts[i])
			return 0;
	}
	if (!texts[n])
		return 0;
	len = strlen(texts[n]);
	if (len > size)
		abort();
	memcpy(buf, texts[n], len);
	return len;
}
