/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was found on a card: filled by guest/ from the file systems, read by
 * everyone who decides.  Plain data, no I/O; strings are owned by the struct
 * and NULL where the card does not say.
 */
#ifndef MODEL_GUEST_H
#define MODEL_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/vec.h"

enum guest_fs {
	FS_NONE, /* nothing recognised */
	FS_EXT,  /* ext2, ext3, ext4 */
	FS_FAT,
	FS_SWAP,
	FS_OTHER,
};

/*
 * One row of a partition table.  Where one number stands for a partition it is
 * a reference: its number, and for a disk besides the system's own 256 times
 * the disk's (guest_ref()).
 */
struct guest_partition {
	unsigned int disk;    /* 0: the system's; 1 up: of guest.disks */
	unsigned int number;  /* 1 up, as in mmcblk0pN */
	uint64_t start, size; /* bytes, on the source */
	unsigned int type;    /* MBR type; 0 under GPT */
	enum guest_fs fs;
	char *fs_name;             /* as libblkid calls it: "ext4", "vfat" */
	char *label, *uuid;        /* of the file system */
	char *partuuid;            /* "5e3da3da-02" */
	unsigned int card_number;  /* laid out anew: these two on the card, */
	char *card_partuuid;       /* as the system's files have them; or 0 */
	char *type_name;           /* as fdisk calls it: "Linux extended" */
	bool needs_recovery;       /* ext: the journal was not replayed */
	uint64_t fs_size, fs_free; /* bytes; 0 where not known */
	uint64_t fs_free_inodes;   /* ext: how many more files it can have */
};

/* One entry of /etc/fstab. */
struct guest_mount {
	char *spec, *dir, *type, *options;
	int freq, passno;
	int partition; /* reference of the one it names; 0: none that is here */
	bool missing;  /* it is on a disk, and that is none of those here */
};

enum guest_arch {
	ARCH_UNKNOWN,
	ARCH_ARMHF, /* 32 bit, hard float: ARMv6 (Raspbian) or ARMv7 */
	ARCH_ARMEL,
	ARCH_ARM64,
	ARCH_OTHER, /* x86 and all else; arch_name says which */
};

/* A system that could be converted. */
struct guest_system {
	int partition;         /* reference */
	char *name, *hostname; /* what it says of itself, or NULL */
};

/* Who configures the network. */
enum guest_net {
	NET_NONE,
	NET_IFUPDOWN,
	NET_DHCPCD,
	NET_NETWORKMANAGER,
	NET_NETWORKD,
};

/* What is said to the user, before anything is lost. */
enum finding_level {
	FINDING_OK,   /* works, or is adapted without loss */
	FINDING_NOTE, /* good to know */
	FINDING_WARN, /* is lost or works otherwise: --strict counts these */
	FINDING_STOP, /* cannot be converted */
};

struct finding {
	enum finding_level level;
	char *code; /* stable, for programs: "needs-recovery" */
	char *text; /* one sentence for a person */
};

/* What becomes of a thing that the card's system uses. */
enum guest_fate {
	FATE_WORKS,
	FATE_CHANGED, /* works otherwise, or is taken care of */
	FATE_LOST,    /* --strict counts these through their finding */
	FATE_DECIDE,  /* the owner has to do something */
};

enum thing_kind {
	THING_CONFIG,    /* a line of config.txt */
	THING_DEVICE,    /* a device that a configuration names */
	THING_CONTAINER, /* Docker's, containerd's */
	THING_PROGRAM,   /* what an enabled unit starts */
};

struct guest_thing {
	enum thing_kind kind;
	char *name;  /* "dtoverlay=w1-gpio", "/dev/ttyACM0" */
	char *where; /* the file that names it; NULL: evident */
	enum guest_fate fate;
	char *text; /* why, one sentence */
};

/* A line of config.txt or of what it includes that is no comment. */
struct guest_config {
	char *text;        /* "dtoverlay=w1-gpio,gpiopin=4" */
	char *section;     /* "all", "pi4": what it is for */
	char *file;        /* "config.txt" */
	unsigned int line; /* 1 up */
	bool applies;      /* for some Pi that has a processor of the
			    * system's kind; not: [none], [cm4] */
};

struct guest_service {
	char *name;   /* with its suffix: "hciuart.service" */
	bool enabled; /* wanted by something in /etc/systemd/system, rcN.d */
	bool masked;
};

/* A disk besides the one with the system. */
struct guest_disk {
	char *path;
	char *table, *id;   /* as those of struct guest */
	uint64_t size;      /* bytes */
	unsigned int order; /* as guest.order */
};

struct guest_module {
	char *release; /* directory below /lib/modules */
};

