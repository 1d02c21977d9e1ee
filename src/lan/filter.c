/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iptables is asked as what it is here (nft or legacy); the other one only if
 * it holds rules in the kernel, because asking would load its modules.
 */
#include "lan/filter.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/run.h"
#include "lan/tap.h"

enum {
	RUN_MS = 20000,
	FILE_MAX = 65536
};

struct program {
	const char *name;
	const char *sysctl;   /* bridge-nf-call-… */
	const char *in_force; /* this file has a line "filter"; NULL: always */
};

static const struct program programs[] = {
	{ "iptables", "bridge-nf-call-iptables", NULL },
	{ "iptables-legacy", "bridge-nf-call-iptables",
	  "/proc/net/ip_tables_names" },
	{ "ip6tables", "bridge-nf-call-ip6tables", NULL },
	{ "ip6tables-legacy", "bridge-nf-call-ip6tables",
	  "/proc/net/ip6_tables_names" },
};

enum {
	PROGRAMS = sizeof(programs) / sizeof(programs[0])
};

static bool switched_on(const char *root, const char *sysctl)
{
	autofree char *path = xasprintf("%s/proc/sys/net/bridge/%s", root,
					sysctl);
	autofree char *text = NULL;
	struct err ignored;

	return !files_read(path, FILE_MAX, &text, NULL, &ignored) &&
	       *text == '1';
}

bool filter_bridged(const char *root)
{
	return switched_on(root, "bridge-nf-call-iptables") ||
	       switched_on(root, "bridge-nf-call-ip6tables");
}

static bool in_force(const struct program *p)
{
	autofree char *text = NULL;
	struct err ignored;

	if (!p->in_force)
		return true;
	return !files_read(p->in_force, FILE_MAX, &text, NULL, &ignored) &&
	       strstr(text, "filter");
}

static bool succeeds(const char *const *argv, struct str *ret_out)
{
	struct run_child child = { .argv = argv, .timeout_ms = RUN_MS };
	struct err ignored;

	return !run_check(&child, ret_out, &ignored);
}

/* Our rule as words, in this chain.  command: -C, -I. */
static bool rule(const char *program, const char *command, const char *chain,
		 const char *bridge)
{
	const char *const argv[] = { program, "-w", "5",      command,
				     chain,   "-i", bridge,   "-o",
				     bridge,  "-j", "ACCEPT", NULL };

	return succeeds(argv, NULL);
}

static bool has_chain(const char *program, const char *chain)
{
	const char *const argv[] = {
		program, "-w", "5", "-n", "-L", chain, NULL
	};

	return succeeds(argv, NULL);
}

/* Would a packet between two ports come to its end? */
static bool drops(const char *program)
{
	const char *const argv[] = {
		program, "-w", "5", "-S", "FORWARD", NULL
	};
	autostr struct str out = { 0 };

	if (!succeeds(argv, &out) || !out.text)
		return false;
	return strstr(out.text, "-P FORWARD DROP") ||
	       strstr(out.text, "-A FORWARD -j DROP") ||
	       strstr(out.text, "-A FORWARD -j REJECT");
}

static bool accepted(const char *program, const char *bridge)
{
	static const char *const physdev[] = { "-m", "physdev",
					       "--physdev-is-bridged", "-j",
					       "ACCEPT" };
	const char *argv[5 + 5 + 1] = { program, "-w", "5", "-C", "FORWARD" };

	for (int i = 0; i < 5; i++)
		argv[5 + i] = physdev[i];
	return rule(program, "-C", "DOCKER-USER", bridge) ||
	       rule(program, "-C", "FORWARD", bridge) || succeeds(argv, NULL);
}

static void ask_iptables(const char *bridge, struct filter_drops *ret)
{
	for (size_t i = 0; i < PROGRAMS; i++) {
		const struct program *p = &programs[i];

		if (!switched_on("", p->sysctl) || !run_have(p->name) ||
		    !in_force(p) || !drops(p->name) ||
		    accepted(p->name, bridge))
			continue;
		*vec_add(&ret->all) = (struct filter_drop){
			FILTER_IPTABLES, xstrdup(p->name),
			has_chain(p->name, "DOCKER-USER")
		};
	}
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(o, key, &value)
		       ? json_object_get_string(value)
		       : "";
}

/* A base chain at the hook forward whose policy is drop; the tables that
 * iptables-nft keeps were asked through it. */
