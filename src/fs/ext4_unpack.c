/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An inode is made whole before its name is entered.  A file's blocks are
 * asked for all at once, so that it lies in one piece where there is one, and
 * written in large pieces; through ext2fs_file_write() each block would be
 * looked for and written alone.
 *
 * libext2fs does not update a folder's times when a name comes in, which is
 * what we want, nor quotas: e2fsck counts these anew.
 */
#include "fs/ext4_unpack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/mem.h"
#include "fs/ext4_internal.h"

enum {
	CHUNK = 1 << 20,
	EXTRA_NSEC_SHIFT = 2, /* of i_mtime_extra: two bits of the year 2038 on,
			       * then nanoseconds (ext4's inode.h) */
	EXTRA_EPOCH = 3,
};

struct unpack {
	struct ext4 *e;
	ext2_filsys fs;
	struct tree tree;
	const char *name; /* of the image */
	char *buf;        /* CHUNK bytes */
	struct err *err;
};

/* A folder of the host, and the one that its members come into. */
struct place {
	int fd;
	const char *path; /* in the file system; "" is the root */
	ext2_ino_t ino;
	bool made; /* by us: there is nothing in it */
};

static int put_folder(struct unpack *u, const struct place *at);

static int failed(struct unpack *u, const char *path, errcode_t code)
{
	if (code == EXT2_ET_BLOCK_ALLOC_FAIL ||
	    code == EXT2_ET_INODE_ALLOC_FAIL || code == EXT2_ET_DIR_NO_SPACE)
		return err_set(u->err, ENOSPC,
			       "cannot write '%s': the file system of %s is "
			       "full (%s)",
			       path, u->name, error_message(code));
	return err_set(u->err, -ext4_errno(code),
		       "cannot write '%s' into the file system of %s: %s", path,
		       u->name, error_message(code));
}

/* ---- an inode ---- */

/* Owner root as it comes; what it is, its mode and its time from here. */
static errcode_t set_attributes(struct unpack *u, ext2_ino_t ino,
				const struct stat *st)
{
	struct ext2_inode_large inode = { 0 };
	struct ext2_inode *small = (struct ext2_inode *)&inode;
	int64_t sec = st->st_mtim.tv_sec;
	unsigned int size;
	errcode_t code = ext2fs_read_inode_full(u->fs, ino, small,
						sizeof(inode));

	if (code)
		return code;
	inode.i_mode = (uint16_t)((inode.i_mode & LINUX_S_IFMT) |
				  (st->st_mode & 07777));
	inode.i_mtime = (uint32_t)sec;
	size = EXT2_GOOD_OLD_INODE_SIZE;
	if (EXT2_INODE_SIZE(u->fs->super) > EXT2_GOOD_OLD_INODE_SIZE)
		size += inode.i_extra_isize;
	/* libext2fs's macro for this has another name in Debian 13 */
	if (size >= offsetof(struct ext2_inode_large, i_mtime_extra) +
			    sizeof(inode.i_mtime_extra))
		inode.i_mtime_extra =
			(uint32_t)(((sec - (int32_t)sec) >> 32) & EXTRA_EPOCH) |
			(uint32_t)st->st_mtim.tv_nsec << EXTRA_NSEC_SHIFT;
	return ext2fs_write_inode_full(u->fs, ino, small, sizeof(inode));
}

/* An empty tree of extents. */
static errcode_t begin_extents(struct unpack *u, ext2_ino_t ino,
			       struct ext2_inode *inode)
{
	ext2_extent_handle_t handle;
	errcode_t code;

	if (!ext2fs_has_feature_extents(u->fs->super))
		return 0;
	inode->i_flags |= EXT4_EXTENTS_FL;
	code = ext2fs_extent_open2(u->fs, ino, inode, &handle);
	if (!code)
		ext2fs_extent_free(handle);
	return code;
}

/* With room for size bytes, or without blocks for 0. */
static errcode_t make_inode(struct unpack *u, const struct place *at,
			    uint16_t kind, uint64_t size, ext2_ino_t *ret_ino,
			    struct ext2_inode *inode)
{
	errcode_t code = ext2fs_new_inode(u->fs, at->ino, kind | 0600, NULL,
					  ret_ino);

