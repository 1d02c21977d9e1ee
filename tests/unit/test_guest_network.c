/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose fixed address it is: of several cards, several managers, a bridge. */
#include "guest/parts.h"

#include "common/cleanup.h"
#include "common/mem.h"
#include "fake_tree.h"
#include "test.h"
#include "texts.h"

static struct fake_tree f;
static struct tree t;
static struct guest g;

static void begin(void)
{
	guest_free(&g);
	memset(&f, 0, sizeof(f));
	t = fake_tree(&f);
}

static void enabled(const char *name)
{
	*vec_add(&g.services) = (struct guest_service){ .name = xstrdup(name),
							.enabled = true };
}

static void test_other_cards(void)
{
	/* aliases, VLANs and a second card have addresses of their own */
	begin();
	fake_file(&f, "/etc/network/interfaces",
		  "iface eth0 inet static\naddress 192.168.1.5/24\n"
		  "iface eth0:1 inet static\naddress 10.0.0.5/8\n"
		  "iface eth0.10 inet static\naddress 10.1.0.5/16\n"
		  "iface eth1 inet static\naddress 10.2.0.5/16\n"
		  "gateway 10.2.0.1\n");
	network_inspect(&g, &t);
	check_text(g.address, "192.168.1.5/24");
	check_text(g.gateway, NULL);
	begin();
	enabled("dhcpcd.service");
	fake_file(&f, "/etc/dhcpcd.conf",
		  "interface eth0\nstatic ip_address=192.168.1.5/24\n"
		  "interface eth1\nstatic ip_address=10.2.0.5/16\n"
		  "static routers=10.2.0.1\n");
	network_inspect(&g, &t);
	check_text(g.address, "192.168.1.5/24");
	check_text(g.gateway, NULL);
	begin();
	enabled("systemd-networkd.service");
	fake_file(&f, "/etc/systemd/network/10-lan.network",
		  "[Match]\nName=eth1\n[Network]\nAddress=10.2.0.5/16\n");
	fake_file(&f, "/etc/systemd/network/20-wan.network",
		  "[Match]\nName=lan* eth0\n[Network]\nAddress=10.3.0.5/16\n");
	network_inspect(&g, &t);
	check_text(g.address, "10.3.0.5/16");
	begin();
	enabled("systemd-networkd.service");
	fake_file(&f, "/etc/netplan/50.yaml",
		  "network:\n  ethernets:\n    eth1:\n"
		  "      addresses: [10.2.0.5/16]\n    NM-1:\n"
		  "      match: {name: eth2}\n"
		  "      addresses: [10.4.0.5/16]\n    eth0:\n"
		  "      dhcp4: true\n");
	network_inspect(&g, &t);
	check_text(g.address, NULL);
	begin();
	enabled("NetworkManager.service");
	fake_file(&f, "/etc/NetworkManager/system-connections/a.nmconnection",
		  "[connection]\ntype=ethernet\ninterface-name=eth1\n[ipv4]\n"
		  "method=manual\naddress1=10.2.0.5/16\n");
	fake_file(&f, "/etc/NetworkManager/system-connections/b.nmconnection",
		  "[connection]\ntype=ethernet\ninterface-name=eth0\n[ipv4]\n"
		  "method=manual\naddress1=10.3.0.5/16\n");
	network_inspect(&g, &t);
	check_text(g.address, "10.3.0.5/16");

	/* a name that systemd made, where nothing is said of eth0 */
	begin();
	fake_file(&f, "/etc/network/interfaces",
		  "# not eth0\niface enxb827eb123456 inet static\n"
		  "address 192.168.1.5/24\n");
	network_inspect(&g, &t);
	check_text(g.address, "192.168.1.5/24");
	begin();
	fake_file(&f, "/etc/network/interfaces",
		  "iface eth0 inet dhcp\niface enx00e04c010203 inet static\n"
		  "address 192.168.1.5/24\n");
	network_inspect(&g, &t);
	check_text(g.address, NULL);
}

/* Who has it where several could. */
static void test_two_managers(void)
{
	static const char profile[] =
		"[connection]\ntype=ethernet\n[ipv4]\nmethod=manual\n"
		"address1=10.3.0.5/16\n";

	begin();
	enabled("NetworkManager.service");
	fake_file(&f, "/etc/NetworkManager/system-connections/a.nmconnection",
		  profile);
	fake_file(&f, "/etc/network/interfaces",
		  "iface eth0 inet static\naddress 192.168.1.5/24\n");
	network_inspect(&g, &t);
	check_eq(g.net, NET_IFUPDOWN);
	check_text(g.address, "192.168.1.5/24");
	begin();
	enabled("NetworkManager.service");
	fake_file(&f, "/etc/NetworkManager/system-connections/a.nmconnection",
		  profile);
	fake_file(&f, "/etc/network/interfaces", "iface eth0 inet manual\n");
	network_inspect(&g, &t);
	check_eq(g.net, NET_NETWORKMANAGER);
	check_text(g.address, "10.3.0.5/16");
	begin();
	enabled("NetworkManager.service");
	enabled("dhcpcd.service");
	fake_file(&f, "/etc/dhcpcd.conf",
		  "interface eth0\nstatic ip_address=192.168.1.5/24\n");
	network_inspect(&g, &t);
	check_eq(g.net, NET_NETWORKMANAGER);
	check_text(g.address, "192.168.1.5/24");
}

