/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net, virtio 1.2 §5.1.
 *
 * Each frame in the rings has a virtio_net_hdr of 12 bytes before it.  The
 * back end has one of 12, 10 or none: what both have goes through, so that
 * checksums and the cutting of large TCP segments are left to whoever does
 * it best, mostly nobody.  Which of it the driver may use follows from what
 * the back end can take.
 *
 * Sending happens in the notifying vCPU's thread, straight from the guest's
 * buffers; receiving in the loop's thread.  With mergeable buffers a frame is
 * spread over as many chains as it needs, which all appear at once; if there
 * are too few, they are given back and the frame waits at the back end.
 */
#include "virtio/net.h"

#include <string.h>

#include "common/cleanup.h"
#include "virtio/bytes.h"

enum {
	QUEUE_SIZE = 256,
	BUDGET = 2 * QUEUE_SIZE, /* frames or commands in one call */

	RX = 0,
	TX = 1,
	CTRL = 2,

	HDR = NET_VNET_HDR,
	HDR_FLAGS = 0, /* §5.1.6 */
	HDR_GSO_TYPE = 1,
	HDR_NUM_BUFFERS = 10,
	HDR_COMMON = 10, /* the part that a header of 10 bytes has too */
	FLAG_NEEDS_CSUM = 1,
	FLAG_DATA_VALID = 2,

	CONFIG_MAC = 0,
	CONFIG_STATUS = 6,
	CONFIG_MTU = 10,
	CONFIG_SIZE = 12,
	STATUS_LINK_UP = 1,

	CTRL_OK = 0,
	CTRL_ERR = 1,
	CTRL_RX_MODE = 0,
	CTRL_MAC = 1,
	CTRL_MAC_TABLE_SET = 0,
	CTRL_MAC_ADDR_SET = 1,
	CTRL_OFFLOADS = 5,
	CTRL_OFFLOADS_SET = 0,
};

#define F_CSUM           (UINT64_C(1) << 0)
#define F_GUEST_CSUM     (UINT64_C(1) << 1)
#define F_GUEST_OFFLOADS (UINT64_C(1) << 2)
#define F_MTU            (UINT64_C(1) << 3)
#define F_MAC            (UINT64_C(1) << 5)
#define F_GUEST_TSO4     (UINT64_C(1) << 7)
#define F_GUEST_TSO6     (UINT64_C(1) << 8)
#define F_GUEST_ECN      (UINT64_C(1) << 9)
#define F_HOST_TSO4      (UINT64_C(1) << 11)
#define F_HOST_TSO6      (UINT64_C(1) << 12)
#define F_HOST_ECN       (UINT64_C(1) << 13)
#define F_MRG_RXBUF      (UINT64_C(1) << 15)
#define F_STATUS         (UINT64_C(1) << 16)
#define F_CTRL_VQ        (UINT64_C(1) << 17)
#define F_CTRL_RX        (UINT64_C(1) << 18)
#define F_CTRL_RX_EXTRA  (UINT64_C(1) << 20)
#define F_CTRL_MAC_ADDR  (UINT64_C(1) << 23)

/* What a back end must be able to do for what the driver may use. */
static const struct {
	enum net_offload offload;
	uint64_t host, guest; /* sending, receiving */
} offload_rows[] = {
	{ NET_OFFLOAD_CSUM, F_CSUM, F_GUEST_CSUM },
	{ NET_OFFLOAD_TSO4, F_HOST_TSO4, F_GUEST_TSO4 },
	{ NET_OFFLOAD_TSO6, F_HOST_TSO6, F_GUEST_TSO6 },
	{ NET_OFFLOAD_ECN, F_HOST_ECN, F_GUEST_ECN },
};

enum {
	OFFLOAD_ROWS = sizeof(offload_rows) / sizeof(offload_rows[0])
};

static struct virtio_net *net_of(struct virtio_device *vdev)
{
	return (struct virtio_net *)vdev;
}

/* Tell the back end what the driver takes. */
static void set_offloads(struct virtio_net *net, uint64_t features)
{
	unsigned int offloads = 0;

	for (unsigned int i = 0; i < OFFLOAD_ROWS; i++)
		if (features & offload_rows[i].guest)
			offloads |= offload_rows[i].offload;
	if (net->nd)
		netdev_set_offload(net->nd, offloads);
}

/* --- sending --- */

