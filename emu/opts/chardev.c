/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chardevs, serial lines and monitors: -chardev, -serial, -qmp, -mon.
 *
 * Sockets that wait for a client (QEMU's default) are made first, while
 * Ctrl-C still ends the program and no terminal has been changed.
 */
#include "chardev/chardev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/str.h"
#include "opts/make.h"
#include "opts/near.h"

static struct chardev *find_chardev(const struct parts *p, const char *id)
{
	for (size_t i = 0; i < p->chardevs.n; i++) {
		if (!strcmp(p->chardevs.at[i]->label, id))
			return p->chardevs.at[i];
	}
	return NULL;
}

/* chr may be NULL, for what has failed. */
static int keep(struct parts *p, struct chardev *chr)
{
	if (!chr)
		return -EINVAL;
	*vec_add(&p->chardevs) = chr;
	if (str_starts(chr->filename, "pty:"))
		log_warn("'%s' is %s", chr->label, chr->filename + 4);
	return 0;
}

/* "path=P,server=on[,wait=off]" or "fd=N". */
static int read_socket(struct keyvals *kv, struct chardev_socket *ret_opt,
		       struct err *err)
{
	struct chardev_socket opt = { .path = keyval_text(kv, "path"),
				      .fd = -1,
				      .wait = true };
	const char *fd_text = keyval_text(kv, "fd");
	bool server = fd_text, abstract = false;
	uint64_t fd = 0;
	int ret;

	ret = keyval_number(kv, "fd", 0, INT32_MAX, &fd, err);
	if (!ret)
		ret = keyval_bool(kv, "server", &server, err);
	if (!ret)
		ret = keyval_bool(kv, "wait", &opt.wait, err);
	if (!ret)
		ret = keyval_bool(kv, "abstract", &abstract, err);
	if (ret < 0)
		return ret;
	if (!server || abstract || !opt.path == !fd_text)
		return err_set(err, EINVAL,
			       "%s: a socket here is path=FILE,server=on or "
			       "fd=NUMBER",
			       kv->option);
	if (fd_text) {
		opt.fd = (int)fd;
		opt.wait = false;
	}
	*ret_opt = opt;
	return keyval_done(kv, err);
}

static int make_socket(struct parts *p, const char *label, struct keyvals *kv,
		       struct err *err)
{
	struct chardev_socket opt;
	int ret = read_socket(kv, &opt, err);

	if (ret < 0)
		return ret;
	if (opt.wait)
		log_warn("'%s' waits for a client on '%s'", label, opt.path);
	return keep(p, chardev_socket_new(p->loop, label, &opt, err));
}

/* A path, or /dev/fdset/N: a copy of the descriptor that -add-fd named so. */
static int file_of(const struct parts *p, const char *option, const char *path,
		   struct chardev_file *ret_opt, struct err *err)
{
	static const char folder[] = "/dev/fdset/";
	uint64_t set;

	ret_opt->path = path;
	ret_opt->fd = -1;
	if (!str_starts(path, folder))
		return 0;
	for (size_t i = 0; i < p->fds.n; i++) {
		if (!str_number(path + strlen(folder), 0, INT32_MAX, &set) ||
		    p->fds.at[i].set != set)
			continue;
		ret_opt->fd = fcntl(p->fds.at[i].fd, F_DUPFD_CLOEXEC, 3);
		return ret_opt->fd < 0 ? err_errno(err, errno, "'%s'", path)
				       : 0;
	}
	return err_set(err, ENOENT, "%s: there is no -add-fd for '%s'", option,
		       path);
}

static int make_file(struct parts *p, const char *label, struct keyvals *kv,
		     struct err *err)
{
	struct chardev_file opt = { .fd = -1 };
	const char *path;
	int ret;

	ret = keyval_need(kv, "path", &path, err);
	if (!ret)
		ret = keyval_bool(kv, "append", &opt.append, err);
	if (!ret)
		ret = keyval_done(kv, err);
	if (!ret)
		ret = file_of(p, kv->option, path, &opt, err);
	if (ret < 0)
		return ret;
	return keep(p, chardev_file_new(p->loop, label, &opt, err));
}

/* logfile=: what is written goes there too, whoever is at the other end. */
static int make_log(struct parts *p, const char *label, struct keyvals *kv,
		    struct chardev **ret_log, struct err *err)
{
	const char *path = keyval_text(kv, "logfile");
	struct chardev_file opt = { .fd = -1 };
	int ret;

	*ret_log = NULL;
	ret = keyval_bool(kv, "logappend", &opt.append, err);
	if (ret < 0 || !path)
		return ret;
	ret = file_of(p, kv->option, path, &opt, err);
	if (ret < 0)
		return ret;
	*ret_log = chardev_file_new(p->loop, label, &opt, err);
	return *ret_log ? 0 : -EINVAL;
}

/* mux=on: with the escape keys, as for QEMU's monitor. */
static int make_stdio(struct parts *p, const char *label, struct keyvals *kv,
		      struct err *err)
{
	struct chardev_stdio opt = { .quit = p->quit, .arg = p->quit_arg };
	bool signal = true;
	int ret;

	ret = keyval_bool(kv, "mux", &opt.escapes, err);
	if (!ret)
		ret = keyval_bool(kv, "signal", &signal, err);
	if (!ret)
		ret = keyval_done(kv, err);
	if (ret < 0)
		return ret;
	opt.escapes |= !signal; /* else no key would end it */
	for (size_t i = 0; i < p->chardevs.n; i++) {
		if (!strcmp(p->chardevs.at[i]->filename, "stdio"))
			return err_set(err, EBUSY,
				       "'%s' cannot have standard input: '%s' "
				       "has it already",
				       label, p->chardevs.at[i]->label);
	}
	return keep(p, chardev_stdio_new(p->loop, label, &opt, err));
}

static int make_pty(struct parts *p, const char *label, struct keyvals *kv,
		    struct err *err)
{
	int ret = keyval_done(kv, err);

	return ret < 0 ? ret : keep(p, chardev_pty_new(p->loop, label, err));
}

static int make_null(struct parts *p, const char *label, struct keyvals *kv,
		     struct err *err)
{
	int ret = keyval_done(kv, err);

	return ret < 0 ? ret : keep(p, chardev_null_new(label));
}

static int make_tty(struct parts *p, const char *label, struct keyvals *kv,
		    struct err *err)
{
	const char *path;
	int ret;

	ret = keyval_need(kv, "path", &path, err);
	if (!ret)
		ret = keyval_done(kv, err);
	if (ret < 0)
		return ret;
	return keep(p, chardev_tty_new(p->loop, label, path, err));
}

static const char *const backend_names[] = { "socket", "pty",  "file",
					     "stdio",  "null", "serial",
					     NULL };
static int (*const backends[])(struct parts *p, const char *label,
			       struct keyvals *kv, struct err *err) = {
	make_socket, make_pty, make_file, make_stdio, make_null, make_tty,
};

/* Does it wait for a client before anything else happens? */
static bool waits(struct keyvals *kv)
{
	struct chardev_socket opt;
	struct err ignored;

	return !strcmp(keyval_text(kv, "backend"), "socket") &&
	       !read_socket(kv, &opt, &ignored) && opt.wait;
}

static int make_one(struct parts *p, struct opts_item *item, bool waiting,
		    struct err *err)
{
	static const char *const any[] = { "logfile", "logappend", NULL };
	struct keyvals *kv = &item->kv;
	struct chardev *log;
	const char *id, *text;
	int n = 0, ret;

	keyval_accept(kv, any);
	ret = keyval_need(kv, "backend", &text, err);
	if (!ret)
		ret = keyval_choice(kv, "backend", backend_names, &n, err);
	if (!ret)
		ret = keyval_need(kv, "id", &id, err);
	if (ret < 0 || item->made || (waiting && !waits(kv)))
		return ret;
	if (find_chardev(p, id))
		return err_set(err, EEXIST, "%s: there is an id '%s' already",
			       kv->option, id);
	item->made = true;
	ret = make_log(p, id, kv, &log, err);
	if (!ret)
		ret = backends[n](p, id, kv, err);
	if (ret < 0)
		chardev_free(log);
	else
		p->chardevs.at[p->chardevs.n - 1]->log = log;
	return ret;
}

/* -serial and -qmp in their short form become what -chardev would say. */

static const struct {
	const char *word;
	const char *as;    /* of -chardev */
	const char *first; /* of what follows; NULL: nothing may */
	bool whole;        /* the word belongs to what follows */
} shorts[] = {
	{ "stdio", "stdio", NULL },    { "mon:stdio", "stdio,mux=on", NULL },
	{ "pty", "pty", NULL },        { "null", "null", NULL },
	{ "none", "null", NULL },      { "file:", "file", "path" },
	{ "unix:", "socket", "path" }, { "/dev/", "serial", "path", true },
};

static int long_form(struct opts_item *item, const char *id, struct err *err)
{
	const char *option = item->kind == OPTS_SERIAL ? "-serial" : "-qmp";
	autofree char *text = NULL;

	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
		const char *rest = item->text + strlen(shorts[i].word);

		if (!str_starts(item->text, shorts[i].word) ||
		    (*rest && !shorts[i].first))
			continue;
		if (shorts[i].whole)
			rest = item->text;
		text = xasprintf("%s,id=%s%s%s%s%s", shorts[i].as, id,
				 *rest ? "," : "", *rest ? shorts[i].first : "",
				 *rest ? "=" : "", rest);
		return keyval_parse(&item->kv, option, text, "backend", err);
	}
	return err_set(
		err, EINVAL,
		"%s knows stdio, mon:stdio, pty, file:FILE, "
		"unix:FILE,server=on, /dev/TTY, chardev:ID, null and none, not "
		"'%s'",
		option, item->text);
}

