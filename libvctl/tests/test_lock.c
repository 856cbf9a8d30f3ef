// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "lock.h"

static char directory[] = "/tmp/vctl-lock-XXXXXX";
static int one = -1, other = -1;

static void set_up(void)
{
	int dir;

	fake_reset();
	strcpy(directory + sizeof(directory) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	one = lock_open(dir, NULL);
	other = lock_open(dir, NULL);
	ck_assert(one >= 0 && other >= 0);
	close(dir);
}

static void tear_down(void)
{
	char path[64];

	close(one);
	close(other);
	strcpy(path, directory);
	strcat(path, "/.lock");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}

START_TEST(a_name_is_locked_once)
{
	ck_assert(!lock_is_taken(one, "web"));
	ck_assert_int_eq(lock_take(one, "web", true), 0);
	ck_assert(lock_is_taken(other, "web"));
	ck_assert(!lock_is_taken(one, "web"));
	ck_assert_int_eq(lock_take(other, "web", false), -EBUSY);
	lock_give(one, "web");
	ck_assert_int_eq(lock_take(other, "web", false), 0);
}
END_TEST

START_TEST(names_are_independent)
{
	static const char *const names[] = { "", "a", "b", "web", "wea", "Web", "web.1", "web-1" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(lock_take(i % 2 ? one : other, names[i], false), 0);
	lock_give(one, "a");
	ck_assert(!lock_is_taken(other, "a"));
	ck_assert(lock_is_taken(other, "web"));
	ck_assert(lock_is_taken(one, ""));
}
END_TEST

START_TEST(the_end_of_its_owner_gives_it_back)
{
	char program[LOCK_PROGRAM];
	int line[2];
	char byte;
	pid_t pid;

	close(one);
	ck_assert_int_eq(pipe(line), 0);
	pid = fork();
	if (pid == 0) {
		int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		one = lock_open(dir, NULL);
		if (lock_take(one, "web", true) == 0)
			(void)!write(line[1], "", 1);
		pause();
		_exit(0);
	}
	ck_assert_int_eq(read(line[0], &byte, 1), 1);
	ck_assert_int_eq(lock_take(other, "web", false), -EBUSY);
	ck_assert_int_eq(lock_holder(other, "web", program), pid);
	ck_assert_str_eq(program, "unit");
	ck_assert_int_eq(lock_holder(other, "mail", program), 0);
	kill(pid, SIGKILL);
	ck_assert_int_eq(lock_take(other, "web", true), 0);
	waitpid(pid, NULL, 0);
	one = dup(other);
	close(line[0]);
	close(line[1]);
}
END_TEST

Suite *suite_lock(void)
{
	Suite *suite = suite_create("lock");
	TCase *tests = tcase_create("lock");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_name_is_locked_once);
	tcase_add_test(tests, names_are_independent);
	tcase_add_test(tests, the_end_of_its_owner_gives_it_back);
	suite_add_tcase(suite, tests);
	return suite;
}
