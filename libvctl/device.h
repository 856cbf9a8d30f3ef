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
 * Tell about the caller when something has been refused, through a device opened for that alone:
 * all zero if even that fails, which nobody needs to hear.
 */
struct vcontext_info vctl_device_caller(const struct vctl_transport *transport);

#endif /* VCTL_DEVICE_H */
