/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Advanced SIMD structures in memory: VLD1 to VLD4, VST1 to VST4 (ARM DDI
 * 0406C A7.7, A8.8.320 and others).
 *
 * Memory is touched element by element, in the data's endianness; where all
 * of it lies in one page that has an addend, and data is little-endian, it is
 * copied as bytes.  A store probes the far end first, so that an abort leaves
 * memory and the base as they were.
 */
#include "arm/neon.h"

/* One instruction's work, once decoded. */
struct transfer {
	uint32_t va;
	unsigned int size;    /* of an element: 1 << size bytes */
	unsigned int structs; /* elements of one structure, 1..4 */
	unsigned int regs;    /* registers behind each of them */
	unsigned int inc;     /* between two registers of a structure */
	unsigned int bytes;   /* in memory */
};

/* Rm says how the base moves: by a register, by the size, or not. */
static void write_back(struct cpu *cpu, const struct insn *in,
		       unsigned int bytes)
{
	if (in->rm == 13)
		cpu->r[in->rn] += bytes;
	else if (in->rm != 15)
		cpu->r[in->rn] += cpu->r[in->rm];
}

/* align: in bytes, 1 for none. */
static void begin(struct cpu *cpu, const struct transfer *t,
		  unsigned int last_reg, unsigned int align, enum access access)
{
	undef_if(cpu, last_reg > 31); /* UNPREDICTABLE */
	if (cpu->cp15.sctlr & SCTLR_A && align < 1u << t->size)
		align = 1u << t->size;
	if (t->va & (align - 1))
		mem_alignment_fault(cpu, t->va, access);
	if (access == ACCESS_WRITE)
		mem_probe(cpu, t->va, t->bytes, access);
}

static uint64_t load_element(struct cpu *cpu, uint32_t va, unsigned int size)
{
	switch (size) {
	case 0:
		return mem_r8(cpu, va);
	case 1:
		return mem_r16(cpu, va);
	case 2:
		return mem_r32(cpu, va);
	default:
		return mem_r64(cpu, va);
	}
}

static void store_element(struct cpu *cpu, uint32_t va, unsigned int size,
			  uint64_t val)
{
	switch (size) {
	case 0:
		mem_w8(cpu, va, (uint8_t)val);
		break;
	case 1:
		mem_w16(cpu, va, (uint16_t)val);
		break;
	case 2:
		mem_w32(cpu, va, (uint32_t)val);
		break;
	default:
		mem_w64(cpu, va, val);
		break;
	}
}

static void put_element(struct cpu *cpu, unsigned int reg, unsigned int e,
			unsigned int size, uint64_t val)
{
	struct vec v = vec_get(cpu, reg, false);

	set_elem(&v, e, size, val);
	vec_put(cpu, reg, false, &v);
}

static uint64_t get_element(const struct cpu *cpu, unsigned int reg,
			    unsigned int e, unsigned int size)
{
	struct vec v = vec_get(cpu, reg, false);

	return elem(&v, e, size);
}

/* The type field of the multiple forms (A7.7, table A7-20). */
static const struct multiple_type {
	uint8_t structs, regs, inc; /* structs 0: UNDEFINED */
	uint8_t bad_align;          /* bit a: this align field is UNDEFINED */
} types[16] = {
	[0x7] = { 1, 1, 1, 0xc }, [0xa] = { 1, 2, 1, 0x8 },
	[0x6] = { 1, 3, 1, 0xc }, [0x2] = { 1, 4, 1, 0x0 },
	[0x8] = { 2, 1, 1, 0x8 }, [0x9] = { 2, 1, 2, 0x8 },
	[0x3] = { 2, 2, 2, 0x0 }, [0x4] = { 3, 1, 1, 0xc },
	[0x5] = { 3, 1, 2, 0xc }, [0x0] = { 4, 1, 1, 0x0 },
	[0x1] = { 4, 1, 2, 0x0 },
};

static struct transfer multiple(struct cpu *cpu, const struct insn *in,
				enum access access)
{
	const struct multiple_type *type = &types[in->x];
	struct transfer t = {
		.va = cpu->r[in->rn],
		.size = in->size,
		.structs = type->structs,
		.regs = type->regs,
		.inc = type->inc,
		.bytes = 8u * type->structs * type->regs,
	};
	unsigned int last;

	neon_begin(cpu, 0,
		   !type->structs || type->bad_align >> in->w & 1 ||
			   (type->structs > 1 && in->size == 3));
	last = in->vd + t.regs - 1 + (t.structs - 1) * t.inc;
	begin(cpu, &t, last, in->w ? 4u << in->w : 1, access);
	return t;
}

void exec_VLD_multiple(struct cpu *cpu, const struct insn *in)
{
	struct transfer t = multiple(cpu, in, ACCESS_READ);
	uint32_t va = t.va;
	const void *host;

	host = t.structs == 1 ? mem_fast(cpu, va, t.bytes, ACCESS_READ) : NULL;
	if (host) {
		memcpy(&cpu->vfp.v.d[in->vd], host, t.bytes);
		write_back(cpu, in, t.bytes);
		return;
	}
	for (unsigned int r = 0; r < t.regs; r++)
		for (unsigned int e = 0; e < elems(t.size, false); e++)
			for (unsigned int s = 0; s < t.structs; s++) {
				put_element(cpu, in->vd + r + s * t.inc, e,
					    t.size,
					    load_element(cpu, va, t.size));
				va += 1u << t.size;
			}
	write_back(cpu, in, t.bytes);
}

