/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-console over a chardev made here, and virtio-rng. */
#include "virtio/console.h"
#include "virtio/rng.h"
#include "virtio_driver.h"

#define COMMON      (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)
#define F_MULTIPORT (UINT64_C(1) << 1)

static struct drv drv;
static struct virtio_console con;
static struct loop *loop;

/* The other end of a port. */
struct far {
	struct chardev chr;
	char text[16384];
	size_t n;
	size_t room; /* of a port of the host */
	unsigned int accepts;
};

static void far_write(struct chardev *chr, const uint8_t *bytes, size_t n)
{
	struct far *f = (struct far *)chr;

	for (size_t i = 0; i < n && f->n < sizeof(f->text); i++)
		f->text[f->n++] = (char)bytes[i];
}

static void far_accept(struct chardev *chr)
{
	((struct far *)chr)->accepts++;
}

static const struct chardev_ops far_ops = { .write = far_write,
					    .accept_input = far_accept };
static struct far tty = { .chr.ops = &far_ops },
		  agent = { .chr.ops = &far_ops };

/* A serial port of the host: what there is no room for is lost. */
static void port_write(struct chardev *chr, const uint8_t *bytes, size_t n)
{
	struct far *f = (struct far *)chr;

	if (n > f->room)
		n = f->room;
	far_write(chr, bytes, n);
	f->room -= n;
}

static size_t port_room(struct chardev *chr)
{
	return ((struct far *)chr)->room;
}

static const struct chardev_port_ops port_ops = { 0 };
static const struct chardev_ops far_port_ops = { .write = port_write,
						 .room = port_room,
						 .accept_input = far_accept,
						 .port = &port_ops };
static struct far stick = { .chr.ops = &far_port_ops },
		  radio = { .chr.ops = &far_port_ops };

static size_t room(struct far *f)
{
	return f->chr.front.can_receive(f->chr.front.arg);
}

static void type(struct far *f, const char *text, size_t n)
{
	f->chr.front.receive(f->chr.front.arg, (const uint8_t *)text, n);
}

static void offer(unsigned int q, uint64_t at, uint32_t len, bool in)
{
	struct drv_buf buf = { at, len, in };

	drv_add(&drv, q, &buf, 1);
	drv_kick(&drv, q);
}

static void test_one_port(void)
{
	uint8_t *in = drv_at(&drv, DRV_BUF);
	uint32_t len = 0;
	char much[4096];

	check_eq(room(&tty), 0); /* nobody is there yet */
	drv_start(&drv, COMMON, 64);
	check(tty.accepts > 0);
	check_eq(room(&tty), 4096);
	type(&tty, "hello", 5);
	check_eq(room(&tty), 4091);
	offer(0, DRV_BUF, 3, true);
	check(drv_poll(&drv, 0, &len) >= 0);
	check_eq(len, 3);
	check(!memcmp(in, "hel", 3));
	offer(0, DRV_BUF, 100, true);
	check(drv_poll(&drv, 0, &len) >= 0);
	check_eq(len, 2);
	offer(0, DRV_BUF, 100, true);
	check(drv_poll(&drv, 0, &len) < 0);
	type(&tty, "x", 1);
	check(drv_poll(&drv, 0, &len) >= 0);
	check_eq(len, 1);

	memset(much, 'm', sizeof(much)); /* round the FIFO's end */
	type(&tty, much, sizeof(much));
	check_eq(room(&tty), 0);
	offer(0, DRV_BUF, 4095, true);
	check(drv_poll(&drv, 0, &len) >= 0);
	check_eq(len, 4095);
	check_eq(in[4094], 'm');
	check_eq(room(&tty), 4095);

	memcpy(in, "world", 5);
	offer(1, DRV_BUF, 5, false);
	check(drv_poll(&drv, 1, NULL) >= 0);
	check_eq(tty.n, 5);
	check(!memcmp(tty.text, "world", 5));

	offer(1, DRV_BUF, (1 << 20) + 1, false); /* an attack */
	check_eq(drv_rd(&drv, 0x070), 15 | 64);
	check_eq(room(&tty), 0);
}

