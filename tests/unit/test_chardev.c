/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/chardev.h"
#include "common/cleanup.h"
#include "test.h"

enum {
	MS = 1000000
};

static struct loop *loop;
static struct loop_timer stop;

/* A front end with a little room. */
static struct {
	char got[8192];
	size_t n, room;
	int opened, closed, breaks, quits, drained;
	size_t until; /* quit the loop at so many bytes */
} front;

static size_t can_receive(void *arg)
{
	(void)arg;
	return front.room;
}

static void receive(void *arg, const uint8_t *bytes, size_t n)
{
	(void)arg;
	check(n <= front.room && front.n + n < sizeof(front.got));
	memcpy(front.got + front.n, bytes, n);
	front.n += n;
	front.room -= n;
	if (front.n == front.until)
		loop_quit(loop, 0);
}

static void event(void *arg, bool open)
{
	(void)arg;
	*(open ? &front.opened : &front.closed) += 1;
	loop_quit(loop, 0);
}

static void send_break(void *arg)
{
	(void)arg;
	front.breaks++;
}

static void drained(void *arg)
{
	(void)arg;
	front.drained++;
	loop_quit(loop, 0);
}

static void quit_key(void *arg)
{
	(void)arg;
	front.quits++;
}

static void time_over(void *arg)
{
	(void)arg;
	loop_quit(loop, 1);
}

/* Until somebody quits, at most for so long; 1: time was over. */
static int run(unsigned int ms)
{
	int ret;

	loop_timer_arm(&stop, loop_now() + (uint64_t)ms * MS);
	ret = loop_run(loop);
	loop_timer_cancel(&stop);
	return ret;
}

static void connect_front(struct chardev *chr, size_t room)
{
	memset(&front, 0, sizeof(front));
	front.room = room;
	chardev_connect(chr,
			&(struct chardev_front){ .can_receive = can_receive,
						 .receive = receive,
						 .event = event,
						 .drained = drained,
						 .send_break = send_break });
}

static void put(struct chardev *chr, const char *text)
{
	chardev_write(chr, (const uint8_t *)text, strlen(text));
}

static void null(void)
{
	struct chardev *chr = chardev_null_new("serial0");

	connect_front(chr, 10);
	put(chr, "x");
	chardev_accept_input(chr);
	check(!strcmp(chr->label, "serial0"));
	check(!chr->open);
	chardev_free(chr);
	chardev_free(NULL);
}

static void file_holds(const char *path, const char *text)
{
	char buf[64] = { 0 };
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	check(fd >= 0 && read(fd, buf, sizeof(buf) - 1) >= 0);
	check(!strcmp(buf, text));
}

static void file(const char *dir)
{
	struct err err;
	char path[128];
	struct chardev *chr;

	snprintf(path, sizeof(path), "%s/log", dir);
	for (int i = 0; i < 3; i++) {
		chr = chardev_file_new(
			loop, "log",
			&(struct chardev_file){
				.path = path, .fd = -1, .append = i == 1 },
			&err);
		check(chr != NULL);
		put(chr, "ab");
		put(chr, "c\n");
		chardev_free(chr); /* drains, though the loop never ran */
		file_holds(path, i == 1 ? "abc\nabc\n" : "abc\n");
	}
	unlink(path);
	snprintf(path, sizeof(path), "%s/none/log", dir);
	check(!chardev_file_new(
		loop, "log", &(struct chardev_file){ .path = path, .fd = -1 },
		&err));
	check(strstr(err.text, "none/log") != NULL);
}

