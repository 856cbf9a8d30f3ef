// SPDX-License-Identifier: GPL-2.0-only
/* What two open files have in them. */
#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cleanup.h"
#include "run.h"
#include "unify.h"

/* What people set; the rest is how a file system keeps a file. */
#define FLAGS (FS_SECRM_FL | FS_UNRM_FL | FS_COMPR_FL | FS_SYNC_FL | FS_APPEND_FL | FS_NODUMP_FL | \
	       FS_NOATIME_FL | FS_JOURNAL_DATA_FL | FS_NOCOW_FL | FS_DAX_FL)
/* Whoever takes the key away, or measures what is read, means one tree's alone. */
#define OWN_FLAGS (FS_ENCRYPT_FL | FS_VERITY_FL)

/* From there on a file that has not a part of that on disk is mostly holes. */
#define SPARSE_SIZE (16 << 20)
#define SPARSE_PART 16

#define NAMES_ROOM 4096
#define VALUE_ROOM 4096

struct values {
	char names[NAMES_ROOM];
	char one[VALUE_ROOM], other[VALUE_ROOM];
};

static int same_flags(int one, int other, enum left *why)
{
	int flags, others;

	if (ioctl(one, FS_IOC_GETFLAGS, &flags) < 0 || ioctl(other, FS_IOC_GETFLAGS, &others) < 0)
		return -1;
	if ((flags | others) & OWN_FLAGS)
		*why = LEFT_BOUND;
	else if (flags & FS_APPEND_FL)
		*why = LEFT_IMMUTABLE;
	else if ((flags ^ others) & FLAGS)
		*why = LEFT_TRAITS;
	else
		return 1;

	return 0;
}

/* The names of @fd's attributes but that of our mark, and how many bytes they are. */
static ssize_t names_of(int fd, char *names)
{
	ssize_t length = flistxattr(fd, names, NAMES_ROOM);
	ssize_t others = 0;

	if (length < 0)
		return errno == EOPNOTSUPP ? 0 : -1;
	for (ssize_t at = 0, size; at < length; at += size) {
		size = (ssize_t)strlen(names + at) + 1;
		if (strcmp(names + at, VCONTEXT_XATTR_INVERT) == 0)
			continue;
		memmove(names + others, names + at, (size_t)size);
		others += size;
	}

	return others;
}

static int same_value(int one, int other, const char *name, struct values *values)
{
	ssize_t length = fgetxattr(one, name, values->one, VALUE_ROOM);
	ssize_t others = fgetxattr(other, name, values->other, VALUE_ROOM);

	if (length < 0 || others < 0)
		return errno == ENODATA ? 0 : -1;
	return length == others && memcmp(values->one, values->other, (size_t)length) == 0;
}

/*
 * Each name of one is the other's, in whatever order; they have as much of them.  Those that have
 * more than there is room for here are not the same.
 */
static int same_values(int one, int other)
{
	struct values *values = malloc(sizeof(*values));
	ssize_t length;
	int result = 1;

	if (!values)
		return -1;
	length = names_of(one, values->names);
	if (length < 0)
		result = -1;
	for (ssize_t at = 0; at < length && result > 0; at += (ssize_t)strlen(values->names + at) + 1)
		result = same_value(one, other, values->names + at, values);
	if (result < 0 && (errno == ERANGE || errno == E2BIG))
		result = 0;

	free(values);
	return result;
}

/* In nearly all cases there is nothing at all. */
static int same_attributes(int one, int other, enum left *why)
{
	char names[NAMES_ROOM];
	ssize_t length = names_of(one, names);
	ssize_t others;
	int result;

	if (length < 0)
		return errno == ERANGE ? (*why = LEFT_TRAITS, 0) : -1;
	others = names_of(other, names);
	if (others < 0)
		return errno == ERANGE ? (*why = LEFT_TRAITS, 0) : -1;
	if (length == 0 && others == 0)
		return 1;

	/* Each of one has to be the other's, and that has to have no more. */
	result = length == others ? same_values(one, other) : 0;
	if (result == 0)
		*why = LEFT_TRAITS;
	return result;
}

static ssize_t read_some(int fd, char *buffer, size_t length, uint64_t at)
{
	size_t done = 0;

	while (done < length) {
		ssize_t count = pread(fd, buffer + done, length - done, (off_t)(at + done));

		if (count < 0 && errno != EINTR)
			return -1;
		if (count == 0)
			break;
		done += count > 0 ? (size_t)count : 0;
	}

	return (ssize_t)done;
}

static int same_text(struct unify *unify, int one, int other, uint64_t size)
{
	for (uint64_t at = 0; at < size;) {
		size_t length = size - at < UNIFY_BUFFER ? (size_t)(size - at) : UNIFY_BUFFER;
		ssize_t done = read_some(one, unify->one, length, at);
		ssize_t others = read_some(other, unify->other, length, at);

		if (run_interrupted()) {
			errno = EINTR;
			return -1;
		}
		if (done < 0 || others < 0)
			return -1;
		if ((size_t)done != length || (size_t)others != length ||
		    memcmp(unify->one, unify->other, length) != 0)
			return 0;
		at += length;
	}

	return 1;
}

/* It may seem to be as large as the disk, and larger; to share it gains nothing. */
static bool is_sparse(const struct seen *seen)
{
	return seen->size >= SPARSE_SIZE && seen->blocks * 512 < seen->size / SPARSE_PART;
}

/* Of these, not of what had their names when they were met. */
static int same_traits(int one, int other, enum left *why)
{
	struct seen seen, others;

	if (unify_see_open(one, &seen) < 0 || unify_see_open(other, &others) < 0)
		return -1;
	if (S_ISREG(seen.mode) && unify_same_traits(&seen, &others) && !is_sparse(&seen) &&
	    !is_sparse(&others))
		return 1;

	*why = unify_same_traits(&seen, &others) ? LEFT_SPARSE : LEFT_CHANGED;
	return 0;
}

int unify_same_inside(struct unify *unify, int one, int other, uint64_t size, enum left *why)
{
	int result = same_traits(one, other, why);

	if (result > 0)
		result = same_flags(one, other, why);
	if (result > 0)
		result = same_attributes(one, other, why);
	if (result <= 0)
		return result;

	unify->compared++;
	result = same_text(unify, one, other, size);
	if (result == 0)
		*why = LEFT_CONTENT;
	return result;
}
