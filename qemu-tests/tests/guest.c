// SPDX-License-Identifier: GPL-2.0-only
/* Processes, lines between them, and what /proc says. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

const char *errno_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "success";

	return name ? name : "an unknown error";
}

int result(long value)
{
	return value < 0 ? errno : 0;
}

void become(uid_t uid)
{
	if (!uid)
		return;
	ktap_need(!setgroups(0, NULL) && !setresgid(uid, uid, uid) && !setresuid(uid, uid, uid),
		  "expected to become user %u, came %s", uid, errno_name(errno));
	/* the kernel forbids others to look into who has changed its user */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The child ends with its parent, stopped or not and wherever it has gone: the kernel sees to it. */
pid_t fork_or_fail(void)
{
	pid_t pid = fork();

	ktap_need(pid >= 0, "expected a process, came %s", errno_name(errno));
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

int wait_status(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		ktap_expect(errno == EINTR, "expected process %d to be waited for, came %s", pid,
			    errno_name(errno));
	return status;
}

void wait_exit(pid_t pid, int want)
{
	int status = wait_status(pid);

	if (ktap_over())
		_exit(1);
	ktap_expect(!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM,
		    "time-out: expected exit status %d, came none", want);
	ktap_expect(WIFEXITED(status), "expected exit status %d, came signal %d", want,
		    WTERMSIG(status));
	ktap_expect(WEXITSTATUS(status) == want, "expected exit status %d, came %d", want,
		    WEXITSTATUS(status));
}

void nap(unsigned int milliseconds)
{
	struct timespec t = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

void in_child(void (*function)(void *), void *data)
{
	pid_t pid = fork_or_fail();

	if (!pid) {
		function(data);
		_exit(0);
	}
	wait_exit(pid, 0);
}

bool wait_readable(int fd, unsigned int milliseconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, milliseconds) == 1;
}

struct sitter sitter_start(void (*prepare)(void *), void *data)
{
	struct sitter sitter;
	int line[2];
	char byte;

	ktap_need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line), "socketpair: %s",
		  errno_name(errno));
	sitter.pid = fork_or_fail();
	sitter.line = line[0];
	if (!sitter.pid) {
		close(line[0]);
		if (prepare)
			prepare(data);
		ktap_expect(write(line[1], "", 1) == 1, "write: %s", errno_name(errno));
		while (read(line[1], &byte, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	close(line[1]);
	if (read(line[0], &byte, 1) != 1) {
		wait_status(sitter.pid);
		ktap_need(false, "expected a process to get ready, came its end");
	}
	return sitter;
}

void sitter_end(struct sitter *sitter)
{
	close(sitter->line);
	wait_status(sitter->pid);
}

void send_fd(int line, int fd)
{
	char room[CMSG_SPACE(sizeof(int))] = "";
	struct iovec data = { "", 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	ktap_expect(sendmsg(line, &message, 0) == 1, "expected to pass a descriptor, came %s",
		    errno_name(errno));
}

/* The descriptor, or a negative errno: it may be refused. */
int receive_fd(int line)
{
	char room[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *header;
	int fd;

	if (recvmsg(line, &message, MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EPERM;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static ssize_t read_file(int directory, const char *path, char *text, size_t room)
{
	size_t length = 0;
	ssize_t n;
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text + length, room - 1 - length);
		if (n < 0) {
			n = -errno;
			close(fd);
			return n;
		}
		length += n;
	} while (n && length < room - 1);
	close(fd);
	text[length] = '\0';
	return length;
}

long number_in(int directory, const char *path, const char *key)
{
	static char text[16384];
	ssize_t n = read_file(directory, path, text, sizeof(text));
	char *place;

	if (n < 0)
		return n;
	place = strstr(text, key);
	return place ? strtol(place + strlen(key), NULL, 10) : -ENODATA;
}

bool line_in(const char *path, const char *line)
{
	static char text[16384];
	size_t length = strlen(line);
	char *place = text;

	if (read_file(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	while ((place = strstr(place, line))) {
		if ((place == text || place[-1] == '\n') && place[length] == '\n')
			return true;
		place++;
	}
	return false;
}

bool lists(const char *directory, pid_t pid)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	bool found = false;

	while (dir && (entry = readdir(dir)))
		found = found || atoi(entry->d_name) == pid;
	if (dir)
		closedir(dir);
	return found;
}

/* Returns 0 or an errno. */
int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}
