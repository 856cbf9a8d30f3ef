// SPDX-License-Identifier: GPL-2.0-only
/* What else takes the number of a process: priorities, schedulers, limits, clocks, memory ... */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/perf_event.h>

#include "guest.h"
#include "missing.h"

static int do_getpgid(struct pair *pair)
{
	return result(getpgid(pair->target));
}

static int do_getsid(struct pair *pair)
{
	return result(getsid(pair->target));
}

/* Into the actor's own group. */
static int do_setpgid(struct pair *pair)
{
	return result(setpgid(pair->target, getpgrp()));
}

/* Priorities.  The walks over users and groups are told by what the target says of itself. */

static int do_getpriority(struct pair *pair)
{
	errno = 0;
	getpriority(pair_argument, pair->target);
	return errno;
}

static int do_getpriority_user(struct pair *pair)
{
	(void)pair;
	setpriority(PRIO_PROCESS, 0, 7);
	return getpriority(PRIO_USER, USER) == 7 ? ESRCH : 0;
}

static int do_setpriority(struct pair *pair)
{
	return result(setpriority(pair_argument, pair->target, 9));
}

static int do_setpriority_user(struct pair *pair)
{
	int error = result(setpriority(PRIO_USER, USER, 9));

	if (!pair_sync(pair))
		return ENOTCONN;
	if (pair->nice == 9)
		return 0;
	return pair->relation == BY_WATCHER ? error : ESRCH;
}

static int do_ioprio_get(struct pair *pair)
{
	return result(syscall(SYS_ioprio_get, pair_argument, pair->target));
}

static int do_ioprio_get_user(struct pair *pair)
{
	(void)pair;
	/* the best of all is what comes back, and 6 is worse than what others begin with */
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_VALUE(IOPRIO_CLASS_BE, 6));
	return syscall(SYS_ioprio_get, IOPRIO_WHO_USER, USER) ==
	       IOPRIO_VALUE(IOPRIO_CLASS_BE, 6) ? ESRCH : 0;
}

static int do_ioprio_set(struct pair *pair)
{
	return result(syscall(SYS_ioprio_set, pair_argument, pair->target,
			      IOPRIO_VALUE(IOPRIO_CLASS_BE, 6)));
}

static int do_ioprio_set_user(struct pair *pair)
{
	int error = result(syscall(SYS_ioprio_set, IOPRIO_WHO_USER, USER,
				   IOPRIO_VALUE(IOPRIO_CLASS_BE, 5)));

	if (!pair_sync(pair))
		return ENOTCONN;
	if (pair->ioprio == IOPRIO_VALUE(IOPRIO_CLASS_BE, 5))
		return 0;
	return pair->relation == BY_WATCHER ? error : ESRCH;
}

/* Schedulers. */

static int do_getscheduler(struct pair *pair)
{
	return result(sched_getscheduler(pair->target));
}

static int do_setscheduler(struct pair *pair)
{
	struct sched_param param = { 0 };

	return result(sched_setscheduler(pair->target, SCHED_BATCH, &param));
}

static int do_getparam(struct pair *pair)
{
	struct sched_param param;

	return result(sched_getparam(pair->target, &param));
}

static int do_setparam(struct pair *pair)
{
	struct sched_param param = { 0 };

	return result(sched_setparam(pair->target, &param));
}

static int do_getattr(struct pair *pair)
{
	struct scheduling attr;

	return result(syscall(SYS_sched_getattr, pair->target, &attr, sizeof(attr), 0));
}

static int do_setattr(struct pair *pair)
{
	struct scheduling attr = { .size = sizeof(attr), .policy = SCHED_BATCH };

	return result(syscall(SYS_sched_setattr, pair->target, &attr, 0));
}

static int do_getaffinity(struct pair *pair)
{
	cpu_set_t set;

	return result(sched_getaffinity(pair->target, sizeof(set), &set));
}

static int do_getaffinity_thread(struct pair *pair)
{
	cpu_set_t set;

	return result(sched_getaffinity(pair->thread, sizeof(set), &set));
}

