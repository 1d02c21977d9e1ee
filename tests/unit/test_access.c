/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The slow path of accesses, exclusives, SWP.  Virtual pages 0 to 7 are
 * mapped by LPAE tables; expected aborts are from ARM DDI 0406C.
 */
#include <pthread.h>
#include <time.h>

#include "mmu_machine.h"

enum {
	PGD = RAM,
	PMD = RAM + 0x1000,
	PTE = RAM + 0x2000,
	DATA = RAM + MB,
	DEV = 0x09000000,
	EAE = 1 << 31,
};

#define LEAF    (1ull << 10 | 3ull << 8 | 3)
#define PL0     (1ull << 6)
#define RO      (1ull << 7)
#define ATTR(n) ((uint64_t)(n) << 2)

/* What is at which page. */
enum {
	A = 0x0000,       /* DATA */
	B = 0x1000,       /* DATA + 0x5000 */
	RDONLY = 0x2000,  /* DATA + 0x6000 */
	DEVICE = 0x3000,  /* DEV, Device memory */
	ALIAS = 0x4000,   /* DATA, Device memory */
	PRIVATE = 0x5000, /* DATA + 0x7000, PL1 only */
	HOLE = 0x6000,    /* nothing at its address */
	NONE = 0x7000,    /* not mapped */
};

struct dev {
	uint32_t reg;
	unsigned int reads, writes, last_size;
	uint64_t last_val;
};

static struct machine m;
static struct cpu *cpu;
static struct dev dev;

static uint64_t dev_read(void *d, uint32_t off, unsigned int size)
{
	(void)d;
	dev.reads++;
	dev.last_size = size;
	return dev.reg + off;
}

static void dev_write(void *d, uint32_t off, uint64_t val, unsigned int size)
{
	(void)d;
	(void)off;
	dev.writes++;
	dev.last_size = size;
	dev.last_val = val;
}

static const struct mmio_ops dev_ops = { dev_read, dev_write, 1, 4 };

static void start(void)
{
	cpu = machine_init(&m, 1);
	bus_add(&m.bus, DEV, 0x1000, &dev_ops, NULL, NULL);
	cpu->cp15.sctlr = SCTLR_M;
	cpu->cp15.ttbcr = (uint32_t)EAE;
	cpu->cp15.ttbr0 = PGD;
	cpu->cp15.prrr = 0x04ff; /* 0: write-back, 1: Device */
	set64(&m, PGD, PMD | 3);
	set64(&m, PMD, PTE | 3);
	set64(&m, PTE, DATA | LEAF | PL0);
	set64(&m, PTE + 8, (DATA + 0x5000) | LEAF | PL0);
	set64(&m, PTE + 16, (DATA + 0x6000) | LEAF | PL0 | RO);
	set64(&m, PTE + 24, DEV | LEAF | PL0 | ATTR(1));
	set64(&m, PTE + 32, DATA | LEAF | PL0 | ATTR(1));
	set64(&m, PTE + 40, (DATA + 0x7000) | LEAF);
	set64(&m, PTE + 48, 0x0b000000 | LEAF | PL0 | ATTR(1));
	memset(&dev, 0, sizeof(dev));
	cpu->mode = MODE_USR;
	mmu_context_changed(cpu);
}

/* The abort that the last caught() saw. */
static void check_abort(uint32_t fsr, vaddr far)
{
	check_eq(cpu->excp, EXCP_DATA_ABORT);
	check_eq(cpu->excp_fsr, fsr);
	check_eq(cpu->excp_far, far);
}

static void test_sizes(void)
{
	start();
	for (unsigned int round = 0; round < 2; round++) { /* slow, fast */
		mem_w64(cpu, A, 0x1122334455667788);
		check_eq(mem_r8(cpu, A + 1), 0x77);
		check_eq(mem_r16(cpu, A + 2), 0x5566);
		check_eq(mem_r32(cpu, A + 4), 0x11223344);
		check_eq(mem_r64(cpu, A), 0x1122334455667788);
		mem_w8(cpu, A, 1);
		mem_w16(cpu, A + 2, 0x203);
		check_eq(mem_r32(cpu, A), 0x02037701);
		mem_w32(cpu, A + 4, 5);
		check_eq(mem_r64(cpu, A), 0x0000000502037701);
		mmu_flush_all(cpu);
	}
	/* unaligned */
	mem_w64(cpu, A, 0x1122334455667788);
	mem_w64(cpu, A + 8, 0x99aabbccddeeff00);
	check_eq(mem_r16(cpu, A + 1), 0x6677);
	check_eq(mem_r32(cpu, A + 3), 0x22334455);
	check_eq(mem_r64(cpu, A + 5), 0xccddeeff00112233);
	mem_w32(cpu, A + 1, 0xa1a2a3a4);
	check_eq(mem_r64(cpu, A), 0x112233a1a2a3a488);
	check_eq(memx_r64(cpu, A + 4), 0xddeeff00112233a1);
	machine_fini(&m);
}

