/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole machine with programs of a few instructions: what the CPUs, the
 * devices and the loop do together.
 */
#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "board/board.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "qcow2_image.h"
#include "test.h"
#include "virtio/blk.h"
#include "virtio_driver.h"

enum {
	MS = 1000000,
	COUNTER = RAM_BASE + 0x100000, /* where the programs count */
};

/* The device tree in r2, r0 and r1 of the boot protocol. */
static const uint32_t hello[] = {
	0xe3a06409, /* mov r6, #150994944 */
	0xe5923000, /* ldr r3, [r2] */
	0xe3004dd0, /* movw r4, #3536 */
	0xe34e4dfe, /* movt r4, #60926 */
	0xe1530004, /* cmp r3, r4 */
	0x03500000, /* cmpeq r0, #0 */
	0x03710001, /* cmneq r1, #1 */
	0x03a05044, /* moveq r5, #68 */
	0x13a05078, /* movne r5, #120 */
	0xe5865000, /* str r5, [r6] */
	0xe3000008, /* movw r0, #8 */
	0xe3480400, /* movt r0, #33792 */
	0xe1400070, /* hvc 0 */
};

/* Resets until it was here three times. */
static const uint32_t resets[] = {
	0xe3a06409, /* mov r6, #150994944 */
	0xe3a07101, /* mov r7, #1073741824 */
	0xe3877601, /* orr r7, r7, #1048576 */
	0xe5973000, /* ldr r3, [r7] */
	0xe2833001, /* add r3, r3, #1 */
	0xe5873000, /* str r3, [r7] */
	0xe2834030, /* add r4, r3, #48 */
	0xe5864000, /* str r4, [r6] */
	0xe3530003, /* cmp r3, #3 */
	0xb3000009, /* movwlt r0, #9 */
	0xa3000008, /* movwge r0, #8 */
	0xe3480400, /* movt r0, #33792 */
	0xe1600070, /* smc 0 */
};

/* Starts the other CPU, and waits until that is off. */
static const uint32_t second[] = {
	0xe3a06409, /* mov r6, #150994944 */
	0xe3000003, /* movw r0, #3 */
	0xe3480400, /* movt r0, #33792 */
	0xe3a01001, /* mov r1, #1 */
	0xe28f2040, /* add r2, pc, #64 */
	0xe3a03063, /* mov r3, #99 */
	0xe1400070, /* hvc 0 */
	0xe3500000, /* cmp r0, #0 */
	0x13a00078, /* movne r0, #120 */
	0x15860000, /* strne r0, [r6] */
	0xe3000004, /* movw r0, #4 */
	0xe3480400, /* movt r0, #33792 */
	0xe3a01001, /* mov r1, #1 */
	0xe3a02000, /* mov r2, #0 */
	0xe1400070, /* hvc 0 */
	0xe3500001, /* cmp r0, #1 */
	0x1afffff8, /* bne 28 */
	0xe3a0004b, /* mov r0, #75 */
	0xe5860000, /* str r0, [r6] */
	0xe3000008, /* movw r0, #8 */
	0xe3480400, /* movt r0, #33792 */
	0xe1400070, /* hvc 0 */
	0xe3a06409, /* mov r6, #150994944 */
	0xe5860000, /* str r0, [r6] */
	0xe3000002, /* movw r0, #2 */
	0xe3480400, /* movt r0, #33792 */
	0xe1400070, /* hvc 0 */
};

/* Sleeps until the virtual timer rings, 5 ms later. */
static const uint32_t timer[] = {
	0xe3a06409, /* mov r6, #150994944 */
	0xe3a08302, /* mov r8, #134217728 */
	0xe2889801, /* add r9, r8, #65536 */
	0xe3a00001, /* mov r0, #1 */
	0xe5880000, /* str r0, [r8] */
	0xe5890000, /* str r0, [r9] */
	0xe3a010ff, /* mov r1, #255 */
	0xe5891004, /* str r1, [r9, #4] */
	0xe3a01302, /* mov r1, #134217728 */
	0xe5881100, /* str r1, [r8, #256] */
	0xe30c14b4, /* movw r1, #50356 */
	0xe3401004, /* movt r1, #4 */
	0xee0e1f13, /* mcr 15, 0, r1, cr14, cr3, {0} */
	0xee0e0f33, /* mcr 15, 0, r0, cr14, cr3, {1} */
	0xe320f003, /* wfi */
	0xee1e1f33, /* mrc 15, 0, r1, cr14, cr3, {1} */
	0xe3510005, /* cmp r1, #5 */
	0x03a05054, /* moveq r5, #84 */
	0x13a05078, /* movne r5, #120 */
	0xe5865000, /* str r5, [r6] */
	0xe599100c, /* ldr r1, [r9, #12] */
	0xe351001b, /* cmp r1, #27 */
	0x03a05049, /* moveq r5, #73 */
	0x13a05078, /* movne r5, #120 */
	0xe5865000, /* str r5, [r6] */
	0xe3000008, /* movw r0, #8 */
	0xe3480400, /* movt r0, #33792 */
	0xe1400070, /* hvc 0 */
};

