/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The board's part is written front to back (libfdt's sequential functions),
 * so that the nodes stand in the order of the rows: Linux numbers virtio
 * devices and serial ports by it.  What depends on the start is then put into
 * the finished tree, the same way for our tree and for the user's.
 *
 * Names and properties are those of QEMU's virt board, which kernels, U-Boot
 * and systemd know.
 */
#include "board/fdt.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "board/map.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "common/str.h"

enum {
	PHANDLE_CLOCK = 1,
	PHANDLE_GIC,
	PHANDLE_GPIO,
	PHANDLE_CPU,

	GIC_SPI = 0,
	GIC_PPI = 1,

	CLOCK_HZ = 24000000,
	POWER_KEY = 116,    /* KEY_POWER */
	POWER_KEY_LINE = 3, /* of the PL061 */

	SPARE = 4096, /* a user's tree grows by no more, besides append */
};

/* The block is large enough for our own tree. */
static void must(int code)
{
	assert(code >= 0);
	(void)code;
}

static void cells(void *fdt, const char *name, const uint32_t *cell,
		  unsigned int n)
{
	fdt32_t be[16];

	assert(n <= 16);
	for (unsigned int i = 0; i < n; i++)
		be[i] = cpu_to_fdt32(cell[i]);
	must(fdt_property(fdt, name, be, (int)(n * sizeof(be[0]))));
}

#define CELLS(fdt, name, ...)                               \
	cells(fdt, name, (const uint32_t[]){ __VA_ARGS__ }, \
	      sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

static void text(void *fdt, const char *name, const char *val)
{
	must(fdt_property_string(fdt, name, val));
}

/* Several strings: the literal holds a 0 between them. */
#define TEXTS(fdt, name, val) must(fdt_property(fdt, name, val, sizeof(val)))

static void flag(void *fdt, const char *name)
{
	must(fdt_property(fdt, name, NULL, 0));
}

static void begin(void *fdt, const char *name)
{
	must(fdt_begin_node(fdt, name));
}

static void end(void *fdt)
{
	must(fdt_end_node(fdt));
}

static void psci(void *fdt)
{
	begin(fdt, "psci");
	TEXTS(fdt, "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci");
	text(fdt, "method", "hvc");
	CELLS(fdt, "cpu_suspend", 0x84000001);
	CELLS(fdt, "cpu_off", 0x84000002);
	CELLS(fdt, "cpu_on", 0x84000003);
	CELLS(fdt, "migrate", 0x84000005);
	end(fdt);
}

static void cpu_map(void *fdt, unsigned int n)
{
	char name[16];

	begin(fdt, "cpu-map");
	begin(fdt, "socket0");
	begin(fdt, "cluster0");
	for (unsigned int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "core%u", i);
		begin(fdt, name);
		CELLS(fdt, "cpu", PHANDLE_CPU + i);
		end(fdt);
	}
	end(fdt);
	end(fdt);
	end(fdt);
}

static void cpus(void *fdt, const struct board_fdt *board)
{
	char name[16];

	begin(fdt, "cpus");
	CELLS(fdt, "#address-cells", 1);
	CELLS(fdt, "#size-cells", 0);
	cpu_map(fdt, board->cpus);
	for (unsigned int i = 0; i < board->cpus; i++) {
		snprintf(name, sizeof(name), "cpu@%u", i);
		begin(fdt, name);
		text(fdt, "device_type", "cpu");
		text(fdt, "compatible",
		     board->model == CORTEX_A7 ? "arm,cortex-a7"
					       : "arm,cortex-a15");
		text(fdt, "enable-method", "psci");
		CELLS(fdt, "reg", i);
		CELLS(fdt, "phandle", PHANDLE_CPU + i);
		end(fdt);
	}
	end(fdt);
}

/* Level-sensitive, active high, with the mask of CPUs that GICv2 wants. */
static void timer(void *fdt, unsigned int n)
{
	uint32_t flags = LEVEL | ((1u << n) - 1) << 8;

	begin(fdt, "timer");
	text(fdt, "compatible", "arm,armv7-timer");
	flag(fdt, "always-on");
	CELLS(fdt, "interrupts", GIC_PPI, 13, flags, GIC_PPI, 14, flags,
	      GIC_PPI, 11, flags, GIC_PPI, 10, flags);
	end(fdt);
}

static void bus_clock(void *fdt)
{
	begin(fdt, "apb-pclk");
	text(fdt, "compatible", "fixed-clock");
	text(fdt, "clock-output-names", "clk24mhz");
	CELLS(fdt, "clock-frequency", CLOCK_HZ);
	CELLS(fdt, "#clock-cells", 0);
	CELLS(fdt, "phandle", PHANDLE_CLOCK);
	end(fdt);
}

