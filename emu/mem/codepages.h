/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which bytes of RAM were decoded or translated, so that a write to them is
 * noticed: ARM needs cache maintenance after writing code, but devices and
 * loaders do not do it, and the kernel's own is cheapest ignored.
 *
 * One word for each physical page holds a bit for each 64-byte line with
 * code.  A write that hits such a line takes all of the page's bits away and
 * gives the page another version.  Who keeps decoded code remembers the
 * version it was made at and throws the code away when it has changed; the
 * page is then like any other, until somebody decodes from it again.
 *
 * The order that makes this safe (mmu_mark_code() of arm/mmu.h is it): who
 * decodes calls codepages_mark(), which reads the version and then sets the
 * bits; if told so, withdraws all write addends of the page on all CPUs and
 * then calls codepages_withdrawn(); then reads the bytes.  Who writes RAM
 * without an addend, or from a device, writes first, then calls
 * codepages_written().
 */
#ifndef MEM_CODEPAGES_H
#define MEM_CODEPAGES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "mem/ram.h"

struct codepage {
	_Atomic uint64_t lines; /* bit n: bytes [64n, 64n + 64) hold code */
	_Atomic uint32_t version;
	_Atomic uint32_t withdrawn; /* version + 1 for which no CPU has a
				     * write addend */
};

struct codepages {
	struct codepage *page;  /* one for each 4 KiB of RAM; lazily zero */
	_Atomic uint64_t *ever; /* a bit for each page: held code once */
	paddr base;
	uint64_t count;
	/* Called by whoever wrote to code, once its version has moved; set
	 * before the first write, or NULL. */
	void (*hit)(void *arg);
	void *hit_arg;
};

int codepages_init(struct codepages *cp, const struct ram *ram,
		   struct err *err);
void codepages_fini(struct codepages *cp);

/* The page of pa, or NULL outside of RAM. */
static inline struct codepage *codepages_at(const struct codepages *cp,
					    paddr pa)
{
	uint64_t n = (pa - cp->base) >> 12;

	return n < cp->count ? &cp->page[n] : NULL;
}

static inline uint32_t codepages_version(const struct codepages *cp, paddr pa)
{
	const struct codepage *page = codepages_at(cp, pa);

	return page ? atomic_load_explicit(&page->version, memory_order_relaxed)
		    : 0;
}

/*
 * The lines of [pa, pa + len), inside of one page of RAM, hold code now, as
 * of *ret_version.  True: write addends of the page may exist; withdraw them
 * and tell codepages_withdrawn() with that version.
 */
bool codepages_mark(struct codepages *cp, paddr pa, unsigned int len,
		    uint32_t *ret_version);
void codepages_withdrawn(struct codepages *cp, paddr pa, uint32_t version);

/*
 * [pa, pa + len) was written, by a CPU or a device; any length, also outside
 * of RAM.  True if code was hit.
 */
bool codepages_written(struct codepages *cp, paddr pa, uint64_t len);

#endif
