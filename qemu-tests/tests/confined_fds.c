// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors that come from another context to root that is confined. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>

#include "confined.h"
#include "missing.h"

/* What is passed.  Each returns a descriptor. */

static int make_directory(void)
{
	return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int make_path(void)
{
	return open("/etc/passwd", O_PATH | O_CLOEXEC);
}

static int make_directory_path(void)
{
	return open("/", O_PATH | O_CLOEXEC);
}

static int make_pidfd(void)
{
	return syscall(SYS_pidfd_open, getpid(), 0);
}

static int make_proc_directory(void)
{
	return open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int make_proc_file(void)
{
	return open("/proc/sys/kernel/core_pattern", O_RDWR | O_CLOEXEC);
}

static int make_sys_file(void)
{
	return open("/sys/kernel/uevent_helper", O_RDWR | O_CLOEXEC);
}

static int make_group_file(void)
{
	return open("/sys/fs/cgroup/cgroup.procs", O_WRONLY | O_CLOEXEC);
}

static int make_disk(void)
{
	return open("/dev/vda", O_RDONLY | O_CLOEXEC);
}

static int make_memory(void)
{
	return open("/dev/mem", O_RDWR | O_CLOEXEC);
}

static int make_log(void)
{
	return open("/dev/kmsg", O_RDONLY | O_CLOEXEC);
}

static int make_console(void)
{
	return open("/dev/tty1", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static int make_terminal(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || unlockpt(fd))
		return -1;
	return open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static int make_perf(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK, .exclude_kernel = 1, .exclude_hv = 1,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1,
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int make_program(void)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insns = (unsigned long)code,
		.insn_cnt = 2, .license = (unsigned long)"GPL",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static int make_ring(void)
{
	struct io_uring_params params = { 0 };

	return syscall(SYS_io_uring_setup, 2, &params);
}

static int make_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC);
}

/* Who has it is asked about system calls of others; the filter here has nothing to ask. */
static int make_listener(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		       &program);
}

static int make_namespace(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int make_fanotify(void)
{
	return fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC, O_RDONLY);
}

static int make_handle(void)
{
	return ktap_plain() ? make_pidfd() :
	       context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, 0, NULL);
}

static int make_mount(void)
{
	return syscall(SYS_open_tree, AT_FDCWD, "/tmp", O_CLOEXEC | 1 /* CLONE */);
}

static int make_fs_context(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0);
}

