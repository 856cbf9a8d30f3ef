// SPDX-License-Identifier: GPL-2.0-only
/* Handles and what the interface tells: INFO, STAT, LIST, poll, sizes, life of an id. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define FLAGS_ALL	(VCONTEXT_LOCK | VCONTEXT_SCHED | VCONTEXT_NPROC | VCONTEXT_PRIVATE | \
			 VCONTEXT_FAKEINIT | VCONTEXT_HIDEINFO | VCONTEXT_USERNS)

#define expect_number(value, want)						\
	do {									\
		long long value_ = (value), want_ = (want);			\
		ktap_expect(value_ == want_, "%s: expected %lld, came %lld", #value, want_, value_); \
	} while (0)

static void enter(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
}

static short polled(int handle)
{
	struct pollfd p = { .fd = handle, .events = POLLIN };

	expect_number(poll(&p, 1, 0) >= 0, 1);
	return p.revents;
}

/* INFO */

static void run_info(const void *unused)
{
	struct vcontext_info info;
	__u32 id;

	(void)unused;
	expect_error(context_info(&info), 0);
	expect_number(info.size, sizeof(info));
	expect_number(info.abi, VCONTEXT_ABI);
	expect_number(info.flags, FLAGS_ALL);
	expect_number(info.id, 0);
	expect_number(info.own_flags, 0);
	expect_number(info.features, 0);
	expect_number(info.contexts, 0);
	open_new(NULL);
	open_id(free_id());
	expect_error(context_info(&info), 0);
	expect_number(info.contexts, 2);
	expect_error(context_new(VCONTEXT_LOCK, &id), 0);
	expect_error(context_info(&info), 0);
	expect_number(info.id, id);
	expect_number(info.own_flags, VCONTEXT_LOCK);
	expect_number(info.contexts, VCONTEXT_ID_ANY);
}

static void run_info_user(const void *unused)
{
	struct vcontext_info info;

	(void)unused;
	become(USER);
	expect_error(context_info(&info), 0);
	expect_number(info.id, 0);
	expect_number(info.contexts, VCONTEXT_ID_ANY);
}

static void run_info_watcher(const void *unused)
{
	struct vcontext_info info;

	(void)unused;
	open_new(NULL);
	enter_id(VCONTEXT_ID_WATCHER);
	become(USER);
	expect_error(context_info(&info), 0);
	expect_number(info.id, 1);
	expect_number(info.contexts, 2);
}

/* STAT */

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void run_stat(const void *unused)
{
	__u64 before = now();
	struct vcontext_stat stat;
	struct sitter first, second;
	__u32 id;
	int handle;

	(void)unused;
	become(USER);
	handle = open_new(&id);
	expect_error(context_stat(handle, &stat), 0);
	expect_number(stat.size, sizeof(stat));
	expect_number(stat.id, id);
	expect_number(stat.flags, 0);
	expect_number(stat.processes, 0);
	expect_number(stat.created >= before && stat.created <= now(), 1);
	expect_number(stat.parent, 0);
	expect_number(stat.uid, USER);
	expect_number(stat.dropped, 0);
	expect_error(context_add_flags(handle, VCONTEXT_LOCK | VCONTEXT_HIDEINFO), 0);
	first = sitter_start(enter, &handle);
	expect_error(context_stat(handle, &stat), 0);
	expect_number(stat.flags, VCONTEXT_LOCK | VCONTEXT_HIDEINFO);
	expect_number(stat.processes, 1);
	second = sitter_start(NULL, NULL);
	expect_error(context_stat(handle, &stat), 0);
	expect_number(stat.processes, 1);
	sitter_end(&second);
	sitter_end(&first);
	expect_error(context_stat(handle, &stat), 0);
	expect_number(stat.processes, 0);
	expect_number(stat.id, id);
}

