/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libext2fs gets a copy of the descriptor, so that what was opened and checked
 * (read-only, exclusively) is what is read, whatever happens to the path
 * meanwhile, and by whoever has no right to open it.  Checksums are not
 * insisted on while reading: a card with one bad inode shall still be
 * inspected.  They are for the bitmaps, which decide what is copied.
 */
#include "fs/ext4.h"

#include <endian.h>
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/io.h"
#include "common/overflow.h"
#include "fs/ext4_features.h"
#include "fs/ext4_internal.h"

enum {
	MAX_NAMES = 200000
};

/* libext2fs's errors are system ones or its own, which begin far above. */
int ext4_errno(errcode_t code)
{
	switch (code) {
	case 0:
		return 0;
	case EXT2_ET_FILE_NOT_FOUND:
		return -ENOENT;
	case EXT2_ET_NO_DIRECTORY:
		return -ENOTDIR;
	case EXT2_ET_NO_MEMORY:
		return -ENOMEM;
	case EXT2_ET_BLOCK_ALLOC_FAIL:
	case EXT2_ET_INODE_ALLOC_FAIL:
	case EXT2_ET_DIR_NO_SPACE:
		return -ENOSPC;
	default:
		return code > 0 && code < 4096 ? -(int)code : -EIO;
	}
}

static void fill_info(struct ext4 *e)
{
	struct ext2_super_block *sb = e->fs->super;

	e->info.needs_recovery = ext2fs_has_feature_journal_needs_recovery(sb);
	e->info.clean = (sb->s_state & EXT2_VALID_FS) &&
			!(sb->s_state & EXT2_ERROR_FS);
	e->info.block_size = e->fs->blocksize;
	e->info.size = ext2fs_blocks_count(sb) * e->fs->blocksize;
	e->info.free = ext2fs_free_blocks_count(sb) * e->fs->blocksize;
	e->info.free_inodes = sb->s_free_inodes_count;
}

/*
 * What Linux insists on before it mounts (fs/ext4/super.c), and libext2fs does
 * not: with groups that do not fit each other it writes behind its bitmaps.
 */
static bool sane_geometry(ext2_filsys fs)
{
	struct ext2_super_block *sb = fs->super;
	unsigned int ratio = sb->s_log_cluster_size - sb->s_log_block_size;
	uint64_t per_group = sb->s_blocks_per_group;
	uint64_t blocks = ext2fs_blocks_count(sb);
	uint64_t bits = (uint64_t)fs->blocksize * 8;

	if (!ext2fs_has_feature_bigalloc(fs->super) && ratio)
		return false;
	if (ratio > 16 || !per_group ||
	    per_group != (uint64_t)sb->s_clusters_per_group << ratio ||
	    sb->s_clusters_per_group > bits || sb->s_clusters_per_group % 8 ||
	    !sb->s_inodes_per_group || sb->s_inodes_per_group > bits ||
	    sb->s_inodes_per_group % 8 || sb->s_first_data_block > 1 ||
	    blocks <= sb->s_first_data_block)
		return false;
	return fs->group_desc_count ==
		       (blocks - sb->s_first_data_block + per_group - 1) /
			       per_group &&
	       (uint64_t)fs->group_desc_count * sb->s_inodes_per_group ==
		       sb->s_inodes_count;
}

static int explain(errcode_t code, const char *name, struct err *err)
{
	switch (code) {
	case EXT2_ET_BAD_MAGIC:
	case EXT2_ET_CORRUPT_SUPERBLOCK:
	case EXT2_ET_SB_CSUM_INVALID:
		return err_set(err, EIO,
			       "the ext4 file system of %s is damaged (%s): "
			       "copy the card and run e2fsck on the copy",
			       name, error_message(code));
	default:
		return err_set(err, -ext4_errno(code),
			       "reading the ext4 file system of %s: %s", name,
			       error_message(code));
	}
}

/*
 * Before libext2fs is asked: it names none, and it reads what e2fsck then
 * refuses, a feature that is only "compatible".
 */
static int check_features(int fd, uint64_t offset, const char *name,
			  struct err *err)
{
	autofree char *unknown = NULL;
	struct ext2_super_block sb;

	if (io_pread(fd, &sb, sizeof(sb), offset + SUPERBLOCK_OFFSET) !=
		    (ssize_t)sizeof(sb) ||
	    le16toh(sb.s_magic) != EXT2_SUPER_MAGIC)
		return 0; /* libext2fs says what it is */
	unknown = ext4_features_unknown(
		(struct ext4_features){ le32toh(sb.s_feature_compat),
					le32toh(sb.s_feature_incompat),
					le32toh(sb.s_feature_ro_compat) },
		ext4_features_known);
	return unknown ? err_set(err, ENOTSUP,
				 "reading the ext4 file system of %s: it uses "
				 "features that this host's e2fsprogs do not "
				 "know: %s",
				 name, unknown)
		       : 0;
}

