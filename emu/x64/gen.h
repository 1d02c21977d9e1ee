/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the back end: one unit on its way to host code.
 *
 * Each operation is lowered by one function, gen_<kind>(), which asks for its
 * arguments in registers (gen_use), for a register for its result (gen_def)
 * and emits.  What it asked for stays where it is until the operation is
 * done; then arguments that nobody needs any more give up their registers.
 *
 * Host flags may hold a FLAGS value: whoever emits an instruction that
 * changes them calls gen_clobber_flags() first.
 */
#ifndef X64_GEN_H
#define X64_GEN_H

#include "ir/ir.h"
#include "x64/emit.h"
#include "x64/x64.h"

enum {
	GEN_WORDS = 1 << 14, /* of state that has offsets */
	GEN_STUBS = 1024,
	GEN_POOL = 64,
	GEN_FIXES = 1024,
	GEN_NEVER = 0xffff,
	GEN_SLOTS = X64_FRAME / 8,
	GEN_FALLS = 2 * IR_MAX_INSNS,
	GEN_DIRTY = 2048,
	NO_PIN = 0xff,
	/* general registers that values may have: rax rcx rdx */
	GEN_SCRATCH = 1 << RAX | 1 << RCX | 1 << RDX,
};

/* Where a value can be found again when it is in no register. */
enum gen_base {
	BASE_NONE,
	BASE_CONST, /* imm of its operation */
	BASE_PIN,   /* it is in the pinned register itself */
	BASE_STATE, /* 'where' is the offset */
	BASE_SPILL, /* 'where' is the offset from rsp */
};

/* A state word that holds the value from operation 'from' until 'until'. */
struct gen_home {
	uint16_t offset, from, until;
};

struct gen_value {
	uint16_t uses; /* that are still to come */
	uint16_t first_use, last_use;
	uint8_t base, reg; /* enum gen_base; general or vector register, or
			    * NO_REG */
	uint8_t target;    /* pinned register that it should be made in */
	bool emitted;
	uint16_t where;
	ir_ref next; /* in the list of its pinned or vector register */
	struct gen_home home[2];
	/* FLAGS: the operation that computes the value they are of; integer
	 * operations: the FLAGS operation that stands behind; SKIP_UNLESS,
	 * END_SKIP and the SETF between them: that SETF, if what it writes
	 * and what it does not write meet in the host's flags */
	ir_ref twin;
	/* FLAGS: the last operation before which they can be worked out
	 * again: behind a skip they may be others */
	uint16_t again_until;
	ir_ref moved; /* this plus or minus a constant, which has a home, or
		       * IR_NO_REF */
};

/* Which SETF or SETC wrote each flag of the guest that is not in the state
 * yet; GEN_NEVER: it is there. */
struct gen_pending {
	uint16_t n, z, c, v;
};

/* What the host's flags hold. */
struct gen_eflags {
	ir_ref val; /* a FLAGS value or IR_NO_REF */
	uint8_t mask;
	bool inverted; /* CF is "borrow" */
};

enum gen_stub_kind {
	STUB_FALL,      /* one for each instruction that may fall back */
	STUB_UNALIGNED, /* crosses a page: to STUB_FALL; else back */
	STUB_EXIT_IF,   /* the exit's own path, with flags to save */
	STUB_EXIT,      /* where an exit's jump leads as long as it is not
			 * patched */
	STUB_FLUSH,     /* flush.c: arguments of unusual size */
	STUB_POLL,
	STUB_WINDOW, /* pages side by side: back; else the exit's own path */
};

