/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole way on a repository of our own, signed by a key made here: from
 * InRelease to the archive that comes into the guest; and what happens when
 * each of its files is not what it should be.
 */
#include <errno.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "host/run.h"
#include "host/sha256.h"
#include "kernel/obtain.h"
#include "kernel/pocket.h"
#include "kernel/release.h"
#include "kernel/stage.h"
#include "make_deb.h"

#define REL "6.1.0-50-armmp-lpae"
enum {
	SIGNED = 1783764997,
	DAY = 86400
}; /* the date in InRelease */

static char *dir, *keyring, *gnupg, *mirror;
static struct err err;

static const char status[] =
	"Package: kmod\nStatus: install ok installed\nVersion: 30\n"
	"Architecture: armhf\n\n"
	"Package: initramfs-tools\nStatus: install ok installed\n"
	"Version: 0.142\nArchitecture: all\n\n"
	"Package: debconf\nStatus: install ok installed\nVersion: 1.5\n"
	"Architecture: all\n\n";

static char *in_dir(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void put_file(const char *name, const char *text)
{
	autofree char *path = in_dir(name);
	char *slash = strrchr(path, '/');

	*slash = 0;
	check(!files_mkdir_p(path, 0755, &err));
	*slash = '/';
	check(!files_replace(path, text, strlen(text), 0644, &err));
}

static void gpg(const char *const *args)
{
	const char *argv[24] = { "gpg",
				 "--homedir",
				 gnupg,
				 "--batch",
				 "--yes",
				 "--quiet",
				 "--pinentry-mode",
				 "loopback",
				 "--passphrase",
				 "" };
	struct run_child child = { .argv = argv, .timeout_ms = 60000 };
	int n = 10;

	while (*args)
		argv[n++] = *args++;
	check(!run_check(&child, NULL, &err));
}

#define GPG(...) gpg((const char *const[]){ __VA_ARGS__, NULL })

/* A package, in the pool, and its paragraph in the index. */
static void add_package(struct str *index, const char *name,
			const char *control, const struct member *data)
{
	autofree char *file = xasprintf("pool/%s.deb", name);
	autofree char *path = xasprintf("%s/debian/%s", dir, file);
	struct member parts[] = {
		{ "./control", S_IFREG | 0644, control },
		{ "./postinst", S_IFREG | 0755, "#!/bin/sh\n" },
		{ NULL },
	};
	char sum[SHA256_HEX];
	uint64_t size;

	make_deb(path, parts, data);
	check(!sha256_file(path, sum, &size, &err));
	str_addf(index, "%sFilename: %s\nSize: %llu\nSHA256: %s\n\n", control,
		 file, (unsigned long long)size, sum);
}

static void make_packages(struct str *index)
{
	static const struct member image[] = {
		{ "./", S_IFDIR | 0755, "" },
		{ "./boot/", S_IFDIR | 0755, "" },
		{ "./boot/vmlinuz-" REL, S_IFREG | 0644, "zImage" },
		{ "./boot/config-" REL, S_IFREG | 0644, "# config" },
		{ "./lib/", S_IFDIR | 0755, "" },
		{ "./lib/modules/", S_IFDIR | 0755, "" },
		{ "./lib/modules/" REL "/", S_IFDIR | 0755, "" },
		{ "./lib/modules/" REL "/modules.order", S_IFREG | 0644, "" },
		{ "./lib/modules/" REL "/modules.builtin", S_IFREG | 0644, "" },
		{ "./lib/modules/" REL "/empty/", S_IFDIR | 0755, "" },
		{ NULL },
	};
	static const struct member base[] = {
		{ "./usr/bin/linux-version", S_IFREG | 0755, "#!perl" },
		{ NULL },
	};
	static const struct member busybox[] = {
		{ "./bin/busybox", S_IFREG | 0755, "static" },
		{ NULL },
	};
	static const struct member none[] = { { NULL } };

	add_package(index, "meta",
		    "Package: linux-image-armmp-lpae\nVersion: 6.1.176-1\n"
		    "Architecture: armhf\n"
		    "Depends: linux-image-" REL " (= 6.1.176-1)\n",
		    none);
	add_package(index, "image",
		    "Package: linux-image-" REL "\nVersion: 6.1.176-1\n"
		    "Architecture: armhf\nDepends: kmod, linux-base (>= 4.3~), "
		    "initramfs-tools | linux-initramfs-tool\n",
		    image);
	add_package(index, "base",
		    "Package: linux-base\nVersion: 4.9\nArchitecture: all\n"
		    "Depends: debconf\n",
		    base);
	add_package(index, "busybox",
		    "Package: busybox-static\nVersion: 1:1.35\n"
		    "Architecture: armhf\n",
		    busybox);
}

/* Sign an InRelease of that day in July that names the index's sum. */
static void sign_on(const char *day, const char *where, const char *suite,
		    const char *index)
{
	autofree char *packages = xasprintf("%s/main/binary-armhf/Packages",
					    where);
	autofree char *in_release = xasprintf("%s/%s/InRelease", dir, where);
	autofree char *release = in_dir("Release");
	autofree char *file = in_dir(packages);
	autofree char *text = NULL;
	char sum[SHA256_HEX];
	uint64_t size;

	put_file(packages, index);
	check(!sha256_file(file, sum, &size, &err));
	text = xasprintf("Suite: %s\nCodename: %s\n"
			 "Date: %s Jul 2026 10:16:37 UTC\n"
			 "Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC\n"
			 "Acquire-By-Hash: yes\n"
			 "SHA256:\n %s %llu main/binary-armhf/Packages\n",
			 suite, suite, day, sum, (unsigned long long)size);
	put_file("Release", text);
	GPG("--output", in_release, "--clearsign", release);
}

static void sign(const char *where, const char *suite, const char *index)
{
	sign_on("Sat, 11", where, suite, index);
}

static void make_repository(void)
{
	autostr struct str index = { 0 };

	put_file("debian/pool/x", "");
	make_packages(&index);
	sign("debian/dists/bookworm", "bookworm", index.text);
}

static void make_keys(void)
{
	gnupg = in_dir("gnupg");
	keyring = in_dir("keyring.gpg");
	check(!files_mkdir_p(gnupg, 0700, &err));
	GPG("--quick-gen-key", "test@example.org", "ed25519", "sign", "never");
	GPG("--output", keyring, "--export");
}

static int obtain(int64_t now, const char *text, struct kernel_set *ret_set)
{
	autofree char *cache = in_dir("cache");
	char os[] = "raspbian", suite[] = "bookworm";
	struct guest g = { .arch = ARCH_ARMHF, .os_id = os, .suite = suite };
	struct kernel_wish wish = {
		.mirror = mirror, .keyring = keyring, .cache = cache, .now = now
	};

	return kernel_obtain(&wish, &g, text, ret_set, &err);
}

static void forget_cache(void)
{
	autofree char *cache = in_dir("cache");

	check(!files_remove_tree(cache, &err));
}

static void refused(int64_t now, int want, const char *said)
{
	struct kernel_set set;
	int r;

	forget_cache();
	r = obtain(now, status, &set);
	check_eq(-r, -want);
	if (!strstr(err.text, said))
		fprintf(stderr, "%s\n", err.text);
	check(strstr(err.text, said));
}

static void good(struct kernel_set *set)
{
	static const char *const names[] = { "linux-base", "linux-image-" REL,
					     "linux-image-armmp-lpae" };
	autofree char *text = NULL;

	check(!obtain(SIGNED + DAY, status, set));
	check(!strcmp(set->release, REL));
	check(!strcmp(set->vmlinuz, "/boot/vmlinuz-" REL));
	check(set->enter && !set->keep);
	check_eq(set->debs.n, 3);
	for (size_t i = 0; i < set->debs.n; i++) {
		check(!strcmp(set->debs.at[i].name, names[i]));
		check(set->debs.at[i].asked == (i == 2));
	}
	check(!files_read(set->busybox, 100, &text, NULL, &err));
	check(!strcmp(text, "static"));
	check(!access(set->busybox, X_OK));
	check(strstr(set->reason, "bookworm") && strstr(set->reason, REL));
	/* There is no security mirror beside ours: a note. */
	check_eq(set->notes.n, 1);
	check(strstr(set->notes.at[0], "bookworm-security"));
}

static bool has(const struct deb_paths *paths, const char *path)
{
	for (size_t i = 0; i < paths->n; i++)
		if (!strcmp(paths->at[i], path))
			return true;
	return false;
}

static void stage(const struct kernel_set *set, bool merged, bool enter)
{
	autofree char *work = in_dir("work");
	autostaged struct kernel_staged s = { 0 };
	const char *modules = merged ? "/usr/lib/modules/" REL "/modules.dep"
				     : "/lib/modules/" REL "/modules.dep";
	struct kernel_set changed = *set;
	struct stat st;

	changed.enter = enter;
	check(!files_remove_tree(work, &err));
	check(!files_mkdir_p(work, 0755, &err));
	check(!kernel_stage(&changed, merged, status, "", work, &s, &err));
	check(!stat(s.root, &st) && S_ISDIR(st.st_mode) && s.size);
	check(!access(s.vmlinuz, R_OK) && !access(s.modules, R_OK));
	check(s.config != NULL);
	check(has(&s.files, "/vmlinuz"));
	check(has(&s.files, "/boot/vmlinuz-" REL));
	check(has(&s.files, modules)); /* depmod has run */
	check(!has(&s.files, "/boot") && !has(&s.files, "/usr"));
	for (size_t i = 0; i < s.files.n; i++)
		check(!merged || !str_starts(s.files.at[i], "/lib"));
	check(has(&s.files, "/usr/bin/linux-version") == enter);
	check(has(&s.files,
		  "/var/lib/dpkg/info/linux-image-" REL ".postinst") == enter);
	check((s.status != NULL) == enter);
	if (!enter)
		return;
	check(str_starts(s.status, status));
	check(strstr(s.status, "Package: linux-image-armmp-lpae\n"
			       "Status: install ok installed\n"));
	check(strstr(s.extended_states, "Package: linux-base\n"));
	check(!strstr(s.extended_states, "linux-image-armmp-lpae"));

	autofree char *list = xasprintf(
		"%s/root/var/lib/dpkg/info/linux-image-" REL ".list", work);
	autofree char *text = NULL;

	check(!files_read(list, 10000, &text, NULL, &err));
	check(str_starts(text, "/.\n/boot\n/boot/vmlinuz-" REL "\n"));
	check(strstr(text, "\n/lib/modules/" REL "/empty\n"));
}

static void without_dpkg(void)
{
	autokernel struct kernel_set set = { 0 };
	autokernel struct kernel_set none = { 0 };

	check(!obtain(SIGNED + DAY,
		      "Package: kmod\nStatus: install ok installed\n"
		      "Version: 30\n\n",
		      &set));
	check(!set.enter);
	check(strstr(set.notes.at[set.notes.n - 1], "initramfs-tools"));
	check(!obtain(SIGNED + DAY, "", &none));
	check(!none.enter);
}

/* From files alone: nothing is asked of a mirror. */
static void offline(void)
{
	autofree char *cache = in_dir("cache");
	autofree char *image = in_dir("debian/pool/image.deb");
	autofree char *busybox = in_dir("debian/pool/busybox.deb");
	char os[] = "debian", suite[] = "bookworm";
	struct guest g = { .arch = ARCH_ARMHF, .os_id = os, .suite = suite };
	struct kernel_wish wish = { .mirror = "http://127.0.0.1:1/none",
				    .cache = cache };
	autokernel struct kernel_set set = { 0 };

	*vec_add(&wish.debs) = image;
	check(kernel_obtain(&wish, &g, status, &set, &err) == -ENOENT);
	check(strstr(err.text, "busybox"));
	*vec_add(&wish.debs) = busybox;
	check(!kernel_obtain(&wish, &g, status, &set, &err));
	check(!strcmp(set.release, REL));
	check(!set.enter); /* linux-base is missing */
	kernel_set_free(&set);
	wish.debs.n = 0;
	*vec_add(&wish.debs) = busybox;
	check(kernel_obtain(&wish, &g, status, &set, &err) == -ENOENT);
	vec_free(&wish.debs);
}

/* The network is gone, but what the mirror said last is still valid. */
static void unreachable(void)
{
	autofree char *where = in_dir("cache");
	autofree char *from = in_dir("debian/dists/bookworm/InRelease");
	autofree char *text = NULL, *kept = NULL;
	autopackages struct packages list = { 0 };
	autostr struct str note = { 0 };
	struct pocket p = { .url = "http://127.0.0.1:1/debian",
			    .arch = "armhf",
			    .suite = "bookworm",
			    .keyring = keyring,
			    .now = SIGNED + DAY };
	struct cache cache;
	size_t len;

	check(!cache_open(&cache, where, &err));
	check(pocket_load(&p, &cache, &list, &note, &err) == -EHOSTUNREACH);
	kept = cache_list_path(&cache, "http://127.0.0.1:1/debian/dists/"
				       "bookworm/InRelease");
	check(!files_read(from, 100000, &text, &len, &err));
	check(!files_replace(kept, text, len, 0600, &err));
	check(!pocket_load(&p, &cache, &list, &note, &err));
	check_eq(list.n, 4);
	check(note.len);
	p.now = SIGNED + 8 * DAY; /* no longer */
	check(pocket_load(&p, &cache, &list, &note, &err) == -EHOSTUNREACH);
	cache_close(&cache);
}

static char *old_url(void)
{
	return xasprintf("file://%s/old", dir);
}

/* Sign an index of that day with that version; this is what counts then. */
static void says(const char *day, const char *version, const char *counts)
{
	autofree char *where = in_dir("cache"), *url = old_url();
	autofree char *index = xasprintf(
		"Package: linux-base\nVersion: %s\nArchitecture: all\n"
		"Filename: x\nSize: 1\nSHA256: %064d\n\n",
		version, 0);
	bool older = strcmp(version, counts) != 0;
	autopackages struct packages list = { 0 };
	autostr struct str note = { 0 };
	struct pocket p = { .url = url,
			    .arch = "armhf",
			    .suite = "bookworm",
			    .keyring = keyring,
			    .now = SIGNED + 3 * DAY };
	struct cache cache;

	sign_on(day, "old/dists/bookworm", "bookworm", index);
	check(!cache_open(&cache, where, &err));
	check(!pocket_load(&p, &cache, &list, &note, &err));
	check_eq(list.n, 1);
	check(list.n == 1 && !strcmp(list.at[0].version, counts));
	check_eq(note.len != 0, older);
	check(!older || strstr(note.len ? note.text : "",
			       "is older than what the mirror"));
	cache_close(&cache);
}

/* An older list does not hide what a newer one brought, as long as that is
 * good; a still newer one counts again. */
static void rolled_back(void)
{
	autofree char *where = in_dir("cache"), *base = old_url();
	autofree char *url = xasprintf("%s/dists/bookworm/InRelease", base);
	autofree char *kept = NULL;
	struct cache cache;

	says("Sun, 12", "2", "2");
	says("Sat, 11", "1", "2");
	says("Sat, 11", "1", "2");
	says("Mon, 13", "3", "3");
	check(!cache_open(&cache, where, &err));
	kept = cache_list_path(&cache, url);
	check(!files_replace(kept, "damaged", 7, 0600, &err));
	says("Sun, 12", "2", "2");
	cache_close(&cache);
}

/* What is not signed does not come out, wherever it stands. */
static void unsigned_text(const char *text)
{
	autofree char *path = in_dir("mixed");
	static const char evil[] = "Evil: yes\n";

	for (int i = 0; i < 2; i++) {
		autofree char *mixed = xasprintf("%s%s%s", i ? "" : evil, text,
						 i ? evil : "");
		autofree char *out = NULL;

		check(!files_replace(path, mixed, strlen(mixed), 0600, &err));
		if (!release_verify(path, keyring, &out, &err))
			check(out && !strstr(out, "Evil"));
	}
}

static void tampered(void)
{
	autofree char *path = in_dir("debian/dists/bookworm/InRelease");
	autofree char *text = NULL, *index = NULL, *other = in_dir("other.gpg");
	autofree char *packages = in_dir(
		"debian/dists/bookworm/main/binary-armhf/Packages");
	autofree char *deb = in_dir("debian/pool/base.deb");
	char *at, *good_keys = keyring;

	check(!files_read(path, 100000, &text, NULL, &err));
	check(!files_read(packages, 100000, &index, NULL, &err));
	unsigned_text(text);
	refused(SIGNED + 8 * DAY, -ESTALE, "valid");
	refused(SIGNED - 2 * DAY, -ESTALE, "future");

	keyring = other; /* an empty one */
	refused(SIGNED + DAY, -ENOKEY, "keyring");
	put_file("other.gpg", "");
	refused(SIGNED + DAY, -EKEYREJECTED, "not signed");
	keyring = good_keys;

	at = strstr(text, "Codename: b");
	at[10] = 'B';
	put_file("debian/dists/bookworm/InRelease", text);
	refused(SIGNED + DAY, -EKEYREJECTED, "changed");
	at[10] = 'b';
	*strstr(text, "-----BEGIN PGP SIGNATURE") = 0;
	put_file("debian/dists/bookworm/InRelease", text);
	refused(SIGNED + DAY, -EKEYREJECTED, "not signed");

	sign("debian/dists/bookworm", "trixie", index);
	refused(SIGNED + DAY, -ESTALE, "trixie");
	sign("debian/dists/bookworm", "bookworm", index);
	put_file("debian/dists/bookworm/main/binary-armhf/Packages", "x");
	refused(SIGNED + DAY, -EBADMSG, "not the file");
	sign("debian/dists/bookworm", "bookworm", index);
	check(!truncate(deb, 100));
	refused(SIGNED + DAY, -EBADMSG, "base.deb");
	check(!unlink(deb));
	refused(SIGNED + DAY, -ENOENT, "base.deb");
	sign("debian/dists/bookworm", "bookworm", "");
	refused(SIGNED + DAY, -ENOENT, "offers no package");
	check(!unlink(path));
	refused(SIGNED + DAY, -ENOENT, "not on the mirror");
}

/* A security pocket: newer wins; out of step: a note; badly signed: no. */
static void security(void)
{
	autofree char *index = NULL;
	autofree char *main_index = in_dir(
		"debian/dists/bookworm/main/binary-armhf/Packages");
	autofree char *newer = NULL;
	autokernel struct kernel_set set = { 0 };
	const char *text;

	check(!files_read(main_index, 100000, &index, NULL, &err));
	newer = xasprintf("%s", index);
	for (char *p = newer; (p = strstr(p, "6.1.176-1")); p += 9)
		memcpy(p, "6.1.177-1", 9);
	for (char *p = newer; (p = strstr(p, "pool/")); p += 5)
		memcpy(p, "POOL/", 5);
	sign("debian-security/dists/bookworm-security", "bookworm-security",
	     newer);
	forget_cache();
	/* Its files are by hash the same: found wherever they were fetched. */
	check(obtain(SIGNED + DAY, status, &set) == -ENOENT);
	check(strstr(err.text, "debian-security/POOL/"));

	put_file("debian-security/dists/bookworm-security/main/binary-armhf/"
		 "Packages",
		 "lags behind");
	forget_cache();
	check(!obtain(SIGNED + DAY, status, &set));
	check_eq(set.notes.n, 1);
	check(strstr(set.notes.at[0], "bookworm-security"));
	text = "-----BEGIN PGP SIGNED MESSAGE-----\nnot really\n";
	put_file("debian-security/dists/bookworm-security/InRelease", text);
	refused(SIGNED + DAY, -EKEYREJECTED, "not signed");

	autofree char *gone = in_dir("debian-security");

	check(!files_remove_tree(gone, &err));
}

static void stop_agent(void)
{
	const char *const argv[] = { "gpgconf", "--homedir", gnupg,
				     "--kill",  "all",       NULL };
	struct run_child child = { .argv = argv };

	run_check(&child, NULL, &err);
}

int main(void)
{
	struct kernel_set set = { 0 };

	if (!run_have("gpg") || !run_have("depmod") ||
	    (!run_have("gpgv") && !run_have("sqv"))) {
		fprintf(stderr, "skipped: needs gpg, gpgv or sqv, depmod\n");
		return 77;
	}
	check(!files_temp_dir(NULL, &dir, &err));
	mirror = xasprintf("file://%s/debian/", dir);
	make_keys();
	make_repository();
	good(&set);
	stage(&set, true, true);
	stage(&set, false, true);
	stage(&set, true, false);
	without_dpkg();
	unreachable();
	rolled_back();
	offline();
	security();
	tampered();

	stop_agent();
	kernel_set_free(&set);
	check(!files_remove_tree(dir, &err));
	free(dir);
	free(keyring);
	free(gnupg);
	free(mirror);
	return test_done();
}
