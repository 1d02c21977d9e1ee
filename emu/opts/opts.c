/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One row for each option.  What a row does is one of five things: set a
 * flag, keep the text, put an item on the list, call a function, or nothing
 * (libvirt says it, and the board is so anyway).
 */
#include "opts/opts.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "opts/near.h"
#include "opts/set.h"

enum how {
	FLAG,
	TEXT,
	ITEM,
	CALL,
	IGNORE
};

struct row {
	const char *name;
	const char *arg;  /* NULL: takes none */
	const char *help; /* NULL: not shown */
	enum how how;
	size_t at;           /* FLAG, TEXT: offset in struct opts */
	enum opts_kind kind; /* ITEM */
	const char *first;   /* ITEM: the key of the first word */
	set_fn *set;         /* CALL */
};

#define IS_FLAG(field)      FLAG, .at = offsetof(struct opts, field)
#define IS_TEXT(field)      TEXT, .at = offsetof(struct opts, field)
#define IS_ITEM(what, word) ITEM, .kind = (what), .first = (word)
#define IS_CALL(fn)         CALL, .set = (fn)

static set_fn show_help, show_version;

/* clang-format off */
static const struct row rows[] = {
	{ "M", "virt", "the machine; none: only to ask the monitor", IS_CALL(set_machine) },
	{ "machine", "virt", NULL, IS_CALL(set_machine) },
	{ "accel", "tcg", "jit, interp, or verify: both, compared (tcg: the best)", IS_CALL(set_accel) },
	{ "cpu", "MODEL", "cortex-a15 (default), cortex-a7 or max", IS_CALL(set_cpu) },
	{ "smp", "N", "CPUs, 1 to 8", IS_CALL(set_smp) },
	{ "m", "SIZE", "memory, in MiB or with a unit (default 128)", IS_CALL(set_memory) },
	{ "kernel", "FILE", "zImage, gzip of one, ELF or raw program", IS_TEXT(config.files.kernel) },
	{ "initrd", "FILE", "the first file system", IS_TEXT(config.files.initrd) },
	{ "append", "TEXT", "the kernel's command line", IS_TEXT(config.files.append) },
	{ "dtb", "FILE", "a device tree instead of the board's", IS_TEXT(config.files.dtb) },

	{ "drive", "file=F,format=raw[,if=none,id=I][,…]", "a disk image", IS_ITEM(OPTS_DRIVE, NULL) },
	{ "blockdev", "driver=file|raw,node-name=N,…", "a disk image, as libvirt says it", IS_ITEM(OPTS_BLOCKDEV, "driver") },
	{ "hda", "FILE", "a disk; also -hdb, or FILE alone", IS_CALL(set_image) },
	{ "hdb", "FILE", NULL, IS_CALL(set_image) },
	{ "hdc", "FILE", NULL, IS_CALL(set_image) },
	{ "hdd", "FILE", NULL, IS_CALL(set_image) },
	{ "cdrom", "FILE", "a disk that is only read", IS_CALL(set_cdrom) },
	{ "snapshot", NULL, "write to temporary files instead of the disks", IS_FLAG(snapshot) },
	{ "device", "DRIVER[,…]", "virtio-{balloon,blk,net,rng,scsi,serial}-device, scsi-hd, scsi-cd, virtconsole, virtserialport", IS_ITEM(OPTS_DEVICE, "driver") },
	{ "netdev", "user|tap|stream,id=N[,…]", "a network", IS_ITEM(OPTS_NETDEV, "type") },
	{ "nic", "user|tap|none[,…]", "a network and its card in one", IS_ITEM(OPTS_NIC, "type") },
	{ "net", "none|nic|user|tap[,…]", "the same in the old way", IS_CALL(set_net) },
	{ "object", "TYPE,id=I[,…]", "rng-random, rng-builtin, secret, iothread, memory-backend-ram", IS_ITEM(OPTS_OBJECT, "qom-type") },

	{ "nographic", NULL, "the serial line on this terminal; Ctrl-A h helps", IS_FLAG(nographic) },
	{ "display", "none", "no serial line of itself", IS_CALL(set_display) },
	{ "serial", "DEV", "stdio, mon:stdio, pty, file:F, unix:F,server=on, /dev/TTY, chardev:I, null or none", IS_ITEM(OPTS_SERIAL, NULL) },
	{ "chardev", "socket|pty|file|stdio|serial|null,id=I[,logfile=F][,…]", "what a line is connected to", IS_ITEM(OPTS_CHARDEV, "backend") },
	{ "monitor", "none", "there is none for people", IS_CALL(set_monitor) },
	{ "add-fd", "fd=N,set=N", "an open descriptor, for a file's name /dev/fdset/N", IS_ITEM(OPTS_ADD_FD, NULL) },
	{ "qmp", "unix:F,server=on,wait=off", "the monitor for programs", IS_ITEM(OPTS_QMP, NULL) },
	{ "mon", "chardev=I,mode=control", "the same on a chardev", IS_ITEM(OPTS_MON, "chardev") },

	{ "name", "NAME", "of the guest", IS_CALL(set_name) },
	{ "uuid", "UUID", "of the guest", IS_CALL(set_uuid) },
	{ "rtc", "base=utc|localtime|DATE", "the board's clock", IS_CALL(set_rtc) },
	{ "no-reboot", NULL, "end when the guest wants to reboot", IS_FLAG(config.no_reboot) },
	{ "no-shutdown", NULL, "stay when the guest is off", IS_FLAG(config.no_shutdown) },
	{ "action", "reboot=shutdown,shutdown=pause", "the same two", IS_CALL(set_action) },
	{ "S", NULL, "do not start the CPUs", IS_FLAG(stopped) },
	{ "nodefaults", NULL, "only the devices that are named", IS_FLAG(nodefaults) },
	{ "daemonize", NULL, "go on in the background once all is set up", IS_FLAG(daemonize) },
	{ "pidfile", "FILE", "write the process number there", IS_TEXT(pidfile) },
	{ "d", "ITEMS", "log " TRACE_ITEMS, IS_CALL(set_trace) },
	{ "D", "FILE", "where -d logs to (default: standard error)", IS_TEXT(log_file) },
	{ "check-image", "FILE", "examine a qcow2 image that nobody uses, and end", IS_TEXT(check_image) },
	{ "repair", NULL, "with -check-image: mend what it finds", IS_FLAG(repair) },
	{ "version", NULL, "print the version", IS_CALL(show_version) },
	{ "help", NULL, "print this", IS_CALL(show_help) },
	{ "h", NULL, NULL, IS_CALL(show_help) },

	{ "no-user-config", NULL, NULL, IGNORE },
	{ "global", "DRIVER.KEY=VALUE", NULL, IGNORE },
	{ "overcommit", "mem-lock=off", NULL, IGNORE },
	{ "msg", "timestamp=on", NULL, IGNORE },
	{ "sandbox", "on", NULL, IGNORE },
	{ "boot", "strict=on", NULL, IGNORE },
	{ "audiodev", "none,id=I", NULL, IGNORE },
	{ "compat", "…", NULL, IGNORE },
	{ "enable-kvm", NULL, NULL, IS_CALL(refuse_kvm) },
};
/* clang-format on */

