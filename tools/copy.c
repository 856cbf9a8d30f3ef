// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/vcontext.h>

#include "cleanup.h"
#include "copy.h"
#include "mark.h"
#include "policy.h"
#include "run.h"

/* Four descriptors are open for each level, and a process has a thousand. */
#define DEPTH_MAX 200
#define CHUNK (8 << 20)
#define BUFFER (256 << 10)
#define NAMES_MAX XATTR_LIST_MAX
#define VALUE_MAX XATTR_SIZE_MAX

/* Longer than the system leaves one lease to who is to end it: but who has many gets no more. */
#define PATIENCE_MS 60000
#define WAIT_MS 10

/*
 * A tree has no more files than its file system, nor more text where files have none in common, nor
 * compressed; but for what is written meanwhile.  Names can be more than files: a backup has many.
 */
#define ENTRIES_MAX 50000000
#define FILES_MORE 100000
#define BYTES_MORE (1ULL << 30)

#define SOURCE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOATIME | O_CLOEXEC)
#define WANTED (STATX_BASIC_STATS | STATX_MNT_ID)
/* Whoever takes the key away, or measures what is read, means one tree's alone. */
#define OWN_ATTRIBUTES (STATX_ATTR_ENCRYPTED | STATX_ATTR_VERITY)

/* A directory that has such names, remembered once for those that come one after the other. */
struct copy_place {
	struct copy_place *next;
	size_t length;
	char path[];		/* with a slash at its end, or empty */
};

/* A file with more names than one, and the first that it has in the new tree. */
struct inode {
	unsigned int major, minor;
	uint64_t ino;
	const struct copy_place *place;
	char name[];
};

static int compare_inodes(const void *one, const void *other)
{
	const struct inode *a = one, *b = other;

	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return 0;
}

int copy_begin(struct copy *copy)
{
	copy->patience = PATIENCE_MS;
	copy->most = UINT64_MAX;
	copy->entries_left = ENTRIES_MAX;
	copy->files_left = UINT64_MAX;
	copy->bytes_left = UINT64_MAX;
	copy->names = malloc(NAMES_MAX);
	copy->value = malloc(VALUE_MAX > BUFFER ? VALUE_MAX : BUFFER);
	return copy->names && copy->value ? 0 : -1;
}

void copy_end(struct copy *copy)
{
	struct copy_place *next;

	tdestroy(copy->inodes, free);
	for (struct copy_place *place = copy->places; place; place = next) {
		next = place->next;
		free(place);
	}
	copy->places = NULL;
	free(copy->names);
	free(copy->value);
	copy->inodes = NULL;
	copy->names = NULL;
	copy->value = NULL;
}

static int take(uint64_t *left, uint64_t count)
{
	if (count > *left) {
		errno = ELOOP;
		return -1;
	}

	*left -= *left == UINT64_MAX ? 0 : count;
	return 0;
}

/* Where @used is not known, or says nothing, there is no limit but the one to names. */
static void allow(uint64_t *left, bool first, bool known, uint64_t used, uint64_t more)
{
	uint64_t before = first ? 0 : *left;
	uint64_t allowed = used + used / 4 + more;

	*left = !known || before > UINT64_MAX - allowed ? UINT64_MAX : before + allowed;
}

