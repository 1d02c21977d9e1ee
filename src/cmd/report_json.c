/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The document of inspect --json.  docs/inspect.schema.json describes it, and
 * is a test: what is added here is added there.  Version 1 may get more keys;
 * one that goes or means something else makes it version 2.
 */
#include <json-c/json.h>

#include "cmd/report.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

static struct json_object *text_or_null(const char *text)
{
	autofree char *shown = text ? str_printable(text, false) : NULL;

	return shown ? json_object_new_string(shown) : NULL;
}

static void put(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text_or_null(text));
}

static void put_bool(struct json_object *o, const char *key, bool b)
{
	json_object_object_add(o, key, json_object_new_boolean(b));
}

static void put_number(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

static struct json_object *json_source(const struct source *s)
{
	struct json_object *o = json_object_new_object();

	put(o, "path", s->path);
	put_bool(o, "device", s->device);
	put_number(o, "size", s->size);
	put(o, "serial", s->serial);
	return o;
}

static struct json_object *json_partitions(const struct guest *g,
					   unsigned int disk)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];
		struct json_object *o;

		if (p->disk != disk)
			continue;
		o = json_object_new_object();
		put_number(o, "number", p->number);
		put_number(o, "start", p->start);
		put_number(o, "size", p->size);
		put_number(o, "type", p->type);
		put(o, "fs", p->fs_name);
		put(o, "label", p->label);
		put(o, "uuid", p->uuid);
		put(o, "partuuid", p->partuuid);
		put(o, "type_name", p->type_name);
		put_bool(o, "needs_recovery", p->needs_recovery);
		put_number(o, "fs_size", p->fs_size);
		put_number(o, "fs_free", p->fs_free);
		json_object_array_add(list, o);
	}
	return list;
}

/* A reference is a number and, in a key of its own, a disk. */
static void put_ref(struct json_object *o, const char *key,
		    const char *disk_key, const struct guest *g, int ref)
{
	const struct guest_partition *p = guest_partition(g, ref);

	put_number(o, key, p ? p->number : 0);
	put_number(o, disk_key, p ? p->disk : 0);
}

static struct json_object *json_disks(const struct guest *g)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < g->disks.n; i++) {
		const struct guest_disk *d = &g->disks.at[i];
		struct json_object *o = json_object_new_object();

		put(o, "path", d->path);
		put(o, "table", d->table);
		put(o, "id", d->id);
		put_number(o, "size", d->size);
		json_object_object_add(o, "partitions",
				       json_partitions(g, (unsigned int)i + 1));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_disk(const struct guest *g)
{
	struct json_object *o = json_object_new_object();

	put(o, "table", g->table);
	put(o, "id", g->disk_id);
	put_number(o, "size", g->disk_size);
	put_number(o, "root", (uint64_t)g->root);
	put_ref(o, "boot", "boot_disk", g, g->boot);
	json_object_object_add(o, "partitions", json_partitions(g, 0));
	return o;
}

static struct json_object *json_systems(const struct guest *g)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < g->systems.n; i++) {
		const struct guest_system *s = &g->systems.at[i];
		struct json_object *o = json_object_new_object();

		put_number(o, "partition", (uint64_t)s->partition);
		put(o, "name", s->name);
		put(o, "hostname", s->hostname);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_system(const struct guest *g)
{
	struct json_object *o = json_object_new_object();

	put(o, "id", g->os_id);
	put(o, "name", g->os_name);
	put(o, "suite", g->suite);
	put(o, "version", g->os_version);
	put_bool(o, "raspberry", g->raspberry);
	put(o, "arch", g->arch_name);
	put(o, "hostname", g->hostname);
	put_bool(o, "systemd", g->systemd);
	put_bool(o, "merged_usr", g->merged_usr);
	put_bool(o, "fresh", g->fresh);
	put(o, "cmdline", g->cmdline);
	put(o, "boot_dir", g->boot_dir);
	put(o, "kernel_package", g->kernel_package);
	return o;
}

static struct json_object *json_network(const struct guest *g)
{
	struct json_object *o = json_object_new_object();