static void run_stat_parent(const void *unused)
{
	struct vcontext_stat stat;
	__u32 id;
	int handle;

	(void)unused;
	expect_error(context_new(0, &id), 0);
	handle = open_new(NULL);
	expect_error(context_stat(handle, &stat), 0);
	expect_number(stat.parent, id);
	expect_error(context_enter(handle), 0);
	expect_error(context_stat(handle, &stat), 0);
	expect_number(stat.parent, id);
	expect_number(stat.processes, 1);
}

static void *idle(void *unused)
{
	pause();
	return unused;
}

static void with_threads(void *handle)
{
	pthread_t thread;
	int i;

	enter(handle);
	for (i = 0; i < 3; i++)
		ktap_expect(!pthread_create(&thread, NULL, idle, NULL), "pthread_create");
}

static void run_stat_threads(const void *unused)
{
	int handle = open_new(NULL);
	struct vcontext_stat stat;
	struct sitter sitter = sitter_start(with_threads, &handle);

	(void)unused;
	expect_error(context_stat(handle, &stat), 0);
	expect_number(stat.processes, 1);
	sitter_end(&sitter);
	expect_error(context_stat(handle, &stat), 0);
	expect_number(stat.processes, 0);
}

/* LIST */

static void run_list(const void *unused)
{
	__u32 ids[16], low = free_id(), high = low + 1, allotted;
	int handle;

	(void)unused;
	expect_number(context_list(0, ids, 16), 0);
	handle = open_id(high);
	expect_number(context_list(0, ids, 16), 1);
	expect_number(ids[0], high);
	open_id(low);
	open_new(&allotted);
	memset(ids, 0, sizeof(ids));
	expect_number(context_list(0, ids, 16), 3);
	ktap_expect(ids[0] == low && ids[1] == high && ids[2] == allotted && !ids[3],
		    "expected %u %u %u, came %u %u %u", low, high, allotted, ids[0], ids[1], ids[2]);
	memset(ids, 0, sizeof(ids));
	expect_number(context_list(0, ids, 2), 2);
	expect_number(ids[2], 0);
	expect_number(context_list(high, ids, 16), 2);
	expect_number(ids[0], high);
	expect_number(context_list(allotted + 1, ids, 16), 0);
	expect_number(context_list(0, ids, 0), 0);
	expect_number(context_list(0, NULL, 0), 0);
	expect_error(context_list(0, NULL, 1), EFAULT);
	close(handle);
	expect_number(context_list(0, ids, 16), 2);
}

#define MANY	300

static void run_list_many(const void *unused)
{
	static __u32 ids[MANY + 1];
	struct rlimit limit = { MANY + 50, MANY + 50 };
	int i;

	(void)unused;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (i = 0; i < MANY; i++)
		open_new(NULL);
	expect_number(context_list(0, ids, MANY + 1), MANY);
	for (i = 1; i < MANY; i++)
		ktap_expect(ids[i] > ids[i - 1], "expected ids in order, came %u after %u", ids[i],
			    ids[i - 1]);
	/* in pieces, as a reader with little room does it */
	expect_number(context_list(ids[100] + 1, ids + 101, 10), 10);
}

static void run_list_others(const void *unused)
{
	__u32 ids[16], own;

	(void)unused;
	open_new(NULL);
	open_id(free_id());
	become(USER);
	expect_number(context_list(0, ids, 16), 0);
	expect_error(context_new(0, &own), 0);
	expect_number(context_list(0, ids, 16), 1);
	expect_number(ids[0], own);
	expect_number(context_list(own + 1, ids, 16), 0);
	expect_number(context_list(0, ids, 0), 0);
}

static void run_list_watcher(const void *unused)
{
	__u32 ids[16], id = free_id();

	(void)unused;
	open_id(id);
	enter_id(VCONTEXT_ID_WATCHER);
	become(USER);
	expect_number(context_list(0, ids, 16), 2);
	expect_number(ids[0], VCONTEXT_ID_WATCHER);
	expect_number(ids[1], id);
}

/* poll */

/* PROCESSES into @numbers; how many, or a negative errno. */
static int processes(int handle, __u32 first, __u32 *numbers, __u32 room)
{
	struct vcontext_processes argument = {
		.size = sizeof(argument), .first = first, .count = room,
		.numbers = (unsigned long)numbers,
	};

	if (ioctl(handle, VCONTEXT_PROCESSES, &argument) < 0)
		return -errno;
	return (int)argument.count;
}

