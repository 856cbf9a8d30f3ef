// SPDX-License-Identifier: GPL-2.0-only
/* ptrace(), and what asks it for leave or opens a process by a descriptor. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kcmp.h>

#include "guest.h"
#include "missing.h"

static int do_ptrace(struct pair *pair)
{
	return result(ptrace(pair_argument, pair->target, 0, 0));
}

static int do_seize_thread(struct pair *pair)
{
	return result(ptrace(PTRACE_SEIZE, pair->thread, 0, 0));
}

static int do_readv(struct pair *pair)
{
	char copy[sizeof(pair_room)];
	struct iovec to = { copy, sizeof(copy) }, from = { pair_room, sizeof(pair_room) };

	return result(process_vm_readv(pair->target, &to, 1, &from, 1, 0));
}

static int do_writev(struct pair *pair)
{
	char copy[sizeof(pair_room)] = "";
	struct iovec from = { copy, sizeof(copy) }, to = { pair_room, sizeof(pair_room) };

	return result(process_vm_writev(pair->target, &from, 1, &to, 1, 0));
}

static int do_kcmp(struct pair *pair)
{
	return result(syscall(SYS_kcmp, getpid(), pair->target, pair_argument, 0, 0));
}

static int do_kcmp_thread(struct pair *pair)
{
	return result(syscall(SYS_kcmp, pair->thread, getpid(), KCMP_VM, 0, 0));
}

/* By pidfds. */

static int open_pidfd(struct pair *pair)
{
	return syscall(SYS_pidfd_open, pair->target, 0);
}

static int give_pidfd(void)
{
	return syscall(SYS_pidfd_open, getpid(), 0);
}

static int do_getfd(struct pair *pair)
{
	return result(syscall(SYS_pidfd_getfd, pair->fd, 1, 0));
}

static int do_madvise(struct pair *pair)
{
	struct iovec page = { (void *)((unsigned long)pair_room & ~4095UL), 4096 };

	return result(syscall(SYS_process_madvise, pair->fd, &page, 1UL, MADV_COLD, 0));
}

/* It is refused for a process that isn't dying; first the kernel looks for it. */
static int do_mrelease(struct pair *pair)
{
	return result(syscall(SYS_process_mrelease, pair->fd, 0));
}

static int do_pidfd_namespace(struct pair *pair)
{
	int error = result(ioctl(pair->fd, pair_argument, 0));

	if (error == ENOTTY)
		ktap_skip("this kernel has no such command");
	return error;
}

static int do_setns(struct pair *pair)
{
	return result(setns(pair->fd, pair_argument));
}

#define KEPT(text, function, number, ...)					\
	{ text " by a kept pidfd", .prepare = open_pidfd, .run = function, .argument = number, \
	  .hidden = { ESRCH, EPERM, EACCES }, __VA_ARGS__ },			\
	{ text " by a passed pidfd", .give = give_pidfd, .run = function, .argument = number, \
	  .hidden = { ESRCH, EPERM, EACCES }, __VA_ARGS__ }

static const struct act acts[] = {
	{ "PTRACE_ATTACH", .run = do_ptrace, .argument = PTRACE_ATTACH, .hidden = { ESRCH },
	  .watcher = EPERM },
	{ "PTRACE_SEIZE", .run = do_ptrace, .argument = PTRACE_SEIZE, .hidden = { ESRCH },
	  .watcher = EPERM },
	{ "PTRACE_SEIZE of a thread", .run = do_seize_thread, .hidden = { ESRCH },
	  .watcher = EPERM },
	{ "process_vm_readv", .run = do_readv, .hidden = { ESRCH }, .watcher = EPERM },
	{ "process_vm_writev", .run = do_writev, .hidden = { ESRCH }, .watcher = EPERM },
	{ "kcmp of memory", .run = do_kcmp, .argument = KCMP_VM, .hidden = { ESRCH },
	  .watcher = 0 },
	{ "kcmp of files", .run = do_kcmp, .argument = KCMP_FILES, .hidden = { ESRCH },
	  .watcher = 0 },
	{ "kcmp of a thread", .run = do_kcmp_thread, .hidden = { ESRCH }, .watcher = 0 },
	KEPT("pidfd_getfd", do_getfd, 0, .watcher = EPERM),
	KEPT("process_madvise", do_madvise, 0, .watcher = EPERM, .flags = ROOT_ONLY),
	KEPT("process_mrelease", do_mrelease, 0, .together = EINVAL, .flags = NOT_WATCHER),
	KEPT("PIDFD_GET_NET_NAMESPACE", do_pidfd_namespace, PIDFD_GET_NET_NAMESPACE, .watcher = 0),
	KEPT("PIDFD_GET_PID_NAMESPACE", do_pidfd_namespace, PIDFD_GET_PID_NAMESPACE, .watcher = 0),
	KEPT("PIDFD_GET_USER_NAMESPACE", do_pidfd_namespace, PIDFD_GET_USER_NAMESPACE,
	     .watcher = 0),
	KEPT("setns", do_setns, CLONE_NEWUTS, .watcher = 0, .flags = ROOT_ONLY),
};

