/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fix functions: once after an instruction was decoded they turn what the
 * encoding says into what its exec function wants.
 */
#ifndef ARM_FIX_H
#define ARM_FIX_H

#include "arm/insn.h"

typedef void fix_fn(struct insn *in);

/* Rows share fixes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#define INSN(name, exec, fix, bits) fix_fn fix_##fix;
#include "arm/a32.inc"
#include "arm/a32_uncond.inc"
#include "arm/neon.inc"
#include "arm/t16.inc"
#include "arm/t32.inc"
#include "arm/vfp.inc"
#undef INSN
#pragma GCC diagnostic pop

static inline bool fix_is_thumb(const struct insn *in)
{
	return in->flags & INSN_THUMB;
}

/* Bit 20 is L in A32 and in T32. */
static inline bool fix_is_load(const struct insn *in)
{
	return in->word >> 20 & 1;
}

/* The encoding is UNDEFINED after all, or UNPREDICTABLE and taken so. */
void fix_undef(struct insn *in);

/* A destination that only UNPREDICTABLE encodings can make the PC is the PC:
 * exec runs as it stands, then r[15] is branched to. */
void fix_pc_written(struct insn *in);

#endif