	put(o, "manager", guest_net_name(g->net));
	put(o, "mac", g->mac);
	put(o, "mac_from", g->mac_from);
	put(o, "address", g->address);
	put(o, "gateway", g->gateway);
	put(o, "dns", g->dns);
	put_bool(o, "wifi_only", g->wifi_only);
	put_bool(o, "ssh", g->ssh);
	return o;
}

static struct json_object *json_services(const struct card *card)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < card->guest.services.n; i++) {
		const struct guest_service *s = &card->guest.services.at[i];
		const struct profile_row *why =
			card->profile ? profile_service(card->profile, s->name)
				      : NULL;
		struct json_object *o = json_object_new_object();

		put(o, "name", s->name);
		put_bool(o, "enabled", s->enabled);
		put_bool(o, "masked", s->masked);
		if (why)
			put(o, "turned_off_because", why->reason);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_texts(char *const *texts, size_t n)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, text_or_null(texts[i]));
	return list;
}

static struct json_object *json_modules(const struct guest *g)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < g->modules.n; i++)
		json_object_array_add(list,
				      text_or_null(g->modules.at[i].release));
	return list;
}

static struct json_object *json_config(const struct guest *g)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < g->config_lines.n; i++) {
		const struct guest_config *c = &g->config_lines.at[i];
		struct json_object *o = json_object_new_object();

		put(o, "text", c->text);
		put(o, "section", c->section);
		put(o, "file", c->file);
		put_number(o, "line", c->line);
		put_bool(o, "applies", c->applies);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_things(const struct guest *g)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < g->things.n; i++) {
		const struct guest_thing *t = &g->things.at[i];
		struct json_object *o = json_object_new_object();

		put(o, "kind", thing_kind_name(t->kind));
		put(o, "name", t->name);
		put(o, "where", t->where);
		put(o, "fate", guest_fate_name(t->fate));
		put(o, "reason", t->text);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_mounts(const struct guest *g)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < g->mounts.n; i++) {
		const struct guest_mount *m = &g->mounts.at[i];
		struct json_object *o = json_object_new_object();

		put(o, "spec", m->spec);
		put(o, "dir", m->dir);
		put(o, "type", m->type);
		put(o, "options", m->options);
		put_ref(o, "partition", "disk", g, m->partition);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *json_findings(const struct guest *g)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < g->findings.n; i++) {
		const struct finding *f = &g->findings.at[i];
		struct json_object *o = json_object_new_object();

		put(o, "level", finding_level_name(f->level));
		put(o, "code", f->code);
		put(o, "text", f->text);
		json_object_array_add(list, o);
	}
	return list;
}

char *report_json(const struct card *card)
{
	const struct guest *g = &card->guest;
	struct json_object *o = json_object_new_object();
	char *text;

	put_number(o, "version", 1);
	json_object_object_add(o, "source",
			       json_source(&card_image(card, 0)->source));
	json_object_object_add(o, "disk", json_disk(g));
	json_object_object_add(o, "disks", json_disks(g));
	json_object_object_add(o, "systems", json_systems(g));
	json_object_object_add(o, "system", g->root ? json_system(g) : NULL);
	json_object_object_add(o, "network", g->root ? json_network(g) : NULL);
	put(o, "profile", g->profile);
	json_object_object_add(o, "layers",
			       json_texts(g->layers.at, g->layers.n));
	put(o, "kernel", card->kernel_reason);
	json_object_object_add(o, "modules", json_modules(g));
	json_object_object_add(o, "mounts", json_mounts(g));
	json_object_object_add(o, "config", json_config(g));
	json_object_object_add(o, "things", json_things(g));
	json_object_object_add(o, "services", json_services(card));
	json_object_object_add(o, "findings", json_findings(g));
	put_bool(o, "convertible", !guest_stop(g));
	put_number(o, "losses", guest_losses(g));
	text = xasprintf("%s\n",
			 json_object_to_json_string_ext(
				 o, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return text;
}
