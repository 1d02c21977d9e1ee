/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor: gathers what only some know, has it judged, and mends where that is
 * safe: what it does is what the remedy says, and can be undone.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "adapt/kvm.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/doctor.h"
#include "cmd/failed.h"
#include "cmd/libvirt_guest.h"
#include "cmd/sync.h"
#include "common/cleanup.h"
#include "common/str.h"
#include "doctor/doctor.h"
#include "host/files.h"
#include "host/run.h"
#include "lan/arp.h"
#include "lan/filter.h"
#include "lan/links.h"
#include "lan/stamp.h"
#include "lan/tap.h"
#include "run/engine.h"
#include "run/status.h"
#include "store/store.h"
#include "unit/unit.h"

enum {
	KVM_MS = 5000,
	RUN_MS = 20000,
	LOG_BYTES = 16 << 20,
};

static bool arg_fix;

/* The guests and what they own, as long as the facts point to them. */
struct patients {
	struct store_names names;
	struct vec_of(struct machine) machines;
};

static void patients_free(struct patients *p)
{
	for (size_t i = 0; i < p->machines.n; i++)
		machine_free(&p->machines.at[i]);
	vec_free(&p->machines);
	store_names_free(&p->names);
}

static const enum doctor_kernel kernels[] = {
	[SYNC_SAME] = KERNEL_IN_STEP, [SYNC_NEW] = KERNEL_WAITS,
	[SYNC_NONE] = KERNEL_UNKNOWN, [SYNC_OWN] = KERNEL_UNKNOWN,
	[SYNC_UNSAFE] = KERNEL_DIRTY, [SYNC_BAD] = KERNEL_REFUSED,
};

/* Bytes that a sparse file has not taken yet. */
static uint64_t not_taken(const char *path)
{
	struct stat st;
	uint64_t taken;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	taken = (uint64_t)st.st_blocks * 512;
	return (uint64_t)st.st_size > taken ? (uint64_t)st.st_size - taken : 0;
}

static void look_for(struct doctor_guest *g, const char *file)
{
	autofree char *path = store_file(g->name, file);

	if (access(path, F_OK) < 0 && !g->missing)
		g->missing = xstrdup(file);
}

static void look_at_files(struct doctor_guest *g)
{
	look_for(g, g->m->kernel);
	if (g->m->initrd)
		look_for(g, g->m->initrd);
	for (size_t i = 0; i < g->m->disks.n; i++) {
		autofree char *path = store_file(g->name,
						 g->m->disks.at[i].file);

		look_for(g, g->m->disks.at[i].file);
		g->disk_missing += not_taken(path);
	}
}

/* The disk of a guest that runs is its own. */
static void look_at_disk(struct doctor_guest *g)
{
	autofree char *dir = store_dir(g->name), *release = NULL;
	enum sync_result result;
	struct err ignored;

	if (g->running || g->missing)
		return;
	if (sync_kernel(g->m, dir, true, &result, &release, &ignored) < 0)
		return;
	g->release = release ? str_printable(release, false) : NULL;
	g->kernel = kernels[result];
	sync_space(g->m, dir, &g->fs_size, &g->fs_free);
}

static void look_at_status(struct doctor_guest *g)
{
	struct status status;
	struct err err;

	/* One that may be running is left alone. */
	g->running = true;
	if (guest_status(g->m, &status, &err) < 0) {
		g->unknown = xstrdup(err.text);
		return;
	}
	g->running = status.state != STATUS_OFF;
	g->stalled = steal_ptr(status.stalled);
	for (int i = 0; g->running && i < STATUS_STARTS; i++) {
		if (!status.starts[i])
			continue;
		if (!g->starts++)
			g->seconds = (unsigned int)(time(NULL) -
						    status.starts[i]);
	}
	status_free(&status);
}

static void look_at_autostart(struct doctor_guest *g)
{
	struct err err;

	if (!g->m->libvirt)
		g->service = unit_enabled("", g->name);
	else if (!g->unknown && libvirt_autostarts(g->m, &g->service, &err) < 0)
		g->unknown = xstrdup(err.text);
}

/* The first of its TAPs, while it runs, that is gone or on no bridge. */
static void look_at_taps(struct doctor_guest *g)
{
	autolinks struct links links = { 0 };
	struct err ignored;

	if (links_read("", &links, &ignored) < 0)
		return;
	for (unsigned int i = 0; i < g->m->nics.n && !g->unplugged; i++) {
		const struct machine_nic *n = &g->m->nics.at[i];
		autofree char *name = tap_is_ours(n) ? tap_name(g->m, i) : NULL;
		const struct link *l = name ? links_find(&links, name) : NULL;

		if (name && !l)
			g->unplugged = xasprintf(
				"%s has no network: its interface '%s' is gone",
				g->name, name);
		else if (l && (!l->master || strcmp(l->master, n->bridge) != 0))
			g->unplugged = xasprintf(
				"%s has no network: its interface '%s' is not "
				"on the bridge '%s'",
				g->name, name, n->bridge);
	}
}

