// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cleanup.h"
#include "protect.h"

#define JOURNAL "pending"
/* How often somebody may win the race for a file's mode before we give up. */
#define ATTEMPTS 100
#define VALUE_MAX 1024
#define WAITS 100
#define WAIT_US 10000

/* What is written down: how to find the file whatever its names are. */
struct record {
	struct file_handle handle;
	unsigned char bytes[MAX_HANDLE_SZ];
};

static const char *const guarded[] = { "security.capability", "system.posix_acl_access" };

#define GUARDED (sizeof(guarded) / sizeof(guarded[0]))

/* What root inside could change without opening the file. */
struct traits {
	struct stat stat;
	ssize_t lengths[GUARDED];
	char values[GUARDED][VALUE_MAX];
};

static int get_flags(int fd, int *flags)
{
	return ioctl(fd, FS_IOC_GETFLAGS, flags);
}

static int set_immutable(int fd, bool on)
{
	int flags;

	if (get_flags(fd, &flags) < 0)
		return -1;
	if (on == !!(flags & FS_IMMUTABLE_FL))
		return 0;

	flags ^= FS_IMMUTABLE_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static int get_traits(int fd, struct traits *traits)
{
	if (fstat(fd, &traits->stat) < 0)
		return -1;

	for (size_t i = 0; i < GUARDED; i++)
		traits->lengths[i] = fgetxattr(fd, guarded[i], traits->values[i], VALUE_MAX);
	return 0;
}

static bool same_value(const struct traits *one, const struct traits *other, size_t i)
{
	return one->lengths[i] == other->lengths[i] &&
	       (one->lengths[i] <= 0 ||
		memcmp(one->values[i], other->values[i], (size_t)one->lengths[i]) == 0);
}

static bool same_traits(const struct traits *one, const struct traits *other)
{
	for (size_t i = 0; i < GUARDED; i++) {
		if (!same_value(one, other, i))
			return false;
	}

	return one->stat.st_mode == other->stat.st_mode &&
	       one->stat.st_uid == other->stat.st_uid && one->stat.st_gid == other->stat.st_gid &&
	       one->stat.st_mtim.tv_sec == other->stat.st_mtim.tv_sec &&
	       one->stat.st_mtim.tv_nsec == other->stat.st_mtim.tv_nsec;
}

static void set_traits(int fd, const struct traits *was, const struct traits *is)
{
	struct timespec times[2] = { was->stat.st_atim, was->stat.st_mtim };

	/* To change the owner may take rights and capabilities away, so it comes first. */
	if (fchown(fd, was->stat.st_uid, was->stat.st_gid) < 0 ||
	    fchmod(fd, was->stat.st_mode & 07777) < 0)
		return;
	for (size_t i = 0; i < GUARDED; i++) {
		if (was->lengths[i] >= 0)
			fsetxattr(fd, guarded[i], was->values[i], (size_t)was->lengths[i], 0);
		else if (is->lengths[i] >= 0)
			fremovexattr(fd, guarded[i]);
	}
	futimens(fd, times);
}

/* Immutable again, and as it was. */
static int close_again(int fd, const struct traits *was)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		struct traits is;

		if (set_immutable(fd, true) < 0 || get_traits(fd, &is) < 0)
			return -1;
		if (same_traits(was, &is))
			return 0;
		/* What we can't set right we can't see either: nobody writes. */
		if (set_immutable(fd, false) < 0)
			return -1;
		set_traits(fd, was, &is);
	}

	if (set_immutable(fd, true) == 0)
		errno = ETXTBSY;
	return -1;
}

/* Has nobody it open for writing?  Of a file that is immutable, then, nobody will. */
static int lease(int fd)
{
	return fcntl(fd, F_SETLEASE, F_RDLCK) < 0 ? -1 : 0;
}

/* The same for one that is to be changed: whoever was made to wait before is soon disappointed. */
static int lease_soon(int fd)
{
	for (int i = 0; i < WAITS; i++) {
		if (lease(fd) == 0)
			return 0;
		if (errno != EAGAIN)
			return -1;
		usleep(WAIT_US);
	}

	errno = ETXTBSY;
	return -1;
}

static void unlease(int fd)
{
	int number = errno;

	fcntl(fd, F_SETLEASE, F_UNLCK);
	errno = number;
}

