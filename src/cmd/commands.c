/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/commands.h"

/* clang-format off */
const struct cmd *const commands[] = {
	&cmd_inspect,
	&cmd_convert,
	&cmd_start,
	&cmd_stop,
	&cmd_console,
	&cmd_status,
	&cmd_list,
	&cmd_verify,
	&cmd_changes,
	&cmd_revert,
	&cmd_kernel,
	&cmd_enable,
	&cmd_disable,
	&cmd_define,
	&cmd_undefine,
	&cmd_net,
	&cmd_devices,
	&cmd_doctor,
	&cmd_clone,
	&cmd_rename,
	&cmd_resize,
	&cmd_remove,
	&cmd_delete,
	&cmd_run,
	&cmd_complete,
	&cmd_prepare,
	&cmd_sync,
	&cmd_libvirt_hook,
	NULL,
};
/* clang-format on */
