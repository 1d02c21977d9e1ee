/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt-hook: what the script in /etc/libvirt/hooks/qemu.d calls.
 *
 * libvirt waits for its hooks while a guest starts, so this is bounded, never
 * calls libvirt, and a failure of it is a line in the log: the guest then
 * starts with the kernel that it has.
 *
 * It runs as root, and what it reads is the guest's disk.  Therefore a child
 * reads it, as nobody, with the open disk as all that it has: it puts the new
 * kernel and an initrd into a folder of its own.  Only what lies there as plain
 * files is taken over, as bytes.
 *
 * Under libvirt nobody watches the console as our supervisor does, so whether
 * the last start was a success is read from its log, which libvirt empties
 * right after this.
 *
 * The rule that lets the guest's frames pass the host's filter is gone after a
 * restart of the host; it is put back last.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/libvirt_guest.h"
#include "cmd/sync.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "host/files.h"
#include "lan/filter.h"
#include "store/store.h"

enum {
	XML_BYTES = 1 << 20,
	KERNEL_BYTES = 64 << 20,
	CHILD_MS = 8000, /* the script gives us 10 s */
	CHILD_MEMORY = 1 << 30,
	NOBODY = 65534,
	RELEASE = 128
};

/* What the child tells; not to be trusted. */
struct answer {
	int result; /* enum sync_result, or a negative errno */
	char release[RELEASE];
	uint64_t size;
	int64_t mtime;
};

static void drop_rights(void)
{
	const struct passwd *pw = getpwnam("nobody");
	const uid_t uid = pw ? pw->pw_uid : NOBODY;
	const gid_t gid = pw ? pw->pw_gid : NOBODY;
	const struct rlimit file = { KERNEL_BYTES, KERNEL_BYTES };
	const struct rlimit memory = { CHILD_MEMORY, CHILD_MEMORY };

	if (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    setrlimit(RLIMIT_FSIZE, &file) < 0 ||
	    setrlimit(RLIMIT_AS, &memory) < 0)
		_exit(1);
}

