/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was there is saved and synced before the first change, so that the way
 * back is known whenever we are killed: "net remove" works from then on.
 */
#include "lan/setup.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/run.h"
#include "host/yaml.h"
#include "lan/links.h"
#include "lan/managers.h"

#define PLACE "/var/lib/pimigrate/net"
#define GONE  PLACE "/.gone"

enum {
	RUN_MS = 60000,
	FILE_MAX = 1 << 20
};

/* NetworkManager first: it runs beside the others and leaves to them what is
 * theirs. */
static const struct manager *const managers[] = { &manager_nm,
						  &manager_networkd,
						  &manager_ifupdown };

enum {
	MANAGERS = sizeof(managers) / sizeof(managers[0])
};

int manager_run_words(struct err *err, const char *const *words)
{
	struct run_child child = { .argv = words, .timeout_ms = RUN_MS };

	return run_check(&child, NULL, err);
}

char *manager_ask_words(const char *const *words)
{
	struct run_child child = { .argv = words, .timeout_ms = RUN_MS };
	struct str out = { 0 };
	struct err ignored;
	char *text;

	if (run_check(&child, &out, &ignored) < 0)
		return NULL;
	text = str_steal(&out);
	if (*text && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = 0;
	return text;
}

void manager_file(struct setup *s, char *path, char *text, const char *like)
{
	*vec_add(&s->files) =
		(struct setup_file){ path, text, like ? xstrdup(like) : NULL };
}

void setup_free(struct setup *s)
{
	free(s->bridge);
	free(s->uplink);
	free(s->mac);
	free(s->old);
	free(s->boot);
	for (size_t i = 0; i < s->files.n; i++) {
		free(s->files.at[i].path);
		free(s->files.at[i].text);
		free(s->files.at[i].like);
	}
	vec_free(&s->files);
	*s = (struct setup){ 0 };
}

static int find_manager(struct setup *s, struct err *err)
{
	for (size_t i = 0; i < MANAGERS; i++) {
		int r = managers[i]->plan(s, err);

		if (r < 0)
			return r;
		if (r > 0) {
			s->manager = managers[i];
			return 0;
		}
	}
	return err_set(err, EOPNOTSUPP,
		       "neither NetworkManager nor systemd-networkd nor "
		       "/etc/network/interfaces is in charge of '%s': make the "
		       "bridge as this host's network is configured, then name "
		       "it in the guest's guest.yaml (kind: tap, bridge: %s)",
		       s->uplink, s->bridge ? s->bridge : "br0");
}

const char *setup_manager(const char *uplink)
{
	autosetup struct setup s = { .uplink = xstrdup(uplink) };
	struct err ignored;

	return find_manager(&s, &ignored) < 0 ? NULL : s.manager->name;
}

static int check_names(const char *bridge, const char *uplink, char **ret_mac,
		       struct err *err)
{
	autolinks struct links links = { 0 };
	const struct link *l;
	int r = links_read("", &links, err);

	if (r < 0)
		return r;
	if (!*bridge || strlen(bridge) >= IFNAMSIZ ||
	    strspn(bridge, "abcdefghijklmnopqrstuvwxyz0123456789-_.") !=
		    strlen(bridge) ||
	    *bridge == '-' || *bridge == '.')
		return err_set(err, EINVAL,
			       "'%s' cannot be a bridge's name: use a-z, 0-9, "
			       "'-', '_', 15 at most, such as br0",
			       bridge);
	if (links_find(&links, bridge))
		return err_set(err, EEXIST,
			       "there is an interface '%s' already; pimigrate "
			       "net show tells which are there",
			       bridge);
	l = links_find(&links, uplink);
	if (!l)
		return err_set(err, ENODEV, "there is no interface '%s'",
			       uplink);
	if (l->wireless)
		return err_set(
			err, EOPNOTSUPP,
			"'%s' is Wi-Fi, which cannot be bridged: an access "
			"point takes frames from the one MAC that logged in, "
			"and the guest has its own. Use a network cable, or "
			"user networking with forwarded ports (kind: user)",
			uplink);
	if (l->master)
		return err_set(err, EEXIST,
			       "'%s' is on the bridge '%s' already: use that",
			       uplink, l->master);
	*ret_mac = xstrdup(l->mac ? l->mac : "");
	return 0;
}

int setup_plan(const char *bridge, const char *uplink, struct setup *ret_setup,
	       struct err *err)
{
	autosetup struct setup s = { 0 };
	int r = check_names(bridge, uplink, &s.mac, err);

	if (r < 0)
		return r;
	s.bridge = xstrdup(bridge);
	s.uplink = xstrdup(uplink);
	r = find_manager(&s, err);
	if (r < 0)
		return r;
	*ret_setup = s;
	s = (struct setup){ 0 };
	return 0;
}

static char *place(const struct setup *s, const char *file)
{
	return xasprintf(PLACE "/%s/%s", s->bridge, file);
}

static int write_state(const struct setup *s, struct err *err)
{
	autoyaml struct yaml_node *tree = yaml_node_new(YAML_MAP);
	autofree char *file = place(s, "state.yaml");
	autofree char *text = NULL;
	struct yaml_node *list;

	yaml_set_text(tree, "manager", s->manager->name);
	yaml_set_text(tree, "uplink", s->uplink);
	yaml_set_text(tree, "mac", s->mac);
	if (s->old)
		yaml_set_text(tree, "old", s->old);
	yaml_set_bool(tree, "confirmed", s->confirmed);
	yaml_set_number(tree, "made", s->made);
	yaml_set_text(tree, "boot", s->boot);
	list = yaml_set(tree, "files", yaml_node_new(YAML_LIST));
	for (size_t i = 0; i < s->files.n; i++)
		yaml_append_text(list, s->files.at[i].path);
	text = yaml_emit(tree);
	return files_replace(file, text, strlen(text), 0600, err);
}

/*
 * A file with the mode and the owner of the one that it replaces, because
 * there may be a secret in it (wpa-psk); if there is none, of the one at like,
 * which may be NULL: anybody may read it.
 */
static int put_file(const char *path, const char *like, const char *text,
		    size_t n, struct err *err)
{
	autofiles struct files_new new = { .fd = -1 };
	struct stat st = { .st_mode = 0644 };
	int r;

	if (stat(path, &st) < 0 && like && stat(like, &st) < 0)
		return err_errno(err, errno, "cannot look at '%s'", like);
	r = files_new_open(&new, path, st.st_mode & 07777, err);
	if (r < 0)
		return r;
	if (fchown(new.fd, st.st_uid, st.st_gid) < 0)
		return err_errno(err, errno, "cannot set the owner of '%s'",
				 path);
	r = io_write(new.fd, text, n);
	if (r < 0)
		return err_errno(err, -r, "cannot write '%s'", path);
	return files_new_commit(&new, err);
}

/* What file i was is kept under its number, and what it becomes with ".new"
 * behind that; none: it did not exist. */
static char *copy_of(const struct setup *s, size_t i, const char *ending)
{
	autofree char *name = xasprintf("%zu%s", i, ending);

	return place(s, name);
}

static int save(const struct setup *s, size_t i, struct err *err)
{
	autofree char *old = copy_of(s, i, ""), *new = copy_of(s, i, ".new");
	const struct setup_file *f = &s->files.at[i];
	autofree char *text = NULL;
	size_t n;
	int r;

	if (access(f->path, F_OK) < 0)
		return 0;
	r = files_read(f->path, FILE_MAX, &text, &n, err);
	if (!r)
		r = files_replace(old, text, n, 0600, err);
	if (!r)
		r = files_replace(new, f->text, strlen(f->text), 0600, err);
	return r;
}

static int restore(const struct setup *s, size_t i, struct err *err)
{
	autofree char *from = copy_of(s, i, "");
	const char *path = s->files.at[i].path;
	autofree char *text = NULL;
	size_t n;
	int r;

	if (access(from, F_OK) < 0)
		return unlink(path) < 0 && errno != ENOENT
			       ? err_errno(err, errno, "cannot remove '%s'",
					   path)
			       : 0;
	r = files_read(from, FILE_MAX, &text, &n, err);
	return r < 0 ? r : put_file(path, from, text, n, err);
}

static int write_files(const struct setup *s, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < s->files.n && !r; i++) {
		const struct setup_file *f = &s->files.at[i];
		autofree char *dir = xstrndup(
			f->path, (size_t)(strrchr(f->path, '/') - f->path));

		r = files_mkdir_p(dir, 0755, err);
		if (!r)
			r = put_file(f->path, f->like, f->text, strlen(f->text),
				     err);
	}
	return r;
}

