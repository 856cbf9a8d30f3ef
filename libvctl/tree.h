/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tree of a vserver: how it becomes the root of a process, with nothing else below it. */
#ifndef VCTL_TREE_H
#define VCTL_TREE_H

#include <stdbool.h>

#include <vctl_vserver.h>

#include "complaint.h"

/**
 * tree_open() - Open the tree as a mount of its own, which nothing in the machine sees
 * @path: of the tree
 * @name: of the vserver
 * @err: out: the error
 *
 * Other users are kept from the directory that has all trees: programs in these may be setuid.
 *
 * Return: a descriptor, or a negative errno value.
 */
int tree_open(const char *path, const char *name, struct vctl_error **err);

/* For a child with mounts of its own, each 0 or a negative errno value: */

/** tree_enter() - Make the tree its root, and leave the machine's behind; @path: for messages */
int tree_enter(int tree, const char *path, struct complaint *complaint);

/** tree_furnish() - Mount /proc, /dev and /run; @services: packages may start theirs */
int tree_furnish(const char *path, bool services, struct complaint *complaint);

/** tree_put() - Put a program of ours at /sbin/@name, unless there is another; @program: open */
void tree_put(int program, const char *name);

#endif /* VCTL_TREE_H */
