/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each folder has about.yaml: which kernel it is, how often it was started,
 * whether it has proved itself.  refused.yaml beside them names the kernel
 * that did not.
 *
 * Every step leaves something that boots: the first update makes folder "a" of
 * hard links to the plain files before it replaces them by links of the same
 * content, one after the other; a new kernel is written to the folder "new",
 * which replaces the one that is not current; then "current" is replaced.  Only
 * the services' user writes here, so it needs no rights in the guest's folder
 * itself.
 */
#include "store/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "host/files.h"
#include "host/yaml.h"

enum {
	TRIES = 2
};

static const char *const names[] = { "vmlinuz", "initrd.img" };

struct about {
	struct boot_kernel kernel;
	unsigned int tries;
	bool proven;
};

static void kernel_free(struct boot_kernel *k)
{
	free(k->release);
	k->release = NULL;
}

void boot_state_free(struct boot_state *state)
{
	kernel_free(&state->current);
	kernel_free(&state->previous);
	kernel_free(&state->refused);
}

bool boot_same(const struct boot_kernel *a, const struct boot_kernel *b)
{
	return a->release && b->release && !strcmp(a->release, b->release) &&
	       a->size == b->size && a->mtime == b->mtime;
}

/* What the link of that name leads to: 'a', 'b', or 0: there is none. */
static char slot(const char *dir, const char *name)
{
	autofree char *path = xasprintf("%s/boot/%s", dir, name);
	char to[2];

	if (readlink(path, to, sizeof(to)) != 1 || (*to != 'a' && *to != 'b'))
		return 0;
	return *to;
}

static int set_link(const char *dir, const char *name, const char *to,
		    struct err *err)
{
	autofree char *path = xasprintf("%s/boot/%s", dir, name);
	autofree char *temp = xasprintf("%s/boot/.%s.new", dir, name);

	unlink(temp);
	if (symlink(to, temp) < 0 || rename(temp, path) < 0)
		return err_errno(err, errno, "cannot make the link '%s'", path);
	return 0;
}

static int read_about(const char *file, struct about *ret, struct err *err)
{
	autoyaml struct yaml_node *tree = NULL;
	const char *release;
	uint64_t n;
	int r = access(file, F_OK) < 0 ? 0 : yaml_load(file, &tree, err);

	*ret = (struct about){ 0 };
	if (r < 0)
		return r;
	release = yaml_text(tree, "release");
	if (release)
		ret->kernel.release = xstrdup(release);
	if (yaml_number(tree, "size", &n))
		ret->kernel.size = n;
	if (yaml_number(tree, "mtime", &n))
		ret->kernel.mtime = (int64_t)n;
	if (yaml_number(tree, "tries", &n))
		ret->tries = (unsigned int)n;
	yaml_bool(tree, "proven", &ret->proven);
	return 0;
}

static int write_about(const char *file, const struct about *about,
		       struct err *err)
{
	autoyaml struct yaml_node *tree = yaml_node_new(YAML_MAP);
	autofree char *text = NULL;

	if (about->kernel.release)
		yaml_set_text(tree, "release", about->kernel.release);
	yaml_set_number(tree, "size", about->kernel.size);
	yaml_set_number(tree, "mtime", (uint64_t)about->kernel.mtime);
	yaml_set_number(tree, "tries", about->tries);
	yaml_set_bool(tree, "proven", about->proven);
	text = yaml_emit(tree);
	return files_replace(file, text, strlen(text), 0644, err);
}

static char *about_file(const char *dir, char slot_name)
{
	return xasprintf("%s/boot/%c/about.yaml", dir, slot_name);
}

int boot_read(const char *dir, struct boot_state *ret_state, struct err *err)
{
	autofree char *refused = xasprintf("%s/boot/refused.yaml", dir);
	char current = slot(dir, "current"), previous = slot(dir, "previous");
	autofree char *file = about_file(dir, current);
	autofree char *before = about_file(dir, previous);
	autoboot struct boot_state s = { .slots = current,
					 .has_previous = previous };
	struct about about;
	int r;

	r = read_about(refused, &about, err);
	s.refused = about.kernel;
	if (!r && current) {
		r = read_about(file, &about, err);
		s.current = about.kernel;
		s.tries = about.tries;
		s.proven = about.proven;
	}
	if (!r && previous) {
		r = read_about(before, &about, err);
		s.previous = about.kernel;
	}
	if (r < 0)
		return r;
	*ret_state = s;
	s = (struct boot_state){ 0 };
	return 0;
}

/* Whatever the umask is: libvirt's user must pass through. */
static int make_folder(const char *path, struct err *err)
{
	int r = files_mkdir_p(path, 0755, err);

	if (!r && chmod(path, 0755) < 0)
		r = err_errno(err, errno, "cannot set the rights of '%s'",
			      path);
	return r;
}

