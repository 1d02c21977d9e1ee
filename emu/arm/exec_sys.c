/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions: status registers, exceptions and returns from them,
 * coprocessors (ARM DDI 0406C B9.3, A8.8).
 *
 * What is UNPREDICTABLE does what QEMU 7.2 does: mostly, it is UNDEFINED.
 * The banked forms of MRS and MSR and ERET belong to the Virtualization
 * Extensions, which are absent.
 */
#include "arm/cp15.h"
#include "arm/exception.h"
#include "arm/exec.h"
#include "arm/psci.h"

enum {
	/* what MSR may write: never T, IT, J */
	CPSR_USER_BITS = 0xf80f0200, /* N Z C V Q GE E */
	CPSR_SYSTEM_BITS = CPSR_USER_BITS | CPSR_A | CPSR_I | CPSR_F | CPSR_M,
	CPSR_HIDDEN = 0x0700fc20, /* T, IT, J: read as zero by MRS */
	FSR_DEBUG_SHORT = 0x002,
	FSR_DEBUG_LPAE = 0x222,
	TTBCR_EAE = 1u << 31,
};

static void need_privilege(struct cpu *cpu)
{
	if (!cpu_privileged(cpu))
		cpu_raise(cpu, EXCP_UNDEF);
}

void exec_UNDEF(struct cpu *cpu, const struct insn *in)
{
	(void)in;
	cpu_raise(cpu, EXCP_UNDEF);
}

/* Status registers */

void exec_MRS(struct cpu *cpu, const struct insn *in)
{
	if (in->u) {
		need_privilege(cpu);
		cpu->r[in->rd] = exception_spsr(cpu);
	} else {
		cpu->r[in->rd] = cpu_cpsr(cpu) & ~(uint32_t)CPSR_HIDDEN;
	}
}

/* x has a bit for each byte that is written. */
static uint32_t byte_mask(unsigned int x)
{
	return (x & 1 ? 0xffu : 0) | (x & 2 ? 0xff00u : 0) |
	       (x & 4 ? 0xff0000u : 0) | (x & 8 ? 0xff000000u : 0);
}

static void write_cpsr(struct cpu *cpu, uint32_t mask, uint32_t val)
{
	uint32_t old = cpu_cpsr(cpu);

	mask &= cpu_privileged(cpu) ? CPSR_SYSTEM_BITS : CPSR_USER_BITS;
	if (!cpu_mode_valid(val & CPSR_M))
		mask &= ~(uint32_t)CPSR_M;
	cpu_set_cpsr(cpu, (old & ~mask) | (val & mask));
}

static void msr(struct cpu *cpu, const struct insn *in, uint32_t val)
{
	uint32_t mask = byte_mask(in->x);

	if (!in->u) {
		write_cpsr(cpu, mask, val);
	} else {
		uint32_t *spsr = &cpu->spsr[cpu_bank_of(cpu->mode)];

		need_privilege(cpu);
		mask &= (uint32_t)SPSR_BITS;
		*spsr = (*spsr & ~mask) | (val & mask);
	}
}

void exec_MSR_reg(struct cpu *cpu, const struct insn *in)
{
	msr(cpu, in, cpu->r[in->rn]);
}

void exec_MSR_imm(struct cpu *cpu, const struct insn *in)
{
	msr(cpu, in, in->imm);
}

void exec_MRS_bank(struct cpu *cpu, const struct insn *in)
{
	exec_UNDEF(cpu, in);
}

void exec_MSR_bank(struct cpu *cpu, const struct insn *in)
{
	exec_UNDEF(cpu, in);
}

/* imm is A I F; w is M.  Without privilege it does nothing. */
void exec_CPS(struct cpu *cpu, const struct insn *in)
{
	uint32_t mask = 0, val = 0;

	if (!cpu_privileged(cpu))
		return;
	if (in->x & 2)
		mask = in->imm << 6 & (CPSR_A | CPSR_I | CPSR_F);
	if (in->x & 1)
		val = mask;
	if (in->w) {
		mask |= CPSR_M;
		val |= in->mode;
	}
	write_cpsr(cpu, mask, val);
}

/* Exceptions and returns from them */

void exec_SVC(struct cpu *cpu, const struct insn *in)
{
	(void)in;
	exception_take(cpu, EXCP_SVC, cpu->pc_next, cpu->it);
}

