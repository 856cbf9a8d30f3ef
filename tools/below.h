/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BELOW_H
#define BELOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Files of a tree that somebody else has written: every path is looked up with @tree as its root,
 * whatever links it has, and nothing outside of it is reached.  Paths have no slash in front.
 * Functions return 0, or -1 with errno set, unless they say otherwise.
 */

/** below_open() - Open what is there, as open() does with @flags; what isn't isn't made */
int below_open(int tree, const char *path, int flags);

/**
 * below_open_path() - Open a path of the machine, which may lead into the tree of a vserver
 *
 * In there nothing leads out of that tree: its root may have made links to files of the machine.
 * Nor is anything opened there but files and directories, unless with O_PATH: EINVAL.  Links
 * outside of trees are followed.  O_NONBLOCK is set, and stays so.
 *
 * Return: the descriptor, or -1 with errno set.
 */
int below_open_path(const char *path, int flags);

/**
 * below_tree_of() - Which vserver's tree is a directory in, or is it?
 * @tree: out: the root of that, opened for its name alone; -1: it is in none
 *
 * Return: 0, or -1 with errno set: ELOOP if it never ends, because somebody moves directories.
 */
int below_tree_of(int directory, int *tree);

/** below_in_tree() - Is what is open the tree of a vserver, or in one? */
bool below_in_tree(int fd);

/** below_path() - The path of what is open, which has no links, to be freed with free(); or NULL */
char *below_path(int fd);

/** below_stat() - As lstat() */
int below_stat(int tree, const char *path, struct stat *stat);

/** below_exists() - Is there anything of that name? */
bool below_exists(int tree, const char *path);

/** below_make() - Make a directory, and those above it that are missing; one that is there stays */
int below_make(int tree, const char *path, mode_t mode);

/** below_read() - The text of a file, to be freed with free(); NULL with errno set on failure */
char *below_read(int tree, const char *path);

/**
 * below_write() - A file with this text takes the place of what is there
 * @mode: its permissions
 *
 * The directory has to be there.
 */
int below_write(int tree, const char *path, mode_t mode, const char *text);

/** below_rewrite() - The same, with the owner and mode that the old one has, 0644 without one */
int below_rewrite(int tree, const char *path, const char *text);

/** below_link() - A symbolic link takes the place of what is there; the directory has to be */
int below_link(int tree, const char *path, const char *target);

/** below_drop() - Remove a file; there being none is fine */
int below_drop(int tree, const char *path);

/** below_rename() - Give a file in @directory another name there; there being none is fine */
int below_rename(int tree, const char *directory, const char *from, const char *to);

/** below_empty() - Remove all that is in a directory; there being none is fine */
int below_empty(int tree, const char *path);

/**
 * below_each() - Call @each with every name in a directory
 * @each: is given an open directory and a name in it, which it may remove; returns 0 or -1
 *
 * A directory that is not there has no names.
 */
int below_each(int tree, const char *path,
	      int (*each)(int directory, const char *name, void *data), void *data);

struct progress;

/**
 * below_remove() - Remove a directory of @parent with all that is in it, or a file
 * @name: may be missing
 * @immutable: immutable files, too
 * @progress: counts files; or NULL
 *
 * No link is followed, and no mount point entered: EXDEV.  What else writes there is waited for a
 * second.
 */
int below_remove(int parent, const char *name, bool immutable, struct progress *progress);

#endif /* BELOW_H */
