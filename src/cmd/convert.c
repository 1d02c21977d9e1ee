/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * convert: the whole way from a card to a guest.  Only here the stages' order
 * is known (DESIGN.md §3); --dry-run stops before the first of them that
 * writes.
 *
 * There is no signal handler: a killed conversion leaves a ".NAME.partial"
 * folder, whatever it was doing, and the next one clears it; libguestfs itself
 * ends its appliance, and for root leaves an empty socket's folder in /tmp.
 * A dry run works in the cache, in a folder that the next one clears.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/convert.h"
#include "cmd/convert_libvirt.h"
#include "cmd/layout.h"
#include "cmd/plan_print.h"
#include "cmd/verify.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "domain/host.h"
#include "host/files.h"
#include "host/sha256.h"
#include "kernel/cache.h"
#include "run/engine.h"

enum {
	MIB = 1 << 20,
	STEPS = 7, /* the last is to start it */
	HASH_CHUNK = 1 << 20,
	VERIFY_SECONDS = 900
};

static const char *const engine_words[] = { "pimigrate", "qemu", NULL };

static const char *arg_name, *arg_suite, *arg_mirror, *arg_busybox, *arg_mac;
static const char *const output_words[] = { "pimigrate", "libvirt", NULL };
enum {
	OUTPUT_PIMIGRATE,
	OUTPUT_LIBVIRT
};

static const char *arg_network = "user", *arg_pool, *arg_uri;
static struct opt_list arg_debs, arg_forwards, arg_disks;
static const char *arg_root = "first";
static uint64_t arg_cpus, arg_memory = UINT64_C(1) << 30;
static uint64_t arg_grow = UINT64_C(1) << 30;
static unsigned int arg_engine, arg_output;
static bool arg_dry_run, arg_no_grow, arg_backports, arg_strict, arg_hash;
static bool arg_clone, arg_verify, arg_no_verify, arg_two, arg_autostart;

/* The sum of the files before this one, and of what has come of it. */
static bool download_progress(void *arg, const char *url, uint64_t done,
			      uint64_t total)
{
	struct conversion *c = arg;

	(void)url;
	if (done < c->fetching)
		c->fetched += c->fetching;
	c->fetching = done;
	ui_progress(c->ui, done, total);
	return true;
}

static void make_wishes(struct conversion *c)
{
	c->wish = (struct kernel_wish){
		.suite = arg_suite,
		.backports = arg_backports,
		.mirror = arg_mirror,
		.busybox = arg_busybox,
		.progress = download_progress,
		.progress_arg = c,
	};
	for (size_t i = 0; i < arg_debs.words.n; i++)
		*vec_add(&c->wish.debs) = arg_debs.words.at[i];
	c->machine_wish = (struct machine_wish){
		.name = arg_name,
		.mac = arg_mac,
		.new_mac = arg_clone,
		.network = arg_network,
		.cpus = (unsigned int)arg_cpus,
		.memory = arg_memory,
		.engine = (enum engine)arg_engine,
	};
	if (arg_output == OUTPUT_LIBVIRT) {
		c->machine_wish.libvirt = arg_uri ? arg_uri
						  : domain_default_uri();
		c->machine_wish.autostart = arg_autostart;
	}
	for (size_t i = 0; i < arg_forwards.words.n; i++)
		*vec_add(&c->machine_wish.forwards) = arg_forwards.words.at[i];
}

static int open_source(struct conversion *c, const char *path, struct err *err)
{
	autofree char *name = NULL;
	const struct finding *stop;
	struct card_wish wish = { .ui = c->ui,
				  .disks = arg_disks.words.at,
				  .n_disks = arg_disks.words.n };
	int r = card_root(arg_root, &wish, err);

	if (!r)
		r = card_open_as(path, &wish, &c->card, err);
	if (r < 0)
		return r;
	stop = guest_stop(&c->card.guest);
	if (stop)
		return err_set(err, EMEDIUMTYPE, "'%s' cannot be converted: %s",
			       path, stop->text);
	if (c->card.guest.arch == ARCH_ARM64)
		ui_say(c->ui, "a 64-bit system: qemu-system-aarch64 will run "
			      "it, our own emulator does 32 bits so far");
	if (arg_two)
		layout_two(&c->card.guest);
	if (!c->wish.suite)
		c->wish.suite = c->card.profile->kernel_suite;
	name = machine_wish_name(&c->machine_wish, &c->card.guest);
	machine_make(&c->machine_wish, name, &c->card.img.source,
		     &c->card.guest, &c->machine);
	return conversion_losses(c, err);
}

