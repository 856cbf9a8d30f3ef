// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "unlink.h"

#define TIME	1000000000	/* of the file */

const struct place places[2] = {
	{ "ext4", "/tmp/unlink/ext4" },
	{ "tmpfs", "/tmp/unlink/tmpfs" },
};

void places_begin(void)
{
	if (system("mkdir -p /tmp/unlink/ext4 /tmp/unlink/tmpfs && "
		   "truncate -s 16M /tmp/unlink/image && mkfs.ext4 -q /tmp/unlink/image && "
		   "mount -o loop /tmp/unlink/image /tmp/unlink/ext4 && "
		   "mount -t tmpfs none /tmp/unlink/tmpfs")) {
		printf("Bail out! no file systems\n");
		exit(1);
	}
}

void places_end(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		shared_remove(&places[i]);
	if (system("umount /tmp/unlink/ext4 /tmp/unlink/tmpfs && rm -r /tmp/unlink"))
		printf("# /tmp/unlink is left\n");
}

static const char *in(const struct place *place, const char *name)
{
	return ktap_text("%s/%s", place->directory, name);
}

int set_immutable(const char *path, bool on)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int flags, value;

	if (fd < 0)
		return -errno;
	value = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	if (!value) {
		flags = on ? flags | FS_IMMUTABLE_FL : flags & ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
		value = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	value = value ? -errno : 0;
	close(fd);
	return value;
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	ktap_need(fd >= 0 && write(fd, CONTENT, strlen(CONTENT)) == (ssize_t)strlen(CONTENT),
		  "%s: %s", path, strerror(errno));
	close(fd);
}

void shared_make(const struct place *place)
{
	struct timespec times[2] = { { .tv_sec = TIME }, { .tv_sec = TIME } };
	const char *file = in(place, "a/file"), *other = in(place, "b/file");

	shared_remove(place);
	ktap_need(!mkdir(in(place, "a"), 0755) && !mkdir(in(place, "b"), 0755),
		  "directories: %s", strerror(errno));
	make_file(file);
	make_file(in(place, "a/other"));
	ktap_need(!utimensat(AT_FDCWD, file, times, 0), "%s: %s", file, strerror(errno));
	ktap_need(!setxattr(file, NOTE, "was", 3, 0) && !setxattr(file, MARK, "1", 1, 0) &&
		  !link(file, other), "mark and link: %s", strerror(errno));
	ktap_need(!set_immutable(file, true), "it can't be made immutable");
}

void shared_expect(const struct place *place)
{
	const char *file = in(place, "b/file");
	char bytes[64], note[8];
	struct stat stat;
	ssize_t size;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	ktap_expect(fd >= 0 && !fstat(fd, &stat), "the other's file: %s", strerror(errno));
	size = read(fd, bytes, sizeof(bytes));
	ktap_expect(size == (ssize_t)strlen(CONTENT) && !memcmp(bytes, CONTENT, (size_t)size),
		    "the other's file has other contents");
	ktap_expect(stat.st_mode == (S_IFREG | 0644) && !stat.st_uid && !stat.st_gid,
		    "the other's file has mode %o, owner %u", stat.st_mode, stat.st_uid);
	ktap_expect(stat.st_mtim.tv_sec == TIME && !stat.st_mtim.tv_nsec,
		    "the other's file has another time");
	size = flistxattr(fd, NULL, 0);
	ktap_expect(size == (ssize_t)(sizeof(NOTE) + sizeof(MARK)) &&
		    fgetxattr(fd, NOTE, note, sizeof(note)) == 3 && !memcmp(note, "was", 3),
		    "the other's file has other attributes");
	close(fd);
}

void shared_remove(const struct place *place)
{
	static const char *const files[] = {
		"b/file", "a/file", "a/other", "a/name", "a/second",
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *path = in(place, files[i]);

		if (unlink(path) && errno == EPERM) {
			set_immutable(path, false);
			unlink(path);
		}
	}
	rmdir(in(place, "a"));
	rmdir(in(place, "b"));
}
