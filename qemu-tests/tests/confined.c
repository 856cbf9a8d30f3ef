// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own files, whose modes know nothing of contexts, for root that is confined. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "confined.h"

#define CGROUP	"/sys/fs/cgroup"
#define GROUP	CGROUP "/confined"
#define BPF	"/sys/fs/bpf"
#define TRACE	"/sys/kernel/tracing"

/* Opening is enough: what is written then would be an order to the guest. */

static int do_open(const struct attempt *attempt)
{
	return result(open(attempt->path, attempt->number | O_CLOEXEC | O_NONBLOCK));
}

/* As "echo text >file" does. */
static int do_echo(const struct attempt *attempt)
{
	int fd = open(attempt->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return errno;
	return result(write(fd, "0", 1));
}

static int do_read(const struct attempt *attempt)
{
	int fd = open(attempt->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char byte;

	return fd < 0 ? errno : result(read(fd, &byte, 1));
}

/* Names of processes, when somebody opens their directories. */
static int do_watch(const struct attempt *attempt)
{
	return result(inotify_add_watch(inotify_init1(IN_CLOEXEC), attempt->path,
					attempt->number));
}

/* The group of a session's processes is a group for the scheduler, too. */
static int do_echo_alone(const struct attempt *attempt)
{
	ktap_expect(setsid() >= 0, "setsid: %s", errno_name(errno));
	return do_echo(attempt);
}

static void make_group(const struct attempt *attempt)
{
	(void)attempt;
	ktap_expect(!mkdir(GROUP, 0755) || errno == EEXIST, GROUP ": %s", errno_name(errno));
}

static void remove_group(const struct attempt *attempt)
{
	(void)attempt;
	rmdir(GROUP "/inner");
	rmdir(GROUP);
}

/* A child is born into a group, by the directory of that alone. */
static int do_birth(const struct attempt *attempt)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	pid_t pid;
	int fd;

	fd = open(attempt->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	args.cgroup = fd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid)
		_exit(0);
	return pid < 0 ? errno : wait_status(pid);
}

#define ORDER(p)	{ "write " p, do_open, p, O_WRONLY, { EPERM, EACCES } }
#define SECRET(p)	{ "read " p, do_open, p, O_RDONLY, { EPERM, EACCES } }
#define MOVES(p)	{ "write " p, do_open, p, O_WRONLY, { EPERM }, 0, make_group, remove_group }
/* Closed to all in contexts, whatever they may: they act on process 1, or all in a group. */
#define OTHERS(p)	{ "write " p, do_open, p, O_WRONLY, { EPERM }, EPERM, make_group, \
			  remove_group }

