/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing all of it: short counts and EINTR are handled here.
 * On failure -errno; reading stops early only at the end of the file.
 */
#ifndef COMMON_IO_H
#define COMMON_IO_H

#include <stdint.h>
#include <sys/types.h>

/* Bytes read: less than n only at the end. */
ssize_t io_read(int fd, void *buf, size_t n);
ssize_t io_pread(int fd, void *buf, size_t n, uint64_t at);

/* 0, or -errno. */
int io_write(int fd, const void *buf, size_t n);
int io_pwrite(int fd, const void *buf, size_t n, uint64_t at);

#endif
