// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "fake.h"

static const struct {
	const char *name;
	int lsm_errno;
	bool lsm_stub;
	const char *text;
	bool directory;
	bool sysfs;
	int present;
} stubs[] = {
	{ "system call: yes", 0, true, NULL, false, false, 1 },
	{ "system call: no", 0, false, "vcontext", true, true, 1 },
	{ "neither", 0, false, "capability", true, true, 0 },
	{ "system call: no, not mounted", 0, false, NULL, true, true, -1 },
	{ "file: last", ENOSYS, false, "capability,vcontext\n", true, true, 1 },
	{ "file: alone", ENOSYS, false, "vcontext", true, true, 1 },
	{ "file: no", ENOSYS, false, "capability,yama", true, true, 0 },
	{ "file: part of a name", ENOSYS, false, "vcontexts,xvcontext", true, true, 0 },
	{ "file: empty", ENOSYS, false, "", true, true, 0 },
	{ "filtered system call", EPERM, false, "vcontext", true, true, 1 },
	{ "too many modules", E2BIG, false, "vcontext", true, true, 1 },
	{ "not mounted", ENOSYS, true, NULL, true, true, -1 },
	{ "no securityfs", ENOSYS, true, NULL, false, true, 0 },
	{ "no sysfs", ENOSYS, true, NULL, false, false, -1 },
};

START_TEST(stub)
{
	fake.lsm_errno = stubs[_i].lsm_errno;
	fake.lsm_stub = stubs[_i].lsm_stub;
	fake.securityfs_lsm = stubs[_i].text;
	fake.securityfs_directory = stubs[_i].directory;
	fake.sysfs = stubs[_i].sysfs;
	ck_assert_msg(vctl_stub_present_by(&fake_transport) == stubs[_i].present, "%s",
		      stubs[_i].name);
}
END_TEST

START_TEST(module)
{
	unsigned int before = fake_descriptors();

	ck_assert_int_eq(vctl_module_loaded_by(&fake_transport), 1);
	fake.initstate = false;
	ck_assert_int_eq(vctl_module_loaded_by(&fake_transport), 0);
	fake.sysfs = false;
	ck_assert_int_eq(vctl_module_loaded_by(&fake_transport), -1);
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

/* Whatever this machine has, the answer is one of three, and asking breaks nothing. */
START_TEST(real_kernel)
{
	unsigned int before = fake_descriptors();
	int present = vctl_stub_present();
	int loaded = vctl_module_loaded();

	ck_assert(present >= -1 && present <= 1);
	ck_assert(loaded >= -1 && loaded <= 1);
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

Suite *suite_kernel(void)
{
	Suite *suite = suite_create("kernel");
	TCase *tests = tcase_create("kernel");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_loop_test(tests, stub, 0, sizeof(stubs) / sizeof(stubs[0]));
	tcase_add_test(tests, module);
	tcase_add_test(tests, real_kernel);
	suite_add_tcase(suite, tests);
	return suite;
}
