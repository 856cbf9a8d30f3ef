/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STAGE_H
#define STAGE_H

#include <stdbool.h>

#include <vctl_vserver.h>

#include "progress.h"
#include "trouble.h"

/*
 * A directory /vservers/.NAME.WHAT that nobody but root passes, in which a vserver's tree is before
 * it is one, and once it is none any more.  Its tree is called STAGE_TREE.  All this happens under
 * the vserver's lock; what a build or delete that was killed has left is removed by the next one of
 * that name.
 */
#define STAGE_BUILDING	"building"
#define STAGE_DELETING	"deleting"
#define STAGE_TREE	"root"

struct stage {
	int trees;		/* /vservers */
	int conf;		/* /etc/vservers; -1: there is none */
	int directory;		/* the stage's own; -1: there is none yet */
	char *name;		/* of it */
	char *new_conf;		/* the name of a configuration that is not one yet */
	char *final_conf;	/* and of the one that it becomes */
	bool made_trees, made_conf;
};

#define STAGE_NONE { .trees = -1, .conf = -1, .directory = -1 }

/**
 * stage_open() - Open the directories of all vservers
 * @stage: STAGE_NONE
 * @vs: whose
 * @what: STAGE_BUILDING or STAGE_DELETING
 * @make: make those that are missing
 * @trouble: out
 *
 * Of /vservers everybody but root is kept out: programs in trees run with whatever rights root
 * inside has given them.
 *
 * Return: 0, or -1; 1 without @make if there is no /vservers.
 */
int stage_open(struct stage *stage, struct vctl_vserver *vs, const char *what, bool make,
	       struct trouble *trouble);

/**
 * stage_lock() - Lock the vserver; wait for it a few seconds, no longer
 *
 * Return: 0, or -1.
 */
int stage_lock(struct vctl_vserver *vs, struct trouble *trouble);

/**
 * stage_clear() - Remove what a build or delete that was killed has left
 * @stage: opened
 * @vs: whose, locked
 *
 * Return: how many such things there were, or -1.
 */
int stage_clear(struct stage *stage, struct vctl_vserver *vs, struct progress *progress,
		struct trouble *trouble);

/** stage_make() - Make the directory; 0, or -1 */
int stage_make(struct stage *stage, struct trouble *trouble);

/** stage_remove() - Remove the directory with all that is in it; 0, or -1 with errno set */
int stage_remove(struct stage *stage, struct progress *progress);

/** stage_close() - Close all; directories of all vservers that we made and that are empty go */
void stage_close(struct stage *stage);

#endif /* STAGE_H */
