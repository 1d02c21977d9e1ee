/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void guest_partition_fini(struct guest_partition *p)
{
	free(p->fs_name);
	free(p->label);
	free(p->uuid);
	free(p->partuuid);
	free(p->card_partuuid);
	free(p->type_name);
}

static void free_disk(struct guest_disk *d)
{
	free(d->path);
	free(d->table);
	free(d->id);
}

static void free_mount(struct guest_mount *m)
{
	free(m->spec);
	free(m->dir);
	free(m->type);
	free(m->options);
}

static void free_finding(struct finding *f)
{
	free(f->code);
	free(f->text);
}

static void free_thing(struct guest_thing *t)
{
	free(t->name);
	free(t->where);
	free(t->text);
}

static void free_config(struct guest_config *c)
{
	free(c->text);
	free(c->section);
	free(c->file);
}

static void free_lists(struct guest *g)
{
	for (size_t i = 0; i < g->partitions.n; i++)
		guest_partition_fini(&g->partitions.at[i]);
	vec_free(&g->partitions);
	for (size_t i = 0; i < g->systems.n; i++) {
		free(g->systems.at[i].name);
		free(g->systems.at[i].hostname);
	}
	vec_free(&g->systems);
	for (size_t i = 0; i < g->disks.n; i++)
		free_disk(&g->disks.at[i]);
	vec_free(&g->disks);
	for (size_t i = 0; i < g->mounts.n; i++)
		free_mount(&g->mounts.at[i]);
	vec_free(&g->mounts);
	for (size_t i = 0; i < g->modules.n; i++)
		free(g->modules.at[i].release);
	vec_free(&g->modules);
	for (size_t i = 0; i < g->services.n; i++)
		free(g->services.at[i].name);
	vec_free(&g->services);
	for (size_t i = 0; i < g->findings.n; i++)
		free_finding(&g->findings.at[i]);
	vec_free(&g->findings);
	for (size_t i = 0; i < g->layers.n; i++)
		free(g->layers.at[i]);
	vec_free(&g->layers);
	for (size_t i = 0; i < g->config_lines.n; i++)
		free_config(&g->config_lines.at[i]);
	vec_free(&g->config_lines);
	for (size_t i = 0; i < g->things.n; i++)
		free_thing(&g->things.at[i]);
	vec_free(&g->things);
}

