// SPDX-License-Identifier: GPL-2.0-only
/* The machine itself, and what tells about all of it, for root that is confined. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/quota.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>

#include "confined.h"

#define UNUSED(a)	((void)(a))

/* Orders that change nothing when they are carried out. */

static int do_reboot(const struct attempt *attempt)
{
	return result(reboot(attempt->number));
}

static int do_settimeofday(const struct attempt *attempt)
{
	struct timeval now;

	UNUSED(attempt);
	gettimeofday(&now, NULL);
	return result(settimeofday(&now, NULL));
}

static int do_clock_settime(const struct attempt *attempt)
{
	struct timespec now;

	UNUSED(attempt);
	clock_gettime(CLOCK_REALTIME, &now);
	return result(clock_settime(CLOCK_REALTIME, &now));
}

/* With what is there: the same frequency. */
static int do_adjtimex(const struct attempt *attempt)
{
	struct timex timex = { 0 };

	UNUSED(attempt);
	adjtimex(&timex);
	timex.modes = ADJ_FREQUENCY;
	return result(adjtimex(&timex));
}

static int do_swapon(const struct attempt *attempt)
{
	return result(swapon(attempt->path, 0));
}

static int do_swapoff(const struct attempt *attempt)
{
	return result(swapoff(attempt->path));
}

static int do_init_module(const struct attempt *attempt)
{
	UNUSED(attempt);
	return result(syscall(SYS_init_module, "", 0, ""));
}

static int do_finit_module(const struct attempt *attempt)
{
	UNUSED(attempt);
	return result(syscall(SYS_finit_module, -1, "", 0));
}

static int do_delete_module(const struct attempt *attempt)
{
	return result(syscall(SYS_delete_module, attempt->path, O_NONBLOCK));
}

