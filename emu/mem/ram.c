/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest RAM is reserved, not allocated: the host gives a page when the guest
 * first touches it.  The mapping begins at a multiple of the huge page, so
 * that the guest's 2 MiB and the host's fall together, and a page that cannot
 * be touched stands behind it: an overrun dies at once.
 */
#include "mem/ram.h"

#include <errno.h>
#include <sys/mman.h>

#include "common/bits.h"

enum {
	GUARD = 4096,
	HUGE = 2 << 20,
};

/* Size bytes without access at a multiple of HUGE, or NULL. */
static uint8_t *reserve(uint64_t size)
{
	uint8_t *all = mmap(NULL, size + HUGE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *at;

	if (all == MAP_FAILED)
		return NULL;
	at = (uint8_t *)align_up((uintptr_t)all, HUGE);
	if (at > all)
		munmap(all, (size_t)(at - all));
	munmap(at + size, (size_t)(all + HUGE - at));
	return at;
}

int ram_init(struct ram *ram, paddr base, uint64_t size, struct err *err)
{
	uint8_t *host = reserve(size + GUARD);
	int code;

	if (!host)
		return err_errno(err, errno,
				 "cannot reserve %llu MiB for the guest's "
				 "memory",
				 (unsigned long long)(size >> 20));
	if (mprotect(host, size, PROT_READ | PROT_WRITE) < 0) {
		code = errno;
		munmap(host, size + GUARD);
		return err_errno(err, code,
				 "cannot use %llu MiB for the guest's memory",
				 (unsigned long long)(size >> 20));
	}
	/* A host without huge pages is slower, not wrong. */
	madvise(host, size, MADV_HUGEPAGE);
	*ram = (struct ram){ .host = host, .base = base, .size = size };
	return 0;
}

void ram_fini(struct ram *ram)
{
	if (ram->host)
		munmap(ram->host, ram->size + GUARD);
	*ram = (struct ram){ 0 };
}
