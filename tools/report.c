// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

int report_fork(struct report *report)
{
	int ends[2];

	/* Or the child would print what is waiting in the buffer a second time. */
	fflush(stdout);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;

	report->child = fork();
	if (report->child < 0) {
		int number = errno;

		close(ends[0]);
		close(ends[1]);
		errno = number;
		return -1;
	}

	report->fd = ends[report->child == 0];
	close(ends[report->child != 0]);
	return 0;
}

int report_write(const struct report *report, const void *data, size_t length)
{
	ssize_t done;

	do {
		done = write(report->fd, data, length);
	} while (done < 0 && errno == EINTR);

	return done == (ssize_t)length ? 0 : -1;
}

int report_wait(const struct report *report)
{
	char byte;

	return report_take(report, &byte, 1) == 1 ? 0 : -1;
}

int report_go(const struct report *report, bool on)
{
	if (!on)
		return shutdown(report->fd, SHUT_WR);

	return send(report->fd, "", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

size_t report_take(const struct report *report, void *data, size_t length)
{
	size_t used = 0;

	while (used < length) {
		ssize_t done = read(report->fd, (char *)data + used, length - used);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;
		used += (size_t)done;
	}

	return used;
}

size_t report_read(struct report *report, char *data, size_t room)
{
	size_t used = report_take(report, data, room - 1);
	char spill[256];

	while (report_take(report, spill, sizeof(spill)) > 0)
		;

	data[used] = '\0';
	close(report->fd);
	report->fd = -1;
	return used;
}

void report_reap(const struct report *report)
{
	while (waitpid(report->child, NULL, 0) < 0 && errno == EINTR)
		;
}