static int do_kexec_load(const struct attempt *attempt)
{
	UNUSED(attempt);
	return result(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static int do_quotactl(const struct attempt *attempt)
{
	struct dqblk block = { 0 };

	return result(quotactl(QCMD(attempt->number, 2), attempt->path, 12345, (void *)&block));
}

static int do_acct(const struct attempt *attempt)
{
	UNUSED(attempt);
	return result(acct(NULL));
}

static int do_sethostname(const struct attempt *attempt)
{
	char name[65];

	UNUSED(attempt);
	gethostname(name, sizeof(name));
	return result(sethostname(name, strlen(name)));
}

static int do_setdomainname(const struct attempt *attempt)
{
	char name[65];

	UNUSED(attempt);
	ktap_expect(!getdomainname(name, sizeof(name)), "getdomainname");
	return result(setdomainname(name, strlen(name)));
}

static int do_iopl(const struct attempt *attempt)
{
	UNUSED(attempt);
	return result(iopl(3));
}

static int do_ioperm(const struct attempt *attempt)
{
	UNUSED(attempt);
	return result(ioperm(0x80, 1, 1));
}

static int do_vhangup(const struct attempt *attempt)
{
	UNUSED(attempt);
	setsid();
	return result(syscall(SYS_vhangup));
}

static int do_nice(const struct attempt *attempt)
{
	UNUSED(attempt);
	return result(setpriority(PRIO_PROCESS, 0, -5));
}

static int do_realtime(const struct attempt *attempt)
{
	struct sched_param param = { .sched_priority = 1 };

	UNUSED(attempt);
	return result(sched_setscheduler(0, SCHED_FIFO, &param));
}

static int do_raise_limit(const struct attempt *attempt)
{
	struct rlimit limit = { 100, 100 };

	UNUSED(attempt);
	setrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_max = 200;
	return result(setrlimit(RLIMIT_NOFILE, &limit));
}

static const struct attempt machine[] = {
	{ "reboot", do_reboot, NULL, RB_DISABLE_CAD, { EPERM } },
	{ "settimeofday", do_settimeofday, NULL, 0, { EPERM } },
	{ "clock_settime", do_clock_settime, NULL, 0, { EPERM } },
	{ "adjtimex", do_adjtimex, NULL, 0, { EPERM } },
	{ "swapon", do_swapon, "/nowhere", 0, { EPERM }, ENOENT },
	{ "swapoff", do_swapoff, "/nowhere", 0, { EPERM }, ENOENT },
	{ "init_module", do_init_module, NULL, 0, { EPERM }, ENOEXEC },
	{ "finit_module", do_finit_module, NULL, 0, { EPERM }, EBADF },
	{ "delete_module", do_delete_module, "nothing", 0, { EPERM }, ENOENT },
	{ "kexec_load", do_kexec_load, NULL, 0, { EPERM } },
	{ "quotactl Q_GETQUOTA of others", do_quotactl, "/dev/vda", Q_GETQUOTA, { EPERM },
	  ANY_BUT_EPERM },
	{ "quotactl Q_SETQUOTA", do_quotactl, "/dev/vda", Q_SETQUOTA, { EPERM }, ANY_BUT_EPERM },
	{ "acct", do_acct, NULL, 0, { EPERM }, EPERM },
	{ "sethostname", do_sethostname, NULL, 0, { EPERM } },
	{ "setdomainname", do_setdomainname, NULL, 0, { EPERM } },
	{ "iopl", do_iopl, NULL, 0, { EPERM } },
	{ "ioperm", do_ioperm, NULL, 0, { EPERM } },
	{ "vhangup", do_vhangup, NULL, 0, { EPERM } },
	{ "nice below 0", do_nice, NULL, 0, { EACCES, EPERM } },
	{ "SCHED_FIFO", do_realtime, NULL, 0, { EPERM } },
	{ "raise a limit", do_raise_limit, NULL, 0, { EPERM } },
};

/* Mounts and namespaces */

static void own_mounts(const struct attempt *attempt)
{
	UNUSED(attempt);
	ktap_expect(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
		    "unshare: %s", errno_name(errno));
	ktap_expect(!mount("none", "/mnt", "tmpfs", 0, NULL), "mount: %s", errno_name(errno));
}

static int do_mount(const struct attempt *attempt)
{
	return result(mount(attempt->path, "/mnt", attempt->path, attempt->number, NULL));
}

static int do_umount(const struct attempt *attempt)
{
	return result(umount2(attempt->path, attempt->number));
}

static int do_pivot_root(const struct attempt *attempt)
{
	UNUSED(attempt);
	mkdir("/mnt/old", 0755);
	return result(syscall(SYS_pivot_root, "/mnt", "/mnt/old"));
}

static int do_fsopen(const struct attempt *attempt)
{
	return result(syscall(SYS_fsopen, attempt->path, 0));
}

static int do_open_tree(const struct attempt *attempt)
{
	return result(syscall(SYS_open_tree, AT_FDCWD, attempt->path, 1 /* CLONE */));
}

static int do_mount_setattr(const struct attempt *attempt)
{
	__u64 nothing[4] = { MS_NOSUID };

	return result(syscall(SYS_mount_setattr, AT_FDCWD, attempt->path, 0, nothing,
			      sizeof(nothing)));
}

static int do_unshare(const struct attempt *attempt)
{
	return result(unshare(attempt->number));
}

static int do_clone(const struct attempt *attempt)
{
	pid_t pid = syscall(SYS_clone, attempt->number | SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		_exit(0);
	return result(pid);
}

static int do_setns(const struct attempt *attempt)
{
	int fd = open(attempt->path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : result(setns(fd, attempt->number));
}

static int do_chroot(const struct attempt *attempt)
{
	return result(chroot(attempt->path));
}

#define NAMESPACE(kind, file)							\
	{ "unshare " #kind, do_unshare, NULL, kind, { EPERM } },		\
	{ "clone " #kind, do_clone, NULL, kind, { EPERM } },			\
	{ "setns " #kind, do_setns, "/proc/self/ns/" file, kind, { EPERM } }

static const struct attempt places[] = {
	{ "mount tmpfs", do_mount, "tmpfs", 0, { EPERM }, 0, own_mounts },
	{ "mount proc", do_mount, "proc", 0, { EPERM }, 0, own_mounts },
	{ "mount mqueue", do_mount, "mqueue", 0, { EPERM }, 0, own_mounts },
	{ "bind mount", do_mount, "/root", MS_BIND, { EPERM }, 0, own_mounts },
	{ "remount", do_mount, NULL, MS_REMOUNT, { EPERM }, 0, own_mounts },
	{ "make mounts shared", do_mount, NULL, MS_SHARED, { EPERM }, 0, own_mounts },
	{ "umount", do_umount, "/mnt", 0, { EPERM }, 0, own_mounts },
	{ "umount MNT_DETACH", do_umount, "/mnt", MNT_DETACH, { EPERM }, 0, own_mounts },
	{ "pivot_root", do_pivot_root, NULL, 0, { EPERM }, 0, own_mounts },
	{ "fsopen", do_fsopen, "tmpfs", 0, { EPERM } },
	{ "open_tree", do_open_tree, "/mnt", 0, { EPERM }, 0, own_mounts },
	{ "mount_setattr", do_mount_setattr, "/mnt", 0, { EPERM }, 0, own_mounts },
	{ "chroot", do_chroot, "/mnt", 0, { 0 } },
	NAMESPACE(CLONE_NEWNS, "mnt"),
	NAMESPACE(CLONE_NEWUTS, "uts"),
	NAMESPACE(CLONE_NEWIPC, "ipc"),
	NAMESPACE(CLONE_NEWNET, "net"),
	NAMESPACE(CLONE_NEWPID, "pid"),
	NAMESPACE(CLONE_NEWCGROUP, "cgroup"),
	/* closed to all in contexts, but for the flag userns */
	{ "unshare CLONE_NEWUSER", do_unshare, NULL, CLONE_NEWUSER, { EPERM }, EPERM },
	{ "clone CLONE_NEWUSER", do_clone, NULL, CLONE_NEWUSER, { EPERM }, EPERM },
	{ "unshare CLONE_NEWTIME", do_unshare, NULL, 0x80, { EPERM } },
};

/* Files, beyond their modes */

#define NODE	"/root/node"

static void remove_node(const struct attempt *attempt)
{
	UNUSED(attempt);
	unlink(NODE);
}

static int do_mknod(const struct attempt *attempt)
{
	return result(mknod(NODE, attempt->number, makedev(254, 0)));
}

static int do_handle(const struct attempt *attempt)
{
	struct { struct file_handle handle; char room[MAX_HANDLE_SZ]; } at;
	int id;

	at.handle.handle_bytes = MAX_HANDLE_SZ;
	ktap_expect(!name_to_handle_at(AT_FDCWD, attempt->path, &at.handle, &id, 0),
		    "name_to_handle_at: %s", errno_name(errno));
	return result(open_by_handle_at(open("/", O_RDONLY | O_CLOEXEC), &at.handle, O_RDONLY));
}

static int do_immutable(const struct attempt *attempt)
{
	int fd = open(NODE, O_RDWR | O_CREAT | O_CLOEXEC, 0600), error;
	long flags = FS_IMMUTABLE_FL;

	UNUSED(attempt);
	error = result(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	flags = 0;
	ioctl(fd, FS_IOC_SETFLAGS, &flags);
	return error;
}

static int do_trusted(const struct attempt *attempt)
{
	UNUSED(attempt);
	close(open(NODE, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	return result(setxattr(NODE, "trusted.x", "x", 1, 0));
}

static int do_fanotify(const struct attempt *attempt)
{
	int fd = fanotify_init(attempt->number | FAN_CLOEXEC, O_RDONLY);

	if (fd < 0)
		return errno;
	return result(fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN, AT_FDCWD, "/"));
}

/* Others who open what is leased have to wait. */
static int do_lease(const struct attempt *attempt)
{
	int fd = open(attempt->path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? errno : result(fcntl(fd, F_SETLEASE, F_RDLCK));

	close(fd);
	return error;
}

static const struct attempt files[] = {
	{ "mknod a disk", do_mknod, NULL, S_IFBLK | 0600, { EPERM }, .undo = remove_node },
	{ "mknod a character device", do_mknod, NULL, S_IFCHR | 0600, { EPERM },
	  .undo = remove_node },
	{ "mknod a pipe", do_mknod, NULL, S_IFIFO | 0600, { 0 }, .undo = remove_node },
	{ "open_by_handle_at", do_handle, "/etc/passwd", 0, { EPERM } },
	{ "an immutable file", do_immutable, NULL, 0, { EPERM }, .undo = remove_node },
	{ "a trusted attribute", do_trusted, NULL, 0, { EPERM }, .undo = remove_node },
	{ "a lease on a namespace", do_lease, "/proc/self/ns/user", 0, { EPERM }, EPERM },
	{ "a lease on a file of the kernel's", do_lease, "/proc/meminfo", 0, { EPERM }, EPERM },
	{ "fanotify of a mount", do_fanotify, NULL, FAN_CLASS_NOTIF, { EPERM }, EPERM },
	{ "fanotify with permissions", do_fanotify, NULL, FAN_CLASS_CONTENT, { EPERM }, EPERM },
};

/* Network, and events of everybody */

static int do_socket(const struct attempt *attempt)
{
	int family = attempt->path ? AF_INET : AF_PACKET;

	return result(socket(family, SOCK_RAW | SOCK_CLOEXEC, attempt->number));
}

static int do_netlink(const struct attempt *attempt)
{
	return result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, attempt->number));
}

static int do_address(const struct attempt *attempt)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "dummy0" };

	UNUSED(attempt);
	ktap_expect(!ioctl(fd, SIOCGIFADDR, &request), "SIOCGIFADDR: %s", errno_name(errno));
	return result(ioctl(fd, SIOCSIFADDR, &request));
}

static int do_interface(const struct attempt *attempt)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "dummy0" };

	UNUSED(attempt);
	ktap_expect(!ioctl(fd, SIOCGIFFLAGS, &request), "SIOCGIFFLAGS: %s", errno_name(errno));
	return result(ioctl(fd, SIOCSIFFLAGS, &request));
}

static int do_syslog(const struct attempt *attempt)
{
	static char room[8];
	/* nothing is read, the level is the one that is set */
	int length = attempt->number == 8 ? 7 : 0;

	return result(klogctl(attempt->number, room, length));
}

static int do_bpf(const struct attempt *attempt)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1,
	};

	if (attempt->number != BPF_MAP_CREATE)
		memset(&attr, 0, sizeof(attr));
	return result(syscall(SYS_bpf, attempt->number, &attr, sizeof(attr)));
}

static int do_perf(const struct attempt *attempt)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK, .exclude_kernel = 1, .exclude_hv = 1,
	};

	return result(syscall(SYS_perf_event_open, &attr, attempt->number ? 0 : -1,
			      attempt->number ? -1 : 0, -1, 0));
}

