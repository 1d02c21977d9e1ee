/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/report.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/ui.h"

enum {
	WIDTH = 78,
	LABEL = 16, /* column of the values */
	BAR = 48,   /* columns of the card's picture */
	MAX_CELLS = 12,
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
	if (guest_ref(p) == g->root)
		return "the system";
	if (guest_ref(p) == g->boot)
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

/*
 * The card as a bar: a cell for each partition, as wide as its share allows,
 * "=" what is used of it and "." what is free; "-" belongs to nobody.
 */
static void put_cell(struct str *bar, uint64_t size,
		     const struct guest_partition *p)
{
	size_t width = (size_t)((double)p->size / (double)size * BAR);
	uint64_t used = p->fs_size ? p->fs_size - p->fs_free : p->size;
	autofree char *number = xasprintf("%u", p->number);
	size_t n = strlen(number), fill;

	if (width < n)
		width = n;
	fill = p->size ? (size_t)((double)used / (double)p->size *
				  (double)width)
		       : 0;
	str_addf(bar, "|%s", number);
	for (size_t i = n; i < width; i++)
		str_add(bar, i < fill ? "=" : ".");
}

static int by_start(const void *a, const void *b)
{
	const struct guest_partition *const *x = a, *const *y = b;

	return ((*x)->start > (*y)->start) - ((*x)->start < (*y)->start);
}

static void put_bar(struct str *out, const struct guest *g, unsigned int disk,
		    uint64_t size)
{
	struct vec_of(const struct guest_partition *) sorted = { 0 };
	autostr struct str bar = { 0 };
	uint64_t end = 0;

	for (size_t i = 0; i < g->partitions.n && sorted.n < MAX_CELLS; i++)
		if (g->partitions.at[i].disk == disk)
			*vec_add(&sorted) = &g->partitions.at[i];
	if (!sorted.n || !size)
		return;
	qsort(sorted.at, sorted.n, sizeof(*sorted.at), by_start);
	for (size_t i = 0; i < sorted.n; i++) {
		const struct guest_partition *p = sorted.at[i];

		if (p->start > end && p->start - end > size / BAR)
			str_add(&bar, "|-");
		put_cell(&bar, size, p);
		end = p->start + p->size;
	}
	str_add(&bar, end + size / BAR < size ? "|-|" : "|");
	str_addf(out, "%*s%s\n", LABEL, "", bar.text);
	vec_free(&sorted);
}

static void put_disk(struct str *out, const struct guest *g, unsigned int n,
		     const struct guest_disk *disk)
{
	char size[16];
	autofree char *text = xasprintf(
		"%s, partition table %s%s%s%s%s", ui_bytes(disk->size, size),
		disk->table, disk->id ? " " : "", disk->id ? disk->id : "",
		disk->path ? ", " : "", disk->path ? disk->path : "");

	row(out, disk->order ? "Disk" : "Card", text);
	put_bar(out, g, n, disk->size);
	for (size_t i = 0; i < g->partitions.n; i++)
		if (g->partitions.at[i].disk == n)
			put_partition(out, g, &g->partitions.at[i]);
}

static void put_disks(struct str *out, const struct guest *g)
{
	struct guest_disk own = { .table = g->table,
				  .id = g->disk_id,
				  .size = g->disk_size,
				  .order = g->order };

	put_disk(out, g, 0, &own);
	for (size_t i = 0; i < g->disks.n; i++)
		put_disk(out, g, (unsigned int)i + 1, &g->disks.at[i]);
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

/* The kernels on the card are told by their modules. */
static void put_kernel(struct str *out, const struct card *card)
{
	const struct guest *g = &card->guest;
	autofree char *now = NULL;

	if (g->modules.n > 1)
		now = xasprintf("%s and %zu more", g->modules.at[0].release,
				g->modules.n - 1);
	else if (g->modules.n)
		now = xstrdup(g->modules.at[0].release);
	if (now)
		row(out, "Kernel now", now);
	if (card->kernel_reason)
		row(out, "Kernel", card->kernel_reason);
}

static void put_profile(struct str *out, const struct card *card)
{
	autostr struct str text = { 0 };

	if (!card->profile)
		return;
	for (size_t i = 0; i < card->guest.layers.n; i++)
		str_addf(&text, "%s on ", card->guest.layers.at[i]);
	str_add(&text, card->profile->title);
	row(out, "Profile", text.text);
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
	put_kernel(out, card);
	put_profile(out, card);
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

static const char *turned_off(const struct card *card, size_t i)
{
	const struct guest_service *s = &card->guest.services.at[i];
	const struct profile_row *why;

	if (!card->profile || !s->enabled || s->masked)
		return NULL;
	why = profile_service(card->profile, s->name);
	return why ? why->reason : NULL;
}

static void put_services(struct str *out, const struct card *card, bool explain)
{
	autostr struct str names = { 0 };
	bool any = false;

	for (size_t i = 0; i < card->guest.services.n; i++) {
		const char *name = card->guest.services.at[i].name;
		const char *why = turned_off(card, i);
		autofree char *text = NULL;

		if (!why)
			continue;
		if (!any)
			str_add(out, "\nTurned off in the VM:\n");
		any = true;
		if (!explain) {
			str_addf(&names, "%s%s", names.len ? ", " : "", name);
			continue;
		}
		text = xasprintf("%s: %s", name, why);
		str_add(out, "  - ");
		wrap(out, 4, text);
	}
	if (names.len) {
		str_add(out, "  - ");
		wrap(out, 4, names.text);
	}
}

static const char *thing_prefix(enum thing_kind kind)
{
	return kind == THING_CONTAINER ? "container " : "";
}

/* Without reasons: the names of one fate in a row. */
static void put_fate(struct str *out, const struct guest *g,
		     enum guest_fate fate)
{
	autostr struct str names = { 0 };

	for (size_t i = 0; i < g->things.n; i++) {
		const struct guest_thing *t = &g->things.at[i];

		if (t->fate == fate)
			str_addf(&names, "%s%s%s", names.len ? ", " : "",
				 thing_prefix(t->kind), t->name);
	}
	if (names.len)
		row(out, guest_fate_name(fate), names.text);
}

static void explain_fate(struct str *out, const struct guest *g,
			 enum guest_fate fate)
{
	for (size_t i = 0; i < g->things.n; i++) {
		const struct guest_thing *t = &g->things.at[i];
		autofree char *text = NULL;

		if (t->fate != fate)
			continue;
		text = xasprintf("%s%s%s%s%s: %s", thing_prefix(t->kind),
				 t->name, t->where ? " (" : "",
				 t->where ? t->where : "", t->where ? ")" : "",
				 t->text);
		row(out, guest_fate_name(fate), text);
	}
}

static void put_things(struct str *out, const struct guest *g, bool explain)
{
	if (!g->things.n)
		return;
	str_add(out, "\nWhat becomes of settings, devices and containers:\n");
	for (enum guest_fate f = FATE_WORKS; f <= FATE_DECIDE; f++) {
		if (explain)
			explain_fate(out, g, f);
		else
			put_fate(out, g, f);
	}
}

/* Lines of config.txt that are for other boards. */
static void put_config(struct str *out, const struct guest *g)
{
	bool any = false;

	for (size_t i = 0; i < g->config_lines.n; i++) {
		const struct guest_config *c = &g->config_lines.at[i];
		autofree char *text = NULL;

		if (c->applies)
			continue;
		if (!any)
			str_add(out, "\nNot for a Pi such as this:\n");
		any = true;
		text = xasprintf("%s, line %u, [%s]: %s", c->file, c->line,
				 c->section, c->text);
		str_add(out, "  - ");
		wrap(out, 4, text);
	}
}

static void put_next(struct str *out, const struct card *card, const char *path,
		     bool explain)
{
	str_add(out, "\nThis card can be converted; nothing was changed. "
		     "Next:\n  pimigrate convert");
	for (unsigned int n = 1; n <= card->disks.n; n++) {
		autofree char *disk = str_printable(
			card_image(card, n)->source.path, false);

		str_addf(out, " --disk '%s'", disk);
	}
	if (card->guest.systems.n > 1 && !card->guest.order)
		str_addf(out, " --root %d", card->guest.root);
	str_addf(out, " '%s'\n%s", path,
		 explain ? "" : "Reasons: pimigrate inspect --explain\n");
}

char *report_text(const struct card *card, bool explain)
{
	const struct guest *g = &card->guest;
	struct str out = { 0 };
	autofree char *path = str_printable(card_image(card, 0)->source.path,
					    false);

	str_addf(&out, "%s\n\n", path);
	put_disks(&out, g);
	if (g->root)
		put_system(&out, card);
	put_findings(&out, g, FINDING_OK, "Works:");
	put_findings(&out, g, FINDING_NOTE, "Good to know:");
	put_services(&out, card, explain);
	put_things(&out, g, explain);
	if (explain)
		put_config(&out, g);
	put_findings(&out, g, FINDING_WARN, "Will not be as on the Pi:");
	put_findings(&out, g, FINDING_STOP, "Cannot be converted:");
	if (!guest_stop(g))
		put_next(&out, card, path, explain);
	return str_steal(&out);
}
