/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the table look-up of a memory access could not do.
 *
 * An access is brought to one or two places first (resolve()), which raises
 * any abort, and only then carried out, so it changes nothing if it faults.
 * The order of faults is B3.12.3's: alignment that the instruction or SCTLR.A
 * demands, then translation, then alignment that Device memory demands, then
 * what the bus says.
 *
 * A place that was found through an addend may be written without telling
 * mem/codepages.h: whoever makes the page code takes the addend away and
 * waits for this CPU.  So nothing may come between resolve() and the store
 * that serves requests of other CPUs; waiting for a device's lock does.
 */
#include "arm/access.h"

#include "arm/mmu.h"
#include "arm/sync.h"
#include "arm/view.h"

struct place {
	uint8_t *host; /* of the byte at the address; NULL: on the bus */
	paddr pa;
	bool device; /* Device or Strongly-ordered */
	bool addend; /* found through one */
};

/* Faults */

static _Noreturn void fault(struct cpu *cpu, enum fault why, vaddr va,
			    enum access access)
{
	cpu_abort(cpu, EXCP_DATA_ABORT,
		  mmu_fsr(cpu, why, 0, 0) |
			  (access == ACCESS_WRITE ? FSR_WNR : 0),
		  va);
}

/* The alignment that counts for this kind of access. */
static unsigned int natural(unsigned int size, unsigned int how)
{
	return how & ACCESS_WORD ? 4 : size;
}

static void check_alignment(struct cpu *cpu, vaddr va, unsigned int size,
			    unsigned int how, enum access access)
{
	if (!(how & ACCESS_ALIGNED) && !(cpu->cp15.sctlr & SCTLR_A))
		return;
	if (va & (natural(size, how) - 1))
		fault(cpu, FAULT_ALIGNMENT, va, access);
}

static void check_device_alignment(struct cpu *cpu, const struct place *at,
				   vaddr va, unsigned int size,
				   unsigned int how, enum access access)
{
	if (at->device && va & (natural(size, how) - 1))
		fault(cpu, FAULT_ALIGNMENT, va, access);
}

/* Places */

static bool find_addend(const struct cpu *cpu, vaddr va, enum access access,
			struct place *ret)
{
	const struct ram *ram = cpu->sys->ram;
	const struct view *view = cpu->view;
	int64_t addend;

	if (!view)
		return false;
	addend = (access == ACCESS_WRITE ? view->w : view->r)[va >> 12];
	if (addend <= 0)
		return false;
	ret->host = (uint8_t *)(uintptr_t)(va + (uint64_t)addend);
	ret->pa = ram->base + (uint64_t)(ret->host - ram->host);
	ret->device = false;
	ret->addend = true;
	return true;
}

static void remember(struct cpu *cpu, vaddr va, const struct translation *t,
		     uint8_t *host)
{
	uint8_t rights = cpu_privileged(cpu) ? t->rights_priv : t->rights_user;
	struct view_leaf leaf = {
		.va = va,
		.host = host,
		.pa = t->pa & ~UINT64_C(0xfff),
		.size = t->page,
		.global = t->global,
		.writable = rights & ACCESS_WRITE,
	};

	if (cpu->view && rights & ACCESS_READ)
		view_fill(cpu->views, cpu->view, &leaf);
}

static struct place find_place(struct cpu *cpu, vaddr va, enum access access,
			       unsigned int how)
{
	bool user = how & ACCESS_USER && cpu_privileged(cpu);
	struct place at = { 0 };
	struct translation t;
	uint8_t *page;

	if (!user && find_addend(cpu, va, access, &at))
		return at;
	if (!mmu_translate(cpu, va, access, !user && cpu_privileged(cpu), &t))
		cpu_abort(cpu, EXCP_DATA_ABORT, t.fsr, va);
	at.pa = t.pa;
	at.device = t.device;
	page = ram_at(cpu->sys->ram, t.pa & ~UINT64_C(0xfff), 4096);
	if (page)
		at.host = page + (va & 0xfff);
	if (page && !t.device)
		remember(cpu, va, &t, page);
	return at;
}

