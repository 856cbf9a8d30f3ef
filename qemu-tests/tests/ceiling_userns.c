// SPDX-License-Identifier: GPL-2.0-only
/* User namespaces, in which every capability would be there again. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sched.h>

#include "caps.h"
#include "missing.h"

#define DROP	CAP(NET_RAW)

/* A namespace that is there already, and belongs to the caller's user. */
static struct {
	pid_t pid;
	int user, net, pidfd;
} other;

/* Ways in */

static int do_unshare(long flags)
{
	return result(unshare(flags));
}

static int wait_child(long pid)
{
	int error = result(pid);

	if (!pid)
		_exit(0);
	if (pid > 0)
		wait_exit(pid, 0);
	return error;
}

static int do_clone(long flags)
{
	return wait_child(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0));
}

static int do_clone3(long flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	return wait_child(syscall(SYS_clone3, &args, sizeof(args)));
}

static int do_setns(long flags)
{
	(void)flags;
	return result(setns(other.user, CLONE_NEWUSER));
}

static int do_setns_pidfd(long flags)
{
	return result(setns(other.pidfd, flags));
}

/* It takes a right over the user namespace, which its owner has without being in it. */
static int do_setns_net(long flags)
{
	(void)flags;
	return result(setns(other.net, CLONE_NEWNET));
}

static const struct way {
	const char *name;
	int (*go)(long flags);
	long flags;
	bool root_only;
} ways[] = {
	{ "unshare", do_unshare, CLONE_NEWUSER },
	{ "unshare with others", do_unshare, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET },
	{ "clone", do_clone, CLONE_NEWUSER },
	{ "clone3", do_clone3, CLONE_NEWUSER },
	{ "clone3 with others", do_clone3, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS },
	{ "setns", do_setns },
	{ "setns by a pidfd", do_setns_pidfd, CLONE_NEWUSER },
	{ "setns by a pidfd with others", do_setns_pidfd, CLONE_NEWUSER | CLONE_NEWNET },
	{ "setns to a network of one", do_setns_net, .root_only = true },
};

/* Who is to go there. */

static void be_lowered(void)
{
	lower(DROP);
}

/* What the kernel's own PR_CAPBSET_DROP has taken before is the ceiling's too. */
static void be_lowered_again(void)
{
	prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0);
	lower(DROP);
}

static void be_inside(void)
{
	enter_new(0);
}

static void be_inside_twice(void)
{
	enter_new(0);
	enter_new(0);
}

static void be_named(void)
{
	enter_id(free_id());
}

static void be_watcher(void)
{
	enter_id(VCONTEXT_ID_WATCHER);
}

static void be_lowered_inside(void)
{
	enter_new(0);
	lower(DROP);
}

static void be_in_lowered(void)
{
	if (!ktap_plain())
		expect_error(context_new_lower(DROP), 0);
}

static const struct place {
	const char *name;
	void (*settle)(void);
	uid_t uid;
	bool before;		/* settles before it becomes the user */
} places[] = {
	{ "root with a lower ceiling", be_lowered },
	{ "user with a lower ceiling", be_lowered, USER },
	{ "root whose capability was gone", be_lowered_again },
	{ "user whose capability was gone", be_lowered_again, USER, true },
	{ "root in a context", be_inside },
	{ "user in a context", be_inside, USER },
	{ "root in a context inside another", be_inside_twice },
	{ "user in a context inside another", be_inside_twice, USER },
	{ "root in a named context", be_named },
	{ "user in a named context", be_named, USER, true },
	{ "root in context 1", be_watcher },
	{ "user in context 1", be_watcher, USER, true },
	{ "root with a lower ceiling inside", be_lowered_inside },
	{ "user in a lower context", be_in_lowered, USER },
};

static void become_once(uid_t uid)
{
	if (getuid() != uid)
		become(uid);
}

static void make_other(void *uid)
{
	become_once(*(uid_t *)uid);
	ktap_expect(!unshare(CLONE_NEWUSER | CLONE_NEWNET), "unshare: %s", errno_name(errno));
}

static struct sitter start_other(uid_t uid)
{
	struct sitter sitter = sitter_start(make_other, &uid);

	other.pid = sitter.pid;
	other.user = open(ktap_text("/proc/%d/ns/user", sitter.pid), O_RDONLY | O_CLOEXEC);
	other.net = open(ktap_text("/proc/%d/ns/net", sitter.pid), O_RDONLY | O_CLOEXEC);
	other.pidfd = syscall(SYS_pidfd_open, sitter.pid, 0);
	ktap_expect(other.user >= 0 && other.net >= 0 && other.pidfd >= 0,
		    "expected another user namespace, came %s", errno_name(errno));
	return sitter;
}

