/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain/domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/str.h"
#include "domain/internal.h"
#include "domain/xml.h"

static enum domain_state state_of(int state, int reason)
{
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
		return DOMAIN_RUNNING;
	case VIR_DOMAIN_PAUSED:
		return reason == VIR_DOMAIN_PAUSED_IOERROR ? DOMAIN_STALLED
							   : DOMAIN_PAUSED;
	case VIR_DOMAIN_PMSUSPENDED:
		return DOMAIN_PAUSED;
	case VIR_DOMAIN_SHUTDOWN:
		return DOMAIN_STOPPING;
	default:
		return DOMAIN_OFF;
	}
}

int domain_state(struct domain_host *host, const char *uuid,
		 enum domain_state *ret_state, struct err *err)
{
	autodomain virDomainPtr dom = host_domain(host, uuid);
	int state, reason;

	if (!dom && host_error_code() == VIR_ERR_NO_DOMAIN) {
		*ret_state = DOMAIN_MISSING;
		return 0;
	}
	if (!dom || virDomainGetState(dom, &state, &reason, 0) < 0)
		return host_failed(err, EIO, "cannot ask for the guest");
	*ret_state = state_of(state, reason);
	return 0;
}

int domain_name_free(struct domain_host *host, const char *name,
		     struct err *err)
{
	autodomain virDomainPtr dom = virDomainLookupByName(host->conn, name);

	if (dom)
		return err_set(err, EEXIST,
			       "libvirt (%s) has a guest '%s' already: choose "
			       "another name (-on NAME)",
			       host->uri, name);
	if (host_error_code() != VIR_ERR_NO_DOMAIN)
		return host_failed(err, EIO, "cannot ask for '%s'", name);
	return 0;
}

int domain_define(struct domain_host *host, const char *name, const char *uuid,
		  const char *xml, bool autostart, struct err *err)
{
	autodomain virDomainPtr before = host_domain(host, uuid);
	autodomain virDomainPtr dom = NULL;
	int r;

	if (before && strcmp(virDomainGetName(before), name) != 0 &&
	    virDomainRename(before, name, 0) < 0)
		return host_failed(err, EIO, "cannot rename '%s' to '%s'",
				   virDomainGetName(before), name);
	dom = virDomainDefineXMLFlags(host->conn, xml,
				      VIR_DOMAIN_DEFINE_VALIDATE);
	if (!dom)
		return host_failed(err, EIO, "cannot define the guest");
	if (virDomainSetAutostart(dom, autostart) < 0) {
		r = host_failed(err, EIO,
				"cannot set whether the guest starts with "
				"this machine");
		if (!before)
			virDomainUndefine(dom);
		return r;
	}
	return 0;
}

/* -ENOENT, with what helps, if there is none. */
static int find(struct domain_host *host, const char *uuid,
		virDomainPtr *ret_dom, struct err *err)
{
	*ret_dom = host_domain(host, uuid);
	if (*ret_dom)
		return 0;
	if (host_error_code() == VIR_ERR_NO_DOMAIN)
		return err_set(err, ENOENT,
			       "libvirt (%s) does not know this guest; make it "
			       "known with: pimigrate define NAME",
			       host->uri);
	return host_failed(err, EIO, "cannot ask for the guest");
}

int domain_undefine(struct domain_host *host, const char *uuid, struct err *err)
{
	autodomain virDomainPtr dom = host_domain(host, uuid);

	if (!dom && host_error_code() == VIR_ERR_NO_DOMAIN)
		return 0;
	if (!dom)
		return host_failed(err, EIO, "cannot ask for the guest");
	if (virDomainIsActive(dom) == 1)
		return err_set(err, EAGAIN, "the guest is running");
	if (virDomainUndefineFlags(
		    dom, VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
				 VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
				 VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA) < 0)
		return host_failed(err, EIO, "cannot undefine the guest");
	return 0;
}