static int do_userfaultfd(const struct attempt *attempt)
{
	return result(syscall(SYS_userfaultfd, attempt->number));
}

static int do_family(const struct attempt *attempt)
{
	return result(socket(attempt->number, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int do_quotas(const struct attempt *attempt)
{
	return result(quotactl(QCMD(attempt->number, USRQUOTA), NULL, 0, NULL));
}

#define SYSLOG(type)	{ "syslog " #type, do_syslog, NULL, type, { EPERM } }

static const struct attempt events[] = {
	{ "a raw socket", do_socket, "", IPPROTO_ICMP, { EPERM } },
	{ "a packet socket", do_socket, NULL, 0x0300, { EPERM } },
	{ "changing an address", do_address, NULL, 0, { EPERM } },
	{ "changing an interface", do_interface, NULL, 0, { EPERM } },
	{ "netlink of uevents", do_netlink, NULL, NETLINK_KOBJECT_UEVENT, { EPERM } },
	/* closed to all in contexts */
	{ "netlink of the connector", do_netlink, NULL, NETLINK_CONNECTOR, { EPERM }, EPERM },
	/* this kernel has none */
	{ "netlink of SELinux", do_netlink, NULL, NETLINK_SELINUX, { EPERM }, EPROTONOSUPPORT },
	/* closed to all in contexts */
	{ "netlink of RDMA", do_netlink, NULL, NETLINK_RDMA, { EPERM }, EPERM },
	{ "netlink of the audit", do_netlink, NULL, NETLINK_AUDIT, { EPROTONOSUPPORT } },
	{ "netlink of routes", do_netlink, NULL, NETLINK_ROUTE, { 0 } },
	SYSLOG(0), SYSLOG(1), SYSLOG(2), SYSLOG(3), SYSLOG(4), SYSLOG(5), SYSLOG(6), SYSLOG(7),
	SYSLOG(8), SYSLOG(9), SYSLOG(10),
	{ "bpf BPF_MAP_CREATE", do_bpf, NULL, BPF_MAP_CREATE, { EPERM } },
	{ "bpf BPF_MAP_GET_NEXT_ID", do_bpf, NULL, BPF_MAP_GET_NEXT_ID, { EPERM },
	  ANY_BUT_EPERM },
	{ "bpf BPF_PROG_GET_FD_BY_ID", do_bpf, NULL, BPF_PROG_GET_FD_BY_ID, { EPERM }, ENOENT },
	{ "bpf BPF_TASK_FD_QUERY", do_bpf, NULL, BPF_TASK_FD_QUERY, { EPERM }, ANY_BUT_EPERM },
	/* closed to all in contexts */
	{ "perf of a processor", do_perf, NULL, 0, { EPERM, EACCES }, EPERM },
	{ "perf of itself", do_perf, NULL, 1, { 0 } },
	/* with which the kernel waits with what it has locked for as long as one likes */
	{ "userfaultfd of the kernel's faults", do_userfaultfd, NULL, O_CLOEXEC, { EPERM } },
	{ "userfaultfd of its own faults", do_userfaultfd, NULL, O_CLOEXEC | UFFD_USER_MODE_ONLY,
	  { 0 } },
	{ "a socket of VSOCK", do_family, NULL, AF_VSOCK, { EAFNOSUPPORT } },
	{ "a socket of IPv6", do_family, NULL, AF_INET6, { 0 } },
	{ "quotas", do_quotas, NULL, Q_SYNC, { EPERM } },
};

int main(int argc, char **argv)
{
	attempts_add_all(machine);
	attempts_add_all(places);
	attempts_add_all(files);
	attempts_add_all(events);
	return ktap_main(argc, argv);
}
