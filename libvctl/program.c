// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "program.h"

int program_open(int dir, const char *path, int flags, unsigned long long resolve)
{
	struct open_how how = {
		.flags = (unsigned int)flags | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS | resolve,
	};
	long fd;

	if (!(flags & O_PATH))
		how.flags |= O_NOCTTY;
	do {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	} while (fd < 0 && errno == EINTR);

	return fd < 0 ? -errno : (int)fd;
}

/* 0 if it is a regular file that somebody may execute, or why it isn't run. */
static int look(const char *path)
{
	auto_fd int fd = program_open(AT_FDCWD, path, O_PATH, 0);
	struct stat node;

	if (fd < 0)
		return fd;
	if (fstat(fd, &node) < 0)
		return -errno;

	return S_ISREG(node.st_mode) && (node.st_mode & 0111) ? 0 : -EACCES;
}

bool program_is_there(const char *path)
{
	return look(path) == 0;
}

bool program_directory_is_there(const char *path)
{
	auto_fd int fd = program_open(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);

	return fd >= 0;
}

/* A script without a first line that says what runs it is the shell's, as with execvp(3). */
static int run_by_shell(const char *path, const char *const *argv, const char *const *environment)
{
	size_t count = 0;

	while (argv[count])
		count++;

	const char *with_shell[count + 2];

	with_shell[0] = "/bin/sh";
	with_shell[1] = path;
	for (size_t i = 1; i <= count; i++)
		with_shell[i + 1] = argv[i];
	if (look("/bin/sh") == 0)
		execve("/bin/sh", (char *const *)with_shell, (char *const *)environment);
	return -ENOEXEC;
}

static int run_at(const char *path, const char *const *argv, const char *called,
		  const char *const *environment)
{
	size_t count = 0;
	int result = look(path);

	if (result < 0)
		return result;

	while (argv[count])
		count++;

	const char *as_called[count + 1];

	memcpy(as_called, argv, (count + 1) * sizeof(*argv));
	if (called)
		as_called[0] = called;
	execve(path, (char *const *)as_called, (char *const *)environment);
	if (errno == ENOEXEC)
		return run_by_shell(path, argv, environment);
	/* It has just been there. */
	return errno == ENOENT ? -ELIBACC : -errno;
}

/* In one directory after another; the last error that isn't that there is no such file. */
static int run_in_path(const char *const *argv, const char *called,
		       const char *const *environment)
{
	static const char *const directories[] = {
		"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
	};
	int result = -ENOENT;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		char path[PATH_MAX];
		int length = snprintf(path, sizeof(path), "%s/%s", directories[i], argv[0]);
		int failed;

		if (length < 0 || (size_t)length >= sizeof(path))
			return -ENAMETOOLONG;
		failed = run_at(path, argv, called, environment);
		if (failed != -ENOENT && failed != -ENOTDIR)
			result = failed;
		if (failed != -ENOENT && failed != -ENOTDIR && failed != -EACCES)
			break;
	}

	return result;
}

static int complain_refused(struct complaint *complaint, const char *name)
{
	struct statvfs system;

	if (statvfs(strchr(name, '/') ? name : "/", &system) == 0 && (system.f_flag & ST_NOEXEC))
		return complain(complaint, VCTL_SYSTEM, EACCES,
				"the file system that it is on is mounted noexec",
				"mount it without, or move the vserver to another one", "%s", name);

	return complain(complaint, VCTL_SYSTEM, EACCES,
			"it is not a program that this user may run",
			"see to its mode: chmod 755 makes it one for all", "%s", name);
}

int program_run(const char *const *argv, const char *called, const char *const *environment,
		struct complaint *complaint)
{
	int result = strchr(argv[0], '/') ? run_at(argv[0], argv, called, environment) :
					    run_in_path(argv, called, environment);

	switch (-result) {
	case ENOENT:
	case ENOTDIR:
		return complain(complaint, VCTL_NO_COMMAND, ENOENT,
				"there is no such program in the vserver",
				"see to its spelling, or install it there", "%s", argv[0]);
	case ELIBACC:
		return complain(complaint, VCTL_NO_COMMAND, ENOENT,
				"the program or library that runs it is missing in the vserver",
				"look at its first line, or with file(1)", "%s", argv[0]);
	case EACCES:
		return complain_refused(complaint, argv[0]);
	default:
		return complain_system(complaint, -result, "%s", argv[0]);
	}
}
