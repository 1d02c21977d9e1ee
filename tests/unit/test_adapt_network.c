/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of adapt/ for the network: names of cards, addresses, twins of what
 * was said of the radio. */
#include "adapt_world.h"

/* A file of the owner's names the card by what only the Pi has. */
static void link_of_the_owner(void)
{
	static const char path[] = "/etc/systemd/network/10-lan.link";
	autoworld struct world *w = world_new();

	w->guest.mac = xstrdup("b8:27:eb:12:34:56");
	fake_link(&w->root, "/etc/systemd/network/99-default.link",
		  "/dev/null");
	fake_file(&w->root, "/etc/systemd/network/20-wifi.link",
		  "[Match]\nType=wlan\nDriver=brcmfmac\n[Link]\nName=radio\n");
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "");
	fake_file(&w->root, "/etc/systemd/network/30-mac.link",
		  "[Match]\nMACAddress=B8:27:EB:12:34:56\n[Link]\nName=lan\n");
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "");
	fake_file(
		&w->root, path,
		"[Match]\nPath=platform-fd580000.ethernet\nDriver=bcmgenet\n\n"
		"[Link]\nName=lan0");
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "write /etc/systemd/network/10-lan.link\n");
	check_text(content(w, path),
		   "[Match]\nDriver=virtio_net\n"
		   "# pimigrate: the Pi's: Path=platform-fd580000.ethernet\n"
		   "# pimigrate: the Pi's: Driver=bcmgenet\n\n"
		   "[Link]\nName=lan0");
}

static void link_of_a_made_name(void)
{
	static const char interfaces[] = "/etc/network/interfaces";
	static const char ours[] = "/etc/systemd/network/10-pimigrate.link";
	autoworld struct world *w = world_new();

	fake_file(&w->root, interfaces, "auto lo end0\niface end0 inet dhcp\n");
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "write /etc/systemd/network/10-pimigrate.link\n");
	check_text(content(w, ours), "# pimigrate: the name on the Pi\n"
				     "[Match]\nDriver=virtio_net\n\n"
				     "[Link]\nName=end0\n");
	plan_free(&w->plan);
	w->plan = (struct plan){ 0 };
	w->guest.systemd = false;
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "");
}

/* Where eth0 is configured too, or a word only looks like a name. */
static void no_link(void)
{
	autoworld struct world *w = world_new();

	fake_file(&w->root, "/etc/network/interfaces",
		  "auto eth0\n# was end0\n");
	fake_file(&w->root, "/etc/dhcpcd.conf",
		  "# the end\nlegend0\nend\nsend 5\n");
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "");
	fake_file(&w->root, "/etc/netplan/90-NM-x.yaml",
		  "network:\n  ethernets:\n    enxb827eb123456:\n"
		  "      dhcp4: true\n");
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "write /etc/systemd/network/10-pimigrate.link\n");
}

static const char lan1[] = "/etc/systemd/network/10-lan1.link";
static const char lan1_text[] = "[Match]\nMACAddress=00:e0:4c:68:01:02\n"
				"[Link]\nName=lan1\n";

/* A second card, with a name by its address; the VM has one card. */
static void link_of_another_card(void)
{
	autoworld struct world *w = world_new();

	fake_file(&w->root, lan1, lan1_text);
	fake_file(&w->root, "/etc/dhcpcd.conf",
		  "interface eth0\nstatic ip_address=192.168.1.77/24\n");
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "");
	/* both are configured, and which is the first is known */
	fake_file(&w->root, "/etc/systemd/network/lan.network",
		  "[Match]\nName=lan*\n");
	w->guest.mac = xstrdup("b8:27:eb:12:34:56");
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "");
	/* the network is that one's alone */
	fake_file(&w->root, "/etc/dhcpcd.conf", "#interface eth0\n");
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "write /etc/systemd/network/10-lan1.link\n");
}

static void links_of_two_cards(void)
{
	autoworld struct world *w = world_new();

	fake_file(&w->root, lan1, lan1_text);
	fake_file(&w->root, "/etc/systemd/network/20-lan2.link",
		  "[Match]\nPermanentMACAddress=00:e0:4c:68:01:03\n"
		  "[Link]\nName=lan2\n");
	fake_file(&w->root, "/etc/network/interfaces",
		  "auto lan2\niface lan2 inet dhcp\n");
	adapt_link(&w->facts, &w->plan);
	check_rows(w, "write /etc/systemd/network/20-lan2.link\n");
}

static void comments_are_no_names(void)
{
	autoworld struct world *w = world_new();

	fake_file(&w->root, "/etc/dhcpcd.conf",
		  "# Example static IP configuration:\n#interface eth0\n"
		  "  # interface enx001122334455\n"
		  "interface enxb827eb123456\n");
	adapt_link(&w->facts, &w->plan);
	check_has(content(w, "/etc/systemd/network/10-pimigrate.link"),
		  "Name=enxb827eb123456\n");
}

