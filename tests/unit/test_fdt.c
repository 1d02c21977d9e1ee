/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <string.h>
#include <unistd.h>

#include "board/fdt.h"
#include "board/map.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "test.h"

static struct err err;

static uint32_t cell(const void *fdt, const char *path, const char *name,
		     unsigned int n)
{
	int len, at = fdt_path_offset(fdt, path);
	const fdt32_t *val = fdt_getprop(fdt, at, name, &len);

	check(val && (unsigned int)len >= (n + 1) * 4);
	return val && (unsigned int)len >= (n + 1) * 4 ? fdt32_to_cpu(val[n])
						       : 0xdeadbeef;
}

static bool text_is(const void *fdt, const char *path, const char *name,
		    const char *want)
{
	int at = fdt_path_offset(fdt, path);

	return fdt_stringlist_search(fdt, at, name, want) == 0;
}

/* Each row of the board is a node that says the same. */
static void rows(const void *fdt, bool second_uart)
{
	for (unsigned int i = 0; i < virt_map_rows; i++) {
		const struct map_row *r = &virt_map[i];

		for (unsigned int n = 0; n < (unsigned int)r->count; n++) {
			uint32_t base = (uint32_t)(r->base + n * r->size);
			char path[64];

			snprintf(path, sizeof(path), "/%s@%x", r->node, base);
			if (base == 0x09040000 && !second_uart) {
				check(fdt_path_offset(fdt, path) < 0);
				continue;
			}
			check(text_is(fdt, path, "compatible", r->compatible));
			check_eq(cell(fdt, path, "reg", 1), base);
			check_eq(cell(fdt, path, "reg", 3), r->size);
			if (r->spi == NO_IRQ)
				continue;
			check_eq(cell(fdt, path, "interrupts", 0), 0);
			check_eq(cell(fdt, path, "interrupts", 1),
				 (uint32_t)r->spi + n);
			check_eq(cell(fdt, path, "interrupts", 2), r->trigger);
		}
	}
}

static void own_tree(void)
{
	struct board_fdt board = { .model = CORTEX_A15, .cpus = 4 };
	void *fdt = board_fdt_new(&board);
	int len;

	check(!fdt_check_full(fdt, BOARD_FDT_SIZE));
	rows(fdt, false);
	check(text_is(fdt, "/", "compatible", "linux,dummy-virt"));
	check(text_is(fdt, "/psci", "method", "hvc"));
	check(fdt_path_offset(fdt, "/cpus/cpu@3") > 0);
	check(fdt_path_offset(fdt, "/cpus/cpu@4") < 0);
	check(text_is(fdt, "/cpus/cpu@3", "compatible", "arm,cortex-a15"));
	check(text_is(fdt, "/cpus/cpu@3", "enable-method", "psci"));
	check_eq(cell(fdt, "/cpus/cpu-map/socket0/cluster0/core3", "cpu", 0),
		 cell(fdt, "/cpus/cpu@3", "phandle", 0));
	check_eq(cell(fdt, "/timer", "interrupts", 7), 11);
	check_eq(cell(fdt, "/timer", "interrupts", 8), 0xf04);
	check_eq(cell(fdt, "/", "interrupt-parent", 0),
		 cell(fdt, "/intc@8000000", "phandle", 0));
	check_eq(cell(fdt, "/gpio-keys/poweroff", "gpios", 0),
		 cell(fdt, "/pl061@9030000", "phandle", 0));
	check_eq(cell(fdt, "/gpio-keys/poweroff", "gpios", 1), 3);
	check_eq(cell(fdt, "/pl011@9000000", "clocks", 1),
		 cell(fdt, "/apb-pclk", "phandle", 0));
	check(text_is(fdt, "/pl011@9000000", "compatible", "arm,pl011"));
	check(text_is(fdt, "/chosen", "stdout-path", "/pl011@9000000"));
	check(fdt_getprop(fdt, fdt_path_offset(fdt, "/virtio_mmio@a003e00"),
			  "dma-coherent", &len));
	free(fdt);

	board.second_uart = true;
	board.model = CORTEX_A7;
	fdt = board_fdt_new(&board);
	rows(fdt, true);
	check(text_is(fdt, "/aliases", "serial1", "/pl011@9040000"));
	check(text_is(fdt, "/cpus/cpu@0", "compatible", "arm,cortex-a7"));
	free(fdt);
}

