/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recorded cases as text, one line each:
 *
 *	row A|T code,code... seed rN=... > end pc cpsr rN=... fpscr=... dN=...
 *
 * A or T is the instruction set; before '>' stand the registers that are not
 * the seed's, behind it those that the case changed, and mem=, the hash of
 * what it wrote.  Numbers are hexadecimal.  A line that begins with '#' is a
 * comment; the file's first says where the values come from.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdbool.h>
#include <stdio.h>

#include "case.h"

void vector_write(FILE *to, const char *row, const struct case_in *in,
		  const struct case_out *out);

/* False: no vector. */
bool vector_read(const char *line, struct case_in *ret_in,
		 struct case_out *ret_out);

#endif
