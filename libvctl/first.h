/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first process of a vserver: it makes the surroundings, and becomes its init or rc. */
#ifndef VCTL_FIRST_H
#define VCTL_FIRST_H

#include "child.h"

struct first {
	const char *name;		/* of the vserver */
	const char *path;		/* of its tree, for messages */
	const struct vctl_conf *conf;
	struct vctl_device *dev;
	struct vctl_context *ctx;
	int tree;			/* of tree_open() */
	int reboot;			/* the program vreboot, open; -1: there is none */
	int output;			/* what it prints goes there; -1: nowhere */
	bool bare;			/* without services, whatever the tree has */
	const struct vcontext_address *addresses;
	size_t address_count;
};

/**
 * first_run() - The whole life of it, in a child with mounts and names (and with the flag fakeinit
 *	process numbers) of its own
 * @first: what it needs
 * @line: to the parent: it says CHILD_READY with the enum service, and waits for CHILD_GO; that
 *	the line ends then means that the program runs, or that there is none
 */
_Noreturn void first_run(const struct first *first, int line);

#endif /* VCTL_FIRST_H */
