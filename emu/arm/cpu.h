/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one ARMv7-A processor (ARM DDI 0406C), and of the system that
 * its siblings share.
 *
 * One thread runs a struct cpu and is the only one to touch it, except for
 * the members marked atomic.  The flags N, Z, C, V are kept apart, because
 * nearly every instruction sets or tests one; cpu_cpsr() puts the CPSR
 * together.  r[] are the registers of the current mode; the banks hold the
 * others (exception.c swaps them).
 */
#ifndef ARM_CPU_H
#define ARM_CPU_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "arm/insn.h"
#include "common/err.h"
#include "mem/bus.h"
#include "mem/codepages.h"
#include "mem/ram.h"

typedef uint32_t vaddr; /* guest virtual */

enum {
	MAX_CPUS = 8
};

/* CPSR.M (B1.3.1). */
enum cpu_mode {
	MODE_USR = 0x10,
	MODE_FIQ = 0x11,
	MODE_IRQ = 0x12,
	MODE_SVC = 0x13,
	MODE_ABT = 0x17,
	MODE_UND = 0x1b,
	MODE_SYS = 0x1f,
};

enum cpsr_bit {
	CPSR_M = 0x1f,
	SPSR_BITS = (int)0xff1fffff, /* those of an SPSR that are kept */
	CPSR_T = 1 << 5,
	CPSR_F = 1 << 6,
	CPSR_I = 1 << 7,
	CPSR_A = 1 << 8,
	CPSR_E = 1 << 9,
	CPSR_J = 1 << 24,
	CPSR_Q = 1 << 27,
	CPSR_V = 1 << 28,
	CPSR_C = 1 << 29,
	CPSR_Z = 1 << 30,
	CPSR_N = 1u << 31,
};

enum cpu_bank {
	BANK_USR,
	BANK_FIQ,
	BANK_IRQ,
	BANK_SVC,
	BANK_ABT,
	BANK_UND,
	BANKS
};

/* Why a vCPU looks up from its work at the next block: cpu->attention. */
enum attention {
	ATT_IRQ = 1 << 0,     /* an interrupt line changed, or was unmasked */
	ATT_SYNC = 1 << 1,    /* another CPU posted a request (sync.h) */
	ATT_STOP = 1 << 2,    /* the board wants the thread out of the guest */
	ATT_TIMER = 1 << 3,   /* a generic timer's deadline has passed */
	ATT_CODE = 1 << 4,    /* code was written: leave the decoded block */
	ATT_CONTEXT = 1 << 5, /* own thread: the next ITSTATE is not the
			       * block's (interp.c) */
	ATT_LEAVE = 1 << 6,   /* own thread: cpu_leave() was called */
	ATT_TRACE = 1 << 7,   /* always set while sys->trace has one of
			       * TRACE_STATE */
};

/* sys->trace: what is written to sys->trace_file (-d). */
enum trace {
	TRACE_IN_ASM = 1 << 0, /* each block when it is decoded */
	TRACE_INT = 1 << 1,    /* each exception that is taken */
	TRACE_CPU = 1 << 2,    /* the registers before each block */
	TRACE_EXEC = 1 << 3,   /* the address of each block that runs */
	TRACE_IR = 1 << 4, /* the translator's units, as they are optimized */
	TRACE_OUT_ASM = 1 << 5,  /* their host code */
	TRACE_PERF_MAP = 1 << 6, /* /tmp/perf-PID.map for perf(1) */
	TRACE_STATE = TRACE_CPU | TRACE_EXEC,
};

/* cpu->lines: the levels at the processor's interrupt inputs. */
enum cpu_line {
	CPU_LINE_IRQ = 1 << 0,
	CPU_LINE_FIQ = 1 << 1,
};

/* What the instruction at hand ends with, instead of going on. */
enum excp {
	EXCP_NONE,
	EXCP_UNDEF,
	EXCP_SVC,
	EXCP_PREFETCH_ABORT, /* fsr and far are set */
	EXCP_DATA_ABORT,     /* the same */
	EXCP_IRQ,
	EXCP_FIQ,
	EXCP_HVC, /* PSCI; also SMC */
	EXCP_BKPT,
};

/* Why interp_run() came back to the vCPU's thread (board/vcpu.c). */
enum cpu_exit {
	CPU_EXIT_STOP,      /* ATT_STOP was seen */
	CPU_EXIT_WFI,       /* wait for an interrupt, or until the deadline */
	CPU_EXIT_OFF,       /* PSCI CPU_OFF: until another CPU_ON */
	CPU_EXIT_POWER_OFF, /* PSCI SYSTEM_OFF */
	CPU_EXIT_RESET,     /* PSCI SYSTEM_RESET */
	CPU_EXIT_DIFFERENT, /* translated code does something else than the
			     * interpreter: a mistake of ours (jit/verify.h) */
};

