/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of map.c become real here, in the order of virt_new(): memory,
 * interrupt controller, CPUs, devices.  A row's device is found by the name
 * of its node.
 *
 * The interrupt controller locks by itself; a virtio device has its own lock;
 * all others are under the machine's (docs/threads.md).
 */
#include "board/virt.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "board/board.h"
#include "common/bits.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/mem.h"

enum {
	POWER_KEY_LINE = 3, /* of the PL061, as the device tree says */
	RAM_STEP = 2 << 20,
};

/* What the CPUs and the interrupt controller ask of the board. */

static uint64_t guest_clock(void *board)
{
	const struct machine *m = board;

	return vcpus_clock(&m->vcpus);
}

static void timer_line(struct cpu *cpu, unsigned int ppi, bool level)
{
	struct machine *m = cpu->sys->board;

	gicv2_set_ppi(&m->gic, cpu->index, ppi, level);
}

static void gic_output(void *arg, unsigned int cpu, bool irq, bool fiq)
{
	struct machine *m = arg;

	cpu_set_line(m->sys.cpu[cpu], CPU_LINE_IRQ, irq);
	cpu_set_line(m->sys.cpu[cpu], CPU_LINE_FIQ, fiq);
}

static unsigned int gic_current(void *arg)
{
	(void)arg;
	return vcpu_current();
}

/* The real-time clock, whose alarm is the loop's. */

static uint64_t seconds(void *arg)
{
	const struct machine *m = arg;

	return (uint64_t)(time(NULL) + m->config.rtc_offset);
}

/* Lock held.  The host's clock may be set: the alarm is looked at again when
 * it rings, and then set anew. */
static void arm_rtc_alarm(struct machine *m)
{
	uint64_t now = seconds(m), wait;

	if (!m->rtc.armed || !m->rtc.mask) {
		loop_timer_cancel(&m->rtc_alarm);
		return;
	}
	wait = m->rtc.due > now ? m->rtc.due - now : 0;
	loop_timer_arm(&m->rtc_alarm, loop_now() + wait * 1000000000);
}

static void rtc_alarm(void *arg)
{
	struct machine *m = arg;

	with_lock(&m->lock);
	pl031_tick(&m->rtc);
	arm_rtc_alarm(m);
}

static uint64_t rtc_read(void *dev, uint32_t off, unsigned int size)
{
	struct machine *m = dev;

	return pl031_ops.read(&m->rtc, off, size);
}

static void rtc_write(void *dev, uint32_t off, uint64_t val, unsigned int size)
{
	struct machine *m = dev;

	pl031_ops.write(&m->rtc, off, val, size);
	arm_rtc_alarm(m);
}

static const struct mmio_ops rtc_ops = {
	.read = rtc_read,
	.write = rtc_write,
	.min_size = 4,
	.max_size = 4,
};

/* One row each. */

static void map(struct machine *m, const struct map_row *row, unsigned int n,
		const struct mmio_ops *ops, void *dev, pthread_mutex_t *lock)
{
	bus_add(&m->bus, row->base + n * row->size, (uint32_t)row->size, ops,
		dev, lock);
}

static struct irq_line line(struct machine *m, const struct map_row *row)
{
	return gicv2_spi(&m->gic, (unsigned int)row->spi);
}

static void add_intc(struct machine *m, const struct map_row *row)
{
	map(m, row, 0, &gicv2_dist_ops, &m->gic, NULL);
	map(m, row, 1, &gicv2_cpu_ops, &m->gic, NULL);
}

static void add_pl011(struct machine *m, const struct map_row *row)
{
	unsigned int n = m->uart[0].chr != NULL;

	if (!m->config.serial[n])
		return;
	pl011_init(&m->uart[n], line(m, row), m->config.serial[n], &m->lock);
	map(m, row, 0, &pl011_ops, &m->uart[n], &m->lock);
}

static void add_pl031(struct machine *m, const struct map_row *row)
{
	pl031_init(&m->rtc, line(m, row), seconds, m);
	map(m, row, 0, &rtc_ops, m, &m->lock);
}

static void add_fw_cfg(struct machine *m, const struct map_row *row)
{
	fw_cfg_init(&m->fw_cfg, m->ram.size, m->config.cpus);
	map(m, row, 0, &fw_cfg_ops, &m->fw_cfg, &m->lock);
}

