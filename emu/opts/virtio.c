/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -device virtio-*: what stands on virtio-mmio. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "opts/make.h"
#include "opts/place.h"

/* What belongs to a PCI bus, or is so anyway. */
static const char *const any_virtio[] = { "addr",
					  "multifunction",
					  "disable-legacy",
					  "disable-modern",
					  "romfile",
					  "rombar",
					  "vectors",
					  "event_idx",
					  "indirect_desc",
					  "iommu_platform",
					  "ats",
					  "packed",
					  "any_layout",
					  "use-started",
					  "bootindex",
					  "notify_on_empty",
					  "ioeventfd",
					  NULL };

/* The bus it would have is not there; a slot cannot be chosen. */
static int virtio_done(struct place *at, struct err *err)
{
	const char *bus = keyval_text(at->kv, "bus");

	keyval_accept(at->kv, any_virtio);
	if (bus && !str_starts(bus, "pci"))
		return err_set(err, EINVAL,
			       "%s: 'bus=%s' cannot be: devices take their "
			       "places in the order written",
			       at->driver, bus);
	return keyval_done(at->kv, err);
}

int device_blk(struct place *at, struct err *err)
{
	static const char *const ignored[] = { "iothread",
					       "share-rw",
					       "scsi",
					       "discard",
					       "write-zeroes",
					       "logical_block_size",
					       "physical_block_size",
					       "queue-size",
					       "config-wce",
					       "request-merging",
					       NULL };
	struct virtio_blk_options opt = { 0 };
	autofree char *qdev = NULL;
	struct part_disk *disk;
	uint64_t queues = 0;
	int ret;
	const char *drive;

	ret = keyval_need(at->kv, "drive", &drive, err);
	if (!ret)
		ret = keyval_number(at->kv, "num-queues", 1,
				    VIRTIO_BLK_MAX_QUEUES, &queues, err);
	opt.serial = keyval_text(at->kv, "serial");
	/* libvirt finds a disk by exactly this name */
	qdev = at->id ? xasprintf("/machine/peripheral/%s/virtio-backend",
				  at->id)
		      : xasprintf("/machine/peripheral-anon/device[%zu]/"
				  "virtio-backend",
				  at->p->named.n);
	if (!ret)
		ret = take_disk(at, drive, qdev, &disk, err);
	keyval_accept(at->kv, ignored);
	if (!ret)
		ret = virtio_done(at, err);
	if (ret < 0)
		return ret;
	opt.block = disk->block;
	opt.queues = (unsigned int)queues;
	opt.write_through = disk->write_through;
	return devices_add_blk(&at->p->devices, at->m, at->way, &opt, err);
}

static int read_mac(struct place *at, uint8_t *mac, struct err *err)
{
	const char *text = keyval_text(at->kv, "mac");
	unsigned int byte[6];
	int end = 0;

	if (!text) {
		static const uint8_t first[6] = { 0x52, 0x54, 0x00,
						  0x12, 0x34, 0x56 };

		memcpy(mac, first, sizeof(first));
		mac[5] = (uint8_t)(mac[5] + at->p->nics++);
		return 0;
	}
	if (strlen(text) != strlen("xx:xx:xx:xx:xx:xx") ||
	    strspn(text, "0123456789abcdefABCDEF:") != strlen(text) ||
	    sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1],
		   &byte[2], &byte[3], &byte[4], &byte[5], &end) != 6 ||
	    text[end] || byte[0] & 1)
		return err_set(err, EINVAL,
			       "%s: 'mac=%s' cannot be: an address such as "
			       "52:54:00:12:34:56 (its first byte even)",
			       at->driver, text);
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)byte[i];
	return 0;
}

