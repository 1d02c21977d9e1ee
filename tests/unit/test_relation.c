/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of versions is that of dpkg --compare-versions, with which each
 * row was compared.
 */
#include <string.h>

#include "common/cleanup.h"
#include "kernel/relation.h"
#include "test.h"

static void order(void)
{
	/* Each is less than the next. */
	static const char *const rising[] = {
		"0~~",
		"0~~a",
		"0~",
		"0",
		"0a",
		"0.0~rc1",
		"0.0",
		"1.0~~deb12u1",
		"1.0~deb12u1",
		"1.0",
		"1.0-0ubuntu1",
		"1.0-1~bpo12+1",
		"1.0-1",
		"1.0-1+b1",
		"1.0-1.1",
		"1.0-2",
		"1.0-10",
		"1.0a",
		"1.0+dfsg",
		"1.0.1",
		"1.2",
		"1.10",
		"5.10.223-1",
		"6.1.170-3",
		"6.1.176-1",
		"6.12.107-1",
		"20230210~bpo11+1",
		"20230210",
		"99999999999999999999999999",
		"100000000000000000000000000",
		"1:0.1",
		"10:0",
	};
	size_t n = sizeof(rising) / sizeof(rising[0]);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			int got = version_compare(rising[i], rising[k]);

			check((got > 0) == (i > k) && (got < 0) == (i < k));
		}
	check_eq(version_compare("1.01", "1.1"), 0);
	check_eq(version_compare("0:1", "1"), 0);
	check_eq(version_compare("1-0", "1"), 0);
	check_eq(version_compare("00:1.0", "1.0"), 0);
}

static void parse(void)
{
	autorelations struct relations rels = { 0 };

	check(relations_parse("kmod, linux-base (>= 4.3~),\n"
			      " initramfs-tools (>= 0.120+deb8u2)|"
			      "linux-initramfs-tool , libc6:any (<<2) "
			      "[armhf !amd64] <!nocheck> <x>, old (< 1),",
			      &rels));
	check_eq(rels.n, 6);
	check(!strcmp(rels.at[0].name, "kmod") && rels.at[0].op == REL_ANY);
	check(!strcmp(rels.at[1].version, "4.3~") && rels.at[1].op == REL_GE);
	check(!rels.at[1].or_next && rels.at[2].or_next && !rels.at[3].or_next);
	check(!strcmp(rels.at[3].name, "linux-initramfs-tool"));
	check(!strcmp(rels.at[4].name, "libc6") && rels.at[4].op == REL_LT);
	check(rels.at[5].op == REL_LE);

	autofree char *text = relation_text(&rels.at[1]);

	check(!strcmp(text, "linux-base (>= 4.3~)"));
}

static void nonsense(void)
{
	static const char *const bad[] = {
		"a b",     "a (1)", "a (>= 1", "a (>= )", "a |",  ", a",
		"a (>> 1", "a [x",  "a <x",    "|a",      "a ()", "(>= 1)",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		autorelations struct relations rels = { 0 };

		check(!relations_parse(bad[i], &rels));
	}
	autorelations struct relations none = { 0 };

	check(relations_parse(NULL, &none) && none.n == 0);
	check(relations_parse("", &none) && none.n == 0);
}

static void holds(void)
{
	static const struct {
		enum relation_op op;
		const char *version;
		bool less, same, more; /* is 1.9, 2.0, 2.1 all right? */
	} rows[] = {
		{ REL_ANY, NULL, true, true, true },
		{ REL_LT, "2.0", true, false, false },
		{ REL_LE, "2.0", true, true, false },
		{ REL_EQ, "2.0", false, true, false },
		{ REL_GE, "2.0", false, true, true },
		{ REL_GT, "2.0", false, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[] = "p", version[] = "2.0";
		struct relation rel = { .name = name,
					.op = rows[i].op,
					.version = version };

		check(relation_holds(&rel, "1.9") == rows[i].less);
		check(relation_holds(&rel, "2.0") == rows[i].same);
		check(relation_holds(&rel, "2.1") == rows[i].more);
	}
}

int main(void)
{
	order();
	parse();
	nonsense();
	holds();
	return test_done();
}
