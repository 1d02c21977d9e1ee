/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/fs/fat.c over any bytes: list every folder, read every file. */
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "fat_image.h"
#include "fs/fat.h"
#include "fuzz.h"
#include "visit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoclose int fd = memfd_create("fat", MFD_CLOEXEC);
	autofat struct fat *fs = NULL;
	unsigned int left = VISIT_FILES;
	struct err err;
	struct tree t;

	if (fd < 0 || io_write(fd, data, size) < 0 ||
	    fat_open(fd, 0, size, "fuzz", &fs, &err) < 0)
		return 0;
	t = fat_tree(fs);
	visit(&t, "", 0, &left);
	return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	static const unsigned int bits[] = { 12, 16, 32 };
	struct fat_image f;

	if (n >= 3)
		return 0;
	f = fat_image(bits[n]);
	if (f.size > size)
		abort();
	memcpy(buf, f.bytes, f.size);
	free(f.bytes);
	return f.size;
}
