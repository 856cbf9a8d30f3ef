// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
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

/* Do the locks of an open file, as /proc/PID/fdinfo/FD has them, have that place? */
static bool has_place(int process, const char *name, off_t place)
{
	char path[NAME_MAX + 8];
	auto_free char *line = NULL;
	auto_file FILE *info = NULL;
	auto_fd int fd = -1;
	size_t room = 0;
	bool has = false;

	snprintf(path, sizeof(path), "fdinfo/%s", name);
	fd = openat(process, path, O_RDONLY | O_CLOEXEC);
	info = fd < 0 ? NULL : fdopen(fd, "r");
	if (!info)
		return false;
	fd = -1;
	while (!has && getline(&line, &room, info) > 0) {
		long long start;

		has = sscanf(line, "lock: %*d: OFDLCK %*s WRITE %*d %*x:%*x:%*u %lld",
			     &start) == 1 && start == place;
	}

	return has;
}

static bool holds(int process, const struct stat *file, off_t place)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *open_files = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool found = false;

	if (!open_files) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && (entry = readdir(open_files))) {
		struct stat stat;

		found = fstatat(fd, entry->d_name, &stat, 0) == 0 && stat.st_dev == file->st_dev &&
			stat.st_ino == file->st_ino && has_place(process, entry->d_name, place);
	}
	closedir(open_files);

	return found;
}

static void read_program(int process, char program[LOCK_PROGRAM])
{
	auto_fd int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, program, LOCK_PROGRAM - 1);

	program[length < 0 ? 0 : length] = '\0';
	program[strcspn(program, "\n")] = '\0';
}

pid_t lock_holder(int fd, const char *name, char program[LOCK_PROGRAM])
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	struct stat file;
	pid_t holder = 0;

	if (!processes)
		return 0;
	while (fstat(fd, &file) == 0 && holder == 0 && (entry = readdir(processes))) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		auto_fd int process = pid <= 0 || pid == getpid() ? -1 :
				      openat(dirfd(processes), entry->d_name,
					     O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (process >= 0 && holds(process, &file, place_of(name))) {
			read_program(process, program);
			holder = pid;
		}
	}
	closedir(processes);

	return holder;
}
