/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw images: requests, snapshots, locks against ourselves and QEMU. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block/block.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/log.h"
#include "loop/loop.h"
#include "qcow2_image.h"
#include "test.h"

enum {
	SIZE = 1 << 20,
	MS = 1000000, /* ns */
};

static struct pool *pool;
static char dir[] = "/tmp/test_block.XXXXXX", path[64];
static struct err err;

/* In place of libc's: what the next one fails with. */
static atomic_int sync_fails;

int fdatasync(int fd)
{
	int code = atomic_exchange(&sync_fails, 0);

	if (!code)
		return (int)syscall(SYS_fdatasync, fd);
	errno = code;
	return -1;
}

struct one {
	struct block_request req;
	sem_t done;
	int result;
};

static void done(struct block_request *req, int result)
{
	struct one *one = req->arg;

	one->result = result;
	sem_post(&one->done);
}

static void submit(struct one *one, struct block *b, enum block_op op,
		   uint64_t at, const struct iovec *iov, unsigned int n,
		   uint64_t len)
{
	one->req = (struct block_request){
		.op = op,
		.at = at,
		.len = len,
		.iov = iov,
		.iovcnt = n,
		.done = done,
		.arg = one,
	};
	sem_init(&one->done, 0, 0);
	block_submit(b, &one->req);
}

static int wait_for(struct one *one)
{
	sem_wait(&one->done);
	sem_destroy(&one->done);
	return one->result;
}

static int request(struct block *b, enum block_op op, uint64_t at, void *buf,
		   uint64_t len)
{
	/* In three buffers, of which one is empty. */
	struct iovec iov[] = { { buf, len / 3 },
			       { NULL, 0 },
			       { (uint8_t *)buf + len / 3, len - len / 3 } };
	struct one one;

	submit(&one, b, op, at, iov, 3, len);
	return wait_for(&one);
}

static struct block *opened(struct block_options opt)
{
	struct block *b = NULL;

	opt.filename = path;
	if (block_raw_open(&b, &opt, pool, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	check(b);
	return b;
}

static int open_code(const char *name, struct block_options opt)
{
	struct block *b = NULL;
	int code;

	opt.filename = name;
	err.text[0] = 0;
	code = block_raw_open(&b, &opt, pool, &err);
	block_free(b);
	return code;
}

static void make(uint64_t size)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);

	check(ftruncate(fd, (off_t)size) == 0);
	close(fd);
}

static void test_requests(bool direct)
{
	struct block *b;
	uint8_t *buf = malloc(65536), *back = malloc(65536);
	struct stat st, st2;

	make(SIZE);
	b = opened((struct block_options){ .discard = true, .direct = direct });
	check_eq(b->size, SIZE);
	for (unsigned int i = 0; i < 65536; i++)
		buf[i] = (uint8_t)(i * 7 + i / 256);
	check_eq(request(b, BLOCK_WRITE, 512, buf, 65536), 0);
	check_eq(request(b, BLOCK_READ, 512, back, 65536), 0);
	check(!memcmp(buf, back, 65536));
	check_eq(request(b, BLOCK_FLUSH, 0, NULL, 0), 0);
	check_eq(b->stats.bytes[BLOCK_WRITE], 65536);
	check_eq(b->stats.ops[BLOCK_FLUSH], 1);

	check_eq(request(b, BLOCK_READ, SIZE - 512, back, 1024),
		 (unsigned long long)-EINVAL);
	check_eq(request(b, BLOCK_WRITE, UINT64_MAX - 511, buf, 512),
		 (unsigned long long)-EINVAL);
	check_eq(request(b, BLOCK_ZERO, SIZE, buf, UINT64_MAX),
		 (unsigned long long)-EINVAL);
	check_eq(b->stats.ops[BLOCK_READ], 1);

	check_eq(request(b, BLOCK_ZERO, 1024, NULL, 512), 0);
	check_eq(request(b, BLOCK_READ, 512, back, 1536), 0);
	memset(buf + 512, 0, 512);
	check(!memcmp(buf, back, 1536));

	check_eq(request(b, BLOCK_WRITE, 0, buf, 65536), 0);
	check_eq(request(b, BLOCK_FLUSH, 0, NULL, 0), 0);
	stat(path, &st);
	check_eq(request(b, BLOCK_DISCARD, 0, NULL, 65536), 0);
	stat(path, &st2);
	check(st2.st_blocks < st.st_blocks);
	check_eq(st2.st_size, SIZE);
	block_free(b);
	free(buf);
	free(back);
}