struct attempt {
	const struct way *way;
	const struct place *place;
	bool settle;		/* else only become the user: the control */
	int want;
};

static void attempt(void *data)
{
	const struct attempt *a = data;
	int error;

	if (a->settle && a->place->before)
		a->place->settle();
	become_once(a->place->uid);
	if (a->settle && !a->place->before)
		a->place->settle();
	error = a->way->go(a->way->flags);
	/* the sitter is a process of another context, if it is looked for */
	if (a->want == EPERM && error == ESRCH)
		error = EPERM;
	ktap_expect(error == a->want, "expected %s, came %s", errno_name(a->want),
		    errno_name(error));
}

static void run_closed(const void *data)
{
	struct attempt a = *(const struct attempt *)data, control = { a.way, a.place };
	struct sitter sitter = start_other(a.place->uid);

	in_child(attempt, &control);
	in_child(attempt, &a);
	sitter_end(&sitter);
}

/* The process in whose power a namespace is keeps that: what it made before is no way out. */
static void run_before(const void *uid)
{
	struct caps caps;

	become(uid ? USER : 0);
	ktap_expect(!unshare(CLONE_NEWUSER), "unshare: %s", errno_name(errno));
	ktap_expect(caps_of(0).permitted == CAPS_ALL, "expected all capabilities in one");
	lower(DROP);
	caps = caps_of(0);
	ktap_expect(caps.permitted == (CAPS_ALL & ~DROP) && caps.bounding == caps.permitted,
		    "CapPrm: %#llx", caps.permitted);
	ktap_expect(do_clone3(CLONE_NEWUSER) == EPERM && do_unshare(CLONE_NEWUSER) == EPERM,
		    "expected EPERM for one in one");
}

/* Namespaces of other kinds are open to who has the right. */
static void run_others_open(const void *unused)
{
	struct attempt a = { &ways[0], &places[0], true, EPERM };

	(void)unused;
	in_child(attempt, &a);
	lower(DROP);
	ktap_expect(!unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC),
		    "expected other namespaces, came %s", errno_name(errno));
}

static void expect_closed(void *unused)
{
	(void)unused;
	ktap_expect(do_clone3(CLONE_NEWUSER) == EPERM && do_unshare(CLONE_NEWUSER) == EPERM,
		    "expected EPERM");
}

static void expect_closed_deeper(void *unused)
{
	in_child(expect_closed, unused);
}

static void run_children(const void *uid)
{
	become(uid ? USER : 0);
	lower(DROP);
	in_child(expect_closed, NULL);
	in_child(expect_closed_deeper, NULL);
}

/* The flag userns */

static void all_open(void)
{
	static const struct way *const open_ways[] = { &ways[0], &ways[2], &ways[3], &ways[5] };
	struct place here = { .uid = getuid() };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(open_ways); i++) {
		struct attempt a = { open_ways[i], &here };

		in_child(attempt, &a);
	}
}

static void run_flag(const void *uid)
{
	struct sitter sitter;

	/* the sitter's maker is the user who will go there */
	expect_error(context_new(VCONTEXT_USERNS, NULL), 0);
	become(uid ? USER : 0);
	sitter = start_other(getuid());
	all_open();
	/* with a lower ceiling, and inside, too */
	lower(DROP);
	all_open();
	enter_new(0);
	all_open();
	ktap_expect(line_in("/proc/self/status", "ctxflags:\tuserns"), "expected ctxflags: userns");
	sitter_end(&sitter);
}

/* One that was made outside is nobody's inside, though its owner is there under the same uid. */

static void refused_foreign(void *uid)
{
	struct attempt a = { &ways[5], .want = EPERM };
	struct place here = { .uid = *(uid_t *)uid };

	expect_error(context_new(VCONTEXT_USERNS, NULL), 0);
	a.place = &here;
	attempt(&a);
}

static void run_flag_foreign(const void *user)
{
	uid_t uid = user ? USER : 0;
	struct sitter sitter = start_other(uid);

	in_child(refused_foreign, &uid);
	sitter_end(&sitter);
}