/* Standard input and output become two pipes. */
static void stdio(void)
{
	struct chardev_stdio opt = { .escapes = true, .quit = quit_key };
	int in[2], out[2], saved[2] = { dup(0), dup(1) };
	char buf[1024] = { 0 };
	struct err err;
	struct chardev *chr;

	check(!pipe(in) && !pipe(out));
	dup2(in[0], 0);
	dup2(out[1], 1);
	chr = chardev_stdio_new(loop, "con", &opt, &err);
	check(chr != NULL);
	check(!(fcntl(1, F_GETFL) & O_NONBLOCK)); /* the shell's is left */

	/* keys work while the front end takes nothing */
	connect_front(chr, 0);
	check(write(in[1], "12\1x\1bA\1\1Z\1h", 12) == 12);
	check_eq(run(50), 0); /* event: open at once */
	check_eq(run(50), 1);
	check_eq(front.n, 0);
	check_eq(front.quits, 1);
	check_eq(front.breaks, 1);
	check(read(out[0], buf, sizeof(buf)) > 0);
	check(strstr(buf, "Ctrl-A x") != NULL);

	front.room = 3;
	front.until = 3;
	chardev_accept_input(chr);
	check_eq(run(1000), 0);
	front.room = 100;
	front.until = 5;
	chardev_accept_input(chr);
	check_eq(run(1000), 0);
	check(!memcmp(front.got, "12A\1Z", 5));

	close(in[1]); /* the end of input is no reason to spin or to end */
	check_eq(run(20), 1);
	put(chr, "bye");
	chardev_free(chr);
	memset(buf, 0, sizeof(buf));
	check_eq(read(out[0], buf, sizeof(buf)), 3);
	check(!strcmp(buf, "bye"));

	dup2(saved[0], 0);
	dup2(saved[1], 1);
	close(saved[0]);
	close(saved[1]);
	close(in[0]);
	close(out[0]);
	close(out[1]);
}

static void null_input(void)
{
	int saved = dup(0), fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct chardev_stdio opt = { 0 };
	struct err err;
	struct chardev *chr;

	dup2(fd, 0);
	chr = chardev_stdio_new(loop, "con", &opt, &err);
	check(chr != NULL);
	connect_front(chr, 10);
	run(10);
	check_eq(run(10), 1);
	check_eq(front.n, 0);
	chardev_free(chr);
	dup2(saved, 0);
	close(saved);
	close(fd);
}

static void pty(void)
{
	struct err err;
	struct chardev *chr = chardev_pty_new(loop, "serial0", &err);
	char buf[16] = { 0 };
	int fd;

	check(chr != NULL);
	check(!strncmp(chr->filename, "pty:/dev/pts/", 13));
	connect_front(chr, 100);
	put(chr, "nobody hears this");
	check_eq(run(20), 1);
	for (int i = 0; i < 2; i++) { /* come, go, and come again */
		fd = open(chr->filename + 4, O_RDWR | O_NOCTTY | O_CLOEXEC);
		check_eq(run(1000), 0);
		check_eq(front.opened, i + 1);
		put(chr, "\n\x03");
		front.until = front.n + 2;
		check(write(fd, "\r\x03", 2) == 2); /* raw: as they are */
		check_eq(run(1000), 0);
		check(!memcmp(front.got + front.n - 2, "\r\x03", 2));
		check_eq(read(fd, buf, sizeof(buf)), 2);
		check(!memcmp(buf, "\n\x03", 2));
		close(fd);
		check_eq(run(1000), 0);
		check_eq(front.closed, i + 1);
	}
	chardev_free(chr);
}

