/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VFPv4-D32 instructions (ARM DDI 0406C A8.8, A2.7).
 *
 * Each begins with the check that VFP may be used.  Short vectors do not
 * exist on these processors (MVFR0): with FPSCR.Len or Stride set, the
 * instructions that would be vectors are UNDEFINED.
 */
#include "arm/vfp.h"

#include "arm/exec.h"

#define S(n) (cpu->vfp.v.s[n])
#define D(n) (cpu->vfp.v.d[n])

enum {
	SIGN32_SHIFT = 31,
	SIGN64_SHIFT = 63
};

/* CPACR: cp10's field is what counts (B4.1.40); 1: PL1 only, 3: all. */
static bool access_allowed(const struct cpu *cpu)
{
	unsigned int cp10 = bits32(cpu->cp15.cpacr, 20, 2);

	return cp10 == 3 || (cp10 == 1 && cpu_privileged(cpu));
}

void vfp_check(struct cpu *cpu)
{
	if (unlikely(!(cpu->vfp.fpexc & FPEXC_EN) || !access_allowed(cpu)))
		cpu_raise(cpu, EXCP_UNDEF);
}

void neon_check(struct cpu *cpu)
{
	vfp_check(cpu);
	if (unlikely(bit32(cpu->cp15.cpacr, 31)))
		cpu_raise(cpu, EXCP_UNDEF);
}

void vfp_mode_changed(struct cpu *cpu)
{
	struct vfp *vfp = &cpu->vfp;
	uint32_t mode = 0;

	if (!(vfp->fpexc & FPEXC_EN) || bits32(cpu->cp15.cpacr, 20, 2) != 3 ||
	    bit32(cpu->cp15.cpacr, 31))
		mode |= VFP_MODE_OFF;
	if (vfp->fpscr & FPSCR_FZ)
		mode |= VFP_MODE_FLUSH;
	if (vfp->fpscr & FPSCR_LEN_STRIDE)
		mode |= VFP_MODE_SHORT_VECTORS;
	if (vfp->fpscr & FPSCR_RMODE)
		mode |= VFP_MODE_DIRECTED;
	vfp->mode = mode;
}

static uint32_t nzcv_of(const struct vfp *vfp)
{
	switch (vfp->order) {
	case VFP_LESS:
		return (uint32_t)FP_LESS << 28;
	case VFP_EQUAL:
		return (uint32_t)FP_EQUAL << 28;
	case VFP_GREATER:
		return (uint32_t)FP_GREATER << 28;
	case VFP_UNORDERED:
		return (uint32_t)FP_UNORDERED << 28;
	default:
		return vfp->nzcv;
	}
}

void vfp_collect(struct cpu *cpu)
{
	if (cpu->vfp_engine)
		cpu->vfp.cumulative |= cpu->vfp_engine->flags();
}

uint32_t vfp_fpscr(const struct cpu *cpu)
{
	const struct vfp *vfp = &cpu->vfp;
	uint32_t val = nzcv_of(vfp) | vfp->cumulative | vfp->fpscr;

	if (vfp->qc[0] | vfp->qc[1])
		val |= FPSCR_QC;
	if (cpu->vfp_engine)
		val |= cpu->vfp_engine->flags();
	return val;
}

/* Trap enables are RAZ/WI: exceptions are never trapped. */
void vfp_set_fpscr(struct cpu *cpu, uint32_t val)
{
	cpu->vfp.nzcv = val & FPSCR_NZCV;
	cpu->vfp.order = VFP_ORDER_NONE;
	cpu->vfp.cumulative = val & FPSCR_CUMULATIVE;
	cpu->vfp.fpscr = val & FPSCR_MODES;
	cpu->vfp.qc[0] = cpu->vfp.qc[1] = 0;
	vfp_mode_changed(cpu);
	if (cpu->vfp_engine)
		cpu->vfp_engine->changed(cpu);
}

