/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing array of anything.
 *
 *	struct vec_of(struct row) rows = { 0 };
 *	*vec_add(&rows) = (struct row){ ... };
 *	for (size_t i = 0; i < rows.n; i++) use(&rows.at[i]);
 *	vec_free(&rows);
 */
#ifndef COMMON_VEC_H
#define COMMON_VEC_H

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

#define vec_of(type)        \
	{                   \
		type *at;   \
		size_t n;   \
		size_t cap; \
	}

/* Room for one more; returns its address, zeroed. */
#define vec_add(v)                                                          \
	({                                                                  \
		__typeof__(v) vec_ = (v);                                   \
		if (vec_->n == vec_->cap) {                                 \
			vec_->cap = vec_->cap ? vec_->cap * 2 : 8;          \
			vec_->at = xrealloc(vec_->at,                       \
					    vec_->cap * sizeof(*vec_->at)); \
		}                                                           \
		memset(&vec_->at[vec_->n], 0, sizeof(*vec_->at));           \
		&vec_->at[vec_->n++];                                       \
	})

/* What the elements own is the caller's to release first. */
#define vec_free(v)                       \
	do {                              \
		__typeof__(v) vec_ = (v); \
		free(vec_->at);           \
		vec_->at = NULL;          \
		vec_->n = vec_->cap = 0;  \
	} while (0)

#endif
