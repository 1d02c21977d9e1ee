/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor's registers: reset, the CPSR and the banks.
 *
 * The registers of the current mode are always in r[], so that no instruction
 * asks which mode it runs in; a change of mode stores one bank and loads
 * another.  bank_sp[], bank_lr[] of the current bank are stale meanwhile, and
 * so are bank_fiq_r8[] in FIQ mode and bank_usr_r8[] outside of it.  spsr[] is
 * always right.
 *
 * CPSR.J is not kept: there is no Jazelle and no ThumbEE (DESIGN.md §5).
 */
#include "arm/cpu.h"

#include <string.h>

#include "arm/cp15.h"
#include "arm/gtimer.h"
#include "arm/interp.h"
#include "arm/mmu.h"
#include "arm/vfp.h"

enum {
	CPSR_MASKS = CPSR_A | CPSR_I | CPSR_F,
};

enum cpu_bank cpu_bank_of(uint32_t mode)
{
	switch (mode) {
	case MODE_FIQ:
		return BANK_FIQ;
	case MODE_IRQ:
		return BANK_IRQ;
	case MODE_SVC:
		return BANK_SVC;
	case MODE_ABT:
		return BANK_ABT;
	case MODE_UND:
		return BANK_UND;
	default:
		return BANK_USR;
	}
}

bool cpu_mode_valid(uint32_t mode)
{
	return mode == MODE_USR || mode == MODE_SYS ||
	       cpu_bank_of(mode) != BANK_USR;
}

static void switch_bank(struct cpu *cpu, enum cpu_bank to)
{
	enum cpu_bank from = cpu_bank_of(cpu->mode);
	size_t len = sizeof(cpu->bank_usr_r8);

	if (from == to)
		return;
	if (from == BANK_FIQ) {
		memcpy(cpu->bank_fiq_r8, &cpu->r[8], len);
		memcpy(&cpu->r[8], cpu->bank_usr_r8, len);
	} else if (to == BANK_FIQ) {
		memcpy(cpu->bank_usr_r8, &cpu->r[8], len);
		memcpy(&cpu->r[8], cpu->bank_fiq_r8, len);
	}
	cpu->bank_sp[from] = cpu->r[13];
	cpu->bank_lr[from] = cpu->r[14];
	cpu->r[13] = cpu->bank_sp[to];
	cpu->r[14] = cpu->bank_lr[to];
}

uint32_t cpu_cpsr(const struct cpu *cpu)
{
	return (cpu->nf & CPSR_N) | (cpu->zf ? 0 : CPSR_Z) |
	       (cpu->cf ? CPSR_C : 0) | (cpu->vf >> 31 ? CPSR_V : 0) |
	       (cpu->qf ? CPSR_Q : 0) | (uint32_t)(cpu->it & 3) << 25 |
	       (uint32_t)(cpu->it >> 2) << 10 | cpu->ge << 16 |
	       (cpu->big_endian ? CPSR_E : 0) | cpu->masks |
	       (cpu->thumb ? CPSR_T : 0) | cpu->mode;
}

void cpu_set_cpsr(struct cpu *cpu, uint32_t cpsr)
{
	bool privileged = cpu_privileged(cpu), big_endian = cpu->big_endian;

	switch_bank(cpu, cpu_bank_of(cpsr & CPSR_M));
	cpu->mode = cpsr & CPSR_M;
	cpu->nf = cpsr;
	cpu->zf = !(cpsr & CPSR_Z);
	cpu->cf = !!(cpsr & CPSR_C);
	cpu->vf = cpsr << 3;
	cpu->qf = !!(cpsr & CPSR_Q);
	cpu->ge = cpsr >> 16 & 0xf;
	cpu->it = (uint8_t)((cpsr >> 25 & 3) | (cpsr >> 8 & 0xfc));
	cpu->thumb = cpsr & CPSR_T;
	cpu->big_endian = !!(cpsr & CPSR_E);
	cpu->masks = cpsr & CPSR_MASKS;

	if (cpu_privileged(cpu) != privileged || cpu->big_endian != big_endian)
		mmu_context_changed(cpu);
	cpu_masks_changed(cpu);
}

uint32_t cpu_user_reg(const struct cpu *cpu, unsigned int n)
{
	enum cpu_bank bank = cpu_bank_of(cpu->mode);

	if (n < 13)
		return bank == BANK_FIQ ? cpu->bank_usr_r8[n - 8] : cpu->r[n];
	if (bank == BANK_USR)
		return cpu->r[n];
	return n == 13 ? cpu->bank_sp[BANK_USR] : cpu->bank_lr[BANK_USR];
}