/* For the instructions that short vectors would apply to. */
static struct fp_env begin(struct cpu *cpu)
{
	vfp_check(cpu);
	if (unlikely(cpu->vfp.fpscr & FPSCR_LEN_STRIDE))
		cpu_raise(cpu, EXCP_UNDEF);
	return fp_env_of(cpu->vfp.fpscr);
}

static struct fp_env begin_scalar(struct cpu *cpu)
{
	vfp_check(cpu);
	return fp_env_of(cpu->vfp.fpscr);
}

static void end(struct cpu *cpu, const struct fp_env *env)
{
	cpu->vfp.cumulative |= env->flags;
}

#define NEG32(x) ((x) ^ 1u << SIGN32_SHIFT)
#define NEG64(x) ((x) ^ UINT64_C(1) << SIGN64_SHIFT)

/*
 * d, n, m: operands; the expression gives the new d.  VMLA and its like round
 * twice, and negate the product, not an operand: a NaN keeps its sign.
 */
#define ARITHMETIC(NAME, expr32, expr64)                               \
	void exec_##NAME##_f32(struct cpu *cpu, const struct insn *in) \
	{                                                              \
		struct fp_env env = begin(cpu);                        \
		uint32_t d = S(in->vd), n = S(in->vn), m = S(in->vm);  \
                                                                       \
		(void)d;                                               \
		S(in->vd) = expr32;                                    \
		end(cpu, &env);                                        \
	}                                                              \
	void exec_##NAME##_f64(struct cpu *cpu, const struct insn *in) \
	{                                                              \
		struct fp_env env = begin(cpu);                        \
		uint64_t d = D(in->vd), n = D(in->vn), m = D(in->vm);  \
                                                                       \
		(void)d;                                               \
		D(in->vd) = expr64;                                    \
		end(cpu, &env);                                        \
	}

ARITHMETIC(VADD, fp32_add(n, m, &env), fp64_add(n, m, &env))
ARITHMETIC(VSUB, fp32_sub(n, m, &env), fp64_sub(n, m, &env))
ARITHMETIC(VMUL, fp32_mul(n, m, &env), fp64_mul(n, m, &env))
ARITHMETIC(VNMUL, NEG32(fp32_mul(n, m, &env)), NEG64(fp64_mul(n, m, &env)))
ARITHMETIC(VDIV, fp32_div(n, m, &env), fp64_div(n, m, &env))
ARITHMETIC(VMLA, fp32_add(d, fp32_mul(n, m, &env), &env),
	   fp64_add(d, fp64_mul(n, m, &env), &env))
ARITHMETIC(VMLS, fp32_add(d, NEG32(fp32_mul(n, m, &env)), &env),
	   fp64_add(d, NEG64(fp64_mul(n, m, &env)), &env))
ARITHMETIC(VNMLA, fp32_add(NEG32(d), NEG32(fp32_mul(n, m, &env)), &env),
	   fp64_add(NEG64(d), NEG64(fp64_mul(n, m, &env)), &env))
ARITHMETIC(VNMLS, fp32_add(NEG32(d), fp32_mul(n, m, &env), &env),
	   fp64_add(NEG64(d), fp64_mul(n, m, &env), &env))
ARITHMETIC(VFMA, fp32_muladd(d, n, m, &env), fp64_muladd(d, n, m, &env))
ARITHMETIC(VFMS, fp32_muladd(d, NEG32(n), m, &env),
	   fp64_muladd(d, NEG64(n), m, &env))
ARITHMETIC(VFNMA, fp32_muladd(NEG32(d), NEG32(n), m, &env),
	   fp64_muladd(NEG64(d), NEG64(n), m, &env))
ARITHMETIC(VFNMS, fp32_muladd(NEG32(d), n, m, &env),
	   fp64_muladd(NEG64(d), n, m, &env))

