// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"
#include "state.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static char directory[] = "/tmp/vctl-state-XXXXXX";
static int dir = -1;

static void set_up(void)
{
	fake_reset();
	strcpy(directory + sizeof(directory) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir, 0);
}

static void tear_down(void)
{
	close(dir);
	ck_assert_int_eq(rmdir(directory), 0);
}

static struct alias alias_of(const char *device, const char *address, int prefix)
{
	bool six = strchr(address, ':');
	struct alias alias = { .prefix = prefix };

	strcpy(alias.device, device);
	alias.address.family = six ? AF_INET6 : AF_INET;
	alias.address.prefix = (uint8_t)prefix;
	ck_assert_int_eq(inet_pton(alias.address.family, address, alias.address.address), 1);
	return alias;
}

static int parse(const char *text, struct state *state)
{
	char *copy = strdup(text);
	int result = state_parse(copy, state);

	free(copy);
	return result;
}

START_TEST(all_of_it_comes_back)
{
	struct vctl_conf_limit limits[] = {
		{ .resource = RLIMIT_NPROC, .hard = true, .value = 1000 },
		{ .resource = RLIMIT_NOFILE, .soft = true, .hard = true, .value = RLIM_INFINITY },
	};
	struct alias aliases[] = {
		alias_of("eth0", "10.0.0.7", 24),
		alias_of("br-lan:x", "2001:db8::7", 64),
	};
	char addresses[] = "10.0.0.7 2001:db8::7";
	struct state written = {
		.phase = STATE_RUNNING, .context = 65536, .created = UINT64_MAX, .fakeinit = true,
		.bare = true,
		.cgroup = true, .started = 1234567890, .service = SERVICE_INIT_D,
		.has_nice = true, .nice = -20, .limits = limits, .limit_count = LENGTH(limits),
		.aliases = aliases, .alias_count = LENGTH(aliases), .addresses = addresses,
	};
	auto_state struct state read = STATE_NONE;

	aliases[0].has_broadcast = true;
	inet_pton(AF_INET, "10.0.0.255", &aliases[0].broadcast);
	ck_assert_int_eq(state_write(dir, "web", &written, NULL), 0);
	ck_assert_int_eq(state_read(dir, "web", &read, NULL), 0);
	ck_assert_int_eq(read.phase, STATE_RUNNING);
	ck_assert_uint_eq(read.context, 65536);
	ck_assert(read.created == UINT64_MAX);
	ck_assert(read.fakeinit && read.bare && read.cgroup && read.has_nice);
	ck_assert_int_eq(read.nice, -20);
	ck_assert_int_eq(read.started, 1234567890);
	ck_assert_int_eq(read.service, SERVICE_INIT_D);
	ck_assert_uint_eq(read.limit_count, 2);
	ck_assert(!read.limits[0].soft && read.limits[0].hard && read.limits[1].soft);
	ck_assert(read.limits[0].value == 1000 && read.limits[1].value == RLIM_INFINITY);
	ck_assert_uint_eq(read.alias_count, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_str_eq(read.aliases[i].device, aliases[i].device);
		ck_assert_int_eq(read.aliases[i].prefix, aliases[i].prefix);
		ck_assert_uint_eq(read.aliases[i].broadcast, aliases[i].broadcast);
		ck_assert_int_eq(memcmp(read.aliases[i].address.address, aliases[i].address.address,
					16), 0);
	}
	ck_assert_str_eq(read.addresses, addresses);
	ck_assert_int_eq(state_remove(dir, "web", NULL), 0);
}
END_TEST

START_TEST(one_with_next_to_nothing)
{
	struct state written = { .phase = STATE_STARTING, .context = VCONTEXT_ID_ANY };
	auto_state struct state read = STATE_NONE;

	ck_assert_int_eq(state_write(dir, "a", &written, NULL), 0);
	ck_assert_int_eq(state_read(dir, "a", &read, NULL), 0);
	ck_assert_uint_eq(read.context, VCONTEXT_ID_ANY);
	ck_assert_ptr_null(read.addresses);
	ck_assert_uint_eq(read.alias_count, 0);
	ck_assert_int_eq(read.service, SERVICE_NONE);
	ck_assert_int_eq(state_remove(dir, "a", NULL), 0);
}
END_TEST

START_TEST(none_is_no_error)
{
	vctl_auto_error struct vctl_error *err = NULL;
	auto_state struct state read = STATE_NONE;

	ck_assert_int_eq(state_read(dir, "nobody", &read, &err), -ENOENT);
	ck_assert_ptr_null(err);
	ck_assert_int_eq(state_remove(dir, "nobody", &err), 0);
}
END_TEST