/* Counts in RAM, beside the time. */
static const uint32_t counting[] = {
	0xe3a07101, /* mov r7, #1073741824 */
	0xe3877601, /* orr r7, r7, #1048576 */
	0xe5973000, /* ldr r3, [r7] */
	0xe2833001, /* add r3, r3, #1 */
	0xe5873000, /* str r3, [r7] */
	0xec510f1e, /* mrrc 15, 1, r0, r1, cr14 */
	0xe5870004, /* str r0, [r7, #4] */
	0xeafffff9, /* b 8 */
};

/* Polls the power key. */
static const uint32_t power_key[] = {
	0xe3a06409, /* mov r6, #150994944 */
	0xe3868803, /* orr r8, r6, #196608 */
	0xe3a00053, /* mov r0, #83 */
	0xe5860000, /* str r0, [r6] */
	0xe3a00008, /* mov r0, #8 */
	0xe5880408, /* str r0, [r8, #1032] */
	0xe5880410, /* str r0, [r8, #1040] */
	0xe5981418, /* ldr r1, [r8, #1048] */
	0xe3110008, /* tst r1, #8 */
	0x0afffffc, /* beq 1c */
	0xe59813fc, /* ldr r1, [r8, #1020] */
	0xe3110008, /* tst r1, #8 */
	0x13a05050, /* movne r5, #80 */
	0x03a05078, /* moveq r5, #120 */
	0xe5865000, /* str r5, [r6] */
	0xe3000008, /* movw r0, #8 */
	0xe3480400, /* movt r0, #33792 */
	0xe1400070, /* hvc 0 */
};

static const uint32_t asleep[] = {
	0xe320f003, /* wfi */
	0xeafffffd, /* b 0 <> */
};

/* A serial line that keeps what comes. */
static char out[64];
static size_t out_n;

static void keep(struct chardev *chr, const uint8_t *bytes, size_t n)
{
	(void)chr;
	for (size_t i = 0; i < n && out_n < sizeof(out) - 1; i++)
		out[out_n++] = (char)bytes[i];
}

static const struct chardev_ops ops = { .write = keep };
static struct chardev serial;

static struct loop *loop;
static struct machine *m;
static struct err err;
static char path[] = "/tmp/test_machine.XXXXXX";
static int events[8], causes[8];
static unsigned int event_n;

static void note(void *arg, enum machine_event event, int data)
{
	(void)arg;
	if (event_n < 8) {
		events[event_n] = (int)event;
		causes[event_n++] = data;
	}
}

static struct machine_listener listener;

static void make(const uint32_t *program, size_t bytes, unsigned int cpus,
		 bool no_reboot)
{
	struct virt_config config = { .cpu = CORTEX_A7,
				      .cpus = cpus,
				      .ram_size = 64 << 20,
				      .files.kernel = path,
				      .serial = { &serial },
				      .no_reboot = no_reboot };
	autoclose int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	check(fd >= 0 && io_write(fd, program, bytes) == 0);
	serial = (struct chardev){ .ops = &ops };
	memset(out, 0, sizeof(out));
	out_n = event_n = 0;
	m = virt_new(loop, &config, &err);
	check(m && !virt_finish(m, &err));
	listener = (struct machine_listener){ .event = note };
	machine_listen(m, &listener);
	check_eq(machine_state(m), RUN_PRELAUNCH);
}

#define MAKE(program, cpus, no_reboot) \
	make(program, sizeof(program), cpus, no_reboot)

/* Until the guest is off, then what it printed. */
static void run(const char *want)
{
	machine_start(m);
	check_eq(machine_state(m), RUN_RUNNING);
	check_eq(loop_run(loop), 0);
	check_eq(machine_state(m), RUN_SHUTDOWN);
	check(!strcmp(out, want));
	check_eq(events[0], EVENT_RESUME);
	check_eq(events[event_n - 1], EVENT_SHUTDOWN);
	virt_free(m);
}

static void boots(void)
{
	MAKE(hello, 1, false);
	run("D");
	check_eq(event_n, 2);
	check_eq(causes[1], CAUSE_GUEST_SHUTDOWN);
}

static void reset_in_place(void)
{
	MAKE(resets, 2, false);
	run("123");
	check_eq(event_n, 4);
	check_eq(events[1], EVENT_RESET);
	check_eq(causes[1], CAUSE_GUEST_RESET);
	MAKE(resets, 1, true); /* -no-reboot */
	run("1");
	check_eq(causes[1], CAUSE_GUEST_RESET);
}

