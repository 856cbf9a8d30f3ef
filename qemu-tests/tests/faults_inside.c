// SPDX-License-Identifier: GPL-2.0-only
/*
 * What processes in contexts, and those that are tied to addresses, do without memory: wherever the
 * kernel asks the module something in the course of what needs memory, before it or after it.
 */
#include "faults.h"
#include "tie.h"

#include <mqueue.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include <linux/fs.h>
#include <linux/if.h>
#include <linux/inet_diag.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#define DIRECTORY	"/tmp/faults"
#define SHARED		DIRECTORY "/shared"
#define NAME		DIRECTORY "/name"
#define KEY		4711

/* 0 or a negative errno of what gives -1 or less, as most do. */
static int error_of(long value)
{
	return value < 0 ? -errno : 0;
}

/* Processes */

static int run_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	must_wait(pid);
	return 0;
}

static void *thread(void *unused)
{
	return unused;
}

static int run_thread(void)
{
	pthread_t id;
	int err = pthread_create(&id, NULL, thread, NULL);

	return err ? -err : -pthread_join(id, NULL);
}

static int run_user(void)
{
	return error_of(setresuid(LEFT_USER + 1, LEFT_USER + 1, LEFT_USER + 1));
}

static bool is_other_user(void)
{
	return getuid() == LEFT_USER + 1 && geteuid() == LEFT_USER + 1;
}

static void prepare_userns(void)
{
	if (context_new(device, VCONTEXT_USERNS | VCONTEXT_SCHED, NULL))
		die("VCONTEXT_NEW");
}

static int run_userns(void)
{
	return error_of(unshare(CLONE_NEWUSER));
}

static int run_namespaces(void)
{
	return error_of(unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID));
}

static int run_perf(void)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_TASK_CLOCK,
					.exclude_kernel = 1 };

	return have(syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

static int run_pidfd(void)
{
	return have(syscall(SYS_pidfd_open, getpid(), 0));
}

/* Network */

static void prepare_tied(void)
{
	if (tie_to(device, "127.0.0.1/8 ::1", 0))
		die("VCONTEXT_BIND");
}

static void prepare_tied_loopback(void)
{
	if (tie_to(device, "10.1.0.1/24 fd00::1", VCONTEXT_BIND_LOOPBACK))
		die("VCONTEXT_BIND");
}

static int run_sockets(void)
{
	static const int kinds[][3] = {
		{ AF_INET, SOCK_STREAM }, { AF_INET6, SOCK_DGRAM }, { AF_UNIX, SOCK_STREAM },
		{ AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
	};
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		err = have(socket(kinds[i][0], kinds[i][1] | SOCK_CLOEXEC, kinds[i][2]));
		if (err)
			return have_none(err);
	}
	return 0;
}

/* From a socket that listens to one that has accepted, over one that has connected. */
static int connection(int family, struct sockaddr *address, socklen_t length)
{
	struct timeval patience = { .tv_sec = 5 };
	int err = have(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));

	if (!err)
		err = have(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (!err)
		err = error_of(setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &patience,
					  sizeof(patience)));
	if (!err)
		err = error_of(bind(fds[0], address, length));
	if (!err)
		err = error_of(listen(fds[0], 1));
	if (!err && family == AF_INET)
		err = error_of(getsockname(fds[0], address, &length));
	if (!err)
		err = error_of(connect(fds[1], address, length));
	if (!err)
		err = have(accept4(fds[0], NULL, NULL, SOCK_CLOEXEC));
	return err ? have_none(err) : 0;
}

static int run_tcp(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return connection(AF_INET, (void *)&in, sizeof(in));
}

static int run_unix(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "\0faults" };

	return connection(AF_UNIX, (void *)&un, sizeof(un));
}

static int run_pass(void)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, c = 0;
	struct iovec io = { &c, 1 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int pair[2], err, fd = -1;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	*header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
				    .cmsg_len = CMSG_LEN(sizeof(int)) };
	memcpy(CMSG_DATA(header), &handle, sizeof(int));
	err = error_of(sendmsg(pair[0], &message, 0));
	if (!err)
		err = error_of(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT));
	close(pair[0]);
	close(pair[1]);
	if (err)
		return err;
	header = CMSG_FIRSTHDR(&message);
	if (!header)
		return -ENOMEM;
	memcpy(&fd, CMSG_DATA(header), sizeof(int));
	return have(fd);
}

/* Everything that is answered, until there is an end. */
static int receive_all(int fd)
{
	char text[16384];
	struct nlmsghdr *message = (void *)text;
	ssize_t n;

	for (;;) {
		n = recv(fd, text, sizeof(text), 0);
		if (n <= 0)
			return n ? -errno : -EIO;
		for (message = (void *)text; NLMSG_OK(message, n);
		     message = NLMSG_NEXT(message, n)) {
			if (message->nlmsg_type == NLMSG_DONE)
				return *(int *)NLMSG_DATA(message);
			if (message->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(message))->error;
		}
	}
}

