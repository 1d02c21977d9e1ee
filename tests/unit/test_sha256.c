/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expected sums: FIPS 180-4's examples, and coreutils' sha256sum. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "host/sha256.h"
#include "test.h"

static bool is(const char *data, size_t len, size_t step, const char *want)
{
	char hex[SHA256_HEX];
	struct sha256 sha;

	sha256_init(&sha);
	for (size_t i = 0; i < len; i += step)
		sha256_add(&sha, data + i, len - i < step ? len - i : step);
	sha256_end(&sha, hex);
	return !strcmp(hex, want);
}

int main(void)
{
	static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkl"
				  "jklmklmnlmnomnopnopq";
	static char a[1000000];
	char hex[SHA256_HEX];
	struct err err;

	check(is("", 0, 1,
		 "e3b0c44298fc1c149afbf4c8996fb924"
		 "27ae41e4649b934ca495991b7852b855"));
	check(is("abc", 3, 3,
		 "ba7816bf8f01cfea414140de5dae2223"
		 "b00361a396177a9cb410ff61f20015ad"));
	check(is(two, 56, 56,
		 "248d6a61d20638b8e5c026930c3e6039"
		 "a33ce45964ff2167f6ecedd419db06c1"));
	memset(a, 'a', sizeof(a));
	for (size_t step = 1; step < 200; step += 31)
		check(is(a, sizeof(a), step,
			 "cdc76e5c9914fb9281a1c7e284d73e67"
			 "f1809a48a497200e046d39ccc7112cd0"));
	/* Lengths around the padding's edge: 55, 56, 63, 64. */
	check(is(a, 55, 7,
		 "9f4390f8d30c2dd92ec9f095b65e2b9a"
		 "e9b0a925a5258e241c9f1e910f734318"));
	check(is(a, 56, 7,
		 "b35439a4ac6f0948b6d6f9e3c6af0f5f"
		 "590ce20f1bde7090ef7970686ec6738a"));
	check(is(a, 63, 7,
		 "7d3e74a05d7db15bce4ad9ec0658ea98"
		 "e3f06eeecf16b4c6fff2da457ddc2f34"));
	check(is(a, 64, 7,
		 "ffe054fe7ae0cb6dc65c3af9b61d5209"
		 "f439851db43d0ba5997337df154668eb"));
	check(sha256_file("/no/such/file", hex, NULL, &err) == -ENOENT);
	return test_done();
}
