/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kernels have in different ways, besides LSM hooks, which the stub of each has as the module
 * wants them.
 */
#ifndef VCONTEXT_COMPAT_H
#define VCONTEXT_COMPAT_H

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/ipv6.h>
#include <linux/key.h>
#include <linux/mm.h>
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

/* What says that the module has no answer. */
static inline int prctl_go_on(void)
{
	return 0;
}

/* A socket of IPv6 hears the groups alone that it has joined itself. */
static inline void inet6_leave_others_groups(struct sock *sk)
{
	inet6_sk(sk)->mc_all = 0;
}

/* How often pages of a file's are mapped; modules don't get folio_mapcount(). */
static inline int file_mapcount(struct folio *folio)
{
	int entire, pages = folio_nr_pages(folio), count, i;

	if (!folio_test_large(folio))
		return atomic_read(&folio->_mapcount) + 1;
	entire = folio_entire_mapcount(folio);
	count = entire - entire * pages;	/* each page counts these, too */
	for (i = 0; i < pages; i++)
		count += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
	return count;
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

static inline int prctl_go_on(void)
{
	return -ENOSYS;
}

static inline void inet6_leave_others_groups(struct sock *sk)
{
	inet6_clear_bit(MC6_ALL, sk);
}

static inline int file_mapcount(const struct folio *folio)
{
	return folio_mapcount(folio);
}

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