static int client(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	check(!connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	return fd;
}

static void sock(const char *dir)
{
	char path[128], longer[256], buf[16];
	struct chardev_socket opt = { .path = path, .fd = -1 };
	struct chardev *chr, *other;
	struct err err;
	static char much[3 << 20];
	size_t total = 0;
	ssize_t n;
	int one, two;

	snprintf(path, sizeof(path), "%s/sock", dir);
	chr = chardev_socket_new(loop, "mon", &opt, &err);
	check(chr != NULL);
	check(!chardev_socket_new(loop, "mon", &opt, &err)); /* it answers */
	check(strstr(err.text, path) != NULL);
	connect_front(chr, 100);
	check_eq(run(1000), 0); /* that test was a client: came */
	check_eq(run(1000), 0); /* and went */

	one = client(path);
	check_eq(run(1000), 0);
	check_eq(front.opened, 2);
	two = client(path); /* waits in the queue */
	check(write(two, "two", 3) == 3);
	check_eq(run(20), 1);
	check_eq(front.n, 0);

	/* a slow reader costs us nothing but the bytes */
	memset(much, 'x', sizeof(much));
	chardev_write(chr, (uint8_t *)much, sizeof(much));
	put(chr, "lost too");
	check_eq(run(20), 1);
	shutdown(one, SHUT_WR);
	check_eq(run(1000), 0);
	check_eq(front.closed, 2);
	while ((n = read(one, much, sizeof(much))) > 0)
		total += (size_t)n;
	check(total > 0 && total <= 1 << 20);
	close(one);

	front.until = 3;
	check_eq(run(1000), 0);
	check_eq(run(1000), 0);
	check(!memcmp(front.got, "two", 3));
	put(chr, "answer");
	close(two); /* before it is written: no SIGPIPE, no end */
	check_eq(run(1000), 0);
	chardev_free(chr);
	check(access(path, F_OK) < 0);

	/* what a killed process left behind is replaced */
	chr = chardev_socket_new(loop, "mon", &opt, &err);
	snprintf(longer, sizeof(longer), "%s/moved", dir);
	check(!rename(path, longer));
	chardev_free(chr);
	check(!rename(longer, path));
	chr = chardev_socket_new(loop, "mon", &opt, &err);
	check(chr != NULL);
	one = client(path);
	connect_front(chr, 1);
	check_eq(run(1000), 0);
	put(chr, "hello");
	chardev_free(chr);
	check_eq(read(one, buf, sizeof(buf)), 5);
	close(one);

	opt.path = dir; /* no socket: not removed */
	other = chardev_socket_new(loop, "mon", &opt, &err);
	check(!other);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	opt.path = longer;
	check(!chardev_socket_new(loop, "mon", &opt, &err));
	check(strstr(err.text, "longer") != NULL);
}

/* Clients that leave while nobody takes what they sent: the first one's goes
 * when the second comes, the second's comes when it is taken. */
static void not_read(const char *dir)
{
	static uint8_t much[5000];
	char path[128];
	struct chardev_socket opt = { .path = path, .fd = -1 };
	struct chardev *chr;
	struct err err;
	int fd;

	snprintf(path, sizeof(path), "%s/not-read", dir);
	chr = chardev_socket_new(loop, "mon", &opt, &err);
	check(chr != NULL);
	connect_front(chr, 0);
	for (int i = 1; i <= 2; i++) {
		memset(much, '0' + i, sizeof(much));
		fd = client(path);
		while (front.opened < i && !run(1000))
			;
		check_eq(front.opened, i);
		check_eq(front.closed, i - 1);
		check(write(fd, much, sizeof(much)) == sizeof(much));
		check_eq(run(20), 1);
		close(fd);
		check_eq(run(20), 1);
	}
	check_eq(front.n, 0);
	front.room = sizeof(front.got) - 1;
	front.until = sizeof(much);
	chardev_accept_input(chr);
	check_eq(run(1000), 0);
	check_eq(front.n, sizeof(much));
	check(!memcmp(front.got, much, sizeof(much)));
	while (front.closed < 2 && !run(1000))
		;
	check_eq(front.closed, 2);
	fd = client(path); /* and it listens once, not twice */
	check_eq(run(1000), 0);
	check_eq(front.opened, 3);
	close(fd);
	chardev_free(chr);
}

/* Half a MiB for a reader that comes to it later: all of it arrives. */
static void slow_reader(void)
{
	static uint8_t much[1 << 19], got[1 << 19];
	struct chardev_socket opt = { .wait = false };
	struct chardev *chr;
	size_t total = 0;
	struct err err;
	int pair[2];

	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	fcntl(pair[1], F_SETFL, O_NONBLOCK);
	opt.fd = pair[0];
	chr = chardev_socket_new(loop, "mon", &opt, &err);
	check(chr != NULL);
	connect_front(chr, 100);
	check_eq(front.opened, 1); /* connected from the beginning */
	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)(i * 7 >> 3);
	chardev_write(chr, much, sizeof(much));
	for (int i = 0; i < 200 && total < sizeof(got); i++) {
		ssize_t n = read(pair[1], got + total, sizeof(got) - total);

		if (n > 0)
			total += (size_t)n;
		else
			run(5);
	}
	check_eq(total, sizeof(much));
	check(!memcmp(much, got, sizeof(much)));
	close(pair[1]); /* the only client: nobody is waited for */
	check_eq(run(1000), 0);
	check_eq(front.closed, 1);
	check_eq(run(20), 1);
	chardev_free(chr);
}

