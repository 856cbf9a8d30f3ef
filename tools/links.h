/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LINKS_H
#define LINKS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* A file with several names, of which some have been met. */
struct link {
	ino_t ino;
	uint64_t bytes;
	uint64_t disk;
	uint32_t names;		/* that it has */
	uint32_t met;		/* of these; 0: this place of the table is free */
};

/* A table of those of one file system, by inode; zeroed, it is empty. */
struct links {
	struct link *table;
	size_t room;		/* a power of two, or 0 */
	size_t count;
};

/**
 * links_meet() - One more name of a file
 * @stat: what is at that name
 *
 * Return: 1 if it is the first name of that file, 0 if not; -1 with errno set.
 */
int links_meet(struct links *links, const struct stat *stat);

/** links_free() - Free the table */
void links_free(struct links *links);

#endif /* LINKS_H */
