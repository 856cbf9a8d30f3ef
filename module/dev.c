// SPDX-License-Identifier: GPL-2.0-only
/* The device /dev/vcontext.  <linux/vcontext.h> says what its commands do, and who may. */

#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "context.h"
#include "copy.h"

bool sees_all(void)
{
	return is_watcher() || root_of_host();
}

static int info(void __user *user)
{
	struct context *own = current_context();
	struct vcontext_info arg;
	int err;

	err = copy_struct_in(&arg, user, sizeof(arg), sizeof(arg));
	if (err)
		return err;
	arg.abi = VCONTEXT_ABI;
	arg.flags = FLAGS_KNOWN;
	arg.id = context_id(own);
	arg.own_flags = context_flags(own);
	if (arg.own_flags & VCONTEXT_HIDEINFO) {
		arg.id = VCONTEXT_ID_ANY;
		arg.own_flags = 0;
	}
	arg.contexts = sees_all() ? table_size() : VCONTEXT_ID_ANY;
	arg.features = 0;
	return copy_struct_out(user, &arg, sizeof(arg));
}

static int new_context(void __user *user)
{
	struct context *context;
	struct vcontext_new arg;
	int err;

	err = copy_struct_in(&arg, user, sizeof(arg), sizeof(arg));
	if (err)
		return err;
	if (arg.flags & ~FLAGS_KNOWN || arg.pad || !ceiling_valid(arg.drop))
		return -EINVAL;
	context = context_new(VCONTEXT_ID_ANY, arg.flags, arg.drop, true);
	if (IS_ERR(context))
		return PTR_ERR(context);
	arg.id = context->id;
	/* before it enters, because then it can't go back */
	err = copy_struct_out(user, &arg, sizeof(arg));
	if (!err)
		err = context_enter_own(context);
	context_put(context);
	return err;
}

/* The context @id with one more user, found or made. */
static struct context *get_named(u32 id, u32 how, u32 flags, u64 drop)
{
	struct context *context;

	if (!root_of_host())
		return ERR_PTR(-EPERM);
	if (id == VCONTEXT_ID_HOST)
		return ERR_PTR(-EINVAL);
	do {
		context = table_get(id);
		if (context && how & VCONTEXT_OPEN_EXCL) {
			context_put(context);
			return ERR_PTR(-EEXIST);
		}
		if (context)
			return context;
		if (!(how & VCONTEXT_OPEN_CREATE))
			return ERR_PTR(-ENOENT);
		if (id > VCONTEXT_ID_NAMED_MAX)
			return ERR_PTR(-EINVAL);
		context = context_new(id, flags, drop, false);
		cond_resched();
		/* another was quicker, or the old one is about to end */
	} while (context == ERR_PTR(-EBUSY) && !signal_pending(current));
	return context == ERR_PTR(-EBUSY) ? ERR_PTR(-EINTR) : context;
}

static int open_context(void __user *user)
{
	struct vcontext_open arg;
	struct context *context;
	struct file *file;
	int err, fd;

	err = copy_struct_in(&arg, user, sizeof(arg), sizeof(arg));
	if (err)
		return err;
	if (arg.how & ~(VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL) || arg.flags & ~FLAGS_KNOWN ||
	    !ceiling_valid(arg.drop))
		return -EINVAL;
	if (arg.how == VCONTEXT_OPEN_EXCL ||
	    (arg.id == VCONTEXT_ID_ANY && !(arg.how & VCONTEXT_OPEN_CREATE)))
		return -EINVAL;
	if (context_flags(current_context()) & VCONTEXT_LOCK)
		return -EPERM;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	context = arg.id == VCONTEXT_ID_ANY ?
		  context_new(VCONTEXT_ID_ANY, arg.flags, arg.drop, false) :
		  get_named(arg.id, arg.how, arg.flags, arg.drop);
	if (IS_ERR(context)) {
		err = PTR_ERR(context);
		goto put_fd;
	}
	arg.id = context->id;
	file = handle_file(context);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto put_fd;
	}
	err = copy_struct_out(user, &arg, sizeof(arg));
	if (err) {
		fput(file);
		goto put_fd;
	}
	fd_install(fd, file);
	return fd;

