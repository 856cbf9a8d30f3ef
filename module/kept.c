// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a context keeps for those who will enter it: the mount and UTS namespaces of a virtual
 * server, and the set of addresses that it is tied to.  It lives on while it keeps them, without a
 * process; they end when they are forgotten, as root of context 0 does.
 *
 * A namespace holds no context, so that none holds itself.
 */

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/proc_ns.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "addresses.h"

struct kept {
	refcount_t		refs;		/* of the context, and of who is entering it */
	struct file		*mounts, *names;
	struct addresses	*addresses;	/* NULL: none */
};

static bool is_ns(const struct file *file, int type)
{
	const struct inode *inode = file_inode(file);

	/* other file systems have something else there */
	return inode->i_sb->s_magic == NSFS_MAGIC && get_proc_ns(inode)->ops->type == type;
}

/* May be called with interrupts off; NULL is fine. */
void kept_put(struct kept *kept)
{
	if (!kept || !refcount_dec_and_test(&kept->refs))
		return;
	if (kept->mounts)
		fput(kept->mounts);
	if (kept->names)
		fput(kept->names);
	addresses_put(kept->addresses);
	kfree(kept);
}

static int get_files(struct kept *kept, int mounts, int names)
{
	kept->mounts = fget(mounts);
	kept->names = fget(names);
	if (!kept->mounts || !kept->names)
		return -EBADF;
	return is_ns(kept->mounts, CLONE_NEWNS) && is_ns(kept->names, CLONE_NEWUTS) ? 0 : -EINVAL;
}

static int put_in_place(struct context *context, struct kept *kept)
{
	int err = -EEXIST;

	spin_lock_irq(&context->lock);
	if (!context->kept) {
		refcount_inc(&context->users);
		WRITE_ONCE(context->kept, kept);
		err = 0;
	}
	spin_unlock_irq(&context->lock);
	return err;
}

/**
 * kept_keep - let a context keep namespaces, and the caller's addresses
 * @context: of which the caller holds a user
 * @mounts: descriptor of a mount namespace
 * @names: descriptor of a UTS namespace
 *
 * Returns 0; EPERM (not root of context 0), EBADF, EINVAL (other descriptors), EEXIST (it keeps
 * some already), ENOMEM.
 */
int kept_keep(struct context *context, int mounts, int names)
{
	struct kept *kept;
	int err;

	if (!root_of_host())
		return -EPERM;
	kept = kzalloc(sizeof(*kept), GFP_KERNEL_ACCOUNT);
	if (!kept)
		return -ENOMEM;
	refcount_set(&kept->refs, 1);
	err = get_files(kept, mounts, names);
	if (!err) {
		kept->addresses = addresses_get(task_blob(current)->addresses);
		err = put_in_place(context, kept);
	}
	if (err)
		kept_put(kept);
	return err;
}

/**
 * kept_forget - let a context keep nothing
 * @context: of which the caller holds a user
 *
 * Returns 0; EPERM (not root of context 0), ENOENT (it does not).
 */
int kept_forget(struct context *context)
{
	struct kept *kept;

	if (!root_of_host())
		return -EPERM;
	spin_lock_irq(&context->lock);
	kept = context->kept;
	WRITE_ONCE(context->kept, NULL);
	spin_unlock_irq(&context->lock);
	if (!kept)
		return -ENOENT;
	kept_put(kept);
	context_put(context);
	return 0;
}

/**
 * kept_open - open a namespace that a context keeps
 * @context: of which the caller holds a user
 * @type: CLONE_NEWNS or CLONE_NEWUTS
 *
 * Returns a descriptor; EPERM (see VCONTEXT_ENTER), EINVAL (another type), ENOENT, EMFILE, ENOMEM.
 */
int kept_open(struct context *context, unsigned long type)
{
	int err = context_may_enter(context);
	struct file *file = NULL;
	int fd;

	if (type != CLONE_NEWNS && type != CLONE_NEWUTS)
		return -EINVAL;
	if (err)
		return err;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	spin_lock_irq(&context->lock);
	if (context->kept)
		file = get_file(type == CLONE_NEWNS ? context->kept->mounts : context->kept->names);
	spin_unlock_irq(&context->lock);
	if (!file) {
		put_unused_fd(fd);
		return -ENOENT;
	}
	fd_install(fd, file);
	return fd;
}

/* What @context keeps, with a reference, or NULL. */
struct kept *kept_get(struct context *context)
{
	struct kept *kept;

	spin_lock_irq(&context->lock);
	kept = context->kept;
	if (kept)
		refcount_inc(&kept->refs);
	spin_unlock_irq(&context->lock);
	return kept;
}

/* Those inside could get hold of the root directory of who has come from other mounts. */
static bool has_mounts(const struct kept *kept)
{
	const struct ns_common *mounts = get_proc_ns(file_inode(kept->mounts));
	struct ns_common *own = mounts->ops->get(current);
	bool same = own == mounts;

	mounts->ops->put(own);
	return same;
}

/* Is current where who is in the context has to be, and could be tied to its addresses? */
bool kept_fits(const struct kept *kept)
{
	struct addresses *own = task_blob(current)->addresses;

	return !kept || (has_mounts(kept) &&
			 (!kept->addresses || !own || own == kept->addresses));
}

/* Current has moved into the context that keeps, or has kept, these. */
void kept_tie_current(const struct kept *kept)
{
	struct task_blob *blob = task_blob(current);

	if (kept && kept->addresses && !blob->addresses)
		/* all of it is there */
		smp_store_release(&blob->addresses, addresses_get(kept->addresses));
}
