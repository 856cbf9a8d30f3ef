/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UNIFY_H
#define UNIFY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include <vctl_vserver.h>

#include "command.h"
#include "names.h"
#include "policy.h"
#include "progress.h"
#include "trouble.h"

/* What there was to see of a file when it was met. */
struct seen {
	uint64_t ino;
	uint64_t size, blocks;	/* of 512 bytes */
	uint32_t mode, uid, gid, nlink;
	struct timespec mtime, ctime;
	bool immutable;
	bool mounted;		/* something is mounted on it */
};

/* One of the trees. */
struct unify_tree {
	const char *name;	/* as it was written */
	struct vctl_vserver *vs;	/* or NULL */
	int fd;
	bool inside;		/* it is a vserver's, or in it: whose root can write above it */
	struct seen seen;	/* of its root */
	/* Regular files by names, and those that no other tree has. */
	uint64_t files, bytes;
	uint64_t own_files, own_bytes;
	/*
	 * How many bytes more may be taken to remember its names; and how many of these there may
	 * be in all: directories that are moved ahead of us are met again and again.
	 */
	struct names_room listed_left;	/* of directories that are being looked at */
	uint64_t links_left;	/* of files that have several, and are to be unified or undone */
	uint64_t loose_left;	/* of all others that have several */
	bool too_much;		/* that was not enough, which has been told */
};

/* Why files are left alone. */
enum left {
	LEFT_DATA,		/* where each tree has its own */
	LEFT_CONFFILE,
	LEFT_EXCLUDED,
	LEFT_SETUID,		/* or setgid, or sticky */
	LEFT_ALONE,		/* no other tree has one like it there */
	LEFT_TRAITS,		/* another size, time, owner, mode ... */
	LEFT_PACKAGE,		/* packages say that the text is another */
	LEFT_CONTENT,
	LEFT_SPARSE,
	LEFT_IN_USE,		/* open for writing, or locked */
	LEFT_LINKS,		/* other links than in the other tree */
	LEFT_IMMUTABLE,		/* by somebody else's will */
	LEFT_MODULE,		/* the module is needed */
	LEFT_ROOM,		/* attributes of its own leave none for the mark */
	LEFT_BOUND,		/* to its place: encrypted, or nothing may be moved there */
	LEFT_CHANGED,		/* by somebody, just now */
	LEFT_DEEP,		/* directories nested too deep */
	LEFT_MANY,		/* there are too many to be remembered */
	LEFT_COUNT,
};

struct tally {
	uint64_t files, bytes;
};

/* A name of a file in one of the trees, while it is looked at. */
struct member {
	unsigned int tree;
	int directory;		/* that has it */
	const char *name;
	const char *path;	/* below the tree; NULL: where the walk is */
	struct seen seen;
	uint32_t names;		/* as the mark says, once it is open; 0: it has none */
	int fd;			/* -1 */
	enum left why;		/* if it is left alone in the end; 0: not known */
	bool done;		/* decided on */
};

struct closer;
struct copy;
struct hints;
struct links;
struct record;
struct loose_files;

/* A directory that some of the trees have. */
struct level {
	enum area area;
	int *fds;		/* by tree; -1: it has none */
	uint64_t *listed;	/* by tree: what its names take */
	unsigned int count;	/* of trees that have it */
	unsigned int one;	/* the last of them */
};

struct unify {
	/* What is wanted. */
	const struct command *self;
	bool all, dry, undo, json;
	const char **excluded;
	size_t excluded_count;

	struct unify_tree *trees;
	unsigned int count;
	struct vctl_vserver **owners;	/* locked, of directories that are in them */
	unsigned int owner_count;
	struct policy policy;
	struct hints *hints;
	struct closer *closer;
	struct progress progress;
	struct trouble trouble;

	int beside;		/* the directory that has the stage; -1 */
	int stage;		/* a directory of ours, on the same file system; -1 */
	char *stage_path;
	struct record *record;	/* of what is under way in it */
	bool module;		/* marked files can get names */
	unsigned int device_major, device_minor;
	uint64_t mount;

	/* What has been done. */
	uint64_t compared;
	struct tally linked;	/* names that are of another file now */
	struct tally saved;	/* files that are no more */
	struct tally already;	/* names that needed nothing */
	struct tally copied;	/* undo: files that are a tree's own again */
	struct tally freed;	/* undo: that only needed to lose the mark */
	struct tally marked;	/* files that were one already, but not immutable */
	struct tally left[LEFT_COUNT];
	bool incomplete;	/* something has been told that is to be seen to */

	/* Where it is. */
	char path[PATH_MAX];
	size_t length;
	unsigned int depth;
	struct member *members;		/* room for one of each tree */
	struct links *links;
	struct loose_files *loose;
	struct copy *copy;		/* undo */
	char *one, *other;		/* buffers to compare in */
};

#define UNIFY_BUFFER (128 << 10)

/* unify_walk.c */

/** unify_walk() - Go through all trees at once; 0, or -1 with trouble */
int unify_walk(struct unify *unify);