static void test_crossing(void)
{
	start();
	for (unsigned int i = 1; i < 8; i++) {
		mem_w64(cpu, B - i, 0x1122334455667788);
		check_eq(mem_r64(cpu, B - i), 0x1122334455667788);
		check_eq(mem_r8(cpu, B - 1), 0x88 - 0x11 * (i - 1));
		check_eq(mem_r8(cpu, B), 0x88 - 0x11 * i);
	}
	mem_w16(cpu, B - 1, 0xabcd);
	check_eq(get32(&m, DATA + 0xffc) >> 24, 0xcd);
	check_eq(get32(&m, DATA + 0x5000) & 0xff, 0xab);
	/* the second page faults: nothing is written, FAR is its start */
	mem_w32(cpu, B + 0xffc, 0);
	check(caught(cpu, mem_w32(cpu, RDONLY - 2, ~0u)));
	check_abort(0xa0f, RDONLY);
	check_eq(mem_r32(cpu, B + 0xffc), 0);
	/* the first: its own address */
	check(caught(cpu, mem_r64(cpu, NONE - 1)));
	check_abort(0x221, NONE - 1); /* Device memory, unaligned */
	check(caught(cpu, mem_r64(cpu, NONE + 0xfff)));
	check_abort(0x207, NONE + 0xfff);
	/* into a page with code */
	mmu_mark_code(cpu, DATA + 0x5000, 4);
	mem_w32(cpu, B - 2, 0);
	check(cpu->attention & ATT_CODE);
	machine_fini(&m);
}

static void test_alignment(void)
{
	start();
	check(caught(cpu, memx_r32(cpu, A + 2)));
	check_abort(0x221, A + 2);
	check(caught(cpu, memx_w32(cpu, A + 1, 0)));
	check_abort(0xa21, A + 1);
	check(caught(cpu, memx_w64(cpu, A + 2, 0)));
	check_abort(0xa21, A + 2);
	check(!caught(cpu, memx_w64(cpu, A + 4, 0)));
	/* goes before translation */
	check(caught(cpu, memx_r32(cpu, NONE + 2)));
	check_abort(0x221, NONE + 2);
	check(caught(cpu, mem_probe_words(cpu, NONE + 2, 8, ACCESS_READ)));
	check_abort(0x221, NONE + 2);
	cpu->cp15.sctlr |= SCTLR_A;
	check(caught(cpu, mem_r16(cpu, A + 1)));
	check_abort(0x221, A + 1);
	check(caught(cpu, mem_r64(cpu, A + 4)));
	check(!caught(cpu, memx_r64(cpu, A + 4)));
	/* Device memory that is RAM: after translation */
	cpu->cp15.sctlr &= ~(uint32_t)SCTLR_A;
	check(caught(cpu, mem_w32(cpu, ALIAS + 2, 0)));
	check_abort(0xa21, ALIAS + 2);
	mem_w32(cpu, ALIAS + 4, 77);
	check_eq(mem_r32(cpu, A + 4), 77);
	check(cpu->view_w[ALIAS >> 12] <= 0);
	check(cpu->view_r[ALIAS >> 12] <= 0);
	/* the short format's number */
	cpu->cp15.ttbcr = 0;
	check(caught(cpu, memx_w32(cpu, A + 1, 0)));
	check_abort(0x801, A + 1);
	machine_fini(&m);
}

static void test_big_endian(void)
{
	start();
	mem_w64(cpu, A, 0x1122334455667788);
	mem_w64(cpu, B - 4, 0x1122334455667788);
	cpu->big_endian = true;
	mmu_context_changed(cpu);
	check_eq(mem_r8(cpu, A), 0x88);
	check_eq(mem_r16(cpu, A), 0x8877);
	check_eq(mem_r32(cpu, A), 0x88776655);
	check_eq(mem_r64(cpu, A), 0x8877665544332211);
	/* LDRD: the first word is the low half */
	check_eq(memx_r64(cpu, A), 0x4433221188776655);
	check_eq(memx_r64(cpu, B - 4), 0x4433221188776655);
	memx_w64(cpu, A, 0x0102030405060708);
	check_eq(mem_r32(cpu, A), 0x05060708);
	mem_w16(cpu, B - 1, 0xabcd);
	cpu->big_endian = false;
	mmu_context_changed(cpu);
	check_eq(mem_r64(cpu, A), 0x0403020108070605);
	check_eq(mem_r8(cpu, B - 1), 0xab);
	machine_fini(&m);
}