/* @fd: the first that is met of its file system. */
static void measure(struct copy *copy, const struct statx *stat, int fd)
{
	dev_t device = makedev(stat->stx_dev_major, stat->stx_dev_minor);
	bool first = copy->measured == 0;
	bool counts, fills;
	struct statfs fs;

	if (device == copy->measured || fstatfs(fd, &fs) < 0)
		return;
	copy->measured = device;
	fills = fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == TMPFS_MAGIC;
	counts = fills || fs.f_type == XFS_SUPER_MAGIC;
	allow(&copy->files_left, first, counts && fs.f_files, fs.f_files - fs.f_ffree, FILES_MORE);
	allow(&copy->bytes_left, first, fills && fs.f_blocks,
	      (fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize, BYTES_MORE);
}

/*
 * By descriptors that may have been opened for their names alone, of which the system knows more by
 * another name.
 */
struct by_number {
	char path[32];
};

static struct by_number by_number(int fd)
{
	struct by_number by;

	snprintf(by.path, sizeof(by.path), "/proc/self/fd/%d", fd);
	return by;
}

/* What file systems have not, or not all of them, is left out. */
static bool is_lacking(int number)
{
	return number == ENOTSUP || number == ENODATA || number == ENOSYS;
}

static int copy_attributes(struct copy *copy, int from, int to)
{
	struct by_number source = by_number(from), target = by_number(to);
	ssize_t length = listxattr(source.path, copy->names, NAMES_MAX);

	if (length < 0)
		return is_lacking(errno) ? 0 : -1;
	for (char *name = copy->names; name < copy->names + length; name += strlen(name) + 1) {
		ssize_t size;

		/* The copy is nobody else's. */
		if (strcmp(name, VCONTEXT_XATTR_INVERT) == 0)
			continue;
		size = getxattr(source.path, name, copy->value, VALUE_MAX);

		if (size >= 0 && setxattr(target.path, name, copy->value, (size_t)size, 0) == 0)
			continue;
		/* Nor is what the new place has rules of its own for, such as labels. */
		if (!is_lacking(errno) && !(errno == EPERM && strncmp(name, "user.", 5) == 0))
			return -1;
	}

	return 0;
}

/* The owner first: to change it may take rights and capabilities away. */
static int set_traits(struct copy *copy, const struct statx *stat, int from, int to)
{
	struct by_number target = by_number(to);
	struct timespec times[2] = {
		{ .tv_sec = stat->stx_atime.tv_sec, .tv_nsec = stat->stx_atime.tv_nsec },
		{ .tv_sec = stat->stx_mtime.tv_sec, .tv_nsec = stat->stx_mtime.tv_nsec },
	};

	if (fchownat(to, "", stat->stx_uid, stat->stx_gid, AT_EMPTY_PATH) < 0)
		return -1;
	if (!S_ISLNK(stat->stx_mode) && chmod(target.path, stat->stx_mode & 07777) < 0)
		return -1;
	if (copy_attributes(copy, from, to) < 0)
		return -1;

	/* Through the number alone the times of a link are not those of what it points to. */
	return utimensat(AT_FDCWD, target.path, times, 0);
}

int copy_traits(struct copy *copy, int from, int to)
{
	struct statx stat;

	if (statx(from, "", AT_EMPTY_PATH, WANTED, &stat) < 0)
		return -1;

	return set_traits(copy, &stat, from, to);
}

/* Where the kernel can't, by hand. */
static ssize_t copy_some(struct copy *copy, int in, int out, off_t at, size_t count)
{
	loff_t in_at = at, out_at = at;
	ssize_t done = copy_file_range(in, &in_at, out, &out_at, count, 0);
	ssize_t written = 0;

	if (done > 0 || (done < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)))
		return done;

	done = pread(in, copy->value, count < BUFFER ? count : BUFFER, at);
	while (written < done) {
		ssize_t part = pwrite(out, copy->value + written, (size_t)(done - written),
				      at + written);

		if (part < 0)
			return -1;
		written += part;
	}

	return done;
}

/* 0 if the end came sooner. */
static int copy_range(struct copy *copy, int in, int out, off_t at, off_t end)
{
	while (at < end) {
		size_t count = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		ssize_t done = copy_some(copy, in, out, at, count);

		if (run_interrupted()) {
			errno = EINTR;
			return -1;
		}
		if (done <= 0)
			return done < 0 ? -1 : 0;
		if (take(&copy->bytes_left, (uint64_t)done) < 0)
			return -1;
		at += done;
		copy->progress->bytes += (uint64_t)done;
		progress_tick(copy->progress);
	}

	return 0;
}

/* As long as it is now: who writes to it might never end. */
static int copy_data(struct copy *copy, int in, int out, off_t size)
{
	off_t at = 0;

	if (ioctl(out, FICLONE, in) == 0) {
		copy->progress->bytes += (uint64_t)size;
		return ftruncate(out, size);
	}

	while (at < size) {
		off_t data = lseek(in, at, SEEK_DATA);
		off_t hole;

		/* Nothing but a hole is left, or it is shorter now. */
		if (data < 0 && errno == ENXIO)
			break;
		hole = data < 0 ? size : lseek(in, data, SEEK_HOLE);
		data = data < 0 ? at : data;
		if (hole < 0 || hole > size)
			hole = size;
		if (data < size && copy_range(copy, in, out, data, hole) < 0)
			return -1;
		at = hole > data ? hole : size;
	}

	return ftruncate(out, size);
}

