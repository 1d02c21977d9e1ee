/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things go (as in QEMU, so that what runs there runs here): zImages and
 * raw programs 64 KiB above the start of RAM, an unpacked Image 32 KiB; the
 * initrd 128 MiB above it, or in the middle of a smaller RAM, which the
 * unpacking kernel does not reach; the device tree behind it.  All of it must
 * lie in what a 32-bit kernel maps directly.
 *
 * Kernels are recognised by what they begin with:
 *	zImage		magic number at 0x24, with its own size (Linux,
 *			arch/arm/boot/compressed/head.S)
 *	ELF		loaded to its physical addresses
 *	gzip		of a zImage or of an Image
 *	raw		anything whose first word is an unconditional A32
 *			instruction, and no known other format
 * A file is read through zlib, which passes on what is not compressed.
 */
#include "board/boot.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "board/map.h"
#include "common/bits.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"

enum {
	KERNEL_OFFSET = 0x10000,
	IMAGE_OFFSET = 0x8000,
	INITRD_OFFSET = 128 << 20,
	DIRECTLY_MAPPED = 760 << 20, /* Linux with 3 GiB for user space */

	HEAD = 0x40, /* bytes that tell what a kernel is */
	ZIMAGE_MAGIC_AT = 0x24,
	ZIMAGE_MAGIC = 0x016f2818,
	ZIMAGE_START_AT = 0x28,
	ZIMAGE_END_AT = 0x2c,
	ARM64_MAGIC_AT = 0x38,
	ARM64_MAGIC = 0x644d5241, /* "ARM\x64" */

	ELF_SEGMENTS = 64, /* more than any kernel has */
};

static uint32_t word_at(const uint8_t *bytes, unsigned int off)
{
	uint32_t word;

	memcpy(&word, bytes + off, sizeof(word));
	return le32toh(word);
}

static int not_a_kernel(const struct boot *boot, const char *why,
			struct err *err)
{
	return err_set(err, ENOEXEC, "'%s' is not a kernel for this board: %s",
		       boot->kernel_name, why);
}

static int read_error(const char *what, const char *name, int code,
		      struct err *err)
{
	return err_errno(err, code, "cannot read the %s '%s'", what, name);
}

static void close_gz(gzFile *gz)
{
	if (*gz)
		gzclose(*gz);
}

/* From the beginning; NULL without memory. */
static gzFile open_gz(const struct boot *boot)
{
	int fd = fcntl(boot->kernel, F_DUPFD_CLOEXEC, 3);
	gzFile gz;

	if (fd < 0)
		return NULL;
	lseek(fd, 0, SEEK_SET);
	gz = gzdopen(fd, "rb");
	if (!gz)
		close(fd);
	return gz;
}

static int gz_failed(const struct boot *boot, gzFile gz, struct err *err)
{
	int code;
	const char *why = gzerror(gz, &code);
	const char *colon = strstr(why, ": "); /* behind zlib's "<fd:9>" */

	if (code == Z_ERRNO)
		return read_error("kernel", boot->kernel_name, errno, err);
	return err_set(err, EIO, "cannot unpack the kernel '%s': %s",
		       boot->kernel_name, colon ? colon + 2 : why);
}

/* All of the kernel to off in RAM; returns its bytes. */
static int64_t unpack(const struct boot *boot, gzFile gz, const struct ram *ram,
		      uint64_t off, struct err *err)
{
	uint64_t room = ram->size - off, got = 0;
	int n = 1, code;

	if (room > DIRECTLY_MAPPED)
		room = DIRECTLY_MAPPED;
	while (n > 0 && got < room) {
		unsigned int step = room - got > 1 << 20
					    ? 1 << 20
					    : (unsigned int)(room - got);

		n = gzread(gz, ram->host + off + got, step);
		if (n > 0)
			got += (unsigned int)n;
	}
	/* the end of a compressed file may be missing */
	gzerror(gz, &code);
	if (n < 0 || (code != Z_OK && code != Z_STREAM_END))
		return gz_failed(boot, gz, err);
	if (got == room)
		return err_set(err, EFBIG,
			       "the kernel '%s' does not fit into %llu MiB of "
			       "memory",
			       boot->kernel_name,
			       (unsigned long long)(ram->size >> 20));
	return (int64_t)got;
}

/* The header says how long the file must be; more may be appended. */
static int check_zimage(const struct boot *boot, const uint8_t *head,
			uint64_t size, struct err *err)
{
	uint32_t need = word_at(head, ZIMAGE_END_AT) -
			word_at(head, ZIMAGE_START_AT);

	if (need > size)
		return err_set(err, ENOEXEC,
			       "the kernel '%s' is cut off: %llu of %lu bytes",
			       boot->kernel_name, (unsigned long long)size,
			       (unsigned long)need);
	return 0;
}

