// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files through which one process acts on another, or on the machine: those of /proc/PID and of
 * control groups, the other file systems of the kernel, devices, terminals, descriptors that come
 * from another context.
 *
 * A process is confined when it is in a context and can't ever have CAP_SYS_ADMIN: its root is to
 * have no power over the machine, and the modes of the kernel's files don't know that.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/fileattr.h>	/* needs the former */
#include <linux/fs_struct.h>
#include <linux/kdev_t.h>
#include <linux/kernel.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/tty.h>
#include <linux/user_namespace.h>
#include <linux/vt.h>

#include "context.h"

/* These have no name in <linux/magic.h>. */
#define CONFIGFS_MAGIC	0x62656570
#define FUSECTL_MAGIC	0x65735543
#define MQUEUE_MAGIC	0x19800202
#define NFSD_MAGIC	0x6e667364
#define RPCAUTH_GSSMAGIC	0x67596969

/* In a user namespace, which has a bounding set of its own, nobody has power over the machine. */
bool confined(void)
{
	const struct cred *cred = current_real_cred();

	return current_context() && !kernel_acts() &&
	       (cred->user_ns != &init_user_ns || !cap_raised(cred->cap_bset, CAP_SYS_ADMIN) ||
		task_blob(current)->dropped & BIT_ULL(CAP_SYS_ADMIN));
}

/* Of a name that the compiler knows this is a few instructions. */
static __always_inline bool is_named(const struct dentry *dentry, const char *name)
{
	size_t length = strlen(name);

	return dentry->d_name.len == length && !memcmp(dentry->d_name.name, name, length);
}

static bool is_named_one_of(const struct dentry *dentry, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(dentry->d_name.name, *names))
			return true;
	return false;
}

/* A file of a proc file system. */
struct proc_place {
	const struct dentry *top;	/* which of the entries in its root has it */
	bool net;			/* it is one called net, of no process, or below it */
	const struct dentry *in_net;	/* in which of the entries there, if any */
};

static struct proc_place proc_place(const struct dentry *dentry)
{
	struct proc_place place = { dentry };
	const struct dentry *below = NULL;

	while (!IS_ROOT(dentry)) {
		place.top = dentry;
		if (is_named(dentry, "net")) {
			place.net = true;
			place.in_net = below;
		}
		below = dentry;
		dentry = READ_ONCE(dentry->d_parent);
	}
	return place;
}

/* What a confined process may read in the root of proc, besides processes. */
static const char *const proc_readable[] = {
	"buddyinfo", "cgroups", "cmdline", "cpuinfo", "crypto", "devices", "diskstats",
	"filesystems", "interrupts", "loadavg", "locks", "meminfo", "misc", "modules", "partitions",
	"pressure", "softirqs", "stat", "swaps", "sys", "sysvipc", "uptime", "version", "vmstat",
	"zoneinfo", NULL
};

/* What is root's alone is the machine's: its devices' memory and ports, its network's secrets. */
static bool is_for_all(const struct dentry *dentry)
{
	return d_inode(dentry)->i_mode & 0004;
}

/* What tells of the mounts of a process, and doesn't ask ptrace for leave. */
static const char *const proc_mounts[] = { "mountinfo", "mounts", "mountstats", NULL };

static bool is_number(const struct dentry *dentry)
{
	const unsigned char *c = dentry->d_name.name;

	while (isdigit(*c))
		c++;
	return !*c && c != dentry->d_name.name;
}

/*
 * What who is in a context may read below net: lists that are cut down to those of the context,
 * counters, and how the machine's network is set up.  Others list sockets, connections, or who
 * listens, and who knows what those of modules to come do.
 */
static const char *const proc_net_readable[] = {
	"anycast6", "arp", "bonding", "dev", "dev_mcast", "dev_snmp6", "fib_trie", "fib_triestat",
	"if_inet6", "igmp", "igmp6", "ip6_tables_matches", "ip6_tables_names",
	"ip6_tables_targets", "ip_tables_matches", "ip_tables_names", "ip_tables_targets",
	"ipv6_route", "mcfilter", "mcfilter6", "netstat", "protocols", "psched", "route",
	"rt6_stats", "rt_acct", "rt_cache", "snmp", "snmp6", "sockstat", "sockstat6",
	"softnet_stat", "stat", "tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "unix",
	"vlan", "wireless", "xfrm_stat", NULL
};

