/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit files, links and owners, in a folder that holds a system. */
#include "test.h"
#include "texts.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "host/run.h"

static char *root;
static struct err err;

static char *below(const char *path)
{
	return xasprintf("%s%s", root, path);
}

static void put(const char *path, const char *text)
{
	autofree char *file = below(path);

	check(!files_replace(file, text, strlen(text), 0644, &err));
}

static void make_folder(const char *path)
{
	autofree char *dir = below(path);

	check(!files_mkdir_p(dir, 0755, &err));
}

static void units(void)
{
	autofree char *file = below("/etc/systemd/system/pimigrate@.service");
	autofree char *text = NULL;

	check(!unit_installed(root));
	check(unit_install(root, "/opt/my pi/pimigrate", &err) < 0);
	check(!unit_installed(root));
	check_eq(unit_install(root, "/opt/pi/pimigrate", &err), 0);
	check(unit_installed(root));
	check_eq(files_read(file, 1 << 20, &text, NULL, &err), 0);
	check(text && strstr(text, "\nExecStart=/opt/pi/pimigrate run %i\n"));
	check(text && strstr(text, "=+/opt/pi/pimigrate prepare %i\n"));
	check(text && !strstr(text, "@PIMIGRATE@"));
	if (!run_have("systemctl"))
		return;
	check(!unit_enabled(root, "home.pi-2"));
	check_eq(unit_enable(root, "home.pi-2", &err), 0);
	check(unit_enabled(root, "home.pi-2"));
	check_eq(unit_enable(root, "home.pi-2", &err), 0);
	check_eq(unit_disable(root, "home.pi-2", &err), 0);
	check(!unit_enabled(root, "home.pi-2"));
	check_eq(unit_disable(root, "home.pi-2", &err), 0);
}

static void limits(void)
{
	struct machine m = { .cpus = 4, .memory = UINT64_C(1) << 30 };
	struct unit_limits l;

	unit_limits(&m, &l);
	check_text(l.memory, "MemoryMax=1408M");
	check_text(l.cpu, "CPUQuota=500%");
}

static uid_t owner(const char *path)
{
	autofree char *file = below(path);
	struct stat st;

	return lstat(file, &st) < 0 ? (uid_t)-1 : st.st_uid;
}

/* Nobody's is root's, but for what the user has laid out. */
static void owners(void)
{
	struct machine m = { 0 };
	autofree char *dir = below("/pi"), *outside = below("/outside");
	autofree char *hard = below("/pi/boot/hard");
	autofree char *soft = below("/pi/boot/soft");

	make_folder("/pi/boot/previous");
	make_folder("/pi/undo");
	put("/pi/disk.raw", "x");
	put("/pi/guest.yaml", "x");
	put("/pi/boot/vmlinuz", "x");
	put("/pi/boot/previous/vmlinuz", "x");
	put("/pi/undo/key", "x");
	put("/outside", "x");
	put("/linked", "x");
	*vec_add(&m.disks) = (struct machine_disk){ xstrdup("disk.raw") };
	*vec_add(&m.disks) = (struct machine_disk){ xstrdup(outside) };
	*vec_add(&m.disks) = (struct machine_disk){ xstrdup("gone.raw") };
	{
		autofree char *linked = below("/linked");

		check(!link(linked, hard));
	}
	check(!symlink("../../outside", soft));
	check_eq(unit_own(dir, &m, 12345, 12345, &err), 0);
	check_eq(owner("/pi/disk.raw"), 12345);
	check_eq(owner("/pi/boot"), 12345);
	check_eq(owner("/pi/boot/vmlinuz"), 12345);
	check_eq(owner("/pi/boot/previous/vmlinuz"), 12345);
	check_eq(owner("/pi"), 0);
	check_eq(owner("/pi/guest.yaml"), 0);
	check_eq(owner("/pi/undo/key"), 0);
	check_eq(owner("/outside"), 0);
	check_eq(owner("/linked"), 0);
	machine_free(&m);
}

int main(void)
{
	check_eq(files_temp_dir(NULL, &root, &err), 0);
	units();
	limits();
	if (!geteuid())
		owners();
	check_eq(files_remove_tree(root, &err), 0);
	free(root);
	return test_done();
}