static void test_devices(void)
{
	start();
	dev.reg = 0x100;
	check_eq(mem_r32(cpu, DEVICE + 8), 0x108);
	check_eq(mem_r8(cpu, DEVICE + 8), 0x08);
	check_eq(dev.last_size, 1);
	mem_w16(cpu, DEVICE, 0x1234);
	check_eq(dev.last_size, 2);
	check_eq(dev.last_val, 0x1234);
	check(caught(cpu, mem_r16(cpu, DEVICE + 1)));
	check_abort(0x221, DEVICE + 1);
	dev.writes = 0;
	memx_w64(cpu, DEVICE + 4, 1); /* STRD: two words */
	check_eq(dev.writes, 2);
	check_eq(dev.last_size, 4);
	check(cpu->view_r[DEVICE >> 12] <= 0);
	/* nothing there: an external abort, with LPAE and without */
	check(caught(cpu, mem_r32(cpu, HOLE + 4)));
	check_abort(0x210, HOLE + 4);
	check(caught(cpu, mem_w32(cpu, HOLE + 4, 0)));
	check_abort(0xa10, HOLE + 4);
	cpu->cp15.sctlr = 0;
	cpu->cp15.ttbcr = 0;
	mmu_context_changed(cpu);
	check_eq(mem_r32(cpu, DEV), 0x100);
	check(caught(cpu, mem_w8(cpu, 0xfffffff0, 0)));
	check_abort(0x808, 0xfffffff0);
	machine_fini(&m);
}

static void test_rights(void)
{
	start();
	check(caught(cpu, mem_r32(cpu, PRIVATE)));
	check_abort(0x20f, PRIVATE);
	check(caught(cpu, mem_w8(cpu, RDONLY, 0)));
	check_abort(0xa0f, RDONLY);
	cpu->mode = MODE_SVC;
	mmu_context_changed(cpu);
	mem_w32(cpu, PRIVATE, 7);
	check_eq(memu_read(cpu, A, 1), 0);
	/* the view knows the page, but LDRT must not use it */
	check(caught(cpu, memu_read(cpu, PRIVATE, 4)));
	check_abort(0x20f, PRIVATE);
	check(caught(cpu, memu_write(cpu, PRIVATE, 4, 0)));
	memu_write(cpu, A, 2, 0xabcd);
	check_eq(memu_read(cpu, A, 4), 0xabcd);
	machine_fini(&m);
}

static void test_probe(void)
{
	start();
	check(!caught(cpu, mem_probe(cpu, A + 0xffc, 8, ACCESS_WRITE)));
	check(!caught(cpu, mem_probe(cpu, B + 0xffc, 4, ACCESS_WRITE)));
	check(caught(cpu, mem_probe(cpu, B + 0xffc, 8, ACCESS_WRITE)));
	check_abort(0xa0f, RDONLY);
	check(!caught(cpu, mem_probe(cpu, B + 0xffc, 8, ACCESS_READ)));
	check(!caught(cpu, mem_probe(cpu, DEVICE, 4, ACCESS_READ)));
	check_eq(dev.reads, 0);
	/* over the top of the address space */
	check(caught(cpu, mem_probe(cpu, 0xfffffffc, 8, ACCESS_READ)));
	check_abort(0x205, 0xfffffffc);
	machine_fini(&m);
}

