/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who configures the network, with which address, and whose MAC it is. */
#include "guest/parts.h"

#include "common/cleanup.h"
#include "common/mem.h"
#include "fake_guest.h"
#include "test.h"
#include "texts.h"

static void test_dhcpcd(void)
{
	begin();
	enabled("dhcpcd.service");
	fake_file(&f, "/etc/network/interfaces", "source interfaces.d/*\n");
	fake_file(&f, "/etc/dhcpcd.conf",
		  "#static ip_address=1.2.3.4/24\n"
		  "interface wlan0\nstatic ip_address=10.0.0.9/8\n"
		  "interface eth0\nstatic ip_address=192.168.7.5/23\n"
		  "static routers=192.168.7.1\n"
		  "static domain_name_servers=192.168.7.2 8.8.8.8\n"
		  "profile static_eth0\nstatic ip_address=10.9.9.9/8\n");
	network_inspect(&g, &t);
	check_eq(g.net, NET_DHCPCD);
	check(g.static_address && !g.wifi_only);
	check_text(g.address, "192.168.7.5/23");
	check_text(g.gateway, "192.168.7.1");
	check_text(g.dns, "192.168.7.2");
}

/* As jessie has it: ifupdown names the cards and leaves them to dhcpcd. */
static void test_manual(void)
{
	static const char path[] = "/etc/network/interfaces";
	static const char text[] = "iface lo inet loopback\n"
				   "iface eth0 inet manual\n"
				   "iface wlan0 inet manual\n";

	begin();
	fake_file(&f, path, text);
	network_inspect(&g, &t);
	check_eq(g.net, NET_IFUPDOWN); /* nobody else is there */
	begin();
	enabled("dhcpcd.service");
	fake_file(&f, path, text);
	fake_file(&f, "/etc/dhcpcd.conf",
		  "interface eth0\nstatic ip_address=192.168.7.5/23\n");
	network_inspect(&g, &t);
	check_eq(g.net, NET_DHCPCD);
	check_text(g.address, "192.168.7.5/23");
	begin();
	enabled("systemd-networkd.service");
	fake_file(&f, path, text);
	network_inspect(&g, &t);
	check_eq(g.net, NET_NETWORKD);
	begin();
	enabled("dhcpcd.service");
	fake_file(&f, path, text);
	fake_file(&f, "/etc/network/interfaces.d/eth0",
		  "iface eth0 inet dhcp\n");
	network_inspect(&g, &t);
	check_eq(g.net, NET_IFUPDOWN);
}

static void test_ifupdown(void)
{
	begin();
	enabled("dhcpcd.service");
	fake_file(&f, "/etc/network/interfaces.d/eth0",
		  "auto eth0\niface eth0 inet static\n  address 10.1.2.3\n"
		  "\tnetmask 255.255.0.0\n  gateway 10.1.0.1\n"
		  "  dns-nameservers 10.1.0.2 10.1.0.3\n"
		  "iface wlan0 inet static\n  address 10.9.9.9\n");
	network_inspect(&g, &t);
	check_eq(g.net, NET_IFUPDOWN);
	check_text(g.address, "10.1.2.3/16");
	check_text(g.dns, "10.1.0.2");

	/* nonsense is no address */
	begin();
	fake_file(&f, "/etc/network/interfaces",
		  "iface eth0 inet static\naddress 10.1.2.3/99\n");
	network_inspect(&g, &t);
	check(!g.static_address && !g.address);
	begin();
	fake_file(&f, "/etc/network/interfaces",
		  "iface eth0 inet static\naddress 10.1.2.3,x=y\n"
		  "netmask 255.0.255.0\ngateway $(reboot)\n");
	network_inspect(&g, &t);
	check_text(g.address, "10.1.2.3/24");
	check_text(g.gateway, NULL);
}

static void test_network_manager(void)
{
	begin();
	enabled("NetworkManager.service");
	fake_file(&f, "/etc/NetworkManager/system-connections/w.nmconnection",
		  "[connection]\ntype=wifi\n[ipv4]\nmethod=manual\n"
		  "address1=10.9.9.9/24\n");
	network_inspect(&g, &t);
	check_eq(g.net, NET_NETWORKMANAGER);
	check(g.wifi_only && g.static_address);
	check_text(g.address, "10.9.9.9/24");

	begin();
	enabled("NetworkManager.service");
	fake_file(&f, "/etc/NetworkManager/system-connections/w.nmconnection",
		  "[connection]\ntype=wifi\n[ipv4]\nmethod=manual\n"
		  "address1=10.9.9.9/24\n");
	fake_file(&f, "/etc/NetworkManager/system-connections/e.nmconnection",
		  "[connection]\ntype=ethernet\n[ipv4]\nmethod=manual\n"
		  "address1=192.168.1.5/24,192.168.1.1\ndns=9.9.9.9;8.8.8.8;\n"
		  "[ethernet]\nmac-address=DC:A6:32:01:02:03\n");
	network_inspect(&g, &t);
	check(!g.wifi_only && g.static_address);
	check_text(g.address, "192.168.1.5/24");
	check_text(g.gateway, "192.168.1.1");
	check_text(g.dns, "9.9.9.9");
	mac_inspect(&g, &t);
	check_text(g.mac, "dc:a6:32:01:02:03");

	begin();
	enabled("NetworkManager.service");
	fake_file(&f, "/etc/NetworkManager/system-connections/w.nmconnection",
		  "[connection]\ntype=wifi\n");
	fake_file(&f, "/var/lib/NetworkManager/internal-x-eth0.lease", "");
	network_inspect(&g, &t);
	check(!g.wifi_only);
}