static int dump(int protocol, int type, const void *about, size_t size)
{
	struct timeval patience = { .tv_sec = 5 };
	struct {
		struct nlmsghdr header;
		char about[64];
	} request = { { NLMSG_LENGTH(size), type, NLM_F_REQUEST | NLM_F_DUMP } };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), err;

	if (fd < 0)
		return -errno;
	memcpy(request.about, about, size);
	err = error_of(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
	if (!err)
		err = error_of(send(fd, &request, request.header.nlmsg_len, 0));
	if (!err)
		err = receive_all(fd);
	close(fd);
	return err;
}

static int run_dump_addresses(void)
{
	struct ifaddrmsg about = { .ifa_family = AF_UNSPEC };

	return dump(NETLINK_ROUTE, RTM_GETADDR, &about, sizeof(about));
}

static int run_dump_links(void)
{
	struct ifinfomsg about = { .ifi_family = AF_UNSPEC };

	return dump(NETLINK_ROUTE, RTM_GETLINK, &about, sizeof(about));
}

static int run_dump_sockets(void)
{
	struct inet_diag_req_v2 about = { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP,
					  .idiag_states = ~0U };

	return dump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, &about, sizeof(about));
}

static int run_interfaces(void)
{
	struct ifreq list[8];
	struct ifconf arg = { .ifc_len = sizeof(list), .ifc_req = list };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	err = error_of(ioctl(fd, SIOCGIFCONF, &arg));
	close(fd);
	return err;
}

/* IPC */

static int run_objects(void)
{
	int shm, sem, msg = -1, err = 0;

	shm = shmget(KEY, 4096, IPC_CREAT | 0600);
	sem = shm < 0 ? -1 : semget(KEY, 1, IPC_CREAT | 0600);
	if (sem >= 0)
		msg = msgget(KEY, IPC_CREAT | 0600);
	if (msg >= 0)
		return 0;
	err = -errno;
	if (sem >= 0)
		semctl(sem, 0, IPC_RMID);
	if (shm >= 0)
		shmctl(shm, IPC_RMID, NULL);
	return err;
}

static bool has_objects(void)
{
	return count_lines("/proc/sysvipc/shm") == 2 && count_lines("/proc/sysvipc/sem") == 2 &&
	       count_lines("/proc/sysvipc/msg") == 2;
}

static void prepare_objects(void)
{
	if (run_objects())
		die("IPC");
}

static int run_use_objects(void)
{
	struct sembuf one = { 0, 1, SEM_UNDO };
	struct {
		long type;
		char text[4];
	} message = { 1, "abc" };
	void *at = shmat(shmget(KEY, 0, 0), NULL, 0);

	if (at == (void *)-1)
		return -errno;
	memset(at, 1, 4096);
	if (msgsnd(msgget(KEY, 0), &message, sizeof(message.text), IPC_NOWAIT))
		return -errno;
	return error_of(semop(semget(KEY, 0, 0), &one, 1));
}

static int run_queue(void)
{
	return have(mq_open("/faults", O_CREAT | O_RDWR, 0600, NULL));
}

static int run_no_queue(void)
{
	if (!mq_unlink("/faults"))
		return -EEXIST;
	return errno == ENOENT ? 0 : -errno;
}

static void prepare_mount(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("a mount namespace");
}

static int run_mount(void)
{
	return error_of(mount("queues", DIRECTORY "/queues", "mqueue", 0, NULL));
}

static bool has_own_queues(void)
{
	int fd = mq_open("/mounted", O_CREAT | O_RDWR, 0600, NULL);

	close(fd);
	return fd >= 0 && !access(DIRECTORY "/queues/mounted", F_OK);
}

/* Keys */

static int add_to(int ring)
{
	return error_of(syscall(SYS_add_key, "user", "faults", "x", 1, ring));
}

static int run_user_key(void)
{
	return add_to(KEY_SPEC_USER_KEYRING);
}

static int run_session_key(void)
{
	int err = error_of(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));

	return err ? err : add_to(KEY_SPEC_SESSION_KEYRING);
}

static int run_own_keys(void)
{
	int err = add_to(KEY_SPEC_USER_SESSION_KEYRING);

	if (!err)
		err = add_to(KEY_SPEC_PROCESS_KEYRING);
	return err ? err : add_to(KEY_SPEC_THREAD_KEYRING);
}

