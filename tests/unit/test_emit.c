/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each form of the encoder beside what GNU as makes of the same text, with
 * registers and displacements that ask for each prefix and each ModRM form.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "test.h"
#include "x64/emit.h"

enum {
	ROOM = 1 << 20,
	FORMS = 1 << 16,
};

static const char *const reg64[] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
};
static const char *const reg32[] = {
	"eax", "ecx", "edx",  "ebx",  "esp",  "ebp",  "esi",  "edi",
	"r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d",
};
static const char *const reg16[] = {
	"ax",  "cx",  "dx",   "bx",   "sp",   "bp",   "si",   "di",
	"r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w",
};
static const char *const reg8[] = {
	"al",  "cl",  "dl",   "bl",   "spl",  "bpl",  "sil",  "dil",
	"r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b",
};
static const char *const alu_name[] = { "add", "or",  "adc", "sbb",
					"and", "sub", "xor", "cmp" };
static const char *const cc_name[] = { "o",  "no", "b",  "ae", "e", "ne",
				       "be", "a",  "s",  "ns", "p", "np",
				       "l",  "ge", "le", "g" };
static const char *const shift_name[] = { "rol", "ror", "rcl", "rcr",
					  "shl", "shr", "shl", "sar" };
static const uint8_t some[] = { RAX, RCX, RBX, RSP, RBP, RSI, R8, R12, R13 };

static uint8_t code[ROOM];
static struct emit e;
static FILE *text;
static unsigned int forms;
static size_t end_of[FORMS];
static long line_of[FORMS];

/* The instruction just emitted, as as(1) writes it. */
__attribute__((format(printf, 1, 2))) static void is(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	line_of[forms] = ftell(text);
	vfprintf(text, format, ap);
	fputc('\n', text);
	va_end(ap);
	end_of[forms++] = e.p - e.begin;
}

static const char *r(bool wide, unsigned int reg)
{
	return wide ? reg64[reg] : reg32[reg];
}

static const char *mem_text(struct host_mem m)
{
	static char out[4][64];
	static unsigned int turn;
	char *p = out[turn++ & 3];

	if (m.index == NO_REG)
		snprintf(p, 64, "[%s%+d]", reg64[m.base], m.disp);
	else
		snprintf(p, 64, "[%s+%s*%u%+d]", reg64[m.base], reg64[m.index],
			 1u << m.scale, m.disp);
	return p;
}

static struct host_mem a_mem(unsigned int base, unsigned int n)
{
	static const int32_t disp[] = { 0, 1, -128, 127, 128, -129, 0x12345 };
	static const uint8_t index[] = { NO_REG, RAX, NO_REG, RBP,
					 R9,     R12, NO_REG, R13 };

	if (index[n & 7] == NO_REG)
		return mem_at(base, disp[n % 7]);
	return mem_index(base, index[n & 7], n % 4, disp[n % 7]);
}

