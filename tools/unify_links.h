/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UNIFY_LINKS_H
#define UNIFY_LINKS_H

#include "unify.h"

/* A name of a file that has several. */
struct link {
	unsigned int tree;
	struct seen seen;
	uint32_t marked;	/* as how many names the mark says; 0: it has none */
	char *path;
};

/* A file that has several names, sorted by tree, then by path. */
struct node {
	struct link *links;
	size_t total;
	size_t names;		/* in the first of its trees */
	int fd;			/* -1 */
	bool whole;		/* it has these in each of them, and no others */
	bool held;		/* by us, just now */
	bool linked;		/* it has got others' names */
	bool done;
};

/** unify_nodes_make() - All such files that have been met; 0, or -1 with trouble */
int unify_nodes_make(struct unify *unify, struct node **nodes, size_t *count);

/** unify_node_open() - Open one; 0, 1 if it is not what it was, or -1 with trouble */
int unify_node_open(struct unify *unify, struct node *node);

/** unify_node_close() - Close it */
void unify_node_close(struct node *node);

/** unify_node_name() - unify_swap() of one of its names */
int unify_node_name(struct unify *unify, const struct node *node, const struct link *link, int fd,
		    const struct seen *new, bool staged);

/** unify_node_hold() - Open one that others are to become; 0, 1 if it can't be, or -1 with trouble */
int unify_node_hold(struct unify *unify, struct node *kept);

/**
 * unify_node_try() - All names of another become its, if they are the same
 *
 * Return: 0, with @other done if that is decided; or -1 with trouble.
 */
int unify_node_try(struct unify *unify, struct node *kept, struct node *other);

/* unify_repair.c */

/** unify_repair() - Complete groups of names that have been begun; 0, or -1 with trouble */
int unify_repair(struct unify *unify, struct node *nodes, size_t count);

#endif /* UNIFY_LINKS_H */