	if (code)
		return code;
	ext2fs_inode_alloc_stats2(u->fs, *ret_ino, 1, 0);
	*inode = (struct ext2_inode){ .i_mode = kind, .i_links_count = 1 };
	code = ext2fs_inode_size_set(u->fs, inode, (ext2_off64_t)size);
	if (!code)
		code = begin_extents(u, *ret_ino, inode);
	if (!code)
		code = ext2fs_write_new_inode(u->fs, *ret_ino, inode);
	if (!code && size)
		code = ext2fs_fallocate(u->fs, EXT2_FALLOCATE_FORCE_INIT,
					*ret_ino, inode, ~UINT64_C(0), 0,
					(size + u->fs->blocksize - 1) /
						u->fs->blocksize);
	return code;
}

/* A folder that is full gets another block.  One with an index grows while
 * the name is entered, and has no room only at its limit. */
static errcode_t enter(struct unpack *u, const struct place *at,
		       const char *name, ext2_ino_t ino, int type)
{
	errcode_t code = ext2fs_link(u->fs, at->ino, name, ino, type);
	struct ext2_inode dir;

	if (code != EXT2_ET_DIR_NO_SPACE ||
	    ext2fs_read_inode(u->fs, at->ino, &dir) ||
	    dir.i_flags & EXT2_INDEX_FL)
		return code;
	code = ext2fs_expand_dir(u->fs, at->ino);
	return code ? code : ext2fs_link(u->fs, at->ino, name, ino, type);
}

/* ---- content ---- */

struct content {
	struct unpack *u;
	int fd;
	uint64_t left; /* bytes of the file not yet written */
	blk64_t first; /* a run of blocks that follow each other */
	unsigned int n;
	errcode_t code;
};

static bool write_run(struct content *c)
{
	struct unpack *u = c->u;
	size_t room = (size_t)c->n * u->fs->blocksize;
	size_t want = c->left < room ? (size_t)c->left : room;
	ssize_t got;

	if (!c->n)
		return true;
	got = io_read(c->fd, u->buf, want);
	if (got < 0)
		c->code = -got;
	else if ((size_t)got < want)
		c->code = EIO;
	if (c->code)
		return false;
	memset(u->buf + got, 0, room - want);
	c->code = io_channel_write_blk64(u->fs->io, c->first, (int)c->n,
					 u->buf);
	c->left -= want;
	c->n = 0;
	return !c->code;
}

static int collect(ext2_filsys fs, blk64_t *block, e2_blkcnt_t number,
		   blk64_t ref, int offset, void *arg)
{
	struct content *c = arg;

	(void)number;
	(void)ref;
	(void)offset;
	if (c->n && *block == c->first + c->n &&
	    (c->n + 1) * fs->blocksize <= CHUNK) {
		c->n++;
		return 0;
	}
	if (!write_run(c))
		return BLOCK_ABORT;
	c->first = *block;
	c->n = 1;
	return 0;
}

static errcode_t put_content(struct unpack *u, int fd, ext2_ino_t ino,
			     uint64_t size)
{
	struct content c = { .u = u, .fd = fd, .left = size };
	errcode_t code = ext2fs_block_iterate3(
		u->fs, ino, BLOCK_FLAG_READ_ONLY | BLOCK_FLAG_DATA_ONLY, NULL,
		collect, &c);

	if (!code && !c.code)
		write_run(&c);
	return code ? code : c.code;
}

/* ---- one member ---- */

/* Nobody's flag, or one that means names which libext2fs cannot write. */
static int check_folder(struct unpack *u, const struct place *at)
{
	struct ext2_inode dir;
	errcode_t code = ext2fs_read_inode(u->fs, at->ino, &dir);

	if (code)
		return failed(u, *at->path ? at->path : "/", code);
	if (dir.i_flags & (EXT4_ENCRYPT_FL | EXT4_CASEFOLD_FL))
		return err_set(u->err, ENOTSUP,
			       "the folder '%s' in the file system of %s is "
			       "encrypted or ignores case (chattr +F): nothing "
			       "can be written there",
			       *at->path ? at->path : "/", u->name);
	return 0;
}