static int find_key(int ring)
{
	return syscall(SYS_keyctl, KEYCTL_SEARCH, ring, "user", "faults", 0);
}

static bool has_user_key(void)
{
	return find_key(KEY_SPEC_USER_KEYRING) > 0;
}

static bool has_session_key(void)
{
	return find_key(KEY_SPEC_SESSION_KEYRING) > 0;
}

static bool has_own_keys(void)
{
	return find_key(KEY_SPEC_USER_SESSION_KEYRING) > 0 &&
	       find_key(KEY_SPEC_PROCESS_KEYRING) > 0 && find_key(KEY_SPEC_THREAD_KEYRING) > 0;
}

/* Files */

static void prepare_handle(void)
{
	handle = context_create(device);
	if (handle < 0)
		die("VCONTEXT_OPEN");
}

static int run_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int err = have(epoll_create1(EPOLL_CLOEXEC));

	if (!err)
		err = error_of(epoll_ctl(fds[0], EPOLL_CTL_ADD, handle, &event));
	return err ? have_none(err) : 0;
}

static int run_owner(void)
{
	int pair[2], err;

	if (pipe2(pair, O_CLOEXEC))
		return -errno;
	err = error_of(fcntl(pair[0], F_SETOWN, getpid()));
	if (!err && fcntl(pair[0], F_GETOWN) != getpid())
		give_up("F_SETOWN had no effect");
	close(pair[0]);
	close(pair[1]);
	return err;
}

/* Of a pseudo-terminal it counts who has made it. */
static int run_terminal(void)
{
	int err = have(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)), unlock = 0;

	if (!err)
		err = error_of(ioctl(fds[0], TIOCSPTLCK, &unlock));
	if (!err)
		err = have(ioctl(fds[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
	return err ? have_none(err) : 0;
}

static int read_all(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, text, sizeof(text))) > 0)
		;
	n = error_of(n);
	close(fd);
	return n;
}

static int run_reads(void)
{
	static const char *const paths[] = {
		"/proc/self/status", "/proc/self/task", "/proc/1/status", "/proc/sysvipc/shm",
		"/proc/net/unix", "/proc/net/tcp", "/proc/net/udp6", "/proc/net/dev", "/proc/locks",
		"/proc/keys", "/sys/fs/cgroup/cgroup.procs",
	};
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(paths) && !err; i++) {
		err = read_all(paths[i]);
		if (err == -EISDIR)
			err = 0;
	}
	return err;
}

/* A file that several trees have, with one more name, by who is in a context then. */
static void prepare_shared(void)
{
	int fd = open(SHARED, O_RDONLY | O_CREAT | O_CLOEXEC, 0600), flags;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags))
		die(SHARED);
	/* from an attempt before, its name may be there still */
	if (!(flags & FS_IMMUTABLE_FL)) {
		flags = FS_IMMUTABLE_FL;
		if (setxattr(SHARED, VCONTEXT_XATTR_INVERT, "1", 1, 0) ||
		    ioctl(fd, FS_IOC_SETFLAGS, &flags))
			die(SHARED);
	}
	close(fd);
	if (link(SHARED, NAME) && errno != EEXIST)
		die(NAME);
	if (context_new(device, 0, NULL))
		die("VCONTEXT_NEW");
}

static int run_unlink(void)
{
	return error_of(unlink(NAME));
}

static bool has_no_name(void)
{
	return access(NAME, F_OK) && errno == ENOENT;
}

