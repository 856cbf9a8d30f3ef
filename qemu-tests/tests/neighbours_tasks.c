// SPDX-License-Identifier: GPL-2.0-only
/*
 * Neighbours: processes by numbers that go into the kernel's own files, by clocks and locks, and by
 * what tells of events.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/futex.h>
#include <linux/perf_event.h>

#include "guest.h"
#include "missing.h"
#include "uring.h"

#ifndef FAN_REPORT_PIDFD
#define FAN_REPORT_PIDFD	0x80
#endif
#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2		13
#endif

/* Clocks and locks */

static int do_getres(struct pair *pair)
{
	struct timespec time;

	return result(syscall(SYS_clock_getres, CLOCK_OF_PROCESS(pair->target), &time));
}

static int do_sleep(struct pair *pair)
{
	struct timespec none = { 0, 0 };

	return result(syscall(SYS_clock_nanosleep, CLOCK_OF_PROCESS(pair->target), 0, &none, NULL));
}

/* The lock's owner would get the waiter's priority. */
static int do_futex(struct pair *pair)
{
	struct timespec past = { 0, 1 };
	static unsigned int word;

	word = pair->thread;
	return result(syscall(SYS_futex, &word, FUTEX_LOCK_PI2, 0, &past, NULL, 0));
}

/* Terminals: is there such a group?  One of another session can't have it, but that is known. */
static int do_foreground(struct pair *pair)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), fd, error;

	ktap_need(master >= 0 && !grantpt(master) && !unlockpt(master), "a terminal: %s",
		  errno_name(errno));
	setsid();
	fd = open(ptsname(master), O_RDWR | O_CLOEXEC);
	ktap_need(fd >= 0, "a terminal: %s", errno_name(errno));
	signal(SIGTTOU, SIG_IGN);
	error = result(tcsetpgrp(fd, pair->target));
	return error == EPERM ? 0 : error;
}

/* By io_uring, also by a thread of the kernel's that works for the caller. */
static int do_uring(struct pair *pair)
{
	const char *path = ktap_text("/proc/%d/status", pair->target);
	struct io_uring_sqe request = {
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)path,
		.open_flags = O_RDONLY | O_CLOEXEC,
	};
	int value = uring_open(pair_argument);

	ktap_need(value >= 0, "io_uring: %s", errno_name(-value));
	value = uring_do(pair_argument, &request);
	return value < 0 ? -value : 0;
}

/* What tells of events */

#define WATCHED	"/tmp/vcontext-watched"

static void make_watched(void)
{
	int fd = open(WATCHED, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd >= 0)
		fchmod(fd, 0666);
	close(fd);
}

static void open_watched(void)
{
	close(open(WATCHED, O_RDONLY | O_CLOEXEC));
}

/* Whoever may do with less gets events that tell of no process. */
static int do_fanotify(struct pair *pair)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | pair_argument, O_RDONLY);
	struct fanotify_event_metadata events[16], *event = events;
	ssize_t left;

	if (fd < 0 && errno == EPERM)
		fd = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_REPORT_FID, O_RDONLY);
	if (fd < 0 || fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, WATCHED))
		return errno;
	pair_let(pair, open_watched);
	left = read(fd, events, sizeof(events));
	if (left < 0)
		return errno;
	for (; FAN_EVENT_OK(event, left); event = FAN_EVENT_NEXT(event, left))
		if (event->pid == pair->target)
			return 0;
	return ESRCH;
}

static int do_fanotify_mark(struct pair *pair)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK, O_RDONLY);

	(void)pair;
	if (fd < 0)
		return errno;
	return result(fanotify_mark(fd, FAN_MARK_ADD | pair_argument, FAN_OPEN, AT_FDCWD, "/tmp"));
}

/* A file in which the kernel writes about each process that ends. */
static int do_account(struct pair *pair)
{
	static const char path[] = "/tmp/vcontext-account";
	int error;

	(void)pair;
	close(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	error = result(acct(path));
	if (!error)
		acct(NULL);
	unlink(path);
	return error;
}

/* Events of all that are in a control group, on one processor. */
static int do_perf_group(struct pair *pair)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
	};
	int group = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)pair;
	ktap_need(group >= 0, "/sys/fs/cgroup: %s", errno_name(errno));
	return result(syscall(SYS_perf_event_open, &attr, group, 0, -1, PERF_FLAG_PID_CGROUP));
}

/* Numbers that are written into files */

