// SPDX-License-Identifier: GPL-2.0-only
/*
 * All trees at once, directory by directory: files are compared with those of the same path alone,
 * so that nothing need be remembered of those that have been.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hints.h"
#include "message.h"
#include "run.h"
#include "unify.h"

#define DEPTH_MAX 100
#define WANTED (STATX_BASIC_STATS)

static void take_statx(const struct statx *stat, struct seen *seen)
{
	*seen = (struct seen){
		.ino = stat->stx_ino,
		.size = stat->stx_size,
		.blocks = stat->stx_blocks,
		.mode = stat->stx_mode,
		.uid = stat->stx_uid,
		.gid = stat->stx_gid,
		.nlink = stat->stx_nlink,
		.mtime = { .tv_sec = stat->stx_mtime.tv_sec, .tv_nsec = stat->stx_mtime.tv_nsec },
		.ctime = { .tv_sec = stat->stx_ctime.tv_sec, .tv_nsec = stat->stx_ctime.tv_nsec },
		.immutable = stat->stx_attributes & STATX_ATTR_IMMUTABLE,
		.mounted = stat->stx_attributes & STATX_ATTR_MOUNT_ROOT,
	};
}

int unify_see(int directory, const char *name, struct seen *seen)
{
	struct statx stat;

	if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, WANTED, &stat) < 0)
		return -1;

	take_statx(&stat, seen);
	return 0;
}

int unify_see_open(int fd, struct seen *seen)
{
	struct statx stat;

	if (statx(fd, "", AT_EMPTY_PATH, WANTED, &stat) < 0)
		return -1;

	take_statx(&stat, seen);
	return 0;
}

void unify_leave(struct unify *unify, enum left why, const struct seen *seen)
{
	unify->left[why].files++;
	unify->left[why].bytes += seen->size;
}

bool unify_take_room(struct unify *unify, unsigned int tree, uint64_t *left, uint64_t bytes)
{
	if (bytes <= *left) {
		*left -= bytes;
		return true;
	}
	if (unify->trees[tree].too_much)
		return false;

	unify->trees[tree].too_much = true;
	unify->incomplete = true;
	progress_end(&unify->progress);
	message_error(unify->trees[tree].name, "it has more names of files than can be remembered",
		      "some of its files are left alone");
	return false;
}

static int failed(struct unify *unify)
{
	int number = errno;
	bool disk = number == ENOSPC || number == EDQUOT || number == EROFS || number == ENOMEM;

	return trouble_system(&unify->trouble, disk || number == EINTR ? "" : unify->path, number);
}

/* Enters the name into the path; returns what unify_leave_name() needs. */
static size_t enter_name(struct unify *unify, const char *name)
{
	size_t before = unify->length;
	size_t length = strlen(name);

	if (before + 1 + length >= sizeof(unify->path))
		return SIZE_MAX;
	if (before)
		unify->path[unify->length++] = '/';
	memcpy(unify->path + unify->length, name, length + 1);
	unify->length += length;
	return before;
}

static void leave_name(struct unify *unify, size_t before)
{
	unify->length = before;
	unify->path[before] = '\0';
}

/* Which of the names are regular files, seen; those of one file are looked at once. */
static unsigned int see_members(struct unify *unify, const struct level *level,
				const struct name *names, size_t count)
{
	struct member *members = unify->members;
	unsigned int found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct name *name = &names[i];
		struct member *member = &members[found];

		if (name->type == DT_DIR || (found && members[found - 1].tree == name->which))
			continue;
		*member = (struct member){
			.tree = name->which,
			.directory = level->fds[name->which],
			.name = name->text,
			.fd = -1,
		};
		if (found && members[found - 1].seen.ino == name->ino)
			member->seen = members[found - 1].seen;
		else if (unify_see(member->directory, name->text, &member->seen) < 0)
			continue;
		if (S_ISREG(member->seen.mode) && !member->seen.mounted)
			found++;
	}

	return found;
}

static bool all_one(const struct member *members, unsigned int count)
{
	for (unsigned int i = 1; i < count; i++) {
		if (members[i].seen.ino != members[0].seen.ino)
			return false;
	}

	return true;
}

static void leave_all(struct unify *unify, enum left why, const struct member *members,
		      unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		unify_leave(unify, why, &members[i].seen);
}

static const enum left left_by[] = {
	[VERDICT_DATA] = LEFT_DATA,
	[VERDICT_CONFFILE] = LEFT_CONFFILE,
	[VERDICT_EXCLUDED] = LEFT_EXCLUDED,
};

/* Returns the number of the others. */
static unsigned int leave_setuid(struct unify *unify, struct member *members, unsigned int count)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (policy_shares_mode(members[i].seen.mode))
			members[kept++] = members[i];
		else
			unify_leave(unify, LEFT_SETUID, &members[i].seen);
	}

	return kept;
}

