// SPDX-License-Identifier: GPL-2.0-only
/* The flag fakeinit: who may enter, by which way, and how it ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps.h"
#include "init.h"

#define CREATE	VCONTEXT_OPEN_CREATE

static __u32 id_of(int handle)
{
	struct vcontext_stat stat;

	expect_error(context_stat(handle, &stat), 0);
	return stat.id;
}

static __u32 flags_of(int handle)
{
	struct vcontext_stat stat;

	expect_error(context_stat(handle, &stat), 0);
	return stat.flags;
}

static int pid_ns_of(int handle)
{
	int fd = context_pid_ns(handle);

	ktap_expect(fd >= 0, "PID_NS: expected a descriptor, came %s", errno_name(-fd));
	return fd;
}

static void enter(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
}

static void enter_refused(void *handle)
{
	expect_error(context_enter(*(int *)handle), EINVAL);
}

static void nothing(void *unused)
{
	(void)unused;
}

static void wait_inside(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

/* Is it told that the context is empty, once it is? */
static bool is_empty(int handle)
{
	return wait_readable(handle, ktap_seconds(5) * 1000);
}

/* The first process */

static void *second_thread(void *unused)
{
	pause();
	return unused;
}

static void not_with_threads(void *handle)
{
	pthread_t thread;

	ktap_need(!pthread_create(&thread, NULL, second_thread, NULL), "pthread_create");
	expect_error(context_enter(*(int *)handle), EINVAL);
}

/* What of process 1 of a new namespace does not fit; @handle is of a context with the flag. */
static void not_as_second(void *handle)
{
	in_child(enter_refused, handle);
	/* and process 1 alone */
	expect_error(context_enter(*(int *)handle), 0);
}

static void not_with_child(void *handle)
{
	struct sitter sitter = sitter_start(NULL, NULL);

	expect_error(context_enter(*(int *)handle), EINVAL);
	expect_error(context_new(VCONTEXT_FAKEINIT, NULL), EINVAL);
	sitter_end(&sitter);
	expect_error(context_enter(*(int *)handle), 0);
}

static void with_zombie(void *handle)
{
	siginfo_t info;
	pid_t pid = fork_or_fail();

	if (!pid)
		_exit(0);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	expect_error(context_enter(*(int *)handle), EINVAL);
	wait_exit(pid, 0);
	expect_error(context_enter(*(int *)handle), 0);
}

static void by_new(void *unused)
{
	__u32 id;

	(void)unused;
	expect_error(context_new(VCONTEXT_FAKEINIT, &id), 0);
	ktap_expect(line_in("/proc/self/status", "ctxflags:\tfakeinit"), "expected the flag");
	expect_error(context_new(VCONTEXT_FAKEINIT, &id), 0);
}

static const struct first {
	const char *name;
	void (*run)(void *handle);
} firsts[] = {
	{ "with threads", not_with_threads },
	{ "as second process there", not_as_second },
	{ "with a child", not_with_child },
	{ "with a zombie", with_zombie },
	{ "by NEW", by_new },
};

static void run_first(const void *data)
{
	const struct first *first = data;
	int handle = fakeinit_open();
	struct init init = init_start(-1, first->run, &handle);

	wait_exit(init.pid, 0);
}

static void run_not_outside(const void *unused)
{
	int handle = fakeinit_open();

	(void)unused;
	expect_error(context_enter(handle), EINVAL);
	expect_error(context_new(VCONTEXT_FAKEINIT, NULL), EINVAL);
	/* nothing has changed by that */
	expect_error(context_pid_ns(handle), ENOENT);
	expect_error(context_new(0, NULL), 0);
}

/* In a user namespace anybody can be process 1 of a PID namespace. */
static void run_user(const void *unused)
{
	int handle;
	pid_t pid;

	(void)unused;
	become(USER);
	handle = fakeinit_open();
	expect_error(context_enter(handle), EINVAL);
	expect_error(context_pid_ns(handle), ENOENT);
	pid = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		ktap_skip("needs user namespaces");
	if (!pid) {
		expect_error(context_enter(handle), 0);
		_exit(getpid() != 1);
	}
	wait_exit(pid, 0);
	expect_error(context_pid_ns(handle), EPERM);
	expect_error(context_kill(handle, SIGKILL), EPERM);
}

/* Those who come later */

static void in_ns_below(void *handle)
{
	struct init init = init_start(-1, enter_refused, handle);

	wait_exit(init.pid, 0);
}

