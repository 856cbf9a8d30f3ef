// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

/* What takes a file system that has such attributes, and rights, is tested in a guest. */

static int temporary(void)
{
	char path[] = "/tmp/attr.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	unlink(path);
	return fd;
}

START_TEST(a_new_file_has_none)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t attributes = 99, names = 99;
	int fd = temporary();
	int result = vctl_attr_get(fd, &attributes, &names, &err);

	if (result == 0) {
		ck_assert_uint_eq(attributes, 0);
		ck_assert_uint_eq(names, 0);
		ck_assert_int_eq(vctl_attr_get(fd, &attributes, NULL, &err), 0);
		ck_assert_int_eq(vctl_attr_set(fd, 0, 0, &err), 0);
	} else {
		ck_assert(result == -ENOTTY || result == -EOPNOTSUPP);
		assert_error(err, VCTL_SYSTEM, -result);
	}
	close(fd);
}
END_TEST

START_TEST(unknown_attributes)
{
	vctl_auto_error struct vctl_error *err = NULL;
	int fd = temporary();

	ck_assert_int_eq(vctl_attr_set(fd, 1U << 7, 0, &err), -EINVAL);
	assert_error(err, VCTL_BAD_FLAG, EINVAL);
	close(fd);
}
END_TEST

START_TEST(what_is_not_open)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t attributes;

	ck_assert_int_eq(vctl_attr_get(-1, &attributes, NULL, &err), -EBADF);
	assert_error(err, VCTL_SYSTEM, EBADF);
	ck_assert_int_eq(vctl_attr_set(-1, VCTL_ATTR_IMMUTABLE, 0, NULL), -EBADF);
}
END_TEST

START_TEST(what_has_no_attributes)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t attributes;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(vctl_attr_get(fd, &attributes, NULL, &err), -ENOTTY);
	assert_error(err, VCTL_SYSTEM, ENOTTY);
	ck_assert_ptr_nonnull(strstr(vctl_error_advice(err), "ext4"));
	close(fd);
}
END_TEST

/* Root can on some file systems, nobody else anywhere. */
START_TEST(nobody_else_may)
{
	vctl_auto_error struct vctl_error *err = NULL;
	int fd = temporary();
	int result = geteuid() == 0 ? -EPERM : vctl_attr_set(fd, VCTL_ATTR_IMMUTABLE |
							     VCTL_ATTR_INVERT, 1, &err);

	ck_assert(result == -EPERM || result == -ENOTTY || result == -EOPNOTSUPP);
	if (err && result == -EPERM)
		assert_error(err, VCTL_NOT_ROOT, EPERM);
	close(fd);
}
END_TEST

Suite *suite_attr(void)
{
	Suite *suite = suite_create("attr");
	TCase *tests = tcase_create("attr");

	tcase_add_test(tests, a_new_file_has_none);
	tcase_add_test(tests, unknown_attributes);
	tcase_add_test(tests, what_is_not_open);
	tcase_add_test(tests, what_has_no_attributes);
	tcase_add_test(tests, nobody_else_may);
	suite_add_tcase(suite, tests);
	return suite;
}
