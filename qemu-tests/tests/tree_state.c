// SPDX-License-Identifier: GPL-2.0-only
/*
 * tree_state: all that file trees are, as text to be compared.
 *
 * usage: tree_state OUTDIR TREE...
 *	OUTDIR/NAME gets one line for each file of TREE, in order: path, type and mode, owner,
 *	group, size, time, number of names in the tree and the first of them, device, attributes
 *	and contents.  That a file is shared with other trees does not show.
 *    tree_state --own TREE...
 *	One line for each tree: its name, files, bytes, and those of files that are its own, as
 *	hard links go; then lines "NAME DIRECTORY BYTES" of where these are.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/vcontext.h>

/* Flags that are the file's, not the file system's own way to keep it; immutable is the mark's. */
#define FLAGS	(FS_APPEND_FL | FS_NODUMP_FL | FS_NOATIME_FL | FS_SYNC_FL | FS_DIRSYNC_FL)

/* A file, by its number: what is in it, and its names in the tree that is looked at. */
struct inode {
	ino_t ino;
	bool read;
	uint64_t contents, attributes;
	unsigned int tree;	/* in which these names are */
	unsigned int names;
	char *first;
	uint64_t size;
	nlink_t nlink;
};

/* Bytes of a tree that no other has, by directory. */
struct part {
	char *path;
	uint64_t bytes;
};

static struct {
	FILE *out;		/* NULL: count only */
	unsigned int tree;
	uint64_t files, bytes, own_files, own_bytes;
	struct part *parts;
	size_t parts_count;
} now;

static void *inodes;

static int compare_inodes(const void *one, const void *other)
{
	const struct inode *a = one, *b = other;

	return a->ino < b->ino ? -1 : a->ino > b->ino;
}

static struct inode *inode_of(const struct stat *stat)
{
	struct inode key = { .ino = stat->st_ino };
	struct inode **found = tfind(&key, &inodes, compare_inodes);
	struct inode *made;

	if (found)
		return *found;
	made = calloc(1, sizeof(*made));
	if (!made)
		err(1, "memory");
	made->ino = stat->st_ino;
	tsearch(made, &inodes, compare_inodes);
	return made;
}

/* FNV with words instead of bytes: an emulated machine has much to read. */
static uint64_t sum(uint64_t value, const void *bytes, size_t length)
{
	const char *at = bytes;
	uint64_t word;

	for (; length >= sizeof(word); at += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		value = (value ^ word) * 0x100000001b3ULL;
		value ^= value >> 29;
	}
	for (; length; at++, length--)
		value = (value ^ (unsigned char)*at) * 0x100000001b3ULL;
	return value;
}

static uint64_t contents_of(const char *path, size_t size)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
	uint64_t value = 0xcbf29ce484222325ULL;
	unsigned int flags = 0;
	void *bytes;

	if (fd < 0)
		err(1, "%s", path);
	if (size) {
		bytes = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
		if (bytes == MAP_FAILED)
			err(1, "%s", path);
		value = sum(value, bytes, size);
		munmap(bytes, size);
	}
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0)
		flags &= FLAGS;
	close(fd);
	return sum(value, &flags, sizeof(flags));
}

static int compare_names(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Names and values, but for the mark. */
static uint64_t attributes_of(const char *path)
{
	char list[4096], value[4096], *names[64];
	ssize_t length = llistxattr(path, list, sizeof(list));
	uint64_t all = 0;
	size_t count = 0;

	if (length < 0 && errno != EOPNOTSUPP)
		err(1, "%s: attributes", path);
	for (char *name = list; name < list + length && count < 64; name += strlen(name) + 1) {
		if (strcmp(name, VCONTEXT_XATTR_INVERT) != 0)
			names[count++] = name;
	}
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		ssize_t size = lgetxattr(path, names[i], value, sizeof(value));

		if (size < 0)
			err(1, "%s: %s", path, names[i]);
		all = sum(all, names[i], strlen(names[i]));
		all = sum(all, value, (size_t)size);
	}
	return all;
}

static void print(const char *path, const char *below, const struct stat *stat)
{
	const struct inode *inode = S_ISREG(stat->st_mode) ? inode_of(stat) : NULL;
	char target[4096] = "";

	if (S_ISLNK(stat->st_mode) && readlink(path, target, sizeof(target) - 1) < 0)
		err(1, "%s", path);
	fprintf(now.out, "%s %o %u %u %jd %jd.%09ld ", below, stat->st_mode, stat->st_uid,
		stat->st_gid, S_ISDIR(stat->st_mode) ? 0 : (intmax_t)stat->st_size,
		(intmax_t)stat->st_mtim.tv_sec, stat->st_mtim.tv_nsec);
	if (inode)
		fprintf(now.out, "%s %" PRIx64 " %" PRIx64 "\n", inode->first, inode->attributes,
			inode->contents);
	else
		fprintf(now.out, "%x:%x %" PRIx64 " %s\n", major(stat->st_rdev),
			minor(stat->st_rdev), attributes_of(path), target);
}