static void joined(void *number)
{
	ktap_expect(getpid() == *(pid_t *)number, "expected number %d, came %d", *(pid_t *)number,
		    getpid());
	ktap_expect(!kill(1, 0), "expected to see process 1, came %s", errno_name(errno));
	ktap_expect(getppid() == 0, "expected a parent outside, came %d", getppid());
}

static void run_later(const void *unused)
{
	struct init init = init_sit(fakeinit_open()), other = init_sit(fakeinit_open());
	/* two have been there by then, and one in a namespace below */
	pid_t number = 4;
	int ns;

	(void)unused;
	ns = pid_ns_of(init.handle);
	ktap_expect(fcntl(ns, F_GETFD) == FD_CLOEXEC, "expected close-on-exec");
	in_child(enter_refused, &init.handle);
	wait_exit(start_inside(other.ns, -1, enter_refused, &init.handle), 0);
	wait_exit(start_inside(ns, -1, in_ns_below, &init.handle), 0);
	wait_exit(start_inside(ns, init.handle, joined, &number), 0);
	init_end(&init);
	init_end(&other);
}

/* Contexts made inside, and root of context 0 with a handle */

static void make_inner(void *unused)
{
	int handle = open_new(NULL);
	char byte;

	(void)unused;
	ktap_expect(!flags_of(handle), "expected no flag to be inherited");
	send_fd(init_line, handle);
	(void)!read(init_line, &byte, 1);
	_exit(0);
}

static void run_inner(const void *unused)
{
	struct init init = init_start(fakeinit_open(), make_inner, NULL);
	int inner = receive_fd(init.line), ns;

	(void)unused;
	ktap_need(inner >= 0, "expected a handle, came %s", errno_name(-inner));
	in_child(enter_refused, &inner);
	ns = pid_ns_of(inner);
	wait_exit(start_inside(ns, -1, enter, &inner), 0);
	/* it has no process 1 of its own */
	expect_error(context_kill(inner, SIGKILL), ENOENT);
	init_end(&init);
}

/* One with the flag inside another, in a PID namespace below. */
static void be_inner_init(void *unused)
{
	(void)unused;
	ktap_expect(getpid() == 1, "expected process 1");
	ktap_expect(number_in(AT_FDCWD, "/proc/self/status", "initpid:") == 1, "expected initpid 1");
}

static void nest(void *unused)
{
	struct init init = init_start(fakeinit_open(), be_inner_init, NULL);

	(void)unused;
	wait_exit(init.pid, 0);
}

static void run_nested(const void *unused)
{
	(void)unused;
	as_init(nest, NULL);
}

/* Flags */

static void run_flag_later(const void *unused)
{
	int handle = open_new(NULL), made = fakeinit_open(), before = open_new(NULL);
	struct init init;

	(void)unused;
	expect_error(context_add_flags(before, VCONTEXT_FAKEINIT), 0);
	expect_error(context_add_flags(before, VCONTEXT_HIDEINFO), 0);
	in_child(enter_refused, &before);
	in_child(enter, &handle);
	expect_error(context_add_flags(handle, VCONTEXT_FAKEINIT), EINVAL);
	expect_error(context_add_flags(handle, VCONTEXT_FAKEINIT | VCONTEXT_LOCK), EINVAL);
	ktap_expect(!flags_of(handle), "expected no flags, came %#x", flags_of(handle));
	init = init_sit(made);
	expect_error(context_add_flags(made, VCONTEXT_FAKEINIT | VCONTEXT_LOCK), 0);
	ktap_expect(flags_of(made) == (VCONTEXT_FAKEINIT | VCONTEXT_LOCK), "expected both flags");
	init_end(&init);
}

/* Who may reach it from outside */

static void refused_both(void *handle)
{
	expect_error(context_pid_ns(*(int *)handle), EPERM);
	expect_error(context_kill(*(int *)handle, SIGKILL), EPERM);
}

static void refused_as_user(void *handle)
{
	become(USER);
	refused_both(handle);
}

static void refused_inside(void *handle)
{
	enter_new(0);
	refused_both(handle);
}

static void refused_watcher(void *handle)
{
	enter_id(VCONTEXT_ID_WATCHER);
	refused_both(handle);
}

static void run_reach(const void *unused)
{
	struct init init = init_sit(fakeinit_open()), hidden;
	int locked = open_new(NULL);

	(void)unused;
	in_child(refused_as_user, &init.handle);
	in_child(refused_inside, &init.handle);
	in_child(refused_watcher, &init.handle);
	wait_exit(start_inside(init.ns, init.handle, refused_both, &init.handle), 0);
	expect_error(context_kill(locked, SIGKILL), ENOENT);
	expect_error(context_pid_ns(locked), ENOENT);
	init_end(&init);
	expect_error(context_pid_ns(init.handle), ENOENT);
	expect_error(context_kill(init.handle, SIGKILL), ENOENT);
	hidden = init_sit(context_open(VCONTEXT_ID_ANY, CREATE,
				       VCONTEXT_FAKEINIT | VCONTEXT_PRIVATE, NULL));
	refused_both(&hidden.handle);
	init_end(&hidden);
}

