// SPDX-License-Identifier: GPL-2.0-only
/* Getting into a context: who may, what is inherited.  That nobody gets out again: enter_leave.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sched.h>

#include "guest.h"

static __u32 own_id(void)
{
	struct vcontext_info info;

	expect_error(context_info(&info), 0);
	return info.id;
}

/* As anybody. */

static void run_new(const void *user)
{
	__u32 first, second;

	become(user ? USER : 0);
	ktap_expect(own_id() == 0, "expected to begin in context 0, came %u", own_id());
	expect_error(context_new(0, &first), 0);
	ktap_expect(first >= VCONTEXT_ID_ALLOT_MIN, "expected an id from 65536 on, came %u", first);
	ktap_expect(own_id() == first, "expected to be in %u, came %u", first, own_id());
	expect_error(context_new(0, &second), 0);
	ktap_expect(second != first && second >= VCONTEXT_ID_ALLOT_MIN,
		    "expected another id from 65536 on, came %u after %u", second, first);
	ktap_expect(own_id() == second, "expected to be in %u, came %u", second, own_id());
}

static void run_no_return(const void *unused)
{
	__u32 ids[8], i;

	(void)unused;
	/* ids go round: the next one is not the one that has just become free */
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		pid_t pid = fork_or_fail();

		if (!pid) {
			__u32 id;

			expect_error(context_new(0, &id), 0);
			_exit((__u8)id);
		}
		ids[i] = WEXITSTATUS(wait_status(pid));
		ktap_expect(!ktap_over(), "a process failed");
		ktap_expect(!i || ids[i] != ids[i - 1], "expected a new id each time, came one twice");
	}
}

static void run_parent_stays(const void *unused)
{
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		expect_error(context_new(0, NULL), 0);
		_exit(0);
	}
	wait_exit(pid, 0);
	ktap_expect(own_id() == 0, "expected the parent in context 0, came %u", own_id());
}

/* Inheritance. */

static int child_tells(void *want)
{
	struct vcontext_info info;

	return context_info(&info) || info.id != (uintptr_t)want;
}

static void run_inherit(const void *how)
{
	static char stack[65536];
	uintptr_t id;
	pid_t pid;

	id = enter_new(0);
	switch ((uintptr_t)how) {
	case 'f':
		pid = fork_or_fail();
		if (!pid)
			_exit(child_tells((void *)id));
		break;
	case 'v':
		pid = vfork();
		if (!pid)
			_exit(child_tells((void *)id));
		break;
	default:
		pid = clone(child_tells, stack + sizeof(stack), CLONE_VM | SIGCHLD, (void *)id);
	}
	ktap_expect(pid > 0, "expected a child, came %s", errno_name(errno));
	wait_exit(pid, 0);
}

static void run_inherit_exec(const void *unused)
{
	char *argv[] = { "enter", "--tell", NULL };
	pid_t pid;

	(void)unused;
	argv[1] = (char *)ktap_text("--tell=%u", enter_new(0));
	ktap_expect(!posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, NULL), "posix_spawn");
	wait_exit(pid, 0);
	execv("/proc/self/exe", argv);
	ktap_fail("execv: %s", errno_name(errno));
}

static void *thread_tells(void *want)
{
	const char *path = ktap_text("/proc/self/task/%d/status", gettid());
	long id = number_in(AT_FDCWD, path, "\ns_context:");

	return (void *)(uintptr_t)(id != (long)(uintptr_t)want || child_tells(want));
}

static void run_thread_inherits(const void *unused)
{
	uintptr_t id;
	pthread_t thread;
	void *bad;

	(void)unused;
	id = enter_new(0);
	ktap_expect(!pthread_create(&thread, NULL, thread_tells, (void *)id), "pthread_create");
	pthread_join(thread, &bad);
	ktap_expect(!bad, "expected the thread in context %lu, came another", (unsigned long)id);
}

/* Threads. */

static void *hold(void *lock)
{
	pthread_mutex_lock(lock);
	pthread_mutex_unlock(lock);
	return NULL;
}

static void run_threads(const void *unused)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int handle = open_new(NULL);
	pthread_t thread;
	int tries, value;

	(void)unused;
	pthread_mutex_lock(&lock);
	ktap_expect(!pthread_create(&thread, NULL, hold, &lock), "pthread_create");
	expect_error(context_new(0, NULL), EINVAL);
	expect_error(context_enter(handle), EINVAL);
	ktap_expect(own_id() == 0, "expected to have stayed in context 0, came %u", own_id());
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	/* a thread that has been joined is still on its way out for a moment */
	for (tries = 0; (value = context_enter(handle)) == -EINVAL && tries < 1000; tries++)
		nap(1);
	expect_error(value, 0);
}