/* The frame of a chain as the back end wants it; entries, or 0 to drop it. */
static int frame_of(struct virtio_net *net, const struct virtq_chain *c,
		    uint8_t *hdr)
{
	unsigned int vnet_hdr = net->nd->vnet_hdr;
	size_t skip = HDR;
	int n = 0;

	virtq_from_iov(hdr, c->iov, c->out, 0, HDR);
	if (!vnet_hdr && (hdr[HDR_GSO_TYPE] || hdr[HDR_FLAGS]))
		return 0; /* was not offered */
	if (c->out_bytes < HDR + NET_ETH_HDR || c->out_bytes > NET_FRAME_MAX)
		return 0;
	hdr[HDR_NUM_BUFFERS] = hdr[HDR_NUM_BUFFERS + 1] = 0;
	if (vnet_hdr)
		net->send_iov[n++] = (struct iovec){ hdr, vnet_hdr };
	for (unsigned int i = 0; i < c->out; i++) {
		size_t len = c->iov[i].iov_len;

		if (skip >= len) {
			skip -= len;
			continue;
		}
		net->send_iov[n++] = (struct iovec){
			(uint8_t *)c->iov[i].iov_base + skip, len - skip
		};
		skip = 0;
	}
	return n;
}

static void transmit(struct virtio_net *net)
{
	struct virtqueue *q = &net->vdev.queue[TX];
	struct virtq_chain c = { .iov = net->tx_iov,
				 .iov_max = VIRTIO_NET_IOV };
	unsigned int budget = BUDGET;
	uint8_t hdr[HDR];
	int n;

	while (budget && virtq_pop(q, &c) > 0) {
		if (c.out_bytes < HDR) {
			virtio_break(&net->vdev, "a frame without header");
			return;
		}
		if (net->nd && netdev_is_up(net->nd) &&
		    (n = frame_of(net, &c, hdr)) > 0)
			netdev_send(net->nd, net->send_iov, n,
				    c.out_bytes - HDR + net->nd->vnet_hdr);
		virtq_push(q, &c, 0);
		budget--;
	}
	if (!budget)
		virtio_again(&net->vdev, TX);
	virtio_notify_used(&net->vdev, q);
}

/* --- receiving --- */

static bool in_list(const uint8_t (*list)[6], unsigned int n,
		    const uint8_t *mac)
{
	for (unsigned int i = 0; i < n; i++)
		if (!memcmp(list[i], mac, 6))
			return true;
	return false;
}

static bool wanted(const struct virtio_net *net, const uint8_t *frame)
{
	static const uint8_t broadcast[6] = { 255, 255, 255, 255, 255, 255 };
	const struct virtio_net_filter *f = &net->filter;

	if (f->promisc)
		return true;
	if (!memcmp(frame, broadcast, 6))
		return !f->nobcast;
	if (frame[0] & 1)
		return !f->nomulti && (f->allmulti || f->multi_overflow ||
				       in_list(f->multi, f->multis, frame));
	return !f->nouni &&
	       (f->alluni || f->uni_overflow || !memcmp(frame, net->mac, 6) ||
		in_list(f->uni, f->unis, frame));
}

/* Host address of one byte of the buffers to be written. */
static uint8_t *byte_at(const struct virtq_chain *c, size_t off)
{
	for (unsigned int i = 0; i < c->in; i++) {
		const struct iovec *iov = &c->iov[c->out + i];

		if (off < iov->iov_len)
			return (uint8_t *)iov->iov_base + off;
		off -= iov->iov_len;
	}
	return NULL;
}

/* A frame on its way into the rings. */
struct incoming {
	uint8_t hdr[HDR];
	const uint8_t *frame;
	size_t len, done;
	unsigned int chains;
	uint8_t *num_buffers[2]; /* where its two bytes stand */
};

static bool mergeable(const struct virtio_net *net)
{
	return net->vdev.features & F_MRG_RXBUF;
}

/* Fill one chain; false: no frame fits in there. */
static bool fill(struct virtio_net *net, struct incoming *in,
		 const struct virtq_chain *c)
{
	const struct iovec *iov = c->iov + c->out;
	size_t at = 0, n;

	if (in->chains == 0) {
		if (c->in_bytes <= HDR)
			return false;
		virtq_to_iov(iov, c->in, 0, in->hdr, HDR);
		in->num_buffers[0] = byte_at(c, HDR_NUM_BUFFERS);
		in->num_buffers[1] = byte_at(c, HDR_NUM_BUFFERS + 1);
		at = HDR;
	}
	n = virtq_to_iov(iov, c->in, at, in->frame + in->done,
			 in->len - in->done);
	in->done += n;
	in->chains++;
	virtq_put(&net->vdev.queue[RX], c, (uint32_t)(at + n));
	return n || in->done == in->len;
}

static void finish(struct virtio_net *net, const struct incoming *in)
{
	struct virtqueue *q = &net->vdev.queue[RX];

	*(volatile uint8_t *)in->num_buffers[0] = (uint8_t)in->chains;
	*(volatile uint8_t *)in->num_buffers[1] = (uint8_t)(in->chains >> 8);
	virtq_publish(q);
	virtio_notify_used(&net->vdev, q);
}

