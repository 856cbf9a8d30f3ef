/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arguments of ioctls: structures that begin with their size, which the caller and the module may
 * know differently.
 *
 * Here and not in a function, so that the compiler knows how much is copied: for others the kernel
 * looks each time whether it is within the object.
 */
#ifndef VCONTEXT_COPY_H
#define VCONTEXT_COPY_H

#include <linux/uaccess.h>

/* Read what is at @from, of which at least @least is there.  Returns 0, EFAULT, EINVAL, E2BIG. */
static __always_inline int copy_struct_in(void *to, const void __user *from, size_t size,
					  size_t least)
{
	u32 given;
	int err;

	if (get_user(given, (const u32 __user *)from))
		return -EFAULT;
	if (given < least)
		return -EINVAL;
	if (given > PAGE_SIZE)
		return -E2BIG;
	if (likely(given == size))
		err = copy_from_user(to, from, size) ? -EFAULT : 0;
	else
		err = copy_struct_from_user(to, size, from, given);
	*(u32 *)to = given;	/* it may have changed meanwhile */
	return err;
}

/* Copy it back, as much as the caller has room for.  Returns 0 or EFAULT. */
static __always_inline int copy_struct_out(void __user *to, const void *from, size_t size)
{
	u32 given = *(const u32 *)from;

	if (likely(given >= size))
		return copy_to_user(to, from, size) ? -EFAULT : 0;
	return copy_to_user(to, from, given) ? -EFAULT : 0;
}

#endif /* VCONTEXT_COPY_H */