/* A descriptor that listens already, as libvirt hands it over. */
static void listening(const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct chardev_socket opt = { .wait = false };
	struct chardev *chr;
	struct err err;
	int one;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/made", dir);
	opt.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	check(!bind(opt.fd, (struct sockaddr *)&addr, sizeof(addr)));
	check(!listen(opt.fd, 1));
	chr = chardev_socket_new(loop, "mon", &opt, &err);
	check(chr != NULL);
	connect_front(chr, 100);
	for (int i = 1; i <= 2; i++) {
		one = client(addr.sun_path);
		check_eq(run(1000), 0);
		check_eq(front.opened, i);
		close(one);
		check_eq(run(1000), 0);
	}
	chardev_free(chr);
	check(!access(addr.sun_path, F_OK)); /* not ours to remove */
	unlink(addr.sun_path);

	opt.fd = 0x7fffffff;
	check(!chardev_socket_new(loop, "mon", &opt, &err));
	check(strstr(err.text, "not an open socket") != NULL);
	opt.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	check(!chardev_socket_new(loop, "mon", &opt, &err));
	close(opt.fd);
}

/* A stick is put in: a pseudo-terminal by a name that stays. */
static int plug(const char *name)
{
	int master, slave;
	char path[64];

	check(!openpty(&master, &slave, path, NULL, NULL));
	check(!symlink(path, name));
	close(slave);
	return master;
}

static void unplug(const char *name, int master)
{
	check(!unlink(name));
	close(master);
}

static void set_line(struct chardev *chr, uint32_t baud)
{
	struct chardev_line line = {
		.baud = baud, .bits = 7, .parity = 'e', .two_stops = true
	};

	chr->ops->port->set_line(chr, &line);
	check_eq(run(20), 1);
}

/* Both ends of a pseudo-terminal have the same settings, always without
 * parity and of 8 bits. */
static void check_line(int master, speed_t speed)
{
	struct termios t;

	check(!tcgetattr(master, &t));
	check_eq(cfgetospeed(&t), speed);
	check_eq(cfgetispeed(&t), speed);
	check_eq(t.c_cflag & (CSIZE | CSTOPB), CS8 | CSTOPB);
	check_eq(t.c_lflag & (ECHO | ICANON), 0);
}

static void tty_replugged(const char *name)
{
	char buf[16] = { 0 };
	struct err err;
	struct chardev *chr = chardev_tty_new(loop, "stick", name, &err);
	int master;

	check(chr != NULL); /* absent is no error */
	connect_front(chr, 100);
	put(chr, "lost");
	set_line(chr, 57600);
	for (int i = 1; i <= 2; i++) {
		master = plug(name);
		check_eq(run(3000), 0);
		check_eq(front.opened, i);
		check_line(master, B57600); /* kept over a replug */
		check(write(master, "\r\x03", 2) == 2);
		front.until = front.n + 2;
		check_eq(run(1000), 0);
		check(!memcmp(front.got + front.n - 2, "\r\x03", 2));
		put(chr, "\nhi");
		check_eq(run(20), 1);
		check_eq(read(master, buf, sizeof(buf)), 3);
		check(!memcmp(buf, "\nhi", 3));
		unplug(name, master);
		check_eq(run(1000), 0);
		check_eq(front.closed, i);
	}
	chardev_free(chr);
}

/* Who reads slowly is waited for: nothing is lost, and it is said when there
 * is room. */