static void two_registers(bool wide, unsigned int a, unsigned int b)
{
	emit_mov(&e, wide, a, b);
	is("mov %s, %s", r(wide, a), r(wide, b));
	emit_test(&e, wide, a, b);
	is("test %s, %s", r(wide, a), r(wide, b));
	emit_imul(&e, wide, a, b);
	is("imul %s, %s", r(wide, a), r(wide, b));
	emit_imul_imm(&e, wide, a, b, 7);
	is("imul %s, %s, 7", r(wide, a), r(wide, b));
	emit_imul_imm(&e, wide, a, b, -3000);
	is("imul %s, %s, -3000", r(wide, a), r(wide, b));
	for (unsigned int op = 0; op < 8; op++) {
		emit_alu(&e, wide, op, a, b);
		is("%s %s, %s", alu_name[op], r(wide, a), r(wide, b));
	}
	for (unsigned int cc = 0; cc < 16; cc++) {
		emit_cmov(&e, wide, cc, a, b);
		is("cmov%s %s, %s", cc_name[cc], r(wide, a), r(wide, b));
	}
	emit_extend(&e, wide, true, 1, a, b);
	is("movsx %s, %s", r(wide, a), reg8[b]);
	emit_extend(&e, wide, true, 2, a, b);
	is("movsx %s, %s", r(wide, a), reg16[b]);
	emit_extend(&e, false, false, 1, a, b);
	is("movzx %s, %s", reg32[a], reg8[b]);
	emit_extend(&e, wide, false, 2, a, b);
	is("movzx %s, %s", reg32[a], reg16[b]);
	emit_extend(&e, true, true, 4, a, b);
	is("movsxd %s, %s", reg64[a], reg32[b]);
	emit_extend(&e, wide, false, 4, a, b);
	is("mov %s, %s", reg32[a], reg32[b]);
	emit_rr(&e, X_0F | 0xbd | (wide ? X_W : 0), a, b);
	is("bsr %s, %s", r(wide, a), r(wide, b));
	emit_rr(&e, X_F3 | X_0F | 0xbd | (wide ? X_W : 0), a, b);
	is("lzcnt %s, %s", r(wide, a), r(wide, b));
	emit_shiftx(&e, wide, SHIFT_SHL, a, b, R9);
	is("shlx %s, %s, %s", r(wide, a), r(wide, b), r(wide, R9));
	emit_shiftx(&e, wide, SHIFT_SHR, a, b, RDX);
	is("shrx %s, %s, %s", r(wide, a), r(wide, b), r(wide, RDX));
	emit_shiftx(&e, wide, SHIFT_SAR, a, b, RDI);
	is("sarx %s, %s, %s", r(wide, a), r(wide, b), r(wide, RDI));
	emit_rorx(&e, wide, a, b, 13);
	is("rorx %s, %s, 13", r(wide, a), r(wide, b));
	emit_andn(&e, wide, a, b, R14);
	is("andn %s, %s, %s", r(wide, a), r(wide, b), r(wide, R14));
}

static void register_and_memory(bool wide, unsigned int a, struct host_mem m)
{
	emit_load(&e, wide, a, m);
	is("mov %s, %s", r(wide, a), mem_text(m));
	emit_store(&e, wide, m, a);
	is("mov %s, %s", mem_text(m), r(wide, a));
	emit_lea(&e, wide, a, m);
	is("lea %s, %s", r(wide, a), mem_text(m));
	for (unsigned int op = 0; op < 8; op++) {
		emit_alu_load(&e, wide, op, a, m);
		is("%s %s, %s", alu_name[op], r(wide, a), mem_text(m));
		emit_alu_store(&e, wide, op, m, a);
		is("%s %s, %s", alu_name[op], mem_text(m), r(wide, a));
	}
	emit_extend_load(&e, wide, true, 1, a, m);
	is("movsx %s, byte ptr %s", r(wide, a), mem_text(m));
	emit_extend_load(&e, wide, true, 2, a, m);
	is("movsx %s, word ptr %s", r(wide, a), mem_text(m));
	emit_extend_load(&e, wide, false, 1, a, m);
	is("movzx %s, byte ptr %s", reg32[a], mem_text(m));
	emit_extend_load(&e, wide, false, 2, a, m);
	is("movzx %s, word ptr %s", reg32[a], mem_text(m));
	emit_extend_load(&e, true, true, 4, a, m);
	is("movsxd %s, dword ptr %s", reg64[a], mem_text(m));
	emit_extend_load(&e, false, true, 4, a, m);
	is("mov %s, %s", reg32[a], mem_text(m));
	emit_rm(&e, 0x88 | X_BYTE, a, m);
	is("mov %s, %s", mem_text(m), reg8[a]);
	emit_rm(&e, X_66 | 0x89, a, m);
	is("mov %s, %s", mem_text(m), reg16[a]);
	emit_cmpxchg(&e, 1, m, a);
	is("lock cmpxchg %s, %s", mem_text(m), reg8[a]);
	emit_cmpxchg(&e, 2, m, a);
	is("lock cmpxchg %s, %s", mem_text(m), reg16[a]);
	emit_cmpxchg(&e, 4, m, a);
	is("lock cmpxchg %s, %s", mem_text(m), reg32[a]);
	emit_cmpxchg(&e, 8, m, a);
	is("lock cmpxchg %s, %s", mem_text(m), reg64[a]);
	emit_rm(&e, 0x87, a, m);
	is("xchg %s, %s", mem_text(m), reg32[a]);
}

