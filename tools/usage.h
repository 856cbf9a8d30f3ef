/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USAGE_H
#define USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "progress.h"

/* Of what is added up, as a file's length and as the room that it takes on the disk. */
struct usage_sum {
	uint64_t bytes;
	uint64_t disk;
};

/**
 * struct usage - how much space a tree takes
 * @one_link: regular files that have one name
 * @own: regular files all of whose names are in the tree, those of @one_link included
 * @all: all regular files of the tree
 * @other: room of what is no regular file, directories mostly; always the tree's own
 * @files: how many regular files
 * @shared: how many of them have names elsewhere, too
 * @changed: something went away, or was moved, while it was counted
 * @unread: how many directories could not be read
 *
 * A file counts once, however many names it has.
 */
struct usage {
	struct usage_sum one_link;
	struct usage_sum own;
	struct usage_sum all;
	uint64_t other;
	uint64_t files;
	uint64_t shared;
	bool changed;
	uint64_t unread;
};

/**
 * usage_of() - Count a tree
 * @tree: its directory, opened for reading; belongs to the caller
 * @usage: out
 * @progress: counts files and bytes
 * @unread: called for each directory that can't be read, with its name and an errno value, and
 *	@data; the rest is counted
 *
 * Others may write there meanwhile.  No link is followed and no other file system, nor what is
 * mounted, entered.  Memory is needed for files with several names alone, and for names of
 * directories; any depth takes the same few descriptors, and what is more than 5,000 deep counts as
 * a directory that can't be read, ENAMETOOLONG.
 *
 * Return: 0, or -1 with errno set.
 */
int usage_of(int tree, struct usage *usage, struct progress *progress,
	     void (*unread)(void *data, const char *name, int number), void *data);

#endif /* USAGE_H */
