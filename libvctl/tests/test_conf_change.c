// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "conf_value.h"
#include "fake.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define CHANGES 4

static struct {
	char directory[32];
	char path[64];
} place;

static void make_place(void)
{
	fake_reset();
	strcpy(place.directory, "/tmp/vctl-conf-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place.directory));
	sprintf(place.path, "%s/web1.conf", place.directory);
}

/* Nothing else is left in it. */
static void remove_place(void)
{
	unlink(place.path);
	ck_assert_int_eq(rmdir(place.directory), 0);
}

static void write_file(const char *text, mode_t mode)
{
	FILE *file = fopen(place.path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fchmod(fileno(file), mode), 0);
	fclose(file);
}

static char *read_file(void)
{
	static char text[65536];
	FILE *file = fopen(place.path, "r");

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static const struct {
	const char *before;
	const char *changes[CHANGES];
	const char *after;
} changes[] = {
	{ "", { "ONBOOT=yes" }, "ONBOOT=yes\n" },
	{ "# mine\nONBOOT=no # why\n", { "ONBOOT=yes" }, "# mine\nONBOOT=yes # why\n" },
	{ "ONBOOT=yes\n", { "ONBOOT=yes" }, "ONBOOT=yes\n" },
	{ "ONBOOT='yes'\n", { "ONBOOT=yes" }, "ONBOOT='yes'\n" },
	{ "S_NICE=5", { "ONBOOT=yes" }, "S_NICE=5\nONBOOT=yes\n" },
	{ "#ONBOOT=no\nS_NICE=5\n", { "ONBOOT=yes" }, "ONBOOT=yes\nS_NICE=5\n" },
	{ "#ONBOOT=yes, says Ann\nS_NICE=5\n", { "ONBOOT=yes" },
	  "#ONBOOT=yes, says Ann\nONBOOT=yes\nS_NICE=5\n" },
	{ "#ONBOOT=yes", { "ONBOOT=yes" }, "#ONBOOT=yes\nONBOOT=yes" },
	{ "# ONBOOT=no\n", { "ONBOOT=yes" }, "# ONBOOT=no\nONBOOT=yes\n" },
	{ "S_HOSTNAME=a\n", { "S_HOSTNAME=b", "S_NICE=3" }, "S_HOSTNAME=b\nS_NICE=3\n" },
	{ "S_FLAGS=\"lock nproc\"\n", { "S_FLAGS=lock sched" }, "S_FLAGS=\"lock sched\"\n" },
	{ "S_FLAGS=lock\\\n\\ nproc\nS_NICE=1\n", { "S_FLAGS=sched" },
	  "S_FLAGS=sched\nS_NICE=1\n" },
	/* A value of several lines, in which there is what looks like a comment. */
	{ "S_FLAGS='lock\n#ONBOOT=no\n'\n", { "S_FLAGS=lock", "ONBOOT=yes" },
	  "S_FLAGS=lock\nONBOOT=yes\n" },
	{ "ULIMIT=\"-H -u 5\"; S_NICE=1\n", { "ULIMIT" },
	  "#ULIMIT=\"\"\nS_NICE=1\n" },
	{ "ONBOOT=yes S_NICE=1 # why\n", { "S_NICE" }, "ONBOOT=yes #S_NICE=\"\"\n# why\n" },
	{ "ONBOOT=yes\n", { "ONBOOT" }, "#ONBOOT=no\n" },
	{ "ONBOOT=yes", { "ONBOOT" }, "#ONBOOT=no" },
	{ "S_NICE=1\n", { "ONBOOT" }, "S_NICE=1\n" },
	/* Only the outcome has to be right. */
	{ "S_NICE=99\n", { "S_NICE=9" }, "S_NICE=9\n" },
	{ "IPROOTMASK=24\nIPROOT=10.0.0.1\n", { "IPROOT=eth0:10.0.0.2", "IPROOTMASK" },
	  "#IPROOTMASK=\"\"\nIPROOT=eth0:10.0.0.2\n" },
};

START_TEST(a_change_leaves_the_rest)
{
	vctl_auto_error struct vctl_error *err = NULL;
	int same = strcmp(changes[_i].before, changes[_i].after) == 0;
	const char *list[CHANGES + 1] = { NULL };
	struct stat stat_of;

	memcpy(list, changes[_i].changes, sizeof(changes[_i].changes));
	write_file(changes[_i].before, 0640);
	ck_assert_int_eq(vctl_conf_change(place.path, list, &err), same);
	ck_assert_str_eq(read_file(), changes[_i].after);
	ck_assert_int_eq(stat(place.path, &stat_of), 0);
	ck_assert_int_eq(stat_of.st_mode & 07777, 0640);
}
END_TEST

static const struct {
	const char *before;
	const char *change;
	const char *what;	/* behind the path */
	int result;
} refused[] = {
	{ "ONBOOT=no\n", "ONBOOT=maybe", ":1: ONBOOT", -EINVAL },
	{ "\nS_NICE=1\n", "S_NICE=20", ":2: S_NICE", -EINVAL },
	{ "S_NICE=1\n", "S_NIC=2", "", -EINVAL },
	{ "S_NICE=1\n", "S_NIC", "", -EINVAL },
	{ "S_NICE=99\n", "ONBOOT=yes", ":1: S_NICE", -EINVAL },
	{ "S_NICE=1\nS_NICE=2\n", "S_NICE=3", ":2: S_NICE", -EINVAL },
	{ "S_NICE=$X\n", "ONBOOT=yes", ":1: S_NICE", -EINVAL },
	{ "", "S_HOSTNAME=a\tb", ":2: S_HOSTNAME", -EINVAL },
};

START_TEST(a_wrong_change_changes_nothing)
{
	const char *list[] = { "S_CONTEXT=55", refused[_i].change, NULL };
	vctl_auto_error struct vctl_error *err = NULL;

	write_file(refused[_i].before, 0644);
	ck_assert_int_eq(vctl_conf_change(place.path, list, &err), refused[_i].result);
	ck_assert_int_eq(vctl_error_code(err), VCTL_BAD_CONF);
	ck_assert_int_eq(strncmp(vctl_error_what(err), place.path, strlen(place.path)), 0);
	ck_assert_str_eq(vctl_error_what(err) + strlen(place.path), refused[_i].what);
	ck_assert_str_eq(read_file(), refused[_i].before);
}
END_TEST

START_TEST(there_has_to_be_a_file)
{
	const char *list[] = { "ONBOOT=yes", NULL };
	vctl_auto_error struct vctl_error *err = NULL;
	char **settings;

	ck_assert_int_eq(vctl_conf_change(place.path, list, &err), -ENOENT);
	ck_assert_int_eq(vctl_error_code(err), VCTL_NO_VSERVER);
	ck_assert_int_eq(vctl_conf_settings(place.path, &settings, NULL), -ENOENT);
	ck_assert_ptr_null(settings);
}
END_TEST

START_TEST(settings_are_listed)
{
	vctl_auto_error struct vctl_error *err = NULL;
	char **settings;

	write_file("# x\nS_FLAGS='lock  nproc'\n#ONBOOT=no\nS_NICE=3; S_HOSTNAME=\"a\"b\n", 0644);
	ck_assert_int_eq(vctl_conf_settings(place.path, &settings, &err), 0);
	ck_assert_str_eq(settings[0], "S_FLAGS=lock  nproc");
	ck_assert_str_eq(settings[1], "S_NICE=3");
	ck_assert_str_eq(settings[2], "S_HOSTNAME=ab");
	ck_assert_ptr_null(settings[3]);
	vctl_names_free(settings);

	write_file("S_NICE=99\n", 0644);
	ck_assert_int_eq(vctl_conf_settings(place.path, &settings, &err), -EINVAL);
	ck_assert_ptr_null(settings);
}
END_TEST

/* A new file, from which each key is set and taken back. */
START_TEST(every_key_can_be_set_and_unset)
{
	static const char *const values[] = {
		"IPROOT=10.0.0.1", "IPROOTDEV=eth0", "IPROOTMASK=24", "IPROOTBCAST=10.0.0.255",
		"LOOPBACK=no", "ONBOOT=yes", "S_HOSTNAME=h", "S_DOMAINNAME=d", "S_CONTEXT=7",
		"S_FLAGS=sched", "S_CAPS=NET_RAW", "S_NICE=2", "ULIMIT=-S -n 5", "MEMORY=1G",
		"CPUS=2", "CPUWEIGHT=5", "IOWEIGHT=5", "PIDS=50",
	};
	static const char *const built[] = {
		"ONBOOT=no", "S_FLAGS=lock nproc", "ULIMIT=-H -u 1000", NULL,
	};
	const struct vctl_conf_key *keys = vctl_conf_key_list();
	vctl_auto_error struct vctl_error *err = NULL;
	const char *all[LENGTH(values) + 1] = { NULL };
	const char *none[LENGTH(values) + 1] = { NULL };
	auto_free char *before = NULL;
	size_t count = 0;
	char **settings;

	ck_assert_int_eq(vctl_conf_create(place.path, NULL, &err), 0);
	before = strdup(read_file());
	for (; keys[count].name; count++) {
		all[count] = values[count];
		none[count] = keys[count].name;
		ck_assert_int_eq(strncmp(values[count], keys[count].name,
					 strlen(keys[count].name)), 0);
	}
	ck_assert_uint_eq(count, LENGTH(values));

	ck_assert_int_eq(vctl_conf_change(place.path, all, &err), 0);
	ck_assert_int_eq(vctl_conf_settings(place.path, &settings, &err), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_str_eq(settings[i], values[i]);
	ck_assert_ptr_null(settings[count]);
	vctl_names_free(settings);

	ck_assert_int_eq(vctl_conf_change(place.path, none, &err), 0);
	ck_assert_int_eq(vctl_conf_settings(place.path, &settings, &err), 0);
	ck_assert_ptr_null(settings[0]);
	vctl_names_free(settings);

	ck_assert_int_eq(vctl_conf_change(place.path, built, &err), 0);
	ck_assert_str_eq(read_file(), before);
}
END_TEST

START_TEST(settings_are_checked)
{
	static const char *const good[] = { "ONBOOT=yes", "S_NICE=4", NULL };
	static const char *const bad[] = { "ONBOOT=yes", "S_NICE=44", NULL };
	static const char *const control[] = { "S_HOSTNAME=a\tb", NULL };
	vctl_auto_error struct vctl_error *err = NULL;

	ck_assert_int_eq(vctl_conf_check(good, &err), 0);
	ck_assert_int_eq(vctl_conf_check(NULL, &err), 0);
	ck_assert_int_eq(vctl_conf_check(bad, &err), -EINVAL);
	ck_assert_str_eq(vctl_error_what(err), "S_NICE");
	ck_assert_int_eq(vctl_conf_check(control, NULL), -EINVAL);
}
END_TEST

Suite *suite_conf_change(void)
{
	Suite *suite = suite_create("conf_change");
	TCase *tests = tcase_create("changes");

	tcase_add_checked_fixture(tests, make_place, remove_place);
	tcase_add_loop_test(tests, a_change_leaves_the_rest, 0, LENGTH(changes));
	tcase_add_loop_test(tests, a_wrong_change_changes_nothing, 0, LENGTH(refused));
	tcase_add_test(tests, there_has_to_be_a_file);
	tcase_add_test(tests, settings_are_listed);
	tcase_add_test(tests, every_key_can_be_set_and_unset);
	tcase_add_test(tests, settings_are_checked);
	suite_add_tcase(suite, tests);
	return suite;
}
