/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that two trees have, on each of two file systems: DIRECTORY/a/file is the own one of who
 * tries, DIRECTORY/b/file that of somebody else.
 */
#ifndef UNLINK_H
#define UNLINK_H

#include "confined.h"

#define CONTENT		"everybody's\n"
#define MARK		VCONTEXT_XATTR_INVERT
#define NOTE		"trusted.note"

struct place {
	const char *name;		/* of the file system */
	const char *directory;
};

extern const struct place places[2];

/* Mounts what is needed; a message and exit if that fails. */
void places_begin(void);
void places_end(void);

/* Make the file at @path immutable, or fit for everything again; -errno. */
int set_immutable(const char *path, bool on);

/* Both anew: one file with the mark, immutable; and in a/ one of its own, "other". */
void shared_make(const struct place *place);
/* The case is over if that of b/ is not as it was. */
void shared_expect(const struct place *place);
void shared_remove(const struct place *place);

#endif /* UNLINK_H */