/* Of the open card: a device's path may be another card's by now. */
static int hash_source(struct conversion *c, struct err *err)
{
	const struct image *img = &c->card.img;
	autofree uint8_t *buf = xmalloc(HASH_CHUNK);
	char hex[SHA256_HEX];
	struct sha256 sha;
	uint64_t at = 0;

	ui_say(c->ui, "computing the SHA-256 of the whole card");
	sha256_init(&sha);
	while (at < img->source.size) {
		ssize_t n = pread(img->fd, buf, HASH_CHUNK, (off_t)at);

		if (n < 0)
			return err_errno(err, errno, "cannot read '%s'",
					 img->source.path);
		if (!n)
			return err_set(err, EIO,
				       "'%s' became shorter while it was read",
				       img->source.path);
		sha256_add(&sha, buf, (size_t)n);
		at += (uint64_t)n;
		ui_progress(c->ui, at, img->source.size);
	}
	ui_progress_end(c->ui, at);
	sha256_end(&sha, hex);
	c->machine.source_sha256 = xstrdup(hex);
	return 0;
}

/* A folder in the cache, ours alone as long as the lock is held. */
static int dry_run_folder(struct conversion *c, int *ret_lock, struct err *err)
{
	autofree char *lock = NULL;
	struct cache cache;
	int r = cache_open(&cache, NULL, err);

	if (r < 0)
		return r;
	c->work = xasprintf("%s/dry-run", cache.dir);
	lock = xasprintf("%s/dry-run.lock", cache.dir);
	cache_close(&cache);
	*ret_lock = files_lock(lock, true, err);
	if (*ret_lock < 0)
		return *ret_lock;
	r = files_remove_tree(c->work, err);
	return r < 0 ? r : files_mkdir_p(c->work, 0700, err);
}

static int print_plan(struct conversion *c, bool json, struct err *err)
{
	autofree char *text = NULL;
	int r = conversion_kernel(c, err);

	if (!r)
		r = conversion_plan(c, err);
	if (r < 0)
		return r;
	if (store_taken(c->machine.name))
		ui_warn(c->ui,
			"there is a guest '%s' already: another name is needed "
			"(-on)",
			c->machine.name);
	text = json ? plan_json(&c->plan, &c->machine)
		    : plan_text(&c->plan, &c->machine);
	fputs(text, stdout);
	return 0;
}

static int dry_run(struct conversion *c, bool json, struct err *err)
{
	autoclose int lock = -1;
	struct err ignored;
	int r = dry_run_folder(c, &lock, err);

	if (!r)
		r = print_plan(c, json, err);
	/* While it is ours: the next one may be waiting for the lock. */
	if (lock >= 0)
		files_remove_tree(c->work, &ignored);
	free(c->work);
	c->work = NULL;
	return r;
}

static int begin(struct conversion *c, struct err *err)
{
	int r = session_possible(err);

	if (!r)
		r = store_new_begin(&c->guest, c->machine.name, err);
	if (r < 0)
		return r;
	c->work = xasprintf("%s/work", c->guest.dir);
	c->disk = xasprintf("%s/disk.raw", c->guest.dir);
	return files_mkdir_p(c->work, 0700, err);
}

static int stages(struct conversion *c, struct err *err)
{
	int r = c->machine.libvirt ? convert_libvirt_check(c, err) : 0;

	if (!r)
		r = begin(c, err);

	if (!r && arg_hash)
		r = hash_source(c, err);
	if (!r) {
		ui_step(c->ui, "get the kernel");
		r = conversion_kernel(c, err);
	}
	if (!r)
		r = conversion_plan(c, err);
	if (!r) {
		ui_step(c->ui, "copy the disk");
		r = conversion_copy(c, err);
	}
	if (!r) {
		ui_step(c->ui, "adapt the system on the copy (%zu changes)",
			c->plan.changes.n);
		r = conversion_apply(c, err);
	}
	if (!r) {
		ui_step(c->ui, "make the initrd");
		r = conversion_boot(c, err);
	}
	if (!r)
		r = convert_libvirt_disk(c, err);
	if (!r)
		r = conversion_write(c, err);
	if (!r)
		r = files_remove_tree(c->work, err);
	if (!r) {
		ui_step(c->ui, "put the guest in its place");
		r = store_new_commit(&c->guest, err);
	}
	if (r < 0)
		convert_libvirt_drop(c);
	return r < 0 ? r : convert_libvirt_define(c, err);
}

