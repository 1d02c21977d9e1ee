/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The name comes from the row's exec function, the operands from the letters
 * of its bits: destination first, then the sources in the manual's order.
 * formats[] has those whose order or form is another one.
 */
#include "arm/disasm.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "arm/decode.h"
#include "arm/exec.h"

struct text {
	char *at;
	size_t left;
	bool operand; /* one was written: the next takes a comma */
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t,
						      const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->at, t->left, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= t->left)
		n = t->left ? (int)t->left - 1 : 0;
	t->at += n;
	t->left -= (size_t)n;
}

static void next_operand(struct text *t)
{
	put(t, t->operand ? ", " : " ");
	t->operand = true;
}

static const char *reg_name(unsigned int reg)
{
	static const char *const names[] = { "r0",  "r1", "r2",  "r3",
					     "r4",  "r5", "r6",  "r7",
					     "r8",  "r9", "r10", "r11",
					     "r12", "sp", "lr",  "pc" };

	return names[reg & 15];
}

static void put_shift(struct text *t, const struct insn *in, bool by_register)
{
	static const char *const names[] = { "lsl", "lsr", "asr", "ror" };

	if (by_register)
		put(t, ", %s %s", names[in->shift_type & 3], reg_name(in->rs));
	else if (in->shift_type == SHIFT_RRX)
		put(t, ", rrx");
	else if (in->shift_imm)
		put(t, ", %s #%u", names[in->shift_type & 3], in->shift_imm);
}

static void put_list(struct text *t, const struct insn *in)
{
	const char *comma = "";

	put(t, "%s%s, {", reg_name(in->rn), in->w ? "!" : "");
	for (unsigned int i = 0; i < 16; i++)
		if (in->imm >> i & 1) {
			put(t, "%s%s", comma, reg_name(i));
			comma = ", ";
		}
	put(t, "}%s", in->s ? "^" : "");
}

/* [rn, offset], with what becomes of rn. */
static void put_address(struct text *t, const struct insn *in, bool has_rm)
{
	put(t, "[%s%s", reg_name(in->rn), in->p ? "" : "]");
	if (has_rm) {
		put(t, ", %s%s", in->u ? "" : "-", reg_name(in->rm));
		put_shift(t, in, false);
	} else if (in->imm || !in->p) {
		put(t, ", #%" PRId32, (int32_t)in->imm);
	}
	put(t, in->p ? in->w ? "]!" : "]" : "");
}

/* VFP and NEON: s, d or q, after what the fix has made of the number. */
static void put_vector(struct text *t, const struct insn *in,
		       const struct decode_row *row, char letter)
{
	const char *fix = row->fix_name;
	unsigned int reg = letter == 'D'   ? in->vd
			   : letter == 'N' ? in->vn
					   : in->vm;
	bool single = !strcmp(fix, "vfp_s") || !strcmp(fix, "vfp_fix32") ||
		      !strcmp(fix, "vfp_imm32") ||
		      (!strcmp(fix, "vfp_sd") && letter == 'D') ||
		      (!strcmp(fix, "vfp_ds") && letter == 'M');

	if (in->q && !(reg & 1))
		put(t, "q%u", reg / 2);
	else
		put(t, "%c%u", single ? 's' : 'd', reg);
}

/*
 * One operand: a letter of a row is that register; '#' the immediate, 'B' the
 * target of a branch, 'L' rn and a list, 'A' an address, 'I' a plain one, 'H'
 * rm shifted, 'R' rm shifted by rs, '=' lsb and width, 'C' coprocessor and its
 * opcodes.
 */
static void put_operand(struct text *t, const struct insn *in,
			const struct decode_row *row, char letter,
			uint32_t address)
{
	uint32_t pc = address + (in->flags & INSN_THUMB ? 4 : 8);

	next_operand(t);
	switch (letter) {
	case 'd':
		put(t, "%s", reg_name(in->rd));
		break;
	case 'n':
		put(t, "%s", reg_name(in->rn));
		break;
	case 'm':
		put(t, "%s", reg_name(in->rm));
		break;
	case 's':
		put(t, "%s", reg_name(in->rs));
		break;
	case 'a':
		put(t, "%s", reg_name(in->ra));
		break;
	case 't':
		put(t, "%s", reg_name(in->rt));
		break;
	case 'I':
		put(t, in->imm ? "[%s, #%" PRIu32 "]" : "[%s]",
		    reg_name(in->rn), in->imm);
		break;
	case '#':
		put(t, "#0x%" PRIx32, in->imm);
		break;
	case 'B':
		put(t, "0x%" PRIx32,
		    (in->exec == exec_BLX_imm ? pc & ~3u : pc) + in->imm);
		break;
	case 'L':
		put_list(t, in);
		break;
	case 'A':
		put_address(t, in, strstr(row->exec_name, "_reg") != NULL);
		break;
	case 'H':
		put(t, "%s", reg_name(in->rm));
		put_shift(t, in, false);
		break;
	case 'R':
		put(t, "%s", reg_name(in->rm));
		put_shift(t, in, true);
		break;
	case '=':
		put(t, "#%u, #%" PRIu32, in->shift_imm, in->imm + 1);
		break;
	case 'C':
		put(t, "p%u, %u, c%u, c%u, %u", in->coproc, in->opc1, in->rn,
		    in->rm, in->opc2);
		break;
	default:
		put_vector(t, in, row, letter);
		break;
	}
}

