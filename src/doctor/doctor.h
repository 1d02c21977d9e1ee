/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why would it not work on this host?  First facts are gathered, then judged:
 * judging is pure, so every broken set-up can be tested as data.
 *
 * What only others know (the emulator's place, a guest's kernel, its service)
 * comes as facts from cmd/.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/vec.h"
#include "model/machine.h"

enum doctor_kvm {
	KVM_NONE, /* no /dev/kvm */
	KVM_WORKS,
	KVM_UNUSABLE, /* it is there, but runs nothing */
};

struct doctor_host {
	bool tun;
	enum doctor_kvm kvm;
	/* bytes; 0: not known */
	uint64_t memory, memory_available;
	uint64_t disk_free, disk_size; /* where guests are */
	char *guests;                  /* that folder */
	char *fs_errors; /* the ext4 file system that met errors, or NULL */
	bool clock_synced;
	char *clocksource;
};

struct doctor_bridge {
	char *name, *ports; /* "eth0 pm01234567-0", or "" */
	bool exists, has_uplink;
	/* Why frames do not cross it, and what to do; NULL: they do. */
	char *filter, *filter_remedy;
	bool filter_fixable;
	bool confirmed; /* or not made by us */
};

struct doctor_net {
	char *uplink; /* of the default route, or NULL */
	bool uplink_wireless;
	char *resolver; /* the first of resolv.conf, or NULL */
	struct vec_of(struct doctor_bridge) bridges; /* that guests are on */
};

/* A folder where libvirt keeps disks. */
struct doctor_pool {
	char *name, *path;
	uint64_t size, free; /* bytes; 0: it is not there */
};

struct doctor_libvirt {
	bool installed, answers; /* its daemon's socket is there */
	bool hook;               /* ours, which follows kernel updates */
	bool confines;           /* its guests, by AppArmor … */
	bool rule;               /* … and one lets them be our emulator */
	/* Domains whose emulator is ours and is not there, "pi: /x/y". */
	struct vec_of(char *) lost_emulators;
	struct vec_of(struct doctor_pool) pools;
};

struct doctor_emulator {
	char *path, *version; /* NULL: none, or it does not run */
	char *problem;
	const char *expected; /* version */
};

enum doctor_kernel {
	KERNEL_UNKNOWN, /* it runs, or there is none */
	KERNEL_IN_STEP,
	KERNEL_WAITS,   /* the next start takes another one */
	KERNEL_REFUSED, /* a newer one did not come up */
	KERNEL_DIRTY,   /* the disk was not shut down */
};

struct doctor_guest {
	const char *name;
	const struct machine *m; /* NULL: guest.yaml cannot be read */
	char *problem;           /* then: why */
	char *unknown; /* why nobody can tell whether it runs, or NULL */
	bool running;  /* or may be */
	bool service;  /* starts with this machine, whoever starts it */
	bool failed;   /* the service gave up */
	/* Of the last starts: how many, since how many seconds; 0: off. */
	unsigned int starts, seconds;
	char *stalled;         /* why it stands still, or NULL */
	char *missing;         /* a disk or kernel that is not there */
	uint64_t disk_missing; /* bytes that the disk may still grow */
	enum doctor_kernel kernel;
	char *release;
	uint64_t fs_size, fs_free; /* of its root; 0: not known */
	char *conflict;            /* who else has its address */
	char *unplugged; /* why its TAP, while it runs, leads nowhere */
	bool clock_known;
	int32_t clock_ahead; /* ms, of this machine's */
	bool booted;         /* its console was read … */
	char *failed_units;  /* … and says that these failed; or NULL */
};

struct doctor_facts {
	bool root;                  /* some things only root can see */
	const char *service_guests; /* the folder where services look */
	struct doctor_host host;
	struct doctor_net net;
	struct doctor_libvirt libvirt;
	struct doctor_emulator emulator;
	struct vec_of(struct doctor_guest) guests;
};

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE, /* good to know */
	DOCTOR_WARN, /* works, or will not for long */
	DOCTOR_BAD,  /* does not work */
};

/* What --fix may do without asking. */
enum doctor_fix {
	FIX_NONE,
	FIX_TUN,
	FIX_FILTER,  /* about: the bridge */
	FIX_TAP,     /* about: the guest */
	FIX_SERVICE, /* about: the guest, which is to start with this machine */
	FIX_KERNEL,  /* about: the guest */
	FIX_RESUME,  /* about: the guest, which libvirt runs */
};

struct doctor_row {
	const char *check; /* "host/tun": stable, for programs */
	char *about;       /* the guest or bridge, or NULL */
	enum doctor_level level;
	char *finding, *remedy; /* remedy: NULL if there is nothing to do */
	enum doctor_fix fix;
};

struct doctor {
	struct vec_of(struct doctor_row) rows;
};

/* Gather what files tell; root is "" or a folder that holds a system. */
void doctor_probe_host(const char *root, const char *guests,
		       struct doctor_host *ret_host);
/* The bridges that these guests are on must be in net->bridges by name. */
void doctor_probe_net(const char *root, struct doctor_net *net);
void doctor_probe_libvirt(const char *root, struct doctor_libvirt *ret);

/* Only the checks whose name begins with part ("" for all). */
void doctor_judge(const struct doctor_facts *f, const char *part,
		  struct doctor *ret_doctor);

enum doctor_level doctor_worst(const struct doctor *d);
const char *doctor_level_name(enum doctor_level level); /* "ok", "bad" … */

void doctor_free(struct doctor *d);
void doctor_facts_free(struct doctor_facts *f);

#endif