/* The end */

static void fill(void *unused)
{
	int i;

	(void)unused;
	for (i = 0; i < 3; i++) {
		if (fork_or_fail())
			continue;
		prctl(PR_SET_PDEATHSIG, 0);
		setsid();
		if (i)
			enter_new(0);
		if (i == 2)
			enter_new(0);
		signal(SIGTERM, SIG_IGN);
		(void)!write(init_line, "", 1);
		for (;;)
			pause();
	}
	for (;;)
		pause();
}

static struct init start_full(void)
{
	struct init init = init_start(fakeinit_open(), fill, NULL);
	char bytes[3];
	int n = 0;

	while (n < 3) {
		ktap_need(read(init.line, bytes, 1) == 1, "expected three processes");
		n++;
	}
	return init;
}

/* Nobody of them is left: what they held their end of is closed. */
static void expect_end(struct init *init, int signal)
{
	int status = wait_status(init->pid);
	char byte;

	ktap_expect(WIFSIGNALED(status) && WTERMSIG(status) == signal,
		    "expected signal %d, came status %#x", signal, status);
	ktap_expect(read(init->line, &byte, 1) == 0, "expected all to be gone");
	ktap_expect(is_empty(init->handle), "expected to be told of the end");
	expect_error(context_pid_ns(init->handle), ENOENT);
}

static void expect_stop(pid_t pid)
{
	int status;

	ktap_expect(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status),
		    "expected it to stop, came %#x", status);
}

static void run_kill(const void *unused)
{
	struct init init = start_full();

	(void)unused;
	ktap_expect(!wait_readable(init.handle, 20), "expected it to be in use");
	expect_error(context_kill(init.handle, 0), 0);
	expect_error(context_kill(init.handle, -1), EINVAL);
	expect_error(context_kill(init.handle, SIGRTMAX + 1), EINVAL);
	/* it doesn't catch this one */
	expect_error(context_kill(init.handle, SIGTERM), 0);
	expect_error(context_kill(init.handle, SIGSTOP), 0);
	expect_stop(init.pid);
	ktap_expect(!wait_readable(init.handle, 20), "expected it to be in use still");
	expect_error(context_kill(init.handle, SIGKILL), 0);
	expect_end(&init, SIGKILL);
	expect_error(context_kill(init.handle, SIGKILL), ENOENT);
}

#define EXPECT_KILLED(sitter)							\
	ktap_expect(WTERMSIG(wait_status((sitter).pid)) == SIGTERM, "expected SIGTERM")

static void enter_handle(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
}

static void enter_inner(void *handle)
{
	enter_handle(handle);
	enter_new(0);
}

/* All of a context, and nobody else: not those of one that was made inside. */
static void run_kill_all(const void *unused)
{
	int handle = context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, 0, NULL);
	struct sitter inside[2], inner, outside;

	(void)unused;
	expect_error(context_kill(handle, SIGTERM | VCONTEXT_KILL_ALL), ENOENT);
	inside[0] = sitter_start(enter_handle, &handle);
	inside[1] = sitter_start(enter_handle, &handle);
	inner = sitter_start(enter_inner, &handle);
	outside = sitter_start(NULL, NULL);
	expect_error(context_kill(handle, 65 | VCONTEXT_KILL_ALL), EINVAL);
	expect_error(context_kill(handle, SIGTERM), ENOENT);
	expect_error(context_kill(handle, 0 | VCONTEXT_KILL_ALL), 0);
	expect_error(context_kill(handle, SIGTERM | VCONTEXT_KILL_ALL), 0);
	EXPECT_KILLED(inside[0]);
	EXPECT_KILLED(inside[1]);
	/* this one has the lines of those before it */
	sitter_end(&outside);
	sitter_end(&inner);
	inside[0] = sitter_start(enter_handle, &handle);
	expect_error(context_add_flags(handle, VCONTEXT_PRIVATE), 0);
	expect_error(context_kill(handle, SIGTERM | VCONTEXT_KILL_ALL), EPERM);
	sitter_end(&inside[0]);
}

