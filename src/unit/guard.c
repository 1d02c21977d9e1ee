/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that takes a bridge back, if nobody confirms it, is lost when
 * the machine restarts: then this service goes on waiting.
 *
 * It is a plain file and a link, without telling systemd, which reads them
 * when the machine starts; the network may be half changed when they are
 * written, so nothing is asked of anybody.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "unit/unit.h"

#define PLACE "/etc/systemd/system/"

static const char text[] =
	"# Made by pimigrate net setup; pimigrate net confirm removes it.\n"
	"[Unit]\n"
	"Description=Take the bridge %s back, unless it is confirmed\n"
	"Documentation=man:pimigrate(1)\n"
	"After=network.target networking.service systemd-networkd.service\n"
	"After=NetworkManager.service\n"
	"\n"
	"[Service]\n"
	"ExecStart=%s net await --bridge %s --wait %u\n";

static char *guard_file(const char *bridge)
{
	return xasprintf(PLACE "pimigrate-net-%s.service", bridge);
}

static char *guard_link(const char *bridge)
{
	return xasprintf(PLACE
			 "multi-user.target.wants/pimigrate-net-%s.service",
			 bridge);
}

int unit_guard(const char *bridge, unsigned int seconds, struct err *err)
{
	autofree char *file = guard_file(bridge), *link = guard_link(bridge);
	autofree char *program = NULL, *unit = NULL;
	int r = unit_program(&program, err);

	if (!r)
		r = files_mkdir_p(PLACE "multi-user.target.wants", 0755, err);
	if (r < 0)
		return r;
	unit = xasprintf(text, bridge, program, bridge, seconds);
	r = files_replace(file, unit, strlen(unit), 0644, err);
	if (!r && symlink(file, link) < 0 && errno != EEXIST)
		r = err_errno(err, errno, "cannot make '%s'", link);
	return r;
}

static int drop(const char *path, struct err *err)
{
	return unlink(path) < 0 && errno != ENOENT
		       ? err_errno(err, errno, "cannot remove '%s'", path)
		       : 0;
}

int unit_unguard(const char *bridge, struct err *err)
{
	autofree char *file = guard_file(bridge), *link = guard_link(bridge);
	int r = drop(link, err);

	return r < 0 ? r : drop(file, err);
}
