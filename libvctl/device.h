/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCTL_DEVICE_H
#define VCTL_DEVICE_H

#include "transport.h"

/* Owned by its caller, never changed after vctl_device_open(). */
struct vctl_device {
	const struct vctl_transport *transport;
	int fd;
};

/*
 * Tell about kernel and caller when something has been refused.  If even that fails, nothing is to
 * be concluded from the answer: the kernel knows all flags, and the caller's context has none.
 */
struct vcontext_info vctl_device_caller(const struct vctl_device *dev);

/* The same for who has but a handle, through a device opened for that alone. */
struct vcontext_info vctl_device_caller_anew(const struct vctl_transport *transport);

#endif /* VCTL_DEVICE_H */
