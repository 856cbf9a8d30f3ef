// SPDX-License-Identifier: GPL-2.0-only
/* The directory in which files wait for their names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "below.h"
#include "cleanup.h"
#include "mark.h"
#include "message.h"
#include "run.h"
#include "unify.h"
#include "unify_record.h"

#define STAGE ".vunify"
/* Who was killed is gone soon; who isn't may take long. */
#define LOCK_TRIES 60
#define LOCK_WAIT_US 50000

static bool is_there(const struct unify *unify, const struct unify_tree *tree, int parent)
{
	struct statx stat;

	return statx(parent, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &stat) == 0 &&
	       stat.stx_dev_major == unify->device_major &&
	       stat.stx_dev_minor == unify->device_minor && stat.stx_mnt_id == unify->mount &&
	       stat.stx_ino != tree->seen.ino;
}

/* Where it is, for messages. */
static char *path_of(int parent)
{
	char by_number[32], path[PATH_MAX];
	ssize_t length;
	char *stage;

	snprintf(by_number, sizeof(by_number), "/proc/self/fd/%d", parent);
	length = readlink(by_number, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	return asprintf(&stage, "%s/" STAGE, strcmp(path, "/") == 0 ? "" : path) < 0 ? NULL : stage;
}

/*
 * The directory that a tree is in, if files get from there to the tree.  What vservers' roots can
 * reach is not trusted: one could put there what another one is to get.
 */
static int open_beside(struct unify *unify, const struct unify_tree *tree)
{
	int parent = tree->inside ? open(VCTL_TREE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
				    openat(tree->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0 || is_there(unify, tree, parent))
		return parent;

	close(parent);
	return -1;
}

/* Nobody but root passes it, or it isn't ours. */
static int open_ours(int parent)
{
	struct stat stat;
	int fd;

	if (mkdirat(parent, STAGE, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = openat(parent, STAGE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &stat) == 0 && stat.st_uid == 0 && !(stat.st_mode & 077))
		return fd;

	if (fd >= 0) {
		close(fd);
		errno = EEXIST;
	}
	return -1;
}

/* Whoever had it before may have removed it when done. */
static bool is_still_there(int parent, int fd)
{
	struct stat named, open;

	return fstat(fd, &open) == 0 && fstatat(parent, STAGE, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

static int open_locked(int parent)
{
	int fd = -1;

	for (int i = 0; i < LOCK_TRIES && !run_interrupted(); i++) {
		fd = open_ours(parent);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still_there(parent, fd))
			return fd;
		close(fd);
		usleep(LOCK_WAIT_US);
	}

	errno = run_interrupted() ? EINTR : EBUSY;
	return -1;
}

/* All but what is not ours. */
static int drop(int directory, const char *name, void *data)
{
	struct unify *unify = data;
	auto_free char *what = NULL;

	/* These two tell what they are themselves. */
	if (strcmp(name, RECORD) == 0 || strcmp(name, STAGED) == 0)
		return 0;
	if (strncmp(name, SAVED, strlen(SAVED)) != 0) {
		if (mark_unlink(directory, name) == 0)
			return 0;
		if (errno != EISDIR)
			return -1;
	}

	unify->incomplete = true;
	if (asprintf(&what, "%s/%s", unify->stage_path, name) < 0)
		what = NULL;
	message_error(what ? what : name, "it came out of a tree when another unify was killed",
		      "put it back, or remove it");
	return 0;
}

static int complain(struct unify *unify, int number)
{
	if (number == EBUSY)
		return trouble_set(&unify->trouble, unify->stage_path,
				   "another unify is under way", "wait until that is done");
	if (number == EOPNOTSUPP || number == ENOTTY || number == EINVAL)
		return trouble_set(&unify->trouble, unify->stage_path,
				   "the file system has no attributes of files, or no leases",
				   "ext4, xfs, btrfs and tmpfs (since Linux 6.6) have them");
	if (number == EPERM)
		return trouble_set(&unify->trouble, unify->stage_path,
				   "no file can be made immutable here",
				   "run it as root of context 0, with CAP_LINUX_IMMUTABLE");

	return trouble_system(&unify->trouble, unify->stage_path, number);
}

static int open_stage(struct unify *unify, int parent)
{
	int marks;

	unify->stage = open_locked(parent);
	if (unify->stage < 0 || below_each(unify->stage, ".", drop, unify) < 0 ||
	    unify_record_open(unify) < 0)
		return complain(unify, errno);
	marks = mark_probe(unify->stage);
	if (marks < 0)
		return complain(unify, errno);

	unify->module = marks > 1;
	/* What gets other names has to be on disk before these are: an exchange doesn't see to it. */
	return unify->undo || syncfs(unify->stage) == 0 ? 0 : complain(unify, errno);
}

int unify_stage_open(struct unify *unify)
{
	for (unsigned int i = 0; i < unify->count && unify->beside < 0; i++)
		unify->beside = open_beside(unify, &unify->trees[i]);
	if (unify->beside < 0 && unify->trees[0].inside)
		return trouble_set(&unify->trouble, unify->trees[0].name,
				   "its file system has no place that root inside can't reach",
				   "have vservers that share files on that of " VCTL_TREE_DIR);
	if (unify->beside < 0)
		return trouble_set(&unify->trouble, unify->trees[0].name,
				   "it is the root of its file system",
				   "give directories of one file system, which are below its root");
	unify->stage_path = path_of(unify->beside);
	if (!unify->stage_path)
		return trouble_system(&unify->trouble, "", ENOMEM);

	return open_stage(unify, unify->beside);
}

void unify_stage_close(struct unify *unify)
{
	if (unify->stage >= 0) {
		unify_record_close(unify);
		unlinkat(unify->beside, STAGE, AT_REMOVEDIR);
		close(unify->stage);
	}
	if (unify->beside >= 0)
		close(unify->beside);
	free(unify->stage_path);
}