/* False: the driver must give more buffers first. */
static bool store(struct virtio_net *net, struct incoming *in)
{
	struct virtqueue *q = &net->vdev.queue[RX];
	struct virtq_chain c = { .iov = net->rx_iov,
				 .iov_max = VIRTIO_NET_IOV };

	while (in->done < in->len) {
		int got = virtq_pop(q, &c);

		if (got < 0)
			return true;
		if (got == 0) {
			virtq_unpop(q, in->chains);
			/* With all buffers not enough: it never will be. */
			return in->chains == q->size;
		}
		if (!fill(net, in, &c)) {
			virtio_break(&net->vdev,
				     "a receive buffer that is too small");
			return true;
		}
		if (in->done < in->len && !mergeable(net)) {
			virtq_unpop(q, 1);
			log_limited(&net->dropped,
				    "virtio-net: a frame of %zu bytes is "
				    "longer than the guest's buffers",
				    in->len);
			return true;
		}
	}
	finish(net, in);
	return true;
}

/* Of the loop's thread. */
static bool receive(void *arg, const uint8_t *frame, size_t n)
{
	struct virtio_net *net = arg;
	unsigned int vnet_hdr = net->nd->vnet_hdr;
	struct incoming in = { .frame = frame + vnet_hdr, .len = n - vnet_hdr };

	with_lock(&net->vdev.lock);
	if (!virtio_running(&net->vdev) || !net->vdev.queue[RX].ready ||
	    net->nd->cut || !wanted(net, in.frame))
		return true;
	if (vnet_hdr)
		memcpy(in.hdr, frame, HDR_COMMON);
	if (!(net->vdev.features & F_GUEST_CSUM))
		in.hdr[HDR_FLAGS] = 0;
	return store(net, &in);
}

/* --- control --- */

static void link_changed(void *arg, bool up)
{
	struct virtio_net *net = arg;

	with_lock(&net->vdev.lock);
	put_le(net->vdev.config + CONFIG_STATUS, 2, up ? STATUS_LINK_UP : 0);
	virtio_config_changed(&net->vdev);
}

/* A command's data: the buffers after class and command. */
struct command {
	const struct virtq_chain *chain;
	size_t at;
};

static bool take(struct command *cmd, void *to, size_t n)
{
	if (virtq_from_iov(to, cmd->chain->iov, cmd->chain->out, cmd->at, n) !=
	    n)
		return false;
	cmd->at += n;
	return true;
}

static bool rx_mode(struct virtio_net *net, uint8_t which, struct command *cmd)
{
	struct virtio_net_filter *f = &net->filter;
	bool *const modes[] = { &f->promisc, &f->allmulti, &f->alluni,
				&f->nomulti, &f->nouni,    &f->nobcast };
	uint8_t on;

	if (which >= sizeof(modes) / sizeof(modes[0]) || !take(cmd, &on, 1))
		return false;
	*modes[which] = on;
	return true;
}

/* A number and so many addresses. */
static bool take_macs(struct command *cmd, uint8_t (*list)[6],
		      unsigned int *ret_n, bool *ret_overflow)
{
	uint8_t count[4];
	uint64_t n;

	if (!take(cmd, count, sizeof(count)))
		return false;
	n = get_le(count, 4);
	if (cmd->chain->out_bytes - cmd->at < n * 6)
		return false;
	*ret_overflow = n > VIRTIO_NET_MACS;
	*ret_n = *ret_overflow ? 0 : (unsigned int)n;
	if (*ret_overflow)
		cmd->at += n * 6;
	else if (n)
		return take(cmd, list, n * 6);
	return true;
}

static bool mac_table(struct virtio_net *net, struct command *cmd)
{
	struct virtio_net_filter f = net->filter;

	if (!take_macs(cmd, f.uni, &f.unis, &f.uni_overflow) ||
	    !take_macs(cmd, f.multi, &f.multis, &f.multi_overflow))
		return false;
	net->filter = f;
	return true;
}

static bool mac_command(struct virtio_net *net, uint8_t which,
			struct command *cmd)
{
	uint8_t mac[6];

	if (which == CTRL_MAC_TABLE_SET)
		return mac_table(net, cmd);
	if (which != CTRL_MAC_ADDR_SET || !take(cmd, mac, sizeof(mac)))
		return false;
	memcpy(net->mac, mac, sizeof(mac));
	memcpy(net->vdev.config + CONFIG_MAC, mac, sizeof(mac));
	return true;
}

