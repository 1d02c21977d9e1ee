/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/layout.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/bits.h"
#include "common/mem.h"

#define ALIGN (UINT64_C(4) << 20)

enum {
	DISK_ID = 440, /* bytes into the sector */
	ROWS = 446,
	ROW = 16,
	SIGNATURE = 510,
	TYPE_FAT = 0x0c,
	TYPE_LINUX = 0x83,
};

/* The card's own, so that what names it stays; a GPT has another kind. */
static void settle_id(struct guest *g)
{
	uint32_t id;

	if (g->disk_id && strlen(g->disk_id) == 8)
		return;
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		abort();
	free(g->disk_id);
	g->disk_id = xasprintf("%08x", id);
}

static void renumber(const struct guest *g, struct guest_partition *p,
		     unsigned int number, unsigned int type)
{
	p->card_number = p->number;
	p->card_partuuid = p->partuuid;
	p->number = number;
	p->type = type;
	p->partuuid = xasprintf("%s-%02x", g->disk_id, number);
}

/* Partitions of other disks stay; of this one only these do, and stand first.
 * boot may be 0. */
static void keep_two(struct guest *g, int boot, int root)
{
	struct guest_partition kept[2];
	size_t n = 0, two = boot ? 2 : 1;

	for (size_t i = 0; i < g->partitions.n; i++) {
		struct guest_partition *p = &g->partitions.at[i];

		if (guest_ref(p) == root)
			kept[two - 1] = *p;
		else if (guest_ref(p) == boot)
			kept[0] = *p;
		else if (!p->disk)
			guest_partition_fini(p);
		else
			g->partitions.at[n++] = *p;
	}
	memmove(g->partitions.at + two, g->partitions.at,
		n * sizeof(*g->partitions.at));
	memcpy(g->partitions.at, kept, two * sizeof(*kept));
	g->partitions.n = n + two;
}

void layout_two(struct guest *g)
{
	int boot = g->boot < GUEST_OTHER_DISK ? g->boot : 0, root = g->root;
	int new_root = boot ? 2 : 1;

	keep_two(g, boot, root);
	settle_id(g);
	free(g->table);
	g->table = xstrdup("dos");
	for (size_t i = 0; i < g->mounts.n; i++) {
		int *ref = &g->mounts.at[i].partition;

		if (*ref < GUEST_OTHER_DISK)
			*ref = *ref == root           ? new_root
			       : boot && *ref == boot ? 1
						      : 0;
	}
	if (boot)
		renumber(g, &g->partitions.at[0], 1, TYPE_FAT);
	renumber(g, &g->partitions.at[new_root - 1], (unsigned int)new_root,
		 TYPE_LINUX);
	g->boot = boot ? 1 : g->boot;
	g->root = new_root;
	g->laid_out = true;
	g->disk_size = layout_place(g, &g->partitions.at[new_root - 1]) +
		       g->partitions.at[new_root - 1].size;
}

void layout_names(struct guest *copy, const struct guest *g)
{
	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];
		struct guest_partition as = { .disk = g->order,
					      .number = p->number };
		struct guest_partition *q = guest_partition(copy,
							    guest_ref(&as));

		if (p->disk || !q)
			continue;
		q->card_number = p->card_number;
		q->card_partuuid = p->card_partuuid ? xstrdup(p->card_partuuid)
						    : NULL;
	}
	copy->laid_out = true;
}

uint64_t layout_place(const struct guest *g, const struct guest_partition *p)
{
	uint64_t at = ALIGN;

	for (const struct guest_partition *q = g->partitions.at; q != p; q++)
		at = align_up(at + q->size, ALIGN);
	return at;
}

static void put_le32(uint8_t *to, uint64_t n)
{
	for (unsigned int i = 0; i < 4; i++)
		to[i] = (uint8_t)(n >> (8 * i));
}

void layout_table(const struct guest *g, uint8_t ret_sector[LAYOUT_SECTOR])
{
	memset(ret_sector, 0, LAYOUT_SECTOR);
	put_le32(ret_sector + DISK_ID, strtoul(g->disk_id, NULL, 16));
	for (size_t i = 0; i < g->partitions.n; i++) {
		const struct guest_partition *p = &g->partitions.at[i];
		uint8_t *row = ret_sector + ROWS + ROW * i;

		if (p->disk)
			break;
		/* Heads and cylinders say that they are out of range: the
		 * sectors' numbers count. */
		memcpy(row + 1, "\xfe\xff\xff", 3);
		row[4] = (uint8_t)p->type;
		memcpy(row + 5, "\xfe\xff\xff", 3);
		put_le32(row + 8, layout_place(g, p) / LAYOUT_SECTOR);
		put_le32(row + 12, p->size / LAYOUT_SECTOR);
	}
	ret_sector[SIGNATURE] = 0x55;
	ret_sector[SIGNATURE + 1] = 0xaa;
}
