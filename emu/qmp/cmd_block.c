/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks, and the counters of everything. */
#include <string.h>

#include "qmp/command.h"
#include "qmp/member.h"

static struct json_object *image(struct block *b)
{
	struct json_object *ret = json_object_new_object();
	struct block_info info = { .virtual_size = b->size };
	bool known = block_info(b, &info) >= 0;

	member_text(ret, "filename", b->filename);
	member_text(ret, "format", b->driver);
	member_number(ret, "virtual-size", info.virtual_size);
	if (known)
		member_number(ret, "actual-size", info.actual_size);
	if (info.cluster_size)
		member_number(ret, "cluster-size", info.cluster_size);
	if (info.backing_file)
		member_text(ret, "backing-filename", info.backing_file);
	if (info.backing_format)
		member_text(ret, "backing-filename-format",
			    info.backing_format);
	member_bool(ret, "dirty-flag", info.dirty);
	return ret;
}

/* The node's file, below all of it, tells how far it was written. */
static const struct block *file_of(const struct block *b)
{
	while (b->file)
		b = b->file;
	return b;
}

static struct json_object *node(const struct qmp_disk *disk)
{
	struct block *b = disk->block;
	struct json_object *ret = json_object_new_object();

	member_text(ret, "node-name", disk->id);
	member_text(ret, "drv", b->driver);
	member_text(ret, "file", b->filename);
	member_bool(ret, "ro", b->read_only);
	member_bool(ret, "encrypted", false);
	member_number(ret, "write_threshold",
		      __atomic_load_n(&file_of(b)->write_threshold,
				      __ATOMIC_RELAXED));
	json_object_object_add(ret, "image", image(b));
	return ret;
}

/* -drive gives a disk a name, -blockdev the node under it. */
static const char *device_name(const struct qmp_disk *disk)
{
	return disk->is_node ? "" : disk->id;
}

static const char *status_name(enum block_io_status status)
{
	static const char *const names[] = {
		[BLOCK_STATUS_OK] = "ok",
		[BLOCK_STATUS_FAILED] = "failed",
		[BLOCK_STATUS_NOSPACE] = "nospace"
	};

	return names[status];
}

struct json_object *cmd_query_block(const struct qmp_call *call)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < call->info->n_disks; i++) {
		const struct qmp_disk *disk = &call->info->disks[i];
		struct json_object *row;

		if (!disk->qdev)
			continue;
		row = json_object_new_object();
		member_text(row, "device", device_name(disk));
		member_text(row, "qdev", disk->qdev);
		member_text(row, "type", "unknown");
		member_bool(row, "removable", disk->cdrom);
		member_bool(row, "locked", false);
		member_text(row, "io-status",
			    status_name(block_io_status(disk->block)));
		json_object_object_add(row, "inserted", node(disk));
		json_object_array_add(list, row);
	}
	return list;
}

struct json_object *cmd_query_nodes(const struct qmp_call *call)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < call->info->n_disks; i++)
		json_object_array_add(list, node(&call->info->disks[i]));
	return list;
}

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* As QEMU's schema spells them. */
static const struct {
	const char *name;
	enum block_op op;
} kinds[] = { { "rd", BLOCK_READ },
	      { "wr", BLOCK_WRITE },
	      { "flush", BLOCK_FLUSH },
	      { "unmap", BLOCK_DISCARD } };

static struct json_object *counters(const struct block *b)
{
	const struct block_stats *s = &b->stats;
	struct json_object *ret = json_object_new_object();

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		enum block_op op = kinds[i].op;
		char key[40];

		snprintf(key, sizeof(key), "%s_operations", kinds[i].name);
		member_number(ret, key, load(&s->ops[op]));
		snprintf(key, sizeof(key), "%s_total_time_ns", kinds[i].name);
		member_number(ret, key, load(&s->ns[op]));
		snprintf(key, sizeof(key), "failed_%s_operations",
			 kinds[i].name);
		member_number(ret, key, load(&s->failed[op]));
		if (op == BLOCK_FLUSH)
			continue;
		snprintf(key, sizeof(key), "%s_bytes", kinds[i].name);
		member_number(ret, key, load(&s->bytes[op]));
	}
	member_number(ret, "wr_highest_offset", load(&s->wr_highest_offset));
	return ret;
}

static struct json_object *node_stats(const char *name, const struct block *b)
{
	struct json_object *row = json_object_new_object();

	if (name)
		member_text(row, "node-name", name);
	json_object_object_add(row, "stats", counters(b));
	if (b->file)
		json_object_object_add(row, "parent",
				       node_stats(b->file->node_name, b->file));
	return row;
}

