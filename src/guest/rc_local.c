/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Under -e, /etc/rc.local ends at the first command that fails, and what drives
 * the Pi's chip fails in the VM: nothing behind it runs.  Which commands these
 * are is the profile's to say.
 *
 * This is no shell: where in doubt, it is silent.  What is a condition or
 * depends on one, has an "||" or goes to the background ends nothing.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/inspect.h"
#include "guest/text.h"

static const char path[] = "/etc/rc.local";

struct script {
	char *const *patterns;
	size_t n_patterns;
	bool errexit;        /* -e holds */
	unsigned int inside; /* of how many "if" and "case" */
	bool ended;          /* by exit */
	unsigned int line;
	char *failing; /* the first command that fails, or NULL */
	unsigned int failing_line;
	bool more; /* others stand behind it */
};

/* The next command of a line, ended by 0 in place; NULL at the end. */
static char *next_command(char **rest)
{
	char *at = *rest, *end = at, quote = 0;
	int parentheses = 0;

	if (!*at)
		return NULL;
	for (; *end; end++) {
		if (quote ? *end == quote : *end == '\'' || *end == '"')
			quote = quote ? 0 : *end;
		else if (!quote && *end == '(')
			parentheses++;
		else if (!quote && *end == ')')
			parentheses--;
		else if (!quote && parentheses <= 0 && *end == ';')
			break;
	}
	*rest = *end ? end + 1 : end;
	*end = 0;
	return text_trim(at);
}

/* What follows the word that a command begins with; NULL: another does. */
static const char *behind(const char *command, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(command, word, n) != 0 ||
	    (command[n] && !isspace((unsigned char)command[n])))
		return NULL;
	return command + n + strspn(command + n, " \t");
}

/* "-e", "-xe" among options of a shell or of set. */
static bool has_option_e(const char *words, char sign)
{
	for (const char *at = words; *at;) {
		size_t n;

		at += strspn(at, " \t");
		n = strcspn(at, " \t");
		if (n > 1 && at[0] == sign && at[1] != '-' &&
		    memchr(at, 'e', n))
			return true;
		at += n;
	}
	return false;
}

static void set_options(struct script *s, const char *options)
{
	if (has_option_e(options, '-') || strstr(options, "-o errexit"))
		s->errexit = true;
	else if (has_option_e(options, '+') || strstr(options, "+o errexit"))
		s->errexit = false;
}

/* The last of commands that are joined by && or |: -e looks at that one. */
static const char *last_joined(const char *command)
{
	const char *last = command;

	for (const char *at = command; *at; at++)
		if (*at == '|' || (at[0] == '&' && at[1] == '&'))
			last = at + strspn(at, "&|");
	return last + strspn(last, " \t");
}

static bool ends_script(const struct script *s, const char *command)
{
	size_t n = strlen(command);
	const char *name, *sudo;

	if (strstr(command, "||") || strchr("[!(", *command) ||
	    behind(command, "test") ||
	    (command[n - 1] == '&' && (n < 2 || command[n - 2] != '&')))
		return false;
	command = last_joined(command);
	sudo = behind(command, "sudo");
	if (sudo)
		command = sudo;
	name = command + strcspn(command, " \t");
	while (name > command && name[-1] != '/')
		name--;
	for (size_t i = 0; i < s->n_patterns; i++)
		if (!fnmatch(s->patterns[i], name, 0))
			return true;
	return false;
}

static bool is_among(const char *command, const char *const *words)
{
	for (; *words; words++)
		if (behind(command, *words))
			return true;
	return false;
}

static void one_command(struct script *s, const char *command)
{
	static const char *const opens[] = { "if", "case", NULL };
	static const char *const closes[] = { "fi", "esac", NULL };
	static const char *const ours[] = { "set",   "done",  "for",
					    "while", "until", "do",
					    "{",     "}",     NULL };
	const char *inner = behind(command, "do");

	if (inner && *inner)
		command = inner;
	if (is_among(command, opens))
		s->inside++;
	if (s->inside) {
		s->more |= s->failing != NULL;
		if (is_among(command, closes))
			s->inside--;
	} else if (behind(command, "set")) {
		set_options(s, behind(command, "set"));
	} else if (behind(command, "exit")) {
		s->ended = true;
	} else if (s->errexit && !is_among(command, ours) &&
		   ends_script(s, command)) {
		if (s->failing)
			return;
		s->failing = xstrdup(command);
		s->failing_line = s->line;
	} else if (s->failing && !is_among(command, ours)) {
		s->more = true;
	}
}

static void one_line(struct script *s, char *line)
{
	s->line++;
	line = text_trim(line);
	if (s->line == 1 && str_starts(line, "#!"))
		s->errexit = has_option_e(line + strcspn(line, " \t"), '-');
	if (*line == '#')
		return;
	for (char *c = next_command(&line); c && !s->ended;
	     c = next_command(&line))
		if (*c)
			one_command(s, c);
}

void inspect_rc_local(struct guest *g, const struct tree *root,
		      char *const *patterns, size_t n)
{
	struct script s = { .patterns = patterns, .n_patterns = n };
	autofree char *text = tree_text(root, path);
	struct tree_stat st;
	char *rest = text;

	if (!text || tree_stat(root, path, &st) < 0 || !(st.mode & 0111))
		return; /* it is not run */
	for (char *line = text_line(&rest); line && !s.ended;
	     line = text_line(&rest))
		one_line(&s, line);
	if (s.failing && s.more)
		guest_say(g, FINDING_WARN, "rc-local",
			  "%s ends where a command fails (-e), and in the VM "
			  "line %u does (%.200s): what stands behind it would "
			  "not run; put '|| true' behind that command, and "
			  "behind others of its kind",
			  path, s.failing_line, s.failing);
	free(s.failing);
}