static uint64_t uptime_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* "" if nobody knows; the caller frees it. */
static char *boot_id(void)
{
	struct err ignored;
	char *text;

	if (files_read("/proc/sys/kernel/random/boot_id", FILE_MAX, &text, NULL,
		       &ignored) < 0)
		return xstrdup("");
	text[strcspn(text, "\n")] = 0;
	return text;
}

/* One at a time: who comes second finds what the first has made of it. */
static int lock(struct err *err)
{
	int r = files_mkdir_p(PLACE, 0700, err);

	return r < 0 ? r : files_lock(PLACE "/.lock", true, err);
}

/* What was there, on the disk. */
static int save_all(struct setup *s, struct err *err)
{
	autofree char *dir = place(s, "");
	int r = files_remove_tree(dir, err);

	if (!r)
		r = files_mkdir_p(dir, 0700, err);
	for (size_t i = 0; i < s->files.n && !r; i++)
		r = save(s, i, err);
	s->made = uptime_ms();
	s->boot = boot_id();
	return r < 0 ? r : write_state(s, err);
}

/* All at once, because half of it says that files were not there. */
static int forget(const struct setup *s, struct err *err)
{
	autofree char *dir = place(s, "");
	int r = files_remove_tree(GONE, err);

	if (!r && rename(dir, GONE) < 0)
		r = err_errno(err, errno, "cannot rename '%s'", dir);
	if (!r)
		r = files_sync_dir(PLACE, err);
	return r < 0 ? r : files_remove_tree(GONE, err);
}

