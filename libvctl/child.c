// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "reap.h"

/* Of 32-bit machines the older calls take 16 bits. */
#ifdef SYS_setresuid32
#define SET_USER	SYS_setresuid32
#define SET_GROUP	SYS_setresgid32
#define SET_GROUPS	SYS_setgroups32
#else
#define SET_USER	SYS_setresuid
#define SET_GROUP	SYS_setresgid
#define SET_GROUPS	SYS_setgroups
#endif

/*
 * What is opened in their place would be lost when the program that runs inside gets others there.
 */
void child_reserve(struct child_reserve *reserve)
{
	int fd;

	*reserve = (struct child_reserve){ .count = 0 };
	while (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0 ||
	       fcntl(STDERR_FILENO, F_GETFD) < 0) {
		fd = open("/", O_PATH | O_CLOEXEC);
		if (fd < 0 || fd > STDERR_FILENO || reserve->count == 3) {
			if (fd >= 0)
				close(fd);
			return;
		}
		reserve->fds[reserve->count++] = fd;
	}
}

void child_unreserve(struct child_reserve *reserve)
{
	while (reserve->count > 0)
		close(reserve->fds[--reserve->count]);
}

/* clone3(), whose child is of another PID namespace; what the caller's later children are stays. */
static long clone_in(const struct clone_args *args, int pid_ns)
{
	auto_fd int own = -1;
	int number;
	long pid;

	if (pid_ns < 0)
		return syscall(SYS_clone3, args, sizeof(*args));

	own = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (own < 0 || setns(pid_ns, CLONE_NEWPID) < 0)
		return -1;
	pid = syscall(SYS_clone3, args, sizeof(*args));
	if (pid == 0)
		return 0;

	number = errno;
	setns(own, CLONE_NEWPID);
	errno = number;
	return pid;
}

int child_fork(struct child *child, uint64_t flags, int cgroup, int pid_ns)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	int lines[2];
	long pid;

	*child = (struct child)CHILD_NONE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, lines) < 0)
		return -errno;
	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	pid = clone_in(&args, pid_ns);
	if (pid < 0) {
		pid = -errno;
		close(lines[0]);
		close(lines[1]);
		return (int)pid;
	}

	child->pid = (pid_t)pid;
	child->pidfd = pidfd;
	child->line = lines[pid ? 0 : 1];
	close(lines[pid ? 1 : 0]);
	return pid ? 1 : 0;
}

int child_hand_over(uint64_t flags, int cgroup)
{
	struct clone_args args = {
		.flags = flags | CLONE_VFORK | CLONE_CLEAR_SIGHAND,
		.exit_signal = SIGCHLD,
	};
	long pid;

	/* The end of the caller is ours, and that of the new one. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	if (cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid > 0)
		_exit(EXIT_SUCCESS);

	return pid < 0 ? -errno : 0;
}

/* Room for one descriptor. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int take_fd(struct msghdr *packet)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(packet);
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;

	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

int child_hear(int line, struct child_message *message, int *fd)
{
	struct iovec part = { .iov_base = message, .iov_len = sizeof(*message) };
	union control control;
	struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t count;

	if (fd) {
		*fd = -1;
		packet.msg_control = &control;
		packet.msg_controllen = sizeof(control);
	}
	do {
		count = recvmsg(line, &packet, MSG_CMSG_CLOEXEC);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (fd)
		*fd = take_fd(&packet);
	if (count == 0)
		return 0;

	return count == sizeof(*message) ? 1 : -EPROTO;
}

static int send_message(int line, const struct child_message *message, int fd)
{
	struct iovec part = { .iov_base = (void *)message, .iov_len = sizeof(*message) };
	union control control = { .header = { .cmsg_level = SOL_SOCKET,
					      .cmsg_type = SCM_RIGHTS,
					      .cmsg_len = CMSG_LEN(sizeof(fd)) } };
	struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t count;

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		packet.msg_control = &control;
		packet.msg_controllen = sizeof(control);
	}
	do {
		count = sendmsg(line, &packet, MSG_NOSIGNAL);
	} while (count < 0 && errno == EINTR);

	return count < 0 ? -errno : 0;
}

int child_say(int line, enum child_word word, int value, int fd)
{
	struct child_message message = { .word = word, .value = value };

	return send_message(line, &message, fd);
}

void child_fail(int line, const struct complaint *complaint)
{
	struct child_message message = { .word = CHILD_FAILED, .complaint = *complaint };

	send_message(line, &message, -1);
	_exit(EXIT_FAILURE);
}

int child_reap(const struct child *child)
{
	struct pollfd end = { .fd = child->pidfd, .events = POLLIN };
	int status;
	pid_t pid;

	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
	pid = reap_until(child->pid, &status, now_ms() + REAP_MS);
	if (pid < 0)
		return pid;

	return pid ? status : -ETIMEDOUT;
}

void child_close(struct child *child)
{
	if (child->line >= 0)
		close(child->line);
	if (child->pidfd >= 0)
		close(child->pidfd);
	*child = (struct child)CHILD_NONE;
}

int child_end(struct child *child)
{
	int result = -ESRCH;

	if (child->line >= 0)
		close(child->line);
	child->line = -1;
	if (child->pid > 0)
		result = child_reap(child);
	child_close(child);

	return result;
}

/*
 * Who logs in inside (sshd, cron, login) sets a login uid of its own, and can do so only if there
 * is none from the session in which this was started.
 */
static void forget_login(void)
{
	auto_fd int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, "4294967295", 10);
}

