/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd-networkd: three files.  The bridge gets all sections of the file
 * that configured the uplink, and of its drop-ins, but those that match it
 * (systemd.network(5)).  Names begin with 05-, so that they come before
 * netplan's 10-netplan-…, wherever those lie.
 *
 * A DHCP server knows this host by a client identifier, which networkd makes
 * of an IAID and the machine's DUID.  The IAID comes from the name that udev
 * derives from where the interface is plugged in; a bridge is nowhere and has
 * none, and would be given another address.  So it is told the uplink's.
 */
#include <errno.h>
#include <glob.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "host/files.h"
#include "lan/managers.h"

#define FOLDER "/etc/systemd/network/05-pimigrate-"

/* Where its files may be; of one name the first counts. */
#define FOLDERS "{/etc,/run,/usr/local/lib,/usr/lib}/systemd/network/"

enum {
	FILE_MAX = 1 << 20
};

/* networkd's own text about a link, links/N or leases/N; NULL: none. */
static char *state_of(const char *what, const char *link)
{
	autofree char *path = xasprintf("/run/systemd/netif/%s/%u", what,
					if_nametoindex(link));
	struct err ignored;
	char *text;

	return files_read(path, FILE_MAX, &text, NULL, &ignored) < 0 ? NULL
								     : text;
}

/* The value in its line KEY=value; NULL: none.  The caller frees it. */
static char *value_of(const char *text, const char *key)
{
	const size_t n = strlen(key);

	for (; text && *text;
	     text += strcspn(text, "\n"), text += *text == '\n')
		if (!strncmp(text, key, n) && text[n] == '=')
			return xstrndup(text + n + 1,
					strcspn(text + n + 1, "\n"));
	return NULL;
}

/* The file that configures it. */
static char *network_file(const char *uplink)
{
	autofree char *state = state_of("links", uplink);

	return value_of(state, "NETWORK_FILE");
}

static int add_file(struct str *out, const char *path, struct err *err)
{
	autofree char *text = NULL;
	int r = files_read(path, FILE_MAX, &text, NULL, err);

	if (!r)
		str_addf(out, "%s\n", text);
	return r;
}

/* The next after a drop-in of that name, in the order of their names; NULL:
 * that was the last. */
static const char *next_drop_in(const glob_t *all, const char *name)
{
	const char *next = NULL;

	for (size_t i = 0; i < all->gl_pathc; i++) {
		const char *path = all->gl_pathv[i];

		if (strcmp(basename(path), name) > 0 &&
		    (!next || strcmp(basename(path), basename(next)) < 0))
			next = path;
	}
	return next;
}

/* A file and its drop-ins, as one text. */
static int read_whole(const char *file, char **ret_text, struct err *err)
{
	autofree char *pattern = xasprintf(FOLDERS "%s.d/*.conf",
					   basename(file));
	struct str out = { 0 };
	glob_t all = { 0 };
	int r = add_file(&out, file, err);

	if (glob(pattern, GLOB_BRACE, NULL, &all) == GLOB_NOSPACE)
		r = err_set(err, ENOMEM, "cannot look for '%s'", pattern);
	for (const char *path = next_drop_in(&all, ""); !r && path;
	     path = next_drop_in(&all, basename(path)))
		r = add_file(&out, path, err);
	globfree(&all);
	*ret_text = str_steal(&out);
	return r;
}

/* The section [DHCPv4] or [DHCPv6] goes on where the file's own ended. */
static void add_iaid(struct str *out, const char *section, const char *iaid)
{
	uint64_t number;

	if (iaid && str_number(iaid, 0, UINT32_MAX, &number))
		str_addf(out, "\n[%s]\nIAID=%s\n", section, iaid);
}

/*
 * As whom the DHCP servers know the uplink.  An identifier of IAID and DUID
 * begins with ff and the IAID (RFC 4361, 6.1); others are made of what the
 * bridge has too.
 */
static void add_identity(struct str *out, const char *uplink)
{
	autofree char *state = state_of("links", uplink);
	autofree char *lease = state_of("leases", uplink);
	autofree char *client = value_of(lease, "CLIENTID");
	autofree char *iaid6 = value_of(state, "DHCP6_CLIENT_IAID");
	autofree char *iaid = NULL;

	if (client && str_starts(client, "ff") && strlen(client) > 10)
		iaid = xasprintf("0x%.8s", client + 2);
	add_iaid(out, "DHCPv4", iaid);
	add_iaid(out, "DHCPv6", iaid6);
}

/* Its sections that say how the host is reached. */
static void add_sections(struct str *out, const char *text)
{
	bool taken = false;

	for (const char *line = text; *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		size_t n = strcspn(line, "\n");

		if (*line == '[')
			taken = !str_starts(line, "[Match]");
		if (taken) {
			str_addn(out, line, n);
			str_add(out, "\n");
		}
	}
}

/* How long its frames may be: a bridge's are dropped where its port's are
 * shorter. */
static void add_mtu(struct str *out, const char *text)
{
	bool link = false;

	for (const char *line = text; *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		if (*line == '[')
			link = str_starts(line, "[Link]");
		if (!link || !str_starts(line, "MTUBytes"))
			continue;
		str_addn(out, line, strcspn(line, "\n"));
		str_add(out, "\n");
	}
}

/* The uplink's file; whether to wait for it at the start is said in the
 * bridge's. */
static char *port_file(const struct setup *s, const char *text)
{
	struct str out = { 0 };

	str_addf(&out, "[Match]\nName=%s\n\n[Link]\n", s->uplink);
	add_mtu(&out, text);
	str_addf(&out, "RequiredForOnline=no\n\n[Network]\nBridge=%s\n",
		 s->bridge);
	return str_steal(&out);
}

static int plan(struct setup *s, struct err *err)
{
	autofree char *file = network_file(s->uplink);
	autofree char *text = NULL;
	struct str out = { 0 };
	int r;

	if (!file)
		return 0;
	if (!s->bridge)
		return 1;
	r = read_whole(file, &text, err);
	if (r < 0)
		return r;
	s->old = steal_ptr(file);
	manager_file(s, xasprintf(FOLDER "%s.netdev", s->bridge),
		     xasprintf("[NetDev]\nName=%s\nKind=bridge\n"
			       "MACAddress=%s\n\n[Bridge]\nSTP=no\n"
			       "ForwardDelaySec=0\n",
			       s->bridge, s->mac),
		     NULL);
	manager_file(s, xasprintf(FOLDER "%s-uplink.network", s->bridge),
		     port_file(s, text), NULL);
	str_addf(&out, "[Match]\nName=%s\n\n", s->bridge);
	add_sections(&out, text);
	add_identity(&out, s->uplink);
	manager_file(s, xasprintf(FOLDER "%s.network", s->bridge),
		     str_steal(&out), s->old);
	return 1;
}

static int nothing(const struct setup *s, struct err *err)
{
	(void)s;
	(void)err;
	return 0;
}

static int reload(const struct setup *s, struct err *err)
{
	int r = manager_run(err, "networkctl", "reload");

	return r < 0 ? r
		     : manager_run(err, "networkctl", "reconfigure", s->uplink);
}

/* networkd never removes a device that it made. */
static int drop_bridge(const struct setup *s, struct err *err)
{
	int r = 0;

	if (if_nametoindex(s->bridge))
		r = manager_run(err, "networkctl", "delete", s->bridge);
	return r < 0 ? r : reload(s, err);
}

const struct manager manager_networkd = {
	.name = "systemd-networkd",
	.plan = plan,
	.before_up = nothing,
	.after_up = reload,
	.before_down = nothing,
	.after_down = drop_bridge,
};
