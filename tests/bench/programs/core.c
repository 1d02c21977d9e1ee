/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mix that CoreMark is known for, written anew: sorting and searching a
 * linked list, small integer matrices, a state machine over text, and a CRC
 * of 16 bits over all results.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "program.h"

static uint16_t crc16(uint16_t crc, uint32_t val, unsigned int bits)
{
	while (bits--) {
		bool carry = (crc ^ val) & 1;

		val >>= 1;
		crc >>= 1;
		if (carry)
			crc ^= 0xa001;
	}
	return crc;
}

/* Lists */

enum {
	NODES = 120
};

struct node {
	struct node *next;
	int16_t key, data;
};

static struct node *merge_sort(struct node *list,
			       int (*cmp)(const struct node *,
					  const struct node *))
{
	struct node *tail, *p, *q, *e;
	int size = 1, merges, p_size, q_size;

	for (;; size *= 2) {
		p = list;
		list = tail = NULL;
		merges = 0;
		while (p) {
			merges++;
			q = p;
			for (p_size = 0; p_size < size && q; p_size++)
				q = q->next;
			q_size = size;
			while (p_size > 0 || (q_size > 0 && q)) {
				if (p_size &&
				    (!q_size || !q || cmp(p, q) <= 0)) {
					e = p;
					p = p->next;
					p_size--;
				} else {
					e = q;
					q = q->next;
					q_size--;
				}
				if (tail)
					tail->next = e;
				else
					list = e;
				tail = e;
			}
			p = q;
		}
		tail->next = NULL;
		if (merges <= 1)
			return list;
	}
}

static int by_key(const struct node *a, const struct node *b)
{
	return a->key - b->key;
}

static int by_data(const struct node *a, const struct node *b)
{
	return (a->data & 0xff) - (b->data & 0xff);
}

static uint16_t lists(uint32_t seed)
{
	struct node nodes[NODES], *list = NULL, *p;
	uint16_t crc = (uint16_t)seed;

	for (int i = 0; i < NODES; i++) {
		nodes[i].key = (int16_t)i;
		nodes[i].data = (int16_t)next_number(&seed);
		nodes[i].next = list;
		list = &nodes[i];
	}
	list = merge_sort(list, by_data);
	for (int find = 0; find < 20; find++) {
		struct node *back = NULL;

		for (p = list; p && p->key != find * 5; p = p->next)
			;
		if (p)
			crc = crc16(crc, (uint16_t)p->data, 16);
		while (list) { /* turn it round */
			p = list->next;
			list->next = back;
			back = list;
			list = p;
		}
		list = back;
	}
	list = merge_sort(list, by_key);
	for (p = list; p; p = p->next)
		crc = crc16(crc, (uint16_t)p->data, 16);
	return crc;
}

/* Matrices */

enum {
	SIDE = 12
};

static uint16_t matrices(uint32_t seed)
{
	int16_t a[SIDE][SIDE], b[SIDE][SIDE];
	int32_t c[SIDE][SIDE];
	uint16_t crc = (uint16_t)seed;

	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++) {
			a[i][j] = (int16_t)next_number(&seed);
			b[i][j] = (int16_t)(next_number(&seed) & 0xff);
		}
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < SIDE; i++)
			for (int j = 0; j < SIDE; j++) {
				int32_t sum = 0;

				for (int k = 0; k < SIDE; k++)
					sum += a[i][k] * b[k][j];
				c[i][j] = pass ? (sum >> 2 & 0xf) *
							  (sum >> 5 & 0x7f)
					       : sum;
			}
		for (int i = 0; i < SIDE; i++)
			for (int j = 0; j < SIDE; j++)
				a[i][j] = (int16_t)(a[i][j] + c[j][i]);
	}
	for (int i = 0; i < SIDE; i++)
		crc = crc16(crc, (uint32_t)c[i][i], 32);
	return crc;
}

/* A state machine that sorts out numbers in text */

enum state {
	START,
	SIGN,
	INTEGER,
	FRACTION,
	EXPONENT,
	POWER,
	INVALID,
	STATES
};

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static enum state step(enum state s, char c)
{
	switch (s) {
	case START:
		if (digit(c))
			return INTEGER;
		if (c == '+' || c == '-')
			return SIGN;
		return c == '.' ? FRACTION : INVALID;
	case SIGN:
		if (digit(c))
			return INTEGER;
		return c == '.' ? FRACTION : INVALID;
	case INTEGER:
		if (c == '.')
			return FRACTION;
		return digit(c) ? INTEGER : INVALID;
	case FRACTION:
		if (c == 'e' || c == 'E')
			return EXPONENT;
		return digit(c) ? FRACTION : INVALID;
	case EXPONENT:
		return c == '+' || c == '-' ? POWER : INVALID;
	case POWER:
		return digit(c) ? POWER : INVALID;
	default:
		return INVALID;
	}
}

static uint16_t states(uint32_t seed)
{
	static const char *const words[] = {
		"5012",     "-874",     "+122",     "35.54400", ".1234500",
		"-110.700", "+0.64400", "5.500e+3", "-.123e-2", "T0.3e-1F",
	};
	uint32_t count[STATES] = { 0 };
	uint16_t crc = (uint16_t)seed;

	for (int i = 0; i < 40; i++) {
		const char *word = words[next_number(&seed) % 10];
		enum state s = START;

		while (*word && s != INVALID) {
			s = step(s, *word++);
			count[s]++;
		}
	}
	for (int i = 0; i < STATES; i++)
		crc = crc16(crc, count[i], 32);
	return crc;
}

static uint64_t run_core(uint64_t n)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint16_t crc = lists((uint32_t)i);

		crc = crc16(crc, matrices(crc), 16);
		crc = crc16(crc, states(crc), 16);
		sum = mix(sum, crc);
	}
	return sum;
}

static uint64_t run_list(uint64_t n)
{
	uint64_t sum = 0;

	while (n--)
		sum = mix(sum, lists((uint32_t)n));
	return sum;
}

static uint64_t run_matrix(uint64_t n)
{
	uint64_t sum = 0;

	while (n--)
		sum = mix(sum, matrices((uint32_t)n));
	return sum;
}

static uint64_t run_state(uint64_t n)
{
	uint64_t sum = 0;

	while (n--)
		sum = mix(sum, states((uint32_t)n));
	return sum;
}

const struct program core_programs[] = {
	{ "core", "thousand rounds", 1e3, run_core },
	{ "core-list", "thousand rounds", 1e3, run_list },
	{ "core-matrix", "thousand rounds", 1e3, run_matrix },
	{ "core-state", "thousand rounds", 1e3, run_state },
	{ 0 },
};
