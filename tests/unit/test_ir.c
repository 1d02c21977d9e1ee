/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The builder's folding, what the optimizer removes, what the verifier
 * refuses: each rule of ir.h broken once. */
#include <stddef.h>
#include <string.h>

#include "ir/ir.h"
#include "ir/join.h"
#include "test.h"

enum {
	R0 = 0,
	R1 = 4,
	R9 = 36, /* not pinned */
};

static const struct ir_layout layout = {
	.n = 64,
	.z = 68,
	.c = 72,
	.v = 76,
	.attention = 80,
	.pinned = { R0, R1 },
	.pinned_count = 2,
};

static struct ir_unit u;

static ir_ref op(enum ir_opcode opcode, ir_ref a, ir_ref b, uint64_t imm)
{
	return ir_add(&u, (struct ir_op){ .op = opcode,
					  .type = IR_I32,
					  .a = a,
					  .b = b,
					  .imm = imm });
}

static ir_ref number(uint32_t val)
{
	return ir_const(&u, IR_I32, val);
}

static ir_ref get(unsigned int offset)
{
	return ir_get(&u, IR_I32, offset);
}

static void set(unsigned int offset, ir_ref val)
{
	ir_set(&u, IR_I32, offset, val);
}

static ir_ref load(ir_ref at)
{
	return ir_add(&u, (struct ir_op){ .op = IR_LOAD,
					  .type = IR_I32,
					  .size = 4,
					  .a = at });
}

static void insn(unsigned int n)
{
	op(IR_INSN, 0, 0, n);
}

static void begin(void)
{
	ir_begin(&u, &layout);
	insn(0);
}

/* A direct exit after which the flags of mask matter. */
static void leave(unsigned int mask)
{
	u.exit[u.exits] = (struct ir_exit){ .target = 1 };
	u.exit_flags[u.exits++] = mask;
	op(IR_EXIT, 0, 0, u.exits - 1);
}

static unsigned int count(enum ir_opcode opcode)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < u.count; i++)
		n += u.op[i].op == opcode;
	return n;
}

static void optimize(void)
{
	unsigned int at;
	const char *bad = ir_verify(&u, &at);

	if (bad)
		fprintf(stderr, "%u: %s\n", at, bad);
	check(!bad);
	ir_optimize(&u);
	check(!ir_verify(&u, &at));
}

static void folding(void)
{
	ir_ref a;

	begin();
	check_eq(u.op[op(IR_ADD, number(2), number(3), 0)].imm, 5);
	check_eq(u.op[op(IR_SUB, number(2), number(3), 0)].imm, 0xffffffff);
	a = get(R0);
	check_eq(op(IR_ADD, a, number(0), 0), a);
	check_eq(op(IR_SHL, a, number(32), 0), a);
	check_eq(op(IR_AND, number(0xffffffff), a, 0), a);
	check_eq(u.op[op(IR_XOR, a, a, 0)].op, IR_CONST);
	check_eq(u.op[op(IR_SDIV, number(0x80000000), number(~0u), 0)].imm,
		 0x80000000);
	check_eq(u.op[op(IR_UDIV, number(7), number(0), 0)].imm, 0);
}

static void forwarding(void)
{
	begin();
	set(R9, number(5));
	set(R9, op(IR_ADD, get(R9), number(1), 0));
	set(R1, get(R9));
	leave(0);
	optimize();
	check_eq(count(IR_GET), 0);
	check_eq(count(IR_ADD), 0);
	check_eq(count(IR_SET), 2); /* the first is written over */

	/* over an instruction that may fall back, constants only */
	begin();
	set(R9, get(R0));
	set(R0, number(1));
	insn(1);
	load(get(R1));
	insn(2);
	set(R1, op(IR_ADD, get(R9), get(R0), 0));
	leave(0);
	optimize();
	check_eq(count(IR_GET), 3); /* r0, r1, r9 */

	/* what a fall-back writes too must be seen to be written */
	begin();
	set(R9, load(get(R1)));
	insn(1);
	set(R9, number(0));
	leave(0);
	optimize();
	check_eq(count(IR_SET), 2);
}

static void flags(void)
{
	ir_ref a, f;

	for (unsigned int mask = 0; mask < 16; mask++) {
		begin();
		a = get(R0);
		f = op(IR_FLAGS_SUB, a, number(1), 0);
		op(IR_SETF, f, 0, IR_FLAG_NZCV);
		leave(mask);
		optimize();
		check_eq(count(IR_SETF), mask != 0);
		check_eq(count(IR_FLAGS_SUB), mask != 0);
		for (unsigned int i = 0; i < u.count; i++)
			if (u.op[i].op == IR_SETF)
				check_eq(u.op[i].imm, mask);
	}
	/* a load sees them */
	begin();
	op(IR_SETF, op(IR_FLAGS_SUB, get(R0), number(1), 0), 0, IR_FLAG_NZCV);
	insn(1);
	load(get(R1));
	insn(2);
	op(IR_SETF, op(IR_FLAGS_SUB, get(R0), number(2), 0), 0, IR_FLAG_NZCV);
	leave(0);
	optimize();
	check_eq(count(IR_SETF), 1);
}