/* How many names a shared file has; 1: it is left alone. */
static int see_mark(struct unify *unify, struct member *member)
{
	int result = unify_open(unify, member);

	if (result < 0)
		return -1;
	if (result > 0 || !member->names) {
		unify_leave(unify, result > 0 ? LEFT_CHANGED : LEFT_IMMUTABLE, &member->seen);
		result = 1;
	}
	if (member->fd >= 0)
		close(member->fd);
	member->fd = -1;
	return result;
}

/* Files with several names wait until all of them are known; the others' number is returned. */
static int put_links_aside(struct unify *unify, struct member *members, unsigned int count)
{
	unsigned int kept = 0;
	bool grouped = false;

	for (unsigned int i = 0; i < count; i++) {
		struct member *member = &members[i];
		bool aside = member->seen.nlink > 1 && !member->seen.immutable;

		if (!aside && member->seen.immutable && member->seen.nlink > 1) {
			int result = see_mark(unify, member);

			if (result < 0)
				return -1;
			if (result > 0)
				continue;
			aside = member->names != 1;
		}
		if (aside && unify_remember(unify, member) < 0)
			return -1;
		grouped |= aside && member->names > 1;
		if (!aside)
			members[kept++] = *member;
	}

	/* Maybe the last names of groups that have become others' but for these. */
	for (unsigned int i = 0; grouped && i < kept; i++) {
		if (members[i].seen.nlink == 1 && !members[i].seen.immutable &&
		    unify_links_add(unify, &members[i]) < 0)
			return -1;
	}

	return (int)kept;
}

/* Shared by all, but maybe not all names of its group are; those may be other trees' just as well. */
static int remember_group(struct unify *unify, struct member *members, unsigned int count)
{
	int result = unify_open(unify, &members[0]);

	for (unsigned int i = 0; i < count && result == 0 && members[0].names > 1; i++) {
		members[i].names = members[0].names;
		result = unify_links_add(unify, &members[i]);
	}

	return result < 0 ? -1 : 0;
}

/* @members: of one path, all to be counted. */
static int judge(struct unify *unify, const struct level *level, struct member *members,
		 unsigned int count)
{
	enum verdict verdict;
	int kept;

	if (unify->undo)
		return unify_undo_member(unify, members);
	verdict = policy_judge(&unify->policy, level->area, unify->path, members[0].name);
	if (unify_loose_see(unify, members, count, verdict == VERDICT_SHARE) < 0)
		return -1;
	if (verdict != VERDICT_SHARE) {
		leave_all(unify, left_by[verdict], members, count);
		return 0;
	}
	count = leave_setuid(unify, members, count);
	if (count == 0)
		return 0;
	if (count == 1) {
		if (members[0].seen.nlink == 1)
			unify_leave(unify, LEFT_ALONE, &members[0].seen);
		return 0;
	}
	if (all_one(members, count) && members[0].seen.immutable) {
		unify->already.files += count;
		unify->already.bytes += count * members[0].seen.size;
		return members[0].seen.nlink > count ? remember_group(unify, members, count) : 0;
	}

	kept = put_links_aside(unify, members, count);
	if (kept < 2)
		return kept < 0 ? -1 : 0;
	return unify_members(unify, members, (unsigned int)kept);
}

/* What the tree has of its own is known once it has been done. */
static void count_members(struct unify *unify, const struct member *members, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct unify_tree *tree = &unify->trees[members[i].tree];

		tree->files++;
		tree->bytes += members[i].seen.size;
		if (members[i].seen.nlink == 1) {
			tree->own_files++;
			tree->own_bytes += members[i].seen.size;
		}
	}
}

static int take_files(struct unify *unify, struct level *level, const struct name *names,
		      size_t count)
{
	unsigned int found = see_members(unify, level, names, count);
	int result;

	if (found == 0)
		return 0;
	if (run_interrupted()) {
		errno = EINTR;
		return failed(unify);
	}
	unify->progress.files += found;
	unify->progress.bytes += unify->members[0].seen.size * found;
	progress_tick(&unify->progress);

	count_members(unify, unify->members, found);
	result = judge(unify, level, unify->members, found);
	for (unsigned int i = 0; i < found; i++) {
		if (unify->members[i].fd >= 0)
			close(unify->members[i].fd);
	}

	return result;
}

static bool is_directory(const struct level *level, const struct name *name)
{
	struct seen seen;

	if (name->type != DT_UNKNOWN)
		return name->type == DT_DIR;
	return unify_see(level->fds[name->which], name->text, &seen) == 0 && S_ISDIR(seen.mode);
}

