// SPDX-License-Identifier: GPL-2.0-only
/* Keys and keyrings: each context has its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

static long add_key(const char *type, const char *name, const char *text, int ring)
{
	return syscall(SYS_add_key, type, name, text, text ? strlen(text) : 0, ring);
}

static long keyctl(int command, long a, long b, long c, long d)
{
	return syscall(SYS_keyctl, command, a, b, c, d);
}

/* What a process outside has made, for those inside. */
struct made {
	long user, session, ring;
};

/* All that can be done to a key by its number. */

struct use {
	const char *name;
	int command;
	long b, c, d;
};

static char room[256];

static const struct use uses[] = {
	{ "KEYCTL_READ", KEYCTL_READ, (long)room, sizeof(room) },
	{ "KEYCTL_DESCRIBE", KEYCTL_DESCRIBE, (long)room, sizeof(room) },
	{ "KEYCTL_UPDATE", KEYCTL_UPDATE, (long)"x", 1 },
	{ "KEYCTL_SETPERM", KEYCTL_SETPERM, 0x3f3f3f3f },
	{ "KEYCTL_CHOWN", KEYCTL_CHOWN, 0, 0 },
	{ "KEYCTL_SET_TIMEOUT", KEYCTL_SET_TIMEOUT, 100 },
	{ "KEYCTL_LINK", KEYCTL_LINK, KEY_SPEC_PROCESS_KEYRING },
	{ "KEYCTL_REVOKE", KEYCTL_REVOKE },
	{ "KEYCTL_INVALIDATE", KEYCTL_INVALIDATE },
};

static void make(struct made *made)
{
	made->ring = keyctl(KEYCTL_JOIN_SESSION_KEYRING, (long)"outside", 0, 0, 0);
	/* only who possesses a key may do with it as the test wants */
	keyctl(KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING, 0, 0);
	made->session = add_key("user", "in session", "secret", KEY_SPEC_SESSION_KEYRING);
	made->user = add_key("user", "of user", "secret", KEY_SPEC_USER_KEYRING);
	ktap_expect(made->ring > 0 && made->session > 0 && made->user > 0, "keys: %s",
		    errno_name(errno));
	/* as widely open as can be: permissions are not what is in the way */
	ktap_expect(!keyctl(KEYCTL_SETPERM, made->session, 0x3f3f3f3f, 0, 0) &&
		    !keyctl(KEYCTL_SETPERM, made->user, 0x3f3f3f3f, 0, 0), "KEYCTL_SETPERM: %s",
		    errno_name(errno));
}

static void run_number(const void *data)
{
	const struct use *use = data;
	struct made made;
	long value;

	make(&made);
	enter_new(0);
	value = keyctl(use->command, made.user, use->b, use->c, use->d);
	/* KEYCTL_READ says that there is none */
	ktap_expect(value < 0 && (errno == EACCES || errno == ENOKEY),
		    "user's: expected EACCES, came %s",
		    value < 0 ? errno_name(errno) : "success");
	value = keyctl(use->command, made.session, use->b, use->c, use->d);
	ktap_expect(value < 0 && (errno == EACCES || errno == ENOKEY),
		    "session's: expected EACCES, came %s",
		    value < 0 ? errno_name(errno) : "success");
}

/* The keyrings without numbers are others, and can be used. */
static void run_special(const void *data)
{
	int ring = (long)data;
	struct made made;
	long id, value;

	make(&made);
	id = keyctl(KEYCTL_GET_KEYRING_ID, ring, 1, 0, 0);
	enter_new(0);
	value = keyctl(KEYCTL_GET_KEYRING_ID, ring, 1, 0, 0);
	ktap_expect(value > 0, "expected a keyring, came %s", errno_name(errno));
	ktap_expect(value != id, "expected another keyring");
	value = add_key("user", "of user", "other", ring);
	ktap_expect(value > 0 && value != made.user, "expected a new key, came %s",
		    value > 0 ? "the old one" : errno_name(errno));
	value = keyctl(KEYCTL_READ, value, (long)room, sizeof(room), 0);
	ktap_expect(value == 5 && !memcmp(room, "other", 5), "expected to read it");
}

static void find_inside(void *made)
{
	(void)made;
	enter_new(0);
	ktap_expect(keyctl(KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, (long)"user", (long)"of user", 0) <
		    0 && errno == ENOKEY, "expected ENOKEY in the user's keyring");
	ktap_expect(syscall(SYS_request_key, "user", "in session", NULL, 0) < 0,
		    "expected nothing to be found on request");
	add_key("user", "of user", "other", KEY_SPEC_USER_KEYRING);
}

static void run_search(const void *user)
{
	struct made made;
	long value;

	become(user ? USER : 0);
	make(&made);
	in_child(find_inside, &made);
	value = keyctl(KEYCTL_READ, made.user, (long)room, sizeof(room), 0);
	ktap_expect(value == 6 && !memcmp(room, "secret", 6), "expected it as it was, came %s",
		    value < 0 ? errno_name(errno) : "other text");
}

static void run_parent(const void *unused)
{
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		enter_new(0);
		keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0);
		_exit(keyctl(KEYCTL_SESSION_TO_PARENT, 0, 0, 0, 0) ? errno : 0);
	}
	wait_exit(pid, EPERM);
}

