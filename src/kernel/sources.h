/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which mirror this machine uses for Debian, from apt's own sources: it is
 * near, allowed and known to work.  Both forms are read, sources.list with
 * its one-line entries and the .sources files (sources.list(5)).
 */
#ifndef KERNEL_SOURCES_H
#define KERNEL_SOURCES_H

/* URLs without a slash at the end; owned. */
struct mirrors {
	char *main;     /* "http://MIRROR/debian"; NULL: none is named */
	char *security; /* "http://MIRROR/debian-security"; or NULL */
};

void mirrors_free(struct mirrors *m);
#define automirrors __attribute__((__cleanup__(mirrors_free)))

/*
 * Read apt_dir ("/etc/apt").  Other distributions, or no apt, name none.
 */
void sources_find(const char *apt_dir, struct mirrors *ret_mirrors);

/*
 * The security mirror that belongs beside a main mirror that the user named:
 * ".../debian" → ".../debian-security"; NULL for another form of address.  The
 * caller frees it.
 */
char *sources_security_of(const char *main_url);

#endif
