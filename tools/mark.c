// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vctl.h>

#include "cleanup.h"
#include "mark.h"

#define BOTH	(VCTL_ATTR_IMMUTABLE | VCTL_ATTR_INVERT)
/* How long somebody who writes to a file that is to be removed may take to end that. */
#define WAITS	100
#define WAIT_US	10000

/* What mark_probe() makes. */
#define PROBE	"probe"
#define PROBED	"probed"

void mark_begin(void)
{
	signal(SIGIO, SIG_IGN);
}

int mark_lease(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
		return 0;

	return errno == EAGAIN ? 1 : -1;
}

bool mark_leased(int fd)
{
	return fcntl(fd, F_GETLEASE) == F_RDLCK;
}

static bool is_locked(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/*
 * Ranges are locked by who has it open for writing, which the lease tells.  Of a file that is marked
 * and immutable the module says so, too, if somebody can still write to pages of it that he got
 * before.  What is on its way to the disk looks like that, which is waited for.
 */
bool mark_locked(int fd)
{
	if (!is_locked(fd))
		return false;
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE);

	return is_locked(fd);
}

static int mark_clear(int fd)
{
	int result = vctl_attr_set(fd, 0, 0, NULL);

	if (result < 0)
		errno = -result;
	return result < 0 ? -1 : 0;
}

int mark_take_back(int fd, uint32_t names)
{
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return -1;
	if (stat.st_nlink > names)
		return 1;

	return mark_clear(fd);
}

/*
 * Whoever has it open for writing, or locked, got that before it was immutable.  Then the mark goes
 * again, however many names the file has by now: it must never be on what somebody can write to.
 */
static int see_who_has_it(int fd)
{
	int result = mark_lease(fd);
	int number = errno;

	if (result == 0)
		result = mark_locked(fd);
	if (result == 0)
		return 0;
	if (mark_clear(fd) < 0)
		return -1;

	errno = number;
	return result;
}

/* Whoever owns a file can fill the room that its attributes have. */
static int judge_set(int result)
{
	if (result == -EBUSY || result == -ETXTBSY)
		return 1;
	if (result == -ENOSPC || result == -EDQUOT || result == -E2BIG)
		return 2;

	errno = -result;
	return result < 0 ? -1 : 0;
}

int mark_set(int fd, uint32_t names)
{
	int result, flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return -1;
	/* Somebody else's, and their names that it counts. */
	if (flags & FS_IMMUTABLE_FL)
		return 1;
	result = judge_set(vctl_attr_set(fd, BOTH, names, NULL));

	return result == 0 ? see_who_has_it(fd) : result;
}

int mark_hold(int fd, uint32_t names, bool module)
{
	int result;

	if (module)
		return mark_set(fd, names);
	result = mark_lease(fd);
	if (result == 0)
		result = mark_locked(fd);

	return result == 0 ? judge_set(vctl_attr_set(fd, VCTL_ATTR_INVERT, names, NULL)) : result;
}

/* Some can't be linked: elsewhere, as often as it goes, removed meanwhile, without the module. */
static int judge_link(int number)
{
	return number == EXDEV || number == EMLINK || number == EPERM || number == ENOENT ? 1 : -1;
}

/* Nor can they be marked everywhere. */
static int judge_mark(int number)
{
	return number == ENOTTY || number == EOPNOTSUPP || number == EPERM || number == EINVAL ?
	       1 : -1;
}

int mark_link(int fd, int directory, const char *name)
{
	uint32_t attributes;
	struct stat stat;
	int result;

	result = vctl_attr_get(fd, &attributes, NULL, NULL);
	if (result < 0)
		return judge_mark(-result);
	if (attributes && attributes != BOTH)
		return 1;
	/* Whoever marked it may have been killed before he had looked. */
	result = attributes ? mark_lease(fd) : 0;
	if (result != 0)
		return result > 0 ? 1 : judge_mark(errno);
	if (!attributes && (fstat(fd, &stat) < 0 || stat.st_nlink > 1))
		return 1;
	if (linkat(fd, "", directory, name, AT_EMPTY_PATH) < 0)
		return judge_link(errno);
	if (attributes)
		return 0;

	/* In this order it goes without the module. */
	result = mark_set(fd, 1);
	result = result < 0 ? judge_mark(errno) : result > 0;
	return result == 0 || unlinkat(directory, name, 0) == 0 ? result : -1;
}

static int probe_names(int directory, int fd)
{
	int result = linkat(directory, PROBE, directory, PROBED, 0);
	int number = errno;

	if (mark_clear(fd) < 0)
		return -1;
	if (result == 0)
		unlinkat(directory, PROBED, 0);
	errno = number;
	return result == 0 ? 2 : errno == EPERM ? 1 : -1;
}

int mark_probe(int directory)
{
	auto_fd int fd = -1;
	int result, number;

	mark_unlink(directory, PROBE);
	fd = openat(directory, PROBE, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;

	result = mark_set(fd, 1);
	if (result == 0) {
		result = probe_names(directory, fd);
	} else if (result == 2) {
		errno = ENOSPC;
		result = -1;
	}
	number = errno;
	unlinkat(directory, PROBE, 0);
	errno = number;
	return result;
}

/* Whoever was made to wait by a lease that somebody else had is soon disappointed. */
static int lease_soon(int fd)
{
	for (int i = 0; i < WAITS; i++) {
		int result = mark_lease(fd);

		if (result <= 0)
			return result;
		usleep(WAIT_US);
	}

	errno = ETXTBSY;
	return -1;
}

/*
 * Without the module, or with files that an older version has shared.  The flag is off for a
 * moment; should we be killed in it, a unify of the trees that have the file sets it again.
 */
static int unlink_shared(int fd, int flags, int directory, const char *name)
{
	int loose = flags & ~FS_IMMUTABLE_FL;
	int result;

	if (lease_soon(fd) < 0)
		return -1;
	result = ioctl(fd, FS_IOC_SETFLAGS, &loose);
	if (result == 0)
		result = unlinkat(directory, name, 0);
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0)
		result = -1;

	return result;
}

int mark_unlink(int directory, const char *name)
{
	uint32_t attributes;
	struct stat stat;
	auto_fd int fd = -1;
	int flags;

	if (unlinkat(directory, name, 0) == 0)
		return 0;
	if (errno != EPERM)
		return -1;

	/* Immutable without the mark, or only to be appended to; or there is no module. */
	fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &stat) < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return -1;
	/* Marked, and with the module: it is the directory that doesn't let it go. */
	if (vctl_attr_get(fd, &attributes, NULL, NULL) == 0 && attributes == BOTH &&
	    vctl_module_loaded() > 0) {
		errno = EPERM;
		return -1;
	}
	if (S_ISREG(stat.st_mode) && (flags & FS_IMMUTABLE_FL) && stat.st_nlink > 1)
		return unlink_shared(fd, flags, directory, name);

	flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? -1 : unlinkat(directory, name, 0);
}
