/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cases of exceptions.c: "a" in A32, "t" in T32; name and CPSR.  Each ends
 * with "end".
 */
	.syntax unified
	.arch armv7ve
	.arch_extension sec
	.arch_extension virt

	.set	USR, 0x1d0
	.set	FIQ, 0x1d1
	.set	IRQ, 0x1d2
	.set	SVC, 0x1d3
	.set	ABT, 0x1d7
	.set	UND, 0x1db
	.set	SYS, 0x1df
	.set	N, 1 << 31
	.set	Z, 1 << 30
	.set	C, 1 << 29

	.macro	a name:req, cpsr=SYS
	.section .rodata.names
name\@:	.asciz	"\name"
	.section .table, "a"
	.word	name\@, code\@, \cpsr
	.section .cases, "ax"
	.arm
	.align 2
	.macro	end
	.inst	0xe7fffffe
	.purgem end
	.endm
code\@:
	.endm

	.macro	t name:req, cpsr=SYS
	.section .rodata.names
name\@:	.asciz	"\name"
	.section .table, "a"
	.word	name\@, code\@ + 1, \cpsr
	.section .cases, "ax"
	.thumb
	.align 2
	.macro	end
	.inst.n	0xdefe
	.purgem end
	.endm
code\@:
	.endm

	/* where returns go: r2, r3 point here */
	.section .fixed, "aw", %nobits
	.global buffer
buffer:	.skip	256

	.section .table, "a"
	.global table_begin