enum cpu_model {
	CORTEX_A7,
	CORTEX_A15,
	CPU_MAX
};

/* B3.17, B4.1: the system control registers with a value of their own.  Both
 * names of a register that has two (PRRR is MAIR0) are one member. */
struct cp15 {
	uint32_t sctlr, cpacr;
	uint64_t ttbr0, ttbr1;
	uint32_t ttbcr, dacr;
	uint32_t dfsr, ifsr, dfar, ifar;
	uint64_t par;
	uint32_t prrr, nmrr; /* MAIR0, MAIR1 under LPAE */
	uint32_t vbar, contextidr;
	uint32_t fcseidr; /* storage: there is no FCSE */
	uint32_t tpidrurw, tpidruro, tpidrprw;
	uint32_t csselr;
};

/* SCTLR (B4.1.130). */
enum sctlr_bit {
	SCTLR_M = 1 << 0,
	SCTLR_A = 1 << 1,
	SCTLR_C = 1 << 2,
	SCTLR_CP15BEN = 1 << 5,
	SCTLR_SW = 1 << 10,
	SCTLR_Z = 1 << 11,
	SCTLR_I = 1 << 12,
	SCTLR_V = 1 << 13,
	SCTLR_WXN = 1 << 19,
	SCTLR_UWXN = 1 << 20,
	SCTLR_FI = 1 << 21,
	SCTLR_U = 1 << 22,
	SCTLR_VE = 1 << 24,
	SCTLR_EE = 1 << 25,
	SCTLR_TRE = 1 << 28,
	SCTLR_AFE = 1 << 29,
	SCTLR_TE = 1 << 30,
};

/* FPSCR and FPEXC (B6.1.38): the value as VMRS shows it is put together by
 * vfp_fpscr(); the condition flags and the cumulative bits live apart. */
struct vfp {
	union {
		uint64_t d[32];
		uint32_t s[64]; /* S0..S31 are the first 32 */
	} v;
	uint32_t fpscr;      /* AHP, DN, FZ, RMode, Stride, Len; no flags */
	uint32_t nzcv;       /* bits 31..28, if order is VFP_ORDER_NONE */
	uint32_t order;      /* else what a comparison found, in a form whose
			      * flags are those of order - 1 */
	uint32_t cumulative; /* IOC DZC OFC UFC IXC IDC, QC, where FPSCR has
			      * them */
	uint32_t fpexc;      /* only EN matters */
	uint32_t mode;       /* enum vfp_mode: vfp_mode_changed() */
	/* QC is also set if this is not 0: what saturation has changed */
	uint64_t qc[2];
};

enum vfp_order {
	VFP_LESS = 0,
	VFP_EQUAL = 1,
	VFP_GREATER = 2,
	VFP_ORDER_NONE = 1 << 30,
	VFP_UNORDERED = 1u << 31,
};

/* vfp.mode: why VFP or NEON instructions are not the plain case. */
enum vfp_mode {
	VFP_MODE_OFF = 1 << 0,           /* some or all are UNDEFINED */
	VFP_MODE_FLUSH = 1 << 1,         /* FPSCR.FZ */
	VFP_MODE_SHORT_VECTORS = 1 << 2, /* FPSCR.Len or Stride */
	VFP_MODE_DIRECTED = 1 << 3,      /* FPSCR.RMode is not to nearest */
	VFP_MODE_ODD = VFP_MODE_FLUSH | VFP_MODE_SHORT_VECTORS,
};

/* Who computes instead of fp.c may keep cumulative bits of its own. */
struct vfp_engine {
	uint32_t (*flags)(void); /* those bits, as FPSCR has them */
	/* FPSCR was written: forget them, and look at RMode. */
	void (*changed)(const struct cpu *cpu);
};

/* One 64-bit timer: CNTP or CNTV (B8). */
struct gtimer_unit {
	uint64_t cval;
	uint32_t ctl; /* ENABLE, IMASK; ISTATUS is worked out */
	bool line;    /* as the board was told last */
};

struct gtimer {
	struct gtimer_unit phys, virt;
	uint32_t cntkctl;
	uint32_t cntfrq; /* storage, for whoever boots the kernel */
};

/* The performance monitor (C12): only PMCCNTR counts by itself. */
enum {
	PMU_COUNTERS = 6 /* Cortex-A15; the A7 has 4 */
};