int device_net(struct place *at, struct err *err)
{
	static const char *const ignored[] = {
		"mq",         "gso",           "guest_csum",    "guest_tso4",
		"guest_tso6", "guest_ecn",     "guest_ufo",     "host_tso4",
		"host_tso6",  "host_ecn",      "host_ufo",      "status",
		"ctrl_vq",    "ctrl_rx",       "ctrl_vlan",     "ctrl_mac_addr",
		"tx",         "rx_queue_size", "tx_queue_size", NULL
	};
	struct virtio_net_options opt = { 0 };
	bool csum = true, mrg_rxbuf = true;
	const char *id = keyval_text(at->kv, "netdev");
	uint64_t mtu = 0;
	int ret;

	ret = read_mac(at, opt.mac, err);
	if (!ret)
		ret = keyval_bool(at->kv, "csum", &csum, err);
	if (!ret)
		ret = keyval_bool(at->kv, "mrg_rxbuf", &mrg_rxbuf, err);
	if (!ret)
		ret = keyval_number(at->kv, "host_mtu", 0, 65535, &mtu, err);
	keyval_accept(at->kv, ignored);
	if (!ret)
		ret = virtio_done(at, err);
	if (!ret && id)
		ret = take_net(at->p, at->driver, id, &opt.nd, err);
	if (ret < 0)
		return ret;
	at->named->nd = opt.nd;
	opt.mtu = (uint16_t)mtu;
	opt.no_offloads = !csum;
	opt.no_mrg_rxbuf = !mrg_rxbuf;
	return devices_add_net(&at->p->devices, at->m, at->way, &opt, err);
}

int device_rng(struct place *at, struct err *err)
{
	static const char *const ignored[] = { "max-bytes", "period", NULL };
	const char *id = keyval_text(at->kv, "rng");
	bool found = !id;
	int ret;

	for (size_t i = 0; i < at->p->rngs.n; i++)
		found |= id && !strcmp(at->p->rngs.at[i], id);
	if (!found)
		return err_set(err, ENOENT,
			       "%s: there is no -object rng-random or "
			       "rng-builtin with id '%s'",
			       at->driver, id);
	keyval_accept(at->kv, ignored);
	ret = virtio_done(at, err);
	if (ret < 0)
		return ret;
	return devices_add_rng(&at->p->devices, at->m, at->way, err);
}

int device_balloon(struct place *at, struct err *err)
{
	static const char *const ignored[] = { "guest-stats-polling-interval",
					       "page-poison", NULL };
	struct virtio_balloon_options opt = { 0 };
	int ret;

	ret = keyval_bool(at->kv, "deflate-on-oom", &opt.deflate_on_oom, err);
	if (!ret)
		ret = keyval_bool(at->kv, "free-page-reporting", &opt.reporting,
				  err);
	keyval_accept(at->kv, ignored);
	if (!ret)
		ret = virtio_done(at, err);
	if (ret < 0)
		return ret;
	return devices_add_balloon(&at->p->devices, at->m, at->way, &opt, err);
}

int device_scsi(struct place *at, struct err *err)
{
	static const char *const ignored[] = {
		"iothread",     "cmd_per_lun",    "max_sectors", "hotplug",
		"param_change", "virtqueue_size", NULL
	};
	uint64_t queues = 0;
	int ret;

	ret = keyval_number(at->kv, "num_queues", 1, VIRTIO_SCSI_MAX_QUEUES,
			    &queues, err);
	keyval_accept(at->kv, ignored);
	if (!ret)
		ret = virtio_done(at, err);
	if (ret < 0)
		return ret;
	return devices_add_scsi(&at->p->devices, at->m, at->way,
				(unsigned int)queues, &at->named->scsi, err);
}

int device_serial(struct place *at, struct err *err)
{
	static const char *const ignored[] = { "max_ports", "emergency-write",
					       NULL };
	int ret;

	keyval_accept(at->kv, ignored);
	ret = virtio_done(at, err);
	if (ret < 0)
		return ret;
	return devices_add_console(&at->p->devices, at->m, at->way,
				   &at->named->console, err);
}
