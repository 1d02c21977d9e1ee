/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arm/decode.h"
#include "arm/exec.h"
#include "test.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

static uint32_t rnd(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 16);
}

/* A row matches just the words that both of these do. */
static bool is_third(const struct decode_row *a, const struct decode_row *b)
{
	for (int i = 0; i < OP_UNDEF; i++) {
		const struct decode_row *row = decode_row(i);

		if (row->table == a->table &&
		    row->mask == (a->mask | b->mask) &&
		    row->value == (a->value | b->value))
			return true;
	}
	return false;
}

/* Two rows of a table may both match a word only if one of them fixes all the
 * bits that the other does, and more, or if a third row has what they share:
 * else which of them wins would be chance. */
static void no_row_is_ambiguous(void)
{
	for (int i = 0; i < OP_UNDEF; i++)
		for (int j = 0; j < i; j++) {
			const struct decode_row *a = decode_row(i),
						*b = decode_row(j);
			uint32_t both = a->mask & b->mask;

			if (a->table != b->table ||
			    (a->value ^ b->value) & both)
				continue;
			if (both == a->mask && both != b->mask)
				continue;
			if (both == b->mask && both != a->mask)
				continue;
			if (is_third(a, b))
				continue;
			fprintf(stderr, "ambiguous: %s and %s (%s)\n", a->name,
				b->name, b->bits);
			test_failed();
		}
}

/* A random word of the row, or 0 if this one belongs to another table. */
static uint32_t word_of(const struct decode_row *row)
{
	uint32_t word = (rnd() & ~row->mask) | row->value;

	if (row->bits[0] == 'c')
		word = (word & 0x0fffffff) | (rnd() % 15) << 28;
	if (row->table == TABLE_A32 && (word & 0x0c000e00) == 0x0c000a00 &&
	    (word >> 24 & 3) != 3)
		return 0; /* a coprocessor row: VFP */
	if (row->table == TABLE_T32 && !(row->mask & 1 << 16) &&
	    (word & 0xfe1f0000) == 0xf81f0000)
		return 0; /* a load: literal */
	return word;
}

static void decode(struct insn *in, enum decode_table table, uint32_t word)
{
	if (table == TABLE_T16)
		decode_t16(in, (uint16_t)word, 0);
	else if (table == TABLE_T32)
		decode_t32(in, word, 0);
	else
		decode_a32(in, word);
}

static void each_row_finds_itself(void)
{
	for (int op = 0; op < OP_UNDEF; op++)
		for (int n = 0; n < 1000; n++) {
			const struct decode_row *row = decode_row(op), *got;
			uint32_t word = word_of(row);
			struct insn in;

			if (!word)
				continue;
			decode(&in, row->table, word);
			if (in.op == op)
				continue;
			check(in.op != OP_UNDEF);
			got = decode_row(in.op);
			check((got->mask & row->mask) == row->mask);
		}
}

static void fields_a32(void)
{
	struct insn in;

	decode_a32(&in, 0xe3054321); /* movw r4, #0x5321 */
	check_eq(in.op, A32_MOVW);
	check_eq(in.imm, 0x5321);
	check_eq(in.rd, 4);

	decode_a32(&in, 0x00b21183); /* adcseq r1, r2, r3, lsl #3 */
	check_eq(in.op, A32_ADC_reg);
	check_eq(in.cond, 0);
	check_eq(in.s, 1);
	check_eq(in.rn, 2);
	check_eq(in.rd, 1);
	check_eq(in.rm, 3);
	check_eq(in.shift_imm, 3);

	decode_a32(&in, 0xe1b00061); /* rrxs r0, r1 */
	check_eq(in.shift_type, SHIFT_RRX);

	decode_a32(&in, 0xe3a004ff); /* mov r0, #0xff000000 */
	check_eq(in.imm, 0xff000000);
	check(in.flags & INSN_CARRY);

	decode_a32(&in, 0xe320f003); /* wfi: not the hint it also matches */
	check_eq(in.op, A32_WFI);

	decode_a32(&in, 0xe5132004); /* ldr r2, [r3, #-4] */
	check_eq(in.imm, (uint32_t)-4);
	check_eq(in.w, 0);

	decode_a32(&in, 0xe4932004); /* ldr r2, [r3], #4 */
	check_eq(in.w, 1);
	check_eq(in.p, 0);

	decode_a32(&in, 0xeafffffe); /* b . */
	check_eq(in.imm, (uint32_t)-8);
	check(in.flags & INSN_ENDS_BLOCK);

	decode_a32(&in, 0xfbfffffe); /* blx . + 2 */
	check_eq(in.imm, (uint32_t)-6);

	decode_a32(&in, 0xee1d0f70); /* mrc p15, 0, r0, c13, c0, 3 */
	check_eq(in.op, A32_MRC);
	check_eq(in.coproc, 15);
	check_eq(in.opc1, 0);
	check_eq(in.rn, 13);
	check_eq(in.rm, 0);
	check_eq(in.opc2, 3);

	decode_a32(&in, 0xf10e0092); /* cpsid i, #0x12 */
	check_eq(in.op, A32_CPS);
	check_eq(in.x, 3);
	check_eq(in.w, 1);
	check_eq(in.imm, 2);
	check_eq(in.mode, 0x12);

	decode_a32(&in, 0xe169f000); /* msr spsr_fc, r0 */
	check_eq(in.op, A32_MSR_reg);
	check_eq(in.x, 9);
	check_eq(in.u, 1);
	check_eq(in.rn, 0);
}

