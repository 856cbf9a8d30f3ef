// SPDX-License-Identifier: LGPL-2.1-or-later
/* What says that a file is nobody's to change, while its names come and go. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "error.h"

/* As many names as a file can have anywhere, in digits. */
#define VALUE_MAX 16

static const struct vctl_reason reasons[] = {
	{ ENOTTY, VCTL_SYSTEM, "its file system has no attributes of files",
	  "ext4, xfs, btrfs and tmpfs (since Linux 6.6) have them" },
	{ EOPNOTSUPP, VCTL_SYSTEM, "its file system has no such attributes of files",
	  "ext4, xfs, btrfs and tmpfs (since Linux 6.6) have them" },
	{ EPERM, VCTL_NOT_ROOT, "only root of context 0 may",
	  "run it as root outside of all contexts, with CAP_LINUX_IMMUTABLE" },
	{ EBUSY, VCTL_IN_USE, "somebody writes to it, watches it or has locked it",
	  "end that and try again" },
	{ ETXTBSY, VCTL_IN_USE, "somebody writes to it", "end that and try again" },
	{ EBADF, VCTL_SYSTEM, "it is not open for reading or writing", NULL },
	{ 0 },
};

static int fail(int number, struct vctl_error **err)
{
	return vctl_error_explain(err, reasons, number, "attributes");
}

/* 0: it has none. */
static int get_names(int fd, uint32_t *names)
{
	char value[VALUE_MAX + 1];
	ssize_t length = fgetxattr(fd, VCONTEXT_XATTR_INVERT, value, VALUE_MAX);
	char *end;
	unsigned long number;

	*names = 0;
	if (length < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno;

	/* Whatever else it says, it is there. */
	value[length] = '\0';
	number = strtoul(value, &end, 10);
	*names = *end || number == 0 || number > UINT32_MAX ? 1 : (uint32_t)number;
	return 0;
}

static int set_names(int fd, uint32_t names)
{
	char value[VALUE_MAX];
	int length = snprintf(value, sizeof(value), "%u", names);

	if (!names)
		return fremovexattr(fd, VCONTEXT_XATTR_INVERT) < 0 && errno != ENODATA &&
		       errno != EOPNOTSUPP ? -errno : 0;

	return fsetxattr(fd, VCONTEXT_XATTR_INVERT, value, (size_t)length, 0) < 0 ? -errno : 0;
}

/*
 * The module sees to it that nobody has got hold of a file when it becomes immutable; it does from
 * when its device has been opened.  Without it the attributes can be set all the same.
 */
static void wake_module(void)
{
	static _Atomic bool awake;
	int device;

	if (awake)
		return;
	device = open(VCONTEXT_DEVICE, O_RDONLY | O_CLOEXEC);
	if (device < 0 && errno != ENOENT)
		return;
	if (device >= 0)
		close(device);
	awake = true;
}

static int set_flags(int fd, int flags)
{
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? -errno : 0;
}

int vctl_attr_get(int fd, uint32_t *attributes, uint32_t *names, struct vctl_error **err)
{
	uint32_t found;
	int result, flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return fail(errno, err);
	result = get_names(fd, &found);
	if (result < 0)
		return fail(-result, err);

	*attributes = (flags & FS_IMMUTABLE_FL ? VCTL_ATTR_IMMUTABLE : 0) |
		      (found ? VCTL_ATTR_INVERT : 0);
	if (names)
		*names = found;
	return 0;
}

/* The attribute of a file that is not immutable, then the flag; as it was, if that fails. */
static int set_both(int fd, int flags, uint32_t was, uint32_t names)
{
	int result = names == was ? 0 : set_names(fd, names);

	if (result < 0)
		return result;
	result = flags & FS_IMMUTABLE_FL ? set_flags(fd, flags) : 0;
	if (result < 0 && names != was)
		set_names(fd, was);

	return result;
}

int vctl_attr_set(int fd, uint32_t attributes, uint32_t names, struct vctl_error **err)
{
	bool immutable = attributes & VCTL_ATTR_IMMUTABLE;
	uint32_t was = 0;
	int result, flags, wanted;

	if (attributes & ~(VCTL_ATTR_IMMUTABLE | VCTL_ATTR_INVERT))
		return vctl_error_set(err, VCTL_BAD_FLAG, EINVAL, "attributes",
				      "there is no such attribute", NULL);
	names = !(attributes & VCTL_ATTR_INVERT) ? 0 : names ? names : 1;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return fail(errno, err);

	/* One that has none of both is what comes most often: nobody need ask for its attribute. */
	wanted = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	result = flags & FS_IMMUTABLE_FL || !names ? get_names(fd, &was) : 0;
	if (result < 0 || (names == was && wanted == flags))
		return result < 0 ? fail(-result, err) : 0;
	wake_module();
	if (names == was) {
		result = set_flags(fd, wanted);
		return result < 0 ? fail(-result, err) : 0;
	}

	if (flags & FS_IMMUTABLE_FL)
		result = set_flags(fd, flags & ~FS_IMMUTABLE_FL);
	if (result == 0) {
		result = set_both(fd, wanted, was, names);
		if (result < 0 && flags & FS_IMMUTABLE_FL)
			set_flags(fd, flags);
	}

	return result < 0 ? fail(-result, err) : 0;
}
