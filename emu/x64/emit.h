/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host instructions as bytes (Intel SDM volume 2, chapter 2).
 *
 * An opcode is its last byte with what stands before it: legacy prefix, map,
 * REX.W, as in the manual's table ("66 0F 38 17" is X_66 | X_0F38 | 0x17).
 * The same number serves the VEX forms.  Prefixes that registers ask for are
 * made here.
 *
 * Nothing is ever written behind the room: when it is used up, 'full' is set
 * and what is written from then on is of no use.
 */
#ifndef X64_EMIT_H
#define X64_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum host_reg {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	NO_REG = 0xff,
};

/* Conditions, as in Jcc, SETcc, CMOVcc. */
enum host_cc {
	CC_O,
	CC_NO,
	CC_B,
	CC_AE,
	CC_E,
	CC_NE,
	CC_BE,
	CC_A,
	CC_S,
	CC_NS,
	CC_P,
	CC_NP,
	CC_L,
	CC_GE,
	CC_LE,
	CC_G,
};

enum emit_prefix {
	X_0F = 1 << 8,
	X_0F38 = 2 << 8,
	X_0F3A = 3 << 8,
	X_66 = 1 << 10,
	X_F3 = 2 << 10,
	X_F2 = 3 << 10,
	X_W = 1 << 12,
	X_BYTE = 1 << 13,    /* reg is one of al, cl ... r15b */
	X_BYTE_RM = 1 << 14, /* rm is, if it is a register */
};

/* ALU operations: /n of 81 and 83; the opcode's bits 3 to 5. */
enum emit_alu {
	ALU_ADD,
	ALU_OR,
	ALU_ADC,
	ALU_SBB,
	ALU_AND,
	ALU_SUB,
	ALU_XOR,
	ALU_CMP,
};

/* Shifts: /n of C1, D1 and D3. */
enum emit_shift {
	SHIFT_ROL,
	SHIFT_ROR,
	SHIFT_RCL,
	SHIFT_RCR,
	SHIFT_SHL,
	SHIFT_SHR,
	SHIFT_SAR = 7,
};

/* Of F7. */
enum emit_unary {
	UNARY_NOT = 2,
	UNARY_NEG,
	UNARY_MUL,
	UNARY_IMUL,
	UNARY_DIV,
	UNARY_IDIV,
};

/* A distance to a constant behind the unit, to be written when it is there. */
struct emit_fix {
	uint8_t *at; /* the 4 bytes */
	unsigned int constant;
};

enum {
	/* base of a host_mem: constant number disp.  No immediate may follow
	 * in the instruction. */
	MEM_CONSTANT = 0x15,
};

struct emit {
	uint8_t *p, *begin, *end;
	bool full;
	/* the caller's, behind emit_begin(), if constants are used */
	struct emit_fix *fix;
	unsigned int fixes, max_fixes;
};

/* [base + index << scale + disp]; index NO_REG: none. */
struct host_mem {
	uint8_t base, index, scale;
	int32_t disp;
};

static inline struct host_mem mem_at(unsigned int base, int32_t disp)
{
	return (struct host_mem){ base, NO_REG, 0, disp };
}

static inline struct host_mem mem_index(unsigned int base, unsigned int index,
					unsigned int scale, int32_t disp)
{
	return (struct host_mem){ base, index, scale, disp };
}

void emit_begin(struct emit *e, uint8_t *at, size_t room);

void emit8(struct emit *e, unsigned int val);
void emit32(struct emit *e, uint32_t val);
void emit64(struct emit *e, uint64_t val);

/* The generic forms: reg is the ModRM byte's reg field (or /n), then a
 * register or memory in its rm field.  Immediates are added behind. */
void emit_rr(struct emit *e, unsigned int op, unsigned int reg,
	     unsigned int rm);
void emit_rm(struct emit *e, unsigned int op, unsigned int reg,
	     struct host_mem mem);
/* VEX: vvvv is the second operand (0 where there is none and the manual says
 * 1111b); wide: 256 bits. */
void emit_vrr(struct emit *e, unsigned int op, bool wide, unsigned int reg,
	      unsigned int vvvv, unsigned int rm);
void emit_vrm(struct emit *e, unsigned int op, bool wide, unsigned int reg,
	      unsigned int vvvv, struct host_mem mem);

