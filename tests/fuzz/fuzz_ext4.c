/* SPDX-License-Identifier: GPL-2.0-or-later */
/* src/fs/ext4.c over any bytes; the seeds are mke2fs's. */
#include "fs/ext4.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "fuzz.h"
#include "visit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autoclose int fd = memfd_create("ext4", MFD_CLOEXEC);
	autoext4 struct ext4 *fs = NULL;
	struct ext4_ranges used = { 0 };
	unsigned int left = VISIT_FILES, block, block_size;
	struct err err;
	struct tree t;

	if (fd < 0 || io_write(fd, data, size) < 0)
		return 0;
	ext4_has_copy(fd, 0, size, &block, &block_size);
	if (ext4_open(fd, 0, size, "fuzz", &fs, &err) < 0)
		return 0;
	t = ext4_tree(fs);
	visit(&t, "", 0, &left);
	if (ext4_used(fs, &used, &err) == 0)
		for (size_t i = 0; i < used.all.n; i++)
			if (used.all.at[i].at + used.all.at[i].len >
			    ext4_info(fs)->size)
				abort();
	vec_free(&used.all);
	return 0;
}

static void put_file(const char *dir, const char *name, const char *text)
{
	autofree char *path = xasprintf("%s/%s", dir, name);
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || io_write(fd, text, strlen(text)) < 0)
		abort();
}

static void make_tree(const char *dir)
{
	autofree char *sub = xasprintf("%s/etc", dir);
	autofree char *link = xasprintf("%s/loop", dir);
	autofree char *far = xasprintf("%s/far", dir);
	char target[101];

	memset(target, 'x', 100);
	target[100] = 0;
	if (mkdir(sub, 0700) || symlink("loop", link) || symlink(target, far))
		abort();
	put_file(sub, "fstab", "PARTUUID=5e3da3da-02 / ext4 defaults 0 1\n");
	put_file(sub, "hostname", "pi\n");
	put_file(dir, "a-name-of-more-than-a-few-characters", "x");
}

static void run(const char *const *argv)
{
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, (char **)(uintptr_t)argv,
			 environ) ||
	    waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "%s failed or is not here\n", argv[0]);
		exit(77);
	}
}

/* With checksums and without, 64-bit or not, extents or blocks. */
size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	static const char *const features[] = {
		"^has_journal,^metadata_csum,^64bit",
		"^has_journal,metadata_csum,64bit",
		"^has_journal,^extents,^64bit", "^has_journal,inline_data"
	};
	char dir[] = "/tmp/fuzz_ext4.XXXXXX", image[] = "/tmp/fuzz_ext4.XXXXXX";
	int fd = mkstemp(image);
	ssize_t got;

	if (n >= sizeof(features) / sizeof(*features)) {
		close(fd);
		unlink(image);
		return 0;
	}
	if (fd < 0 || !mkdtemp(dir))
		abort();
	setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
	make_tree(dir);
	run((const char *[]){ "mke2fs", "-q", "-F", "-t", "ext4", "-O",
			      features[n], "-N", "32", "-b", "1024", "-d", dir,
			      image, "1024", NULL });
	run((const char *[]){ "rm", "-r", dir, NULL });
	got = io_pread(fd, buf, size, 0);
	close(fd);
	unlink(image);
	return got > 0 ? (size_t)got : 0;
}
