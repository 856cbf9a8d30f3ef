// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "relay.h"
#include "vserver.h"

#define REST_MS		10	/* between two looks at what nobody wants to see */
#define DRAIN_MAX	(1024 * 1024)	/* after the end: there may be others who go on */

/* Hand on what there is: how many bytes that was, 0 at its end, or -EAGAIN if there is nothing. */
static ssize_t hand_on(int output, const struct vctl_watch *watch)
{
	char bytes[4096];
	ssize_t count;

	do {
		count = read(output, bytes, sizeof(bytes));
	} while (count < 0 && errno == EINTR);
	if (count < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (count <= 0)
		return 0;

	tell_output(watch, bytes, (size_t)count);
	return count;
}

static void drain(int output, const struct vctl_watch *watch)
{
	struct pollfd wanted = { .fd = output, .events = POLLIN };
	size_t all = 0;
	ssize_t count;

	while (all < DRAIN_MAX && poll(&wanted, 1, 0) > 0 && (wanted.revents & POLLIN)) {
		count = hand_on(output, watch);
		if (count <= 0)
			break;
		all += (size_t)count;
	}
}

static int left_until(int64_t deadline)
{
	int64_t left;

	if (deadline < 0)
		return -1;
	left = deadline - now_ms();
	if (left < 0)
		return 0;

	return left > INT_MAX ? INT_MAX : (int)left;
}

bool relay_output(int output, int pidfd, struct vctl_context *ctx, int64_t deadline,
	   const struct vctl_watch *watch)
{
	struct pollfd wanted[] = {
		{ .fd = output, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
		{ .fd = ctx ? vctl_context_fd(ctx) : -1, .events = POLLIN },
	};

	/* Those inside can take out again what they have put in, after we were told of it. */
	if (output >= 0)
		fcntl(output, F_SETFL, O_NONBLOCK);
	for (;;) {
		int left = left_until(deadline);
		int count = poll(wanted, 3, left);

		if (count < 0 && errno != EINTR)
			return false;
		if (count > 0 && (wanted[1].revents || wanted[2].revents)) {
			if (wanted[0].fd >= 0)
				drain(wanted[0].fd, watch);
			return true;
		}
		/* Who prints without end must not make us forget the time. */
		if (left == 0)
			return false;
		if (count <= 0 || !wanted[0].revents)
			continue;
		if (hand_on(output, watch) == 0)
			wanted[0].fd = -1;
		/* Who prints without end is not to have a processor of ours for it. */
		else if (!watch || !watch->output)
			poll(wanted + 1, 2, REST_MS);
	}
}