static void gpio_keys(void *fdt)
{
	begin(fdt, "gpio-keys");
	text(fdt, "compatible", "gpio-keys");
	begin(fdt, "poweroff");
	text(fdt, "label", "GPIO Key Poweroff");
	CELLS(fdt, "linux,code", POWER_KEY);
	CELLS(fdt, "gpios", PHANDLE_GPIO, POWER_KEY_LINE, 0);
	end(fdt);
	end(fdt);
}

static void intc_props(void *fdt)
{
	flag(fdt, "interrupt-controller");
	CELLS(fdt, "#interrupt-cells", 3);
	CELLS(fdt, "phandle", PHANDLE_GIC);
}

static void pl011_props(void *fdt)
{
	CELLS(fdt, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
	TEXTS(fdt, "clock-names", "uartclk\0apb_pclk");
}

static void pl031_props(void *fdt)
{
	CELLS(fdt, "clocks", PHANDLE_CLOCK);
	text(fdt, "clock-names", "apb_pclk");
}

static void pl061_props(void *fdt)
{
	CELLS(fdt, "clocks", PHANDLE_CLOCK);
	text(fdt, "clock-names", "apb_pclk");
	flag(fdt, "gpio-controller");
	CELLS(fdt, "#gpio-cells", 2);
	CELLS(fdt, "phandle", PHANDLE_GPIO);
}

static void fw_cfg_props(void *fdt)
{
	flag(fdt, "dma-coherent");
}

static void virtio_props(void *fdt)
{
	flag(fdt, "dma-coherent");
}

/* What a kind of device has besides where it is. */
static const struct {
	const char *node;
	void (*props)(void *fdt);
} kinds[] = {
	{ "intc", intc_props },     { "pl011", pl011_props },
	{ "pl031", pl031_props },   { "pl061", pl061_props },
	{ "fw-cfg", fw_cfg_props }, { "virtio_mmio", virtio_props },
};

static void kind_props(void *fdt, const char *node)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(kinds[i].node, node))
			kinds[i].props(fdt);
	}
}

/* PrimeCells are found by their ID registers; drivers want to be told. */
static void compatible(void *fdt, const char *name)
{
	char both[64];
	int n = snprintf(both, sizeof(both), "%s%carm,primecell", name, 0);

	if (!str_starts(name, "arm,pl0"))
		n = (int)strlen(name);
	must(fdt_property(fdt, "compatible", both, n + 1));
}

static void device(void *fdt, const struct map_row *row, unsigned int n)
{
	uint32_t base = (uint32_t)(row->base + n * row->size);
	uint32_t size = (uint32_t)row->size;
	char name[32];

	snprintf(name, sizeof(name), "%s@%x", row->node, base);
	begin(fdt, name);
	compatible(fdt, row->compatible);
	kind_props(fdt, row->node);
	if (row->regions == 2)
		CELLS(fdt, "reg", 0, base, 0, size, 0, base + size, 0, size);
	else
		CELLS(fdt, "reg", 0, base, 0, size);
	if (row->spi != NO_IRQ)
		CELLS(fdt, "interrupts", GIC_SPI, (uint32_t)row->spi + n,
		      row->trigger);
	end(fdt);
}

/* The serial ports' names, in the rows' order. */
static void serial_names(void *fdt, const char *const *path, unsigned int n)
{
	char name[24];

	begin(fdt, "aliases");
	for (unsigned int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "serial%u", i);
		text(fdt, name, path[i]);
	}
	end(fdt);
	begin(fdt, "chosen");
	text(fdt, "stdout-path", path[0]);
	end(fdt);
}

static void devices(void *fdt, bool second_uart)
{
	const char *serial[] = { "/pl011@9000000", "/pl011@9040000" };
	unsigned int uarts = 0;

	for (unsigned int i = 0; i < virt_map_rows; i++) {
		const struct map_row *row = &virt_map[i];

		if (!strcmp(row->node, "pl011") && uarts++ && !second_uart)
			continue;
		for (int n = 0; n < row->count; n++)
			device(fdt, row, (unsigned int)n);
	}
	serial_names(fdt, serial, second_uart ? 2 : 1);
}

