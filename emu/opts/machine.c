/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options that say what the board is and how it behaves.  What QEMU can
 * and this board cannot is refused with what is possible; what libvirt says
 * without need (usb=off) is taken.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/str.h"
#include "opts/set.h"

/* "virt", or a version of it as "virt-8.2"; "none": only to be asked. */
static int check_machine(const char *type, struct err *err)
{
	size_t n = strlen("virt-");

	if (!strcmp(type, "virt") || !strcmp(type, "none") ||
	    (!strncmp(type, "virt-", n) && type[n] &&
	     !type[n + strspn(type + n, "0123456789.")]))
		return 0;
	return err_set(err, EINVAL,
		       "there is no machine '%s' here: only virt (-M)", type);
}

/* "jit", or a list to choose from as "kvm:tcg". */
static int take_accel(struct opts *opts, const char *list, struct err *err)
{
	static const struct {
		const char *name;
		enum jit_mode mode;
		bool must;
	} accels[] = { { "tcg", JIT_ON, false },
		       { "jit", JIT_ON, true },
		       { "interp", JIT_OFF, true },
		       { "verify", JIT_VERIFY, true } };

	for (const char *p = list; *p; p += strcspn(p, ":"), p += *p == ':') {
		size_t n = strcspn(p, ":");

		for (size_t i = 0; i < sizeof(accels) / sizeof(*accels); i++) {
			if (strlen(accels[i].name) == n &&
			    !memcmp(p, accels[i].name, n)) {
				opts->config.jit.mode = accels[i].mode;
				opts->config.accel_must = accels[i].must;
				return 0;
			}
		}
	}
	return err_set(err, EINVAL,
		       "there is no accelerator '%s' here: only tcg, jit, "
		       "interp and verify (-accel)",
		       list);
}

int refuse_kvm(struct opts *opts, const char *option, const char *arg,
	       struct err *err)
{
	(void)opts;
	(void)arg;
	return err_set(err, EINVAL,
		       "%s: this emulator runs ARM code by itself, KVM is not "
		       "used; leave the option out",
		       option);
}

int set_machine(struct opts *opts, const char *option, const char *arg,
		struct err *err)
{
	static const char *const ignored[] = { "usb",
					       "dump-guest-core",
					       "mem-merge",
					       "graphics",
					       "memory-backend",
					       "acpi",
					       "suppress-vmdesc",
					       "highmem",
					       "nvdimm",
					       "hmat",
					       "ras",
					       "its",
					       "dtb-randomness",
					       "dtb-kaslr-seed",
					       "kernel-irqchip",
					       "kernel_irqchip",
					       NULL };
	static const char *const gics[] = { "2", "max", "host", NULL };
	static const char *const offs[] = { "off", "false", "no", NULL };
	const char *type = "virt", *accel;
	int ignore = 0, ret;
	autokeyvals struct keyvals kv = { 0 };

	ret = keyval_parse(&kv, option, arg, "type", err);
	if (ret < 0)
		return ret;
	if (keyval_text(&kv, "type"))
		type = keyval_text(&kv, "type");
	accel = keyval_text(&kv, "accel");
	keyval_accept(&kv, ignored);
	ret = check_machine(type, err);
	if (!ret && accel)
		ret = take_accel(opts, accel, err);
	if (!ret)
		ret = keyval_choice(&kv, "gic-version", gics, &ignore, err);
	if (!ret)
		ret = keyval_choice(&kv, "secure", offs, &ignore, err);
	if (!ret)
		ret = keyval_choice(&kv, "virtualization", offs, &ignore, err);
	opts->config.idle = !strcmp(type, "none");
	return ret ? ret : keyval_done(&kv, err);
}

int set_accel(struct opts *opts, const char *option, const char *arg,
	      struct err *err)
{
	static const char *const ignored[] = { "thread", "tb-size",
					       "one-insn-per-tb", "split-wx",
					       NULL };
	static const char *const isas[] = { "v3", "v2", NULL };
	const char *accel;
	autokeyvals struct keyvals kv = { 0 };
	uint64_t visits = 0;
	int isa = 0, ret;

	ret = keyval_parse(&kv, option, arg, "accel", err);
	if (!ret)
		ret = keyval_need(&kv, "accel", &accel, err);
	if (!ret)
		ret = take_accel(opts, accel, err);
	if (!ret)
		ret = keyval_choice(&kv, "host-isa", isas, &isa, err);
	if (!ret)
		ret = keyval_number(&kv, "visits", 0, UINT32_MAX, &visits, err);
	opts->config.jit.v3 = isa == 0;
	opts->config.jit.verify_visits = (unsigned int)visits;
	keyval_accept(&kv, ignored);
	return ret ? ret : keyval_done(&kv, err);
}

