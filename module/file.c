// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files through which one process acts on another: those of /proc/PID, and of control groups, which
 * act on all processes in them at once.
 */

#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/magic.h>
#include <linux/proc_fs.h>
#include <linux/string.h>

#include "context.h"

static bool is_named(const struct dentry *dentry, const char *name)
{
	return !strcmp(dentry->d_name.name, name);
}

/* The task in whose directory of a proc file system @dentry is, or NULL. */
static struct task_struct *task_of(const struct dentry *dentry)
{
	const struct dentry *parent = READ_ONCE(dentry->d_parent);
	struct pid_namespace *ns = proc_pid_ns(dentry->d_sb);
	int nr;

	while (!IS_ROOT(parent)) {
		dentry = parent;
		parent = READ_ONCE(dentry->d_parent);
	}
	if (kstrtoint(dentry->d_name.name, 10, &nr))
		return NULL;
	return pid_task(find_pid_ns(nr, ns), PIDTYPE_PID);
}

/*
 * Process 1 is seen from everywhere, and so are the files in which everybody may read about it.
 * The list of its descriptors is not one of these, and the others ask ptrace for leave themselves.
 */
static bool may_open_proc(const struct dentry *dentry, bool write)
{
	struct task_struct *task;

	if (!write && !is_named(dentry, "fd"))
		return true;
	task = task_of(dentry);
	return !task || (write ? task_may_touch(task) : task_may_read(task));
}

/* Moving processes is filtered by process; all else would act on those of others too. */
static bool may_write_cgroup(const struct dentry *dentry)
{
	return is_named(dentry, "cgroup.procs") || is_named(dentry, "cgroup.threads") ||
	       is_named(dentry, "tasks");
}

int file_open(struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;
	bool write = file->f_mode & FMODE_WRITE;
	bool may = true;

	if (likely(!current_context()))
		return 0;
	switch (dentry->d_sb->s_magic) {
	case PROC_SUPER_MAGIC:
		may = may_open_proc(dentry, write);
		break;
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
		may = !write || may_write_cgroup(dentry);
		break;
	case RDTGROUP_SUPER_MAGIC:	/* lists everybody, and sets for everybody */
		may = false;
		break;
	}
	return may ? 0 : -EPERM;
}