static void memory(bool wide, struct host_mem m)
{
	const char *size = wide ? "qword ptr" : "dword ptr";

	emit_store_imm(&e, wide, m, -5);
	is("mov %s %s, -5", size, mem_text(m));
	for (unsigned int op = 0; op < 8; op++) {
		emit_alu_mem_imm(&e, wide, op, m, 100);
		is("%s %s %s, 100", alu_name[op], size, mem_text(m));
		emit_alu_mem_imm(&e, wide, op, m, 1000);
		is("%s %s %s, 1000", alu_name[op], size, mem_text(m));
	}
	emit_store8_imm(&e, m, 0x81);
	is("mov byte ptr %s, 0x81", mem_text(m));
	emit_store16_imm(&e, m, 0x8123);
	is("mov word ptr %s, 0x8123", mem_text(m));
	emit_alu_mem8_imm(&e, ALU_CMP, m, 3);
	is("cmp byte ptr %s, 3", mem_text(m));
	emit_setcc_mem(&e, CC_AE, m);
	is("setae byte ptr %s", mem_text(m));
	emit_rm(&e, 0xff, 6, m);
	is("push qword ptr %s", mem_text(m));
	emit_rm(&e, 0x8f, 0, m);
	is("pop qword ptr %s", mem_text(m));
	emit_rm(&e, 0xff, 4, m);
	is("jmp qword ptr %s", mem_text(m));
}

static void one_register(bool wide, unsigned int a)
{
	static const int32_t imm[] = { 1, 127, -128, 128, -129, 0x7fffffff };
	static const char *const unary[] = { "",    "",     "not", "neg",
					     "mul", "imul", "div", "idiv" };

	for (unsigned int i = 0; i < 6; i++)
		for (unsigned int op = 0; op < 8; op++) {
			emit_alu_imm(&e, wide, op, a, imm[i]);
			is("%s %s, %d", alu_name[op], r(wide, a), imm[i]);
		}
	emit_test_imm(&e, wide, a, 3);
	is("test %s, 3", reg8[a]);
	emit_test_imm(&e, wide, a, 0xffc);
	is("test %s, 0xffc", r(wide, a));
	for (unsigned int op = 0; op < 8; op++) {
		if (op == 6)
			continue;
		emit_shift_imm(&e, wide, op, a, 1);
		is("%s %s, 1", shift_name[op], r(wide, a));
		emit_shift_imm(&e, wide, op, a, 17);
		is("%s %s, 17", shift_name[op], r(wide, a));
		emit_shift_cl(&e, wide, op, a);
		is("%s %s, cl", shift_name[op], r(wide, a));
	}
	for (unsigned int op = UNARY_NOT; op <= UNARY_IDIV; op++) {
		emit_unary(&e, wide, op, a);
		is("%s %s", unary[op], r(wide, a));
	}
	emit_bswap(&e, wide, a);
	is("bswap %s", r(wide, a));
	emit_mov_imm(&e, a, 0x12345678);
	is("mov %s, 0x12345678", reg32[a]);
	emit_mov_imm(&e, a, UINT64_C(0xffffffff80000000));
	is("mov %s, -0x80000000", reg64[a]);
	emit_mov_imm(&e, a, UINT64_C(0x123456789abc));
	is("movabs %s, 0x123456789abc", reg64[a]);
	for (unsigned int cc = 0; cc < 16; cc++) {
		emit_setcc(&e, cc, a);
		is("set%s %s", cc_name[cc], reg8[a]);
	}
	emit_push(&e, a);
	is("push %s", reg64[a]);
	emit_pop(&e, a);
	is("pop %s", reg64[a]);
	emit_rr(&e, 0xff, 4, a);
	is("jmp %s", reg64[a]);
}

