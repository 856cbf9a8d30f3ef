// SPDX-License-Identifier: GPL-2.0-only
/* What is in no vserver's tree: device nodes, and sockets of services that ran somewhere else. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "run.h"
#include "below.h"

/* As in copies of trees. */
#define DEPTH_MAX 200

struct scrub {
	struct build *build;
	int depth;
};

static int scrub_name(int directory, const char *name, void *data)
{
	struct scrub *scrub = data;
	struct stat stat;
	int result;

	if (run_interrupted()) {
		errno = EINTR;
		return -1;
	}
	if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISBLK(stat.st_mode) || S_ISCHR(stat.st_mode) || S_ISSOCK(stat.st_mode))
		return unlinkat(directory, name, 0);

	scrub->build->files++;
	scrub->build->progress.files++;
	progress_tick(&scrub->build->progress);
	if (S_ISREG(stat.st_mode))
		scrub->build->bytes += (uint64_t)stat.st_size;
	if (!S_ISDIR(stat.st_mode))
		return 0;

	if (++scrub->depth > DEPTH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	result = below_each(directory, name, scrub_name, scrub);
	scrub->depth--;
	return result;
}

int build_scrub(struct build *build)
{
	struct scrub scrub = { .build = build };

	progress_start(&build->progress, "looking for device nodes");
	if (below_each(build->tree, "", scrub_name, &scrub) < 0)
		return trouble_system(&build->trouble, errno == EINTR ? "" : VCTL_TREE_DIR, errno);

	return 0;
}
