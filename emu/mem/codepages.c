/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Who decodes (D) and who writes (W) race without a lock.  D: read version,
 * set bits, read bytes.  W: write bytes, look at the bits; if hit, make the
 * version odd, take the bits, make the version even again.  Setting the bits
 * is a full barrier, and so is the fence between W's bytes and its look at
 * the bits: either W sees D's bits, or D sees W's bytes.
 *
 * If W takes the bits after D set them, the version has changed since D read
 * it, and D's code is thrown away at its next use.  If W took them before, D
 * waits for an even version, and its bits stay.  So code whose version is
 * current always has its bits, and a writer that finds no bits has nobody to
 * tell.  The price is that W may throw away code that has seen its bytes.
 *
 * "withdrawn" is bound to the version, because once the bits are gone any CPU
 * may take a write addend again: a decoder that was slow to tell must not
 * vouch for the time after.
 */
#include "mem/codepages.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

static void *lazy_zeroes(uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static uint64_t ever_size(uint64_t count)
{
	return (count + 63) / 64 * 8;
}

int codepages_init(struct codepages *cp, const struct ram *ram, struct err *err)
{
	uint64_t count = ram->size >> 12;
	int code;

	*cp = (struct codepages){ .base = ram->base, .count = count };
	cp->page = lazy_zeroes(count * sizeof(*cp->page));
	if (cp->page)
		cp->ever = lazy_zeroes(ever_size(count));
	if (!cp->ever) {
		code = errno;
		codepages_fini(cp);
		return err_errno(err, code,
				 "cannot reserve the table of code pages");
	}
	return 0;
}

void codepages_fini(struct codepages *cp)
{
	if (cp->page)
		munmap(cp->page, cp->count * sizeof(*cp->page));
	if (cp->ever)
		munmap(cp->ever, ever_size(cp->count));
	*cp = (struct codepages){ 0 };
}

/* The bits of the lines that [off, off + len) of a page touches. */
static uint64_t lines_of(unsigned int off, unsigned int len)
{
	unsigned int first = off / 64, last = (off + len - 1) / 64;

	return UINT64_MAX >> (63 - (last - first)) << first;
}

/* Odd for the two stores of take_bits(), unless its thread lost its core. */
static uint32_t even_version(const struct codepage *page)
{
	uint32_t version;

	while ((version = atomic_load(&page->version)) & 1)
		sched_yield();
	return version;
}

static void take_bits(struct codepage *page)
{
	uint32_t version = atomic_load(&page->version);

	if (version & 1 || !atomic_compare_exchange_strong(
				   &page->version, &version, version + 1))
		return; /* another writer is doing it */
	atomic_store(&page->lines, 0);
	atomic_store(&page->version, version + 2);
}

bool codepages_mark(struct codepages *cp, paddr pa, unsigned int len,
		    uint32_t *ret_version)
{
	struct codepage *page = codepages_at(cp, pa);
	uint64_t n = (pa - cp->base) >> 12;
	uint64_t lines;
	uint32_t version;

	assert(page && len && (pa & 0xfff) + len <= 0x1000);
	version = even_version(page);
	lines = lines_of(pa & 0xfff, len);
	if ((atomic_load(&page->lines) & lines) != lines) {
		atomic_fetch_or(&cp->ever[n / 64], UINT64_C(1) << n % 64);
		atomic_fetch_or(&page->lines, lines);
	}
	*ret_version = version;
	return atomic_load(&page->withdrawn) != version + 1;
}

void codepages_withdrawn(struct codepages *cp, paddr pa, uint32_t version)
{
	atomic_store(&codepages_at(cp, pa)->withdrawn, version + 1);
}

bool codepages_written(struct codepages *cp, paddr pa, uint64_t len)
{
	bool hit = false;

	atomic_thread_fence(memory_order_seq_cst);
	while (len) {
		unsigned int off = pa & 0xfff;
		unsigned int n = len < 0x1000 - off ? (unsigned int)len
						    : 0x1000 - off;
		struct codepage *page = codepages_at(cp, pa);

		if (page && atomic_load(&page->lines) & lines_of(off, n)) {
			take_bits(page);
			hit = true;
		}
		pa += n;
		len -= n;
	}
	if (hit && cp->hit)
		cp->hit(cp->hit_arg);
	return hit;
}
