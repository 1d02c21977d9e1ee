/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A system of its own: whoever has the original's machine id, host keys and
 * name cannot live beside it.  A migration keeps them; a clone has new ones.
 *
 * Host keys are made in the guest, at its first start, before ssh's server.
 */
#include <stdlib.h>
#include <string.h>

#include "adapt/adapt.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"

#define UNIT_DIR "/etc/systemd/system"
#define UNIT     "pimigrate-host-keys.service"

static const char reason[] = "this is another machine than the one it is a "
			     "copy of";

static void new_machine_id(const struct adapt_facts *facts, struct plan *plan)
{
	static const char *const paths[] = { "/etc/machine-id",
					     "/var/lib/dbus/machine-id" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		autofree char *link = facts->readlink(facts->arg, paths[i]);

		if (!link && facts->exists(facts->arg, paths[i]))
			plan_add(plan, CHANGE_WRITE, "machine-id", paths[i],
				 reason)
				->content = xasprintf("%s\n",
						      facts->new_machine_id);
	}
}

static bool remove_keys(const struct adapt_facts *facts, struct plan *plan,
			const char *folder, const char *begin, const char *end)
{
	autolist char **names = facts->list(facts->arg, folder);
	bool any = false;

	for (char **n = names; n && *n; n++) {
		autofree char *path = xasprintf("%s/%s", folder, *n);

		if (!str_starts(*n, begin) ||
		    (!str_ends(*n, end) && !str_ends(*n, "_key.pub")))
			continue;
		plan_add(plan, CHANGE_REMOVE, "host-key", path, reason);
		any = true;
	}
	return any;
}

static void new_host_keys(const struct adapt_facts *facts, struct plan *plan)
{
	bool ssh = remove_keys(facts, plan, "/etc/ssh", "ssh_host_", "_key");
	bool bear = remove_keys(facts, plan, "/etc/dropbear", "dropbear_",
				"_host_key");

	if ((!ssh && !bear) || !facts->guest->systemd)
		return;
	plan_add(plan, CHANGE_WRITE, "host-key", UNIT_DIR "/" UNIT,
		 "makes new host keys at the first start")
		->content = xasprintf(
		"# pimigrate: a copy has host keys of its own\n"
		"[Unit]\n"
		"Description=New host keys for a copied system\n"
		"Before=ssh.service ssh.socket dropbear.service\n"
		"ConditionPathExists=!%s\n"
		"\n"
		"[Service]\n"
		"Type=oneshot\n"
		"ExecStart=%s\n"
		"\n"
		"[Install]\n"
		"WantedBy=multi-user.target\n",
		ssh ? "/etc/ssh/ssh_host_ed25519_key"
		    : "/etc/dropbear/dropbear_ed25519_host_key",
		ssh ? "/usr/bin/ssh-keygen -A"
		    : "/usr/bin/dropbearkey -t ed25519 -f "
		      "/etc/dropbear/dropbear_ed25519_host_key");
	plan_add(plan, CHANGE_SYMLINK, "host-key",
		 UNIT_DIR "/multi-user.target.wants/" UNIT,
		 "makes new host keys at the first start")
		->target = xstrdup(UNIT_DIR "/" UNIT);
}

/* Does the word stand alone in the line? */
static bool has_word(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = line; n && at + n <= line + len; at++)
		if (!memcmp(at, word, n) &&
		    (at == line || strchr(" \t", at[-1])) &&
		    (at + n == line + len || strchr(" \t#\r", at[n])))
			return true;
	return false;
}

/* The lines of /etc/hosts that name the machine name the new one. */
static char *new_hosts(const char *text, const char *old, const char *name)
{
	struct str out = { 0 };
	bool changed = false;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (str_starts(text, "127.0.1.1") && has_word(text, len, old)) {
			str_addf(&out, "127.0.1.1\t%s\n", name);
			changed = true;
		} else {
			str_addn(&out, text, len);
			str_add(&out, "\n");
		}
		text += len + (text[len] == '\n');
	}
	if (!changed)
		str_free(&out);
	return changed ? str_steal(&out) : NULL;
}

static void new_name(const struct adapt_facts *facts, struct plan *plan)
{
	const char *old = facts->guest->hostname;
	autofree char *hosts = NULL;
	char *changed;

	if (!facts->new_hostname || !old || !strcmp(old, facts->new_hostname))
		return;
	plan_add(plan, CHANGE_WRITE, "hostname", "/etc/hostname", reason)
		->content = xasprintf("%s\n", facts->new_hostname);
	hosts = facts->read(facts->arg, "/etc/hosts");
	changed = hosts ? new_hosts(hosts, old, facts->new_hostname) : NULL;
	if (changed)
		plan_add(plan, CHANGE_WRITE, "hostname", "/etc/hosts", reason)
			->content = changed;
}

void adapt_identity(const struct adapt_facts *facts, struct plan *plan)
{
	if (!facts->new_machine_id)
		return;
	new_machine_id(facts, plan);
	new_host_keys(facts, plan);
	new_name(facts, plan);
}
