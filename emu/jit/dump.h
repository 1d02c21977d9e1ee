/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units for people: -d in_asm, ir, out_asm, and perf's map of generated code.
 */
#ifndef JIT_DUMP_H
#define JIT_DUMP_H

#include "jit/translate.h"
#include "jit/unit.h"

/* As sys->trace says; u was just translated from d, at the current pc_next. */
void dump_unit(const struct cpu *cpu, const struct unit *u,
	       const struct draft *d, const struct x64_output *out);

/* A unit's guest instructions; cpu stands at it. */
void dump_insns(const struct cpu *cpu, const struct unit *u, FILE *f);

/* A line of /tmp/perf-PID.map; nothing if it cannot be written. */
void dump_perf_map(const void *code, size_t size, const char *name);

#endif
