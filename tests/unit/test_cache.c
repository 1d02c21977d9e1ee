/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "host/sha256.h"
#include "kernel/cache.h"
#include "test.h"

enum {
	NOBODY = 65534
};

static const char good[] = "what the repository signed\n";
static char *dir, *server, *url;
static char sum[SHA256_HEX];
static struct cache cache;
static struct err err;

static int get(char **ret_path)
{
	return cache_get(&cache, url, sum, sizeof(good) - 1, ".deb", ret_path,
			 &err);
}

static void serve(const char *text)
{
	check(!files_replace(server, text, strlen(text), 0600, &err));
}

static bool is_good(const char *path)
{
	autofree char *text = NULL;

	return !files_read(path, 1000, &text, NULL, &err) &&
	       !strcmp(text, good);
}

/* No file under the hash's name, whatever the server did. */
static void nothing_kept(void)
{
	autofree char *path = cache_path(&cache, sum, ".deb");

	check(access(path, F_OK));
}

static void wrong(const char *text)
{
	char *path;

	serve(text);
	check(get(&path) == -EBADMSG);
	check(strstr(err.text, url));
	nothing_kept();
}

static void put_part(const char *text)
{
	autofree char *part = cache_path(&cache, sum, ".deb.part");

	check(!files_replace(part, text, strlen(text), 0600, &err));
}

/* A user without a home: no folder that another one may have made. */
static void homeless(void)
{
	struct cache none;
	pid_t pid = fork();
	int status;

	if (!pid) {
		unsetenv("PIMIGRATE_CACHE");
		unsetenv("XDG_CACHE_HOME");
		unsetenv("HOME");
		if (!geteuid() && setuid(NOBODY) < 0)
			_exit(2);
		_exit(cache_open(&none, NULL, &err) != -ENOENT ||
		      !strstr(err.text, "PIMIGRATE_CACHE"));
	}
	check(waitpid(pid, &status, 0) == pid);
	check_eq(status, 0);
}

int main(void)
{
	autofree char *path = NULL, *again = NULL;
	struct sha256 sha;

	sha256_init(&sha);
	sha256_add(&sha, good, sizeof(good) - 1);
	sha256_end(&sha, sum);
	check(!files_temp_dir(NULL, &dir, &err));
	server = xasprintf("%s/server", dir);
	url = xasprintf("file://%s", server);

	autofree char *where = xasprintf("%s/a/b", dir);

	check(!cache_open(&cache, where, &err)); /* made */

	check(get(&path) == -ENOENT); /* not there */
	wrong("what the repository singed\n");
	wrong("short");
	wrong("much longer than what the repository signed, by a lot\n");

	serve(good);
	check(!get(&path));
	check(is_good(path));
	check(!unlink(server)); /* from now on it comes from the cache */
	check(!get(&again));
	check(!strcmp(path, again));

	/* A file that was damaged in the cache is fetched again. */
	free(steal_ptr(again));
	check(!files_replace(path, "damaged", 7, 0600, &err));
	check(get(&again) == -ENOENT);
	serve(good);
	check(!get(&again));
	check(is_good(again));

	/* Killed after all had come, before it got its name. */
	free(steal_ptr(again));
	check(!unlink(path) && !unlink(server));
	put_part(good);
	check(!get(&again));
	check(is_good(again));

	/* A partial file of something else does not spoil it. */
	free(steal_ptr(again));
	check(!unlink(path));
	put_part("not the beginning of it");
	serve(good);
	check(!get(&again));
	check(is_good(again));

	autofree char *list = cache_list_path(&cache, "http://m/../d?x");

	check(!strchr(list + strlen(where) + 1, '/'));
	cache_close(&cache);
	homeless();
	check(!files_remove_tree(dir, &err));
	free(dir);
	free(server);
	free(url);
	return test_done();
}
