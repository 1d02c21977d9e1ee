/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Containers run programs of their own, for the processor that their image was
 * fetched for: a Pi with a 64-bit kernel fetches arm64 although its system has
 * 32 bits.  The architecture of an image is in its configuration (OCI image
 * specification, "architecture"), which Docker keeps by its id in imagedb, and
 * containerd among its blobs; newer Dockers note it in the container's file.
 *
 * The files are JSON of the card's, so not trusted: bounded, and what has
 * another shape is passed over.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/mem.h"
#include "common/str.h"
#include "guest/json.h"
#include "guest/parts.h"

enum {
	MAX_FILES = 500,
	MAX_JSON = 4 << 20,
	MAX_BLOB = 256 << 10, /* bytes: configurations are small */
	SHORT_ID = 12,
};

struct image {
	char *id; /* "sha256:…" */
	char *arch, *name;
	bool used; /* by a container */
};

struct images {
	struct vec_of(struct image) all;
};

static void images_free(struct images *images)
{
	for (size_t i = 0; i < images->all.n; i++) {
		free(images->all.at[i].id);
		free(images->all.at[i].arch);
		free(images->all.at[i].name);
	}
	vec_free(&images->all);
}

static struct image *find_image(struct images *images, const char *id)
{
	for (size_t i = 0; id && i < images->all.n; i++)
		if (!strcmp(images->all.at[i].id, id))
			return &images->all.at[i];
	return NULL;
}

static void read_images(const struct tree *root, const char *folder,
			struct images *images)
{
	autofree char *path = xasprintf("%s/imagedb/content/sha256", folder);
	autonames struct tree_names names = { 0 };

	(void)tree_list(root, path, &names);
	for (size_t i = 0; i < names.all.n && i < MAX_FILES; i++) {
		autofree char *file = xasprintf("%s/%s", path, names.all.at[i]);
		cleanup(json_free) struct json_object *o = json_read(root, file,
								     MAX_JSON);
		const char *arch = json_text(o, "architecture");

		if (arch)
			*vec_add(&images->all) = (struct image){
				.id = xasprintf("sha256:%s", names.all.at[i]),
				.arch = xstrdup(arch),
			};
	}
}

/* Repositories.NAME.NAME:TAG = id */
static void read_names(const struct tree *root, const char *folder,
		       struct images *images)
{
	autofree char *path = xasprintf("%s/repositories.json", folder);
	cleanup(json_free) struct json_object *o = json_read(root, path,
							     MAX_JSON);
	struct json_object *all = json_member(o, "Repositories");

	if (!json_object_is_type(all, json_type_object))
		return;
	json_object_object_foreach(all, repository, tags)
	{
		(void)repository;
		if (!json_object_is_type(tags, json_type_object))
			continue;
		json_object_object_foreach(tags, name, id)
		{
			struct image *image =
				json_object_is_type(id, json_type_string)
					? find_image(images,
						     json_object_get_string(id))
					: NULL;

			if (image && !image->name && !strchr(name, '@'))
				image->name = xstrdup(name);
		}
	}
}

static bool is_64bit(const char *arch)
{
	return !strcmp(arch, "arm64") || !strcmp(arch, "aarch64") ||
	       !strcmp(arch, "amd64");
}

static void say_container(struct guest *g, const char *name, const char *image,
			  const char *arch, const char *file)
{
	autofree char *text = NULL;
	bool fits = g->arch == ARCH_ARM64
			    ? !strcmp(arch, "arm64") || !strcmp(arch, "arm")
			    : !is_64bit(arch);

	if (fits)
		text = xasprintf("its image%s%s is for %s, as the VM is",
				 image ? " " : "", image ? image : "", arch);
	else
		text = xasprintf("its image%s%s is for %s: the VM's processor "
				 "cannot run it; fetch one for %s, if there is "
				 "any, or restore its backup elsewhere",
				 image ? " " : "", image ? image : "", arch,
				 guest_arch_name(g->arch));
	guest_thing(g, THING_CONTAINER, fits ? FATE_WORKS : FATE_LOST, name,
		    file, text);
}