#define UNARY(NAME, expr32, expr64)                                    \
	void exec_##NAME##_f32(struct cpu *cpu, const struct insn *in) \
	{                                                              \
		struct fp_env env = begin(cpu);                        \
		uint32_t m = S(in->vm);                                \
                                                                       \
		S(in->vd) = expr32;                                    \
		end(cpu, &env);                                        \
	}                                                              \
	void exec_##NAME##_f64(struct cpu *cpu, const struct insn *in) \
	{                                                              \
		struct fp_env env = begin(cpu);                        \
		uint64_t m = D(in->vm);                                \
                                                                       \
		D(in->vd) = expr64;                                    \
		end(cpu, &env);                                        \
	}

UNARY(VMOV, m, m)
UNARY(VABS, m & ~(1u << SIGN32_SHIFT), m & ~(UINT64_C(1) << SIGN64_SHIFT))
UNARY(VNEG, NEG32(m), NEG64(m))
UNARY(VSQRT, fp32_sqrt(m, &env), fp64_sqrt(m, &env))

void exec_VMOV_imm_f32(struct cpu *cpu, const struct insn *in)
{
	begin(cpu);
	S(in->vd) = in->imm;
}

void exec_VMOV_imm_f64(struct cpu *cpu, const struct insn *in)
{
	begin(cpu);
	D(in->vd) = (uint64_t)in->imm << 32;
}

void exec_VCVT_f32_f16(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	S(in->vd) = fp16_to_fp32((uint16_t)(S(in->vm) >> 16 * in->p), &env);
	end(cpu, &env);
}

void exec_VCVT_f16_f32(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);
	uint32_t half = fp32_to_fp16(S(in->vm), &env);
	unsigned int shift = 16 * in->p;

	S(in->vd) = (S(in->vd) & ~(0xffffu << shift)) | half << shift;
	end(cpu, &env);
}

static void set_order(struct cpu *cpu, enum fp_order order,
		      const struct fp_env *env)
{
	static const uint32_t orders[] = { [FP_LESS] = VFP_LESS,
					   [FP_EQUAL] = VFP_EQUAL,
					   [FP_GREATER] = VFP_GREATER,
					   [FP_UNORDERED] = VFP_UNORDERED };

	cpu->vfp.order = orders[order];
	end(cpu, env);
}

void exec_VCMP_f32(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	set_order(cpu, fp32_compare(S(in->vd), S(in->vm), in->p, &env), &env);
}

void exec_VCMP_f64(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	set_order(cpu, fp64_compare(D(in->vd), D(in->vm), in->p, &env), &env);
}

void exec_VCMPZ_f32(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	set_order(cpu, fp32_compare(S(in->vd), 0, in->p, &env), &env);
}

void exec_VCMPZ_f64(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	set_order(cpu, fp64_compare(D(in->vd), 0, in->p, &env), &env);
}

void exec_VCVT_f64_f32(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	D(in->vd) = fp32_to_fp64(S(in->vm), &env);
	end(cpu, &env);
}

void exec_VCVT_f32_f64(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	S(in->vd) = fp64_to_fp32(D(in->vm), &env);
	end(cpu, &env);
}

/* u is "signed" here: op, bit 7. */
void exec_VCVT_f32_int(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	S(in->vd) = fp32_from_fixed(S(in->vm), 32, 0, !in->u, false, &env);
	end(cpu, &env);
}

void exec_VCVT_f64_int(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	D(in->vd) = fp64_from_fixed(S(in->vm), 32, 0, !in->u, false, &env);
	end(cpu, &env);
}

/* u is "signed" here as well: opc2<0>, bit 16. */
void exec_VCVT_int_f32(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	S(in->vd) = fp32_to_fixed(S(in->vm), 32, 0, !in->u, in->p, &env);
	end(cpu, &env);
}

void exec_VCVT_int_f64(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	S(in->vd) = fp64_to_fixed(D(in->vm), 32, 0, !in->u, in->p, &env);
	end(cpu, &env);
}