/* A debug event; IFAR is UNKNOWN (B3.13.5). */
void exec_BKPT(struct cpu *cpu, const struct insn *in)
{
	(void)in;
	cpu_abort(cpu, EXCP_PREFETCH_ABORT,
		  cpu->cp15.ttbcr & TTBCR_EAE ? FSR_DEBUG_LPAE
					      : FSR_DEBUG_SHORT,
		  0);
}

void exec_HVC(struct cpu *cpu, const struct insn *in)
{
	(void)in;
	need_privilege(cpu);
	psci_call(cpu);
}

void exec_SMC(struct cpu *cpu, const struct insn *in)
{
	exec_HVC(cpu, in);
}

void exec_ERET(struct cpu *cpu, const struct insn *in)
{
	(void)in;
	need_privilege(cpu);
	exception_return(cpu, cpu->r[14], exception_spsr(cpu));
}

/* The lower address of two words at base, by P and U; and base after it. */
static uint32_t pair_at(const struct insn *in, uint32_t base)
{
	if (in->u)
		return in->p ? base + 4 : base;
	return in->p ? base - 8 : base - 4;
}

static uint32_t pair_after(const struct insn *in, uint32_t base)
{
	return in->u ? base + 8 : base - 8;
}

void exec_RFE(struct cpu *cpu, const struct insn *in)
{
	uint32_t base = cpu->r[in->rn], at = pair_at(in, base), pc, cpsr;

	need_privilege(cpu);
	mem_probe(cpu, at, 8, ACCESS_READ);
	pc = memx_r32(cpu, at);
	cpsr = memx_r32(cpu, at + 4);
	if (in->w)
		cpu->r[in->rn] = pair_after(in, base);
	exception_return(cpu, pc, cpsr);
}

void exec_SRS(struct cpu *cpu, const struct insn *in)
{
	uint32_t base, at;

	need_privilege(cpu);
	if (!cpu_mode_valid(in->mode))
		cpu_raise(cpu, EXCP_UNDEF);
	base = cpu_banked_sp(cpu, in->mode);
	at = pair_at(in, base);
	mem_probe(cpu, at, 8, ACCESS_WRITE);
	memx_w32(cpu, at, cpu->r[14]);
	memx_w32(cpu, at + 4, exception_spsr(cpu));
	if (in->w)
		cpu_set_banked_sp(cpu, in->mode, pair_after(in, base));
}

/* Coprocessors */

static struct cp15_at narrow(const struct insn *in)
{
	return (struct cp15_at){
		.cp = in->coproc,
		.crn = in->rn,
		.opc1 = in->opc1,
		.crm = in->rm,
		.opc2 = in->opc2,
	};
}

static struct cp15_at wide(const struct insn *in)
{
	return (struct cp15_at){
		.cp = in->coproc,
		.opc1 = in->opc1,
		.crm = in->rm,
		.wide = true,
	};
}

/* Rt = 15 are the flags. */
void exec_MRC(struct cpu *cpu, const struct insn *in)
{
	uint32_t val = (uint32_t)cp15_read(cpu, narrow(in));

	if (in->rt != 15) {
		cpu->r[in->rt] = val;
		return;
	}
	cpu->nf = val;
	cpu->zf = !(val & CPSR_Z);
	cpu->cf = !!(val & CPSR_C);
	cpu->vf = val << 3;
}

void exec_MCR(struct cpu *cpu, const struct insn *in)
{
	cp15_write(cpu, narrow(in), cpu->r[in->rt]);
}

void exec_MRRC(struct cpu *cpu, const struct insn *in)
{
	uint64_t val = cp15_read(cpu, wide(in));

	cpu->r[in->rt] = (uint32_t)val;
	cpu->r[in->ra] = (uint32_t)(val >> 32);
}

void exec_MCRR(struct cpu *cpu, const struct insn *in)
{
	cp15_write(cpu, wide(in),
		   (uint64_t)cpu->r[in->ra] << 32 | cpu->r[in->rt]);
}

/* No coprocessor has any of these: DBGDTR by LDC and STC is absent in QEMU,
 * too. */
void exec_CDP(struct cpu *cpu, const struct insn *in)
{
	exec_UNDEF(cpu, in);
}

void exec_LDC(struct cpu *cpu, const struct insn *in)
{
	exec_UNDEF(cpu, in);
}

void exec_STC(struct cpu *cpu, const struct insn *in)
{
	exec_UNDEF(cpu, in);
}
