/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache's memory is reserved once and touched as it fills.  A compiler that
 * is run again and again needs more than 64 MiB of code, else it is translated
 * anew each time (gcc 12: 1.6 times the CPU time); with many CPUs, which have a
 * cache each, they share what one has, down to CODE_LEAST.  Code memory is
 * writable and executable at one address; a host that forbids that is told to
 * the user, and the interpreter runs.
 */
#include "jit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/mem.h"

enum {
	CODE_ALL = 256 << 20, /* of all CPUs */
	CODE_MOST = 128 << 20,
	CODE_LEAST = 32 << 20,
	HASH_BITS = 17,
};

static unsigned int hash(uint64_t key)
{
	return (unsigned int)(key * 0x9e3779b97f4a7c15 >> (64 - HASH_BITS));
}

static void *reserve(size_t size, int prot)
{
	void *p = mmap(NULL, size, prot,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* code is run all over, and an idle guest's finds the TLB cold; the
	 * data of units is hardly read again */
	madvise(p, size, prot & PROT_EXEC ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return p;
}

void unit_cache_flush(struct unit_cache *c)
{
	memset(c->hash, 0, sizeof(*c->hash) << HASH_BITS);
	c->code_used = 0;
	c->data_used = 0;
}

/* Both memories; 0 or -errno. */
static int reserve_both(struct unit_cache *c, size_t code_size)
{
	int code;

	*c = (struct unit_cache){ .code_size = code_size,
				  .data_size = 2 * code_size };
	c->shared = reserve(X64_SHARED + code_size,
			    PROT_READ | PROT_WRITE | PROT_EXEC);
	if (!c->shared)
		return -errno;
	c->data = reserve(c->data_size, PROT_READ | PROT_WRITE);
	if (c->data)
		return 0;
	code = -errno;
	unit_cache_fini(c);
	return code;
}

int unit_cache_init(struct unit_cache *c, unsigned int cpus, struct err *err)
{
	size_t size = CODE_ALL / (cpus ? cpus : 1);
	int code;

	size = size > CODE_MOST ? CODE_MOST : size;
	/* A host that promises no more memory than it has may refuse. */
	while ((code = reserve_both(c, size)) == -ENOMEM && size > CODE_LEAST)
		size /= 2;
	if (code == -ENOMEM)
		return err_errno(err, -code,
				 "cannot reserve memory for translated code");
	if (code < 0)
		return err_errno(err, -code,
				 "this host allows no memory that is both "
				 "writable and executable (systemd's "
				 "MemoryDenyWriteExecute=, SELinux's execmem "
				 "and seccomp filters forbid it)");
	c->code = c->shared + X64_SHARED;
	c->hash = xcalloc(1 << HASH_BITS, sizeof(*c->hash));
	return 0;
}

void unit_cache_fini(struct unit_cache *c)
{
	if (c->shared)
		munmap(c->shared, X64_SHARED + c->code_size);
	if (c->data)
		munmap(c->data, c->data_size);
	free(c->hash);
	*c = (struct unit_cache){ 0 };
}

struct unit *unit_find(struct unit_cache *c, uint64_t key, uint64_t tail)
{
	struct unit **at = &c->hash[hash(key)], *u;

	while ((u = *at)) {
		if (u->key != key || u->tail != tail)
			at = &u->next;
		else if (unit_fresh(u))
			return u;
		else
			*at = u->next;
	}
	return NULL;
}

void unit_add(struct unit_cache *c, struct unit *u)
{
	struct unit **at = &c->hash[hash(u->key)];

	u->next = *at;
	*at = u;
}

void *unit_alloc(struct unit_cache *c, size_t size)
{
	void *p = c->data + c->data_used;

	size = (size + 15) & ~(size_t)15;
	if (size > c->data_size - c->data_used)
		return NULL;
	c->data_used += size;
	return p;
}