/* Verifier */

static void refused(const char *why)
{
	unsigned int at;
	const char *bad = ir_verify(&u, &at);

	if (!bad || !strstr(bad, why))
		fprintf(stderr, "\"%s\", not \"%s\"\n", bad ? bad : "accepted",
			why);
	check(bad && strstr(bad, why));
}

static void structure(void)
{
	ir_begin(&u, &layout);
	refused("does not begin");
	begin();
	refused("no end");
	begin();
	leave(0);
	leave(0);
	refused("after the end");
	begin();
	op(IR_EXIT, 0, 0, 3);
	refused("no such exit");
	begin();
	ir_add(&u, (struct ir_op){ .op = IR_EXIT_AMONG,
				   .a = ir_const(&u, IR_I32, 0),
				   .size = 2,
				   .imm = 3 });
	refused("no such exit");
	begin();
	op(IR_SKIP_UNLESS, op(IR_GETF, 0, 0, 0), 0, 0);
	leave(0);
	refused("skip without END_SKIP");
	begin();
	op(IR_END_SKIP, 0, 0, 0);
	leave(0);
	refused("without SKIP_UNLESS");
	begin();
	set(R0, 77);
	leave(0);
	refused("no earlier operation");
	begin();
	set(R0, 0);
	leave(0);
	refused("has no value");
}

static void types(void)
{
	begin();
	ir_op2(&u, IR_ADD, IR_I64, get(R0), get(R1));
	leave(0);
	refused("another type");
	begin();
	ir_get(&u, IR_I64, R0);
	leave(0);
	refused("part of a pinned word");
	begin();
	get(R0 + 2);
	leave(0);
	refused("no word");
	begin();
	ir_add(&u, (struct ir_op){ .op = IR_COND,
				   .cc = IR_HI,
				   .a = op(IR_FLAGS_NZ, get(R0), 0, 0) });
	leave(0);
	refused("C or V");
	begin();
	ir_add(&u, (struct ir_op){ .op = IR_LOAD,
				   .type = IR_I32,
				   .size = 8,
				   .a = get(R0) });
	leave(0);
	refused("wider than its value");
	begin();
	op(IR_ZEXT, get(R0), 0, 12);
	leave(0);
	refused("from no width");
}

static void lifetimes(void)
{
	ir_ref a, f;

	begin();
	a = get(R0);
	load(get(R1));
	insn(1);
	set(R9, a);
	leave(0);
	refused("does not survive");
	begin();
	a = get(R0);
	op(IR_CALL, 0, 0, 0);
	set(R9, a);
	leave(0);
	refused("does not survive");
	begin();
	set(R9, get(R0));
	load(get(R1));
	leave(0);
	refused("after the instruction has changed state");
	begin();
	f = op(IR_GETF, 0, 0, 0);
	op(IR_SETF, op(IR_FLAGS_NZ, get(R0), 0, 0), 0, IR_FLAG_NZ);
	ir_add(&u, (struct ir_op){ .op = IR_COND, .a = f });
	leave(0);
	refused("GETF is used after");
	begin();
	op(IR_SKIP_UNLESS, op(IR_GETF, 0, 0, 0), 0, 0);
	a = get(R0);
	op(IR_END_SKIP, 0, 0, 0);
	set(R9, a);
	leave(0);
	refused("does not survive");
}

/* Joined accesses */

static ir_ref plus(unsigned int offset, uint32_t add)
{
	return op(IR_ADD, get(offset), number(add), 0);
}

static void store(ir_ref at)
{
	ir_add(&u, (struct ir_op){
			   .op = IR_STORE, .size = 4, .a = at, .b = get(R1) });
}

/* The only WINDOW, or NULL; the unit keeps the rules. */
static const struct ir_op *join(void)
{
	static struct ir_join space;
	const struct ir_op *found = NULL;
	unsigned int at;

	for (unsigned int i = 0; i < u.insns; i++)
		u.retry[i] = 100 + i;
	check(!ir_verify(&u, &at));
	ir_join(&space, &u);
	check(!ir_verify(&u, &at));
	for (unsigned int i = 0; i < u.count; i++) {
		if (u.op[i].op != IR_WINDOW)
			continue;
		check(!found);
		found = &u.op[i];
	}
	return found;
}