static void finished(void)
{
	const struct board_fdt board = { .model = CORTEX_A7, .cpus = 1 };
	struct board_boot boot = { .ram_size = UINT64_C(8) << 30 };
	void *fdt = board_fdt_new(&board);
	int at;

	check(!board_fdt_finish(fdt, &boot, &err));
	check(!fdt_check_full(fdt, board_fdt_size(fdt)));
	check_eq(cell(fdt, "/memory@40000000", "reg", 1), RAM_BASE);
	check_eq(cell(fdt, "/memory@40000000", "reg", 2), 2);
	check_eq(cell(fdt, "/memory@40000000", "reg", 3), 0);
	at = fdt_path_offset(fdt, "/chosen");
	check(!fdt_getprop(fdt, at, "bootargs", NULL));
	check(!fdt_getprop(fdt, at, "linux,initrd-start", NULL));
	check(cell(fdt, "/chosen", "rng-seed", 0) |
	      cell(fdt, "/chosen", "rng-seed", 7));
	check(cell(fdt, "/chosen", "kaslr-seed", 0) |
	      cell(fdt, "/chosen", "kaslr-seed", 1));
	free(fdt);
}

static int read_tree(const char *path, const void *bytes, size_t n,
		     void **ret_fdt)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(io_write(fd, bytes, n) == 0);
	close(fd);
	return board_fdt_read(path, ret_fdt, &err);
}

/* The user's own: the board's facts are put in, the rest stays. */
static void user_tree(void)
{
	char path[] = "/tmp/test_fdt.XXXXXX";
	static uint8_t buf[2 * BOARD_FDT_SIZE];
	struct board_boot boot = { .ram_size = 512 << 20, .append = "quiet" };
	autofree void *fdt = NULL;
	uint32_t size;
	void *none;

	close(mkstemp(path));
	check(!fdt_create_empty_tree(buf, 4096));
	check(!fdt_setprop_u32(buf, 0, "#address-cells", 2));
	check(!fdt_setprop_u32(buf, 0, "#size-cells", 2));
	check(!fdt_setprop_string(buf, fdt_add_subnode(buf, 0, "memory"),
				  "device_type", "memory"));
	check(!fdt_setprop_string(buf, fdt_add_subnode(buf, 0, "mine"), "my",
				  "own"));
	check(!fdt_pack(buf));
	size = fdt_totalsize(buf);
	check(!read_tree(path, buf, size, &fdt));
	check(!board_fdt_finish(fdt, &boot, &err));
	check_eq(cell(fdt, "/memory", "reg", 3), 512 << 20);
	check(fdt_path_offset(fdt, "/memory@40000000") < 0);
	check(text_is(fdt, "/chosen", "bootargs", "quiet"));
	check(text_is(fdt, "/mine", "my", "own"));

	for (uint32_t n = 0; n < size; n += 7) /* cut off anywhere */
		check(read_tree(path, buf, n, &none) < 0);
	for (uint32_t n = 0; n < 40; n++) { /* or damaged */
		buf[n] ^= 0xff;
		if (!read_tree(path, buf, size, &none))
			free(none);
		buf[n] ^= 0xff;
	}
	check(read_tree(path, buf, sizeof(buf), &none) == -EFBIG);
	unlink(path);
	check(board_fdt_read(path, &none, &err) == -ENOENT);
	check(strstr(err.text, path) != NULL);
}

static void wrong_cells(void)
{
	const struct board_boot boot = { .ram_size = 512 << 20 };
	static uint8_t buf[4096];

	check(!fdt_create_empty_tree(buf, sizeof(buf)));
	check(!fdt_setprop_u32(buf, 0, "#address-cells", 1));
	check(board_fdt_finish(buf, &boot, &err) == -EINVAL);
}

int main(void)
{
	own_tree();
	finished();
	user_tree();
	wrong_cells();
	return test_done();
}