static void enter_handle(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
}

static void enter_further(void *handle)
{
	enter_handle(handle);
	enter_new(0);
}

static void run_processes(const void *unused)
{
	int handle = open_new(NULL), i;
	struct sitter sitters[3], further;
	__u32 numbers[8];

	(void)unused;
	expect_number(processes(handle, 0, numbers, 8), 0);
	for (i = 0; i < 3; i++)
		sitters[i] = sitter_start(enter_handle, &handle);
	further = sitter_start(enter_further, &handle);
	expect_number(processes(handle, 0, numbers, 8), 3);
	for (i = 0; i < 3; i++)
		expect_number(numbers[i], (__u32)sitters[i].pid);
	expect_number(processes(handle, (__u32)sitters[1].pid, numbers, 8), 2);
	expect_number(numbers[0], (__u32)sitters[1].pid);
	expect_number(processes(handle, 0, numbers, 2), 2);
	expect_number(processes(handle, 0, NULL, 0), 0);
	expect_number(processes(handle, VCONTEXT_ID_ANY, numbers, 8), 0);
	expect_number(processes(handle, 0, NULL, 1), -EFAULT);
	/* the younger ones have the lines of the older ones open, too */
	sitter_end(&further);
	sitter_end(&sitters[2]);
	expect_number(processes(handle, 0, numbers, 8), 2);
	expect_number(numbers[1], (__u32)sitters[1].pid);
	sitter_end(&sitters[1]);
	sitter_end(&sitters[0]);
}

static void ask_inside(void *handle)
{
	__u32 number;

	enter_handle(handle);
	expect_number(processes(*(int *)handle, 0, &number, 1), -EPERM);
}

static void ask_as_user(void *handle)
{
	__u32 number;

	become(USER);
	expect_number(processes(*(int *)handle, 0, &number, 1), -EPERM);
}

static void ask_as_watcher(void *handle)
{
	__u32 number;

	enter_id(VCONTEXT_ID_WATCHER);
	expect_number(processes(*(int *)handle, 0, &number, 1), 0);
}

static void run_processes_others(const void *unused)
{
	int handle = open_new(NULL);

	(void)unused;
	in_child(ask_as_user, &handle);
	in_child(ask_inside, &handle);
	in_child(ask_as_watcher, &handle);
}

static int signal_one(int handle, pid_t process, __u32 signal)
{
	struct vcontext_signal argument = {
		.size = sizeof(argument), .process = (__u32)process, .signal = signal,
	};

	return ioctl(handle, VCONTEXT_SIGNAL, &argument) < 0 ? -errno : 0;
}

static void run_signal(const void *unused)
{
	int handle = open_new(NULL), other = open_new(NULL);
	struct vcontext_signal wrong = { .size = sizeof(wrong), .pad = 1 };
	struct sitter inside = sitter_start(enter_handle, &handle);
	struct sitter further = sitter_start(enter_further, &handle);
	int status = 0;

	(void)unused;
	expect_number(signal_one(handle, inside.pid, 0), 0);
	expect_number(signal_one(handle, inside.pid, 65), -EINVAL);
	expect_number(signal_one(handle, inside.pid, 0x10000U | SIGTERM), -EINVAL);
	expect_number(signal_one(handle, further.pid, SIGKILL), -ENOENT);
	expect_number(signal_one(other, inside.pid, SIGKILL), -ENOENT);
	expect_number(signal_one(handle, getpid(), SIGKILL), -ENOENT);
	expect_number(signal_one(handle, 1, SIGKILL), -ENOENT);
	expect_number(signal_one(handle, 0, SIGKILL), -ENOENT);
	expect_number(signal_one(handle, -1, SIGKILL), -ENOENT);
	expect_number(ioctl(handle, VCONTEXT_SIGNAL, &wrong) < 0 ? errno : 0, EINVAL);
	/* process 1 of none: any signal ends it */
	expect_number(signal_one(handle, inside.pid, SIGTERM), 0);
	expect_number(waitpid(inside.pid, &status, 0), inside.pid);
	expect_number(WTERMSIG(status), SIGTERM);
	expect_number(signal_one(handle, inside.pid, 0), -ENOENT);
	sitter_end(&further);
}