/* text with each from replaced by to; both as they stand in the XML. */
static char *replaced(const char *text, const char *from, const char *to)
{
	struct str s = { 0 };
	const char *at;

	while ((at = strstr(text, from))) {
		str_addn(&s, text, (size_t)(at - text));
		str_add(&s, to);
		text = at + strlen(from);
	}
	str_add(&s, text);
	return str_steal(&s);
}

static char *escaped_folder(const char *folder)
{
	struct str s = { 0 };

	xml_escape(&s, folder);
	str_add(&s, "/");
	return str_steal(&s);
}

static int move_paths(struct domain_host *host, virDomainPtr dom,
		      const char *from, const char *to, struct err *err)
{
	autofree char *xml = virDomainGetXMLDesc(
		dom, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
	autofree char *a = escaped_folder(from), *b = escaped_folder(to);
	autofree char *moved = xml ? replaced(xml, a, b) : NULL;
	autodomain virDomainPtr defined =
		moved ? virDomainDefineXMLFlags(host->conn, moved,
						VIR_DOMAIN_DEFINE_VALIDATE)
		      : NULL;

	return defined ? 0
		       : host_failed(err, EIO,
				     "cannot define the guest with its new "
				     "paths");
}

int domain_rename(struct domain_host *host, const char *uuid, const char *name,
		  const char *from, const char *to, struct err *err)
{
	autodomain virDomainPtr dom = NULL;
	autofree char *before = NULL;
	int r = find(host, uuid, &dom, err);

	if (r < 0)
		return r;
	before = strdup(virDomainGetName(dom));
	if (strcmp(before, name) != 0 && virDomainRename(dom, name, 0) < 0)
		return host_failed(err, EIO, "cannot rename '%s' to '%s'",
				   before, name);
	r = move_paths(host, dom, from, to, err);
	if (r < 0)
		virDomainRename(dom, before, 0);
	return r;
}

int domain_autostart(struct domain_host *host, const char *uuid, bool on,
		     struct err *err)
{
	autodomain virDomainPtr dom = NULL;
	int r = find(host, uuid, &dom, err);

	if (!r && virDomainSetAutostart(dom, on) < 0)
		r = host_failed(err, EIO,
				"cannot set whether the guest starts with "
				"this machine");
	return r;
}

int domain_autostarts(struct domain_host *host, const char *uuid, bool *ret_on,
		      struct err *err)
{
	autodomain virDomainPtr dom = host_domain(host, uuid);
	int on = 0;

	if (!dom && host_error_code() == VIR_ERR_NO_DOMAIN) {
		*ret_on = false;
		return 0;
	}
	if (!dom || virDomainGetAutostart(dom, &on) < 0)
		return host_failed(err, EIO,
				   "cannot ask whether the guest starts with "
				   "this machine");
	*ret_on = on;
	return 0;
}

int domain_start(struct domain_host *host, const char *uuid, struct err *err)
{
	autodomain virDomainPtr dom = NULL;
	int r = find(host, uuid, &dom, err);

	if (!r && virDomainCreate(dom) < 0)
		r = host_failed(err, EIO, "the guest did not start");
	return r;
}

int domain_resume(struct domain_host *host, const char *uuid, struct err *err)
{
	autodomain virDomainPtr dom = NULL;
	int r = find(host, uuid, &dom, err);

	if (!r && virDomainResume(dom) < 0)
		r = host_failed(err, EIO, "the guest does not go on");
	return r;
}

int domain_press_power(struct domain_host *host, const char *uuid,
		       struct err *err)
{
	autodomain virDomainPtr dom = NULL;
	int r = find(host, uuid, &dom, err);

	if (!r && virDomainShutdown(dom) < 0 &&
	    host_error_code() != VIR_ERR_OPERATION_INVALID)
		r = host_failed(err, EIO, "cannot press the power button");
	return r;
}

int domain_switch_off(struct domain_host *host, const char *uuid,
		      struct err *err)
{
	autodomain virDomainPtr dom = NULL;
	int r = find(host, uuid, &dom, err);

	if (!r && virDomainDestroy(dom) < 0 &&
	    host_error_code() != VIR_ERR_OPERATION_INVALID)
		r = host_failed(err, EIO, "cannot switch the guest off");
	return r;
}