static void child(const struct machine *m, const char *dir, int disk,
		  const char *to, int pipe_fd)
{
	struct answer answer = { 0 };
	struct boot_kernel kernel = { 0 };
	enum sync_result result = SYNC_SAME;
	struct err err;
	int r;

	drop_rights();
	r = sync_kernel_into(m, dir, disk, to, &result, &kernel, &err);
	if (r < 0)
		fprintf(stderr, "pimigrate: %s\n", err.text);
	answer.result = r < 0 ? r : (int)result;
	answer.size = kernel.size;
	answer.mtime = kernel.mtime;
	if (kernel.release)
		snprintf(answer.release, sizeof(answer.release), "%s",
			 kernel.release);
	io_write(pipe_fd, &answer, sizeof(answer));
	_exit(0);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The whole answer, or none within the time. */
static bool await(int fd, struct answer *ret_answer)
{
	const int64_t end = now_ms() + CHILD_MS;
	size_t n = 0;

	while (n < sizeof(*ret_answer)) {
		struct pollfd p = { fd, POLLIN, 0 };
		int64_t left = end - now_ms();
		ssize_t got;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
		got = read(fd, (char *)ret_answer + n, sizeof(*ret_answer) - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	ret_answer->release[RELEASE - 1] = 0;
	return true;
}

/* to is the child's folder. */
static int ask_child(const struct machine *m, const char *dir, const char *to,
		     struct answer *ret_answer, struct err *err)
{
	autofree char *path = store_file(m->name, m->disks.at[0].file);
	autoclose int disk = open(path, O_RDONLY | O_CLOEXEC);
	autoclose int end = -1;
	int fd[2];
	bool answered;
	pid_t pid;

	if (disk < 0)
		return err_errno(err, errno, "cannot open '%s'", path);
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	end = fd[0];
	pid = fork();
	if (pid < 0) {
		close(fd[1]);
		return err_errno(err, errno, "cannot make a process");
	}
	if (!pid)
		child(m, dir, disk, to, fd[1]);
	close(fd[1]);
	answered = await(end, ret_answer);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!answered)
		return err_set(err, ETIMEDOUT,
			       "the disk of '%s' could not be read in %d "
			       "seconds",
			       m->name, CHILD_MS / 1000);
	if (ret_answer->result < 0)
		return err_set(err, -ret_answer->result,
			       "the disk of '%s' could not be read", m->name);
	return 0;
}

/* One plain file of the child's folder, which is nobody's any more. */
static int take_file(const char *from, const char *to, const char *name,
		     struct err *err)
{
	autofree char *in = xasprintf("%s/%s", from, name);
	autofree char *out = xasprintf("%s/%s", to, name);
	autofree char *bytes = NULL;
	autoclose int fd = open(in,
				O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot open '%s'", in);
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    st.st_size > KERNEL_BYTES)
		return err_set(err, EINVAL, "'%s' is not what it should be",
			       in);
	bytes = xmalloc((size_t)st.st_size);
	if (io_read(fd, bytes, (size_t)st.st_size) != st.st_size)
		return err_set(err, EIO, "cannot read '%s'", in);
	return files_replace(out, bytes, (size_t)st.st_size, 0644, err);
}

static int take_over(const char *dir, const char *from, struct answer *answer,
		     struct err *err)
{
	struct boot_kernel kernel = { answer->release, answer->size,
				      answer->mtime };
	autofree char *to = NULL;
	int r;

	for (const char *c = answer->release; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '/')
			return err_set(err, EINVAL,
				       "a kernel's release cannot have such "
				       "characters");
	r = boot_begin(dir, &to, err);
	if (!r)
		r = take_file(from, to, "vmlinuz", err);
	if (!r)
		r = take_file(from, to, "initrd.img", err);
	return r < 0 ? r : boot_commit(dir, to, &kernel, err);
}

static int sync_by_child(const struct machine *m, const char *dir,
			 struct err *err)
{
	const struct passwd *pw = getpwnam("nobody");
	autofree char *to = NULL;
	struct answer answer = { 0 };
	struct err ignored;
	int r;

	if (!m->disks.n)
		return 0;
	r = files_temp_dir(NULL, &to, err);
	if (r < 0)
		return r;
	if (chown(to, pw ? pw->pw_uid : NOBODY, pw ? pw->pw_gid : NOBODY) < 0)
		r = err_errno(err, errno, "cannot give '%s' away", to);
	if (!r)
		r = ask_child(m, dir, to, &answer, err);
	if (chown(to, 0, 0) < 0 && !r)
		r = err_errno(err, errno, "cannot take '%s' back", to);
	if (!r && answer.result == SYNC_NEW) {
		r = take_over(dir, to, &answer, err);
		if (!r)
			fprintf(stderr,
				"pimigrate: guest '%s' starts with its kernel "
				"%s\n",
				m->name, answer.release);
	}
	files_remove_tree(to, &ignored);
	return r;
}

/* Before libvirt starts it. */
static int prepare(const struct machine *m, struct err *err)
{
	autofree char *dir = store_dir(m->name);
	bool back = false;
	int r = 0, s;

	if (libvirt_login_seen(m))
		r = boot_prove(dir, err);
	s = sync_by_child(m, dir, err);
	if (!r && s >= 0)
		r = boot_start(dir, &back, err);
	if (back)
		log_warn("the new kernel of guest '%s' did not come up: the "
			 "previous one is used",
			 m->name);
	filter_allow_guest(m);
	return r < 0 ? r : s;
}

/* Is it this domain that is meant, and not another one of its name? */
static bool is_ours(const struct machine *m)
{
	autofree char *xml = xmalloc(XML_BYTES + 1);
	autofree char *mark = xasprintf("<uuid>%s</uuid>", m->uuid);
	ssize_t n = io_read(STDIN_FILENO, xml, XML_BYTES);

	xml[n > 0 ? n : 0] = 0;
	return m->libvirt && strstr(xml, mark);
}

static int hook_run(struct cmd_ctx *ctx, struct err *err)
{
	const char *name = ctx->args[0];
	struct machine m;
	struct err why;
	int r;

	(void)err;
	if (strcmp(ctx->args[1], "prepare") != 0 ||
	    strcmp(ctx->args[2], "begin") != 0 || geteuid() ||
	    !store_name_ok(name) || !store_exists(name))
		return 0;
	if (store_load(name, &m, &why) < 0) {
		log_warn("%s", why.text);
		return 0;
	}
	r = is_ours(&m) ? prepare(&m, &why) : 0;
	if (r < 0)
		log_warn("guest '%s' starts with the kernel that it has: %s",
			 name, why.text);
	machine_free(&m);
	return 0;
}

const struct cmd cmd_libvirt_hook = {
	.name = "libvirt-hook",
	.help = "what libvirt calls before it starts a guest",
	.args = "NAME OPERATION SUBOPERATION EXTRA",
	.about = "Installed as /etc/libvirt/hooks/qemu.d/pimigrate.  Before a "
		 "start of a system guest it\nbrings the guest's kernel up to "
		 "date with its disk.  The domain's XML is read from\nstandard "
		 "input.  It always ends with success.",
	.min_args = 3,
	.max_args = 4,
	.run = hook_run,
};