/* What it had by Wi-Fi is to be the cable's. */
static void test_wifi_only(void)
{
	begin();
	enabled("dhcpcd.service");
	fake_file(&f, "/etc/wpa_supplicant/wpa_supplicant.conf", "network={}");
	fake_file(&f, "/etc/dhcpcd.conf",
		  "interface wlan0\nstatic ip_address=10.0.0.9/8\n"
		  "static routers=10.0.0.1\n");
	network_inspect(&g, &t);
	check(g.wifi_only && g.static_address);
	check_text(g.address, "10.0.0.9/8");
	check_text(g.gateway, "10.0.0.1");

	begin();
	fake_file(&f, "/etc/network/interfaces",
		  "iface wlan0 inet static\naddress 10.1.2.3/16\n");
	network_inspect(&g, &t);
	check_eq(g.net, NET_NONE);
	check(g.wifi_only);
	check_text(g.address, "10.1.2.3/16");

	begin();
	enabled("systemd-networkd.service");
	fake_file(&f, "/etc/netplan/50-cloud-init.yaml",
		  "network:\n  version: 2\n  wifis:\n    wlan0:\n"
		  "      addresses: [10.4.5.6/24]\n      routes:\n"
		  "      - {to: 10.0.0.0/8, via: 10.4.5.9}\n"
		  "      - {to: default, via: 10.4.5.1}\n"
		  "      nameservers: {addresses: [10.4.5.2, 1.1.1.1]}\n");
	network_inspect(&g, &t);
	check(g.wifi_only);
	check_text(g.address, "10.4.5.6/24");
	check_text(g.gateway, "10.4.5.1");
	check_text(g.dns, "10.4.5.2");
}

static void test_netplan(void)
{
	begin();
	enabled("systemd-networkd.service");
	fake_file(&f, "/etc/netplan/50-cloud-init.yaml",
		  "network:\n  ethernets:\n    eth0:\n"
		  "      addresses: [192.168.9.5/24]\n"
		  "      gateway4: 192.168.9.1\n  wifis:\n    wlan0:\n"
		  "      addresses: [10.4.5.6/24]\n");
	fake_file(&f, "/etc/netplan/99-bad.yaml", "network: [\n");
	network_inspect(&g, &t);
	check(!g.wifi_only && g.static_address);
	check_text(g.address, "192.168.9.5/24");
	check_text(g.gateway, "192.168.9.1");
}

static void test_networkd(void)
{
	begin();
	enabled("systemd-networkd.service");
	fake_file(&f, "/etc/systemd/network/10-w.network",
		  "[Match]\nName=wlan0\n[Network]\nAddress=10.0.0.1/8\n");
	fake_file(&f, "/etc/systemd/network/20-e.network",
		  "[Match]\nName=e*\n[Network]\nAddress=10.0.0.2/8\n"
		  "Gateway=10.0.0.254\n");
	network_inspect(&g, &t);
	check_eq(g.net, NET_NETWORKD);
	check_text(g.address, "10.0.0.2/8");
}

static void mac_from(const char *path, const char *text, const char *want)
{
	begin();
	fake_file(&f, path, text);
	mac_inspect(&g, &t);
	check_text(g.mac, want);
	check(!want || !strcmp(g.mac_from, path));
}