static void network_networkd(void)
{
	autoworld struct world *w = world_new();

	w->guest.net = NET_NETWORKD;
	adapt_network(&w->facts, &w->plan);
	check_rows(w, "");
	w->guest.wifi_only = true;
	adapt_network(&w->facts, &w->plan);
	check_rows(w, "write /etc/systemd/network/80-pimigrate-eth0.network\n");
}

static void network_ifupdown(void)
{
	static const char interfaces[] = "/etc/network/interfaces";
	autoworld struct world *w = world_new();

	w->guest.net = NET_NONE;
	add_service(w, "networking.service", true, false);
	fake_file(&w->root, interfaces,
		  "source /etc/network/interfaces.d/*\n"
		  "auto lo\n"
		  "  auto  wlan0\n"
		  "iface wlan0 inet dhcp\n"
		  "\twpa-ssid home");
	fake_file(&w->root, "/etc/network/interfaces.d/w",
		  "auto wlan1\nauto lo wlan0\nautowlan0\n");
	adapt_network(&w->facts, &w->plan);
	check_rows(w, "write /etc/network/interfaces\n"
		      "write /etc/network/interfaces.d/w\n"
		      "write /etc/network/interfaces.d/pimigrate-eth0\n");
	check_text(content(w, interfaces),
		   "source /etc/network/interfaces.d/*\n"
		   "auto lo\n"
		   "allow-hotplug wlan0\n"
		   "iface wlan0 inet dhcp\n"
		   "\twpa-ssid home");
	check_text(content(w, "/etc/network/interfaces.d/w"),
		   "allow-hotplug wlan1\nauto lo\nallow-hotplug wlan0\n"
		   "autowlan0\n");
}

static const char *without(const char *interfaces)
{
	static char text[400];
	autoworld struct world *w = world_new();
	const char *got;

	fake_file(&w->root, "/etc/network/interfaces", interfaces);
	adapt_network(&w->facts, &w->plan);
	got = content(w, "/etc/network/interfaces");
	snprintf(text, sizeof(text), "%s", got ? got : "(as it was)");
	return text;
}

/* What the VM lacks does not stop the rest; what is made is there. */
static void cards_that_are_missing(void)
{
	check_text(without("auto lo eth0 can0 eth1\nauto usb0\n"
			   "auto wlxb827eb010203\n"),
		   "auto lo eth0\nallow-hotplug can0 eth1\n"
		   "allow-hotplug usb0\nallow-hotplug wlxb827eb010203\n");
	check_text(without("auto lo eth0 eth0:1 eth1.5 tun0 tap0 wg0 ppp0 "
			   "dummy0 br0 vcan0 lan0\n"),
		   "(as it was)");
	check_text(without("auto eth2 eth3 wlbr\niface eth2 inet dhcp\n"
			   "bond-slaves eth0\niface eth3 inet dhcp\n"
			   "pre-up ip link add eth3 type dummy\n"
			   "iface wlbr inet dhcp\nbridge_ports eth0\n"),
		   "(as it was)");
	/* the card's own name, and a second one's */
	check_text(without("auto end0\niface end0 inet dhcp\n"), "(as it was)");
	check_text(without("auto enxb827eb123456 enx00e04c010203\n"),
		   "auto enxb827eb123456\nallow-hotplug enx00e04c010203\n");
}

static void network_others(void)
{
	autoworld struct world *w = world_new();

	/* these take up a wired card by themselves */
	w->guest.wifi_only = true;
	adapt_network(&w->facts, &w->plan);
	w->guest.net = NET_DHCPCD;
	adapt_network(&w->facts, &w->plan);
	/* nobody has the network, and ifupdown is not there to have it */
	w->guest.net = NET_NONE;
	adapt_network(&w->facts, &w->plan);
	check_rows(w, "");
}

/* What was said of the radio is said of the cable, but for its keys. */
static void twins(void)
{
	static const char nm[] = "/etc/NetworkManager/system-connections/";
	autoworld struct world *w = world_new();
	autofree char *wifi = xasprintf("%sw.nmconnection", nm);
	autofree char *twin = xasprintf("%spimigrate-eth0.nmconnection", nm);

	fake_file(&w->root, wifi,
		  "[connection]\nid=home\ntype=wifi\n[wifi-security]\n"
		  "psk=secret\n[ipv4]\nmethod=manual\n"
		  "address1=10.0.0.5/24,10.0.0.1\n[ipv6]\nmethod=auto\n");
	adapt_network(&w->facts, &w->plan); /* it had a cable */
	check_rows(w, "");
	w->guest.wifi_only = true;
	adapt_network(&w->facts, &w->plan);
	check_text(content(w, twin),
		   "[connection]\nid=pimigrate-eth0\ntype=ethernet\n"
		   "interface-name=eth0\nautoconnect-priority=1\n\n"
		   "[ipv4]\nmethod=manual\n"
		   "address1=10.0.0.5/24,10.0.0.1\n\n[ipv6]\nmethod=auto\n");
	check_eq(w->plan.changes.at[0].mode, 0600);
	plan_free(&w->plan);

	w->guest.net = NET_DHCPCD;
	fake_file(&w->root, "/etc/dhcpcd.conf",
		  "hostname\ninterface wlan0\nstatic ip_address=10.0.0.5/24\n"
		  "interface usb0\nstatic ip_address=1.1.1.1/8");
	adapt_network(&w->facts, &w->plan);
	check_text(content(w, "/etc/dhcpcd.conf"),
		   "hostname\ninterface wlan0\nstatic ip_address=10.0.0.5/24\n"
		   "interface usb0\nstatic ip_address=1.1.1.1/8\n"
		   "\n# pimigrate: as wlan0\ninterface eth0\n"
		   "static ip_address=10.0.0.5/24\n");
	plan_free(&w->plan);

	w->guest.net = NET_NETWORKD;
	fake_file(&w->root, "/etc/systemd/network/w.network",
		  "[Match]\nName=wlan0\n[Network]\nAddress=10.0.0.5/24\n");
	adapt_network(&w->facts, &w->plan);
	check_text(content(w, "/etc/systemd/network/80-pimigrate-eth0.network"),
		   "[Match]\nName=eth0\n\n[Network]\nAddress=10.0.0.5/24\n");
}