static void control(uint32_t id, uint16_t event, uint16_t value)
{
	uint8_t *p = drv_at(&drv, DRV_BUF + 0x1000);

	memcpy(p, &id, 4);
	memcpy(p + 4, &event, 2);
	memcpy(p + 6, &value, 2);
	offer(3, DRV_BUF + 0x1000, 8, false);
	check(drv_poll(&drv, 3, NULL) >= 0);
}

/* The next control message that the device sent: id, event, value. */
static void expect(uint32_t id, uint16_t event, uint16_t value,
		   const char *name)
{
	uint8_t *p = drv_at(&drv, DRV_BUF + 0x2000);
	uint32_t len = 0, got_id;
	uint16_t got;

	offer(2, DRV_BUF + 0x2000, 128, true);
	check(drv_poll(&drv, 2, &len) >= 0);
	memcpy(&got_id, p, 4);
	check_eq(got_id, id);
	memcpy(&got, p + 4, 2);
	check_eq(got, event);
	memcpy(&got, p + 6, 2);
	check_eq(got, value);
	check_eq(len, 8 + strlen(name));
	check(!memcmp(p + 8, name, strlen(name)));
}

static void stop(void *arg, const struct chardev *chr)
{
	(void)arg;
	(void)chr;
	loop_quit(loop, 0);
}

static void time_over(void *arg)
{
	(void)arg;
	loop_quit(loop, 1);
}

/* The agent's other end hears of it, as if nothing had been told before. */
static void hears(bool open)
{
	struct loop_timer guard;

	check(con.tell_opened.deadline != UINT64_MAX);
	loop_timer_arm(&con.tell_opened, 0);
	agent.chr.watch = stop;
	loop_timer_init(loop, &guard, time_over, NULL);
	loop_timer_arm(&guard, loop_now() + UINT64_C(10000000000));
	check_eq(loop_run(loop), 0);
	loop_timer_cancel(&guard);
	check_eq(agent.chr.front_open, open);
}

static void test_ports(void)
{
	uint32_t len = 0;

	drv_start(&drv, COMMON | F_MULTIPORT, 64);
	check_eq(drv_rd(&drv, 0x104), VIRTIO_CONSOLE_PORTS);
	agent.chr.front.event(agent.chr.front.arg, true);
	control(0, 0, 1); /* the driver is ready; no buffers yet */
	expect(0, 1, 1, "");
	expect(1, 1, 1, "");
	control(0, 3, 1);
	expect(0, 4, 1, ""); /* a console */
	control(1, 3, 1);
	expect(1, 6, 1, ""); /* somebody is there */
	expect(1, 7, 1, "org.qemu.guest_agent.0");
	check_eq(room(&agent), 0);
	check(tty.chr.front_open && !agent.chr.front_open);
	control(1, 6, 1); /* the guest opens it */
	hears(true);
	check_eq(room(&agent), 4096);
	type(&agent, "ping", 4);
	offer(4, DRV_BUF, 100, true);
	check(drv_poll(&drv, 4, &len) >= 0);
	check_eq(len, 4);
	memcpy(drv_at(&drv, DRV_BUF), "pong", 4);
	offer(5, DRV_BUF, 4, false);
	check_eq(agent.n, 4);
	control(1, 6, 0); /* it may do so for ever: not more than that */
	check(con.tell_opened.deadline >= con.told_opened + 1000000000);
	hears(false);
	check_eq(room(&agent), 0);
	agent.chr.front.event(agent.chr.front.arg, false);
	expect(1, 6, 0, "");
	control(99, 6, 1); /* nonsense */
	control(5, 3, 1);
	control(0, 0xffff, 1);
	offer(7, DRV_BUF, 4, false); /* a port that there is not */
	check_eq(drv_rd(&drv, 0x070), 15);
	control(1, 6, 1);
	hears(true);
	virtio_reset(&con.vdev);
	hears(false);
	check(tty.chr.front_open); /* a console */
}

static void add(struct far *f, bool console)
{
	struct virtio_console_port_options opt = { .chr = &f->chr,
						   .console = console,
						   .nr = -1 };
	struct err err;

	check_eq(virtio_console_add(&con, &opt, &err), 0);
}

/* Linux's driver of consoles spins until its buffer is used: however slow the
 * other end is, that is at once. */
