/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What QEMU and libslirp demand: all inside, all different. */
#include "run/subnet.h"
#include "test.h"
#include "texts.h"

#include <stdlib.h>

#include "common/cleanup.h"

static void rows(void)
{
	/* clang-format off */
	static const struct {
		const char *net, *address, *gateway, *dns, *want;
	} row[] = {
		/* the home router is both */
		{ "192.168.1.77/24", "192.168.1.77", "192.168.1.1", "192.168.1.1",
		  ",net=192.168.1.0/24,host=192.168.1.254,dns=192.168.1.1,dhcpstart=192.168.1.253" },
		/* the card does not tell its resolver */
		{ "192.168.1.77/24", "192.168.1.77", "192.168.1.1", NULL,
		  ",net=192.168.1.0/24,host=192.168.1.254,dns=192.168.1.1,dhcpstart=192.168.1.253" },
		/* a resolver of its own in the subnet */
		{ "10.1.0.5/16", "10.1.0.5", "10.1.0.1", "10.1.0.2",
		  ",net=10.1.0.0/16,host=10.1.0.1,dns=10.1.0.2,dhcpstart=10.1.255.254" },
		/* one outside is reached as any other address */
		{ "192.168.1.77/24", "192.168.1.77", "192.168.1.1", "8.8.8.8",
		  ",net=192.168.1.0/24,host=192.168.1.1,dns=192.168.1.254,dhcpstart=192.168.1.253" },
		/* the guest is its own resolver (Pi-hole) */
		{ "192.168.1.77/24", "192.168.1.77", "192.168.1.1", "192.168.1.77",
		  ",net=192.168.1.0/24,host=192.168.1.1,dns=192.168.1.254,dhcpstart=192.168.1.253" },
		/* addresses at the top are avoided */
		{ "192.168.1.254/24", "192.168.1.254", "192.168.1.253", "192.168.1.252",
		  ",net=192.168.1.0/24,host=192.168.1.253,dns=192.168.1.252,dhcpstart=192.168.1.251" },
		/* no gateway at all, or one that cannot be */
		{ "192.168.1.77/24", "192.168.1.77", NULL, NULL,
		  ",net=192.168.1.0/24,host=192.168.1.254,dns=192.168.1.253,dhcpstart=192.168.1.252" },
		{ "192.168.1.77/24", "192.168.1.77", "192.168.1.255", "192.168.1.0",
		  ",net=192.168.1.0/24,host=192.168.1.254,dns=192.168.1.253,dhcpstart=192.168.1.252" },
		{ "192.168.1.77/24", "192.168.1.77", "not one", "",
		  ",net=192.168.1.0/24,host=192.168.1.254,dns=192.168.1.253,dhcpstart=192.168.1.252" },
		/* the smallest */
		{ "10.0.0.6/29", "10.0.0.6", "10.0.0.1", "10.0.0.1",
		  ",net=10.0.0.0/29,host=10.0.0.5,dns=10.0.0.1,dhcpstart=10.0.0.4" },
		/* none */
		{ "10.0.0.6/30", "10.0.0.6", "10.0.0.5", NULL, "" },
		{ "10.0.0.6", "10.0.0.6", "10.0.0.5", NULL, "" },
		{ "fe80::1/64", "fe80::1", NULL, NULL, "" },
		{ "192.168.1.77/24", NULL, NULL, NULL, "" },
		{ NULL, NULL, NULL, NULL, "" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct machine_nic nic = {
			.net = (char *)(uintptr_t)row[i].net,
			.address = (char *)(uintptr_t)row[i].address,
			.gateway = (char *)(uintptr_t)row[i].gateway,
			.dns = (char *)(uintptr_t)row[i].dns,
		};
		struct str options = { 0 };
		bool fixed = subnet_options(&nic, &options);
		autofree char *text = str_steal(&options);

		check_text(text, row[i].want);
		check_eq(fixed, row[i].want[0] != 0);
	}
}

int main(void)
{
	rows();
	return test_done();
}
