/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In a build without the translator: the interpreter.
 */
#include <errno.h>

#include "arm/interp.h"
#include "jit/jit.h"

static const char why[] = "this build has no translator";

bool jit_available(const char **ret_why)
{
	*ret_why = why;
	return false;
}

int jit_init(struct cpu *cpu, const struct jit_options *options,
	     struct err *err)
{
	(void)cpu;
	(void)options;
	return err_set(err, ENOTSUP, "%s", why);
}

void jit_fini(struct cpu *cpu)
{
	(void)cpu;
}

enum cpu_exit jit_run(struct cpu *cpu)
{
	return interp_run(cpu);
}

void jit_flush(struct cpu *cpu)
{
	(void)cpu;
}

const struct jit_stats *jit_stats(const struct cpu *cpu)
{
	(void)cpu;
	return NULL;
}

uint64_t jit_calls(const struct cpu *cpu, unsigned int op)
{
	(void)cpu;
	(void)op;
	return 0;
}