struct gen_stub {
	uint8_t kind, insn, reg, spare, size;
	uint16_t at, exit;
	uint16_t fall;   /* STUB_UNALIGNED, STUB_FLUSH: its STUB_FALL */
	uint8_t x[6];    /* STUB_FLUSH: arguments, result, two more */
	uint32_t length; /* STUB_WINDOW, and which view */
	int32_t view;
	uint8_t *cross;  /* STUB_WINDOW: the jump of what crosses a page */
	uint8_t *from;   /* STUB_FALL, STUB_WINDOW: the last of a chain of jumps
			 * here */
	uint8_t *back;   /* where to go on; NULL: where pc_next says */
	uint16_t cached; /* STUB_FALL: number of fall_cached + 1, or 0 */
	uint16_t boundary; /* STUB_FALL: the operation where it goes on */
	uint16_t before;   /* STUB_FALL: another of the same instruction + 1 */
	uint16_t dirty, dirties; /* what is to be stored there: in dirty_at[] */
	struct gen_pending pending;
	uint8_t flag_words; /* as g->flag_words */
	uint8_t *code;
};

/* A vector register that is to be stored to a piece of the state. */
struct gen_dirty {
	uint16_t offset;
	uint8_t type, x;
};

/* A vector register that holds what a piece of the state holds. */
struct gen_cached {
	uint16_t offset;
	uint8_t type; /* enum ir_type; IR_NONE: it does not */
	uint16_t id;
};

struct gen {
	struct emit e;
	const struct x64 *x;
	const struct x64_env *env;
	const struct ir_unit *u;
	const struct x64_input *in;
	struct x64_output *out;
	unsigned int at;   /* the operation at hand */
	unsigned int insn; /* the guest instruction at hand */
	bool failed;       /* it cannot be translated */
	uint64_t seed;

	uint16_t locked, locked_x; /* registers of the operation at hand */
	ir_ref owner[16];          /* of general registers, or IR_NO_REF */
	ir_ref pin_head[16];       /* values in a pinned register */
	uint16_t pin_uses[16];     /* uses of these that are to come */
	ir_ref x_head[16];         /* values in vector registers */
	struct gen_cached cached[16];
	uint16_t x_age[16], clock;
	uint16_t cache_ids, cache_read[IR_MAX_OPS + 1]; /* last read, by id */
	struct gen_cached skip_cached[16], fall_cached[GEN_FALLS][16];
	uint16_t fall_dirty[GEN_FALLS];
	unsigned int falls;
	/* vector registers that hold what is not in the state yet (a bit
	 * each), and the same at each place that somebody leaves from */
	uint16_t dirty;
	bool dirty_listed; /* the last list of dirty_at[] is of now */
	struct gen_dirty dirty_at[GEN_DIRTY];
	unsigned int dirty_used, dirty_listed_from;
	uint32_t frame; /* 8-byte slots in use */
	ir_ref in_state[16];
	unsigned int in_states;

	struct gen_eflags ef;
	struct gen_pending pending;
	/* flags that the state is known to have in words (enum ir_flag_mask);
	 * at the open skip */
	unsigned int flag_words, skip_flag_words;
	bool merge_is_lazy; /* both ways of the open skip store theirs lazily */
	/* a COND that is in the host's CF alone, or IR_NO_REF */
	ir_ref carry;
	bool carry_inverted;
	uint8_t *skip_from; /* the jump over the open skip */
	unsigned int fall;  /* STUB_FALL of this instruction + 1, or 0 */
	bool fall_is_old;   /* what is dirty has changed since */

	uint8_t *attention_from[IR_MAX_EXITS]; /* jumps to exits' stubs */

	/* constants of 16 bytes that follow the unit's code (pool.c) */
	struct gen_constant {
		uint64_t low, high;
	} pool[GEN_POOL];
	unsigned int pooled;
	struct emit_fix fix[GEN_FIXES];

	/* loop.c: what registers hold where the unit goes round to */
	struct gen_cached loop[16];
	uint8_t *loop_head; /* or NULL */

	struct gen_stub stub[GEN_STUBS];
	unsigned int stubs;

