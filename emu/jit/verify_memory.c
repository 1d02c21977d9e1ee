/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of the pages that a unit writes, one for each way; see verify.c.
 */
#include <string.h>

#include "jit/verify_parts.h"

enum {
	LINE = 64, /* bytes, of 64 in a page */
};

static struct verify *verify_of(const struct cpu *cpu)
{
	return (struct verify *)((uintptr_t)cpu->overlay -
				 offsetof(struct verify, overlay));
}

int verify_find_copy(const struct verify *v, const uint8_t *host)
{
	for (unsigned int i = 0; i < v->used_n; i++)
		if (v->copy[v->used[i]].host == host)
			return (int)v->used[i];
	return -1;
}

static void bring_in(struct verify *v, unsigned int n, uint64_t lines)
{
	struct copy *c = &v->copy[n];

	for (lines &= ~c->lines; lines; lines &= lines - 1) {
		size_t off = (size_t)__builtin_ctzll(lines) * LINE;

		memcpy(v->data[n][INTERPRETED] + off, c->host + off, LINE);
		memcpy(v->data[n][TRANSLATED] + off,
		       v->data[n][INTERPRETED] + off, LINE);
		c->lines |= lines & -lines;
	}
}

unsigned int verify_add_copy(struct verify *v, uint8_t *host, paddr pa)
{
	unsigned int n = (unsigned int)(pa >> 12) % COPIES;
	struct copy *c;

	while (v->copy[n].host != host && v->copy[n].serial == v->serial)
		n = (n + 1) % COPIES;
	c = &v->copy[n];
	if (c->host != host) {
		memcpy(v->data[n][INTERPRETED], host, PAGE_SIZE);
		memcpy(v->data[n][TRANSLATED], v->data[n][INTERPRETED],
		       PAGE_SIZE);
	}
	*c = (struct copy){ host, pa, 0, v->serial };
	if (v->used_n < PAGES)
		v->used[v->used_n++] = n;
	return n;
}

/* These lines are wanted. */
static void touch(struct verify *v, vaddr va, paddr pa, uint8_t *host,
		  uint64_t lines)
{
	struct touched *t = v->touched;

	while (t < v->touched + v->touched_n && t->va != va)
		t++;
	if (t == v->touched + v->touched_n) {
		*t = (struct touched){ va, pa, host, 0 };
		if (v->touched_n < PAGES - 1)
			v->touched_n++;
	}
	t->lines |= lines;
}

/* Those of the page that were touched before, under any address. */
static uint64_t touched_lines(const struct verify *v, const uint8_t *host)
{
	uint64_t lines = 0;

	for (unsigned int i = 0; i < v->touched_n; i++)
		if (v->touched[i].host == host)
			lines |= v->touched[i].lines;
	return lines;
}

/* An access is of 8 bytes at most. */
static uint64_t lines_at(unsigned int off)
{
	unsigned int last = off + 7 < PAGE_SIZE ? off + 7 : PAGE_SIZE - 1;

	return UINT64_C(1) << off / LINE | UINT64_C(1) << last / LINE;
}

static uint8_t *place(struct cpu *cpu, vaddr va, paddr pa, uint8_t *host,
		      enum access access)
{
	struct verify *v = verify_of(cpu);
	unsigned int off = va & PAGE_MASK;
	uint8_t *page = host - off;
	uint64_t lines = lines_at(off);
	int copy = verify_find_copy(v, page);

	pa &= ~(paddr)PAGE_MASK;
	if (v->way == INTERPRETED)
		touch(v, va - off, pa, page, lines);
	if (copy < 0 && access == ACCESS_WRITE) {
		copy = (int)verify_add_copy(v, page, pa);
		lines |= touched_lines(v, page);
	}
	if (copy < 0)
		return host;
	bring_in(v, (unsigned int)copy, lines);
	return v->data[copy][v->way] + off;
}

static bool holds_code(const struct verify *v, paddr pa, unsigned int size)
{
	const struct codepage *page = codepages_at(v->cpu->sys->codepages, pa);
	unsigned int first = pa % PAGE_SIZE / 64;
	unsigned int last = (pa + size - 1) % PAGE_SIZE / 64;
	uint64_t lines = page ? atomic_load(&page->lines) : 0;

	return lines >> first & 1 || lines >> last & 1;
}

/* Never over a page's end: such an access is two. */
static void written(struct cpu *cpu, paddr pa, unsigned int size)
{
	struct verify *v = verify_of(cpu);
	uint8_t *host = ram_at(cpu->sys->ram, pa & ~(paddr)PAGE_MASK,
			       PAGE_SIZE);
	int copy = verify_find_copy(v, host);
	struct write w = { .pa = pa, .insn = v->at, .size = (uint8_t)size };

	if (holds_code(v, pa, size))
		v->hit = true;
	if (v->way == TRANSLATED || copy < 0 || v->writes_n == WRITES)
		return;
	memcpy(&w.val, v->data[copy][INTERPRETED] + pa % PAGE_SIZE, size);
	v->write[v->writes_n++] = w;
}

static void device(struct cpu *cpu)
{
	verify_of(cpu)->outside = true;
	longjmp(cpu->unwind, 1);
}

static void store(void *to, unsigned int size, uint64_t val)
{
	if (size == 8 && !((uintptr_t)to & 7))
		__atomic_store_n((uint64_t *)to, val, __ATOMIC_RELEASE);
	else if (size == 4 && !((uintptr_t)to & 3))
		__atomic_store_n((uint32_t *)to, (uint32_t)val,
				 __ATOMIC_RELEASE);
	else if (size == 2 && !((uintptr_t)to & 1))
		__atomic_store_n((uint16_t *)to, (uint16_t)val,
				 __ATOMIC_RELEASE);
	else
		memcpy(to, &val, size);
}

void verify_commit(struct verify *v, unsigned int n)
{
	const struct arm_system *sys = v->cpu->sys;

	for (unsigned int i = 0; i < v->writes_n; i++) {
		const struct write *w = &v->write[i];

		if (w->insn >= n)
			break;
		store(ram_at(sys->ram, w->pa, w->size), w->size, w->val);
		if (codepages_written(sys->codepages, w->pa, w->size))
			cpu_attend_self(v->cpu, ATT_CODE);
	}
}

void verify_undo_writes(struct verify *v, unsigned int n)
{
	const struct copy *c = &v->copy[n];

	for (uint64_t lines = c->lines; lines; lines &= lines - 1) {
		size_t off = (size_t)__builtin_ctzll(lines) * LINE;

		memcpy(v->data[n][INTERPRETED] + off, c->host + off, LINE);
	}
}

void verify_drop_copies(struct verify *v)
{
	for (unsigned int i = 0; i < v->used_n; i++)
		v->copy[v->used[i]].host = NULL;
}

const struct access_overlay verify_overlay = { place, written, device };