static int check_free(struct unpack *u, const struct place *at,
		      const char *name, const char *path)
{
	errcode_t code;
	ext2_ino_t ino;

	if (at->made)
		return 0;
	code = ext2fs_lookup(u->fs, at->ino, name, (int)strlen(name), NULL,
			     &ino);
	if (!code)
		return err_set(u->err, EEXIST,
			       "cannot write '%s' into the file system of %s: "
			       "there is something else of that name",
			       path, u->name);
	return code == EXT2_ET_FILE_NOT_FOUND ? 0 : failed(u, path, code);
}

static int put_file(struct unpack *u, const struct place *at, const char *name,
		    const char *path, const struct stat *st)
{
	autoclose int fd = openat(at->fd, name,
				  O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t size = (uint64_t)st->st_size;
	struct ext2_inode inode;
	errcode_t code;
	ext2_ino_t ino;

	if (fd < 0)
		return err_errno(u->err, errno, "cannot open '%s'", path);
	code = make_inode(u, at, LINUX_S_IFREG, size, &ino, &inode);
	if (!code && size)
		code = put_content(u, fd, ino, size);
	if (!code)
		code = set_attributes(u, ino, st);
	if (!code)
		code = enter(u, at, name, ino, EXT2_FT_REG_FILE);
	return code ? failed(u, path, code) : 0;
}

/* A target that fits into the inode lies there (as in fs/ext4/symlink.c), with
 * its 0; a longer one has a block. */
static int put_link(struct unpack *u, const struct place *at, const char *name,
		    const char *path, const struct stat *st)
{
	char target[PATH_MAX] = "";
	ssize_t n = readlinkat(at->fd, name, target, sizeof(target) - 1);
	struct ext2_inode inode;
	errcode_t code;
	ext2_ino_t ino;
	blk64_t block;
	bool fits;

	if (n < 0)
		return err_errno(u->err, errno, "cannot read '%s'", path);
	if ((size_t)n >= u->fs->blocksize)
		return failed(u, path, ENAMETOOLONG);
	fits = (size_t)n < sizeof(inode.i_block);
	code = make_inode(u, at, LINUX_S_IFLNK, fits ? 0 : (uint64_t)n, &ino,
			  &inode);
	if (!code && fits) {
		memset(inode.i_block, 0, sizeof(inode.i_block));
		memcpy(inode.i_block, target, (size_t)n);
		inode.i_flags &= ~(uint32_t)EXT4_EXTENTS_FL;
		inode.i_size = (uint32_t)n;
		code = ext2fs_write_inode(u->fs, ino, &inode);
	} else if (!code) {
		memset(u->buf, 0, u->fs->blocksize);
		memcpy(u->buf, target, (size_t)n);
		code = ext2fs_bmap2(u->fs, ino, &inode, NULL, 0, 0, NULL,
				    &block);
		if (!code)
			code = io_channel_write_blk64(u->fs->io, block, 1,
						      u->buf);
	}
	if (!code)
		code = set_attributes(u, ino, st);
	if (!code)
		code = enter(u, at, name, ino, EXT2_FT_SYMLINK);
	return code ? failed(u, path, code) : 0;
}

static int make_folder(struct unpack *u, const struct place *at,
		       const char *name, const char *path,
		       const struct stat *st, ext2_ino_t *ret_ino)
{
	errcode_t code;
	int r = check_free(u, at, name, path);

	if (r < 0)
		return r;
	code = ext2fs_new_inode(u->fs, at->ino, LINUX_S_IFDIR | 0755, NULL,
				ret_ino);
	if (!code)
		code = ext2fs_mkdir(u->fs, at->ino, *ret_ino, NULL);
	if (!code)
		code = set_attributes(u, *ret_ino, st);
	if (!code)
		code = enter(u, at, name, *ret_ino, EXT2_FT_DIR);
	return code ? failed(u, path, code) : 0;
}

/* The folder of that path, made if there is nothing. */
static int put_below(struct unpack *u, const struct place *at, const char *name,
		     const char *path, const struct stat *st)
{
	struct place below = { .fd = -1, .path = path };
	struct tree_stat now;
	uint64_t node;
	int r = at->made ? -ENOENT : tree_node(&u->tree, path, &node, &now);

	if (r == -ENOENT) {
		r = make_folder(u, at, name, path, st, &below.ino);
		below.made = true;
	} else if (r < 0) {
		r = failed(u, path, -r);
	} else {
		below.ino = (ext2_ino_t)node;
		r = now.kind == TREE_DIR ? 0 : failed(u, path, ENOTDIR);
	}
	if (r < 0)
		return r;
	below.fd = openat(at->fd, name,
			  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below.fd < 0)
		return err_errno(u->err, errno, "cannot open '%s'", path);
	r = put_folder(u, &below);
	close(below.fd);
	return r;
}

static int put_any(struct unpack *u, const struct place *at, const char *name)
{
	autofree char *path = xasprintf("%s/%s", at->path, name);
	struct stat st;
	int r;

	if (fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(u->err, errno, "cannot read '%s'", path);
	if (S_ISDIR(st.st_mode))
		return put_below(u, at, name, path, &st);
	r = check_free(u, at, name, path);
	if (r < 0)
		return r;
	if (S_ISREG(st.st_mode))
		return put_file(u, at, name, path, &st);
	if (S_ISLNK(st.st_mode))
		return put_link(u, at, name, path, &st);
	return err_set(u->err, EINVAL,
		       "'%s' is neither a file nor a folder nor a link", path);
}

static int put_folder(struct unpack *u, const struct place *at)
{
	int r = at->made ? 0 : check_folder(u, at);
	struct dirent **names = NULL;
	int n = r < 0 ? 0 : scandirat(at->fd, ".", &names, NULL, alphasort);

	if (n < 0)
		return err_errno(u->err, errno, "cannot read '%s'", at->path);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;

		if (!r && strcmp(name, ".") && strcmp(name, ".."))
			r = put_any(u, at, name);
		free(names[i]);
	}
	free(names);
	return r;
}

/* Of the superblock and its descriptors only the first copies are written, as
 * by Linux. */
static int put_all(struct unpack *u, const char *from)
{
	autoclose int fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct place root = { .fd = fd, .path = "", .ino = EXT2_ROOT_INO };
	errcode_t code;
	int r;

	if (fd < 0)
		return err_errno(u->err, errno, "cannot open '%s'", from);
	if (u->e->info.needs_recovery)
		return err_set(u->err, EUCLEAN,
			       "the journal of %s is not replayed", u->name);
	code = ext2fs_read_bitmaps(u->fs);
	if (code)
		return err_set(u->err, -ext4_errno(code),
			       "reading the bitmaps of %s: %s", u->name,
			       error_message(code));
	u->fs->flags |= EXT2_FLAG_MASTER_SB_ONLY;
	r = put_folder(u, &root);
	if (r < 0)
		return r;
	code = ext2fs_flush2(u->fs, EXT2_FLAG_FLUSH_NO_SYNC);
	return code ? err_set(u->err, -ext4_errno(code),
			      "writing the file system of %s: %s", u->name,
			      error_message(code))
		    : 0;
}

int ext4_unpack(int fd, uint64_t offset, uint64_t size, const char *name,
		const char *from, struct err *err)
{
	struct unpack u = { .name = name, .err = err };
	int r = ext4_open_as(fd, offset, size, name,
			     EXT2_FLAG_RW | EXT2_FLAG_SKIP_MMP, &u.e, err);

	if (r < 0)
		return r;
	u.fs = u.e->fs;
	u.tree = ext4_tree(u.e);
	u.buf = xmalloc(CHUNK);
	r = put_all(&u, from);
	free(u.buf);
	/* What is half done is not worth writing. */
	u.fs->flags &= ~EXT2_FLAG_DIRTY;
	ext4_close(u.e);
	return r;
}