/* As far as it goes: what fails is told, the rest is done. */
static int put_back(struct setup *s, struct err *err)
{
	struct err later;
	int r = s->manager->before_down(s, err);

	for (size_t i = 0; i < s->files.n; i++)
		if (restore(s, i, r ? &later : err) < 0)
			r = -EIO;
	if (s->manager->after_down(s, r ? &later : err) < 0)
		r = -EIO;
	return r < 0 ? r : forget(s, err);
}

int setup_apply(struct setup *s, int (*watch)(struct err *err), struct err *err)
{
	autoclose int held = lock(err);
	struct err ignored;
	int r;

	if (held < 0)
		return held;
	r = save_all(s, err);
	if (!r)
		r = watch(err);
	if (r < 0) {
		forget(s, &ignored);
		return r;
	}
	r = s->manager->before_up(s, err);
	if (!r)
		r = write_files(s, err);
	if (!r)
		r = s->manager->after_up(s, err);
	if (r < 0) {
		put_back(s, &ignored);
		return err_within(err, r, "the network is as it was");
	}
	return 0;
}

int setup_load(const char *bridge, struct setup *ret_setup, struct err *err)
{
	autosetup struct setup s = { .bridge = xstrdup(bridge) };
	autofree char *file = place(&s, "state.yaml");
	autoyaml struct yaml_node *tree = NULL;
	const struct yaml_node *list;
	const char *text;
	int r;

	if (strchr(bridge, '/') || access(file, F_OK) < 0)
		return err_set(err, ENOENT,
			       "'%s' is not a bridge that pimigrate made",
			       bridge);
	r = yaml_load(file, &tree, err);
	if (r < 0)
		return r;
	text = yaml_text(tree, "manager");
	for (size_t i = 0; i < MANAGERS; i++)
		if (text && !strcmp(managers[i]->name, text))
			s.manager = managers[i];
	text = yaml_text(tree, "uplink");
	if (!s.manager || !text)
		return err_set(err, EBADMSG, "'%s' makes no sense", file);
	s.uplink = xstrdup(text);
	text = yaml_text(tree, "mac");
	s.mac = xstrdup(text ? text : "");
	text = yaml_text(tree, "old");
	s.old = text ? xstrdup(text) : NULL;
	yaml_bool(tree, "confirmed", &s.confirmed);
	yaml_number(tree, "made", &s.made);
	text = yaml_text(tree, "boot");
	s.boot = xstrdup(text ? text : "");
	list = yaml_get(tree, "files");
	for (size_t i = 0; list && i < list->items.n; i++)
		manager_file(&s, xstrdup(list->items.at[i].value->text), NULL,
			     NULL);
	*ret_setup = s;
	s = (struct setup){ 0 };
	return 0;
}

