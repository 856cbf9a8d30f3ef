// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the reboot manager gets rid of sockets.  With one all is closed that was sent to it and that
 * nobody has taken; and the last one to have a connection with SO_LINGER waits, when it is closed,
 * until its other end has read everything: for ever, if somebody wants that.  No process that ends
 * waits like that.  So one ends for it, later than we have closed ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "reboot_discard.h"
#include "reboot_log.h"

static _Noreturn void end_after(int line)
{
	char byte;

	while (read(line, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

void reboot_discard(int fd)
{
	int line[2] = { -1, -1 };
	pid_t child = -1;

	if (pipe2(line, O_CLOEXEC) == 0) {
		child = fork();
		if (child == 0) {
			close(line[1]);
			end_after(line[0]);
		}
	}
	if (child < 0)
		reboot_log(NULL, "process to close a connection: %s; it stays open",
			   strerror(errno));
	else
		close(fd);
	if (line[0] >= 0) {
		close(line[0]);
		close(line[1]);
	}
}
