/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "x64/emit.h"

#include <string.h>

enum {
	LONGEST = 15, /* bytes of an instruction */
	REX = 0x40,
	REX_B = 1,
	REX_X = 2,
	REX_R = 4,
	REX_W = 8,
	SIB_NO_INDEX = 4,
};

void emit_begin(struct emit *e, uint8_t *at, size_t room)
{
	e->p = e->begin = at;
	e->end = at + room;
	e->full = room < LONGEST + 1;
	e->fix = NULL;
	e->fixes = e->max_fixes = 0;
}

/* Room for one instruction. */
static void reserve(struct emit *e)
{
	if (e->end - e->p <= LONGEST) {
		e->full = true;
		e->p = e->begin;
	}
}

void emit8(struct emit *e, unsigned int val)
{
	if (e->p == e->end)
		e->full = true;
	else
		*e->p++ = val;
}

void emit32(struct emit *e, uint32_t val)
{
	for (unsigned int i = 0; i < 4; i++)
		emit8(e, val >> 8 * i & 0xff);
}

void emit64(struct emit *e, uint64_t val)
{
	emit32(e, val);
	emit32(e, val >> 32);
}

static bool fits8(int64_t val)
{
	return val == (int8_t)val;
}

/* Relative to the next instruction. */
static void modrm_constant(struct emit *e, unsigned int reg, int32_t number)
{
	emit8(e, (reg & 7) << 3 | RBP);
	if (e->fixes == e->max_fixes)
		e->full = true;
	else
		e->fix[e->fixes++] = (struct emit_fix){ e->p,
							(unsigned int)number };
	emit32(e, 0);
}

/* ModRM, SIB, displacement. */
static void modrm_mem(struct emit *e, unsigned int reg, struct host_mem mem)
{
	unsigned int base = mem.base & 7, mod = 2;
	bool sib = mem.index != NO_REG || base == RSP;

	if (mem.base == MEM_CONSTANT) {
		modrm_constant(e, reg, mem.disp);
		return;
	}
	if (!mem.disp && base != RBP)
		mod = 0;
	else if (fits8(mem.disp))
		mod = 1;
	emit8(e, mod << 6 | (reg & 7) << 3 | (sib ? 4 : base));
	if (sib)
		emit8(e, mem.scale << 6 |
				 (mem.index == NO_REG ? SIB_NO_INDEX
						      : mem.index & 7)
					 << 3 |
				 base);
	if (mod == 1)
		emit8(e, mem.disp & 0xff);
	else if (mod == 2)
		emit32(e, mem.disp);
}

/* Legacy prefix, REX, map, opcode. */
static void opcode(struct emit *e, unsigned int op, unsigned int rex)
{
	static const uint8_t prefix[] = { 0, 0x66, 0xf3, 0xf2 };
	unsigned int map = op >> 8 & 3;

	reserve(e);
	if (op >> 10 & 3)
		emit8(e, prefix[op >> 10 & 3]);
	if (op & X_W)
		rex |= REX | REX_W;
	if (rex)
		emit8(e, rex | REX);
	if (map)
		emit8(e, 0x0f);
	if (map > 1)
		emit8(e, map == 2 ? 0x38 : 0x3a);
	emit8(e, op & 0xff);
}

