// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "fake.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct vctl_context *open_context(void)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	struct vctl_context *ctx;

	open.id = 5;
	open.how = VCONTEXT_OPEN_CREATE;
	ck_assert_int_eq(vctl_context_open(dev, &open, &ctx, NULL), 0);
	return ctx;
}

START_TEST(keep_hands_both_over)
{
	vctl_auto_context struct vctl_context *ctx = open_context();

	fake.interrupts = 1;
	ck_assert_int_eq(vctl_context_keep(ctx, 7, 9, NULL), 0);
	ck_assert_uint_eq(fake.keep.size, sizeof(fake.keep));
	ck_assert_int_eq(fake.keep.mounts, 7);
	ck_assert_int_eq(fake.keep.names, 9);
	ck_assert_uint_eq(fake.keep.pad, 0);
}
END_TEST

START_TEST(kept_gives_a_descriptor)
{
	vctl_auto_context struct vctl_context *ctx = open_context();
	int fd;

	fake.interrupts = 1;
	fd = vctl_context_kept(ctx, CLONE_NEWUTS, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(fake.kept_kind, CLONE_NEWUTS);
}
END_TEST

START_TEST(forget_takes_no_argument)
{
	vctl_auto_context struct vctl_context *ctx = open_context();

	ck_assert_int_eq(vctl_context_forget(ctx, NULL), 0);
}
END_TEST

START_TEST(enter_at_exec_is_another_command)
{
	vctl_auto_context struct vctl_context *ctx = open_context();

	ck_assert_int_eq(vctl_context_enter_at_exec(ctx, NULL), 0);
	ck_assert(fake.entered_at_exec);
	ck_assert_int_eq(vctl_context_enter(ctx, NULL), 0);
	ck_assert(!fake.entered_at_exec);
}
END_TEST

static const struct {
	int number;
	uint32_t flags;
	enum vctl_code keep, kept, forget, enter;
} errors[] = {
	{ EPERM, 0, VCTL_NOT_ROOT, VCTL_NOT_ROOT, VCTL_NOT_ROOT, VCTL_NOT_ROOT },
	{ EPERM, VCONTEXT_PRIVATE, VCTL_NOT_ROOT, VCTL_PRIVATE, VCTL_NOT_ROOT, VCTL_PRIVATE },
	{ ENOENT, 0, VCTL_KEEPS_NONE, VCTL_KEEPS_NONE, VCTL_KEEPS_NONE, VCTL_SYSTEM },
	{ EEXIST, 0, VCTL_EXISTS, VCTL_EXISTS, VCTL_EXISTS, VCTL_SYSTEM },
	{ EINVAL, 0, VCTL_SYSTEM, VCTL_SYSTEM, VCTL_SYSTEM, VCTL_THREADS },
	{ ENOTTY, 0, VCTL_OLD_KERNEL, VCTL_OLD_KERNEL, VCTL_OLD_KERNEL, VCTL_OLD_KERNEL },
	{ ENOMEM, 0, VCTL_SYSTEM, VCTL_SYSTEM, VCTL_SYSTEM, VCTL_SYSTEM },
};

START_TEST(all_say_why_not)
{
	vctl_auto_context struct vctl_context *ctx = open_context();
	vctl_auto_error struct vctl_error *err = NULL;
	int number = errors[_i].number;

	fake.keep_errno = fake.kept_errno = fake.forget_errno = fake.enter_errno = number;
	fake.stat.flags = errors[_i].flags;
	ck_assert_int_eq(vctl_context_keep(ctx, 3, 4, &err), -number);
	assert_error(err, errors[_i].keep, number);
	ck_assert_str_eq(vctl_error_what(err), "context 5");
	ck_assert_int_eq(vctl_context_kept(ctx, CLONE_NEWNS, &err), -number);
	assert_error(err, errors[_i].kept, number);
	ck_assert_int_eq(vctl_context_forget(ctx, &err), -number);
	assert_error(err, errors[_i].forget, number);
	ck_assert_int_eq(vctl_context_enter_at_exec(ctx, &err), -number);
	assert_error(err, errors[_i].enter, number);
}
END_TEST

Suite *suite_kept(void)
{
	Suite *suite = suite_create("kept");
	TCase *tests = tcase_create("kept");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_test(tests, keep_hands_both_over);
	tcase_add_test(tests, kept_gives_a_descriptor);
	tcase_add_test(tests, forget_takes_no_argument);
	tcase_add_test(tests, enter_at_exec_is_another_command);
	tcase_add_loop_test(tests, all_say_why_not, 0, LENGTH(errors));
	suite_add_tcase(suite, tests);
	return suite;
}