static struct place resolve(struct cpu *cpu, vaddr va, enum access access,
			    unsigned int how)
{
	struct place at = find_place(cpu, va, access, how);

	if (unlikely(cpu->overlay) && at.host) {
		at.host = cpu->overlay->place(cpu, va, at.pa, at.host, access);
		at.addend = false;
	}
	return at;
}

/* RAM */

static uint64_t load(const uint8_t *host, unsigned int size)
{
	uint64_t raw = 0;

	if ((uintptr_t)host & (size - 1)) {
		memcpy(&raw, host, size);
		return raw;
	}
	switch (size) {
	case 1:
		return __atomic_load_n(host, __ATOMIC_RELAXED);
	case 2:
		return __atomic_load_n((const uint16_t *)(const void *)host,
				       __ATOMIC_RELAXED);
	case 4:
		return __atomic_load_n((const uint32_t *)(const void *)host,
				       __ATOMIC_RELAXED);
	default:
		return __atomic_load_n((const uint64_t *)(const void *)host,
				       __ATOMIC_RELAXED);
	}
}

static void store(uint8_t *host, unsigned int size, uint64_t raw)
{
	if ((uintptr_t)host & (size - 1)) {
		memcpy(host, &raw, size);
		return;
	}
	switch (size) {
	case 1:
		__atomic_store_n(host, (uint8_t)raw, __ATOMIC_RELAXED);
		break;
	case 2:
		__atomic_store_n((uint16_t *)(void *)host, (uint16_t)raw,
				 __ATOMIC_RELAXED);
		break;
	case 4:
		__atomic_store_n((uint32_t *)(void *)host, (uint32_t)raw,
				 __ATOMIC_RELAXED);
		break;
	default:
		__atomic_store_n((uint64_t *)(void *)host, raw,
				 __ATOMIC_RELAXED);
		break;
	}
}

/* RAM was written without an addend. */
static void written(struct cpu *cpu, paddr pa, unsigned int size)
{
	if (unlikely(cpu->overlay))
		cpu->overlay->written(cpu, pa, size);
	else if (codepages_written(cpu->sys->codepages, pa, size))
		atomic_fetch_or(&cpu->attention, ATT_CODE);
}

/* Devices */

/* Others must not wait for this CPU while it waits for the device. */
static void lock_device(struct cpu *cpu, pthread_mutex_t *lock)
{
	if (!lock || pthread_mutex_trylock(lock) == 0)
		return;
	sync_leave(cpu);
	pthread_mutex_lock(lock);
	sync_enter(cpu);
}

static void unlock_device(pthread_mutex_t *lock)
{
	if (lock)
		pthread_mutex_unlock(lock);
}

static uint64_t device_read(struct cpu *cpu, vaddr va, paddr pa,
			    unsigned int size)
{
	const struct bus_range *range = bus_find(cpu->sys->bus, pa, size);
	uint64_t val;

	if (!range)
		fault(cpu, FAULT_EXTERNAL, va, ACCESS_READ);
	if (cpu->overlay)
		cpu->overlay->device(cpu);
	lock_device(cpu, range->lock);
	val = bus_range_read(range, pa, size);
	unlock_device(range->lock);
	return val;
}

static void device_write(struct cpu *cpu, vaddr va, paddr pa, unsigned int size,
			 uint64_t val)
{
	const struct bus_range *range = bus_find(cpu->sys->bus, pa, size);

	if (!range)
		fault(cpu, FAULT_EXTERNAL, va, ACCESS_WRITE);
	if (cpu->overlay)
		cpu->overlay->device(cpu);
	lock_device(cpu, range->lock);
	bus_range_write(range, pa, size, val);
	unlock_device(range->lock);
}

/* Accesses */

/* Between memory's order of bytes and the value, both ways. */
static uint64_t in_order(const struct cpu *cpu, uint64_t raw, unsigned int size,
			 unsigned int how)
{
	if (!cpu->big_endian)
		return raw;
	raw = __builtin_bswap64(raw) >> (64 - 8 * size);
	if (size == 8 && how & ACCESS_WORD)
		raw = raw >> 32 | raw << 32;
	return raw;
}