	struct gen_value val[IR_MAX_OPS];
	/* for users of FLAGS: the value they really use, or IR_NO_REF: what
	 * is in the state.  For SETF, SETC: 0 if it is written where it is
	 * needed, 1 if at once */
	ir_ref flags_of[IR_MAX_OPS];
	bool now[IR_MAX_OPS];
	/* for SET of vectors: whether it is not stored where it stands, since
	 * it will be written again */
	bool lazy[IR_MAX_OPS];
};

struct x64 {
	const struct x64_env *env;
	uint8_t pin_of[GEN_WORDS]; /* host register of a state word, or
				    * NO_PIN */
	uint8_t *enter, *leave, *leave_saved, *exit_to, *exit_next;
	uint8_t *fall, *poll;
	uint8_t *save[2][2]; /* flags: of a sum; all, or C and V */
	uint8_t *work_out;   /* lazy flags; called, registers stay */
	struct gen gen;
};

extern const uint8_t x64_pinned[X64_PINNED];

static inline const struct ir_op *gen_op(const struct gen *g)
{
	return &g->u->op[g->at];
}

/* shared.c: the code that all units use.  The bytes made. */
size_t gen_shared(struct x64 *x, uint8_t *where);

/* To the address in rax, bit 0 of which is T; rcx and rdx change. */
void gen_exit_to(struct gen *g);

/* analyse.c: fills val[], flags_of[], now[], lazy[]. */
void gen_analyse(struct gen *g);
/* Whether a value can be had again from constants and the state as it is
 * before operation 'at', by gen_again(). */
bool gen_can_again(const struct gen *g, ir_ref ref, unsigned int at);
/* What it plus or minus a constant makes, if that has a home there, or
 * IR_NO_REF. */
ir_ref gen_moved_at(const struct gen *g, ir_ref ref, unsigned int at);
/* The home it has there, or NULL. */
const struct gen_home *gen_home_at(const struct gen *g, ir_ref ref,
				   unsigned int at);

/* How the flags of a FLAGS_ operation can be had again. */
enum gen_recipe {
	RECIPE_NONE,
	RECIPE_AB,     /* from both arguments */
	RECIPE_RES_B,  /* from the result and b */
	RECIPE_RES_A,  /* from the result and a */
	RECIPE_RESULT, /* N and Z only, from the result */
};
enum gen_recipe gen_recipe(const struct gen *g, ir_ref flags, unsigned int at,
			   unsigned int mask);

/* regs.c: general registers.  A value in one; loaded if need be. */
unsigned int gen_use(struct gen *g, ir_ref ref);
/* In this very register, to be read only. */
void gen_use_in(struct gen *g, ir_ref ref, unsigned int reg);
/* A copy in this very register, to be changed; no other argument may be the
 * same value. */
void gen_copy_in(struct gen *g, ir_ref ref, unsigned int reg);
/* Whether it is a constant that an immediate can be. */
bool gen_imm32(const struct gen *g, ir_ref ref, int32_t *ret_imm);
bool gen_const(const struct gen *g, ir_ref ref, uint64_t *ret_imm);
/* Whether it is in memory and in no register. */
bool gen_mem(const struct gen *g, ir_ref ref, struct host_mem *ret_mem);
/* For the result: another register than all arguments have. */
unsigned int gen_def(struct gen *g);
/* For the result of one instruction that reads all arguments before it
 * writes: it may be an argument's. */
unsigned int gen_def_any(struct gen *g);
/* For the result, with a copy of a in it; never one that another argument
 * was asked for in. */
unsigned int gen_def_from(struct gen *g, ir_ref a);
/* For the operation at hand only. */
unsigned int gen_temp(struct gen *g);
/* The same, but this register. */
void gen_temp_in(struct gen *g, unsigned int reg);
/* The result is in this register, which was a temporary one until now. */
void gen_def_in(struct gen *g, unsigned int reg);
/* It is in the frame, too, and lives over fall-backs and skips. */
void gen_keep(struct gen *g);
/* No value is in a scratch or vector register any more; those that have no
 * other place and uses to come are stored. */
