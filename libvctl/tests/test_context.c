// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct vcontext_new new_of(uint32_t flags)
{
	struct vcontext_new made = VCTL_SIZED(struct vcontext_new);

	made.flags = flags;
	return made;
}

static struct vcontext_open open_of(uint32_t id, uint32_t how, uint32_t flags)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);

	open.id = id;
	open.how = how;
	open.flags = flags;
	return open;
}

static struct vctl_context *open_context(uint32_t id)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	struct vcontext_open open = open_of(id, VCONTEXT_OPEN_CREATE, 0);
	struct vctl_context *ctx;

	ck_assert_int_eq(vctl_context_open(dev, &open, &ctx, NULL), 0);
	return ctx;
}

START_TEST(new_gives_the_id)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	struct vcontext_new made = new_of(VCONTEXT_LOCK);

	fake.interrupts = 1;
	ck_assert_int_eq(vctl_new(dev, &made, NULL), 0);
	ck_assert_uint_eq(made.id, VCONTEXT_ID_ALLOT_MIN);
	ck_assert_uint_eq(fake.new.flags, VCONTEXT_LOCK);
	ck_assert_uint_eq(fake.new.size, sizeof(fake.new));
}
END_TEST

/* A program from a future in which a context has one more property. */
START_TEST(structures_may_grow)
{
	struct {
		struct vcontext_new made;
		uint64_t more;
	} grown = { .made.size = sizeof(grown) };
	struct {
		struct vcontext_open open;
		uint64_t more;
	} wide = { .open = { .size = sizeof(wide), .id = 5, .how = VCONTEXT_OPEN_CREATE } };
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_context *ctx;

	ck_assert_int_eq(vctl_new(dev, &grown.made, &err), 0);
	ck_assert_int_eq(vctl_context_open(dev, &wide.open, &ctx, &err), 0);
	vctl_context_close(ctx);

	grown.more = 1;
	ck_assert_int_eq(vctl_new(dev, &grown.made, &err), -E2BIG);
	assert_error(err, VCTL_OLD_KERNEL, E2BIG);
	wide.more = 1;
	ck_assert_int_eq(vctl_context_open(dev, &wide.open, &ctx, &err), -E2BIG);
	assert_error(err, VCTL_OLD_KERNEL, E2BIG);
}
END_TEST

/* A program from the time before ceilings, which has nothing behind the end of its structure. */
START_TEST(structures_may_be_shorter)
{
	size_t new_size = offsetof(struct vcontext_new, drop);
	size_t open_size = offsetof(struct vcontext_open, drop);
	struct vcontext_new *made = calloc(1, new_size);
	struct vcontext_open *open = calloc(1, open_size);
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_context *ctx;

	made->size = (uint32_t)new_size;
	ck_assert_int_eq(vctl_new(dev, made, &err), 0);
	ck_assert_uint_eq(fake.new.drop, 0);
	fake.new_errno = EINVAL;
	ck_assert_int_eq(vctl_new(dev, made, &err), -EINVAL);
	assert_error(err, VCTL_THREADS, EINVAL);

	open->size = (uint32_t)open_size;
	open->id = 70000;
	open->how = VCONTEXT_OPEN_CREATE;
	fake.open_errno = EINVAL;
	ck_assert_int_eq(vctl_context_open(dev, open, &ctx, &err), -EINVAL);
	assert_error(err, VCTL_BAD_ID, EINVAL);
	free(made);
	free(open);
}
END_TEST

START_TEST(a_ceiling_is_asked_for)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	struct vcontext_open open = open_of(5, VCONTEXT_OPEN_CREATE, 0);
	vctl_auto_context struct vctl_context *ctx = NULL;
	struct vcontext_new made = new_of(0);
	vctl_auto_error struct vctl_error *err = NULL;

	made.drop = 1ULL << 40;
	ck_assert_int_eq(vctl_new(dev, &made, &err), 0);
	ck_assert_uint_eq(fake.new.drop, 1ULL << 40);
	open.drop = 1ULL << 39;
	ck_assert_int_eq(vctl_context_open(dev, &open, &ctx, &err), 0);
	ck_assert_uint_eq(fake.open.drop, 1ULL << 39);
	vctl_context_close(ctx);

	fake.new_errno = EINVAL;
	fake.open_errno = EINVAL;
	made.drop = open.drop = 1ULL << 63;
	ck_assert_int_eq(vctl_new(dev, &made, &err), -EINVAL);
	assert_error(err, VCTL_BAD_CAP, EINVAL);
	ck_assert_int_eq(vctl_context_open(dev, &open, &ctx, &err), -EINVAL);
	assert_error(err, VCTL_BAD_CAP, EINVAL);
	ck_assert_str_eq(vctl_error_what(err), "context 5");
}
END_TEST

