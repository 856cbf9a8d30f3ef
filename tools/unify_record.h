/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UNIFY_RECORD_H
#define UNIFY_RECORD_H

#include "unify.h"

/*
 * What comes out of an exchange can be a newer file, which somebody put there just then.  Until it
 * is back in its place, where that is stands in a file beside it: one who is killed loses nothing.
 */

#define RECORD "record"
/* So begins the name of what nobody knows the place of any more. */
#define SAVED "saved-"

/** unify_record_open() - Map the file, and put back what the last one left; 0, or -1 with errno set */
int unify_record_open(struct unify *unify);

/** unify_record_close() - Remove it */
void unify_record_close(struct unify *unify);

/** unify_record_set() - STAGED is about to be exchanged with a name */
void unify_record_set(struct unify *unify, const struct member *old, uint64_t new);

/** unify_record_clear() - STAGED is nobody's again */
void unify_record_clear(const struct unify *unify);

/** unify_record_save() - Keep STAGED, and say so; 0, or -1 with errno set */
int unify_record_save(struct unify *unify);

#endif /* UNIFY_RECORD_H */
