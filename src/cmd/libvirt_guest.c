/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/libvirt_guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "domain/storage.h"
#include "domain/xml.h"
#include "host/files.h"
#include "run/engine.h"
#include "store/store.h"

enum {
	FIRST_PORT = 2222,
	LOG_BYTES = 64 << 20, /* libvirt's log daemon has 2 MiB in each … */
	OLD_LOGS = 3,         /* … and so many beside the last */
	PRESS_SECONDS = 10,
	RESUME_MS = 2000, /* until it has written again */
	POLL_MS = 250
};

/* An argument of -netdev for each NIC_USER. */
struct netdevs {
	struct vec_of(char *) all;
};

static void netdevs_free(struct netdevs *n)
{
	for (size_t i = 0; i < n->all.n; i++)
		free(n->all.at[i]);
	vec_free(&n->all);
}

char *libvirt_console_log(const struct machine *m)
{
	return store_file(m->name, "console.log");
}

static const char *last(const char *text, const char *what)
{
	const char *found = NULL;

	for (const char *at = text; (at = strstr(at, what)); at++)
		found = at;
	return found;
}

enum seen {
	SEEN_NOTHING, /* in all that is kept */
	SEEN_BOOT,    /* it began to boot; whether it came up is not told */
	SEEN_END,     /* the last was a restart */
	SEEN_LOGIN,
};

static enum seen look_at_log(const char *path)
{
	autofree char *text = NULL;
	const char *login, *end;
	struct err ignored;
	size_t n;

	if (files_read(path, LOG_BYTES, &text, &n, &ignored) < 0)
		return SEEN_NOTHING;
	for (size_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	login = last(text, " login: ");
	end = last(text, "reboot: Restarting system");
	if (login || end)
		return login > end ? SEEN_LOGIN : SEEN_END;
	return strstr(text, "Booting Linux on") || strstr(text, "Kernel panic")
		       ? SEEN_BOOT
		       : SEEN_NOTHING;
}

/*
 * A full console.log becomes console.log.0, that one .1, and so on, and the
 * oldest is deleted; a start deletes all of them.  Where the prompt may be
 * deleted, a guest that printed so much since and never booted is up.
 */
bool libvirt_login_seen(const struct machine *m)
{
	autofree char *path = libvirt_console_log(m);
	enum seen seen = look_at_log(path);
	bool booted = seen == SEEN_BOOT, old = true;

	for (int i = 0; i < OLD_LOGS && seen < SEEN_END && old; i++) {
		autofree char *older = xasprintf("%s.%d", path, i);

		old = !access(older, F_OK);
		seen = look_at_log(older);
		booted |= seen == SEEN_BOOT;
	}
	if (seen < SEEN_END)
		return old && !booted;
	return seen == SEEN_LOGIN;
}

static enum status_state state_of(const struct machine *m,
				  enum domain_state state)
{
	switch (state) {
	case DOMAIN_MISSING:
	case DOMAIN_OFF:
		return STATUS_OFF;
	case DOMAIN_STOPPING:
		return STATUS_STOPPING;
	case DOMAIN_RUNNING:
	case DOMAIN_PAUSED:
	case DOMAIN_STALLED:
		break;
	}
	return libvirt_login_seen(m) ? STATUS_UP : STATUS_BOOTING;
}

int guest_status(const struct machine *m, struct status *ret_status,
		 struct err *err)
{
	autohost struct domain_host *host = NULL;
	struct status status = { .engine = m->engine };
	enum domain_state state;
	int r;