/* Fixed point: imm is the number of fraction bits, w says unsigned, and the
 * operand is the destination.  To fixed point rounds toward zero, from it to
 * nearest, whatever FPSCR says (A8.8.307). */
static unsigned int fixed_bits(const struct insn *in)
{
	return in->p ? 32 : 16;
}

void exec_VCVT_f32_fix(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	S(in->vd) = fp32_from_fixed(S(in->vd), fixed_bits(in), in->imm, in->w,
				    true, &env);
	end(cpu, &env);
}

void exec_VCVT_f64_fix(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	D(in->vd) = fp64_from_fixed((uint32_t)D(in->vd), fixed_bits(in),
				    in->imm, in->w, true, &env);
	end(cpu, &env);
}

void exec_VCVT_fix_f32(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);

	S(in->vd) = fp32_to_fixed(S(in->vd), fixed_bits(in), in->imm, in->w,
				  true, &env);
	end(cpu, &env);
}

/* The result is extended to the whole register. */
void exec_VCVT_fix_f64(struct cpu *cpu, const struct insn *in)
{
	struct fp_env env = begin_scalar(cpu);
	uint32_t n = fp64_to_fixed(D(in->vd), fixed_bits(in), in->imm, in->w,
				   true, &env);

	D(in->vd) = in->w ? n : (uint64_t)(int64_t)(int32_t)n;
	end(cpu, &env);
}

void exec_VMOV_s_core(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	S(in->vn) = cpu->r[in->rt];
}

void exec_VMOV_core_s(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	cpu->r[in->rt] = S(in->vn);
}

/* S31 and the one after it: UNPREDICTABLE (A8.8.344); here the second is
 * the first of D16, as the register file lies, which QEMU does as well. */
void exec_VMOV_2s_core(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	S(in->vm) = cpu->r[in->rt];
	S(in->vm + 1) = cpu->r[in->rn];
}

void exec_VMOV_core_2s(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	cpu->r[in->rt] = S(in->vm);
	cpu->r[in->rn] = S(in->vm + 1);
}

void exec_VMOV_d_core(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	D(in->vm) = (uint64_t)cpu->r[in->rn] << 32 | cpu->r[in->rt];
}

void exec_VMOV_core_d(struct cpu *cpu, const struct insn *in)
{
	uint64_t d = D(in->vm);

	vfp_check(cpu);
	cpu->r[in->rt] = (uint32_t)d;
	cpu->r[in->rn] = (uint32_t)(d >> 32);
}

static void set_element(struct cpu *cpu, const struct insn *in,
			unsigned int bits)
{
	unsigned int shift = in->x * bits;
	uint64_t mask = (UINT64_C(1) << bits) - 1;

	D(in->vn) = (D(in->vn) & ~(mask << shift)) | (cpu->r[in->rt] & mask)
							     << shift;
}

/* 8 and 16 bits are Advanced SIMD's (A8.8.341). */
void exec_VMOV_e8_core(struct cpu *cpu, const struct insn *in)
{
	neon_check(cpu);
	set_element(cpu, in, 8);
}

void exec_VMOV_e16_core(struct cpu *cpu, const struct insn *in)
{
	neon_check(cpu);
	set_element(cpu, in, 16);
}

void exec_VMOV_e32_core(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	set_element(cpu, in, 32);
}

void exec_VMOV_core_e8(struct cpu *cpu, const struct insn *in)
{
	uint8_t e = (uint8_t)(D(in->vn) >> in->x * 8);

	neon_check(cpu);
	cpu->r[in->rt] = in->u ? e : (uint32_t)(int8_t)e;
}

void exec_VMOV_core_e16(struct cpu *cpu, const struct insn *in)
{
	uint16_t e = (uint16_t)(D(in->vn) >> in->x * 16);

	neon_check(cpu);
	cpu->r[in->rt] = in->u ? e : (uint32_t)(int16_t)e;
}