void cpu_set_user_reg(struct cpu *cpu, unsigned int n, uint32_t val)
{
	enum cpu_bank bank = cpu_bank_of(cpu->mode);

	if (n < 13 && bank == BANK_FIQ)
		cpu->bank_usr_r8[n - 8] = val;
	else if (n < 13 || bank == BANK_USR)
		cpu->r[n] = val;
	else if (n == 13)
		cpu->bank_sp[BANK_USR] = val;
	else
		cpu->bank_lr[BANK_USR] = val;
}

uint32_t cpu_banked_sp(const struct cpu *cpu, uint32_t mode)
{
	enum cpu_bank bank = cpu_bank_of(mode);

	return bank == cpu_bank_of(cpu->mode) ? cpu->r[13] : cpu->bank_sp[bank];
}

void cpu_set_banked_sp(struct cpu *cpu, uint32_t mode, uint32_t val)
{
	enum cpu_bank bank = cpu_bank_of(mode);

	if (bank == cpu_bank_of(cpu->mode))
		cpu->r[13] = val;
	else
		cpu->bank_sp[bank] = val;
}

void cpu_attend(struct cpu *cpu, uint32_t attention)
{
	atomic_fetch_or(&cpu->attention, attention);
	if (cpu->sys->kick)
		cpu->sys->kick(cpu);
}

void cpu_set_line(struct cpu *cpu, enum cpu_line line, bool level)
{
	if (!level) {
		atomic_fetch_and(&cpu->lines, ~(uint32_t)line);
		return;
	}
	if (!(atomic_fetch_or(&cpu->lines, line) & line))
		cpu_attend(cpu, ATT_IRQ);
}

void cpu_raise(struct cpu *cpu, enum excp excp)
{
	cpu->excp = excp;
	longjmp(cpu->unwind, 1);
}

void cpu_abort(struct cpu *cpu, enum excp excp, uint32_t fsr, uint32_t far)
{
	cpu->excp_fsr = fsr;
	cpu->excp_far = far;
	cpu_raise(cpu, excp);
}

void cpu_leave(struct cpu *cpu, enum cpu_exit exit)
{
	cpu->exit = exit;
	cpu->exit_wanted = true;
	cpu_attend_self(cpu, ATT_LEAVE);
}

void cpu_reset(struct cpu *cpu)
{
	memset(cpu->r, 0, sizeof(cpu->r));
	memset(cpu->bank_sp, 0, sizeof(cpu->bank_sp));
	memset(cpu->bank_lr, 0, sizeof(cpu->bank_lr));
	memset(cpu->spsr, 0, sizeof(cpu->spsr));
	memset(cpu->bank_usr_r8, 0, sizeof(cpu->bank_usr_r8));
	memset(cpu->bank_fiq_r8, 0, sizeof(cpu->bank_fiq_r8));
	vfp_set_fpscr(cpu, 0);
	cpu->vfp = (struct vfp){ .mode = VFP_MODE_OFF,
				 .order = VFP_ORDER_NONE };
	cpu->ex_size = 0;
	cpu->exit_wanted = false;

	cp15_tables();
	cp15_reset(cpu);
	gtimer_reset(cpu);
	interp_flush(cpu);
	cpu_set_cpsr(cpu, CPSR_MASKS | MODE_SVC);
	mmu_context_changed(cpu);
	mmu_flush_all(cpu);
	cpu->pc_next = 0; /* the low vectors: SCTLR.V is 0 */
}

int cpu_init(struct cpu *cpu, struct arm_system *sys, unsigned int index,
	     enum cpu_model model, struct err *err)
{
	int r;

	memset(cpu, 0, sizeof(*cpu));
	cpu->sys = sys;
	cpu->index = index;
	cpu->model = model;
	cpu->mode = MODE_SVC;
	if (sys->trace & TRACE_STATE)
		cpu->attention = ATT_TRACE;
	r = mmu_init(cpu, err);
	if (r < 0)
		return r;
	r = interp_init(cpu, err);
	if (r < 0) {
		mmu_fini(cpu);
		return r;
	}
	cpu_reset(cpu);
	return 0;
}

void cpu_fini(struct cpu *cpu)
{
	interp_fini(cpu);
	mmu_fini(cpu);
}