static void signal_as_user(void *handle)
{
	become(USER);
	expect_number(signal_one(*(int *)handle, 1, 0), -EPERM);
}

static void signal_as_watcher(void *handle)
{
	enter_id(VCONTEXT_ID_WATCHER);
	expect_number(signal_one(*(int *)handle, 1, 0), -EPERM);
}

static void run_signal_others(const void *unused)
{
	int handle = open_new(NULL), private = open_new(NULL);
	struct sitter inside = sitter_start(enter_handle, &handle);
	struct sitter hidden = sitter_start(enter_handle, &private);

	(void)unused;
	in_child(signal_as_user, &handle);
	in_child(signal_as_watcher, &handle);
	expect_error(context_add_flags(private, VCONTEXT_PRIVATE), 0);
	expect_number(signal_one(private, hidden.pid, 0), -EPERM);
	sitter_end(&inside);
	sitter_end(&hidden);
}

static void run_poll(const void *user)
{
	struct sitter sitter;
	int handle;

	become(user ? USER : 0);
	handle = open_new(NULL);
	expect_number(polled(handle), 0);
	sitter = sitter_start(enter, &handle);
	expect_number(polled(handle), 0);
	ktap_expect(!wait_readable(handle, 20), "expected nothing to read while a process is in it");
	close(sitter.line);
	/* it ends, and is not waited for */
	waitid(P_PID, sitter.pid, NULL, WEXITED | WNOWAIT);
	ktap_expect(!wait_readable(handle, 20), "expected nothing to read while a zombie is in it");
	wait_status(sitter.pid);
	expect_number(polled(handle), POLLIN | POLLHUP);
	expect_number(polled(handle), POLLIN | POLLHUP);
}

/* Who waits is woken, also when the last is a grandchild that outlived the rest. */
static void leave_grandchild(void *handle)
{
	pid_t pid;

	enter(handle);
	pid = fork_or_fail();
	if (!pid) {
		nap(100);
		_exit(0);
	}
}

static void run_poll_wakes(const void *unused)
{
	int handle = open_new(NULL);
	struct vcontext_stat stat;
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		leave_grandchild(&handle);
		wait(NULL);
		_exit(0);
	}
	ktap_expect(!wait_readable(handle, 10), "expected nothing to read while processes are in it");
	wait_status(pid);
	ktap_expect(wait_readable(handle, 5000), "expected to be woken by the end of the last");
	expect_error(context_stat(handle, &stat), 0);
	expect_number(stat.processes, 0);
}

static void run_poll_again(const void *unused)
{
	int handle = open_new(NULL);
	struct sitter sitter;

	(void)unused;
	in_child(enter, &handle);
	expect_number(polled(handle), POLLIN | POLLHUP);
	sitter = sitter_start(enter, &handle);
	expect_number(polled(handle), 0);
	sitter_end(&sitter);
	expect_number(polled(handle), POLLIN | POLLHUP);
}

/* Life of an id. */

static void run_id_kept(const void *unused)
{
	__u32 id = free_id();
	int handle = open_id(id), other;

	(void)unused;
	in_child(enter, &handle);
	expect_error(context_open(id, VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL, 0, NULL), EEXIST);
	other = dup(handle);
	close(handle);
	expect_error(context_open(id, VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL, 0, NULL), EEXIST);
	close(other);
	expect_error(context_open(id, 0, 0, NULL), ENOENT);
	other = context_open(id, VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL, 0, NULL);
	ktap_expect(other >= 0, "expected the id to be free, came %s", errno_name(-other));
}

