// SPDX-License-Identifier: GPL-2.0-only
/* Who is to enter at exec and has become a user, and others of that number in context 0. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "missing.h"

/* What the user's number lets do. */

static int do_kill(pid_t pid)
{
	return result(kill(pid, SIGWINCH));
}

static int do_tgkill(pid_t pid)
{
	return result(syscall(SYS_tgkill, pid, pid, SIGWINCH));
}

static int do_pidfd(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);
	int error;

	ktap_need(fd >= 0, "pidfd_open: %s", errno_name(errno));
	error = result(syscall(SYS_pidfd_send_signal, fd, SIGWINCH, NULL, 0));
	close(fd);
	return error;
}

static int do_ptrace(pid_t pid)
{
	int error = result(ptrace(PTRACE_SEIZE, pid, NULL, NULL));

	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return error;
}

static int do_setpriority(pid_t pid)
{
	return result(setpriority(PRIO_PROCESS, pid, 9));
}

static int do_setpriority_user(pid_t pid)
{
	(void)pid;
	return result(setpriority(PRIO_USER, USER, 9));
}

static int do_ioprio(pid_t pid)
{
	return result(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
			      IOPRIO_VALUE(IOPRIO_CLASS_BE, 6)));
}

static int do_prlimit(pid_t pid)
{
	struct rlimit limit;

	getrlimit(RLIMIT_CORE, &limit);
	limit.rlim_cur = 0;
	return result(prlimit(pid, RLIMIT_CORE, &limit, NULL));
}

static int do_setaffinity(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return result(sched_setaffinity(pid, sizeof(set), &set));
}

static int do_setscheduler(pid_t pid)
{
	struct sched_param param = { 0 };

	return result(sched_setscheduler(pid, SCHED_BATCH, &param));
}

static int (*const deeds[])(pid_t) = {
	do_kill, do_tgkill, do_pidfd, do_setpriority, do_setpriority_user, do_ioprio, do_prlimit,
	do_setaffinity, do_setscheduler,
};

/* The process */

static void arm(void *handle)
{
	ktap_need(!ioctl(*(int *)handle, VCONTEXT_ENTER_AT_EXEC), "VCONTEXT_ENTER_AT_EXEC: %s",
		  errno_name(errno));
	become(USER);
}

static void be_user(void *unused)
{
	(void)unused;
	become(USER);
}

/* What another one does to it, and what comes of it. */
struct attempt {
	int (*deed)(pid_t pid);
	uid_t uid;
	pid_t pid;
	int want;
};

static void do_attempt(void *data)
{
	const struct attempt *attempt = data;

	become(attempt->uid);
	expect_error(-attempt->deed(attempt->pid), attempt->want);
}

static void attempt_as(uid_t uid, int (*deed)(pid_t), const struct sitter *sitter, int want)
{
	struct attempt attempt = { deed, uid, sitter->pid, want };

	in_child(do_attempt, &attempt);
}

static void run_user(const void *deed)
{
	int handle = open_new(NULL);
	struct sitter other = sitter_start(be_user, NULL);
	struct sitter sitter;

	attempt_as(USER, (int (*)(pid_t))deed, &other, 0);
	sitter_end(&other);
	sitter = sitter_start(arm, &handle);
	attempt_as(USER, (int (*)(pid_t))deed, &sitter, EPERM);
	sitter_end(&sitter);
}

static void run_root(const void *unused)
{
	int handle = open_new(NULL);
	struct sitter sitter = sitter_start(arm, &handle);
	size_t i;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		attempt_as(0, deeds[i], &sitter, 0);
	sitter_end(&sitter);
}

/* Others of that user are as much in reach as ever while somebody is on the way. */
static void run_other(const void *unused)
{
	int handle = open_new(NULL);
	struct sitter sitter = sitter_start(arm, &handle), other = sitter_start(be_user, NULL);
	size_t i;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(deeds); i++) {
		if (deeds[i] != do_setpriority_user)
			attempt_as(USER, deeds[i], &other, 0);
	}
	sitter_end(&other);
	sitter_end(&sitter);
	attempt_as(USER, do_setpriority_user, &(struct sitter){ .pid = getpid() }, 0);
}

