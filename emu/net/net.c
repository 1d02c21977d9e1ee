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

void netdev_set_link(struct netdev *nd, bool up)
{
	if (nd->link_up == up)
		return;
	nd->link_up = up;
	if (nd->front.link)
		nd->front.link(nd->front.arg, up);
}
