// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that have several names in a tree, as packages make them.  They can be one with another
 * tree's if they have the same names there, and all of these become names of the one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "hints.h"
#include "mark.h"
#include "run.h"
#include "unify.h"
#include "unify_links.h"

/* As many names as a file can have on ext4; elsewhere it is more. */
#define LINKS_MAX 65000

struct links {
	struct link *all;
	size_t count, room;
	struct node *nodes;
	size_t node_count;
};

/* Besides its path; a repair takes it once more. */
#define LINK_COST (2 * sizeof(struct link) + sizeof(struct node) + 64)

static int failed(struct unify *unify, const char *path)
{
	int number = errno;
	bool general = number == ENOSPC || number == EDQUOT || number == EROFS ||
		       number == ENOMEM || number == EINTR;

	return trouble_system(&unify->trouble, general ? "" : path, number);
}

int unify_links_add(struct unify *unify, const struct member *member)
{
	size_t bytes = LINK_COST + strlen(unify->path);
	struct links *links = unify->links;
	struct link *link;

	if (!unify_take_room(unify, member->tree, &unify->trees[member->tree].links_left, bytes))
		return 1;
	if (!links) {
		links = calloc(1, sizeof(*links));
		if (!links)
			return failed(unify, "");
		unify->links = links;
	}
	if (links->count == links->room) {
		size_t room = links->room ? links->room * 2 : 64;
		struct link *more = reallocarray(links->all, room, sizeof(*more));

		if (!more)
			return failed(unify, "");
		links->all = more;
		links->room = room;
	}

	link = &links->all[links->count];
	*link = (struct link){ .tree = member->tree, .seen = member->seen, .marked = member->names,
			       .path = strdup(unify->path) };
	if (!link->path)
		return failed(unify, "");
	links->count++;
	return 0;
}

int unify_remember(struct unify *unify, const struct member *member)
{
	int result = unify_links_add(unify, member);

	if (result > 0)
		unify_leave(unify, LEFT_MANY, &member->seen);
	return result < 0 ? -1 : 0;
}

static int compare_links(const void *one, const void *other)
{
	const struct link *a = one, *b = other;

	if (a->seen.ino != b->seen.ino)
		return a->seen.ino < b->seen.ino ? -1 : 1;
	if (a->tree != b->tree)
		return a->tree < b->tree ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* Has each of its trees the same names of it, and are these all that it has? */
static bool is_whole(const struct node *node)
{
	const struct link *links = node->links;

	if (node->total % node->names)
		return false;
	for (size_t i = node->names; i < node->total; i++) {
		if (strcmp(links[i].path, links[i % node->names].path) != 0 ||
		    links[i].tree != links[i - i % node->names].tree)
			return false;
	}
	if (links->marked)
		return links->marked == node->names;

	return node->total == links->seen.nlink ||
	       (links->seen.immutable && links->seen.nlink % node->names == 0);
}

static struct node node_at(struct link *links, size_t count)
{
	struct node node = { .links = links, .fd = -1 };

	while (node.total < count && links[node.total].seen.ino == links->seen.ino)
		node.total++;
	while (node.names < node.total && links[node.names].tree == links->tree)
		node.names++;
	node.whole = is_whole(&node);
	return node;
}

static int compare_nodes(const void *one, const void *other)
{
	const struct node *a = one, *b = other;
	size_t count = a->names < b->names ? a->names : b->names;

	for (size_t i = 0; i < count; i++) {
		int order = strcmp(a->links[i].path, b->links[i].path);

		if (order)
			return order;
	}
	if (a->names != b->names)
		return a->names < b->names ? -1 : 1;
	if (a->links->tree != b->links->tree)
		return a->links->tree < b->links->tree ? -1 : 1;
	return 0;
}

static bool same_paths(const struct node *one, const struct node *other)
{
	if (one->names != other->names)
		return false;
	for (size_t i = 0; i < one->names; i++) {
		if (strcmp(one->links[i].path, other->links[i].path) != 0)
			return false;
	}

	return true;
}

int unify_open_parent(const struct unify *unify, unsigned int tree, const char *path,
		      const char **name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_NO_XDEV,
	};
	const char *slash = strrchr(path, '/');
	auto_free char *parent = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");

	*name = slash ? slash + 1 : path;
	return parent ? (int)syscall(SYS_openat2, unify->trees[tree].fd, parent, &how,
				     sizeof(how)) : -1;
}

static int open_parent(const struct unify *unify, const struct link *link, const char **name)
{
	return unify_open_parent(unify, link->tree, link->path, name);
}

static void leave_node(struct unify *unify, struct node *node, enum left why)
{
	unify_leave(unify, why, &node->links->seen);
	node->done = true;
}