static bool try_read(struct block *b, uint64_t at, void *buf, uint64_t len)
{
	struct iovec iov[] = { { buf, 100 }, { (char *)buf + 100, len - 100 } };
	struct block_request req = {
		.op = BLOCK_READ, .at = at, .len = len, .iov = iov, .iovcnt = 2
	};

	return block_try(b, &req);
}

/* A read of what the host has in memory is done in this thread. */
static void test_at_once(void)
{
	static char wrote[2 * BLOCK_TRY_MOST], seen[2 * BLOCK_TRY_MOST];
	struct block *b;

	for (size_t i = 0; i < sizeof(wrote); i++)
		wrote[i] = (char)(i * 11);
	make(SIZE);
	b = opened((struct block_options){ 0 });
	check_eq(request(b, BLOCK_WRITE, 512, wrote, sizeof(wrote)), 0);
	check(try_read(b, 512, seen, BLOCK_TRY_MOST));
	check(!memcmp(seen, wrote, BLOCK_TRY_MOST));
	check_eq(b->stats.ops[BLOCK_READ], 1);
	check_eq(b->stats.bytes[BLOCK_READ], BLOCK_TRY_MOST);
	check_eq(b->file->stats.ops[BLOCK_READ], 1);
	/* not what takes long, nor what is not on the disk */
	check(!try_read(b, 512, seen, BLOCK_TRY_MOST + 512));
	check(!try_read(b, SIZE - 512, seen, 1024));
	check_eq(b->stats.ops[BLOCK_READ], 1);
	block_free(b);
	/* what lies above another format is that format's to find */
	b = opened((struct block_options){ .snapshot = true });
	check(!try_read(b, 512, seen, 4096));
	block_free(b);
}

static void test_modes(void)
{
	uint8_t buf[512] = { 1 };
	struct block *b;

	make(SIZE + 100);
	b = opened((struct block_options){ .read_only = true });
	check_eq(b->size, SIZE);
	check_eq(request(b, BLOCK_WRITE, 0, buf, 512),
		 (unsigned long long)-EROFS);
	check_eq(request(b, BLOCK_DISCARD, 0, NULL, 512),
		 (unsigned long long)-EROFS);
	check_eq(request(b, BLOCK_FLUSH, 0, NULL, 0), 0);
	check_eq(request(b, BLOCK_READ, 0, buf, 512), 0);
	/* A file that somebody cuts off meanwhile. */
	check(truncate(path, 512) == 0);
	check_eq(request(b, BLOCK_READ, 512, buf, 512),
		 (unsigned long long)-EIO);
	block_free(b);

	/* Without discard=unmap nothing is thrown away. */
	make(SIZE);
	b = opened((struct block_options){ .no_flush = true });
	check_eq(request(b, BLOCK_WRITE, 0, buf, 512), 0);
	check_eq(request(b, BLOCK_DISCARD, 0, NULL, 4096), 0);
	buf[0] = 9;
	check_eq(request(b, BLOCK_READ, 0, buf, 512), 0);
	check_eq(buf[0], 0);
	block_free(b);
}

