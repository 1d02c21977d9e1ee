/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What costs a kernel: calls, pipes, processes, page faults.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

static void check(bool ok)
{
	if (!ok)
		abort();
}

static uint64_t run_getppid(uint64_t n)
{
	n *= 100;
	while (n--)
		syscall(SYS_getppid);
	return 0;
}

static uint64_t run_read(uint64_t n)
{
	static char block[4096];
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	check(fd >= 0);
	while (n--)
		check(read(fd, block, sizeof(block)) == sizeof(block));
	close(fd);
	return 0;
}

static uint64_t run_pipe(uint64_t n)
{
	int to[2], back[2];
	char c = 'x';
	pid_t pid;

	check(!pipe(to) && !pipe(back));
	pid = fork();
	check(pid >= 0);
	if (!pid) {
		close(to[1]);
		close(back[0]);
		while (read(to[0], &c, 1) == 1)
			check(write(back[1], &c, 1) == 1);
		_exit(0);
	}
	close(to[0]);
	close(back[1]);
	while (n--)
		check(write(to[1], &c, 1) == 1 && read(back[0], &c, 1) == 1);
	close(to[1]);
	close(back[0]);
	waitpid(pid, NULL, 0);
	return 0;
}

static uint64_t run_fork(uint64_t n)
{
	while (n--) {
		pid_t pid = fork();

		check(pid >= 0);
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

static uint64_t run_exec(uint64_t n)
{
	static char self[] = "/proc/self/exe", word[] = "true";
	char *args[] = { self, word, NULL };

	while (n--) {
		int status;
		pid_t pid = vfork();

		check(pid >= 0);
		if (!pid) {
			execv(self, args);
			_exit(127);
		}
		check(waitpid(pid, &status, 0) == pid && !status);
	}
	return 0;
}

static uint64_t run_faults(uint64_t n)
{
	enum {
		SIZE = 4 << 20,
		PAGE = 4096
	};

	while (n--) {
		char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		check(p != MAP_FAILED);
		madvise(p, SIZE, MADV_NOHUGEPAGE);
		for (int i = 0; i < SIZE; i += PAGE)
			p[i] = 1;
		munmap(p, SIZE);
	}
	return 0;
}

const struct program system_programs[] = {
	{ "getppid", "million calls", 1e6 / 100, run_getppid },
	{ "read-4k", "million calls", 1e6, run_read },
	{ "pipe", "thousand rounds", 1e3, run_pipe },
	{ "fork", "processes", 1, run_fork },
	{ "exec", "programs", 1, run_exec },
	{ "faults", "thousand pages", 1e3 / 1024, run_faults },
	{ 0 },
};