static bool add_log(struct str *s, const char *path)
{
	autofree char *text = NULL;
	struct err ignored;
	size_t n;

	if (files_read(path, LOG_BYTES, &text, &n, &ignored) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	str_addn(s, text, n);
	return true;
}

/* A full log is console.log.0, whoever runs the guest.  Where there is one,
 * the boot itself may be deleted already. */
static void look_inside(struct doctor_guest *g)
{
	autofree char *dir = store_runtime_dir(g->name);
	autofree char *path = g->m->libvirt ? libvirt_console_log(g->m)
					    : xasprintf("%s/console.log", dir);
	autofree char *old_path = xasprintf("%s.0", path);
	autofailed struct failed failed = { 0 };
	autostr struct str text = { 0 };
	bool rolled;

	g->clock_known = stamp_guest(g->m, &g->clock_ahead);
	rolled = add_log(&text, old_path);
	if (!add_log(&text, path) || (rolled && !failed_has_boot(text.text)))
		return;
	g->booted = true;
	failed_on_console(text.text, &failed);
	g->failed_units = failed_text(&failed);
}

static void look_at_guest(struct doctor_guest *g, const struct machine *m)
{
	g->m = m;
	g->failed = !m->libvirt && unit_systemd() && unit_failed(g->name);
	look_at_status(g);
	look_at_autostart(g);
	look_at_files(g);
	look_at_disk(g);
	if (!g->running && !geteuid())
		g->conflict = arp_conflict(m);
	if (g->unknown)
		return;
	if (g->running && !m->libvirt)
		look_at_taps(g);
	if (g->running)
		look_inside(g);
}

static void add_bridges(struct doctor_net *net, const struct machine *m)
{
	for (size_t i = 0; i < m->nics.n; i++) {
		const struct machine_nic *n = &m->nics.at[i];
		bool known = false;

		for (size_t b = 0; b < net->bridges.n; b++)
			if (n->bridge &&
			    !strcmp(net->bridges.at[b].name, n->bridge))
				known = true;
		if (tap_is_ours(n) && !known)
			*vec_add(&net->bridges) = (struct doctor_bridge){
				.name = xstrdup(n->bridge)
			};
	}
}

static void ask_emulator(struct doctor_emulator *e)
{
	const char *argv[] = { NULL, "--version", NULL };
	struct run_child child = { .argv = argv, .timeout_ms = RUN_MS };
	autostr struct str out = { 0 };
	struct err err;

	e->expected = VERSION;
	if (engine_find(ENGINE_PIMIGRATE, false, &e->path, &err) < 0) {
		e->problem = xstrdup(err.text);
		return;
	}
	argv[0] = e->path;
	if (run_check(&child, &out, &err) < 0) {
		e->problem = xstrdup(err.text);
		return;
	}
	out.text[strcspn(out.text, "\n")] = 0;
	e->version = xstrdup(strrchr(out.text, ' ') ? strrchr(out.text, ' ') + 1
						    : out.text);
}

static int list(const char *name, struct patients *p, struct err *err)
{
	if (!name)
		return store_list(&p->names, err);
	if (!store_name_ok(name) || !store_exists(name))
		return err_set(err, ENOENT,
			       "there is no guest '%s'; pimigrate list shows "
			       "what there is",
			       name);
	*vec_add(&p->names.names) = xstrdup(name);
	return 0;
}

/* First all machines, because the facts point to them. */
static void gather_guests(struct patients *p, struct doctor_facts *f)
{
	struct vec_of(char *) problems = { 0 };

	for (size_t i = 0; i < p->names.names.n; i++) {
		struct machine *m = vec_add(&p->machines);
		struct err err;

		*vec_add(&problems) = store_load(p->names.names.at[i], m,
						 &err) < 0
					      ? xstrdup(err.text)
					      : NULL;
	}
	for (size_t i = 0; i < p->names.names.n; i++) {
		struct doctor_guest *g = vec_add(&f->guests);

		g->name = p->names.names.at[i];
		g->problem = problems.at[i];
		if (g->problem)
			continue;
		add_bridges(&f->net, &p->machines.at[i]);
		look_at_guest(g, &p->machines.at[i]);
	}
	vec_free(&problems);
}

static void gather(struct patients *p, struct doctor_facts *f)
{
	autofree char *root = store_root();

	f->root = !geteuid();
	f->service_guests = UNIT_GUESTS;
	doctor_probe_host("", root, &f->host);
	if (f->host.kvm != KVM_NONE && kvm_works(KVM_MS))
		f->host.kvm = KVM_WORKS;
	doctor_probe_libvirt("", &f->libvirt);
	ask_emulator(&f->emulator);
	gather_guests(p, f);
	doctor_probe_net("", &f->net);
}

static int fix_kernel(const char *name, struct err *err)
{
	autofree char *dir = store_dir(name);
	autoclose int lock = store_lock_running(name, err);
	enum sync_result result;
	struct machine m;
	int r = lock < 0 ? lock : store_load(name, &m, err);

	if (r < 0)
		return r;
	r = sync_kernel(&m, dir, false, &result, NULL, err);
	machine_free(&m);
	return r;
}

static int fix_tap(const char *name, struct err *err)
{
	struct machine m;
	uid_t uid;
	gid_t gid;
	int r = store_load(name, &m, err);

	if (r < 0)
		return r;
	r = unit_user(&uid, &gid, err);
	if (!r)
		r = tap_mend_all(&m, uid, gid, err);
	machine_free(&m);
	return r;
}

static int fix_resume(const char *name, struct err *err)
{
	struct machine m;
	int r = store_load(name, &m, err);

	if (r < 0)
		return r;
	r = libvirt_resume(&m, err);
	machine_free(&m);
	return r;
}

static int fix(const struct doctor_row *row, struct err *err)
{
	static const char *const argv[] = { "modprobe", "tun", NULL };
	struct run_child modprobe = { .argv = argv, .timeout_ms = RUN_MS };

	switch (row->fix) {
	case FIX_NONE:
		break;
	case FIX_TUN:
		return run_check(&modprobe, NULL, err);
	case FIX_FILTER:
		return filter_allow(row->about, err);
	case FIX_TAP:
		return fix_tap(row->about, err);
	case FIX_SERVICE:
		return unit_enable("", row->about, err);
	case FIX_KERNEL:
		return fix_kernel(row->about, err);
	case FIX_RESUME:
		return fix_resume(row->about, err);
	}
	return 0;
}

static void mend(struct doctor *d)
{
	for (size_t i = 0; i < d->rows.n; i++) {
		struct doctor_row *row = &d->rows.at[i];
		char *was = row->finding;
		struct err err;

		if (row->fix == FIX_NONE)
			continue;
		if (fix(row, &err) < 0) {
			row->finding = xasprintf("%s; mending failed: %s", was,
						 err.text);
		} else {
			row->finding = xasprintf("mended: %s", was);
			row->level = DOCTOR_OK;
		}
		free(was);
	}
}

static void print_json(const struct doctor *d)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < d->rows.n; i++) {
		const struct doctor_row *row = &d->rows.at[i];
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "check",
				       json_object_new_string(row->check));
		json_object_object_add(
			o, "about",
			row->about ? json_object_new_string(row->about) : NULL);
		json_object_object_add(
			o, "level",
			json_object_new_string(doctor_level_name(row->level)));
		json_object_object_add(o, "finding",
				       json_object_new_string(row->finding));
		json_object_object_add(
			o, "remedy",
			row->remedy ? json_object_new_string(row->remedy)
				    : NULL);
		json_object_object_add(
			o, "fixable",
			json_object_new_boolean(row->fix != FIX_NONE));
		json_object_array_add(list, o);
	}
	puts(json_object_to_json_string_ext(
		list,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(list);
}

static void print_rows(const struct doctor *d, bool quiet)
{
	bool fixable = false;

	for (size_t i = 0; i < d->rows.n; i++) {
		const struct doctor_row *row = &d->rows.at[i];

		if (quiet && row->level < DOCTOR_WARN)
			continue;
		printf("%-5s %-18s %s\n", doctor_level_name(row->level),
		       row->check, row->finding);
		if (row->remedy && row->level > DOCTOR_OK) {
			printf("%-24s → %s\n", "", row->remedy);
			fixable |= row->fix != FIX_NONE;
		}
	}
	if (fixable && !arg_fix)
		printf("pimigrate doctor --fix does what can be done safely\n");
}

int doctor_report(struct cmd_ctx *ctx, const char *name, const char *part,
		  struct err *err)
{
	struct patients p = { 0 };
	struct doctor_facts facts = { 0 };
	struct doctor d = { 0 };
	enum doctor_level worst = DOCTOR_OK;
	int r = list(name, &p, err);

	if (!r && arg_fix && geteuid())
		r = err_set(err, EPERM, "only root may mend: use sudo");
	if (!r) {
		gather(&p, &facts);
		doctor_judge(&facts, part, &d);
		if (arg_fix)
			mend(&d);
		if (ctx->json)
			print_json(&d);
		else
			print_rows(&d, ctx->quiet);
		worst = doctor_worst(&d);
	}
	doctor_free(&d);
	doctor_facts_free(&facts);
	patients_free(&p);
	if (r < 0)
		return r;
	return worst == DOCTOR_BAD ? CMD_HOST : CMD_OK;
}

static int doctor_run(struct cmd_ctx *ctx, struct err *err)
{
	return doctor_report(ctx, ctx->nargs ? ctx->args[0] : NULL, "", err);
}

static const struct opt doctor_options[] = {
	{ "--fix", OPT_FLAG, &arg_fix,
	  .help = "mend what can be mended safely" },
	OPT_END,
};

const struct cmd cmd_doctor = {
	.name = "doctor",
	.help = "what is wrong with this host or a guest, and what helps",
	.args = "[NAME]",
	.about =
		"Rows of: how bad, which check, what was found; and below, what to do. The exit\n"
		"code is 5 if something does not work. Root sees more.",
	.min_args = 0,
	.max_args = 1,
	.options = doctor_options,
	.run = doctor_run,
};
