// SPDX-License-Identifier: GPL-2.0-only
/* Processes by netlink: taskstats, the process connector, namespaces of network devices. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/connector.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/rtnetlink.h>
#include <linux/taskstats.h>

#include "guest.h"

struct message {
	struct nlmsghdr header;
	char rest[4096];
};

static void *append(struct message *message, size_t size)
{
	void *place = (char *)message + NLMSG_ALIGN(message->header.nlmsg_len);

	memset(place, 0, NLMSG_ALIGN(size));
	message->header.nlmsg_len = NLMSG_ALIGN(message->header.nlmsg_len) + size;
	return place;
}

static void attribute(struct message *message, int type, const void *data, size_t size)
{
	struct nlattr *attr = append(message, NLA_HDRLEN + size);

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + size;
	memcpy((char *)attr + NLA_HDRLEN, data, size);
}

/* Ask, and put the answer in the place of the question.  Returns 0 or an errno. */
static int ask(int fd, struct message *message)
{
	struct nlmsgerr *error = (void *)message->rest;
	ssize_t n;

	message->header.nlmsg_flags |= NLM_F_REQUEST;
	if (send(fd, message, message->header.nlmsg_len, 0) < 0)
		return errno;
	n = recv(fd, message, sizeof(*message), 0);
	if (n < (ssize_t)sizeof(message->header))
		return n < 0 ? errno : EBADMSG;
	return message->header.nlmsg_type == NLMSG_ERROR ? -error->error : 0;
}

static void begin(struct message *message, int type, int flags)
{
	memset(&message->header, 0, sizeof(message->header));
	message->header.nlmsg_len = NLMSG_HDRLEN;
	message->header.nlmsg_type = type;
	message->header.nlmsg_flags = flags;
}

static void begin_generic(struct message *message, int family, int command)
{
	struct genlmsghdr *generic;

	begin(message, family, 0);
	generic = append(message, GENL_HDRLEN);
	generic->cmd = command;
	generic->version = 1;
}

/* The number under which the kernel has registered taskstats. */
static int taskstats_family(int fd)
{
	struct message message;
	struct nlattr *attr;
	char *end;

	begin_generic(&message, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	attribute(&message, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME,
		  sizeof(TASKSTATS_GENL_NAME));
	ktap_expect(!ask(fd, &message), "expected taskstats in this kernel, came none");
	end = (char *)&message + message.header.nlmsg_len;
	for (attr = (void *)(message.rest + GENL_HDRLEN); (char *)attr < end;
	     attr = (void *)((char *)attr + NLA_ALIGN(attr->nla_len)))
		if (attr->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(__u16 *)((char *)attr + NLA_HDRLEN);
	ktap_fail("expected the number of taskstats, came an answer without");
}

static int do_taskstats(struct pair *pair)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct message message;
	__u32 pid = pair->target;

	begin_generic(&message, taskstats_family(fd), TASKSTATS_CMD_GET);
	attribute(&message, pair_argument, &pid, sizeof(pid));
	return ask(fd, &message);
}

/* "Is there an id for the network namespace of that process?"  -1 if not, but that is an answer. */
static int do_getnsid(struct pair *pair)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct message message;
	__u32 pid = pair->target;

	begin(&message, RTM_GETNSID, 0);
	append(&message, sizeof(struct rtgenmsg));
	attribute(&message, NETNSA_PID, &pid, sizeof(pid));
	return ask(fd, &message);
}

/* An id for it in the caller's: that there is one already is an answer, too. */
static int do_newnsid(struct pair *pair)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct message message;
	__u32 pid = pair->target, any = -1;
	int error;

	begin(&message, RTM_NEWNSID, NLM_F_ACK);
	append(&message, sizeof(struct rtgenmsg));
	attribute(&message, NETNSA_NSID, &any, sizeof(any));
	attribute(&message, NETNSA_PID, &pid, sizeof(pid));
	error = ask(fd, &message);
	return error == EEXIST ? 0 : error;
}