static void look_at_chain(struct json_object *chain, struct filter_drops *ret)
{
	const char *family = text_of(chain, "family");
	const char *table = text_of(chain, "table");
	const char *name = text_of(chain, "name");
	bool iptables = !strcmp(table, "filter") && !strcmp(name, "FORWARD") &&
			run_have("iptables");

	if (strcmp(text_of(chain, "hook"), "forward") ||
	    strcmp(text_of(chain, "policy"), "drop") ||
	    !strcmp(family, "bridge") || iptables)
		return;
	*vec_add(&ret->all) = (struct filter_drop){
		FILTER_NFT, xasprintf("%s %s %s", family, table, name), false
	};
}

static bool nft_accepts(const char *chain, const char *bridge)
{
	autofree char *words = xstrdup(chain);
	autofree char *wanted = xasprintf("oifname \"%s\" accept", bridge);
	const char *argv[] = { "nft", "list", "chain", NULL, NULL, NULL, NULL };
	autostr struct str out = { 0 };
	char *save = NULL;

	argv[3] = strtok_r(words, " ", &save);
	argv[4] = strtok_r(NULL, " ", &save);
	argv[5] = strtok_r(NULL, " ", &save);
	return succeeds(argv, &out) && out.text && strstr(out.text, wanted);
}

static void ask_nft(const char *bridge, struct filter_drops *ret)
{
	static const char *const argv[] = { "nft", "-j", "list", "chains",
					    NULL };
	autostr struct str out = { 0 };
	struct json_object *root, *list, *chain;
	size_t kept = ret->all.n;

	if (!run_have("nft") || !succeeds(argv, &out) || !out.text)
		return;
	root = json_tokener_parse(out.text);
	if (json_object_is_type(root, json_type_object) &&
	    json_object_object_get_ex(root, "nftables", &list) &&
	    json_object_is_type(list, json_type_array))
		for (size_t i = 0; i < json_object_array_length(list); i++)
			if (json_object_object_get_ex(
				    json_object_array_get_idx(list, i), "chain",
				    &chain))
				look_at_chain(chain, ret);
	json_object_put(root);
	for (size_t i = kept; i < ret->all.n;) {
		struct filter_drop *d = &ret->all.at[i];

		if (!nft_accepts(d->program, bridge)) {
			i++;
			continue;
		}
		free(d->program);
		*d = ret->all.at[--ret->all.n];
	}
}

void filter_find(const char *bridge, struct filter_drops *ret_drops)
{
	*ret_drops = (struct filter_drops){ 0 };
	if (!filter_bridged(""))
		return;
	ask_iptables(bridge, ret_drops);
	ask_nft(bridge, ret_drops);
}

void filter_drops_free(struct filter_drops *drops)
{
	for (size_t i = 0; i < drops->all.n; i++)
		free(drops->all.at[i].program);
	vec_free(&drops->all);
}

char *filter_remedy(const struct filter_drop *drop, const char *bridge)
{
	if (drop->kind == FILTER_NFT)
		return xasprintf("nft insert rule %s iifname %s oifname %s "
				 "accept",
				 drop->program, bridge, bridge);
	return xasprintf("%s -I %s -i %s -o %s -j ACCEPT", drop->program,
			 drop->docker ? "DOCKER-USER" : "FORWARD", bridge,
			 bridge);
}

int filter_allow(const char *bridge, struct err *err)
{
	autodrops struct filter_drops found = { 0 };
	int r = 0;

	filter_find(bridge, &found);
	for (size_t i = 0; i < found.all.n; i++) {
		const struct filter_drop *d = &found.all.at[i];
		autofree char *remedy = filter_remedy(d, bridge);

		if (d->kind == FILTER_NFT)
			r = err_set(err, ENOTSUP,
				    "the firewall's chain '%s' drops what "
				    "crosses '%s'; add to its configuration: "
				    "%s",
				    d->program, bridge, remedy);
		else if (!rule(d->program, "-I",
			       d->docker ? "DOCKER-USER" : "FORWARD", bridge))
			r = err_set(err, EIO, "this failed: %s", remedy);
	}
	return r;
}

void filter_allow_guest(const struct machine *m)
{
	struct err err;

	for (size_t i = 0; i < m->nics.n; i++)
		if (tap_is_ours(&m->nics.at[i]) &&
		    filter_allow(m->nics.at[i].bridge, &err) < 0)
			log_warn("%s", err.text);
}