/* One side of a page's end; on the bus one word, or byte by byte. */
static uint64_t read_piece(struct cpu *cpu, const struct place *at, vaddr va,
			   unsigned int n)
{
	uint64_t raw = 0;
	unsigned int i;

	if (at->host)
		memcpy(&raw, at->host, n);
	else if (n == 4)
		raw = device_read(cpu, va, at->pa, 4);
	else
		for (i = 0; i < n; i++)
			raw |= device_read(cpu, va + i, at->pa + i, 1) << 8 * i;
	return raw;
}

static void write_piece(struct cpu *cpu, const struct place *at, vaddr va,
			unsigned int n, uint64_t raw)
{
	unsigned int i;

	if (at->host) {
		memcpy(at->host, &raw, n);
		written(cpu, at->pa, n);
	} else if (n == 4) {
		device_write(cpu, va, at->pa, 4, raw & 0xffffffff);
	} else {
		for (i = 0; i < n; i++)
			device_write(cpu, va + i, at->pa + i, 1,
				     raw >> 8 * i & 0xff);
	}
}

/* Bytes of the access before the end of its page. */
static unsigned int before_end(vaddr va)
{
	return 0x1000 - (va & 0xfff);
}

/* Both sides of a page's end, the lower first. */
static void resolve_both(struct cpu *cpu, vaddr va, unsigned int size,
			 unsigned int how, enum access access,
			 struct place *ret_low, struct place *ret_high)
{
	*ret_low = resolve(cpu, va, access, how);
	check_device_alignment(cpu, ret_low, va, size, how, access);
	*ret_high = resolve(cpu, va + before_end(va), access, how);
	check_device_alignment(cpu, ret_high, va, size, how, access);
}

static uint64_t read_crossing(struct cpu *cpu, vaddr va, unsigned int size,
			      unsigned int how)
{
	unsigned int n = before_end(va);
	struct place low, high;
	uint64_t raw;

	resolve_both(cpu, va, size, how, ACCESS_READ, &low, &high);
	raw = read_piece(cpu, &low, va, n);
	return raw | read_piece(cpu, &high, va + n, size - n) << 8 * n;
}

static void write_crossing(struct cpu *cpu, vaddr va, unsigned int size,
			   uint64_t raw, unsigned int how)
{
	unsigned int n = before_end(va);
	struct place low, high;

	resolve_both(cpu, va, size, how, ACCESS_WRITE, &low, &high);
	write_piece(cpu, &low, va, n, raw);
	write_piece(cpu, &high, va + n, size - n, raw >> 8 * n);
}

uint64_t access_slow_read(struct cpu *cpu, vaddr va, unsigned int size,
			  unsigned int how)
{
	struct place at;
	uint64_t raw;

	check_alignment(cpu, va, size, how, ACCESS_READ);
	if (size > before_end(va)) {
		raw = read_crossing(cpu, va, size, how);
	} else {
		at = resolve(cpu, va, ACCESS_READ, how);
		check_device_alignment(cpu, &at, va, size, how, ACCESS_READ);
		raw = at.host ? load(at.host, size)
			      : device_read(cpu, va, at.pa, size);
	}
	return in_order(cpu, raw, size, how);
}

void access_slow_write(struct cpu *cpu, vaddr va, unsigned int size,
		       uint64_t val, unsigned int how)
{
	uint64_t raw = in_order(cpu, val, size, how);
	struct place at;

	check_alignment(cpu, va, size, how, ACCESS_WRITE);
	if (size > before_end(va)) {
		write_crossing(cpu, va, size, raw, how);
		return;
	}
	at = resolve(cpu, va, ACCESS_WRITE, how);
	check_device_alignment(cpu, &at, va, size, how, ACCESS_WRITE);
	if (!at.host) {
		device_write(cpu, va, at.pa, size, raw);
		return;
	}
	store(at.host, size, raw);
	if (!at.addend)
		written(cpu, at.pa, size);
}

