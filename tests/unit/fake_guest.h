/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that is inspected part by part, over a file system in memory. */
#ifndef FAKE_GUEST_H
#define FAKE_GUEST_H

#include <stdbool.h>
#include <string.h>

#include "common/mem.h"
#include "fake_tree.h"
#include "model/guest.h"

static struct fake_tree f;
static struct tree t;
static struct guest g;

/* Another one, of which nothing is known. */
static inline void begin(void)
{
	guest_free(&g);
	memset(&f, 0, sizeof(f));
	t = fake_tree(&f);
}

static inline void enabled(const char *name)
{
	*vec_add(&g.services) = (struct guest_service){ .name = xstrdup(name),
							.enabled = true };
}

static inline bool said(const char *code)
{
	return guest_finding(&g, code) != NULL;
}

#endif
