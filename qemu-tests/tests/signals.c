// SPDX-License-Identifier: GPL-2.0-only
/* Signals to a process of another context, by all ways to name it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "guest.h"
#include "missing.h"

static int do_kill(struct pair *pair)
{
	return result(kill(pair->target, pair_argument));
}

static int do_killpg(struct pair *pair)
{
	return result(kill(-pair->target, pair_argument));
}

static int do_tkill(struct pair *pair)
{
	return result(syscall(SYS_tkill, pair->target, pair_argument));
}

static int do_tkill_thread(struct pair *pair)
{
	return result(syscall(SYS_tkill, pair->thread, pair_argument));
}

static int do_tgkill(struct pair *pair)
{
	return result(syscall(SYS_tgkill, pair->target, pair->thread, pair_argument));
}

static siginfo_t queue_info(void)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	return info;
}

static int do_sigqueue(struct pair *pair)
{
	siginfo_t info = queue_info();

	return result(syscall(SYS_rt_sigqueueinfo, pair->target, pair_argument, &info));
}

static int do_tgsigqueue(struct pair *pair)
{
	siginfo_t info = queue_info();

	return result(syscall(SYS_rt_tgsigqueueinfo, pair->target, pair->thread, pair_argument, &info));
}

static int do_pidfd_open(struct pair *pair)
{
	return result(syscall(SYS_pidfd_open, pair->target, 0));
}

static int do_pidfd_open_thread(struct pair *pair)
{
	if (syscall(SYS_pidfd_open, getpid(), PIDFD_THREAD) == -1 && errno == EINVAL)
		ktap_skip("this kernel has no pidfds of threads");
	return result(syscall(SYS_pidfd_open, pair->thread, PIDFD_THREAD));
}

/* By descriptors. */

static int open_pidfd(struct pair *pair)
{
	return syscall(SYS_pidfd_open, pair->target, 0);
}

static int open_proc(struct pair *pair)
{
	return open(ktap_text("/proc/%d", pair->target), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int give_pidfd(void)
{
	return syscall(SYS_pidfd_open, getpid(), 0);
}

static int give_proc(void)
{
	return open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The peer of the end that is passed is the one who made the pair of sockets. */
static int give_socket(void)
{
	int line[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) ? -1 : line[0];
}

static int do_pidfd_send(struct pair *pair)
{
	return result(syscall(SYS_pidfd_send_signal, pair->fd, pair_argument, NULL, 0));
}

static int pidfd_send_flag(struct pair *pair, unsigned int flag)
{
	int self = syscall(SYS_pidfd_open, getpid(), 0);

	ktap_need(self != -1, "pidfd_open: %s", errno_name(errno));
	if (syscall(SYS_pidfd_send_signal, self, 0, NULL, flag) && errno == EINVAL)
		ktap_skip("this kernel has no such flag");
	return result(syscall(SYS_pidfd_send_signal, pair->fd, pair_argument, NULL, flag));
}

static int do_pidfd_send_group(struct pair *pair)
{
	return pidfd_send_flag(pair, PIDFD_SIGNAL_PROCESS_GROUP);
}

static int do_pidfd_send_thread(struct pair *pair)
{
	return pidfd_send_flag(pair, PIDFD_SIGNAL_THREAD);
}

static int do_peer_pidfd(struct pair *pair)
{
	socklen_t size = sizeof(int);
	int fd;

	if (getsockopt(pair->fd, SOL_SOCKET, SO_PEERPIDFD, &fd, &size)) {
		if (errno == ENOPROTOOPT)
			ktap_skip("this kernel has no such option");
		return errno;
	}
	return result(syscall(SYS_pidfd_send_signal, fd, pair_argument, NULL, 0));
}

/* Everybody: what comes of it is what the target got. */
static int do_kill_all(struct pair *pair)
{
	kill(-1, pair_argument);
	if (!pair_sync(pair) || pair->hits)
		return 0;
	return pair->relation == BY_WATCHER ? EPERM : ESRCH;
}

/* Owners of SIGIO and SIGURG. */

static int do_setown(struct pair *pair)
{
	int line[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, line))
		return errno;
	return result(fcntl(line[0], F_SETOWN, pair_argument * pair->target));
}

static int do_setown_ex(struct pair *pair)
{
	struct f_owner_ex owner = {
		.type = pair_argument,
		.pid = pair_argument == F_OWNER_TID ? pair->thread : pair->target,
	};
	int line[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, line))
		return errno;
	return result(fcntl(line[0], F_SETOWN_EX, &owner));
}

static int do_siocspgrp(struct pair *pair)
{
	int line[2], owner = pair->target;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, line))
		return errno;
	return result(ioctl(line[0], pair_argument, &owner));
}

/*
 * The wish for SIGIO was uttered when the target could still be seen.  What counts is where the one
 * who had it was then, and where the target is now: it stays when only the actor has moved.
 */
static int open_owned(struct pair *pair)
{
	int line[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) ||
	    fcntl(line[0], F_SETOWN, pair->target) ||
	    fcntl(line[0], F_SETFL, O_ASYNC | O_NONBLOCK))
		return -errno;
	dup2(line[1], 100);
	return line[0];
}

