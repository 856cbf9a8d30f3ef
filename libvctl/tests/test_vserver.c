// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "error.h"
#include "fake.h"
#include "service.h"
#include "step.h"
#include "vserver.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define LONGEST "x123456789012345678901234567890123456789012345678901234567890123"

static const char *const good[] = { "web", "a", "0", "web.1", "a_b-C", LONGEST };

START_TEST(good_names)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	vctl_auto_error struct vctl_error *err = NULL;

	ck_assert_int_eq(vctl_vserver_open(good[_i], &vs, &err), 0);
	ck_assert_ptr_null(err);
	ck_assert_str_eq(vctl_vserver_name(vs), good[_i]);
	ck_assert_ptr_nonnull(strstr(vctl_vserver_conf(vs), good[_i]));
}
END_TEST

static const char *const bad[] = {
	"", ".", "..", ".web", "-web", "_web", "a/b", "/web", "../etc", "a b", "a\n", "a\xc3\xa4",
	"a:b", "a*", LONGEST "4",
};

START_TEST(bad_names)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_vserver *vs;

	ck_assert_int_eq(vctl_vserver_open(bad[_i], &vs, &err), -EINVAL);
	assert_error(err, VCTL_BAD_NAME, EINVAL);
	ck_assert_ptr_null(vs);
}
END_TEST

START_TEST(paths_of_its_files)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;

	ck_assert_int_eq(vctl_vserver_open("web", &vs, NULL), 0);
	ck_assert_str_eq(vctl_vserver_conf(vs), "/etc/vservers/web.conf");
	ck_assert_str_eq(vctl_vserver_script(vs), "/etc/vservers/web.sh");
	ck_assert_str_eq(vctl_vserver_tree(vs), "/vservers/web");
	vctl_vserver_close(NULL);
	vctl_names_free(NULL);
}
END_TEST

START_TEST(services_by_name)
{
	enum service service;

	for (enum service i = SERVICE_NONE; i <= SERVICE_LINKS; i++) {
		ck_assert_int_eq(service_by_name(service_name(i), &service), 0);
		ck_assert_int_eq(service, i);
		ck_assert_int_eq(!service_start(i), i == SERVICE_NONE);
		ck_assert_int_eq(!service_stop(i, false, 0), i == SERVICE_NONE);
		ck_assert_int_eq(!service_stop(i, true, 0), i == SERVICE_NONE);
		ck_assert_ptr_null(service_stop(i, false, 4));
	}
	ck_assert_int_eq(service_by_name("init", &service), -EINVAL);
	ck_assert_str_eq(service_stop(SERVICE_INIT_D, false, 0)[1], "0");
	ck_assert_str_eq(service_stop(SERVICE_INIT_D, true, 0)[1], "6");
}
END_TEST

/* Steps that write down what is done, and of which one fails. */
struct diary {
	char text[64];
	char fails;
};

static int act(struct diary *diary, char step, struct vctl_error **err)
{
	strncat(diary->text, &step, 1);
	return step == diary->fails ? vctl_error_set(err, VCTL_SYSTEM, EIO, "step", NULL, NULL) : 0;
}

static int act_a(void *data, struct vctl_error **err)
{
	return act(data, 'a', err);
}

static int act_b(void *data, struct vctl_error **err)
{
	return act(data, 'b', err);
}

static int act_c(void *data, struct vctl_error **err)
{
	return act(data, 'c', err);
}

static void undo_a(void *data)
{
	strcat(((struct diary *)data)->text, "A");
}

static void undo_c(void *data)
{
	strcat(((struct diary *)data)->text, "C");
}

static void note_step(void *data, const char *what)
{
	strcat(((struct diary *)data)->text, what);
}

static const struct {
	char fails;
	const char *text;
} courses[] = { { 0, "ab+c" }, { 'a', "aA" }, { 'b', "abA" }, { 'c', "ab+cCA" } };

START_TEST(steps_are_undone)
{
	static const struct step steps[] = {
		{ NULL, act_a, undo_a }, { NULL, act_b, NULL }, { "+", act_c, undo_c },
	};
	struct diary diary = { .fails = courses[_i].fails };
	struct vctl_watch watch = { .step = note_step, .data = &diary };
	vctl_auto_error struct vctl_error *err = NULL;

	ck_assert_int_eq(steps_run(steps, LENGTH(steps), &diary, &watch, &err),
			 courses[_i].fails ? -EIO : 0);
	ck_assert_str_eq(diary.text, courses[_i].text);
	ck_assert_int_eq(!err, !courses[_i].fails);
}
END_TEST

Suite *suite_vserver(void)
{
	Suite *suite = suite_create("vserver");
	TCase *tests = tcase_create("vserver");

	tcase_add_checked_fixture(tests, fake_reset, NULL);
	tcase_add_loop_test(tests, good_names, 0, LENGTH(good));
	tcase_add_loop_test(tests, bad_names, 0, LENGTH(bad));
	tcase_add_test(tests, paths_of_its_files);
	tcase_add_test(tests, services_by_name);
	tcase_add_loop_test(tests, steps_are_undone, 0, LENGTH(courses));
	suite_add_tcase(suite, tests);
	return suite;
}