static int do_split(struct pair *pair)
{
	return write_text("/sys/kernel/debug/split_huge_pages",
			  ktap_text("%d,0x10000,0x20000", pair->target));
}

/* Whom ctrl-alt-del is told: that is process 1. */
static int do_cad_pid(struct pair *pair)
{
	int error = write_text("/proc/sys/kernel/cad_pid", ktap_text("%d", pair->target));

	if (!error)
		write_text("/proc/sys/kernel/cad_pid", "1");
	return error;
}

#define DAMON	"/sys/kernel/mm/damon/admin/kdamonds/"

static int do_damon(struct pair *pair)
{
	int error;

	if (access(DAMON, F_OK))
		ktap_skip("this kernel has no DAMON");
	error = write_text(DAMON "nr_kdamonds", "1") ?:
		write_text(DAMON "0/contexts/nr_contexts", "1") ?:
		write_text(DAMON "0/contexts/0/operations", "vaddr") ?:
		write_text(DAMON "0/contexts/0/targets/nr_targets", "1") ?:
		write_text(DAMON "0/contexts/0/targets/0/pid_target",
			   ktap_text("%d", pair->target)) ?:
		write_text(DAMON "0/state", "on");
	if (!error)
		write_text(DAMON "0/state", "off");
	write_text(DAMON "nr_kdamonds", "0");
	return error;
}

/* The group whose processes wait for no automatic mount. */
static int do_autofs(struct pair *pair)
{
	int line[2], error;

	if (unshare(CLONE_NEWNS))
		return errno;
	ktap_need(!pipe(line) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mounts: %s",
		  errno_name(errno));
	error = result(mount("autofs", "/mnt", "autofs", 0,
			     ktap_text("fd=%d,pgrp=%d,minproto=5,maxproto=5,indirect", line[1],
				       pair->target)));
	if (!error)
		umount2("/mnt", MNT_DETACH);
	return error;
}

#define ROOTS(text, function, error)						\
	{ text, .run = function, .hidden = { error }, .secure = EPERM, .flags = ROOT_ONLY }

static const struct act acts[] = {
	{ "clock_getres of a process", .run = do_getres, .hidden = { EINVAL } },
	{ "clock_nanosleep of a process", .run = do_sleep, .hidden = { EINVAL } },
	{ "FUTEX_LOCK_PI2", .run = do_futex, .hidden = { ESRCH }, .together = ETIMEDOUT },
	{ "tcsetpgrp", .run = do_foreground, .hidden = { ESRCH } },
	{ "io_uring: open of /proc/PID/status", .run = do_uring, .argument = AT_ONCE,
	  .hidden = { ENOENT } },
	{ "io_uring: open of /proc/PID/status by a worker", .run = do_uring, .argument = BY_WORKER,
	  .hidden = { ENOENT } },
	{ "io_uring: open of /proc/PID/status by a poller", .run = do_uring, .argument = BY_POLLER,
	  .hidden = { ENOENT } },
	ROOTS("split_huge_pages", do_split, ESRCH),
	ROOTS("cad_pid", do_cad_pid, ESRCH),
	ROOTS("DAMON pid_target", do_damon, EINVAL),
	ROOTS("autofs pgrp", do_autofs, EINVAL),
	{ "fanotify: who opens a file", .run = do_fanotify, .hidden = { ESRCH },
	  .flags = ROOT_ONLY, .together = ESRCH },
	{ "fanotify: the pidfd of who opens a file", .run = do_fanotify,
	  .argument = FAN_REPORT_PIDFD, .hidden = { ESRCH }, .flags = ROOT_ONLY,
	  .together = ESRCH },
	{ "fanotify of a mount", .run = do_fanotify_mark, .argument = FAN_MARK_MOUNT,
	  .hidden = { EPERM }, .flags = ROOT_ONLY, .together = EPERM },
	{ "fanotify of a file system", .run = do_fanotify_mark, .argument = FAN_MARK_FILESYSTEM,
	  .hidden = { EPERM }, .flags = ROOT_ONLY, .together = EPERM },
	{ "acct", .run = do_account, .hidden = { EPERM }, .flags = ROOT_ONLY, .together = EPERM },
	{ "perf_event_open of a control group", .run = do_perf_group, .hidden = { EPERM, EACCES },
	  .flags = ROOT_ONLY, .together = EPERM },
};

int main(int argc, char **argv)
{
	int status;

	make_watched();
	pair_add_all_neighbours(acts);
	status = ktap_main(argc, argv);
	unlink(WATCHED);
	return status;
}