void exec_VMOV_core_e32(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	cpu->r[in->rt] = (uint32_t)(D(in->vn) >> in->x * 32);
}

static void duplicate(struct cpu *cpu, const struct insn *in, uint64_t ones)
{
	uint64_t d;

	neon_check(cpu);
	if (in->q && (in->vn & 1))
		cpu_raise(cpu, EXCP_UNDEF);
	d = (cpu->r[in->rt] & (UINT64_MAX / ones)) * ones;
	D(in->vn) = d;
	if (in->q)
		D(in->vn + 1) = d;
}

void exec_VDUP_core8(struct cpu *cpu, const struct insn *in)
{
	duplicate(cpu, in, UINT64_C(0x0101010101010101));
}

void exec_VDUP_core16(struct cpu *cpu, const struct insn *in)
{
	duplicate(cpu, in, UINT64_C(0x0001000100010001));
}

void exec_VDUP_core32(struct cpu *cpu, const struct insn *in)
{
	duplicate(cpu, in, UINT64_C(0x0000000100000001));
}

/* Registers of VMRS and VMSR (B9.3.21). */
enum {
	FPSID,
	FPSCR,
	MVFR1 = 6,
	MVFR0,
	FPEXC
};

static const struct {
	uint32_t fpsid;
} ids[] = {
	[CORTEX_A7] = { 0x41023075 },
	[CORTEX_A15] = { 0x410430f0 },
	[CPU_MAX] = { 0x410430f0 },
};

/* All but FPSCR are there while VFP is off, for PL1 only. */
static void check_system_register(struct cpu *cpu, unsigned int reg)
{
	if (reg == FPSCR) {
		vfp_check(cpu);
		return;
	}
	if (!cpu_privileged(cpu) || !access_allowed(cpu))
		cpu_raise(cpu, EXCP_UNDEF);
}

void exec_VMRS(struct cpu *cpu, const struct insn *in)
{
	uint32_t val;

	check_system_register(cpu, in->x);
	switch (in->x) {
	case FPSID:
		val = ids[cpu->model].fpsid;
		break;
	case FPSCR:
		val = vfp_fpscr(cpu);
		break;
	case MVFR1:
		val = 0x11111111;
		break;
	case MVFR0:
		val = 0x10110222;
		break;
	case FPEXC:
		val = cpu->vfp.fpexc;
		break;
	default:
		cpu_raise(cpu, EXCP_UNDEF);
	}
	if (in->rt != 15) {
		cpu->r[in->rt] = val;
		return;
	}
	if (in->x != FPSCR)
		return; /* UNPREDICTABLE */
	cpu->nf = val;
	cpu->zf = !bit32(val, 30);
	cpu->cf = bit32(val, 29);
	cpu->vf = val << 3;
}

void exec_VMSR(struct cpu *cpu, const struct insn *in)
{
	uint32_t val = cpu->r[in->rt];

	check_system_register(cpu, in->x);
	switch (in->x) {
	case FPSCR:
		vfp_set_fpscr(cpu, val);
		break;
	case FPEXC:
		cpu->vfp.fpexc = val & FPEXC_EN;
		vfp_mode_changed(cpu);
		break;
	case FPSID:
	case MVFR0:
	case MVFR1:
		break; /* read only */
	default:
		cpu_raise(cpu, EXCP_UNDEF);
	}
}

/* The base, which as PC is word aligned in Thumb. */
static uint32_t base(const struct cpu *cpu, const struct insn *in)
{
	uint32_t rn = cpu->r[in->rn];

	return in->rn == 15 ? rn & ~3u : rn;
}

static uint32_t offset_address(const struct cpu *cpu, const struct insn *in)
{
	uint32_t off = in->imm * 4;

	return in->u ? base(cpu, in) + off : base(cpu, in) - off;
}

