// SPDX-License-Identifier: GPL-2.0-only
/* Numbers that the kernel tells of its own accord or checks in passing: locks and credentials. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

static const char *lock_path(pid_t actor)
{
	return ktap_text("/tmp/vcontext-lock-%d", actor);
}

/* By the target; closing any descriptor of the file would lose the lock, so another one is passed. */
static int give_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	int fd = open(lock_path(getppid()), O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	fchmod(fd, 0666);
	if (fd < 0 || fcntl(fd, F_SETLK, &lock) || flock(fd, LOCK_EX))
		return -1;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int do_getlk(struct pair *pair)
{
	struct flock lock = { .l_type = F_WRLCK };
	int fd = open(lock_path(getpid()), O_RDWR | O_CLOEXEC);
	int error;

	error = result(fcntl(fd, F_GETLK, &lock));
	unlink(lock_path(getpid()));
	if (error)
		return error;
	/* that it is locked has to be told */
	if (lock.l_type != F_WRLCK)
		return EINVAL;
	return lock.l_pid == pair->target ? 0 : ESRCH;
}

static int do_proc_locks(struct pair *pair)
{
	const char *number = ktap_text(" %d ", pair->target);
	FILE *file = fopen("/proc/locks", "re");
	char line[256];
	bool found = false;

	unlink(lock_path(getpid()));
	if (!file)
		return errno;
	while (fgets(line, sizeof(line), file))
		found = found || strstr(line, number);
	fclose(file);
	return found ? 0 : ESRCH;
}

/* Root may claim to be another process, if it knows of it. */
static int do_credentials(struct pair *pair)
{
	struct ucred credentials = { .pid = pair->target, .uid = getuid(), .gid = getgid() };
	char room[CMSG_SPACE(sizeof(credentials))] = "";
	struct iovec data = { "", 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int line[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, line))
		return errno;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_CREDENTIALS;
	header->cmsg_len = CMSG_LEN(sizeof(credentials));
	memcpy(CMSG_DATA(header), &credentials, sizeof(credentials));
	return result(sendmsg(line[0], &message, 0));
}

static const struct act acts[] = {
	{ "F_GETLK", .give = give_lock, .run = do_getlk, .hidden = { ESRCH } },
	{ "list of /proc/locks", .give = give_lock, .run = do_proc_locks, .hidden = { ESRCH } },
	{ "SCM_CREDENTIALS", .run = do_credentials, .hidden = { ESRCH }, .secure = EPERM,
	  .flags = ROOT_ONLY },
};

/* A lock outlives who has taken it, as those of daemons do, and his number is nobody's then. */
static void run_orphan(const void *unused)
{
	int fd = open(lock_path(getpid()), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat stat;
	const char *inode;
	FILE *list;
	char line[256];
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid)
		_exit(flock(fd, LOCK_EX) ? 1 : 0);
	wait_exit(pid, 0);
	ktap_expect(!fstat(fd, &stat) && !unlink(lock_path(getpid())), "a lock: %s",
		    errno_name(errno));
	enter_new(0);
	inode = ktap_text(":%ju ", (uintmax_t)stat.st_ino);
	list = fopen("/proc/locks", "re");
	ktap_expect(list, "/proc/locks: %s", errno_name(errno));
	while (fgets(line, sizeof(line), list))
		ktap_expect(!strstr(line, "FLOCK") || !strstr(line, inode),
			    "expected it not to be listed, came %s", line);
	fclose(list);
}

static const struct ktap_case cases[] = {
	{ "list of /proc/locks, of who has died", run_orphan },
};

int main(int argc, char **argv)
{
	pair_add_all(acts);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
