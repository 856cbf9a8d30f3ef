// SPDX-License-Identifier: GPL-2.0-only
/* The vservers that directories are in which are given by their paths. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "below.h"
#include "cleanup.h"
#include "stage.h"
#include "unify.h"

/* What a directory is called; NULL with errno set on failure. */
static char *name_of(int directory)
{
	auto_free char *path = below_path(directory);
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path ? strdup(slash ? slash + 1 : path) : NULL;
}

static bool is_locked(const struct unify *unify, const char *name)
{
	for (unsigned int i = 0; i < unify->count; i++) {
		const struct vctl_vserver *vs = unify->trees[i].vs;

		if (vs && strcmp(vctl_vserver_name(vs), name) == 0)
			return true;
	}
	for (unsigned int i = 0; i < unify->owner_count; i++) {
		if (strcmp(vctl_vserver_name(unify->owners[i]), name) == 0)
			return true;
	}

	return false;
}

static int lock(struct unify *unify, const char *name)
{
	struct vctl_vserver **more = reallocarray(unify->owners, unify->owner_count + 1,
						  sizeof(*more));
	struct vctl_vserver *vs;
	int result;

	if (!more)
		return trouble_system(&unify->trouble, "", ENOMEM);
	unify->owners = more;
	result = vctl_vserver_open(name, &vs, NULL);
	/* No vserver can have that name. */
	if (result == -EINVAL)
		return 0;
	if (result < 0)
		return trouble_system(&unify->trouble, "", -result);

	unify->owners[unify->owner_count++] = vs;
	return stage_lock(vs, &unify->trouble);
}

int unify_owner_lock(struct unify *unify, struct unify_tree *tree)
{
	auto_free char *name = NULL;
	auto_fd int root = -1;

	tree->inside = true;
	if (tree->vs)
		return 0;
	if (below_tree_of(tree->fd, &root) < 0)
		return trouble_system(&unify->trouble, tree->name, errno);
	tree->inside = root >= 0;
	if (!tree->inside || unify->dry)
		return 0;
	name = name_of(root);
	if (!name)
		return trouble_system(&unify->trouble, tree->name, errno);

	return is_locked(unify, name) ? 0 : lock(unify, name);
}

void unify_owners_free(struct unify *unify)
{
	for (unsigned int i = 0; i < unify->owner_count; i++)
		vctl_vserver_close(unify->owners[i]);
	free(unify->owners);
}
