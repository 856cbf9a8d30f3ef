/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs and other files of a tree, to a process whose root that is but which is not yet inside.
 *
 * The tree is a hostile root's.  A symbolic link leads nowhere else, since there is nothing else,
 * but for those of /proc to what processes have open, which may come from outside.
 */
#ifndef VCTL_PROGRAM_H
#define VCTL_PROGRAM_H

#include <stdbool.h>

#include "complaint.h"

/* What those inside get as PATH, and where programs are looked up for them. */
#define PROGRAM_PATH	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/**
 * program_open() - Open a file of the tree
 * @dir: where a relative @path begins
 * @flags: of open(2), without O_CREAT; O_CLOEXEC and O_NOCTTY are added
 * @resolve: RESOLVE_*, besides that links of /proc are never followed
 *
 * Return: a descriptor, or a negative errno value.
 */
int program_open(int dir, const char *path, int flags, unsigned long long resolve);

/* Is there such a program, or directory? */
bool program_is_there(const char *path);
bool program_directory_is_there(const char *path);

/**
 * program_run() - Become a program of the tree
 * @argv: its name and arguments; without a slash it is looked for in PROGRAM_PATH
 * @called: argv[0] that it gets; NULL: that of @argv
 * @environment: what it gets of that
 *
 * Return: -errno; it does not return otherwise.
 */
int program_run(const char *const *argv, const char *called, const char *const *environment,
		struct complaint *complaint);

#endif /* VCTL_PROGRAM_H */