/* Whether the kernel spares the caller when memory is short is nothing to the vserver. */
static void forget_sparing(void)
{
	auto_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, "0", 1);
}

/* Who has ended before this is not told of by the signal, but has hung up. */
static int end_with_parent(int line)
{
	struct pollfd parent = { .fd = line };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	if (poll(&parent, 1, 0) > 0 && (parent.revents & POLLHUP))
		_exit(EXIT_FAILURE);

	return 0;
}

int child_attach(int line)
{
	sigset_t none;

	if (end_with_parent(line) < 0)
		return -errno;

	/* Handlers are gone already; what is ignored is not, as under nohup. */
	for (int number = 1; number <= SIGSYS; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return 0;
}

int child_settle(int line, struct complaint *complaint)
{
	if (child_attach(line) < 0 || setsid() < 0)
		return complain_system(complaint, errno, "process of the vserver");

	forget_login();
	forget_sparing();
	return 0;
}

static int set_limit(const struct vctl_conf_limit *limit)
{
	struct rlimit both;

	if (getrlimit((__rlimit_resource_t)limit->resource, &both) < 0)
		return -errno;
	if (limit->hard)
		both.rlim_max = limit->value;
	if (limit->soft)
		both.rlim_cur = limit->value;
	else if (both.rlim_cur > both.rlim_max)
		both.rlim_cur = both.rlim_max;
	if (setrlimit((__rlimit_resource_t)limit->resource, &both) < 0)
		return -errno;

	return 0;
}

int child_limit(const struct vctl_conf_limit *limits, size_t count, bool has_nice, int nice,
		struct complaint *complaint)
{
	static const int claims[] = { RLIMIT_NICE, RLIMIT_RTPRIO };

	if (has_nice && setpriority(PRIO_PROCESS, 0, nice) < 0)
		return complain_system(complaint, errno, "S_NICE %d", nice);
	/* Nobody inside gets more of the processors because whoever starts it might. */
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		if (setrlimit((__rlimit_resource_t)claims[i], &(struct rlimit){ 0, 0 }) < 0)
			return complain_system(complaint, errno, "limit %d", claims[i]);
	}
	for (size_t i = 0; i < count; i++) {
		int result = set_limit(&limits[i]);

		if (result == -EINVAL)
			return complain(complaint, VCTL_BAD_CONF, EINVAL,
					"a soft limit is above the hard one",
					"give both in ULIMIT", "limit %d", limits[i].resource);
		if (result < 0)
			return complain_system(complaint, -result, "limit %d", limits[i].resource);
	}

	return 0;
}

/* glibc's functions would have the threads of the parent do the same. */
int child_become(int line, uid_t uid, gid_t gid, const gid_t *groups, size_t count)
{
	if (syscall(SET_GROUPS, count, groups) < 0 || syscall(SET_GROUP, gid, gid, gid) < 0 ||
	    syscall(SET_USER, uid, uid, uid) < 0)
		return -errno;
	/* Whoever becomes another user is no longer ended with its parent. */
	if (uid != 0 && end_with_parent(line) < 0)
		return -errno;

	return 0;
}

bool child_is_orphan(int line)
{
	char byte;

	return recv(line, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0;
}

int child_seal(void)
{
	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;

	return 0;
}