struct pmu {
	uint32_t pmcr, cntenset, ovsr, selr, userenr, intenset, ccfiltr;
	uint32_t evcntr[PMU_COUNTERS], evtyper[PMU_COUNTERS];
	uint64_t cycles_at; /* gtimer_clock() when ccnt was set */
	uint64_t ccnt;      /* PMCCNTR then, or while it stands still */
};

/* CP14 debug: storage only, nothing fires (DESIGN.md §5). */
enum {
	DEBUG_BREAKPOINTS = 6,
	DEBUG_WATCHPOINTS = 4
};

struct debug_regs {
	uint32_t bvr[DEBUG_BREAKPOINTS], bcr[DEBUG_BREAKPOINTS];
	uint32_t wvr[DEBUG_WATCHPOINTS], wcr[DEBUG_WATCHPOINTS];
	uint32_t dscr, vcr, osdlr;
	bool os_lock;
};

struct view;
struct view_pool;
struct fetch_cache;
struct icache;
struct sync_box;
struct arm_system;
struct access_overlay;
struct jit;
struct x64_jump;

struct cpu {
	/* read or written by nearly every instruction */
	uint32_t r[16]; /* r[15] reads as the PC does: this instruction's
			   * address + 8, or + 4 in Thumb */
	uint32_t nf;    /* N is its bit 31 */
	uint32_t zf;    /* Z is zf == 0 */
	uint32_t cf;    /* C: 0 or 1 */
	uint32_t vf;    /* V is its bit 31 */
	/* translated code (jit/) only: flags that are not worked out yet; 0
	 * elsewhere (enum ir_lazy) */
	uint32_t lazy, lazy_a, lazy_b;
	_Atomic uint32_t attention;
	uint32_t pc_next; /* where the block at hand goes on when it ends */
	uint32_t page_va; /* jit/: of the page whose code runs */

	/* Addends by virtual page, of the current context (mmu.h): host
	 * address = va + addend, if > 0.  Big-endian data has its own empty
	 * pair, so that the fast path never tests for it. */
	const int64_t *view_r;
	struct x64_jump *jumps;    /* jit/: the jump cache */
	uint32_t fetch_context[2]; /* mmu.h; in the keys of the jump cache */
	const int64_t *view_w;
	const struct insn *cur;

	uint32_t qf;   /* Q: 0 or 1 */
	uint32_t ge;   /* GE[3:0] */
	uint32_t mode; /* enum cpu_mode */
	bool thumb;
	uint32_t big_endian; /* CPSR.E: 0 or 1; a word for translated code */
	uint32_t masks;      /* CPSR_A | CPSR_I | CPSR_F, where CPSR has them */
	uint8_t it;          /* ITSTATE of the next block */

	/* exclusives: what LDREX saw (interpretation: access.c) */
	uint32_t ex_size; /* 0: the monitor is open */
	vaddr ex_va;
	uint64_t ex_value;

	struct vfp vfp;
	const struct vfp_engine *vfp_engine; /* who computes, or NULL */

	/* banked: [bank] holds what the mode sees while it is not current */
	uint32_t bank_sp[BANKS], bank_lr[BANKS], spsr[BANKS];
	uint32_t bank_usr_r8[5], bank_fiq_r8[5];

	struct cp15 cp15;
	struct gtimer gtimer;
	struct pmu pmu;
	struct debug_regs debug;

	/* an exception on its way: cpu_raise() and friends */
	enum excp excp;
	uint32_t excp_fsr, excp_far;
	bool excp_ext_pending; /* an asynchronous abort is not modelled */
	jmp_buf unwind;        /* interp_run()'s, once it has begun */
	enum cpu_exit exit;    /* why, if exec asked to leave (ATT_STOP) */
	bool exit_wanted;

	struct view *view; /* current; NULL: nothing is remembered */
	struct view_pool *views;
	struct fetch_cache *fetch;            /* mmu.c */
	uint32_t fetch_generation;            /* mmu.h */
	struct sync_box *sync;                /* sync.c */
	struct icache *icache;                /* decoded blocks (interp.c) */
	struct jit *jit;                      /* jit/run.c; or NULL */
	const struct access_overlay *overlay; /* access.h; or NULL */

	/* from other threads */
	_Atomic uint32_t lines;                 /* enum cpu_line */
	_Atomic uint32_t sync_done, sync_asked; /* sync.c */
	uint32_t sync_pending;   /* own: CPUs whose answer DSB waits for */
	_Atomic bool in_guest;   /* false: sync requests need no answer */
	_Atomic bool powered;    /* PSCI: on, or coming up */
	_Atomic uint64_t blocks; /* progress, for x-stats; written seldom */

	unsigned int index; /* MPIDR.Aff0 */
	enum cpu_model model;
	struct arm_system *sys;
	void *board; /* the board's own: struct vcpu */
};

