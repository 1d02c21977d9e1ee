/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every device has <address type='virtio-mmio'/>: without it libvirt would
 * give qemu-system-arm a PCI Express bus, and the guest's network card another
 * name than under pimigrate-emu.
 */
#include "domain/xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "model/serial.h"

#define MMIO "<address type='virtio-mmio'/>"

void xml_escape(struct str *s, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			str_add(s, "&amp;");
			break;
		case '<':
			str_add(s, "&lt;");
			break;
		case '>':
			str_add(s, "&gt;");
			break;
		case '\'':
			str_add(s, "&apos;");
			break;
		case '"':
			str_add(s, "&quot;");
			break;
		default:
			str_addn(s, text, 1);
		}
	}
}

/* A document in the making; the first text that XML cannot hold ends it. */
struct writer {
	struct str s;
	const char *bad; /* what that text is */
};

static void put(struct writer *w, const char *before, const char *what,
		const char *text, const char *after)
{
	autofree char *printable = str_printable(text, false);

	if (strcmp(printable, text) != 0 && !w->bad)
		w->bad = what;
	str_add(&w->s, before);
	xml_escape(&w->s, printable);
	str_add(&w->s, after);
}

static int finish(struct writer *w, const char *of, char **ret_xml,
		  struct err *err)
{
	if (w->bad) {
		str_free(&w->s);
		return err_set(err, EINVAL,
			       "libvirt's XML cannot hold the %s of '%s': it "
			       "has control characters, or is not UTF-8",
			       w->bad, of);
	}
	*ret_xml = str_steal(&w->s);
	return 0;
}

static void put_path(struct writer *w, const char *before, const char *dir,
		     const char *file, const char *after)
{
	autofree char *path = *file == '/' ? xstrdup(file)
					   : xasprintf("%s/%s", dir, file);

	put(w, before, "path", path, after);
}

static void add_os(struct writer *w, const struct machine *m,
		   const struct domain_parts *parts)
{
	autostr struct str cmdline = { 0 };

	str_addf(&w->s,
		 "  <os>\n    <type arch='%s' machine='virt'>hvm</type>\n",
		 machine_is_arm64(m) ? "aarch64" : "armv7l");
	put_path(w, "    <kernel>", parts->dir, m->kernel, "</kernel>\n");
	if (m->initrd)
		put_path(w, "    <initrd>", parts->dir, m->initrd,
			 "</initrd>\n");
	str_add(&cmdline, m->cmdline ? m->cmdline : "");
	serial_words(m, &cmdline);
	if (cmdline.len)
		put(w, "    <cmdline>", "kernel command line", cmdline.text,
		    "</cmdline>\n");
	str_add(&w->s, "  </os>\n");
}

static void add_disk(struct writer *w, const struct machine_disk *disk,
		     unsigned int n, const char *dir)
{
	put(w, "    <disk type='", "disk", disk->block ? "block" : "file",
	    "' device='disk'>\n");
	put(w, "      <driver name='qemu' type='", "disk format", disk->format,
	    "' discard='unmap'/>\n");
	put_path(w,
		 disk->block ? "      <source dev='" : "      <source file='",
		 dir, disk->file, "'/>\n");
	str_addf(&w->s, "      <target dev='vd%c' bus='virtio'/>\n",
		 (int)('a' + n % 26));
	str_addf(&w->s, "%s      " MMIO "\n    </disk>\n",
		 disk->readonly ? "      <readonly/>\n" : "");
}

static void add_tap(struct writer *w, const struct machine_nic *nic)
{
	str_addf(&w->s, "    <interface type='%s'>\n",
		 nic->network  ? "network"
		 : nic->bridge ? "bridge"
			       : "ethernet");
	if (nic->mac)
		put(w, "      <mac address='", "MAC", nic->mac, "'/>\n");
	if (nic->bridge)
		put(w, "      <source bridge='", "bridge", nic->bridge,
		    "'/>\n");
	if (nic->network)
		put(w, "      <source network='", "network", nic->network,
		    "'/>\n");
	/* libvirt makes the TAP on a bridge; one without is its owner's. */
	if (nic->tap)
		put(w, "      <target dev='", "TAP", nic->tap,
		    nic->bridge ? "'/>\n" : "' managed='no'/>\n");
	str_add(&w->s, "      <model type='virtio'/>\n"
		       "      " MMIO "\n    </interface>\n");
}

static void add_arg(struct writer *w, const char *arg)
{
	put(w, "    <qemu:arg value='", "network", arg, "'/>\n");
}

static void add_user_nics(struct writer *w, const struct machine *m,
			  const struct domain_parts *parts)
{
	unsigned int n = 0;

	for (size_t i = 0; i < m->nics.n; i++) {
		const struct machine_nic *nic = &m->nics.at[i];
		autofree char *device = NULL;

		if (nic->kind != NIC_USER)
			continue;
		if (!n)
			str_add(&w->s, "  <qemu:commandline>\n");
		device = xasprintf("virtio-net-device,netdev=user%u%s%s", n,
				   nic->mac ? ",mac=" : "",
				   nic->mac ? nic->mac : "");
		add_arg(w, "-netdev");
		add_arg(w, parts->netdevs[n++]);
		add_arg(w, "-device");
		add_arg(w, device);
	}
	if (n)
		str_add(&w->s, "  </qemu:commandline>\n");
}

/* The host's ports: on the board's UART as a second serial line, others as
 * virtio consoles behind the one that systemd puts a login prompt on
 * (model/serial.h). */