static int do_setaffinity(struct pair *pair)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return result(sched_setaffinity(pair->target, sizeof(set), &set));
}

static int do_rr_interval(struct pair *pair)
{
	struct timespec time;

	return result(sched_rr_get_interval(pair->target, &time));
}

static int do_core_cookie(struct pair *pair)
{
	unsigned long cookie;
	int error = result(prctl(PR_SCHED_CORE, pair_argument, pair->target, 0,
				 pair_argument == PR_SCHED_CORE_GET ? &cookie : NULL));

	if (error == ENODEV)
		ktap_skip("this machine's processors have one thread each");
	return error;
}

/* Limits, rights, clocks. */

static int do_prlimit_get(struct pair *pair)
{
	struct rlimit limit;

	return result(prlimit(pair->target, RLIMIT_NOFILE, NULL, &limit));
}

static int do_prlimit_set(struct pair *pair)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	return result(prlimit(pair->target, RLIMIT_NOFILE, &limit, NULL));
}

static int do_capget(struct pair *pair)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, pair->target };
	struct __user_cap_data_struct data[2];

	return result(syscall(SYS_capget, &header, data));
}

static int do_getcpuclockid(struct pair *pair)
{
	clockid_t clock;

	return clock_getcpuclockid(pair->target, &clock);
}

static int do_clock(struct pair *pair)
{
	struct timespec time;

	return result(syscall(SYS_clock_gettime, CLOCK_OF_PROCESS(pair->target), &time));
}

static int do_timer(struct pair *pair)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	int timer;

	return result(syscall(SYS_timer_create, CLOCK_OF_PROCESS(pair->target), &event, &timer));
}

/* The lock's owner would get the waiter's priority. */
static int do_futex(struct pair *pair)
{
	struct timespec past = { 1, 0 };
	static unsigned int word;

	word = pair->target;
	return result(syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, &past, NULL, 0));
}

/* Memory, events, others. */

static int do_robust_list(struct pair *pair)
{
	size_t size;
	void *head;

	return result(syscall(SYS_get_robust_list, pair->target, &head, &size));
}

static int do_move_pages(struct pair *pair)
{
	void *page = (void *)((unsigned long)pair_room & ~4095UL);
	int status;

	return result(syscall(SYS_move_pages, pair->target, 1, &page, NULL, &status, 0));
}

static int do_migrate_pages(struct pair *pair)
{
	unsigned long nodes = 1;

	return result(syscall(SYS_migrate_pages, pair->target, 64UL, &nodes, &nodes));
}

static int do_perf(struct pair *pair)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1,
	};

	return result(syscall(SYS_perf_event_open, &attr, pair->target, -1, -1, 0));
}

static int do_set_ptracer(struct pair *pair)
{
	return result(prctl(PR_SET_PTRACER, pair->target, 0, 0, 0));
}

static int do_namespace_numbers(struct pair *pair)
{
	int fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	int error = result(ioctl(fd, pair_argument, pair->target));

	if (error == ENOTTY)
		ktap_skip("this kernel has no such command");
	return error;
}

/* What the kernel asks is which descriptor; first it looks for the process. */
static int do_bpf_query(struct pair *pair)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.task_fd_query.pid = pair->target;
	attr.task_fd_query.fd = 9999;
	return result(syscall(SYS_bpf, BPF_TASK_FD_QUERY, &attr, sizeof(attr)));
}

#define SEE(text, function, number)						\
	{ text, .run = function, .argument = number, .hidden = { ESRCH }, .watcher = 0 }
#define TOUCH(text, function, number)						\
	{ text, .run = function, .argument = number, .hidden = { ESRCH }, .watcher = EPERM }

