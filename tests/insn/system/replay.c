/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay MODEL PROGRAM.bin RECORDED.txt [jit|verify]: run a bare-metal program
 * on our CPU and compare what it prints with what it printed under
 * qemu-system-arm.  Lines that are meant to differ are the rows of
 * differences[].
 */
#include <fcntl.h>
#include <unistd.h>

#include "../../unit/arm_machine.h"
#include "jit/jit.h"

enum {
	LOAD_AT = 0x40200000,
	UART = 0x09000000,
	TEXT_SIZE = 1 << 20,
};

/* We print "ours" (NULL: nothing) where QEMU's line begins with "theirs". */
static const struct difference {
	const char *theirs, *ours;
} differences[] = {
	/* No ThumbEE (DESIGN.md §5): ID_PFR0, TEECR, TEEHBR */
	{ "p15 c0 0 c1 0 ", "p15 c0 0 c1 0 R- -- 00000131" },
	{ "p14 c0 6 c0 0 ", NULL },
	{ "p14 c1 6 c0 0 ", NULL },
	/* QEMU has them as no-operations: its reads leave Rt alone */
	{ "p14 c0 0 c7 0 ",
	  "p14 c0 0 c7 0 RW -- 00000000 ones ffffffff zeros 00000000" },
	/* Strongly-ordered and Device memory: unaligned access is a fault
	 * (A3.2.2), which QEMU does not look at */
	{ "short: unaligned, attributes 0",
	  "short: unaligned, attributes 0: 001" },
	{ "short: unaligned, attributes 1",
	  "short: unaligned, attributes 1: 001" },
	{ "long: unaligned, attributes 0",
	  "long: unaligned, attributes 0: 221" },
};

static struct machine m;
static char text[TEXT_SIZE];
static size_t used;

static uint64_t uart_read(void *dev, uint32_t off, unsigned int size)
{
	(void)dev;
	(void)off;
	(void)size;
	return 0;
}

static void uart_write(void *dev, uint32_t off, uint64_t val, unsigned int size)
{
	(void)dev;
	(void)size;
	if (off == 0 && used < TEXT_SIZE - 1)
		text[used++] = (char)val;
}

static const struct mmio_ops uart_ops = {
	.read = uart_read,
	.write = uart_write,
	.min_size = 4,
	.max_size = 4,
};

static size_t slurp(const char *path, void *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n, len = 0;

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	while ((n = read(fd, (char *)to + len, size - (size_t)len)) > 0)
		len += n;
	close(fd);
	return (size_t)len;
}

/* False: there is no translator. */
static bool translate(struct cpu *cpu, enum jit_mode mode)
{
	struct jit_options options = { .mode = mode,
				       .v3 = true,
				       .threshold = 1 };
	const char *why;
	struct err err;

	if (!jit_available(&why)) {
		printf("%s\n", why);
		return false;
	}
	check_eq(jit_init(cpu, &options, &err), 0);
	return true;
}

static bool run_program(enum cpu_model model, const char *path,
			enum jit_mode mode)
{
	struct cpu *cpu = machine_init(&m, 1, model);

	if (mode != JIT_OFF && !translate(cpu, mode))
		return false;
	bus_add(&m.bus, UART, 0x1000, &uart_ops, NULL, NULL);
	check(slurp(path, ram_at(&m.ram, LOAD_AT, 1 << 20), 1 << 20) > 0);
	cpu->pc_next = LOAD_AT;
	while (jit_run(cpu) != CPU_EXIT_POWER_OFF)
		test_failed();
	jit_fini(cpu);
	machine_fini(&m);
	return true;
}

static const struct difference *find_difference(const char *line)
{
	size_t n = sizeof(differences) / sizeof(differences[0]);

	for (size_t i = 0; i < n; i++)
		if (!strncmp(line, differences[i].theirs,
			     strlen(differences[i].theirs)))
			return &differences[i];
	return NULL;
}

/* The next line that is no comment; NULL at the end. */
static char *next_line(char **rest)
{
	char *line;

	do
		line = strsep(rest, "\n");
	while (line && (*line == '#' || (!*line && *rest)));
	return line && *line ? line : NULL;
}

static unsigned int compare(char *ours, char *theirs)
{
	char *a = next_line(&ours), *b = next_line(&theirs);
	unsigned int n = 0;

	for (; a || b; n++, b = next_line(&theirs)) {
		const struct difference *d = b ? find_difference(b) : NULL;
		const char *want = d ? d->ours : b;

		if (d && !d->ours)
			continue;
		if (!a || !want || strcmp(a, want)) {
			fprintf(stderr, "ours: %s\nQEMU: %s\n", a ? a : "-",
				want ? want : "-");
			test_failed();
		}
		a = next_line(&ours);
	}
	return n;
}

int main(int argc, char **argv)
{
	static char recorded[TEXT_SIZE];
	enum jit_mode mode = JIT_OFF;
	enum cpu_model model;

	if (argc < 4)
		return 2;
	if (argc > 4)
		mode = strcmp(argv[4], "jit") ? JIT_VERIFY : JIT_ON;
	model = strcmp(argv[1], "a7") ? CORTEX_A15 : CORTEX_A7;
	if (!run_program(model, argv[2], mode))
		return 77;
	recorded[slurp(argv[3], recorded, TEXT_SIZE - 1)] = 0;
	printf("%u lines\n", compare(text, recorded));
	return test_done();
}
