/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bare metal on the virt board: set up stacks and vectors, run main(), turn
 * the machine off.  run_case() runs a few instructions in a chosen state and
 * comes back at the first exception, whatever it is, with all registers.
 * The numbers are offsets in struct state (system.h).
 */
	.syntax unified
	.arch armv7ve
	.arm
	.section .text.start, "ax"
	.global _start
_start:
	ldr	r0, =vectors
	mcr	p15, 0, r0, c12, c0, 0
	cps	#0x1f
	ldr	sp, =stack_end
	bl	main
	ldr	r0, =0x84000008		/* PSCI SYSTEM_OFF */
	hvc	#0
1:	b	1b
	.ltorg

	.macro	vector n
	mcr	p15, 0, r0, c13, c0, 4
	mov	r0, #\n
	b	taken
	.endm

	.align 5
vectors:
	b	vector0
	b	vector1
	b	vector2
	b	vector3
	b	vector4
	b	vector5
	b	vector6
	b	vector7
vector0: vector	0
vector1: vector	1
vector2: vector	2
vector3: vector	3
vector4: vector	4
vector5: vector	5
vector6: vector	6
vector7: vector	7

	/* r0: which; its own value is in TPIDRPRW */
taken:
	mcr	p15, 0, r1, c13, c0, 3
	mrs	r1, cpsr
	setend	le
	mcr	p15, 0, r1, c13, c0, 2
	ldr	r1, =state
	str	r0, [r1, #64]
	mrc	p15, 0, r0, c13, c0, 4
	str	r0, [r1, #0]
	mrc	p15, 0, r0, c13, c0, 3
	str	r0, [r1, #4]
	add	r0, r1, #8
	stm	r0, {r2-r12}^
	nop
	add	r0, r1, #52
	stm	r0, {sp, lr}^
	nop
	str	lr, [r1, #68]
	mrs	r0, spsr
	str	r0, [r1, #72]
	mrc	p15, 0, r0, c13, c0, 2
	str	r0, [r1, #76]
	cps	#0x1f
	ldr	r0, =kept
	ldr	sp, [r0]
	pop	{r4-r11, pc}
	.ltorg

	/* void run_case(const void *code): from SYS mode; bit 0: Thumb */
	.global run_case
run_case:
	push	{r4-r11, lr}
	ldr	r1, =kept
	str	sp, [r1]
	ldr	r1, =state
	ldr	r2, [r1, #60]
	tst	r0, #1
	orrne	r2, r2, #0x20
	ldr	r3, =entry
	stm	r3, {r0, r2}
	ldr	sp, [r1, #52]
	ldr	lr, [r1, #56]
	and	r2, r2, #0x1f
	cmp	r2, #0x11		/* FIQ mode has its own r8 to r12 */
	bne	1f
	cps	#0x11
	add	r2, r1, #32
	ldm	r2, {r8-r12}
1:	cps	#0x13
	mov	lr, r1
	ldm	lr, {r0-r12}
	ldr	lr, =entry
	rfeia	lr
	.ltorg

	/* void set_bank(mode, sp, lr, spsr): not of SYS */
	.global set_bank
set_bank:
	push	{r4, lr}
	mrs	r4, cpsr
	bic	r12, r4, #0x1f
	orr	r12, r12, r0
	msr	cpsr_c, r12
	mov	sp, r1
	mov	lr, r2
	msr	spsr_cxsf, r3
	msr	cpsr_c, r4
	pop	{r4, pc}

	/* void get_bank(mode, uint32_t sp_lr_spsr[3]) */
	.global get_bank
get_bank:
	push	{r4, lr}
	mrs	r4, cpsr
	bic	r12, r4, #0x1f
	orr	r12, r12, r0
	msr	cpsr_c, r12
	mov	r0, sp
	mov	r2, lr
	mrs	r3, spsr
	msr	cpsr_c, r4
	stm	r1, {r0, r2, r3}
	pop	{r4, pc}

	.bss
	.align 3
	.global state
state:	.skip	80
kept:	.skip	8
entry:	.skip	8
	.skip	16384
stack_end:
	.section .note.GNU-stack, "", %progbits