static void prepare_file(void)
{
	int fd;

	unlink(NAME);
	fd = open(NAME, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die(NAME);
	close(fd);
}

static int run_mark(void)
{
	return error_of(setxattr(NAME, VCONTEXT_XATTR_INVERT, "1", 1, 0));
}

static bool is_marked(void)
{
	return getxattr(NAME, VCONTEXT_XATTR_INVERT, NULL, 0) >= 0;
}

/*
 * A descriptor can't be had without memory for it, which these call ENFILE; nor a task: EAGAIN; nor
 * a port: EADDRINUSE.
 */
static const struct operation operations[] = {
	{ "fork()", IN_CONTEXT | AGAIN, prepare_tied, run_fork, .errors = { EAGAIN } },
	{ "a thread", IN_CONTEXT | AGAIN, prepare_tied, run_thread, .errors = { EAGAIN } },
	{ "becoming another user", IN_CONTEXT, NULL, run_user, is_other_user,
	  .errors = { EAGAIN } },
	{ "a user namespace", 0, prepare_userns, run_userns,
	  .errors = { ENOSPC, EAGAIN } },
	{ "other namespaces", IN_CONTEXT, NULL, run_namespaces,
	  .errors = { ENOSPC, EAGAIN } },
	{ "an event", IN_CONTEXT | AS_USER | AGAIN, NULL, run_perf, .errors = { ENFILE } },
	{ "a pidfd", IN_CONTEXT | AGAIN, NULL, run_pidfd, .errors = { ENFILE } },
	{ "sockets", IN_CONTEXT | AGAIN, prepare_tied, run_sockets,
	  .errors = { ENFILE, ENOBUFS } },
	{ "sockets with a loopback", AS_USER | AGAIN, prepare_tied_loopback, run_sockets,
	  .errors = { ENFILE, ENOBUFS } },
	{ "a connection", IN_CONTEXT | AGAIN, prepare_tied, run_tcp,
	  .errors = { ENFILE, ENOBUFS, EADDRINUSE } },
	{ "a connection by a loopback", AS_USER | AGAIN, prepare_tied_loopback, run_tcp,
	  .errors = { ENFILE, ENOBUFS, EADDRINUSE } },
	{ "a connection by an abstract name", IN_CONTEXT | AGAIN, NULL, run_unix,
	  .errors = { ENFILE, ENOBUFS } },
	{ "a handle that is passed on", AGAIN, prepare_handle, run_pass,
	  .errors = { ENFILE, ENOBUFS } },
	{ "a list of addresses", IN_CONTEXT | AGAIN, prepare_tied, run_dump_addresses,
	  .errors = { ENFILE, ENOBUFS } },
	{ "a list of links", IN_CONTEXT | AGAIN, prepare_tied, run_dump_links,
	  .errors = { ENFILE, ENOBUFS } },
	{ "a list of sockets", IN_CONTEXT | AGAIN, prepare_tied, run_dump_sockets,
	  .errors = { ENFILE, ENOBUFS } },
	{ "SIOCGIFCONF", IN_CONTEXT | AGAIN, prepare_tied, run_interfaces, .errors = { ENFILE } },
	{ "objects of IPC", IN_CONTEXT, NULL, run_objects, has_objects, .errors = { ENOSPC } },
	{ "use of objects of IPC", IN_CONTEXT, prepare_objects, run_use_objects },
	{ "the first message queue", IN_CONTEXT, NULL, run_queue, .errors = { ENFILE } },
	{ "a message queue that is not there", IN_CONTEXT, NULL, run_no_queue },
	{ "a mount of message queues", IN_CONTEXT, prepare_mount, run_mount, has_own_queues },
	/* what look_up_user_keyrings() has no memory for is not there, for lookup_user_key() */
	{ "the first key of a user", IN_CONTEXT, NULL, run_user_key, has_user_key,
	  .errors = { ENOKEY } },
	{ "the first key of a session", IN_CONTEXT, NULL, run_session_key, has_session_key },
	{ "keys of a process", IN_CONTEXT, NULL, run_own_keys, has_own_keys,
	  .errors = { ENOKEY } },
	{ "epoll of a handle", AGAIN, prepare_handle, run_epoll, .errors = { ENFILE } },
	{ "an owner of a file", IN_CONTEXT | AGAIN, NULL, run_owner, .errors = { ENFILE } },
	{ "a terminal", IN_CONTEXT | AGAIN, NULL, run_terminal, .errors = { ENFILE } },
	{ "reading of /proc", IN_CONTEXT | AGAIN, prepare_tied, run_reads,
	  .errors = { ENFILE, ENOENT } },
	{ "removing a name of a shared file", 0, prepare_shared, run_unlink, has_no_name },
	{ "marking a file as shared", 0, prepare_file, run_mark, is_marked },
};

static void remove_files(void)
{
	int fd = open(SHARED, O_RDONLY | O_CLOEXEC), flags = 0;

	if (fd >= 0)
		ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	unlink(NAME);
	unlink(SHARED);
	rmdir(DIRECTORY "/queues");
	rmdir(DIRECTORY);
}

int main(int argc, char **argv)
{
	int rest = count_chosen(operations, ARRAY_SIZE(operations), argv + 1) + 5;
	struct state before;

	(void)argc;
	device = open_device();
	if (device < 0)
		die(VCONTEXT_DEVICE);
	plan(rest);
	if (!faults_set_up()) {
		while (rest--)
			skip("a life without memory", "this kernel has no fault injection");
		return 0;
	}
	if (mkdir(DIRECTORY, 0755) || mkdir(DIRECTORY "/queues", 0755))
		die(DIRECTORY);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	hold_user();
	before = state_now(device);
	try_chosen(operations, ARRAY_SIZE(operations), argv + 1);
	remove_files();
	result(comes_true(no_objects), "no object of IPC is left", "the watcher sees some");
	result(comes_true(no_keys), "no key is left", "/proc/key-users has the users");
	check_state(device, &before);
	return failures ? 1 : 0;
}