static void run_id_kept_by_process(const void *unused)
{
	__u32 id = free_id();
	int handle = open_id(id);
	struct sitter sitter = sitter_start(enter, &handle);

	(void)unused;
	close(handle);
	expect_error(context_open(id, VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL, 0, NULL), EEXIST);
	/* the sitter holds a copy of the handle, so the end of it frees the id */
	sitter_end(&sitter);
	expect_error(context_open(id, 0, 0, NULL), ENOENT);
}

static void run_close_on_exec(const void *unused)
{
	(void)unused;
	expect_number(fcntl(open_new(NULL), F_GETFD), FD_CLOEXEC);
}

static void run_descriptors_out(const void *unused)
{
	struct vcontext_info before, after;
	struct vcontext_open argument = {
		.size = sizeof(argument), .id = VCONTEXT_ID_ANY, .how = VCONTEXT_OPEN_CREATE,
	};
	struct rlimit limit;
	int fd = context_device();

	(void)unused;
	expect_error(context_info(&before), 0);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = fd + 1;
	setrlimit(RLIMIT_NOFILE, &limit);
	expect_number(ioctl(fd, VCONTEXT_OPEN, &argument), -1);
	expect_number(errno, EMFILE);
	limit.rlim_cur = fd + 10;
	setrlimit(RLIMIT_NOFILE, &limit);
	expect_error(context_info(&after), 0);
	expect_number(after.contexts, before.contexts);
}

/* Arguments of all sizes. */

static int raw(int fd, unsigned long command, void *argument)
{
	return ioctl(fd, command, argument) < 0 ? -errno : 0;
}

static void run_sizes(const void *unused)
{
	static char room[8192];
	int device = context_device(), handle = open_new(NULL);
	const struct { int fd; unsigned long command; __u32 size; } calls[] = {
		{ device, VCONTEXT_INFO, sizeof(struct vcontext_info) },
		{ device, VCONTEXT_LIST, sizeof(struct vcontext_list) },
		{ device, VCONTEXT_LOWER, sizeof(struct vcontext_lower) },
		{ handle, VCONTEXT_ADD_FLAGS, sizeof(struct vcontext_flags) },
		{ handle, VCONTEXT_STAT, sizeof(struct vcontext_stat) },
		{ handle, VCONTEXT_LOWER_CONTEXT, sizeof(struct vcontext_lower) },
		{ handle, VCONTEXT_PROCESSES, sizeof(struct vcontext_processes) },
	};
	size_t i;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		memset(room, 0, sizeof(room));
		expect_error(raw(calls[i].fd, calls[i].command, room), EINVAL);
		*(__u32 *)room = calls[i].size - 1;
		expect_error(raw(calls[i].fd, calls[i].command, room), EINVAL);
		*(__u32 *)room = calls[i].size;
		expect_error(raw(calls[i].fd, calls[i].command, room), 0);
		memset(room, 0, sizeof(room));
		*(__u32 *)room = calls[i].size + 100;
		expect_error(raw(calls[i].fd, calls[i].command, room), 0);
		memset(room, 0, sizeof(room));
		*(__u32 *)room = calls[i].size + 100;
		room[calls[i].size + 99] = 1;
		expect_error(raw(calls[i].fd, calls[i].command, room), E2BIG);
		*(__u32 *)room = 1U << 31;
		expect_error(raw(calls[i].fd, calls[i].command, room), E2BIG);
		expect_error(raw(calls[i].fd, calls[i].command, NULL), EFAULT);
		expect_error(raw(calls[i].fd, calls[i].command, (void *)-4096L), EFAULT);
	}
}