put_fd:
	put_unused_fd(fd);
	return err;
}

/* All ids from @first on into the @count places at @ids.  Returns how many, or EFAULT, EINTR. */
static int list_all(u32 first, u32 count, u32 __user *ids)
{
	u32 id, n = 0;

	for (id = table_next_id(first); id != VCONTEXT_ID_ANY && n < count;
	     id = table_next_id(id + 1)) {
		if (put_user(id, ids + n))
			return -EFAULT;
		n++;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return n;
}

static int list_own(u32 first, u32 count, u32 __user *ids)
{
	struct context *own = current_context();

	if (!own || context_flags(own) & VCONTEXT_HIDEINFO || own->id < first || !count)
		return 0;
	return put_user(own->id, ids) ? -EFAULT : 1;
}

static int list(void __user *user)
{
	struct vcontext_list arg;
	u32 __user *ids;
	int n;

	n = copy_struct_in(&arg, user, sizeof(arg), sizeof(arg));
	if (n)
		return n;
	if (arg.pad)
		return -EINVAL;
	ids = u64_to_user_ptr(arg.ids);
	arg.count = min_t(u32, arg.count, INT_MAX);
	n = sees_all() ? list_all(arg.first, arg.count, ids) :
			 list_own(arg.first, arg.count, ids);
	if (n < 0)
		return n;
	arg.count = n;
	return copy_struct_out(user, &arg, sizeof(arg));
}

/* Read the argument of VCONTEXT_LOWER and VCONTEXT_LOWER_CONTEXT. */
int copy_lower_in(struct vcontext_lower *arg, const void __user *user)
{
	int err = copy_struct_in(arg, user, sizeof(*arg), sizeof(*arg));

	if (!err && (arg->pad || !ceiling_valid(arg->drop)))
		err = -EINVAL;
	return err;
}

static int lower(void __user *user)
{
	struct vcontext_lower arg;
	int err = copy_lower_in(&arg, user);

	return err ? err : ceiling_lower_current(arg.drop);
}

static int bind_addresses(void __user *user)
{
	struct vcontext_address *addresses;
	struct vcontext_bind arg;
	int err;

	err = copy_struct_in(&arg, user, sizeof(arg), sizeof(arg));
	if (err)
		return err;
	if (arg.pad || arg.flags & ~VCONTEXT_BIND_LOOPBACK || !arg.count ||
	    arg.count > VCONTEXT_ADDRESSES_MAX)
		return -EINVAL;
	addresses = memdup_array_user(u64_to_user_ptr(arg.addresses), arg.count,
				      sizeof(*addresses));
	if (IS_ERR(addresses))
		return PTR_ERR(addresses);
	err = addresses_take(addresses, arg.count, arg.flags & VCONTEXT_BIND_LOOPBACK);
	kfree(addresses);
	return err;
}

/*
 * Until somebody asks for a context the kernel need not ask the module anything, and runs as
 * without it: each hook costs its instructions wherever a process is.
 */
static int device_open(struct inode *inode, struct file *file)
{
	static bool asked;

	/* pairs with the store below */
	if (!smp_load_acquire(&asked)) {
		hooks_begin();
		smp_store_release(&asked, true);	/* all hooks are there */
	}
	return 0;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	if (_IOC_TYPE(cmd) != VCONTEXT_IOC)
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(VCONTEXT_INFO):
		return info(user);
	case _IOC_NR(VCONTEXT_NEW):
		return new_context(user);
	case _IOC_NR(VCONTEXT_OPEN):
		return open_context(user);
	case _IOC_NR(VCONTEXT_LIST):
		return list(user);
	case _IOC_NR(VCONTEXT_LOWER):
		return lower(user);
	case _IOC_NR(VCONTEXT_BIND):
		return bind_addresses(user);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations device_operations = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.llseek		= noop_llseek,
};

static struct miscdevice device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "vcontext",
	.fops	= &device_operations,
	.mode	= 0666,
};

dev_t device_number(void)
{
	return MKDEV(MISC_MAJOR, device.minor);
}

int device_init(void)
{
	return misc_register(&device);
}

void device_exit(void)
{
	misc_deregister(&device);
}