static const struct attempt orders[] = {
	ORDER("/proc/sys/kernel/core_pattern"),
	ORDER("/proc/sys/kernel/modprobe"),
	ORDER("/proc/sys/kernel/hostname"),
	ORDER("/proc/sys/kernel/domainname"),
	ORDER("/proc/sys/kernel/printk"),
	ORDER("/proc/sys/kernel/panic"),
	ORDER("/proc/sys/kernel/sysrq"),
	ORDER("/proc/sys/kernel/ns_last_pid"),
	ORDER("/proc/sys/kernel/shmmax"),
	ORDER("/proc/sys/kernel/yama/ptrace_scope"),
	ORDER("/proc/sys/fs/file-max"),
	ORDER("/proc/sys/fs/mqueue/queues_max"),
	ORDER("/proc/sys/net/ipv4/ip_forward"),
	ORDER("/proc/sys/user/max_user_namespaces"),
	ORDER("/proc/sys/vm/drop_caches"),
	ORDER("/proc/sys/vm/overcommit_memory"),
	ORDER("/proc/sysrq-trigger"),
	ORDER("/proc/irq/default_smp_affinity"),
	ORDER("/proc/pressure/memory"),
	ORDER("/proc/bus/pci/00/00.0"),
	ORDER("/proc/slabinfo"),
	{ "write /proc/self/autogroup in a session of others", do_open, "/proc/self/autogroup",
	  O_WRONLY, { EPERM }, EPERM },
	{ "watch /proc", do_watch, "/proc", IN_OPEN, { EACCES }, EACCES },
	OTHERS("/proc/1/oom_score_adj"),
	OTHERS("/proc/1/coredump_filter"),
	ORDER("/sys/kernel/uevent_helper"),
	ORDER("/sys/kernel/rcu_expedited"),
	ORDER("/sys/kernel/reboot/mode"),
	ORDER("/sys/kernel/mm/ksm/run"),
	ORDER("/sys/kernel/mm/transparent_hugepage/enabled"),
	ORDER("/sys/kernel/slab/vm_area_struct/shrink"),
	ORDER("/sys/devices/system/cpu/cpu1/online"),
	ORDER("/sys/bus/pci/rescan"),
	ORDER("/sys/bus/pci/drivers_autoprobe"),
	ORDER("/sys/block/vda/queue/nr_requests"),
	ORDER("/sys/block/vda/uevent"),
	ORDER("/sys/class/net/lo/mtu"),
	ORDER("/sys/class/net/dummy0/tx_queue_len"),
	ORDER(CGROUP "/cgroup.procs"),
	ORDER(CGROUP "/cgroup.threads"),
	OTHERS(CGROUP "/cgroup.subtree_control"),
	MOVES(GROUP "/cgroup.procs"),
	MOVES(GROUP "/cgroup.threads"),
	{ "a child in a control group", do_birth, GROUP, 0, { EPERM }, 0, make_group,
	  remove_group },
	OTHERS(GROUP "/cgroup.freeze"),
	OTHERS(GROUP "/cgroup.kill"),
	OTHERS(GROUP "/cgroup.max.depth"),
	OTHERS(GROUP "/memory.max"),
	OTHERS(GROUP "/cpu.max"),
	OTHERS(GROUP "/pids.max"),
	ORDER("/sys/kernel/debug/clear_warn_once"),
	ORDER("/sys/kernel/debug/kprobes/enabled"),
	ORDER("/sys/kernel/debug/tracing/tracing_on"),
	ORDER(TRACE "/tracing_on"),
	ORDER(TRACE "/trace_marker"),
	ORDER(TRACE "/kprobe_events"),
	ORDER(TRACE "/events/enable"),
};

static const struct attempt secrets[] = {
	SECRET("/proc/kcore"),
	SECRET("/proc/kallsyms"),
	SECRET("/proc/keys"),
	SECRET("/proc/key-users"),
	SECRET("/proc/timer_list"),
	SECRET("/proc/slabinfo"),
	SECRET("/proc/vmallocinfo"),
	SECRET("/proc/kpagecount"),
	SECRET("/proc/kpageflags"),
	SECRET("/proc/kpagecgroup"),
	SECRET("/proc/pagetypeinfo"),
	SECRET("/proc/schedstat"),
	SECRET("/proc/iomem"),
	SECRET("/proc/ioports"),
	SECRET("/proc/kmsg"),
	SECRET("/proc/sysrq-trigger"),
	SECRET("/proc/bus/pci/00/00.0"),
	SECRET("/proc/tty/driver/serial"),
	SECRET("/proc/sys/net/ipv4/tcp_fastopen_key"),
	SECRET("/sys/bus/pci/devices/0000:00:02.0/resource0"),
	SECRET("/sys/module/vcontext/sections/.text"),
	SECRET("/sys/kernel/debug"),
	SECRET("/sys/kernel/debug/sched/debug"),
	SECRET("/sys/kernel/debug/kprobes/list"),
	SECRET(TRACE),
	SECRET(TRACE "/trace"),
	SECRET(TRACE "/trace_pipe"),
	SECRET(BPF),
};

/* What is left to the confined as well. */
#define OPEN(p)		{ "read " p, do_read, p }
#define OWN(p)		{ "echo to " p, do_echo, p }

