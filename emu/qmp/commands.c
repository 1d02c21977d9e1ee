/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qmp/command.h"

#define QMP(name, fn, args) { name, fn, args },
const struct qmp_command qmp_commands[] = {
#include "qmp/commands.inc"
};
#undef QMP

const unsigned int qmp_command_count = sizeof(qmp_commands) /
				       sizeof(qmp_commands[0]);