static void *outlive(void *result_of)
{
	nap(50);
	*(int *)result_of = context_new(0, NULL);
	syscall(SYS_exit_group, *(int *)result_of == -EINVAL ? 0 : 3);
	return NULL;
}

static void run_leader_gone(const void *unused)
{
	static int value;
	pthread_t thread;
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		ktap_expect(!pthread_create(&thread, NULL, outlive, &value), "pthread_create");
		syscall(SYS_exit, 0);
	}
	wait_exit(pid, 0);
}

/* clone() */

static long raw_clone(unsigned long flags, int *pidfd)
{
	struct clone_args args = {
		.flags = flags, .pidfd = (uintptr_t)pidfd,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 ? -errno : pid;
}

static void first_process(void *unused)
{
	long pid;
	int pidfd = -1;

	(void)unused;
	enter_new(0);
	pid = raw_clone(CLONE_PARENT, NULL);
	if (!pid)
		_exit(0);
	ktap_expect(pid == -EINVAL, "CLONE_PARENT: expected EINVAL, came %s",
		    pid > 0 ? "a process" : errno_name(-pid));
	pid = raw_clone(CLONE_PIDFD, &pidfd);
	if (!pid)
		_exit(7);
	ktap_expect(pid > 0 && pidfd >= 0, "CLONE_PIDFD: expected a process, came %s",
		    errno_name(-pid));
	wait_exit(pid, 7);
}

static void second_process(void *unused)
{
	long pid = raw_clone(CLONE_PARENT, NULL);

	(void)unused;
	if (!pid)
		_exit(0);
	ktap_expect(pid > 0, "expected a sibling, came %s", errno_name(-pid));
}

static void run_clone_parent(const void *first)
{
	if (first) {
		in_child(first_process, NULL);
		return;
	}
	enter_new(0);
	in_child(second_process, NULL);
}

/* Ids by name. */

static void run_named(const void *unused)
{
	__u32 id = free_id(), got = 0;
	int handle;

	(void)unused;
	expect_error(context_open(id, 0, 0, NULL), ENOENT);
	handle = context_open(id, VCONTEXT_OPEN_CREATE, 0, &got);
	ktap_expect(handle >= 0 && got == id, "expected a handle on %u, came %s", id,
		    errno_name(-handle));
	expect_error(context_open(id, VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL, 0, NULL), EEXIST);
	ktap_expect(context_open(id, 0, 0, NULL) >= 0, "expected to open %u again", id);
	ktap_expect(context_open(id, VCONTEXT_OPEN_CREATE, 0, NULL) >= 0, "expected to open it");
	expect_error(context_enter(handle), 0);
	ktap_expect(own_id() == id, "expected to be in %u, came %u", id, own_id());
}

static void run_wrong_ids(const void *unused)
{
	static const __u32 free_ids[] = {
		65536 + 1000000, VCONTEXT_ID_MAX, VCONTEXT_ID_MAX + 1U, VCONTEXT_ID_ANY - 1,
	};
	size_t i;

	(void)unused;
	expect_error(context_open(0, 0, 0, NULL), EINVAL);
	expect_error(context_open(0, VCONTEXT_OPEN_CREATE, 0, NULL), EINVAL);
	expect_error(context_open(VCONTEXT_ID_ANY, 0, 0, NULL), EINVAL);
	expect_error(context_open(free_id(), VCONTEXT_OPEN_EXCL, 0, NULL), EINVAL);
	expect_error(context_open(free_id(), 4, 0, NULL), EINVAL);
	expect_error(context_open(free_id(), VCONTEXT_OPEN_CREATE, 1U << 30, NULL), EINVAL);
	for (i = 0; i < ARRAY_SIZE(free_ids); i++) {
		expect_error(context_open(free_ids[i], 0, 0, NULL), ENOENT);
		expect_error(context_open(free_ids[i], VCONTEXT_OPEN_CREATE, 0, NULL), EINVAL);
	}
}

/* Root of context 0 comes back to an allotted id while it is in use. */
static void enter_given(void *id)
{
	enter_new(0);
	*(__u32 *)id = own_id();
}

static void run_enter_allotted(const void *unused)
{
	__u32 *id = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sitter sitter = sitter_start(enter_given, id);
	int handle = context_open(*id, 0, 0, NULL);

	(void)unused;
	ktap_expect(handle >= 0, "expected a handle on %u, came %s", *id, errno_name(-handle));
	expect_error(kill(sitter.pid, 0) ? -errno : 0, ESRCH);
	expect_error(context_enter(handle), 0);
	expect_error(kill(sitter.pid, 0) ? -errno : 0, 0);
	sitter_end(&sitter);
}

/* An empty new context is for one process of the context where it was made. */

static void enter_handle(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
}

static void refused_handle(void *handle)
{
	expect_error(context_enter(*(int *)handle), EPERM);
	expect_error(context_add_flags(*(int *)handle, VCONTEXT_HIDEINFO), EPERM);
}

static void run_handle_once(const void *unused)
{
	struct sitter sitter;
	int handle;

	(void)unused;
	become(USER);
	handle = open_new(NULL);
	expect_error(context_add_flags(handle, VCONTEXT_HIDEINFO), 0);
	sitter = sitter_start(enter_handle, &handle);
	in_child(refused_handle, &handle);
	sitter_end(&sitter);
	/* nobody is in it any more, and still it is not new */
	in_child(refused_handle, &handle);
	refused_handle(&handle);
}

static void run_handle_twice_root(const void *unused)
{
	int handle = open_new(NULL);

	(void)unused;
	in_child(enter_handle, &handle);
	in_child(enter_handle, &handle);
	enter_handle(&handle);
}

#define RACERS	4

static void race(int handle, int line, unsigned int *winners)
{
	char byte;

	if (read(line, &byte, 1))
		_exit(1);
	if (!context_enter(handle))
		__atomic_add_fetch(winners, 1, __ATOMIC_SEQ_CST);
	_exit(0);
}

static void run_race(const void *unused)
{
	unsigned int *winners = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int round, i, line[2], handle;
	pid_t pids[RACERS];

	(void)unused;
	become(USER);
	for (round = 0; round < 30; round++) {
		handle = open_new(NULL);
		*winners = 0;
		ktap_expect(!pipe(line), "pipe");
		for (i = 0; i < RACERS; i++) {
			pids[i] = fork_or_fail();
			if (!pids[i]) {
				close(line[1]);
				race(handle, line[0], winners);
			}
		}
		close(line[0]);
		close(line[1]);
		for (i = 0; i < RACERS; i++)
			wait_exit(pids[i], 0);
		ktap_expect(*winners == 1, "expected one to enter, came %u", *winners);
		close(handle);
	}
}

/* Depth. */

static void run_depth(const void *unused)
{
	struct vcontext_info before, now;
	pid_t pid;
	int i;

	(void)unused;
	expect_error(context_info(&before), 0);
	pid = fork_or_fail();
	if (!pid) {
		for (i = 0; i < VCONTEXT_DEPTH_MAX; i++)
			expect_error(context_new(0, NULL), 0);
		i = own_id();
		expect_error(context_new(0, NULL), ENOSPC);
		expect_error(context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, 0, NULL), ENOSPC);
		ktap_expect((int)own_id() == i, "expected to have stayed, came %u", own_id());
		_exit(0);
	}
	wait_exit(pid, 0);
	expect_error(context_info(&now), 0);
	ktap_expect(now.contexts == before.contexts, "expected %u contexts as before, came %u",
		    before.contexts, now.contexts);
}