static const struct attempt allowed[] = {
	OPEN("/proc/stat"), OPEN("/proc/meminfo"), OPEN("/proc/cpuinfo"), OPEN("/proc/uptime"),
	OPEN("/proc/loadavg"), OPEN("/proc/mounts"), OPEN("/proc/filesystems"),
	OPEN("/proc/version"), OPEN("/proc/self/status"), OPEN("/proc/1/status"),
	OPEN("/proc/net/unix"), OPEN("/proc/net/tcp"), OPEN("/proc/sysvipc/shm"),
	OPEN("/proc/sys/kernel/hostname"), OPEN("/proc/sys/kernel/pid_max"),
	OPEN("/proc/sys/kernel/random/boot_id"), OPEN("/proc/pressure/cpu"),
	OPEN("/sys/class/net/lo/mtu"), OPEN("/sys/devices/system/cpu/online"),
	OPEN(CGROUP "/cgroup.controllers"), OPEN("/sys/kernel/security/lsm"),
	{ "list /proc", do_open, "/proc", O_RDONLY | O_DIRECTORY },
	{ "list /sys", do_open, "/sys", O_RDONLY | O_DIRECTORY },
	{ "list " CGROUP, do_open, CGROUP, O_RDONLY | O_DIRECTORY },
	OWN("/proc/self/comm"), OWN("/proc/self/oom_score_adj"), OWN("/proc/self/oom_adj"),
	OWN("/proc/self/coredump_filter"), OWN("/proc/self/timerslack_ns"),
	OWN("/proc/thread-self/comm"),
	{ "echo to /proc/self/autogroup", do_echo_alone, "/proc/self/autogroup" },
	{ "open /proc/self/mem to write", do_open, "/proc/self/mem", O_RDWR },
	{ "open /proc/self/clear_refs to write", do_open, "/proc/self/clear_refs", O_WRONLY },
	{ "open /proc/self/attr/current to write", do_open, "/proc/self/attr/current", O_WRONLY,
	  { 0, EINVAL, ENOENT }, ANY_BUT_EPERM },
};

/* What the modes of the kernel's files are, they are for all (CVE-2004-2408). */

static int do_chmod(const struct attempt *attempt)
{
	struct stat st;

	return stat(attempt->path, &st) ? errno : result(chmod(attempt->path, st.st_mode & 07777));
}

