/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of adapt/: small systems in memory, through the functions that the
 * command hands in (cmd/facts.c), and the rows that came of them.
 */
#ifndef ADAPT_WORLD_H
#define ADAPT_WORLD_H

#include "adapt/adapt.h"
#include "cmd/facts.h"
#include "fake_tree.h"
#include "test.h"
#include "texts.h"

#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

#define MIB (UINT64_C(1) << 20)

/* A card with a FAT and a root, and what is in them. */
struct world {
	struct fake_tree root, boot;
	struct inspect_trees trees;
	struct facts_source source;
	struct guest guest;
	struct adapt_facts facts;
	struct plan plan;
};

/* The profile: what has "pi" in its name is the Pi's. */
static inline const char *drop(void *profile, const char *name)
{
	(void)profile;
	return strstr(name, "pi") ? "only a Pi has it" : NULL;
}

static inline const char *drop_word(void *profile, const char *word)
{
	(void)profile;
	return str_starts(word, "console=") || str_starts(word, "bcm27")
		       ? "for the Pi"
		       : NULL;
}

static inline struct guest_partition *add_partition(struct guest *g,
						    unsigned int number,
						    enum guest_fs fs)
{
	struct guest_partition *p = vec_add(&g->partitions);

	*p = (struct guest_partition){
		.number = number,
		.start = number * 512 * MIB,
		.size = 512 * MIB,
		.fs = fs,
		.fs_free = 4096 * MIB,
		.fs_free_inodes = 60000,
		.partuuid = xasprintf("5e3da3da-%02x", number),
		.uuid = xasprintf("uuid-%u", number),
	};
	return p;
}

static inline struct world *world_new(void)
{
	struct world *w = xnew(struct world);
	struct guest *g = &w->guest;

	add_partition(g, 1, FS_FAT);
	add_partition(g, 2, FS_EXT);
	g->boot = 1;
	g->root = 2;
	g->table = xstrdup("dos");
	g->disk_size = 2048 * MIB;
	g->boot_dir = xstrdup("/boot/firmware");
	g->systemd = true;
	g->net = NET_NETWORKMANAGER;
	w->trees.root = fake_tree(&w->root);
	w->trees.boot = fake_tree(&w->boot);
	w->source.trees = &w->trees;
	facts_init(&w->facts, &w->source);
	w->facts.guest = g;
	w->facts.free = 1024 * MIB;
	w->facts.drop_service = w->facts.drop_module = drop;
	w->facts.drop_word = drop_word;
	return w;
}

static inline void world_drop(struct world **w)
{
	guest_free(&(*w)->guest);
	plan_free(&(*w)->plan);
	free(*w);
}
#define autoworld cleanup(world_drop)

static inline void add_mount(struct world *w, const char *spec, const char *dir,
			     const char *type, const char *options,
			     int partition)
{
	*vec_add(&w->guest.mounts) = (struct guest_mount){
		.spec = xstrdup(spec),
		.dir = xstrdup(dir),
		.type = xstrdup(type),
		.options = xstrdup(options),
		.passno = 2,
		.partition = partition,
		.missing = !partition &&
			   (str_starts(spec, "/dev/") || strchr(spec, '=')),
	};
}

static inline void add_service(struct world *w, const char *name, bool enabled,
			       bool masked)
{
	*vec_add(&w->guest.services) =
		(struct guest_service){ xstrdup(name), enabled, masked };
}

/* "kind path -> target", one a line. */
static inline void check_rows_at(int line, const struct world *w,
				 const char *want)
{
	struct str s = { 0 };
	autofree char *text = NULL;

	for (size_t i = 0; i < w->plan.changes.n; i++) {
		const struct change *c = &w->plan.changes.at[i];

		str_addf(&s, "%s %s", change_kind_name(c->kind), c->path);
		if (c->kind == CHANGE_SYMLINK)
			str_addf(&s, " -> %s", c->target);
		str_add(&s, "\n");
		check(*c->id && *c->reason);
	}
	text = str_steal(&s);
	check_text_at(__FILE__, line, text, want);
}
#define check_rows(w, want) check_rows_at(__LINE__, w, want)

static inline const char *content(const struct world *w, const char *path)
{
	for (size_t i = 0; i < w->plan.changes.n; i++)
		if (!strcmp(w->plan.changes.at[i].path, path) &&
		    w->plan.changes.at[i].content)
			return w->plan.changes.at[i].content;
	return NULL;
}

#endif