static const struct {
	int number;
	uint32_t flags;
	uint32_t own_flags;
	enum vctl_code code;
} new_errors[] = {
	{ EPERM, 0, 0, VCTL_LOCKED },
	{ EPERM, VCONTEXT_USERNS, 0, VCTL_NOT_ROOT },
	{ EPERM, VCONTEXT_USERNS, VCONTEXT_LOCK, VCTL_LOCKED },
	{ EINVAL, VCONTEXT_LOCK, 0, VCTL_THREADS },
	{ EINVAL, VCONTEXT_FAKEINIT, 0, VCTL_OTHER_PID_NS },
	{ EINVAL, 1U << 20, 0, VCTL_BAD_FLAG },
	{ EBUSY, 0, 0, VCTL_TRACED },
	{ ENOSPC, 0, 0, VCTL_FULL },
	{ ENOMEM, 0, 0, VCTL_SYSTEM },
};

START_TEST(new_says_why_not)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_new made = new_of(new_errors[_i].flags);
	unsigned int before = fake_descriptors();

	fake.new_errno = new_errors[_i].number;
	fake.info.own_flags = new_errors[_i].own_flags;
	ck_assert_int_eq(vctl_new(dev, &made, &err), -new_errors[_i].number);
	assert_error(err, new_errors[_i].code, new_errors[_i].number);
	ck_assert_str_eq(vctl_error_what(err), "new context");
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

START_TEST(an_older_kernel_lacks_a_flag)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_new made = new_of(VCONTEXT_LOCK | VCONTEXT_HIDEINFO);

	fake.info.flags = VCONTEXT_LOCK;
	fake.new_errno = EINVAL;
	vctl_new(dev, &made, &err);
	assert_error(err, VCTL_BAD_FLAG, EINVAL);
	ck_assert(strstr(vctl_error_why(err), "hideinfo"));
	ck_assert_ptr_null(strstr(vctl_error_why(err), "lock"));
}
END_TEST

/* /dev may be out of reach by now; what is open already answers. */
START_TEST(explaining_opens_nothing)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_new made = VCTL_SIZED(struct vcontext_new);
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	struct vctl_context *ctx;

	fake.device_errno = ENOENT;
	fake.info.flags = VCONTEXT_LOCK;
	fake.info.own_flags = VCONTEXT_LOCK;
	fake.new_errno = EINVAL;
	made.flags = VCONTEXT_LOCK | VCONTEXT_HIDEINFO;
	vctl_new(dev, &made, &err);
	assert_error(err, VCTL_BAD_FLAG, EINVAL);

	fake.open_errno = EPERM;
	open.id = 5;
	vctl_context_open(dev, &open, &ctx, &err);
	assert_error(err, VCTL_LOCKED, EPERM);
}
END_TEST

START_TEST(what_is_not_answered_is_not_claimed)
{
	vctl_auto_context struct vctl_context *ctx = open_context(5);
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_new made = VCTL_SIZED(struct vcontext_new);

	fake.info_errno = EIO;
	fake.new_errno = EINVAL;
	made.flags = VCONTEXT_LOCK;
	vctl_new(dev, &made, &err);
	assert_error(err, VCTL_THREADS, EINVAL);

	fake.device_errno = ENOENT;
	fake.add_errno = EINVAL;
	vctl_context_add_flags(ctx, VCONTEXT_LOCK, &err);
	assert_error(err, VCTL_BAD_FLAG, EINVAL);
	ck_assert_ptr_null(strstr(vctl_error_why(err), "does not know"));
}
END_TEST