/* Root of context 0 opens them to those who are inside, and deeper. */
static void closed_then_open(int handle, int line)
{
	char byte;

	expect_error(context_enter(handle), 0);
	become(USER);
	enter_new(0);
	ktap_expect(do_clone3(CLONE_NEWUSER) == EPERM, "expected EPERM at first");
	ktap_expect(write(line, "", 1) == 1 && read(line, &byte, 1) == 1, "the line");
	ktap_expect(!do_clone3(CLONE_NEWUSER), "expected one, came %s", errno_name(errno));
}

static void run_flag_later(const void *unused)
{
	int handle = open_new(NULL), line[2];
	char byte;
	pid_t pid;

	(void)unused;
	ktap_expect(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line), "socketpair");
	pid = fork_or_fail();
	if (!pid) {
		close(line[0]);
		closed_then_open(handle, line[1]);
		_exit(0);
	}
	close(line[1]);
	ktap_expect(read(line[0], &byte, 1) == 1, "expected it to get ready");
	expect_error(context_add_flags(handle, VCONTEXT_USERNS), 0);
	ktap_expect(write(line[0], "", 1) == 1, "write");
	wait_exit(pid, 0);
}

/* By nobody else. */
static void refused_flag(void)
{
	int handle = open_new(NULL);
	struct vcontext_stat stat;

	expect_error(context_new(VCONTEXT_USERNS, NULL), EPERM);
	expect_error(context_new(VCONTEXT_USERNS | VCONTEXT_LOCK, NULL), EPERM);
	expect_error(context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, VCONTEXT_USERNS, NULL),
		     EPERM);
	expect_error(context_add_flags(handle, VCONTEXT_USERNS), EPERM);
	expect_error(context_add_flags(handle, VCONTEXT_USERNS | VCONTEXT_HIDEINFO), EPERM);
	expect_error(context_stat(handle, &stat), 0);
	ktap_expect(!stat.flags, "expected no flag, came %#x", stat.flags);
	expect_error(context_add_flags(handle, VCONTEXT_HIDEINFO), 0);
}

static void run_flag_user(const void *unused)
{
	int handle = open_id(free_id());

	(void)unused;
	become(USER);
	refused_flag();
	expect_error(context_add_flags(handle, VCONTEXT_USERNS), EPERM);
}

static void run_flag_inside(const void *unused)
{
	(void)unused;
	enter_new(0);
	refused_flag();
}

/* Who is root there is not root of context 0. */
static void run_flag_in_userns(const void *unused)
{
	(void)unused;
	become(USER);
	ktap_expect(!unshare(CLONE_NEWUSER), "unshare: %s", errno_name(errno));
	refused_flag();
}

static void run_flag_without_admin(const void *unused)
{
	(void)unused;
	lower(CAP(SYS_ADMIN));
	refused_flag();
}

static const struct ktap_case cases[] = {
	{ "a ceiling is lowered in one, too, as root", run_before },
	{ "a ceiling is lowered in one, too, as user", run_before, "user" },
	{ "children of root with a lower ceiling", run_children },
	{ "children of a user with a lower ceiling", run_children, "user" },
	{ "namespaces of other kinds", run_others_open },
	{ "the flag userns as root", run_flag },
	{ "the flag userns as user", run_flag, "user" },
	{ "the flag userns and one of context 0 as root", run_flag_foreign },
	{ "the flag userns and one of context 0 as user", run_flag_foreign, "user" },
	{ "the flag userns of a context in use", run_flag_later },
	{ "the flag userns not by a user", run_flag_user },
	{ "the flag userns not by root inside", run_flag_inside },
	{ "the flag userns not by root of a user namespace", run_flag_in_userns },
	{ "the flag userns not by root without CAP_SYS_ADMIN", run_flag_without_admin },
};

static struct attempt closed[ARRAY_SIZE(ways) * ARRAY_SIZE(places)];
static struct ktap_case closed_cases[ARRAY_SIZE(closed)];

int main(int argc, char **argv)
{
	bool brief = getenv("KTAP_BRIEF");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(closed); i++) {
		const struct way *way = &ways[i % ARRAY_SIZE(ways)];
		const struct place *place = &places[i / ARRAY_SIZE(ways)];

		if (way->root_only && place->uid)
			continue;
		/* one way for each place, all ways among them */
		if (brief && i % ARRAY_SIZE(ways) != i / ARRAY_SIZE(ways) % ARRAY_SIZE(ways))
			continue;
		closed[i] = (struct attempt){ way, place, true, EPERM };
		closed_cases[i] = (struct ktap_case){
			ktap_text("%s by %s", way->name, place->name), run_closed, &closed[i],
		};
		ktap_add(&closed_cases[i]);
	}
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
