/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pimigrate: the list of commands, the options that all of them have, and the
 * only place that prints an error and ends the program.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/str.h"
#include "common/vec.h"
#include "host/ui.h"

static bool arg_quiet, arg_verbose, arg_trace, arg_json, arg_help, arg_version;
static bool arg_machine;

/* clang-format off */
static const struct opt global_options[] = {
	{ "-q --quiet", OPT_FLAG, &arg_quiet, .help = "only errors and warnings" },
	{ "-v --verbose", OPT_FLAG, &arg_verbose, .help = "say more" },
	{ "-x", OPT_FLAG, &arg_trace, .help = "say everything, for a bug report" },
	{ "--json", OPT_FLAG, &arg_json,
	  .help = "print one JSON document for programs" },
	{ "--machine-readable", OPT_FLAG, &arg_machine,
	  .help = "of convert: as virt-v2v's; of the others: as --json" },
	{ "-h --help", OPT_FLAG, &arg_help, .help = "this text" },
	{ "-V --version", OPT_FLAG, &arg_version, .help = "the version" },
	OPT_END,
};
/* clang-format on */

static void print_help(void)
{
	printf("usage: pimigrate COMMAND [OPTION]... [ARGUMENT]...\n"
	       "\n"
	       "Turns the memory card of a Raspberry Pi into a virtual "
	       "machine.\n"
	       "\n"
	       "commands:\n");
	for (size_t i = 0; commands[i]; i++)
		printf("  %-14s%s\n", commands[i]->name, commands[i]->help);
	printf("\noptions of every command:\n");
	options_help(global_options, stdout);
	printf("\nMore on a command: pimigrate COMMAND --help\n");
}

static void print_command_help(const struct cmd *c)
{
	printf("usage: pimigrate %s [OPTION]...%s%s\n\n%s\n", c->name,
	       c->args ? " " : "", c->args ? c->args : "", c->help);
	if (c->about)
		printf("\n%s\n", c->about);
	if (c->options && c->options->names) {
		printf("\noptions:\n");
		options_help(c->options, stdout);
	}
	printf("\noptions of every command:\n");
	options_help(global_options, stdout);
}

static const struct cmd *find_command(const char *name, struct err *err)
{
	struct vec_of(const char *) names = { 0 };
	const char *near;

	for (size_t i = 0; commands[i]; i++) {
		if (!strcmp(commands[i]->name, name)) {
			vec_free(&names);
			return commands[i];
		}
		*vec_add(&names) = commands[i]->name;
	}
	near = options_nearest(name, names.at, names.n);
	if (near)
		err_set(err, EINVAL,
			"there is no command '%s': did you mean '%s'?", name,
			near);
	else
		err_set(err, EINVAL, "there is no command '%s'", name);
	vec_free(&names);
	return NULL;
}

static int check_count(const struct cmd *c, int n, struct err *err)
{
	if (n >= c->min_args && n <= c->max_args)
		return 0;
	if (n < c->min_args)
		return err_set(err, EINVAL, "%s wants %s", c->name, c->args);
	if (!c->args)
		return err_set(err, EINVAL, "%s takes no arguments", c->name);
	return err_set(err, EINVAL, "%s takes %s and no more", c->name,
		       c->args);
}

static void set_log_level(void)
{
	if (arg_trace)
		log_init("pimigrate", LOG_DEBUG);
	else if (arg_verbose)
		log_init("pimigrate", LOG_INFO);
	else
		log_init("pimigrate", LOG_WARN);
}

static int run_command(const struct cmd *c, int n, char **args, struct err *err)
{
	struct cmd_ctx ctx = { .cmd = c,
			       .json = arg_json,
			       .quiet = arg_quiet || arg_json,
			       .global_options = global_options };
	struct ui ui;
	int rc;

	if (arg_machine && c->features) {
		/* A program shall see lines at once, whatever it reads from. */
		ui_init(&ui, stdout, arg_quiet);
		ui.terminal = ui.colour = false;
		ui.numbers = true;
	} else {
		ui_init(&ui, stderr, arg_quiet || arg_json);
	}
	ctx.ui = &ui;
	ctx.args = args;
	ctx.nargs = n;
	rc = c->run(&ctx, err);
	ui_fini(&ui);
	if (fflush(stdout) == EOF && rc == 0)
		rc = err_errno(err, errno, "writing the output");
	return (int)cmd_exit_code(rc);
}

/* Everything but printing the error. */
static int run(int argc, char **argv, struct err *err)
{
	const struct cmd *c;
	int n;

	if (options_read(global_options, NULL, true, argc - 1, argv + 1, &n,
			 err) < 0)
		return CMD_USAGE;
	if (arg_version) {
		printf("pimigrate %s\n", VERSION);
		return CMD_OK;
	}
	if (!n) {
		if (arg_help) {
			print_help();
			return CMD_OK;
		}
		err_set(err, EINVAL, "what shall be done? Name a command");
		return CMD_USAGE;
	}
	c = find_command(argv[1], err);
	if (!c)
		return CMD_USAGE;
	argv[1 + n] = NULL;
	if (options_read(c->options, global_options, false, n - 1, argv + 2, &n,
			 err) < 0)
		return CMD_USAGE;
	if (arg_help) {
		print_command_help(c);
		return CMD_OK;
	}
	if (arg_machine && c->features && !n) {
		fputs(c->features, stdout);
		return CMD_OK;
	}
	arg_json |= arg_machine && !c->features;
	if (check_count(c, n, err) < 0)
		return CMD_USAGE;
	set_log_level();
	return run_command(c, n, argv + 2, err);
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	int code = run(argc, argv, &err);

	if (err.text[0]) {
		autofree char *text = str_printable(err.text, true);

		fprintf(stderr, "pimigrate: %s\n", text);
	}
	if (code == CMD_USAGE)
		fprintf(stderr, "Try 'pimigrate --help'.\n");
	return code;
}