static bool may_open_proc_net(const struct proc_place *place, fmode_t mode)
{
	if (mode & FMODE_WRITE && confined())
		return false;
	return !(mode & FMODE_READ) || !place->in_net || is_watcher() ||
	       is_named_one_of(place->in_net, proc_net_readable);
}

/*
 * The scheduler weighs a session as a whole, and the file autogroup says how much: are all
 * processes in that of @task current's context's?
 */
static bool has_own_session(struct task_struct *task)
{
	struct pid *session = task_session(task);
	struct task_struct *member;

	do_each_pid_task(session, PIDTYPE_SID, member) {
		if (!in_own_context(member))
			return false;
	} while_each_pid_task(session, PIDTYPE_SID, member);
	return true;
}

/* The caller is in an RCU reader. */
static bool may_write_proc(struct task_struct *task, const struct dentry *dentry)
{
	return task_may_touch(task) && (!is_named(dentry, "autogroup") || has_own_session(task));
}

/* Is PID/FILE of a proc file system to be read, and none that may_open_proc() asks more about? */
static inline bool reads_process(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry, *top = READ_ONCE(dentry->d_parent);

	return dentry->d_sb->s_magic == PROC_SUPER_MAGIC && !(file->f_mode & FMODE_WRITE) &&
	       top != dentry && IS_ROOT(READ_ONCE(top->d_parent)) && is_number(top) &&
	       dentry->d_name.name[0] != 'm' && dentry->d_name.name[0] != 'n';
}

/* Do they say by number who plays, or waits for a file of a server's? */
static bool proc_tells_of_users(const struct proc_place *place, const struct dentry *dentry)
{
	if (is_watcher())
		return false;
	if (is_named(place->top, "asound"))
		return is_named(dentry, "status") || is_named(dentry, "timers") ||
		       !strncmp(dentry->d_name.name, "midi", strlen("midi"));
	return is_named(place->top, "fs") && is_named(dentry, "DebugData");
}

/* Or who uses a device: network block devices, accelerators, and a directory for each process. */
static bool sysfs_tells_of_users(const struct dentry *dentry)
{
	return !is_watcher() &&
	       (is_named(dentry, "pid") ||
		(is_named(dentry, "proc") && is_named(READ_ONCE(dentry->d_parent), "kfd")));
}

/*
 * Process 1 is seen from everywhere, and so are the files in which everybody may read about it; the
 * others ask ptrace for leave themselves.
 */
static bool may_open_proc(const struct dentry *dentry, fmode_t mode)
{
	struct proc_place place = proc_place(dentry);
	bool write = mode & FMODE_WRITE;
	struct task_struct *task;
	int nr;

	if (proc_tells_of_users(&place, dentry))
		return false;
	if (!is_number(place.top))
		return !confined() || IS_ROOT(dentry) ||
		       (!write && is_for_all(dentry) && is_named_one_of(place.top, proc_readable));
	if (place.net)
		return may_open_proc_net(&place, mode);
	if (!write && !is_named_one_of(dentry, proc_mounts))
		return true;
	if (kstrtoint(place.top->d_name.name, 10, &nr))
		return false;
	guard(rcu)();
	task = pid_task(find_pid_ns(nr, proc_pid_ns(dentry->d_sb)), PIDTYPE_PID);
	return !task || (write ? may_write_proc(task, dentry) : task_may_read(task));
}

/* Moving processes is filtered by process; all else would act on those of others too. */
static bool may_write_cgroup(const struct dentry *dentry)
{
	return !confined() && (is_named(dentry, "cgroup.procs") ||
			       is_named(dentry, "cgroup.threads") || is_named(dentry, "tasks"));
}

/* The kernel's own file systems: what is written there is an order to the machine. */
static inline bool is_kernels(const struct super_block *sb)
{
	if (likely(sb->s_bdev || sb->s_magic == TMPFS_MAGIC))
		return false;
	switch (sb->s_magic) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case RDTGROUP_SUPER_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case CONFIGFS_MAGIC:
	case EFIVARFS_MAGIC:
	case PSTOREFS_MAGIC:
	case BPF_FS_MAGIC:
	case BINFMTFS_MAGIC:
	case SELINUX_MAGIC:
	case SMACK_MAGIC:
	case XENFS_SUPER_MAGIC:
	case FUSECTL_MAGIC:
	case NFSD_MAGIC:
	case RPCAUTH_GSSMAGIC:
		return true;
	}
	return false;
}

