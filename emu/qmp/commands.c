/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qmp/command.h"

#define QMP(name, fn, args) { name, fn, args },
#define QMP_SAME            QMP
const struct qmp_command qmp_commands[] = {
#include "qmp/commands.inc"
};
#undef QMP
#undef QMP_SAME

const unsigned int qmp_command_count = sizeof(qmp_commands) /
				       sizeof(qmp_commands[0]);

#define QMP_EVENT(name, data) { name, data },
const struct qmp_event qmp_events[] = {
#include "qmp/events.inc"
};
#undef QMP_EVENT

const unsigned int qmp_event_count = sizeof(qmp_events) / sizeof(qmp_events[0]);
