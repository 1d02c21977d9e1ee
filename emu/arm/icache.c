/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.  A block is a fact about physical memory: its key is
 * the physical address, T, and ITSTATE at its start; nothing in it depends on
 * the virtual address, so two processes share a library's blocks.  Blocks are
 * never changed, only forgotten: all together when the arena is full (decoding
 * all again costs some 10 ms), or one at a time when its page's version has
 * moved, because somebody wrote to a line with code (mem/codepages.h).
 *
 * The jump cache leads from virtual PC, T and fetch context to the block.  A
 * miss asks mmu_fetch() for the physical page, and then the hash by key.
 *
 * A T32 instruction that begins in a page's last halfword belongs to two
 * pages, and is decoded anew each time (DESIGN.md §6).
 */
#include "arm/icache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arm/decode.h"
#include "arm/exception.h"
#include "arm/mmu.h"
#include "arm/trace.h"
#include "common/bits.h"
#include "common/mem.h"
#include "mem/codepages.h"

enum {
	ARENA_SIZE = 16 << 20,
	COLD_SIZE = 3 << 20, /* of it, where what is hot is translated */
	HASH_BITS = 14,
	JUMPS = 4096,
	PAGE_SIZE = 4096,
	LINE_SIZE = 64, /* of codepages */
};

/* An A32 address is never at a halfword, a T32 one has bit 0 set. */
#define NOWHERE 2

struct jump {
	uint32_t pc; /* plus T, or NOWHERE */
	uint64_t context;
	struct block *block;
};

struct icache {
	uint8_t *arena;
	size_t used, room;
	uint32_t flushes;
	struct jump jump[JUMPS];
	struct block *hash[1 << HASH_BITS];

	/* the block of an instruction that lies in two pages */
	struct codepage no_page;
	_Alignas(struct block)
		uint8_t straddle[sizeof(struct block) + sizeof(struct insn)];
};

/* Blocks */

static unsigned int hash(uint64_t key)
{
	return (unsigned int)(key * 0x9e3779b97f4a7c15 >> (64 - HASH_BITS));
}

static struct block *look_up(struct icache *ic, uint64_t key)
{
	struct block **at = &ic->hash[hash(key)], *b;

	while ((b = *at)) {
		if (b->key != key)
			at = &b->next;
		else if (icache_fresh(b))
			return b;
		else
			*at = b->next;
	}
	return NULL;
}

void icache_flush(struct cpu *cpu)
{
	struct icache *ic = cpu->icache;

	memset(ic->hash, 0, sizeof(ic->hash));
	for (unsigned int i = 0; i < JUMPS; i++)
		ic->jump[i].pc = NOWHERE;
	ic->used = 0;
	ic->flushes++;
}

/* Decoding */

static uint16_t half_at(const uint8_t *host, unsigned int off)
{
	uint16_t half;

	memcpy(&half, host + off, sizeof(half));
	return half;
}

static uint32_t word_at(const uint8_t *host, unsigned int off)
{
	uint32_t word;

	memcpy(&word, host + off, sizeof(word));
	return word;
}

/* The instruction's place; returns the ITSTATE after it (A2.5.2). */
static uint8_t place(struct insn *in, unsigned int off, uint8_t it)
{
	in->off = (uint16_t)off;
	in->it = it;
	if (in->op == T16_IT)
		return (uint8_t)in->word;
	return it & 7 ? (uint8_t)((it & 0xe0) | (it << 1 & 0x1f)) : 0;
}

/* One instruction that lies within the page; false if it does not. */
static bool decode_at(struct insn *in, const uint8_t *host, unsigned int off,
		      bool thumb, uint8_t it)
{
	uint16_t half;

	if (!thumb) {
		decode_a32(in, word_at(host, off));
		return true;
	}
	half = half_at(host, off);
	if (!decode_is_t32(half)) {
		decode_t16(in, half, it);
		return true;
	}
	if (off + 4 > PAGE_SIZE)
		return false;
	decode_t32(in, (uint32_t)half << 16 | half_at(host, off + 2), it);
	return true;
}

bool icache_straddles(const uint8_t *page, unsigned int off, bool thumb)
{
	return thumb && off == PAGE_SIZE - 2 &&
	       decode_is_t32(half_at(page, off));
}

bool icache_decode(struct insn *ret_in, const uint8_t *page, unsigned int off,
		   bool thumb, uint8_t *it)
{
	if (!decode_at(ret_in, page, off, thumb, *it))
		return false;
	*it = place(ret_in, off, *it);
	return true;
}

bool icache_decode_straddle(struct insn *ret_in, const uint8_t *page,
			    const uint8_t *next, uint8_t *it)
{
	uint16_t half = half_at(page, PAGE_SIZE - 2);

	if (!decode_is_t32(half))
		return false;
	decode_t32(ret_in, (uint32_t)half << 16 | half_at(next, 0), *it);
	*it = place(ret_in, PAGE_SIZE - 2, *it);
	return true;
}

static struct block *block_init(void *at, struct codepage *page,
				uint32_t version, bool thumb)
{
	struct block *b = at;

	b->page = page;
	b->version = version;
	b->n = 0;
	b->pc_bias = thumb ? 4 : 8;
	b->link[0].off = b->link[1].off = NOWHERE;
	b->next = NULL;
	return b;
}