static struct json_object *device_stats(const struct qmp_disk *disk)
{
	struct json_object *row = node_stats(disk->id, disk->block);

	member_text(row, "device", device_name(disk));
	member_text(row, "qdev", disk->qdev);
	return row;
}

struct json_object *cmd_query_blockstats(const struct qmp_call *call)
{
	bool nodes = json_object_get_boolean(
		member_get(call->args, "query-nodes"));
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < call->info->n_disks; i++) {
		const struct qmp_disk *disk = &call->info->disks[i];

		if (nodes)
			json_object_array_add(
				list, node_stats(disk->id, disk->block));
		else if (disk->qdev)
			json_object_array_add(list, device_stats(disk));
	}
	return list;
}

static struct json_object *disk_stats(const struct qmp_disk *disk)
{
	const struct block_stats *s = &disk->block->stats;
	struct json_object *row = json_object_new_object();
	uint64_t errors = 0;

	for (int op = 0; op < BLOCK_OPS; op++)
		errors += load(&s->failed[op]);
	member_text(row, "device", disk->id);
	member_number(row, "rd-bytes", load(&s->bytes[BLOCK_READ]));
	member_number(row, "wr-bytes", load(&s->bytes[BLOCK_WRITE]));
	member_number(row, "rd-operations", load(&s->ops[BLOCK_READ]));
	member_number(row, "wr-operations", load(&s->ops[BLOCK_WRITE]));
	member_number(row, "flush-operations", load(&s->ops[BLOCK_FLUSH]));
	member_number(row, "errors", errors);
	return row;
}

/* Ours alone: what a watchdog looks at.  A CPU whose blocks stand still while
 * it is not halted is stuck. */
struct json_object *cmd_stats(const struct qmp_call *call)
{
	struct json_object *ret = json_object_new_object();
	struct json_object *cpus = json_object_new_array();
	struct json_object *disks = json_object_new_array();

	for (unsigned int i = 0; i < machine_cpus(call->machine); i++) {
		struct json_object *cpu = json_object_new_object();
		struct machine_cpu_stats stats;

		machine_cpu_stats(call->machine, i, &stats);
		member_number(cpu, "cpu-index", i);
		member_number(cpu, "thread-id", (uint64_t)stats.thread_id);
		member_number(cpu, "blocks", stats.blocks);
		member_bool(cpu, "halted", stats.halted);
		json_object_array_add(cpus, cpu);
	}
	for (size_t i = 0; i < call->info->n_disks; i++) {
		if (call->info->disks[i].qdev)
			json_object_array_add(
				disks, disk_stats(&call->info->disks[i]));
	}
	json_object_object_add(ret, "cpus", cpus);
	json_object_object_add(ret, "disks", disks);
	return ret;
}

static const struct qmp_disk *find_node(const struct qmp_info *info,
					const char *name)
{
	for (size_t i = 0; i < info->n_disks; i++) {
		if (!strcmp(info->disks[i].id, name))
			return &info->disks[i];
	}
	return NULL;
}

static const char *text_of(const struct qmp_call *call, const char *key)
{
	return json_object_get_string(member_get(call->args, key));
}

/* By node-name, or by -drive's id. */
struct json_object *cmd_block_resize(const struct qmp_call *call)
{
	const char *name = text_of(call, "node-name");
	int64_t size = json_object_get_int64(member_get(call->args, "size"));
	const struct qmp_disk *disk;
	struct err err;

	if (!name)
		name = text_of(call, "device");
	disk = name ? find_node(call->info, name) : NULL;
	if (!disk)
		return qmp_fail(call, DEVICE_NOT_FOUND,
				"there is no disk '%.80s'", name ? name : "");
	if (size <= 0)
		return qmp_fail(call, GENERIC_ERROR,
				"Parameter 'size' expects a size above 0");
	if (block_resize(disk->block, (uint64_t)size, &err) < 0)
		return qmp_fail(call, GENERIC_ERROR, "%s", err.text);
	return json_object_new_object();
}

struct json_object *cmd_write_threshold(const struct qmp_call *call)
{
	const char *name = text_of(call, "node-name");
	const struct qmp_disk *disk = find_node(call->info, name);
	struct json_object *mark = member_get(call->args, "write-threshold");

	if (!disk)
		return qmp_fail(call, DEVICE_NOT_FOUND,
				"there is no node '%.80s'", name);
	block_set_write_threshold(disk->block, json_object_get_uint64(mark));
	return json_object_new_object();
}