/* Who has a lease on it is waited for, but not as long as that one likes, nor through signals. */
static int open_source(struct copy *copy, int from)
{
	struct by_number source = by_number(from);
	int fd = open(source.path, SOURCE_FLAGS);

	while (fd < 0 && errno == EWOULDBLOCK && copy->patience >= WAIT_MS && !run_interrupted()) {
		usleep(WAIT_MS * 1000);
		copy->patience -= WAIT_MS;
		fd = open(source.path, SOURCE_FLAGS);
	}
	if (fd < 0 && errno == EWOULDBLOCK && run_interrupted())
		errno = EINTR;

	return fd;
}

static int copy_file(struct copy *copy, const struct statx *stat, int from, int to,
		     const char *name, bool empty)
{
	off_t size = empty ? 0 : (off_t)stat->stx_size;
	auto_fd int out = -1;
	auto_fd int in = -1;

	if (size > 0) {
		in = open_source(copy, from);
		if (in < 0)
			return -1;
	}
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0 || (size > 0 && copy_data(copy, in, out, size) < 0))
		return -1;

	copy->copied_bytes += (uint64_t)size;
	return set_traits(copy, stat, from, out);
}

int copy_one(struct copy *copy, int from, int to, const char *name)
{
	struct statx stat;

	if (statx(from, "", AT_EMPTY_PATH, WANTED, &stat) < 0)
		return -1;
	if (stat.stx_size > copy->most) {
		errno = EFBIG;
		return -1;
	}

	return copy_file(copy, &stat, from, to, name, false);
}

/* 1: it has to be copied. */
static int link_file(struct copy *copy, const struct statx *stat, int from, int to,
		     const char *name)
{
	auto_fd int fd = open_source(copy, from);
	int result;

	if (fd < 0)
		return -1;
	result = mark_link(fd, to, name);
	if (result == 0) {
		copy->linked++;
		copy->linked_bytes += stat->stx_size;
	} else if (result == 1) {
		copy->not_linked++;
	}

	return result;
}

/* What is no regular file; @name is made by us, so its name is as good as a descriptor. */
static int copy_special(struct copy *copy, const struct statx *stat, int from, int to,
			const char *name)
{
	char target[PATH_MAX];
	auto_fd int made = -1;
	ssize_t length;

	if (S_ISFIFO(stat->stx_mode)) {
		if (mkfifoat(to, name, 0600) < 0)
			return -1;
	} else {
		length = readlinkat(from, "", target, sizeof(target) - 1);
		if (length < 0)
			return -1;
		target[length] = '\0';
		if (symlinkat(target, to, name) < 0)
			return -1;
	}

	made = openat(to, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return made < 0 ? -1 : set_traits(copy, stat, from, made);
}

static int copy_directory(struct copy *copy, const struct statx *stat, int from, int to,
			  const char *name, bool empty)
{
	auto_fd int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int out = -1;

	/* One that has been removed meanwhile is as if it had never been. */
	if (in < 0)
		return errno == ENOENT ? 0 : -1;
	if (take(&copy->files_left, 1) < 0 || mkdirat(to, name, 0700) < 0)
		return -1;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -1;
	if (!empty && copy_contents(copy, in, out) < 0)
		return -1;

	return set_traits(copy, stat, in, out);
}

/* Where the file is that it is at, or NULL. */
static const struct copy_place *place_of(struct copy *copy, const char *name)
{
	size_t length = copy->length - strlen(name);
	struct copy_place *place = copy->places;

	if (place && place->length == length && memcmp(place->path, copy->path, length) == 0)
		return place;
	place = malloc(sizeof(*place) + length);
	if (!place)
		return NULL;

	place->next = copy->places;
	place->length = length;
	memcpy(place->path, copy->path, length);
	copy->places = place;
	return place;
}

static struct inode *inode_of(struct copy *copy, const struct statx *stat, const char *name)
{
	size_t length = strlen(name) + 1;
	struct inode *inode = calloc(1, sizeof(*inode) + length);

	if (!inode)
		return NULL;
	inode->major = stat->stx_dev_major;
	inode->minor = stat->stx_dev_minor;
	inode->ino = stat->stx_ino;
	inode->place = place_of(copy, name);
	memcpy(inode->name, name, length);
	if (inode->place)
		return inode;

	free(inode);
	return NULL;
}

static int link_inode(const struct copy *copy, const struct inode *inode, int to, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s%s", (int)inode->place->length, inode->place->path,
		 inode->name);
	return linkat(copy->into, path, to, name, 0);
}

