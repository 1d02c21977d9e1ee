/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands behind a unit's hot path: the fall-backs, the exits' own paths,
 * and where exits lead that are not linked yet.
 *
 * A fall-back saves the flags that are pending, calls the interpreter's
 * function by the shared code, loads again what vector registers are expected
 * to hold, and goes on at the next boundary.  Scratch registers hold nothing
 * then.
 */
#include "x64/gen.h"

struct gen_stub *gen_stub(struct gen *g, enum gen_stub_kind kind)
{
	struct gen_stub *s;

	if (g->stubs == GEN_STUBS) {
		g->failed = true;
		g->stubs = 0;
	}
	s = &g->stub[g->stubs++];
	*s = (struct gen_stub){
		.kind = kind,
		.insn = g->insn,
		.at = g->at,
		.pending = g->pending,
		.flag_words = (uint8_t)g->flag_words,
	};
	gen_list_dirty(g, s);
	return s;
}

unsigned int gen_fall_stub(struct gen *g)
{
	if (!g->fall || g->fall_is_old) {
		gen_stub(g, STUB_FALL)->before = (uint16_t)g->fall;
		g->fall = g->stubs;
		g->fall_is_old = false;
	}
	return g->fall - 1;
}

/* Jumps to a stub are chained through their own distances until it is
 * placed: each holds how far back the one before is. */
static void chain(struct gen *g, struct gen_stub *s)
{
	uint8_t *site = g->e.p;
	uint32_t back = s->from ? (uint32_t)(site - s->from) : 0;

	__builtin_memcpy(site - 4, &back, 4);
	s->from = site;
}

static void place(struct gen *g, uint8_t *from)
{
	while (from && !g->e.full) {
		uint32_t back, distance = (uint32_t)(g->e.p - from);

		__builtin_memcpy(&back, from - 4, 4);
		__builtin_memcpy(from - 4, &distance, 4);
		from = back ? from - back : NULL;
	}
}

void gen_jump_stub(struct gen *g, struct gen_stub *s, enum host_cc cc)
{
	emit_jcc(&g->e, cc, g->e.p);
	chain(g, s);
}

void gen_jump_fall(struct gen *g, enum host_cc cc)
{
	unsigned int fall = gen_fall_stub(g);

	gen_jump_stub(g, &g->stub[fall], cc);
}

static bool is_near(const uint8_t *from, const void *to)
{
	intptr_t distance = (intptr_t)to - (intptr_t)from;

	return distance == (int32_t)distance;
}

void gen_load_insn(struct gen *g, unsigned int insn)
{
	const void *p = g->in->insn[insn];

	if (!is_near(g->e.p + 7, p)) {
		emit_mov_imm(&g->e, RAX, (uintptr_t)p);
		return;
	}
	/* LEA with ModRM 05: relative to the next instruction */
	emit8(&g->e, 0x48);
	emit8(&g->e, 0x8d);
	emit8(&g->e, 0x05);
	emit32(&g->e, (uint32_t)((uintptr_t)p - ((uintptr_t)g->e.p + 4)));
}

/* Exits */

/* A jump's distance must lie within an aligned 8 bytes to be patched. */
static void align_jump(struct gen *g, unsigned int before)
{
	unsigned int at = ((uintptr_t)g->e.p + before) & 7;

	if (at > 4)
		emit_nops(&g->e, 8 - at);
}

static void exit_site(struct gen *g, unsigned int exit)
{
	struct gen_stub *s = gen_stub(g, STUB_EXIT);

	s->exit = exit;
	s->from = g->e.p;
	g->out->exit[exit].jump = g->e.p - 4 - g->e.begin;
	g->out->exit[exit].in_table = false;
}

void gen_exit(struct gen *g, unsigned int exit)
{
	align_jump(g, 1);
	emit_jmp(&g->e, g->e.p + 5);
	exit_site(g, exit);
}

