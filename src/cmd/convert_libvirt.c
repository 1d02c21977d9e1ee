/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A volume is the only thing that a conversion makes outside of its folder
 * before the guest appears.  So that a killed one leaves none for ever, the
 * file ".NAME.volume" says beside the folder where it is, from before the
 * volume is made until the guest's own guest.yaml says it; the next conversion
 * of that name removes what is named there.
 */
#include "cmd/convert_libvirt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/libvirt_guest.h"
#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "domain/storage.h"
#include "host/files.h"

enum {
	NOTE_BYTES = 4096
};

static char *note_path(const struct conversion *c)
{
	autofree char *root = store_root();

	return xasprintf("%s/.%s.volume", root, c->machine.name);
}

/* Of a guest's first disk, its second, … */
static char *volume_name(const struct conversion *c, size_t disk)
{
	if (disk)
		return xasprintf("%s-%zu.raw", c->machine.name, disk + 1);
	return xasprintf("%s.raw", c->machine.name);
}

/* None of them is in the pool yet. */
static int volumes_possible(const struct conversion *c,
			    struct domain_host *host, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < c->machine.disks.n && !r; i++) {
		autofree char *name = volume_name(c, i);

		r = volume_possible(host, c->pool, name, err);
	}
	return r;
}

int convert_libvirt_check(struct conversion *c, struct err *err)
{
	autofree char *root = store_root(), *note = note_path(c);
	autohost struct domain_host *host = NULL;
	int r = domain_host_open(c->machine.libvirt, &host, err);

	if (!r)
		r = libvirt_folder_check(c->machine.libvirt, root, err);
	if (!r)
		r = domain_name_free(host, c->machine.name, err);
	for (size_t i = 0; !r && i < c->machine.nics.n; i++)
		if (c->machine.nics.at[i].kind == NIC_NETWORK)
			r = domain_host_network(
				host, c->machine.nics.at[i].network, err);
	/* Ours of before is removed, when nobody else makes this guest. */
	if (!r && c->pool && access(note, F_OK) < 0)
		r = volumes_possible(c, host, err);
	return r;
}

/* Lines: URI, pool, volumes. */
static int remove_noted(const char *note, struct err *err)
{
	autohost struct domain_host *host = NULL;
	autofree char *text = NULL;
	char *uri, *pool, *volume, *rest;
	size_t n;
	int r;

	if (access(note, F_OK) < 0)
		return 0;
	r = files_read(note, NOTE_BYTES, &text, &n, err);
	if (r < 0)
		return r;
	uri = strtok_r(text, "\n", &rest);
	pool = uri ? strtok_r(NULL, "\n", &rest) : NULL;
	if (pool)
		r = domain_host_open(uri, &host, err);
	while (!r && pool && (volume = strtok_r(NULL, "\n", &rest)))
		r = volume_remove(host, pool, volume, err);
	if (r < 0)
		return err_within(err, r,
				  "cannot remove what a killed conversion "
				  "left");
	unlink(note);
	return 0;
}

static void upload_progress(void *arg, uint64_t done, uint64_t total)
{
	ui_progress(arg, done, total);
}

static int to_volume(struct conversion *c, struct domain_host *host, size_t nr,
		     struct err *err)
{
	struct machine_disk *disk = &c->machine.disks.at[nr];
	autofree char *file = xasprintf("%s/%s", c->guest.dir, disk->file);
	autofree char *name = volume_name(c, nr);
	struct volume_job job = { .pool = c->pool,
				  .name = name,
				  .file = file,
				  .progress = upload_progress,
				  .arg = c->ui };
	char *path = NULL;
	int r = volume_make(host, &job, &path, &disk->block, err);

	ui_progress_end(c->ui, 0);
	if (r < 0)
		return r;
	free(disk->file);
	disk->file = path;
	disk->pool = xstrdup(c->pool);
	disk->volume = steal_ptr(name);
	if (unlink(file) < 0)
		return err_errno(err, errno, "cannot remove '%s'", file);
	return 0;
}

static int write_note(const struct conversion *c, const char *note,
		      struct err *err)
{
	autostr struct str text = { 0 };

	str_addf(&text, "%s\n%s\n", c->machine.libvirt, c->pool);
	for (size_t i = 0; i < c->machine.disks.n; i++) {
		autofree char *name = volume_name(c, i);

		str_addf(&text, "%s\n", name);
	}
	return files_replace(note, text.text, text.len, 0600, err);
}

int convert_libvirt_disk(struct conversion *c, struct err *err)
{
	autohost struct domain_host *host = NULL;
	autofree char *note = note_path(c);
	int r;

	if (!c->machine.libvirt)
		return 0;
	libvirt_choose_ports(&c->machine);
	r = remove_noted(note, err);
	if (r < 0 || !c->pool)
		return r;
	r = domain_host_open(c->machine.libvirt, &host, err);
	if (!r)
		r = volumes_possible(c, host, err);
	if (!r)
		r = write_note(c, note, err);
	for (size_t i = 0; i < c->machine.disks.n && !r; i++)
		r = to_volume(c, host, i, err);
	return r;
}

void convert_libvirt_drop(struct conversion *c)
{
	autofree char *note = NULL;
	struct err ignored;

	/* If it is not us who make it, the note is somebody else's. */
	if (!c->machine.libvirt || !c->guest.made)
		return;
	note = note_path(c);
	remove_noted(note, &ignored);
}

/* The guest that appeared disappears. */
static void take_back(struct conversion *c)
{
	autofree char *note = note_path(c);
	struct err ignored;
	int lock = store_lock_running(c->machine.name, &ignored);

	remove_noted(note, &ignored);
	if (lock < 0)
		return;
	store_remove(c->machine.name, &ignored);
	close(lock);
}

int convert_libvirt_define(struct conversion *c, struct err *err)
{
	autohost struct domain_host *host = NULL;
	autofree char *note = note_path(c);
	int r;

	if (!c->machine.libvirt)
		return 0;
	r = domain_host_open(c->machine.libvirt, &host, err);
	if (!r)
		r = libvirt_define(host, &c->machine, err);
	if (r < 0)
		take_back(c);
	else
		unlink(note);
	return r;
}
