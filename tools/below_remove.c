// SPDX-License-Identifier: GPL-2.0-only
/* Removing a tree: of any depth, without following a link or entering what is mounted. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "mark.h"
#include "progress.h"
#include "below.h"

/* Below that, directories are moved to the top first: each level has a descriptor open. */
#define DEPTH_MAX 64
/* Who wrote there may be about to end, being killed. */
#define WAITS 100
#define WAIT_US 10000

struct removal {
	bool immutable;
	struct progress *progress;
	int top;		/* the outermost directory */
	unsigned int moved;	/* how many have been moved there, for their names */
};

static int remove_contents(struct removal *removal, int directory, int depth);

static int open_directory(int parent, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
	};

	return (int)syscall(SYS_openat2, parent, name, &how, sizeof(how));
}

/* What only an administrator can have set on a directory, and what keeps its names. */
static int loosen(int directory)
{
	int flags;

	if (ioctl(directory, FS_IOC_GETFLAGS, &flags) < 0)
		return -1;

	flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
	return ioctl(directory, FS_IOC_SETFLAGS, &flags);
}

static int remove_name(const struct removal *removal, int parent, const char *name)
{
	return removal->immutable ? mark_unlink(parent, name) : unlinkat(parent, name, 0);
}

static int remove_file(struct removal *removal, int parent, const char *name)
{
	int result = remove_name(removal, parent, name);

	/* Not the file, then, but its directory is immutable. */
	if (result < 0 && errno == EPERM && loosen(parent) == 0)
		result = remove_name(removal, parent, name);
	if (result < 0)
		return errno == ENOENT ? 0 : -1;
	if (removal->progress) {
		removal->progress->files++;
		progress_tick(removal->progress);
	}

	return 0;
}

static int move_up(struct removal *removal, int parent, const char *name)
{
	char new[32];

	do {
		snprintf(new, sizeof(new), "deep.%u", removal->moved++);
		if (syscall(SYS_renameat2, parent, name, removal->top, new,
			    RENAME_NOREPLACE) == 0)
			return 0;
	} while (errno == EEXIST);

	return -1;
}

static int remove_directory(struct removal *removal, int parent, const char *name, int depth)
{
	auto_fd int fd = -1;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno == ENOENT)
		return 0;

	fd = open_directory(parent, name);
	if (fd < 0)
		return -1;
	if (depth >= DEPTH_MAX)
		return move_up(removal, parent, name);
	if (removal->top < 0)
		removal->top = fd;
	for (int waits = 0; waits < WAITS;) {
		unsigned int moved = removal->moved;

		if (remove_contents(removal, fd, depth + 1) < 0)
			return -1;
		if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
			return 0;
		if (errno == EPERM && (loosen(fd) < 0 || loosen(parent) < 0))
			return -1;
		if (errno != ENOTEMPTY && errno != EEXIST && errno != EPERM)
			return -1;
		/* What was moved up is the next round's; for what else comes, some time. */
		if (removal->moved == moved) {
			usleep(WAIT_US);
			waits++;
		}
	}

	errno = ENOTEMPTY;
	return -1;
}

static int remove_entry(struct removal *removal, int parent, const struct dirent *entry, int depth)
{
	struct stat stat;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return 0;
	if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
		return remove_file(removal, parent, entry->d_name);
	if (fstatat(parent, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(stat.st_mode))
		return remove_file(removal, parent, entry->d_name);

	return remove_directory(removal, parent, entry->d_name, depth);
}

static int remove_contents(struct removal *removal, int directory, int depth)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
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
		struct dirent *entry;

		errno = 0;
		entry = readdir(stream);
		if (!entry) {
			result = errno ? -1 : 0;
			break;
		}
		result = remove_entry(removal, directory, entry, depth);
	}
	number = errno;
	closedir(stream);
	errno = number;
	return result;
}

int below_remove(int parent, const char *name, bool immutable, struct progress *progress)
{
	struct removal removal = { .immutable = immutable, .progress = progress, .top = -1 };
	struct stat stat;

	if (fstatat(parent, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(stat.st_mode))
		return remove_file(&removal, parent, name);

	return remove_directory(&removal, parent, name, 0);
}
