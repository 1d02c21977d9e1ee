/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/off.h"

#include <errno.h>
#include <unistd.h>

#include "cmd/libvirt_guest.h"
#include "store/store.h"

/* libvirt knows nothing of our lock. */
static int check_libvirt(const char *name, struct err *err)
{
	struct status status;
	struct machine m;
	struct err ignored;
	int r = 0;

	/* What is wrong with guest.yaml is the caller's to find. */
	if (store_load(name, &m, &ignored) < 0)
		return 0;
	if (m.libvirt)
		r = guest_status(&m, &status, err);
	if (m.libvirt && !r) {
		status_free(&status);
		r = status.state == STATUS_OFF ? 0 : -EAGAIN;
	}
	machine_free(&m);
	return r;
}

int off_lock(const char *name, struct err *err)
{
	int lock;

	if (!store_name_ok(name) || !store_exists(name))
		return err_set(err, ENOENT,
			       "there is no guest '%s'; pimigrate list shows "
			       "what there is",
			       name);
	lock = store_lock_running(name, err);
	if (lock >= 0) {
		int r = check_libvirt(name, err);

		if (r < 0) {
			close(lock);
			lock = r;
		}
	}
	if (lock == -EAGAIN)
		return err_set(err, EAGAIN,
			       "guest '%s' is running; stop it first: "
			       "pimigrate stop %s",
			       name, name);
	return lock;
}

int off_lock_disk(const char *name, const char *what, struct err *err)
{
	int lock = off_lock(name, err);
	struct machine m;
	int r = lock < 0 ? lock : store_load(name, &m, err);

	if (!r) {
		r = libvirt_own_disk(&m, what, err);
		machine_free(&m);
	}
	if (r < 0 && lock >= 0)
		close(lock);
	return r < 0 ? r : lock;
}