void guest_free(struct guest *g)
{
	char *texts[] = {
		g->table,          g->disk_id,      g->os_id,       g->os_name,
		g->suite,          g->os_version,   g->arch_name,   g->hostname,
		g->machine_id,     g->profile,      g->cmdline,     g->boot_dir,
		g->kernel_package, g->mac,          g->mac_from,    g->address,
		g->gateway,        g->dns,          g->config,      g->preload,
		g->mac_bound,      g->wifi_address, g->second_card,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		free(texts[i]);
	free_lists(g);
	*g = (struct guest){ 0 };
}

void guest_say(struct guest *g, enum finding_level level, const char *code,
	       const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*vec_add(&g->findings) = (struct finding){
		.level = level,
		.code = xstrdup(code),
		.text = xstrdup(text),
	};
}

void guest_say_first(struct guest *g, enum finding_level level,
		     const char *code, const char *text)
{
	struct finding f;

	guest_say(g, level, code, "%s", text);
	f = g->findings.at[g->findings.n - 1];
	memmove(&g->findings.at[1], &g->findings.at[0],
		(g->findings.n - 1) * sizeof(f));
	g->findings.at[0] = f;
}

void guest_thing(struct guest *g, enum thing_kind kind, enum guest_fate fate,
		 const char *name, const char *where, const char *text)
{
	for (size_t i = 0; i < g->things.n; i++)
		if (g->things.at[i].kind == kind &&
		    !strcmp(g->things.at[i].name, name))
			return;
	*vec_add(&g->things) = (struct guest_thing){
		.kind = kind,
		.fate = fate,
		.name = xstrdup(name),
		.where = where ? xstrdup(where) : NULL,
		.text = xstrdup(text),
	};
}

int guest_ref(const struct guest_partition *p)
{
	return (int)(p->disk * GUEST_OTHER_DISK + p->number);
}

struct guest_partition *guest_partition(const struct guest *g, int ref)
{
	for (size_t i = 0; i < g->partitions.n; i++)
		if (guest_ref(&g->partitions.at[i]) == ref)
			return &g->partitions.at[i];
	return NULL;
}

const struct guest_mount *guest_mount_at(const struct guest *g, const char *dir)
{
	for (size_t i = 0; i < g->mounts.n; i++)
		if (!strcmp(g->mounts.at[i].dir, dir))
			return &g->mounts.at[i];
	return NULL;
}

int guest_disk_of_order(const struct guest *g, unsigned int order)
{
	if (g->order == order)
		return 0;
	for (size_t i = 0; i < g->disks.n; i++)
		if (g->disks.at[i].order == order)
			return (int)i + 1;
	return -1;
}

static int by_ref(const void *a, const void *b)
{
	return guest_ref(a) - guest_ref(b);
}

void guest_swap_disks(struct guest *g, unsigned int disk)
{
	struct guest_disk *d = &g->disks.at[disk - 1], old = *d;

	d->table = g->table;
	d->id = g->disk_id;
	d->size = g->disk_size;
	d->order = g->order;
	g->table = old.table;
	g->disk_id = old.id;
	g->disk_size = old.size;
	g->order = old.order;
	for (size_t i = 0; i < g->partitions.n; i++) {
		struct guest_partition *p = &g->partitions.at[i];

		if (!p->disk || p->disk == disk)
			p->disk = disk - p->disk;
	}
	qsort(g->partitions.at, g->partitions.n, sizeof(*g->partitions.at),
	      by_ref);
}

const struct finding *guest_stop(const struct guest *g)
{
	for (size_t i = 0; i < g->findings.n; i++)
		if (g->findings.at[i].level == FINDING_STOP)
			return &g->findings.at[i];
	return NULL;
}

const struct finding *guest_finding(const struct guest *g, const char *code)
{
	for (size_t i = 0; i < g->findings.n; i++)
		if (!strcmp(g->findings.at[i].code, code))
			return &g->findings.at[i];
	return NULL;
}

size_t guest_losses(const struct guest *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->findings.n; i++)
		n += g->findings.at[i].level == FINDING_WARN;
	return n;
}

const char *finding_level_name(enum finding_level level)
{
	static const char *const names[] = { "ok", "note", "warn", "stop" };

	return names[level];
}

const char *guest_fate_name(enum guest_fate fate)
{
	static const char *const names[] = { "works", "changed", "lost",
					     "decide" };

	return names[fate];
}

const char *thing_kind_name(enum thing_kind kind)
{
	static const char *const names[] = { "config", "device", "container",
					     "program" };

	return names[kind];
}

const char *guest_arch_name(enum guest_arch arch)
{
	static const char *const names[] = { "unknown", "armhf", "armel",
					     "arm64", "other" };

	return names[arch];
}

const char *guest_net_name(enum guest_net net)
{
	static const char *const names[] = { "none", "ifupdown", "dhcpcd",
					     "NetworkManager",
					     "systemd-networkd" };

	return names[net];
}

/* "ssh" names ssh.service as well as the init script ssh. */
static bool same_service(const char *have, const char *wanted)
{
	size_t n = strlen(wanted);

	return !strcmp(have, wanted) ||
	       (!strncmp(have, wanted, n) && !strcmp(have + n, ".service"));
}

bool guest_enabled(const struct guest *g, const char *service)
{
	for (size_t i = 0; i < g->services.n; i++)
		if (same_service(g->services.at[i].name, service))
			return g->services.at[i].enabled &&
			       !g->services.at[i].masked;
	return false;
}