/* The address of what follows 'by' bytes further on. */
static void load_here(struct gen *g, unsigned int reg, unsigned int by)
{
	emit8(&g->e, reg < 8 ? 0x48 : 0x4c);
	emit8(&g->e, 0x8d);
	emit8(&g->e, 5 | (reg & 7) << 3);
	emit32(&g->e, by);
}

/* One indirect jump, which the host predicts by itself, through addresses that
 * stand behind it. */
void gen_exit_among(struct gen *g, unsigned int exit, unsigned int count,
		    unsigned int reg)
{
	unsigned int pad = -((uintptr_t)g->e.p + 7 + 3) & 7;

	load_here(g, RAX, 3 + pad);                         /* 7 bytes */
	emit_rm(&g->e, 0xff, 4, mem_index(RAX, reg, 3, 0)); /* JMP: 3 bytes */
	emit_nops(&g->e, pad);
	for (unsigned int i = 0; i < count; i++) {
		struct gen_stub *s = gen_stub(g, STUB_EXIT);

		s->exit = (uint16_t)(exit + i);
		g->out->exit[exit + i].jump = (uint32_t)(g->e.p - g->e.begin);
		g->out->exit[exit + i].in_table = true;
		emit32(&g->e, 0);
		emit32(&g->e, 0);
	}
}

void gen_exit_if(struct gen *g, unsigned int exit, enum host_cc cc)
{
	align_jump(g, 2);
	emit_jcc(&g->e, cc, g->e.p + 6);
	exit_site(g, exit);
}

void gen_exit_attention(struct gen *g, unsigned int exit)
{
	emit_alu_mem_imm(&g->e, false, ALU_CMP,
			 mem_at(RBP, g->env->layout->attention), 0);
	emit_jcc(&g->e, CC_NE, g->e.p + 6);
	g->attention_from[exit] = g->e.p;
}

/* The stubs themselves */

static void patch(struct gen *g, uint8_t *from, const uint8_t *to)
{
	uint32_t distance = (uint32_t)(to - from);

	if (!g->e.full)
		__builtin_memcpy(from - 4, &distance, 4);
}

static void load_cached_again(struct gen *g, const struct gen_stub *s)
{
	const struct gen_cached *c;
	uint16_t dirty;

	if (!s->cached)
		return;
	c = g->fall_cached[s->cached - 1];
	dirty = g->fall_dirty[s->cached - 1];
	for (unsigned int x = 0; x < 16; x++)
		if (c[x].type != IR_NONE &&
		    (dirty >> x & 1 || g->cache_read[c[x].id] > s->boundary))
			gen_load_x(g, c[x].type, x, mem_at(RBP, c[x].offset));
}

static void fall(struct gen *g, struct gen_stub *s)
{
	place(g, s->from);
	s->code = g->e.p;
	gen_store_listed(g, s);
	gen_save_flags(g, &s->pending, s->at, IR_FLAG_NZCV, false,
		       s->flag_words);
	gen_load_insn(g, s->insn);
	emit_call(&g->e, g->x->fall);
	if (!s->back) {
		emit_jmp(&g->e, g->x->exit_next);
		return;
	}
	load_cached_again(g, s);
	emit_jmp(&g->e, s->back);
}

/* It crosses a page if the bytes that follow the first begin another: the
 * address is not aligned, so it cannot begin one itself. */
static void unaligned(struct gen *g, struct gen_stub *s)
{
	struct gen_stub *f = &g->stub[s->fall];

	patch(g, s->from, g->e.p);
	emit_lea(&g->e, false, s->spare, mem_at(s->reg, s->size - 1));
	emit_test_imm(&g->e, false, s->spare, 0x1000 - s->size);
	emit_jcc(&g->e, CC_NE, s->back);
	emit_jmp(&g->e, f->code);
}