void emit_rr(struct emit *e, unsigned int op, unsigned int reg, unsigned int rm)
{
	unsigned int rex = (reg & 8 ? REX_R : 0) | (rm & 8 ? REX_B : 0);

	if ((op & X_BYTE && reg >= RSP) || (op & X_BYTE_RM && rm >= RSP))
		rex |= REX;
	opcode(e, op, rex);
	emit8(e, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

void emit_rm(struct emit *e, unsigned int op, unsigned int reg,
	     struct host_mem mem)
{
	unsigned int rex = (reg & 8 ? REX_R : 0) | (mem.base & 8 ? REX_B : 0);

	if (mem.index != NO_REG && mem.index & 8)
		rex |= REX_X;
	if (op & X_BYTE && reg >= RSP)
		rex |= REX;
	opcode(e, op, rex);
	modrm_mem(e, reg, mem);
}

static void vex(struct emit *e, unsigned int op, bool wide, unsigned int rxb,
		unsigned int vvvv)
{
	unsigned int map = op >> 8 & 3, w = op & X_W ? 1 : 0;
	unsigned int pp = op >> 10 & 3;
	unsigned int last = (~vvvv & 15) << 3 | (wide ? 4 : 0) | pp;

	reserve(e);
	if (map == 1 && !w && !(rxb & (REX_X | REX_B))) {
		emit8(e, 0xc5);
		emit8(e, (rxb & REX_R ? 0 : 0x80) | last);
	} else {
		emit8(e, 0xc4);
		emit8(e, (~rxb & 7) << 5 | map);
		emit8(e, w << 7 | last);
	}
	emit8(e, op & 0xff);
}

void emit_vrr(struct emit *e, unsigned int op, bool wide, unsigned int reg,
	      unsigned int vvvv, unsigned int rm)
{
	vex(e, op, wide, (reg & 8 ? REX_R : 0) | (rm & 8 ? REX_B : 0), vvvv);
	emit8(e, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

void emit_vrm(struct emit *e, unsigned int op, bool wide, unsigned int reg,
	      unsigned int vvvv, struct host_mem mem)
{
	unsigned int rxb = (reg & 8 ? REX_R : 0) | (mem.base & 8 ? REX_B : 0);

	if (mem.index != NO_REG && mem.index & 8)
		rxb |= REX_X;
	vex(e, op, wide, rxb, vvvv);
	modrm_mem(e, reg, mem);
}

static unsigned int w(bool wide)
{
	return wide ? X_W : 0;
}

void emit_mov(struct emit *e, bool wide, unsigned int to, unsigned int from)
{
	emit_rr(e, 0x89 | w(wide), from, to);
}

void emit_mov_imm(struct emit *e, unsigned int to, uint64_t imm)
{
	if (imm > UINT32_MAX && (uint64_t)(int32_t)imm == imm) {
		emit_rr(e, 0xc7 | X_W, 0, to);
		emit32(e, imm);
		return;
	}
	reserve(e);
	if (imm > UINT32_MAX || to & 8)
		emit8(e, REX | (imm > UINT32_MAX ? REX_W : 0) |
				 (to & 8 ? REX_B : 0));
	emit8(e, 0xb8 | (to & 7));
	if (imm > UINT32_MAX)
		emit64(e, imm);
	else
		emit32(e, imm);
}

void emit_load(struct emit *e, bool wide, unsigned int to, struct host_mem mem)
{
	emit_rm(e, 0x8b | w(wide), to, mem);
}

void emit_store(struct emit *e, bool wide, struct host_mem mem,
		unsigned int from)
{
	emit_rm(e, 0x89 | w(wide), from, mem);
}

void emit_store_imm(struct emit *e, bool wide, struct host_mem mem, int32_t imm)
{
	emit_rm(e, 0xc7 | w(wide), 0, mem);
	emit32(e, imm);
}

void emit_store8_imm(struct emit *e, struct host_mem mem, unsigned int imm)
{
	emit_rm(e, 0xc6, 0, mem);
	emit8(e, imm);
}

void emit_store16_imm(struct emit *e, struct host_mem mem, unsigned int imm)
{
	emit_rm(e, X_66 | 0xc7, 0, mem);
	emit8(e, imm & 0xff);
	emit8(e, imm >> 8);
}

void emit_alu_mem8_imm(struct emit *e, enum emit_alu op, struct host_mem mem,
		       unsigned int imm)
{
	emit_rm(e, 0x80, op, mem);
	emit8(e, imm);
}

void emit_lea(struct emit *e, bool wide, unsigned int to, struct host_mem mem)
{
	emit_rm(e, 0x8d | w(wide), to, mem);
}

void emit_alu(struct emit *e, bool wide, enum emit_alu op, unsigned int to,
	      unsigned int from)
{
	emit_rr(e, op << 3 | 1 | w(wide), from, to);
}

void emit_alu_imm(struct emit *e, bool wide, enum emit_alu op, unsigned int to,
		  int32_t imm)
{
	if (fits8(imm)) {
		emit_rr(e, 0x83 | w(wide), op, to);
		emit8(e, imm & 0xff);
	} else if (to == RAX) {
		opcode(e, op << 3 | 5 | w(wide), 0);
		emit32(e, imm);
	} else {
		emit_rr(e, 0x81 | w(wide), op, to);
		emit32(e, imm);
	}
}

void emit_alu_load(struct emit *e, bool wide, enum emit_alu op, unsigned int to,
		   struct host_mem from)
{
	emit_rm(e, op << 3 | 3 | w(wide), to, from);
}

void emit_alu_store(struct emit *e, bool wide, enum emit_alu op,
		    struct host_mem to, unsigned int from)
{
	emit_rm(e, op << 3 | 1 | w(wide), from, to);
}

void emit_alu_mem_imm(struct emit *e, bool wide, enum emit_alu op,
		      struct host_mem to, int32_t imm)
{
	emit_rm(e, (fits8(imm) ? 0x83 : 0x81) | w(wide), op, to);
	if (fits8(imm))
		emit8(e, imm & 0xff);
	else
		emit32(e, imm);
}

void emit_test(struct emit *e, bool wide, unsigned int a, unsigned int b)
{
	emit_rr(e, 0x85 | w(wide), b, a);
}

void emit_test_imm(struct emit *e, bool wide, unsigned int a, int32_t imm)
{
	if (imm >= 0 && imm < 0x80) { /* N is 0 in both forms */
		if (a == RAX)
			opcode(e, 0xa8, 0);
		else
			emit_rr(e, 0xf6 | X_BYTE_RM, 0, a);
		emit8(e, imm);
		return;
	}
	if (a == RAX)
		opcode(e, 0xa9 | w(wide), 0);
	else
		emit_rr(e, 0xf7 | w(wide), 0, a);
	emit32(e, imm);
}

void emit_shift_imm(struct emit *e, bool wide, enum emit_shift op,
		    unsigned int reg, unsigned int count)
{
	if (count == 1) {
		emit_rr(e, 0xd1 | w(wide), op, reg);
		return;
	}
	emit_rr(e, 0xc1 | w(wide), op, reg);
	emit8(e, count);
}

void emit_shift_cl(struct emit *e, bool wide, enum emit_shift op,
		   unsigned int reg)
{
	emit_rr(e, 0xd3 | w(wide), op, reg);
}

void emit_unary(struct emit *e, bool wide, enum emit_unary op, unsigned int reg)
{
	emit_rr(e, 0xf7 | w(wide), op, reg);
}

void emit_imul(struct emit *e, bool wide, unsigned int to, unsigned int by)
{
	emit_rr(e, X_0F | 0xaf | w(wide), to, by);
}

void emit_imul_imm(struct emit *e, bool wide, unsigned int to,
		   unsigned int from, int32_t imm)
{
	emit_rr(e, (fits8(imm) ? 0x6b : 0x69) | w(wide), to, from);
	if (fits8(imm))
		emit8(e, imm & 0xff);
	else
		emit32(e, imm);
}

void emit_bswap(struct emit *e, bool wide, unsigned int reg)
{
	opcode(e, X_0F | 0xc8 | (reg & 7) | w(wide), reg & 8 ? REX_B : 0);
}

static unsigned int extend_op(bool wide, bool is_signed, unsigned int size)
{
	if (size == 4)
		return is_signed ? 0x63 | X_W : 0x8b;
	return X_0F | (is_signed ? 0xbe : 0xb6) | (size == 2 ? 1 : 0) |
	       w(wide && is_signed) | (size == 1 ? X_BYTE_RM : 0);
}

void emit_extend(struct emit *e, bool wide, bool is_signed, unsigned int size,
		 unsigned int to, unsigned int from)
{
	if (size == 4 && (!is_signed || !wide))
		emit_mov(e, false, to, from);
	else
		emit_rr(e, extend_op(wide, is_signed, size), to, from);
}

void emit_extend_load(struct emit *e, bool wide, bool is_signed,
		      unsigned int size, unsigned int to, struct host_mem from)
{
	emit_rm(e, extend_op(wide, is_signed && (size < 4 || wide), size), to,
		from);
}

void emit_cmpxchg(struct emit *e, unsigned int size, struct host_mem mem,
		  unsigned int reg)
{
	uint32_t op = X_0F | 0xb1;

	if (size == 1)
		op = X_0F | 0xb0 | X_BYTE;
	else if (size == 2)
		emit8(e, 0x66);
	else if (size == 8)
		op |= X_W;
	emit8(e, 0xf0); /* LOCK */
	emit_rm(e, op, reg, mem);
}

void emit_setcc(struct emit *e, enum host_cc cc, unsigned int reg)
{
	emit_rr(e, X_0F | 0x90 | cc | X_BYTE_RM, 0, reg);
}

void emit_setcc_mem(struct emit *e, enum host_cc cc, struct host_mem mem)
{
	emit_rm(e, X_0F | 0x90 | cc, 0, mem);
}

void emit_cmov(struct emit *e, bool wide, enum host_cc cc, unsigned int to,
	       unsigned int from)
{
	emit_rr(e, X_0F | 0x40 | cc | w(wide), to, from);
}

void emit_push(struct emit *e, unsigned int reg)
{
	opcode(e, 0x50 | (reg & 7), reg & 8 ? REX_B : 0);
}

void emit_pop(struct emit *e, unsigned int reg)
{
	opcode(e, 0x58 | (reg & 7), reg & 8 ? REX_B : 0);
}

/* SDM volume 2, NOP: the recommended forms. */
void emit_nops(struct emit *e, unsigned int bytes)
{
	static const uint8_t nop[][9] = {
		{ 0x90 },
		{ 0x66, 0x90 },
		{ 0x0f, 0x1f, 0x00 },
		{ 0x0f, 0x1f, 0x40, 0x00 },
		{ 0x0f, 0x1f, 0x44, 0x00, 0x00 },
		{ 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
		{ 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
		{ 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
		{ 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
	};

	while (bytes) {
		unsigned int n = bytes < 9 ? bytes : 9;

		reserve(e);
		for (unsigned int i = 0; i < n; i++)
			emit8(e, nop[n - 1][i]);
		bytes -= n;
	}
}

void emit_shiftx(struct emit *e, bool wide, enum emit_shift op, unsigned int to,
		 unsigned int from, unsigned int count)
{
	unsigned int pp = op == SHIFT_SHL   ? X_66
			  : op == SHIFT_SHR ? X_F2
					    : X_F3;

	emit_vrr(e, X_0F38 | pp | 0xf7 | w(wide), false, to, count, from);
}

void emit_rorx(struct emit *e, bool wide, unsigned int to, unsigned int from,
	       unsigned int count)
{
	emit_vrr(e, X_0F3A | X_F2 | 0xf0 | w(wide), false, to, 0, from);
	emit8(e, count);
}

void emit_andn(struct emit *e, bool wide, unsigned int to, unsigned int a,
	       unsigned int b)
{
	emit_vrr(e, X_0F38 | 0xf2 | w(wide), false, to, a, b);
}

/* The distance is counted from the end of the instruction, 4 bytes on. */
static void rel32(struct emit *e, const uint8_t *to)
{
	emit32(e, (uint32_t)(to - (e->p + 4)));
}

void emit_jmp(struct emit *e, const uint8_t *to)
{
	opcode(e, 0xe9, 0);
	rel32(e, to);
}

void emit_jcc(struct emit *e, enum host_cc cc, const uint8_t *to)
{
	opcode(e, X_0F | 0x80 | cc, 0);
	rel32(e, to);
}

void emit_call(struct emit *e, const uint8_t *to)
{
	opcode(e, 0xe8, 0);
	rel32(e, to);
}

uint8_t *emit_jmp_short(struct emit *e)
{
	opcode(e, 0xeb, 0);
	emit8(e, 0);
	return e->p;
}

uint8_t *emit_jcc_short(struct emit *e, enum host_cc cc)
{
	opcode(e, 0x70 | cc, 0);
	emit8(e, 0);
	return e->p;
}

void emit_here(struct emit *e, uint8_t *place)
{
	ptrdiff_t over = e->p - place;

	if (over < 0 || over > 127)
		e->full = true; /* only after running out of room */
	else
		place[-1] = over;
}