/*
 * What the CPUs share, and what they ask of the board.  Filled by the board
 * before the first instruction, constant afterwards.
 */
struct arm_system {
	struct cpu *cpu[MAX_CPUS];
	unsigned int cpus;
	struct ram *ram;
	struct bus *bus;
	struct codepages *codepages;

	void *board;
	/* cpu->attention or a sync request was set: wake it if it sleeps. */
	void (*kick)(struct cpu *cpu);
	/* The next deadline of cpu's timers changed (ns of gtimer_clock();
	 * UINT64_MAX: none): have ATT_TIMER set and kick() called by then. */
	void (*timer_rearm)(struct cpu *cpu, uint64_t deadline);
	/* A timer's output: n is 13 (phys S), 14 (phys NS), 11 (virt), 10. */
	void (*timer_line)(struct cpu *cpu, unsigned int ppi, bool level);
	/* PSCI CPU_ON: start target at entry with r0 = context; 0 or a PSCI
	 * error.  The target's registers are set up by its own thread. */
	int (*cpu_on)(struct cpu *target, uint32_t entry, uint32_t context);
	/* Time: nanoseconds that stop while the machine is paused. */
	uint64_t (*clock)(void *board);

	unsigned int trace; /* enum trace; constant while the guest runs */
	FILE *trace_file;
};

/* Reset values for its model; memory views and caches are made once. */
int cpu_init(struct cpu *cpu, struct arm_system *sys, unsigned int index,
	     enum cpu_model model, struct err *err);
void cpu_fini(struct cpu *cpu);

/* As after reset: SVC mode, interrupts masked, MMU off; caches emptied. */
void cpu_reset(struct cpu *cpu);

uint32_t cpu_cpsr(const struct cpu *cpu);

/* All bits as given, banks swapped; may change the view.  The caller has
 * checked what the instruction may change (B1.3.3). */
void cpu_set_cpsr(struct cpu *cpu, uint32_t cpsr);

static inline bool cpu_privileged(const struct cpu *cpu)
{
	return cpu->mode != MODE_USR;
}

/* Which bank a mode uses; SYS and USR share one. */
enum cpu_bank cpu_bank_of(uint32_t mode);

/* Whether this processor has the mode: no Monitor, no Hyp. */
bool cpu_mode_valid(uint32_t mode);

/* Another mode's view of a register, for LDM and STM (user registers), SRS:
 * n is 8 to 14. */
uint32_t cpu_user_reg(const struct cpu *cpu, unsigned int n);
void cpu_set_user_reg(struct cpu *cpu, unsigned int n, uint32_t val);
uint32_t cpu_banked_sp(const struct cpu *cpu, uint32_t mode);
void cpu_set_banked_sp(struct cpu *cpu, uint32_t mode, uint32_t val);

/* By the CPU's own thread: look up at the next block, without a kick. */
static inline void cpu_attend_self(struct cpu *cpu, uint32_t attention)
{
	atomic_fetch_or_explicit(&cpu->attention, attention,
				 memory_order_relaxed);
}

/* cpu->masks changed: an interrupt that waits may now be taken. */
static inline void cpu_masks_changed(struct cpu *cpu)
{
	if (atomic_load_explicit(&cpu->lines, memory_order_relaxed))
		cpu_attend_self(cpu, ATT_IRQ);
}

/* Any thread: an input line of the processor goes to this level. */
void cpu_set_line(struct cpu *cpu, enum cpu_line line, bool level);

/* Any thread: set a bit of attention, and kick. */
void cpu_attend(struct cpu *cpu, uint32_t attention);

/* Give up the instruction at hand; the state is as before it. */
_Noreturn void cpu_raise(struct cpu *cpu, enum excp excp);
_Noreturn void cpu_abort(struct cpu *cpu, enum excp excp, uint32_t fsr,
			 uint32_t far);

/* This block is the last: interp_run() returns exit after it. */
void cpu_leave(struct cpu *cpu, enum cpu_exit exit);

/* A32 condition, 0..14 (A8.3): a bit for each value of N Z C V. */
static inline bool cpu_cond(const struct cpu *cpu, unsigned int cond)
{
	static const uint16_t holds[] = {
		0xf0f0, 0x0f0f, 0xcccc, 0x3333, 0xff00, 0x00ff, 0xaaaa, 0x5555,
		0x0c0c, 0xf3f3, 0xaa55, 0x55aa, 0x0a05, 0xf5fa, 0xffff, 0xffff,
	};
	unsigned int flags = (cpu->nf >> 31) << 3 | (cpu->zf ? 0 : 1 << 2) |
			     cpu->cf << 1 | cpu->vf >> 31;

	return holds[cond] >> flags & 1;
}

#endif
