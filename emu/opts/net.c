/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks: -netdev makes one; -nic and the old -net make one and put a card
 * on the list of devices.  Who says nothing about networks gets user
 * networking, as in QEMU.
 */
#include "net/net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "opts/make.h"
#include "opts/near.h"

static struct part_net *find_net(const struct parts *p, const char *id)
{
	for (size_t i = 0; i < p->nets.n; i++) {
		if (!strcmp(p->nets.at[i].nd->id, id))
			return &p->nets.at[i];
	}
	return NULL;
}

/* What net/user.h reads, with the keys that may come once. */
static struct netdev *make_user(struct parts *p, const char *id,
				struct keyvals *kv, struct err *err)
{
	static const char *const keys[] = {
		"net",        "host",     "dns",  "dhcpstart", "hostname",
		"domainname", "restrict", "ipv4", "ipv6"
	};
	struct vec_of(char *) words = { 0 };
	struct netdev *nd = NULL;
	const char *value;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		value = keyval_text(kv, keys[i]);
		if (value)
			*vec_add(&words) = xasprintf("%s=%s", keys[i], value);
	}
	while ((value = keyval_next(kv, "hostfwd", &at)))
		*vec_add(&words) = xasprintf("hostfwd=%s", value);
	*vec_add(&words) = NULL;
	if (!keyval_done(kv, err))
		nd = netdev_user_new(
			p->loop,
			&(struct netdev_user){
				.id = id,
				.options = (const char *const *)words.at,
				.daemonize = p->daemonize },
			err);
	for (size_t i = 0; i < words.n; i++)
		free(words.at[i]);
	vec_free(&words);
	return nd;
}

/* We run no scripts: they would need the rights that we do not want. */
static int check_scripts(struct keyvals *kv, struct err *err)
{
	static const char *const keys[] = { "script", "downscript" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *script = keyval_text(kv, keys[i]);

		if (script && *script && strcmp(script, "no") != 0)
			return err_set(err, EINVAL,
				       "%s: scripts are not run here; set the "
				       "interface up before, and say %s=no",
				       kv->option, keys[i]);
	}
	return 0;
}

static struct netdev *make_tap(struct parts *p, const char *id,
			       struct keyvals *kv, struct err *err)
{
	static const char *const ignored[] = { "sndbuf", "vhostforce", NULL };
	struct netdev_tap opt = { .id = id, .fd = -1 };
	bool vhost = false, vnet_hdr = true;
	uint64_t fd = 0, queues = 1;
	const char *fd_key = "fd";
	int ret;

	opt.ifname = keyval_text(kv, "ifname");
	if (keyval_text(kv, "fds"))
		fd_key = "fds"; /* one queue: one descriptor */
	ret = keyval_number(kv, fd_key, 0, INT32_MAX, &fd, err);
	if (keyval_text(kv, fd_key))
		opt.fd = (int)fd;
	keyval_text(kv, "fd");
	if (!ret)
		ret = keyval_number(kv, "queues", 1, 1, &queues, err);
	if (!ret)
		ret = keyval_bool(kv, "vhost", &vhost, err);
	if (!ret)
		ret = keyval_bool(kv, "vnet_hdr", &vnet_hdr, err);
	if (!ret)
		ret = check_scripts(kv, err);
	keyval_accept(kv, ignored);
	if (!ret)
		ret = keyval_done(kv, err);
	if (ret < 0)
		return NULL;
	if (vhost) {
		err_set(err, EINVAL, "%s: there is no vhost here: vhost=off",
			kv->option);
		return NULL;
	}
	opt.no_vnet_hdr = !vnet_hdr;
	return netdev_tap_new(p->loop, &opt, err);
}

/* A Unix socket that somebody listens on, or a connected descriptor. */
static struct netdev *make_stream(struct parts *p, const char *id,
				  struct keyvals *kv, struct err *err)
{
	static const char *const types[] = { "unix", "fd", NULL };
	struct netdev_stream opt = { .id = id, .fd = -1 };
	bool server = false;
	uint64_t fd = 0;
	int type = 0, ret;

