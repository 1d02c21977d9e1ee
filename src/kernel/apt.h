/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a Raspbian guest needs so that its kernel gets security updates:
 * Raspbian's archive has no armmp kernel, so Debian's is added as a source,
 * and pinned so that nothing but kernels can come from there (Debian's armhf
 * is ARMv7 where Raspbian's is ARMv6).  Pure: contents of files.
 */
#ifndef KERNEL_APT_H
#define KERNEL_APT_H

#include <stdbool.h>

#include "kernel/flavour.h"
#include "model/guest.h"

#define APT_SOURCE_PATH  "/etc/apt/sources.list.d/pimigrate-kernel.sources"
#define APT_PIN_PATH     "/etc/apt/preferences.d/pimigrate-kernel"
#define APT_KEYRING_PATH "/usr/share/keyrings/debian-archive-keyring.gpg"

/* Does the guest's own archive lack the kernel? */
bool apt_needs_source(const struct guest *g);

/*
 * The .sources file: main, and where there is one security, of a suite
 * ("bookworm").  The mirrors are this machine's, which the guest's network can
 * reach as well.
 */
char *apt_source_text(const struct flavour *flavour, const char *suite,
		      const char *main_url, const char *security_url);

/* The preferences file. */
char *apt_pin_text(const struct flavour *flavour);

#endif