void unify_node_close(struct node *node)
{
	if (node->fd >= 0)
		close(node->fd);
	node->fd = -1;
}

int unify_node_open(struct unify *unify, struct node *node)
{
	const struct link *link = node->links;
	struct member member = { .seen = link->seen, .fd = -1 };
	struct seen now;
	int result;

	member.directory = open_parent(unify, link, &member.name);
	if (member.directory < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ?
		       failed(unify, link->path) : 1;
	result = unify_open(unify, &member);
	close(member.directory);
	if (result != 0)
		return result;

	node->fd = member.fd;
	if (unify_see_open(node->fd, &now) == 0 && now.ino == link->seen.ino &&
	    unify_same_traits(&now, &link->seen))
		return 0;

	unify_node_close(node);
	return 1;
}

int unify_node_name(struct unify *unify, const struct node *node, const struct link *link, int fd,
		    const struct seen *new, bool staged)
{
	struct member old = { .tree = link->tree, .path = link->path,
			      .seen = link->seen, .fd = node->fd };
	auto_fd int parent = open_parent(unify, link, &old.name);

	if (parent < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 1 : -1;

	old.directory = parent;
	return staged ? unify_swap_staged(unify, new, &old, false) :
			unify_swap(unify, fd, new, &old, false);
}

static int hold_kept(struct unify *unify, struct node *kept)
{
	const struct seen *seen = &kept->links->seen;
	struct seen now;
	int result = mark_hold(kept->fd, (uint32_t)kept->names, unify->module);

	if (result != 0)
		return result < 0 ? failed(unify, kept->links->path) : result + 2;
	if (unify_see_open(kept->fd, &now) == 0 && now.nlink == seen->nlink &&
	    unify_same_traits(&now, seen)) {
		kept->held = true;
		return 0;
	}

	return mark_take_back(kept->fd, (uint32_t)kept->names) < 0 ?
	       failed(unify, kept->links->path) : 1;
}

static const enum left held_back[] = {
	[1] = LEFT_CHANGED, [2] = LEFT_MODULE, [3] = LEFT_IN_USE, [4] = LEFT_ROOM,
	[5] = LEFT_IMMUTABLE,
};

int unify_node_hold(struct unify *unify, struct node *kept)
{
	bool immutable = kept->links->seen.immutable;
	int result = unify_node_open(unify, kept);

	if (result == 0 && immutable)
		result = !kept->links->marked ? 5 : unify->module || unify->dry ? 0 : 2;
	if (result == 0 && !immutable && !unify->dry)
		result = hold_kept(unify, kept);
	else if (result == 0)
		result = mark_lease(kept->fd) * 3;
	if (result < 0)
		return failed(unify, kept->links->path);
	if (result > 0)
		leave_node(unify, kept, held_back[result]);

	return result > 0;
}

static bool may_be_same(const struct unify *unify, const struct node *kept,
			const struct node *other)
{
	return !other->done && other != kept &&
	       unify_same_traits(&other->links->seen, &kept->links->seen) &&
	       !hints_differ(unify->hints, kept->links->path, kept->links->tree,
			     other->links->tree);
}

/* All names of a group, or none: who has some of them only is not whole any more. */
static bool has_room(const struct node *kept, const struct node *other)
{
	struct seen now;

	return unify_see_open(kept->fd, &now) == 0 && now.nlink + other->total <= LINKS_MAX;
}

static int replace(struct unify *unify, struct node *kept, struct node *other)
{
	if (!has_room(kept, other))
		return 0;
	for (size_t i = 0; i < other->total; i++) {
		int result = unify->dry ? 0 :
			     unify_node_name(unify, other, &other->links[i], kept->fd,
					     &kept->links->seen, false);

		if (result < 0 && errno == EMLINK && i == 0)
			return 0;
		if (result > 0 && unify_swap_left(result) == LEFT_BOUND && i == 0) {
			leave_node(unify, other, LEFT_BOUND);
			return 0;
		}
		if (result < 0)
			return failed(unify, other->links[i].path);
		if (result == 0) {
			unify->linked.files++;
			unify->linked.bytes += other->links->seen.size;
		} else {
			unify_leave(unify, unify_swap_left(result), &other->links->seen);
		}
	}
	kept->linked = true;
	other->done = true;
	if (other->total >= other->links->seen.nlink) {
		unify->saved.files++;
		unify->saved.bytes += other->links->seen.size;
	}

	return 0;
}

int unify_node_try(struct unify *unify, struct node *kept, struct node *other)
{
	enum left why = LEFT_CONTENT;
	int result = unify_node_open(unify, other);

	if (result == 0 && other->links->seen.immutable)
		result = !other->links->marked ? 5 : unify->module || unify->dry ? 0 : 2;
	else if (result == 0)
		result = mark_lease(other->fd) || mark_locked(other->fd) ? 3 : 0;
	if (result > 0)
		leave_node(unify, other, held_back[result]);
	if (result == 0) {
		result = unify_same_inside(unify, kept->fd, other->fd, kept->links->seen.size,
					   &why);
		if (result < 0)
			failed(unify, other->links->path);
		else if (result > 0)
			result = replace(unify, kept, other);
	}

	unify_node_close(other);
	return result < 0 ? -1 : 0;
}

/* It is shared: that it is marked is so already with the module. */
static int settle_kept(struct unify *unify, struct node *kept)
{
	bool shared = kept->linked || kept->total > kept->names;
	int result = 0;

	if (unify->dry || kept->links->seen.immutable)
		return 0;
	if (shared && !unify->module)
		result = mark_set(kept->fd, (uint32_t)kept->names);
	else if (!shared && kept->held)
		result = mark_take_back(kept->fd, (uint32_t)kept->names) < 0 ? -1 : 0;
	if (result > 0)
		errno = ETXTBSY;
	return result ? failed(unify, kept->links->path) : 0;
}

static int keep_one(struct unify *unify, struct node *kept, struct node *nodes, size_t count)
{
	bool shared = kept->total > kept->names && !kept->links->marked;
	size_t others = 0;
	int result;

	for (size_t i = 0; i < count; i++)
		others += may_be_same(unify, kept, &nodes[i]);
	if (!others && !shared) {
		if (kept->total > kept->names)
			kept->done = true;
		else
			leave_node(unify, kept, LEFT_TRAITS);
		return 0;
	}

	result = unify_node_hold(unify, kept);
	kept->done = true;
	for (size_t i = 0; i < count && result == 0; i++) {
		if (may_be_same(unify, kept, &nodes[i]))
			result = unify_node_try(unify, kept, &nodes[i]);
	}
	if (kept->fd >= 0 && result <= 0 && settle_kept(unify, kept) < 0)
		result = -1;
	unify_node_close(kept);
	return result < 0 ? -1 : 0;
}

/* Those that have the same names, one after the other; one that is marked already comes first. */
static int unify_nodes(struct unify *unify, struct node *nodes, size_t count)
{
	int result = 0;

	while (result == 0) {
		struct node *kept = NULL;

		for (size_t i = 0; i < count; i++) {
			if (!nodes[i].done && (!kept || (nodes[i].links->marked &&
							 !kept->links->marked)))
				kept = &nodes[i];
		}
		if (!kept)
			break;
		result = keep_one(unify, kept, nodes, count);
	}

	return result;
}

int unify_nodes_make(struct unify *unify, struct node **nodes, size_t *count)
{
	struct links *links = unify->links;
	size_t done = 0;

	*nodes = NULL;
	*count = 0;
	if (!links)
		return 0;
	qsort(links->all, links->count, sizeof(*links->all), compare_links);
	links->nodes = calloc(links->count, sizeof(*links->nodes));
	if (!links->nodes)
		return failed(unify, "");
	while (done < links->count) {
		struct node *node = &links->nodes[links->node_count++];

		*node = node_at(links->all + done, links->count - done);
		done += node->total;
	}

	*nodes = links->nodes;
	*count = links->node_count;
	return 0;
}

/* What was remembered for a repair alone. */
static bool is_lone(const struct node *node)
{
	return node->links->seen.nlink == 1 && !node->links->seen.immutable;
}

int unify_links(struct unify *unify)
{
	struct node *nodes;
	size_t count, whole = 0;
	int result = unify_nodes_make(unify, &nodes, &count);

	if (result < 0 || count == 0)
		return result;
	if (unify_repair(unify, nodes, count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (nodes[i].done || is_lone(&nodes[i]))
			continue;
		if (nodes[i].whole)
			nodes[whole++] = nodes[i];
		else
			unify_leave(unify, LEFT_LINKS, &nodes[i].links->seen);
	}
	qsort(nodes, whole, sizeof(*nodes), compare_nodes);

	for (size_t i = 0, end; i < whole && result == 0; i = end) {
		if (run_interrupted())
			return trouble_system(&unify->trouble, "", EINTR);
		for (end = i + 1; end < whole && same_paths(&nodes[i], &nodes[end]); end++)
			;
		result = unify_nodes(unify, nodes + i, end - i);
	}

	return result;
}

void unify_links_free(struct unify *unify)
{
	struct links *links = unify->links;

	for (size_t i = 0; links && i < links->count; i++)
		free(links->all[i].path);
	if (links) {
		free(links->all);
		free(links->nodes);
	}
	free(links);
	unify->links = NULL;
}