START_TEST(open_and_close)
{
	unsigned int before = fake_descriptors();
	vctl_auto_device struct vctl_device *dev = fake_device();
	struct vcontext_open open = open_of(5, VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL,
					    VCONTEXT_PRIVATE);
	struct vctl_context *ctx;

	fake.interrupts = 2;
	ck_assert_int_eq(vctl_context_open(dev, &open, &ctx, NULL), 0);
	ck_assert_uint_eq(fake.open.how, VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL);
	ck_assert_uint_eq(fake.open.id, 5);
	ck_assert_uint_eq(fake.open.flags, VCONTEXT_PRIVATE);
	ck_assert_uint_eq(vctl_context_id(ctx), 5);
	ck_assert_int_eq(fcntl(vctl_context_fd(ctx), F_GETFD), FD_CLOEXEC);
	vctl_context_close(ctx);
	vctl_context_close(NULL);
	ck_assert_uint_eq(fake_descriptors(), before + 1);
}
END_TEST

START_TEST(open_tells_the_id_chosen)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	struct vcontext_open open = open_of(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, 0);
	vctl_auto_context struct vctl_context *ctx = NULL;

	ck_assert_int_eq(vctl_context_open(dev, &open, &ctx, NULL), 0);
	ck_assert_uint_eq(vctl_context_id(ctx), VCONTEXT_ID_ALLOT_MIN);
	ck_assert_uint_eq(open.id, VCONTEXT_ID_ALLOT_MIN);
}
END_TEST

static const struct {
	int number;
	uint32_t id;
	uint32_t how;
	uint32_t flags;
	uint32_t own_flags;
	enum vctl_code code;
	const char *what;
} open_errors[] = {
	{ EPERM, 5, 1, 0, 0, VCTL_NOT_ROOT, "context 5" },
	{ EPERM, 5, 1, 0, VCONTEXT_PRIVATE, VCTL_NOT_ROOT, "context 5" },
	{ EPERM, 5, 1, 0, VCONTEXT_LOCK, VCTL_LOCKED, "context 5" },
	{ EPERM, VCONTEXT_ID_ANY, 1, 0, 0, VCTL_LOCKED, "new context" },
	{ EPERM, VCONTEXT_ID_ANY, 1, VCONTEXT_USERNS, 0, VCTL_NOT_ROOT, "new context" },
	{ EPERM, VCONTEXT_ID_ANY, 1, VCONTEXT_USERNS, VCONTEXT_LOCK, VCTL_LOCKED, "new context" },
	{ EINVAL, 0, 1, 0, 0, VCTL_BAD_ID, "context 0" },
	{ EINVAL, 65536, 1, 0, 0, VCTL_BAD_ID, "context 65536" },
	{ EINVAL, 5, 1, 1U << 20, 0, VCTL_BAD_FLAG, "context 5" },
	{ EINVAL, VCONTEXT_ID_ANY, 0, 0, 0, VCTL_BAD_ID, "new context" },
	{ ENOENT, 5, 0, 0, 0, VCTL_NO_CONTEXT, "context 5" },
	{ EEXIST, 5, 3, 0, 0, VCTL_EXISTS, "context 5" },
	{ ENOSPC, 5, 1, 0, 0, VCTL_FULL, "context 5" },
	{ EMFILE, 5, 1, 0, 0, VCTL_SYSTEM, "context 5" },
};

START_TEST(open_says_why_not)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_open open = open_of(open_errors[_i].id, open_errors[_i].how,
					    open_errors[_i].flags);
	struct vctl_context *ctx = (void *)1;
	unsigned int before = fake_descriptors();

	fake.open_errno = open_errors[_i].number;
	fake.info.own_flags = open_errors[_i].own_flags;
	ck_assert_int_eq(vctl_context_open(dev, &open, &ctx, &err), -open_errors[_i].number);
	ck_assert_ptr_null(ctx);
	assert_error(err, open_errors[_i].code, open_errors[_i].number);
	ck_assert_str_eq(vctl_error_what(err), open_errors[_i].what);
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