static int walk_level(struct unify *unify, struct level *level);

/* Never into what is mounted there. */
static int open_directory(struct unify *unify, const struct level *level, struct level *below,
			  const struct name *name)
{
	struct statx stat;
	int fd = openat(level->fds[name->which], name->text,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -1 : 0;
	if (statx(fd, "", AT_EMPTY_PATH, WANTED, &stat) < 0 ||
	    (stat.stx_attributes & STATX_ATTR_MOUNT_ROOT) ||
	    stat.stx_dev_major != unify->device_major ||
	    stat.stx_dev_minor != unify->device_minor) {
		close(fd);
		return 0;
	}

	below->fds[name->which] = fd;
	below->count++;
	below->one = name->which;
	return 0;
}

static int level_make(struct level *level, unsigned int count)
{
	*level = (struct level){
		.fds = calloc(count, sizeof(*level->fds)),
		.listed = calloc(count, sizeof(*level->listed)),
	};
	if (!level->fds || !level->listed) {
		free(level->fds);
		free(level->listed);
		return -1;
	}

	for (unsigned int i = 0; i < count; i++)
		level->fds[i] = -1;
	return 0;
}

static void level_free(struct level *level, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (level->fds[i] >= 0)
			close(level->fds[i]);
	}
	free(level->fds);
	free(level->listed);
}

static int take_directories(struct unify *unify, struct level *level, const struct name *names,
			    size_t count)
{
	struct level below;
	int result = 0;

	if (level_make(&below, unify->count) < 0)
		return failed(unify);
	below.area = policy_enter(&unify->policy, level->area, unify->path, names[0].text);
	for (size_t i = 0; i < count && result == 0; i++) {
		if (is_directory(level, &names[i]) && below.fds[names[i].which] < 0)
			result = open_directory(unify, level, &below, &names[i]);
	}

	if (result < 0)
		failed(unify);
	else if (below.count && ++unify->depth <= DEPTH_MAX)
		result = walk_level(unify, &below);
	else if (below.count)
		unify->left[LEFT_DEEP].files++;
	unify->depth -= below.count > 0;
	level_free(&below, unify->count);
	return result;
}

/* One group of names after the other: what @take does to those of one text. */
static int each_text(struct unify *unify, struct level *level, const struct names *names,
		     int (*take)(struct unify *unify, struct level *level, const struct name *names,
				 size_t count))
{
	size_t count;
	int result = 0;

	for (size_t i = 0; i < names->count && result == 0; i += count) {
		size_t before = enter_name(unify, names->all[i].text);

		count = names_same(names, i);
		if (before == SIZE_MAX) {
			unify->left[LEFT_DEEP].files++;
			continue;
		}
		result = take(unify, level, names->all + i, count);
		if (result == 0)
			leave_name(unify, before);
	}

	return result;
}

/* Only directories are left, in as little room as they need: below them are others. */
static void keep_directories(struct names *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->count; i++) {
		if (names->all[i].type != DT_REG)
			names->all[kept++] = names->all[i];
	}
	names->count = kept;
}

/* Of a tree that has too many those are taken that fit. */
static int list_names(struct unify *unify, struct level *level, struct names *names)
{
	for (unsigned int i = 0; i < unify->count; i++) {
		struct names_room *left = &unify->trees[i].listed_left;
		uint64_t before = left->bytes;
		int result;

		if (level->fds[i] < 0)
			continue;
		result = names_read(names, level->fds[i], i, left);
		level->listed[i] = before - left->bytes;
		if (result < 0)
			return failed(unify);
		if (result > 0)
			unify_take_room(unify, i, &left->bytes, UINT64_MAX);
	}

	return 0;
}

static int walk_level(struct unify *unify, struct level *level)
{
	struct names names = NAMES_NONE;
	int result = list_names(unify, level, &names);

	if (result == 0) {
		names_sort(&names);
		result = each_text(unify, level, &names, take_files);
	}
	if (result == 0) {
		keep_directories(&names);
		result = each_text(unify, level, &names, take_directories);
	}

	for (unsigned int i = 0; i < unify->count; i++)
		unify->trees[i].listed_left.bytes += level->listed[i];
	names_free(&names);
	return result;
}

int unify_walk(struct unify *unify)
{
	struct level level;
	int result = 0;

	if (level_make(&level, unify->count) < 0)
		return failed(unify);
	level.area = AREA_ROOT;
	for (unsigned int i = 0; i < unify->count && result == 0; i++) {
		level.fds[i] = openat(unify->trees[i].fd, ".",
				      O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);
		result = level.fds[i] < 0 ? failed(unify) : 0;
		level.count++;
	}
	if (result == 0)
		result = walk_level(unify, &level);

	level_free(&level, unify->count);
	return result;
}
