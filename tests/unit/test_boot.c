/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "board/boot.h"
#include "board/map.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "test.h"

enum {
	MIB = 1 << 20,
	KERNEL = RAM_BASE + 0x10000,
	IMAGE = RAM_BASE + 0x8000,
};

static char dir[] = "/tmp/test_boot.XXXXXX";
static char kernel[64], other[64];
static struct ram ram;
static struct err err;
static const struct board_fdt board = { .model = CORTEX_A7, .cpus = 2 };

static void write_file(const char *path, const void *bytes, size_t n)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				0600);

	check(fd >= 0 && io_write(fd, bytes, n) == 0);
}

static void write_gz(const char *path, const void *bytes, unsigned int n)
{
	gzFile gz = gzopen(path, "wb");

	check(gz && gzwrite(gz, bytes, n) == (int)n);
	check(gzclose(gz) == Z_OK);
}

/* Open and load; entry point, or the error's code. */
static int64_t boot(const char *initrd, const char *append)
{
	struct boot_files files = { .kernel = kernel,
				    .initrd = initrd,
				    .append = append };
	struct boot b;
	int64_t ret = boot_open(&b, &files, &board, &err);

	if (!ret)
		ret = boot_load(&b, &ram, &err);
	if (!ret) {
		ret = b.entry;
		check(!fdt_check_header(ram_at(&ram, b.dtb, 40)));
	}
	boot_close(&b);
	return ret;
}

static int64_t load(void)
{
	return boot(NULL, NULL);
}

/* A zImage of n bytes whose header says 'says'. */
static uint8_t zimage[4096];

static void make_zimage(uint32_t says)
{
	uint32_t word[] = { 0x016f2818, 0x1000, 0x1000 + says };

	memset(zimage, 0x5a, sizeof(zimage));
	memcpy(zimage + 0x24, word, sizeof(word));
}

static bool says(const char *part)
{
	return strstr(err.text, part) != NULL;
}

static void flat_kernels(void)
{
	uint32_t raw[] = { 0xe320f000, 0xeafffffe };

	make_zimage(4096);
	write_file(kernel, zimage, sizeof(zimage));
	check_eq(load(), KERNEL);
	check(!memcmp(ram_at(&ram, KERNEL, 4096), zimage, 4096));
	make_zimage(4000); /* something is appended: loaded too */
	write_file(kernel, zimage, sizeof(zimage));
	check_eq(load(), KERNEL);
	make_zimage(4097);
	write_file(kernel, zimage, sizeof(zimage));
	check(load() < 0 && says("cut off: 4096 of 4097"));

	make_zimage(4096);
	write_gz(kernel, zimage, sizeof(zimage));
	check_eq(load(), KERNEL);
	check(!memcmp(ram_at(&ram, KERNEL, 4096), zimage, 4096));
	check(truncate(kernel, 30) == 0);
	check(load() < 0);

	write_file(kernel, raw, sizeof(raw));
	check_eq(load(), KERNEL);
	write_gz(kernel, raw, sizeof(raw)); /* an Image */
	check_eq(load(), IMAGE);
	check(!memcmp(ram_at(&ram, IMAGE, 8), raw, 8));
}

static void no_kernels(void)
{
	static uint8_t arm64[64] = { [3] = 0xe0 }, *big;
	const uint32_t magic = 0x644d5241;

	write_file(kernel, "", 0);
	check(load() < 0 && says("empty"));
	write_file(kernel, "#!/bin/sh\necho I am a text\n", 27);
	check(load() < 0 && says("neither"));
	memcpy(arm64 + 0x38, &magic, 4);
	write_file(kernel, arm64, sizeof(arm64));
	check(load() < 0 && says("arm64"));
	write_file(kernel, "MZ\x90\xea and so on", 14);
	check(load() < 0 && says("x86"));
	unlink(kernel);
	check(load() == -ENOENT && says(kernel));

	big = calloc(1, 64 * MIB); /* as much as there is memory */
	big[3] = 0xe0;
	write_file(kernel, big, 64 * MIB);
	check(load() == -EFBIG);
	write_file(kernel, big, 64 * MIB - 0x10000 - 4096);
	check(load() == -ENOSPC && says("device tree"));
	free(big);
}

struct elf {
	Elf32_Ehdr eh;
	Elf32_Phdr ph[2];
	uint8_t bytes[16];
};

static struct elf make_elf(void)
{
	struct elf e = {
		.eh = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32,
				     ELFDATA2LSB },
			.e_machine = EM_ARM,
			.e_entry = RAM_BASE + 0x101,
			.e_phoff = offsetof(struct elf, ph),
			.e_phentsize = sizeof(Elf32_Phdr),
			.e_phnum = 2 },
		.ph = { { .p_type = PT_NOTE, .p_memsz = UINT32_MAX },
			{ .p_type = PT_LOAD,
			  .p_offset = offsetof(struct elf, bytes),
			  .p_vaddr = 0xc0000100,
			  .p_paddr = RAM_BASE + 0x100,
			  .p_filesz = 16,
			  .p_memsz = 64 } },
		.bytes = "0123456789abcde",
	};

	return e;
}

static int64_t load_elf(const struct elf *e, size_t n)
{
	write_file(kernel, e, n);
	return load();
}