static const struct {
	int number;
	uint32_t own_flags;
	uint32_t its_flags;
	int stat_errno;
	int device_errno;
	int pid_ns_errno;
	enum vctl_code code;
} enter_errors[] = {
	{ EPERM, 0, 0, 0, 0, ENOENT, VCTL_NOT_ROOT },
	{ EPERM, 0, VCONTEXT_LOCK, 0, 0, ENOENT, VCTL_NOT_ROOT },
	{ EPERM, VCONTEXT_LOCK, VCONTEXT_PRIVATE, 0, 0, ENOENT, VCTL_LOCKED },
	{ EPERM, 0, VCONTEXT_PRIVATE, 0, 0, EPERM, VCTL_PRIVATE },
	{ EPERM, VCONTEXT_LOCK, 0, EIO, ENOENT, ENOENT, VCTL_NOT_ROOT },
	{ EINVAL, 0, 0, 0, 0, ENOENT, VCTL_THREADS },
	{ EINVAL, 0, 0, 0, 0, ENOTTY, VCTL_THREADS },
	{ EINVAL, 0, VCONTEXT_FAKEINIT, 0, 0, ENOENT, VCTL_OTHER_PID_NS },
	{ EINVAL, 0, VCONTEXT_FAKEINIT, EIO, 0, ENOENT, VCTL_THREADS },
	{ EINVAL, 0, 0, EIO, 0, 0, VCTL_OTHER_PID_NS },
	{ EBUSY, 0, 0, 0, 0, ENOENT, VCTL_TRACED },
	{ ENOMEM, 0, 0, 0, 0, ENOENT, VCTL_SYSTEM },
};