	ret = keyval_choice(kv, "addr.type", types, &type, err);
	if (!ret)
		ret = keyval_bool(kv, "server", &server, err);
	if (!ret && type)
		ret = keyval_number(kv, "addr.str", 0, INT32_MAX, &fd, err);
	else if (!ret)
		ret = keyval_need(kv, "addr.path", &opt.path, err);
	if (!ret && type && !keyval_text(kv, "addr.str"))
		ret = err_set(err, EINVAL, "%s needs addr.str=NUMBER",
			      kv->option);
	if (!ret && server)
		ret = err_set(err, EINVAL,
			      "%s: a stream connects to who listens: "
			      "server=off",
			      kv->option);
	if (!ret)
		ret = keyval_done(kv, err);
	if (ret < 0)
		return NULL;
	if (type)
		opt.fd = (int)fd;
	return netdev_stream_new(p->loop, &opt, err);
}

/* The old word for a stream, as far as it is one. */
static struct netdev *make_socket(struct parts *p, const char *id,
				  struct keyvals *kv, struct err *err)
{
	struct netdev_stream opt = { .id = id };
	const char *text;
	uint64_t fd = 0;
	int ret = keyval_need(kv, "fd", &text, err);

	if (!ret)
		ret = keyval_number(kv, "fd", 0, INT32_MAX, &fd, err);
	if (!ret)
		ret = keyval_done(kv, err);
	if (ret < 0)
		return NULL;
	opt.fd = (int)fd;
	return netdev_stream_new(p->loop, &opt, err);
}

static const char *const kinds[] = { "user", "tap", "stream", "socket", NULL };
static struct netdev *(*const makers[])(struct parts *p, const char *id,
					struct keyvals *kv, struct err *err) = {
	make_user, make_tap, make_stream, make_socket
};

static int make_net(struct parts *p, const char *id, struct keyvals *kv,
		    struct err *err)
{
	struct netdev *nd;
	const char *type;
	int kind = 0, ret;

	ret = keyval_need(kv, "type", &type, err);
	if (!ret)
		ret = keyval_choice(kv, "type", kinds, &kind, err);
	if (ret < 0)
		return ret;
	if (find_net(p, id))
		return err_set(err, EEXIST, "%s: there is an id '%s' already",
			       kv->option, id);
	nd = makers[kind](p, id, kv, err);
	if (!nd)
		return -EINVAL;
	*vec_add(&p->nets) = (struct part_net){ .nd = nd };
	return 0;
}

static int make_netdev(struct parts *p, struct keyvals *kv, struct err *err)
{
	const char *id;
	int ret = keyval_need(kv, "id", &id, err);

	return ret < 0 ? ret : make_net(p, id, kv, err);
}

/* The card: any virtio-net will do, other models are not there. */
static int add_card(struct opts *opts, const char *option, const char *id,
		    const char *model, const char *mac, struct err *err)
{
	struct keyvals *kv;
	int ret;

	if (!model || !strcmp(model, "virtio"))
		model = "virtio-net-pci";
	if (strncmp(model, "virtio-net", strlen("virtio-net")) != 0)
		return err_set(err, EINVAL,
			       "%s: there is no card '%s' here: only virtio",
			       option, model);
	ret = opts_add(opts, OPTS_DEVICE, option, model, "driver", err);
	if (ret < 0)
		return ret;
	kv = &opts->items.at[opts->items.n - 1].kv;
	keyval_add(kv, "netdev", id);
	if (mac)
		keyval_add(kv, "mac", mac);
	return 0;
}

static const char *type_of(struct opts_item *item)
{
	const char *type = keyval_text(&item->kv, "type");

	return type ? type : "";
}

static int make_nic(struct parts *p, struct opts *opts, size_t n,
		    struct err *err)
{
	struct keyvals *kv = &opts->items.at[n].kv;
	const char *option = kv->option, *id, *model, *mac;
	char made_id[24];
	int ret;