START_TEST(a_later_version_has_more)
{
	auto_state struct state state = STATE_NONE;

	ck_assert_int_eq(parse("phase=running\ncolour=blue\ncontext=5\n", &state), 0);
	ck_assert_uint_eq(state.context, 5);
}
END_TEST

static const char *const wrong[] = {
	"",
	"phase=running",
	"phase=\n",
	"phase=walking\n",
	"context=5\n",
	"phase=running\nnonsense\n",
	"phase=running\n\n",
	"phase=running\ncontext=0\n",
	"phase=running\ncontext=-5\n",
	"phase=running\ncontext=4294967296\n",
	"phase=running\ncontext=5x\n",
	"phase=running\ncreated=-1\n",
	"phase=running\nfakeinit=2\n",
	"phase=running\nbare=yes\n",
	"phase=running\nnice=20\n",
	"phase=running\ninit=/bin/sh\n",
	"phase=running\nlimit=7\n",
	"phase=running\nlimit=7 x 5\n",
	"phase=running\nlimit=99 s 5\n",
	"phase=running\nlimit=-1 s 5\n",
	"phase=running\nlimit=7 s \n",
	"phase=running\nalias=\n",
	"phase=running\nalias=eth0\n",
	"phase=running\nalias=eth0 10.0.0.1\n",
	"phase=running\nalias=eth0 10.0.0.1/33\n",
	"phase=running\nalias=eth0 10.0.0/24\n",
	"phase=running\nalias=eth0 10.0.0.1/24 10.0.0\n",
	"phase=running\nalias=eth0 fe80::1/64 10.0.0.255\n",
	"phase=running\nalias=a-device-that-is-too-long 10.0.0.1/24\n",
};

START_TEST(nonsense_is_refused)
{
	auto_state struct state state = STATE_NONE;

	ck_assert_int_eq(parse(wrong[_i], &state), -EINVAL);
}
END_TEST

START_TEST(too_much_is_refused)
{
	char text[64 * 80] = "phase=running\n";
	auto_state struct state state = STATE_NONE;

	for (int i = 0; i < 65; i++)
		strcat(text, "alias=eth0 10.0.0.1/24\n");
	ck_assert_int_eq(parse(text, &state), -EINVAL);
}
END_TEST

START_TEST(what_is_no_file_of_text_is_refused)
{
	vctl_auto_error struct vctl_error *err = NULL;
	auto_state struct state read = STATE_NONE;
	int fd = openat(dir, "zero", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, "phase=running\n\0\n", 16), 16);
	close(fd);
	ck_assert_int_eq(state_read(dir, "zero", &read, &err), -EINVAL);
	assert_error(err, VCTL_SYSTEM, EINVAL);
	ck_assert_str_eq(vctl_error_what(err), "/run/vservers/zero");
	ck_assert_int_eq(state_remove(dir, "zero", NULL), 0);

	ck_assert_int_eq(mkfifoat(dir, "pipe", 0600), 0);
	ck_assert_int_eq(state_read(dir, "pipe", &read, &err), -EINVAL);
	ck_assert_int_eq(symlinkat("/etc/passwd", dir, "link"), 0);
	ck_assert_int_eq(state_read(dir, "link", &read, &err), -ELOOP);
	ck_assert_int_eq(unlinkat(dir, "pipe", 0), 0);
	ck_assert_int_eq(unlinkat(dir, "link", 0), 0);
}
END_TEST

/* One that was killed while it wrote leaves nothing that counts. */
START_TEST(a_half_written_one_is_replaced)
{
	struct state written = { .phase = STATE_STOPPING, .context = 7, .created = 1 };
	auto_state struct state read = STATE_NONE;
	int fd = openat(dir, ".web.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, "phase=run", 9), 9);
	close(fd);
	ck_assert_int_eq(state_read(dir, "web", &read, NULL), -ENOENT);
	ck_assert_int_eq(state_write(dir, "web", &written, NULL), 0);
	ck_assert_int_eq(state_read(dir, "web", &read, NULL), 0);
	ck_assert_int_eq(read.phase, STATE_STOPPING);
	ck_assert_int_eq(state_remove(dir, "web", NULL), 0);
}
END_TEST

Suite *suite_state(void)
{
	Suite *suite = suite_create("state");
	TCase *tests = tcase_create("state");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, all_of_it_comes_back);
	tcase_add_test(tests, one_with_next_to_nothing);
	tcase_add_test(tests, none_is_no_error);
	tcase_add_test(tests, a_later_version_has_more);
	tcase_add_loop_test(tests, nonsense_is_refused, 0, LENGTH(wrong));
	tcase_add_test(tests, too_much_is_refused);
	tcase_add_test(tests, what_is_no_file_of_text_is_refused);
	tcase_add_test(tests, a_half_written_one_is_replaced);
	suite_add_tcase(suite, tests);
	return suite;
}
