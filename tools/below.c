// SPDX-License-Identifier: GPL-2.0-only
/* Files of a tree that somebody else has written, reached without leaving it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vctl_vserver.h>

#include "cleanup.h"
#include "below.h"

#define TEXT_MAX (1 << 20)

int below_open(int tree, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	if (flags & O_PATH)
		how.flags &= ~(unsigned int)(O_NOCTTY | O_NONBLOCK);
	return (int)syscall(SYS_openat2, tree, *path ? path : ".", &how, sizeof(how));
}

/* Where a path begins at the root of the machine; NULL with errno set on failure. */
static char *from_root(const char *path)
{
	auto_free char *here = NULL;
	char *all;

	if (*path == '/')
		return strdup(path);
	here = getcwd(NULL, 0);
	if (!here || asprintf(&all, "%s/%s", here, path) < 0)
		return NULL;

	return all;
}

/* Is that the directory that has the trees of all vservers?  There may be none. */
static bool has_trees(int directory, const char *path)
{
	struct stat trees, stat;

	return fstatat(AT_FDCWD, VCTL_TREE_DIR, &trees, 0) == 0 &&
	       fstatat(directory, path, &stat, AT_EMPTY_PATH) == 0 &&
	       stat.st_dev == trees.st_dev && stat.st_ino == trees.st_ino;
}

/* No path is longer, unless somebody moves directories below others ahead of who goes up. */
#define STEPS_MAX PATH_MAX

static bool is_same(int one, int other)
{
	struct stat stat, others;

	return fstat(one, &stat) == 0 && fstat(other, &others) == 0 &&
	       stat.st_dev == others.st_dev && stat.st_ino == others.st_ino;
}

int below_tree_of(int directory, int *tree)
{
	auto_fd int at = openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	*tree = -1;
	for (int i = 0; at >= 0 && i < STEPS_MAX; i++) {
		auto_fd int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		int below = at;

		if (up < 0)
			return -1;
		if (is_same(at, up))
			return 0;
		if (has_trees(up, "")) {
			at = -1;
			*tree = below;
			return 0;
		}
		at = up;
		up = below;
	}

	if (at >= 0)
		errno = ELOOP;
	return -1;
}

/* A pipe might have to be waited for, and a device is the machine's. */
static int open_in_tree(int tree, const char *path, int flags)
{
	auto_fd int fd = below_open(tree, path, flags);
	struct stat stat;
	int found = fd;

	if (fd < 0 || fstat(fd, &stat) < 0)
		return -1;
	if (!(flags & O_PATH) && !S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode)) {
		errno = EINVAL;
		return -1;
	}

	fd = -1;
	return found;
}

/* Step by step, because many paths lead there: with double slashes, by way of .. */
int below_open_path(const char *path, int flags)
{
	auto_free char *all = from_root(path);
	auto_fd int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *name = all;

	if (!all || at < 0)
		return -1;
	for (;;) {
		size_t length;
		bool tree;
		int next;

		name += strspn(name, "/");
		length = strcspn(name, "/");
		if (!name[length])
			return openat(at, *name ? name : ".",
				      flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

		name[length] = '\0';
		tree = strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		       has_trees(at, "");
		next = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			return -1;
		close(at);
		at = next;
		name += length + 1;
		if (tree)
			return open_in_tree(at, name + strspn(name, "/"), flags);
	}
}

char *below_path(int fd)
{
	char number[32], path[PATH_MAX];
	ssize_t length;

	snprintf(number, sizeof(number), "/proc/self/fd/%d", fd);
	length = readlink(number, path, sizeof(path) - 1);
	if (length < 0)
		return NULL;

	path[length] = '\0';
	return strdup(path);
}

bool below_in_tree(int fd)
{
	auto_free char *path = below_path(fd);

	/* One that is too long is none of the administrator's. */
	if (!path)
		return true;
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		bool trees;

		if (slash == path)
			continue;
		*slash = '\0';
		trees = has_trees(AT_FDCWD, path);
		*slash = '/';
		if (trees)
			return true;
	}

	return false;
}

/* The directory that has the last part of @path, which goes to @name. */
static int open_parent(int tree, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	auto_free char *parent = strndup(path, slash ? (size_t)(slash - path) : 0);

	*name = slash ? slash + 1 : path;
	return parent ? below_open(tree, parent, O_PATH | O_DIRECTORY) : -1;
}

int below_stat(int tree, const char *path, struct stat *stat)
{
	const char *name;
	auto_fd int parent = open_parent(tree, path, &name);

	return parent < 0 ? -1 : fstatat(parent, name, stat, AT_SYMLINK_NOFOLLOW);
}

bool below_exists(int tree, const char *path)
{
	struct stat stat;

	return below_stat(tree, path, &stat) == 0;
}

