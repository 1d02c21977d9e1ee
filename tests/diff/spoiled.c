/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -accel verify finds a mistake: code whose translation is spoiled on purpose
 * ends the run, and the report names what is wrong.  Without the mistake the
 * same code runs to its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/decode.h"
#include "arm/interp.h"
#include "common/mem.h"
#include "ir/ir.h"
#include "jit/jit.h"
#include "twin.h"
#include "unit/test.h"

/* The first operation of this kind gets another kind, or constant. */
static struct {
	enum ir_opcode find, put;
	uint64_t imm, put_imm; /* of a constant: both the same kind */
} mistake;

static void spoil(struct ir_unit *u)
{
	for (unsigned int i = 0; i < u->count; i++) {
		struct ir_op *op = &u->op[i];

		if (op->op != mistake.find ||
		    (op->op == IR_CONST && op->imm != mistake.imm))
			continue;
		op->op = (uint8_t)mistake.put;
		if (op->op == IR_CONST)
			op->imm = mistake.put_imm;
		return;
	}
}

static const struct row {
	const char *name;
	uint32_t code[4]; /* A32; an SVC comes behind */
	enum ir_opcode find, put;
	uint64_t imm, put_imm;
	const char *says[3];
} rows[] = {
	/* add r0, r1, r2; eor r3, r0, r1 */
	{ "a register",
	  { 0xe0810002, 0xe0203001 },
	  IR_ADD,
	  IR_SUB,
	  0,
	  0,
	  { "add r0, r1, r2", "  r0 ", "0xc0200000" } },
	/* adds r0, r1, r2; mrs r4, cpsr */
	{ "flags",
	  { 0xe0910002, 0xe10f4000 },
	  IR_FLAGS_ADD,
	  IR_FLAGS_SUB,
	  0,
	  0,
	  { "adds r0, r1, r2", "  cpsr ", NULL } },
	/* str r1, [r11, #8]; ldr r2, [r11, #8] */
	{ "memory",
	  { 0xe58b1008, 0xe59b2008 },
	  IR_CONST,
	  IR_CONST,
	  8,
	  12,
	  { "str r1, [r11, #8]", "  physical 0x5010000", NULL } },
	/* vadd.f64 d0, d1, d2 */
	{ "a vector register",
	  { 0xee310b02 },
	  IR_FADD,
	  IR_FSUB,
	  0,
	  0,
	  { "vadd", "  d0 ", NULL } },
};

static void set_up(struct twin *t, const struct row *row)
{
	static struct program p;
	struct cpu *cpu = &t->cpu;
	unsigned int n = 0;
	uint32_t svc = 0xef000000;

	while (row->code[n])
		n++;
	memcpy(p.code, row->code, n * 4);
	memcpy(p.code + n * 4, &svc, 4);
	for (unsigned int i = 0; i < TWIN_DATA_PAGES; i++)
		twin_map_data(t, i, PAGE_RW, 0);
	for (unsigned int i = 0; i < PROGRAM_SIZE / 4096; i++)
		twin_map_code(t, i, PAGE_RO, 0);
	cpu_set_cpsr(cpu, MODE_SVC);
	twin_reset(t, false, false);
	twin_load(t, &p);
	cpu->r[1] = 0x1234;
	cpu->r[2] = 0x56;
	cpu->r[11] = twin_mapping[2] + TWIN_DATA;
	cpu->vfp.v.d[1] = cpu->vfp.v.d[2] = UINT64_C(0x3ff0000000000000);
	cpu->pc_next = twin_mapping[2] + TWIN_CODE;
}

static enum cpu_exit run(const struct row *row, bool spoiled, FILE *report)
{
	struct jit_options options = { .mode = JIT_VERIFY,
				       .v3 = true,
				       .threshold = 1,
				       .report = report,
				       .spoil = spoiled ? spoil : NULL };
	struct twin *t = twin_new();
	enum cpu_exit exit;
	struct err err;

	mistake.find = row->find;
	mistake.put = row->put;
	mistake.imm = row->imm;
	mistake.put_imm = row->put_imm;
	check(jit_init(&t->cpu, &options, &err) == 0);
	set_up(t, row);
	exit = jit_run(&t->cpu);
	jit_fini(&t->cpu);
	twin_free(t);
	return exit;
}

int main(void)
{
	const char *why;

	if (!jit_available(&why)) {
		printf("%s\n", why);
		return 77;
	}
	decode_init();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		char *text = NULL;
		size_t size;
		FILE *report = open_memstream(&text, &size);
		int before = test_failures;

		check_eq(run(row, false, report), CPU_EXIT_WFI);
		fflush(report);
		check_eq(size, 0);
		check_eq(run(row, true, report), CPU_EXIT_DIFFERENT);
		fclose(report);
		for (unsigned int n = 0; n < 3 && row->says[n]; n++)
			check(strstr(text, row->says[n]));
		if (test_failures != before)
			fprintf(stderr, "%s:\n%s\n", row->name, text);
		free(text);
	}
	return test_done();
}
