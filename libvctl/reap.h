/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCTL_REAP_H
#define VCTL_REAP_H

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>

#include "clock.h"

#define REAP_MS		2000	/* for one who traces a child to wait for it before us */
#define REAP_NAP_MS	5

/**
 * reap_until() - Wait for a child that has ended, as its pidfd says
 * @child: its number
 * @status: out: as of waitpid()
 * @deadline: when to give up
 *
 * Whoever traces a process is told first that it has ended, and until that one waits for it nobody
 * else can.  Somebody inside may keep a child of ours like that for as long as he lives.
 *
 * Return: @child, 0 if it could not be waited for until then, or a negative errno value.
 */
static inline pid_t reap_until(pid_t child, int *status, int64_t deadline)
{
	for (;;) {
		pid_t reaped = waitpid(child, status, WNOHANG);

		if (reaped < 0 && errno != EINTR)
			return -errno;
		if (reaped > 0)
			return reaped;
		if (now_ms() >= deadline)
			return 0;
		poll(NULL, 0, REAP_NAP_MS);
	}
}

#endif /* VCTL_REAP_H */
