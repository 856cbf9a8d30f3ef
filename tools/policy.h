/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "set.h"
#include "trouble.h"

/*
 * Which files of a tree may be the same file in other trees: those that come with packages and that
 * nobody writes to in place.
 */

/* Where a directory is, as far as that counts. */
enum area {
	AREA_NOTHING,		/* nothing in it or below */
	AREA_ROOT,
	AREA_VAR,
	AREA_VAR_LIB,
	AREA_DPKG,
	AREA_APT,
	AREA_DPKG_INFO,		/* what is directly in it */
	AREA_APT_LISTS,
	AREA_ALL,		/* and all that is below */
};

/**
 * struct policy - what holds for several trees together
 * @excluded: patterns as in the shell, for whole paths, or names if there is no slash in them
 * @excluded_count: how many
 * @packaged: one of them at least has been made of packages
 *
 * Zeroed, it has heard of no tree.
 */
struct policy {
	const char *const *excluded;
	size_t excluded_count;
	bool packaged;
	/* Its own. */
	struct set conffiles;
	struct set read;	/* files that have been, by their numbers */
	uint64_t bytes_left;	/* that are still read of the tree that it hears of */
	size_t paths_left;	/* that it still tells */
};

/**
 * policy_add() - Hear of a tree: what its packages are, and their configuration files
 * @tree: its root, which may be anybody's
 * @name: what to call it
 *
 * Of each tree 64 MB are read, and half a million paths kept in mind: more are trouble, too.
 *
 * Return: 0, or -1 with trouble.
 */
int policy_add(struct policy *policy, int tree, const char *name, struct trouble *trouble);

/**
 * policy_conffile() - A file of the last tree is for its administrator to write to
 *
 * Return: 0, or -1 with errno set, EFBIG if that are too many of one tree.
 */
int policy_conffile(struct policy *policy, const char *path, size_t length);

/**
 * policy_enter() - The area of a directory
 * @area: of the one that it is in
 * @path: of the new one, without a slash in front
 * @name: its last part
 */
enum area policy_enter(const struct policy *policy, enum area area, const char *path,
		       const char *name);

enum verdict {
	VERDICT_SHARE,
	VERDICT_DATA,
	VERDICT_CONFFILE,
	VERDICT_EXCLUDED,
};

/** policy_judge() - May the file of that @path be shared, in a directory of @area? */
enum verdict policy_judge(const struct policy *policy, enum area area, const char *path,
			  const char *name);

/** policy_judge_path() - The same, by the path alone */
enum verdict policy_judge_path(const struct policy *policy, const char *path);

/**
 * policy_shares_mode() - May files of that mode be shared?
 *
 * Not those that are setuid, setgid or sticky: dpkg takes these rights away from a file before it
 * removes it, so that no other name keeps them, and goes no further if it can't.
 */
bool policy_shares_mode(uint32_t mode);

/** policy_free() - Free what it has */
void policy_free(struct policy *policy);

#endif /* POLICY_H */