/* NULL, or why this cannot be a raw program. */
static const char *known_other(const uint8_t *head)
{
	if (word_at(head, ARM64_MAGIC_AT) == ARM64_MAGIC)
		return "it is for 64-bit ARM (arm64)";
	if (head[0] == 'M' && head[1] == 'Z')
		return "it is an EFI program, or a kernel for x86";
	if (head[3] >> 4 != 0xe)
		return "it is neither a zImage, an ELF program, nor one of "
		       "these packed by gzip";
	return NULL;
}

static int load_flat(struct boot *boot, const struct ram *ram,
		     uint64_t *ret_end, struct err *err)
{
	uint8_t head[HEAD] = { 0 };
	cleanup(close_gz) gzFile gz = open_gz(boot);
	uint64_t off = KERNEL_OFFSET;
	const char *why;
	bool zimage;
	int64_t n;

	if (!gz)
		return read_error("kernel", boot->kernel_name, ENOMEM, err);
	n = gzread(gz, head, HEAD);
	if (n < 0)
		return gz_failed(boot, gz, err);
	zimage = word_at(head, ZIMAGE_MAGIC_AT) == ZIMAGE_MAGIC;
	why = n < 4 ? "it is empty" : zimage ? NULL : known_other(head);
	if (why)
		return not_a_kernel(boot, why, err);
	if (!zimage && !gzdirect(gz))
		off = IMAGE_OFFSET;
	gzrewind(gz);
	n = unpack(boot, gz, ram, off, err);
	if (n < 0)
		return (int)n;
	if (zimage && check_zimage(boot, head, (uint64_t)n, err) < 0)
		return -ENOEXEC;
	boot->entry = (uint32_t)(ram->base + off);
	*ret_end = off + (uint64_t)n;
	return 0;
}

static int load_segment(const struct boot *boot, const struct ram *ram,
			const Elf32_Phdr *ph, struct err *err)
{
	uint32_t to = le32toh(ph->p_paddr), len = le32toh(ph->p_filesz);
	uint32_t all = le32toh(ph->p_memsz);
	uint8_t *host = ram_at(ram, to, all);
	ssize_t n;

	if (!host || len > all)
		return err_set(err, ENOEXEC,
			       "the kernel '%s' has a part at %#x that is not "
			       "inside of the memory, which begins at %#x",
			       boot->kernel_name, to, (uint32_t)ram->base);
	n = io_pread(boot->kernel, host, len, le32toh(ph->p_offset));
	if (n < 0)
		return read_error("kernel", boot->kernel_name, (int)-n, err);
	if ((size_t)n < len)
		return not_a_kernel(boot, "it is cut off", err);
	memset(host + len, 0, all - len);
	return 0;
}

static int load_elf(struct boot *boot, const struct ram *ram,
		    const Elf32_Ehdr *eh, uint64_t *ret_end, struct err *err)
{
	unsigned int n = le16toh(eh->e_phnum);
	uint64_t end = 0;

	if (eh->e_ident[EI_CLASS] != ELFCLASS32 ||
	    eh->e_ident[EI_DATA] != ELFDATA2LSB ||
	    le16toh(eh->e_machine) != EM_ARM)
		return not_a_kernel(boot,
				    "it is an ELF program of another "
				    "architecture",
				    err);
	if (n > ELF_SEGMENTS || le16toh(eh->e_phentsize) != sizeof(Elf32_Phdr))
		return not_a_kernel(boot, "its ELF header is damaged", err);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t at = le32toh(eh->e_phoff) + i * sizeof(Elf32_Phdr);
		Elf32_Phdr ph;
		int ret;

		if (io_pread(boot->kernel, &ph, sizeof(ph), at) !=
		    (ssize_t)sizeof(ph))
			return not_a_kernel(boot, "it is cut off", err);
		if (le32toh(ph.p_type) != PT_LOAD || !ph.p_memsz)
			continue;
		ret = load_segment(boot, ram, &ph, err);
		if (ret < 0)
			return ret;
		at = le32toh(ph.p_paddr) - ram->base + le32toh(ph.p_memsz);
		end = at > end ? at : end;
	}
	boot->entry = le32toh(eh->e_entry);
	if (!end || !ram_at(ram, boot->entry & ~1u, 4))
		return not_a_kernel(boot,
				    "it does not begin inside of the "
				    "memory",
				    err);
	*ret_end = end;
	return 0;
}

static int load_kernel(struct boot *boot, const struct ram *ram,
		       uint64_t *ret_end, struct err *err)
{
	Elf32_Ehdr eh;
	ssize_t n = io_pread(boot->kernel, &eh, sizeof(eh), 0);

	if (n < 0)
		return read_error("kernel", boot->kernel_name, (int)-n, err);
	if (n == (ssize_t)sizeof(eh) && !memcmp(eh.e_ident, ELFMAG, SELFMAG))
		return load_elf(boot, ram, &eh, ret_end, err);
	return load_flat(boot, ram, ret_end, err);
}