static int do_setlink(struct pair *pair)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct message message;
	struct ifinfomsg *link;
	__u32 pid = pair->target;
	int error;

	begin(&message, RTM_SETLINK, NLM_F_ACK);
	link = append(&message, sizeof(*link));
	link->ifi_index = if_nametoindex("dummy0");
	if (!link->ifi_index)
		ktap_skip("there is no dummy0 here");
	attribute(&message, IFLA_NET_NS_PID, &pid, sizeof(pid));
	error = ask(fd, &message);
	return error;
}

#define STATS(text, number)							\
	{ text, .run = do_taskstats, .argument = number, .hidden = { ESRCH },		\
	  .secure = EPERM, .flags = ROOT_ONLY }

static const struct act acts[] = {
	STATS("taskstats of a task", TASKSTATS_CMD_ATTR_PID),
	STATS("taskstats of a process", TASKSTATS_CMD_ATTR_TGID),
	{ "RTM_GETNSID", .run = do_getnsid, .hidden = { ESRCH } },
	{ "RTM_NEWNSID", .run = do_newnsid, .hidden = { ESRCH }, .secure = EPERM,
	  .flags = ROOT_ONLY },
	{ "IFLA_NET_NS_PID", .run = do_setlink, .hidden = { ESRCH }, .secure = EPERM,
	  .flags = ROOT_ONLY },
};

/* The process connector tells about everybody. */

static int open_connector(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);

	if (fd < 0)
		return -errno;
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : fd;
}

static void run_connector_inside(const void *user)
{
	int value;

	become(user ? USER : 0);
	enter_new(0);
	value = open_connector();
	ktap_expect(value == -EPERM, "expected EPERM, came %s",
		    value < 0 ? errno_name(-value) : "a socket");
}

static void run_connector_user(const void *unused)
{
	int value;

	(void)unused;
	become(USER);
	value = open_connector();
	ktap_expect(value == -EPERM, "expected EPERM, came %s",
		    value < 0 ? errno_name(-value) : "a socket");
}

static void run_connector_outside(const void *watcher)
{
	int value;

	if (watcher)
		enter_id(VCONTEXT_ID_WATCHER);
	value = open_connector();
	ktap_expect(value >= 0, "expected a socket, came %s", errno_name(-value));
}

/* Statistics of all that end on some processor. */

static int listen_for_ends(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct message message;

	begin_generic(&message, taskstats_family(fd), TASKSTATS_CMD_GET);
	message.header.nlmsg_flags = NLM_F_ACK;
	attribute(&message, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, "0-1", 4);
	return ask(fd, &message) ? -1 : fd;
}

static void run_ends_inside(const void *unused)
{
	int go[2], done[2], fd;
	char byte;
	pid_t pid;

	(void)unused;
	ktap_need(!pipe(go) && !pipe(done), "pipe");
	pid = fork_or_fail();
	if (!pid) {
		/* outside: somebody ends each time one is asked for */
		close(go[1]);
		while (read(go[0], &byte, 1) == 1) {
			wait_status(fork_or_fail() ?: (_exit(0), 0));
			if (write(done[1], "", 1) != 1)
				break;
		}
		_exit(0);
	}
	close(go[0]);
	enter_new(0);
	fd = listen_for_ends();
	if (fd >= 0) {
		ktap_expect(write(go[1], "", 1) == 1 && read(done[0], &byte, 1) == 1, "pipe");
		ktap_expect(!wait_readable(fd, 100), "expected to hear nothing, came an end outside");
	}
	close(go[1]);
	wait_exit(pid, 0);
}

/* Events of a whole processor. */

static int open_perf(pid_t pid, int cpu, bool trap)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = trap ? PERF_COUNT_SW_PAGE_FAULTS : PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = trap, .sigtrap = trap, .remove_on_exec = trap,
	};
	int fd = syscall(SYS_perf_event_open, &attr, pid, cpu, -1, 0);

	return fd < 0 ? -errno : fd;
}

static void run_perf_inside(const void *unused)
{
	int value;

	(void)unused;
	enter_new(0);
	value = open_perf(-1, 0, false);
	ktap_expect(value == -EPERM || value == -EACCES, "expected EPERM, came %s",
		    value < 0 ? errno_name(-value) : "an event");
}

