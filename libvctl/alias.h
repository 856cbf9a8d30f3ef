/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of vservers on the machine's network devices. */
#ifndef VCTL_ALIAS_H
#define VCTL_ALIAS_H

#include <net/if.h>
#include <stdbool.h>

#include <linux/netlink.h>

#include <vctl_vserver.h>

/*
 * Who made an address (IFA_PROTO, "proto 0xbc" in ip addr): one with this mark is made at the start
 * of a vserver, and no other is ever removed.  Linux has it from 5.18 on, older than any kernel
 * with the stub.
 */
#define ALIAS_PROTO	0xbc

struct alias {
	char device[IFNAMSIZ];		/* "": it isn't made, somebody else has seen to it */
	struct vcontext_address address;	/* as vctl_bind() takes it */
	int prefix;
	bool has_broadcast;		/* the device is told of it */
	uint32_t broadcast;		/* in network order */
};

/* An address that a device has, as the kernel tells of it. */
struct alias_on_device {
	unsigned int index;		/* of the device */
	struct vcontext_address address;
	bool ours;
	uint32_t flags;			/* IFA_F_* */
};

/**
 * alias_resolve() - What an address of a configuration comes to on this machine
 * @from: it
 * @to: out: the same with nothing left open
 * @err: out: the error
 *
 * The prefix and the broadcast address that it doesn't tell are those of the device's address in
 * whose network it is (the smallest one), a prefix also that of the device's first address.  A
 * loopback device has no network: all addresses in one would be the machine's.
 *
 * Return: 0, or -ENODEV (VCTL_BAD_ADDRESS) if the device doesn't exist, those of
 * vctl_address_parse(), and -EINVAL (VCTL_BAD_ADDRESS) for one that vctl_bind() doesn't take.
 */
int alias_resolve(const struct vctl_conf_address *from, struct alias *to, struct vctl_error **err);

/**
 * alias_find() - Has the machine this address?
 * @address: it; what network it is said to be in doesn't count
 * @device: out: the device; one that isn't ours goes first
 * @ours: out: does it have our mark?
 * @err: out: the error
 *
 * All of 127.0.0.0/8 is there if its network is.
 *
 * Return: 1 or 0, or -EAGAIN, -ENOBUFS, ... (VCTL_SYSTEM).
 */
int alias_find(const struct vcontext_address *address, char device[IFNAMSIZ], bool *ours,
	       struct vctl_error **err);

/**
 * alias_add() - Give the address to its device
 * @alias: it, with a device
 * @name: of the vserver, for the label DEVICE:NAME that old tools show; IPv6 has no labels
 * @err: out: the error
 *
 * It can be used at once, and who has talked to it elsewhere is told that it is here now.  A device
 * that is down gets it, too, and stays down.
 *
 * Return: 0, or
 *	-EADDRINUSE	VCTL_IN_USE: the device has it already
 *	-EACCES		VCTL_BAD_ADDRESS: IPv6 is switched off there
 *	-ENODEV		VCTL_BAD_ADDRESS: the device is gone
 *	-EPERM		VCTL_NOT_ROOT
 *	-ENOBUFS, ...	VCTL_SYSTEM
 */
int alias_add(const struct alias *alias, const char *name, struct vctl_error **err);

/**
 * alias_remove() - Take the address away again
 *
 * One that is gone, with its device or without, or that isn't ours, is no error.  Addresses of
 * others in the same network stay.
 *
 * Return: 0, or -EPERM (VCTL_NOT_ROOT), -EROFS, ... (VCTL_SYSTEM).
 */
int alias_remove(const struct alias *alias, struct vctl_error **err);

/** alias_read() - Read an answer to RTM_GETADDR; false: it is none that is of use */
bool alias_read(const struct nlmsghdr *message, struct alias_on_device *read);

#endif /* VCTL_ALIAS_H */