static void say_ready(struct cmd_ctx *ctx, const struct conversion *c)
{
	const char *name = c->machine.name;

	if (ctx->json) {
		autofree char *text = plan_json(&c->plan, &c->machine);

		fputs(text, stdout);
	} else if (!ctx->quiet) {
		if (c->machine.libvirt)
			printf("%s is a guest of libvirt (%s)\n", name,
			       c->machine.libvirt);
		printf("guest %s is ready; start it with: pimigrate start %s\n"
		       "The way back is the card, which nobody wrote to: the "
		       "Pi runs from it as before,\nbut not at the same time "
		       "as the guest.\n",
		       name, name);
	}
}

/* Shall it be started?  Unless that is said, where it can be. */
static bool will_verify(struct conversion *c)
{
	autofree char *program = NULL;
	struct err why;

	/* What libvirt runs is libvirt's to start. */
	if (arg_verify || arg_no_verify || arg_output == OUTPUT_LIBVIRT)
		return arg_verify;
	if (!engine_find(c->machine.engine, machine_is_arm64(&c->machine),
			 &program, &why))
		return true;
	ui_warn(c->ui,
		"the guest was not started to see whether it comes up: "
		"%s",
		why.text);
	return false;
}

/* The guest is complete; whether it comes up is another matter. */
static int finish(struct cmd_ctx *ctx, struct conversion *c, struct err *err)
{
	int r = 0;

	/* Nobody makes one of that name any more: it is there. */
	store_new_drop(&c->guest);
	if (will_verify(c)) {
		ui_step(ctx->ui, "start it, to see whether it comes up");
		r = verify_guest(c->machine.name, VERIFY_SECONDS, ctx->ui, err);
	}
	say_ready(ctx, c);
	return r < 0 ? CMD_BOOT : 0;
}

static int output_check(struct err *err)
{
	if (arg_output == OUTPUT_LIBVIRT ||
	    (!arg_pool && !arg_uri && !arg_autostart))
		return 0;
	return err_set(err, EINVAL,
		       "-oc, -os and --autostart are for -o libvirt; a guest "
		       "of our own starts with this machine by: pimigrate "
		       "enable NAME");
}

static int run(struct cmd_ctx *ctx, struct err *err)
{
	struct conversion c = { .ui = ctx->ui,
				.free = arg_no_grow ? 0 : arg_grow,
				.strict = arg_strict,
				.clone = arg_clone,
				.pool = arg_pool,
				/* libvirt's console is the serial line. */
				.serial_console = arg_output == OUTPUT_LIBVIRT,
				.card = { .img = { .fd = -1 } } };
	int r;

	/* The modes are those that are written here, whatever the owner's
	 * shell says: libvirt's user must pass through the folders. */
	umask(022);
	make_wishes(&c);
	if (arg_verify && arg_no_verify) {
		err_set(err, EINVAL, "--verify and --no-verify: which one?");
		conversion_free(&c);
		return CMD_USAGE;
	}
	if (output_check(err) < 0 ||
	    machine_wish_check(&c.machine_wish, err) < 0 ||
	    card_root(arg_root, &(struct card_wish){ 0 }, err) < 0) {
		conversion_free(&c);
		return CMD_USAGE;
	}
	if (!arg_dry_run)
		ui_steps(ctx->ui, STEPS - (arg_no_verify ||
					   arg_output == OUTPUT_LIBVIRT));
	ui_step(ctx->ui, "look at the card");
	r = open_source(&c, ctx->args[0], err);
	if (!r)
		r = arg_dry_run ? dry_run(&c, ctx->json, err) : stages(&c, err);
	if (!r && !arg_dry_run)
		r = finish(ctx, &c, err);
	if (r < 0 && c.lost)
		r = CMD_LOSS;
	conversion_free(&c);
	return cmd_host(r);
}