static void test_slow_console(void)
{
	add(&stick, true); /* port 2 */
	check(stick.chr.front.never_waits);
	drv_start(&drv, COMMON | F_MULTIPORT, 64);
	offer(7, DRV_BUF, 100, false);
	check(drv_poll(&drv, 7, NULL) >= 0);
}

static void drain(struct far *f)
{
	f->room = 4096;
	f->chr.front.drained(f->chr.front.arg);
}

/* Others wait, and go on where they stopped. */
static void test_slow_port(void)
{
	uint8_t *p = drv_at(&drv, DRV_BUF);

	add(&radio, false); /* port 3 */
	drv_start(&drv, COMMON | F_MULTIPORT, 64);
	for (unsigned int i = 0; i < 10000; i++)
		p[i] = (uint8_t)(i * 7 >> 3);
	radio.room = 4096;
	offer(9, DRV_BUF, 10000, false);
	check(drv_poll(&drv, 9, NULL) < 0);
	check_eq(radio.n, 4096);
	radio.room = 100; /* not worth it */
	drv_kick(&drv, 9);
	check_eq(radio.n, 4096);
	drain(&radio);
	check(drv_poll(&drv, 9, NULL) < 0);
	drain(&radio);
	check(drv_poll(&drv, 9, NULL) >= 0);
	check_eq(radio.n, 10000);
	check(!memcmp(radio.text, p, 10000));

	radio.n = 0;
	drain(&radio);
	offer(9, DRV_BUF, 5000, false);
	check_eq(radio.n, 4096);
	drv_start(&drv, COMMON | F_MULTIPORT, 64); /* the rest is forgotten */
	drain(&radio);
	check_eq(radio.n, 4096);
	offer(9, DRV_BUF, 100, false);
	check(drv_poll(&drv, 9, NULL) >= 0);
	check_eq(radio.n, 4196);
	check(!memcmp(radio.text + 4096, p, 100));
}

static void test_rng(const struct virtio_env *env)
{
	struct virtio_rng rng;
	uint8_t *p = drv_at(&drv, DRV_BUF);
	unsigned int zeroes = 0;
	uint32_t len = 0;

	virtio_rng_init(&rng, env);
	drv.vdev = &rng.vdev;
	drv_start(&drv, COMMON, 8);
	memset(p, 0, 8192);
	offer(0, DRV_BUF, 1024, true);
	check(drv_poll(&drv, 0, &len) >= 0);
	check_eq(len, 1024);
	for (unsigned int i = 0; i < 1024; i++)
		zeroes += !p[i];
	check(zeroes < 64);
	check_eq(p[1024] | p[1025] | p[1026] | p[1027], 0);
	offer(0, DRV_BUF, 1 << 20, true);
	check(drv_poll(&drv, 0, &len) >= 0);
	check_eq(len, 4096);
	offer(0, DRV_BUF, 16, false); /* nothing to write to */
	check(drv_poll(&drv, 0, &len) >= 0);
	check_eq(len, 0);
	virtio_reset(&rng.vdev);
	virtio_rng_fini(&rng);
}

int main(void)
{
	struct err err;
	struct virtio_env env;
	struct virtio_console_port_options opt = { .chr = &tty.chr,
						   .console = true,
						   .nr = -1 };

	log_init("test_virtio_console", LOG_QUIET);
	loop = loop_new(&err);
	drv_ram(&drv);
	env = drv_env(&drv, loop);
	virtio_console_init(&con, &env);
	drv.vdev = &con.vdev;
	check_eq(virtio_console_add(&con, &opt, &err), 0);
	opt.nr = 0;
	check(virtio_console_add(&con, &opt, &err) < 0);
	opt.nr = 7;
	check(virtio_console_add(&con, &opt, &err) < 0);
	opt = (struct virtio_console_port_options){
		.chr = &agent.chr, .nr = -1, .name = "org.qemu.guest_agent.0"
	};
	check_eq(virtio_console_add(&con, &opt, &err), 0);
	test_one_port();
	test_ports();
	test_slow_console();
	test_slow_port();
	virtio_reset(&con.vdev);
	virtio_console_fini(&con);
	test_rng(&env);
	loop_free(loop);
	return test_done();
}
