/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks, and the counters of everything. */
#include <string.h>

#include "qmp/command.h"
#include "qmp/member.h"

static struct json_object *image(const struct block *b)
{
	struct json_object *ret = json_object_new_object();

	member_text(ret, "filename", b->filename);
	member_text(ret, "format", b->driver);
	member_number(ret, "virtual-size", b->size);
	member_bool(ret, "dirty-flag", false);
	return ret;
}

static struct json_object *inserted(const struct qmp_disk *disk)
{
	const struct block *b = disk->block;
	struct json_object *ret = json_object_new_object();

	member_text(ret, "node-name", b->node_name ? b->node_name : disk->id);
	member_text(ret, "drv", b->driver);
	member_text(ret, "file", b->filename);
	member_bool(ret, "ro", b->read_only);
	member_bool(ret, "encrypted", false);
	json_object_object_add(ret, "image", image(b));
	return ret;
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
		member_text(row, "device", disk->id);
		member_text(row, "qdev", disk->qdev);
		member_text(row, "type", "unknown");
		member_bool(row, "removable", disk->cdrom);
		member_bool(row, "locked", false);
		member_text(row, "io-status", "ok");
		json_object_object_add(row, "inserted", inserted(disk));
		json_object_array_add(list, row);
	}
	return list;
}

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
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