static void add_serials(struct writer *w, const struct machine *m,
			enum serial_port kind)
{
	bool uart = kind == SERIAL_UART, first = true;
	bool hvc0 = !uart && m->console_hvc0;

	for (size_t i = 0; i < m->serial.n; i++) {
		if (m->serial.at[i].port != kind)
			continue;
		if (!uart && first && !hvc0)
			str_add(&w->s,
				"    <console type='null'>\n      <target "
				"type='virtio'/>\n    </console>\n");
		first = false;
		str_add(&w->s, uart ? "    <serial type='dev'>\n"
				    : "    <console type='dev'>\n");
		put(w, "      <source path='", "serial port",
		    m->serial.at[i].device, "'/>\n");
		str_add(&w->s, uart ? "    </serial>\n"
				    : "      <target type='virtio'/>\n"
				      "    </console>\n");
	}
	if (hvc0 || (!uart && !first))
		str_add(&w->s, "    <controller type='virtio-serial'>\n"
			       "      " MMIO "\n    </controller>\n");
}

static void add_log(struct writer *w, const struct domain_parts *parts)
{
	put(w, "      <log file='", "path", parts->console_log,
	    "' append='off'/>\n");
}

/*
 * The serial lines and the consoles.  With hvc0 the UART is a program's of the
 * guest, and nothing is at its other end; libvirt makes a console of it all the
 * same, which is the first, so that hvc0 has a name to be opened by.
 */
static void add_consoles(struct writer *w, const struct machine *m,
			 const struct domain_parts *parts)
{
	if (m->console_hvc0) {
		str_add(&w->s, "    <serial type='null'/>\n");
	} else {
		str_add(&w->s, "    <serial type='pty'>\n");
		add_log(w, parts);
		str_add(&w->s, "    </serial>\n");
	}
	add_serials(w, m, SERIAL_UART);
	if (m->console_hvc0) {
		str_add(&w->s, "    <console type='pty'>\n");
		add_log(w, parts);
		str_add(&w->s, "      <target type='virtio'/>\n"
			       "      <alias name='" XML_HVC0 "'/>\n"
			       "    </console>\n");
	} else {
		str_add(&w->s, "    <console type='pty'/>\n");
	}
	add_serials(w, m, SERIAL_VIRTIO);
}

static void add_devices(struct writer *w, const struct machine *m,
			const struct domain_parts *parts)
{
	str_add(&w->s, "  <devices>\n");
	put(w, "    <emulator>", "path", parts->emulator, "</emulator>\n");
	for (unsigned int i = 0; i < m->disks.n; i++)
		add_disk(w, &m->disks.at[i], i, parts->dir);
	str_add(&w->s, "    <controller type='usb' model='none'/>\n");
	for (size_t i = 0; i < m->nics.n; i++)
		if (m->nics.at[i].kind == NIC_TAP ||
		    m->nics.at[i].kind == NIC_NETWORK)
			add_tap(w, &m->nics.at[i]);
	add_consoles(w, m, parts);
	str_add(&w->s, "    <rng model='virtio'>\n"
		       "      <backend model='random'>/dev/urandom</backend>\n"
		       "      " MMIO "\n"
		       "    </rng>\n"
		       "    <memballoon model='virtio' autodeflate='on'>\n"
		       "      " MMIO "\n"
		       "    </memballoon>\n"
		       "  </devices>\n");
}

int xml_domain(const struct machine *m, const struct domain_parts *parts,
	       char **ret_xml, struct err *err)
{
	struct writer w = { 0 };

	str_add(&w.s, "<domain type='qemu' xmlns:qemu="
		      "'http://libvirt.org/schemas/domain/qemu/1.0'>\n");
	put(&w, "  <name>", "name", m->name, "</name>\n");
	put(&w, "  <uuid>", "uuid", m->uuid, "</uuid>\n");
	if (m->title) {
		/* For people only, so it may lose what cannot be shown. */
		autofree char *title = str_printable(m->title, false);

		put(&w, "  <title>", "title", title, "</title>\n");
	}
	str_addf(&w.s, "  <memory unit='KiB'>%llu</memory>\n",
		 (unsigned long long)(m->memory >> 10));
	str_addf(&w.s, "  <vcpu>%u</vcpu>\n", m->cpus);
	add_os(&w, m, parts);
	put(&w, "  <cpu mode='custom' match='exact' check='none'>\n    <model>",
	    "CPU model",
	    m->cpu                ? m->cpu
	    : machine_is_arm64(m) ? "cortex-a72"
				  : "cortex-a7",
	    "</model>\n  </cpu>\n");
	str_add(&w.s, "  <clock offset='utc'/>\n"
		      "  <on_poweroff>destroy</on_poweroff>\n"
		      "  <on_reboot>restart</on_reboot>\n"
		      "  <on_crash>restart</on_crash>\n");
	add_devices(&w, m, parts);
	add_user_nics(&w, m, parts);
	str_add(&w.s, "</domain>\n");
	return finish(&w, m->name, ret_xml, err);
}

int xml_volume(const char *name, uint64_t size, bool sparse, char **ret_xml,
	       struct err *err)
{
	struct writer w = { 0 };

	put(&w, "<volume>\n  <name>", "name", name, "</name>\n");
	str_addf(&w.s, "  <capacity unit='bytes'>%llu</capacity>\n",
		 (unsigned long long)size);
	str_add(&w.s, sparse ? "  <allocation>0</allocation>\n"
			       "  <target><format type='raw'/></target>\n"
			     : "");
	str_add(&w.s, "</volume>\n");
	return finish(&w, name, ret_xml, err);
}
