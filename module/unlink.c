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
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/pagevec.h>
#include <linux/workqueue.h>
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

/* One reference for each page in the cache and in a mapping, for private data, and ours. */
static bool is_held(struct folio *folio)
{
	return folio_ref_count(folio) != folio_nr_pages(folio) + file_mapcount(folio) +
					 folio_has_private(folio) + 1;
}

/*
 * Does somebody hold pages of the file besides the cache and those who have mapped it: a device, a
 * ring or a system call, which may go on writing to them when the file is closed?
 */
static bool looks_held(struct inode *inode)
{
	struct folio_batch batch;
	bool held = IS_DAX(inode);
	pgoff_t index = 0;
	unsigned int i;

	folio_batch_init(&batch);
	while (!held && filemap_get_folios(inode->i_mapping, &index, ULONG_MAX, &batch)) {
		for (i = 0; i < folio_batch_count(&batch); i++)
			held |= is_held(batch.folios[i]);
		folio_batch_release(&batch);
		cond_resched();
	}
	return held;
}

static long looks_held_from_here(void *inode)
{
	return looks_held(inode);
}

/*
 * A processor holds the pages that it was the last to read or to make, until it has let go of what
 * is looked at there.
 */
static bool has_held_pages(struct inode *inode)
{
	unsigned int cpu;
	bool held;

	if (!try_module_get(THIS_MODULE))	/* this sleeps */
		return true;
	/* mostly it is this one */
	held = looks_held(inode) && looks_held(inode);
	if (held) {
		for_each_online_cpu(cpu)
			work_on_cpu(cpu, looks_held_from_here, inode);
		held = looks_held(inode);
	}
	module_put(THIS_MODULE);
	return held;
}

/*
 * Who has the file open for writing is seen by that.  In context 0 who has set the flag and now
 * locks the file learns in this way that nobody else can write to it.
 */
static int file_lock(struct file *file, unsigned int type)
{
	if (!current_context())
		return type == F_WRLCK && is_immutable(file_inode(file)) &&
		       unlink_allowed(file->f_path.dentry) &&
		       has_held_pages(file_inode(file)) ? -EAGAIN : 0;
	if (!file_may_lock(file))
		return -EPERM;
	if (type != F_WRLCK || file->f_mode & FMODE_WRITE)
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
