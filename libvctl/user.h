/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users and groups by the files of a tree, which are read as text by a hostile root. */
#ifndef VCTL_USER_H
#define VCTL_USER_H

#include <stddef.h>
#include <sys/types.h>

#define USER_NAME_MAX	64
#define USER_PATH_MAX	512
#define USER_GROUPS_MAX	1024	/* of more groups it gets the first ones */

struct user {
	uid_t uid;
	gid_t gid;
	char name[USER_NAME_MAX];
	char home[USER_PATH_MAX];
	char shell[USER_PATH_MAX];
	gid_t groups[USER_GROUPS_MAX];
	size_t group_count;
};

/**
 * user_read() - Find a user
 * @passwd: /etc/passwd, open
 * @name: its name, or its number
 * @user: out: it, without groups
 *
 * Return: 0, -ENOENT or another negative errno value.
 */
int user_read(int passwd, const char *name, struct user *user);

/** user_read_groups() - Find the groups of a user, besides its own; @group: /etc/group, open */
int user_read_groups(int group, struct user *user);

/** user_read_group() - Find a group's number by its name; 0, or -ENOENT ... */
int user_read_group(int group, const char *name, gid_t *gid);

/**
 * user_find() - user_read() and user_read_groups() with the files of the tree that is the root of
 *	this process
 *
 * Return: 0, or -ENOENT ... with a user that has the name, and is nobody's.
 */
int user_find(const char *name, struct user *user);

/** user_find_group() - user_read_group() likewise */
int user_find_group(const char *name, gid_t *gid);

#endif /* VCTL_USER_H */