static bool may_open_kernels(const struct dentry *dentry, fmode_t mode)
{
	bool write = mode & FMODE_WRITE;

	switch (dentry->d_sb->s_magic) {
	case PROC_SUPER_MAGIC:
		return may_open_proc(dentry, mode);
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
		return write ? may_write_cgroup(dentry) :
		       is_watcher() || strncmp(dentry->d_name.name, "debug.", strlen("debug."));
	case RDTGROUP_SUPER_MAGIC:	/* lists everybody, and sets for everybody */
		return false;
	case FUSECTL_MAGIC:		/* ends mounts that may be of another context */
		if (write)
			return false;
		break;
	case SYSFS_MAGIC:
		if (sysfs_tells_of_users(dentry))
			return false;
		break;
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case PSTOREFS_MAGIC:
	case EFIVARFS_MAGIC:
	case BPF_FS_MAGIC:
		return !confined();
	}
	return !confined() || (!write && is_for_all(dentry));
}

/* Terminals */

/* The stub puts there who has made a pseudo-terminal. */
static bool made_terminal(const struct inode *inode)
{
	return inode->i_private == (void *)(unsigned long)context_serial(current_context());
}

/* Is @inode the terminal that controls current, which it may have from outside? */
static bool is_own_terminal(const struct inode *inode)
{
	struct tty_struct *tty = get_current_tty();
	bool own;

	if (!tty)
		return false;
	guard(rcu)();
	if (tty->driver->type != TTY_DRIVER_TYPE_PTY)
		own = tty_devnum(tty) == inode->i_rdev;
	else	/* it has its dentry there until its other end is closed, see pty_close() */
		own = !test_bit(TTY_OTHER_CLOSED, &tty->flags) && tty->driver_data &&
		      d_inode((struct dentry *)tty->driver_data) == inode;
	tty_kref_put(tty);
	return own;
}

static bool is_pts(dev_t device)
{
	return MAJOR(device) >= UNIX98_PTY_SLAVE_MAJOR &&
	       MAJOR(device) < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT;
}

/*
 * Consoles are given to who logs in there, and what is typed is read by whoever opens them.  Serial
 * lines, which have the other minor numbers, are devices first of all.
 */
static bool is_console(dev_t device)
{
	return (MAJOR(device) == TTY_MAJOR && MINOR(device) <= MAX_NR_CONSOLES) ||
	       device == MKDEV(TTYAUX_MAJOR, 1);
}

static bool may_open_console(const struct inode *inode)
{
	return is_own_terminal(inode) || (!confined() && capable(CAP_SYS_ADMIN));
}

static bool may_open_pts(const struct inode *inode)
{
	if (inode->i_sb->s_magic != DEVPTS_SUPER_MAGIC)
		return false;
	return made_terminal(inode) || is_own_terminal(inode);
}

/* Devices */

static bool is_harmless(dev_t device)
{
	return device == MKDEV(MEM_MAJOR, 3) ||		/* null */
	       device == MKDEV(MEM_MAJOR, 5) ||		/* zero */
	       device == MKDEV(MEM_MAJOR, 7) ||		/* full */
	       device == MKDEV(MEM_MAJOR, 8) ||		/* random */
	       device == MKDEV(MEM_MAJOR, 9) ||		/* urandom */
	       device == MKDEV(TTYAUX_MAJOR, 0) ||	/* tty */
	       device == MKDEV(TTYAUX_MAJOR, 2) ||	/* ptmx */
	       device == device_number();
}

static bool may_open_device(const struct inode *inode)
{
	if (S_ISCHR(inode->i_mode) && is_pts(inode->i_rdev))
		return may_open_pts(inode);
	if (S_ISCHR(inode->i_mode) && is_console(inode->i_rdev))
		return may_open_console(inode);
	return !confined() || (S_ISCHR(inode->i_mode) && is_harmless(inode->i_rdev));
}

/*
 * Watches tell when somebody does something, and with what: when a terminal is read is when
 * somebody types, and what is opened in the root of proc has the number of a process for its name.
 */