static void elf_kernels(void)
{
	struct elf e = make_elf();

	memset(ram.host, 0xff, 0x200);
	check_eq(load_elf(&e, sizeof(e)), RAM_BASE + 0x101);
	check(!memcmp(ram.host + 0x100, "0123456789abcde", 16));
	check(ram.host[0x110] == 0 && ram.host[0x13f] == 0);
	check(ram.host[0xff] == 0xff && ram.host[0x140] == 0xff);

	check(load_elf(&e, sizeof(e) - 1) < 0 && says("cut off"));
	check(load_elf(&e, sizeof(e.eh) + 8) < 0 && says("cut off"));
	e.ph[1].p_memsz = 15; /* less than what the file has */
	check(load_elf(&e, sizeof(e)) < 0);
	e = make_elf();
	e.ph[1].p_paddr = 0xc0000100;
	check(load_elf(&e, sizeof(e)) < 0 && says("0xc0000100"));
	e = make_elf();
	e.ph[1].p_memsz = UINT32_MAX;
	check(load_elf(&e, sizeof(e)) < 0);
	e = make_elf();
	e.eh.e_entry = 0;
	check(load_elf(&e, sizeof(e)) < 0 && says("begin"));
	e = make_elf();
	e.eh.e_phnum = 0;
	check(load_elf(&e, sizeof(e)) < 0);
	e.eh.e_phnum = 65535;
	check(load_elf(&e, sizeof(e)) < 0);
	e = make_elf();
	e.eh.e_phoff = UINT32_MAX;
	check(load_elf(&e, sizeof(e)) < 0);
	e = make_elf();
	e.eh.e_machine = EM_X86_64;
	check(load_elf(&e, sizeof(e)) < 0 && says("another architecture"));
}

/* The initrd in the middle of a small RAM, and the tree behind it. */
static void initrd_and_tree(void)
{
	static uint8_t initrd[10000];
	const uint64_t at = RAM_BASE + 32 * MIB;
	const fdt64_t *start;
	const char *args;
	const void *fdt;
	int chosen, len;

	make_zimage(4096);
	write_file(kernel, zimage, sizeof(zimage));
	memset(initrd, 0x77, sizeof(initrd));
	write_file(other, initrd, sizeof(initrd));
	check_eq(boot(other, "console=ttyAMA0 x=\"y z\""), KERNEL);
	check(!memcmp(ram_at(&ram, at, 10000), initrd, 10000));
	fdt = ram_at(&ram, at + 12288, 40); /* the next page */
	check(!fdt_check_header(fdt));
	chosen = fdt_path_offset(fdt, "/chosen");
	args = fdt_getprop(fdt, chosen, "bootargs", &len);
	check(args && !strcmp(args, "console=ttyAMA0 x=\"y z\""));
	start = fdt_getprop(fdt, chosen, "linux,initrd-start", &len);
	check(start && fdt64_ld(start) == at);
	start = fdt_getprop(fdt, chosen, "linux,initrd-end", &len);
	check(start && fdt64_ld(start) == at + 10000);

	check(truncate(other, 33 * MIB) == 0);
	check(boot(other, NULL) == -EFBIG && says(other));
	unlink(other);
	check(boot(other, NULL) == -ENOENT && says("initrd"));
	check(boot(dir, NULL) < 0 && says("not a file"));
}

/* Another load of the same: all as before, but new seeds. */
static void load_again(void)
{
	struct boot_files files = { .kernel = kernel };
	struct boot b;
	uint8_t *fdt, before[32];
	int chosen;

	check(!boot_open(&b, &files, &board, &err));
	check(!boot_load(&b, &ram, &err));
	fdt = ram_at(&ram, b.dtb, 4096);
	chosen = fdt_path_offset(fdt, "/chosen");
	memcpy(before, fdt_getprop(fdt, chosen, "rng-seed", NULL), 32);
	memset(ram.host, 0, ram.size);
	unlink(kernel); /* the descriptor is enough */
	check(!boot_load(&b, &ram, &err));
	check(!memcmp(ram_at(&ram, b.entry, 4096), zimage, 4096));
	check(memcmp(before, fdt_getprop(fdt, chosen, "rng-seed", NULL), 32));
	boot_close(&b);
}

static void nothing_to_run(void)
{
	struct boot_files files = { 0 };
	static char longer[BOARD_APPEND_MAX + 1];
	struct boot b;

	check(boot_open(&b, &files, &board, &err) < 0 && says("-kernel"));
	memset(longer, 'x', BOARD_APPEND_MAX);
	files.kernel = kernel;
	files.append = longer;
	check(boot_open(&b, &files, &board, &err) < 0 && says("longer"));
}

int main(void)
{
	check(mkdtemp(dir) != NULL);
	snprintf(kernel, sizeof(kernel), "%s/kernel", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	check(!ram_init(&ram, RAM_BASE, 64 * MIB, &err));
	flat_kernels();
	no_kernels();
	elf_kernels();
	initrd_and_tree();
	load_again();
	nothing_to_run();
	ram_fini(&ram);
	unlink(kernel);
	unlink(other);
	check(!rmdir(dir));
	return test_done();
}
