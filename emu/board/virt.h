/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making the machine: what main.c chooses.
 *
 *	m = virt_new(loop, &config, &err);
 *	for each disk …: devices_add_…() (devices.h), or
 *			 slot = virt_slot(m, way, &env, &err), make the device
 *			 with env, virt_plug(m, slot, device);
 *	virt_finish(m, &err);	files are read, threads stand ready
 *	machine_start(m);
 *	loop_run(loop);
 *	virt_free(m);		then free devices and back ends
 */
#ifndef BOARD_VIRT_H
#define BOARD_VIRT_H

#include <stdio.h>

#include "board/boot.h"
#include "board/machine.h"
#include "chardev/chardev.h"
#include "jit/jit.h"
#include "loop/loop.h"
#include "virtio/virtio.h"

enum {
	VIRT_SERIALS = 2
};

#define VIRT_RAM_MIN (UINT64_C(16) << 20)
#define VIRT_RAM_MAX (UINT64_C(8) << 30)

struct virt_config {
	enum cpu_model cpu;
	unsigned int cpus; /* 1 to MAX_CPUS */
	struct jit_options jit;
	bool accel_must;   /* jit.mode was asked for: no other will do */
	uint64_t ram_size; /* bytes */
	struct boot_files files;
	/* Not owned.  The first is always there; the second PL011 exists if
	 * its chardev does. */
	struct chardev *serial[VIRT_SERIALS];
	bool no_reboot, no_shutdown;
	bool idle;          /* -M none: nothing in RAM, and it never runs */
	int64_t rtc_offset; /* seconds of the board's clock before the host's */
	unsigned int trace; /* enum trace */
	FILE *trace_file;   /* not owned */
};

/* The whole board, nothing in RAM yet. */
struct machine *virt_new(struct loop *loop, const struct virt_config *config,
			 struct err *err);

/*
 * From which end the slots are filled.  QEMU's board gives the first device
 * of the command line the highest transport, so that Linux, which finds the
 * lowest first, calls the last disk /dev/vda; its PCI devices are found in the
 * order of the command line.  Recipes rely on either.
 */
enum virt_way {
	VIRT_FROM_TOP,    /* virtio-X-device */
	VIRT_FROM_BOTTOM, /* what was a PCI device */
};

/* Where the next virtio device will stand: its slot. */
int virt_slot(struct machine *m, enum virt_way way, struct virtio_env *ret_env,
	      struct err *err);

/* Put a device made with that into its slot; not owned. */
void virt_plug(struct machine *m, int slot, struct virtio_device *vdev);

/* Read the files and make the vCPUs' threads.  State: prelaunch. */
int virt_finish(struct machine *m, struct err *err);

/* Ends the vCPUs' threads and waits for requests of devices, so that nobody
 * touches RAM any more; NULL is allowed. */
void virt_free(struct machine *m);

#endif