/* Integer instructions; wide: 64 bits, else 32. */
void emit_mov(struct emit *e, bool wide, unsigned int to, unsigned int from);
void emit_mov_imm(struct emit *e, unsigned int to, uint64_t imm);
void emit_load(struct emit *e, bool wide, unsigned int to, struct host_mem mem);
void emit_store(struct emit *e, bool wide, struct host_mem mem,
		unsigned int from);
void emit_store_imm(struct emit *e, bool wide, struct host_mem mem,
		    int32_t imm);
void emit_store8_imm(struct emit *e, struct host_mem mem, unsigned int imm);
void emit_store16_imm(struct emit *e, struct host_mem mem, unsigned int imm);
void emit_alu_mem8_imm(struct emit *e, enum emit_alu op, struct host_mem mem,
		       unsigned int imm);
void emit_lea(struct emit *e, bool wide, unsigned int to, struct host_mem mem);
void emit_alu(struct emit *e, bool wide, enum emit_alu op, unsigned int to,
	      unsigned int from);
void emit_alu_imm(struct emit *e, bool wide, enum emit_alu op, unsigned int to,
		  int32_t imm);
void emit_alu_load(struct emit *e, bool wide, enum emit_alu op, unsigned int to,
		   struct host_mem from);
void emit_alu_store(struct emit *e, bool wide, enum emit_alu op,
		    struct host_mem to, unsigned int from);
void emit_alu_mem_imm(struct emit *e, bool wide, enum emit_alu op,
		      struct host_mem to, int32_t imm);
void emit_test(struct emit *e, bool wide, unsigned int a, unsigned int b);
/* As short as the constant allows. */
void emit_test_imm(struct emit *e, bool wide, unsigned int a, int32_t imm);
void emit_shift_imm(struct emit *e, bool wide, enum emit_shift op,
		    unsigned int reg, unsigned int count);
void emit_shift_cl(struct emit *e, bool wide, enum emit_shift op,
		   unsigned int reg);
void emit_unary(struct emit *e, bool wide, enum emit_unary op,
		unsigned int reg);
void emit_imul(struct emit *e, bool wide, unsigned int to, unsigned int by);
void emit_imul_imm(struct emit *e, bool wide, unsigned int to,
		   unsigned int from, int32_t imm);
void emit_bswap(struct emit *e, bool wide, unsigned int reg);
/* Sign or zero extended from size bytes (1, 2, 4) to 32 or 64 bits. */
void emit_extend(struct emit *e, bool wide, bool is_signed, unsigned int size,
		 unsigned int to, unsigned int from);
void emit_extend_load(struct emit *e, bool wide, bool is_signed,
		      unsigned int size, unsigned int to, struct host_mem from);
/* LOCK CMPXCHG of 1, 2, 4 or 8 bytes. */
void emit_cmpxchg(struct emit *e, unsigned int size, struct host_mem mem,
		  unsigned int reg);
void emit_setcc(struct emit *e, enum host_cc cc, unsigned int reg);
void emit_setcc_mem(struct emit *e, enum host_cc cc, struct host_mem mem);
void emit_cmov(struct emit *e, bool wide, enum host_cc cc, unsigned int to,
	       unsigned int from);
void emit_push(struct emit *e, unsigned int reg);
void emit_pop(struct emit *e, unsigned int reg);
void emit_nops(struct emit *e, unsigned int bytes);

/* BMI2: no flags are touched. */
void emit_shiftx(struct emit *e, bool wide, enum emit_shift op, unsigned int to,
		 unsigned int from, unsigned int count);
void emit_rorx(struct emit *e, bool wide, unsigned int to, unsigned int from,
	       unsigned int count);
/* to = ~a & b */
void emit_andn(struct emit *e, bool wide, unsigned int to, unsigned int a,
	       unsigned int b);

/* Jumps to an address; always the 32-bit form. */
void emit_jmp(struct emit *e, const uint8_t *to);
void emit_jcc(struct emit *e, enum host_cc cc, const uint8_t *to);
void emit_call(struct emit *e, const uint8_t *to);
/* Short ones over code that follows: the place to give to emit_here(). */
uint8_t *emit_jmp_short(struct emit *e);
uint8_t *emit_jcc_short(struct emit *e, enum host_cc cc);
void emit_here(struct emit *e, uint8_t *place);

#endif