static void bridge(const char *interfaces, enum guest_net net,
		   const char *address)
{
	begin();
	fake_file(&f, "/etc/network/interfaces", interfaces);
	network_inspect(&g, &t);
	check_eq(g.net, net);
	check_text(g.address, address);
}

/* The card's address is its bridge's. */
static void test_bridges(void)
{
	bridge("iface br0 inet static\naddress 10.0.0.5/8\n"
	       "bridge_ports eth0 wlan0\n",
	       NET_IFUPDOWN, "10.0.0.5/8");
	bridge("iface br0 inet dhcp\nbridge-ports all\n", NET_IFUPDOWN, NULL);
	bridge("iface eth0 inet manual\nbond-master bond0\n"
	       "iface bond0 inet static\naddress 10.0.0.5/8\n"
	       "bond-slaves none\n",
	       NET_IFUPDOWN, "10.0.0.5/8");
	bridge("iface br0 inet static\naddress 10.0.0.5/8\n"
	       "bridge_ports eth1\n",
	       NET_NONE, NULL);

	begin();
	enabled("dhcpcd.service");
	enabled("systemd-networkd.service");
	fake_file(&f, "/etc/systemd/network/br0-member-eth0.network",
		  "[Match]\nName=eth0\n[Network]\nBridge=br0\n");
	fake_file(&f, "/etc/dhcpcd.conf",
		  "denyinterfaces wlan0 eth0\ninterface br0\n"
		  "static ip_address=10.0.0.5/8\n");
	network_inspect(&g, &t);
	check_text(g.address, "10.0.0.5/8");

	begin();
	enabled("systemd-networkd.service");
	fake_file(&f, "/etc/systemd/network/10-port.network",
		  "[Match]\nName=e*\n[Network]\nBridge=br0\n");
	fake_file(&f, "/etc/systemd/network/20-br0.network",
		  "[Match]\nName=br0\n[Network]\nAddress=10.0.0.5/8\n");
	network_inspect(&g, &t);
	check_text(g.address, "10.0.0.5/8");

	begin();
	enabled("systemd-networkd.service");
	fake_file(&f, "/etc/netplan/50.yaml",
		  "network:\n  ethernets:\n    eth0: {}\n  bridges:\n"
		  "    br0:\n      interfaces: [eth0]\n"
		  "      addresses: [10.0.0.5/8]\n    br1:\n"
		  "      addresses: [10.9.0.5/16]\n");
	network_inspect(&g, &t);
	check_text(g.address, "10.0.0.5/8");

	begin();
	enabled("NetworkManager.service");
	fake_file(&f, "/etc/NetworkManager/system-connections/a.nmconnection",
		  "[connection]\ntype=bridge\nuuid=b-1\ninterface-name=br0\n"
		  "[ipv4]\nmethod=manual\naddress1=10.0.0.5/8\n");
	network_inspect(&g, &t);
	check_text(g.address, NULL);
	fake_file(&f, "/etc/NetworkManager/system-connections/p.nmconnection",
		  "[connection]\ntype=ethernet\ninterface-name=eth0\n"
		  "master=b-1\nslave-type=bridge\n");
	network_inspect(&g, &t);
	check_text(g.address, "10.0.0.5/8");
}

static bool said(const char *code)
{
	return guest_finding(&g, code) != NULL;
}

static void wifi_with(const char *lease)
{
	begin();
	enabled("dhcpcd.service");
	fake_file(&f, "/etc/wpa_supplicant/wpa_supplicant.conf", "network={}");
	fake_file(&f, "/etc/dhcpcd.conf",
		  "interface wlan0\nstatic ip_address=10.0.0.9/8\n");
	fake_file(&f, lease, "");
}

static void second(const char *path, const char *text, const char *name)
{
	begin();
	fake_file(&f, path, text);
	network_inspect(&g, &t);
	check_text(g.second_card, name);
	findings_inspect(&g, &t);
	check_eq(said("second-card"), name != NULL);
}