void exec_VLDR_s(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	S(in->vd) = memx_r32(cpu, offset_address(cpu, in));
}

void exec_VSTR_s(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	memx_w32(cpu, offset_address(cpu, in), S(in->vd));
}

/* A doubleword is two words in memory, swapped by big-endian data. */
static uint64_t load_double(struct cpu *cpu, uint32_t va)
{
	uint64_t d = memx_r64(cpu, va);

	return cpu->big_endian ? d << 32 | d >> 32 : d;
}

static void store_double(struct cpu *cpu, uint32_t va, uint64_t d)
{
	memx_w64(cpu, va, cpu->big_endian ? d << 32 | d >> 32 : d);
}

void exec_VLDR_d(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	D(in->vd) = load_double(cpu, offset_address(cpu, in));
}

void exec_VSTR_d(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	store_double(cpu, offset_address(cpu, in), D(in->vd));
}

/*
 * What VLDM and VSTM share: the lowest address, and the base afterwards.
 * An empty or too long list, and the PC as a base that is written, are
 * UNPREDICTABLE; UNDEFINED here.
 */
struct block_transfer {
	uint32_t va, after;
	unsigned int n; /* registers */
};

static struct block_transfer transfer(struct cpu *cpu, const struct insn *in,
				      unsigned int n, enum access access)
{
	bool down = bit32(in->word, 24), write_back = down || in->w;
	struct block_transfer t = { .va = base(cpu, in), .n = n };

	vfp_check(cpu);
	if (!n || in->vd + n > 32 ||
	    (in->rn == 15 && (write_back || cpu->thumb)))
		cpu_raise(cpu, EXCP_UNDEF);
	t.after = down ? t.va - in->imm * 4 : t.va + in->imm * 4;
	if (down)
		t.va = t.after;
	mem_probe_words(cpu, t.va, n * (bit32(in->word, 8) ? 8 : 4), access);
	return t;
}

static void write_back(struct cpu *cpu, const struct insn *in,
		       const struct block_transfer *t)
{
	if (bit32(in->word, 24) || in->w)
		cpu->r[in->rn] = t->after;
}

void exec_VLDM_s(struct cpu *cpu, const struct insn *in)
{
	struct block_transfer t = transfer(cpu, in, in->imm, ACCESS_READ);

	for (unsigned int i = 0; i < t.n; i++)
		S(in->vd + i) = memx_r32(cpu, t.va + 4 * i);
	write_back(cpu, in, &t);
}

void exec_VSTM_s(struct cpu *cpu, const struct insn *in)
{
	struct block_transfer t = transfer(cpu, in, in->imm, ACCESS_WRITE);

	for (unsigned int i = 0; i < t.n; i++)
		memx_w32(cpu, t.va + 4 * i, S(in->vd + i));
	write_back(cpu, in, &t);
}

/* An odd count of words is FLDMX, FSTMX: the last one is not moved. */
static unsigned int doubles(struct cpu *cpu, const struct insn *in)
{
	vfp_check(cpu);
	if (in->imm / 2 > 16)
		cpu_raise(cpu, EXCP_UNDEF);
	return in->imm / 2;
}

void exec_VLDM_d(struct cpu *cpu, const struct insn *in)
{
	struct block_transfer t = transfer(cpu, in, doubles(cpu, in),
					   ACCESS_READ);

	for (unsigned int i = 0; i < t.n; i++)
		D(in->vd + i) = load_double(cpu, t.va + 8 * i);
	write_back(cpu, in, &t);
}

void exec_VSTM_d(struct cpu *cpu, const struct insn *in)
{
	struct block_transfer t = transfer(cpu, in, doubles(cpu, in),
					   ACCESS_WRITE);

	for (unsigned int i = 0; i < t.n; i++)
		store_double(cpu, t.va + 8 * i, D(in->vd + i));
	write_back(cpu, in, &t);
}
