/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has to change in a system so that it runs on our board: rows, each
 * with a reason, from what was found.  Pure but for reading the guest's own
 * files through the functions that the caller hands in.
 */
#ifndef ADAPT_ADAPT_H
#define ADAPT_ADAPT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/vec.h"
#include "model/guest.h"
#include "model/plan.h"

/* The kernel that goes in; all NULL if the guest keeps its own. */
struct adapt_kernel {
	const char *tree;   /* host path: the folder, or an archive of it */
	uint64_t size;      /* bytes */
	char *const *files; /* what comes with it, absolute */
	size_t n_files;
	const char *status;          /* new /var/lib/dpkg/status */
	const char *extended_states; /* new text, or NULL */
	const char *held_status; /* status again, with the Pi's kernel held */
	const char *held;        /* its packages, "a, b"; or both NULL */
	const char *apt_source, *apt_pin; /* for a Raspbian guest, or NULL */
	const char *apt_source_path, *apt_pin_path;
	const char *keyring_path; /* in the guest */
	const char *keyring;      /* host path, to be copied if missing */
	const char *release, *reason;
};

struct adapt_facts {
	const struct guest *guest;
	struct adapt_kernel kernel;
	uint64_t free; /* bytes that root shall have free at the end; 0: the
			* disk keeps its size */

	bool serial_console; /* on the PL011, whoever uses it */

	/* For a system that is a copy, and lives beside the original; NULL: it
	 * keeps what it has.  32 digits; a host name. */
	const char *new_machine_id, *new_hostname;

	/* The guest's root file system. */
	char *(*read)(void *arg, const char *path); /* NULL: no such text */
	bool (*exists)(void *arg, const char *path);
	/* Names in a folder of the root or, below "boot:", of the FAT;
	 * NULL-terminated, owned by the caller of list. */
	char **(*list)(void *arg, const char *path);
	/* Where a link points, as it stands; NULL if it is none. */
	char *(*readlink)(void *arg, const char *path);
	void *arg;

	/* The profile: a reason, or NULL for what stays. */
	const char *(*drop_service)(void *profile, const char *name);
	const char *(*drop_word)(void *profile, const char *word);
	const char *(*drop_module)(void *profile, const char *module);
	void *profile;
};

/*
 * Fill *ret_plan.  -EMEDIUMTYPE if the root file system is too full for the
 * kernel and cannot grow; -ENOSPC if it must not.
 */
int adapt_plan(const struct adapt_facts *facts, struct plan *ret_plan,
	       struct err *err);

/* Free what list() returned; for the cleanup attribute. */
void adapt_names_free(char ***names);
#define autolist __attribute__((__cleanup__(adapt_names_free)))

/* Is root the last on the disk, so that it can grow with it? */
bool adapt_can_grow(const struct guest *g);

/* How large a disk becomes whose root lacks that many bytes. */
uint64_t adapt_grown(uint64_t disk_size, uint64_t missing);

/* Who uses the Pi's serial line, which the board's PL011 stands for, so that
 * the console goes elsewhere; or NULL. */
const struct guest_thing *adapt_serial_user(const struct adapt_facts *facts);

/* Where the FAT is after the change: "/boot/firmware", or NULL. */
const char *adapt_boot_dir(const struct guest *g);

/*
 * The parts, one file each: they add their rows to the plan.
 */
void adapt_fstab(const struct adapt_facts *facts, struct plan *plan);
void adapt_boot(const struct adapt_facts *facts, struct plan *plan);
void adapt_cmdline(const struct adapt_facts *facts, struct plan *plan);
void adapt_console(const struct adapt_facts *facts, struct plan *plan);
void adapt_services(const struct adapt_facts *facts, struct plan *plan);
void adapt_modules(const struct adapt_facts *facts, struct plan *plan);
void adapt_network(const struct adapt_facts *facts, struct plan *plan);
/* The name that the wired card has after the change; the caller frees it. */
char *adapt_card_name(const struct adapt_facts *facts);
void adapt_link(const struct adapt_facts *facts, struct plan *plan);
void adapt_twin(const struct adapt_facts *facts, struct plan *plan);
void adapt_sticks(const struct adapt_facts *facts, struct plan *plan);
void adapt_identity(const struct adapt_facts *facts, struct plan *plan);
void adapt_kernel(const struct adapt_facts *facts, struct plan *plan);
int adapt_grow(const struct adapt_facts *facts, struct plan *plan,
	       struct err *err);

#endif
