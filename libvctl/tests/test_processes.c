// SPDX-License-Identifier: LGPL-2.1-or-later
/* The processes of a context: who they are, one of them is signalled, whose context it is. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fake.h"
#include "vserver.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

_Static_assert(sizeof(struct vcontext_processes) == sizeof(struct vcontext_list),
	       "the fake answers both alike");

static struct vctl_context *open_context(void)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	vctl_auto_device struct vctl_device *dev = fake_device();
	struct vctl_context *ctx;

	open.id = 5;
	ck_assert_int_eq(vctl_context_open(dev, &open, &ctx, NULL), 0);
	return ctx;
}

static const struct {
	uint32_t count, at_once;
} lengths[] = { { 0, 10 }, { 1, 10 }, { 3, 1 }, { 3000, 5000 }, { 3000, 7 } };

START_TEST(processes_of_any_number)
{
	vctl_auto_context struct vctl_context *ctx = open_context();
	uint32_t count = lengths[_i].count;
	uint32_t numbers[3000];
	auto_free pid_t *found = NULL;
	size_t got = 1;

	for (uint32_t i = 0; i < count; i++)
		numbers[i] = 1 + 3 * i;
	fake.ids = numbers;
	fake.ids_count = count;
	fake.ids_at_once = lengths[_i].at_once;
	ck_assert_int_eq(vctl_context_processes(ctx, &found, &got, NULL), 0);
	ck_assert_uint_eq(got, count);
	for (uint32_t i = 0; i < count; i++)
		ck_assert_int_eq(found[i], (pid_t)numbers[i]);
}
END_TEST

static const struct {
	int number;
	enum vctl_code code;
} processes_errors[] = {
	{ EPERM, VCTL_NOT_ROOT },
	{ ENOTTY, VCTL_OLD_KERNEL },
	{ ENOMEM, VCTL_SYSTEM },
};

START_TEST(processes_say_why_not)
{
	vctl_auto_context struct vctl_context *ctx = open_context();
	vctl_auto_error struct vctl_error *err = NULL;
	pid_t *found;
	size_t count;

	fake.processes_errno = processes_errors[_i].number;
	ck_assert_int_eq(vctl_context_processes(ctx, &found, &count, &err),
			 -processes_errors[_i].number);
	assert_error(err, processes_errors[_i].code, processes_errors[_i].number);
	ck_assert_ptr_null(found);
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(processes_distrust_nonsense)
{
	static const uint32_t falling[] = { 5, 3 }, huge[] = { 0x80000000U };
	vctl_auto_context struct vctl_context *ctx = open_context();
	vctl_auto_error struct vctl_error *err = NULL;
	pid_t *found;
	size_t count;

	fake.ids = _i == 1 ? huge : falling;
	fake.ids_count = _i == 1 ? 1 : 2;
	fake.ids_at_once = 10;
	fake.ids_too_many = _i == 2;
	ck_assert_int_eq(vctl_context_processes(ctx, &found, &count, &err), -EPROTO);
	assert_error(err, VCTL_SYSTEM, EPROTO);
	ck_assert_ptr_null(found);
}
END_TEST

START_TEST(signal_names_the_process)
{
	vctl_auto_context struct vctl_context *ctx = open_context();

	ck_assert_int_eq(vctl_context_signal(ctx, 77, SIGHUP, NULL), 0);
	ck_assert_uint_eq(fake.one.size, sizeof(fake.one));
	ck_assert_uint_eq(fake.one.process, 77);
	ck_assert_uint_eq(fake.one.signal, SIGHUP);
	ck_assert_uint_eq(fake.one.pad, 0);
}
END_TEST

static const struct {
	int number;
	uint32_t its_flags;
	enum vctl_code code;
} signal_errors[] = {
	{ EPERM, 0, VCTL_NOT_ROOT },
	{ EPERM, VCONTEXT_PRIVATE, VCTL_PRIVATE },
	{ ENOENT, 0, VCTL_NO_PROCESS },
	{ ENOTTY, 0, VCTL_OLD_KERNEL },
	{ EINVAL, 0, VCTL_SYSTEM },
};

START_TEST(signal_says_why_not)
{
	vctl_auto_context struct vctl_context *ctx = open_context();
	vctl_auto_error struct vctl_error *err = NULL;

	fake.signal_errno = signal_errors[_i].number;
	fake.stat.flags = signal_errors[_i].its_flags;
	ck_assert_int_eq(vctl_context_signal(ctx, 77, SIGHUP, &err), -signal_errors[_i].number);
	assert_error(err, signal_errors[_i].code, signal_errors[_i].number);
	ck_assert_str_eq(vctl_error_what(err),
			 signal_errors[_i].number == ENOENT ? "process 77" : "context 5");
}
END_TEST

static void write_state(int dir, const char *name, const char *text)
{
	auto_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Those with a context alone; what makes no sense, or is no vserver's, is passed over. */
START_TEST(contexts_of_vservers)
{
	static const char *const names[] = { "web", "starting", "odd", ".web.new", "x y" };
	char directory[] = "/tmp/vctl-running-XXXXXX";
	auto_free struct vctl_vserver_context *all = NULL;
	auto_fd int dir = -1;
	size_t count;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(vs_contexts(dir, &all, &count, NULL), 0);
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(all);

	write_state(dir, names[0], "phase=running\ncontext=100\ncreated=12345\n");
	write_state(dir, names[1], "phase=starting\n");
	write_state(dir, names[2], "context=101\n");
	write_state(dir, names[3], "phase=running\ncontext=102\ncreated=1\n");
	write_state(dir, names[4], "phase=running\ncontext=103\ncreated=1\n");
	lseek(dir, 0, SEEK_SET);
	ck_assert_int_eq(vs_contexts(dir, &all, &count, NULL), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(all[0].context, 100);
	ck_assert_uint_eq(all[0].created, 12345);
	ck_assert_str_eq(all[0].name, "web");

	for (size_t i = 0; i < LENGTH(names); i++)
		ck_assert_int_eq(unlinkat(dir, names[i], 0), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

Suite *suite_processes(void)
{
	Suite *suite = suite_create("processes");
	TCase *tests = tcase_create("processes");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_loop_test(tests, processes_of_any_number, 0, LENGTH(lengths));
	tcase_add_loop_test(tests, processes_say_why_not, 0, LENGTH(processes_errors));
	tcase_add_loop_test(tests, processes_distrust_nonsense, 0, 3);
	tcase_add_test(tests, signal_names_the_process);
	tcase_add_loop_test(tests, signal_says_why_not, 0, LENGTH(signal_errors));
	tcase_add_test(tests, contexts_of_vservers);
	suite_add_tcase(suite, tests);
	return suite;
}
