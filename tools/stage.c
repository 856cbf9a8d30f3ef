// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "mark.h"
#include "run.h"
#include "stage.h"
#include "below.h"

/* Who was killed is gone soon, and with it the lock. */
#define LOCK_TRIES 60
#define LOCK_WAIT_US 50000

static int open_directory(const char *path, bool make, mode_t mode, bool *made)
{
	int fd;

	if (make && mkdir(path, mode) == 0)
		*made = true;
	else if (make && errno != EEXIST)
		return -1;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Whatever the mask is. */
	if (fd >= 0 && *made)
		fchmod(fd, mode);
	return fd;
}

static int keep_others_out(int trees)
{
	struct stat stat;

	if (fstat(trees, &stat) < 0)
		return -1;
	if (stat.st_uid != 0 && fchown(trees, 0, 0) < 0)
		return -1;

	return (stat.st_mode & 07777) == 0700 ? 0 : fchmod(trees, 0700);
}

static int make_names(struct stage *stage, const char *name, const char *what)
{
	if (asprintf(&stage->name, ".%s.%s", name, what) < 0)
		stage->name = NULL;
	if (asprintf(&stage->new_conf, ".%s.conf.new", name) < 0)
		stage->new_conf = NULL;
	if (asprintf(&stage->final_conf, "%s.conf", name) < 0)
		stage->final_conf = NULL;

	return stage->name && stage->new_conf && stage->final_conf ? 0 : -1;
}

int stage_open(struct stage *stage, struct vctl_vserver *vs, const char *what, bool make,
	       struct trouble *trouble)
{
	if (make_names(stage, vctl_vserver_name(vs), what) < 0)
		return trouble_system(trouble, "", ENOMEM);

	mark_begin();
	stage->conf = open_directory(VCTL_CONF_DIR, make, 0755, &stage->made_conf);
	if (stage->conf < 0 && (make || errno != ENOENT))
		return trouble_system(trouble, VCTL_CONF_DIR, errno);
	stage->trees = open_directory(VCTL_TREE_DIR, make, 0700, &stage->made_trees);
	if (stage->trees < 0 && !make && errno == ENOENT)
		return 1;
	if (stage->trees < 0 || (make && keep_others_out(stage->trees) < 0))
		return trouble_system(trouble, VCTL_TREE_DIR, errno);

	return 0;
}

int stage_lock(struct vctl_vserver *vs, struct trouble *trouble)
{
	vctl_auto_error struct vctl_error *err = NULL;

	for (int i = 0; i < LOCK_TRIES; i++) {
		vctl_error_free(err);
		err = NULL;
		if (vctl_vserver_lock(vs, false, &err) == 0)
			return 0;
		if (vctl_error_code(err) != VCTL_BUSY || run_interrupted())
			break;
		usleep(LOCK_WAIT_US);
	}

	/* The command may have locked others, too. */
	return trouble_set(trouble, vctl_error_code(err) == VCTL_BUSY ? vctl_error_what(err) : "",
			   vctl_error_why(err), vctl_error_advice(err));
}

static int open_stage(struct stage *stage)
{
	stage->directory = openat(stage->trees, stage->name,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return stage->directory < 0 ? -1 : 0;
}

/*
 * A configuration gets its name just before the tree does, and its first name is removed after
 * that: one that has both, and no tree, is of a build that ended between.
 */
static int clear_conf(struct stage *stage, struct vctl_vserver *vs)
{
	struct stat new, final;

	if (stage->conf < 0 ||
	    fstatat(stage->conf, stage->new_conf, &new, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (fstatat(stage->conf, stage->final_conf, &final, AT_SYMLINK_NOFOLLOW) == 0 &&
	    final.st_ino == new.st_ino && final.st_dev == new.st_dev &&
	    (stage->trees < 0 || faccessat(stage->trees, vctl_vserver_name(vs), F_OK,
					   AT_SYMLINK_NOFOLLOW) < 0) &&
	    unlinkat(stage->conf, stage->final_conf, 0) < 0)
		return -1;

	return unlinkat(stage->conf, stage->new_conf, 0) < 0 ? -1 : 1;
}

static int clear_one(struct stage *stage, struct vctl_vserver *vs, const char *what,
		     struct progress *progress, struct trouble *trouble)
{
	struct stage left = { .trees = stage->trees, .conf = -1, .directory = -1 };
	auto_free char *path = NULL;
	int number;

	if (make_names(&left, vctl_vserver_name(vs), what) < 0 ||
	    asprintf(&path, VCTL_TREE_DIR "/%s", left.name) < 0) {
		path = NULL;
		left.trees = -1;
		stage_close(&left);
		return trouble_system(trouble, "", ENOMEM);
	}

	if (open_stage(&left) < 0) {
		number = errno;
	} else {
		number = stage_remove(&left, progress) < 0 ? errno : 0;
		if (number == 0)
			number = -1;
	}
	left.trees = -1;
	stage_close(&left);
	if (number == ENOENT)
		return 0;

	return number < 0 ? 1 : trouble_system(trouble, path, number);
}

int stage_clear(struct stage *stage, struct vctl_vserver *vs, struct progress *progress,
		struct trouble *trouble)
{
	int conf = clear_conf(stage, vs);
	int building = 0, deleting = 0;

	if (conf < 0)
		return trouble_system(trouble, VCTL_CONF_DIR, errno);
	if (stage->trees >= 0) {
		building = clear_one(stage, vs, STAGE_BUILDING, progress, trouble);
		deleting = building < 0 ? 0 :
			   clear_one(stage, vs, STAGE_DELETING, progress, trouble);
	}
	if (building < 0 || deleting < 0)
		return -1;

	return conf + building + deleting;
}

int stage_make(struct stage *stage, struct trouble *trouble)
{
	if (mkdirat(stage->trees, stage->name, 0700) < 0 || open_stage(stage) < 0)
		return trouble_system(trouble, VCTL_TREE_DIR, errno);

	return 0;
}

int stage_remove(struct stage *stage, struct progress *progress)
{
	if (below_remove(stage->directory, STAGE_TREE, true, progress) < 0)
		return -1;
	if (below_remove(stage->trees, stage->name, false, NULL) < 0)
		return -1;
	close(stage->directory);
	stage->directory = -1;
	return 0;
}

void stage_close(struct stage *stage)
{
	if (stage->directory >= 0)
		close(stage->directory);
	if (stage->conf >= 0)
		close(stage->conf);
	if (stage->trees >= 0)
		close(stage->trees);
	if (stage->made_conf)
		rmdir(VCTL_CONF_DIR);
	if (stage->made_trees)
		rmdir(VCTL_TREE_DIR);
	free(stage->name);
	free(stage->new_conf);
	free(stage->final_conf);
}