static void run_perf_own(const void *unused)
{
	int value;

	(void)unused;
	enter_new(0);
	value = open_perf(0, -1, false);
	ktap_expect(value >= 0, "expected an event of the own process, came %s",
		    errno_name(-value));
}

/* Whatever is left to users by sysctl, a processor is everybody's. */
static void perf_as_user(void *unused)
{
	int value;

	(void)unused;
	become(USER);
	value = open_perf(-1, 0, false);
	ktap_expect(value == -EPERM || value == -EACCES, "expected EPERM, came %s",
		    value < 0 ? errno_name(-value) : "an event");
}

static void run_perf_user(const void *unused)
{
	(void)unused;
	write_text("/proc/sys/kernel/perf_event_paranoid", "-1");
	in_child(perf_as_user, NULL);
	write_text("/proc/sys/kernel/perf_event_paranoid", "2");
}

static void inside(void *unused)
{
	(void)unused;
	enter_new(0);
}

/* Events can send a signal with every fault: that is more than to see. */
static void run_perf_trap(const void *unused)
{
	struct sitter sitter = sitter_start(inside, NULL);
	int value;

	(void)unused;
	enter_id(VCONTEXT_ID_WATCHER);
	value = open_perf(sitter.pid, -1, true);
	ktap_expect(value == -EPERM || value == -EACCES, "expected EPERM, came %s",
		    value < 0 ? errno_name(-value) : "an event");
	sitter_end(&sitter);
}

static uint64_t count_of(int fd)
{
	uint64_t count = 0;

	ktap_expect(read(fd, &count, sizeof(count)) == sizeof(count), "read: %s",
		    errno_name(errno));
	return count;
}

/* What has counted a process before it entered tells nothing of the program that it runs then. */
static void run_perf_entered(const void *unused)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK, .inherit = 1,
	};
	uint64_t count;
	int go[2], runs[2], fd;
	char byte;
	pid_t pid;

	(void)unused;
	ktap_expect(!pipe2(go, O_CLOEXEC) && !pipe(runs), "pipe: %s", errno_name(errno));
	pid = fork_or_fail();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ktap_expect(read(go[0], &byte, 1) == 1, "pipe");
		enter_new(0);
		dup2(runs[1], STDOUT_FILENO);
		execlp("sh", "sh", "-c", "echo; while :; do :; done", NULL);
		_exit(1);
	}
	fd = syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	ktap_expect(fd >= 0, "perf_event_open: %s", errno_name(errno));
	ktap_expect(write(go[1], "", 1) == 1, "pipe");
	ktap_expect(read(runs[0], &byte, 1) == 1, "expected a shell to run inside");
	count = count_of(fd);
	ktap_expect(count, "expected something to be counted before");
	nap(300);
	ktap_expect(count_of(fd) == count, "expected nothing to be counted inside");
}

static void run_perf_outside(const void *unused)
{
	int value = open_perf(-1, 0, false);

	(void)unused;
	ktap_expect(value >= 0, "expected an event, came %s", errno_name(-value));
}

static const struct ktap_case cases[] = {
	{ "process connector inside as root", run_connector_inside },
	{ "process connector inside as user", run_connector_inside, "user" },
	{ "process connector in context 0 as user", run_connector_user },
	{ "process connector in context 0", run_connector_outside, .anywhere = "context 0 may" },
	{ "process connector of the watcher", run_connector_outside, "watcher",
	  .anywhere = "the watcher sees as all do there" },
	{ "taskstats of all that end, inside as root", run_ends_inside },
	{ "perf_event_open of a processor inside as root", run_perf_inside },
	{ "perf_event_open before it entered", run_perf_entered },
	{ "perf_event_open of a processor in context 0 as user", run_perf_user },
	{ "perf_event_open with signals by the watcher", run_perf_trap },
	{ "perf_event_open of the own process inside", run_perf_own,
	  .anywhere = "one context is as none" },
	{ "perf_event_open of a processor in context 0", run_perf_outside,
	  .anywhere = "context 0 may" },
};

int main(int argc, char **argv)
{
	pair_add_all(acts);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
