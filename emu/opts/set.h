/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What single options do to struct opts: the functions of opts.c's rows. */
#ifndef OPTS_SET_H
#define OPTS_SET_H

#include "opts/opts.h"

typedef int set_fn(struct opts *opts, const char *option, const char *arg,
		   struct err *err);

/* what -d takes, for its help and its error */
#define TRACE_ITEMS "in_asm, int, cpu, exec, ir, out_asm, perfmap"

/* machine.c: what the board is and how it behaves */
set_fn set_accel, set_action, set_cpu, set_machine, set_memory, set_smp;
set_fn set_name, set_uuid, set_rtc, set_trace;
set_fn set_display, set_monitor, set_net, set_image, set_cdrom;
set_fn refuse_kvm;

#endif