bool file_may_watch(const struct dentry *dentry)
{
	const struct inode *inode = d_inode(dentry);

	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode))
		return may_open_device(inode);
	switch (inode->i_sb->s_magic) {
	case DEVPTS_SUPER_MAGIC:
		return false;
	case PROC_SUPER_MAGIC:
		return !IS_ROOT(dentry) || is_watcher();
	case NSFS_MAGIC:
	case PID_FS_MAGIC:
		return false;
	}
	return true;
}

/* Files of the kernel's are one for the whole machine: a lease would make all others wait. */
bool file_may_lock(const struct file *file)
{
	const struct super_block *sb = file_inode(file)->i_sb;

	return !is_kernels(sb) && sb->s_magic != NSFS_MAGIC && sb->s_magic != PID_FS_MAGIC;
}

/* What lists sockets and devices, which is below the directory of a process. */
static bool may_open_net(const struct dentry *dentry)
{
	struct proc_place place = proc_place(dentry);

	return !place.net || !isdigit(place.top->d_name.name[0]) || view_proc_net(dentry);
}

/* The machine may put cores into a directory of its own (kernel.core_pattern, fs.suid_dumpable). */
static noinline bool is_core_outside(const struct file *file)
{
	struct path root;
	bool under;

	get_fs_root(current->fs, &root);
	under = path_is_under(&file->f_path, &root);
	path_put(&root);
	return !under;
}

static noinline int open_asked(struct file *file)
{
	const struct inode *inode = file_inode(file);
	bool may = true;

	if (unlikely(task_blob(current)->addresses) && inode->i_sb->s_magic == PROC_SUPER_MAGIC &&
	    !may_open_net(file->f_path.dentry))
		return -EACCES;
	if (unlikely(task_blob(current)->at_exec) && !exec_may_open(file))
		return -EACCES;
	if (!current_context())
		return 0;
	if (unlikely(file->f_flags & __FMODE_EXEC) && confined() && !exec_may_open_confined(file))
		return -EACCES;
	if (unlikely(current->flags & PF_DUMPCORE) && confined() && is_core_outside(file))
		return -EACCES;
	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode))
		may = may_open_device(inode);
	else if (is_kernels(inode->i_sb))
		may = may_open_kernels(file->f_path.dentry, file->f_mode);
	else
		may = unlink_may_open(file);
	return may ? 0 : -EPERM;
}

static int file_open(struct file *file)
{
	const struct task_blob *blob = task_blob(current);

	if (likely(!blob->addresses && !blob->at_exec &&
		   (!current_context() || reads_process(file))))
		return 0;
	return open_asked(file);
}

/*
 * In whose quota the files of a tree count, where that is limited as a project, is the machine's to
 * say; who is in a user namespace is kept from it by the kernel itself.
 */
static bool changes_project(const struct file *file, unsigned int cmd)
{
	struct fileattr attributes = { };

	switch (cmd) {
	case FS_IOC_FSSETXATTR:
		return true;
	case FS_IOC_SETFLAGS:
	case FS_IOC32_SETFLAGS:
		/* files that are made in a directory with this flag are its project's */
		return !vfs_fileattr_get(file->f_path.dentry, &attributes) &&
		       attributes.fsx_xflags & FS_XFLAG_PROJINHERIT;
	}
	return false;
}

/* A terminal that is shared with others must not be typed into. */
static int file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (unlikely(current_context()) && confined() && changes_project(file, cmd))
		return -EPERM;
	if (cmd != TIOCSTI && cmd != TIOCLINUX)
		return unlink_may_ioctl(file, cmd);
	return current_context() && !kernel_acts() ? -EPERM : 0;
}

/* Descriptors that are handed over */

/*
 * Who has opened a file is counted in his context, and so are the credentials that it keeps.  But a
 * mount's are those of who began to make it.
 */
static bool opened_here(const struct file *file)
{
	return !(file->f_mode & FMODE_NEED_UNMOUNT) &&
	       file->f_cred->ucounts->context == context_serial(current_context());
}

/* What of the files without a name gives no power over others. */
static const char *const harmless_anonymous[] = {
	"[eventfd]", "[eventpoll]", "[signalfd]", "[timerfd]", "inotify", NULL
};

