/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/report.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/ui.h"

enum {
	WIDTH = 78,
	LABEL = 16, /* column of the values */
};

/* Text */

/* Columns that a word of n bytes takes: continuation bytes take none. */
static size_t columns(const char *text, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

/* Words from column at on; later lines begin there too. */
static void wrap(struct str *out, size_t indent, const char *text)
{
	autofree char *shown = str_printable(text, false);
	size_t at = indent;

	for (const char *word = shown; *word;) {
		size_t n, width;

		word += strspn(word, " ");
		n = strcspn(word, " ");
		width = columns(word, n);
		if (at > indent && at + 1 + width > WIDTH) {
			str_addf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (at > indent) {
			str_add(out, " ");
			at++;
		}
		str_addn(out, word, n);
		at += width;
		word += n;
	}
	str_add(out, "\n");
}

static void row(struct str *out, const char *label, const char *value)
{
	str_addf(out, "  %-*s", LABEL - 2, label);
	wrap(out, LABEL, value);
}

static const char *role(const struct guest *g, const struct guest_partition *p)
{
	if ((int)p->number == g->root)
		return "the system";
	if ((int)p->number == g->boot)
		return "the boot partition";
	return "";
}

static void put_partition(struct str *out, const struct guest *g,
			  const struct guest_partition *p)
{
	autofree char *label = str_printable(p->label ? p->label : "", false);
	char size[16], free_[16];

	str_addf(out, "%*s%2u  %-6s %8s", LABEL - 2, "", p->number,
		 p->fs_name ? p->fs_name : "?", ui_bytes(p->size, size));
	if (*label)
		str_addf(out, "  \"%s\"", label);
	if (*role(g, p))
		str_addf(out, "  %s", role(g, p));
	if (p->fs_size)
		str_addf(out, ", %s free", ui_bytes(p->fs_free, free_));
	str_add(out, "\n");
}

static void put_disk(struct str *out, const struct guest *g)
{
	char size[16];
	autofree char *text = xasprintf(
		"%s, partition table %s%s%s", ui_bytes(g->disk_size, size),
		g->table, g->disk_id ? " " : "", g->disk_id ? g->disk_id : "");

	row(out, "Card", text);
	for (size_t i = 0; i < g->partitions.n; i++)
		put_partition(out, g, &g->partitions.at[i]);
}

static void put_network(struct str *out, const struct guest *g)
{
	autofree char *text = NULL;

	if (g->net == NET_NONE)
		text = xstrdup("nobody configures it");
	else if (g->static_address)
		text = xasprintf("%s, fixed address %s", guest_net_name(g->net),
				 g->address);
	else
		text = xasprintf("%s, address by DHCP", guest_net_name(g->net));
	row(out, "Network", text);
}

static void put_system(struct str *out, const struct card *card)
{
	const struct guest *g = &card->guest;

	row(out, "System", g->os_name ? g->os_name : "(does not say)");
	if (g->hostname)
		row(out, "Name", g->hostname);
	row(out, "Processor",
	    g->arch_name ? g->arch_name : guest_arch_name(g->arch));
	put_network(out, g);
	if (g->cmdline)
		row(out, "Command line", g->cmdline);
	if (card->kernel_reason)
		row(out, "Kernel", card->kernel_reason);
	if (card->profile)
		row(out, "Profile", card->profile->title);
}

static void put_findings(struct str *out, const struct guest *g,
			 enum finding_level level, const char *title)
{
	bool any = false;

	for (size_t i = 0; i < g->findings.n; i++) {
		if (g->findings.at[i].level != level)
			continue;
		if (!any)
			str_addf(out, "\n%s\n", title);
		any = true;
		str_add(out, "  - ");
		wrap(out, 4, g->findings.at[i].text);
	}
}

static void put_services(struct str *out, const struct card *card)
{
	bool any = false;

	for (size_t i = 0; card->profile && i < card->guest.services.n; i++) {
		const struct guest_service *s = &card->guest.services.at[i];
		const struct profile_row *why = profile_service(card->profile,
								s->name);
		autofree char *text = NULL;

		if (!s->enabled || s->masked || !why)
			continue;
		if (!any)
			str_add(out, "\nTurned off in the VM:\n");
		any = true;
		text = xasprintf("%s: %s", s->name, why->reason);
		str_add(out, "  - ");
		wrap(out, 4, text);
	}
}

char *report_text(const struct card *card)
{
	const struct guest *g = &card->guest;
	struct str out = { 0 };
	autofree char *path = str_printable(card->img.source.path, false);

	str_addf(&out, "%s\n\n", path);
	put_disk(&out, g);
	if (g->root)
		put_system(&out, card);
	put_findings(&out, g, FINDING_OK, "Works:");
	put_findings(&out, g, FINDING_NOTE, "Good to know:");
	put_services(&out, card);
	put_findings(&out, g, FINDING_WARN, "Will not be as on the Pi:");
	put_findings(&out, g, FINDING_STOP, "Cannot be converted:");
	if (!guest_stop(g))
		str_addf(&out,
			 "\nThis card can be converted; nothing was changed. "
			 "Next:\n  pimigrate convert '%s'\n",
			 path);
	return str_steal(&out);
}

/* JSON */

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

static struct json_object *json_partitions(const struct guest *g)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];
		struct json_object *o = json_object_new_object();

		put_number(o, "number", p->number);
		put_number(o, "start", p->start);
		put_number(o, "size", p->size);
		put_number(o, "type", p->type);
		put(o, "fs", p->fs_name);
		put(o, "label", p->label);
		put(o, "uuid", p->uuid);
		put(o, "partuuid", p->partuuid);
		put_bool(o, "needs_recovery", p->needs_recovery);
		put_number(o, "fs_size", p->fs_size);
		put_number(o, "fs_free", p->fs_free);
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
	put_number(o, "boot", (uint64_t)g->boot);
	json_object_object_add(o, "partitions", json_partitions(g));
	return o;
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
	json_object_object_add(o, "source", json_source(&card->img.source));
	json_object_object_add(o, "disk", json_disk(g));
	json_object_object_add(o, "system", g->root ? json_system(g) : NULL);
	json_object_object_add(o, "network", g->root ? json_network(g) : NULL);
	put(o, "profile", g->profile);
	put(o, "kernel", card->kernel_reason);
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