/* Is it there still?  1: and nobody confirmed it. */
static int look_again(const struct setup *s, struct err *err)
{
	autosetup struct setup now = { 0 };
	int r = setup_load(s->bridge, &now, err);

	if (r < 0)
		return r;
	if (now.made != s->made || strcmp(now.boot, s->boot) != 0)
		return err_set(err, ENOENT,
			       "the bridge '%s' was taken away meanwhile, and "
			       "made again",
			       s->bridge);
	return !now.confirmed;
}

int setup_confirm(struct setup *s, struct err *err)
{
	autoclose int held = lock(err);
	int r = held < 0 ? held : look_again(s, err);

	s->confirmed = true;
	return r < 0 ? r : write_state(s, err);
}

/* What somebody else made of file i since goes too: not without asking. */
static int check_changed(const struct setup *s, size_t i, bool force,
			 struct err *err)
{
	autofree char *new = copy_of(s, i, ".new");
	autofree char *made = NULL, *now = NULL, *keep = NULL;
	const char *path = s->files.at[i].path;
	size_t n_made, n_now;
	int r;

	if (access(new, F_OK) < 0 || access(path, F_OK) < 0)
		return 0;
	r = files_read(new, FILE_MAX, &made, &n_made, err);
	if (!r)
		r = files_read(path, FILE_MAX, &now, &n_now, err);
	if (r < 0 || (n_now == n_made && !memcmp(now, made, n_now)))
		return r;
	/* Not beside it: all files of interfaces.d may count. */
	keep = xasprintf(PLACE "/.old-%s", basename(path));
	if (force)
		return files_replace(keep, now, n_now, 0600, err);
	return err_set(err, ESTALE,
		       "'%s' was changed since the bridge '%s' was made, and "
		       "that would be lost: with --force it becomes what it "
		       "was before the bridge, and what it is now is kept as "
		       "'%s'",
		       path, s->bridge, keep);
}

int setup_undo(struct setup *s, bool force, struct err *err)
{
	autoclose int held = lock(err);
	int r = held < 0 ? held : look_again(s, err);

	/* What nobody confirmed is as it was in a minute anyway. */
	if (r > 0)
		force = true;
	for (size_t i = 0; i < s->files.n && r >= 0; i++)
		r = check_changed(s, i, force, err);
	return r < 0 ? r : put_back(s, err);
}

int setup_expire(struct setup *s, struct err *err)
{
	autoclose int held = lock(err);
	struct err ignored;
	int r;

	if (held < 0)
		return held;
	if (look_again(s, &ignored) <= 0)
		return 0;
	r = put_back(s, err);
	return r < 0 ? r : 1;
}

void setup_list(struct setup_names *ret_names)
{
	DIR *dir = opendir(PLACE);
	const struct dirent *entry;

	*ret_names = (struct setup_names){ 0 };
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			*vec_add(&ret_names->all) = xstrdup(entry->d_name);
	if (dir)
		closedir(dir);
}

void setup_names_free(struct setup_names *names)
{
	for (size_t i = 0; i < names->all.n; i++)
		free(names->all.at[i]);
	vec_free(&names->all);
}
