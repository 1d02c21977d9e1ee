/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * complete: what a word of a command line may become, for the shell.  All of
 * it comes from the commands' own rows, so that it cannot be out of date.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "common/str.h"
#include "store/store.h"

/* One proposal, if it begins as the word does. */
static void offer(const char *text, size_t len, const char *word)
{
	if (len >= strlen(word) && !strncmp(text, word, strlen(word)))
		printf("%.*s\n", (int)len, text);
}

static void offer_options(const struct opt *rows, const char *word)
{
	for (; rows && rows->names; rows++)
		for (const char *at = rows->names; *at;) {
			size_t len = strcspn(at, " ");

			offer(at, len, word);
			at += len + strspn(at + len, " ");
		}
}

static const struct opt *find_option(const struct opt *rows, const char *name)
{
	size_t n = strlen(name);

	for (; rows && rows->names; rows++)
		for (const char *at = rows->names; *at;) {
			size_t len = strcspn(at, " ");

			if (len == n && !memcmp(at, name, n))
				return rows;
			at += len + strspn(at + len, " ");
		}
	return NULL;
}

static void offer_guests(const char *word)
{
	struct store_names names;
	struct err ignored;

	if (store_list(&names, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.names.n; i++)
		offer(names.names.at[i], strlen(names.names.at[i]), word);
	store_names_free(&names);
}

static const struct cmd *find_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/* The word after an option that wants a value; true if there is one. */
static bool offer_value(const struct cmd_ctx *ctx, const struct cmd *c,
			const char *before, const char *word)
{
	const struct opt *row = find_option(c->options, before);

	if (!row)
		row = find_option(ctx->global_options, before);
	if (!row || row->kind == OPT_FLAG)
		return false;
	for (unsigned int i = 0; row->kind == OPT_CHOICE && row->choices[i];
	     i++)
		offer(row->choices[i], strlen(row->choices[i]), word);
	return true;
}

/* How many arguments of the command stand before the word. */
static size_t arguments_before(const struct cmd_ctx *ctx, const struct cmd *c)
{
	size_t n = 0;

	for (size_t i = 1; i + 1 < (size_t)ctx->nargs; i++) {
		const char *at = ctx->args[i];
		const struct opt *row = find_option(c->options, at);

		if (row && row->kind != OPT_FLAG)
			i++; /* its value */
		else if (*at != '-')
			n++;
	}
	return n;
}

/* "list|choose NAME [RELEASE]": the n-th of them. */
static void offer_argument(const char *args, size_t n, const char *word)
{
	for (; *args; args += strspn(args, " []")) {
		size_t len = strcspn(args, " []");

		if (n--) {
			args += len;
			continue;
		}
		if (len == strlen("NAME") && !strncmp(args, "NAME", len))
			offer_guests(word);
		else if (memchr(args, '|', len))
			for (const char *at = args; at < args + len; at++) {
				size_t part = strcspn(at, "| []");

				offer(at, part, word);
				at += part;
			}
		return;
	}
}

static int complete_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *word = ctx->args[ctx->nargs - 1];
	const struct cmd *c;

	(void)err;
	if (ctx->nargs == 1) {
		for (size_t i = 0; commands[i]; i++)
			offer(commands[i]->name, strlen(commands[i]->name),
			      word);
		offer_options(*word == '-' ? ctx->global_options : NULL, word);
		return 0;
	}
	c = find_command(ctx->args[0]);
	if (!c || offer_value(ctx, c, ctx->args[ctx->nargs - 2], word))
		return 0;
	if (*word == '-') {
		offer_options(c->options, word);
		offer_options(ctx->global_options, word);
	} else if (c->args) {
		offer_argument(c->args + strspn(c->args, "["),
			       arguments_before(ctx, c), word);
	}
	return 0; /* nothing: the shell proposes files */
}

const struct cmd cmd_complete = {
	.name = "complete",
	.help = "what a command line may become, for the shell",
	.args = "WORD...",
	.about = "The last WORD is the one that is being typed; write it after "
		 "\"--\".",
	.min_args = 1,
	.max_args = 1000,
	.run = complete_run,
};