static void test_second_card(void)
{
	second("/etc/network/interfaces",
	       "auto eth1\n#auto eth2\niface eth1 inet dhcp\n", "eth1");
	second("/etc/dhcpcd.conf", "interface eth0\n  interface eth1\n",
	       "eth1");
	second("/etc/netplan/a.yaml",
	       "network:\n  ethernets:\n    eth0: {}\n"
	       "    enx00e04c010203: {}\n",
	       "enx00e04c010203");
	/* these are the Pi's own */
	second("/etc/netplan/a.yaml",
	       "network:\n  ethernets:\n    eth0: {}\n"
	       "    enxb827eb010203: {}\n    end0: {}\n",
	       NULL);
	second("/etc/dhcpcd.conf",
	       "#interface eth1\ninterface enx00e04c010203\n", NULL);
	second("/etc/network/interfaces",
	       "iface eth0:1 inet dhcp\niface eth0.1 inet dhcp\n"
	       "iface veth1 inet dhcp\n",
	       NULL);
}

/* A cable that was in use years ago is no cable. */
static void test_old_lease(void)
{
	static const char lease[] = "/var/lib/dhcpcd5/dhcpcd-eth0.lease";
	static const char journal[] = "/var/log/journal/x/system.journal";
	enum {
		DAY = 86400,
		NOW = 20000 * DAY
	};

	wifi_with(lease);
	fake_find(&f, lease)->mtime = NOW - 400 * DAY;
	network_inspect(&g, &t);
	check(!g.wifi_only); /* nothing is newer */
	wifi_with(lease);
	fake_find(&f, lease)->mtime = NOW - 400 * DAY;
	fake_file(&f, journal, "");
	fake_find(&f, journal)->mtime = NOW;
	network_inspect(&g, &t);
	check(g.wifi_only);
	check_text(g.address, "10.0.0.9/8");
	wifi_with(lease);
	fake_find(&f, lease)->mtime = NOW - 20 * DAY;
	fake_file(&f, journal, "");
	fake_find(&f, journal)->mtime = NOW;
	network_inspect(&g, &t);
	check(!g.wifi_only);
}

/* What is lost with the radio is said. */
static void test_wifi_address(void)
{
	wifi_with("/var/lib/dhcpcd/eth0.lease");
	network_inspect(&g, &t);
	check(!g.wifi_only && !g.address);
	check_text(g.wifi_address, "10.0.0.9/8");
	findings_inspect(&g, &t);
	check(said("wifi-address") && !said("wifi-only"));

	begin();
	fake_file(&f, "/etc/network/interfaces",
		  "iface eth0 inet dhcp\niface wlan0 inet static\n"
		  "address 10.0.0.9/8\n");
	network_inspect(&g, &t);
	check_text(g.wifi_address, "10.0.0.9/8");

	/* an access point's address goes with it, which is said already */
	begin();
	enabled("hostapd.service");
	fake_file(&f, "/etc/network/interfaces",
		  "iface eth0 inet dhcp\niface wlan0 inet static\n"
		  "address 10.0.0.9/8\n");
	network_inspect(&g, &t);
	findings_inspect(&g, &t);
	check(said("access-point") && !said("wifi-address"));

	/* the cable has one as well */
	begin();
	fake_file(&f, "/etc/network/interfaces",
		  "iface eth0 inet static\naddress 10.0.0.8/8\n"
		  "iface wlan0 inet static\naddress 10.0.0.9/8\n");
	network_inspect(&g, &t);
	check_text(g.wifi_address, NULL);
}

static void imager(const char *ethernet, bool wifi_only, const char *address)
{
	autofree char *text = xasprintf(
		"network:\n  version: 2\n  ethernets:\n    eth0: {%s}\n"
		"  wifis:\n    wlan0:\n      addresses: [10.4.5.6/24]\n",
		ethernet);

	begin();
	enabled("NetworkManager.service");
	fake_file(&f, "/etc/netplan/50-cloud-init.yaml", text);
	network_inspect(&g, &t);
	check_eq(g.wifi_only, wifi_only);
	check_text(g.address, address);
}

/* Raspberry Pi Imager writes eth0 before every Wi-Fi. */
static void test_imager(void)
{
	imager("dhcp4: true, dhcp6: true, optional: true", true, "10.4.5.6/24");
	imager("dhcp4: true", false, NULL);
	check_text(g.wifi_address, "10.4.5.6/24");
	imager("addresses: [10.4.5.7/24], optional: true", false,
	       "10.4.5.7/24");
}

int main(void)
{
	test_other_cards();
	test_two_managers();
	test_bridges();
	test_second_card();
	test_old_lease();
	test_wifi_address();
	test_imager();
	guest_free(&g);
	return test_done();
}
