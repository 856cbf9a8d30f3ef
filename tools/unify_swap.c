// SPDX-License-Identifier: GPL-2.0-only
/* A name gets another file, from one moment to the next. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mark.h"
#include "unify.h"
#include "unify_record.h"

/* Nobody is to see it by the time of the directory, not even if we are killed soon. */
static int exchange(const struct unify *unify, const struct member *old)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct stat stat;

	if (fstat(old->directory, &stat) < 0)
		return -1;
	times[1] = stat.st_mtim;
	if (syscall(SYS_renameat2, unify->stage, STAGED, old->directory, old->name,
		    RENAME_EXCHANGE) < 0)
		return -1;

	futimens(old->directory, times);
	return 0;
}

static void drop_staged(const struct unify *unify)
{
	int number = errno;

	mark_unlink(unify->stage, STAGED);
	errno = number;
}

/* Of encrypted, immutable or append-only directories, or those of other quotas. */
static bool is_bound(int number)
{
	return number == EXDEV || number == ENOKEY || number == EPERM || number == EACCES;
}

enum left unify_swap_left(int result)
{
	return result == 2 ? LEFT_BOUND : LEFT_CHANGED;
}

static bool is_untouched(const struct member *old)
{
	struct seen now;

	return unify_see_open(old->fd, &now) == 0 && now.ino == old->seen.ino &&
	       unify_same_traits(&now, &old->seen) &&
	       now.ctime.tv_sec == old->seen.ctime.tv_sec &&
	       now.ctime.tv_nsec == old->seen.ctime.tv_nsec;
}

/* What came out is the file that was compared, and nobody has come to write to it. */
static bool is_the_old_one(const struct seen *out, const struct member *old)
{
	return out->ino == old->seen.ino && unify_same_traits(out, &old->seen) &&
	       (old->seen.immutable || mark_leased(old->fd));
}

/*
 * Somebody else put a file of that name there, or wants to write to the one that was there: it
 * goes back.  What comes out has to be what was put in, or there has been somebody again.
 */
static int put_back(struct unify *unify, const struct member *old, uint64_t put,
		    uint64_t expected)
{
	struct seen out = { .ino = put };

	while (exchange(unify, old) == 0 && unify_see(unify->stage, STAGED, &out) == 0 &&
	       out.ino != expected) {
		expected = put;
		put = out.ino;
	}
	if (out.ino != expected)
		return unify_record_save(unify);

	drop_staged(unify);
	return 0;
}

static int swap_recorded(struct unify *unify, const struct seen *new, const struct member *old)
{
	struct seen out;

	if (exchange(unify, old) < 0) {
		drop_staged(unify);
		return errno == ENOENT || errno == ENOTDIR ? 1 : is_bound(errno) ? 2 : -1;
	}
	if (unify_see(unify->stage, STAGED, &out) < 0)
		return -1;
	if (!is_the_old_one(&out, old))
		return put_back(unify, old, out.ino, new->ino) < 0 ? -1 : 1;

	return mark_unlink(unify->stage, STAGED);
}

int unify_swap_staged(struct unify *unify, const struct seen *new, const struct member *old,
		      bool fresh)
{
	int result, number;

	if (fresh && !is_untouched(old)) {
		drop_staged(unify);
		return 1;
	}

	unify_record_set(unify, old, new->ino);
	result = swap_recorded(unify, new, old);
	number = errno;
	/* What is still there if that failed belongs somewhere. */
	if (result >= 0)
		unify_record_clear(unify);
	errno = number;
	return result;
}

int unify_swap(struct unify *unify, int fd, const struct seen *new, const struct member *old,
	       bool fresh)
{
	int result = linkat(fd, "", unify->stage, STAGED, AT_EMPTY_PATH);

	/* Somebody was interrupted. */
	if (result < 0 && errno == EEXIST) {
		drop_staged(unify);
		result = linkat(fd, "", unify->stage, STAGED, AT_EMPTY_PATH);
	}

	/* Of the new one somebody has removed all names meanwhile. */
	if (result < 0)
		return errno == ENOENT ? 1 : is_bound(errno) ? 2 : -1;

	return unify_swap_staged(unify, new, old, fresh);
}
