/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan of a conversion, for --dry-run: text for people, or JSON. */
#ifndef CMD_PLAN_PRINT_H
#define CMD_PLAN_PRINT_H

#include "model/machine.h"
#include "model/plan.h"

/* The caller frees them. */
char *plan_text(const struct plan *plan, const struct machine *m);
char *plan_json(const struct plan *plan, const struct machine *m);

#endif