	if (!m->libvirt)
		return status_read(m->name, ret_status, err);
	r = domain_host_open(m->libvirt, &host, err);
	if (!r)
		r = domain_state(host, m->uuid, &state, err);
	if (r < 0)
		return r;
	status.state = state_of(m, state);
	/* What the disk said is in the emulator's log. */
	if (state == DOMAIN_STALLED)
		status.stalled = xstrdup("I/O error");
	for (size_t i = 0; status.state != STATUS_OFF && i < m->nics.n; i++)
		for (size_t j = 0; j < m->nics.at[i].forwards.n; j++)
			*vec_add(&status.forwards) =
				m->nics.at[i].forwards.at[j];
	*ret_status = status;
	return 0;
}

int libvirt_autostarts(const struct machine *m, bool *ret_on, struct err *err)
{
	autohost struct domain_host *host = NULL;
	int r = domain_host_open(m->libvirt, &host, err);

	return r < 0 ? r : domain_autostarts(host, m->uuid, ret_on, err);
}

int libvirt_folder_check(const char *uri, const char *folder, struct err *err)
{
	autofree char *path = xstrdup(folder);
	char *slash = path;
	struct stat st;

	while (domain_is_system(uri) && slash) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = 0;
		if (!stat(path, &st) && !(st.st_mode & S_IXOTH))
			return err_set(
				err, EACCES,
				"the user of %s may not pass through '%s', "
				"where guests are: chmod o+x it, or use "
				"-oc " DOMAIN_SESSION,
				uri, path);
		if (slash)
			*slash = '/';
	}
	return 0;
}

static bool port_in_use(const struct machine *m, uint16_t port)
{
	for (size_t i = 0; i < m->nics.n; i++)
		for (size_t j = 0; j < m->nics.at[i].forwards.n; j++)
			if (m->nics.at[i].forwards.at[j].host == port)
				return true;
	return false;
}

/* Of this guest, or of any other that names it. */
static bool port_taken(const struct machine *m, uint16_t port)
{
	struct store_names names;
	struct err ignored;
	bool taken = port_in_use(m, port);

	if (store_list(&names, &ignored) < 0)
		return taken;
	for (size_t i = 0; i < names.names.n && !taken; i++) {
		struct machine other;

		if (store_load(names.names.at[i], &other, &ignored) < 0)
			continue;
		taken = port_in_use(&other, port);
		machine_free(&other);
	}
	store_names_free(&names);
	return taken;
}

void libvirt_choose_ports(struct machine *m)
{
	for (size_t i = 0; i < m->nics.n; i++)
		for (size_t j = 0; j < m->nics.at[i].forwards.n; j++) {
			uint16_t *host = &m->nics.at[i].forwards.at[j].host;
			uint16_t port = FIRST_PORT;

			if (*host)
				continue;
			do
				port = engine_free_port(port);
			while (port && port_taken(m, port) && ++port);
			*host = port;
		}
}

static void make_netdevs(const struct machine *m, struct netdevs *ret)
{
	for (size_t i = 0; i < m->nics.n; i++) {
		const struct machine_nic *nic = &m->nics.at[i];
		autofree char *id = xasprintf("user%zu", ret->all.n);
		struct vec_of(uint16_t) ports = { 0 };

		if (nic->kind != NIC_USER)
			continue;
		for (size_t j = 0; j < nic->forwards.n; j++)
			*vec_add(&ports) = nic->forwards.at[j].host;
		*vec_add(&ret->all) = engine_user_netdev(nic, id, ports.at);
		vec_free(&ports);
	}
}

/* libvirt wants an absolute path. */
static int find_emulator(const struct machine *m, char **ret_path,
			 struct err *err)
{
	autofree char *program = NULL, *path = NULL;
	const char *dirs = getenv("PATH");
	int r = engine_find(m->engine, machine_is_arm64(m), &program, err);

	if (r < 0)
		return r;
	if (strchr(program, '/'))
		path = realpath(program, NULL);
	while (!path && dirs && *dirs) {
		autofree char *dir = xstrndup(dirs, strcspn(dirs, ":"));

		path = xasprintf("%s/%s", dir, program);
		if (*dir != '/' || access(path, X_OK) < 0) {
			free(path);
			path = NULL;
		}
		dirs += strcspn(dirs, ":");
		dirs += *dirs == ':';
	}
	if (!path)
		return err_set(err, ENOENT, "cannot find the emulator '%s'",
			       program);
	*ret_path = steal_ptr(path);
	return 0;
}

int libvirt_define(struct domain_host *host, const struct machine *m,
		   struct err *err)
{
	cleanup(netdevs_free) struct netdevs netdevs = { 0 };
	autofree char *folder = store_dir(m->name), *dir = NULL;
	autofree char *emulator = NULL, *log = NULL, *xml = NULL;
	struct domain_parts parts;
	int r = find_emulator(m, &emulator, err);

