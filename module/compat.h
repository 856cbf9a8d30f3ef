/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kernels have in different ways, besides LSM hooks, which the stub of each has as the module
 * wants them.
 */
#ifndef VCONTEXT_COMPAT_H
#define VCONTEXT_COMPAT_H

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/key.h>
#include <linux/types.h>
#include <linux/vcontext_module.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)

#define FMODE_BACKING		0	/* an overlay opens its own name for all */
#define FS_IOC_GETFSUUID	_IOC(_IOC_READ, 0x15, 0, 17)	/* nobody's yet */
#define PID_FS_MAGIC		0x50494446	/* pidfds have no file system of their own */
#define mounted_super_block	struct super_block

static inline struct fown_struct *file_f_owner(struct file *file)
{
	return &file->f_owner;
}

static inline u64 cap_bits(kernel_cap_t set)
{
	return set.cap[0] | (u64)set.cap[1] << 32;
}

static inline void cap_clear_bits(kernel_cap_t *set, u64 bits)
{
	set->cap[0] &= ~lower_32_bits(bits);
	set->cap[1] &= ~upper_32_bits(bits);
}

#else

#include <linux/filelock.h>

#define mounted_super_block	const struct super_block	/* as these are asked for */

static inline u64 cap_bits(kernel_cap_t set)
{
	return set.val;
}

static inline void cap_clear_bits(kernel_cap_t *set, u64 bits)
{
	set->val &= ~bits;
}

#endif

#endif /* VCONTEXT_COMPAT_H */