void gen_spill_all(struct gen *g);
/* Values are lost: at ends of instructions that may fall back, CALL. */
void gen_forget_all(struct gen *g);
/* One use less. */
void gen_release(struct gen *g, ir_ref ref);
void gen_unlock(struct gen *g);
/* Something is about to be written to a state word or pinned register: values
 * that are nowhere else are saved. */
void gen_save_state_values(struct gen *g, unsigned int offset,
			   unsigned int size);
/* The value of the operation at hand is there; false: too many are. */
bool gen_in_state(struct gen *g, unsigned int offset);
void gen_save_pinned_values(struct gen *g, unsigned int reg);
uint64_t gen_random(struct gen *g);
/* Compute it anew from constants and state into reg; only reg is changed,
 * and flags. */
void gen_again(struct gen *g, ir_ref ref, unsigned int reg, unsigned int at);

/* vregs.c: vector registers, the same. */
void gen_get_x(struct gen *g);
void gen_set_x(struct gen *g);
/* Store what is not in the state yet: all of it; what overlaps a piece; all of
 * it on a way out that is not the only one. */
void gen_write_back_all(struct gen *g);
void gen_write_back(struct gen *g, unsigned int offset, unsigned int size);
void gen_store_dirty(struct gen *g);
/* For a stub: what is to be stored there; and that. */
void gen_list_dirty(struct gen *g, struct gen_stub *s);
void gen_store_listed(struct gen *g, const struct gen_stub *s);
/* Registers are no copies of this piece of the state any more. */
void gen_drop_cached(struct gen *g, unsigned int offset, unsigned int size);
void gen_spill_all_x(struct gen *g);
/* As gen_forget_all(); cached: of copies of state too, none of which is
 * dirty. */
void gen_forget_all_x(struct gen *g, bool cached);
unsigned int gen_use_x(struct gen *g, ir_ref ref);
bool gen_mem_x(const struct gen *g, ir_ref ref, struct host_mem *ret_mem);
unsigned int gen_def_x(struct gen *g);
unsigned int gen_def_from_x(struct gen *g, ir_ref a, ir_ref not );
unsigned int gen_temp_x(struct gen *g);
/* Copies between vector registers, and to and from memory, by type. */
void gen_mov_x(struct gen *g, unsigned int to, unsigned int from);
void gen_load_x(struct gen *g, enum ir_type type, unsigned int to,
		struct host_mem from);
void gen_store_x(struct gen *g, enum ir_type type, struct host_mem to,
		 unsigned int from);

/* reg = imm without changing the host's flags, or shorter if nobody wants
 * them. */
void gen_mov_imm(struct gen *g, unsigned int reg, uint64_t imm);

static inline bool gen_is_x(enum ir_type type)
{
	return type >= IR_F32;
}

static inline bool gen_wide(enum ir_type type)
{
	return type == IR_I64 || type == IR_PTR;
}

/* loop.c: before the first operation; and at an exit, which may not come back
 * from it. */
void gen_loop_begin(struct gen *g);
void gen_loop(struct gen *g, unsigned int exit);
/* vregs.c: the register that holds this piece of the state, or NO_REG. */
unsigned int gen_find_cached(const struct gen *g, unsigned int offset,
			     enum ir_type type);

/* pool.c: such a constant in memory; and all of them, with what points there.
 */
struct host_mem gen_pool(struct gen *g, uint64_t low, uint64_t high);
void gen_pool_end(struct gen *g);

/* flags.c */
void gen_clobber_flags(struct gen *g);
/* Whether nobody wants what they hold. */
bool gen_flags_are_free(const struct gen *g);
/* gen_clobber_flags() where the operation at hand wants them still. */
void gen_keep_flags(struct gen *g);
/* Make the host's flags those that the operation at hand asks for (its
 * argument ref); the condition to test them by. */
