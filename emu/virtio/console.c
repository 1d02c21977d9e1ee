/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-console, virtio 1.2 §5.3.
 *
 * Towards the guest each port has a small FIFO: what the chardev gives is put
 * there, and moved to the driver's buffers as they come.  From the guest bytes
 * go to the chardev at once, which never blocks.  A serial port of the host may
 * have no room for all of a chain: it is given back to the queue, and popped
 * again when there is.
 *
 * Control messages (§5.3.6.2) are not queued but remembered as bits, "this is
 * to be told": so nothing has to be allocated or dropped when the driver has
 * no buffer for them.
 */
#include "virtio/console.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "virtio/bytes.h"

enum {
	QUEUE_SIZE = 128,
	BUDGET = 2 * QUEUE_SIZE,
	MOST = 1 << 20,   /* bytes in one chain: more is an attack */
	PORT_ROOM = 2048, /* bytes free in a host's port that are worth going on
			   * for */

	QUEUE_CONTROL_RX = 2, /* to the driver */
	QUEUE_CONTROL_TX = 3,

	CONFIG_MAX_PORTS = 4,
	CONFIG_SIZE = 12,
};

#define F_MULTIPORT (UINT64_C(1) << 1)

#define SECOND UINT64_C(1000000000) /* ns */

/* §5.3.6.2.1 */
enum event {
	DEVICE_READY = 0,
	PORT_ADD = 1,
	PORT_REMOVE = 2,
	PORT_READY = 3,
	CONSOLE_PORT = 4,
	RESIZE = 5,
	PORT_OPEN = 6,
	PORT_NAME = 7,
	EVENTS,
};

static unsigned int rx_queue(unsigned int port)
{
	return port ? 2 * port + 2 : 0;
}

static struct virtio_console_port *port_of_queue(struct virtio_console *con,
						 unsigned int n)
{
	return &con->ports[n < 2 ? 0 : n / 2 - 1];
}

/* Lock held: does anybody in the guest take what comes for this port? */
static bool takes_input(const struct virtio_console_port *p)
{
	const struct virtio_device *vdev = &p->con->vdev;

	return virtio_running(vdev) &&
	       (!(vdev->features & F_MULTIPORT) || p->guest_open);
}

/* Lock held: from the FIFO into the driver's buffers. */
static void deliver(struct virtio_console_port *p)
{
	struct virtio_console *con = p->con;
	struct virtqueue *q =
		&con->vdev.queue[rx_queue((unsigned int)(p - con->ports))];
	struct virtq_chain c = { .iov = con->iov,
				 .iov_max = VIRTIO_CONSOLE_IOV };
	bool took = false;

	while (p->fill && takes_input(p) && virtq_pop(q, &c) > 0) {
		size_t done = 0, n;

		do {
			n = VIRTIO_CONSOLE_FIFO - p->head;
			if (n > p->fill)
				n = p->fill;
			n = virtq_to_iov(c.iov + c.out, c.in, done,
					 p->fifo + p->head, n);
			done += n;
			p->head = (p->head + (uint32_t)n) % VIRTIO_CONSOLE_FIFO;
			p->fill -= (uint32_t)n;
		} while (n && p->fill);
		virtq_push(q, &c, (uint32_t)done);
		took = true;
		if (!done) /* a buffer of no bytes: the next notification */
			break;
	}
	if (took)
		virtio_notify_used(&con->vdev, q);
	if (p->chr && p->fill < VIRTIO_CONSOLE_FIFO)
		chardev_accept_input(p->chr);
}

static size_t front_can_receive(void *arg)
{
	struct virtio_console_port *p = arg;

	with_lock(&p->con->vdev.lock);
	return takes_input(p) ? VIRTIO_CONSOLE_FIFO - p->fill : 0;
}

static void front_receive(void *arg, const uint8_t *bytes, size_t n)
{
	struct virtio_console_port *p = arg;

	with_lock(&p->con->vdev.lock);
	for (size_t i = 0; i < n && p->fill < VIRTIO_CONSOLE_FIFO; i++)
		p->fifo[(p->head + p->fill++) % VIRTIO_CONSOLE_FIFO] = bytes[i];
	deliver(p);
}

/* Lock held: send one message; false: the driver has no buffer for it. */
static bool send_control(struct virtio_console_port *p, enum event event,
			 uint16_t value)
{
	struct virtio_console *con = p->con;
	struct virtqueue *q = &con->vdev.queue[QUEUE_CONTROL_RX];
	struct virtq_chain c = { .iov = con->iov,
				 .iov_max = VIRTIO_CONSOLE_IOV };
	uint8_t msg[8 + sizeof(p->name)] = { 0 };
	size_t n = 8;

	if (virtq_pop(q, &c) <= 0)
		return false;
	put_le(msg, 4, (uint64_t)(p - con->ports));
	put_le(msg + 4, 2, event);
	put_le(msg + 6, 2, value);
	if (event == PORT_NAME) {
		memcpy(msg + 8, p->name, strlen(p->name));
		n += strlen(p->name);
	}
	n = virtq_to_iov(c.iov + c.out, c.in, 0, msg, n);
	virtq_push(q, &c, (uint32_t)n);
	return true;
}