static int write_down(struct protect *protect, int fd)
{
	struct record record = { .handle = { .handle_bytes = MAX_HANDLE_SZ } };
	int mount;

	if (protect->file < 0)
		protect->file = openat(protect->journal, JOURNAL,
				       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (protect->file < 0 ||
	    name_to_handle_at(fd, "", &record.handle, &mount, AT_EMPTY_PATH) < 0)
		return -1;
	if (pwrite(protect->file, &record, sizeof(record), 0) != (ssize_t)sizeof(record)) {
		errno = ENOSPC;
		return -1;
	}

	return 0;
}

/* The file that somebody was killed over; one that is not there needs nothing. */
static int recover(int journal)
{
	struct record record = { .handle = { .handle_bytes = 0 } };
	auto_fd int file = openat(journal, JOURNAL, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_fd int fd = -1;
	struct stat stat;

	if (file < 0)
		return errno == ENOENT ? 0 : -1;
	if (pread(file, &record, sizeof(record), 0) != (ssize_t)sizeof(record) ||
	    record.handle.handle_bytes > MAX_HANDLE_SZ)
		return 0;

	fd = open_by_handle_at(journal, &record.handle, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ESTALE ? 0 : -1;
	if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) || stat.st_nlink < 2)
		return 0;

	return set_immutable(fd, true);
}

int protect_begin(struct protect *protect, int journal)
{
	struct statfs fs;

	/* What a lease sends when somebody wants to write ends whoever doesn't expect it. */
	signal(SIGIO, SIG_IGN);
	if (fstatfs(journal, &fs) < 0)
		return -1;

	protect->journal = journal;
	protect->usable = fs.f_type == EXT4_SUPER_MAGIC;
	if (recover(journal) < 0)
		return -1;
	unlinkat(journal, JOURNAL, 0);
	return 0;
}

void protect_end(struct protect *protect)
{
	if (protect->file >= 0) {
		close(protect->file);
		unlinkat(protect->journal, JOURNAL, 0);
	}
	protect->file = -1;
	protect->journal = -1;
	protect->usable = false;
}

static int add_link(int fd, int directory, const char *name)
{
	return linkat(fd, "", directory, name, AT_EMPTY_PATH);
}

/* Some files can't be linked: elsewhere, as often as it goes, or removed meanwhile. */
static int judge_link(int number)
{
	return number == EXDEV || number == EMLINK || number == EPERM || number == ENOENT ? 1 : -1;
}

/* Of a file that only one vserver has so far.  What can't be shared gets nothing. */
static int link_first(int fd, int directory, const char *name)
{
	if (add_link(fd, directory, name) < 0)
		return judge_link(errno);

	if (set_immutable(fd, true) == 0) {
		if (lease(fd) == 0) {
			unlease(fd);
			return 0;
		}
		set_immutable(fd, false);
	}

	return unlinkat(directory, name, 0) < 0 ? -1 : 1;
}

/* Of one that several have. */
static int link_again(struct protect *protect, int fd, int directory, const char *name)
{
	struct traits was;
	int result = 0;

	if (lease(fd) < 0)
		return 1;
	if (get_traits(fd, &was) < 0 || write_down(protect, fd) < 0 ||
	    set_immutable(fd, false) < 0) {
		unlease(fd);
		return -1;
	}

	if (add_link(fd, directory, name) < 0)
		result = judge_link(errno);
	if (close_again(fd, &was) < 0)
		result = -1;
	unlease(fd);

	return result;
}

int protect_link(struct protect *protect, int fd, int directory, const char *name)
{
	int flags;

	if (!protect->usable)
		return 1;
	if (get_flags(fd, &flags) < 0) {
		protect->usable = false;
		return 1;
	}
	/* Appended to from inside, it would change for all. */
	if (flags & FS_APPEND_FL)
		return 1;
	if (flags & FS_IMMUTABLE_FL)
		return link_again(protect, fd, directory, name);

	return link_first(fd, directory, name);
}

/* The file that others have, too, is as it was; with one name left it is nobody else's. */
static int unlink_shared(struct protect *protect, int fd, int directory, const char *name)
{
	struct traits was;
	struct stat left;
	int result;

	if (lease_soon(fd) < 0)
		return -1;
	if (get_traits(fd, &was) < 0 || write_down(protect, fd) < 0 ||
	    set_immutable(fd, false) < 0) {
		unlease(fd);
		return -1;
	}

	result = unlinkat(directory, name, 0);
	if ((fstat(fd, &left) < 0 || left.st_nlink > 1) && close_again(fd, &was) < 0)
		result = -1;
	unlease(fd);
	return result;
}

int protect_unlink(struct protect *protect, int directory, const char *name)
{
	struct stat stat;
	auto_fd int fd = -1;
	int flags;

	if (unlinkat(directory, name, 0) == 0)
		return 0;
	if (errno != EPERM)
		return -1;

	/* Immutable, or only to be appended to. */
	fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &stat) < 0 || get_flags(fd, &flags) < 0)
		return -1;
	if (S_ISREG(stat.st_mode) && (flags & FS_IMMUTABLE_FL) && stat.st_nlink > 1)
		return unlink_shared(protect, fd, directory, name);

	flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? -1 : unlinkat(directory, name, 0);
}