/* Where the initrd goes, or would go; offsets in RAM. */
static uint64_t initrd_offset(const struct ram *ram, uint64_t kernel_end)
{
	uint64_t off = ram->size / 2 < INITRD_OFFSET ? ram->size / 2
						     : INITRD_OFFSET;

	return align_up(off > kernel_end ? off : kernel_end, 4096);
}

static int load_initrd(const struct boot *boot, const struct ram *ram,
		       uint64_t off, uint64_t *ret_size, struct err *err)
{
	uint64_t limit = ram->size < DIRECTLY_MAPPED ? ram->size
						     : DIRECTLY_MAPPED;
	uint64_t room = off < limit ? limit - off : 0;
	struct stat st;
	ssize_t n;

	*ret_size = 0;
	if (boot->initrd < 0)
		return 0;
	if (fstat(boot->initrd, &st) < 0)
		return read_error("initrd", boot->initrd_name, errno, err);
	if ((uint64_t)st.st_size > room)
		return err_set(err, EFBIG,
			       "the initrd '%s' of %llu KiB does not fit: at "
			       "%llu MiB of the guest's memory %llu KiB are "
			       "left (-m gives it more)",
			       boot->initrd_name,
			       (unsigned long long)st.st_size >> 10,
			       (unsigned long long)off >> 20,
			       (unsigned long long)room >> 10);
	n = io_pread(boot->initrd, ram->host + off, (size_t)st.st_size, 0);
	if (n < 0)
		return read_error("initrd", boot->initrd_name, (int)-n, err);
	*ret_size = (uint64_t)n;
	return 0;
}

/* The tree's last words, at the first load; then it is copied. */
static int load_fdt(struct boot *boot, const struct ram *ram, uint64_t initrd,
		    uint64_t initrd_size, struct err *err)
{
	struct board_boot facts = {
		.ram_size = ram->size,
		.append = boot->append,
		.initrd_start = ram->base + initrd,
		.initrd_end = ram->base + initrd + initrd_size,
	};
	uint64_t at = align_up(initrd + initrd_size, 4096);
	int ret = 0;
	void *to;

	if (!boot->finished)
		ret = board_fdt_finish(boot->fdt, &facts, err);
	else
		board_fdt_reseed(boot->fdt);
	if (ret < 0)
		return ret;
	boot->finished = true;
	to = ram_at(ram, ram->base + at, board_fdt_size(boot->fdt));
	if (!to)
		return err_set(err, ENOSPC,
			       "kernel and initrd leave no room for the "
			       "device tree in %llu MiB of memory",
			       (unsigned long long)(ram->size >> 20));
	memcpy(to, boot->fdt, board_fdt_size(boot->fdt));
	boot->dtb = (uint32_t)(ram->base + at);
	return 0;
}

int boot_load(struct boot *boot, const struct ram *ram, struct err *err)
{
	uint64_t kernel_end = 0, initrd, initrd_size;
	int ret = load_kernel(boot, ram, &kernel_end, err);

	if (ret < 0)
		return ret;
	initrd = initrd_offset(ram, kernel_end);
	ret = load_initrd(boot, ram, initrd, &initrd_size, err);
	if (ret < 0)
		return ret;
	return load_fdt(boot, ram, initrd, initrd_size, err);
}

static int open_file(const char *what, const char *path, int *ret_fd,
		     struct err *err)
{
	struct stat st;
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "cannot open the %s '%s'", what,
				 path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "the %s '%s' is not a file", what,
			       path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

int boot_open(struct boot *boot, const struct boot_files *files,
	      const struct board_fdt *board, struct err *err)
{
	int ret;

	*boot = (struct boot){ .kernel = -1, .initrd = -1 };
	if (!files->kernel)
		return err_set(err, EINVAL,
			       "there is nothing to run: give a kernel with "
			       "-kernel");
	if (files->append && strlen(files->append) >= BOARD_APPEND_MAX)
		return err_set(err, EINVAL,
			       "the kernel's command line is longer than %d "
			       "bytes",
			       BOARD_APPEND_MAX);
	boot->kernel_name = xstrdup(files->kernel);
	boot->append = files->append ? xstrdup(files->append) : NULL;
	ret = open_file("kernel", files->kernel, &boot->kernel, err);
	if (!ret && files->initrd) {
		boot->initrd_name = xstrdup(files->initrd);
		ret = open_file("initrd", files->initrd, &boot->initrd, err);
	}
	if (!ret && files->dtb)
		ret = board_fdt_read(files->dtb, &boot->fdt, err);
	else if (!ret)
		boot->fdt = board_fdt_new(board);
	if (ret < 0)
		boot_close(boot);
	return ret;
}

void boot_close(struct boot *boot)
{
	if (boot->kernel >= 0)
		close(boot->kernel);
	if (boot->initrd >= 0)
		close(boot->initrd);
	free(boot->kernel_name);
	free(boot->initrd_name);
	free(boot->append);
	free(boot->fdt);
	*boot = (struct boot){ .kernel = -1, .initrd = -1 };
}