static void fill(struct cpu *cpu, struct block *b, paddr pa,
		 const uint8_t *host, bool thumb, uint8_t it)
{
	unsigned int off = pa % PAGE_SIZE, line = off / LINE_SIZE;

	while (b->n < ICACHE_INSNS && off < PAGE_SIZE) {
		struct insn *in = &b->insn[b->n];

		/* A word may reach into the next line.  If its marking has
		 * seen another version, what stands so far is old already. */
		if ((off + 3) / LINE_SIZE != line && off + 4 <= PAGE_SIZE) {
			line = (off + 3) / LINE_SIZE;
			if (mmu_mark_code(cpu, (pa & ~0xfffull) + off, 4) !=
				    b->version &&
			    b->n)
				break;
		}
		if (!icache_decode(in, host, off, thumb, &it))
			break;
		off += in->len;
		b->n++;
		if (in->flags & INSN_ENDS_BLOCK && in->op != T16_IT)
			break;
	}
	b->end = (uint16_t)off;
	b->it_end = it;
}

/* A block for this place, which has none; NULL if its first instruction does
 * not lie within the page. */
static struct block *decode_block(struct cpu *cpu, paddr pa,
				  const uint8_t *host, uint64_t key)
{
	size_t most = sizeof(struct block) + ICACHE_INSNS * sizeof(struct insn);
	struct icache *ic = cpu->icache;
	bool thumb = cpu->thumb;
	struct block *b;

	if (icache_straddles(host, pa % PAGE_SIZE, thumb))
		return NULL;
	if (ic->used + most > ic->room)
		icache_flush(cpu);
	b = block_init(ic->arena + ic->used,
		       codepages_at(cpu->sys->codepages, pa),
		       mmu_mark_code(cpu, pa, thumb ? 2 : 4), thumb);
	fill(cpu, b, pa, host, thumb, cpu->it);
	b->key = key;
	b->next = ic->hash[hash(key)];
	ic->hash[hash(key)] = b;
	ic->used += sizeof(struct block) + b->n * sizeof(struct insn);
	if (cpu->sys->trace & TRACE_IN_ASM)
		trace_code(cpu, cpu->pc_next, b->insn, b->n);
	return b;
}

/* Fetching */

/* The page of va; NULL when a prefetch abort for the instruction at pc_next
 * was taken. */
static const uint8_t *fetch(struct cpu *cpu, vaddr va, paddr *ret_pa)
{
	const uint8_t *host = mmu_fetch(cpu, va, ret_pa, &cpu->excp_fsr);

	if (host)
		return host;
	cpu->excp_far = va;
	exception_take(cpu, EXCP_PREFETCH_ABORT, cpu->pc_next, cpu->it);
	return NULL;
}

static struct block *decode_straddle(struct cpu *cpu, const uint8_t *host)
{
	struct icache *ic = cpu->icache;
	const uint8_t *next;
	struct block *b;
	paddr pa;

	next = fetch(cpu, cpu->pc_next + 2, &pa);
	if (!next)
		return NULL;
	b = block_init(ic->straddle, &ic->no_page, 0, true);
	b->it_end = cpu->it;
	/* somebody may write there now: then it is looked at again */
	b->n = icache_decode_straddle(b->insn, host, next, &b->it_end);
	if (!b->n)
		return NULL;
	b->end = PAGE_SIZE + 2;
	return b;
}

struct block *icache_find(struct cpu *cpu)
{
	struct icache *ic = cpu->icache;
	uint32_t pc = cpu->pc_next;
	struct jump *j = &ic->jump[(pc >> 1 ^ pc >> 13) % JUMPS];
	const uint8_t *host;
	struct block *b;
	uint64_t key, context = icache_context(cpu);
	paddr pa;

	if (j->pc == (pc | cpu->thumb) && j->context == context && !cpu->it &&
	    icache_fresh(j->block))
		return j->block;

	host = fetch(cpu, pc, &pa);
	if (!host)
		return NULL;
	pa |= pc % PAGE_SIZE;
	key = pa | cpu->thumb | (uint64_t)cpu->it << 56;
	b = look_up(ic, key);
	if (!b)
		b = decode_block(cpu, pa, host, key);
	if (!b)
		return decode_straddle(cpu, host);
	/* Decoding waits for other CPUs and may serve their requests: what was
	 * found belongs to the context before. */
	if (!cpu->it)
		*j = (struct jump){ pc | cpu->thumb, context, b };
	return b;
}

struct block *icache_find_from(struct cpu *cpu, struct block *from,
			       uint32_t off)
{
	struct icache *ic = cpu->icache;
	uint32_t flushes = ic->flushes;
	struct block *b = icache_find(cpu);
	struct link *l = &from->link[0];

	if (!b || off >= PAGE_SIZE || b->page == &ic->no_page ||
	    flushes != ic->flushes)
		return b;
	if (l->off != NOWHERE && l->off != off)
		l = &from->link[1];
	*l = (struct link){ off, b };
	return b;
}

void icache_for_cold_code(struct cpu *cpu)
{
	cpu->icache->room = COLD_SIZE;
	icache_flush(cpu);
}

int icache_init(struct cpu *cpu, struct err *err)
{
	void *arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (arena == MAP_FAILED)
		return err_errno(err, errno,
				 "cannot reserve memory for decoded code");
	cpu->icache = xnew(struct icache);
	cpu->icache->arena = arena;
	cpu->icache->room = ARENA_SIZE;
	icache_flush(cpu);
	return 0;
}

void icache_fini(struct cpu *cpu)
{
	if (!cpu->icache)
		return;
	munmap(cpu->icache->arena, ARENA_SIZE);
	free(cpu->icache);
	cpu->icache = NULL;
}
