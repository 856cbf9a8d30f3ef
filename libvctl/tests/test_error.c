// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "error.h"
#include "fake.h"

START_TEST(all_parts_are_kept)
{
	vctl_auto_error struct vctl_error *err = NULL;
	char what[] = "context 5";

	ck_assert_int_eq(vctl_error_set(&err, VCTL_NOT_ROOT, EPERM, what, "why", "advice"), -EPERM);
	memset(what, 'x', sizeof(what) - 1);
	assert_error(err, VCTL_NOT_ROOT, EPERM);
	ck_assert_str_eq(vctl_error_what(err), "context 5");
	ck_assert_str_eq(vctl_error_why(err), "why");
	ck_assert_str_eq(vctl_error_advice(err), "advice");
}
END_TEST

START_TEST(the_system_says_why)
{
	vctl_auto_error struct vctl_error *err = NULL;

	vctl_error_set(&err, VCTL_SYSTEM, ENFILE, "x", NULL, NULL);
	ck_assert_str_eq(vctl_error_why(err), strerror(ENFILE));
	ck_assert_str_eq(vctl_error_advice(err), "");
}
END_TEST

START_TEST(the_new_replaces_the_old)
{
	vctl_auto_error struct vctl_error *err = NULL;

	vctl_error_set(&err, VCTL_SYSTEM, EIO, "first", NULL, NULL);
	vctl_error_set(&err, VCTL_LOCKED, EPERM, vctl_error_what(err), "x", NULL);
	assert_error(err, VCTL_LOCKED, EPERM);
	ck_assert_str_eq(vctl_error_what(err), "first");
}
END_TEST

START_TEST(nobody_need_listen)
{
	ck_assert_int_eq(vctl_error_set(NULL, VCTL_SYSTEM, EIO, "x", NULL, NULL), -EIO);
}
END_TEST

START_TEST(null_is_no_error)
{
	ck_assert_int_eq(vctl_error_code(NULL), 0);
	ck_assert_int_eq(vctl_error_errno(NULL), 0);
	ck_assert_str_eq(vctl_error_what(NULL), "");
	ck_assert_str_eq(vctl_error_why(NULL), "");
	ck_assert_str_eq(vctl_error_advice(NULL), "");
	vctl_error_free(NULL);
}
END_TEST

START_TEST(without_memory_there_still_is_one)
{
	struct vctl_error *err = NULL;

	strdup_budget = _i;
	ck_assert_int_eq(vctl_error_set(&err, VCTL_LOCKED, EPERM, "x", "y", "z"), -EPERM);
	assert_error(err, VCTL_SYSTEM, ENOMEM);
	ck_assert_int_eq(vctl_error_set(&err, VCTL_LOCKED, EPERM, "x", "y", "z"), -EPERM);
	assert_error(err, VCTL_SYSTEM, ENOMEM);
	vctl_error_free(err);
}
END_TEST

START_TEST(a_table_explains)
{
	static const struct vctl_reason reasons[] = {
		{ EBUSY, VCTL_TRACED, "traced", "don't" },
		{ 0 },
	};
	vctl_auto_error struct vctl_error *err = NULL;

	ck_assert_int_eq(vctl_error_explain(&err, reasons, EBUSY, "x"), -EBUSY);
	assert_error(err, VCTL_TRACED, EBUSY);
	ck_assert_int_eq(vctl_error_explain(&err, reasons, EIO, "x"), -EIO);
	assert_error(err, VCTL_SYSTEM, EIO);
}
END_TEST

Suite *suite_error(void)
{
	Suite *suite = suite_create("error");
	TCase *tests = tcase_create("error");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_test(tests, all_parts_are_kept);
	tcase_add_test(tests, the_system_says_why);
	tcase_add_test(tests, the_new_replaces_the_old);
	tcase_add_test(tests, nobody_need_listen);
	tcase_add_test(tests, null_is_no_error);
	tcase_add_loop_test(tests, without_memory_there_still_is_one, 0, 3);
	tcase_add_test(tests, a_table_explains);
	suite_add_tcase(suite, tests);
	return suite;
}
