/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unit files come with the program as texts, so that enable works from a
 * build folder too; an installed one has them beside it already, and those
 * are never replaced.
 *
 * Links are made by systemctl, which knows presets, aliases and where they
 * belong; it works without a running systemd as well.
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/run.h"
#include "service_text.h"
#include "slice_text.h"
#include "sysusers_text.h"
#include "target_text.h"
#include "tmpfiles_text.h"

#define TARGET "pimigrate.target"

enum {
	START_MS = 200000,
	/* To power off takes 120 seconds at most, then the plug is pulled. */
	STOP_MS = 200000,
	SHORT_MS = 60000,
	/* The emulator's code cache, page views, buffers, the supervisor. */
	EXTRA_MIB = 384,
};

static const struct {
	const char *path, *text;
} files[] = {
	{ "/etc/systemd/system/pimigrate@.service", service_text },
	{ "/etc/systemd/system/" TARGET, target_text },
	{ "/etc/systemd/system/pimigrate.slice", slice_text },
	{ "/etc/sysusers.d/pimigrate.conf", sysusers_text },
	{ "/etc/tmpfiles.d/pimigrate.conf", tmpfiles_text },
};

char *unit_name(const char *guest)
{
	return xasprintf("pimigrate@%s.service", guest);
}

bool unit_installed(const char *root)
{
	static const char *const places[] = {
		"/etc/systemd/system",
		"/usr/local/lib/systemd/system",
		"/usr/lib/systemd/system",
		"/lib/systemd/system",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		autofree char *path = xasprintf("%s%s/pimigrate@.service", root,
						places[i]);

		if (!access(path, F_OK))
			return true;
	}
	return false;
}

/* The text with each @PIMIGRATE@ replaced. */
static char *filled_in(const char *text, const char *program)
{
	struct str s = { 0 };
	const char *at;

	while ((at = strstr(text, "@PIMIGRATE@"))) {
		str_addn(&s, text, (size_t)(at - text));
		str_add(&s, program);
		text = at + strlen("@PIMIGRATE@");
	}
	str_add(&s, text);
	return str_steal(&s);
}

static int put(const char *path, const char *text, struct err *err)
{
	autofree char *dir = xstrndup(path,
				      (size_t)(strrchr(path, '/') - path));
	int r = files_mkdir_p(dir, 0755, err);

	return r < 0 ? r : files_replace(path, text, strlen(text), 0644, err);
}

/* systemctl, with --root where it is not this machine's. */
static int systemctl(const char *root, unsigned int timeout_ms,
		     const char *const *words, struct err *err)
{
	autofree char *at = xasprintf("--root=%s", root);
	const char *argv[8] = { "systemctl" };
	struct run_child child = { .argv = argv, .timeout_ms = timeout_ms };
	size_t n = 1;

	if (*root)
		argv[n++] = at;
	while (*words && n < 7)
		argv[n++] = *words++;
	return run_check(&child, NULL, err);
}

static int reload(const char *root, struct err *err)
{
	static const char *const words[] = { "daemon-reload", NULL };

	return *root || !unit_systemd() ? 0
					: systemctl("", SHORT_MS, words, err);
}

static int check_program(const char *program, struct err *err)
{
	if (!strpbrk(program, " \t%\"'\\$"))
		return 0;
	return err_set(err, EINVAL,
		       "systemd cannot run '%s': install pimigrate where its "
		       "path has neither blanks nor quotes",
		       program);
}

int unit_program(char **ret_path, struct err *err)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	int r;

	if (n < 0)
		return err_errno(err, errno, "cannot read /proc/self/exe");
	path[n] = 0;
	r = check_program(path, err);
	if (!r)
		*ret_path = xstrdup(path);
	return r;
}

int unit_install(const char *root, const char *program, struct err *err)
{
	int r = check_program(program, err);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !r; i++) {
		autofree char *path = xasprintf("%s%s", root, files[i].path);
		autofree char *text = filled_in(files[i].text, program);

		r = put(path, text, err);
	}
	return r < 0 ? r : reload(root, err);
}

bool unit_enabled(const char *root, const char *guest)
{
	autofree char *unit = unit_name(guest);
	autofree char *path = xasprintf(
		"%s/etc/systemd/system/" TARGET ".wants/%s", root, unit);

	return !faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW);
}

int unit_enable(const char *root, const char *guest, struct err *err)
{
	autofree char *unit = unit_name(guest);
	const char *const words[] = { "enable", "--quiet", unit, TARGET, NULL };

	return systemctl(root, SHORT_MS, words, err);
}

int unit_disable(const char *root, const char *guest, struct err *err)
{
	autofree char *unit = unit_name(guest);
	const char *const words[] = { "disable", "--quiet", unit, NULL };

	return systemctl(root, SHORT_MS, words, err);
}

bool unit_systemd(void)
{
	return sd_booted() > 0;
}

bool unit_active(const char *guest)
{
	autofree char *unit = unit_name(guest);
	const char *const words[] = { "is-active", "--quiet", unit, NULL };
	struct err ignored;

	return unit_systemd() && !systemctl("", SHORT_MS, words, &ignored);
}

bool unit_busy(const char *guest)
{
	autofree char *unit = unit_name(guest);
	const char *argv[] = { "systemctl", "show",
			       "--value",   "--property=ActiveState",
			       unit,        NULL };
	struct run_child child = { .argv = argv, .timeout_ms = SHORT_MS };
	autostr struct str state = { 0 };
	struct err ignored;

	return unit_systemd() && !run_check(&child, &state, &ignored) &&
	       !str_starts(state.text, "inactive") &&
	       !str_starts(state.text, "failed");
}

bool unit_failed(const char *guest)
{
	autofree char *unit = unit_name(guest);
	const char *const words[] = { "is-failed", "--quiet", unit, NULL };
	struct err ignored;

	return !systemctl("", SHORT_MS, words, &ignored);
}

int unit_start(const char *guest, struct err *err)
{
	autofree char *unit = unit_name(guest);
	const char *const words[] = { "start", unit, NULL };
	int r = systemctl("", START_MS, words, err);

	if (r < 0)
		err_set(err, -r,
			"the service of guest '%s' did not start; the reason "
			"is in: journalctl -u %s",
			guest, unit);
	return r;
}

int unit_stop(const char *guest, struct err *err)
{
	autofree char *unit = unit_name(guest);
	const char *const words[] = { "stop", unit, NULL };

	return systemctl("", STOP_MS, words, err);
}

void unit_limits(const struct machine *m, struct unit_limits *ret_limits)
{
	struct unit_limits *l = ret_limits;

	snprintf(l->memory, sizeof(l->memory), "MemoryMax=%lluM",
		 (unsigned long long)(m->memory >> 20) + EXTRA_MIB);
	/* A thread per CPU, and one for all devices. */
	snprintf(l->cpu, sizeof(l->cpu), "CPUQuota=%u%%", (m->cpus + 1) * 100);
}

int unit_limit(const struct machine *m, struct err *err)
{
	autofree char *unit = unit_name(m->name);
	struct unit_limits limits;
	const char *const words[] = { "set-property", "--runtime", unit,
				      limits.memory,  limits.cpu,  NULL };

	unit_limits(m, &limits);
	return systemctl("", SHORT_MS, words, err);
}