static void vectors(unsigned int a, unsigned int b, struct host_mem m)
{
	emit_rr(&e, X_0F | 0x28, a, b);
	is("movaps xmm%u, xmm%u", a, b);
	emit_rm(&e, X_F3 | X_0F | 0x10, a, m);
	is("movss xmm%u, dword ptr %s", a, mem_text(m));
	emit_rm(&e, X_0F | 0x11, a, m);
	is("movups xmmword ptr %s, xmm%u", mem_text(m), a);
	emit_rr(&e, X_66 | X_0F38 | 0x17, a, b);
	is("ptest xmm%u, xmm%u", a, b);
	emit_rr(&e, X_66 | X_0F | 0x6e | X_W, a, b);
	is("movq xmm%u, %s", a, reg64[b]);
	emit_vrr(&e, X_0F | 0x58, false, a, b, 9);
	is("vaddps xmm%u, xmm%u, xmm9", a, b);
	emit_vrr(&e, X_66 | X_0F | 0xfe, true, a, 11, b);
	is("vpaddd ymm%u, ymm11, ymm%u", a, b);
	emit_vrr(&e, X_66 | X_0F38 | X_W | 0xb8, false, a, b, 1);
	is("vfmadd231pd xmm%u, xmm%u, xmm1", a, b);
	emit_vrm(&e, X_F2 | X_0F | 0x59, false, a, b, m);
	is("vmulsd xmm%u, xmm%u, qword ptr %s", a, b, mem_text(m));
	emit_vrm(&e, X_0F | 0x10, false, a, 0, m);
	is("vmovups xmm%u, xmmword ptr %s", a, mem_text(m));
}

static void all_forms(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < sizeof(some); i++) {
		one_register(false, some[i]);
		one_register(true, some[i]);
		for (unsigned int k = 0; k < sizeof(some); k++) {
			struct host_mem m = a_mem(some[k], n++);

			two_registers(k & 1, some[i], some[k]);
			register_and_memory(k & 1, some[i], m);
			memory(i & 1, m);
			vectors(some[i], some[k], m);
		}
	}
}

/* Bytes of the flat file as(1) and objcopy(1) make of the text. */
static size_t assemble(const char *folder, uint8_t *out, size_t room)
{
	char command[512];
	size_t size = 0;
	FILE *f;

	snprintf(command, sizeof(command),
		 "cd %s && as --64 -o t.o t.s && "
		 "objcopy -O binary -j .text t.o t.bin",
		 folder);
	if (system(command))
		return 0;
	snprintf(command, sizeof(command), "%s/t.bin", folder);
	f = fopen(command, "r");
	if (f) {
		size = fread(out, 1, room, f);
		fclose(f);
	}
	return size;
}

static void print_form(unsigned int n)
{
	char line[128];

	fseek(text, line_of[n], SEEK_SET);
	if (fgets(line, sizeof(line), text))
		fprintf(stderr, "%s", line);
}

int main(void)
{
	static uint8_t want[ROOM];
	char folder[] = "/tmp/emit-XXXXXX", path[64];
	unsigned int n = 0;
	size_t size;

	if (system("as --version >/dev/null 2>&1 && "
		   "objcopy --version >/dev/null 2>&1")) {
		puts("no GNU as here");
		return 77;
	}
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/t.s", folder);
	text = fopen(path, "w+");
	if (!text)
		return 1;
	emit_begin(&e, code, ROOM);
	fputs(".intel_syntax noprefix\n", text);
	all_forms();
	fflush(text);
	size = assemble(folder, want, sizeof(want));
	check_eq(size, e.p - e.begin);
	check(!e.full);
	for (size_t i = 0; i < size; i++) {
		while (end_of[n] <= i)
			n++;
		if (code[i] == want[i])
			continue;
		fprintf(stderr, "byte %#zx is %#x, not %#x: ", i, code[i],
			want[i]);
		print_form(n);
		check(false);
		break; /* what follows is shifted */
	}
	fclose(text);
	snprintf(path, sizeof(path), "rm -r %s", folder);
	return system(path) || test_done();
}
