/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -device for what is put on another device: SCSI disks, console ports. */
#include <errno.h>
#include <string.h>

#include "opts/make.h"
#include "opts/place.h"

/* "bus=scsi0.0": the device with id scsi0; without: the last of that kind. */
static struct part_device *find_bus(struct place *at, bool scsi)
{
	const char *bus = keyval_text(at->kv, "bus");
	size_t len = bus ? strcspn(bus, ".") : 0;

	for (size_t i = at->p->named.n; i-- > 0;) {
		struct part_device *d = &at->p->named.at[i];

		if (scsi ? !d->scsi : !d->console)
			continue;
		if (!bus || (d->id && strlen(d->id) == len &&
			     !strncmp(d->id, bus, len)))
			return d;
	}
	return NULL;
}

static int no_bus(struct place *at, const char *wants, struct err *err)
{
	const char *bus = keyval_text(at->kv, "bus");

	return err_set(err, ENOENT, "%s needs a -device %s%s%s before it",
		       at->driver, wants, bus ? " for its bus=" : "",
		       bus ? bus : "");
}

static int make_scsi_unit(struct place *at, bool cd, struct err *err)
{
	static const char *const ignored[] = { "channel",
					       "bootindex",
					       "share-rw",
					       "ver",
					       "vendor",
					       "product",
					       "wwn",
					       "rotation_rate",
					       "removable",
					       "logical_block_size",
					       "physical_block_size",
					       NULL };
	struct virtio_scsi_unit_options opt = { .cd = cd, .target = -1 };
	struct part_device *bus = find_bus(at, true);
	uint64_t target = 0, lun = 0;
	struct part_disk *disk;
	const char *drive;
	int ret;

	if (!bus)
		return no_bus(at, "virtio-scsi-device", err);
	ret = keyval_need(at->kv, "drive", &drive, err);
	if (!ret)
		ret = keyval_number(at->kv, "scsi-id", 0, 255, &target, err);
	if (!ret)
		ret = keyval_number(at->kv, "lun", 0, 255, &lun, err);
	opt.serial = keyval_text(at->kv, "serial");
	opt.device_id = keyval_text(at->kv, "device_id");
	if (!ret)
		ret = take_disk(at, drive, at->id ? at->id : "", &disk, err);
	keyval_accept(at->kv, ignored);
	if (!ret)
		ret = keyval_done(at->kv, err);
	if (ret < 0)
		return ret;
	if (keyval_text(at->kv, "scsi-id"))
		opt.target = (int)target;
	opt.lun = (int)lun;
	opt.block = disk->block;
	opt.write_through = disk->write_through;
	disk->cdrom = cd;
	return virtio_scsi_add(bus->scsi, &opt, err);
}

int device_scsi_hd(struct place *at, struct err *err)
{
	return make_scsi_unit(at, false, err);
}

int device_scsi_cd(struct place *at, struct err *err)
{
	return make_scsi_unit(at, true, err);
}

static int make_port(struct place *at, bool console, struct err *err)
{
	struct virtio_console_port_options opt = { .console = console,
						   .nr = -1 };
	struct part_device *bus = find_bus(at, false);
	const char *chardev = keyval_text(at->kv, "chardev");
	uint64_t nr = 0;
	int ret;

	if (!bus)
		return no_bus(at, "virtio-serial-device", err);
	opt.name = keyval_text(at->kv, "name");
	ret = keyval_number(at->kv, "nr", 0, VIRTIO_CONSOLE_PORTS - 1, &nr,
			    err);
	if (!ret && keyval_text(at->kv, "nr"))
		opt.nr = (int)nr;
	if (!ret)
		ret = keyval_done(at->kv, err);
	if (!ret && chardev)
		ret = take_chardev(at->p, at->driver, chardev, &opt.chr, err);
	at->named->chr = opt.chr;
	return ret < 0 ? ret : virtio_console_add(bus->console, &opt, err);
}

int device_console(struct place *at, struct err *err)
{
	return make_port(at, true, err);
}

int device_serial_port(struct place *at, struct err *err)
{
	return make_port(at, false, err);
}
