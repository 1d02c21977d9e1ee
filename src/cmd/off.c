/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/off.h"

#include <errno.h>

#include "store/store.h"

int off_lock(const char *name, struct err *err)
{
	int lock;

	if (!store_name_ok(name) || !store_exists(name))
		return err_set(err, ENOENT,
			       "there is no guest '%s'; pimigrate list shows "
			       "what there is",
			       name);
	lock = store_lock_running(name, err);
	if (lock == -EAGAIN)
		return err_set(err, EAGAIN,
			       "guest '%s' is running; stop it first: "
			       "pimigrate stop %s",
			       name, name);
	return lock;
}
