/* SPDX-License-Identifier: GPL-2.0-or-later */
/* define, undefine: hand a guest over to libvirt, or take it back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/libvirt_guest.h"
#include "cmd/off.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "store/store.h"
#include "unit/unit.h"

static const char *arg_uri;

static int not_a_service(const char *name, struct err *err)
{
	if (!unit_enabled("", name))
		return 0;
	return err_set(err, EBUSY,
		       "guest '%s' is a service of systemd; first: pimigrate "
		       "disable %s",
		       name, name);
}

static int hand_over(struct machine *m, struct err *err)
{
	autohost struct domain_host *host = NULL;
	autofree char *root = store_root();
	bool known = m->libvirt;
	const char *uri = arg_uri      ? arg_uri
			  : m->libvirt ? m->libvirt
				       : domain_default_uri();
	autofree char *own = xstrdup(uri);
	int r = domain_host_open(own, &host, err);

	if (!r)
		r = libvirt_folder_check(own, root, err);
	if (r < 0)
		return r;
	free(m->libvirt);
	m->libvirt = steal_ptr(own);
	libvirt_choose_ports(m);
	/* First the domain: without one, guest.yaml must not name it. */
	r = libvirt_define(host, m, err);
	if (!r)
		r = store_save(m, err);
	if (r < 0 && !known) {
		struct err ignored;

		domain_undefine(host, m->uuid, &ignored);
	}
	return r;
}

static int define_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	autoclose int lock = off_lock(name, err);
	struct machine m;
	int r = lock < 0 ? lock : not_a_service(name, err);

	if (!r)
		r = store_load(name, &m, err);
	if (r < 0)
		return cmd_host(r);
	r = hand_over(&m, err);
	if (!r && !ctx->quiet)
		printf("%s is a guest of libvirt (%s)\n", name, m.libvirt);
	machine_free(&m);
	return cmd_host(r);
}

/* What only libvirt can give. */
static int network_check(const struct machine *m, struct err *err)
{
	for (size_t i = 0; i < m->nics.n; i++)
		if (m->nics.at[i].kind == NIC_NETWORK)
			return err_set(err, ENOTSUP,
				       "the network card of '%s' is on "
				       "libvirt's network '%s': let guest.yaml "
				       "name a bridge (kind: tap, bridge: "
				       "NAME) and try again",
				       m->name, m->nics.at[i].network);
	return 0;
}

static int take_back(struct machine *m, struct err *err)
{
	autohost struct domain_host *host = NULL;
	int r = libvirt_own_disk(m, "undefine", err);

	if (!r)
		r = network_check(m, err);
	if (!r)
		r = domain_host_open(m->libvirt, &host, err);
	if (!r)
		r = domain_undefine(host, m->uuid, err);
	if (r < 0)
		return r;
	free(m->libvirt);
	m->libvirt = NULL;
	m->autostart = false;
	return store_save(m, err);
}

static int undefine_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	autoclose int lock = off_lock(name, err);
	struct machine m;
	int r = lock < 0 ? lock : store_load(name, &m, err);

	if (r < 0)
		return cmd_host(r);
	r = m.libvirt ? take_back(&m, err) : 0;
	if (!r && !ctx->quiet)
		printf("%s is not a guest of libvirt; start it with: pimigrate "
		       "start %s\n",
		       name, name);
	machine_free(&m);
	return cmd_host(r);
}

/* clang-format off */
static const struct opt define_options[] = {
	{ "-oc", OPT_STRING, &arg_uri, "URI",
	  "which libvirt (qemu:///system for root, else qemu:///session)" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_define = {
	.name = "define",
	.help = "hand a guest over to libvirt",
	.args = "NAME",
	.about = "It becomes a domain, made from guest.yaml: virsh, "
		 "virt-manager and Cockpit manage it,\nand pimigrate's own "
		 "commands go on working.  For a guest of libvirt it writes "
		 "the\ndomain anew, as after a change of guest.yaml.  The "
		 "guest must be off.",
	.min_args = 1,
	.max_args = 1,
	.options = define_options,
	.run = define_run,
};

const struct cmd cmd_undefine = {
	.name = "undefine",
	.help = "take a guest back from libvirt",
	.args = "NAME",
	.about = "The domain is gone, the guest stays.",
	.min_args = 1,
	.max_args = 1,
	.run = undefine_run,
};