int ext4_open_as(int fd, uint64_t offset, uint64_t size, const char *name,
		 int flags, struct ext4 **ret_fs, struct err *err)
{
	int copy, r = check_features(fd, offset, name, err);
	char number[16], options[64];
	struct ext4 *e;
	errcode_t code;

	if (r < 0)
		return r;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* ext2fs closes it */
	e = xnew(struct ext4);
	initialize_ext2_error_table();
	snprintf(number, sizeof(number), "%d", copy);
	snprintf(options, sizeof(options), "offset=%llu",
		 (unsigned long long)offset);
	code = ext2fs_open2(number, options, EXT2_FLAG_64BITS | flags, 0, 0,
			    unixfd_io_manager, &e->fs);
	if (code) {
		free(e);
		return explain(code, name, err);
	}
	if (!sane_geometry(e->fs)) {
		ext4_close(e);
		return explain(EXT2_ET_CORRUPT_SUPERBLOCK, name, err);
	}
	fill_info(e);
	if (e->info.size > size) {
		ext4_close(e);
		return err_set(err, EIO,
			       "the ext4 file system of %s is larger than its "
			       "partition",
			       name);
	}
	*ret_fs = e;
	return 0;
}

int ext4_open(int fd, uint64_t offset, uint64_t size, const char *name,
	      struct ext4 **ret_fs, struct err *err)
{
	return ext4_open_as(fd, offset, size, name,
			    EXT2_FLAG_IGNORE_CSUM_ERRORS, ret_fs, err);
}

bool ext4_has_copy(int fd, uint64_t offset, uint64_t size,
		   unsigned int *ret_block, unsigned int *ret_block_size)
{
	/* A group has eight blocks for each byte of a block (a bitmap). */
	for (unsigned int bs = 1024; bs <= 4096; bs *= 2) {
		unsigned int block = 8 * bs + (bs == 1024);
		struct ext2_super_block sb;
		uint64_t at = (uint64_t)block * bs;

		if (!range_fits(at, sizeof(sb), size) ||
		    io_pread(fd, &sb, sizeof(sb), offset + at) != sizeof(sb) ||
		    le16toh(sb.s_magic) != EXT2_SUPER_MAGIC ||
		    le16toh(sb.s_block_group_nr) != 1 ||
		    le32toh(sb.s_log_block_size) > 2 ||
		    1024u << le32toh(sb.s_log_block_size) != bs)
			continue;
		*ret_block = block;
		*ret_block_size = bs;
		return true;
	}
	return false;
}

void ext4_close(struct ext4 *e)
{
	if (!e)
		return;
	ext2fs_close_free(&e->fs);
	free(e);
}

void ext4_drop(struct ext4 **fs)
{
	ext4_close(*fs);
}

const struct ext4_info *ext4_info(const struct ext4 *e)
{
	return &e->info;
}

static int op_find(void *fs, uint64_t dir, const char *name, size_t len,
		   uint64_t *ret_node)
{
	struct ext4 *e = fs;
	ext2_ino_t ino;
	int rc;

	if (len > EXT2_NAME_LEN)
		return -ENAMETOOLONG;
	rc = ext4_errno(ext2fs_check_directory(e->fs, (ext2_ino_t)dir));
	if (rc == 0)
		rc = ext4_errno(ext2fs_lookup(e->fs, (ext2_ino_t)dir, name,
					      (int)len, NULL, &ino));
	if (rc == 0)
		*ret_node = ino;
	return rc;
}

static enum tree_kind kind_of(const struct ext2_inode *inode)
{
	if (LINUX_S_ISREG(inode->i_mode))
		return TREE_FILE;
	if (LINUX_S_ISDIR(inode->i_mode))
		return TREE_DIR;
	if (LINUX_S_ISLNK(inode->i_mode))
		return TREE_LINK;
	return TREE_OTHER;
}

static int op_stat(void *fs, uint64_t node, struct tree_stat *ret)
{
	struct ext4 *e = fs;
	struct ext2_inode inode;
	int rc = ext4_errno(ext2fs_read_inode(e->fs, (ext2_ino_t)node, &inode));

	if (rc < 0)
		return rc;
	*ret = (struct tree_stat){
		.kind = kind_of(&inode),
		.mode = inode.i_mode & 07777,
		.uid = inode_uid(inode),
		.gid = inode_gid(inode),
		.size = EXT2_I_SIZE(&inode),
		.mtime = (int32_t)inode.i_mtime,
	};
	return 0;
}

static int collect(struct ext2_dir_entry *entry, int offset, int blocksize,
		   char *buf, void *arg)
{
	struct tree_names *names = arg;
	int len = ext2fs_dirent_name_len(entry);

	(void)offset;
	(void)blocksize;
	(void)buf;
	if ((len == 1 && entry->name[0] == '.') ||
	    (len == 2 && !memcmp(entry->name, "..", 2)) ||
	    memchr(entry->name, '/', (size_t)len))
		return 0;
	*vec_add(&names->all) = xstrndup(entry->name, (size_t)len);
	return names->all.n < MAX_NAMES ? 0 : DIRENT_ABORT;
}