/* In the first round, which sees which names belong together. */
static void meet(const char *path, const char *below, const struct stat *stat)
{
	struct inode *inode;

	if (!S_ISREG(stat->st_mode))
		return;
	inode = inode_of(stat);
	if (inode->tree != now.tree || !inode->first) {
		free(inode->first);
		inode->first = strdup(below);
		inode->names = 0;
		inode->tree = now.tree;
	}
	inode->names++;
	inode->size = (uint64_t)stat->st_size;
	inode->nlink = stat->st_nlink;
	if (now.out && !inode->read) {
		inode->attributes = attributes_of(path);
		inode->contents = contents_of(path, inode->size);
		inode->read = true;
	}
}

static void walk(const char *path, size_t root, bool second)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	if (count < 0)
		err(1, "%s", path);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		struct stat stat;
		char *inner;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (asprintf(&inner, "%s/%s", path, name) < 0)
			err(1, "memory");
		if (lstat(inner, &stat) < 0)
			err(1, "%s", inner);
		if (second)
			print(inner, inner + root, &stat);
		else
			meet(inner, inner + root, &stat);
		if (S_ISDIR(stat.st_mode))
			walk(inner, root, second);
		free(inner);
	}
	while (count-- > 0)
		free(entries[count]);
	free(entries);
}

/* The directory that a path is in, three levels of it at most. */
static void count_part(const char *path, uint64_t bytes)
{
	size_t length = 0, last = 0;

	for (int levels = 0; path[length] && levels < 4; length++) {
		if (path[length] == '/' && levels++)
			last = length;
	}
	if (!last)
		last = 1;
	for (size_t i = 0; i < now.parts_count; i++) {
		struct part *part = &now.parts[i];

		if (strlen(part->path) == last && memcmp(part->path, path, last) == 0) {
			part->bytes += bytes;
			return;
		}
	}
	now.parts = reallocarray(now.parts, now.parts_count + 1, sizeof(*now.parts));
	if (!now.parts)
		err(1, "memory");
	now.parts[now.parts_count++] = (struct part){ strndup(path, last), bytes };
}

/* A file is the tree's own if all its names are in it. */
static void count_inode(const void *node, VISIT visit, int depth)
{
	const struct inode *inode = *(struct inode *const *)node;

	(void)depth;
	if ((visit != postorder && visit != leaf) || inode->tree != now.tree || !inode->first)
		return;
	now.files++;
	now.bytes += inode->size;
	if (inode->nlink != inode->names)
		return;
	now.own_files++;
	now.own_bytes += inode->size;
	count_part(inode->first, inode->size);
}

static int more_bytes(const void *one, const void *other)
{
	const struct part *a = one, *b = other;

	return a->bytes > b->bytes ? -1 : a->bytes < b->bytes;
}

static void tell_own(const char *tree, const char *name)
{
	now.files = now.bytes = now.own_files = now.own_bytes = 0;
	now.parts_count = 0;
	walk(tree, strlen(tree), false);
	twalk(inodes, count_inode);
	printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", name, now.files, now.bytes,
	       now.own_files, now.own_bytes);
	qsort(now.parts, now.parts_count, sizeof(*now.parts), more_bytes);
	for (size_t i = 0; i < now.parts_count; i++)
		printf("%s %s %" PRIu64 "\n", name, now.parts[i].path, now.parts[i].bytes);
}

static void write_state(const char *outdir, const char *tree, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", outdir, name) < 0)
		err(1, "memory");
	now.out = fopen(path, "we");
	if (!now.out)
		err(1, "%s", path);
	walk(tree, strlen(tree), false);
	walk(tree, strlen(tree), true);
	if (fclose(now.out))
		err(1, "%s", path);
	free(path);
}

int main(int argc, char **argv)
{
	bool own = argc > 1 && strcmp(argv[1], "--own") == 0;

	if (argc < 3)
		errx(2, "usage: tree_state OUTDIR|--own TREE...");
	for (int i = 2; i < argc; i++) {
		const char *name = strrchr(argv[i], '/');

		now.tree = (unsigned int)i;
		name = name ? name + 1 : argv[i];
		if (own)
			tell_own(argv[i], name);
		else
			write_state(argv[1], argv[i], name);
	}
	return 0;
}
