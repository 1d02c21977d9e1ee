/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of either engine for a guest: pimigrate-emu takes QEMU's
 * words, so there is one list with few differences.
 */
#ifndef RUN_ENGINE_H
#define RUN_ENGINE_H

#include <stdbool.h>

#include "common/err.h"
#include "common/vec.h"
#include "model/machine.h"

/* An argument array that owns its words and ends in NULL. */
struct engine_argv {
	struct vec_of(char *) words;
};

/* What of a start is not in guest.yaml. */
struct engine_run {
	const char *dir;            /* the guest's folder */
	int serial_fd, monitor_fd;  /* sockets, as the engine inherits them */
	const char *const *prefix;  /* words before the program, or NULL */
	const uint16_t *host_ports; /* for each forward of each user NIC, in
				     * order: the port that was chosen */
};

/*
 * The program's path: pimigrate-emu beside us or in the build tree, else in
 * PATH; qemu-system-arm, or qemu-system-aarch64 for a 64 bit guest, in PATH.
 * -ENOENT with what to install; -ENOTSUP: that engine has no such CPU.
 */
int engine_find(enum engine engine, bool arm64, char **ret_path,
		struct err *err);

void engine_args(const struct machine *m, const struct engine_run *run,
		 const char *program, struct engine_argv *ret_argv);
/* The value of -netdev for a NIC_USER, which the caller frees; host_ports are
 * those of this NIC's forwards. */
char *engine_user_netdev(const struct machine_nic *nic, const char *id,
			 const uint16_t *host_ports);
void engine_argv_free(struct engine_argv *argv);

/* The first free TCP port of the loopback address from start on; 0: none. */
uint16_t engine_free_port(uint16_t start);

/*
 * A descriptor that holds a port against the other supervisors of this machine
 * until it is closed: while the engine does not listen yet, or, in a reboot,
 * not again.  -EADDRINUSE: another one has it.
 */
int engine_claim_port(uint16_t port);

#endif
