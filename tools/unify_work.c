// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process that does it.  Whoever runs the command can be killed at any moment; this one hears of
 * that, and ends what it has begun, which is soon.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "below.h"
#include "cleanup.h"
#include "closer.h"
#include "hints.h"
#include "mark.h"
#include "message.h"
#include "policy_rpm.h"
#include "run.h"
#include "stage.h"
#include "unify.h"

/* Each level of each tree has a descriptor open. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int open_tree(struct unify *unify, struct unify_tree *tree)
{
	const char *path = tree->vs ? vctl_vserver_tree(tree->vs) : tree->name;

	tree->fd = tree->vs ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) :
			      below_open_path(path, O_RDONLY | O_DIRECTORY);
	if (tree->fd < 0 && tree->vs && errno == ENOENT)
		return trouble_set(&unify->trouble, tree->name, "there is no such vserver",
				   "vserver list shows those that are there");
	if (tree->fd < 0 || unify_see_open(tree->fd, &tree->seen) < 0)
		return trouble_system(&unify->trouble, tree->name, errno);

	return 0;
}

/* Links go neither from one file system to another, nor to another mount of the same one. */
static int compare_devices(struct unify *unify)
{
	for (unsigned int i = 0; i < unify->count; i++) {
		struct unify_tree *tree = &unify->trees[i];
		struct statx stat;

		if (statx(tree->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &stat) < 0)
			return trouble_system(&unify->trouble, tree->name, errno);
		if (i == 0) {
			unify->device_major = stat.stx_dev_major;
			unify->device_minor = stat.stx_dev_minor;
			unify->mount = stat.stx_mnt_id;
		}
		if (stat.stx_dev_major != unify->device_major ||
		    stat.stx_dev_minor != unify->device_minor || stat.stx_mnt_id != unify->mount)
			return trouble_setf(&unify->trouble, tree->name,
					    "files can be shared on one file system alone",
					    "it is on another file system than %s, or mounted "
					    "elsewhere", unify->trees[0].name);
	}

	return 0;
}

static bool is_below(int outer, int inner)
{
	auto_fd int fd = dup(inner);
	struct stat top, stat;

	if (fd < 0 || fstat(outer, &top) < 0)
		return false;
	for (ino_t last = 0; fstat(fd, &stat) == 0 && stat.st_ino != last; last = stat.st_ino) {
		int up;

		if (stat.st_ino == top.st_ino && stat.st_dev == top.st_dev)
			return true;
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			break;
		close(fd);
		fd = up;
	}

	return false;
}

static int see_that_they_are_apart(struct unify *unify)
{
	for (unsigned int i = 0; i < unify->count; i++) {
		for (unsigned int j = 0; j < unify->count; j++) {
			if (i == j || !is_below(unify->trees[i].fd, unify->trees[j].fd))
				continue;
			return trouble_setf(&unify->trouble, unify->trees[j].name, NULL,
					    "it is the same as %s, or in it",
					    unify->trees[i].name);
		}
	}

	return 0;
}

static int open_trees(struct unify *unify)
{
	int flags;

	for (unsigned int i = 0; i < unify->count; i++) {
		struct unify_tree *tree = &unify->trees[i];

		if (tree->vs && !unify->dry && stage_lock(tree->vs, &unify->trouble) < 0)
			return -1;
		if (open_tree(unify, tree) < 0)
			return -1;
	}
	if (compare_devices(unify) < 0 || see_that_they_are_apart(unify) < 0)
		return -1;
	for (unsigned int i = 0; i < unify->count; i++) {
		if (unify_owner_lock(unify, &unify->trees[i]) < 0)
			return -1;
	}
	if (ioctl(unify->trees[0].fd, FS_IOC_GETFLAGS, &flags) < 0)
		return trouble_set(&unify->trouble, unify->trees[0].name,
				   "the file system has no attributes of files",
				   "ext4, xfs, btrfs and tmpfs (since Linux 6.6) have them");

	return 0;
}