static void second_cpu(void)
{
	for (int i = 0; i < 20; i++) {
		MAKE(second, 2 + i % 7, false);
		run("cK");
	}
	MAKE(second, 1, false); /* there is none: refused, then not off */
	machine_start(m);
	machine_quit(m, CAUSE_HOST_SIGNAL);
	check_eq(loop_run(loop), 0);
	virt_free(m);
}

static void timer_wakes(void)
{
	uint64_t before = loop_now();

	MAKE(timer, 1, false);
	run("TI");
	check(loop_now() - before >= 5 * MS);
}

static uint32_t counted(unsigned int word)
{
	const uint32_t *at = ram_at(&m->ram, COUNTER, 8);

	return __atomic_load_n(at + word, __ATOMIC_RELAXED);
}

/* Until it counts on; false after five seconds. */
static bool counts_on(void)
{
	uint32_t from = counted(0);

	for (int i = 0; i < 5000 && counted(0) == from; i++)
		usleep(1000);
	return counted(0) != from;
}

static void pause_and_go(void)
{
	struct machine_cpu_stats stats;
	uint32_t at, time;

	MAKE(counting, 1, false);
	usleep(5000);
	check_eq(counted(0), 0);
	machine_start(m);
	check(counts_on());
	machine_cpu_stats(m, 0, &stats);
	check(stats.thread_id > 0 && !stats.halted);
	for (int i = 0; i < 5; i++) {
		machine_pause(m);
		check_eq(machine_state(m), RUN_PAUSED);
		at = counted(0);
		time = counted(1);
		usleep(50000);
		check_eq(counted(0), at);
		machine_start(m);
		check(counts_on());
		if (counted(0) - at < 1000) /* the clock stood still too */
			check(counted(1) - time < 50 * 62500);
	}
	machine_pause(m);
	machine_pause(m);
	machine_reset(m, CAUSE_HOST_QMP_RESET); /* stays paused */
	check_eq(machine_state(m), RUN_PAUSED);
	at = counted(0);
	usleep(5000);
	check_eq(counted(0), at);
	machine_start(m);
	check(counts_on());
	machine_quit(m, CAUSE_HOST_QMP_QUIT);
	check_eq(loop_run(loop), 0);
	virt_free(m);
}

static void press(void *arg)
{
	(void)arg;
	machine_powerdown(m);
}

static void power_key_pressed(void)
{
	struct loop_timer t;

	MAKE(power_key, 1, false);
	loop_timer_init(loop, &t, press, NULL);
	loop_timer_arm(&t, loop_now() + 20 * MS);
	run("SP");
	check_eq(events[1], EVENT_POWERDOWN);
}

static bool key_is_down(void)
{
	with_lock(&m->lock);
	return m->gpio.inputs & 8;
}

static void stop_loop(void *arg)
{
	loop_quit(arg, 0);
}

static void run_loop(unsigned int ms)
{
	struct loop_timer t;

	loop_timer_init(loop, &t, stop_loop, loop);
	loop_timer_arm(&t, loop_now() + (uint64_t)ms * MS);
	loop_run(loop);
}

/* A guest that stands still finds the key down when it goes on. */
static void power_key_waits(void)
{
	MAKE(asleep, 1, false);
	machine_start(m);
	machine_pause(m);
	machine_powerdown(m);
	run_loop(300);
	check(key_is_down());
	machine_start(m);
	check(key_is_down());
	for (int i = 0; i < 500 && key_is_down(); i++)
		run_loop(20);
	check(!key_is_down());
	virt_free(m);
}

static void sleeping_cpu_stops(void)
{
	struct machine_cpu_stats stats = { 0 };

	MAKE(asleep, 8, false);
	machine_start(m);
	for (int i = 0; i < 5000 && !stats.halted; i++) {
		usleep(1000);
		machine_cpu_stats(m, 0, &stats);
	}
	check(stats.halted);
	check_eq(machine_cpus(m), 8);
	machine_pause(m);
	machine_start(m);
	virt_free(m); /* while it runs */
}

static void refused(void)
{
	struct virt_config config = { .cpus = 1,
				      .ram_size = UINT64_C(9) << 30,
				      .files.kernel = path,
				      .serial = { &serial } };

	check(!virt_new(loop, &config, &err));
	check(strstr(err.text, "8 GiB") != NULL);
	config.ram_size = 1 << 20;
	check(!virt_new(loop, &config, &err));
	config.ram_size = 64 << 20;
	config.cpus = 9;
	check(!virt_new(loop, &config, &err));
	config.cpus = 1;
	config.files.kernel = "/nonexistent";
	check(!virt_new(loop, &config, &err));
	config.files.kernel = NULL;
	check(!virt_new(loop, &config, &err));
}

static void no_reset(struct virtio_device *vdev)
{
	(void)vdev;
}