table_begin:

	a	"udf"
	udf	#1
	end
	a	"udf from USR", USR
	udf	#1
	end
	a	"udf from SVC", SVC
	udf	#1
	end
	t	"udf T16"
	udf	#1
	end
	t	"udf T32", USR
	udf.w	#1
	end
	t	"udf in an IT block", USR + Z
	itte	eq
	moveq	r4, #1
	udf	#1
	movne	r4, #2
	end
	a	"svc from USR", USR + N
	svc	#0
	end
	a	"svc from SVC", SVC
	svc	#0
	end
	t	"svc T32", USR
	svc	#0
	end
	t	"svc in an IT block", USR
	ite	eq
	moveq	r4, #1
	svcne	#0
	end
	t	"svc first in an IT block", USR
	itt	ne
	svcne	#0
	movne	r4, #1
	end
	a	"svc whose condition fails", USR
	svceq	#0
	end
	a	"bkpt"
	bkpt	#1
	end
	t	"bkpt T16", USR
	bkpt	#1
	end
	t	"bkpt in an IT block", USR
	it	ne
	bkpt	#1
	end
	a	"hvc unknown", SVC
	ldr	r0, =0x84001234
	hvc	#0
	end
	.ltorg
	a	"hvc from USR", USR
	hvc	#0
	end
	t	"hvc T32 from USR", USR
	hvc	#0
	end
	a	"smc from USR", USR
	smc	#0
	end
	t	"smc T32 from USR", USR
	smc	#0
	end

	/* status registers */
	a	"mrs cpsr from USR", USR + N + C
	mrs	r4, cpsr
	end
	t	"mrs cpsr T32", IRQ + Z
	mrs	r4, cpsr
	end
	a	"mrs spsr", ABT
	mrs	r4, spsr
	end
	a	"mrs spsr from USR", USR
	mrs	r4, spsr
	end
	a	"msr cpsr, all bits, from USR", USR
	mvn	r4, #0
	msr	cpsr_cxsf, r4
	mrs	r5, cpsr
	end
	a	"msr cpsr, no bits, from USR", USR + N + Z + C
	mov	r4, #0
	msr	cpsr_cxsf, r4
	mrs	r5, cpsr
	end
	a	"msr cpsr, all bits but mode", SVC
	ldr	r4, =0xfffffff3
	msr	cpsr_cxsf, r4
	setend	le
	mrs	r5, cpsr
	end
	.ltorg
	a	"msr cpsr_f", SVC
	mvn	r4, #0
	msr	cpsr_f, r4
	mrs	r5, cpsr
	end
	a	"msr cpsr_s", SVC
	mvn	r4, #0
	msr	cpsr_s, r4
	mrs	r5, cpsr
	end
	a	"msr cpsr_x, then E", SVC
	mvn	r4, #0
	msr	cpsr_x, r4
	mrs	r5, cpsr
	ldr	r6, [r0]
	setend	le
	end
	t	"msr cpsr_c to FIQ", SVC
	mov	r4, #0xd1
	msr	cpsr_c, r4
	mov	r8, #8
	mov	r9, #9
	mrs	r5, cpsr
	end
	a	"msr cpsr, imm", SVC
	msr	cpsr_f, #0x50000000
	end
	a	"msr to mode 0", SVC
	msr	cpsr_c, #0x00
	mrs	r5, cpsr
	end
	a	"msr to mode 0x16", SVC
	msr	cpsr_c, #0xd6
	mrs	r5, cpsr
	end
	a	"msr to mode 0x1a", SVC
	msr	cpsr_c, #0x5a
	mrs	r5, cpsr
	end
	a	"msr to mode 0x15", SYS
	msr	cpsr_c, #0xd5
	mrs	r5, cpsr
	end
	a	"msr spsr, all bits", ABT
	mvn	r4, #0
	msr	spsr_cxsf, r4
	mrs	r5, spsr
	end
	a	"msr spsr_x", IRQ
	mvn	r4, #0
	msr	spsr_x, r4
	mrs	r5, spsr
	end
	a	"msr spsr_c, imm", UND
	msr	spsr_c, #0x0f
	mrs	r5, spsr
	end
	a	"msr spsr from USR", USR
	msr	spsr_f, r4
	end
	a	"mrs banked", SVC
	mrs	r4, sp_usr
	end
	a	"msr banked", SVC
	msr	sp_irq, r4
	end
	t	"mrs banked T32", SVC
	mrs	r4, lr_abt
	end
	t	"msr banked T32", SVC
	msr	lr_abt, r4
	end

	/* CPS, SETEND */
	a	"cps mode from USR", USR
	cps	#0x13
	mrs	r5, cpsr
	end
	a	"cpsid from USR", 0x10
	cpsid	aif
	mrs	r5, cpsr
	end
	a	"cpsie aif", SVC
	cpsie	aif
	mrs	r5, cpsr
	cpsid	i
	mrs	r6, cpsr
	cpsid	f
	mrs	r7, cpsr
	cpsid	a
	end
	a	"cpsie a, mode", SVC
	cpsie	a, #0x1b
	mrs	r5, cpsr
	end
	t	"cpsid T16", 0x1f
	cpsid	i
	mrs	r5, cpsr
	end
	t	"cpsie T32, mode", SVC
	cpsie	a, #0x12
	mrs	r5, cpsr
	end
	a	"cps to mode 0x16", SVC
	cps	#0x16
	mrs	r5, cpsr
	end
	a	"setend be", USR
	ldr	r4, [r0]
	setend	be
	ldr	r5, [r0]
	str	r5, [r0, #4]
	mrs	r6, cpsr
	end
	a	"exception while big-endian", USR
	setend	be
	svc	#0
	end
	a	"SCTLR.EE", SVC
	mrc	p15, 0, r4, c1, c0, 0
	orr	r5, r4, #1 << 25
	mcr	p15, 0, r5, c1, c0, 0
	svc	#0
	end

	/* returns */
	a	"movs pc, lr", IRQ
	movs	pc, lr
	end
	a	"subs pc, lr, #4 to landing + 4", ABT
	add	lr, r2, #8
	subs	pc, lr, #4
	end
	a	"movs pc from USR", USR
	movs	pc, lr
	end
	a	"movs pc from SYS: a case for itself", UND
	msr	spsr_c, #0xdf
	movs	pc, r2
	end
	t	"subs pc, lr T32", IRQ
	mov	r4, #0xd0
	msr	spsr_cxsf, r4
	subs	pc, lr, #0
	end
	t	"subs pc, lr, #8 T32", IRQ
	mov	r4, #0xd0
	msr	spsr_cxsf, r4
	add	lr, r2, #8
	subs	pc, lr, #8
	end
	a	"movs pc to T32", IRQ
	ldr	r4, =0x200001f0
	msr	spsr_cxsf, r4
	movs	pc, r3
	end
	.ltorg
	a	"movs pc into an IT block", IRQ
	ldr	r4, =0x000025f0		@ 0x24: the rest of itt cs
	msr	spsr_cxsf, r4
	movs	pc, r3
	end
	.ltorg
	a	"movs pc to an illegal mode", IRQ
	ldr	r4, =0x200001d6
	msr	spsr_cxsf, r4
	movs	pc, r2
	end
	.ltorg
	a	"eret", ABT
	eret
	end
	a	"eret from USR", USR
	eret
	end

	/* RFE */
	.macro	rfe_case form, off, w
	a	"rfe\form\w", SVC
	ldr	r4, =0xa00001d0
	add	r5, r0, #64
	stm	r5, {r2, r4}
	sub	r5, r5, #\off
	rfe\form r5\w
	end
	.ltorg
	.endm
	rfe_case ia, 0
	rfe_case ia, 0, !
	rfe_case ib, 4
	rfe_case ib, 4, !
	rfe_case da, -4
	rfe_case da, -4, !
	rfe_case db, -8
	rfe_case db, -8, !
	a	"rfe to T32", IRQ
	ldr	r4, =0x000001f0
	stm	r0, {r3, r4}
	rfeia	r0
	end
	.ltorg
	t	"rfe T32", IRQ
	ldr	r4, =0x000001d0
	stm	r0, {r2, r4}
	rfeia	r0!
	end
	.ltorg
	t	"rfedb T32", IRQ
	ldr	r4, =0x000001d0
	strd	r2, r4, [r0]
	add	r0, r0, #8
	rfedb	r0!
	end
	.ltorg
	a	"rfe from USR", USR
	rfeia	r0
	end
	a	"rfe, unaligned", SVC
	add	r0, r0, #2
	rfeia	r0!
	end
	a	"rfe, nothing there", SVC
	rfeia	r1!
	end
	a	"rfe to an illegal mode", IRQ
	ldr	r4, =0x600001d4
	stm	r0, {r2, r4}
	rfeia	r0
	end
	.ltorg

	/* SRS */
	.macro	srs_case form, mode, w
	a	"srs\form \mode\w", ABT
	srs\form sp\w, #\mode
	end
	.endm
	srs_case ia, 0x17
	srs_case ia, 0x17, !
	srs_case ib, 0x17, !
	srs_case da, 0x17, !
	srs_case db, 0x17, !
	srs_case db, 0x13, !
	srs_case db, 0x1f, !
	srs_case ia, 0x11, !
	t	"srs T32", IRQ
	srsdb	sp!, #0x13
	end
	t	"srsia T32", IRQ
	srsia	sp!, #0x12
	end
	a	"srs to an illegal mode", ABT
	.inst	0xf96d0514		@ srsdb sp!, #0x14
	end
	a	"srs to mode 0x1a", ABT
	.inst	0xf96d051a
	end
	a	"srs from USR", USR
	srsdb	sp!, #0x13
	end
	a	"srs, unaligned", ABT
	add	sp, sp, #1
	srsdb	sp!, #0x17
	end
	a	"srs, nothing there", ABT
	mov	sp, r1
	srsdb	sp!, #0x17
	end

	/* LDM, STM with ^ */
	a	"ldm ^, user registers from IRQ", IRQ
	ldm	r0, {r4, sp, lr}^
	nop
	end
	a	"ldm ^, user registers from FIQ", FIQ
	ldm	r0, {r7-r14}^
	nop
	end
	a	"stm ^, user registers from IRQ", IRQ
	stm	r0, {r4, sp, lr}^
	end
	a	"stm ^ from FIQ", FIQ
	mov	r8, #1
	stm	r0, {r8-r14}^
	end
	a	"stmib ^ from ABT", ABT
	stmib	r0, {r1, sp}^
	end
	a	"ldm ^ with pc", IRQ
	ldr	r4, =0x600001d0
	msr	spsr_cxsf, r4
	str	r2, [r0, #8]
	ldm	r0!, {r4, r5, pc}^
	end
	.ltorg
	a	"ldmdb ^ with pc to T32", SVC
	ldr	r4, =0x600001f0
	msr	spsr_cxsf, r4
	str	r3, [r0, #8]
	add	r6, r0, #12
	ldmdb	r6, {r4, r5, pc}^
	end
	.ltorg
	a	"ldm ^ with pc, nothing there", IRQ
	ldm	r1!, {r4, r5, pc}^
	end

	/* aborts, MMU off */
	a	"ldr, nothing there", USR
	ldr	r4, [r1, #4]!
	end
	a	"str, nothing there"
	str	r4, [r1], #4
	end
	t	"ldrb T32, nothing there", USR
	ldrb	r4, [r1, #3]
	end
	t	"ldr in an IT block", USR
	itt	ne
	movne	r4, #1
	ldrne	r5, [r1]
	end
	a	"ldm, nothing there", SVC
	ldm	r1!, {r4-r6}
	end
	a	"stmdb, nothing there", SVC
	stmdb	r1!, {r4-r6}
	end
	a	"push, nothing there", USR
	mov	sp, r1
	push	{r4-r6}
	end
	a	"ldrd, unaligned"
	add	r0, r0, #2
	ldrd	r4, r5, [r0]
	end
	a	"ldrd, word aligned"
	ldrd	r4, r5, [r0, #4]
	end
	a	"strd, unaligned"
	strd	r4, r5, [r0, #1]
	end
	a	"ldm, unaligned"
	add	r0, r0, #1
	ldm	r0!, {r4-r6}
	end
	a	"stm, unaligned", USR
	add	r0, r0, #3
	stm	r0!, {r4-r6}
	end
	a	"ldrex, unaligned", USR
	add	r0, r0, #1
	ldrex	r4, [r0]
	end
	a	"strexd, word aligned", USR
	add	r0, r0, #4
	ldrexd	r4, r5, [r0]
	strexd	r6, r4, r5, [r0]
	end
	a	"ldr, unaligned, SCTLR.A is 0"
	ldr	r4, [r0, #1]
	end
	.macro	strict
	mrc	p15, 0, r4, c1, c0, 0
	orr	r4, r4, #2
	mcr	p15, 0, r4, c1, c0, 0
	isb
	.endm
	a	"ldr, unaligned, SCTLR.A is 1"
	strict
	ldr	r4, [r0, #1]
	end
	a	"strh, unaligned, SCTLR.A is 1"
	strict
	strh	r4, [r0, #1]!
	end
	t	"ldrh T32, unaligned, SCTLR.A is 1"
	strict
	ldrh	r4, [r0, #1]
	end
	a	"ldrb, SCTLR.A is 1"
	strict
	ldrb	r4, [r0, #1]
	end
	a	"jump to nothing", USR
	bx	r1
	end
	a	"jump to nothing in T32", USR
	add	r4, r1, #3
	blx	r4
	end
	a	"load pc with nothing", SVC
	str	r1, [r0]
	ldr	pc, [r0]
	end
	a	"V", SVC
	mrc	p15, 0, r4, c1, c0, 0
	orr	r4, r4, #1 << 13
	mcr	p15, 0, r4, c1, c0, 0
	mrc	p15, 0, r5, c1, c0, 0
	bic	r4, r4, #1 << 13
	mcr	p15, 0, r4, c1, c0, 0
	end

	/* coprocessors */
	a	"mrc to flags", USR + C
	mrc	p14, 0, apsr_nzcv, c0, c0, 0
	end
	a	"mrc, midr to flags"
	mrc	p15, 0, apsr_nzcv, c0, c0, 5
	end
	t	"mrc T32"
	mrc	p15, 0, r4, c1, c0, 0
	end
	a	"mrc from USR", USR
	mrc	p15, 0, r4, c0, c0, 0
	end
	a	"mcr from USR", USR
	mcr	p15, 0, r4, c3, c0, 0
	end
	a	"mrc, condition fails", USR + Z
	mrcne	p15, 0, r4, c0, c0, 0
	end
	a	"mrc p5"
	mrc	p5, 0, r4, c0, c0, 0
	end
	a	"cdp p14"
	cdp	p14, 0, c0, c0, c0, 0
	end
	a	"cdp p15"
	cdp	p15, 1, c0, c2, c3, 4
	end
	a	"ldc p14, c5"
	ldc	p14, c5, [r0], #4
	end
	a	"stc p14, c5"
	stc	p14, c5, [r0], #4
	end
	a	"ldc p15"
	ldc	p15, c0, [r0]
	end
	a	"mrrc p5"
	mrrc	p5, 0, r4, r5, c0
	end
	a	"mcr2"
	mcr2	p15, 0, r4, c13, c0, 2
	end
	a	"mrc2"
	mrc2	p15, 0, r4, c0, c0, 0
	end
	a	"mcrr ttbr0"
	mcrr	p15, 0, r4, r5, c2
	mrrc	p15, 0, r6, r7, c2
	mov	r9, #0
	mcr	p15, 0, r9, c2, c0, 0
	mrrc	p15, 0, r8, r9, c2
	end
	a	"barriers from USR", USR
	mcr	p15, 0, r4, c7, c10, 4
	mcr	p15, 0, r4, c7, c10, 5
	mcr	p15, 0, r4, c7, c5, 4
	end
	a	"cntvct from USR, not allowed", USR
	mrrc	p15, 1, r4, r5, c14
	end
	a	"cntvct from USR, allowed", SVC
	mov	r4, #2
	mcr	p15, 0, r4, c14, c1, 0
	cps	#0x10
	mrrc	p15, 1, r4, r5, c14
	mov	r4, #4
	mov	r5, #5
	mrc	p15, 0, r6, c14, c0, 0
	mrrc	p15, 0, r4, r5, c14
	end
	a	"cnt timers from USR, allowed", SVC
	mov	r4, #0x200
	mcr	p15, 0, r4, c14, c1, 0
	cps	#0x10
	mrc	p15, 0, r4, c14, c2, 1
	mrc	p15, 0, r4, c14, c3, 1
	end
	a	"pmu from USR, not allowed", USR
	mrc	p15, 0, r4, c9, c14, 0
	mrc	p15, 0, r5, c9, c13, 0
	end
	a	"pmu from USR, allowed", SVC
	mov	r4, #1
	mcr	p15, 0, r4, c9, c14, 0
	cps	#0x10
	mrc	p15, 0, r4, c9, c12, 0
	mrc	p15, 0, r5, c9, c13, 0
	mrc	p15, 0, r6, c9, c14, 1
	end
	a	"pmu counters", SVC
	mov	r4, #7
	mcr	p15, 0, r4, c9, c12, 5
	mrc	p15, 0, r5, c9, c13, 1
	mov	r4, #2
	mcr	p15, 0, r4, c9, c12, 5
	mvn	r4, #0
	mcr	p15, 0, r4, c9, c13, 2
	mrc	p15, 0, r6, c14, c8, 2
	mcr	p15, 0, r4, c14, c12, 2
	mrc	p15, 0, r7, c9, c13, 1
	mov	r4, #31
	mcr	p15, 0, r4, c9, c12, 5
	mrc	p15, 0, r8, c9, c13, 1
	end
	a	"ccsidr", SVC
	mov	r9, #0
	mcr	p15, 2, r9, c0, c0, 0
	mrc	p15, 1, r4, c0, c0, 0
	mov	r9, #1
	mcr	p15, 2, r9, c0, c0, 0
	mrc	p15, 1, r5, c0, c0, 0
	mov	r9, #2
	mcr	p15, 2, r9, c0, c0, 0
	mrc	p15, 1, r6, c0, c0, 0
	mov	r9, #3
	mcr	p15, 2, r9, c0, c0, 0
	mrc	p15, 1, r7, c0, c0, 0
	mov	r9, #0
	mcr	p15, 2, r9, c0, c0, 0
	end
	a	"os lock", SVC
	ldr	r4, =0xc5acce55
	mcr	p14, 0, r4, c1, c0, 4
	mrc	p14, 0, r5, c1, c1, 4
	mov	r4, #0
	mcr	p14, 0, r4, c1, c0, 4
	mrc	p14, 0, r6, c1, c1, 4
	end
	.ltorg
	a	"ttbcr", SVC
	mvn	r4, #0
	mcr	p15, 0, r4, c2, c0, 2
	mrc	p15, 0, r5, c2, c0, 2
	bic	r4, r4, #1 << 31
	mcr	p15, 0, r4, c2, c0, 2
	mrc	p15, 0, r6, c2, c0, 2
	mov	r4, #0
	mcr	p15, 0, r4, c2, c0, 2
	end
	a	"vbar", SVC
	mrc	p15, 0, r4, c12, c0, 0
	ldr	r5, =0x5a5a5a5a
	orr	r5, r5, #0x1f
	mcr	p15, 0, r5, c12, c0, 0
	mrc	p15, 0, r6, c12, c0, 0
	mcr	p15, 0, r4, c12, c0, 0
	mov	r4, #4
	end
	.ltorg

	.section .table, "a"
	.global table_end
table_end:

	.section .landing, "ax"
	.arm
	.inst	0xe7fffffe
	.thumb
	.inst.n	0xdefe
	.inst.n	0xdefe
	.inst.n	0xdefe
	.inst.n	0xdefe

	.section .note.GNU-stack, "", %progbits