/* The others needn't wait for it; -1: there are no others. */
static int leave_tree_out(struct unify *unify, unsigned int which)
{
	struct unify_tree out = unify->trees[which];

	if (unify->count <= 2 || run_interrupted())
		return -1;

	trouble_tell(&unify->trouble, unify->self->name, "this tree is left out");
	unify->incomplete = true;
	unify->count--;
	memmove(unify->trees + which, unify->trees + which + 1,
		(unify->count - which) * sizeof(out));
	close(out.fd);
	vctl_vserver_close(out.vs);
	free((char *)out.name);
	return 0;
}

static int read_tree(struct unify *unify, const struct unify_tree *tree)
{
	if (policy_add(&unify->policy, tree->fd, tree->name, &unify->trouble) < 0)
		return -1;

	return policy_add_rpm(&unify->policy, tree->fd, tree->name, &unify->trouble);
}

static int read_packages(struct unify *unify)
{
	auto_free int *roots = calloc(unify->count, sizeof(*roots));

	if (!roots)
		return trouble_system(&unify->trouble, "", ENOMEM);
	for (unsigned int i = 0; i < unify->count; ) {
		roots[i] = unify->trees[i].fd;
		if (read_tree(unify, &unify->trees[i]) == 0)
			i++;
		else if (leave_tree_out(unify, i) < 0)
			return -1;
	}
	if (hints_read(&unify->hints, roots, unify->count) < 0)
		return trouble_system(&unify->trouble, "", errno);

	return 0;
}

static int begin(struct unify *unify)
{
	if (open_trees(unify) < 0 || (!unify->dry && unify_stage_open(unify) < 0))
		return -1;

	unify->members = calloc(unify->count, sizeof(*unify->members));
	unify->one = malloc(UNIFY_BUFFER);
	unify->other = malloc(UNIFY_BUFFER);
	if (!unify->members || !unify->one || !unify->other)
		return trouble_system(&unify->trouble, "", ENOMEM);

	return unify->undo ? 0 : read_packages(unify);
}

static void end(struct unify *unify)
{
	closer_end(unify->closer);
	unify_stage_close(unify);
	unify_links_free(unify);
	unify_loose_free(unify);
	hints_free(unify->hints);
	policy_free(&unify->policy);
	free(unify->members);
	free(unify->one);
	free(unify->other);
	trouble_forget(&unify->trouble);
}

static enum status work(struct unify *unify)
{
	int result;

	allow_descriptors();
	mark_begin();
	unify->closer = unify->dry || unify->undo ? NULL : closer_start();
	progress_start(&unify->progress, unify->undo ? "copying" : "comparing");
	result = begin(unify);
	if (result == 0)
		result = unify->undo ? unify_undo(unify) : unify_walk(unify);
	if (result == 0 && !unify->undo)
		result = unify_links(unify);
	if (result == 0 && !unify->undo)
		result = unify_loose(unify);
	progress_end(&unify->progress);

	if (result == 0)
		unify_report(unify);
	else
		trouble_tell(&unify->trouble, unify->self->name,
			     unify->linked.files || unify->copied.files ?
			     "what was done until then stays; the same command goes on" : NULL);
	end(unify);
	return result == 0 && !unify->incomplete ? STATUS_DONE : STATUS_FAILED;
}

/* Signals of the terminal go to the parent, which passes them on. */
static int become_worker(pid_t parent)
{
	setsid();
	/* By its name nobody means it who means the command. */
	prctl(PR_SET_NAME, "unify-work");
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		return -1;

	return getppid() == parent ? 0 : -1;
}

static enum status wait_for(pid_t child)
{
	bool told = false;
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return message_system("unify", NULL);
		if (run_interrupted() && !told)
			kill(child, SIGTERM);
		told = run_interrupted();
	}
	if (WIFEXITED(status))
		return (enum status)WEXITSTATUS(status);

	message_error("unify", "the process that did it was killed",
		      "nothing is lost; the same command goes on");
	return STATUS_FAILED;
}

enum status unify_work(struct unify *unify)
{
	pid_t parent = getpid();
	pid_t child;

	run_catch_signals();
	fflush(NULL);
	child = fork();
	if (child < 0)
		return message_system("unify", NULL);
	if (child > 0)
		return wait_for(child);

	return become_worker(parent) < 0 ? STATUS_FAILED : work(unify);
}