static void read_containers(struct guest *g, const struct tree *root,
			    const char *data, struct images *images)
{
	autofree char *folder = xasprintf("%s/containers", data);
	autonames struct tree_names names = { 0 };

	(void)tree_list(root, folder, &names);
	for (size_t i = 0; i < names.all.n && i < MAX_FILES; i++) {
		autofree char *file = xasprintf("%s/%s/config.v2.json", folder,
						names.all.at[i]);
		cleanup(json_free) struct json_object *o = json_read(root, file,
								     MAX_JSON);
		const char *name = json_text(o, "Name");
		const char *arch = json_text(
			o, "ImageManifest.platform.architecture");
		struct image *image = find_image(images, json_text(o, "Image"));

		if (!name)
			continue;
		if (image)
			image->used = true;
		if (image && !arch)
			arch = image->arch;
		if (arch)
			say_container(g, *name == '/' ? name + 1 : name,
				      json_text(o, "Config.Image"), arch, file);
	}
}

/* Images that no container uses are lost only if somebody means to. */
static void say_unused(struct guest *g, const struct images *images)
{
	for (size_t i = 0; i < images->all.n; i++) {
		const struct image *image = &images->all.at[i];
		autofree char *id = xstrndup(image->id + strlen("sha256:"),
					     SHORT_ID);

		if (!image->used && is_64bit(image->arch) &&
		    g->arch != ARCH_ARM64)
			say_container(g, image->name ? image->name : id, NULL,
				      image->arch, NULL);
	}
}

static void read_docker(struct guest *g, const struct tree *root)
{
	cleanup(json_free) struct json_object *daemon = json_read(
		root, "/etc/docker/daemon.json", MAX_BLOB);
	const char *told = json_text(daemon, "data-root");
	const char *data = told ? told : "/var/lib/docker";
	autofree char *folder = xasprintf("%s/image", data);
	cleanup(images_free) struct images images = { 0 };
	autonames struct tree_names drivers = { 0 };

	(void)tree_list(root, folder, &drivers);
	for (size_t i = 0; i < drivers.all.n && i < 8; i++) {
		autofree char *driver = xasprintf("%s/%s", folder,
						  drivers.all.at[i]);

		read_images(root, driver, &images);
		read_names(root, driver, &images);
	}
	read_containers(g, root, data, &images);
	say_unused(g, &images);
}

/*
 * The configuration of an image has "architecture" and "rootfs"; a list of
 * manifests has neither at the top.
 */
static void read_containerd(struct guest *g, const struct tree *root)
{
	static const char folder[] =
		"/var/lib/containerd/io.containerd.content.v1.content/blobs/"
		"sha256";
	autonames struct tree_names names = { 0 };

	(void)tree_list(root, folder, &names);
	for (size_t i = 0; i < names.all.n && i < MAX_FILES; i++) {
		autofree char *file = xasprintf("%s/%s", folder,
						names.all.at[i]);
		autofree char *id = xstrndup(names.all.at[i], SHORT_ID);
		cleanup(json_free) struct json_object *o = NULL;
		struct tree_stat st;
		const char *arch, *title;

		if (tree_stat(root, file, &st) < 0 || st.size > MAX_BLOB)
			continue;
		o = json_read(root, file, MAX_BLOB);
		arch = json_text(o, "architecture");
		if (!arch || !json_member(o, "rootfs") || !is_64bit(arch) ||
		    g->arch == ARCH_ARM64)
			continue;
		/* the label's key has dots, so no path */
		title = NULL;
		{
			struct json_object *labels = json_member(
				o, "config.Labels");
			struct json_object *value = NULL;

			if (json_object_is_type(labels, json_type_object) &&
			    json_object_object_get_ex(
				    labels, "org.opencontainers.image.title",
				    &value) &&
			    json_object_is_type(value, json_type_string))
				title = json_object_get_string(value);
		}
		say_container(g, title ? title : id, NULL, arch, file);
	}
}

void containers_inspect(struct guest *g, const struct tree *root)
{
	autostr struct str lost = { 0 };
	size_t n = 0;

	read_docker(g, root);
	read_containerd(g, root);
	for (size_t i = 0; i < g->things.n; i++) {
		const struct guest_thing *t = &g->things.at[i];

		if (t->kind != THING_CONTAINER || t->fate != FATE_LOST)
			continue;
		str_add(&lost, n++ ? ", " : "");
		str_add(&lost, t->name);
	}
	if (n)
		guest_say(g, FINDING_WARN, "containers-64bit",
			  "%zu container%s for another processor (%s): they "
			  "will not start in the VM; fetch their 32-bit "
			  "variants, if there are any, or restore their "
			  "backups on a 64-bit machine",
			  n, n == 1 ? " is" : "s are", lost.text);
}
