// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *status;
	uint32_t id;
	uint32_t flags;
} known[] = {
	{ "Name:\tsh\ns_context:\t70000\nctxflags:\tnone\n", 70000, 0 },
	{ "s_context:\t0\nctxflags:\tnone\ninitpid:\t0\n", 0, 0 },
	{ "s_context: 5\nctxflags: lock,hideinfo\n", 5, VCONTEXT_LOCK | VCONTEXT_HIDEINFO },
	{ "s_context: 5\nctxflags:\tlock private\n", 5, VCONTEXT_LOCK | VCONTEXT_PRIVATE },
	{ "s_context: 5\nctxflags:\t0x9\n", 5, VCONTEXT_LOCK | VCONTEXT_PRIVATE },
	{ "s_context: 5\nctxflags:\tlock,not_known_yet\n", 5, VCONTEXT_LOCK },
	{ "s_context: 5", 5, 0 },
	{ "s_context:\t2147483647\n", VCONTEXT_ID_MAX, 0 },
};

START_TEST(lines_are_read)
{
	unsigned int before = fake_descriptors();
	uint32_t id = 99;
	uint32_t flags = 99;

	fake.status = known[_i].status;
	ck_assert_int_eq(vctl_process_context_by(&fake_transport, _i, &id, &flags, NULL), 0);
	ck_assert_uint_eq(id, known[_i].id);
	ck_assert_uint_eq(flags, known[_i].flags);
	ck_assert_int_eq(vctl_process_context_by(&fake_transport, _i, NULL, NULL, NULL), 0);
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

static const struct {
	const char *status;
	bool proc;
	enum vctl_code code;
	int number;
} unknown[] = {
	{ NULL, true, VCTL_NO_PROCESS, ESRCH },
	{ NULL, false, VCTL_SYSTEM, ENOENT },
	{ "Name:\tsh\nPid:\t5\n", true, VCTL_HIDDEN, ENODATA },
	{ "", true, VCTL_HIDDEN, ENODATA },
	{ "Name:\ts_context: 5\n", true, VCTL_HIDDEN, ENODATA },
	{ "s_context:\n", true, VCTL_SYSTEM, EPROTO },
	{ "s_context:\t-1\n", true, VCTL_SYSTEM, EPROTO },
	{ "s_context:\t2147483648\n", true, VCTL_SYSTEM, EPROTO },
	{ "s_context:\t5 6\n", true, VCTL_SYSTEM, EPROTO },
};

START_TEST(or_not)
{
	vctl_auto_error struct vctl_error *err = NULL;
	unsigned int before = fake_descriptors();
	uint32_t id = 99;
	uint32_t flags = 99;

	fake.status = unknown[_i].status;
	fake.proc = unknown[_i].proc;
	ck_assert_int_eq(vctl_process_context_by(&fake_transport, 7, &id, &flags, &err),
			 -unknown[_i].number);
	assert_error(err, unknown[_i].code, unknown[_i].number);
	ck_assert_uint_eq(id, 99);
	ck_assert_uint_eq(flags, 99);
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

/* Groups: can be a line of hundreds of kilobytes. */
START_TEST(long_lines)
{
	char *status = malloc(1000000);
	uint32_t id;

	memset(status, '1', 1000000);
	memcpy(status, "Groups:", 7);
	strcpy(status + 900000, "\ns_context:\t5\n");
	fake.status = status;
	ck_assert_int_eq(vctl_process_context_by(&fake_transport, 0, &id, NULL, NULL), 0);
	ck_assert_uint_eq(id, 5);
	free(status);
}
END_TEST

Suite *suite_process(void)
{
	Suite *suite = suite_create("process");
	TCase *tests = tcase_create("process");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_loop_test(tests, lines_are_read, 0, LENGTH(known));
	tcase_add_loop_test(tests, or_not, 0, LENGTH(unknown));
	tcase_add_test(tests, long_lines);
	suite_add_tcase(suite, tests);
	return suite;
}
