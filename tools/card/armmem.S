/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libarmmem: a stand-in for the library that Raspberry Pi OS preloads into
 * every process.  Like the original's ARMv6 form it compares memory a word at
 * a time and decides by a big-endian load (SETEND), so a machine that cannot
 * do SETEND dies in the first program.
 */
	.syntax unified
	.arm
	.arch armv6
	.eabi_attribute 28, 1	/* hard float, or the loader refuses it */
	.text
	.global memcmp
	.type memcmp, %function
/* int memcmp(const void *r0, const void *r1, size_t r2) */
memcmp:
	orr	r3, r0, r1
	tst	r3, #3
	bne	2f
1:	cmp	r2, #4
	blo	2f
	ldr	r3, [r0], #4
	ldr	r12, [r1], #4
	sub	r2, r2, #4
	cmp	r3, r12
	beq	1b
	setend	be
	ldr	r3, [r0, #-4]
	ldr	r12, [r1, #-4]
	setend	le
	cmp	r3, r12
	movhi	r0, #1
	mvnls	r0, #0
	bx	lr
2:	subs	r2, r2, #1
	blo	3f
	ldrb	r3, [r0], #1
	ldrb	r12, [r1], #1
	subs	r3, r3, r12
	beq	2b
	mov	r0, r3
	bx	lr
3:	mov	r0, #0
	bx	lr
	.size memcmp, . - memcmp
	.section .note.GNU-stack, "", %progbits