/* Lock held: the messages that are due, as far as there are buffers. */
static void tell(struct virtio_console *con)
{
	struct virtio_device *vdev = &con->vdev;

	if (!virtio_running(vdev) || !(vdev->features & F_MULTIPORT))
		return;
	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++) {
		struct virtio_console_port *p = &con->ports[i];

		for (unsigned int e = 0; p->tell >> e; e++) {
			if (!(p->tell >> e & 1))
				continue;
			if (!send_control(p, (enum event)e,
					  e == PORT_OPEN ? p->host_open : 1))
				goto out;
			p->tell &= ~(1u << e);
		}
	}
out:
	virtio_notify_used(vdev, &vdev->queue[QUEUE_CONTROL_RX]);
}

static void front_event(void *arg, bool open)
{
	struct virtio_console_port *p = arg;

	with_lock(&p->con->vdev.lock);
	p->host_open = open;
	if (p->tell >> PORT_ADD & 1)
		return; /* the guest does not know the port yet */
	p->tell |= 1u << PORT_OPEN;
	tell(p->con);
}

/* Lock held.  The other end is told, once a second at most. */
static void set_guest_open(struct virtio_console_port *p, bool open)
{
	struct virtio_console *con = p->con;
	uint64_t due = con->told_opened + SECOND, now = loop_now();

	if (p->guest_open == open)
		return;
	p->guest_open = open;
	loop_timer_arm(&con->tell_opened, due > now ? due : now);
}

/* A console is always in use, whether or not the guest has a program for it. */
static void tell_opened(void *arg)
{
	struct virtio_console *con = arg;
	bool open[VIRTIO_CONSOLE_PORTS];

	{
		with_lock(&con->vdev.lock);
		con->told_opened = loop_now();
		for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
			open[i] = con->ports[i].guest_open;
	}
	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++) {
		const struct virtio_console_port *p = &con->ports[i];

		if (p->chr && !p->console)
			chardev_set_front_open(p->chr, open[i]);
	}
}

/* Lock held. */
static void control_message(struct virtio_console *con, const uint8_t *msg)
{
	uint32_t id = (uint32_t)get_le(msg, 4);
	uint16_t event = (uint16_t)get_le(msg + 4, 2);
	uint16_t value = (uint16_t)get_le(msg + 6, 2);
	struct virtio_console_port *p;

	if (event == DEVICE_READY) {
		for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
			con->ports[i].tell = value && con->ports[i].used
						     ? 1u << PORT_ADD
						     : 0;
		return;
	}
	if (id >= VIRTIO_CONSOLE_PORTS || !con->ports[id].used)
		return;
	p = &con->ports[id];
	if (event == PORT_READY && value) {
		p->tell |= (p->console ? 1u << CONSOLE_PORT : 0) |
			   (p->name[0] ? 1u << PORT_NAME : 0) |
			   (p->host_open ? 1u << PORT_OPEN : 0);
	} else if (event == PORT_OPEN) {
		set_guest_open(p, value);
		deliver(p);
	}
}

static void serve_control(struct virtio_console *con)
{
	struct virtqueue *q = &con->vdev.queue[QUEUE_CONTROL_TX];
	struct virtq_chain c = { .iov = con->iov,
				 .iov_max = VIRTIO_CONSOLE_IOV };
	unsigned int budget = BUDGET;
	uint8_t msg[8];

	while (budget && virtq_pop(q, &c) > 0) {
		size_t n = virtq_from_iov(msg, c.iov, c.out, 0, sizeof(msg));

		virtq_push(q, &c, 0);
		if (n == sizeof(msg))
			control_message(con, msg);
		budget--;
	}
	if (!budget)
		virtio_again(&con->vdev, QUEUE_CONTROL_TX);
	virtio_notify_used(&con->vdev, q);
	tell(con);
}

/* Bytes that may be written now; 0: front_drained() comes.  A serial port of
 * the host is not outrun; others never keep the guest waiting.  Nor does a
 * console: Linux's driver waits for its buffer to be used with interrupts
 * off. */
static size_t room(const struct virtio_console_port *p)
{
	size_t n;

	if (p->console || !p->chr || !p->chr->ops->port)
		return SIZE_MAX;
	n = chardev_room(p->chr);
	return n < PORT_ROOM ? 0 : n;
}

/* So many bytes, from where it stopped; is that all of it? */
static bool write_chain(struct virtio_console_port *p,
			const struct virtq_chain *c, size_t most)
{
	uint8_t buf[1024];

	while (most && p->tx_done < c->out_bytes) {
		size_t n = virtq_from_iov(buf, c->iov, c->out, p->tx_done,
					  most < sizeof(buf) ? most
							     : sizeof(buf));

		if (p->chr)
			chardev_write(p->chr, buf, n);
		p->tx_done += n;
		most -= n;
	}
	return p->tx_done >= c->out_bytes;
}

