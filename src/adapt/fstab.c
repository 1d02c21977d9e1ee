/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/fstab: names of the Pi's card reader become ids that stay, and what may
 * be missing must not stop the boot.  Lines that need no change stay to the
 * letter, comments too; of a line that does, only the fields that change.
 *
 * A field is written with "\040" for a space (fstab(5)), struct guest_mount
 * has it decoded: they are compared so, and what stays is not decoded.
 */
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

#define FIRMWARE "/boot/firmware"
#define BLANKS   " \t"

enum {
	SPEC,
	DIR,
	TYPE,
	OPTIONS,
	FIELDS
};

/* The first fields of a line, as they stand. */
struct fields {
	const char *at[FIELDS];
	size_t len[FIELDS];
	unsigned int n;
	const char *rest; /* what follows them */
};

const char *adapt_boot_dir(const struct guest *g)
{
	if (!g->boot || !g->boot_dir)
		return NULL;
	return strcmp(g->boot_dir, "/boot") ? g->boot_dir : FIRMWARE;
}

static bool has_option(const char *options, const char *option)
{
	size_t n = strlen(option);

	for (const char *p = options; p && *p;) {
		const char *end = strchrnul(p, ',');

		if ((size_t)(end - p) == n && !strncmp(p, option, n))
			return true;
		p = *end ? end + 1 : end;
	}
	return false;
}

/* The id that stays; NULL if the name is one, or there is none. */
static char *new_spec(const struct guest *g, const struct guest_mount *m)
{
	const struct guest_partition *p = guest_partition(g, m->partition);

	/* Other places on the disk are other PARTUUIDs. */
	bool moved = g->laid_out && strcasestr(m->spec, "partuuid");

	if (!p || (!moved && (!str_starts(m->spec, "/dev/") ||
			      str_starts(m->spec, "/dev/disk/"))))
		return NULL;
	if (p->partuuid)
		return xasprintf("PARTUUID=%s", p->partuuid);
	return p->uuid ? xasprintf("UUID=%s", p->uuid) : NULL;
}

static const char *new_dir(const struct guest *g, const struct guest_mount *m)
{
	const char *dir = adapt_boot_dir(g);

	if (!g->boot || m->partition != g->boot || !dir || !strcmp(dir, m->dir))
		return NULL;
	return dir;
}

/*
 * nofail takes a mount out of the order of the start, too (systemd.mount(5)).
 * What was on /boot itself had to be there before any service: old DietPi has
 * its programs there.
 */
static bool orders_start(const struct guest *g, const struct guest_mount *m)
{
	return g->systemd && new_dir(g, m);
}

static char *new_options(const struct guest *g, const struct guest_mount *m)
{
	const struct guest_partition *p = guest_partition(g, m->partition);
	bool fat = p && p->fs == FS_FAT;
	autostr struct str s = { 0 };

	if ((!fat && !m->missing) || has_option(m->options, "noauto"))
		return NULL;
	str_add(&s, m->options && *m->options ? m->options : "defaults");
	if (!has_option(m->options, "nofail"))
		str_add(&s, orders_start(g, m)
				    ? ",nofail,x-systemd.before=local-fs.target"
				    : ",nofail");
	if (m->missing && !strstr(s.text, "x-systemd.device-timeout"))
		str_add(&s, ",x-systemd.device-timeout=10");
	return strcmp(s.text, m->options ? m->options : "") ? str_steal(&s)
							    : NULL;
}

static void split(const char *line, struct fields *f)
{
	*f = (struct fields){ .rest = line };
	for (unsigned int i = 0; i < FIELDS; i++) {
		f->at[i] = f->rest + strspn(f->rest, BLANKS);
		f->len[i] = strcspn(f->at[i], BLANKS "\r");
		f->rest = f->at[i] + f->len[i];
		f->n += f->len[i] > 0;
	}
}

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' &&
	       s[2] >= '0' && s[2] <= '7';
}

/* Does the field say this, decoded? */
static bool says(const struct fields *f, unsigned int i, const char *text)
{
	const char *p = f->at[i], *end = p + f->len[i];

	for (; p < end && *text; p++, text++) {
		char c = *p;

		if (c == '\\' && end - p > 3 && is_octal(p + 1)) {
			c = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 |
				   (p[3] - '0'));
			p += 3;
		}
		if (c != *text)
			return false;
	}
	return p == end && !*text;
}

static const struct guest_mount *entry_of(const struct guest *g,
					  const struct fields *f)
{
	if (f->n < TYPE + 1 || *f->at[SPEC] == '#')
		return NULL;
	for (size_t i = 0; i < g->mounts.n; i++)
		if (says(f, SPEC, g->mounts.at[i].spec) &&
		    says(f, DIR, g->mounts.at[i].dir))
			return &g->mounts.at[i];
	return NULL;
}

static void add_field(struct str *out, const struct fields *f, unsigned int i,
		      const char *new)
{
	if (i)
		str_add(out, "\t");
	if (new)
		str_add(out, new);
	else
		str_addn(out, f->at[i], f->len[i]);
}

/* One line as it shall be.  False, and nothing added: it is right as it is. */
static bool new_line(const struct guest *g, const char *line, struct str *out)
{
	autofree char *spec = NULL, *options = NULL;
	const struct guest_mount *m;
	const char *dir;
	struct fields f;

	split(line, &f);
	m = entry_of(g, &f);
	if (!m)
		return false;
	spec = new_spec(g, m);
	dir = new_dir(g, m);
	options = new_options(g, m);
	if (!spec && !dir && !options)
		return false;
	add_field(out, &f, SPEC, spec);
	add_field(out, &f, DIR, dir);
	add_field(out, &f, TYPE, NULL);
	add_field(out, &f, OPTIONS,
		  options || f.len[OPTIONS] ? options : "defaults");
	str_add(out, f.rest);
	return true;
}

void adapt_fstab(const struct adapt_facts *facts, struct plan *plan)
{
	autofree char *text = facts->read(facts->arg, "/etc/fstab");
	autostr struct str out = { 0 };
	bool changed = false;

	for (const char *at = text; at && *at;) {
		size_t len = strcspn(at, "\n");
		autofree char *line = xstrndup(at, len);

		if (new_line(facts->guest, line, &out))
			changed = true;
		else
			str_add(&out, line);
		if (at[len])
			str_add(&out, "\n");
		at += len + (at[len] == '\n');
	}
	if (changed)
		plan_add(plan, CHANGE_WRITE, "fstab", "/etc/fstab",
			 "disks are named by ids that stay, and one that is "
			 "missing does not stop the boot")
			->content = str_steal(&out);
}