	if (!strcmp(type_of(&opts->items.at[n]), "none"))
		return keyval_done(kv, err);
	snprintf(made_id, sizeof(made_id), "nic%zu", n);
	id = keyval_text(kv, "id");
	if (!id)
		id = made_id;
	model = keyval_text(kv, "model");
	mac = keyval_text(kv, "mac");
	if (keyval_text(kv, "macaddr"))
		mac = keyval_text(kv, "macaddr");
	ret = make_net(p, id, kv, err);
	return ret < 0 ? ret : add_card(opts, option, id, model, mac, err);
}

/* "-net nic -net user": one of each makes a network and its card. */
static int make_old(struct parts *p, struct opts *opts, size_t n,
		    struct opts_item **card, struct err *err)
{
	struct opts_item *item = &opts->items.at[n];

	if (!strcmp(type_of(item), "none"))
		return keyval_done(&item->kv, err);
	if (!strcmp(type_of(item), "nic")) {
		static const char *const keys[] = { "model", "macaddr", "name",
						    "netdev", NULL };

		keyval_accept(&item->kv, keys);
		*card = item;
		return keyval_done(&item->kv, err);
	}
	if (!*card)
		return err_set(err, EINVAL,
			       "-net %s needs a '-net nic' before it; better "
			       "say -nic %s",
			       item->text, item->text);
	if (keyval_text(&(*card)->kv, "model"))
		keyval_add(&item->kv, "model",
			   keyval_text(&(*card)->kv, "model"));
	if (keyval_text(&(*card)->kv, "macaddr"))
		keyval_add(&item->kv, "mac",
			   keyval_text(&(*card)->kv, "macaddr"));
	*card = NULL;
	return make_nic(p, opts, n, err);
}

/* Was anything said about networks? */
static bool network_said(const struct opts *opts)
{
	for (size_t i = 0; i < opts->items.n; i++) {
		switch (opts->items.at[i].kind) {
		case OPTS_NETDEV:
		case OPTS_NIC:
		case OPTS_NET:
			return true;
		case OPTS_ADD_FD:
		case OPTS_BLOCKDEV:
		case OPTS_CHARDEV:
		case OPTS_DEVICE:
		case OPTS_DRIVE:
		case OPTS_MON:
		case OPTS_OBJECT:
		case OPTS_QMP:
		case OPTS_SERIAL:
			break;
		}
	}
	return false;
}

int make_nets(struct parts *p, struct opts *opts, struct err *err)
{
	struct opts_item *card = NULL;
	size_t n;
	int ret = 0;

	if (!opts->nodefaults && !network_said(opts))
		ret = opts_add(opts, OPTS_NIC, "-nic", "user", "type", err);
	n = opts->items.n; /* cards are added behind */
	for (size_t i = 0; i < n && !ret; i++) {
		struct opts_item *item = &opts->items.at[i];

		if (item->kind == OPTS_NETDEV)
			ret = make_netdev(p, &item->kv, err);
		else if (item->kind == OPTS_NIC)
			ret = make_nic(p, opts, i, err);
		else if (item->kind == OPTS_NET)
			ret = make_old(p, opts, i, &card, err);
	}
	return ret;
}

int take_net(struct parts *p, const char *device, const char *id,
	     struct netdev **ret_nd, struct err *err)
{
	struct part_net *net = find_net(p, id);
	struct near near = { .word = id };
	char hint[80];

	if (net && net->used)
		return err_set(err, EBUSY,
			       "%s: network '%s' is another card's already",
			       device, id);
	if (net) {
		net->used = true;
		*ret_nd = net->nd;
		return 0;
	}
	for (size_t i = 0; i < p->nets.n; i++)
		near_try(&near, p->nets.at[i].nd->id);
	return err_set(err, ENOENT, "%s: there is no -netdev with id '%s'%s",
		       device, id, near_hint(&near, hint, sizeof(hint)));
}
