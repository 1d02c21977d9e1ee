/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual machine: all that start needs to know.  store/ keeps it as
 * guest.yaml; run/ makes the command line of either engine from it.
 */
#ifndef MODEL_MACHINE_H
#define MODEL_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/vec.h"

enum engine {
	ENGINE_PIMIGRATE, /* pimigrate-emu */
	ENGINE_QEMU,      /* qemu-system-arm, qemu-system-aarch64 */
};

enum nic_kind {
	NIC_USER, /* user networking with forwarded ports */
	NIC_TAP,  /* a TAP on a bridge of the host */
	NIC_NONE,
	NIC_NETWORK, /* a network of libvirt's; only libvirt can run it */
};

struct machine_forward {
	uint16_t host, guest; /* TCP ports; host 0: first free from 2222 on */
};

struct machine_nic {
	enum nic_kind kind;
	char *mac;
	char *bridge;  /* TAP: the bridge; NULL: none */
	char *tap;     /* TAP: the interface's name; NULL: made */
	char *network; /* NETWORK: its name */
	/* USER, for a guest with a static address: that address with and
	 * without its length ("192.168.1.5/24"), and what it takes for its
	 * gateway and resolver; NULL: the engine's defaults */
	char *net, *address, *gateway, *dns;
	bool isolated; /* USER: no way out of this host; not in guest.yaml */
	struct vec_of(struct machine_forward) forwards;
};

enum serial_port {
	SERIAL_UART, /* a PL011: speed and modem lines reach the host's port */
	SERIAL_VIRTIO, /* a virtio console: faster, but bytes only */
};

/* A serial port of the host, which the guest has alone. */
struct machine_serial {
	char *device; /* on the host: /dev/serial/by-id/... */
	enum serial_port port;
	struct vec_of(char *) names; /* in the guest, below /dev; owned */
};

struct machine_disk {
	char *file;   /* relative to the guest's folder, or absolute */
	char *format; /* "raw" or "qcow2" */
	bool readonly;
	bool block;          /* file is a block device */
	char *pool, *volume; /* of libvirt's, that holds it; or NULL */
	bool snapshot; /* what is written is not kept; not in guest.yaml */
};

struct machine {
	unsigned int version; /* of guest.yaml; 1 */
	char *name;           /* safe for file names: [a-z0-9][a-z0-9.-]* */
	char *uuid;
	char *title; /* for people: "Raspberry Pi OS 12 of homepi" */
	unsigned int cpus;
	uint64_t memory; /* bytes */
	char *arch;      /* "arm64"; NULL: 32 bit */
	char *cpu;       /* "cortex-a7" */
	enum engine engine;
	bool autostart;
	char *libvirt;     /* URI of the libvirt that runs it; NULL: we do */
	bool console_hvc0; /* the console is a virtio one, and nothing is at
			    * the PL011 */
	char *release;     /* of the kernel to start; NULL: the newest that the
			* guest has */
	char *kernel, *initrd; /* relative to the guest's folder */
	char *cmdline;
	char *profile;
	struct vec_of(struct machine_disk) disks;
	struct vec_of(struct machine_nic) nics;
	struct vec_of(struct machine_serial) serial;

	/* origin */
	char *source_path, *source_serial, *source_sha256;
	uint64_t source_size;
	int64_t source_mtime;
	char *created; /* UTC, ISO 8601 */
};

/* The n-th port goes. */
void machine_remove_serial(struct machine *m, size_t n);
void machine_free(struct machine *m);

/* A 64 bit ARM?  Then QEMU is the only engine. */
bool machine_is_arm64(const struct machine *m);

#endif
