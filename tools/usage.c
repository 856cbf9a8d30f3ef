// SPDX-License-Identifier: GPL-2.0-only
/* How much space a tree takes, of which others may be writing every part. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "links.h"
#include "usage.h"

/* Of the levels of directories that we are in, the innermost ones are open. */
#define LEVELS_OPEN 32
/* Far deeper than any path is long: who makes directories ahead of us would never let us end. */
#define DEPTH_MAX 5000

/* A directory that we are in. */
struct level {
	int fd;			/* -1: closed, and to be found again by the ".." of the next one */
	ino_t ino;
	char *names;		/* of directories in it that are yet to be counted, each with its NUL */
	size_t used, room;
};

struct walk {
	struct usage *usage;
	struct progress *progress;
	void (*unread)(void *data, const char *name, int number);
	void *data;
	struct links links;
	dev_t dev;
	struct level *levels;
	size_t depth, room;
};

static int add_name(struct level *level, const char *name)
{
	size_t length = strlen(name) + 1;

	if (level->used + length > level->room) {
		size_t room = level->room ? level->room * 2 : 1024;
		char *names = realloc(level->names, room);

		if (!names)
			return -1;
		level->names = names;
		level->room = room;
	}

	memcpy(level->names + level->used, name, length);
	level->used += length;
	return 0;
}

/* The last name is taken out, and stays where it is until another one is added. */
static const char *take_name(struct level *level)
{
	size_t at;

	if (level->used == 0)
		return NULL;

	for (at = level->used - 1; at > 0 && level->names[at - 1]; at--)
		;
	level->used = at;
	return level->names + at;
}

static int count_file(struct walk *walk, const struct stat *stat)
{
	struct usage *usage = walk->usage;
	uint64_t disk = (uint64_t)stat->st_blocks * 512;
	uint64_t bytes = (uint64_t)stat->st_size;
	int first = 1;

	if (stat->st_nlink > 1) {
		first = links_meet(&walk->links, stat);
		if (first <= 0)
			return first;
	} else {
		usage->one_link.bytes += bytes;
		usage->one_link.disk += disk;
	}

	usage->all.bytes += bytes;
	usage->all.disk += disk;
	usage->files++;
	walk->progress->files++;
	walk->progress->bytes += disk;
	progress_tick(walk->progress);
	return 0;
}