/** unify_see() - What there is to see of a file; 0, or -1 with errno set */
int unify_see(int directory, const char *name, struct seen *seen);

/** unify_see_open() - The same of one that is open */
int unify_see_open(int fd, struct seen *seen);

/** unify_leave() - Count a file that is left alone */
void unify_leave(struct unify *unify, enum left why, const struct seen *seen);

/**
 * unify_take_room() - Is there room to remember @bytes more of a tree?
 * @left: which of the tree's
 *
 * If not that is told, once for each tree; what isn't remembered is left alone.
 */
bool unify_take_room(struct unify *unify, unsigned int tree, uint64_t *left, uint64_t bytes);

/* unify_file.c */

/**
 * unify_members() - Make files of one path that are the same one file
 * @members: at least two, not all the same file, all regular and not empty
 *
 * Return: 0, or -1 with trouble.
 */
int unify_members(struct unify *unify, struct member *members, unsigned int count);

/** unify_open() - Open a file to read it; 0, 1 if it is not that any more, or -1 with trouble */
int unify_open(struct unify *unify, struct member *member);

/** unify_same_traits() - All that is the same in files that can be one, without opening them */
bool unify_same_traits(const struct seen *one, const struct seen *other);

/* unify_compare.c */

/** unify_same_inside() - Are texts, attributes and flags of two open files the same? 1, 0 or -1 */
int unify_same_inside(struct unify *unify, int one, int other, uint64_t size, enum left *why);

/* unify_swap.c */

/**
 * unify_swap() - A name becomes that of another file
 * @fd: the new file
 * @new: as it was seen last
 * @old: the name; its file is open, and leased if it is not immutable
 * @fresh: the file of @old has been touched by nobody so far, not even us
 *
 * At no moment is the name missing.  What somebody else puts there meanwhile stays.  The directory
 * looks untouched.
 *
 * Return: 0; 1 if somebody was faster; 2 if the file system doesn't let it in, or the other one out,
 * for which root inside may have seen; or -1 with errno set.
 */
int unify_swap(struct unify *unify, int fd, const struct seen *new, const struct member *old,
	       bool fresh);

/** unify_swap_staged() - The same for a file that is in the stage already, as STAGED */
int unify_swap_staged(struct unify *unify, const struct seen *new, const struct member *old,
		      bool fresh);

/** unify_swap_left() - Why is a name left alone, by what unify_swap() has returned? */
enum left unify_swap_left(int result);

#define STAGED "new"

/* unify_links.c */

/**
 * unify_links_add() - Remember a name of a file that has several
 *
 * Return: 0; 1 if there is no room for it; or -1 with trouble.
 */
int unify_links_add(struct unify *unify, const struct member *member);

/** unify_remember() - The same, or leave it alone if there is no room; 0, or -1 with trouble */
int unify_remember(struct unify *unify, const struct member *member);

/** unify_links() - Do what was remembered; 0, or -1 with trouble */
int unify_links(struct unify *unify);

/** unify_links_free() - Forget it */
void unify_links_free(struct unify *unify);

/** unify_open_parent() - The directory of a path below a tree, and what it is called there; or -1 */
int unify_open_parent(const struct unify *unify, unsigned int tree, const char *path,
		      const char **name);

/* unify_loose.c */

/**
 * unify_loose_see() - Remember those that have several names and are not immutable
 * @members: of one path
 * @shares: files are shared there
 *
 * Return: 0, or -1 with trouble.
 */
int unify_loose_see(struct unify *unify, const struct member *members, unsigned int count,
		    bool shares);

/** unify_loose() - Mark those that several trees have, or tell of them; 0, or -1 with trouble */
int unify_loose(struct unify *unify);

/** unify_loose_free() - Forget them */
void unify_loose_free(struct unify *unify);

/* unify_undo.c */

/** unify_undo() - Give each tree its own files; 0, or -1 with trouble */
int unify_undo(struct unify *unify);

/** unify_undo_member() - The same for a file that has been met */
int unify_undo_member(struct unify *unify, struct member *member);

/* unify_stage.c */

/**
 * unify_stage_open() - Make the directory, beside the trees, with what was left in it removed
 *
 * Beside those of vservers is beside the whole trees: no root inside may reach it.
 *
 * Return: 0, or -1 with trouble.
 */
int unify_stage_open(struct unify *unify);

/** unify_stage_close() - Remove it */
void unify_stage_close(struct unify *unify);

/* unify_owner.c */

/**
 * unify_owner_lock() - Find out whether a tree is in a vserver; lock that, if it isn't yet
 *
 * Return: 0, or -1 with trouble.
 */
int unify_owner_lock(struct unify *unify, struct unify_tree *tree);

/** unify_owners_free() - Give the locks back */
void unify_owners_free(struct unify *unify);

/* unify_report.c */

/** unify_report() - Print how it went */
void unify_report(const struct unify *unify);

/* unify_work.c */

/** unify_work() - All of it, in a process of its own that ends in order if this one is killed */
enum status unify_work(struct unify *unify);

#endif /* UNIFY_H */
