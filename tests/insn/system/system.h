/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the bare-metal programs share: running cases, printing. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* Before run_case(): r, sp, lr, cpsr.  After it: those as the exception
 * found them (of User mode), and the exception.  start.S knows the layout. */
struct state {
	uint32_t r[13], sp, lr, cpsr;
	uint32_t vector; /* 1: undefined, 2: SVC, 3, 4: aborts … */
	uint32_t excp_lr, spsr, excp_cpsr;
};

extern struct state state;

void run_case(uintptr_t code);
void set_bank(uint32_t mode, uint32_t sp, uint32_t lr, uint32_t spsr);
void get_bank(uint32_t mode, uint32_t ret_sp_lr_spsr[3]);

/* The undefined instructions that end a case. */
#define A32_END 0xe7fffffeu
#define T16_END 0xdefeu

/* The case came to its end, without another exception. */
bool ended(void);

void put(const char *text);
void put_hex(uint32_t val);
void put_dec(uint32_t val);

#define READ_CP15(opc1, crn, crm, opc2)                                    \
	({                                                                 \
		uint32_t val_;                                             \
		__asm__ volatile("mrc p15, " #opc1 ", %0, " #crn ", " #crm \
				 ", " #opc2                                \
				 : "=r"(val_));                            \
		val_;                                                      \
	})
#define WRITE_CP15(opc1, crn, crm, opc2, val)                                 \
	__asm__ volatile("mcr p15, " #opc1 ", %0, " #crn ", " #crm ", " #opc2 \
			 "\n\tisb"                                            \
			 :                                                    \
			 : "r"(val)                                           \
			 : "memory")

#endif