enum {
	ROWS = sizeof(rows) / sizeof(rows[0])
};

static int show_version(struct opts *opts, const char *option, const char *arg,
			struct err *err)
{
	(void)option;
	(void)arg;
	(void)err;
	printf("pimigrate-emu " VERSION "\n");
	opts->done = true;
	return 0;
}

static int show_help(struct opts *opts, const char *option, const char *arg,
		     struct err *err)
{
	(void)option;
	(void)arg;
	(void)err;
	printf("usage: pimigrate-emu -kernel FILE [options] [disk image]\n");
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].help)
			printf("  -%s%s%s\n\t%s\n", rows[i].name,
			       rows[i].arg ? " " : "",
			       rows[i].arg ? rows[i].arg : "", rows[i].help);
	}
	opts->done = true;
	return 0;
}

static const struct row *find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	}
	return NULL;
}

/* One dash or two. */
static int find_option(const char *word, const struct row **ret_row,
		       struct err *err)
{
	const char *name = word + 1 + (word[1] == '-');
	struct near near = { .word = name };
	char hint[80];

	*ret_row = find(name);
	if (*ret_row)
		return 0;
	for (size_t i = 0; i < ROWS; i++)
		near_try(&near, rows[i].name);
	if (near.best)
		snprintf(hint, sizeof(hint), "; did you mean '-%s'?",
			 near.best);
	else
		snprintf(hint, sizeof(hint), "; -help lists them");
	return err_set(err, EINVAL, "there is no option '%s' here%s", word,
		       hint);
}

