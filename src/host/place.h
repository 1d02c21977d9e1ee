/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where our own files are, found from where this program is: installed, or in
 * the build folder.  Nothing is compiled in, so an installation can be moved.
 */
#ifndef HOST_PLACE_H
#define HOST_PLACE_H

/*
 * A folder of data such as "profiles": PREFIX/share/pimigrate/NAME if the
 * program is PREFIX/bin/…, else NAME in the source tree around the build
 * folder.  NULL if there is neither; the caller frees it.
 */
char *place_data(const char *name);

/*
 * A program that comes with this one: beside it, or emu/NAME in the build
 * folder.  NULL if there is none; the caller frees it.
 */
char *place_program(const char *name);

#endif