static void add_pl061(struct machine *m, const struct map_row *row)
{
	pl061_init(&m->gpio, line(m, row));
	map(m, row, 0, &pl061_ops, &m->gpio, &m->lock);
}

static const struct {
	const char *node;
	void (*add)(struct machine *m, const struct map_row *row);
} kinds[] = {
	{ "intc", add_intc },   { "pl011", add_pl011 },
	{ "pl031", add_pl031 }, { "fw-cfg", add_fw_cfg },
	{ "pl061", add_pl061 },
};

static const struct map_row *virtio_row(void)
{
	for (unsigned int i = 0; i < virt_map_rows; i++) {
		if (!strcmp(virt_map[i].node, "virtio_mmio"))
			return &virt_map[i];
	}
	return NULL;
}

static void add_devices(struct machine *m)
{
	for (unsigned int i = 0; i < virt_map_rows; i++) {
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			if (!strcmp(kinds[k].node, virt_map[i].node))
				kinds[k].add(m, &virt_map[i]);
		}
	}
}

int virt_slot(struct machine *m, enum virt_way way, struct virtio_env *ret_env,
	      struct err *err)
{
	const struct map_row *row = virtio_row();
	int step = way == VIRT_FROM_TOP ? -1 : 1;
	int n = way == VIRT_FROM_TOP ? VIRTIO_SLOTS - 1 : 0;

	while (n >= 0 && n < VIRTIO_SLOTS && m->virtio[n])
		n += step;
	if (n < 0 || n == VIRTIO_SLOTS)
		return err_set(err, ENOSPC,
			       "the board has room for %d virtio devices and "
			       "no more",
			       VIRTIO_SLOTS);
	*ret_env = (struct virtio_env){
		.ram = &m->ram,
		.codepages = &m->codepages,
		.loop = m->loop,
		.irq = gicv2_spi(&m->gic, (unsigned int)(row->spi + n)),
	};
	return n;
}

void virt_plug(struct machine *m, int slot, struct virtio_device *vdev)
{
	assert(!m->virtio[slot]);
	map(m, virtio_row(), (unsigned int)slot, &virtio_mmio_ops, vdev,
	    &vdev->lock);
	m->virtio[slot] = vdev;
}

static int check_config(const struct virt_config *config, struct err *err)
{
	if (config->ram_size > VIRT_RAM_MAX)
		return err_set(err, EINVAL,
			       "the board holds at most %llu GiB of memory "
			       "(-m)",
			       (unsigned long long)(VIRT_RAM_MAX >> 30));
	if (config->ram_size < VIRT_RAM_MIN)
		return err_set(err, EINVAL,
			       "a guest needs at least %llu MiB of memory (-m)",
			       (unsigned long long)(VIRT_RAM_MIN >> 20));
	if (config->cpus < 1 || config->cpus > MAX_CPUS)
		return err_set(err, EINVAL, "the board has 1 to %d CPUs (-smp)",
			       MAX_CPUS);
	return 0;
}

/* The interpreter runs what cannot be translated here.  That is news only where
 * somebody could change it: not in a build or on a CPU without a translator. */
static int add_translator(struct machine *m, struct err *err)
{
	const struct jit_options *options = &m->config.jit;
	struct err why = { "" };
	const char *reason = NULL;
	int ret = 0;

	if (options->mode == JIT_OFF)
		return 0;
	if (!jit_available(&reason)) {
		if (m->config.accel_must)
			return err_set(err, ENOTSUP,
				       "the translator cannot run: %s", reason);
		log_info("the interpreter runs: %s", reason);
		return 0;
	}
	for (unsigned int i = 0; i < m->vcpus.n && ret >= 0; i++)
		ret = jit_init(&m->vcpus.vcpu[i]->cpu, options, &why);
	if (ret >= 0)
		return 0;
	for (unsigned int i = 0; i < m->vcpus.n; i++)
		jit_fini(&m->vcpus.vcpu[i]->cpu);
	if (m->config.accel_must)
		return err_set(err, -ret, "the translator cannot run: %s",
			       why.text);
	log_warn("the interpreter runs, several times slower: %s", why.text);
	return 0;
}

