/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of options, with commas and as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "opts/keyval.h"

static const char *const seeds[] = {
	"virt,usb=off,dump-guest-core=off,memory-backend=mach-virt.ram",
	"file=a,,b.img,if=none,server,nowait,cache.direct=on,serial=",
	"user,hostfwd=tcp::1-:2,hostfwd=tcp::3-:4,net=10.0.2.0/24",
	"{\"driver\":\"file\",\"cache\":{\"direct\":true,\"no-flush\":false},"
	"\"hostfwd\":[{\"str\":\"tcp::1-:2\"},\"b\",[1,2.5,-3]],"
	"\"backing\":null,\"size\":268435456,\"text\":\"\\u00e4\\n\"}",
	"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":[[[[[[[1]]]]]]]}}}}}}",
	NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = { "none", "virtio", NULL };
	char *text = malloc(size + 1);
	struct keyvals kv;
	struct err err;
	uint64_t number = 5;
	bool flag = false;
	size_t at = 0;
	int word = 0;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = 0;
	if (keyval_parse(&kv, "-fuzz", text, "type", &err) < 0) {
		free(text);
		return 0;
	}
	if (kv.pairs.n > KEYVAL_PAIRS_MAX)
		abort();
	for (size_t i = 0; i < kv.pairs.n; i++) {
		if (!*kv.pairs.at[i].key)
			abort();
	}
	(void)keyval_text(&kv, "type");
	while (keyval_next(&kv, "hostfwd", &at))
		;
	(void)keyval_bool(&kv, "cache.direct", &flag, &err);
	if (!keyval_number(&kv, "size", 1, 1 << 30, &number, &err) &&
	    (number < 1 || number > 1 << 30))
		abort();
	(void)keyval_choice(&kv, "if", words, &word, &err);
	(void)keyval_done(&kv, &err);
	keyval_free(&kv);
	free(text);
	return 0;
}

size_t fuzz_seed(unsigned int n, uint8_t *buf, size_t size)
{
	return fuzz_text_seed(seeds, n, buf, size);
}