/* A log has much of others' addresses beside eth0. */
static void test_mac_of_others(void)
{
	static const char *const lines[] = {
		"[UFW BLOCK] IN=eth0 OUT= "
		"MAC=01:00:5e:00:00:16:dc:a6:32:aa:bb:cc:08:00 SRC=10.0.0.2",
		"[UFW BLOCK] IN=eth0 OUT= "
		"MAC=33:33:00:00:00:01:b8:27:eb:aa:bb:cc:86:dd SRC=fe80::1",
		"IN=wlan0 OUT=eth0 MAC=b8:27:eb:aa:bb:cc:00:00:5e:01:02:03:08",
		"IN=br0 OUT=br0 PHYSIN=eth0 MAC=b8:27:eb:aa:bb:cc:00:00:5e:01",
		"IN=eth0 OUT= MACSRC=b8:27:eb:aa:bb:cc MACDST=ff:ff:ff:ff:ff:ff",
		"IN=eth0 OUT= MAC source = b8:27:eb:aa:bb:cc MAC dest = ff:ff",
		"dnsmasq-dhcp[1]: DHCPACK(eth0) 10.10.0.1 b8:27:eb:3a:e2:c8 pi",
		"DHCPREQUEST(eth0) 10.10.0.1 b8:27:eb:3a:e2:c8",
		"dnsmasq-dhcp[1]: RTR-SOLICIT(eth0) b8:27:eb:3a:e2:c8",
		"dhcpcd[4]: eth0: hardware address b8:27:eb:3a:e2:c8 claims "
		"192.168.1.5",
		"IPv6: eth0: IPv6 duplicate address fe80::1 used by "
		"b8:27:eb:3a:e2:c8 detected!",
		"sudo: pi : COMMAND=/usr/sbin/etherwake -i eth0 "
		"b8:27:eb:3a:e2:c8",
		"hostapd: eth0: STA b8:27:eb:3a:e2:c8 IEEE 802.1X: authorized",
		"docker: veth0a1b2c3: b8:27:eb:3a:e2:c8",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		mac_from("/var/log/syslog", lines[i], NULL);
	/* these know it */
	mac_from("/var/log/syslog",
		 "[UFW BLOCK] IN=eth0 OUT= "
		 "MAC=b8:27:eb:12:34:56:dc:a6:32:aa:bb:cc:08:00 SRC=10.0.0.2",
		 "b8:27:eb:12:34:56");
	mac_from("/var/log/syslog",
		 "dnsmasq-dhcp[1]: DHCPACK(eth0) 10.10.0.1 b8:27:eb:3a:e2:c8\n"
		 "Oct 10 weatherstation dhclient: Listening on "
		 "LPF/eth0/b8:27:eb:12:34:56\n",
		 "b8:27:eb:12:34:56");
	mac_from("/var/log/syslog",
		 "macb 1f00100000.ethernet eth0: Cadence GEM rev 0x00070109 at "
		 "0x1f00100000 irq 106 (2c:cf:67:12:34:56)",
		 "2c:cf:67:12:34:56");
}

static void test_mac(void)
{
	static const char journal[] =
		"\0\0MESSAGE=wlan0: b8:27:eb:00:00:01\0\1"
		"MESSAGE=smsc95xx 1-1:1.0 eth0: register 'smsc95xx' at usb, "
		"b8:27:eb:00:00:02\0\0b8:27:eb:0";

	mac_from("/var/log/syslog",
		 "Jan 1 pi kernel: wlan0 b8:27:eb:00:00:09\n"
		 "Jan 1 pi kernel: eth0: hello 11:22:33:44:55:66\n"
		 "Jan 1 pi kernel: smsc95xx eth0: x, B8:27:EB:12:34:56\n",
		 "b8:27:eb:12:34:56");
	mac_from("/var/log/kern.log", "eth0\nb8:27:eb:12:34:56\n", NULL);
	mac_from("/var/log/kern.log", "eth0 b8:27:eb:12:34:5", NULL);
	mac_from("/etc/udev/rules.d/70-persistent-net.rules",
		 "# eth0 00:11:22:33:44:55\nSUBSYSTEM==\"net\", "
		 "ATTR{address}==\"00:11:22:33:44:56\", NAME=\"eth0\"\n",
		 "00:11:22:33:44:56");
	mac_from("/etc/network/interfaces",
		 "hwaddress ether 01:11:22:33:44:56\n", NULL);

	/* by what the network's configuration matches the card */
	mac_from("/etc/systemd/network/10-lan.network",
		 "[Match]\nPermanentMACAddress=b8:27:eb:12:34:56\n",
		 "b8:27:eb:12:34:56");
	check_text(g.mac_bound, g.mac_from);
	mac_from("/etc/systemd/network/10-lan.link",
		 "[Match]\nMACAddress=b8:27:eb:12:34:56\n", NULL);
	mac_from("/etc/systemd/network/10-w.network",
		 "[Match]\nName=wlan0\nMACAddress=b8:27:eb:12:34:56\n", NULL);
	mac_from("/etc/netplan/a.yaml",
		 "network:\n  ethernets:\n    lan:\n      match:\n"
		 "        macaddress: 00:e0:4c:12:34:56\n",
		 "00:e0:4c:12:34:56");
	begin();
	fake_file(&f, "/etc/netplan/a.yaml",
		  "network:\n  ethernets:\n    usb:\n      match:\n"
		  "        macaddress: 00:e0:4c:12:34:56\n    lan:\n"
		  "      match:\n        macaddress: b8:27:eb:12:34:56\n");
	mac_inspect(&g, &t);
	check_text(g.mac, "b8:27:eb:12:34:56");

	begin();
	fake_bytes(&f, "/var/log/journal/abc/system.journal", journal,
		   sizeof(journal));
	mac_inspect(&g, &t);
	check_text(g.mac, "b8:27:eb:00:00:02");

	begin();
	g.cmdline = xstrdup("a smsc95xx.macaddr=B8:27:EB:AA:BB:CC b");
	mac_inspect(&g, &t);
	check_text(g.mac, "b8:27:eb:aa:bb:cc");
	begin();
	g.cmdline = xstrdup("smsc95xx.macaddr=B8:27:EB:AA:BB:CC,netdev=x");
	mac_inspect(&g, &t);
	check_text(g.mac, NULL);
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
	test_dhcpcd();
	test_manual();
	test_ifupdown();
	test_network_manager();
	test_wifi_only();
	test_netplan();
	test_networkd();
	test_mac_of_others();
	test_mac();
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