static void joining(void)
{
	const struct ir_op *w;
	unsigned int at;

	/* three addresses that differ by constants */
	begin();
	set(R1, load(plus(R9, 8)));
	insn(1);
	set(R9, plus(R9, 0x10));
	insn(2);
	set(R1, load(plus(R9, 0)));
	insn(3);
	store(plus(R9, -4u));
	leave(0);
	w = join();
	check(w && w->flags == IR_WRITE && w->size == 1);
	check(w && w->insn == 0 && (uint32_t)w->imm == 0x10 - 8 + 4);
	check_eq(u.exit[u.exits - 1].target, 100);
	check_eq(count(IR_LOAD) + count(IR_STORE), 0);
	check_eq(count(IR_HLOAD), 2);
	ir_optimize(&u);
	check(!ir_verify(&u, &at));

	/* alone; with another base between; behind a CALL */
	begin();
	load(plus(R9, 8));
	leave(0);
	check(!join());
	begin();
	set(R9, load(plus(R9, 8)));
	insn(1);
	load(plus(R9, 8));
	leave(0);
	check(!join());
	begin();
	load(plus(R9, 8));
	insn(1);
	op(IR_CALL, 0, 0, 1);
	insn(2);
	load(plus(R9, 8));
	leave(0);
	check(!join());

	/* too far apart */
	begin();
	load(plus(R9, 0));
	insn(1);
	load(plus(R9, 4000));
	leave(0);
	check(!join());

	/* over an instruction that may fall back; a store that may not happen
	 * does not ask for the right to write */
	begin();
	load(plus(R9, 8));
	insn(1);
	load(get(R0));
	insn(2);
	op(IR_SKIP_UNLESS, op(IR_GETF, 0, 0, 0), 0, 0);
	store(plus(R9, 4));
	op(IR_END_SKIP, 0, 0, 0);
	insn(3);
	load(plus(R9, 12));
	leave(0);
	w = join();
	check(w && w->flags == IR_KEEP && (uint32_t)w->imm == 8);
	check_eq(count(IR_STORE), 1);

	/* what a skip may have changed is not known behind it */
	begin();
	load(plus(R9, 8));
	insn(1);
	op(IR_SKIP_UNLESS, op(IR_GETF, 0, 0, 0), 0, 0);
	set(R9, plus(R9, 4));
	op(IR_END_SKIP, 0, 0, 0);
	insn(2);
	load(plus(R9, 12));
	leave(0);
	check(!join());
}

/* A table with an index that has a limit. */
static void indexed(void)
{
	const struct ir_op *w;
	ir_ref index;

	for (unsigned int by = 0; by < 8; by++) {
		begin();
		set(R1, op(IR_AND, get(R0), number(0xff), 0));
		insn(1);
		index = op(IR_SHL, get(R1), number(by), 0);
		load(op(IR_ADD, plus(R9, 4), index, 0));
		leave(0);
		w = join();
		check_eq(w != NULL, by < 4);
		check(!w || (uint32_t)w->imm == (0xffu << by) + 4);
		check_eq(count(IR_HINDEX), by < 4);
		for (unsigned int i = 0; i < u.count; i++)
			if (u.op[i].op == IR_HINDEX)
				check_eq(u.op[i].sub, by);
	}
	/* no limit */
	begin();
	load(op(IR_ADD, get(R9), get(R0), 0));
	leave(0);
	check(!join());
}

/* An alignment that is asked for is that of the WINDOW's begin. */
static void aligned_windows(void)
{
	const struct ir_op *w;

	for (uint32_t off = 8; off < 12; off += 2) {
		begin();
		load(plus(R9, 6));
		insn(1);
		ir_add(&u, (struct ir_op){ .op = IR_LOAD,
					   .type = IR_I32,
					   .size = 4,
					   .flags = IR_ALIGNED,
					   .a = plus(R9, off) });
		leave(0);
		w = join();
		check(w && w->size == 4);
		check(w && (uint32_t)w->imm == 8);
	}
}

static void windows_refused(void)
{
	struct ir_op w = {
		.op = IR_WINDOW, .size = 1, .flags = IR_KEEP, .imm = 8
	};
	ir_ref host;

	begin();
	u.exits = 1;
	set(R9, get(R0));
	w.a = get(R0);
	ir_add(&u, w);
	leave(0);
	refused("not at an instruction's begin");
	begin();
	u.exits = 1;
	w.a = get(R0);
	host = ir_add(&u, w);
	op(IR_CALL, 0, 0, 0);
	ir_add(&u,
	       (struct ir_op){
		       .op = IR_HLOAD, .type = IR_I32, .size = 4, .a = host });
	leave(0);
	refused("behind a CALL");
	begin();
	w.a = get(R0);
	w.imm |= UINT64_C(7) << 32;
	ir_add(&u, w);
	leave(0);
	refused("no such exit");
}

static void too_large(void)
{
	unsigned int at;

	begin();
	for (unsigned int i = 0; i < IR_MAX_OPS; i++)
		get(R0);
	check(u.overflow);
	check(ir_verify(&u, &at));
}

int main(void)
{
	folding();
	forwarding();
	flags();
	structure();
	types();
	lifetimes();
	joining();
	aligned_windows();
	indexed();
	windows_refused();
	too_large();
	return test_done();
}
