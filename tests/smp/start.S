/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bare metal on the virt board, several CPUs: stacks, vectors, VFP; main() on
 * the first, what cpu_start() says on the others (entered by PSCI, r0 = which).
 */
	.syntax unified
	.arch armv7ve
	.fpu neon-vfpv4
	.arm
	.section .text.start, "ax"
	.global _start
_start:
	mov	r0, #0
	bl	prepare
	bl	main
	.global power_off
power_off:
	ldr	r0, =0x84000008		/* PSCI SYSTEM_OFF */
	hvc	#0
1:	b	1b

	.global second_start
second_start:
	mov	r4, r0
	bl	prepare
	mov	r0, r4
	bl	second_main
1:	wfi
	b	1b

	/* r0: which CPU; keeps r4 */
prepare:
	mov	r12, lr
	cps	#0x13
	ldr	r1, =stacks + 16384
	add	sp, r1, r0, lsl #14
	cps	#0x17			/* aborts: a stack of its own */
	ldr	r1, =abort_stacks + 4096
	add	sp, r1, r0, lsl #12
	cps	#0x1b
	ldr	sp, =abort_stacks + 4096
	add	sp, sp, r0, lsl #12
	cps	#0x13
	ldr	r1, =vectors
	mcr	p15, 0, r1, c12, c0, 0
	mrc	p15, 0, r1, c1, c0, 2
	orr	r1, r1, #0xf << 20
	mcr	p15, 0, r1, c1, c0, 2
	isb
	mov	r1, #1 << 30
	vmsr	fpexc, r1
	bx	r12
	.ltorg

	.macro	vector n
	push	{r0-r3, r12, lr}
	mov	r0, #\n
	b	taken
	.endm

	.align 5
vectors:
	b	.
	b	vector1
	b	.
	b	vector3
	b	vector4
	b	.
	b	.
	b	.
vector1: vector	1
vector3: vector	3
vector4: vector	4

	/* unexpected(vector, address) does not come back */
taken:
	ldr	r1, [sp, #20]
	b	unexpected

	.bss
	.align 4
stacks:	.skip	16384 * 4
abort_stacks: .skip 4096 * 4
	.section .note.GNU-stack, "", %progbits
