/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -device: which there are.  A virtio device that QEMU would put on a PCI bus
 * is taken as its twin on virtio-mmio: the guest's drivers are the same.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "opts/make.h"
#include "opts/near.h"
#include "opts/place.h"

static const struct driver {
	const char *name;
	bool virtio; /* with the endings below */
	device_fn *make;
} drivers[] = {
	{ "virtio-balloon", true, device_balloon },
	{ "virtio-blk", true, device_blk },
	{ "virtio-net", true, device_net },
	{ "virtio-rng", true, device_rng },
	{ "virtio-scsi", true, device_scsi },
	{ "virtio-serial", true, device_serial },
	{ "scsi-hd", false, device_scsi_hd },
	{ "scsi-cd", false, device_scsi_cd },
	{ "virtconsole", false, device_console },
	{ "virtserialport", false, device_serial_port },
};

static const struct {
	const char *text;
	enum virt_way way;
} endings[] = {
	{ "-device", VIRT_FROM_TOP },
	{ "", VIRT_FROM_BOTTOM },
	{ "-pci", VIRT_FROM_BOTTOM },
	{ "-pci-non-transitional", VIRT_FROM_BOTTOM },
	{ "-pci-transitional", VIRT_FROM_BOTTOM },
};

enum {
	DRIVERS = sizeof(drivers) / sizeof(drivers[0]),
	ENDINGS = sizeof(endings) / sizeof(endings[0]),
};

/* One line, however many there are. */
static void tell_of_pci(struct place *at)
{
	if (at->p->told_of_pci)
		return;
	at->p->told_of_pci = true;
	log_warn("%s: this board has no PCI; such devices are taken as "
		 "virtio-…-device",
		 at->driver);
}

static const struct driver *find_driver(struct place *at)
{
	for (size_t i = 0; i < DRIVERS; i++) {
		size_t n = strlen(drivers[i].name);

		if (strncmp(at->driver, drivers[i].name, n) != 0)
			continue;
		if (!drivers[i].virtio) {
			if (!at->driver[n])
				return &drivers[i];
			continue;
		}
		for (size_t e = 0; e < ENDINGS; e++) {
			if (strcmp(at->driver + n, endings[e].text) != 0)
				continue;
			at->way = endings[e].way;
			return &drivers[i];
		}
	}
	return NULL;
}

static int no_driver(const char *name, struct err *err)
{
	char words[DRIVERS][32], hint[80];
	struct near near = { .word = name };

	for (size_t i = 0; i < DRIVERS; i++) {
		snprintf(words[i], sizeof(words[i]), "%s%s", drivers[i].name,
			 drivers[i].virtio ? "-device" : "");
		near_try(&near, words[i]);
	}
	return err_set(err, ENODEV, "there is no device '%s' here%s", name,
		       near_hint(&near, hint, sizeof(hint)));
}

/* -device itself; "-drive" and "-nic" are ours, and say nothing. */
static bool said(const struct keyvals *kv)
{
	return !strcmp(kv->option, "-device") ||
	       !strcmp(kv->option, "--device");
}

static int check_id(const struct parts *p, const char *id, struct err *err)
{
	for (size_t i = 0; id && i < p->named.n; i++) {
		if (p->named.at[i].id && !strcmp(p->named.at[i].id, id))
			return err_set(err, EEXIST,
				       "-device: there is an id '%s' already",
				       id);
	}
	return 0;
}

static int make_device(struct parts *p, struct keyvals *kv, struct machine *m,
		       struct err *err)
{
	struct part_device named = { 0 };
	struct place at = { .p = p, .m = m, .kv = kv, .named = &named };
	const struct driver *driver;
	int ret;

	ret = keyval_need(kv, "driver", &at.driver, err);
	if (ret < 0)
		return ret;
	driver = find_driver(&at);
	if (!driver)
		return no_driver(at.driver, err);
	if (at.way == VIRT_FROM_BOTTOM && said(kv))
		tell_of_pci(&at);
	at.id = keyval_text(kv, "id");
	ret = check_id(p, at.id, err);
	if (!ret)
		ret = driver->make(&at, err);
	if (ret < 0)
		return ret;
	named.id = at.id ? xstrdup(at.id) : NULL;
	named.type = xasprintf("%s%s", driver->name,
			       driver->virtio ? "-device" : "");
	*vec_add(&p->named) = named;
	return 0;
}

int make_devices(struct parts *p, struct opts *opts, struct machine *m,
		 struct err *err)
{
	for (size_t i = 0; i < opts->items.n; i++) {
		int ret = 0;

		if (opts->items.at[i].kind == OPTS_DEVICE)
			ret = make_device(p, &opts->items.at[i].kv, m, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}