static void fields_thumb(void)
{
	struct insn in;

	decode_t16(&in, 0x1851, 0); /* adds r1, r2, r1 */
	check_eq(in.op, T16_ADD_reg3);
	check_eq(in.s, 1);
	check_eq(in.cond, 14);

	decode_t16(&in, 0x1851, 0x14); /* addne r1, r2, r1 */
	check_eq(in.s, 0);
	check_eq(in.cond, 1);
	check_eq(in.it, 0x14);

	decode_t16(&in, 0xbe00, 0x14); /* bkpt: whatever the condition */
	check_eq(in.cond, 14);

	decode_t16(&in, 0xb510, 0); /* push {r4, lr} */
	check_eq(in.op, T16_PUSH_lr);
	check_eq(in.imm, 0x4010);
	check_eq(in.rn, 13);
	check_eq(in.x, 2);

	decode_t16(&in, 0xd0fe, 0); /* beq . */
	check_eq(in.cond, 0);
	check_eq(in.imm, (uint32_t)-4);

	decode_t16(&in, 0xbf08, 0); /* it eq */
	check_eq(in.op, T16_IT);

	decode_t32(&in, 0xf04f4280, 0); /* mov r2, #0x40000000 */
	check_eq(in.op, T32_MOV_imm);
	check_eq(in.imm, 0x40000000);
	check(in.flags & INSN_CARRY);

	decode_t32(&in, 0xf04f32ab, 0); /* mov r2, #0xabababab */
	check_eq(in.imm, 0xabababab);

	decode_t32(&in, 0xf85f1008, 0); /* ldr r1, [pc, #-8] */
	check_eq(in.op, T32_LDR_lit);
	check_eq(in.imm, (uint32_t)-8);

	decode_t32(&in, 0xf7ffbffe, 0); /* b.w . */
	check_eq(in.op, T32_B);
	check_eq(in.imm, (uint32_t)-4);

	decode_t32(&in, 0xf43faffe, 0); /* beq.w . */
	check_eq(in.op, T32_B_cond);
	check_eq(in.cond, 0);
	check_eq(in.imm, (uint32_t)-4);

	decode_t32(&in, 0xf2412334, 0); /* movw r3, #0x1234 */
	check_eq(in.imm, 0x1234);
	check_eq(in.rd, 3);

	decode_t32(&in, 0xee1d0f70, 0x04); /* mrceq p15, 0, r0, c13, c0, 3 */
	check_eq(in.op, A32_MRC);
	check_eq(in.cond, 0);
	check(in.flags & INSN_THUMB);
}

/* N stands below Vn in the word, and is the number's top bit or its lowest. */
static void fields_vector(void)
{
	struct insn in;

	decode_a32(&in, 0xee300a81); /* VADD.F32 s0, s1, s2 */
	check_eq(in.vd, 0);
	check_eq(in.vn, 1);
	check_eq(in.vm, 2);
	decode_a32(&in, 0xee310b82); /* VADD.F64 d0, d17, d2 */
	check_eq(in.vn, 17);
	check_eq(in.vm, 2);
	decode_a32(&in, 0xf30228d0); /* VCEQ.I8 q1, q9, q0 */
	check_eq(in.vd, 2);
	check_eq(in.vn, 18);
	check_eq(in.vm, 0);
	decode_t32(&in, 0xff022850, 0); /* VCEQ.I8 q1, q1, q0 */
	check_eq(in.vd, 2);
	check_eq(in.vn, 2);
}

static void undefined(void)
{
	static const uint32_t a32[] = {
		0xe7f000f0, /* udf #0 */
		0xe15f1000, /* cmp with rd = 1 */
		0xe1a10000, /* mov with rn = 1 */
		0xe1c110d0, /* ldrd r1: odd */
		0xe7c0009f, /* bfc: ends below where it begins */
		0xfe000000, /* cdp2 */
	};
	struct insn in;

	for (unsigned int i = 0; i < sizeof(a32) / sizeof(a32[0]); i++) {
		decode_a32(&in, a32[i]);
		check(in.exec == exec_UNDEF);
		check(in.flags & INSN_ENDS_BLOCK);
	}
	decode_t16(&in, 0xba80, 0); /* hlt is ARMv8's */
	check_eq(in.op, OP_UNDEF);
	decode_t16(&in, 0xd0fe, 0x08); /* beq inside of an IT block */
	check(in.exec == exec_UNDEF);
	decode_t32(&in, 0xf80f0000, 0); /* strb to a literal */
	check(in.exec == exec_UNDEF);
	decode_t32(&in, 0xfe000000, 0);
	check_eq(in.op, OP_UNDEF);
}

static void speed(void)
{
	enum {
		N = 20000000
	};
	struct timespec a, b;
	unsigned int sum = 0;
	struct insn in;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < N; i++) {
		decode_a32(&in, 0xe0811002u + (uint32_t)i * 0x9e3779b1u);
		sum += in.op;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("decode: %.1f ns each (%u)\n",
	       ((double)(b.tv_sec - a.tv_sec) * 1e9 +
		(double)(b.tv_nsec - a.tv_nsec)) /
		       (double)N,
	       sum);
}

int main(int argc, char **argv)
{
	decode_init();
	no_row_is_ambiguous();
	each_row_finds_itself();
	fields_a32();
	fields_thumb();
	fields_vector();
	undefined();
	if (argc > 1 && !strcmp(argv[1], "speed"))
		speed();
	return test_done();
}
