/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "opts/keyval.h"
#include "opts/near.h"
#include "test.h"

static struct keyvals kv;
static struct err err;

static bool parse(const char *text, const char *first)
{
	keyval_free(&kv);
	return !keyval_parse(&kv, "-device", text, first, &err);
}

/* The value of key in text, whose first word is "driver". */
static bool is(const char *text, const char *key, const char *want)
{
	const char *got;

	if (!parse(text, "driver"))
		return false;
	got = keyval_text(&kv, key);
	return want ? got && !strcmp(got, want) : !got;
}

static void commas(void)
{
	check(is("a,b=c", "driver", "a"));
	check(is("a,b=c", "b", "c"));
	check(is("x=1,x=2", "x", "2")); /* the last counts */
	check(is("file=a,,b,c=d", "file", "a,b"));
	check(is("a,,b", "driver", "a,b"));
	check(is("file=,,,,", "file", ",,"));
	check(is("file=a,", "file", "a"));
	check(is("a=,b=2", "a", ""));
	check(is("a=b=c", "a", "b=c"));
	check(is("a,server,nowait", "server", "on"));
	check(is("a,server,nowait", "wait", "off"));
	check(is("driver=a,no", "no", "on")); /* nothing is left of it */
	check(is("", "driver", NULL));
	check(is("b=c", "driver", NULL));

	check(!parse("=x", "driver"));
	check(strstr(err.text, "-device") != NULL);
	check(!parse("a,=x", "driver"));
	check(!parse("a,,,,=x,,=y,=", "driver"));
	check(parse("word", NULL)); /* no first word: a flag */
	check(keyval_text(&kv, "word") != NULL);
}

static void json(void)
{
	check(is("{\"driver\":\"x\",\"n\":5}", "driver", "x"));
	check(is("{\"driver\":\"x\",\"n\":5}", "n", "5"));
	check(is("{\"b\":true}", "b", "on"));
	check(is("{\"b\":false}", "b", "off"));
	check(is("{\"backing\":null}", "backing", NULL));
	check(is("{\"cache\":{\"direct\":true}}", "cache.direct", "on"));
	check(is("{\"f\":[\"a\",\"b\"]}", "f.1", "b"));
	check(is("{\"f\":[{\"str\":\"a\"}]}", "f.0.str", "a"));
	check(is("{\"f\":\"a,b\"}", "f", "a,b"));

	check(!parse("{", "driver"));
	check(strstr(err.text, "unexpected end") != NULL);
	check(!parse("{\"a\":1} x", "driver"));
	check(!parse("{\"a\":}", "driver"));
	check(!parse("{\"a\":'b'}", "driver"));
	check(!parse("{\"\":1}", "driver"));
	check(!parse("{\"a\":\"b\\u0000c\"}", "driver"));
	check(!parse("{\"a\":\"\xff\"}", "driver"));
}

static void bounds(void)
{
	static char text[KEYVAL_TEXT_MAX + 10];
	size_t n = 0;

	memset(text, 'a', KEYVAL_TEXT_MAX + 1);
	check(!parse(text, "driver"));
	text[KEYVAL_TEXT_MAX] = 0;
	check(parse(text, "driver"));
	for (int i = 0; i < KEYVAL_PAIRS_MAX; i++)
		n += (size_t)sprintf(text + n, "k%d=v,", i);
	check(parse(text, NULL));
	sprintf(text + n, "one=more");
	check(!parse(text, NULL));

	for (n = 0; n < 40; n++)
		memcpy(text + n * 5, "{\"a\":", 5);
	text[n * 5] = 0;
	strcat(text, "1");
	for (n = 0; n < 40; n++)
		strcat(text, "}");
	check(!parse(text, NULL)); /* too deep */
}

static void values(void)
{
	static const char *const words[] = { "red", "green", NULL };
	bool b = true;
	uint64_t n = 7;
	int word = -1;

	check(parse("a=off,b=maybe,c=12,d=13x,e=0x10,f=green,g=blue", NULL));
	check(!keyval_bool(&kv, "a", &b, &err) && !b);
	b = true;
	check(!keyval_bool(&kv, "absent", &b, &err) && b);
	check(keyval_bool(&kv, "b", &b, &err) < 0);
	check(strstr(err.text, "'b=maybe'") && strstr(err.text, "on or off"));
	check(!keyval_number(&kv, "c", 1, 12, &n, &err) && n == 12);
	check(keyval_number(&kv, "c", 13, 14, &n, &err) < 0);
	check(strstr(err.text, "from 13 to 14") != NULL);
	check(keyval_number(&kv, "d", 0, 99, &n, &err) < 0);
	check(!keyval_number(&kv, "e", 0, 99, &n, &err) && n == 16);
	check(!keyval_choice(&kv, "f", words, &word, &err) && word == 1);
	check(keyval_choice(&kv, "g", words, &word, &err) < 0);
	check(strstr(err.text, "red or green") && word == 1);
	check(!keyval_done(&kv, &err));
}

/* What nobody asked for is refused, with what they may have meant. */
static void unknown(void)
{
	static const char *const ignored[] = { "addr", "vectors", NULL };

	check(parse("virtio-blk-device,drvie=a,addr=5", "driver"));
	keyval_text(&kv, "driver");
	keyval_text(&kv, "drive");
	keyval_accept(&kv, ignored);
	check(keyval_done(&kv, &err) < 0);
	check(strstr(err.text, "'drvie'") && strstr(err.text, "'drive'"));
	keyval_add(&kv, "drive", "made");
	check(!strcmp(keyval_text(&kv, "drive"), "made"));
}

static void lists(void)
{
	size_t at = 0;

	check(parse("user,hostfwd=a,net=x,hostfwd=b,hostfwdx=c", "type"));
	check(!strcmp(keyval_next(&kv, "hostfwd", &at), "a"));
	check(!strcmp(keyval_next(&kv, "hostfwd", &at), "b"));
	check(!keyval_next(&kv, "hostfwd", &at));
	check(parse("{\"hostfwd\":[{\"str\":\"a\"},\"b\"]}", "type"));
	at = 0;
	check(!strcmp(keyval_next(&kv, "hostfwd", &at), "a"));
	check(!strcmp(keyval_next(&kv, "hostfwd", &at), "b"));
	check(!keyval_next(&kv, "hostfwd", &at));
	check(!keyval_done(&kv, &err));
}

static const char *nearest(const char *word)
{
	static const char *const known[] = { "nographic", "netdev", "device",
					     "drive", "M" };
	struct near near = { .word = word };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		near_try(&near, known[i]);
	return near.best ? near.best : "";
}

static void near_words(void)
{
	check(!strcmp(nearest("nograpihc"), "nographic"));
	check(!strcmp(nearest("no-graphic"), "nographic"));
	check(!strcmp(nearest("devcie"), "device"));
	check(!strcmp(nearest("driver"), "drive"));
	check(!strcmp(nearest("spice"), ""));
	check(!strcmp(nearest(""), ""));
	check(!strcmp(nearest("a-word-of-more-than-forty-letters-is-not-"
			      "compared"),
		      ""));
}

int main(void)
{
	commas();
	json();
	bounds();
	values();
	unknown();
	lists();
	near_words();
	keyval_free(&kv);
	return test_done();
}