static bool is_reference(const struct opts_item *item)
{
	return str_starts(item->text, "chardev:");
}

/* Serial lines are called serial0 and so on, monitors as QEMU calls them. */
static int expand_short(struct opts_item *item, unsigned int *serials,
			unsigned int *monitors, struct err *err)
{
	char id[32];

	if (item->kind == OPTS_SERIAL)
		snprintf(id, sizeof(id), "serial%u", (*serials)++);
	else if (item->kind == OPTS_QMP)
		snprintf(id, sizeof(id), "compat_monitor%u", (*monitors)++);
	else
		return 0;
	return is_reference(item) ? 0 : long_form(item, id, err);
}

static bool is_chardev(const struct opts_item *item)
{
	if (item->kind == OPTS_SERIAL || item->kind == OPTS_QMP)
		return !is_reference(item);
	return item->kind == OPTS_CHARDEV;
}

static int make_round(struct parts *p, struct opts *opts, bool waiting,
		      struct err *err)
{
	for (size_t i = 0; i < opts->items.n; i++) {
		int ret;

		if (!is_chardev(&opts->items.at[i]))
			continue;
		ret = make_one(p, &opts->items.at[i], waiting, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* What the board has when nobody said -serial. */
static int default_serial(struct opts *opts, struct err *err)
{
	bool wanted = !opts->nodefaults &&
		      (opts->nographic ||
		       (!opts->no_display && !opts->daemonize));

	for (size_t i = 0; i < opts->items.n; i++) {
		if (opts->items.at[i].kind == OPTS_SERIAL)
			return 0;
	}
	if (wanted && opts->daemonize)
		return err_set(err, EINVAL,
			       "-nographic has no terminal with -daemonize: "
			       "say where the line goes, as -serial pty, and "
			       "-display none");
	return opts_add(opts, OPTS_SERIAL, "-serial",
			wanted ? "mon:stdio" : "none", NULL, err);
}

static int make_fd(struct parts *p, struct keyvals *kv, struct err *err)
{
	static const char *const ignored[] = { "opaque", NULL };
	uint64_t fd = 0, set = 0;
	const char *text;
	int ret;

	ret = keyval_need(kv, "fd", &text, err);
	if (!ret)
		ret = keyval_need(kv, "set", &text, err);
	if (!ret)
		ret = keyval_number(kv, "fd", 3, INT32_MAX, &fd, err);
	if (!ret)
		ret = keyval_number(kv, "set", 0, INT32_MAX, &set, err);
	keyval_accept(kv, ignored);
	if (!ret)
		ret = keyval_done(kv, err);
	if (ret < 0)
		return ret;
	if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_errno(err, errno, "%s fd=%d", kv->option, (int)fd);
	*vec_add(&p->fds) = (struct part_fd){ .set = set, .fd = (int)fd };
	return 0;
}

static int make_fds(struct parts *p, struct opts *opts, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < opts->items.n && !ret; i++) {
		if (opts->items.at[i].kind == OPTS_ADD_FD)
			ret = make_fd(p, &opts->items.at[i].kv, err);
	}
	return ret;
}

int make_waiting(struct parts *p, struct opts *opts, struct err *err)
{
	unsigned int serials = 0, monitors = 0;
	int ret = default_serial(opts, err);

	if (!ret)
		ret = make_fds(p, opts, err);
	for (size_t i = 0; i < opts->items.n && !ret; i++)
		ret = expand_short(&opts->items.at[i], &serials, &monitors,
				   err);
	return ret ? ret : make_round(p, opts, true, err);
}

/* Who uses them. */

int take_chardev(struct parts *p, const char *option, const char *id,
		 struct chardev **ret_chr, struct err *err)
{
	struct chardev *chr = find_chardev(p, id);
	struct near near = { .word = id };
	char hint[80];

	for (size_t i = 0; i < p->taken.n; i++) {
		if (p->taken.at[i] == chr)
			return err_set(err, EBUSY,
				       "%s: chardev '%s' is in use already",
				       option, id);
	}
	if (chr) {
		*vec_add(&p->taken) = chr;
		*ret_chr = chr;
		return 0;
	}
	for (size_t i = 0; i < p->chardevs.n; i++)
		near_try(&near, p->chardevs.at[i]->label);
	return err_set(err, ENOENT, "%s: there is no -chardev with id '%s'%s",
		       option, id, near_hint(&near, hint, sizeof(hint)));
}

static int connect_serial(struct parts *p, struct opts_item *item,
			  unsigned int *serials, struct err *err)
{
	const char *id;

	if (*serials == VIRT_SERIALS)
		return err_set(err, EINVAL,
			       "the board has %d serial ports (-serial)",
			       VIRT_SERIALS);
	id = is_reference(item) ? item->text + strlen("chardev:")
				: keyval_text(&item->kv, "id");
	return take_chardev(p, "-serial", id, &p->serial[(*serials)++], err);
}

static int connect_monitor(struct parts *p, struct opts_item *item,
			   struct err *err)
{
	struct chardev *chr;
	const char *id;
	int ret;

	id = is_reference(item) ? item->text + strlen("chardev:")
				: keyval_text(&item->kv, "id");
	ret = take_chardev(p, "-qmp", id, &chr, err);
	if (!ret)
		*vec_add(&p->monitors) = chr;
	return ret;
}

static int connect_mon(struct parts *p, struct keyvals *kv, struct err *err)
{
	static const char *const ignored[] = { "id", "pretty", NULL };
	static const char *const modes[] = { "control", NULL };
	struct chardev *chr;
	const char *id, *mode;
	int n, ret;

	ret = keyval_need(kv, "chardev", &id, err);
	if (!ret)
		ret = keyval_need(kv, "mode", &mode, err);
	if (!ret)
		ret = keyval_choice(kv, "mode", modes, &n, err);
	keyval_accept(kv, ignored);
	if (!ret)
		ret = keyval_done(kv, err);
	if (!ret)
		ret = take_chardev(p, "-mon", id, &chr, err);
	if (!ret)
		*vec_add(&p->monitors) = chr;
	return ret;
}

int make_chardevs(struct parts *p, struct opts *opts, struct err *err)
{
	unsigned int serials = 0;
	int ret = make_round(p, opts, false, err);

	for (size_t i = 0; i < opts->items.n && !ret; i++) {
		struct opts_item *item = &opts->items.at[i];

		if (item->kind == OPTS_SERIAL)
			ret = connect_serial(p, item, &serials, err);
		else if (item->kind == OPTS_QMP)
			ret = connect_monitor(p, item, err);
		else if (item->kind == OPTS_MON)
			ret = connect_mon(p, &item->kv, err);
	}
	return ret;
}