struct guest {
	/* the disk */
	char *table;   /* "dos" or "gpt" */
	char *disk_id; /* "5e3da3da" */
	uint64_t disk_size;
	bool laid_out;      /* partitions are numbered as they will be on
			     * the guest's disk, not as on the card */
	unsigned int order; /* 0: it is the card; n: the n-th --disk */
	struct vec_of(struct guest_disk) disks; /* the others */
	struct vec_of(struct guest_partition) partitions;
	struct vec_of(struct guest_system) systems;
	int root, boot; /* references; 0: none found; root is on disk 0 */

	/* the system */
	char *os_id;      /* ID of os-release: "raspbian", "debian" */
	char *os_name;    /* PRETTY_NAME */
	char *suite;      /* VERSION_CODENAME: "bookworm" */
	char *os_version; /* VERSION_ID: "12" */
	bool raspberry;   /* /etc/rpi-issue, or packages of its archive */
	enum guest_arch arch;
	char *arch_name; /* dpkg's Architecture, or the ELF machine */
	char *hostname;
	char *machine_id;
	bool merged_usr;              /* /lib is a symbolic link */
	bool systemd;                 /* /sbin/init leads to it */
	char *profile;                /* name of the profile that fits */
	struct vec_of(char *) layers; /* titles of what lies on top of it */

	/* how it starts */
	char *cmdline; /* cmdline.txt, one line */
	char *config;  /* config.txt, whole */
	struct vec_of(struct guest_config) config_lines;
	char *boot_dir; /* where the FAT is mounted: "/boot/firmware" */
	struct vec_of(struct guest_mount) mounts;
	struct vec_of(struct guest_module) modules;
	char *kernel_package; /* an installed Debian armmp kernel, or NULL */

	/* the network */
	enum guest_net net;
	char *mac;       /* the Pi's Ethernet, "b8:27:eb:12:34:56" */
	char *mac_from;  /* where it was found */
	char *mac_bound; /* the file that configures the network of the card
			  * with that address alone; NULL: none does */
	bool static_address;
	char *address, *gateway, *dns; /* if static; address as a.b.c.d/n */
	char *wifi_address; /* fixed, but Wi-Fi's alone: the cable has none */
	char *second_card; /* of another wired one that is configured: "eth1" */
	bool wifi_only;
	bool ssh; /* an SSH server is enabled */

	/* the rest */
	struct vec_of(struct guest_service) services;
	char *preload; /* /etc/ld.so.preload, if any */
	bool fresh;    /* never booted: first boot would resize */
	struct vec_of(struct guest_thing) things;
	struct vec_of(struct finding) findings;
};

void guest_free(struct guest *g);
void guest_partition_fini(struct guest_partition *p);

/* Add a finding; fmt makes its text. */
void guest_say(struct guest *g, enum finding_level level, const char *code,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same, in front of all others: it is the reason that counts. */
void guest_say_first(struct guest *g, enum finding_level level,
		     const char *code, const char *text);

/* A thing, unless one of that kind and name is there; where may be NULL. */
void guest_thing(struct guest *g, enum thing_kind kind, enum guest_fate fate,
		 const char *name, const char *where, const char *text);

enum {
	GUEST_OTHER_DISK = 256 /* references from here on are of others; more
				* than a table has rows */
};

/* What stands for a partition where it is one number. */
int guest_ref(const struct guest_partition *p);

/* The partition of that reference, or NULL. */
struct guest_partition *guest_partition(const struct guest *g, int ref);

/* fstab's entry for a folder, or NULL. */
const struct guest_mount *guest_mount_at(const struct guest *g,
					 const char *dir);

/* Which disk has that place in the order of the command line: 0 is the
 * system's, 1 up one of disks; -1: none. */
int guest_disk_of_order(const struct guest *g, unsigned int order);

/* Disk 1 up becomes the system's, and that one takes its place. */
void guest_swap_disks(struct guest *g, unsigned int disk);

/* The first finding that forbids converting, or NULL. */
const struct finding *guest_stop(const struct guest *g);

/* The finding of that code, or NULL. */
const struct finding *guest_finding(const struct guest *g, const char *code);

/* How many findings --strict counts: what is lost, or works otherwise. */
size_t guest_losses(const struct guest *g);

/* As in --json: "ok", "note", "warn", "stop"; "armhf". */
const char *finding_level_name(enum finding_level level);
const char *guest_fate_name(enum guest_fate fate); /* "works", "lost" … */
const char *thing_kind_name(enum thing_kind kind); /* "config" … */
const char *guest_arch_name(enum guest_arch arch);
const char *guest_net_name(enum guest_net net);

/* Is a unit or init script of that name enabled? */
bool guest_enabled(const struct guest *g, const char *service);

#endif
