/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The distance is the number of letters to change, add, leave out or swap
 * with their neighbour.  A third of the word may be wrong: more, and the hint
 * would be a guess.
 */
#include "opts/near.h"

#include <stdio.h>
#include <string.h>

enum {
	LONGEST = 40 /* of the words compared */
};

static size_t least(size_t a, size_t b, size_t c)
{
	size_t d = a < b ? a : b;

	return c < d ? c : d;
}

/* Three rows of the usual table. */
static size_t distance(const char *a, size_t la, const char *b, size_t lb)
{
	size_t rows[3][LONGEST + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= lb; j++)
		last[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *free_row = before;

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			now[j] = least(last[j] + 1, now[j - 1] + 1,
				       last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		before = last;
		last = now;
		now = free_row;
	}
	return last[lb];
}

void near_try(struct near *n, const char *known)
{
	size_t lw = strlen(n->word), lk = strlen(known), d;
	size_t longer = lw > lk ? lw : lk;

	if (longer > LONGEST)
		return;
	d = distance(n->word, lw, known, lk);
	if (d * 3 > longer || (n->best && d >= n->distance))
		return;
	n->best = known;
	n->distance = d;
}

const char *near_hint(const struct near *n, char *buf, size_t size)
{
	*buf = 0;
	if (n->best)
		snprintf(buf, size, "; did you mean '%s'?", n->best);
	return buf;
}
