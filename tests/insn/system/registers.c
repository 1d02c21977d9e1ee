/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each encoding of MRC, MCR, MRRC and MCRR for coprocessors 14 and 15: who may
 * read and write it, its value, and which bits keep ones and zeros.
 *
 *	p15 c1 0 c0 2 RW -- 00000000 ones c0f00000 zeros 00000000
 *
 * R, W at PL1; r, w at PL0; - UNDEFINED; ? not tried.  CRn 3 and 15 of
 * coprocessor 15 are tried at their corners only, because one register fills
 * each of them.
 */
#include "system.h"

static uint32_t hole[2] = { 0, A32_END };

struct reg {
	bool wide;
	uint32_t cp, crn, opc1, crm, opc2;
};

static uint32_t encode(const struct reg *reg, bool load)
{
	if (reg->wide) /* r0, r1 */
		return 0xec410000 | load << 20 | reg->cp << 8 | reg->opc1 << 4 |
		       reg->crm;
	return 0xee000010 | reg->opc1 << 21 | load << 20 | reg->crn << 16 |
	       reg->cp << 8 | reg->opc2 << 5 | reg->crm;
}

/* False: it was UNDEFINED. */
static bool run(uint32_t word, uint32_t cpsr, uint32_t lo, uint32_t hi)
{
	hole[0] = word;
	__asm__ volatile("dsb\n\tisb" ::: "memory");
	/* ICIALLU: the word has changed */
	WRITE_CP15(0, c7, c5, 0, 0);
	state.r[0] = lo;
	state.r[1] = hi;
	state.cpsr = cpsr;
	run_case((uintptr_t)hole);
	return ended();
}

enum {
	SYS = 0x1df,
	USR = 0x1d0,
};

/* Writes that would end this program: SCTLR; the WFI of ARMv6; the vectors
 * that bring us back; what carries r0 to the handler is restored by it. */
static bool may_write(const struct reg *reg)
{
	if (reg->wide || reg->cp == 14)
		return true;
	if (reg->crn == 1 && !reg->opc1 && !reg->crm && !reg->opc2)
		return false;
	if (reg->crn == 7 && !reg->crm && reg->opc2 == 4)
		return false;
	if (reg->crn == 13 && reg->opc2 >= 2)
		return false;
	return reg->crn != 12;
}

/* What counts while we look. */
static bool moves(const struct reg *reg)
{
	if (reg->cp != 15)
		return false;
	if (reg->wide)
		return reg->crm == 14;
	return reg->crn == 14 && (reg->crm == 2 || reg->crm == 3);
}

static bool corner(const struct reg *reg)
{
	return (reg->opc1 == 0 || reg->opc1 == 4 || reg->opc1 == 7) &&
	       (reg->crm == 0 || reg->crm == 15) &&
	       (reg->opc2 == 0 || reg->opc2 == 7);
}

static void put_value(const struct reg *reg, const char *before)
{
	put(before);
	if (reg->wide)
		put_hex(state.r[1]);
	put_hex(state.r[0]);
}

static void put_name(const struct reg *reg)
{
	put(reg->cp == 14 ? "p14 " : "p15 ");
	if (!reg->wide) {
		put("c");
		put_dec(reg->crn);
		put(" ");
	}
	put_dec(reg->opc1);
	put(" c");
	put_dec(reg->crm);
	if (!reg->wide) {
		put(" ");
		put_dec(reg->opc2);
	}
}

static void look(const struct reg *reg)
{
	uint32_t load = encode(reg, true), store = encode(reg, false);
	bool tried = may_write(reg), r, w = false, user_r, user_w = false;
	uint32_t lo, hi;

	r = run(load, SYS, 0, 0);
	lo = state.r[0];
	hi = state.r[1];
	if (tried)
		w = run(store, SYS, lo, hi);
	user_r = run(load, USR, 0, 0);
	if (tried)
		user_w = run(store, USR, lo, hi);
	if (!r && !w && !user_r && !user_w)
		return;

	put_name(reg);
	put(r ? " R" : " -");
	put(!tried ? "? " : w ? "W " : "- ");
	put(user_r ? "r" : "-");
	put(!tried ? "?" : user_w ? "w" : "-");
	if (r && !moves(reg)) {
		run(load, SYS, 0, 0);
		put_value(reg, " ");
	}
	if (r && w && !moves(reg)) {
		run(store, SYS, ~0u, ~0u);
		run(load, SYS, 0, 0);
		put_value(reg, " ones ");
		run(store, SYS, 0, 0);
		run(load, SYS, 0, 0);
		put_value(reg, " zeros ");
	}
	if (w)
		run(store, SYS, lo, hi);
	put("\n");
}

int main(void)
{
	struct reg reg = { 0 };

	for (reg.cp = 14; reg.cp < 16; reg.cp++)
		for (uint32_t n = 0; n < 1 << 14; n++) {
			reg.crn = n >> 10;
			reg.opc1 = n >> 7 & 7;
			reg.crm = n >> 3 & 15;
			reg.opc2 = n & 7;
			if (reg.cp == 14 || (reg.crn != 3 && reg.crn != 15) ||
			    corner(&reg))
				look(&reg);
		}
	reg.wide = true;
	WRITE_CP15(0, c7, c4, 0, 0); /* PAR: what the last ATS1C left */
	for (reg.cp = 14; reg.cp < 16; reg.cp++)
		for (uint32_t n = 0; n < 1 << 8; n++) {
			reg.opc1 = n >> 4;
			reg.crm = n & 15;
			look(&reg);
		}
	return 0;
}
