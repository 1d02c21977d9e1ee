/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/backup.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "fs/ext4.h"
#include "guest/ha_backup.h"
#include "host/files.h"

enum {
	CHUNK = 1 << 20
};

/* Where backups may be: the data of Home Assistant OS, or the system itself. */
static int open_data(const struct card *card, struct ext4 **ret_fs,
		     struct err *err)
{
	const struct guest *g = &card->guest;
	const struct guest_partition *p = ha_data(g);

	if (!p)
		p = guest_partition(g, g->root);
	if (!p)
		return err_set(err, EMEDIUMTYPE,
			       "'%s' holds no Home Assistant: there is neither "
			       "a partition hassos-data nor a system",
			       card->img.source.path);
	return ext4_open(card->img.fd, p->start, p->size, card->img.source.path,
			 ret_fs, err);
}

void backup_say(struct card *card)
{
	autobackup struct ha_backup b = { 0 };
	autoext4 struct ext4 *fs = NULL;
	struct err ignored;
	struct tree t;
	char size[16];

	if (open_data(card, &fs, &ignored) < 0)
		return;
	t = ext4_tree(fs);
	if (ha_backup_newest(&t, &b))
		guest_say(
			&card->guest, FINDING_NOTE, "ha-backup",
			"Home Assistant's newest backup is of %.19s (%s%s%s): "
			"inspect --extract-backup FILE writes it to a file",
			b.date, ui_bytes(b.size, size),
			b.version ? ", version " : "",
			b.version ? b.version : "");
	else if (ha_data(&card->guest))
		guest_say(&card->guest, FINDING_NOTE, "no-ha-backup",
			  "there is no backup on the card: start it in the Pi "
			  "once more, and make one (Settings, System, "
			  "Backups)");
}

static int copy_out(struct cmd_ctx *ctx, const struct tree *t,
		    const struct ha_backup *b, int fd, const char *file,
		    struct err *err)
{
	autofree char *buf = xmalloc(CHUNK);

	for (uint64_t at = 0; at < b->size;) {
		ssize_t n = tree_read_at(t, b->path, buf, CHUNK, at);

		if (n <= 0)
			return err_errno(err, n < 0 ? (int)-n : EIO,
					 "cannot read '%s' of the card",
					 b->path);
		for (ssize_t done = 0; done < n;) {
			ssize_t w = write(fd, buf + done, (size_t)(n - done));

			if (w < 0 && errno != EINTR)
				return err_errno(err, errno, "writing '%s'",
						 file);
			done += w > 0 ? w : 0;
		}
		at += (uint64_t)n;
		ui_progress(ctx->ui, at, b->size);
	}
	ui_progress_end(ctx->ui, b->size);
	return 0;
}

static void print_json(const struct ha_backup *b, const char *file)
{
	struct json_object *o = json_object_new_object();
	const struct {
		const char *key, *value;
	} texts[] = { { "file", file },
		      { "path", b->path },
		      { "date", b->date },
		      { "name", b->name },
		      { "version", b->version } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		autofree char *shown = texts[i].value
					       ? str_printable(texts[i].value,
							       false)
					       : NULL;

		json_object_object_add(o, texts[i].key,
				       shown ? json_object_new_string(shown)
					     : NULL);
	}
	json_object_object_add(o, "size", json_object_new_uint64(b->size));
	json_object_object_add(o, "encrypted",
			       json_object_new_boolean(b->encrypted));
	puts(json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static void print_text(const struct ha_backup *b, const char *file)
{
	autofree char *name = str_printable(b->name ? b->name : "", false);
	autofree char *date = str_printable(b->date, false);
	autofree char *version = str_printable(
		b->version ? b->version : "an unknown version", false);
	char size[16];

	printf("wrote '%s': backup%s%s%s of %.19s, %s, made by Home Assistant "
	       "%s\n\nTo restore it:\n"
	       "  1. Make a VM of Home Assistant OS for PCs (generic x86-64), "
	       "not of this card.\n"
	       "  2. Switch the Pi off, start the VM, open its page on port "
	       "8123, and choose there\n     to restore from a backup "
	       "instead of creating a new home; upload this file.\n"
	       "  3. Hand the Pi's USB sticks (Zigbee, Z-Wave) to the VM: they "
	       "keep their names\n     below /dev/serial/by-id.\n",
	       file, *name ? " \"" : "", name, *name ? "\"" : "", date,
	       ui_bytes(b->size, size), version);
	if (b->encrypted)
		puts("The backup is encrypted: you are asked for its key, "
		     "which is in the emergency kit\nthat Home Assistant "
		     "gave you, or in its settings on the Pi.");
}

int backup_extract(struct cmd_ctx *ctx, const struct card *card,
		   const char *file, struct err *err)
{
	autobackup struct ha_backup b = { 0 };
	autofiles struct files_new new = { 0 };
	autoext4 struct ext4 *fs = NULL;
	struct tree t;
	int r = open_data(card, &fs, err);

	if (r < 0)
		return r;
	t = ext4_tree(fs);
	if (!ha_backup_newest(&t, &b))
		return err_set(err, ENOENT,
			       "there is no backup of Home Assistant on '%s'; "
			       "start it in the Pi once more, and make one "
			       "(Settings, System, Backups)",
			       card->img.source.path);
	if (!access(file, F_OK))
		return err_set(err, EEXIST,
			       "'%s' is there already; name another file",
			       file);
	if (ext4_info(fs)->needs_recovery)
		ui_warn(ctx->ui, "the Pi was not shut down: a backup that it "
				 "had just made may be missing");
	r = files_new_open(&new, file, 0600, err);
	if (!r)
		r = copy_out(ctx, &t, &b, new.fd, file, err);
	if (!r)
		r = files_new_commit(&new, err);
	if (r < 0)
		return r;
	if (ctx->json)
		print_json(&b, file);
	else if (!ctx->quiet)
		print_text(&b, file);
	return 0;
}
