// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confined.h"

void enter_secure(void)
{
	struct vcontext_new argument = { .size = sizeof(argument), .drop = SECURE_DROPS };
	int device;

	if (ktap_plain())
		return;
	device = context_device();
	ktap_expect(device >= 0 && !ioctl(device, VCONTEXT_NEW, &argument),
		    "expected a context with a ceiling, came %s", errno_name(errno));
	close(device);
}

static void judge(const struct attempt *attempt, bool full, int error)
{
	size_t i;

	if (full) {
		if (attempt->full == ANY_BUT_EPERM)
			ktap_expect(error != EPERM, "expected anything but EPERM");
		else
			ktap_expect(error == attempt->full, "expected %s, came %s",
				    errno_name(attempt->full), errno_name(error));
		return;
	}
	for (i = 0; i < ARRAY_SIZE(attempt->confined); i++)
		if (error == attempt->confined[i] && (error || !i))
			return;
	ktap_fail("expected %s, came %s", errno_name(attempt->confined[0]), errno_name(error));
}

static void run(const struct attempt *attempt, bool full)
{
	int status;
	pid_t pid;

	if (attempt->prepare)
		attempt->prepare(attempt);
	pid = fork_or_fail();
	if (!pid) {
		if (full)
			enter_new(0);
		else
			enter_secure();
		_exit(attempt->run(attempt));
	}
	status = wait_status(pid);
	if (attempt->undo)
		attempt->undo(attempt);
	if (ktap_over())
		_exit(1);
	ktap_expect(WIFEXITED(status), "expected an exit, came signal %d", WTERMSIG(status));
	judge(attempt, full, WEXITSTATUS(status));
}

static void run_confined(const void *attempt)
{
	run(attempt, false);
}

static void run_full(const void *attempt)
{
	run(attempt, true);
}

void attempts_add(const struct attempt *attempts, size_t count)
{
	struct ktap_case *cases = calloc(2 * count, sizeof(*cases));
	size_t i;

	if (!cases)
		abort();
	for (i = 0; i < count; i++) {
		cases[i] = (struct ktap_case){
			ktap_text("%s, confined", attempts[i].name), run_confined, &attempts[i],
			.anywhere = attempts[i].confined[0] ? NULL : "it is allowed",
		};
		cases[count + i] = (struct ktap_case){
			ktap_text("%s, not confined", attempts[i].name), run_full, &attempts[i],
			.anywhere = "it goes by capabilities alone",
		};
	}
	for (i = 0; i < 2 * count; i++)
		ktap_add(&cases[i]);
}
