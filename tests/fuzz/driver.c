/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a target without libFuzzer: the files that are named (what once failed
 * stays in corpus/), then each seed, whole, cut short and with a few bytes
 * changed.
 *
 *	fuzz_X [-r ROUNDS] [-s SEED] [FILE]...
 *
 * The same seed gives the same run; it is printed, so that a failure can be
 * repeated.  An input that takes 5 seconds of the processor, or a run that
 * takes more than 512 MiB (with the sanitizer's own on top), is a failure too.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/io.h"
#include "fuzz.h"

enum {
	LARGEST = 4 << 20,
	SECONDS = 5,
#ifdef __SANITIZE_ADDRESS__
	MOST_KIB = 1024 << 10, /* 256 MiB of quarantine, and shadow */
#else
	MOST_KIB = 512 << 10,
#endif
};

static uint8_t original[LARGEST], changed[LARGEST];

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* SIGPROF ends the program when it comes. */
static void one_input(const uint8_t *data, size_t size)
{
	struct itimerval limit = { .it_value.tv_sec = SECONDS };

	setitimer(ITIMER_PROF, &limit, NULL);
	LLVMFuzzerTestOneInput(data, size);
}

static bool took_too_much(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	if (use.ru_maxrss > MOST_KIB)
		fprintf(stderr, "%ld KiB of memory\n", use.ru_maxrss);
	return use.ru_maxrss > MOST_KIB;
}

/* Mostly at the beginning, where the headers are. */
static size_t any_place(uint64_t *state, size_t size)
{
	size_t within = next(state) % 4 ? size : size < 2048 ? size : 2048;

	return next(state) % within;
}

static void change(uint8_t *data, size_t size, uint64_t *state)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, 0xe5, '/', '.' };
	unsigned int n = 1 + next(state) % 8;

	while (n--)
		data[any_place(state, size)] =
			next(state) % 2 ? odd[next(state) % sizeof(odd)]
					: (uint8_t)next(state);
}

static void run_seeds(unsigned int rounds, uint64_t state)
{
	size_t size;

	for (unsigned int n = 0; (size = fuzz_seed(n, original, LARGEST));
	     n++) {
		one_input(original, size);
		for (unsigned int r = 0; r < rounds; r++) {
			size_t cut = next(&state) % 8 ? size
						      : next(&state) % size;

			memcpy(changed, original, size);
			change(changed, size, &state);
			one_input(changed, cut);
		}
	}
}

static int run_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : io_read(fd, original, LARGEST);

	if (n < 0) {
		fprintf(stderr, "cannot read '%s'\n", path);
		return 1;
	}
	close(fd);
	one_input(original, (size_t)n);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int rounds = 500;
	uint64_t seed = 1;
	int opt, bad = 0;

	while ((opt = getopt(argc, argv, "r:s:")) != -1) {
		if (opt == 'r')
			rounds = (unsigned int)strtoul(optarg, NULL, 0);
		else if (opt == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	printf("seed %llu, %u rounds\n", (unsigned long long)seed, rounds);
	for (; optind < argc; optind++)
		bad |= run_file(argv[optind]);
	run_seeds(rounds, seed ? seed : 1);
	return bad || took_too_much();
}
