// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fake.h"
#include "relay.h"

#define ROUNDS		1000
#define PATIENCE	60	/* seconds for all of a test */

static char heard[64];

static void on_output(void *data, const char *bytes, size_t count)
{
	(void)data;
	strncat(heard, bytes, count);
}

static const struct vctl_watch listener = { .output = on_output };

static void make_pipe(int ends[2])
{
	*heard = '\0';
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
}

/* What a program inside can do: take out what it has put in, once the reader has been told. */
static _Noreturn void steal(int output, unsigned int after)
{
	struct timespec begin, now;
	char path[32], byte = 'x';
	int own;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", output);
	own = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (own < 0 || write(output, &byte, 1) != 1)
		_exit(EXIT_FAILURE);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec < after);
	(void)!read(own, &byte, 1);
	_exit(EXIT_SUCCESS);
}

START_TEST(what_is_stolen_is_not_waited_for)
{
	int ends[2];

	for (unsigned int round = 0; round < ROUNDS; round++) {
		int status, pidfd;
		pid_t thief;

		make_pipe(ends);
		thief = fork();
		ck_assert_int_ge(thief, 0);
		if (thief == 0)
			steal(ends[1], round % 50 * 1000);
		pidfd = (int)syscall(SYS_pidfd_open, thief, 0);
		ck_assert_int_ge(pidfd, 0);
		/* That we hold the other end, too, is as if one of its children did. */
		ck_assert(relay_output(ends[0], pidfd, NULL, now_ms() + 10000, NULL));
		ck_assert_int_eq(waitpid(thief, &status, 0), thief);
		ck_assert_int_eq(status, 0);
		close(pidfd);
		close(ends[0]);
		close(ends[1]);
	}
}
END_TEST

/* Milliseconds of the processor that it takes to relay what comes without end for half a second. */
static long cost_of(const struct vctl_watch *watch)
{
	struct timespec begin, end;
	char bytes[4096];
	int ends[2];
	pid_t writer;

	memset(bytes, 'x', sizeof(bytes));
	make_pipe(ends);
	writer = fork();
	ck_assert_int_ge(writer, 0);
	if (writer == 0) {
		for (;;)
			(void)!write(ends[1], bytes, sizeof(bytes));
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	ck_assert(!relay_output(ends[0], -1, NULL, now_ms() + 500, watch));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	ck_assert_int_eq(kill(writer, SIGKILL), 0);
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
	close(ends[0]);
	close(ends[1]);

	return (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000;
}

START_TEST(what_nobody_wants_costs_nothing)
{
	const struct vctl_watch deaf = { .output = NULL };

	ck_assert_int_lt(cost_of(NULL), 50);
	ck_assert_int_lt(cost_of(&deaf), 50);
}
END_TEST

START_TEST(what_is_there_is_handed_on)
{
	int ends[2];

	make_pipe(ends);
	ck_assert_int_eq(write(ends[1], "some", 4), 4);
	ck_assert(!relay_output(ends[0], -1, NULL, now_ms() + 50, &listener));
	ck_assert_str_eq(heard, "some");
	/* After its end, too, the time is waited for. */
	ck_assert_int_eq(write(ends[1], "more", 4), 4);
	close(ends[1]);
	ck_assert(!relay_output(ends[0], -1, NULL, now_ms() + 50, &listener));
	ck_assert_str_eq(heard, "somemore");
	close(ends[0]);
}
END_TEST

Suite *suite_relay(void)
{
	Suite *suite = suite_create("relay");
	TCase *tcase = tcase_create("output");

	tcase_set_timeout(tcase, PATIENCE);
	tcase_add_test(tcase, what_is_there_is_handed_on);
	tcase_add_test(tcase, what_nobody_wants_costs_nothing);
	tcase_add_test(tcase, what_is_stolen_is_not_waited_for);
	suite_add_tcase(suite, tcase);
	return suite;
}