static int make(struct machine *m, struct err *err)
{
	const struct virt_config *config = &m->config;
	struct board_fdt board = { .model = config->cpu,
				   .cpus = config->cpus,
				   .second_uart = config->serial[1] };
	int ret = 0;

	if (!config->idle)
		ret = boot_open(&m->boot, &config->files, &board, err);
	if (ret < 0)
		return ret;
	ret = ram_init(&m->ram, RAM_BASE, align_up(config->ram_size, RAM_STEP),
		       err);
	if (ret < 0)
		return ret;
	ret = codepages_init(&m->codepages, &m->ram, err);
	if (ret < 0)
		return ret;
	m->sys = (struct arm_system){ .ram = &m->ram,
				      .bus = &m->bus,
				      .codepages = &m->codepages,
				      .board = m,
				      .clock = guest_clock,
				      .timer_line = timer_line,
				      .trace = config->trace,
				      .trace_file = config->trace_file };
	ret = vcpus_init(&m->vcpus, &m->sys, config->cpus, config->cpu,
			 machine_asked, m, err);
	if (ret < 0)
		return ret;
	ret = add_translator(m, err);
	if (ret < 0)
		return ret;
	gicv2_init(&m->gic, config->cpus, gic_output, gic_current, m);
	add_devices(m);
	return 0;
}

struct machine *virt_new(struct loop *loop, const struct virt_config *config,
			 struct err *err)
{
	struct machine *m;

	if (check_config(config, err) < 0)
		return NULL;
	m = xnew(struct machine);
	m->loop = loop;
	m->config = *config;
	m->boot.kernel = m->boot.initrd = -1;
	pthread_mutex_init(&m->lock, NULL);
	loop_timer_init(loop, &m->rtc_alarm, rtc_alarm, m);
	machine_init(m);
	if (make(m, err) < 0) {
		virt_free(m);
		return NULL;
	}
	return m;
}

int virt_finish(struct machine *m, struct err *err)
{
	int ret;

	for (unsigned int n = 0; n < VIRTIO_SLOTS; n++) {
		if (!m->virtio[n])
			map(m, virtio_row(), n, &virtio_mmio_empty_ops, NULL,
			    NULL);
	}
	ret = virt_reset(m, err);
	if (ret < 0)
		return ret;
	return vcpus_start(&m->vcpus, err);
}

static void reset_virtio(struct machine *m)
{
	for (unsigned int n = 0; n < VIRTIO_SLOTS; n++) {
		if (m->virtio[n])
			virtio_reset(m->virtio[n]);
	}
}

int virt_reset(struct machine *m, struct err *err)
{
	int ret = 0;

	reset_virtio(m);
	pthread_mutex_lock(&m->lock);
	for (unsigned int i = 0; i < VIRT_SERIALS; i++) {
		if (m->uart[i].chr)
			pl011_reset(&m->uart[i]);
	}
	pl061_reset(&m->gpio);
	fw_cfg_reset(&m->fw_cfg);
	pthread_mutex_unlock(&m->lock);
	gicv2_reset(&m->gic);
	if (!m->config.idle)
		ret = boot_load(&m->boot, &m->ram, err);
	if (ret < 0)
		return ret;
	vcpus_reset(&m->vcpus, m->boot.entry, BOOT_R1, m->boot.dtb);
	return 0;
}

void virt_power_key(struct machine *m, bool down)
{
	with_lock(&m->lock);
	pl061_set_input(&m->gpio, POWER_KEY_LINE, down);
}

void virt_free(struct machine *m)
{
	if (!m)
		return;
	loop_timer_cancel(&m->rtc_alarm);
	loop_timer_cancel(&m->key_release);
	loop_call_cancel(&m->asked_call);
	if (m->vcpus.sys) {
		vcpus_pause(&m->vcpus);
		reset_virtio(m); /* it may still interrupt the CPUs */
		vcpus_fini(&m->vcpus);
	}
	if (m->gic.cpus)
		gicv2_fini(&m->gic);
	codepages_fini(&m->codepages);
	ram_fini(&m->ram);
	boot_close(&m->boot);
	pthread_mutex_destroy(&m->lock);
	free(m);
}