	if (r < 0)
		return r;
	dir = realpath(folder, NULL);
	if (!dir)
		return err_errno(err, errno, "cannot look at '%s'", folder);
	log = xasprintf("%s/console.log", dir);
	make_netdevs(m, &netdevs);
	parts = (struct domain_parts){
		.dir = dir,
		.emulator = emulator,
		.netdevs = (const char *const *)netdevs.all.at,
		.console_log = log,
	};
	r = domain_host_check(host, emulator, machine_is_arm64(m), err);
	if (!r)
		r = xml_domain(m, &parts, &xml, err);
	return r < 0 ? r
		     : domain_define(host, m->name, m->uuid, xml, m->autostart,
				     err);
}

int libvirt_start(const struct machine *m, struct err *err)
{
	autohost struct domain_host *host = NULL;
	enum domain_state state;
	int r = domain_host_open(m->libvirt, &host, err);

	if (!r)
		r = domain_state(host, m->uuid, &state, err);
	/* A conversion that was killed before its last step. */
	if (!r && state == DOMAIN_MISSING)
		r = libvirt_define(host, m, err);
	return r < 0 ? r : domain_start(host, m->uuid, err);
}

static void sleep_ms(unsigned int ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

int libvirt_resume(const struct machine *m, struct err *err)
{
	autohost struct domain_host *host = NULL;
	enum domain_state state;
	int r = domain_host_open(m->libvirt, &host, err);

	if (!r)
		r = domain_resume(host, m->uuid, err);
	if (r < 0)
		return r;
	sleep_ms(RESUME_MS);
	r = domain_state(host, m->uuid, &state, err);
	if (!r && state == DOMAIN_STALLED)
		r = err_set(err, EIO,
			    "the disk of '%s' still cannot be written",
			    m->name);
	return r;
}

/* A guest that is paused would not feel it, however often. */
static int press(struct domain_host *host, const struct machine *m,
		 enum domain_state state, struct err *err)
{
	if (state == DOMAIN_STALLED)
		return err_set(err, EBUSY,
			       "guest '%s' stands still, because its disk "
			       "cannot be written, and does not feel its power "
			       "button: make room, then virsh resume %s and "
			       "try again, or switch it off with: pimigrate "
			       "stop --force %s",
			       m->name, m->name, m->name);
	if (state == DOMAIN_PAUSED)
		return err_set(err, EBUSY,
			       "guest '%s' is paused, and does not feel its "
			       "power button; first: virsh resume %s",
			       m->name, m->name);
	return domain_press_power(host, m->uuid, err);
}

int libvirt_stop(const struct machine *m, bool force, uint64_t seconds,
		 struct err *err)
{
	const uint64_t presses = PRESS_SECONDS * 1000 / POLL_MS;
	autohost struct domain_host *host = NULL;
	enum domain_state state = DOMAIN_RUNNING;
	int r = domain_host_open(m->libvirt, &host, err);

	if (!r && force)
		return domain_switch_off(host, m->uuid, err);
	for (uint64_t i = 0; !r && i < seconds * 1000 / POLL_MS; i++) {
		r = domain_state(host, m->uuid, &state, err);
		if (r < 0 || state == DOMAIN_OFF || state == DOMAIN_MISSING)
			return r;
		/* One before logind listens is lost. */
		if (i % presses == 0)
			r = press(host, m, state, err);
		if (!r)
			sleep_ms(POLL_MS);
	}
	return r < 0 ? r : -ETIMEDOUT;
}

int libvirt_forget(const struct machine *m, struct err *err)
{
	autohost struct domain_host *host = NULL;
	int r = domain_host_open(m->libvirt, &host, err);

	if (!r)
		r = domain_undefine(host, m->uuid, err);
	for (size_t i = 0; !r && i < m->disks.n; i++)
		if (m->disks.at[i].pool && m->disks.at[i].volume)
			r = volume_remove(host, m->disks.at[i].pool,
					  m->disks.at[i].volume, err);
	return r;
}

int libvirt_own_disk(const struct machine *m, const char *what, struct err *err)
{
	for (size_t i = 0; i < m->disks.n; i++)
		if (m->disks.at[i].pool)
			return err_set(err, ENOTSUP,
				       "the disk of '%s' is a volume of "
				       "libvirt's pool '%s': %s works on disks "
				       "in the guest's own folder only",
				       m->name, m->disks.at[i].pool, what);
	return 0;
}
