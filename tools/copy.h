/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COPY_H
#define COPY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "progress.h"

/* What becomes of a file. */
enum copy_rule {
	COPY_FULLY,
	COPY_NOT,
	COPY_EMPTY,		/* a directory without what is in it, a file without its text */
	COPY_LINK,		/* a regular file as a link to one that is marked */
};

/**
 * struct copy - a tree that is being copied
 * @into: the new tree, which nobody else writes to
 * @rule: what is to become of the file or directory of this path, which has no slash in front
 * @data: handed to it
 * @progress: where to count
 * @patience: for how many milliseconds more files on which somebody has a lease are waited for, in
 *	all; a minute from copy_begin() on
 * @most: bytes that a file may have for copy_one(); any number of them from copy_begin() on
 * @avoid_dev, @avoid_ino: a directory that is never copied, wherever it is met
 * @entries_left, @files_left, @bytes_left: how many names more may be met, files be made, bytes of
 *	their texts be written; copy_entry() sees to it, by what the file system has, for the first
 *	name of @measured
 * @measured: the file system for which it has
 *
 * The old one may be written to meanwhile, by whomever: no link is followed, and what is mounted in
 * it, but for the outermost directories, is not entered.  Device nodes and sockets are left out.
 * Owners, modes, times, extended attributes, access lists, holes, and links between files of the
 * tree are kept; that a file is several trees' is not.
 */
struct copy {
	int into;
	enum copy_rule (*rule)(const char *path, bool directory, const void *data);
	const void *data;
	struct progress *progress;
	unsigned int patience;
	uint64_t most;
	dev_t avoid_dev;
	ino_t avoid_ino;
	uint64_t entries_left, files_left, bytes_left;
	dev_t measured;
	/* Out: how many files, and bytes of regular ones, have been copied or linked. */
	uint64_t copied, copied_bytes;
	uint64_t linked, linked_bytes;
	uint64_t not_linked;	/* that were to be, and are copied */
	char path[PATH_MAX];	/* of the file that it is at, or has failed with */
	/* Its own. */
	size_t length;
	void *inodes;
	struct copy_place *places;
	char *names, *value;
};

/**
 * copy_begin() - Get memory for the struct's own needs
 *
 * Return: 0, or -1 with errno set.
 */
int copy_begin(struct copy *copy);

/** copy_end() - Free what it has */
void copy_end(struct copy *copy);

/**
 * copy_entry() - Copy a file, or a directory with all that is in it
 * @from: directory that has it
 * @to: directory for the new one
 * @name: its name; one that isn't there is no error
 *
 * Return: 0, or -1 with errno set: EINTR after a signal, ENAMETOOLONG for nesting over 200 deep,
 * ELOOP if there is more than can be: somebody moves ahead of it what has been copied.
 */
int copy_entry(struct copy *copy, int from, int to, const char *name);

/** copy_contents() - copy_entry() for each name in a directory */
int copy_contents(struct copy *copy, int from, int to);

/**
 * copy_one() - Copy a regular file that is open, with all that it has, by a new name in @to
 *
 * Return: 0, or -1 with errno set: EFBIG if it is larger than it may be.
 */
int copy_one(struct copy *copy, int from, int to, const char *name);

/** copy_traits() - Give the directory @to owner, mode, extended attributes and times of @from */
int copy_traits(struct copy *copy, int from, int to);

#endif /* COPY_H */