static int count_entry(struct walk *walk, struct level *level, const char *name)
{
	struct stat stat;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (fstatat(level->fd, name, &stat, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0) {
		walk->usage->changed = true;
		return 0;
	}
	if (stat.st_dev != walk->dev)
		return 0;
	if (S_ISREG(stat.st_mode))
		return count_file(walk, &stat);
	if (S_ISDIR(stat.st_mode))
		return add_name(level, name);

	walk->usage->other += (uint64_t)stat.st_blocks * 512;
	return 0;
}

/* All of its names at once: it need not stay open for that. */
static int read_level(struct walk *walk, struct level *level)
{
	int fd = openat(level->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;
	int number;

	if (!stream) {
		number = errno;
		if (fd >= 0)
			close(fd);
		errno = number;
		return -1;
	}

	while (result == 0) {
		errno = 0;
		entry = readdir(stream);
		if (!entry)
			break;
		result = count_entry(walk, level, entry->d_name);
	}
	/* What could be read of it counts. */
	number = errno;
	closedir(stream);
	errno = number;
	return result == 0 && number ? -1 : result;
}

/* Takes @fd. */
static int push_level(struct walk *walk, int fd, const struct stat *stat)
{
	struct level *closed;

	if (walk->depth == DEPTH_MAX) {
		close(fd);
		errno = ENAMETOOLONG;
		return -1;
	}
	if (walk->depth == walk->room) {
		size_t room = walk->room ? walk->room * 2 : 64;
		struct level *levels = reallocarray(walk->levels, room, sizeof(*levels));

		if (!levels) {
			close(fd);
			return -1;
		}
		walk->levels = levels;
		walk->room = room;
	}
	/* The outermost one stays. */
	if (walk->depth > LEVELS_OPEN) {
		closed = &walk->levels[walk->depth - LEVELS_OPEN];
		if (closed->fd >= 0)
			close(closed->fd);
		closed->fd = -1;
	}

	walk->levels[walk->depth++] = (struct level){ .fd = fd, .ino = stat->st_ino };
	walk->usage->other += (uint64_t)stat->st_blocks * 512;
	return read_level(walk, &walk->levels[walk->depth - 1]);
}

/*
 * Back to the level above, which may have been closed.  If the inner one is somewhere else now, what
 * is left to count in there isn't found any more.
 */
static void pop_level(struct walk *walk)
{
	struct level *inner = &walk->levels[walk->depth - 1];
	struct level *outer = inner - 1;
	struct stat stat;

	walk->depth--;
	free(inner->names);
	if (walk->depth > 0 && outer->fd < 0) {
		outer->fd = inner->fd < 0 ? -1 : openat(inner->fd, "..", O_PATH | O_DIRECTORY |
							O_NOFOLLOW | O_CLOEXEC);
		if (outer->fd >= 0 && (fstat(outer->fd, &stat) < 0 || stat.st_ino != outer->ino ||
				       stat.st_dev != walk->dev)) {
			close(outer->fd);
			outer->fd = -1;
		}
		if (outer->fd < 0) {
			walk->usage->changed = true;
			outer->used = 0;
		}
	}
	if (inner->fd >= 0)
		close(inner->fd);
}

/* -1 if it is another file by now, or something is mounted there. */
static int open_inner(struct walk *walk, const struct level *level, const char *name,
		      struct stat *stat)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
	};
	int fd = (int)syscall(SYS_openat2, level->fd, name, &how, sizeof(how));

	if (fd >= 0 && fstat(fd, stat) == 0)
		return fd;

	walk->usage->changed |= errno != EXDEV;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int enter(struct walk *walk, const struct level *level, const char *name)
{
	struct stat stat;
	int fd = open_inner(walk, level, name, &stat);

	if (fd < 0 || push_level(walk, fd, &stat) == 0)
		return 0;
	if (errno == ENOMEM)
		return -1;

	walk->usage->unread++;
	walk->unread(walk->data, name, errno);
	return 0;
}

static int walk_tree(struct walk *walk)
{
	while (walk->depth > 0) {
		struct level *level = &walk->levels[walk->depth - 1];
		const char *name = take_name(level);

		if (!name)
			pop_level(walk);
		else if (enter(walk, level, name) < 0)
			return -1;
	}

	return 0;
}

/* Only now all names of a file have been met. */
static void count_own(struct walk *walk)
{
	struct usage *usage = walk->usage;

	usage->own = usage->one_link;
	for (size_t i = 0; i < walk->links.room; i++) {
		const struct link *link = &walk->links.table[i];

		if (link->met == 0)
			continue;
		if (link->met < link->names) {
			usage->shared++;
			continue;
		}
		usage->own.bytes += link->bytes;
		usage->own.disk += link->disk;
	}
}

int usage_of(int tree, struct usage *usage, struct progress *progress,
	     void (*unread)(void *data, const char *name, int number), void *data)
{
	struct walk walk = { .usage = usage, .progress = progress, .unread = unread, .data = data };
	struct stat stat;
	int result, number;
	int fd;

	*usage = (struct usage){ 0 };
	if (fstat(tree, &stat) < 0)
		return -1;
	walk.dev = stat.st_dev;
	fd = fcntl(tree, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -1;

	result = push_level(&walk, fd, &stat);
	if (result == 0)
		result = walk_tree(&walk);
	number = errno;
	if (result == 0)
		count_own(&walk);
	while (walk.depth > 0)
		pop_level(&walk);
	free(walk.levels);
	links_free(&walk.links);
	errno = number;
	return result;
}
