/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BLOCK_LOCK_HOLDER_H
#define BLOCK_LOCK_HOLDER_H

#include <stddef.h>

/* Who has image locks on the file that fd is: "process 123 (qemu-system-arm)",
 * or "another process" and why that cannot be seen. */
void lock_holder(int fd, char *text, size_t size);

#endif