/* clang-format off */
static const struct opt options[] = {
	{ "-on --name", OPT_STRING, &arg_name, "NAME",
	  "the guest's name (the card's host name)" },
	{ "-o", OPT_CHOICE, &arg_output, "pimigrate|libvirt",
	  "who runs the guest: our own supervisor, or libvirt",
	  .choices = output_words },
	{ "-oc", OPT_STRING, &arg_uri, "URI",
	  "which libvirt (qemu:///system for root, else qemu:///session)" },
	{ "-os", OPT_STRING, &arg_pool, "POOL",
	  "the disk is a volume of this pool of libvirt's" },
	{ "--autostart", OPT_FLAG, &arg_autostart,
	  .help = "libvirt starts the guest with this machine" },
	{ "--dry-run", OPT_FLAG, &arg_dry_run,
	  .help = "print what would be done; nothing is written" },
	{ "--root", OPT_STRING, &arg_root, "ask|first|N|DEVICE",
	  "the partition of the system, if there are several" },
	{ "--disk", OPT_LIST, &arg_disks, "FILE|DEVICE",
	  "a disk that the Pi had besides its card; its system may be there" },
	{ "--strict", OPT_FLAG, &arg_strict,
	  .help = "exit code 6, and no guest, if something would be lost" },
	{ "--two-partitions", OPT_FLAG, &arg_two,
	  .help = "the guest's disk has the boot partition and root alone" },
	{ "--grow", OPT_SIZE, &arg_grow, "SIZE",
	  "how much shall be free on the root file system (1G)", 64 * MIB,
	  UINT64_C(4) << 40 },
	{ "--no-grow", OPT_FLAG, &arg_no_grow,
	  .help = "the disk keeps its size" },
	{ "--clone", OPT_FLAG, &arg_clone,
	  .help = "the Pi lives on: the guest gets an address, a machine id "
		  "and host keys of its own" },
	{ "--verify", OPT_FLAG, &arg_verify,
	  .help = "start the guest at the end, to see whether it comes up, "
		  "and exit code 4 if not; so it is done where an emulator "
		  "is there, and with this option it must be" },
	{ "--no-verify", OPT_FLAG, &arg_no_verify,
	  .help = "do not start it" },
	{ "--hash", OPT_FLAG, &arg_hash,
	  .help = "keep the SHA-256 of the whole source in guest.yaml" },
	{ "--cpus", OPT_NUMBER, &arg_cpus, "N", "how many CPUs (2)", 1, 8 },
	{ "--memory", OPT_SIZE, &arg_memory, "SIZE", "how much memory (1G)",
	  64 * MIB, UINT64_C(8) << 30 },
	{ "--engine", OPT_CHOICE, &arg_engine, "pimigrate|qemu",
	  "the emulator that start takes", .choices = engine_words },
	{ "--network", OPT_STRING, &arg_network, "user|none|bridge=NAME|tap=NAME|network=NAME",
	  "how the guest reaches the network (user)" },
	{ "--mac", OPT_STRING, &arg_mac, "MAC",
	  "the network card's address (the Pi's, if the card tells it)" },
	{ "--forward", OPT_LIST, &arg_forwards, "HOST:GUEST",
	  "a TCP port of this host that leads into the guest" },
	{ "--suite", OPT_STRING, &arg_suite, "SUITE",
	  "Debian release to take the kernel from" },
	{ "--backports", OPT_FLAG, &arg_backports,
	  .help = "take the kernel from backports, if there is one" },
	{ "--mirror", OPT_STRING, &arg_mirror, "URL",
	  "Debian mirror (from this machine's apt sources)" },
	{ "--kernel-deb", OPT_LIST, &arg_debs, "FILE",
	  "a kernel package; nothing is fetched" },
	{ "--busybox", OPT_STRING, &arg_busybox, "FILE",
	  "a static ARM busybox for the initrd" },
	OPT_END,
};
/* clang-format on */

const struct cmd cmd_convert = {
	.name = "convert",
	.help = "make a guest of a card",
	.args = "CARD",
	.about = "CARD is an image file, or a card reader's device such as "
		 "/dev/sdb. It is only read:\nthe guest gets a copy, with a "
		 "kernel that fits it and the system adapted.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.features = "pimigrate\n"
		    "input:disk\ninput:device\ninput:stdin\ninput:xz\n"
		    "input:gzip\ninput:zstd\ninput:zip\ninput:qcow2\n"
		    "output:local\n"
		    "engine:pimigrate\nengine:qemu\n"
		    "arch:armhf\narch:arm64\n"
		    "convert:linux\n"
		    "root:ask\nroot:first\nroot:device\n"
		    "disk-option\nverify-option\n",
	.run = run,
};
