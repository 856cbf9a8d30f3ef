// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

int report_fork(struct report *report)
{
	int ends[2];

	/* Or the child would print what is waiting in the buffer a second time. */
	fflush(stdout);
	if (pipe2(ends, O_CLOEXEC) < 0)
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

size_t report_read(struct report *report, char *data, size_t room)
{
	size_t used = 0;
	char spill[256];

	for (;;) {
		size_t left = room - 1 - used;
		ssize_t done = read(report->fd, left ? data + used : spill,
				    left ? left : sizeof(spill));

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;
		if (left)
			used += (size_t)done;
	}

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