static void exit_if(struct gen *g, struct gen_stub *s)
{
	patch(g, s->from, g->e.p);
	gen_store_listed(g, s);
	gen_save_flags(g, &s->pending, s->at, g->u->exit_flags[s->exit], false,
		       s->flag_words);
	if (g->u->exit[s->exit].back)
		gen_exit_attention(g, s->exit);
	gen_exit(g, s->exit);
}

static void exit_unpatched(struct gen *g, struct gen_stub *s)
{
	struct x64_exit_site *site = &g->out->exit[s->exit];

	if (!site->in_table)
		patch(g, s->from, g->e.p);
	else if (!g->e.full)
		x64_patch_entry(g->e.begin + site->jump, g->e.p);
	if (g->attention_from[s->exit])
		patch(g, g->attention_from[s->exit], g->e.p);
	site->stub = g->e.p - g->e.begin;
	emit_mov_imm(&g->e, RAX, g->in->exit_token[s->exit]);
	emit_jmp(&g->e, g->x->leave);
}

/* The range crosses a page: both may lie side by side on the host as well,
 * unless it goes round the end of the guest's memory. */
static void window_crosses(struct gen *g, struct gen_stub *s)
{
	unsigned int other = s->reg != RAX && s->spare != RAX   ? RAX
			     : s->reg != RCX && s->spare != RCX ? RCX
								: RDX;

	patch(g, s->cross, g->e.p);
	emit_lea(&g->e, false, s->spare,
		 mem_at(s->reg, (int32_t)s->length - 1));
	emit_alu(&g->e, false, ALU_CMP, s->spare, s->reg);
	emit_jcc(&g->e, CC_B, s->code);
	emit_push(&g->e, other);
	emit_mov(&g->e, false, other, s->reg);
	emit_shift_imm(&g->e, false, SHIFT_SHR, s->spare, 12);
	emit_shift_imm(&g->e, false, SHIFT_SHR, other, 12);
	emit_load(&g->e, true, s->spare, mem_index(R15, s->spare, 3, s->view));
	emit_alu_load(&g->e, true, ALU_CMP, s->spare,
		      mem_index(R15, other, 3, s->view));
	emit_pop(&g->e, other);
	emit_jcc(&g->e, CC_NE, s->code);
	if (s->size > 1) {
		emit_test_imm(&g->e, false, s->reg, s->size - 1u);
		emit_jcc(&g->e, CC_NE, s->code);
	}
	emit_jmp(&g->e, s->back);
}

static void window(struct gen *g, struct gen_stub *s)
{
	place(g, s->from);
	s->code = g->e.p;
	gen_store_listed(g, s);
	gen_save_flags(g, &s->pending, s->at, g->u->exit_flags[s->exit], false,
		       s->flag_words);
	gen_exit(g, s->exit);
	window_crosses(g, s);
}

static void poll(struct gen *g, struct gen_stub *s)
{
	patch(g, s->from, g->e.p);
	gen_store_listed(g, s);
	gen_save_flags(g, &s->pending, s->at, IR_FLAG_NZCV, false,
		       s->flag_words);
	gen_load_insn(g, s->insn);
	emit_jmp(&g->e, g->x->poll);
}

void gen_stubs(struct gen *g)
{
	/* exit_if() and window() add stubs of exits */
	for (unsigned int i = 0; i < g->stubs && !g->failed; i++) {
		struct gen_stub *s = &g->stub[i];

		switch (s->kind) {
		case STUB_FALL:
			fall(g, s);
			break;
		case STUB_UNALIGNED:
			unaligned(g, s);
			break;
		case STUB_FLUSH:
			patch(g, s->from, g->e.p);
			gen_flush_stub(g, s);
			break;
		case STUB_EXIT_IF:
			exit_if(g, s);
			break;
		case STUB_WINDOW:
			window(g, s);
			break;
		case STUB_EXIT:
			exit_unpatched(g, s);
			break;
		default:
			poll(g, s);
		}
	}
}
