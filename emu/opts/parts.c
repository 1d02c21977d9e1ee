/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "opts/parts.h"

#include <string.h>

#include "chardev/chardev.h"
#include "net/net.h"
#include "opts/make.h"

int parts_wait(struct parts *p, struct opts *opts, struct err *err)
{
	return make_waiting(p, opts, err);
}

int parts_open(struct parts *p, struct opts *opts, struct err *err)
{
	int ret;

	p->daemonize = opts->daemonize;
	ret = make_chardevs(p, opts, err);
	if (!ret)
		ret = make_objects(p, opts, err);
	if (!ret)
		ret = make_disks(p, opts, err);
	if (!ret)
		ret = make_nets(p, opts, err);
	return ret;
}

int parts_plug(struct parts *p, struct opts *opts, struct machine *m,
	       struct err *err)
{
	return make_devices(p, opts, m, err);
}

void parts_close(struct parts *p)
{
	devices_free(&p->devices);
	close_disks(p);
	for (size_t i = 0; i < p->nets.n; i++)
		netdev_free(p->nets.at[i].nd);
	for (size_t i = 0; i < p->chardevs.n; i++)
		chardev_free(p->chardevs.at[i]);
	for (size_t i = 0; i < p->rngs.n; i++)
		free(p->rngs.at[i]);
	for (size_t i = 0; i < p->named.n; i++) {
		free(p->named.at[i].id);
		free(p->named.at[i].type);
	}
	vec_free(&p->fds);
	vec_free(&p->nets);
	vec_free(&p->chardevs);
	vec_free(&p->taken);
	vec_free(&p->monitors);
	vec_free(&p->rngs);
	vec_free(&p->named);
}

bool parts_helper(int argc, char **argv, int *ret_status)
{
	if (argc < 2 || strcmp(argv[1], NETDEV_USER_CHILD) != 0)
		return false;
	*ret_status = netdev_user_child(argc, argv);
	return true;
}
