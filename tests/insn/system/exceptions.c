/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions, returns from them, status registers, and aborts, by the cases
 * of cases.S.  A case is a line: how it ended, where, and what it changed.
 *
 *	svc in an IT block: svc +4 psr 20000430 in 200001d3 r4 00000001
 *
 * "end" is the undefined instruction that closes a case; +4 is LR from the
 * case's begin; psr is SPSR, in is the handler's CPSR.  Registers, banks and
 * words of the buffer are printed where they are not as before.
 */
#include "system.h"

struct test_case {
	const char *name;
	uintptr_t code; /* bit 0: Thumb */
	uint32_t cpsr;
};

extern const struct test_case table_begin[], table_end[];
extern uint32_t buffer[64]; /* cases.S: at a fixed address */

enum {
	UNMAPPED = 0x0f000000,
	LANDING = 0x40210000, /* cases.S: A32, then T32 */
};

static const struct {
	const char *name;
	uint32_t mode;
} banks[] = {
	{ "fiq", 0x11 }, { "irq", 0x12 }, { "svc", 0x13 },
	{ "abt", 0x17 }, { "und", 0x1b },
};

#define BANKS 5

/* r0 the buffer, r1 nothing there, r2 and r3 where to return to. */
static uint32_t initial(unsigned int n)
{
	switch (n) {
	case 0:
		return (uint32_t)buffer;
	case 1:
		return UNMAPPED;
	case 2:
		return LANDING;
	case 3:
		return LANDING + 5;
	default:
		return n * 0x01010101;
	}
}

static uint32_t initial_word(unsigned int n)
{
	return 0xa0000000 + n;
}

static uint32_t initial_bank(unsigned int bank, unsigned int n)
{
	switch (n) {
	case 0:
		return (uint32_t)&buffer[8 + 8 * bank];
	case 1:
		return LANDING;
	default:
		return 0x600001d0 | banks[bank].mode;
	}
}

static void set_up(const struct test_case *c)
{
	for (unsigned int i = 0; i < 13; i++)
		state.r[i] = initial(i);
	state.sp = (uint32_t)&buffer[56];
	state.lr = LANDING;
	state.cpsr = c->cpsr;
	for (unsigned int i = 0; i < 64; i++)
		buffer[i] = initial_word(i);
	for (unsigned int i = 0; i < BANKS; i++)
		set_bank(banks[i].mode, initial_bank(i, 0), initial_bank(i, 1),
			 initial_bank(i, 2));
	WRITE_CP15(0, c5, c0, 0, 0);
	WRITE_CP15(0, c5, c0, 1, 0);
	WRITE_CP15(0, c6, c0, 0, 0);
	WRITE_CP15(0, c6, c0, 2, 0);
}

static void put_field(const char *name, uint32_t val)
{
	put(" ");
	put(name);
	put(" ");
	put_hex(val);
}

static void put_end(const struct test_case *c)
{
	static const char *const vectors[] = { "0",    "und", "svc", "pabt",
					       "dabt", "5",   "irq", "fiq" };
	uint32_t from = c->code & ~1u;

	put(": ");
	put(ended() ? "end" : vectors[state.vector]);
	if (state.excp_lr - from < 256) {
		put(" +");
		put_dec(state.excp_lr - from);
	} else {
		put(" ");
		put_hex(state.excp_lr);
	}
	put_field("psr", state.spsr);
	put_field("in", state.excp_cpsr);
	if (state.vector == 4) {
		put_field("fsr", READ_CP15(0, c5, c0, 0));
		put_field("far", READ_CP15(0, c6, c0, 0));
	}
	if (state.vector == 3) {
		put_field("fsr", READ_CP15(0, c5, c0, 1));
		put_field("far", READ_CP15(0, c6, c0, 2));
	}
}

static void put_registers(void)
{
	for (unsigned int i = 0; i < 13; i++)
		if (state.r[i] != initial(i)) {
			put(" r");
			put_dec(i);
			put(" ");
			put_hex(state.r[i]);
		}
	if (state.sp != (uint32_t)&buffer[56])
		put_field("sp", state.sp);
	if (state.lr != LANDING)
		put_field("lr", state.lr);
}

/* The mode that took the exception holds what was printed before. */
static void put_banks(void)
{
	static const char *const names[] = { "sp_", "lr_", "spsr_" };

	for (unsigned int i = 0; i < BANKS; i++) {
		uint32_t now[3];
		bool taken = banks[i].mode == (state.excp_cpsr & 0x1f);

		get_bank(banks[i].mode, now);
		for (unsigned int n = 0; n < (taken ? 1 : 3); n++) {
			/* SVC's LR brought us to the case (start.S) */
			if (now[n] == initial_bank(i, n) ||
			    (n == 1 && banks[i].mode == 0x13))
				continue;
			put(" ");
			put(names[n]);
			put(banks[i].name);
			put(" ");
			put_hex(now[n]);
		}
	}
}

static void put_buffer(void)
{
	for (unsigned int i = 0; i < 64; i++)
		if (buffer[i] != initial_word(i)) {
			put(" [");
			put_dec(i);
			put("] ");
			put_hex(buffer[i]);
		}
}

int main(void)
{
	uint32_t sctlr = READ_CP15(0, c1, c0, 0);

	for (const struct test_case *c = table_begin; c != table_end; c++) {
		set_up(c);
		run_case(c->code);
		WRITE_CP15(0, c1, c0, 0, sctlr); /* some cases change it */
		put(c->name);
		put_end(c);
		put_registers();
		put_banks();
		put_buffer();
		put("\n");
	}
	return 0;
}
