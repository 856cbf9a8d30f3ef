// SPDX-License-Identifier: GPL-2.0-only
/* Files with several names, by inode: open addressing, as there may be a hundred thousand. */
#include <stdlib.h>

#include "links.h"

#define ROOM_FIRST 1024

/* Where it is, or would be.  Numbers of inodes are dense, so they are spread. */
static struct link *place_of(const struct links *links, ino_t ino)
{
	size_t at = (size_t)(ino * 0x9e3779b97f4a7c15ULL >> 20);

	for (;; at++) {
		struct link *link = &links->table[at & (links->room - 1)];

		if (link->met == 0 || link->ino == ino)
			return link;
	}
}

static int grow(struct links *links)
{
	struct links more = { .room = links->room ? links->room * 2 : ROOM_FIRST,
			      .count = links->count };

	more.table = calloc(more.room, sizeof(*more.table));
	if (!more.table)
		return -1;

	for (size_t i = 0; i < links->room; i++) {
		const struct link *link = &links->table[i];

		if (link->met > 0)
			*place_of(&more, link->ino) = *link;
	}
	free(links->table);
	*links = more;
	return 0;
}

int links_meet(struct links *links, const struct stat *stat)
{
	struct link *link;

	/* A quarter of it stays free. */
	if (links->count >= links->room / 4 * 3 && grow(links) < 0)
		return -1;

	link = place_of(links, stat->st_ino);
	if (link->met > 0) {
		link->met++;
		return 0;
	}

	*link = (struct link){
		.ino = stat->st_ino,
		.bytes = (uint64_t)stat->st_size,
		.disk = (uint64_t)stat->st_blocks * 512,
		.names = (uint32_t)stat->st_nlink,
		.met = 1,
	};
	links->count++;
	return 1;
}

void links_free(struct links *links)
{
	free(links->table);
	*links = (struct links){ 0 };
}