static void test_errors(void)
{
	const struct block_options rw = { 0 };

	check_eq(open_code("/nowhere/disk.img", rw),
		 (unsigned long long)-ENOENT);
	check(strstr(err.text, "/nowhere/disk.img"));
	check(open_code(dir, rw) < 0);
	check(open_code("/dev/null", rw) < 0);
	check(strstr(err.text, "neither"));
	make(0);
	check(open_code(path, rw) < 0);
	check(strstr(err.text, "empty"));
	make(511);
	check(open_code(path, rw) < 0);
	make(SIZE);
	check(setenv("TMPDIR", "/nowhere", 1) == 0);
	check(open_code(path, (struct block_options){ .snapshot = true }) < 0);
	check(strstr(err.text, "/nowhere"));
	unsetenv("TMPDIR");
}

/* A snapshot behaves like a model, and the image never changes. */
static void test_snapshot(void)
{
	static uint8_t model[SIZE], image[SIZE], buf[200000];
	uint32_t seed = 12345;
	struct block *b;
	int fd;

	for (unsigned int i = 0; i < SIZE; i++)
		model[i] = image[i] = (uint8_t)(i >> 9);
	make(SIZE - 1024); /* the last cluster is not whole */
	fd = open(path, O_RDWR | O_CLOEXEC);
	check_eq(io_pwrite(fd, image, SIZE - 1024, 0), 0);
	b = opened((struct block_options){ .snapshot = true });
	for (unsigned int i = 0; i < 400; i++) {
		uint64_t at, len;

		seed = seed * 1664525 + 1013904223;
		at = (seed >> 8) % (SIZE / 512 - 2) * 512;
		seed = seed * 1664525 + 1013904223;
		len = (seed >> 8) % 390 * 512;
		if (seed >> 30)
			len %= 8192;
		if (len > SIZE - 1024 - at)
			len = SIZE - 1024 - at;
		switch (seed % 3) {
		case 0:
			memset(buf, (int)i, len);
			memset(model + at, (int)i, len);
			check_eq(request(b, BLOCK_WRITE, at, buf, len), 0);
			break;
		case 1:
			memset(model + at, 0, len);
			check_eq(request(b, BLOCK_ZERO, at, NULL, len), 0);
			break;
		default:
			check_eq(request(b, BLOCK_READ, at, buf, len), 0);
			check(!memcmp(buf, model + at, len));
		}
	}
	check_eq(request(b, BLOCK_FLUSH, 0, NULL, 0), 0);
	check_eq(request(b, BLOCK_READ, 0, model, SIZE - 1024), 0);
	check_eq(io_pread(fd, buf, 512, SIZE / 2), 512);
	check(!memcmp(buf, image + SIZE / 2, 512));
	check_eq(io_pread(fd, model, SIZE, 0), SIZE - 1024);
	check(!memcmp(model, image, SIZE - 1024));
	block_free(b);
	close(fd);
}

/* Neighbouring sectors of one cluster at the same time. */
static void test_snapshot_threads(void)
{
	static uint8_t data[256][512], back[256 * 512];
	static struct one one[256];
	static struct iovec iov[256];
	struct block *b;

	make(SIZE);
	b = opened((struct block_options){ .snapshot = true });
	for (unsigned int i = 0; i < 256; i++) {
		memset(data[i], (int)i + 1, 512);
		iov[i] = (struct iovec){ data[i], 512 };
		submit(&one[i], b, BLOCK_WRITE, i * 512, &iov[i], 1, 512);
	}
	for (unsigned int i = 0; i < 256; i++)
		check_eq(wait_for(&one[i]), 0);
	check_eq(request(b, BLOCK_READ, 0, back, sizeof(back)), 0);
	check(!memcmp(back, data, sizeof(back)));
	block_free(b);
}

