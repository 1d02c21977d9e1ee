/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All commands, in the order of --help; ended by NULL. */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "cmd/cmd.h"

extern const struct cmd cmd_inspect, cmd_convert;
extern const struct cmd cmd_start, cmd_stop, cmd_console, cmd_status;
extern const struct cmd cmd_list, cmd_changes, cmd_revert, cmd_run;
extern const struct cmd cmd_rename, cmd_clone, cmd_resize, cmd_remove;
extern const struct cmd cmd_verify;
extern const struct cmd cmd_delete, cmd_complete, cmd_kernel;

extern const struct cmd cmd_enable, cmd_disable, cmd_prepare, cmd_sync, cmd_net;
extern const struct cmd cmd_doctor, cmd_devices, cmd_define, cmd_undefine;
extern const struct cmd cmd_libvirt_hook;

extern const struct cmd *const commands[];

#endif
