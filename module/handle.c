// SPDX-License-Identifier: GPL-2.0-only
/* Handles: descriptors that keep a context alive, and by which it is configured and entered. */

#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "context.h"
#include "copy.h"

static int add_flags(struct context *context, void __user *user)
{
	struct vcontext_flags arg;
	int err;

	err = copy_struct_in(&arg, user, sizeof(arg), sizeof(arg));
	if (err)
		return err;
	if (arg.flags & ~FLAGS_KNOWN)
		return -EINVAL;
	return context_add_flags(context, arg.flags);
}

static int lower(struct context *context, void __user *user)
{
	struct vcontext_lower arg;
	int err = copy_lower_in(&arg, user);

	return err ? err : context_lower(context, arg.drop);
}

static int keep(struct context *context, void __user *user)
{
	struct vcontext_keep arg;
	int err;

	err = copy_struct_in(&arg, user, sizeof(arg), sizeof(arg));
	if (err)
		return err;
	return arg.pad ? -EINVAL : kept_keep(context, arg.mounts, arg.names);
}

static int stat_context(struct context *context, void __user *user)
{
	struct vcontext_stat arg;
	int err;

	err = copy_struct_in(&arg, user, sizeof(arg), sizeof(arg));
	if (err)
		return err;
	arg.id = context->id;
	arg.flags = context_flags(context);
	arg.processes = READ_ONCE(context->nr_processes);
	arg.created = context->created;
	arg.parent = context_id(context->parent);
	arg.dropped = context_dropped(context);
	arg.tasks = atomic_read(&context->tasks);
	arg.state = fakeinit_state(context) |
		    (READ_ONCE(context->kept) ? VCONTEXT_IS_KEPT : 0);
	if (context_flags(current_context()) & VCONTEXT_HIDEINFO) {
		arg.flags = 0;
		arg.parent = VCONTEXT_ID_ANY;
		arg.state = 0;
	}
	arg.uid = from_kuid_munged(current_user_ns(), context->uid);
	return copy_struct_out(user, &arg, sizeof(arg));
}

/* As list_all() in dev.c. */
static int list_processes(struct context *context, int first, u32 count, u32 __user *numbers)
{
	u32 n = 0;
	int nr;

	for (nr = index_next(context, first); nr != INT_MAX && n < count;
	     nr = index_next(context, nr + 1)) {
		if (put_user(nr, numbers + n))
			return -EFAULT;
		n++;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return n;
}

static int processes(struct context *context, void __user *user)
{
	struct vcontext_processes arg;
	int n;

	n = copy_struct_in(&arg, user, sizeof(arg), sizeof(arg));
	if (n)
		return n;
	if (arg.pad)
		return -EINVAL;
	if (!sees_all())
		return -EPERM;
	n = list_processes(context, min_t(u32, arg.first, INT_MAX),
			   min_t(u32, arg.count, INT_MAX), u64_to_user_ptr(arg.numbers));
	if (n < 0)
		return n;
	arg.count = n;
	return copy_struct_out(user, &arg, sizeof(arg));
}

static int signal_one(struct context *context, void __user *user)
{
	struct vcontext_signal arg;
	int err = copy_struct_in(&arg, user, sizeof(arg), sizeof(arg));

	if (err)
		return err;
	return arg.pad ? -EINVAL : context_signal(context, arg.process, arg.signal);
}

static long handle_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct context *context = file->private_data;

	if (_IOC_TYPE(cmd) != VCONTEXT_IOC)
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(VCONTEXT_ENTER):
		return context_enter(context);
	case _IOC_NR(VCONTEXT_ADD_FLAGS):
		return add_flags(context, (void __user *)arg);
	case _IOC_NR(VCONTEXT_STAT):
		return stat_context(context, (void __user *)arg);
	case _IOC_NR(VCONTEXT_LOWER_CONTEXT):
		return lower(context, (void __user *)arg);
	case _IOC_NR(VCONTEXT_PID_NS):
		return fakeinit_open_ns(context);
	case _IOC_NR(VCONTEXT_KILL):
		return arg & VCONTEXT_KILL_ALL ?
		       context_kill(context, arg & ~(unsigned long)VCONTEXT_KILL_ALL) :
		       fakeinit_kill(context, arg);
	case _IOC_NR(VCONTEXT_KEEP):
		return keep(context, (void __user *)arg);
	case _IOC_NR(VCONTEXT_KEPT):
		return kept_open(context, arg);
	case _IOC_NR(VCONTEXT_FORGET):
		return kept_forget(context);
	case _IOC_NR(VCONTEXT_ENTER_AT_EXEC):
		return exec_arm(context);
	case _IOC_NR(VCONTEXT_SIGNAL):
		return signal_one(context, (void __user *)arg);
	case _IOC_NR(VCONTEXT_PROCESSES):
		return processes(context, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static __poll_t handle_poll(struct file *file, poll_table *wait)
{
	struct context *context = file->private_data;

	poll_wait(file, &context->empty, wait);
	return index_ended(context) ? EPOLLIN | EPOLLRDNORM | EPOLLHUP : 0;
}

static void handle_fdinfo(struct seq_file *m, struct file *file)
{
	struct context *context = file->private_data;

	seq_printf(m, "s_context:\t%u\n", context->id);
}

static int handle_release(struct inode *inode, struct file *file)
{
	context_put(file->private_data);
	return 0;
}

static const struct file_operations handle_operations = {
	.owner		= THIS_MODULE,
	.release	= handle_release,
	.poll		= handle_poll,
	.unlocked_ioctl	= handle_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.show_fdinfo	= handle_fdinfo,
	.llseek		= noop_llseek,
};

/**
 * handle_file - a handle on a context
 * @context: of which the caller holds a user
 *
 * Takes over that user, also when it fails.
 */
struct file *handle_file(struct context *context)
{
	struct file *file;

	file = anon_inode_getfile("[vcontext]", &handle_operations, context, O_RDWR);
	if (IS_ERR(file))
		context_put(context);
	return file;
}
