/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"

#include <errno.h>

enum cmd_exit cmd_exit_code(int rc)
{
	if (rc >= 0)
		return (enum cmd_exit)rc;
	return rc == -EMEDIUMTYPE ? CMD_SOURCE : CMD_FAILED;
}