/* Of a parent outside, that it should trace: it would have to know of it. */
static void traceme_other(void *unused)
{
	(void)unused;
	enter_new(0);
	errno = 0;
	ktap_expect(ptrace(PTRACE_TRACEME, 0, 0, 0) == -1 && errno == EPERM,
		    "expected EPERM, came %s", errno_name(errno));
}

static void run_traceme_other(const void *user)
{
	become(user ? USER : 0);
	in_child(traceme_other, NULL);
}

static void traceme_own(void *unused)
{
	(void)unused;
	ktap_expect(!ptrace(PTRACE_TRACEME, 0, 0, 0), "expected to be traced, came %s",
		    errno_name(errno));
	ptrace(PTRACE_DETACH, 0, 0, 0);
}

static void run_traceme_own(const void *user)
{
	become(user ? USER : 0);
	enter_new(0);
	in_child(traceme_own, NULL);
}

static void be_traced(void *unused)
{
	(void)unused;
	become(USER);
}

/* Who traces or is traced stays where it is. */
static void run_enter_tracing(const void *unused)
{
	struct sitter sitter = sitter_start(be_traced, NULL);
	int value;

	(void)unused;
	ktap_expect(!ptrace(PTRACE_SEIZE, sitter.pid, 0, 0), "expected to trace, came %s",
		    errno_name(errno));
	value = context_new(0, NULL);
	ktap_expect(value == -EBUSY, "expected EBUSY, came %s", errno_name(-value));
	ktap_expect(!ptrace(PTRACE_INTERRUPT, sitter.pid, 0, 0), "PTRACE_INTERRUPT: %s",
		    errno_name(errno));
	waitpid(sitter.pid, NULL, 0);
	ktap_expect(!ptrace(PTRACE_DETACH, sitter.pid, 0, 0), "PTRACE_DETACH: %s",
		    errno_name(errno));
	value = context_new(0, NULL);
	ktap_expect(!value, "expected to enter after the end of tracing, came %s",
		    errno_name(-value));
	sitter_end(&sitter);
}

static void run_enter_traced(const void *handle)
{
	pid_t pid = fork_or_fail();
	int value, status;

	if (!pid) {
		int fd = handle ? open_new(NULL) : -1;

		ptrace(PTRACE_TRACEME, 0, 0, 0);
		value = handle ? context_enter(fd) : context_new(0, NULL);
		_exit(-value);
	}
	status = wait_status(pid);
	ktap_expect(WIFEXITED(status) && WEXITSTATUS(status) == EBUSY, "expected EBUSY, came %s",
		    errno_name(WEXITSTATUS(status)));
}

static const struct ktap_case cases[] = {
	{ "PTRACE_TRACEME for a parent outside as root", run_traceme_other },
	{ "PTRACE_TRACEME for a parent outside as user", run_traceme_other, "user" },
	{ "PTRACE_TRACEME for a parent inside as root", run_traceme_own,
	  .anywhere = "one context is as none" },
	{ "PTRACE_TRACEME for a parent inside as user", run_traceme_own, "user",
	  .anywhere = "one context is as none" },
	{ "who traces does not change context", run_enter_tracing },
	{ "who is traced does not enter a new context", run_enter_traced },
	{ "who is traced does not enter by a handle", run_enter_traced, "handle" },
};

int main(int argc, char **argv)
{
	pair_add_all(acts);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
