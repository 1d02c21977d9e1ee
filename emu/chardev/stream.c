/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output is put into a ring by whoever writes and written by the loop's
 * thread: so a vCPU never makes a system call for a byte, and what a guest
 * prints comes out in larger pieces.  What does not fit is dropped, and said.
 *
 * Input is read ahead a little, so that the escape keys of a terminal work
 * while the guest takes nothing.  When that is full, only the descriptor's
 * edges are waited for until the front end has room: of these one is the
 * hang-up, which a level would report for ever.
 */
#include "chardev/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"

enum {
	DRAIN_MS = 1000
};

/* These two and what waits for them call each other through the loop. */
static void input_ready(void *arg, unsigned int events);
static void output_ready(void *arg, unsigned int events);

static void wait_for_input(struct stream *s)
{
	struct err err;

	if (s->in_plain)
		loop_call_post(&s->accept);
	else if (s->in_fd.loop)
		loop_fd_want(&s->in_fd, LOOP_IN);
	else if (loop_fd_add(s->loop, &s->in_fd, s->in, LOOP_IN, input_ready, s,
			     &err) < 0)
		log_warn("%s: %s", s->chr.label, err.text);
}

static bool is_full(const struct stream *s)
{
	return s->held_n == STREAM_HELD;
}

/* Hand on what the front end has room for. */
static void deliver(struct stream *s)
{
	const struct chardev_front *front = &s->chr.front;
	size_t n, done = 0;

	/* Waiting before asking: room made in between is not missed. */
	atomic_store(&s->waiting, true);
	while (done < s->held_n) {
		n = front->receive ? front->can_receive(front->arg) : 0;
		if (!n)
			break;
		if (n > s->held_n - done)
			n = s->held_n - done;
		front->receive(front->arg, s->held + done, n);
		done += n;
	}
	s->held_n -= done;
	memmove(s->held, s->held + done, s->held_n);
	if (!s->held_n)
		atomic_store(&s->waiting, false);
}

static void read_input(struct stream *s)
{
	uint8_t *to = s->held + s->held_n;
	size_t room = STREAM_HELD - s->held_n;
	ssize_t n = s->read ? s->read(s, to, room) : read(s->in, to, room);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_fd_remove(&s->in_fd);
		s->in = -1;
		if (s->hung_up)
			s->hung_up(s);
		return;
	}
	if (n > 0 && s->filter)
		n = (ssize_t)s->filter(s, s->held + s->held_n, (size_t)n);
	if (n > 0)
		s->held_n += (size_t)n;
	deliver(s);
	if (!is_full(s))
		wait_for_input(s);
	else if (s->left)
		loop_fd_want(&s->in_fd, LOOP_IN | LOOP_EDGE);
	else
		loop_fd_remove(&s->in_fd);
}

static void input_ready(void *arg, unsigned int events)
{
	struct stream *s = arg;

	if (!is_full(s)) {
		read_input(s);
	} else if (events & LOOP_HUP) {
		loop_fd_remove(&s->in_fd);
		s->left(s);
	}
}

static void accept_again(void *arg)
{
	struct stream *s = arg;

	deliver(s);
	if (s->in < 0 || is_full(s))
		return;
	if (s->in_plain)
		read_input(s);
	else
		wait_for_input(s);
}

void stream_accept_input(struct chardev *chr)
{
	struct stream *s = (struct stream *)chr;

	if (atomic_load_explicit(&s->waiting, memory_order_relaxed) &&
	    atomic_exchange(&s->waiting, false))
		loop_call_post(&s->accept);
}

/* Bytes that may wait. */
static size_t limit(const struct stream *s)
{
	return s->chr.front.never_waits ? STREAM_BUFFER : s->most;
}

/* Lock held.  False: the descriptor takes no more now. */
static bool write_some(struct stream *s)
{
	while (s->used) {
		size_t n = STREAM_BUFFER - s->head;
		ssize_t done;

		done = write(s->out, s->ring + s->head,
			     n < s->used ? n : s->used);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EAGAIN)
			return false;
		if (done <= 0) { /* nobody will ever take it */
			s->used = 0;
			break;
		}
		s->used -= (size_t)done;
		s->head = (s->head + (size_t)done) % STREAM_BUFFER;
	}
	s->head = 0; /* the rest of the ring stays untouched memory */
	return true;
}

static bool write_what_can(struct stream *s)
{
	with_lock(&s->lock);
	return s->out < 0 || write_some(s);
}

static bool take_asked(struct stream *s)
{
	with_lock(&s->lock);
	if (!s->asked || s->used > limit(s) / 2)
		return false;
	s->asked = false;
	return true;
}