static const struct ktap_case cases[] = {
	{ "a new context as root", run_new },
	{ "a new context as user", run_new, "user" },
	{ "each new context has an id of its own", run_no_return },
	{ "the parent of who enters stays", run_parent_stays },
	{ "fork inherits", run_inherit, (void *)'f' },
	{ "vfork inherits", run_inherit, (void *)'v' },
	{ "clone with shared memory inherits", run_inherit, (void *)'c' },
	{ "exec and posix_spawn inherit", run_inherit_exec },
	{ "a thread inherits", run_thread_inherits },
	{ "a process with two threads does not enter", run_threads },
	{ "a thread whose leader has gone does not enter", run_leader_gone },
	{ "CLONE_PARENT by the first process", run_clone_parent, "first" },
	{ "CLONE_PARENT by a child inside", run_clone_parent,
	  .anywhere = "one context is as none" },
	{ "a named context", run_named },
	{ "ids that nobody can have", run_wrong_ids },
	{ "root of context 0 enters an allotted context", run_enter_allotted },
	{ "a handle lets one process in", run_handle_once },
	{ "a handle lets root of context 0 in again", run_handle_twice_root },
	{ "of many that enter at once by a handle one does", run_race },
	{ "contexts inside each other have a limit", run_depth },
};

int main(int argc, char **argv)
{
	if (argc == 2 && !strncmp(argv[1], "--tell=", 7))
		return child_tells((void *)strtoul(argv[1] + 7, NULL, 10));
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