static int do_sigio(struct pair *pair)
{
	if (write(100, "", 1) != 1)
		return errno;
	if (!pair_sync(pair))
		return ENOTCONN;
	if (pair->hits)
		return 0;
	return pair->relation == BY_WATCHER ? EPERM : ESRCH;
}

/* The watcher may name an owner, but nothing goes there. */
static int do_sigio_later(struct pair *pair)
{
	int fd = open_owned(pair);

	return fd < 0 ? -fd : do_sigio(pair);
}

#define ALL_WAYS(way, function, how)						\
	{ way " 0", .run = function, .argument = 0, .hidden = { ESRCH }, .watcher = EPERM, how }, \
	{ way " TERM", .run = function, .argument = SIGTERM, .hidden = { ESRCH },	\
	  .watcher = EPERM, how },						\
	{ way " KILL", .run = function, .argument = SIGKILL, .hidden = { ESRCH },	\
	  .watcher = EPERM, how },						\
	{ way " CONT", .run = function, .argument = SIGCONT, .hidden = { ESRCH },	\
	  .watcher = EPERM, how }
#define NUMBER(way, function)	ALL_WAYS(way, function, .flags = 0)
#define HANDLE(way, how, function, source, flag)				\
	{ way " 0 " how, source, .run = function, .argument = 0,		\
	  .hidden = { ESRCH, EPERM, EACCES }, .watcher = EPERM, .flags = flag },	\
	{ way " TERM " how, source, .run = function, .argument = SIGTERM,	\
	  .hidden = { ESRCH, EPERM, EACCES }, .watcher = EPERM, .flags = flag },	\
	{ way " KILL " how, source, .run = function, .argument = SIGKILL,	\
	  .hidden = { ESRCH, EPERM, EACCES }, .watcher = EPERM, .flags = flag }

static const struct act acts[] = {
	NUMBER("kill", do_kill),
	NUMBER("killpg", do_killpg),
	NUMBER("tkill", do_tkill),
	{ "tkill of a thread", .run = do_tkill_thread, .argument = SIGTERM, .hidden = { ESRCH },
	  .watcher = EPERM },
	NUMBER("tgkill", do_tgkill),
	NUMBER("rt_sigqueueinfo", do_sigqueue),
	NUMBER("rt_tgsigqueueinfo", do_tgsigqueue),
	{ "pidfd_open", .run = do_pidfd_open, .hidden = { ESRCH }, .watcher = 0 },
	{ "pidfd_open of a thread", .run = do_pidfd_open_thread, .hidden = { ESRCH }, .watcher = 0 },
	HANDLE("pidfd_send_signal", "by a kept pidfd", do_pidfd_send, .prepare = open_pidfd, 0),
	HANDLE("pidfd_send_signal", "by a passed pidfd", do_pidfd_send, .give = give_pidfd, 0),
	HANDLE("pidfd_send_signal", "by a kept /proc/PID", do_pidfd_send, .prepare = open_proc, 0),
	HANDLE("pidfd_send_signal", "by a passed /proc/PID", do_pidfd_send, .give = give_proc, 0),
	HANDLE("pidfd_send_signal", "to a group by a kept pidfd", do_pidfd_send_group,
	       .prepare = open_pidfd, 0),
	HANDLE("pidfd_send_signal", "to a thread by a kept pidfd", do_pidfd_send_thread,
	       .prepare = open_pidfd, 0),
	{ "pidfd_send_signal by SO_PEERPIDFD", .give = give_socket, .run = do_peer_pidfd,
	  .argument = SIGTERM, .hidden = { ESRCH, EPERM, EACCES }, .watcher = EPERM },
	{ "kill -1 URG", .run = do_kill_all, .argument = SIGURG, .hidden = { ESRCH },
	  .watcher = EPERM },
	{ "kill -1 KILL", .run = do_kill_all, .argument = SIGKILL, .hidden = { ESRCH },
	  .watcher = EPERM, .flags = USER_ONLY },
	{ "F_SETOWN", .run = do_setown, .argument = 1, .hidden = { ESRCH }, .watcher = 0 },
	{ "F_SETOWN of a group", .run = do_setown, .argument = -1, .hidden = { ESRCH },
	  .watcher = 0 },
	{ "F_SETOWN_EX of a thread", .run = do_setown_ex, .argument = F_OWNER_TID,
	  .hidden = { ESRCH }, .watcher = 0 },
	{ "F_SETOWN_EX", .run = do_setown_ex, .argument = F_OWNER_PID, .hidden = { ESRCH },
	  .watcher = 0 },
	{ "F_SETOWN_EX of a group", .run = do_setown_ex, .argument = F_OWNER_PGRP,
	  .hidden = { ESRCH }, .watcher = 0 },
	{ "SIOCSPGRP", .run = do_siocspgrp, .argument = SIOCSPGRP, .hidden = { ESRCH },
	  .watcher = 0 },
	{ "FIOSETOWN", .run = do_siocspgrp, .argument = FIOSETOWN, .hidden = { ESRCH },
	  .watcher = 0 },
	{ "SIGIO wished for before", .prepare = open_owned, .run = do_sigio, .hidden = { ESRCH },
	  .flags = NOT_WATCHER | WISHED },
	{ "SIGIO wished for now", .run = do_sigio_later, .hidden = { ESRCH }, .watcher = EPERM },
};

int main(int argc, char **argv)
{
	pair_add_all(acts);
	return ktap_main(argc, argv);
}
