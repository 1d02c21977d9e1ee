/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls and branches: recursion, two ways to write an interpreter, sorting
 * with a comparison function, strings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

static __attribute__((noinline)) uint32_t fib(uint32_t n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint64_t run_fib(uint64_t n)
{
	uint64_t sum = 0;

	/* fib(15) is 1973 calls */
	for (uint64_t i = 0; i < n; i++)
		sum = mix(sum, fib(15));
	return sum;
}

/* A stack machine's program: a loop that mixes two numbers. */
enum op {
	PUSH,
	ADD,
	XOR,
	SHIFT,
	DUP,
	SWAP,
	STORE,
	LOAD,
	COUNT,
	STOP,
};

static const uint8_t code[] = {
	LOAD, 0, PUSH, 7,   ADD, DUP,   SHIFT, XOR,   STORE, 0,     LOAD, 1,
	LOAD, 0, SWAP, XOR, DUP, SHIFT, ADD,   STORE, 1,     COUNT, 0,    STOP,
};

static uint32_t by_goto(uint32_t rounds)
{
	static const void *const labels[] = { &&push,  &&add,  &&xor,   &&shift,
					      &&dup,   &&swap, &&store, &&load,
					      &&count, &&stop };
	uint32_t stack[16], *sp = stack, var[2] = { rounds, 1 }, t;
	const uint8_t *pc = code;

#define NEXT goto *labels[*pc++]
	NEXT;
push:
	*sp++ = *pc++;
	NEXT;
add:
	sp--;
	sp[-1] += sp[0];
	NEXT;
	xor : sp--;
	sp[-1] ^= sp[0];
	NEXT;
shift:
	sp[-1] = sp[-1] << 5 | sp[-1] >> 27;
	NEXT;
dup:
	sp[0] = sp[-1];
	sp++;
	NEXT;
swap:
	t = sp[-1];
	sp[-1] = sp[-2];
	sp[-2] = t;
	NEXT;
store:
	var[*pc++] = *--sp;
	NEXT;
load:
	*sp++ = var[*pc++];
	NEXT;
count:
	pc = --rounds ? code + *pc : pc + 1;
	NEXT;
stop:
	return var[0] ^ var[1];
#undef NEXT
}

static uint32_t by_switch(uint32_t rounds)
{
	uint32_t stack[16], *sp = stack, var[2] = { rounds, 1 }, t;
	const uint8_t *pc = code;

	for (;;) {
		switch (*pc++) {
		case PUSH:
			*sp++ = *pc++;
			break;
		case ADD:
			sp--;
			sp[-1] += sp[0];
			break;
		case XOR:
			sp--;
			sp[-1] ^= sp[0];
			break;
		case SHIFT:
			sp[-1] = sp[-1] << 5 | sp[-1] >> 27;
			break;
		case DUP:
			sp[0] = sp[-1];
			sp++;
			break;
		case SWAP:
			t = sp[-1];
			sp[-1] = sp[-2];
			sp[-2] = t;
			break;
		case STORE:
			var[*pc++] = *--sp;
			break;
		case LOAD:
			*sp++ = var[*pc++];
			break;
		case COUNT:
			pc = --rounds ? code + *pc : pc + 1;
			break;
		default:
			return var[0] ^ var[1];
		}
	}
}

/* A round of the machine is 18 operations; 100 are a unit. */
static uint64_t run_goto(uint64_t n)
{
	uint64_t sum = 0;

	while (n--)
		sum = mix(sum, by_goto(100));
	return sum;
}

static uint64_t run_switch(uint64_t n)
{
	uint64_t sum = 0;

	while (n--)
		sum = mix(sum, by_switch(100));
	return sum;
}

static int compare(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static uint64_t run_qsort(uint64_t n)
{
	static int32_t data[1000];
	uint32_t seed = 1;
	uint64_t sum = 0;

	while (n--) {
		for (int i = 0; i < 1000; i++)
			data[i] = (int32_t)next_number(&seed);
		qsort(data, 1000, sizeof(data[0]), compare);
		sum = mix(sum, (uint32_t)data[500]);
	}
	return sum;
}

/* Words counted in a hash, printed and compared, as scripts do. */
static uint64_t run_strings(uint64_t n)
{
	static char words[256][16];
	uint32_t seed = 7;
	uint64_t sum = 0;

	while (n--) {
		for (int i = 0; i < 64; i++) {
			char text[16];
			unsigned int slot = 0;

			snprintf(text, sizeof(text), "k%u",
				 (unsigned int)(next_number(&seed) % 1000));
			for (const char *p = text; *p; p++)
				slot = slot * 31 + (unsigned char)*p;
			if (strcmp(words[slot & 255], text) != 0)
				strcpy(words[slot & 255], text);
			sum = mix(sum, strlen(words[slot & 255]));
		}
	}
	return sum;
}

const struct program branchy_programs[] = {
	{ "fib", "million calls", 1e6 / 1973, run_fib },
	{ "interp-goto", "million operations", 1e6 / 1800, run_goto },
	{ "interp-switch", "million operations", 1e6 / 1800, run_switch },
	{ "qsort", "million numbers", 1e6 / 1000, run_qsort },
	{ "strings", "million words", 1e6 / 64, run_strings },
	{ 0 },
};