void *board_fdt_new(const struct board_fdt *board)
{
	void *fdt = xcalloc(1, BOARD_FDT_SIZE);

	must(fdt_create(fdt, BOARD_FDT_SIZE));
	must(fdt_finish_reservemap(fdt));
	begin(fdt, "");
	text(fdt, "compatible", "linux,dummy-virt");
	text(fdt, "model", "linux,dummy-virt");
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	CELLS(fdt, "interrupt-parent", PHANDLE_GIC);
	psci(fdt);
	cpus(fdt, board);
	timer(fdt, board->cpus);
	bus_clock(fdt);
	devices(fdt, board->second_uart);
	gpio_keys(fdt);
	end(fdt);
	must(fdt_finish(fdt));
	must(fdt_open_into(fdt, fdt, BOARD_FDT_SIZE));
	return fdt;
}

int board_fdt_read(const char *path, void **ret_fdt, struct err *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	int most = BOARD_FDT_SIZE - SPARE - BOARD_APPEND_MAX;
	autofree void *fdt = NULL;
	ssize_t n;

	if (fd < 0)
		return err_errno(err, errno, "cannot open the device tree '%s'",
				 path);
	fdt = xcalloc(1, BOARD_FDT_SIZE);
	n = io_read(fd, fdt, (size_t)most + 1);
	if (n < 0)
		return err_errno(err, (int)-n,
				 "cannot read the device tree '%s'", path);
	if (n > most)
		return err_set(err, EFBIG,
			       "the device tree '%s' is larger than %d bytes",
			       path, most);
	if (n < (ssize_t)sizeof(struct fdt_header) ||
	    fdt_check_full(fdt, (size_t)n) < 0 ||
	    fdt_open_into(fdt, fdt, BOARD_FDT_SIZE) < 0)
		return err_set(err, EINVAL,
			       "'%s' is not a device tree as dtc makes it",
			       path);
	*ret_fdt = steal_ptr(fdt);
	return 0;
}

/* The node, made if there is none; or a negative code of libfdt. */
static int node(void *fdt, const char *name)
{
	int at = fdt_subnode_offset(fdt, 0, name);

	return at == -FDT_ERR_NOTFOUND ? fdt_add_subnode(fdt, 0, name) : at;
}

/* A memory node of the user's tree stands under any unit address. */
static int memory(void *fdt, uint64_t size)
{
	fdt64_t reg[2] = { cpu_to_fdt64(RAM_BASE), cpu_to_fdt64(size) };
	int at = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory",
					       sizeof("memory")),
	    code;

	if (at < 0)
		at = node(fdt, "memory@40000000");
	if (at < 0)
		return at;
	code = fdt_setprop_string(fdt, at, "device_type", "memory");
	return code < 0 ? code : fdt_setprop(fdt, at, "reg", reg, sizeof(reg));
}

static int chosen(void *fdt, const struct board_boot *boot)
{
	static const uint8_t seed[32];
	int at = node(fdt, "chosen"), code = 0;

	if (at < 0)
		return at;
	if (boot->append)
		code |= fdt_setprop_string(fdt, at, "bootargs", boot->append);
	if (boot->initrd_end > boot->initrd_start) {
		code |= fdt_setprop_u64(fdt, at, "linux,initrd-start",
					boot->initrd_start);
		code |= fdt_setprop_u64(fdt, at, "linux,initrd-end",
					boot->initrd_end);
	}
	code |= fdt_setprop(fdt, at, "rng-seed", seed, 32);
	code |= fdt_setprop(fdt, at, "kaslr-seed", seed, 8);
	return code < 0 ? -FDT_ERR_NOSPACE : 0;
}

int board_fdt_finish(void *fdt, const struct board_boot *boot, struct err *err)
{
	int code;

	if (fdt_address_cells(fdt, 0) != 2 || fdt_size_cells(fdt, 0) != 2)
		return err_set(err, EINVAL,
			       "the device tree has not #address-cells and "
			       "#size-cells of 2, as this board needs");
	code = memory(fdt, boot->ram_size);
	if (code >= 0)
		code = chosen(fdt, boot);
	if (code < 0)
		return err_set(err, EINVAL,
			       "cannot complete the device tree: %s",
			       fdt_strerror(code));
	board_fdt_reseed(fdt);
	must(fdt_pack(fdt));
	return 0;
}

void board_fdt_reseed(void *fdt)
{
	int at = fdt_subnode_offset(fdt, 0, "chosen");
	uint8_t seed[40];

	if (at < 0 || getrandom(seed, sizeof(seed), 0) < 0)
		return;
	must(fdt_setprop_inplace(fdt, at, "rng-seed", seed, 32));
	must(fdt_setprop_inplace(fdt, at, "kaslr-seed", seed + 32, 8));
}

uint32_t board_fdt_size(const void *fdt)
{
	return fdt_totalsize(fdt);
}
