/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "arm/decode.h"
#include "arm/disasm.h"
#include "test.h"

static void check_text(const struct insn *in, const char *want)
{
	char got[DISASM_SIZE];

	disasm(in, 0x8000, got, sizeof(got));
	if (!strcmp(got, want))
		return;
	fprintf(stderr, "%08x is \"%s\", not \"%s\"\n", in->word, got, want);
	test_failed();
}

/* Words and texts as binutils has them. */
static void a32(void)
{
	static const struct {
		uint32_t word;
		const char *text;
	} rows[] = {
		{ 0xe0811002, "add r1, r1, r2" },
		{ 0x00b21183, "adcseq r1, r2, r3, lsl #3" },
		{ 0xe1b00061, "movs r0, r1, rrx" },
		{ 0xe1a01312, "mov r1, r2, lsl r3" },
		{ 0xe35600ff, "cmp r6, #0xff" },
		{ 0xe5132004, "ldr r2, [r3, #-4]" },
		{ 0xe4932004, "ldr r2, [r3], #4" },
		{ 0xe7b32104, "ldr r2, [r3, r4, lsl #2]!" },
		{ 0xe92d4010, "stmdb sp!, {r4, lr}" },
		{ 0xe8bd8010, "ldmia sp!, {r4, pc}" },
		{ 0xe1c120d8, "ldrd r2, r3, [r1, #8]" },
		{ 0xeafffffe, "b 0x8000" },
		{ 0xebfffffd, "bl 0x7ffc" },
		{ 0xe12fff1e, "bx lr" },
		{ 0xe0854392, "umull r4, r5, r2, r3" },
		{ 0xe0243291, "mla r4, r1, r2, r3" },
		{ 0xe7e53152, "ubfx r3, r2, #2, #6" },
		{ 0xe16f0f11, "clz r0, r1" },
		{ 0xee1d0f70, "mrc r0, p15, 0, c13, c0, 3" },
		{ 0xee300a01, "vadd.f32 s0, s0, s2" },
		{ 0xf2220844, "vadd.32 q0, q1, q2" },
		{ 0xe1903f9f, "ldrex r3, [r0]" },
		{ 0xe1a01f92, "strexd r1, r2, r3, [r0]" },
		{ 0xe7f000f0, "undef #0x0" },
		{ 0xe15f1000, "undefined" },
		{ 0xe1c110d0, "undefined (LDRD_imm)" },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct insn in;

		decode_a32(&in, rows[i].word);
		check_text(&in, rows[i].text);
	}
}

static void thumb(void)
{
	struct insn in;

	decode_t16(&in, 0x1851, 0);
	check_text(&in, "adds r1, r2, r1");
	decode_t16(&in, 0x1851, 0x14);
	check_text(&in, "addne r1, r2, r1");
	decode_t16(&in, 0xb510, 0);
	check_text(&in, "stmdb sp!, {r4, lr}");
	decode_t16(&in, 0xd0fe, 0);
	check_text(&in, "beq 0x8000");
	decode_t16(&in, 0x4801, 0);
	check_text(&in, "ldr r0, [pc, #4]");
	decode_t32(&in, 0xf2412334, 0);
	check_text(&in, "movw r3, #0x1234");
}

/* Whatever it is, the text fits and ends. */
static void anything(void)
{
	uint32_t word = 1;

	for (int i = 0; i < 200000; i++) {
		char text[DISASM_SIZE];
		struct insn in;

		word = word * 1664525 + 1013904223;
		if (i & 1)
			decode_a32(&in, word);
		else
			decode_t32(&in, word | 0xe8000000, 0);
		memset(text, 'x', sizeof(text));
		disasm(&in, word, text, sizeof(text));
		check(memchr(text, 0, sizeof(text) - 1));
		disasm(&in, word, text, 4);
		check(strlen(text) < 4);
	}
}

int main(void)
{
	decode_init();
	a32();
	thumb();
	anything();
	return test_done();
}
