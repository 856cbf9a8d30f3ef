// SPDX-License-Identifier: LGPL-2.1-or-later
/* Children that have ended, and whose end somebody else keeps. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "fake.h"
#include "reap.h"

#define PATIENCE 30	/* seconds for all of a test */

struct kept {
	struct child child;	/* that has ended */
	pid_t tracer;
};

/* A child that ends as soon as another one traces it, who never waits. */
static void begin(struct kept *kept)
{
	struct pollfd end;
	int ready[2], pidfd;
	char byte = 'x';
	pid_t pid;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		close(ready[1]);
		_exit(read(ready[0], &byte, 1) == 0 ? 7 : 8);
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	ck_assert_int_ge(pidfd, 0);
	kept->child = (struct child){ .pid = pid, .pidfd = pidfd, .line = -1 };

	kept->tracer = fork();
	ck_assert_int_ge(kept->tracer, 0);
	if (kept->tracer == 0) {
		while (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0 && errno == EPERM)
			poll(NULL, 0, 1);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[0]);
	close(ready[1]);
	end = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	ck_assert_int_eq(poll(&end, 1, PATIENCE * 1000), 1);
}

static void end(struct kept *kept)
{
	ck_assert_int_eq(kill(kept->tracer, SIGKILL), 0);
	ck_assert_int_eq(waitpid(kept->tracer, NULL, 0), kept->tracer);
}

START_TEST(one_that_is_kept_is_given_up)
{
	int64_t begun = now_ms();
	struct kept kept;
	int status;

	begin(&kept);
	ck_assert_int_eq(reap_until(kept.child.pid, &status, 0), 0);
	ck_assert_int_eq(reap_until(kept.child.pid, &status, now_ms() + 50), 0);
	ck_assert_int_lt(now_ms() - begun, REAP_MS);
	end(&kept);
	ck_assert_int_eq(reap_until(kept.child.pid, &status, now_ms() + 5000), kept.child.pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	ck_assert_int_eq(reap_until(kept.child.pid, &status, 0), -ECHILD);
	child_close(&kept.child);
}
END_TEST

START_TEST(a_child_that_is_kept)
{
	struct kept kept;
	pid_t pid;

	begin(&kept);
	pid = kept.child.pid;
	ck_assert_int_eq(child_reap(&kept.child), -ETIMEDOUT);
	ck_assert_int_eq(child_end(&kept.child), -ETIMEDOUT);
	ck_assert_int_eq(kept.child.pid, -1);
	end(&kept);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(child_end(&kept.child), -ESRCH);
}
END_TEST

START_TEST(a_child_that_is_not)
{
	struct child child;
	int result = child_fork(&child, 0, -1, -1);
	struct child_message message;

	ck_assert_int_ge(result, 0);
	if (result == 0)
		_exit(child_hear(child.line, &message, NULL) == 0 ? 5 : 6);
	result = child_end(&child);
	ck_assert(result > 0 && WIFEXITED(result) && WEXITSTATUS(result) == 5);
}
END_TEST

Suite *suite_reap(void)
{
	Suite *suite = suite_create("reap");
	TCase *tcase = tcase_create("children");

	tcase_set_timeout(tcase, PATIENCE);
	tcase_add_test(tcase, one_that_is_kept_is_given_up);
	tcase_add_test(tcase, a_child_that_is_kept);
	tcase_add_test(tcase, a_child_that_is_not);
	suite_add_tcase(suite, tcase);
	return suite;
}
