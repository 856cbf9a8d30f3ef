// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "error.h"
#include "lock.h"

#define LOCK_FILE	".lock"
#define LOCK_PATH	"/run/vservers/" LOCK_FILE

/* FNV-1a, and "" beyond all others. */
static off_t place_of(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	if (!*name)
		return (off_t)1 << 62;
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3ULL;

	return (off_t)(hash & (((uint64_t)1 << 62) - 1));
}

static struct flock range_of(const char *name, short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = place_of(name),
		.l_len = 1,
	};
}

int lock_open(int dir, struct vctl_error **err)
{
	static const struct vctl_reason reasons[] = {
		{ EACCES, VCTL_NOT_ROOT, "only root may act on vservers", "run it as root" },
		{ 0 },
	};
	int fd = openat(dir, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? vctl_error_explain(err, reasons, errno, LOCK_PATH) : fd;
}

int lock_take(int fd, const char *name, bool wait)
{
	struct flock range = range_of(name, F_WRLCK);

	while (fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &range) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return -EBUSY;
		if (errno != EINTR)
			return -errno;
	}

	return 0;
}

void lock_give(int fd, const char *name)
{
	struct flock range = range_of(name, F_UNLCK);

	fcntl(fd, F_OFD_SETLK, &range);
}

bool lock_is_taken(int fd, const char *name)
{
	struct flock range = range_of(name, F_WRLCK);

	return fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}
