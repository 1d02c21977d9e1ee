/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A partial file is continued by a Range header of our own rather than by
 * CURLOPT_RESUME_FROM: that one fails if the server answers 200 with the
 * whole file, where we can simply start anew.  Whether the beginning fits the
 * end is for the caller's hash to say.
 */
#include "host/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"

enum {
	CONNECT_S = 20,
	STALL_S = 30,
	MAX_REDIRECTS = 5,
	SLOWEST = 64
};

/* Where the bytes go: a file, or a text. */
struct sink {
	const struct fetch *f;
	CURL *curl;
	int fd; /* -1: text */
	struct str *text;
	uint64_t had;  /* bytes that were there at the start */
	uint64_t done; /* bytes there now */
	bool begun;    /* the first bytes of the answer were seen */
	int error;     /* errno of what ended it on our side, or 0 */
};

static void cleanup_curl(CURL **curl)
{
	if (*curl)
		curl_easy_cleanup(*curl);
}

static void init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* The answer is the whole file although a part was asked for: start anew. */
static int restart_if_whole(struct sink *s)
{
	long status = 0;

	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (!s->had || status == 206)
		return 0;
	s->had = s->done = 0;
	if (ftruncate(s->fd, 0) < 0 || lseek(s->fd, 0, SEEK_SET) < 0)
		return -errno;
	return 0;
}

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	struct sink *s = arg;
	int r = 0;

	n *= size;
	if (!s->begun && s->fd >= 0)
		r = restart_if_whole(s);
	s->begun = true;
	if (!r && n > s->f->max - s->done)
		r = -EFBIG;
	if (!r && s->fd >= 0)
		r = io_write(s->fd, data, n);
	if (r < 0) {
		s->error = -r;
		return 0;
	}
	if (s->text)
		str_addn(s->text, data, n);
	s->done += n;
	return n;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t now,
		       curl_off_t up_total, curl_off_t up_now)
{
	struct sink *s = arg;

	(void)now;
	(void)up_total;
	(void)up_now;
	if (!s->f->progress)
		return 0;
	if (s->f->progress(s->f->progress_arg, s->done,
			   total > 0 ? s->had + (uint64_t)total : 0))
		return 0;
	s->error = ECANCELED;
	return 1;
}

static int code_of_status(long status)
{
	switch (status) {
	case 404:
	case 410:
		return ENOENT;
	case 401:
	case 403:
	case 407:
		return EACCES;
	default:
		return EIO;
	}
}

static int code_of_curl(CURLcode c)
{
	/* An if chain: CURLcode has a hundred values, and grows. */
	if (c == CURLE_COULDNT_RESOLVE_HOST || c == CURLE_COULDNT_CONNECT ||
	    c == CURLE_COULDNT_RESOLVE_PROXY)
		return EHOSTUNREACH;
	if (c == CURLE_OPERATION_TIMEDOUT)
		return ETIMEDOUT;
	if (c == CURLE_FILE_COULDNT_READ_FILE)
		return ENOENT;
	if (c == CURLE_FILESIZE_EXCEEDED)
		return EFBIG;
	return EIO;
}

/* Turn curl's result into ours. */
static int report(struct sink *s, CURLcode c, const char *said, struct err *err)
{
	const char *url = s->f->url;
	long status = 0;
	int code;

	if (c == CURLE_OK)
		return 0;
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	code = s->error ? s->error : code_of_curl(c);
	if (code == EFBIG)
		return err_set(err, EFBIG,
			       "cannot fetch '%s': it is larger than the %llu "
			       "bytes that are allowed",
			       url, (unsigned long long)s->f->max);
	if (code == ECANCELED)
		return err_set(err, ECANCELED, "fetching '%s' was cancelled",
			       url);
	if (s->error)
		return err_errno(err, code, "cannot keep what '%s' sends", url);
	if (c == CURLE_HTTP_RETURNED_ERROR)
		return err_set(err, code_of_status(status),
			       "cannot fetch '%s': the server answered %ld%s",
			       url, status,
			       status == 404 ? " (not found)" : "");
	return err_set(err, code, "cannot fetch '%s': %s", url,
		       *said ? said : curl_easy_strerror(c));
}

static void set_options(CURL *curl, const struct fetch *f, struct sink *s)
{
	long stall = f->stall_s ? (long)f->stall_s : STALL_S;

	curl_easy_setopt(curl, CURLOPT_URL, f->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "pimigrate/" VERSION);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
			 stall < CONNECT_S ? stall : CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, s);
}

/* One request; *ret_status is the server's status, 0 if there was none. */
static int request(const struct fetch *f, struct sink *s, long *ret_status,
		   struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	cleanup(cleanup_curl) CURL *curl = NULL;
	char said[CURL_ERROR_SIZE] = "", range[32];
	CURLcode c;

	pthread_once(&once, init_curl);
	curl = curl_easy_init();
	if (!curl)
		return err_set(err, ENOMEM, "cannot set up libcurl");
	s->curl = curl;
	set_options(curl, f, s);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said);
	if (s->had) {
		snprintf(range, sizeof(range), "%llu-",
			 (unsigned long long)s->had);
		curl_easy_setopt(curl, CURLOPT_RANGE, range);
	}
	c = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	return report(s, c, said, err);
}

/* Begin at byte `had` of the open file; what is longer than allowed goes. */
static int file_sink(const struct fetch *f, int fd, bool resume,
		     struct sink *ret_sink)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!resume || (uint64_t)st.st_size >= f->max)
		st.st_size = 0;
	if (ftruncate(fd, st.st_size) < 0 || lseek(fd, 0, SEEK_END) < 0)
		return -errno;
	*ret_sink = (struct sink){ .f = f,
				   .fd = fd,
				   .had = (uint64_t)st.st_size,
				   .done = (uint64_t)st.st_size };
	return 0;
}

int fetch_file(const struct fetch *f, const char *path, struct err *err)
{
	bool resume = !str_starts(f->url, "file:");
	autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	long status = 0;
	struct sink s;
	int r;

	if (fd < 0)
		return err_errno(err, errno, "cannot open '%s'", path);
	r = file_sink(f, fd, resume, &s);
	if (r < 0)
		return err_errno(err, -r, "cannot write '%s'", path);
	r = request(f, &s, &status, err);
	/* 416: nothing follows what we have; see whether it is the file. */
	if (r < 0 && status == 416 && resume) {
		r = file_sink(f, fd, false, &s);
		if (r < 0)
			return err_errno(err, -r, "cannot write '%s'", path);
		r = request(f, &s, &status, err);
	}
	return r < 0 ? r : 0;
}

int fetch_text(const struct fetch *f, struct str *text, struct err *err)
{
	struct sink s = { .f = f, .fd = -1, .text = text };
	long status = 0;

	return request(f, &s, &status, err);
}