/* Operands by the beginning of the exec function's name; the first match. */
static const struct {
	const char *exec, *operands;
} formats[] = {
	{ "LDREXD", "taI" },  { "LDREX", "tI" },   { "STREXD", "dtaI" },
	{ "STREX", "dtI" },   { "LDRD", "taA" },   { "STRD", "taA" },
	{ "LDM", "L" },       { "STM", "L" },      { "LDR", "tA" },
	{ "STR", "tA" },      { "SWP", "tmI" },    { "MCRR", "taC" },
	{ "MRRC", "taC" },    { "MCR", "tC" },     { "MRC", "tC" },
	{ "CDP", "dC" },      { "LDC", "dC" },     { "STC", "dC" },
	{ "UMULL", "adms" },  { "UMLAL", "adms" }, { "UMAAL", "adms" },
	{ "SMULL", "adms" },  { "SMLAL", "adms" }, { "SMLSLD", "adms" },
	{ "MLA", "dmsa" },    { "MLS", "dmsa" },   { "SMLA", "dmsa" },
	{ "SMLS", "dmsa" },   { "SMMLA", "dmsa" }, { "SMMLS", "dmsa" },
	{ "USADA8", "dmsa" }, { "SMUL", "dms" },   { "SMUAD", "dms" },
	{ "SMUSD", "dms" },   { "SMMUL", "dms" },  { "USAD8", "dms" },
	{ "SDIV", "dms" },    { "UDIV", "dms" },   { "SADD", "dnm" },
	{ "BFI", "dn=" },     { "BFC", "d=" },     { "SBFX", "dn=" },
	{ "UBFX", "dn=" },    { "SSAT", "d#n" },   { "USAT", "d#n" },
	{ "QADD16", "dnm" },  { "QADD8", "dnm" },  { "QSUB16", "dnm" },
	{ "QSUB8", "dnm" },   { "QADD", "dmn" },   { "QSUB", "dmn" },
	{ "QDADD", "dmn" },   { "QDSUB", "dmn" },  { "CBZ", "nB" },
	{ "CBNZ", "nB" },     { "BLX_imm", "B" },  { "BLX_reg", "m" },
	{ "BXJ", "m" },       { "BX", "m" },       { "BL", "B" },
	{ "BKPT", "#" },      { "VLDR", "DA" },    { "VSTR", "DA" },
};

static bool has(const struct decode_row *row, char letter)
{
	return strchr(row->bits, letter);
}

/* What the letters give where no format says it: destination, sources. */
static void default_operands(const struct insn *in,
			     const struct decode_row *row, char *ret)
{
	const char *exec = row->exec_name;
	bool data = strstr(exec, "_reg") || strstr(exec, "_imm") ||
		    strstr(exec, "_rsr");
	bool no_rn = !strncmp(exec, "MOV", 3) || !strncmp(exec, "MVN", 3);
	bool compare = !strncmp(exec, "TST", 3) || !strncmp(exec, "TEQ", 3) ||
		       !strncmp(exec, "CMP", 3) || !strncmp(exec, "CMN", 3);

	if (row->table >= TABLE_VFP) {
		for (const char *p = "DNMtn"; *p; p++)
			if (has(row, *p))
				*ret++ = *p;
	} else if (data && in->exec != exec_UNDEF) {
		if (!compare)
			*ret++ = 'd';
		if (!no_rn)
			*ret++ = 'n';
		*ret++ = strstr(exec, "_imm")   ? '#'
			 : strstr(exec, "_rsr") ? 'R'
						: 'H';
	} else {
		for (const char *p = "dtnm"; *p; p++)
			if (has(row, *p))
				*ret++ = *p;
		if (has(row, 'v'))
			*ret++ = '#';
	}
	*ret = 0;
}

static void put_operands(struct text *t, const struct insn *in,
			 const struct decode_row *row, uint32_t address)
{
	char found[16];
	const char *operands = NULL;

	for (size_t i = 0; !operands && i < sizeof(formats) / sizeof(*formats);
	     i++)
		if (!strncmp(row->exec_name, formats[i].exec,
			     strlen(formats[i].exec)))
			operands = formats[i].operands;
	if (!strcmp(row->exec_name, "B"))
		operands = "B";
	if (!operands) {
		default_operands(in, row, found);
		operands = found;
	}
	for (; *operands; operands++)
		put_operand(t, in, row, *operands, address);
}

/* exec_name in lower case; the form of a core instruction is left out, and in
 * VFP's and NEON's '_' becomes '.'. */
static void put_name(struct text *t, const struct insn *in,
		     const struct decode_row *row)
{
	static const char conds[][3] = { "eq", "ne", "cs", "cc", "mi",
					 "pl", "vs", "vc", "hi", "ls",
					 "ge", "lt", "gt", "le", "" };
	bool simd = row->table >= TABLE_VFP;

	for (const char *p = row->exec_name; *p; p++) {
		if (*p == '_' && !simd)
			break;
		put(t, "%c", *p == '_' ? '.' : tolower((unsigned char)*p));
	}
	if (!strcmp(row->exec_name, "LDM") || !strcmp(row->exec_name, "STM"))
		put(t, "%s%s", in->u ? "i" : "d", in->p ? "b" : "a");
	else if (has(row, 'S') || (row->table == TABLE_T16 && in->s))
		put(t, in->s ? "s" : "");
	put(t, "%s", conds[in->cond < 14 ? in->cond : 14]);
	if (row->table == TABLE_NEON && has(row, 'z'))
		put(t, ".%u", 8u << in->size);
}

void disasm(const struct insn *in, uint32_t address, char *ret, size_t size)
{
	struct text t = { ret, size, false };
	const struct decode_row *row;

	if (in->op == OP_UNDEF) {
		put(&t, "undefined");
		return;
	}
	row = decode_row(in->op);
	if (in->exec == exec_UNDEF && row->exec != exec_UNDEF) {
		put(&t, "undefined (%s)", row->name);
		return;
	}
	put_name(&t, in, row);
	put_operands(&t, in, row, address);
}