int opts_add(struct opts *opts, enum opts_kind kind, const char *option,
	     const char *text, const char *first, struct err *err)
{
	struct opts_item item = { .kind = kind,
				  .kv.option = option,
				  .text = text };

	if (kind != OPTS_SERIAL && kind != OPTS_QMP) {
		int ret = keyval_parse(&item.kv, option, text, first, err);

		if (ret < 0)
			return ret;
	}
	*vec_add(&opts->items) = item;
	return 0;
}

/* "-cpu help" */
static bool show_row(struct opts *opts, const struct row *row, const char *arg)
{
	if (!arg || !row->help || (strcmp(arg, "help") && strcmp(arg, "?")))
		return false;
	printf("-%s %s\n\t%s\n", row->name, row->arg, row->help);
	opts->done = true;
	return true;
}

static int apply(struct opts *opts, const struct row *row, const char *option,
		 const char *arg, struct err *err)
{
	char *field = (char *)opts + row->at;

	switch (row->how) {
	case FLAG:
		*(bool *)field = true;
		return 0;
	case TEXT:
		*(const char **)(void *)field = arg;
		return 0;
	case ITEM:
		return opts_add(opts, row->kind, option, arg, row->first, err);
	case CALL:
		return row->set(opts, option, arg, err);
	case IGNORE:
		break;
	}
	return 0;
}

static int read_all(struct opts *opts, int argc, char **argv, struct err *err)
{
	for (int i = 1; i < argc; i++) {
		const char *option = argv[i], *arg = NULL;
		const struct row *row;
		int ret;

		if (*option != '-') {
			ret = set_image(opts, "disk image", option, err);
			if (ret < 0)
				return ret;
			continue;
		}
		ret = find_option(option, &row, err);
		if (ret < 0)
			return ret;
		if (row->arg) {
			arg = argv[++i];
			if (!arg)
				return err_set(err, EINVAL,
					       "%s wants '%s' behind it",
					       option, row->arg);
		}
		if (show_row(opts, row, arg))
			return 0;
		ret = apply(opts, row, option, arg, err);
		if (ret < 0 || opts->done)
			return ret;
	}
	return 0;
}

int opts_read(struct opts *ret_opts, int argc, char **argv, struct err *err)
{
	struct opts opts = { .config = { .cpu = CORTEX_A15,
					 .cpus = 1,
					 .jit = { .mode = JIT_ON, .v3 = true },
					 .ram_size = 128 << 20 } };
	int ret = read_all(&opts, argc, argv, err);

	if (!ret && opts.repair && !opts.check_image)
		ret = err_set(err, EINVAL,
			      "-repair mends an image that -check-image names");
	if (!ret && !opts.done && !opts.check_image &&
	    !opts.config.files.kernel && !opts.config.idle)
		ret = err_set(err, EINVAL,
			      "there is no kernel to run: say -kernel FILE "
			      "(-help lists all options)");
	if (ret < 0)
		opts_free(&opts);
	else
		*ret_opts = opts;
	return ret;
}

void opts_free(struct opts *opts)
{
	for (size_t i = 0; i < opts->items.n; i++)
		keyval_free(&opts->items.at[i].kv);
	vec_free(&opts->items);
	free(opts->name);
	opts->name = NULL;
}
