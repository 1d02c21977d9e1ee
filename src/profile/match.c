/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile/match.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/str.h"

static bool among(const struct profile_words *words, const char *word)
{
	for (size_t i = 0; word && i < words->all.n; i++)
		if (!strcasecmp(words->all.at[i], word))
			return true;
	return false;
}

static bool any_file(const struct profile_words *words,
		     const struct match_files *files)
{
	for (size_t i = 0; files->exists && i < words->all.n; i++)
		if (files->exists(files->arg, words->all.at[i]))
			return true;
	return false;
}

static bool any_unit(const struct profile_words *words, const struct guest *g)
{
	for (size_t i = 0; i < words->all.n; i++)
		if (guest_enabled(g, words->all.at[i]))
			return true;
	return false;
}

static bool any_label(const struct profile_words *words, const struct guest *g)
{
	for (size_t i = 0; i < g->partitions.n; i++)
		if (among(words, g->partitions.at[i].label))
			return true;
	return false;
}

static bool any_partuuid(const struct profile_words *words,
			 const struct guest *g)
{
	for (size_t i = 0; i < g->partitions.n; i++)
		if (among(words, g->partitions.at[i].partuuid))
			return true;
	return false;
}

/* How many conditions there are, all of which hold; -1: one does not. */
static int conditions(const struct profile *p, const struct guest *g,
		      const struct match_files *files)
{
	const struct {
		bool asked, holds;
	} rows[] = {
		{ p->os.all.n, among(&p->os, g->os_id) },
		{ p->suites.all.n, among(&p->suites, g->suite) },
		{ p->arch != ARCH_UNKNOWN, p->arch == g->arch },
		{ p->asks_raspberry, p->raspberry == g->raspberry },
		{ p->files.all.n, any_file(&p->files, files) },
		{ p->units.all.n, any_unit(&p->units, g) },
		{ p->labels.all.n, any_label(&p->labels, g) },
		{ p->partuuids.all.n, any_partuuid(&p->partuuids, g) },
		{ p->disk_ids.all.n, among(&p->disk_ids, g->disk_id) },
	};
	int n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].asked && !rows[i].holds)
			return -1;
		n += rows[i].asked;
	}
	return p->generic ? 0 : n;
}

bool match_fits(const struct profile *p, const struct guest *g,
		const struct match_files *files)
{
	return conditions(p, g, files) >= 0;
}

const struct profile *match_profile(const struct profiles *profiles,
				    const struct guest *g,
				    const struct match_files *files)
{
	const struct profile *best = NULL;
	int most = -1;

	for (size_t i = 0; i < profiles->all.n; i++) {
		const struct profile *p = &profiles->all.at[i];
		int n = p->adds ? -1 : conditions(p, g, files);

		if (n > most) {
			most = n;
			best = p;
		}
	}
	return best;
}

const struct profile *match_name(const struct profiles *profiles,
				 const char *name)
{
	for (size_t i = 0; i < profiles->all.n; i++)
		if (!strcmp(profiles->all.at[i].name, name))
			return &profiles->all.at[i];
	return NULL;
}

/* What no row knows: an overlay is for hardware, a setting for the firmware. */
static void unknown_line(struct guest *g, const char *line)
{
	if (str_starts(line, "dtoverlay=") || str_starts(line, "device_tree"))
		guest_thing(g, THING_CONFIG, FATE_DECIDE, line, "config.txt",
			    "an overlay that is not known here: what it "
			    "drives on the Pi is not in the VM");
	else if (str_starts(line, "dtparam="))
		guest_thing(g, THING_CONFIG, FATE_DECIDE, line, "config.txt",
			    "a parameter that is not known here: what it "
			    "switches on the Pi is not in the VM");
	else
		guest_thing(g, THING_CONFIG, FATE_CHANGED, line, "config.txt",
			    "a setting of the Pi's firmware; the VM has none "
			    "and needs none");
}

void match_config(const struct profile *p, struct guest *g)
{
	for (size_t i = 0; i < g->config_lines.n; i++) {
		const struct guest_config *c = &g->config_lines.at[i];
		const struct profile_fate *row = profile_config(p, c->text);

		if (!c->applies)
			continue;
		if (!row) {
			unknown_line(g, c->text);
			continue;
		}
		guest_thing(g, THING_CONFIG, row->fate, c->text, c->file,
			    row->reason);
		if (row->fate == FATE_LOST && row->code &&
		    !guest_finding(g, row->code))
			guest_say(g, FINDING_WARN, row->code,
				  "%s: %s has '%s', and a VM has none of the "
				  "Pi's connectors",
				  row->reason, c->file, c->text);
	}
}
