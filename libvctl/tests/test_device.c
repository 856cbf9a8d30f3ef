// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static const struct {
	const char *name;
	int device_errno;
	bool stub;
	bool initstate;
	bool sysfs;
	int info_errno;
	uint32_t abi;
	enum vctl_code code;
	int number;
	const char *advice;
} missing[] = {
	{ "no stub", ENOENT, false, false, true, 0, 1, VCTL_NO_STUB, ENOENT, "stub patch" },
	{ "no module", ENOENT, true, false, true, 0, 1, VCTL_NO_MODULE, ENOENT, "modprobe" },
	{ "gone module", ENODEV, true, false, true, 0, 1, VCTL_NO_MODULE, ENOENT, "modprobe" },
	{ "no driver", ENXIO, true, false, true, 0, 1, VCTL_NO_MODULE, ENOENT, "modprobe" },
	{ "no file", ENOENT, true, true, true, 0, 1, VCTL_NO_DEVICE, ENOENT, "devtmpfs" },
	{ "no /sys", ENOENT, true, false, false, 0, 1, VCTL_NO_DEVICE, ENOENT, "sysfs" },
	{ "nodev", EACCES, true, true, true, 0, 1, VCTL_NO_ACCESS, EACCES, "nodev" },
	{ "device policy", EPERM, true, true, true, 0, 1, VCTL_NO_ACCESS, EPERM, "control group" },
	{ "too many files", EMFILE, true, true, true, 0, 1, VCTL_SYSTEM, EMFILE, "" },
	{ "another device", 0, true, true, true, ENOTTY, 1, VCTL_OLD_KERNEL, ENOTTY, "load" },
	{ "sandbox", 0, true, true, true, EACCES, 1, VCTL_NO_ACCESS, EACCES, "Landlock" },
	{ "seccomp", 0, true, true, true, EPERM, 1, VCTL_NO_ACCESS, EPERM, "seccomp" },
	{ "structure too long", 0, true, true, true, E2BIG, 1, VCTL_OLD_KERNEL, E2BIG, "load" },
	{ "old", 0, true, true, true, 0, VCONTEXT_ABI - 1, VCTL_OLD_KERNEL, EPROTO, "module" },
	{ "new", 0, true, true, true, 0, VCONTEXT_ABI + 1, VCTL_NEW_KERNEL, EPROTO, "programs" },
};

START_TEST(what_is_missing)
{
	vctl_auto_error struct vctl_error *err = NULL;
	unsigned int before = fake_descriptors();
	struct vctl_device *dev = (void *)1;

	fake.device_errno = missing[_i].device_errno;
	fake.lsm_stub = missing[_i].stub;
	fake.securityfs_lsm = missing[_i].stub ? "vcontext" : "capability";
	fake.initstate = missing[_i].initstate;
	fake.sysfs = missing[_i].sysfs;
	fake.info_errno = missing[_i].info_errno;
	fake.info.abi = missing[_i].abi;

	ck_assert_int_eq(vctl_device_open_by(&fake_transport, &dev, &err), -missing[_i].number);
	ck_assert_ptr_null(dev);
	assert_error(err, missing[_i].code, missing[_i].number);
	ck_assert_str_eq(vctl_error_what(err), VCONTEXT_DEVICE);
	ck_assert_msg(strstr(vctl_error_advice(err), missing[_i].advice), "%s: %s",
		      missing[_i].name, vctl_error_advice(err));
	ck_assert_uint_eq(fake_descriptors(), before);
	ck_assert_int_lt(vctl_device_open_by(&fake_transport, &dev, NULL), 0);
}
END_TEST

static const struct {
	int number;
	mode_t mode;
	const char *why;
} refused[] = {
	{ EACCES, 0600, "its mode" },
	{ EACCES, 0660, "its mode" },
	{ EACCES, 0664, "its mode" },
	{ EACCES, 0666, "policy" },
	{ EACCES, 0, "policy" },
	{ EPERM, 0600, "policy" },
};

START_TEST(what_keeps_out)
{
	vctl_auto_error struct vctl_error *err = NULL;
	bool mode = strcmp(refused[_i].why, "its mode") == 0;
	struct vctl_device *dev;

	fake.device_errno = refused[_i].number;
	fake.device_mode = refused[_i].mode;
	vctl_device_open_by(&fake_transport, &dev, &err);
	assert_error(err, VCTL_NO_ACCESS, refused[_i].number);
	ck_assert_ptr_nonnull(strstr(vctl_error_why(err), refused[_i].why));
	ck_assert_int_eq(strstr(vctl_error_advice(err), "chmod 0666") != NULL, mode);
}
END_TEST

START_TEST(without_stub_answer_the_module_counts)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_device *dev;

	fake.device_errno = ENOENT;
	fake.lsm_errno = ENOSYS;
	fake.securityfs_lsm = NULL;
	fake.initstate = false;
	vctl_device_open_by(&fake_transport, &dev, &err);
	assert_error(err, VCTL_NO_MODULE, ENOENT);
	ck_assert(strstr(vctl_error_advice(err), "stub"));
}
END_TEST