int set_cpu(struct opts *opts, const char *option, const char *arg,
	    struct err *err)
{
	static const char *const models[] = { "cortex-a15", "cortex-a7", "max",
					      NULL };
	static const enum cpu_model of[] = { CORTEX_A15, CORTEX_A7,
					     CORTEX_A15 };
	static const char *const ignored[] = { "pmu", NULL };
	autokeyvals struct keyvals kv = { 0 };
	int n = 0, ret;

	ret = keyval_parse(&kv, option, arg, "model", err);
	if (!ret)
		ret = keyval_choice(&kv, "model", models, &n, err);
	if (ret < 0)
		return ret;
	keyval_accept(&kv, ignored);
	opts->config.cpu = of[n];
	return keyval_done(&kv, err);
}

/* "2", or "2,sockets=2,cores=1,threads=1": all are alike to the guest. */
int set_smp(struct opts *opts, const char *option, const char *arg,
	    struct err *err)
{
	static const char *const parts[] = { "sockets", "dies", "clusters",
					     "cores", "threads" };
	uint64_t cpus = 0, product = 1, max = 0;
	autokeyvals struct keyvals kv = { 0 };
	int ret;

	ret = keyval_parse(&kv, option, arg, "cpus", err);
	if (!ret)
		ret = keyval_number(&kv, "cpus", 1, MAX_CPUS, &cpus, err);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !ret; i++) {
		uint64_t n = 1;

		ret = keyval_number(&kv, parts[i], 1, MAX_CPUS, &n, err);
		product *= n;
	}
	if (!ret)
		ret = keyval_number(&kv, "maxcpus", 1, MAX_CPUS, &max, err);
	if (ret)
		return ret;
	if (!cpus)
		cpus = product;
	if (cpus > MAX_CPUS || (max && max < cpus))
		return err_set(err, EINVAL,
			       "%s: '%s' is more CPUs than there may be (%llu)",
			       option, arg,
			       max ? (unsigned long long)max : MAX_CPUS);
	opts->config.cpus = (unsigned int)cpus;
	return keyval_done(&kv, err);
}

/* Without a unit: MiB. */
int set_memory(struct opts *opts, const char *option, const char *arg,
	       struct err *err)
{
	static const char *const ignored[] = { "slots", "maxmem", NULL };
	const char *size;
	autokeyvals struct keyvals kv = { 0 };
	uint64_t n;
	int ret;

	ret = keyval_parse(&kv, option, arg, "size", err);
	if (!ret)
		ret = keyval_need(&kv, "size", &size, err);
	if (ret)
		return ret;
	if (str_number(size, 1, UINT64_MAX >> 20, &n))
		opts->config.ram_size = n << 20;
	else if (str_size(size, 1, UINT64_MAX, &n))
		opts->config.ram_size = n;
	else
		return err_set(err, EINVAL,
			       "%s wants a size such as 512, 512M or 2G, not "
			       "'%s'",
			       option, size);
	if (opts->config.ram_size < VIRT_RAM_MIN ||
	    opts->config.ram_size > VIRT_RAM_MAX)
		return err_set(err, EINVAL,
			       "%s %s: the board takes from %lluM to %lluG of "
			       "memory",
			       option, arg,
			       (unsigned long long)(VIRT_RAM_MIN >> 20),
			       (unsigned long long)(VIRT_RAM_MAX >> 30));
	keyval_accept(&kv, ignored);
	return keyval_done(&kv, err);
}

int set_name(struct opts *opts, const char *option, const char *arg,
	     struct err *err)
{
	static const char *const ignored[] = { "debug-threads", "process",
					       NULL };
	const char *name;
	autokeyvals struct keyvals kv = { 0 };
	int ret;

	ret = keyval_parse(&kv, option, arg, "guest", err);
	if (ret < 0)
		return ret;
	name = keyval_text(&kv, "guest");
	keyval_accept(&kv, ignored);
	if (name) {
		free(opts->name);
		opts->name = xstrdup(name);
	}
	return keyval_done(&kv, err);
}

int set_uuid(struct opts *opts, const char *option, const char *arg,
	     struct err *err)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	bool right = strlen(arg) == strlen(form);

	for (size_t i = 0; right && form[i]; i++) {
		if (form[i] == '-')
			right = arg[i] == '-';
		else
			right = strchr("0123456789abcdefABCDEF", arg[i]);
	}
	if (!right)
		return err_set(err, EINVAL, "%s wants %s, not '%s'", option,
			       form, arg);
	memcpy(opts->uuid, arg, sizeof(form));
	return 0;
}

/* Seconds that a clock of the guest's is before the host's UTC. */
static int rtc_base(struct opts *opts, const char *option, const char *base,
		    struct err *err)
{
	time_t now = time(NULL);
	struct tm tm = { 0 };
	const char *end;