static const struct act acts[] = {
	SEE("getpgid", do_getpgid, 0),
	SEE("getsid", do_getsid, 0),
	{ "setpgid", .run = do_setpgid, .hidden = { ESRCH }, .flags = SAME_SESSION | NOT_WATCHER },
	SEE("getpriority", do_getpriority, PRIO_PROCESS),
	SEE("getpriority of a group", do_getpriority, PRIO_PGRP),
	{ "getpriority of a user", .run = do_getpriority_user, .hidden = { ESRCH },
	  .flags = USER_ONLY },
	TOUCH("setpriority", do_setpriority, PRIO_PROCESS),
	TOUCH("setpriority of a group", do_setpriority, PRIO_PGRP),
	{ "setpriority of a user", .run = do_setpriority_user, .hidden = { ESRCH },
	  .watcher = EPERM, .flags = USER_ONLY },
	SEE("ioprio_get", do_ioprio_get, IOPRIO_WHO_PROCESS),
	SEE("ioprio_get of a group", do_ioprio_get, IOPRIO_WHO_PGRP),
	{ "ioprio_get of a user", .run = do_ioprio_get_user, .hidden = { ESRCH },
	  .flags = USER_ONLY },
	TOUCH("ioprio_set", do_ioprio_set, IOPRIO_WHO_PROCESS),
	TOUCH("ioprio_set of a group", do_ioprio_set, IOPRIO_WHO_PGRP),
	{ "ioprio_set of a user", .run = do_ioprio_set_user, .hidden = { ESRCH },
	  .watcher = EPERM, .flags = USER_ONLY },
	SEE("sched_getscheduler", do_getscheduler, 0),
	TOUCH("sched_setscheduler", do_setscheduler, 0),
	SEE("sched_getparam", do_getparam, 0),
	TOUCH("sched_setparam", do_setparam, 0),
	SEE("sched_getattr", do_getattr, 0),
	TOUCH("sched_setattr", do_setattr, 0),
	SEE("sched_getaffinity", do_getaffinity, 0),
	SEE("sched_getaffinity of a thread", do_getaffinity_thread, 0),
	TOUCH("sched_setaffinity", do_setaffinity, 0),
	SEE("sched_rr_get_interval", do_rr_interval, 0),
	SEE("PR_SCHED_CORE_GET", do_core_cookie, PR_SCHED_CORE_GET),
	TOUCH("PR_SCHED_CORE_SHARE_TO", do_core_cookie, PR_SCHED_CORE_SHARE_TO),
	SEE("prlimit to read", do_prlimit_get, 0),
	TOUCH("prlimit to set", do_prlimit_set, 0),
	SEE("capget", do_capget, 0),
	SEE("clock_getcpuclockid", do_getcpuclockid, 0),
	{ "clock_gettime of a process", .run = do_clock, .hidden = { EINVAL }, .watcher = 0 },
	{ "timer_create on a process", .run = do_timer, .hidden = { EINVAL }, .watcher = 0 },
	{ "FUTEX_LOCK_PI", .run = do_futex, .hidden = { ESRCH }, .together = ETIMEDOUT,
	  .flags = NOT_WATCHER },
	SEE("get_robust_list", do_robust_list, 0),
	TOUCH("move_pages", do_move_pages, 0),
	TOUCH("migrate_pages", do_migrate_pages, 0),
	SEE("perf_event_open", do_perf, 0),
	{ "PR_SET_PTRACER", .run = do_set_ptracer, .hidden = { EINVAL }, .watcher = 0 },
	SEE("NS_GET_PID_FROM_PIDNS", do_namespace_numbers, NS_GET_PID_FROM_PIDNS),
	SEE("NS_GET_TGID_FROM_PIDNS", do_namespace_numbers, NS_GET_TGID_FROM_PIDNS),
	SEE("NS_GET_PID_IN_PIDNS", do_namespace_numbers, NS_GET_PID_IN_PIDNS),
	SEE("NS_GET_TGID_IN_PIDNS", do_namespace_numbers, NS_GET_TGID_IN_PIDNS),
	{ "BPF_TASK_FD_QUERY", .run = do_bpf_query, .hidden = { ENOENT, EPERM }, .together = EBADF,
	  .flags = ROOT_ONLY | NOT_WATCHER },
};

int main(int argc, char **argv)
{
	pair_add_all(acts);
	return ktap_main(argc, argv);
}