START_TEST(opens_and_closes)
{
	unsigned int before = fake_descriptors();
	struct vctl_device *dev = fake_device();

	ck_assert_int_eq(fcntl(vctl_device_fd(dev), F_GETFD), FD_CLOEXEC);
	vctl_device_close(dev);
	vctl_device_close(NULL);
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

START_TEST(info_is_passed_on)
{
	struct vcontext_info info = VCTL_SIZED(struct vcontext_info);
	vctl_auto_device struct vctl_device *dev = fake_device();

	fake.info.id = 70000;
	fake.info.own_flags = VCONTEXT_LOCK;
	fake.info.contexts = VCONTEXT_ID_ANY;
	fake.interrupts = 3;
	ck_assert_int_eq(vctl_info(dev, &info, NULL), 0);
	ck_assert_uint_eq(info.size, sizeof(info));
	ck_assert_uint_eq(info.id, 70000);
	ck_assert_uint_eq(info.own_flags, VCONTEXT_LOCK);
	ck_assert_uint_eq(info.contexts, VCONTEXT_ID_ANY);
}
END_TEST

/* A program from a future in which the structure has one more field. */
START_TEST(structures_may_grow)
{
	struct {
		struct vcontext_info info;
		uint64_t more;
	} grown = { .info.size = sizeof(grown) };
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;

	ck_assert_int_eq(vctl_info(dev, &grown.info, &err), 0);
	ck_assert_uint_eq(grown.info.abi, VCONTEXT_ABI);
	ck_assert_uint_eq(grown.more, 0);

	grown.info.size = sizeof(grown);
	grown.more = 1;
	ck_assert_int_eq(vctl_info(dev, &grown.info, &err), -E2BIG);
	assert_error(err, VCTL_OLD_KERNEL, E2BIG);

	grown.info.size = sizeof(uint32_t);
	ck_assert_int_eq(vctl_info(dev, &grown.info, &err), -EINVAL);
	assert_error(err, VCTL_SYSTEM, EINVAL);
}
END_TEST

static const struct {
	uint32_t count;
	uint32_t at_once;
} lengths[] = {
	{ 0, UINT32_MAX }, { 1, UINT32_MAX },	 { 1023, UINT32_MAX }, { 1024, UINT32_MAX },
	{ 1025, UINT32_MAX }, { 10000, UINT32_MAX }, { 10000, 7 },	   { 3, 1 },
};

START_TEST(list_of_any_length)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	uint32_t count = lengths[_i].count;
	uint32_t *all = calloc(count + 1, sizeof(*all));
	uint32_t *ids = (void *)1;
	size_t found = 99;

	for (uint32_t i = 0; i < count; i++)
		all[i] = 1 + 3 * i;
	if (count > 1)
		all[count - 1] = VCONTEXT_ID_MAX;
	fake.ids = all;
	fake.ids_count = count;
	fake.ids_at_once = lengths[_i].at_once;
	fake.interrupts = 2;

	ck_assert_int_eq(vctl_list(dev, &ids, &found, NULL), 0);
	ck_assert_uint_eq(found, count);
	if (count)
		ck_assert_mem_eq(ids, all, count * sizeof(*ids));
	else
		ck_assert_ptr_null(ids);
	free(ids);
	free(all);
}
END_TEST

static const uint32_t falling[] = { 5, 4 }, twice[] = { 5, 5 }, huge[] = { 5, 0x80000000U };

static const struct {
	const uint32_t *ids;
	uint32_t count;
	bool too_many;
	int error;
	int number;
} nonsense[] = {
	{ falling, 2, false, 0, EPROTO }, { twice, 2, false, 0, EPROTO },
	{ huge, 2, false, 0, EPROTO },	  { NULL, 0, true, 0, EPROTO },
	{ NULL, 0, false, ENOMEM, ENOMEM },
};

START_TEST(list_distrusts_nonsense)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t *ids = (void *)1;
	size_t count = 99;

	fake.ids = nonsense[_i].ids;
	fake.ids_count = nonsense[_i].count;
	fake.ids_too_many = nonsense[_i].too_many;
	fake.list_errno = nonsense[_i].error;
	ck_assert_int_eq(vctl_list(dev, &ids, &count, &err), -nonsense[_i].number);
	assert_error(err, VCTL_SYSTEM, nonsense[_i].number);
	ck_assert_ptr_null(ids);
	ck_assert_uint_eq(count, 0);
}
END_TEST

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

Suite *suite_device(void)
{
	Suite *suite = suite_create("device");
	TCase *tests = tcase_create("device");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_loop_test(tests, what_is_missing, 0, LENGTH(missing));
	tcase_add_loop_test(tests, what_keeps_out, 0, LENGTH(refused));
	tcase_add_test(tests, without_stub_answer_the_module_counts);
	tcase_add_test(tests, opens_and_closes);
	tcase_add_test(tests, info_is_passed_on);
	tcase_add_test(tests, structures_may_grow);
	tcase_add_loop_test(tests, list_of_any_length, 0, LENGTH(lengths));
	tcase_add_loop_test(tests, list_distrusts_nonsense, 0, LENGTH(nonsense));
	suite_add_tcase(suite, tests);
	return suite;
}
