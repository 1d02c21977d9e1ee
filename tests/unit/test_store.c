/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/store.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"

static void check_text(const char *got, const char *want)
{
	if (got && want && !strcmp(got, want))
		return;
	if (!got && !want)
		return;
	fprintf(stderr, "'%s' is not '%s'\n", got ? got : "(null)",
		want ? want : "(null)");
	test_failed();
}

static void names(void)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{ "homepi", "homepi" }, { "Raspberry Pi", "raspberry-pi" },
		{ "../../etc", "etc" }, { "", "pi" },
		{ "--", "pi" },         { "a_b.c", "a-b.c" },
		{ "pi.", "pi" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofree char *name = store_name_from(rows[i].from);

		check_text(name, rows[i].to);
		check(store_name_ok(name));
	}
	check(!store_name_ok(".hidden"));
	check(!store_name_ok("a/b"));
	check(!store_name_ok(""));
}

static struct machine sample(void)
{
	struct machine m = {
		.name = xstrdup("homepi"),
		.uuid = xstrdup("0110c455-1111-4222-8333-444455556666"),
		.cpus = 2,
		.memory = UINT64_C(1) << 30,
		.engine = ENGINE_QEMU,
		.arch = xstrdup("arm64"),
		.release = xstrdup("6.1.0-42-arm64"),
		.console_hvc0 = true,
		.kernel = xstrdup("boot/vmlinuz"),
		.cmdline = xstrdup("root=PARTUUID=5e3da3da-02 # not a comment"),
		.source_path = xstrdup("/cards/my \"pi\".img"),
		.source_size = 3221225472,
	};
	struct machine_nic *nic;

	*vec_add(&m.disks) = (struct machine_disk){ xstrdup("disk.raw"),
						    xstrdup("raw"), false };
	nic = vec_add(&m.nics);
	nic->mac = xstrdup("b8:27:eb:12:34:56");
	*vec_add(&nic->forwards) = (struct machine_forward){ 2222, 22 };
	return m;
}

static void appears_whole_or_not_at_all(void)
{
	autofree char *dir = store_dir("homepi");
	struct machine m = sample(), back;
	struct store_names list;
	struct err err;

	{
		autostore struct store_new new = { 0 }, second = { 0 };

		check_eq(store_new_begin(&new, "homepi", &err), 0);
		check_eq(store_new_begin(&second, "homepi", &err), -EAGAIN);
		check_eq(store_save_in(new.dir, &m, &err), 0);
		check(!store_exists("homepi"));
	}
	check(access(dir, F_OK) < 0);
	check_eq(store_list(&list, &err), 0);
	check_eq(list.names.n, 0);
	store_names_free(&list);
	{
		autostore struct store_new new = { 0 };

		check_eq(store_new_begin(&new, "homepi", &err), 0);
		check_eq(store_save_in(new.dir, &m, &err), 0);
		check_eq(store_new_commit(&new, &err), 0);
	}
	{
		autostore struct store_new new = { 0 };

		check_eq(store_new_begin(&new, "homepi", &err), -EEXIST);
		check(strstr(err.text, "homepi-2") != NULL);
	}
	check(store_exists("homepi"));
	check_eq(store_load("homepi", &back, &err), 0);
	check_eq(back.memory, m.memory);
	check_eq(back.engine, ENGINE_QEMU);
	check(machine_is_arm64(&back) && back.console_hvc0);
	check_text(back.release, "6.1.0-42-arm64");
	check_text(back.cmdline, m.cmdline);
	check_text(back.source_path, m.source_path);
	check_eq(back.nics.n, 1);
	check_text(back.nics.at[0].mac, "b8:27:eb:12:34:56");
	check_eq(back.nics.at[0].forwards.at[0].host, 2222);
	machine_free(&back);
	machine_free(&m);
}

static unsigned int mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_mode & 07777;
}

/* libvirt's user must pass through, whatever the owner's umask says; and of
 * the lock nothing stays. */
static void rights_and_remains(void)
{
	autofree char *root = store_root();
	autofree char *lock = xasprintf("%s/.other.lock", root);
	mode_t before = umask(077);
	struct err err;

	{
		autostore struct store_new new = { 0 };

		check_eq(store_new_begin(&new, "other", &err), 0);
		check_eq(mode_of(new.dir), 0711);
		check(!access(lock, F_OK));
	}
	umask(before);
	check(access(lock, F_OK) < 0);
}

