/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of all processes of a context, and of those of contexts made inside. */
#ifndef VCTL_KILL_H
#define VCTL_KILL_H

#include <vctl_vserver.h>

/**
 * kill_all() - SIGKILL to all, until none is left
 * @vs: the vserver, whose control group reaches more than contexts do, and whose child is reaped
 * @dev: the device
 * @ctx: the context; NULL: it is gone, but for what is in the control group
 * @err: out: the error
 *
 * Return: 0, or -ETIMEDOUT (VCTL_TIMEOUT).
 */
int kill_all(struct vctl_vserver *vs, struct vctl_device *dev, struct vctl_context *ctx,
	     struct vctl_error **err);

/**
 * kill_wait() - Wait until not more than @least processes are left in the context
 * @nested: those in contexts made inside count, too, with their threads
 * @timeout_ms: for so long at most
 */
bool kill_wait(struct vctl_vserver *vs, struct vctl_context *ctx, uint32_t least, bool nested,
	       int timeout_ms);

#endif /* VCTL_KILL_H */
