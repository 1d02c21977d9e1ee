/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/net.h"

void netdev_connect(struct netdev *nd, const struct net_front *front)
{
	nd->front = *front;
}

void netdev_free(struct netdev *nd)
{
	if (nd)
		nd->ops->free(nd);
}

static void tell(struct netdev *nd, bool was_up)
{
	bool up = netdev_is_up(nd);

	if (up != was_up && nd->front.link)
		nd->front.link(nd->front.arg, up);
}

void netdev_set_link(struct netdev *nd, bool up)
{
	bool was_up = netdev_is_up(nd);

	nd->link_up = up;
	tell(nd, was_up);
}

void netdev_cut(struct netdev *nd, bool cut)
{
	bool was_up = netdev_is_up(nd);

	nd->cut = cut;
	tell(nd, was_up);
}
