// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "fake.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(cap) (1ULL << (cap))

START_TEST(all_are_those_of_the_kernel)
{
	FILE *file = fopen("/proc/sys/kernel/cap_last_cap", "re");
	int last;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%d", &last), 1);
	fclose(file);
	ck_assert_uint_eq(vctl_cap_all(), BIT(last + 1) - 1);
}
END_TEST

START_TEST(secure_keeps_these)
{
	char *kept = vctl_cap_format(vctl_cap_all() & ~vctl_secure_drop());

	ck_assert_str_eq(kept, "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP "
			       "NET_BIND_SERVICE SYS_CHROOT SYS_PTRACE LEASE AUDIT_WRITE SETFCAP");
	free(kept);
	ck_assert_uint_eq(vctl_secure_drop() & ~vctl_cap_all(), 0);
	ck_assert_uint_eq(vctl_secure_drop() & VCONTEXT_SECURE_KEEPS, 0);
}
END_TEST

static const struct {
	const char *name;
	uint64_t mask;
} known[] = {
	{ "NET_RAW", BIT(CAP_NET_RAW) },	{ "CAP_NET_RAW", BIT(CAP_NET_RAW) },
	{ "cap_net_raw", BIT(CAP_NET_RAW) },	{ "net_raw", BIT(CAP_NET_RAW) },
	{ "net-raw", BIT(CAP_NET_RAW) },	{ "Cap-Net-Raw", BIT(CAP_NET_RAW) },
	{ "CHOWN", BIT(CAP_CHOWN) },		{ "setfcap", BIT(CAP_SETFCAP) },
	{ "MAC_OVERRIDE", BIT(CAP_MAC_OVERRIDE) },
};

START_TEST(names_are_read)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint64_t mask = BIT(63);

	ck_assert_int_eq(vctl_cap_parse(known[_i].name, &mask, &err), 0);
	ck_assert_ptr_null(err);
	ck_assert_uint_eq(mask, BIT(63) | known[_i].mask);
}
END_TEST

static const struct {
	const char *name;
	const char *what;
	const char *advice;
} unknown[] = {
	{ "NET_RWA", "capability NET_RWA", "did you mean NET_RAW?" },
	{ "cap_sys_chrot", "capability cap_sys_chrot", "did you mean SYS_CHROOT?" },
	{ "audit_w", "capability audit_w", "did you mean AUDIT_WRITE?" },
	{ "xyzzy", "capability xyzzy", "capabilities(7)" },
	{ "", "capability (empty)", "capabilities(7)" },
	{ "cap_", "capability cap_", "capabilities(7)" },
	{ "CAP_CAP_KILL", "capability CAP_CAP_KILL", "capabilities(7)" },
	/* What libcap itself would read. */
	{ "all", "capability all", "capabilities(7)" },
	{ "5", "capability 5", "capabilities(7)" },
	{ "kill,chown", "capability kill,chown", "capabilities(7)" },
	{ "kill=ep", "capability kill=ep", "capabilities(7)" },
	{ " KILL", "capability  KILL", "did you mean KILL?" },
	{ "NET_RAW_AND_MORE_THAN_THIRTY_TWO_LETTERS", "capability NET_RAW_AND_MORE_THAN_THIRTY_TWO",
	  "capabilities(7)" },
};

START_TEST(or_not)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint64_t mask = BIT(63);

	ck_assert_int_eq(vctl_cap_parse(unknown[_i].name, &mask, &err), -EINVAL);
	assert_error(err, VCTL_BAD_CAP, EINVAL);
	ck_assert_str_eq(vctl_error_what(err), unknown[_i].what);
	ck_assert_msg(strstr(vctl_error_advice(err), unknown[_i].advice), "%s: %s",
		      unknown[_i].name, vctl_error_advice(err));
	ck_assert_uint_eq(mask, BIT(63));
}
END_TEST

START_TEST(names_are_written)
{
	static const struct {
		uint64_t mask;
		const char *text;
	} cases[] = {
		{ 0, "" },
		{ BIT(CAP_NET_RAW), "NET_RAW" },
		{ BIT(CAP_SETUID) | BIT(CAP_CHOWN) | BIT(CAP_KILL), "CHOWN KILL SETUID" },
		/* Of a kernel that nobody has yet. */
		{ BIT(CAP_CHOWN) | BIT(63), "CHOWN 63" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *text = vctl_cap_format(cases[i].mask);

		ck_assert_str_eq(text, cases[i].text);
		free(text);
	}
	strdup_budget = 0;
	ck_assert_ptr_null(vctl_cap_format(0));
}
END_TEST

START_TEST(every_capability_has_a_name_and_back)
{
	uint64_t all = vctl_cap_all();
	char *text = vctl_cap_format(all);
	uint64_t mask = 0;
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		ck_assert_int_eq(vctl_cap_parse(word, &mask, NULL), 0);
	ck_assert_uint_eq(mask, all);
	free(text);

	text = vctl_cap_format(UINT64_MAX);
	ck_assert_str_eq(text + strlen(text) - 5, "62 63");
	free(text);
}
END_TEST

static const struct {
	int number;
	uint64_t drop;
	enum vctl_code code;
	const char *why;
} lower_errors[] = {
	{ EINVAL, BIT(CAP_KILL), VCTL_THREADS, "more than one thread" },
	{ EINVAL, BIT(CAP_KILL) | BIT(63), VCTL_BAD_CAP, "capability 63" },
	{ ENOTTY, BIT(CAP_KILL), VCTL_OLD_KERNEL, "older" },
	{ ENOMEM, BIT(CAP_KILL), VCTL_SYSTEM, "" },
};

START_TEST(lower_says_why_not)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;

	fake.lower_errno = lower_errors[_i].number;
	ck_assert_int_eq(vctl_lower(dev, lower_errors[_i].drop, &err), -lower_errors[_i].number);
	assert_error(err, lower_errors[_i].code, lower_errors[_i].number);
	ck_assert_str_eq(vctl_error_what(err), "capability ceiling");
	ck_assert_msg(strstr(vctl_error_why(err), lower_errors[_i].why), "%s",
		      vctl_error_why(err));
}
END_TEST

START_TEST(lower_asks_for_the_caller)
{
	vctl_auto_device struct vctl_device *dev = fake_device();
	vctl_auto_error struct vctl_error *err = NULL;

	fake.interrupts = 1;
	ck_assert_int_eq(vctl_lower(dev, vctl_secure_drop(), &err), 0);
	ck_assert_ptr_null(err);
	ck_assert_uint_eq(fake.lower.size, sizeof(fake.lower));
	ck_assert_uint_eq(fake.lower.drop, vctl_secure_drop());
	ck_assert(!fake.lowered_context);
}
END_TEST

Suite *suite_ceiling(void)
{
	Suite *suite = suite_create("ceiling");
	TCase *tests = tcase_create("ceiling");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_test(tests, all_are_those_of_the_kernel);
	tcase_add_test(tests, secure_keeps_these);
	tcase_add_loop_test(tests, names_are_read, 0, LENGTH(known));
	tcase_add_loop_test(tests, or_not, 0, LENGTH(unknown));
	tcase_add_test(tests, names_are_written);
	tcase_add_test(tests, every_capability_has_a_name_and_back);
	tcase_add_loop_test(tests, lower_says_why_not, 0, LENGTH(lower_errors));
	tcase_add_test(tests, lower_asks_for_the_caller);
	suite_add_tcase(suite, tests);
	return suite;
}