static bool in_list(long key)
{
	FILE *list = fopen("/proc/keys", "re");
	unsigned long number;
	bool found = false;
	char line[256];

	while (list && fgets(line, sizeof(line), list))
		if (sscanf(line, "%lx", &number) == 1 && (long)number == key)
			found = true;
	if (list)
		fclose(list);
	return found;
}

static void run_list(const void *unused)
{
	struct made made;

	(void)unused;
	make(&made);
	ktap_expect(in_list(made.user), "expected it in the own list");
	enter_new(0);
	ktap_expect(!in_list(made.user) && !in_list(made.session), "expected it in no list");
}

static void keep_key(void *number)
{
	enter_new(0);
	*(long *)number = add_key("user", "inside", "secret", KEY_SPEC_USER_KEYRING);
}

static void run_watcher(const void *unused)
{
	int pipes[2];
	long key = 0;
	pid_t pid;

	(void)unused;
	ktap_expect(!pipe(pipes), "pipe");
	pid = fork_or_fail();
	if (!pid) {
		keep_key(&key);
		ktap_expect(write(pipes[1], &key, sizeof(key)) == sizeof(key), "pipe");
		pause();
	}
	ktap_expect(read(pipes[0], &key, sizeof(key)) == sizeof(key) && key > 0, "key");
	ktap_expect(keyctl(KEYCTL_DESCRIBE, key, (long)room, sizeof(room), 0) < 0,
		    "expected context 0 not to see it");
	enter_id(VCONTEXT_ID_WATCHER);
	ktap_expect(keyctl(KEYCTL_DESCRIBE, key, (long)room, sizeof(room), 0) > 0,
		    "expected the watcher to see it, came %s", errno_name(errno));
	ktap_expect(keyctl(KEYCTL_READ, key, (long)room, sizeof(room), 0) < 0 &&
		    keyctl(KEYCTL_REVOKE, key, 0, 0, 0) < 0, "expected it to do no more");
}

/* How many keys root has, as far as the kernel counts. */
static long keys_of_root(void)
{
	long count = number_in(AT_FDCWD, "/proc/key-users", "    0:");

	ktap_expect(count >= 0, "/proc/key-users: %s", errno_name(-count));
	return count;
}

static void expect_keys_of_root(long before)
{
	int i;

	for (i = 0; i < 100 && keys_of_root() > before; i++)
		nap(50);
	ktap_expect(keys_of_root() <= before, "expected %ld keys, came %ld", before,
		    keys_of_root());
}

static void run_end(const void *unused)
{
	long before = keys_of_root(), key;
	int i;

	(void)unused;
	for (i = 0; i < 50; i++)
		in_child(keep_key, &key);
	expect_keys_of_root(before);
}

static void visit(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
	ktap_expect(keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1, 0, 0) > 0,
		    "KEYCTL_GET_KEYRING_ID: %s", errno_name(errno));
}

/* Those of a user are in the end root's keys, as far as the kernel counts. */
static void run_handles(const void *unused)
{
	long before;
	int i;

	(void)unused;
	before = keys_of_root();
	become(USER);
	for (i = 0; i < 50; i++) {
		int handle = open_new(NULL);

		in_child(visit, &handle);
	}
	expect_keys_of_root(before);
}

static void look_for_key(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
	ktap_expect(keyctl(KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, (long)"user", (long)"kept", 0) > 0,
		    "expected to find the key again, came %s", errno_name(errno));
}

static void leave_key(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
	ktap_expect(add_key("user", "kept", "secret", KEY_SPEC_USER_KEYRING) > 0, "add_key: %s",
		    errno_name(errno));
}

/* In a context that root keeps, users have theirs whoever is there meanwhile. */
static void run_kept(const void *unused)
{
	int handle = open_new(NULL);

	(void)unused;
	in_child(leave_key, &handle);
	in_child(look_for_key, &handle);
}

static const struct ktap_case cases[] = {
	{ "user keyring", run_special, (void *)KEY_SPEC_USER_KEYRING },
	{ "user session keyring", run_special, (void *)KEY_SPEC_USER_SESSION_KEYRING },
	{ "session keyring", run_special, (void *)KEY_SPEC_SESSION_KEYRING },
	{ "process keyring", run_special, (void *)KEY_SPEC_PROCESS_KEYRING },
	{ "thread keyring", run_special, (void *)KEY_SPEC_THREAD_KEYRING },
	{ "searches as root", run_search },
	{ "searches as user", run_search, "user" },
	{ "KEYCTL_SESSION_TO_PARENT", run_parent },
	{ "/proc/keys", run_list },
	{ "the watcher", run_watcher },
	{ "a handle of a user's, without processes", run_handles },
	{ "a handle of root's, without processes", run_kept },
	{ "the end of contexts", run_end, .anywhere = "there all keys are in one keyring" },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(uses); i++) {
		struct ktap_case *test = calloc(1, sizeof(*test));

		test->name = ktap_text("%s of a key outside", uses[i].name);
		test->run = run_number;
		test->data = &uses[i];
		ktap_add(test);
	}
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
