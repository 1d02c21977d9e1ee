/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine as the files of this folder see it. */
#ifndef BOARD_BOARD_H
#define BOARD_BOARD_H

#include <pthread.h>

#include "board/map.h"
#include "board/vcpu.h"
#include "board/virt.h"
#include "dev/fw_cfg.h"
#include "dev/gicv2.h"
#include "dev/pl011.h"
#include "dev/pl031.h"
#include "dev/pl061.h"

struct machine {
	struct loop *loop;
	struct virt_config config;

	struct ram ram;
	struct codepages codepages;
	struct bus bus;
	struct arm_system sys;
	struct vcpus vcpus;
	struct boot boot;

	pthread_mutex_t lock; /* the machine's: around the slow devices */
	struct gicv2 gic;
	struct pl011 uart[VIRT_SERIALS];
	struct pl031 rtc;
	struct pl061 gpio;
	struct fw_cfg fw_cfg;
	struct virtio_device *virtio[VIRTIO_SLOTS]; /* NULL: empty */

	struct virtio_balloon *balloon; /* NULL: none; not owned */

	struct loop_timer rtc_alarm;
	struct loop_timer key_release;

	enum run_state state; /* the loop's thread only */
	bool key_down;        /* the power key; the same */
	struct machine_listener *listeners;
	struct loop_call asked_call;
	_Atomic unsigned int asked; /* enum cpu_exit, by a vCPU */
};

/* All devices as after power-on, and RAM loaded; while paused. */
int virt_reset(struct machine *m, struct err *err);

/* Hold the power key down, or let it go. */
void virt_power_key(struct machine *m, bool down);

/* For devices.c: there is one. */
void machine_set_balloon(struct machine *m, struct virtio_balloon *balloon);

/* machine.c's part. */
void machine_emit(struct machine *m, enum machine_event event, int data);
void machine_init(struct machine *m);
void machine_asked(void *arg, enum cpu_exit what); /* for vcpus_init() */

#endif