static void twin_of_ifupdown(void)
{
	autoworld struct world *w = world_new();

	w->guest.net = NET_NONE;
	add_service(w, "networking.service", true, false);
	fake_file(&w->root, "/etc/network/interfaces",
		  "source-directory /etc/network/interfaces.d\n"
		  "allow-hotplug wlan0\niface wlan0 inet static\n"
		  "  address 10.0.0.5/24\n  wpa-psk secret\n"
		  "iface lo inet loopback\n");
	adapt_network(&w->facts, &w->plan);
	check_text(content(w, "/etc/network/interfaces.d/pimigrate-eth0"),
		   "allow-hotplug eth0\niface eth0 inet static\n"
		   "\taddress 10.0.0.5/24\n");
}

static void twin_of_netplan(void)
{
	autoworld struct world *w = world_new();

	w->guest.wifi_only = true;
	fake_file(&w->root, "/etc/netplan/50.yaml",
		  "network:\n  renderer: networkd\n  wifis:\n    wlan0:\n"
		  "      dhcp4: false\n      addresses: [10.0.0.5/24]\n"
		  "      access-points: {home: {password: secret}}\n");
	adapt_network(&w->facts, &w->plan);
	check_rows(w, "write /etc/netplan/99-pimigrate.yaml\n");
	check_text(content(w, "/etc/netplan/99-pimigrate.yaml"),
		   "network:\n  version: 2\n  renderer: networkd\n"
		   "  ethernets:\n    eth0:\n      dhcp4: false\n"
		   "      addresses:\n      - 10.0.0.5/24\n");
	check_eq(w->plan.changes.at[0].mode, 0600);
}

/* As Raspberry Pi Imager writes it: eth0 by DHCP comes with any Wi-Fi. */
static void twin_over_dhcp(void)
{
	static const char imager[] =
		"network:\n  version: 2\n  ethernets:\n    lan:\n"
		"      match: {name: e*}\n      dhcp4: true\n"
		"      optional: true\n  wifis:\n    wlan0:\n"
		"      dhcp4: true\n";
	autoworld struct world *w = world_new();

	w->guest.wifi_only = true;
	fake_file(&w->root, "/etc/netplan/50-cloud-init.yaml", imager);
	adapt_network(&w->facts, &w->plan);
	check_rows(w, "");
	fake_file(&w->root, "/etc/netplan/90-NM-1.yaml",
		  "network:\n  wifis:\n    NM-1:\n"
		  "      renderer: NetworkManager\n      match: {name: wlan0}\n"
		  "      addresses: [10.0.0.5/24]\n");
	adapt_network(&w->facts, &w->plan);
	check_text(content(w, "/etc/netplan/99-pimigrate.yaml"),
		   "network:\n  version: 2\n  ethernets:\n    lan:\n"
		   "      renderer: NetworkManager\n      addresses:\n"
		   "      - 10.0.0.5/24\n      dhcp4: false\n");
}

/* NetworkManager and dhcpcd were both at it, and dhcpcd had the address. */
static void twin_of_both(void)
{
	autoworld struct world *w = world_new();

	w->guest.wifi_only = true;
	add_service(w, "dhcpcd.service", true, false);
	fake_file(&w->root, "/etc/dhcpcd.conf",
		  "interface wlan0\nstatic ip_address=10.0.0.5/24\n");
	adapt_network(&w->facts, &w->plan);
	check_has(content(w, "/etc/dhcpcd.conf"),
		  "interface eth0\nstatic ip_address=10.0.0.5/24\n");
}

int main(void)
{
	link_of_the_owner();
	link_of_a_made_name();
	no_link();
	link_of_another_card();
	links_of_two_cards();
	comments_are_no_names();
	network_networkd();
	network_ifupdown();
	cards_that_are_missing();
	network_others();
	twins();
	twin_of_ifupdown();
	twin_of_netplan();
	twin_over_dhcp();
	twin_of_both();
	return test_done();
}
