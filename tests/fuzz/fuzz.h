/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzz target gives: libFuzzer's entry, and the seeds that the driver
 * changes at random where libFuzzer is not there.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Seed n in buf; returns its length, 0 if there is no such seed. */
size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size);

/* input.c, for what several targets need. */

/* fuzz_seed() of a target whose seeds are texts; the last is NULL. */
size_t fuzz_text_seed(const char *const *texts, unsigned int n, uint8_t *buf,
		      size_t size);

/* The path of what is called name in a folder of this process, which goes with
 * all its content when the process ends.  The caller frees it. */
char *fuzz_path(const char *name);

/* That file now has these bytes. */
void fuzz_write(const char *path, const uint8_t *data, size_t size);

#endif
