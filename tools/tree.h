/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tree that pstree prints, read again: which process is where in it, and which is its parent.
 * Labels get the context where it is another one than that of the parent, and lines below are moved
 * accordingly.
 */
#ifndef TREE_H
#define TREE_H

#include "map.h"
#include "tree_text.h"

struct tree_node;

struct tree {
	struct map *map;
	struct tree_text text;
	bool arguments;		/* the form with arguments: a line for each process */
	bool numbers;		/* those of the processes are wanted, too */
	bool more;		/* numbers of groups or users can be behind them */
	struct tree_node *nodes;	/* from the root to the process that was the last */
	size_t count;
};

/**
 * tree_line() - Print one line
 * @tree: all else in it zero at the beginning; to be freed with tree_free()
 * @line: in ASCII, not cut, with process numbers, as of pstree -A -l -p
 *
 * Return: 0, or -1: no memory.
 */
int tree_line(struct tree *tree, const char *line);

/** tree_free() - Free what is in it; the map stays */
void tree_free(struct tree *tree);

#endif /* TREE_H */
