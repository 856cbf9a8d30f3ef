// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are in several trees at once: immutable, but with names that can be made, removed and
 * replaced (immutable linkage invert).
 *
 * Immutability is the kernel's and keeps contents, mode, owner, times and attributes.  What it
 * leaves to the owner, who is root in every tree, but reaches the others that have the file, is
 * refused here: locks and leases by which they would have to wait, notice of what they do with it,
 * and orders to the file system.
 */

#include <linux/capability.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <linux/module.h>
#include <linux/xattr.h>

#include "context.h"

/* It may sleep, in context 0 as well, where nothing else holds the module. */
bool unlink_allowed(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	bool allowed;

	if (!S_ISREG(inode->i_mode) || !try_module_get(THIS_MODULE))
		return false;
	allowed = __vfs_getxattr(dentry, inode, VCONTEXT_XATTR_INVERT, NULL, 0) >= 0;
	module_put(THIS_MODULE);
	return allowed;
}

static bool is_locked(struct inode *inode)
{
	struct file_lock_context *locks = locks_inode_context(inode);

	return locks && !(list_empty_careful(&locks->flc_flock) &&
			  list_empty_careful(&locks->flc_posix) &&
			  list_empty_careful(&locks->flc_lease));
}

static bool is_watched(const struct inode *inode)
{
#ifdef CONFIG_FSNOTIFY
	return READ_ONCE(inode->i_fsnotify_marks);
#else
	return false;
#endif
}

/*
 * Whoever has the file in some such way would have it when it is others', too.  Writers are whoever
 * sets the flag's to look for, once it is set: from then on there are no new ones.
 */
int unlink_may_set(struct inode *inode, bool remove)
{
	if (current_context() || !capable(CAP_LINUX_IMMUTABLE))
		return -EPERM;
	if (remove)
		return 0;
	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	return inode_is_open_for_write(inode) || is_locked(inode) || is_watched(inode) ? -EBUSY : 0;
}

/* By the flag that files can have, and not because the kernel made it so, as those of pidfds. */
static bool is_immutable(const struct inode *inode)
{
	return IS_IMMUTABLE(inode) && S_ISREG(inode->i_mode) && inode->i_op->fileattr_set;
}

/* Is it shared, or about to be: the mark comes first? */
static bool is_shared(struct dentry *dentry)
{
	return is_immutable(d_inode(dentry)) || unlink_allowed(dentry);
}

/* Who has the file open for writing is seen by that. */
static int file_lock(struct file *file, unsigned int type)
{
	if (type != F_WRLCK || file->f_mode & FMODE_WRITE || !current_context())
		return 0;
	return is_shared(file->f_path.dentry) ? -EPERM : 0;
}

static int path_notify(const struct path *path, u64 mask, unsigned int type)
{
	if (likely(!current_context()))
		return 0;
	return is_shared(path->dentry) || !file_may_watch(path->dentry) ? -EACCES : 0;
}

/*
 * The permission to write was asked for before, maybe before the flag was set.  Here the file
 * counts as open for writing, which whoever has set the flag looks for.
 */
bool unlink_may_open(const struct file *file)
{
	return !(file->f_mode & FMODE_WRITE) || !is_immutable(file_inode(file));
}

/* The same for one that is being truncated. */
bool unlink_may_change(const struct inode *inode, const struct iattr *attr)
{
	return !(attr->ia_valid & ATTR_SIZE) || !current_context() || !is_immutable(inode);
}

/* Those that tell something, or are not for the file system. */
static bool is_harmless(unsigned int cmd)
{
	switch (cmd) {
	case FIGETBSZ:
	case FS_IOC_FIEMAP:
	case FS_IOC_GETFLAGS:
	case FS_IOC32_GETFLAGS:
	case FS_IOC_GETVERSION:
	case FS_IOC32_GETVERSION:
	case FS_IOC_FSGETXATTR:
	case FS_IOC_GETFSLABEL:
	case FS_IOC_GETFSUUID:
	case FS_IOC_MEASURE_VERITY:
		return true;
	}
	return _IOC_TYPE(cmd) == 'T';	/* terminals, and what all files have: FIOCLEX and so on */
}

/* The flag of a file with the mark is about to be set: has anybody got hold of it in between? */
static bool may_set_flags(const struct file *file)
{
	struct inode *inode = file_inode(file);

	return is_immutable(inode) || !unlink_allowed(file->f_path.dentry) ||
	       !(is_locked(inode) || is_watched(inode));
}

int unlink_may_ioctl(const struct file *file, unsigned int cmd)
{
	if (!current_context())
		return cmd != FS_IOC_SETFLAGS || may_set_flags(file) ? 0 : -EBUSY;
	if (!is_immutable(file_inode(file)) || is_harmless(cmd))
		return 0;
	/* what it has made immutable itself it may change again */
	return capable(CAP_LINUX_IMMUTABLE) && !unlink_allowed(file->f_path.dentry) ? 0 : -EPERM;
}

const struct vcontext_hook unlink_hooks[] = {
	VCONTEXT_HOOK(file_lock, file_lock),
	VCONTEXT_HOOK(path_notify, path_notify),
	{ }
};
