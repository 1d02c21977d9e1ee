/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/guest.h"
#include "model/machine.h"
#include "model/plan.h"

#include <string.h>

#include "test.h"

static void test_guest(void)
{
	struct guest g = { .os_id = xstrdup("raspbian") };

	*vec_add(&g.partitions) = (struct guest_partition){
		.number = 5,
		.label = xstrdup("rootfs"),
	};
	*vec_add(&g.services) = (struct guest_service){
		.name = xstrdup("ssh.service"),
		.enabled = true,
	};
	*vec_add(&g.services) = (struct guest_service){
		.name = xstrdup("sshswitch"),
		.enabled = true,
		.masked = true,
	};
	check(guest_partition(&g, 5) == &g.partitions.at[0]);
	check(!guest_partition(&g, 0));
	check(guest_enabled(&g, "ssh"));
	check(guest_enabled(&g, "ssh.service"));
	check(!guest_enabled(&g, "ss"));
	check(!guest_enabled(&g, "sshswitch"));
	guest_say(&g, FINDING_WARN, "gpio", "%d pins", 3);
	check(!strcmp(g.findings.at[0].text, "3 pins"));
	guest_free(&g);
	check(!g.os_id && !g.findings.n);
	guest_free(&g);
}

static void test_plan(void)
{
	struct plan p = { 0 };

	plan_add(&p, CHANGE_WRITE, "fstab", "/etc/fstab", "why");
	plan_add(&p, CHANGE_MKDIR, "dir", "/x", "why")->mode = 0700;
	check(!strcmp(p.changes.at[0].path, "/etc/fstab"));
	check_eq(p.changes.at[1].mode, 0700);
	check(!strcmp(change_kind_name(p.changes.at[1].kind), "mkdir"));
	plan_free(&p);
	check(!p.changes.n);
}

static void test_machine(void)
{
	struct machine m = { .name = xstrdup("pi") };
	struct machine_nic *nic = vec_add(&m.nics);

	nic->mac = xstrdup("b8:27:eb:00:00:01");
	vec_add(&nic->forwards)->guest = 22;
	vec_add(&m.disks)->file = xstrdup("disk.raw");
	machine_free(&m);
	check(!m.name && !m.nics.n && !m.disks.n);
}

int main(void)
{
	test_guest();
	test_plan();
	test_machine();
	return test_done();
}