void mem_probe(struct cpu *cpu, vaddr va, unsigned int len, enum access access)
{
	resolve(cpu, va, access, 0);
	if (len > before_end(va))
		resolve(cpu, (va + len - 1) & ~UINT32_C(0xfff), access, 0);
}

void mem_alignment_fault(struct cpu *cpu, vaddr va, enum access access)
{
	fault(cpu, FAULT_ALIGNMENT, va, access);
}

void mem_probe_words(struct cpu *cpu, vaddr va, unsigned int len,
		     enum access access)
{
	if (va & 3)
		fault(cpu, FAULT_ALIGNMENT, va, access);
	mem_probe(cpu, va, len, access);
}

/*
 * Exclusives
 *
 * The monitor holds the virtual address, for a store exclusive by another name
 * of the same memory may fail (A3.4.5), and the value, which is compared.
 */

uint64_t access_load_exclusive(struct cpu *cpu, vaddr va, unsigned int size)
{
	struct place at;

	check_alignment(cpu, va, size, ACCESS_ALIGNED, ACCESS_READ);
	at = resolve(cpu, va, ACCESS_READ, 0);
	cpu->ex_value = at.host ? load(at.host, size)
				: device_read(cpu, va, at.pa, size);
	cpu->ex_va = va;
	cpu->ex_size = size;
	return in_order(cpu, cpu->ex_value, size, ACCESS_WORD);
}

#define EXCHANGE_IF(bits)                                                      \
	({                                                                     \
		uint##bits##_t old_ = (uint##bits##_t)old;                     \
		__atomic_compare_exchange_n((uint##bits##_t *)(void *)host,    \
					    &old_, (uint##bits##_t)raw, false, \
					    __ATOMIC_SEQ_CST,                  \
					    __ATOMIC_SEQ_CST);                 \
	})

static bool exchange_if(uint8_t *host, unsigned int size, uint64_t old,
			uint64_t raw)
{
	switch (size) {
	case 1:
		return EXCHANGE_IF(8);
	case 2:
		return EXCHANGE_IF(16);
	case 4:
		return EXCHANGE_IF(32);
	default:
		return EXCHANGE_IF(64);
	}
}

bool access_store_exclusive(struct cpu *cpu, vaddr va, unsigned int size,
			    uint64_t val)
{
	uint64_t raw = in_order(cpu, val, size, ACCESS_WORD);
	struct place at;
	bool mine;

	check_alignment(cpu, va, size, ACCESS_ALIGNED, ACCESS_WRITE);
	at = resolve(cpu, va, ACCESS_WRITE, 0);
	mine = cpu->ex_va == va && cpu->ex_size == size;
	cpu->ex_size = 0;
	if (!mine)
		return false;
	if (!at.host) {
		device_write(cpu, va, at.pa, size, raw);
		return true;
	}
	if (!exchange_if(at.host, size, cpu->ex_value, raw))
		return false;
	if (!at.addend)
		written(cpu, at.pa, size);
	return true;
}

uint32_t access_swap(struct cpu *cpu, vaddr va, unsigned int size, uint32_t val)
{
	uint32_t raw = (uint32_t)in_order(cpu, val, size, 0), old;
	struct place at;

	check_alignment(cpu, va, size, ACCESS_ALIGNED, ACCESS_READ);
	resolve(cpu, va, ACCESS_READ, 0);
	at = resolve(cpu, va, ACCESS_WRITE, 0);
	if (!at.host) {
		old = (uint32_t)device_read(cpu, va, at.pa, size);
		device_write(cpu, va, at.pa, size, raw);
	} else {
		if (size == 1)
			old = __atomic_exchange_n(at.host, (uint8_t)raw,
						  __ATOMIC_SEQ_CST);
		else
			old = __atomic_exchange_n((uint32_t *)(void *)at.host,
						  raw, __ATOMIC_SEQ_CST);
		if (!at.addend)
			written(cpu, at.pa, size);
	}
	return (uint32_t)in_order(cpu, old, size, 0);
}
