/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Against a server in a thread, on the loopback: it answers by the path that
 * is asked for, one connection after the other, and keeps the last request.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/fetch.h"
#include "host/files.h"
#include "test.h"

static const char body[] = "0123456789abcdef";
static char *dir, *file;
static int listener;
static unsigned int port;
static struct err err;
static char last_request[4096];

static void say(int fd, const char *status, const char *headers,
		const char *text)
{
	autofree char *all = xasprintf("HTTP/1.1 %s\r\nContent-Length: %zu\r\n"
				       "Connection: close\r\n%s\r\n%s",
				       status, strlen(text), headers, text);

	check(write(fd, all, strlen(all)) > 0);
}

static void answer(int fd, char *req)
{
	char *range = strstr(req, "Range: bytes=");
	unsigned int from = range ? (unsigned int)atoi(range + 13) : 0;

	if (str_starts(req, "GET /plain"))
		say(fd, "200 OK", "", body);
	else if (str_starts(req, "GET /range") && from >= sizeof(body) - 1)
		say(fd, "416 Range Not Satisfiable", "", "");
	else if (str_starts(req, "GET /range") && range)
		say(fd, "206 Partial Content", "", body + from);
	else if (str_starts(req, "GET /range"))
		say(fd, "200 OK", "", body);
	else if (str_starts(req, "GET /moved"))
		say(fd, "302 Found", "Location: /plain\r\n", "moved");
	else if (str_starts(req, "GET /escape"))
		say(fd, "302 Found", "Location: file:///etc/passwd\r\n", "");
	else if (str_starts(req, "GET /cut"))
		check(write(fd,
			    "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
			    "0123",
			    43) > 0);
	else if (str_starts(req, "GET /stall"))
		sleep(3);
	else if (str_starts(req, "GET /forbidden"))
		say(fd, "403 Forbidden", "", "no");
	else
		say(fd, "404 Not Found", "", "no such file");
}

static void *serve(void *arg)
{
	(void)arg;
	for (;;) {
		autoclose int fd = accept(listener, NULL, NULL);
		ssize_t n;

		if (fd < 0)
			return NULL;
		n = read(fd, last_request, sizeof(last_request) - 1);
		if (n <= 0)
			continue;
		last_request[n] = 0;
		answer(fd, last_request);
	}
}

static int get_file(const char *path, uint64_t max)
{
	autofree char *url = xasprintf("http://127.0.0.1:%u%s", port, path);
	struct fetch f = { .url = url, .max = max, .stall_s = 1 };

	return fetch_file(&f, file, &err);
}

static bool file_is(const char *want)
{
	autofree char *text = NULL;
	struct err ignored;

	return !files_read(file, 1000, &text, NULL, &ignored) &&
	       !strcmp(text, want);
}

static void begin_with(const char *text)
{
	check(!files_replace(file, text, strlen(text), 0600, &err));
}

static void to_file(void)
{
	check(!get_file("/plain", 16));
	check(file_is(body));
	begin_with("");
	check(!get_file("/moved", 16));
	check(file_is(body));
}

static void resume(void)
{
	begin_with("01234");
	check(!get_file("/range", 16));
	check(strstr(last_request, "Range: bytes=5-"));
	check(file_is(body));

	begin_with("wrong"); /* a server without ranges sends it all */
	check(!get_file("/plain", 16));
	check(file_is(body));

	begin_with("longer than it should be, but shorter than max");
	check(!get_file("/range", 1000)); /* 416, then anew */
	check(file_is(body));
}

static void cut_and_continued(void)
{
	begin_with("");
	check(get_file("/cut", 1000) == -EIO);
	check(file_is("0123"));
	check(!get_file("/range", 1000));
	check(file_is(body));
}

static void refusals(void)
{
	begin_with("");
	check(get_file("/plain", 15) == -EFBIG);
	check(strstr(err.text, "15 bytes"));
	check(get_file("/none", 100) == -ENOENT);
	check(strstr(err.text, "/none") && strstr(err.text, "404"));
	check(get_file("/forbidden", 100) == -EACCES);
	check(get_file("/escape", 100000) == -EIO);
	check(get_file("/stall", 100) == -ETIMEDOUT);
}

static bool cancel(void *arg, uint64_t done, uint64_t total)
{
	(void)done;
	(void)total;
	++*(int *)arg;
	return false;
}

static void cancelled(void)
{
	autofree char *url = xasprintf("http://127.0.0.1:%u/plain", port);
	autostr struct str text = { 0 };
	int calls = 0;
	struct fetch f = { .url = url,
			   .max = 100,
			   .progress = cancel,
			   .progress_arg = &calls };

	check(fetch_text(&f, &text, &err) == -ECANCELED);
	check_eq(calls, 1);
}

static void to_text(void)
{
	autofree char *url = xasprintf("http://127.0.0.1:%u/plain", port);
	autofree char *local = xasprintf("file://%s", file);
	autostr struct str text = { 0 };
	struct fetch f = { .url = url, .max = 16 };

	check(!fetch_text(&f, &text, &err));
	check(!strcmp(text.text, body));
	str_free(&text);

	begin_with("local");
	f.url = local;
	check(!fetch_text(&f, &text, &err));
	check(!strcmp(text.text, "local"));

	f.url = "file:///nothing/here";
	check(fetch_text(&f, &text, &err) == -ENOENT);
	f.url = "ftp://127.0.0.1/x";
	check(fetch_text(&f, &text, &err) == -EIO);
	f.url = "http://127.0.0.1:1/x";
	check(fetch_text(&f, &text, &err) == -EHOSTUNREACH);
	check(strstr(err.text, "http://127.0.0.1:1/x"));
}

int main(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	pthread_t thread;

	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	listener = socket(AF_INET, SOCK_STREAM, 0);
	check(!bind(listener, (struct sockaddr *)&at, sizeof(at)));
	check(!listen(listener, 8));
	check(!getsockname(listener, (struct sockaddr *)&at, &len));
	port = ntohs(at.sin_port);
	check(!pthread_create(&thread, NULL, serve, NULL));

	check(!files_temp_dir(NULL, &dir, &err));
	file = xasprintf("%s/file", dir);
	to_file();
	resume();
	cut_and_continued();
	refusals();
	cancelled();
	to_text();

	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	check(!files_remove_tree(dir, &err));
	free(file);
	free(dir);
	return test_done();
}
