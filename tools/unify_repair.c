// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of links that one who was killed has not come to the end of: some names of a tree are those
 * of the shared file, and the others still of what that tree had before.  They are completed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unify_links.h"

/* The names of one tree in a node. */
struct run {
	const struct link *links;
	size_t count;
};

struct repair {
	struct unify *unify;
	struct node *nodes;
	size_t count;
	/* All names, by tree and path. */
	const struct link **index;
	size_t links;
	/* What a tree lacks, while it is looked at. */
	struct link *lacks;
	size_t lack_count;
};

static int compare(const void *one, const void *other)
{
	const struct link *a = *(const struct link *const *)one;
	const struct link *b = *(const struct link *const *)other;

	return a->tree != b->tree ? (a->tree < b->tree ? -1 : 1) : strcmp(a->path, b->path);
}

static struct run run_at(const struct node *node, size_t at)
{
	struct run run = { .links = node->links + at };

	while (at + run.count < node->total && run.links[run.count].tree == run.links->tree)
		run.count++;
	return run;
}

/* Of the tree that has as many names of it as the mark says; without any if there is none. */
static struct run full_run(const struct node *node)
{
	struct run run = { .count = 0 };

	for (size_t at = 0; at < node->total; at += run.count) {
		run = run_at(node, at);
		if (run.count == node->links->marked)
			return run;
	}

	return (struct run){ .count = 0 };
}

/* Are the names of the full one that the other tree lacks those of one other file there? */
static bool find_lacks(struct repair *repair, const struct run *full, const struct run *part)
{
	size_t found = 0;

	repair->lack_count = 0;
	for (size_t i = 0; i < full->count; i++) {
		struct link key = { .tree = part->links->tree, .path = full->links[i].path };
		const struct link *wanted = &key;
		const struct link **at;

		if (found < part->count && strcmp(part->links[found].path, key.path) == 0) {
			found++;
			continue;
		}
		at = bsearch(&wanted, repair->index, repair->links, sizeof(*repair->index),
			     compare);
		if (!at || (repair->lack_count && (*at)->seen.ino != repair->lacks->seen.ino))
			return false;
		repair->lacks[repair->lack_count++] = **at;
	}

	return found == part->count && repair->lack_count;
}

/* It had nothing but these names in its tree, before some of them were taken. */
static bool is_rest(const struct repair *repair, const struct node *kept)
{
	const struct link *lack = repair->lacks;

	return unify_same_traits(&lack->seen, &kept->links->seen) &&
	       (lack->seen.immutable ? lack->marked == kept->links->marked :
				       lack->seen.nlink == repair->lack_count);
}

static void finish(const struct repair *repair)
{
	for (size_t i = 0; i < repair->count; i++) {
		if (repair->nodes[i].links->seen.ino == repair->lacks->seen.ino)
			repair->nodes[i].done |= !repair->lacks->seen.immutable;
	}
}

static int complete(struct repair *repair, struct node *kept)
{
	struct run full = full_run(kept);
	struct run part;
	int result = 0;

	for (size_t at = 0; full.count && at < kept->total && result == 0; at += part.count) {
		struct node rest = { .links = repair->lacks, .fd = -1 };

		part = run_at(kept, at);
		if (part.count >= full.count || !find_lacks(repair, &full, &part) ||
		    !is_rest(repair, kept))
			continue;
		rest.total = repair->lack_count;
		rest.names = repair->lack_count;
		if (kept->fd < 0)
			result = unify_node_hold(repair->unify, kept);
		if (result == 0)
			result = unify_node_try(repair->unify, kept, &rest);
		if (result == 0 && rest.done)
			finish(repair);
	}

	unify_node_close(kept);
	return result < 0 ? -1 : 0;
}

static int make_index(struct repair *repair)
{
	for (size_t i = 0; i < repair->count; i++)
		repair->links += repair->nodes[i].total;
	repair->index = calloc(repair->links, sizeof(*repair->index));
	repair->lacks = calloc(repair->links, sizeof(*repair->lacks));
	if (!repair->index || !repair->lacks)
		return trouble_system(&repair->unify->trouble, "", ENOMEM);

	for (size_t i = 0, at = 0; i < repair->count; i++) {
		for (size_t j = 0; j < repair->nodes[i].total; j++)
			repair->index[at++] = &repair->nodes[i].links[j];
	}
	qsort(repair->index, repair->links, sizeof(*repair->index), compare);
	return 0;
}

int unify_repair(struct unify *unify, struct node *nodes, size_t count)
{
	struct repair repair = { .unify = unify, .nodes = nodes, .count = count };
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		if (nodes[i].whole || nodes[i].links->marked < 2)
			continue;
		if (!repair.index)
			result = make_index(&repair);
		if (result == 0)
			result = complete(&repair, &nodes[i]);
	}

	free(repair.index);
	free(repair.lacks);
	return result;
}