static int op_list(void *fs, uint64_t dir, struct tree_names *names)
{
	struct ext4 *e = fs;
	int rc = ext4_errno(ext2fs_check_directory(e->fs, (ext2_ino_t)dir));

	if (rc == 0)
		rc = ext4_errno(ext2fs_dir_iterate(e->fs, (ext2_ino_t)dir, 0,
						   NULL, collect, names));
	if (rc == 0 && names->all.n >= MAX_NAMES)
		rc = -EFBIG;
	return rc;
}

static ssize_t op_read(void *fs, uint64_t node, void *buf, size_t n,
		       uint64_t at)
{
	struct ext4 *e = fs;
	ext2_file_t file;
	errcode_t code;
	size_t done = 0;

	code = ext2fs_file_open(e->fs, (ext2_ino_t)node, 0, &file);
	if (code)
		return ext4_errno(code);
	code = ext2fs_file_llseek(file, at, EXT2_SEEK_SET, NULL);
	while (!code && done < n) {
		size_t left = n - done;
		unsigned int got = 0;

		code = ext2fs_file_read(
			file, (char *)buf + done,
			left < 1 << 20 ? (unsigned int)left : 1 << 20, &got);
		done += got;
		if (!got)
			break;
	}
	ext2fs_file_close(file);
	return code ? ext4_errno(code) : (ssize_t)done;
}

static int op_readlink(void *fs, uint64_t node, char *buf, size_t size)
{
	struct ext4 *e = fs;
	struct ext2_inode inode;
	ssize_t n;
	int rc = ext4_errno(ext2fs_read_inode(e->fs, (ext2_ino_t)node, &inode));

	if (rc < 0)
		return rc;
	if (inode.i_size >= size)
		return -EIO;
	if (ext2fs_is_fast_symlink(&inode)) {
		if (inode.i_size > sizeof(inode.i_block))
			return -EIO;
		memcpy(buf, inode.i_block, inode.i_size);
		n = (ssize_t)inode.i_size;
	} else {
		n = op_read(fs, node, buf, inode.i_size, 0);
	}
	if (n <= 0)
		return n < 0 ? (int)n : -EIO;
	buf[n] = 0;
	return 0;
}

static const struct tree_ops ops = {
	.find = op_find,
	.stat = op_stat,
	.list = op_list,
	.read = op_read,
	.readlink = op_readlink,
};

struct tree ext4_tree(struct ext4 *e)
{
	return (struct tree){ .ops = &ops, .fs = e, .root = EXT2_ROOT_INO };
}

/* The used runs of the bitmap, in blocks, as bytes; block 0 is in always. */
static void collect_used(const struct ext4 *e, struct ext4_ranges *used)
{
	blk64_t last = ext2fs_blocks_count(e->fs->super) - 1;
	blk64_t at = e->fs->super->s_first_data_block;
	uint64_t bs = e->fs->blocksize;
	blk64_t from, to;

	if (at)
		*vec_add(&used->all) = (struct ext4_range){ 0, at * bs };
	while (at <= last && !ext2fs_find_first_set_block_bitmap2(
				     e->fs->block_map, at, last, &from)) {
		if (ext2fs_find_first_zero_block_bitmap2(e->fs->block_map, from,
							 last, &to))
			to = last + 1;
		*vec_add(&used->all) = (struct ext4_range){ from * bs,
							    (to - from) * bs };
		at = to;
	}
}

/* Joins what touches. */
static void join(struct ext4_ranges *used)
{
	size_t kept = 0;

	for (size_t i = 0; i < used->all.n; i++) {
		struct ext4_range *r = &used->all.at[i];
		struct ext4_range *p = kept ? &used->all.at[kept - 1] : NULL;

		if (p && p->at + p->len >= r->at)
			p->len = r->at + r->len - p->at;
		else
			used->all.at[kept++] = *r;
	}
	used->all.n = kept;
}

int ext4_used(struct ext4 *e, struct ext4_ranges *ret_used, struct err *err)
{
	errcode_t code;

	if (!e->info.clean || e->info.needs_recovery)
		return err_set(err, EUCLEAN,
			       "the file system was not shut down");
	e->fs->flags &= ~EXT2_FLAG_IGNORE_CSUM_ERRORS;
	code = ext2fs_read_block_bitmap(e->fs);
	e->fs->flags |= EXT2_FLAG_IGNORE_CSUM_ERRORS;
	if (code)
		return err_set(err, -ext4_errno(code),
			       "reading the block bitmap: %s",
			       error_message(code));
	collect_used(e, ret_used);
	join(ret_used);
	return 0;
}
