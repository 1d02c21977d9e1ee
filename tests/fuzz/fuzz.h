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

#endif