static void slots(void)
{
	static const struct virtio_class class = { .name = "nothing",
						   .queue_size = 2,
						   .reset = no_reset };
	struct virtio_env env;
	static struct virtio_device dev[VIRTIO_SLOTS];
	struct virt_config config = { .cpus = 1,
				      .ram_size = 64 << 20,
				      .files.kernel = path,
				      .serial = { &serial } };

	m = virt_new(loop, &config, &err);
	for (int i = 0; i < VIRTIO_SLOTS; i++) {
		/* one from the bottom, then the others from the top */
		enum virt_way way = i ? VIRT_FROM_TOP : VIRT_FROM_BOTTOM;
		int slot = virt_slot(m, way, &env, &err);

		check_eq(slot, i ? VIRTIO_SLOTS - i : 0);
		check_eq(env.irq.n, 16 + slot);
		virtio_init(&dev[i], &class, 0, &env);
		virt_plug(m, slot, &dev[i]);
	}
	check(virt_slot(m, VIRT_FROM_TOP, &env, &err) < 0);
	check(virt_slot(m, VIRT_FROM_BOTTOM, &env, &err) < 0);
	virt_free(m);
	for (int i = 0; i < VIRTIO_SLOTS; i++)
		virtio_fini(&dev[i]);
}

static void happened(void *arg, const struct block_event *event)
{
	check_eq(event->action, BLOCK_STOP);
	sem_post(arg);
}

/* A raw disk in memory that is full: who writes waits for room. */
static struct block *full_disk(struct pool *pool, sem_t *held)
{
	static const uint8_t empty[4096];
	const struct block_options opt = { .filename = "memory" };
	struct memory_file *f = (struct memory_file *)memory_file(
		empty, sizeof(empty), sizeof(empty));
	const struct block_below below = { .file = &f->b };
	struct block *b = NULL;

	f->b.pool = pool;
	f->full = true;
	check_eq(block_format_open(&b, BLOCK_RAW, &opt, &below, &err), 0);
	block_free(&f->b);
	block_set_errors(b, BLOCK_REPORT, BLOCK_ENOSPC);
	block_set_event(b, happened, held);
	return b;
}

/* The shared interrupt n goes to CPU 0, which takes them all. */
static void let_through(unsigned int n)
{
	unsigned int id = 32 + n;

	gicv2_dist_ops.write(&m->gic, 0x000, 1, 4); /* GICD_CTLR */
	gicv2_dist_ops.write(&m->gic, 0x100 + id / 32 * 4, 1u << id % 32, 4);
	gicv2_dist_ops.write(&m->gic, 0x800 + id, 1, 1); /* GICD_ITARGETSR */
	gicv2_cpu_ops.write(&m->gic, 0x00, 1, 4);        /* GICC_CTLR */
	gicv2_cpu_ops.write(&m->gic, 0x04, 0xff, 4);     /* GICC_PMR */
}

/* The machine ends while a request waits for room: that is completed, and
 * interrupts a CPU that must still be there. */
static void ends_with_held_request(void)
{
	static struct virtio_blk blk;
	struct drv drv = { .vdev = &blk.vdev };
	const struct drv_buf buf[] = { { DRV_BUF, 16 + 512, false },
				       { DRV_BUF + 0x1000, 1, true } };
	struct virt_config config = { .cpus = 1,
				      .ram_size = 64 << 20,
				      .files.kernel = path,
				      .serial = { &serial } };
	struct pool *pool = pool_new(1, &err);
	struct virtio_blk_options opt = { 0 };
	struct virtio_env env;
	sem_t held;
	int slot;

	sem_init(&held, 0, 0);
	opt.block = full_disk(pool, &held);
	m = virt_new(loop, &config, &err);
	slot = virt_slot(m, VIRT_FROM_BOTTOM, &env, &err);
	virtio_blk_init(&blk, &env, &opt);
	virt_plug(m, slot, &blk.vdev);
	let_through(env.irq.n);
	drv.ram = m->ram;
	drv_start(&drv, 0, 8);
	*(uint32_t *)drv_at(&drv, DRV_BUF) = htole32(1); /* write sector 0 */
	drv_add(&drv, 0, buf, 2);
	drv_kick(&drv, 0);
	sem_wait(&held);
	virt_free(m);
	check_eq(blk.pending, 0);
	virtio_blk_fini(&blk);
	block_free(opt.block);
	pool_free(pool);
	sem_destroy(&held);
}

int main(void)
{
	close(mkstemp(path));
	loop = loop_new(&err);
	boots();
	reset_in_place();
	second_cpu();
	timer_wakes();
	pause_and_go();
	power_key_pressed();
	power_key_waits();
	sleeping_cpu_stops();
	refused();
	slots();
	ends_with_held_request();
	loop_free(loop);
	unlink(path);
	return test_done();
}
