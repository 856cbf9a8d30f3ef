// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "fake.h"
#include "user.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int file_of(const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static int read_from(const char *text, const char *name, struct user *user)
{
	auto_fd int fd = file_of(text);

	return user_read(fd, name, user);
}

#define PASSWD									\
	"root:x:0:0:root:/root:/bin/bash\n"					\
	"\n"									\
	"# a comment\n"								\
	"+nis\n"								\
	"joe:x:1000:100:Joe,,,:/home/joe:/bin/sh\n"				\
	"joe:x:0:0:second:/:/bin/sh\n"						\
	"1000:x:4242:4242::/:/bin/false\n"					\
	"bare:x:7:8::\n"							\
	"few:x:9:9\n"								\
	"noshell:x:12:12::/var:\n"						\
	"big:x:4294967295:0::/:/bin/sh\n"					\
	"minus:x:-5:0::/:/bin/sh\n"						\
	"wide:x:99999999999:0::/:/bin/sh\n"					\
	"last:x:13:14::/l:/bin/l"

START_TEST(by_name)
{
	static struct user user;

	ck_assert_int_eq(read_from(PASSWD, "joe", &user), 0);
	ck_assert_uint_eq(user.uid, 1000);
	ck_assert_uint_eq(user.gid, 100);
	ck_assert_str_eq(user.name, "joe");
	ck_assert_str_eq(user.home, "/home/joe");
	ck_assert_str_eq(user.shell, "/bin/sh");
	ck_assert_int_eq(read_from(PASSWD, "last", &user), 0);
	ck_assert_uint_eq(user.gid, 14);
	ck_assert_str_eq(user.shell, "/bin/l");
}
END_TEST

START_TEST(by_number)
{
	static struct user user;

	ck_assert_int_eq(read_from(PASSWD, "0", &user), 0);
	ck_assert_str_eq(user.name, "root");
	ck_assert_int_eq(read_from(PASSWD, "13", &user), 0);
	ck_assert_str_eq(user.name, "last");
	/* A name that looks like one. */
	ck_assert_int_eq(read_from(PASSWD, "1000", &user), 0);
	ck_assert_uint_eq(user.uid, 4242);
}
END_TEST

START_TEST(what_is_missing_has_defaults)
{
	static struct user user;

	ck_assert_int_eq(read_from(PASSWD, "bare", &user), 0);
	ck_assert_str_eq(user.home, "/");
	ck_assert_str_eq(user.shell, "/bin/sh");
	ck_assert_int_eq(read_from(PASSWD, "noshell", &user), 0);
	ck_assert_str_eq(user.home, "/var");
	ck_assert_str_eq(user.shell, "/bin/sh");
}
END_TEST

static const char *const nobody[] = {
	"jo", "joey", "", ":", "few", "big", "minus", "wide", "-5", "4294967295", "4294967296",
	"0x0", " 0", "# a comment", "\n",
};

START_TEST(nobody_is_found)
{
	static struct user user;

	ck_assert_int_eq(read_from(PASSWD, nobody[_i], &user), -ENOENT);
}
END_TEST

/* A line that is as long as a hostile root likes it to be. */
START_TEST(long_lines_are_skipped)
{
	static const size_t lengths[] = { 1000, 16381, 16382, 16383, 16384, 40000, 1000000 };
	static struct user user;

	for (size_t i = 0; i < LENGTH(lengths); i++) {
		auto_free char *text = malloc(lengths[i] + 100);

		memset(text, 'x', lengths[i]);
		strcpy(text + lengths[i], "\njoe:x:5:6::/h:/s\n");
		ck_assert_int_eq(read_from(text, "joe", &user), 0);
		ck_assert_uint_eq(user.uid, 5);

		memset(text, 'x', lengths[i]);
		memcpy(text, "joe:x:7:7::/", 12);
		strcpy(text + lengths[i], ":/bin/sh\n");
		user.uid = 1;
		if (read_from(text, "joe", &user) == 0) {
			ck_assert_uint_eq(user.uid, 7);
			ck_assert_uint_lt(strlen(user.home), sizeof(user.home));
		} else {
			ck_assert_uint_ge(lengths[i], 16300);
		}
	}
}
END_TEST

#define GROUP								\
	"root:x:0:\n"							\
	"utmp:x:43:\n"							\
	"audio:x:29:joe,ann\n"						\
	"broken:x::joe\n"						\
	"short:x:5\n"							\
	"joes:x:30:joey,ajoe\n"						\
	"staff:x:50:ann,,joe\n"

START_TEST(groups_by_member)
{
	auto_fd int fd = file_of(GROUP);
	static struct user user;

	strcpy(user.name, "joe");
	user.group_count = 0;
	ck_assert_int_eq(user_read_groups(fd, &user), 0);
	ck_assert_uint_eq(user.group_count, 2);
	ck_assert_uint_eq(user.groups[0], 29);
	ck_assert_uint_eq(user.groups[1], 50);
}
END_TEST

START_TEST(not_more_groups_than_there_is_room_for)
{
	auto_fd int fd = memfd_create("file", MFD_CLOEXEC);
	static struct user user;

	for (int i = 0; i < USER_GROUPS_MAX + 100; i++)
		dprintf(fd, "g%d:x:%d:joe\n", i, i + 1);
	lseek(fd, 0, SEEK_SET);
	strcpy(user.name, "joe");
	user.group_count = 0;
	ck_assert_int_eq(user_read_groups(fd, &user), 0);
	ck_assert_uint_eq(user.group_count, USER_GROUPS_MAX);
}
END_TEST

START_TEST(a_group_by_name)
{
	auto_fd int fd = file_of(GROUP);
	gid_t gid;

	ck_assert_int_eq(user_read_group(fd, "utmp", &gid), 0);
	ck_assert_uint_eq(gid, 43);
	lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(user_read_group(fd, "nogroup", &gid), -ENOENT);
	lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(user_read_group(fd, "broken", &gid), -EINVAL);
}
END_TEST

Suite *suite_user(void)
{
	Suite *suite = suite_create("user");
	TCase *tests = tcase_create("user");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_test(tests, by_name);
	tcase_add_test(tests, by_number);
	tcase_add_test(tests, what_is_missing_has_defaults);
	tcase_add_loop_test(tests, nobody_is_found, 0, LENGTH(nobody));
	tcase_add_test(tests, long_lines_are_skipped);
	tcase_add_test(tests, groups_by_member);
	tcase_add_test(tests, not_more_groups_than_there_is_room_for);
	tcase_add_test(tests, a_group_by_name);
	suite_add_tcase(suite, tests);
	return suite;
}
