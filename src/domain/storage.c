/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The disk goes through libvirt's own upload, which works for pools of every
 * kind (folders, LVM, …) and as a user who may not write to them.
 */
#include "domain/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "domain/internal.h"
#include "domain/xml.h"

static void cleanup_pool(virStoragePoolPtr *pool)
{
	if (*pool)
		virStoragePoolFree(*pool);
}
#define autopool cleanup(cleanup_pool)

static void cleanup_volume(virStorageVolPtr *vol)
{
	if (*vol)
		virStorageVolFree(*vol);
}
#define autovolume cleanup(cleanup_volume)

static int find_pool(struct domain_host *host, const char *name,
		     virStoragePoolPtr *ret_pool, struct err *err)
{
	*ret_pool = virStoragePoolLookupByName(host->conn, name);
	if (!*ret_pool)
		return host_failed(err, ENOENT,
				   "there is no pool '%s' (virsh pool-list "
				   "--all shows them)",
				   name);
	if (virStoragePoolIsActive(*ret_pool) == 1)
		return 0;
	return err_set(err, ENOENT,
		       "the pool '%s' is not active; start it with: virsh "
		       "pool-start %s",
		       name, name);
}

int volume_possible(struct domain_host *host, const char *pool_name,
		    const char *name, struct err *err)
{
	autopool virStoragePoolPtr pool = NULL;
	autovolume virStorageVolPtr vol = NULL;
	int r = find_pool(host, pool_name, &pool, err);

	if (r < 0)
		return r;
	virStoragePoolRefresh(pool, 0);
	vol = virStorageVolLookupByName(pool, name);
	if (vol)
		return err_set(err, EEXIST,
			       "the pool '%s' has a volume '%s' already: "
			       "choose another name (-on NAME)",
			       pool_name, name);
	return 0;
}

/* Only where volumes are files is "allocate nothing yet" a sparse file; for
 * LVM it is a snapshot that fills up. */
static bool holds_files(virStoragePoolPtr pool)
{
	autofree char *xml = virStoragePoolGetXMLDesc(pool, 0);

	return xml && (strstr(xml, "<pool type='dir'") ||
		       strstr(xml, "<pool type='fs'") ||
		       strstr(xml, "<pool type='netfs'"));
}

struct upload {
	int fd;
	uint64_t size, done;
	const struct volume_job *job;
};

static int upload_read(virStreamPtr st, char *data, size_t n, void *arg)
{
	struct upload *u = arg;
	ssize_t got = read(u->fd, data, n);

	(void)st;
	if (got > 0)
		u->done += (uint64_t)got;
	if (u->job->progress)
		u->job->progress(u->job->arg, u->done, u->size);
	return (int)got;
}

/* Where are we: in data or in a hole, and for how long? */
static int upload_hole(virStreamPtr st, int *ret_data, long long *ret_n,
		       void *arg)
{
	const struct upload *u = arg;
	off_t at = lseek(u->fd, 0, SEEK_CUR);
	off_t data = lseek(u->fd, at, SEEK_DATA), end;

	(void)st;
	if (data < 0 && errno != ENXIO)
		return -1;
	if (data == at)
		end = lseek(u->fd, at, SEEK_HOLE);
	else
		end = data < 0 ? (off_t)u->size : data;
	if (at < 0 || end < 0 || lseek(u->fd, at, SEEK_SET) < 0)
		return -1;
	*ret_data = data == at;
	*ret_n = end - at;
	return 0;
}

static int upload_skip(virStreamPtr st, long long n, void *arg)
{
	struct upload *u = arg;

	(void)st;
	u->done += (uint64_t)n;
	return lseek(u->fd, n, SEEK_CUR) < 0 ? -1 : 0;
}

static int upload(struct domain_host *host, virStorageVolPtr vol,
		  struct upload *u, struct err *err)
{
	virStreamPtr st = virStreamNew(host->conn, 0);
	int r = 0;

	if (!st)
		return host_failed(err, EIO, "cannot fill the volume");
	if (virStorageVolUpload(vol, st, 0, 0,
				VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM) < 0 ||
	    virStreamSparseSendAll(st, upload_read, upload_hole, upload_skip,
				   u) < 0) {
		r = host_failed(err, EIO, "cannot fill the volume '%s'",
				u->job->name);
		virStreamAbort(st);
	} else if (virStreamFinish(st) < 0) {
		r = host_failed(err, EIO, "cannot fill the volume '%s'",
				u->job->name);
	}
	virStreamFree(st);
	return r;
}

static int tell_place(virStorageVolPtr vol, char **ret_path, bool *ret_block,
		      struct err *err)
{
	virStorageVolInfo info;

	if (virStorageVolGetInfo(vol, &info) < 0)
		return host_failed(err, EIO, "cannot ask for the volume");
	if (info.type != VIR_STORAGE_VOL_FILE &&
	    info.type != VIR_STORAGE_VOL_BLOCK)
		return err_set(err, EINVAL,
			       "a volume of this pool is neither a file nor a "
			       "block device of this machine");
	*ret_path = virStorageVolGetPath(vol);
	*ret_block = info.type == VIR_STORAGE_VOL_BLOCK;
	return *ret_path ? 0
			 : host_failed(err, EIO, "cannot ask for the volume");
}

int volume_make(struct domain_host *host, const struct volume_job *job,
		char **ret_path, bool *ret_block, struct err *err)
{
	struct upload u = { .job = job };
	autoclose int fd = open(job->file, O_RDONLY | O_CLOEXEC);
	autopool virStoragePoolPtr pool = NULL;
	autovolume virStorageVolPtr vol = NULL;
	autofree char *xml = NULL;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot open '%s'", job->file);
	u.fd = fd;
	u.size = (uint64_t)st.st_size;
	r = find_pool(host, job->pool, &pool, err);
	if (!r)
		r = xml_volume(job->name, u.size, holds_files(pool), &xml, err);
	if (r < 0)
		return r;
	vol = virStorageVolCreateXML(pool, xml, 0);
	if (!vol)
		return host_failed(err, EIO,
				   "cannot make the volume '%s' in the pool "
				   "'%s'",
				   job->name, job->pool);
	r = upload(host, vol, &u, err);
	if (!r)
		r = tell_place(vol, ret_path, ret_block, err);
	if (r < 0)
		virStorageVolDelete(vol, 0);
	return r;
}

int volume_remove(struct domain_host *host, const char *pool_name,
		  const char *name, struct err *err)
{
	autopool virStoragePoolPtr pool = NULL;
	autovolume virStorageVolPtr vol = NULL;
	int r = find_pool(host, pool_name, &pool, err);

	if (r < 0)
		return r;
	virStoragePoolRefresh(pool, 0);
	vol = virStorageVolLookupByName(pool, name);
	if (!vol && host_error_code() == VIR_ERR_NO_STORAGE_VOL)
		return 0;
	if (!vol || virStorageVolDelete(vol, 0) < 0)
		return host_failed(err, EIO,
				   "cannot delete the volume '%s' of the pool "
				   "'%s'",
				   name, pool_name);
	return 0;
}
