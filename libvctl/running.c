// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which contexts are those of vservers: all that is written down, read in one go. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "error.h"
#include "vserver.h"

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#define auto_dir __attribute__((cleanup(close_directory)))

/* 0 too if there is nothing to add: none of ours, gone meanwhile, without a context. */
static int add(int dir, const char *name, struct vctl_vserver_context **all, size_t *count)
{
	auto_state struct state state = STATE_NONE;
	struct vctl_vserver_context *more;

	if (!vs_name_is_good(name) || state_read(dir, name, &state, NULL) < 0 ||
	    state.context == VCONTEXT_ID_ANY)
		return 0;
	more = reallocarray(*all, *count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;

	*all = more;
	more += *count;
	more->context = state.context;
	more->created = state.created;
	strcpy(more->name, name);
	++*count;
	return 0;
}

int vs_contexts(int dir, struct vctl_vserver_context **all, size_t *count, struct vctl_error **err)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	auto_dir DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int result = 0;

	*all = NULL;
	*count = 0;
	if (!directory) {
		result = -errno;
		if (copy >= 0)
			close(copy);
	}
	while (result == 0 && (errno = 0, entry = readdir(directory)))
		result = add(dir, entry->d_name, all, count);
	if (result == 0)
		result = -errno;
	if (result == 0)
		return 0;

	free(*all);
	*all = NULL;
	*count = 0;
	return vctl_error_set(err, VCTL_SYSTEM, -result, VCTL_STATE_DIR, NULL, NULL);
}

int vctl_vserver_contexts(struct vctl_vserver_context **all, size_t *count,
			  struct vctl_error **err)
{
	auto_fd int dir = state_dir(false, err);

	*all = NULL;
	*count = 0;
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;

	return vs_contexts(dir, all, count, err);
}
