/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the programs and says when each begins and ends, so that the host can
 * take the emulator's CPU time in between.  As process 1 of a guest it runs
 * what the kernel's command line names (bench=NAME,NAME… slices=N
 * milliseconds=N idle=SECONDS), then switches the power off; elsewhere what
 * its arguments name.
 *
 *	BENCH begin NAME N
 *	BENCH end NAME CHECKSUM NANOSECONDS-BY-OWN-CLOCK
 *
 * After each of these it waits for a line from the host, which has looked at
 * its clock then.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

static const struct program *const all[] = {
	core_programs, branchy_programs, table_programs,  float_programs,
	neon_programs, memory_programs,  system_programs,
};

static unsigned int slices = 3, milliseconds = 500, idle;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static const struct program *find(const char *name)
{
	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (const struct program *p = all[i]; p->name; p++)
			if (!strcmp(p->name, name))
				return p;
	return NULL;
}

static void await_host(void)
{
	char c;

	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		;
}

static uint64_t time_of(const struct program *p, uint64_t n)
{
	uint64_t start = now();

	p->run(n);
	return now() - start;
}

/* How many units take about a slice.  The first one also makes tables and
 * touches memory; and the host may have been busy once. */
static uint64_t calibrate(const struct program *p)
{
	uint64_t want = milliseconds * UINT64_C(1000000), n = 1, took;

	p->run(1);
	for (;; n *= 2) {
		took = time_of(p, n);
		if (took > want / 8)
			took = time_of(p, n);
		if (took > want / 8 || n > UINT64_C(1) << 40)
			break;
	}
	n = (uint64_t)((double)n * (double)want / (double)(took + 1));
	return n ? n : 1;
}

static void run(const struct program *p)
{
	uint64_t n = calibrate(p);

	for (unsigned int i = 0; i < slices; i++) {
		uint64_t start, sum;

		printf("BENCH begin %s %llu\n", p->name, (unsigned long long)n);
		await_host();
		start = now();
		sum = p->run(n);
		printf("BENCH end %s %llx %llu\n", p->name,
		       (unsigned long long)sum,
		       (unsigned long long)(now() - start));
		await_host();
	}
}

/* In a process of its own: what one leaves in memory costs the next. */
static void run_apart(char *self, char *name)
{
	char *args[] = { self, (char[]){ "run" }, name, NULL };
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		execv(self, args);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
		printf("BENCH failed %s\n", name);
}

static void run_list(char *self, char *list)
{
	char *name, *rest = list;

	while ((name = strsep(&rest, ",")))
		if (find(name))
			run_apart(self, name);
}

static void settings(char *list)
{
	unsigned int *const numbers[] = { &slices, &milliseconds, &idle };
	static const char *const names[] = { "slices=", "milliseconds=",
					     "idle=" };

	for (unsigned int i = 0; i < 3; i++) {
		const char *at = strstr(list, names[i]);

		if (at)
			*numbers[i] = (unsigned int)strtoul(
				at + strlen(names[i]), NULL, 10);
	}
}

static char *read_command_line(void)
{
	static char text[4096];
	int fd;

	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mkdir("/dev", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static void as_init(char *self)
{
	char *line = read_command_line(), *list;

	printf("BENCH up\n");
	fflush(stdout);
	settings(line);
	setenv("BENCH", line, 1);
	if (idle) {
		sleep(2); /* until the kernel has settled */
		printf("BENCH begin idle %u\n", idle);
		await_host();
		sleep(idle);
		printf("BENCH end idle 0 %llu\n", idle * 1000000000ull);
		await_host();
	}
	list = strstr(line, "bench=");
	if (list) {
		list += strlen("bench=");
		list[strcspn(list, " \n")] = '\0';
		run_list(self, list);
	}
	printf("BENCH done\n");
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
}

static void list_all(void)
{
	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (const struct program *p = all[i]; p->name; p++)
			printf("%s\t%s\t%g\n", p->name, p->unit, p->scale);
}

int main(int argc, char **argv)
{
	if (getpid() == 1) {
		as_init(argv[0]);
		for (;;)
			pause();
	}
	if (getenv("BENCH"))
		settings(getenv("BENCH"));
	if (argc == 3 && !strcmp(argv[1], "run")) {
		const struct program *p = find(argv[2]);

		if (!p)
			return 1;
		run(p);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "true")) /* system.c starts us */
		return 0;
	if (argc == 2 && !strcmp(argv[1], "list")) {
		list_all();
		return 0;
	}
	for (int i = 1; i < argc; i++)
		run_list(argv[0], argv[i]);
	return 0;
}