static void wait_for_end(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

/* With a process 1 all others. */
static void run_kill_others(const void *unused)
{
	struct init init = init_sit(fakeinit_open());
	pid_t other = start_inside(init.ns, init.handle, wait_for_end, NULL);
	struct vcontext_stat stat;

	(void)unused;
	do {
		expect_error(context_stat(init.handle, &stat), 0);
	} while (stat.processes < 2);
	expect_error(context_kill(init.handle, SIGKILL | VCONTEXT_KILL_ALL), 0);
	ktap_expect(WTERMSIG(wait_status(other)) == SIGKILL, "expected SIGKILL of the other");
	ktap_expect(!wait_readable(init.handle, 20), "expected process 1 to be there still");
	expect_error(context_kill(init.handle, SIGKILL | VCONTEXT_KILL_ALL), ENOENT);
	init_end(&init);
}

static void run_exit(const void *unused)
{
	struct init init = init_sit(fakeinit_open());
	pid_t pid = start_inside(init.ns, init.handle, wait_inside, NULL);
	__u32 id = id_of(init.handle), ids[64];
	int count, i;

	(void)unused;
	while (1) {
		struct vcontext_stat stat;

		expect_error(context_stat(init.handle, &stat), 0);
		if (stat.processes == 2)
			break;
		nap(1);
	}
	ktap_need(write(init.line, "", 1) == 1, "write");
	ktap_expect(WTERMSIG(wait_status(pid)) == SIGKILL, "expected SIGKILL of the other");
	wait_exit(init.pid, 0);
	ktap_expect(is_empty(init.handle), "expected to be told of the end");
	close(init.handle);
	count = context_list(0, ids, 64);
	for (i = 0; i < count; i++)
		ktap_expect(ids[i] != id, "expected no context %u any more", id);
}

static void power_off(void *command)
{
	reboot((int)(long)command);
	ktap_fail("reboot: expected the end, came %s", errno_name(errno));
}

static void expect_state(int handle, __u32 state)
{
	struct vcontext_stat stat;

	expect_error(context_stat(handle, &stat), 0);
	ktap_expect(stat.state == state, "expected the state %#x, came %#x", state, stat.state);
}

static void run_reboot(const void *unused)
{
	struct init init = init_sit(fakeinit_open());

	(void)unused;
	expect_state(init.handle, 0);
	wait_exit(start_inside(init.ns, init.handle, power_off, (void *)RB_POWER_OFF), 0);
	ktap_expect(WTERMSIG(wait_status(init.pid)) == SIGINT, "expected SIGINT for power-off");
	expect_state(init.handle, VCONTEXT_IS_OVER | VCONTEXT_IS_HALTED);
	init = init_sit(fakeinit_open());
	wait_exit(start_inside(init.ns, init.handle, power_off, (void *)RB_AUTOBOOT), 0);
	ktap_expect(WTERMSIG(wait_status(init.pid)) == SIGHUP, "expected SIGHUP for restart");
	expect_state(init.handle, VCONTEXT_IS_OVER | VCONTEXT_IS_REBOOTED);
}

/* The right to do that is one of the ceiling, which does not need to be power over the machine. */
static void run_reboot_ceiling(const void *unused)
{
	int handle = fakeinit_open();
	struct init init;

	(void)unused;
	expect_error(context_lower_others(handle, CAPS_ALL & ~VCONTEXT_SECURE_KEEPS &
					  ~CAP(SYS_BOOT)), 0);
	init = init_sit(handle);
	wait_exit(start_inside(init.ns, handle, power_off, (void *)RB_POWER_OFF), 0);
	ktap_expect(WTERMSIG(wait_status(init.pid)) == SIGINT, "expected SIGINT for power-off");
}

static void no_power(void *unused)
{
	(void)unused;
	ktap_expect(reboot(RB_POWER_OFF) && errno == EPERM, "reboot: expected EPERM, came %s",
		    errno_name(errno));
	ktap_expect(mount("proc", "/mnt", "proc", 0, NULL) && errno == EPERM,
		    "mount: expected EPERM, came %s", errno_name(errno));
	ktap_expect(umount("/proc") && errno == EPERM, "umount: expected EPERM, came %s",
		    errno_name(errno));
	ktap_expect(unshare(CLONE_NEWPID) && errno == EPERM, "unshare: expected EPERM, came %s",
		    errno_name(errno));
	expect_error(context_new(VCONTEXT_FAKEINIT, NULL), 0);
}

static void run_secure(const void *unused)
{
	int handle = fakeinit_open();

	(void)unused;
	expect_error(context_lower_others(handle, CAPS_ALL & ~VCONTEXT_SECURE_KEEPS), 0);
	wait_exit(init_start(handle, no_power, NULL).pid, 0);
}

/* Many */

static __u32 contexts(void)
{
	struct vcontext_info info;

	expect_error(context_info(&info), 0);
	return info.contexts;
}

/*
 * No more than a few PID namespaces may be left of those that have ended: those over are refused.
 * They go a while after their last process, as RCU has it.
 */
static void run_many(const void *unused)
{
	__u32 before = contexts();
	char limit[32] = "";
	int fd = open("/proc/sys/user/max_pid_namespaces", O_RDONLY | O_CLOEXEC), i;

	(void)unused;
	ktap_need(fd >= 0 && read(fd, limit, sizeof(limit) - 1) > 0, "max_pid_namespaces");
	close(fd);
	ktap_need(!write_text("/proc/sys/user/max_pid_namespaces", "30"), "max_pid_namespaces");
	for (i = 0; i < 200; i++) {
		int handle = fakeinit_open();
		struct init init = init_start(handle, nothing, NULL);

		wait_exit(init.pid, 0);
		close(init.line);
		close(init.ns);
		close(handle);
		if (i % 20 == 19)
			nap(ktap_seconds(1) * 100);
	}
	write_text("/proc/sys/user/max_pid_namespaces", limit);
	ktap_expect(contexts() == before, "expected %u contexts, came %u", before, contexts());
}

/* To enter while process 1 ends: either is first, and in the end nobody is left. */
static void enter_or_not(void *handle)
{
	int value = context_enter(*(int *)handle);

	ktap_expect(!value || value == -EINTR || value == -EINVAL, "ENTER: came %s",
		    errno_name(-value));
	pause();
}

static void run_race(const void *unused)
{
	__u32 before = contexts();
	int i;

	(void)unused;
	for (i = 0; i < 100; i++) {
		struct init init = init_sit(fakeinit_open());
		pid_t pid = fork_into(init.ns);

		if (!pid)
			enter_or_not(&init.handle);
		if (i % 2)
			nap(i % 5);
		expect_error(context_kill(init.handle, SIGKILL), 0);
		wait_status(pid);
		wait_status(init.pid);
		ktap_expect(is_empty(init.handle), "expected to be told of the end");
		close(init.line);
		close(init.ns);
		close(init.handle);
	}
	ktap_expect(contexts() == before, "expected %u contexts, came %u", before, contexts());
}

/* Two at once are the first: one is. */
static void run_two(const void *unused)
{
	int handle = fakeinit_open(), i, tries, good = 0;
	struct init init[2];

	(void)unused;
	for (i = 0; i < 2; i++)
		init[i] = init_start(-1, enter_or_not, &handle);
	for (tries = 0; tries < 500 && !good; tries++) {
		nap(10);
		for (i = 0; i < 2; i++)
			good += kill(init[i].pid, 0) && errno == ESRCH;
	}
	/* the other one has stayed where it can be reached */
	nap(50);
	for (good = i = 0; i < 2; i++)
		good += kill(init[i].pid, SIGKILL) && errno == ESRCH;
	ktap_expect(good == 1, "expected one of them to enter, came %d", good);
	expect_error(context_kill(handle, SIGKILL), 0);
	for (i = 0; i < 2; i++)
		wait_status(init[i].pid);
	ktap_expect(is_empty(handle), "expected to be told of the end");
}

static const struct ktap_case cases[] = {
	{ "nobody enters outside of a PID namespace", run_not_outside },
	{ "a user enters as process 1 of its own", run_user },
	{ "who comes later is in the same PID namespace", run_later },
	{ "contexts made inside are in it, too", run_inner },
	{ "one inside another", run_nested },
	{ "the flag is not for contexts that had a process", run_flag_later },
	{ "who may open its PID namespace and kill it", run_reach },
	{ "KILL ends all", run_kill },
	{ "KILL of all in a context", run_kill_all },
	{ "KILL of all but process 1", run_kill_others },
	{ "the end of process 1 ends all", run_exit },
	{ "reboot inside ends it", run_reboot },
	{ "reboot under a ceiling with SYS_BOOT", run_reboot_ceiling },
	{ "no power with --secure", run_secure },
	{ "two hundred leave nothing", run_many, .seconds = 60 },
	{ "entering while it ends", run_race, .seconds = 30 },
	{ "two want to be first", run_two },
};

int main(int argc, char **argv)
{
	size_t i;

	caps_main(argc, argv);
	for (i = 0; i < ARRAY_SIZE(firsts); i++) {
		static struct ktap_case tests[ARRAY_SIZE(firsts)];

		tests[i].name = ktap_text("the first enters %s", firsts[i].name);
		tests[i].run = run_first;
		tests[i].data = &firsts[i];
		ktap_add(&tests[i]);
	}
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
