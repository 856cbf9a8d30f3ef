// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(every_flag_has_a_name_and_back)
{
	const char *const *names = vctl_flag_names();
	uint32_t all = 0;
	size_t count = 0;

	for (; names[count]; count++) {
		uint32_t bit = vctl_flag_bit(names[count]);

		ck_assert_uint_ne(bit, 0);
		ck_assert_uint_eq(all & bit, 0);
		ck_assert_str_eq(vctl_flag_name(bit), names[count]);
		all |= bit;
	}
	ck_assert_uint_eq(all, VCONTEXT_LOCK | VCONTEXT_SCHED | VCONTEXT_NPROC |
			       VCONTEXT_PRIVATE | VCONTEXT_FAKEINIT | VCONTEXT_HIDEINFO | VCONTEXT_USERNS);
	ck_assert_uint_eq(vctl_flag_bit("scheds"), 0);
	ck_assert_uint_eq(vctl_flag_bit(""), 0);
	ck_assert_ptr_null(vctl_flag_name(0));
	ck_assert_ptr_null(vctl_flag_name(VCONTEXT_LOCK | VCONTEXT_PRIVATE));
}
END_TEST

static const struct {
	const char *text;
	int result;
	uint32_t flags;
	const char *advice;
} lists[] = {
	{ "lock", 0, VCONTEXT_LOCK, "" },
	{ "lock,private,hideinfo", 0, VCONTEXT_LOCK | VCONTEXT_PRIVATE | VCONTEXT_HIDEINFO, "" },
	{ "userns", 0, VCONTEXT_USERNS, "" },
	{ "lock,lock", 0, VCONTEXT_LOCK, "" },
	{ "", -EINVAL, 0, "known flags: lock, sched, nproc, private, fakeinit, hideinfo, userns" },
	{ "lock,", -EINVAL, 0, "known flags" },
	{ ",lock", -EINVAL, 0, "known flags" },
	{ "lock,,private", -EINVAL, 0, "known flags" },
	{ "Lock", -EINVAL, 0, "lock" },
	{ "lock private", -EINVAL, 0, "known flags" },
	{ "hide", -EINVAL, 0, "did you mean hideinfo?" },
	{ "pivrate", -EINVAL, 0, "did you mean private?" },
	{ "0x1", -EINVAL, 0, "known flags" },
	{ "an-extremely-long-word-which-is-longer-than-any-flag-that-will-ever-be,lock", -EINVAL, 0,
	  "known flags" },
};

START_TEST(lists_of_flags)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t flags = 1U << 30;

	ck_assert_int_eq(vctl_flags_parse(lists[_i].text, &flags, &err), lists[_i].result);
	ck_assert_uint_eq(flags, (1U << 30) | lists[_i].flags);
	if (lists[_i].result == 0) {
		ck_assert_ptr_null(err);
		return;
	}
	assert_error(err, VCTL_BAD_FLAG, EINVAL);
	ck_assert_msg(strstr(vctl_error_advice(err), lists[_i].advice), "%s",
		      vctl_error_advice(err));
}
END_TEST

START_TEST(flags_are_written)
{
	static const struct {
		uint32_t flags;
		const char *text;
	} cases[] = {
		{ 0, "" },
		{ VCONTEXT_LOCK, "lock" },
		{ VCONTEXT_LOCK | VCONTEXT_HIDEINFO, "lock,hideinfo" },
		{ VCONTEXT_PRIVATE | 1U << 31, "private,0x80000000" },
		{ 1U << 30, "0x40000000" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *text = vctl_flags_format(cases[i].flags);

		ck_assert_str_eq(text, cases[i].text);
		free(text);
	}
	strdup_budget = 0;
	ck_assert_ptr_null(vctl_flags_format(0));
}
END_TEST

static const struct {
	const char *text;
	int result;
	uint32_t id;
} ids[] = {
	{ "0", 0, 0 },
	{ "1", 0, 1 },
	{ "065535", 0, 65535 },
	{ "2147483647", 0, VCONTEXT_ID_MAX },
	{ "2147483648", -EINVAL, 0 },
	{ "4294967296", -EINVAL, 0 },
	{ "99999999999999999999999999999999999999999", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
	{ " 1", -EINVAL, 0 },
	{ "1 ", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
	{ "1.0", -EINVAL, 0 },
	{ "web1", -EINVAL, 0 },
};

START_TEST(ids_are_read)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t id = 99;

	ck_assert_int_eq(vctl_id_parse(ids[_i].text, &id, &err), ids[_i].result);
	ck_assert_uint_eq(id, ids[_i].result ? 99 : ids[_i].id);
	if (ids[_i].result)
		assert_error(err, VCTL_BAD_ID, EINVAL);
}
END_TEST

static const char *const words[] = { "context", "info", "check", "help", NULL };

static const struct {
	const char *word;
	const char *near;
} slips[] = {
	{ "contxt", "context" },  { "contetx", "context" }, { "cont", "context" },
	{ "chekc", "check" },	  { "inof", "info" },	    { "inf", "info" },
	{ "context", "context" }, { "", NULL },		    { "c", NULL },
	{ "bind", NULL },	  { "xyzzy", NULL },	    { "ps", NULL },
	{ "a-word-of-more-than-thirty-two-letters", NULL },
};

START_TEST(nearest)
{
	const char *near = vctl_nearest(slips[_i].word, words);

	ck_assert_pstr_eq(near, slips[_i].near);
}
END_TEST

START_TEST(version)
{
	ck_assert_str_eq(vctl_version(), VCTL_VERSION);
}
END_TEST

Suite *suite_name(void)
{
	Suite *suite = suite_create("name");
	TCase *tests = tcase_create("name");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_test(tests, every_flag_has_a_name_and_back);
	tcase_add_loop_test(tests, lists_of_flags, 0, LENGTH(lists));
	tcase_add_test(tests, flags_are_written);
	tcase_add_loop_test(tests, ids_are_read, 0, LENGTH(ids));
	tcase_add_loop_test(tests, nearest, 0, LENGTH(slips));
	tcase_add_test(tests, version);
	suite_add_tcase(suite, tests);
	return suite;
}