static int do_fchmod(const struct attempt *attempt)
{
	int fd = open(attempt->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	return fd < 0 || fstat(fd, &st) ? errno : result(fchmod(fd, st.st_mode & 07777));
}

static int do_chown(const struct attempt *attempt)
{
	return result(chown(attempt->path, 0, 0));
}

static int do_utimes(const struct attempt *attempt)
{
	return result(utimensat(AT_FDCWD, attempt->path, NULL, 0));
}

static int do_truncate(const struct attempt *attempt)
{
	return result(truncate(attempt->path, 0));
}

static int do_setxattr(const struct attempt *attempt)
{
	return result(setxattr(attempt->path, "user.vcontext", "x", 1, 0));
}

static int do_removexattr(const struct attempt *attempt)
{
	return result(removexattr(attempt->path, "user.vcontext"));
}

static void set_xattr(const struct attempt *attempt)
{
	make_group(attempt);
	ktap_expect(!setxattr(attempt->path, "user.vcontext", "x", 1, 0), "setxattr: %s",
		    errno_name(errno));
}

#define MODES(p)	{ "chmod " p, do_chmod, p, 0, { EPERM } },	\
			{ "chown " p, do_chown, p, 0, { EPERM } },	\
			{ "touch " p, do_utimes, p, 0, { EPERM } }

static const struct attempt modes[] = {
	MODES("/proc/version"),
	MODES("/proc/tty"),
	MODES("/proc/fs"),
	MODES("/sys/kernel/uevent_helper"),
	MODES("/sys/kernel"),
	MODES("/sys/kernel/security/lsm"),
	MODES(CGROUP "/cgroup.procs"),
	MODES(BPF),
	MODES("/sys/kernel/debug"),
	MODES(TRACE "/tracing_on"),
	{ "fchmod /proc/version", do_fchmod, "/proc/version", 0, { EPERM } },
	{ "fchmod /sys/kernel/uevent_helper", do_fchmod, "/sys/kernel/uevent_helper", 0,
	  { EPERM } },
	{ "truncate /sys/kernel/uevent_helper", do_truncate, "/sys/kernel/uevent_helper", 0,
	  { EPERM } },
	{ "truncate /proc/sys/kernel/core_pattern", do_truncate,
	  "/proc/sys/kernel/core_pattern", 0, { EPERM } },
	{ "setxattr " GROUP, do_setxattr, GROUP, 0, { EPERM }, 0, make_group, remove_group },
	{ "removexattr " GROUP, do_removexattr, GROUP, 0, { EPERM }, 0, set_xattr,
	  remove_group },
};

/* Directories */

static int do_mkdir(const struct attempt *attempt)
{
	return result(mkdir(attempt->path, 0755));
}

static int do_rmdir(const struct attempt *attempt)
{
	return result(rmdir(attempt->path));
}

static void undo_mkdir(const struct attempt *attempt)
{
	rmdir(attempt->path);
	remove_group(attempt);
}

static void prepare_mkdir(const struct attempt *attempt)
{
	ktap_expect(!mkdir(attempt->path, 0755), "mkdir %s: %s", attempt->path, errno_name(errno));
}

static void prepare_symlink(const struct attempt *attempt)
{
	(void)attempt;
	ktap_expect(!symlink("anywhere", BPF "/made"), "symlink: %s", errno_name(errno));
}

static void undo_bpf(const struct attempt *attempt)
{
	(void)attempt;
	unlink(BPF "/made");
	unlink(BPF "/other");
	rmdir(BPF "/made");
	rmdir(BPF "/other");
}

static int do_symlink(const struct attempt *attempt)
{
	(void)attempt;
	return result(symlink("anywhere", BPF "/made"));
}

static int do_link(const struct attempt *attempt)
{
	(void)attempt;
	return result(linkat(AT_FDCWD, BPF "/made", AT_FDCWD, BPF "/other", 0));
}

static int do_rename(const struct attempt *attempt)
{
	(void)attempt;
	return result(rename(BPF "/made", BPF "/other"));
}

static int do_unlink(const struct attempt *attempt)
{
	(void)attempt;
	return result(unlink(BPF "/made"));
}

/* Move to another control group: itself, or a neighbour in the context. */
static int do_move(const struct attempt *attempt)
{
	pid_t pid = getpid();

	if (attempt->number) {
		pid = fork_or_fail();
		if (!pid) {
			sleep(1);
			_exit(0);
		}
	}
	return write_text(attempt->path, ktap_text("%d", pid));
}

static void undo_move(const struct attempt *attempt)
{
	nap(20);
	remove_group(attempt);
}

static const struct attempt directories[] = {
	{ "mkdir in a control group", do_mkdir, GROUP "/inner", 0, { EPERM }, 0, make_group,
	  undo_mkdir },
	{ "mkdir at the root of control groups", do_mkdir, CGROUP "/made", 0, { EPERM },
	  .undo = undo_mkdir },
	{ "rmdir a control group", do_rmdir, CGROUP "/made", 0, { EPERM }, 0, prepare_mkdir,
	  undo_mkdir },
	{ "move itself to a control group", do_move, GROUP "/cgroup.procs", 0, { EPERM }, 0,
	  make_group, undo_move },
	{ "move its thread to a control group", do_move, GROUP "/cgroup.threads", 0, { EPERM },
	  ANY_BUT_EPERM, make_group, undo_move },
	{ "move its child to a control group", do_move, GROUP "/cgroup.procs", 1, { EPERM }, 0,
	  make_group, undo_move },
	{ "mkdir in tracefs", do_mkdir, TRACE "/instances/made", 0, { EPERM },
	  .undo = undo_mkdir },
	{ "rmdir in tracefs", do_rmdir, TRACE "/instances/made", 0, { EPERM }, 0, prepare_mkdir,
	  undo_mkdir },
	{ "mkdir in bpffs", do_mkdir, BPF "/made", 0, { EPERM }, .undo = undo_bpf },
	{ "rmdir in bpffs", do_rmdir, BPF "/made", 0, { EPERM }, 0, prepare_mkdir, undo_bpf },
	{ "symlink in bpffs", do_symlink, NULL, 0, { EPERM }, .undo = undo_bpf },
	{ "link in bpffs", do_link, NULL, 0, { EPERM }, 0, prepare_symlink, undo_bpf },
	{ "rename in bpffs", do_rename, NULL, 0, { EPERM }, 0, prepare_symlink, undo_bpf },
	{ "unlink in bpffs", do_unlink, NULL, 0, { EPERM }, 0, prepare_symlink, undo_bpf },
};

/* File systems that init does not mount. */

static void mount_at_mnt(const struct attempt *attempt)
{
	static const char *const types[] = { "configfs", "binfmt_misc", "fusectl" };

	ktap_expect(!mount("none", "/mnt", types[attempt->number], 0, NULL), "mount %s: %s",
		    types[attempt->number], errno_name(errno));
}

static void unmount_mnt(const struct attempt *attempt)
{
	(void)attempt;
	umount("/mnt");
}

static int do_write(const struct attempt *attempt)
{
	return result(open(attempt->path, O_WRONLY | O_CLOEXEC));
}

static const struct attempt mounted[] = {
	{ "chmod configfs", do_chmod, "/mnt", 0, { EPERM }, 0, mount_at_mnt, unmount_mnt },
	{ "write binfmt_misc", do_write, "/mnt/register", 1, { EPERM }, 0, mount_at_mnt,
	  unmount_mnt },
	{ "chmod binfmt_misc", do_chmod, "/mnt/register", 1, { EPERM }, 0, mount_at_mnt,
	  unmount_mnt },
	{ "chmod fusectl", do_chmod, "/mnt", 2, { EPERM }, 0, mount_at_mnt, unmount_mnt },
};

/* A program that binfmt_misc has opened, in context 0, for whoever runs a file of some kind. */

#define JAIL	"/root/jail"
#define HELPER	"/root/true"

static void open_helper(const struct attempt *attempt)
{
	mount_at_mnt(attempt);
	ktap_need(!mkdir(JAIL, 0755) && !symlink("/bin/busybox", HELPER), JAIL ": %s",
		  errno_name(errno));
	close(creat(JAIL "/program", 0755));
	ktap_need(!write_text(JAIL "/program", "for a helper") &&
		  !write_text(attempt->path, ":helper:M::for a helper::" HELPER ":F"),
		  "binfmt_misc: %s", errno_name(errno));
}

static void close_helper(const struct attempt *attempt)
{
	write_text("/mnt/helper", "-1");
	unmount_mnt(attempt);
	unlink(HELPER);
	unlink(JAIL "/program");
	rmdir(JAIL);
}

/* It would be theirs by /proc/PID/exe, with its modes and owner. */
static int do_run_helper(const struct attempt *attempt)
{
	(void)attempt;
	ktap_expect(!chroot(JAIL) && !chdir("/"), "chroot: %s", errno_name(errno));
	execl("/program", "program", NULL);
	return errno;
}

/* Whose quota a file counts in, where trees are limited as projects. */

static void mount_projects(const struct attempt *attempt)
{
	int flags = FS_PROJINHERIT_FL, fd;

	(void)attempt;
	ktap_need(!system("truncate -s 4M /root/disk && mkfs.ext4 -q -I 256 -O project,^has_journal "
			  "/root/disk && mount -o loop /root/disk /mnt && mkdir /mnt/tree"),
		  "no file system with projects");
	fd = open("/mnt/tree", O_RDONLY | O_CLOEXEC);
	ktap_need(!ioctl(fd, FS_IOC_SETFLAGS, &flags), "FS_IOC_SETFLAGS: %s", errno_name(errno));
	close(fd);
}

static void unmount_projects(const struct attempt *attempt)
{
	unmount_mnt(attempt);
	unlink("/root/disk");
}

static int do_project(const struct attempt *attempt)
{
	int fd = open("/mnt/tree", O_RDONLY | O_CLOEXEC);
	struct fsxattr attributes;

	ktap_expect(!ioctl(fd, FS_IOC_FSGETXATTR, &attributes), "FS_IOC_FSGETXATTR: %s",
		    errno_name(errno));
	attributes.fsx_projid = attempt->number;
	return result(ioctl(fd, FS_IOC_FSSETXATTR, &attributes));
}

static int do_inherit(const struct attempt *attempt)
{
	int fd = open("/mnt/tree", O_RDONLY | O_CLOEXEC), flags = attempt->number;

	return result(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static const struct attempt projects[] = {
	{ "count in the quota of another project", do_project, NULL, 77, { EPERM }, 0,
	  mount_projects, unmount_projects },
	{ "leave a project by the flags of a directory", do_inherit, NULL, 0, { EPERM }, 0,
	  mount_projects, unmount_projects },
};

static const struct attempt programs[] = {
	{ "run a file for which binfmt_misc has a program outside", do_run_helper, "/mnt/register",
	  1, { EACCES }, 0, open_helper, close_helper },
};

int main(int argc, char **argv)
{
	attempts_add_all(orders);
	attempts_add_all(secrets);
	attempts_add_all(allowed);
	attempts_add_all(modes);
	attempts_add_all(directories);
	attempts_add_all(mounted);
	attempts_add_all(projects);
	attempts_add_all(programs);
	return ktap_main(argc, argv);
}
