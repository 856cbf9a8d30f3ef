/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>
#include <stdint.h>

/* A name in one of several directories. */
struct name {
	const char *text;
	uint64_t ino;
	uint32_t which;		/* of the directories */
	uint8_t type;		/* DT_REG, DT_DIR or DT_UNKNOWN; others are left out */
};

/**
 * struct names - all names that several directories have
 * @all: sorted by text, then by directory
 * @count: how many
 */
struct names {
	struct name *all;
	size_t count;
	/* Its own. */
	size_t room;
	char *texts;
	size_t used, texts_room;
};

#define NAMES_NONE { .all = NULL }

/* What may still be read, of directories that change while they are. */
struct names_room {
	uint64_t bytes;		/* that names take */
	uint64_t entries;	/* with those that are left out */
};

/**
 * names_read() - Add those of a directory
 * @fd: it, not read yet
 * @which: how it is called in struct name
 * @room: in the end what is left of it
 *
 * Return: 0; 1 if there are more than fit, and those that do have been added; or -1 with errno set,
 * EINTR after a signal.
 */
int names_read(struct names *names, int fd, uint32_t which, struct names_room *room);

/** names_sort() - When all have been read */
void names_sort(struct names *names);

/** names_same() - How many, from @at on, have the text that the one there has */
size_t names_same(const struct names *names, size_t at);

/** names_free() - Free what it has */
void names_free(struct names *names);

#endif /* NAMES_H */