/* A folder that is no guest would be found in the way at the very end. */
static void something_in_the_way(void)
{
	autofree char *dir = store_dir("other");
	autostore struct store_new new = { 0 };
	struct err err;

	check(!store_taken("other"));
	check(!mkdir(dir, 0755));
	check(store_taken("other") && !store_exists("other"));
	check_eq(store_new_begin(&new, "other", &err), -EEXIST);
	check(strstr(err.text, "is no guest") != NULL);
	check(strstr(err.text, "-on other-2") != NULL);
	check(!rmdir(dir));
}

/* What a conversion that was killed left is cleared by the next. */
static void leftovers_are_cleared(void)
{
	autofree char *root = store_root();
	autofree char *old = xasprintf("%s/.other.partial/work/x", root);
	autostore struct store_new new = { 0 };
	struct err err;

	check_eq(files_mkdir_p(old, 0700, &err), 0);
	check_eq(store_new_begin(&new, "other", &err), 0);
	check(access(old, F_OK) < 0);
}

/* What a newer pimigrate or the owner wrote stays. */
static void unknown_keys_stay(void)
{
	autofree char *file = store_file("homepi", "guest.yaml"), *text = NULL;
	autofree char *more = NULL;
	struct machine m;
	struct err err;

	check_eq(files_read(file, 1 << 20, &text, NULL, &err), 0);
	more = xasprintf("%sowner-note: keep me\n", text);
	check_eq(files_replace(file, more, strlen(more), 0644, &err), 0);
	check_eq(store_load("homepi", &m, &err), 0);
	m.cpus = 4;
	check_eq(store_save(&m, &err), 0);
	machine_free(&m);
	free(text);
	check_eq(files_read(file, 1 << 20, &text, NULL, &err), 0);
	check(strstr(text, "owner-note: keep me") != NULL);
	check(strstr(text, "cpus: 4") != NULL);
}

static void bad_files_are_refused(void)
{
	static const char *const bad[] = {
		"version: 2\n",
		"version: 1\ncpus: 9\nmemory: 1024M\n",
		"version: 1\ncpus: 1\nmemory: lots\n",
		"version: 1\ncpus: 1\nmemory: 512M\n",
		"version: 1\ncpus: 1\nmemory: 512M\nuuid: x\nkernel: k\n"
		"engine: bochs\n",
		"version: [1\n",
	};
	autofree char *file = store_file("homepi", "guest.yaml");
	struct machine m;
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_eq(
			files_replace(file, bad[i], strlen(bad[i]), 0644, &err),
			0);
		check(store_load("homepi", &m, &err) < 0);
		check(strstr(err.text, "guest.yaml") != NULL);
	}
	check_eq(store_remove("homepi", &err), 0);
	check_eq(store_load("homepi", &m, &err), -ENOENT);
}

enum {
	REFUSED = 1,
	LOCKED
};

/* What a user without $XDG_RUNTIME_DIR, and none of ours, comes to. */
static int lock_as(uid_t uid)
{
	struct err err;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (!pid) {
		unsetenv("PIMIGRATE_GUESTS");
		unsetenv("PIMIGRATE_RUNTIME");
		unsetenv("XDG_RUNTIME_DIR");
		if (setgid(uid) < 0 || setuid(uid) < 0)
			_exit(0);
		if (store_runtime_check(&err) == -EPERM &&
		    store_lock_running("pi", &err) == -EPERM)
			_exit(REFUSED);
		_exit(store_lock_running("pi", &err) >= 0 ? LOCKED : 0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A folder in /tmp is somebody's. */
static void folder_of_another(void)
{
	uid_t uid = 100000 + (uid_t)getpid();
	autofree char *folder = xasprintf("/tmp/pimigrate-%u",
					  (unsigned int)uid);
	autofree char *guest = xasprintf("%s/pi", folder);
	struct err err;

	if (geteuid()) /* only root can be another */
		return;
	check(!mkdir(folder, 0755) && !mkdir(guest, 0777));
	check(!chmod(guest, 0777));
	check_eq(lock_as(uid), REFUSED);
	check_eq(files_remove_tree(folder, &err), 0);
	check(!symlink("/var/tmp", folder));
	check_eq(lock_as(uid), REFUSED);
	check(!unlink(folder));
	check_eq(lock_as(uid), LOCKED);
	check_eq(lock_as(uid), LOCKED);
	check_eq(files_remove_tree(folder, &err), 0);
}

int main(void)
{
	char dir[] = "/tmp/test-store-XXXXXX";
	struct err err;

	if (!mkdtemp(dir))
		return 1;
	setenv("PIMIGRATE_GUESTS", dir, 1);
	names();
	appears_whole_or_not_at_all();
	rights_and_remains();
	something_in_the_way();
	leftovers_are_cleared();
	unknown_keys_stay();
	bad_files_are_refused();
	folder_of_another();
	check_eq(files_remove_tree(dir, &err), 0);
	return test_done();
}