static void act_on_oneself(void *handle)
{
	size_t i;

	arm(handle);
	for (i = 0; i < ARRAY_SIZE(deeds); i++) {
		if (deeds[i] != do_setpriority_user)
			expect_error(-deeds[i](getpid()), 0);
	}
}

static void run_oneself(const void *unused)
{
	int handle = open_new(NULL);

	(void)unused;
	in_child(act_on_oneself, &handle);
}

/* The end of its parent is told by the kernel. */
static void leave_behind(void *data)
{
	const int *line = data;
	int handle = open_new(NULL);
	pid_t pid = fork_or_fail();

	if (!pid) {
		arm(&handle);
		ktap_need(write(line[1], "", 1) == 1, "write");
		for (;;)
			pause();
	}
	ktap_need(wait_readable(line[0], 5000), "expected a process to get ready");
	become(USER);
}

static void run_orphan(const void *unused)
{
	int line[2];
	char byte;

	(void)unused;
	ktap_need(!pipe2(line, O_CLOEXEC), "pipe");
	in_child(leave_behind, line);
	close(line[1]);
	ktap_need(read(line[0], &byte, 1) == 1, "read");
	ktap_expect(wait_readable(line[0], 2000), "expected it to end with its parent");
}

/* By a descriptor */

struct wish {
	uid_t uid;
	pid_t pid;
};

static void wish_for_signal(void *data)
{
	const struct wish *wish = data;
	int line[2];

	become(wish->uid);
	ktap_need(!socketpair(AF_UNIX, SOCK_STREAM, 0, line), "socketpair");
	ktap_need(!fcntl(line[0], F_SETOWN, wish->pid) && !fcntl(line[0], F_SETSIG, SIGKILL) &&
		  !fcntl(line[0], F_SETFL, O_ASYNC), "fcntl: %s", errno_name(errno));
	ktap_need(write(line[1], "", 1) == 1, "write");
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	nap(20);
	ktap_need(!waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT), "waitid");
	return info.si_pid == pid;
}

static void run_sigio(const void *unused)
{
	int handle = open_new(NULL);
	struct sitter other = sitter_start(be_user, NULL), sitter = sitter_start(arm, &handle);
	struct wish wish = { USER, other.pid };

	(void)unused;
	in_child(wish_for_signal, &wish);
	ktap_expect(has_ended(other.pid), "expected it to reach another one of that user");
	sitter_end(&other);
	wish.pid = sitter.pid;
	in_child(wish_for_signal, &wish);
	ktap_expect(!has_ended(sitter.pid), "expected it not to be reached by SIGIO");
	wish.uid = 0;
	in_child(wish_for_signal, &wish);
	ktap_expect(has_ended(sitter.pid), "expected root to reach it by SIGIO");
	sitter_end(&sitter);
}

static const struct ktap_case cases[] = {
	{ "armed: kill()", run_user, do_kill },
	{ "armed: tgkill()", run_user, do_tgkill },
	{ "armed: a signal by pidfd", run_user, do_pidfd },
	{ "armed: SIGIO", run_sigio },
	{ "armed: ptrace()", run_user, do_ptrace },
	{ "armed: setpriority()", run_user, do_setpriority },
	{ "armed: setpriority() of a user", run_user, do_setpriority_user },
	{ "armed: ioprio_set()", run_user, do_ioprio },
	{ "armed: prlimit()", run_user, do_prlimit },
	{ "armed: sched_setaffinity()", run_user, do_setaffinity },
	{ "armed: sched_setscheduler()", run_user, do_setscheduler },
	{ "armed: root may", run_root },
	{ "armed: others of that user", run_other },
	{ "armed: oneself", run_oneself },
	{ "armed: the parent's end", run_orphan },
};

int main(int argc, char **argv)
{
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
