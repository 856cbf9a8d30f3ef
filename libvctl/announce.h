/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCTL_ANNOUNCE_H
#define VCTL_ANNOUNCE_H

#include <vctl.h>

/**
 * announce_address() - Tell the network that an address is to be found at a device of this machine
 * @device: its name
 * @index: its number
 * @address: the address, which the device has
 *
 * So that those who know it from another machine ask no longer there.  Nobody can say whether it
 * was heard, and the kernel answers questions anyway: failures are not told.
 */
void announce_address(const char *device, unsigned int index,
		      const struct vcontext_address *address);

#endif /* VCTL_ANNOUNCE_H */
