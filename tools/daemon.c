// SPDX-License-Identifier: GPL-2.0-only
/* What a program does that serves for a long time: be alone, in the background, and heard of. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "cleanup.h"
#include "daemon.h"
#include "message.h"

/* Is it what is called so, or has who had it before removed it? */
static bool is_file(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* Nobody else may open it: who can, has only to lock it first. */
int daemon_lock(const char *path, const char *advice)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0) {
			message_system(path, NULL);
			return -1;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				message_error(path, "it is running already", advice);
			else
				message_system(path, NULL);
			close(fd);
			return -1;
		}
		if (is_file(fd, path))
			return fd;
		close(fd);
	}
}

void daemon_unlock(const char *path, int fd, const char *number)
{
	unlink(number);
	unlink(path);
	close(fd);
}

static void write_number(const char *path)
{
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	char text[16];
	int length = snprintf(text, sizeof(text), "%d\n", getpid());

	/* On a full /run it is the lock alone that counts. */
	if (fd < 0 || write(fd, text, (size_t)length) < 0)
		message_system(path, NULL);
}

/* To systemd, if that waits for it: sd_notify() is no more than this. */
static void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_fd int fd = -1;
	socklen_t size;

	if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(address.sun_path))
		return;

	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
			     size) < 0)
		message_system("NOTIFY_SOCKET", NULL);
}

int daemon_fork(void)
{
	int ends[2];
	pid_t child;
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		message_system("process in the background", NULL);
		return -1;
	}
	child = fork();
	if (child < 0) {
		message_system("process in the background", NULL);
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (child == 0) {
		close(ends[0]);
		setsid();
		return ends[1];
	}

	close(ends[1]);
	/* Nothing is left to do here, and what is locked is the child's. */
	_exit(read(ends[0], &byte, 1) == 1 ? STATUS_DONE : STATUS_FAILED);
}

/*
 * Lines for the system's log.  A process of its own, which lives until the last one that writes
 * has ended: who restarts a vserver must not be killed by what it says when we are gone.
 */
static _Noreturn void log_lines(int fd)
{
	static const char own[] = "rebootmgr: ";
	FILE *lines = fdopen(fd, "r");
	char line[1024];

	prctl(PR_SET_NAME, "rebootmgr-log");
	openlog("rebootmgr", LOG_PID, LOG_DAEMON);
	while (lines && fgets(line, sizeof(line), lines)) {
		bool ours = strncmp(line, own, sizeof(own) - 1) == 0;

		line[strcspn(line, "\n")] = '\0';
		message_defuse(line);
		syslog(LOG_NOTICE, "%s", line + (ours ? sizeof(own) - 1 : 0));
	}
	_exit(0);
}

/*
 * All other descriptors are the manager's, who holds the contexts of those that run already, and
 * waits: of what strangers have sent to it we must not be the last to have it.
 */
static _Noreturn void begin_log(int lines, int null, int closed)
{
	dup2(lines, STDIN_FILENO);
	dup2(closed, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	log_lines(STDIN_FILENO);
}

static void leave_terminal(void)
{
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int ends[2], closed[2];
	pid_t child;
	char byte;

	if (null < 0 || pipe2(ends, O_CLOEXEC) < 0 || pipe2(closed, O_CLOEXEC) < 0)
		return;
	dup2(null, STDIN_FILENO);
	child = fork();
	if (child == 0)
		begin_log(ends[0], null, closed[1]);
	close(closed[1]);
	while (read(closed[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(closed[0]);
	close(ends[0]);
	dup2(child < 0 ? null : ends[1], STDOUT_FILENO);
	dup2(child < 0 ? null : ends[1], STDERR_FILENO);
	close(ends[1]);
}

void daemon_ready(const char *number, int waiting)
{
	write_number(number);
	notify("READY=1");
	if (waiting < 0)
		return;

	leave_terminal();
	if (write(waiting, "", 1) < 0)
		message_system("process in the foreground", NULL);
	close(waiting);
}