void exec_VST_multiple(struct cpu *cpu, const struct insn *in)
{
	struct transfer t = multiple(cpu, in, ACCESS_WRITE);
	uint32_t va = t.va;
	void *host;

	host = t.structs == 1 ? mem_fast(cpu, va, t.bytes, ACCESS_WRITE) : NULL;
	if (host) {
		memcpy(host, &cpu->vfp.v.d[in->vd], t.bytes);
		write_back(cpu, in, t.bytes);
		return;
	}
	for (unsigned int r = 0; r < t.regs; r++)
		for (unsigned int e = 0; e < elems(t.size, false); e++)
			for (unsigned int s = 0; s < t.structs; s++) {
				store_element(
					cpu, va, t.size,
					get_element(cpu, in->vd + r + s * t.inc,
						    e, t.size));
				va += 1u << t.size;
			}
	write_back(cpu, in, t.bytes);
}

/*
 * A single structure to one lane: what index_align says, by structs and size
 * (A8.8.321, .324, .327, .330).
 */
struct lane {
	unsigned int index, inc, align;
	bool undefined;
};

static struct lane lane_of(unsigned int structs, unsigned int size,
			   unsigned int ia)
{
	struct lane l = { .index = ia >> (size + 1), .inc = 1, .align = 1 };
	unsigned int low = ia & ((1u << size) - 1 + (size == 0)), bytes;

	if (structs > 1 && size)
		l.inc = 1 + (ia >> size & 1);
	bytes = structs << size;
	switch (structs) {
	case 1:
		l.undefined = ia >> size & 1 ||
			      (size == 2 && low != 0 && low != 3);
		if (low && size)
			l.align = bytes;
		break;
	case 2:
		l.undefined = size == 2 && ia >> 1 & 1;
		if (ia & 1)
			l.align = bytes;
		break;
	case 3:
		l.undefined = low != 0;
		break;
	default:
		l.undefined = size == 2 && low == 3;
		if (low)
			l.align = size == 2 ? 4u << low : bytes;
		break;
	}
	return l;
}

static struct lane one_lane(struct cpu *cpu, const struct insn *in,
			    struct transfer *ret_t, enum access access)
{
	unsigned int size = bits32(in->word, 10, 2), structs = in->x + 1u;
	struct lane lane = lane_of(structs, size, in->imm);

	*ret_t = (struct transfer){
		.va = cpu->r[in->rn],
		.size = size,
		.structs = structs,
		.regs = 1,
		.inc = lane.inc,
		.bytes = structs << size,
	};
	neon_begin(cpu, 0, lane.undefined);
	begin(cpu, ret_t, in->vd + in->x * lane.inc, lane.align, access);
	return lane;
}

void exec_VLD_lane(struct cpu *cpu, const struct insn *in)
{
	struct transfer t;
	struct lane lane = one_lane(cpu, in, &t, ACCESS_READ);

	for (unsigned int s = 0; s < t.structs; s++)
		put_element(cpu, in->vd + s * t.inc, lane.index, t.size,
			    load_element(cpu, t.va + (s << t.size), t.size));
	write_back(cpu, in, t.bytes);
}

void exec_VST_lane(struct cpu *cpu, const struct insn *in)
{
	struct transfer t;
	struct lane lane = one_lane(cpu, in, &t, ACCESS_WRITE);

	for (unsigned int s = 0; s < t.structs; s++)
		store_element(cpu, t.va + (s << t.size), t.size,
			      get_element(cpu, in->vd + s * t.inc, lane.index,
					  t.size));
	write_back(cpu, in, t.bytes);
}

/* One structure to all lanes; p is T, w is a; x + 1 structures. */
void exec_VLD_all(struct cpu *cpu, const struct insn *in)
{
	unsigned int structs = in->x + 1u, size = in->size, align = 1;
	bool undefined = size == 3;
	struct transfer t = {
		.va = cpu->r[in->rn],
		.regs = structs == 1 ? 1u + in->p : 1,
		.inc = 1u + in->p,
	};

	if (structs == 1)
		undefined |= size == 0 && in->w;
	if (structs == 3)
		undefined |= in->w;
	if (structs == 4 && size == 3) { /* 32 bits, 16-byte aligned */
		undefined = !in->w;
		size = 2;
		align = 16;
	} else if (in->w) {
		align = structs == 4 && size == 2 ? 8 : structs << size;
	}
	t.size = size;
	t.structs = structs;
	t.bytes = structs << size;
	neon_begin(cpu, 0, undefined);
	begin(cpu, &t, in->vd + t.regs - 1 + (structs - 1) * t.inc, align,
	      ACCESS_READ);
	for (unsigned int s = 0; s < structs; s++) {
		uint64_t val = load_element(cpu, t.va + (s << size), size);

		for (unsigned int r = 0; r < t.regs; r++)
			for (unsigned int e = 0; e < elems(size, false); e++)
				put_element(cpu, in->vd + r + s * t.inc, e,
					    size, val);
	}
	write_back(cpu, in, t.bytes);
}