static bool is_door(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	if (file->f_mode & FMODE_PATH || S_ISDIR(inode->i_mode) || is_kernels(inode->i_sb))
		return true;
	/* who opens ptmx or tty gets a terminal, and that is whose it was */
	if (S_ISCHR(inode->i_mode) && MAJOR(inode->i_rdev) == TTYAUX_MAJOR)
		return true;
	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode))
		return !may_open_device(inode);
	switch (inode->i_sb->s_magic) {
	case ANON_INODE_FS_MAGIC:
		return !is_named_one_of(file->f_path.dentry, harmless_anonymous);
	case NSFS_MAGIC:
	case PID_FS_MAGIC:
		return true;
	}
	return false;
}

static int file_receive(struct file *file)
{
	if (opened_here(file) || !confined())
		return 0;
	return is_door(file) ? -EPERM : 0;
}

/* Changes of the kernel's file systems other than by writing to their files */

static int may_change(const struct super_block *sb)
{
	return unlikely(is_kernels(sb)) && confined() ? -EPERM : 0;
}

/*
 * What doesn't go by opening a file: names, and a child that is born into a control group by a
 * descriptor of its directory.
 */
static int inode_enter(struct inode *inode, int mask)
{
	const struct super_block *sb = inode->i_sb;

	/* as these file systems are; most often it is proc */
	if (likely(!(sb->s_iflags & SB_I_NODEV) || sb->s_magic == PROC_SUPER_MAGIC ||
		   !current_context()))
		return 0;
	switch (sb->s_magic) {
	case MQUEUE_MAGIC:
		return ipc_enter_queues(inode, mask);
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
		return mask & MAY_WRITE && confined() ? -EPERM : 0;
	}
	return 0;
}

static int inode_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	return may_change(dir->i_sb);
}

static int inode_remove(struct inode *dir, struct dentry *dentry)
{
	return may_change(dir->i_sb);
}

static int inode_link(struct dentry *old_dentry, struct inode *dir, struct dentry *new_dentry)
{
	return may_change(dir->i_sb);
}

static int inode_symlink(struct inode *dir, struct dentry *dentry, const char *old_name)
{
	return may_change(dir->i_sb);
}

static int inode_rename(struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
			struct dentry *new_dentry)
{
	return may_change(new_dir->i_sb);
}

/* To truncate an open file comes with opening, which has been asked for by then. */
static int inode_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	if (!unlink_may_change(d_inode(dentry), attr))
		return -EPERM;
	return attr->ia_valid & ATTR_FILE ? 0 : may_change(dentry->d_sb);
}

static int inode_setxattr(struct mnt_idmap *idmap, struct dentry *dentry, const char *name,
			  const void *value, size_t size, int flags)
{
	if (!strcmp(name, VCONTEXT_XATTR_INVERT))
		return unlink_may_set(d_inode(dentry), false);
	return may_change(dentry->d_sb);
}

static int inode_removexattr(struct mnt_idmap *idmap, struct dentry *dentry, const char *name)
{
	if (!strcmp(name, VCONTEXT_XATTR_INVERT))
		return unlink_may_set(d_inode(dentry), true);
	return may_change(dentry->d_sb);
}

/* Of a file system as a whole, that is of the trees of others as well. */
static int quotactl(int commands, int type, int id, mounted_super_block *sb)
{
	return confined() ? -EPERM : 0;
}

const struct vcontext_hook file_hooks[] = {
	VCONTEXT_HOOK(file_open, file_open),
	VCONTEXT_HOOK(file_ioctl, file_ioctl),
	VCONTEXT_HOOK(file_ioctl_compat, file_ioctl),
	VCONTEXT_HOOK(file_receive, file_receive),
	VCONTEXT_HOOK(inode_permission, inode_enter),
	VCONTEXT_HOOK(inode_create, inode_create),
	VCONTEXT_HOOK(inode_link, inode_link),
	VCONTEXT_HOOK(inode_unlink, inode_remove),
	VCONTEXT_HOOK(inode_rmdir, inode_remove),
	VCONTEXT_HOOK(inode_mkdir, inode_create),
	VCONTEXT_HOOK(inode_symlink, inode_symlink),
	VCONTEXT_HOOK(inode_rename, inode_rename),
	VCONTEXT_HOOK(inode_setattr, inode_setattr),
	VCONTEXT_HOOK(inode_setxattr, inode_setxattr),
	VCONTEXT_HOOK(inode_removexattr, inode_removexattr),
	VCONTEXT_HOOK(quotactl, quotactl),
	{ }
};