static void test_exclusives(void)
{
	start();
	mem_w64(cpu, A, 0x1122334455667788);
	check(!access_store_exclusive(cpu, A, 4, 0)); /* no LDREX */
	for (unsigned int size = 1; size <= 8; size *= 2) {
		uint64_t old = access_load_exclusive(cpu, A, size);

		check(access_store_exclusive(cpu, A, size, old + 1));
		check(!access_store_exclusive(cpu, A, size, old));
		check_eq(access_load_exclusive(cpu, A, size), old + 1);
		access_clear_exclusive(cpu);
		check(!access_store_exclusive(cpu, A, size, old));
	}
	check_eq(mem_r64(cpu, A), 0x112233445566778c);
	/* another size, another address, another value */
	access_load_exclusive(cpu, A, 4);
	check(!access_store_exclusive(cpu, A, 2, 0));
	access_load_exclusive(cpu, A, 4);
	check(!access_store_exclusive(cpu, A + 4, 4, 0));
	access_load_exclusive(cpu, A, 4);
	set32(&m, DATA, 99);
	check(!access_store_exclusive(cpu, A, 4, 0));
	check_eq(mem_r32(cpu, A), 99);
	/* by another name of the same memory (A3.4.5 lets it fail) */
	access_load_exclusive(cpu, A, 4);
	check(!access_store_exclusive(cpu, ALIAS, 4, 5));
	/* faults */
	check(caught(cpu, access_load_exclusive(cpu, A + 4, 8)));
	check_abort(0x221, A + 4);
	check(!caught(cpu, access_load_exclusive(cpu, RDONLY, 4)));
	check(caught(cpu, access_store_exclusive(cpu, RDONLY, 4, 0)));
	check_abort(0xa0f, RDONLY);
	/* a page with code, and big-endian words */
	mmu_mark_code(cpu, DATA, 4);
	access_load_exclusive(cpu, A, 4);
	check(access_store_exclusive(cpu, A, 4, 0x01020304));
	check(cpu->attention & ATT_CODE);
	mem_w32(cpu, A + 4, 0x05060708);
	cpu->big_endian = true;
	mmu_context_changed(cpu);
	check_eq(access_load_exclusive(cpu, A, 8), 0x0807060504030201);
	check(access_store_exclusive(cpu, A, 8, 0x1122334455667788));
	cpu->big_endian = false;
	mmu_context_changed(cpu);
	check_eq(mem_r64(cpu, A), 0x4433221188776655);
	machine_fini(&m);
}

static void test_swap(void)
{
	start();
	mem_w32(cpu, A, 0x11223344);
	check_eq(access_swap(cpu, A, 4, 5), 0x11223344);
	check_eq(access_swap(cpu, A, 1, 0xff), 5);
	check_eq(mem_r32(cpu, A), 0xff);
	check(caught(cpu, access_swap(cpu, A + 2, 4, 0)));
	check_abort(0x221, A + 2);
	check(caught(cpu, access_swap(cpu, RDONLY, 4, 0)));
	check_abort(0xa0f, RDONLY);
	machine_fini(&m);
}

/* Several CPUs count with LDREX and STREX: none is lost. */
enum {
	ROUNDS = 20000,
};

static void *counter(void *arg)
{
	struct cpu *c = arg;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t old;

		do
			old = access_load_exclusive(c, DATA, 8);
		while (!access_store_exclusive(c, DATA, 8, old + 1));
	}
	return NULL;
}

static void test_contended(void)
{
	pthread_t thread[3];

	machine_init(&m, 3);
	for (unsigned int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, counter, &m.cpu[i]);
	for (unsigned int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	check_eq(get32(&m, DATA), 3 * ROUNDS);
	machine_fini(&m);
}

/* STRD changes a descriptor while another CPU walks: it sees one of the two,
 * never half of each. */
static _Atomic bool stop;

static void *changer(void *arg)
{
	struct cpu *c = arg;
	bool odd = false;

	while (!stop) {
		memx_w64(c, PTE + 8,
			 odd ? (DATA + 0x5000) | LEAF | PL0
			     : 1ull << 54 | 0xff00000000 | LEAF);
		odd = !odd;
	}
	return NULL;
}

static void test_torn(void)
{
	pthread_t thread;
	struct translation t;
	unsigned int seen[2] = { 0 };
	time_t end = time(NULL) + 10; /* a busy host runs one at a time */

	start();
	machine_fini(&m);
	cpu = machine_init(&m, 2);
	cpu->cp15.sctlr = SCTLR_M;
	cpu->cp15.ttbcr = (uint32_t)EAE;
	cpu->cp15.ttbr0 = PGD;
	set64(&m, PGD, PMD | 3);
	set64(&m, PMD, PTE | 3);
	set64(&m, PTE + 8, 1ull << 54 | 0xff00000000 | LEAF);
	stop = false;
	pthread_create(&thread, NULL, changer, &m.cpu[1]);
	while (time(NULL) < end && !(seen[0] > 1000 && seen[1] > 1000)) {
		check(mmu_translate(cpu, B, ACCESS_READ, true, &t));
		if (t.pa == DATA + 0x5000)
			check(t.rights_user && t.rights_priv & ACCESS_EXEC);
		else
			check(t.pa == 0xff00000000 && !t.rights_user &&
			      !(t.rights_priv & ACCESS_EXEC));
		seen[t.pa == DATA + 0x5000]++;
	}
	stop = true;
	pthread_join(thread, NULL);
	check(seen[0] && seen[1]);
	machine_fini(&m);
}

int main(void)
{
	test_sizes();
	test_crossing();
	test_alignment();
	test_big_endian();
	test_devices();
	test_rights();
	test_probe();
	test_exclusives();
	test_swap();
	test_contended();
	test_torn();
	return test_done();
}