static void test_locks(void)
{
	const struct block_options rw = { 0 }, ro = { .read_only = true },
				   snap = { .snapshot = true },
				   no = { .no_lock = true };
	struct block *b;
	char who[40];

	make(SIZE);
	b = opened(rw);
	check_eq(open_code(path, rw), (unsigned long long)-EBUSY);
	check(strstr(err.text, path));
	snprintf(who, sizeof(who), "process %d (", getpid());
	check(strstr(err.text, who));
	check_eq(open_code(path, ro), (unsigned long long)-EBUSY);
	check_eq(open_code(path, snap), (unsigned long long)-EBUSY);
	check_eq(open_code(path, no), 0);
	block_free(b);
	b = opened(ro);
	check_eq(open_code(path, ro), 0);
	check_eq(open_code(path, snap), 0);
	check_eq(open_code(path, rw), (unsigned long long)-EBUSY);
	block_free(b);
	check_eq(open_code(path, rw), 0); /* the refused left no locks */
}

static int run(const char *cmd)
{
	int status = system(cmd);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Wait until somebody marks that he writes, or nobody does; without
 * taking a lock that could be in the other's way. */
static bool becomes(bool written)
{
	autoclose int fd = open(path, O_RDWR | O_CLOEXEC);

	for (unsigned int i = 0; i < 500; i++) {
		struct flock fl = {
			.l_type = F_WRLCK,
			.l_whence = SEEK_SET,
			.l_start = 101,
			.l_len = 1,
		};

		check(fcntl(fd, F_OFD_GETLK, &fl) == 0);
		if ((fl.l_type != F_UNLCK) == written)
			return true;
		usleep(10000);
	}
	return false;
}

/* Our locks are the ones that qemu-img and qemu-io look at, and theirs are
 * the ones we look at. */
static void test_qemu_locks(void)
{
	char write[160], read[160];
	struct block *b;

	if (run("command -v qemu-io >/dev/null") != 0) {
		fprintf(stderr, "not tested against QEMU: no qemu-io\n");
		return;
	}
	snprintf(write, sizeof(write),
		 "qemu-io -f raw -c 'write 0 512' %s >/dev/null 2>&1", path);
	snprintf(read, sizeof(read),
		 "qemu-io -r -f raw -c 'read 0 512' %s >/dev/null 2>&1", path);
	make(SIZE);
	check_eq(run(write), 0);
	b = opened((struct block_options){ 0 });
	check(run(write) != 0);
	block_free(b);
	b = opened((struct block_options){ .read_only = true });
	check(run(write) != 0);
	check_eq(run(read), 0);
	block_free(b);

	snprintf(write, sizeof(write),
		 "qemu-io -f raw -c 'sleep 700' %s >/dev/null 2>&1 &", path);
	check_eq(run(write), 0);
	check(becomes(true)); /* it started */
	check_eq(open_code(path, (struct block_options){ 0 }),
		 (unsigned long long)-EBUSY);
	check(strstr(err.text, "(qemu-io)"));
	check(becomes(false)); /* it ended */
}

/* What a monitor would learn of. */
static struct {
	atomic_uint n;
	struct block_event last;
} events;

static void event(void *arg, const struct block_event *e)
{
	check(arg == &events);
	events.last = *e;
	events.n++;
}

static void wait_for_events(unsigned int n)
{
	for (unsigned int i = 0; events.n < n && i < 10000; i++)
		usleep(1000);
	check_eq(events.n, n);
}

/* A raw disk in memory that is all of file, which the caller frees, too. */
static struct block *in_memory(struct memory_file **ret_file)
{
	static const uint8_t empty[4096];
	const struct block_options opt = { .filename = "memory" };
	struct memory_file *f = (struct memory_file *)memory_file(empty, 4096,
								  8192);
	const struct block_below below = { .file = &f->b };
	struct block *b = NULL;

	f->b.pool = pool;
	check_eq(block_format_open(&b, BLOCK_RAW, &opt, &below, &err), 0);
	*ret_file = f;
	return b;
}

/* A full disk: the request waits until there is room. */
static void test_full_disk(void)
{
	static uint8_t data[4096];
	const struct iovec iov = { data, 4096 };
	struct memory_file *f;
	struct block *b = in_memory(&f);
	struct one one;

	block_set_errors(b, BLOCK_REPORT, BLOCK_ENOSPC);
	f->full = true;
	/* nobody could go on, so it is reported */
	check_eq(request(b, BLOCK_WRITE, 0, data, 512),
		 (unsigned long long)-ENOSPC);

	block_set_event(b, event, &events);
	submit(&one, b, BLOCK_WRITE, 0, &iov, 1, 4096);
	wait_for_events(1);
	check_eq(events.last.kind, BLOCK_EVENT_IO_ERROR);
	check_eq(events.last.action, BLOCK_STOP);
	check_eq(events.last.op, BLOCK_WRITE);
	check_eq(events.last.code, (unsigned long long)-ENOSPC);
	check_eq(block_io_status(b), BLOCK_STATUS_NOSPACE);
	block_retry(b); /* still full */
	wait_for_events(2);
	f->full = false;
	block_retry(b);
	check_eq(wait_for(&one), 0);
	check_eq(block_io_status(b), BLOCK_STATUS_OK);

	f->full = true;
	submit(&one, b, BLOCK_ZERO, 0, NULL, 0, 512);
	wait_for_events(3);
	block_cancel(b); /* the device is reset */
	check_eq(wait_for(&one), (unsigned long long)-ECANCELED);
	check_eq(request(b, BLOCK_WRITE, 0, data, 512),
		 (unsigned long long)-ENOSPC);
	block_cancelled(b);
	check_eq(events.n, 4);
	check_eq(events.last.action, BLOCK_REPORT);

	block_set_errors(b, BLOCK_STOP, BLOCK_IGNORE);
	check_eq(request(b, BLOCK_WRITE, 0, data, 512), 0);
	check_eq(events.last.action, BLOCK_IGNORE);
	f->b.size = 100;
	submit(&one, b, BLOCK_READ, 0, &iov, 1, 512);
	wait_for_events(6);
	check_eq(events.last.action, BLOCK_STOP);
	check_eq(block_io_status(b), BLOCK_STATUS_FAILED);
	f->b.size = 4096;
	block_retry(b);
	check_eq(wait_for(&one), 0);
	block_free(b);
	block_free(&f->b);
}

struct slow {
	struct block *b;
	sem_t entered, go;
	atomic_bool over;
};

static void slow_event(void *arg, const struct block_event *e)
{
	struct slow *slow = arg;

	(void)e;
	sem_post(&slow->entered);
	sem_wait(&slow->go);
}

static void *take_away(void *arg)
{
	struct slow *slow = arg;

	block_set_event(slow->b, NULL, NULL);
	slow->over = true;
	return NULL;
}

/* Who has taken the function away may free what it was given, although the
 * request that it was told of is held. */
static void test_event_ends(void)
{
	struct memory_file *f;
	struct slow slow = { .b = in_memory(&f) };
	struct one one;
	pthread_t t;

	sem_init(&slow.entered, 0, 0);
	sem_init(&slow.go, 0, 0);
	block_set_errors(slow.b, BLOCK_REPORT, BLOCK_STOP);
	block_set_event(slow.b, slow_event, &slow);
	f->full = true;
	submit(&one, slow.b, BLOCK_ZERO, 0, NULL, 0, 512);
	sem_wait(&slow.entered);
	check_eq(pthread_create(&t, NULL, take_away, &slow), 0);
	usleep(20000);
	check(!slow.over);
	sem_post(&slow.go);
	pthread_join(t, NULL);
	check(slow.over);
	block_cancel(slow.b);
	check_eq(wait_for(&one), (unsigned long long)-ECANCELED);
	sem_destroy(&slow.entered);
	sem_destroy(&slow.go);
	block_free(slow.b);
	block_free(&f->b);
}

static sem_t gate;
static atomic_bool no_flush;

/* Writes wait until they are let through. */
static int gated_execute(struct block *b, const struct block_io *io)
{
	if (io->op == BLOCK_WRITE)
		sem_wait(&gate);
	if (io->op == BLOCK_FLUSH && no_flush)
		return -ENOSPC;
	return memory_execute(b, io);
}

/* The machine stops: what is under way is done and written back; what is held
 * is not waited for, and the flush itself is never held. */
static void test_settle(void)
{
	static uint8_t data[512];
	const struct iovec iov = { data, 512 };
	struct memory_file *f;
	struct block *b = in_memory(&f);
	struct block_ops gated = *f->b.ops;
	struct one one;

	gated.execute = gated_execute;
	f->b.ops = &gated;
	sem_init(&gate, 0, 0);
	events.n = 0;
	block_set_errors(b, BLOCK_STOP, BLOCK_STOP);
	block_set_event(b, event, &events);
	submit(&one, b, BLOCK_WRITE, 0, &iov, 1, 512);
	check_eq(block_settle(b, loop_now() + 20 * MS),
		 (unsigned long long)-ETIMEDOUT);
	check_eq(b->stats.ops[BLOCK_FLUSH], 0);
	sem_post(&gate);
	check_eq(block_settle(b, loop_now() + UINT64_C(10000) * MS), 0);
	check_eq(b->stats.ops[BLOCK_WRITE], 1);
	check_eq(b->stats.ops[BLOCK_FLUSH], 1);
	check_eq(wait_for(&one), 0);

	f->full = true;
	submit(&one, b, BLOCK_ZERO, 0, NULL, 0, 512);
	wait_for_events(1);
	check_eq(block_settle(b, loop_now() + UINT64_C(10000) * MS), 0);
	check_eq(block_io_status(b), BLOCK_STATUS_NOSPACE);
	f->full = false;
	block_retry(b);
	check_eq(wait_for(&one), 0);

	no_flush = true;
	check_eq(block_settle(b, loop_now() + UINT64_C(10000) * MS),
		 (unsigned long long)-ENOSPC);
	check_eq(block_io_status(b), BLOCK_STATUS_OK);
	check_eq(events.n, 1);
	no_flush = false;
	sem_destroy(&gate);
	block_free(b);
	block_free(&f->b);
}

/* What the host could not write is lost, although it says so only once. */
static void test_lost(int code)
{
	struct block *b;
	struct one one;

	make(SIZE);
	b = opened((struct block_options){ 0 });
	block_set_errors(b, BLOCK_REPORT, BLOCK_ENOSPC);
	block_set_event(b, event, &events);
	events.n = 0;
	sync_fails = code;
	submit(&one, b, BLOCK_FLUSH, 0, NULL, 0, 0);
	wait_for_events(1);
	check_eq(events.last.action, BLOCK_STOP);
	check_eq(events.last.code, (unsigned long long)-code);
	block_retry(b); /* there is room now, but not for what is lost */
	check_eq(wait_for(&one), (unsigned long long)-EIO);
	check_eq(events.last.action, BLOCK_REPORT);
	check_eq(request(b, BLOCK_FLUSH, 0, NULL, 0), (unsigned long long)-EIO);
	block_free(b);
	b = opened((struct block_options){ 0 });
	check_eq(request(b, BLOCK_FLUSH, 0, NULL, 0), 0);
	block_free(b);
}

static void resized(void *arg)
{
	++*(int *)arg;
}

static void test_size(void)
{
	uint8_t data[512] = { 1 };
	struct block_info info;
	int n = 0;
	struct block *b;

	make(SIZE);
	b = opened((struct block_options){ .node_name = "disk" });
	check(!strcmp(b->node_name, "disk") && !strcmp(b->driver, "raw"));
	check(!strcmp(b->file->driver, "file"));
	events.n = 0;
	block_set_event(b, event, &events);
	block_set_resized(b, resized, &n);
	block_set_write_threshold(b, 4096);
	check_eq(block_info(b, &info), 0);
	check_eq(info.virtual_size, SIZE);
	check_eq(info.write_threshold, 4096);
	check_eq(request(b, BLOCK_WRITE, 3584, data, 512), 0);
	check_eq(events.n, 0);
	check_eq(request(b, BLOCK_WRITE, 8192, data, 512), 0);
	check_eq(request(b, BLOCK_WRITE, 8192, data, 512), 0);
	check_eq(events.n, 1);
	check_eq(events.last.kind, BLOCK_EVENT_WRITE_THRESHOLD);
	check_eq(events.last.exceeded, 4608);
	check_eq(b->stats.wr_highest_offset, 8704);
	check_eq(b->file->stats.ops[BLOCK_WRITE], 3);

	check(block_resize(b, SIZE - 512, &err) < 0);
	check(block_resize(b, SIZE + 1, &err) < 0);
	check_eq(n, 0);
	block_set_event(b, NULL, NULL);
	block_set_write_threshold(b, 512);
	check_eq(request(b, BLOCK_WRITE, 8192, data, 512), 0);
	check_eq(events.n, 1);
	check_eq(block_resize(b, SIZE + 512, &err), 0);
	check_eq(n, 1);
	check_eq(b->size, SIZE + 512);
	check_eq(request(b, BLOCK_READ, SIZE, data, 512), 0);
	check_eq(data[0], 0);
	block_free(b);
}

/* A loop device over the file at path; -1: this host gives none. */
static int loop_device(int file, char *ret_name, size_t size)
{
	autoclose int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 20 && control >= 0; i++) {
		int n = ioctl(control, LOOP_CTL_GET_FREE), fd;

		snprintf(ret_name, size, "/dev/loop%d", n);
		fd = n < 0 ? -1 : open(ret_name, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return -1;
		if (ioctl(fd, LOOP_SET_FD, file) == 0)
			return fd;
		close(fd); /* somebody else was faster */
	}
	return -1;
}

/* A block device is grown on the host, and then the guest's disk. */
static void test_device(void)
{
	autoclose int file = -1, fd = -1;
	struct block *b = NULL;
	uint8_t data[512] = { 1 };
	char name[40];
	int n = 0;

	make(SIZE);
	file = open(path, O_RDWR | O_CLOEXEC);
	fd = loop_device(file, name, sizeof(name));
	if (fd < 0) {
		puts("no loop device here: growing one is not tested");
		return;
	}
	check_eq(block_raw_open(&b, &(struct block_options){ .filename = name },
				pool, &err),
		 0);
	block_set_resized(b, resized, &n);
	check(block_resize(b, 2 * SIZE, &err) < 0);
	check(strstr(err.text, name) && strstr(err.text, "on the host first"));
	check_eq(b->size, SIZE);
	check_eq(ftruncate(file, 2 * SIZE), 0);
	check_eq(ioctl(fd, LOOP_SET_CAPACITY), 0);
	check_eq(block_resize(b, 2 * SIZE, &err), 0);
	check_eq(n, 1);
	check_eq(b->size, 2 * SIZE);
	check_eq(request(b, BLOCK_WRITE, 2 * SIZE - 512, data, 512), 0);
	check(block_resize(b, 2 * SIZE + 512, &err) < 0);
	block_free(b);
	check_eq(ioctl(fd, LOOP_CLR_FD), 0);
}

int main(void)
{
	log_init("test_block", LOG_QUIET);
	pool = pool_new(4, &err);
	check(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/disk.img", dir);
	test_requests(false);
	test_requests(true);
	test_at_once();
	test_modes();
	test_errors();
	test_snapshot();
	test_snapshot_threads();
	test_locks();
	test_full_disk();
	test_event_ends();
	test_settle();
	test_lost(ENOSPC);
	test_lost(EDQUOT);
	test_size();
	test_device();
	test_qemu_locks();
	pool_free(pool);
	unlink(path);
	rmdir(dir);
	return test_done();
}
