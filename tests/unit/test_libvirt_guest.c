/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the logs of a guest's console tell, of which libvirt keeps the last. */
#include "cmd/libvirt_guest.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"

static char *root;
static struct machine pi;

static void put(const char *log, const char *text)
{
	autofree char *path = xasprintf("%s/pi/%s", root, log);
	struct err err;

	if (text)
		check_eq(files_replace(path, text, strlen(text), 0644, &err),
			 0);
	else
		unlink(path);
}

/* Newest first; NULL: there is none. */
static bool seen(const char *last, const char *log0, const char *log1,
		 const char *log2)
{
	put("console.log", last);
	put("console.log.0", log0);
	put("console.log.1", log1);
	put("console.log.2", log2);
	return libvirt_login_seen(&pi);
}

#define BOOT  "[    0.000000] Booting Linux on physical CPU 0x0\n"
#define LOGIN "\nRaspbian GNU/Linux 11 pi ttyAMA0\n\npi login: "
#define AGAIN "[  100.000000] reboot: Restarting system\n"
#define TALK  "[ 9999.000000] it rains\n"

static void one_log(void)
{
	check(!seen(NULL, NULL, NULL, NULL));
	check(!seen("", NULL, NULL, NULL));
	check(!seen(BOOT TALK, NULL, NULL, NULL));
	check(seen(BOOT LOGIN TALK, NULL, NULL, NULL));
	check(!seen(BOOT LOGIN AGAIN BOOT, NULL, NULL, NULL));
	check(seen(BOOT LOGIN AGAIN BOOT LOGIN, NULL, NULL, NULL));
}

static void many_logs(void)
{
	check(seen(TALK, BOOT LOGIN TALK, NULL, NULL));
	check(seen(TALK, TALK, TALK, BOOT LOGIN TALK));
	check(!seen(TALK, BOOT TALK, NULL, NULL));
	check(!seen(BOOT TALK, TALK AGAIN, BOOT LOGIN TALK, NULL));
	check(!seen(TALK, AGAIN BOOT TALK, BOOT LOGIN TALK, NULL));
	check(seen(BOOT LOGIN, TALK AGAIN, BOOT TALK, NULL));
}

/* Its prompt is deleted; a boot that comes to nothing, again and again, shows
 * itself. */
static void too_many(void)
{
	check(!seen(TALK, TALK, TALK, NULL));
	check(seen(TALK, TALK, TALK, TALK));
	check(!seen(TALK, TALK, BOOT TALK, TALK));
	check(!seen("Kernel panic - not syncing: no init\n", TALK, TALK, TALK));
}

int main(void)
{
	autofree char *folder = NULL;
	struct err err;

	check_eq(files_temp_dir(NULL, &root, &err), 0);
	setenv("PIMIGRATE_GUESTS", root, 1);
	folder = xasprintf("%s/pi", root);
	check_eq(files_mkdir_p(folder, 0755, &err), 0);
	pi.name = xstrdup("pi");
	one_log();
	many_logs();
	too_many();
	free(pi.name);
	check_eq(files_remove_tree(root, &err), 0);
	free(root);
	return test_done();
}