/* No lock held: the front end may write again at once. */
static void tell_drained(struct stream *s)
{
	const struct chardev_front *front = &s->chr.front;

	if (take_asked(s) && front->drained)
		front->drained(front->arg);
}

/* The output descriptor is in the loop only while it is waited for. */
static void flush_output(void *arg)
{
	struct stream *s = arg;
	struct err err;

	if (write_what_can(s)) {
		loop_fd_remove(&s->out_fd);
	} else if (!s->out_fd.loop &&
		   loop_fd_add(s->loop, &s->out_fd, s->out_wait, LOOP_OUT,
			       output_ready, s, &err) < 0) {
		log_warn("%s: %s", s->chr.label, err.text);
	}
	tell_drained(s);
}

static void output_ready(void *arg, unsigned int events)
{
	(void)events;
	flush_output(arg);
}

void stream_write(struct chardev *chr, const uint8_t *bytes, size_t n)
{
	struct stream *s = (struct stream *)chr;
	size_t room;
	bool first;

	with_lock(&s->lock);
	if (s->out < 0)
		return;
	first = !s->used;
	room = limit(s) - s->used;
	if (n > room) {
		log_limited(&s->dropped,
			    "%s: output is not taken, %zu bytes dropped",
			    s->chr.label, n - room);
		n = room;
	}
	while (n) {
		size_t at = (s->head + s->used) % STREAM_BUFFER;
		size_t part = STREAM_BUFFER - at;

		if (part > n)
			part = n;
		memcpy(s->ring + at, bytes, part);
		s->used += part;
		bytes += part;
		n -= part;
	}
	if (first && s->used)
		loop_call_post(&s->flush);
}

size_t stream_room(struct chardev *chr)
{
	struct stream *s = (struct stream *)chr;

	with_lock(&s->lock);
	if (s->used > limit(s) / 2)
		s->asked = true;
	return limit(s) - s->used;
}

void stream_init(struct stream *s, struct loop *loop, const char *label,
		 const struct chardev_ops *ops)
{
	s->chr.ops = ops;
	s->chr.label = xstrdup(label);
	s->loop = loop;
	s->in = s->out = s->out_wait = -1;
	s->ring = xmalloc(STREAM_BUFFER);
	s->most = STREAM_BUFFER;
	pthread_mutex_init(&s->lock, NULL);
	loop_call_init(loop, &s->flush, flush_output, s);
	loop_call_init(loop, &s->accept, accept_again, s);
}

static void close_wait(struct stream *s, int out)
{
	if (s->out_wait >= 0 && s->out_wait != out)
		close(s->out_wait);
	s->out_wait = -1;
}

int stream_open(struct stream *s, int in, int out, struct err *err)
{
	int ret = 0;

	s->out_wait = in == out ? fcntl(out, F_DUPFD_CLOEXEC, 3) : out;
	if (s->out_wait < 0 && out >= 0)
		return err_errno(err, errno, "%s", s->chr.label);
	s->in_plain = false;
	s->held_n = 0;
	if (in >= 0)
		ret = loop_fd_add(s->loop, &s->in_fd, in, LOOP_IN, input_ready,
				  s, err);
	if (ret == -EPERM) {
		s->in_plain = true;
		loop_call_post(&s->accept);
	} else if (ret < 0) {
		close_wait(s, out);
		return err_within(err, ret, "%s", s->chr.label);
	}
	s->in = in;
	with_lock(&s->lock);
	s->out = out;
	return 0;
}

void stream_close(struct stream *s)
{
	loop_fd_remove(&s->in_fd);
	loop_fd_remove(&s->out_fd);
	loop_call_cancel(&s->accept);
	with_lock(&s->lock);
	close_wait(s, s->out);
	s->in = s->out = -1;
	s->used = s->head = 0;
	if (s->asked) /* who waits for room has it now */
		loop_call_post(&s->flush);
}

void stream_drain(struct stream *s)
{
	uint64_t end = loop_now() + (uint64_t)DRAIN_MS * 1000000;

	pthread_mutex_lock(&s->lock);
	while (s->out >= 0 && !write_some(s)) {
		struct pollfd pfd = { .fd = s->out, .events = POLLOUT };
		uint64_t now = loop_now();

		if (now >= end ||
		    poll(&pfd, 1, (int)((end - now) / 1000000) + 1) == 0)
			break;
	}
	pthread_mutex_unlock(&s->lock);
	stream_close(s);
}

void stream_fini(struct stream *s)
{
	loop_call_cancel(&s->flush);
	loop_call_cancel(&s->accept);
	pthread_mutex_destroy(&s->lock);
	free(s->ring);
	free(s->chr.label);
	free(s->chr.filename);
}
