/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROTECT_H
#define PROTECT_H

#include <stdbool.h>

/*
 * A file that several vservers have, as hard links, is immutable: else one of them could change it
 * for all.  Neither can an immutable file get a link nor lose one, so that the attribute is taken
 * off for a moment, in which root inside of a vserver that runs may try to write to it:
 *
 * - Nobody has it open for writing before, or it is left alone.  That, and who opens or truncates
 *   it meanwhile, is seen to by a lease; who was made to wait by it finds the file immutable again,
 *   which on ext4 (since Linux 5.3) even those can't write to who have it open for that.  On no
 *   other file system are files linked.
 * - Owner, mode, times, access list and capabilities are what they were, or are made that again.
 * - Should we be killed, whoever comes next finds the file's handle written down and makes it
 *   immutable again.
 *
 * A file of which one link is left is immutable no longer.
 */

struct protect {
	int journal;		/* the directory in which it is written down; the caller's */
	bool usable;		/* can files be linked there at all? */
	int file;		/* its own */
};

#define PROTECT_NONE { .journal = -1, .file = -1 }

/**
 * protect_begin() - Get ready, and finish what somebody who was killed had begun
 * @protect: PROTECT_NONE
 * @journal: a directory of ours, on the file system that has the files
 *
 * Return: 0, or -1 with errno set.
 */
int protect_begin(struct protect *protect, int journal);

/** protect_end() - Close what it has open, and forget the journal */
void protect_end(struct protect *protect);

/**
 * protect_link() - Give a file another link, and let nobody write to it from now on
 * @fd: the file, opened for reading
 * @directory: where
 * @name: the new name
 *
 * Return: 0; 1 if this file can't be shared, with nothing done; or -1 with errno set.
 */
int protect_link(struct protect *protect, int fd, int directory, const char *name);

/**
 * protect_unlink() - Remove a name of a file that may be immutable
 *
 * Return: 0, or -1 with errno set: ETXTBSY if somebody has it open for writing.
 */
int protect_unlink(struct protect *protect, int directory, const char *name);

#endif /* PROTECT_H */
