// SPDX-License-Identifier: GPL-2.0-only
/* Trees get their own files again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "copy.h"
#include "mark.h"
#include "unify.h"
#include "unify_links.h"

#define BOTH (VCTL_ATTR_IMMUTABLE | VCTL_ATTR_INVERT)

static int failed(struct unify *unify, const char *path)
{
	int number = errno;
	bool general = number == ENOSPC || number == EDQUOT || number == EROFS ||
		       number == ENOMEM || number == EINTR;

	return trouble_system(&unify->trouble, general ? "" : path, number);
}

static void count_freed(struct unify *unify, const struct seen *seen)
{
	unify->freed.files++;
	unify->freed.bytes += seen->size;
}

/* 1: it has other names, and whose they are nobody knows. */
static int free_file(struct unify *unify, const char *path, int fd, const struct seen *seen)
{
	int result = seen->nlink > 1;

	if (result == 0 && !unify->dry)
		result = mark_take_back(fd, 1);
	if (result == 0)
		count_freed(unify, seen);
	return result < 0 ? failed(unify, path) : result;
}

/* An exchange makes no file system write out first what the new one has in it. */
static int write_out(const struct unify *unify)
{
	auto_fd int fd = openat(unify->stage, STAGED, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -1 : fdatasync(fd);
}

/* A copy in the stage, with all that the file has but the mark. */
static int stage_copy(struct unify *unify, int fd, struct seen *seen)
{
	int result;

	mark_unlink(unify->stage, STAGED);
	result = copy_one(unify->copy, fd, unify->stage, STAGED);
	if (result == 0)
		result = write_out(unify);
	if (result == 0)
		result = unify_see(unify->stage, STAGED, seen);
	if (result < 0) {
		int number = errno;

		unlinkat(unify->stage, STAGED, 0);
		errno = number;
	}

	return result;
}

/* Without the module the flag keeps names from being replaced, even by us. */
static int hold(const struct unify *unify, int fd, uint32_t names, bool on)
{
	int result = unify->module ? 0 : vctl_attr_set(fd, on ? BOTH : VCTL_ATTR_INVERT, names,
						       NULL);

	if (result < 0)
		errno = -result;
	return result < 0 ? -1 : 0;
}

static void count_copied(struct unify *unify, const struct seen *seen, unsigned int tree)
{
	unify->copied.files++;
	unify->copied.bytes += seen->size;
	unify->trees[tree].own_files++;
	unify->trees[tree].own_bytes += seen->size;
}

/* It is shared still. */
static void leave_bound(struct unify *unify, const struct seen *seen)
{
	unify_leave(unify, LEFT_BOUND, seen);
	unify->incomplete = true;
}

static int copy_member(struct unify *unify, struct member *member)
{
	struct seen new;
	int result = 0;

	if (!unify->dry) {
		if (stage_copy(unify, member->fd, &new) < 0 ||
		    hold(unify, member->fd, member->names, false) < 0)
			return failed(unify, unify->path);
		result = unify_swap_staged(unify, &new, member, false);
		if (hold(unify, member->fd, member->names, true) < 0)
			result = -1;
	}
	if (result < 0)
		return failed(unify, unify->path);
	if (result > 0) {
		if (unify_swap_left(result) == LEFT_BOUND)
			leave_bound(unify, &member->seen);
		else
			unify_leave(unify, LEFT_CHANGED, &member->seen);
		return 0;
	}

	count_copied(unify, &member->seen, member->tree);
	return 0;
}

int unify_undo_member(struct unify *unify, struct member *member)
{
	int result;

	/* Of one that is not marked, but several trees' all the same, other names tell. */
	if (!member->seen.immutable)
		return member->seen.nlink > 1 ? unify_remember(unify, member) : 0;
	result = unify_open(unify, member);
	if (result != 0)
		return result < 0 ? -1 : 0;
	if (!member->names) {
		unify_leave(unify, LEFT_IMMUTABLE, &member->seen);
		return 0;
	}
	if (member->names != 1)
		return unify_remember(unify, member);

	result = free_file(unify, unify->path, member->fd, &member->seen);
	return result > 0 ? copy_member(unify, member) : result;
}

/* All names that it has in the tree, and the copy is linked to each; 1: not to all. */
static int copy_node(struct unify *unify, struct node *node)
{
	uint32_t names = node->links->marked ? node->links->marked : (uint32_t)node->names;
	bool marked = node->links->seen.immutable;
	bool bound = false;
	int result = 0;
	struct seen new;
	int fd = -1;

	if (unify->dry)
		return 0;
	if (stage_copy(unify, node->fd, &new) < 0)
		return -1;
	fd = openat(unify->stage, STAGED, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (marked && hold(unify, node->fd, names, false) < 0))
		result = -1;
	for (size_t i = 0; i < node->total && result >= 0; i++) {
		result = unify_node_name(unify, node, &node->links[i], fd, &new, i == 0);
		bound |= result > 0 && unify_swap_left(result) == LEFT_BOUND;
	}
	if (fd >= 0)
		close(fd);
	if (marked && hold(unify, node->fd, names, true) < 0)
		result = -1;

	return result < 0 ? -1 : bound;
}

/* Whoever writes to it would go on writing to the one that others have; 1: it is left alone. */
static int lease(struct unify *unify, struct node *node)
{
	int result = mark_lease(node->fd);

	if (result < 0)
		return failed(unify, node->links->path);
	if (result == 0 && !mark_locked(node->fd))
		return 0;

	unify_leave(unify, LEFT_IN_USE, &node->links->seen);
	unify->incomplete = true;
	unify_node_close(node);
	return 1;
}

static int undo_node(struct unify *unify, struct node *node)
{
	const struct seen *seen = &node->links->seen;
	int result;

	/* All that it has are the tree's. */
	if (!seen->immutable && node->total >= seen->nlink)
		return 0;
	result = unify_node_open(unify, node);
	if (result == 0 && !seen->immutable)
		result = lease(unify, node);
	if (result != 0)
		return result < 0 ? -1 : 0;

	result = seen->immutable ? free_file(unify, node->links->path, node->fd, seen) : 1;
	if (result > 0) {
		result = copy_node(unify, node);
		if (result < 0)
			failed(unify, node->links->path);
		else if (result > 0)
			leave_bound(unify, seen);
		else
			count_copied(unify, seen, 0);
	}
	unify_node_close(node);
	return result < 0 ? -1 : 0;
}

static int undo_links(struct unify *unify)
{
	struct node *nodes;
	size_t count;
	int result = unify_nodes_make(unify, &nodes, &count);

	/* Where not all names are known a file would get some of them only. */
	for (size_t i = 0; i < count && result == 0; i++) {
		if (unify->trees->too_much)
			unify_leave(unify, LEFT_MANY, &nodes[i].links->seen);
		else
			result = undo_node(unify, &nodes[i]);
	}
	unify_links_free(unify);
	return result;
}

/* One tree after the other: what the last one has is nobody else's by then. */
int unify_undo(struct unify *unify)
{
	struct unify_tree *trees = unify->trees;
	unsigned int count = unify->count;
	struct copy *copy = calloc(1, sizeof(*copy));
	int result = copy ? copy_begin(copy) : -1;

	if (result < 0)
		failed(unify, "");
	if (copy)
		copy->progress = &unify->progress;
	unify->copy = copy;
	unify->count = 1;
	for (unsigned int i = 0; i < count && result == 0; i++) {
		unify->trees = trees + i;
		result = unify_walk(unify);
		if (result == 0)
			result = undo_links(unify);
	}

	unify->trees = trees;
	unify->count = count;
	unify->copy = NULL;
	if (copy)
		copy_end(copy);
	free(copy);
	return result;
}