START_TEST(enter_says_why_not)
{
	vctl_auto_context struct vctl_context *ctx = open_context(5);
	vctl_auto_error struct vctl_error *err = NULL;
	unsigned int before = fake_descriptors();

	fake.enter_errno = enter_errors[_i].number;
	fake.info.own_flags = enter_errors[_i].own_flags;
	fake.stat.flags = enter_errors[_i].its_flags;
	fake.stat_errno = enter_errors[_i].stat_errno;
	fake.device_errno = enter_errors[_i].device_errno;
	fake.pid_ns_errno = enter_errors[_i].pid_ns_errno;
	ck_assert_int_eq(vctl_context_enter(ctx, &err), -enter_errors[_i].number);
	assert_error(err, enter_errors[_i].code, enter_errors[_i].number);
	ck_assert_str_eq(vctl_error_what(err), "context 5");
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

START_TEST(enter_passes_no_argument)
{
	vctl_auto_context struct vctl_context *ctx = open_context(5);

	fake.interrupts = 1;
	ck_assert_int_eq(vctl_context_enter(ctx, NULL), 0);
}
END_TEST

START_TEST(flags_are_added)
{
	vctl_auto_context struct vctl_context *ctx = open_context(5);
	vctl_auto_error struct vctl_error *err = NULL;

	ck_assert_int_eq(vctl_context_add_flags(ctx, VCONTEXT_HIDEINFO, &err), 0);
	ck_assert_ptr_null(err);
	ck_assert_uint_eq(fake.flags.size, sizeof(fake.flags));
	ck_assert_uint_eq(fake.flags.flags, VCONTEXT_HIDEINFO);

	fake.add_errno = EPERM;
	ck_assert_int_eq(vctl_context_add_flags(ctx, VCONTEXT_LOCK, &err), -EPERM);
	assert_error(err, VCTL_NOT_ROOT, EPERM);
	ck_assert_ptr_null(strstr(vctl_error_why(err), "userns"));
	ck_assert_int_eq(vctl_context_add_flags(ctx, VCONTEXT_USERNS, &err), -EPERM);
	assert_error(err, VCTL_NOT_ROOT, EPERM);
	ck_assert(strstr(vctl_error_why(err), "userns"));

	fake.add_errno = EINVAL;
	ck_assert_int_eq(vctl_context_add_flags(ctx, 1U << 30, &err), -EINVAL);
	assert_error(err, VCTL_BAD_FLAG, EINVAL);
	ck_assert(strstr(vctl_error_why(err), "0x40000000"));
	ck_assert_int_eq(vctl_context_add_flags(ctx, VCONTEXT_FAKEINIT, &err), -EINVAL);
	assert_error(err, VCTL_BAD_FLAG, EINVAL);
	ck_assert(strstr(vctl_error_why(err), "fakeinit"));
}
END_TEST

static const struct {
	int number;
	uint32_t its_flags;
	enum vctl_code code;
} init_errors[] = {
	{ EPERM, 0, VCTL_NOT_ROOT },
	{ EPERM, VCONTEXT_PRIVATE, VCTL_PRIVATE },
	{ ENOENT, 0, VCTL_NO_INIT },
	{ ENOTTY, 0, VCTL_OLD_KERNEL },
	{ EMFILE, 0, VCTL_SYSTEM },
};

START_TEST(process_1_says_why_not)
{
	vctl_auto_context struct vctl_context *ctx = open_context(5);
	vctl_auto_error struct vctl_error *err = NULL;
	unsigned int before = fake_descriptors();

	fake.pid_ns_errno = fake.kill_errno = init_errors[_i].number;
	fake.stat.flags = init_errors[_i].its_flags;
	ck_assert_int_eq(vctl_context_pid_ns(ctx, &err), -init_errors[_i].number);
	assert_error(err, init_errors[_i].code, init_errors[_i].number);
	ck_assert_int_eq(vctl_context_kill(ctx, SIGKILL, &err), -init_errors[_i].number);
	assert_error(err, init_errors[_i].code, init_errors[_i].number);
	ck_assert_str_eq(vctl_error_what(err), "context 5");
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

START_TEST(process_1_is_reached)
{
	vctl_auto_context struct vctl_context *ctx = open_context(5);
	vctl_auto_error struct vctl_error *err = NULL;
	int fd;

	fake.pid_ns_errno = fake.kill_errno = 0;
	fake.interrupts = 1;
	fd = vctl_context_pid_ns(ctx, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	fake.interrupts = 1;
	ck_assert_int_eq(vctl_context_kill(ctx, SIGSTOP, NULL), 0);
	ck_assert_int_eq(fake.signal, SIGSTOP);
	ck_assert_int_eq(vctl_context_kill(ctx, SIGTERM | VCONTEXT_KILL_ALL, NULL), 0);
	ck_assert_int_eq(fake.signal, SIGTERM | VCONTEXT_KILL_ALL);
	fake.kill_errno = ENOENT;
	ck_assert_int_eq(vctl_context_kill(ctx, SIGTERM | VCONTEXT_KILL_ALL, &err), -ENOENT);
	assert_error(err, VCTL_NO_PROCESS, ENOENT);
}
END_TEST

START_TEST(ceilings_are_lowered)
{
	vctl_auto_context struct vctl_context *ctx = open_context(5);
	vctl_auto_error struct vctl_error *err = NULL;

	fake.interrupts = 1;
	ck_assert_int_eq(vctl_context_lower(ctx, 1ULL << 40, &err), 0);
	ck_assert_ptr_null(err);
	ck_assert_uint_eq(fake.lower.size, sizeof(fake.lower));
	ck_assert_uint_eq(fake.lower.drop, 1ULL << 40);
	ck_assert(fake.lowered_context);

	fake.lower_errno = EPERM;
	ck_assert_int_eq(vctl_context_lower(ctx, 1, &err), -EPERM);
	assert_error(err, VCTL_NOT_ROOT, EPERM);
	ck_assert_str_eq(vctl_error_what(err), "context 5");

	fake.lower_errno = EINVAL;
	ck_assert_int_eq(vctl_context_lower(ctx, 1ULL << 63 | 1, &err), -EINVAL);
	assert_error(err, VCTL_BAD_CAP, EINVAL);
	ck_assert(strstr(vctl_error_why(err), "capability 63"));
	/* A capability that the module doesn't know although the kernel has it. */
	ck_assert_int_eq(vctl_context_lower(ctx, 1, &err), -EINVAL);
	assert_error(err, VCTL_BAD_CAP, EINVAL);

	fake.lower_errno = ENOTTY;
	ck_assert_int_eq(vctl_context_lower(ctx, 1, &err), -ENOTTY);
	assert_error(err, VCTL_OLD_KERNEL, ENOTTY);
}
END_TEST

START_TEST(stat_is_passed_on)
{
	vctl_auto_context struct vctl_context *ctx = open_context(5);
	struct vcontext_stat stat = VCTL_SIZED(struct vcontext_stat);
	vctl_auto_error struct vctl_error *err = NULL;

	fake.stat.processes = 3;
	fake.stat.created = 1ULL << 40;
	ck_assert_int_eq(vctl_context_stat(ctx, &stat, &err), 0);
	ck_assert_uint_eq(stat.processes, 3);
	ck_assert_uint_eq(stat.created, 1ULL << 40);

	stat.size = 4;
	ck_assert_int_eq(vctl_context_stat(ctx, &stat, &err), -EINVAL);
	assert_error(err, VCTL_SYSTEM, EINVAL);
}
END_TEST

START_TEST(wait_for_the_end)
{
	vctl_auto_context struct vctl_context *ctx = open_context(5);
	vctl_auto_error struct vctl_error *err = NULL;

	ck_assert_int_eq(vctl_context_wait(ctx, -1, &err), 0);
	ck_assert_int_eq(fake.poll_timeout, -1);

	fake.interrupts = 3;
	ck_assert_int_eq(vctl_context_wait(ctx, -1, &err), 0);
	ck_assert_int_eq(fake.poll_timeout, -1);

	fake.poll_answer = -EFAULT;
	ck_assert_int_eq(vctl_context_wait(ctx, 0, &err), -EFAULT);
	assert_error(err, VCTL_SYSTEM, EFAULT);
}
END_TEST

/* Signals must neither cut the time short nor stretch it. */
START_TEST(wait_keeps_its_time)
{
	vctl_auto_context struct vctl_context *ctx = open_context(5);
	vctl_auto_error struct vctl_error *err = NULL;

	fake.poll_answer = 0;
	fake.interrupts = 5;
	ck_assert_int_eq(vctl_context_wait(ctx, 1000, &err), -ETIMEDOUT);
	assert_error(err, VCTL_TIMEOUT, ETIMEDOUT);
	ck_assert_int_le(fake.poll_timeout, 991);
	ck_assert_int_ge(fake.poll_timeout, 0);

	fake.interrupts = 5;
	ck_assert_int_eq(vctl_context_wait(ctx, 1, &err), -ETIMEDOUT);
	ck_assert_int_eq(fake.poll_timeout, 0);
}
END_TEST

Suite *suite_context(void)
{
	Suite *suite = suite_create("context");
	TCase *tests = tcase_create("context");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_test(tests, new_gives_the_id);
	tcase_add_test(tests, structures_may_grow);
	tcase_add_test(tests, structures_may_be_shorter);
	tcase_add_test(tests, a_ceiling_is_asked_for);
	tcase_add_loop_test(tests, new_says_why_not, 0, LENGTH(new_errors));
	tcase_add_test(tests, an_older_kernel_lacks_a_flag);
	tcase_add_test(tests, explaining_opens_nothing);
	tcase_add_test(tests, what_is_not_answered_is_not_claimed);
	tcase_add_test(tests, open_and_close);
	tcase_add_test(tests, open_tells_the_id_chosen);
	tcase_add_loop_test(tests, open_says_why_not, 0, LENGTH(open_errors));
	tcase_add_loop_test(tests, enter_says_why_not, 0, LENGTH(enter_errors));
	tcase_add_test(tests, enter_passes_no_argument);
	tcase_add_test(tests, flags_are_added);
	tcase_add_loop_test(tests, process_1_says_why_not, 0, LENGTH(init_errors));
	tcase_add_test(tests, process_1_is_reached);
	tcase_add_test(tests, ceilings_are_lowered);
	tcase_add_test(tests, stat_is_passed_on);
	tcase_add_test(tests, wait_for_the_end);
	tcase_add_test(tests, wait_keeps_its_time);
	suite_add_tcase(suite, tests);
	return suite;
}
