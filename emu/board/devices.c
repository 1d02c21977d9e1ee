/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "board/devices.h"

#include <errno.h>

#include "board/board.h"
#include "virtio/rng.h"

/* Devices begin with their struct virtio_device, so one pointer is both. */
static void plug(struct devices *d, struct machine *m, int slot, void *device,
		 void (*fini)(void *device))
{
	__typeof__(d->list.at) row = vec_add(&d->list);

	row->device = device;
	row->fini = fini;
	virt_plug(m, slot, device);
}

static void fini_blk(void *device)
{
	virtio_blk_fini(device);
}

static void fini_net(void *device)
{
	virtio_net_fini(device);
}

static void fini_rng(void *device)
{
	virtio_rng_fini(device);
}

static void fini_balloon(void *device)
{
	virtio_balloon_fini(device);
}

static void fini_scsi(void *device)
{
	virtio_scsi_fini(device);
}

static void fini_console(void *device)
{
	virtio_console_fini(device);
}

int devices_add_blk(struct devices *d, struct machine *m, enum virt_way way,
		    const struct virtio_blk_options *opt, struct err *err)
{
	struct virtio_blk *blk;
	struct virtio_env env;
	int slot = virt_slot(m, way, &env, err);

	if (slot < 0)
		return slot;
	blk = xnew(struct virtio_blk);
	virtio_blk_init(blk, &env, opt);
	plug(d, m, slot, blk, fini_blk);
	return 0;
}

int devices_add_net(struct devices *d, struct machine *m, enum virt_way way,
		    const struct virtio_net_options *opt, struct err *err)
{
	struct virtio_net *net;
	struct virtio_env env;
	int slot = virt_slot(m, way, &env, err);

	if (slot < 0)
		return slot;
	net = xnew(struct virtio_net);
	virtio_net_init(net, &env, opt);
	plug(d, m, slot, net, fini_net);
	return 0;
}

int devices_add_rng(struct devices *d, struct machine *m, enum virt_way way,
		    struct err *err)
{
	struct virtio_rng *rng;
	struct virtio_env env;
	int slot = virt_slot(m, way, &env, err);

	if (slot < 0)
		return slot;
	rng = xnew(struct virtio_rng);
	virtio_rng_init(rng, &env);
	plug(d, m, slot, rng, fini_rng);
	return 0;
}

int devices_add_balloon(struct devices *d, struct machine *m, enum virt_way way,
			const struct virtio_balloon_options *opt,
			struct err *err)
{
	struct virtio_balloon *balloon;
	struct virtio_env env;
	int slot;

	if (machine_has_balloon(m))
		return err_set(err, EEXIST, "there is a balloon already");
	slot = virt_slot(m, way, &env, err);
	if (slot < 0)
		return slot;
	balloon = xnew(struct virtio_balloon);
	virtio_balloon_init(balloon, &env, opt);
	plug(d, m, slot, balloon, fini_balloon);
	machine_set_balloon(m, balloon);
	return 0;
}

int devices_add_scsi(struct devices *d, struct machine *m, enum virt_way way,
		     unsigned int queues, struct virtio_scsi **ret_scsi,
		     struct err *err)
{
	struct virtio_env env;
	int slot = virt_slot(m, way, &env, err);

	if (slot < 0)
		return slot;
	*ret_scsi = xnew(struct virtio_scsi);
	virtio_scsi_init(*ret_scsi, &env, queues);
	plug(d, m, slot, *ret_scsi, fini_scsi);
	return 0;
}

int devices_add_console(struct devices *d, struct machine *m, enum virt_way way,
			struct virtio_console **ret_console, struct err *err)
{
	struct virtio_env env;
	int slot = virt_slot(m, way, &env, err);

	if (slot < 0)
		return slot;
	*ret_console = xnew(struct virtio_console);
	virtio_console_init(*ret_console, &env);
	plug(d, m, slot, *ret_console, fini_console);
	return 0;
}

void devices_free(struct devices *d)
{
	for (size_t i = 0; i < d->list.n; i++) {
		d->list.at[i].fini(d->list.at[i].device);
		free(d->list.at[i].device);
	}
	vec_free(&d->list);
}
