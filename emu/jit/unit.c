/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache's memory is reserved once and touched as it fills.  Code memory is
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
	CODE_SIZE = 32 << 20,
	DATA_SIZE = 64 << 20,
	HASH_BITS = 17, /* about as many units as CODE_SIZE holds */
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
	madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

void unit_cache_flush(struct unit_cache *c)
{
	memset(c->hash, 0, sizeof(*c->hash) << HASH_BITS);
	c->code_used = 0;
	c->data_used = 0;
}

int unit_cache_init(struct unit_cache *c, struct err *err)
{
	*c = (struct unit_cache){ 0 };
	c->shared = reserve(X64_SHARED + CODE_SIZE,
			    PROT_READ | PROT_WRITE | PROT_EXEC);
	if (!c->shared)
		return err_errno(err, errno,
				 "this host allows no memory that is both "
				 "writable and executable (systemd's "
				 "MemoryDenyWriteExecute=, SELinux's execmem "
				 "and seccomp filters forbid it)");
	c->code = c->shared + X64_SHARED;
	c->code_size = CODE_SIZE;
	c->data = reserve(DATA_SIZE, PROT_READ | PROT_WRITE);
	if (!c->data) {
		int code = errno;

		unit_cache_fini(c);
		return err_errno(err, code,
				 "cannot reserve memory for translated code");
	}
	c->data_size = DATA_SIZE;
	c->hash = xcalloc(1 << HASH_BITS, sizeof(*c->hash));
	return 0;
}

void unit_cache_fini(struct unit_cache *c)
{
	if (c->shared)
		munmap(c->shared, X64_SHARED + CODE_SIZE);
	if (c->data)
		munmap(c->data, DATA_SIZE);
	free(c->hash);
	*c = (struct unit_cache){ 0 };
}

struct unit *unit_find(struct unit_cache *c, uint64_t key)
{
	struct unit **at = &c->hash[hash(key)], *u;

	while ((u = *at)) {
		if (u->key != key)
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
