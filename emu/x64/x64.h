/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86-64 back end: IR to host code, and the code around it.
 *
 * Host registers in translated code:
 *
 *	rbp             the guest's state (offset 0)
 *	r15             the read view: entry [va >> 12]; the write view lies
 *	                view_w_offset bytes behind it
 *	rax rcx rdx     scratch
 *	rbx rsi rdi r8 - r14   the pinned words of the state (ir_layout), in
 *	                the order of x64_pinned[]; both ends of each exit and
 *	                each entry find them there
 *	xmm0 - xmm15    scratch between units
 *	rsp             16-byte aligned; [rsp, rsp + X64_FRAME) is for spills
 *	EFLAGS          nothing between units
 *	MXCSR           the guest's, as struct x64_env says
 *
 * A unit is entered by a jump to its first byte, from x64_enter() or from
 * another unit.  It is left by a direct exit (a patchable jmp rel32, at first
 * to a stub of its own that leaves with the exit's token), through the jump
 * cache (EXIT_TO, EXIT_NEXT), or by leaving with a token: x64_enter() then
 * returns it, with all pinned words back in the state.
 */
#ifndef X64_X64_H
#define X64_X64_H

#include <stddef.h>
#include <stdint.h>

#include "ir/ir.h"

enum {
	X64_FRAME = 256,
	X64_PINNED = 10,
	/* the jump cache: sets of two entries, of which the first was used
	 * last */
	X64_JUMP_SETS = 16384,
	X64_JUMPS = 2 * X64_JUMP_SETS,
};

/* What x64_enter() returns in its low bits with EXIT_NEXT, a miss in the jump
 * cache, POLL; the rest of such a token is 0.  Others are as the caller of
 * x64_translate() made them: multiples of 8. */
enum x64_left {
	X64_LEFT_NEXT = 1,    /* state: pc_next, thumb say where to */
	X64_LEFT_TO = 2,      /* state: pc_next holds PC | T */
	X64_LEFT_STOPPED = 3, /* after a fall-back or CALL that returned not 0;
			       * the function has put the state right */
	X64_LEFT_POLL = 4,    /* attention, before an instruction: the function
			    * poll() of x64_env was called for it */
};

/* Jump cache, for EXIT_TO and EXIT_NEXT. */
struct x64_jump {
	uint64_t key;     /* context << 32 | pc | T */
	const void *code; /* of the unit */
};

/* The first entry of the set. */
static inline unsigned int x64_jump_index(uint32_t pc_t)
{
	return 2 * ((pc_t ^ pc_t >> 12) >> 2 & (X64_JUMP_SETS - 1));
}

/* The world around, the same for all units of one process.  Offsets are in
 * the guest's state. */
struct x64_env {
	const struct ir_layout *layout;
	uint16_t pc_next; /* word */
	uint16_t thumb;   /* byte, 0 or 1 */
	uint16_t page_va; /* word: virtual address of the page of the unit
			   * that runs; stored by EXIT_TO and EXIT_NEXT on a
			   * hit, by the caller before x64_enter() */
	uint16_t view_r;  /* pointer: goes to r15 */
	uint16_t jumps;   /* pointer to the jump cache */
	uint16_t context; /* two words: high half of the keys that hold now,
			   * for a pc below and from 2^31 */
	int32_t view_w_offset;
	bool v3; /* use AVX2, BMI1, BMI2, FMA, LZCNT, MOVBE */
	/*
	 * Do one guest instruction: state is complete, and afterwards read
	 * again.  insn is what the unit's insn[] says.  Not 0: leave the unit
	 * with X64_LEFT_STOPPED.  It may also not return (longjmp).
	 */
	uint64_t (*interpret)(void *state, const void *insn);
	/* Attention is wanted before this instruction: set pc_next, thumb and
	 * so on; then the unit is left with X64_LEFT_POLL. */
	void (*poll)(void *state, const void *insn);
};

/* One unit's surroundings. */
struct x64_input {
	const struct ir_unit *unit;
	const void *const *insn;    /* for each guest instruction: what
				  * interpret() and poll() get */
	const uint64_t *exit_token; /* for each direct exit */
	uint64_t seed; /* not 0: registers are assigned at random */
	bool thumb;    /* targets of EXIT_TO are most likely so (bit 0) */
	bool upper;    /* and in this half of the addresses (bit 31) */
	bool loops;    /* a unit that exits to itself goes round inside */
};

struct x64_exit_site {
	uint32_t jump; /* offset of the rel32, within one aligned 8 bytes; or of
			* the entry of a table: eight bytes, aligned */
	uint32_t stub; /* offset of where it goes to unpatched */
	bool in_table;
};

struct x64_output {
	size_t size; /* bytes of code */
	struct x64_exit_site exit[IR_MAX_EXITS];
	/* for -d out_asm and golden counts: offset where the code of each
	 * guest instruction begins (hot part) and where the stubs begin */
	uint32_t insn[IR_MAX_INSNS + 1], cold;
};

struct x64;

/* One thread at a time may translate with an x64; code made with one may be
 * run and linked with that of others of the same env. */

/* Make the shared code (entry, leaving, jump cache look-up) at *where, at
 * most X64_SHARED bytes, which must be near (within 2 GiB of) all units.
 * env must stay.  NULL: out of memory. */
enum {
	X64_SHARED = 8192
};
struct x64 *x64_new(const struct x64_env *env, uint8_t *where);
void x64_free(struct x64 *x);

/* Translate to code that runs at 'at' (written there; room bytes).  0, or
 * -ENOSPC, or -E2BIG when the unit can never be translated. */
int x64_translate(struct x64 *x, const struct x64_input *in, uint8_t *at,
		  size_t room, struct x64_output *out);

/* Run from code until something leaves; returns the token. */
uint64_t x64_enter(const struct x64 *x, void *state, const void *code);

/* Point the jump at 'site' (address of its rel32) to 'to'; atomic for who
 * runs it meanwhile. */
void x64_patch(uint8_t *site, const uint8_t *to);
/* The same for an entry of a table. */
void x64_patch_entry(uint8_t *site, const uint8_t *to);

/* Whether this host has what x86-64-v2 (v3) asks for. */
bool x64_host_v2(void);
bool x64_host_v3(void);

#endif