/* The other name of a file that has been copied already; 1: it hasn't. */
static int copy_name(struct copy *copy, const struct statx *stat, int to, const char *name)
{
	struct inode *inode = inode_of(copy, stat, name);
	struct inode **found;

	if (!inode)
		return -1;
	found = tsearch(inode, &copy->inodes, compare_inodes);
	if (found && *found == inode)
		return 1;
	free(inode);
	if (!found) {
		errno = ENOMEM;
		return -1;
	}
	if (link_inode(copy, *found, to, name) == 0)
		return 0;

	/* As many names as a file can have; or the first one is not where this tree begins. */
	return errno == EMLINK ? 1 : -1;
}

static int copy_other(struct copy *copy, const struct statx *stat, int from, int to,
		      const char *name, enum copy_rule rule)
{
	int result = 1;

	if (rule == COPY_LINK && S_ISREG(stat->stx_mode) && stat->stx_size > 0 &&
	    policy_shares_mode(stat->stx_mode) && !(stat->stx_attributes & OWN_ATTRIBUTES))
		result = link_file(copy, stat, from, to, name);
	if (result <= 0)
		return result;
	if (stat->stx_nlink > 1)
		result = copy_name(copy, stat, to, name);
	if (result <= 0)
		return result;
	if (take(&copy->files_left, 1) < 0)
		return -1;

	copy->copied++;
	return S_ISREG(stat->stx_mode) ?
	       copy_file(copy, stat, from, to, name, rule == COPY_EMPTY) :
	       copy_special(copy, stat, from, to, name);
}

static bool is_avoided(const struct copy *copy, const struct statx *stat)
{
	return makedev(stat->stx_dev_major, stat->stx_dev_minor) == copy->avoid_dev &&
	       stat->stx_ino == copy->avoid_ino;
}

/* @fd: the file, opened for its name alone: from here on it is this one, whoever renames it. */
static int copy_opened(struct copy *copy, int fd, int to, const char *name)
{
	enum copy_rule rule;
	struct statx stat;
	bool directory;

	if (statx(fd, "", AT_EMPTY_PATH, WANTED, &stat) < 0)
		return -1;
	if (copy->length == strlen(name))
		measure(copy, &stat, fd);
	directory = S_ISDIR(stat.stx_mode);
	rule = copy->rule(copy->path, directory, copy->data);
	if (rule == COPY_NOT || (directory && is_avoided(copy, &stat)))
		return 0;
	if (!directory && !S_ISREG(stat.stx_mode) && !S_ISLNK(stat.stx_mode) &&
	    !S_ISFIFO(stat.stx_mode))
		return 0;

	copy->progress->files++;
	progress_tick(copy->progress);
	if (directory)
		return copy_directory(copy, &stat, fd, to, name, rule == COPY_EMPTY ||
				      (copy->length > strlen(name) &&
				       (stat.stx_attributes & STATX_ATTR_MOUNT_ROOT)));

	return copy_other(copy, &stat, fd, to, name, rule);
}

int copy_entry(struct copy *copy, int from, int to, const char *name)
{
	size_t before = copy->length;
	size_t length = strlen(name);
	auto_fd int fd = -1;

	if (run_interrupted()) {
		errno = EINTR;
		return -1;
	}
	if (before + 1 + length >= sizeof(copy->path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (take(&copy->entries_left, 1) < 0)
		return -1;
	snprintf(copy->path + before, sizeof(copy->path) - before, "%s%s", before ? "/" : "", name);
	copy->length += length + (before ? 1 : 0);

	fd = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return -1;
	if (fd >= 0 && copy_opened(copy, fd, to, name) < 0)
		return -1;

	copy->length = before;
	copy->path[before] = '\0';
	return 0;
}

static int copy_names(struct copy *copy, DIR *stream, int to)
{
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return errno && errno != ENOENT ? -1 : 0;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    copy_entry(copy, dirfd(stream), to, entry->d_name) < 0)
			return -1;
	}
}

static int depth_of(const struct copy *copy)
{
	int depth = 0;

	for (size_t i = 0; i < copy->length; i++)
		depth += copy->path[i] == '/';
	return depth;
}

int copy_contents(struct copy *copy, int from, int to)
{
	DIR *stream;
	int result, number, fd;

	if (depth_of(copy) > DEPTH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		number = errno;
		if (fd >= 0)
			close(fd);
		errno = number;
		return -1;
	}

	result = copy_names(copy, stream, to);
	number = errno;
	closedir(stream);
	errno = number;
	return result;
}