/* Fewer than negotiated, or all again (§5.1.6.5.6). */
static bool offload_command(struct virtio_net *net, uint8_t which,
			    struct command *cmd)
{
	uint64_t allowed = 0, wish;
	uint8_t bits[8];

	if (which != CTRL_OFFLOADS_SET || !take(cmd, bits, sizeof(bits)))
		return false;
	for (unsigned int i = 0; i < OFFLOAD_ROWS; i++)
		allowed |= offload_rows[i].guest;
	wish = get_le(bits, 8);
	if (wish & ~(allowed & net->vdev.features))
		return false;
	set_offloads(net, wish);
	return true;
}

static bool command(struct virtio_net *net, const struct virtq_chain *c)
{
	struct command cmd = { .chain = c };
	uint8_t head[2];

	if (!take(&cmd, head, sizeof(head)))
		return false;
	switch (head[0]) {
	case CTRL_RX_MODE:
		return rx_mode(net, head[1], &cmd);
	case CTRL_MAC:
		return mac_command(net, head[1], &cmd);
	case CTRL_OFFLOADS:
		return offload_command(net, head[1], &cmd);
	default:
		return false;
	}
}

static void control(struct virtio_net *net)
{
	struct virtqueue *q = &net->vdev.queue[CTRL];
	struct virtq_chain c = { .iov = net->tx_iov,
				 .iov_max = VIRTIO_NET_IOV };
	unsigned int budget = BUDGET;

	while (budget && virtq_pop(q, &c) > 0) {
		uint8_t ack = command(net, &c) ? CTRL_OK : CTRL_ERR;

		virtq_push(q, &c,
			   (uint32_t)virtq_to_iov(c.iov + c.out, c.in, 0, &ack,
						  1));
		budget--;
	}
	if (!budget)
		virtio_again(&net->vdev, CTRL);
	virtio_notify_used(&net->vdev, q);
}

static void notify(struct virtio_device *vdev, unsigned int n)
{
	struct virtio_net *net = net_of(vdev);

	if (n == TX)
		transmit(net);
	else if (n == CTRL)
		control(net);
	else if (net->nd)
		netdev_kick(net->nd);
}

static void start(struct virtio_device *vdev)
{
	set_offloads(net_of(vdev), vdev->features);
}

static void reset(struct virtio_device *vdev)
{
	struct virtio_net *net = net_of(vdev);

	set_offloads(net, 0);
	net->filter = (struct virtio_net_filter){ .promisc = true };
	memcpy(net->mac, net->own_mac, sizeof(net->mac));
	memcpy(vdev->config + CONFIG_MAC, net->mac, sizeof(net->mac));
	/* A frame that waits for buffers is for nobody now. */
	if (net->nd)
		netdev_kick(net->nd);
}

static const struct virtio_class class = {
	.name = "virtio-net",
	.id = 1,
	.queues = 3,
	.queue_size = QUEUE_SIZE,
	.config_size = CONFIG_SIZE,
	.reset = reset,
	.start = start,
	.notify = notify,
};

static uint64_t offer(const struct virtio_net_options *opt)
{
	uint64_t f = F_MAC | F_STATUS | F_CTRL_VQ | F_CTRL_RX |
		     F_CTRL_RX_EXTRA | F_CTRL_MAC_ADDR;
	unsigned int can = opt->nd && opt->nd->vnet_hdr && !opt->no_offloads
				   ? opt->nd->offloads
				   : 0;

	if (!opt->no_mrg_rxbuf)
		f |= F_MRG_RXBUF;
	if (opt->mtu)
		f |= F_MTU;
	for (unsigned int i = 0; i < OFFLOAD_ROWS; i++)
		if (can & offload_rows[i].offload)
			f |= offload_rows[i].host | offload_rows[i].guest |
			     F_GUEST_OFFLOADS;
	return f;
}

void virtio_net_init(struct virtio_net *net, const struct virtio_env *env,
		     const struct virtio_net_options *opt)
{
	memset(net, 0, sizeof(*net));
	virtio_init(&net->vdev, &class, offer(opt), env);
	memcpy(net->own_mac, opt->mac, sizeof(net->own_mac));
	put_le(net->vdev.config + CONFIG_STATUS, 2,
	       opt->nd && netdev_is_up(opt->nd) ? STATUS_LINK_UP : 0);
	put_le(net->vdev.config + CONFIG_MTU, 2, opt->mtu);
	reset(&net->vdev);
	net->nd = opt->nd;
	if (net->nd)
		netdev_connect(net->nd, &(struct net_front){
						.receive = receive,
						.link = link_changed,
						.arg = net,
					});
}

void virtio_net_fini(struct virtio_net *net)
{
	virtio_fini(&net->vdev);
}