static void transmit(struct virtio_console_port *p, unsigned int n)
{
	struct virtio_console *con = p->con;
	struct virtqueue *q = &con->vdev.queue[n];
	struct virtq_chain c = { .iov = con->iov,
				 .iov_max = VIRTIO_CONSOLE_IOV };
	unsigned int budget = BUDGET;
	size_t most;

	while (budget && (most = room(p)) && virtq_pop(q, &c) > 0) {
		if (c.out_bytes > MOST) {
			virtio_break(&con->vdev, "too much text at once");
			return;
		}
		budget--;
		if (write_chain(p, &c, most)) {
			p->tx_done = 0;
			virtq_push(q, &c, 0);
		} else {
			virtq_unpop(q, 1);
		}
	}
	if (!budget)
		virtio_again(&con->vdev, n);
	virtio_notify_used(&con->vdev, q);
}

static void front_drained(void *arg)
{
	struct virtio_console_port *p = arg;
	unsigned int n = (unsigned int)(p - p->con->ports);

	with_lock(&p->con->vdev.lock);
	if (virtio_running(&p->con->vdev))
		transmit(p, rx_queue(n) + 1);
}

static void notify(struct virtio_device *vdev, unsigned int n)
{
	struct virtio_console *con = (struct virtio_console *)vdev;

	if (n == QUEUE_CONTROL_RX)
		tell(con);
	else if (n == QUEUE_CONTROL_TX)
		serve_control(con);
	else if (n % 2)
		transmit(port_of_queue(con, n), n);
	else
		deliver(port_of_queue(con, n));
}

/* From now on somebody takes input, if he knows one port only. */
static void start(struct virtio_device *vdev)
{
	struct virtio_console *con = (struct virtio_console *)vdev;

	deliver(&con->ports[0]);
}

/* What was typed for the system before is not for the next. */
static void reset(struct virtio_device *vdev)
{
	struct virtio_console *con = (struct virtio_console *)vdev;

	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++) {
		set_guest_open(&con->ports[i], false);
		con->ports[i].tell = 0;
		con->ports[i].fill = 0;
		con->ports[i].tx_done = 0;
	}
}

static const struct virtio_class class = {
	.name = "virtio-console",
	.id = 3,
	.queues = 2 + 2 * VIRTIO_CONSOLE_PORTS,
	.queue_size = QUEUE_SIZE,
	.config_size = CONFIG_SIZE,
	.reset = reset,
	.start = start,
	.notify = notify,
};

static_assert(2 + 2 * VIRTIO_CONSOLE_PORTS <= VIRTIO_QUEUES,
	      "a port has two queues");

void virtio_console_init(struct virtio_console *con,
			 const struct virtio_env *env)
{
	memset(con, 0, sizeof(*con));
	virtio_init(&con->vdev, &class, F_MULTIPORT, env);
	put_le(con->vdev.config + CONFIG_MAX_PORTS, 4, VIRTIO_CONSOLE_PORTS);
	loop_timer_init(env->loop, &con->tell_opened, tell_opened, con);
	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
		con->ports[i].con = con;
}

/* Port 0 only on demand for what is no console (§5.3.2: it is the console of
 * drivers that know no others). */
static int free_port(const struct virtio_console *con, bool console)
{
	for (int i = console ? 0 : 1; i < VIRTIO_CONSOLE_PORTS; i++)
		if (!con->ports[i].used)
			return i;
	return VIRTIO_CONSOLE_PORTS;
}

int virtio_console_add(struct virtio_console *con,
		       const struct virtio_console_port_options *opt,
		       struct err *err)
{
	int nr = opt->nr < 0 ? free_port(con, opt->console) : opt->nr;
	struct virtio_console_port *p;

	if (nr >= VIRTIO_CONSOLE_PORTS)
		return err_set(err, EINVAL,
			       "a virtio-serial device has ports 0 to %d",
			       VIRTIO_CONSOLE_PORTS - 1);
	p = &con->ports[nr];
	if (p->used)
		return err_set(err, EEXIST,
			       "two devices want to be virtio-serial port %d",
			       nr);
	if (opt->name && strlen(opt->name) >= sizeof(p->name))
		return err_set(err, EINVAL,
			       "the port name \"%s\" is longer than %zu bytes",
			       opt->name, sizeof(p->name) - 1);
	p->used = true;
	p->console = opt->console;
	p->chr = opt->chr;
	if (opt->name)
		memcpy(p->name, opt->name, strlen(opt->name) + 1);
	if (!p->chr)
		return 0;
	chardev_connect(p->chr, &(struct chardev_front){
					.can_receive = front_can_receive,
					.receive = front_receive,
					.event = front_event,
					.drained = front_drained,
					.never_waits = p->console,
					.arg = p,
				});
	chardev_set_front_open(p->chr, p->console);
	return 0;
}

void virtio_console_fini(struct virtio_console *con)
{
	loop_timer_cancel(&con->tell_opened);
	virtio_fini(&con->vdev);
}