enum host_cc gen_condition(struct gen *g, ir_ref ref, enum ir_cc cc);
void gen_flags(struct gen *g);
void gen_cond(struct gen *g);
/* The host's flags are those of mask of FLAGS value f now. */
void gen_flags_hold(struct gen *g, ir_ref f, unsigned int mask);
/* Make them so, whatever they hold. */
void gen_bring(struct gen *g, ir_ref f, unsigned int mask);
/* The FLAGS operation behind the one at hand, if it can be had by the same
 * host instruction and somebody wants it in the host's flags. */
bool gen_wants_twin(struct gen *g);
/* It was. */
void gen_twin_done(struct gen *g);
/* CF = c (or its inverse) for ADC and SBC. */
void gen_carry(struct gen *g, ir_ref c, bool inverted);

/* An argument of a recipe before operation 'at'. */
struct gen_arg {
	enum {
		ARG_IMM,
		ARG_REG,
		ARG_MEM,
		ARG_OTHER, /* must be computed: gen_again() */
	} kind;
	unsigned int reg;
	int32_t imm;
	struct host_mem mem;
};
struct gen_arg gen_arg_of(const struct gen *g, ir_ref ref, unsigned int at);
/* reg = the value that f's flags are of, by the recipe, and the host's flags
 * are f's; spare changes. */
void gen_compute_flags(struct gen *g, ir_ref f, enum gen_recipe recipe,
		       unsigned int at, unsigned int reg, unsigned int spare);

static inline bool gen_inverts_carry(enum ir_opcode op)
{
	return op == IR_FLAGS_SUB || op == IR_FLAGS_SBC;
}

/* guest_flags.c: the guest's flags in the state.
 * C becomes a word, if it is none yet.  Changes the host's flags. */
void gen_want_carry_word(struct gen *g);
/* A condition on them. */
enum host_cc gen_condition_in_state(struct gen *g, enum ir_cc cc);
/* Write flags of mask that are pending to the state as it is before operation
 * 'at'; changes rax and rcx.  hot: the host's flags are as g->ef says.  words:
 * those that the state has in words; returns which it has so then. */
unsigned int gen_save_flags(struct gen *g, const struct gen_pending *p,
			    unsigned int at, unsigned int mask, bool hot,
			    unsigned int words);
void gen_setf(struct gen *g);
/* Both ways around a conditional comparison have their flags in the host's:
 * at the skip's beginning, and at its end before and after they meet. */
void gen_merge_begin(struct gen *g);
void gen_merge_ready(struct gen *g);
void gen_merge_end(struct gen *g);
void gen_setc(struct gen *g);

/* flush.c: the code of a STUB_FLUSH, to which jumps lead already. */
void gen_flush_stub(struct gen *g, const struct gen_stub *s);

/* stubs.c */
struct gen_stub *gen_stub(struct gen *g, enum gen_stub_kind kind);
/* The STUB_FALL of the instruction at hand. */
unsigned int gen_fall_stub(struct gen *g);
/* A conditional jump to a stub with a chain of these. */
void gen_jump_stub(struct gen *g, struct gen_stub *s, enum host_cc cc);
/* To the STUB_FALL. */
void gen_jump_fall(struct gen *g, enum host_cc cc);
/* rax = what interpret() and poll() get. */
void gen_load_insn(struct gen *g, unsigned int insn);
/* A direct exit that nothing stands before any more. */
void gen_exit(struct gen *g, unsigned int exit);
/* If attention is wanted, leave by the exit unpatched. */
void gen_exit_attention(struct gen *g, unsigned int exit);
/* One of as many, by the register's value, which changes. */
void gen_exit_among(struct gen *g, unsigned int exit, unsigned int count,
		    unsigned int reg);
/* Its jump as jcc. */
void gen_exit_if(struct gen *g, unsigned int exit, enum host_cc cc);
void gen_stubs(struct gen *g);

/* lower_int.c, lower_mem.c, control.c, vector.c: the operation at hand. */
void gen_int(struct gen *g);
void gen_memory(struct gen *g);
void gen_state(struct gen *g);
void gen_control(struct gen *g);
void gen_vector(struct gen *g);

#endif