/* One directory; made exactly so, whatever the mask is. */
static int make_one(int tree, const char *path, mode_t mode)
{
	const char *name;
	auto_fd int parent = open_parent(tree, path, &name);

	if (parent < 0)
		return -1;
	if (mkdirat(parent, name, mode) == 0)
		return fchmodat(parent, name, mode, 0);
	/* It may be a link to one, too. */
	if (errno == EEXIST) {
		auto_fd int there = below_open(tree, path, O_PATH | O_DIRECTORY);

		return there < 0 ? -1 : 0;
	}

	return -1;
}

int below_make(int tree, const char *path, mode_t mode)
{
	auto_free char *part = strdup(path);

	for (char *slash = part ? strchr(part, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (make_one(tree, part, 0755) < 0)
			return -1;
		*slash = '/';
	}

	return part ? make_one(tree, part, mode) : -1;
}

char *below_read(int tree, const char *path)
{
	auto_fd int fd = below_open(tree, path, O_RDONLY);
	struct stat stat;
	size_t used = 0;
	char *text;

	if (fd < 0 || fstat(fd, &stat) < 0)
		return NULL;
	if (!S_ISREG(stat.st_mode) || stat.st_size > TEXT_MAX) {
		errno = EINVAL;
		return NULL;
	}

	text = malloc((size_t)stat.st_size + 1);
	while (text && used < (size_t)stat.st_size) {
		ssize_t count = read(fd, text + used, (size_t)stat.st_size - used);

		if (count < 0 && errno != EINTR) {
			free(text);
			return NULL;
		}
		if (count == 0)
			break;
		used += count > 0 ? (size_t)count : 0;
	}
	if (text)
		text[used] = '\0';
	return text;
}

static int write_text(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t count = write(fd, text, length);

		if (count < 0 && errno != EINTR)
			return -1;
		text += count > 0 ? count : 0;
		length -= count > 0 ? (size_t)count : 0;
	}

	return 0;
}

/* A directory of that name is not replaced. */
static int write_file(int tree, const char *path, const struct stat *like, const char *text)
{
	const char *name;
	auto_fd int parent = open_parent(tree, path, &name);
	auto_fd int fd = -1;

	if (parent < 0 || (unlinkat(parent, name, 0) < 0 && errno != ENOENT))
		return -1;

	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write_text(fd, text) < 0)
		return -1;
	if (fchown(fd, like->st_uid, like->st_gid) < 0)
		return -1;
	return fchmod(fd, like->st_mode & 07777);
}

int below_write(int tree, const char *path, mode_t mode, const char *text)
{
	struct stat like = { .st_mode = mode };

	return write_file(tree, path, &like, text);
}

int below_rewrite(int tree, const char *path, const char *text)
{
	struct stat like;

	if (below_stat(tree, path, &like) < 0 || !S_ISREG(like.st_mode))
		return below_write(tree, path, 0644, text);

	return write_file(tree, path, &like, text);
}

int below_link(int tree, const char *path, const char *target)
{
	const char *name;
	auto_fd int parent = open_parent(tree, path, &name);

	if (parent < 0 || (unlinkat(parent, name, 0) < 0 && errno != ENOENT))
		return -1;

	return symlinkat(target, parent, name);
}

int below_drop(int tree, const char *path)
{
	const char *name;
	auto_fd int parent = open_parent(tree, path, &name);

	if (parent >= 0 && unlinkat(parent, name, 0) == 0)
		return 0;

	return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

int below_rename(int tree, const char *directory, const char *from, const char *to)
{
	auto_fd int parent = below_open(tree, directory, O_PATH | O_DIRECTORY);

	if (parent >= 0 && renameat(parent, from, parent, to) == 0)
		return 0;

	return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

static int each_name(DIR *stream, int (*each)(int directory, const char *name, void *data),
		     void *data)
{
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return errno ? -1 : 0;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    each(dirfd(stream), entry->d_name, data) < 0)
			return -1;
	}
}

int below_each(int tree, const char *path,
	      int (*each)(int directory, const char *name, void *data), void *data)
{
	int fd = below_open(tree, path, O_RDONLY | O_DIRECTORY);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	int result, number;

	if (!stream) {
		number = errno;
		if (fd >= 0)
			close(fd);
		errno = number;
		return number == ENOENT || number == ENOTDIR ? 0 : -1;
	}

	result = each_name(stream, each, data);
	number = errno;
	closedir(stream);
	errno = number;
	return result;
}

static int remove_name(int directory, const char *name, void *data)
{
	(void)data;
	return below_remove(directory, name, false, NULL);
}

int below_empty(int tree, const char *path)
{
	return below_each(tree, path, remove_name, NULL);
}