	if (!strcmp(base, "utc"))
		return 0;
	if (!strcmp(base, "localtime")) {
		localtime_r(&now, &tm);
		opts->config.rtc_offset = tm.tm_gmtoff;
		return 0;
	}
	end = strptime(base, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!end) {
		tm = (struct tm){ 0 };
		end = strptime(base, "%Y-%m-%d", &tm);
	}
	if (!end || *end)
		return err_set(err, EINVAL,
			       "%s: 'base=%s' cannot be: utc, localtime or a "
			       "date such as 2026-11-21T02:31:48",
			       option, base);
	opts->config.rtc_offset = timegm(&tm) - now;
	return 0;
}

int set_rtc(struct opts *opts, const char *option, const char *arg,
	    struct err *err)
{
	static const char *const clocks[] = { "host", "vm", "rt", NULL };
	static const char *const fixes[] = { "none", "slew", NULL };
	const char *base;
	int ignored, ret;
	autokeyvals struct keyvals kv = { 0 };

	ret = keyval_parse(&kv, option, arg, NULL, err);
	if (ret < 0)
		return ret;
	base = keyval_text(&kv, "base");
	if (base)
		ret = rtc_base(opts, option, base, err);
	if (!ret)
		ret = keyval_choice(&kv, "clock", clocks, &ignored, err);
	if (!ret)
		ret = keyval_choice(&kv, "driftfix", fixes, &ignored, err);
	return ret ? ret : keyval_done(&kv, err);
}

int set_action(struct opts *opts, const char *option, const char *arg,
	       struct err *err)
{
	static const char *const reboots[] = { "reset", "shutdown", NULL };
	static const char *const shutdowns[] = { "poweroff", "pause", NULL };
	static const char *const ignored[] = { "panic", "watchdog", NULL };
	int no_reboot = opts->config.no_reboot;
	int no_shutdown = opts->config.no_shutdown, ret;
	autokeyvals struct keyvals kv = { 0 };

	ret = keyval_parse(&kv, option, arg, NULL, err);
	if (!ret)
		ret = keyval_choice(&kv, "reboot", reboots, &no_reboot, err);
	if (!ret)
		ret = keyval_choice(&kv, "shutdown", shutdowns, &no_shutdown,
				    err);
	if (ret)
		return ret;
	keyval_accept(&kv, ignored); /* the board has neither */
	opts->config.no_reboot = no_reboot;
	opts->config.no_shutdown = no_shutdown;
	return keyval_done(&kv, err);
}

int set_trace(struct opts *opts, const char *option, const char *arg,
	      struct err *err)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} items[] = {
		{ "in_asm", TRACE_IN_ASM },   { "int", TRACE_INT },
		{ "cpu", TRACE_CPU },         { "exec", TRACE_EXEC },
		{ "ir", TRACE_IR },           { "out_asm", TRACE_OUT_ASM },
		{ "perfmap", TRACE_PERF_MAP }
	};

	for (const char *p = arg; *p; p += strcspn(p, ","), p += *p == ',') {
		size_t len = strcspn(p, ","), i;

		for (i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
			if (strlen(items[i].name) == len &&
			    !strncmp(p, items[i].name, len))
				break;
		}
		if (i == sizeof(items) / sizeof(items[0]))
			return err_set(err, EINVAL,
				       "%s knows " TRACE_ITEMS ", not '%.*s'",
				       option, (int)len, p);
		opts->config.trace |= items[i].bit;
	}
	return 0;
}

int set_display(struct opts *opts, const char *option, const char *arg,
		struct err *err)
{
	if (strcmp(arg, "none") != 0)
		return err_set(err, EINVAL,
			       "%s: the board has no display '%s': only none",
			       option, arg);
	opts->no_display = true;
	return 0;
}

int set_monitor(struct opts *opts, const char *option, const char *arg,
		struct err *err)
{
	(void)opts;
	if (!strcmp(arg, "none") || !strcmp(arg, "null"))
		return 0;
	return err_set(err, EINVAL,
		       "%s: there is no monitor for people, so only none; "
		       "programs use -qmp unix:PATH,server=on,wait=off",
		       option);
}

/* The old form: "none" and nothing else is like -nic. */
int set_net(struct opts *opts, const char *option, const char *arg,
	    struct err *err)
{
	return opts_add(opts, OPTS_NET, option, arg, "type", err);
}

static int add_image(struct opts *opts, const char *option, const char *file,
		     const char *media, struct err *err)
{
	int ret = opts_add(opts, OPTS_DRIVE, option, "if=virtio", NULL, err);
	struct keyvals *kv;

	if (ret < 0)
		return ret;
	kv = &opts->items.at[opts->items.n - 1].kv;
	keyval_add(kv, "file", file);
	keyval_add(kv, "media", media);
	return 0;
}

int set_image(struct opts *opts, const char *option, const char *arg,
	      struct err *err)
{
	return add_image(opts, option, arg, "disk", err);
}

int set_cdrom(struct opts *opts, const char *option, const char *arg,
	      struct err *err)
{
	return add_image(opts, option, arg, "cdrom", err);
}