static void tty_slow(const char *name)
{
	static uint8_t much[1024];
	int master = plug(name);
	struct err err;
	struct chardev *chr = chardev_tty_new(loop, "stick", name, &err);
	size_t sent = 0, got = 0;

	check(chr != NULL);
	connect_front(chr, 100);
	check_eq(run(1000), 0);
	check(!chardev_tty_new(loop, "other", name, &err));
	check(strstr(err.text, "in use by another") != NULL);
	while (chardev_room(chr) >= sizeof(much)) {
		chardev_write(chr, much, sizeof(much));
		sent += sizeof(much);
		check_eq(run(5), 1);
	}
	check(sent > 4096);
	check_eq(front.drained, 0);
	while (got < sent) {
		ssize_t n = read(master, much, sizeof(much));

		check(n > 0);
		got += n > 0 ? (size_t)n : sent;
		run(5);
	}
	check_eq(got, sent);
	check(front.drained > 0);
	check_eq(chardev_room(chr), 4096);
	chardev_free(chr);
	unplug(name, master);
}

/* The stick is pulled out while somebody waits for room, and the first that is
 * seen of it is the end of input. */
static void tty_pulled(const char *name)
{
	static uint8_t much[1024];
	int master = plug(name);
	struct err err;
	struct chardev *chr = chardev_tty_new(loop, "stick", name, &err);

	check(chr != NULL);
	connect_front(chr, 100);
	check_eq(run(1000), 0);
	while (chardev_room(chr) >= sizeof(much)) {
		chardev_write(chr, much, sizeof(much));
		check_eq(run(5), 1);
	}
	check_eq(front.drained, 0);
	check(write(master, "x", 1) == 1);
	usleep(20000); /* until it is readable: before anything else */
	unplug(name, master);
	while (!front.drained)
		if (run(1000))
			break;
	check_eq(front.closed, 1);
	check_eq(front.drained, 1);
	chardev_free(chr);
}

/* It is used again after a replug although nobody takes its input. */
static void tty_not_read(const char *name)
{
	static uint8_t much[1000];
	struct err err;
	int master = plug(name);
	struct chardev *chr = chardev_tty_new(loop, "stick", name, &err);

	check(chr != NULL);
	connect_front(chr, 0);
	check_eq(run(1000), 0);
	for (int i = 0; i < 6; i++) {
		check(write(master, much, sizeof(much)) > 0);
		check_eq(run(5), 1);
	}
	unplug(name, master);
	check_eq(run(1000), 0);
	check_eq(front.closed, 1);
	master = plug(name);
	check_eq(run(3000), 0);
	check_eq(front.opened, 2);
	chardev_free(chr);
	unplug(name, master);
}

/* Who never waits has a longer buffer, and loses nothing of this. */
static void tty_no_waiting(const char *name)
{
	static uint8_t much[1 << 17], got[4096];
	int master = plug(name);
	struct err err;
	struct chardev *chr = chardev_tty_new(loop, "stick", name, &err);
	size_t total = 0;

	check(chr != NULL);
	chardev_connect(chr, &(struct chardev_front){ .never_waits = true });
	check_eq(chardev_room(chr), 1 << 20);
	chardev_write(chr, much, sizeof(much));
	fcntl(master, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 2000 && total < sizeof(much); i++) {
		ssize_t n = read(master, got, sizeof(got));

		if (n > 0)
			total += (size_t)n;
		else
			run(2);
	}
	check_eq(total, sizeof(much));
	chardev_free(chr);
	unplug(name, master);
}

static void tty(const char *dir)
{
	char name[128];
	struct err err;

	snprintf(name, sizeof(name), "%s/usb-stick", dir);
	tty_replugged(name);
	tty_slow(name);
	tty_pulled(name);
	tty_not_read(name);
	tty_no_waiting(name);
	check(!chardev_tty_new(loop, "stick", "/dev/null", &err));
	check(strstr(err.text, "no serial port") != NULL);
}

int main(void)
{
	char dir[] = "/tmp/test_chardev.XXXXXX";
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	check(mkdtemp(dir) != NULL);
	loop = loop_new(&err);
	loop_timer_init(loop, &stop, time_over, NULL);
	null();
	file(dir);
	stdio();
	null_input();
	pty();
	tty(dir);
	sock(dir);
	not_read(dir);
	slow_reader();
	listening(dir);
	loop_free(loop);
	check(!rmdir(dir));
	return test_done();
}