/* From two plain files to folder "a". */
static int adopt(const char *dir, struct err *err)
{
	autofree char *folder = xasprintf("%s/boot/a", dir);
	autofree char *about = about_file(dir, 'a');
	struct about was = { .proven = true };
	int r = files_remove_tree(folder, err);

	if (!r)
		r = make_folder(folder, err);
	for (int i = 0; i < 2 && !r; i++) {
		autofree char *from = xasprintf("%s/boot/%s", dir, names[i]);
		autofree char *to = xasprintf("%s/%s", folder, names[i]);

		if (link(from, to) < 0)
			r = err_errno(err, errno, "cannot link '%s' to '%s'",
				      from, to);
	}
	if (!r)
		r = write_about(about, &was, err);
	if (!r)
		r = set_link(dir, "current", "a", err);
	for (int i = 0; i < 2 && !r; i++) {
		autofree char *to = xasprintf("current/%s", names[i]);

		r = set_link(dir, names[i], to, err);
	}
	return r;
}

int boot_begin(const char *dir, char **ret_path, struct err *err)
{
	autofree char *path = xasprintf("%s/boot/new", dir);
	int r = files_remove_tree(path, err);

	if (!r)
		r = make_folder(path, err);
	if (!r)
		*ret_path = steal_ptr(path);
	return r;
}

int boot_commit(const char *dir, const char *path,
		const struct boot_kernel *kernel, struct err *err)
{
	struct about about = { .kernel = *kernel };
	autofree char *file = xasprintf("%s/about.yaml", path);
	autofree char *boot = xasprintf("%s/boot", dir);
	autofree char *folder = NULL;
	char current = slot(dir, "current");
	int r = write_about(file, &about, err);

	if (!r)
		r = files_sync_dir(path, err);
	if (!r && !current)
		r = adopt(dir, err);
	folder = xasprintf("%s/boot/%c", dir, current == 'b' ? 'a' : 'b');
	if (!r)
		r = files_remove_tree(folder, err);
	if (!r && rename(path, folder) < 0)
		r = err_errno(err, errno, "cannot rename '%s' to '%s'", path,
			      folder);
	if (!r)
		r = set_link(dir, "current", current == 'b' ? "a" : "b", err);
	if (!r)
		r = set_link(dir, "previous", current == 'b' ? "b" : "a", err);
	return r < 0 ? r : files_sync_dir(boot, err);
}

int boot_swap(const char *dir, struct err *err)
{
	autofree char *boot = xasprintf("%s/boot", dir);
	char name[] = { slot(dir, "current"), 0 };
	int r = set_link(dir, "current", *name == 'a' ? "b" : "a", err);

	if (!r)
		r = set_link(dir, "previous", name, err);
	return r < 0 ? r : files_sync_dir(boot, err);
}

static int go_back(const char *dir, const struct about *failed, struct err *err)
{
	autofree char *refused = xasprintf("%s/boot/refused.yaml", dir);
	int r = write_about(refused, failed, err);

	return r < 0 ? r : boot_swap(dir, err);
}

int boot_start(const char *dir, bool *ret_back, struct err *err)
{
	char current = slot(dir, "current");
	autofree char *file = about_file(dir, current);
	struct about about;
	int r = current ? read_about(file, &about, err) : 0;

	*ret_back = false;
	if (r < 0 || !current)
		return r;
	if (about.proven) {
		r = 0;
	} else if (about.tries >= TRIES && slot(dir, "previous")) {
		*ret_back = true;
		r = go_back(dir, &about, err);
	} else {
		about.tries++;
		r = write_about(file, &about, err);
	}
	kernel_free(&about.kernel);
	return r;
}

static bool names_it(const struct about *about, const char *release)
{
	return about->kernel.release && !strcmp(about->kernel.release, release);
}

int boot_retry(const char *dir, const char *release, struct err *err)
{
	autofree char *refused = xasprintf("%s/boot/refused.yaml", dir);
	char current = slot(dir, "current");
	autofree char *file = about_file(dir, current);
	struct about about;
	int r = read_about(refused, &about, err);

	if (!r && names_it(&about, release) && unlink(refused) < 0)
		r = err_errno(err, errno, "cannot delete '%s'", refused);
	kernel_free(&about.kernel);
	if (r < 0 || !current)
		return r;
	r = read_about(file, &about, err);
	if (!r && names_it(&about, release) && about.tries) {
		about.tries = 0;
		r = write_about(file, &about, err);
	}
	kernel_free(&about.kernel);
	return r;
}

int boot_prove(const char *dir, struct err *err)
{
	char current = slot(dir, "current");
	autofree char *file = about_file(dir, current);
	struct about about;
	int r = current ? read_about(file, &about, err) : 0;

	if (r < 0 || !current)
		return r;
	if (!about.proven) {
		about.proven = true;
		r = write_about(file, &about, err);
	}
	kernel_free(&about.kernel);
	return r;
}
