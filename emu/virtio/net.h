/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-net (virtio 1.2 §5.1): one pair of queues and a control queue. */
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include "net/net.h"
#include "virtio/virtio.h"

enum {
	VIRTIO_NET_MACS = 64, /* addresses in the receive filter */
	VIRTIO_NET_IOV = 256,
};

/* What the driver wants to receive (§5.1.6.5.1). */
struct virtio_net_filter {
	bool promisc, allmulti, alluni, nomulti, nouni, nobcast;
	bool uni_overflow, multi_overflow; /* more than fit: take them all */
	uint8_t uni[VIRTIO_NET_MACS][6], multi[VIRTIO_NET_MACS][6];
	unsigned int unis, multis;
};

struct virtio_net {
	struct virtio_device vdev; /* first */
	struct netdev *nd;
	uint8_t mac[6];     /* as the guest has it now */
	uint8_t own_mac[6]; /* as the option says */
	struct virtio_net_filter filter;
	struct log_limit dropped;
	struct iovec rx_iov[VIRTIO_NET_IOV], tx_iov[VIRTIO_NET_IOV];
	struct iovec send_iov[VIRTIO_NET_IOV + 1];
};

struct virtio_net_options {
	struct netdev *nd; /* outlives the device; NULL: a cable to nowhere */
	uint8_t mac[6];
	uint16_t mtu;     /* host_mtu; 0: not said */
	bool no_offloads; /* csum=off and the like */
	bool no_mrg_rxbuf;
};

/* Never fails.  Connects nd. */
void virtio_net_init(struct virtio_net *net, const struct virtio_env *env,
		     const struct virtio_net_options *opt);
/* After a reset, when neither vCPUs nor the loop run any more. */
void virtio_net_fini(struct virtio_net *net);

#endif