static void run_wrong_arguments(const void *unused)
{
	struct vcontext_new new = { .size = sizeof(new), .pad = 1 };
	struct vcontext_list list = { .size = sizeof(list), .pad = 1 };
	struct vcontext_lower lower = { .size = sizeof(lower), .pad = 1 };
	struct vcontext_info info;
	int device = context_device(), handle = open_new(NULL);

	(void)unused;
	expect_error(raw(device, VCONTEXT_NEW, &new), EINVAL);
	new.pad = 0;
	new.flags = 1U << 31;
	expect_error(raw(device, VCONTEXT_NEW, &new), EINVAL);
	expect_error(raw(device, VCONTEXT_LIST, &list), EINVAL);
	expect_error(raw(device, VCONTEXT_LOWER, &lower), EINVAL);
	expect_error(raw(handle, VCONTEXT_LOWER_CONTEXT, &lower), EINVAL);
	expect_error(context_add_flags(handle, 1U << 30), EINVAL);
	/* what belongs to the one kind of descriptor is not known to the other */
	expect_error(raw(device, VCONTEXT_ENTER, NULL), ENOTTY);
	expect_error(raw(device, VCONTEXT_STAT, &info), ENOTTY);
	expect_error(raw(device, VCONTEXT_LOWER_CONTEXT, &lower), ENOTTY);
	expect_error(raw(handle, VCONTEXT_LOWER, &lower), ENOTTY);
	expect_error(raw(handle, VCONTEXT_INFO, &info), ENOTTY);
	expect_error(raw(handle, VCONTEXT_NEW, &new), ENOTTY);
	expect_error(raw(device, _IO(VCONTEXT_IOC, 99), NULL), ENOTTY);
	expect_error(raw(handle, _IO(VCONTEXT_IOC, 99), NULL), ENOTTY);
	expect_error(raw(device, _IO(0x12, 0), NULL), ENOTTY);
	expect_error(context_info(&info), 0);
	expect_number(info.id, 0);
}

/* A bad pointer must not move anybody. */
static void run_new_bad_pointer(const void *unused)
{
	struct vcontext_new *new = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vcontext_info info;

	(void)unused;
	new->size = sizeof(*new);
	mprotect(new, 4096, PROT_READ);
	expect_error(raw(context_device(), VCONTEXT_NEW, new), EFAULT);
	expect_error(context_info(&info), 0);
	expect_number(info.id, 0);
	expect_number(info.contexts, 0);
}

static void run_open_bad_pointer(const void *unused)
{
	struct vcontext_open *open_argument = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
						   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vcontext_info info;

	(void)unused;
	*open_argument = (struct vcontext_open){
		.size = sizeof(*open_argument), .id = VCONTEXT_ID_ANY, .how = VCONTEXT_OPEN_CREATE,
	};
	mprotect(open_argument, 4096, PROT_READ);
	expect_error(raw(context_device(), VCONTEXT_OPEN, open_argument), EFAULT);
	expect_error(context_info(&info), 0);
	expect_number(info.contexts, 0);
}

static const struct ktap_case cases[] = {
	{ "INFO as root", run_info },
	{ "INFO as user", run_info_user },
	{ "INFO as watcher", run_info_watcher },
	{ "STAT of a life", run_stat },
	{ "STAT names the context in which it was made", run_stat_parent },
	{ "STAT counts processes and not threads", run_stat_threads },
	{ "LIST of none, one and several", run_list },
	{ "LIST of many", run_list_many },
	{ "LIST as user", run_list_others },
	{ "LIST as watcher", run_list_watcher },
	{ "PROCESSES of a context", run_processes },
	{ "PROCESSES is for root of context 0 and the watcher", run_processes_others },
	{ "SIGNAL to one process of a context", run_signal },
	{ "SIGNAL is for who may enter", run_signal_others },
	{ "poll as root", run_poll },
	{ "poll as user", run_poll, "user" },
	{ "poll wakes when the last has gone", run_poll_wakes },
	{ "poll when it is entered again", run_poll_again },
	{ "an id is kept by a handle", run_id_kept },
	{ "an id is kept by a process", run_id_kept_by_process },
	{ "a handle is closed on exec", run_close_on_exec },
	{ "no descriptor left leaves no context", run_descriptors_out },
	{ "sizes of arguments", run_sizes },
	{ "wrong arguments", run_wrong_arguments },
	{ "VCONTEXT_NEW with memory that can't be written", run_new_bad_pointer },
	{ "VCONTEXT_OPEN with memory that can't be written", run_open_bad_pointer },
};

int main(int argc, char **argv)
{
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