static int make_file(void)
{
	return open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static int make_etc(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int make_memfd(void)
{
	return memfd_create("passed", MFD_CLOEXEC);
}

static int make_pipe(void)
{
	int ends[2];

	return pipe2(ends, O_CLOEXEC) ? -1 : ends[1];
}

static int make_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int make_inet(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int make_eventfd(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int make_epoll(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int make_signalfd(void)
{
	sigset_t none;

	sigemptyset(&none);
	return signalfd(-1, &none, SFD_CLOEXEC);
}

static int make_timerfd(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

static int make_inotify(void)
{
	return inotify_init1(IN_CLOEXEC);
}

static int make_null(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

#define PASSES		(1 << 0)	/* it is no door */
#define INSIDE		(1 << 1)	/* the confined can make it themselves */
#define NOT_SENT	(1 << 2)	/* the kernel sends it to nobody */

struct thing {
	const char *name;
	int (*make)(void);
	unsigned int flags;
};

static const struct thing things[] = {
	{ "directory", make_directory, INSIDE },
	{ "O_PATH of a file", make_path, INSIDE },
	{ "O_PATH of a directory", make_directory_path, INSIDE },
	{ "pidfd", make_pidfd, INSIDE },
	{ "directory in proc", make_proc_directory, INSIDE },
	{ "sysctl", make_proc_file },
	{ "file of sysfs", make_sys_file },
	{ "file of a control group", make_group_file },
	{ "disk", make_disk },
	{ "memory", make_memory },
	{ "kernel log", make_log },
	{ "console", make_console },
	{ "terminal", make_terminal, INSIDE },
	{ "perf event", make_perf, INSIDE },
	{ "bpf map", make_map },
	{ "bpf program", make_program },
	{ "io_uring", make_ring, NOT_SENT },
	{ "userfaultfd", make_userfaultfd },
	{ "seccomp listener", make_listener },
	{ "namespace", make_namespace, INSIDE },
	{ "fanotify", make_fanotify, INSIDE },
	{ "handle on a context", make_handle, INSIDE },
	{ "mount", make_mount },
	{ "new file system", make_fs_context },
	{ "temporary file", make_file, INSIDE | PASSES },
	{ "file to read", make_etc, INSIDE | PASSES },
	{ "memfd", make_memfd, INSIDE | PASSES },
	{ "pipe", make_pipe, INSIDE | PASSES },
	{ "unix socket", make_unix, INSIDE | PASSES },
	{ "internet socket", make_inet, INSIDE | PASSES },
	{ "eventfd", make_eventfd, INSIDE | PASSES },
	{ "epoll", make_epoll, INSIDE | PASSES },
	{ "signalfd", make_signalfd, INSIDE | PASSES },
	{ "timerfd", make_timerfd, INSIDE | PASSES },
	{ "inotify", make_inotify, INSIDE | PASSES },
	{ "/dev/null", make_null, INSIDE | PASSES },
};

/* From where, and how. */
enum way {
	FROM_HOST,		/* SCM_RIGHTS from context 0 */
	FROM_SIBLING,		/* from another context, whose root is not confined */
	FROM_INNER,		/* from a context inside the receiver's */
	FROM_NEIGHBOUR,		/* from the same context: the control */
	BROUGHT_ALONG,		/* from the same context, which the sender brought along */
	TAKEN,			/* that one taken by pidfd_getfd() */
	UNCONFINED,		/* from context 0 to root without a ceiling */
	WAYS
};

static const char *const way_names[WAYS] = {
	[FROM_HOST] = "from context 0", [FROM_SIBLING] = "from another context",
	[FROM_INNER] = "from a context inside", [FROM_NEIGHBOUR] = "from the same context",
	[BROUGHT_ALONG] = "brought along", [TAKEN] = "taken by pidfd_getfd",
	[UNCONFINED] = "to the unconfined",
};

struct passing {
	const struct thing *thing;
	enum way way;
};

/* Returns a descriptor, or a negative errno; with @flags of the message. */
static int receive(int line, int *flags)
{
	char room[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *header;
	int fd;

	if (recvmsg(line, &message, MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	*flags = message.msg_flags;
	header = CMSG_FIRSTHDR(&message);
	if (!header)
		return -EPERM;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static int make(const struct thing *thing)
{
	int fd = thing->make();

	ktap_expect(fd >= 0, "expected a %s to pass, came %s", thing->name, errno_name(errno));
	return fd;
}

/* A handle by which both enter one context with a ceiling. */
static int open_secure(void)
{
	struct vcontext_open argument = {
		.size = sizeof(argument), .id = VCONTEXT_ID_ANY, .how = VCONTEXT_OPEN_CREATE,
		.drop = SECURE_DROPS,
	};
	int device = context_device(), handle;

	if (ktap_plain())
		return -1;
	handle = ioctl(device, VCONTEXT_OPEN, &argument);
	ktap_expect(handle >= 0, "expected a handle, came %s", errno_name(errno));
	close(device);
	return handle;
}

static void enter_by(int handle)
{
	if (!ktap_plain())
		ktap_expect(!context_enter(handle), "expected to enter by the handle");
}

static void send_it(const struct passing *passing, int handle, int line)
{
	int fd = -1;

	if (passing->way == BROUGHT_ALONG || passing->way == TAKEN)
		fd = make(passing->thing);
	if (passing->way == FROM_NEIGHBOUR || passing->way == BROUGHT_ALONG ||
	    passing->way == TAKEN || passing->way == FROM_INNER)
		enter_by(handle);
	if (passing->way == FROM_SIBLING || passing->way == FROM_INNER)
		enter_new(0);
	if (fd < 0)
		fd = make(passing->thing);
	if (passing->way == TAKEN) {
		ktap_expect(write(line, &fd, sizeof(fd)) == sizeof(fd), "write");
		/* until it has been taken */
		(void)!read(line, &fd, 1);
		return;
	}
	send_fd(line, fd);
}

static int take(pid_t pid, int line)
{
	int fd, pidfd;

	/* until then it may be outside */
	ktap_expect(read(line, &fd, sizeof(fd)) == sizeof(fd), "expected a number, came nothing");
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	ktap_expect(pidfd >= 0, "pidfd_open: %s", errno_name(errno));
	fd = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	return fd < 0 ? -errno : fd;
}

static bool has_way(const struct thing *thing, enum way way)
{
	if (thing->flags & NOT_SENT)
		return way == TAKEN;
	return thing->flags & INSIDE || (way != FROM_NEIGHBOUR && way != FROM_INNER);
}

static bool may_pass(const struct passing *passing)
{
	return passing->thing->flags & PASSES || passing->way == FROM_NEIGHBOUR ||
	       passing->way == UNCONFINED;
}

static void run_passing(const void *data)
{
	const struct passing *passing = data;
	int handle = open_secure(), line[2], flags = 0, fd;
	pid_t pid;

	ktap_expect(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line), "socketpair");
	pid = fork_or_fail();
	if (!pid) {
		close(line[0]);
		send_it(passing, handle, line[1]);
		_exit(0);
	}
	close(line[1]);
	if (passing->way == UNCONFINED)
		enter_new(0);
	else
		enter_by(handle);
	fd = passing->way == TAKEN ? take(pid, line[0]) : receive(line[0], &flags);
	close(line[0]);
	wait_status(pid);
	if (ktap_over())
		_exit(1);
	if (may_pass(passing)) {
		ktap_expect(fd >= 0, "expected it to pass, came %s", errno_name(-fd));
		ktap_expect(!(flags & MSG_CTRUNC), "expected a whole message, came MSG_CTRUNC");
		return;
	}
	ktap_expect(fd == -EPERM, "expected it not to pass, came %s",
		    fd < 0 ? errno_name(-fd) : "a descriptor");
	ktap_expect(passing->way == TAKEN || flags & MSG_CTRUNC,
		    "expected MSG_CTRUNC, came a message without");
}

static void add(const struct thing *thing, enum way way)
{
	struct passing *passing = malloc(sizeof(*passing));
	struct ktap_case *test = calloc(1, sizeof(*test));

	if (!passing || !test)
		abort();
	*passing = (struct passing){ thing, way };
	test->name = ktap_text("%s %s", thing->name, way_names[way]);
	test->run = run_passing;
	test->data = passing;
	test->anywhere = may_pass(passing) ? "it may pass" : NULL;
	ktap_add(test);
}

/* Several in one message: those before the first that is refused arrive. */
static void run_several(const void *unused)
{
	int line[2], fds[3] = { make_pipe(), make_directory(), make_eventfd() }, count;
	char room[CMSG_SPACE(sizeof(fds))] = "", byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	(void)unused;
	ktap_expect(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line), "socketpair");
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(header), fds, sizeof(fds));
	ktap_expect(sendmsg(line[1], &message, 0) == 1, "sendmsg: %s", errno_name(errno));
	/* sent by itself before, which is as by another */
	enter_secure();
	message.msg_controllen = sizeof(room);
	ktap_expect(recvmsg(line[0], &message, MSG_CMSG_CLOEXEC) == 1, "recvmsg: %s",
		    errno_name(errno));
	header = CMSG_FIRSTHDR(&message);
	count = header ? (header->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	ktap_expect(count == 1, "expected one of three, came %d", count);
	ktap_expect(message.msg_flags & MSG_CTRUNC, "expected MSG_CTRUNC, came none");
}

/* A mount's file has the credentials of who began to make it, whoever ended that. */
static void run_mount(const void *unused)
{
	int line[2], flags = 0, fd;
	pid_t pid;

	(void)unused;
	ktap_expect(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line), "socketpair");
	pid = fork_or_fail();
	if (!pid) {
		close(line[0]);
		fd = receive(line[1], &flags);
		ktap_need(fd >= 0, "receive: %s", errno_name(-fd));
		fd = syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, 0);
		ktap_need(fd >= 0, "fsmount: %s", errno_name(errno));
		send_fd(line[1], fd);
		_exit(0);
	}
	close(line[1]);
	enter_new(0);
	fd = syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	ktap_need(fd >= 0 && !syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0),
		  "fsopen: %s", errno_name(errno));
	send_fd(line[0], fd);
	if (!ktap_plain())
		ktap_need(!context_lower(SECURE_DROPS), "ceiling");
	fd = receive(line[0], &flags);
	wait_status(pid);
	if (ktap_over())
		_exit(1);
	ktap_expect(fd == -EPERM && flags & MSG_CTRUNC, "expected it not to pass, came %s",
		    fd < 0 ? errno_name(-fd) : "a descriptor");
}

static const struct ktap_case cases[] = {
	{ "several in one message", run_several },
	{ "a mount that was begun inside", run_mount },
};

int main(int argc, char **argv)
{
	size_t i;
	int way;

	for (i = 0; i < ARRAY_SIZE(things); i++) {
		for (way = 0; way < WAYS; way++) {
			if (has_way(&things[i], way))
				add(&things[i], way);
		}
	}
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
